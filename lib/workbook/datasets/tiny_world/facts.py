"""Facts on one topic, and explanations of why and how."""

from __future__ import annotations

from workbook.datasets.tiny_world.world import World

INTROS = (
    "{h} has learnt (many things|a lot|something new) about {topic} at school.",
    "Here are (some|a few) (facts|true sentences) about {topic}.",
    "{h} wrote (a little text|a page) about {topic} (for {elder}|for the school newspaper|on {weekday}).",
    "There is (much|a lot) to (know|say) about {topic}.",
    "{elder} knows (a lot|many things) about {topic} and told {h} this.",
    "{f} asked {h} about {topic}. This is what {h} told {fhim}.",
    "On {weekday}, the class of {h} talked about {topic}.",
)
ENDS = (
    "(These things are true|All this is true) (everywhere|here and far away).",
    "{h} likes to (learn|read) about {topic}.",
    "(Now you know more about {topic}|Who wants to know more can ask in the library).",
    '"(I did not know that|How interesting|I will remember that)!" (said|cried) {f}.',
    "{h} (drew a picture|made a poster) about it.",
    "{f} knows (even more|another fact) about {topic}.",
    "",
)
ASKED = (
    "{h} (wanted to know|asked {elder}|wondered|asked the teacher) {question}. (The answer is not hard|This is "
    "the answer).",
    "{when}, {h} and {f} talked about it: {question}?",
    "Many (children|people) ask themselves {question}. (It can be explained|Here is the answer).",
    "Do you know {question}? {h} (does|knows it) now, because {elder} explained it to {him}.",
    "{h} read in a {colour} book {question}.",
    "In this text, {h} explains {question}.",
    "",
)
UNDERSTOOD = (
    "Now {h} (knows|understands) {question}.",
    "{h} told {f} about it (on the way home|at dinner|the next day).",
    '"(That makes sense|Now I understand it|That was clear)!" said {h}.',
    "{f} had always thought that it was magic, but it is not.",
    "It is good to ask such questions.",
    "{h} (drew|painted) a picture of it and hung it on the wall.",
    "",
)


def facts(world: World) -> str:
    """True sentences on a topic, or an explanation."""
    return explanation(world) if world.chance(0.45) else topic(world)


def topic(world: World) -> str:
    """Some of the lexicon's facts on one topic in any order."""
    name = world.rng.choice(sorted(world.lexicon["facts"]))
    known = world.lexicon["facts"][name]
    world["topic"] = name
    chosen = world.rng.sample(known, world.rng.randint(min(5, len(known)), min(9, len(known))))
    title = world.fill("(Facts about {topic}|About {topic}|What We Know about {topic}|What {h} Knows about {topic})")
    return world.text(title, world.rng.choice(INTROS), *chosen, world.rng.choice(ENDS))


def explanation(world: World) -> str:
    """Why or how something is so."""
    entry = world.draw("explanations")
    title = entry["title"]
    world["question"] = title[0].lower() + title[1:]
    sentences = list(entry["sentences"])
    if world.chance(0.3):
        sentences.insert(world.rng.randint(1, len(sentences) - 1), world.fill("(That is not all.|Listen to what "
            "comes next.|"
                         "It is quite simple.|This is important.)"))  # fmt: skip
    ask = world.rng.choice(ASKED)
    ends = world.rng.sample(UNDERSTOOD, 2)
    return world.text(title, ask, *sentences, *ends)
