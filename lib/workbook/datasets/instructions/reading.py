"""Families that ask what a passage says: one detail of it, the answer to a question, a feeling."""

from __future__ import annotations

from random import Random

from workbook.datasets.instructions.draft import Draft, person, with_article, write
from workbook.datasets.instructions.pool import Pool
from workbook.datasets.tiny_world.grammar import capital, one

COLOURS = ("red", "blue", "green", "yellow", "brown", "white", "black", "pink", "purple", "grey")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EATEN = ("fruit", "sweet food", "hot meal", "cold meal", "snack")
NOT_EATEN_ALONE = ("honey", "jam", "sugar", "flour")
PLACES = ("nature", "outdoors", "building", "town")
EXTRACTED = ("name", "place", "colour", "animal", "food", "day")


def somebody(pool: Pool, rng: Random) -> dict[str, str]:
    """A person with all that a passage may tell: day, place, colour, animal, food."""
    who, place = person(pool.pick(rng, "names")), pool.pick(rng, "places", kind=PLACES)
    food, animal = pool.pick(rng, "foods", kind=EATEN), pool.pick(rng, "animals")
    while food["name"] in NOT_EATEN_ALONE:
        food = pool.pick(rng, "foods", kind=EATEN)
    told = {"place": place["name"], "at": place["phrase"], "food": food["name"], "a_food": one(food)}
    return who | told | {"animal": animal["name"], "day": rng.choice(DAYS), "colour": rng.choice(COLOURS)}


def extraction(pool: Pool, rng: Random) -> Draft:
    """A passage that names one person, place, colour, animal, food and day, and one of these to find."""
    told = somebody(pool, rng)
    text = write(
        "(On {day} {name} was {at}.|{name} was {at} on {day}.) (There {he}|{He}) (saw|noticed) a {colour} "
        "(bench|door|flag|bag) and "
        "drew a {animal}. (Later|Then|After that) {he} ate {a_food}.",
        told, rng,
    )  # fmt: skip
    wanted = rng.choice(EXTRACTED)
    facts = {"wanted": wanted, "value": told[wanted], "others": [told[key] for key in EXTRACTED if key != wanted]}
    entities = tuple(told[key] for key in ("name", "place", "animal", "food"))
    return Draft(capital(told[wanted]), facts, entities, {"wanted": wanted}, input=text)


# A question about the first or second person, the short and the long answer, and what the answer must name.
QUESTIONS = (
    ("Where was {name}?", "{at}.", "{name} was {at}.", "place"),
    ("What did {name} eat?", "{a_food}.", "{name} ate {a_food}.", "food"),
    ("Which animal did {name} draw?", "a {animal}.", "{name} drew a {animal}.", "animal"),
    ("Who was {at}?", "{name}.", "{name} was {at}.", "name"),
    ("Who ate {a_food}?", "{name}.", "{name} ate {a_food}.", "name"),
    ("Who drew a {animal}?", "{name}.", "{name} drew a {animal}.", "name"),
)


def answer(pool: Pool, rng: Random) -> Draft:
    """A passage about two people, and a question about one of them."""
    people = [somebody(pool, rng) for _ in range(2)]
    while any(people[0][key] == people[1][key] for key in ("name", "place", "food", "animal")):
        people[1] = somebody(pool, rng)
    text = " ".join(
        write("{name} was {at}. {He} (drew a {animal} and ate {a_food}|ate {a_food} and drew a {animal}).", who, rng)
        for who in people
    )
    asked, other = rng.sample(people, 2)
    question, short, long, wanted = rng.choice(QUESTIONS)
    facts = {"value": asked[wanted], "others": [other[key] for key in ("name", "place", "food", "animal")]}
    entities = tuple(who[key] for who in people for key in ("name", "place", "animal", "food"))
    return Draft(write(rng.choice((short, long)), asked, rng), facts, entities,
                 {"question": write(question, asked, rng)}, input=text)  # fmt: skip


MOODS = {
    "happy": (
        "{name} got {thing} as a present. {He} (laughed|sang|danced) all day.",
        "{name} won {thing} in a race. {He} (jumped for joy|cheered).",
        "{name} found the {lost} again. {He} smiled from ear to ear.",
        "A friend gave {name} {thing}. {He} hugged the friend.",
        "{name} had a birthday and got {thing}. {He} could not stop smiling.",
        "{name} had wished for {thing} for a long time. (Today|This morning) {he} got it. {He} cheered.",
    ),
    "sad": (
        "{name} lost {his} {lost}. {He} (cried|wept).",
        "Somebody had stepped on the {lost}. It was broken, and {name} cried.",
        "{name} had to give away {his} {lost}. {He} cried in bed.",
        "{name} wanted {thing}, but there was none left. {He} (cried|wept) a little.",
        "{name} forgot {his} {lost} on the train. It never came back. {He} wept.",
        "{name}'s best friend moved away and left only {thing}. {name} cried.",
    ),
    "angry": (
        "A boy took {name}'s {lost} without asking. {name} (shouted|stamped {his} foot).",
        "{name} saw that {his} brother had broken {his} {lost}. {He} shouted at him.",
        "Somebody hid {name}'s {lost} again. {name} banged the door.",
        "{name} paid for {thing} and did not get it. {His} face went red and {he} shouted.",
        "The big boys laughed and threw {name}'s {lost} into the mud. {name} clenched {his} fists.",
        "{name} had to clean the {lost} for the third time. It was not fair. {He} stamped {his} foot.",
    ),
    "afraid": (
        "{name} heard a strange noise in the dark and held {his} {lost} tight. {He} trembled.",
        "It was night. Something moved in the dark, and {name} dropped {his} {lost}. {He} hid under the blanket.",
        "{name} wanted to fetch {his} {lost}, but a big dog growled. {He} did not dare to move.",
        "{name} saw a shadow at the window and dropped {his} {lost}. {His} knees shook.",
        "There was thunder, and {name} crept under the bed with {his} {lost}. {He} trembled.",
        "{name} went alone into the dark cellar to look for {thing}. {His} hands trembled.",
    ),
}


def mood(pool: Pool, rng: Random) -> Draft:
    """A little scene, and how the person in it feels."""
    label = rng.choice(sorted(MOODS))
    who = person(pool.pick(rng, "names"))
    thing = pool.pick(rng, "objects", pair=False, size=("small", "medium"),
                      kind=("toy", "sport", "clothing", "jewellery", "instrument"))  # fmt: skip
    slots = who | {"His": capital(who["his"]), "lost": thing["name"], "thing": with_article(thing["name"])}
    text = write(rng.choice(MOODS[label]), slots, rng)
    return Draft(label, {"label": label, "labels": sorted(MOODS)}, (who["name"], thing["name"]), input=text)
