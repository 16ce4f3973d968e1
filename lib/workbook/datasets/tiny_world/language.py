"""Texts about words: forms of verbs, plurals, opposites, corrected mistakes; and polite and rude ways to ask."""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import title_case
from workbook.datasets.tiny_world.world import World

NOT_DAILY = ("be", "have", "do", "mean", "let", "become", "own", "owe", "belong", "lay", "lie")
SIMPLE = set(  # verbs that make a good sentence without an object
    "walk run jump hop skip climb swim dive dance ski skate sail row sing laugh whisper shout giggle cry whistle work "
    "play cough sneeze help win train camp fish hike travel rest wait stumble wander speak talk".split()
)
WHEN_PAST = ("Yesterday", "Last week", "On {weekday}", "An hour ago", "Last {season}", "Once")
WHEN_NOW = ("Today", "Every day", "Often", "Sometimes", "In {month}", "Every {weekday}")
WHEN_NEXT = ("Tomorrow", "Next week", "Soon", "One day", "Next {season}")


def language(world: World) -> str:
    """One of the texts about words."""
    return world.rng.choice((tenses, tenses, tenses, tenses, forms, plurals, opposites, opposites, corrections))(world)


def tenses(world: World) -> str:
    """What one did, does and will do."""
    entry = world.rng.choice([verb for base, verb in world.lexicon.verbs.items() if base not in NOT_DAILY])
    others = world.rng.sample([verb for base, verb in world.lexicon.verbs.items() if base not in NOT_DAILY], 2)
    told = []
    for verb in (entry, *others):
        told += [
            f"The word {verb['base']} has other forms, too. The past of {verb['base']} is {verb['past']}."
            if verb is not entry
            else f"{{h}} (learns|looks at|practises) the word {verb['base']}. The past of it is {verb['past']}.",
            f"(With he or she we say {verb['third']}|After he, she or it, it is {verb['third']}).",
            f"(The form with -ing is|The long form is) {verb['ing']}.",
        ]
        if world.chance(0.6):
            told.append(f"(I {verb['base']}|you {verb['base']}|we {verb['base']}), but she {verb['third']}.")
    intro = "(|On {weekday}, {h} had an English lesson.|{h} and {f} practise their English.)"
    return world.text(f"forms of the word {entry['base']}", intro, *told, "{end_words}")


def forms(world: World) -> str:
    """Short sentences with some verbs in the past, the present and the future."""
    plain = [
        verb for group in ("moving", "saying", "animal sounds", "living") for verb in world.lexicon["verbs"][group]
        if verb["base"] in SIMPLE
    ]  # fmt: skip
    told = []
    for verb in world.rng.sample(plain, 4):
        past, now, soon = (world.fill(world.rng.choice(when)) for when in (WHEN_PAST, WHEN_NOW, WHEN_NEXT))
        who, his = (world["h"], world["f"]) if world.chance(0.5) else (world["f"], world["h"])
        told += [
            f"{past}, {who} {verb['past']}.",
            f"{now}, {who} {verb['third']}.",
            f"{soon}, {who} will {verb['base']}.",
        ]
        if world.chance(0.5):
            told.append(f"{his} is {verb['ing']}, too.")
    return world.text("(Now and Then|Yesterday, Today, Tomorrow|What {h} and {f} Do)", *told)


def plurals(world: World) -> str:
    """One and more than one."""
    entries = [*world.several("animals", 4), *world.several("objects", 5, pair=False)]
    world.rng.shuffle(entries)
    told = [
        world.rng.choice((f"One {e['name']}, two {e['plural']}.", f"There is one {e['name']}. Now there are many "
            f"{e['plural']}.",
                          f"{world['h']} sees a {e['name']}, and {world['f']} sees three {e['plural']}.",
                          f"The plural of {e['name']} is {e['plural']}."))
        for e in entries[: world.rng.randint(5, 7)]
    ]  # fmt: skip
    intro = "{h} (practises|learns) the plural: one and more than one."
    return world.text("(One and Many|The Plural|{h} Counts Words)", intro, *told, "{end_words}")


def opposites(world: World) -> str:
    """Pairs of opposites, with examples."""
    pairs = [pair for pair in world.lexicon.adjectives.items() if pair[1]]
    told = []
    for word, other in world.rng.sample(pairs, world.rng.randint(4, 5)):
        told.append(
            f"(The opposite of {word} is {other}|{word} is the opposite of {other}|What is not {word} may be {other}|"
            f"One word is {word}, and its opposite is {other})."
        )
    for word, other in world.rng.sample(world.lexicon["opposites"], world.rng.randint(2, 4)):
        told.append(f"(The opposite of {word} is {other}|{word} and {other} are opposites).")
    world.rng.shuffle(told)
    intro = (
        "(|{h} and {f} play with words.|{h} (collects|likes|looks for) opposites.|{f} says a word, and {h} "
        "says the opposite.)"
    )
    return world.text("(Opposites|{h} and {f} Find Opposites|Words and Their Opposites)", intro, *told, "{end_words}")


def corrections(world: World) -> str:
    """Mistakes and how to say it well. Not polished: the wrong sentences must stay wrong."""
    parts = []
    for entry in world.several("corrections", world.rng.randint(2, 4)):
        wrong, right = f'"{entry["wrong"]}"', f'"{entry["right"]}"'
        parts.append(world.rng.choice((
            f"{wrong} is wrong. {right} is right. {entry['rule']}",
            f"Do not say {wrong} Say {right} {entry['rule']}",
            f"{world['f']} wrote {wrong} The teacher changed it to {right} {entry['rule']}",
        )))  # fmt: skip
    intro = world.sentences(
        "(|{h} corrects some sentences of {f}.|{h} learns from mistakes.|Here are some mistakes of {f}.)"
    )
    end = world.sentences("{end_words}")
    title = world.fill("(Right and Wrong|Corrected Sentences|{h} Corrects {f})")
    return "\n".join([title_case(title), " ".join(part for part in (intro, *parts, end) if part)])


def requests(world: World) -> str:
    """How to ask for something in a polite and in a rude way, and how others answer."""
    entries = world.several("requests", 2)
    told = []
    for place, entry in enumerate(entries):
        world[f"wish{place}"], world[f"polite{place}"], world[f"rude{place}"] = (
            entry["wish"],
            entry["polite"],
            entry["rude"],
        )
        who, other = ("{h}", "{f}") if place == 0 else ("{f}", "{h}")
        told += [
            f"{who} (wants|would like) to {{wish{place}}}.",
            f'(It is rude to say|A rude person says|It would be rude to say): "{{rude{place}}}"',
            f'(It is polite to say|A polite person says|{who} asks politely): "{{polite{place}}}"',
            f'("Of course," {other} answers|"With pleasure," says {other}|{other} smiles and says yes|'
            f"{other} is glad to help).",
        ]
    ends = (
        "(Polite words are like keys|A kind word costs nothing|People like to help those who ask politely).",
        "Please and thank you are (small|short) words, but they (open doors|help a lot).",
        "(Nobody likes to hear orders|Rude words hurt), (even if one is in a hurry|even among friends).",
    )
    keep = told if world.chance(0.6) else told[:4] + told[4:5] + told[6:7]
    return world.text("(Polite and Rude|How to Ask Politely|{h} and {f} Ask Politely)", *keep, world.rng.choice(ends))
