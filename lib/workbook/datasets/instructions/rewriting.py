"""Families that say a sentence in another way: politely, or without its mistake."""

from __future__ import annotations

from random import Random

from workbook.datasets.instructions.draft import Draft, person, write
from workbook.datasets.instructions.pool import Pool
from workbook.datasets.tiny_world.grammar import ing, many

GIVING = ("give", "bring", "pass", "hand", "lend", "have", "get", "borrow")
ANY = ("tool", "toy", "sport", "clothing", "kitchen", "school", "instrument", "container", "household")
USED = ("tool", "sport", "kitchen", "instrument", "household")
# What is asked for, the verbs of which an answer must keep one, and for which kinds of objects it makes sense.
REQUESTS = (
    ("give me the {thing}", GIVING, ANY), ("bring me the {thing}", GIVING, ANY), ("pass me the {thing}", GIVING, ANY),
    ("lend me your {thing}", GIVING, ANY), ("show me your {thing}", ("show", "see", "look"), ANY),
    ("put the {thing} away", ("put",), ANY), ("look for the {thing}", ("look", "find", "search"), ANY),
    ("clean the {thing}", ("clean", "wash", "wipe"), ("kitchen", "container", "tool")),
    ("carry the {thing}", ("carry", "take"), ("container", "instrument", "sport")),
    ("take your {thing} away", ("take", "put", "move"), ANY), ("leave my {thing} alone", ("leave", "touch"), ANY),
    ("let me use the {thing}", ("let", "use", "have", "borrow"), USED),
)  # fmt: skip
RUDE = (
    "{Do} now!", "{Do} at once!", "{Do}, you fool!", "Hey, {do}!", "{Do}, or else!", "{Do}, stupid!",
    "Hurry up and {do}!",
    "{Do}! Do not be so lazy!", "Shut up and {do}!", "{Do} right now, dummy!", "{Do}! I will not ask again!",
)  # fmt: skip
POLITE = (
    "Could you please {do}?", "Would you {do}, please?", "Would you mind {doing}?", "Please {do}. Thank you!",
    "Could you {do}, please?", "Would you be so kind as to {do}?", "Can you please {do}?",
)  # fmt: skip
RUDE_WORDS = (
    "now", "at once", "fool", "hey", "or else", "stupid", "hurry up", "lazy", "shut up", "dummy", "ask again", "idiot",
)  # fmt: skip


def politeness(pool: Pool, rng: Random) -> Draft:
    """A rude request and a polite one for the same thing."""
    request, verbs, kinds = rng.choice(REQUESTS)
    thing = pool.pick(rng, "objects", size=("small", "medium"), kind=kinds)["name"]
    do = request.format(thing=thing)
    slots = {"do": do, "Do": do[0].upper() + do[1:], "doing": ing(do)}
    facts = {"keep": thing, "verbs": list(verbs), "rude_words": list(RUDE_WORDS)}
    rude, polite = write(rng.choice(RUDE), slots, rng), write(rng.choice(POLITE), slots, rng)
    return Draft(polite, facts, (thing,), input=rude)


# Verbs with the wrong past form that a child would say, the right one, and what may follow.
PASTS = (
    ("finded", "found", "thing"), ("buyed", "bought", "thing"), ("drawed", "drew", "thing"), ("taked", "took", "thing"),
    ("bringed", "brought", "thing"), ("hided", "hid", "thing"), ("keeped", "kept", "thing"),
    ("losed", "lost", "thing"), ("selled", "sold", "thing"), ("throwed", "threw", "thing"), ("eated", "ate", "food"),
    ("holded", "held", "thing"), ("seed", "saw", "animal"), ("feeded", "fed", "animal"), ("drawed", "drew", "animal"),
    ("writed about", "wrote about", "animal"), ("runned after", "ran after", "animal"), ("goed", "went", "place"),
    ("thinked of", "thought of", "animal"), ("choosed", "chose", "thing"),
)  # fmt: skip
AFTER = {"place": ("", " on {day}", " with {friend}"), "other": ("", " {at}", " on {day}", " yesterday")}
# The mistake, the right words and other right words, in sentences about animals, foods and things in general.
AGREEMENT = (
    ("{name} like", "{name} likes", "{name} liked", " {animals}."),
    ("{name} want", "{name} wants", "{name} wanted", " a {thing}."),
    ("The {animal} live", "The {animal} lives", "The {animal} lived|The {animals} live", " {home}."),
    ("The {animals} was", "The {animals} were", "The {animal} was|The {animals} are", " {at}."),
    ("The {animals} is", "The {animals} are", "The {animal} is|The {animals} were", " hungry."),
    ("The {animal} have", "The {animal} has", "The {animal} had|The {animals} have", " {cover}."),
    ("{name} don't", "{name} doesn't", "{name} does not|{name} didn't|{name} did not", " like {foods}."),
    ("{name} have", "{name} has", "{name} had", " a {colour} {thing}."),
    ("There is two {things}", "There are two {things}", "There were two {things}", " {at}."),
    ("This {things} are", "These {things} are", "This {thing} is|The {things} are", " {colour}."),
    ("{name} play", "{name} plays", "{name} played", " {at} every {day}."),
    ("They was looking", "They were looking", "They are looking|They looked", " for the {animal}."),
    ("{name} eat", "{name} eats", "{name} ate", " {foods} every {day}."),
    ("{name} and {friend} was", "{name} and {friend} were", "{name} and {friend} are", " {at}."),
)


def correction(pool: Pool, rng: Random) -> Draft:
    """A sentence with one mistake (the past, agreement, a plural, an article) and the same sentence without it."""
    wrong, right, entities, *also = rng.choice((_past, _past, _agreement, _agreement, _plural, _article))(pool, rng)
    return Draft(right, {"right": [right, *also], "wrong": wrong}, entities, input=wrong)


def _slots(pool: Pool, rng: Random) -> dict[str, str]:
    animal = pool.pick(rng, "animals")
    while animal["name"] == animal["plural"]:  # "the sheep was" may be right
        animal = pool.pick(rng, "animals")
    food = pool.pick(rng, "foods", kind=("fruit", "vegetable", "sweet food"))
    thing, place = pool.pick(rng, "objects", pair=False, size=("small", "medium"), kind=ANY), pool.pick(rng, "places")
    who, friend = pool.two(rng, "names")
    return person(who) | {
        "friend": friend["name"], "animal": animal["name"], "animals": animal["plural"], "home": animal["home"],
        "cover": animal["cover"], "food": food["name"], "foods": many(food), "thing": thing["name"],
        "things": thing["plural"], "place": place["name"], "at": place["phrase"],
        "day": rng.choice(("Monday", "Friday", "Sunday")),
        "colour": rng.choice(("red", "blue", "green", "yellow", "old", "new")),
    }  # fmt: skip


def _entities(template: str, slots: dict[str, str]) -> tuple[str, ...]:
    """The names and things of a sentence: the values of the slots that its template uses."""
    singulars = {"animals": "animal", "foods": "food", "things": "thing", "at": "place"}
    used = [slot for slot in ("name", "friend", "animal", "food", "thing", "place") if f"{{{slot}}}" in template]
    used += [singulars[slot] for slot in singulars if f"{{{slot}}}" in template]
    return tuple(dict.fromkeys(slots[slot] for slot in used))


def _both(wrong: str, right: str, slots: dict[str, str], rng: Random) -> tuple[str, str, tuple[str, ...]]:
    """The two sentences, which have no choices in them, and their entities."""
    return write(wrong, slots, rng), write(right, slots, rng), _entities(right, slots)


def _past(pool: Pool, rng: Random) -> tuple[str, str, tuple[str, ...]]:
    mistake, verb, sort = rng.choice(PASTS)
    slots = _slots(pool, rng)
    noun = {"place": " to the {place}", "food": " a {food}" if slots["food"] != slots["foods"] else " {food}"}
    rest = noun.get(sort, f" a {{{sort}}}") + rng.choice(AFTER.get(sort, AFTER["other"])) + "."
    return _both("{name} " + mistake + rest, "{name} " + verb + rest, slots, rng)


def _agreement(pool: Pool, rng: Random) -> tuple:
    mistake, right, also, rest = rng.choice(AGREEMENT)
    slots = _slots(pool, rng)
    others = [write(other + rest, slots, rng) for other in also.split("|")]
    return (*_both(mistake + rest, right + rest, slots, rng), *others)


def _plural(pool: Pool, rng: Random) -> tuple[str, str, tuple[str, ...]]:
    slots = _slots(pool, rng)
    begin = f"{rng.choice(('{name} saw', '{name} drew', 'There are'))} {rng.choice(('two', 'three', 'five', 'many'))} "
    noun, end = rng.choice(("animal", "thing")), rng.choice((" {at}.", " in the picture.", " today."))
    return _both(f"{begin}{{{noun}}}{end}", f"{begin}{{{noun}s}}{end}", slots, rng)


def _article(pool: Pool, rng: Random) -> tuple[str, str, tuple[str, ...]]:
    """Here `write` must not put the wrong article right, so the mistake is made in the finished sentence."""
    slots = _slots(pool, rng)
    template = rng.choice(("{name} saw a {animal} {at}.", "{name} drew a {animal}.", "{name} has a {thing}.",
                           "{name} bought a {thing} on {day}."))  # fmt: skip
    _, right, entities = _both(template, template, slots, rng)
    wrong = right.replace(" an ", " a ", 1) if " an " in right else right.replace(" a ", " an ", 1)
    return wrong, right, entities
