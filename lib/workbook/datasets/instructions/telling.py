"""Families that tell something: a story, its continuation, its summary; and a letter, the family held out."""

from __future__ import annotations

from random import Random

from workbook.datasets.instructions.draft import Draft, person, with_article, write
from workbook.datasets.instructions.pool import Pool
from workbook.datasets.instructions.words import mentioned, mentions
from workbook.datasets.tiny_world.grammar import capital, past

NO_ARTICLE = {"Muddy Shoes", "Wet Matches", "Spilled Milk", "Cold Soup", "Hungry Birds", "Lost Glasses", "Heavy Rain",
              "Melted Ice Cream"}  # fmt: skip

ANIMAL_STORIES = (
    "(Once|Long ago|Once upon a time) there was a (little|young|shy|curious) {animal}. It lived {home}. One "
    "(day|morning|evening) it "
    "(got lost|lost its way) (in the fog|in the rain|in the dark). A (kind|friendly|wise) {friend} showed it the way "
    "home. "
    "(From then on they were friends.|The {animal} was very thankful.|The {animal} never forgot that.)",
    "A (little|young|clever|old) {animal} was very hungry. It looked for {food}, but it found nothing. Then it met a "
    "(kind|friendly|generous) {friend}. The {friend} shared its meal, and (they became friends|both were happy|nobody "
    "was hungry).",
    "(One day|One morning|One evening) a (lonely|sad|shy) {animal} sat {home}. It had no friends. A "
    "(cheerful|friendly|little) "
    '{friend} came by and (said|asked): "(Do you want to play|May I sit with you)?" '
    "(They played until night.|The {animal} was not lonely any more.|After that they met every day.)",
)
JOB_STORIES = (
    "{name} was a {job} and worked {workplace}. One (day|morning) (a child|a little boy|a little girl) came to watch. "
    "{name} "
    "(smiled|nodded) and showed the child {his} work. (The child was proud and happy.|In the evening the child said "
    "thank you.|"
    "The child wanted to be a {job}, too.)",
    "(Once|Long ago) there was a {job} called {name}. {He} wore {clothes}. One day {he} was (ill|sick) and stayed in "
    "bed. "
    "(Everybody missed {him}.|The neighbours brought {him} soup.) (Soon {he} was well again.|A week later {he} was "
    "back at work.)",
    "{name} was a (good|careful|busy) {job}. Every day {he} {did}. One (day|evening) {he} was very tired. "
    "A friend came and helped {him}. (Together they were soon done.|Then they (drank tea|had supper) together.)",
)
PROBLEM_STORIES = (
    "One day {name} {problem}. {He} {attempt}. (Then|At last|After a while) {he} {solution}. {lesson}",
    "{name} {problem}. {He} was (sad|upset|worried). First {he} {attempt}. Then {he} {solution}. {lesson}",
    "(It happened on a {day}.|It was a cold {day}.|It was a sunny {day}.) {name} {problem}. (At first|First) {he} "
    "{attempt}. "
    "(Then|In the end) {he} {solution}. {lesson}",
)


def problem_slots(pool: Pool, rng: Random) -> tuple[dict, dict[str, str]]:
    """A problem of the tiny world, and the slots of a text in which somebody has it."""
    entry, who = pool.pick(rng, "problems"), person(pool.pick(rng, "names"))
    clauses = {key: entry[key].format(**who) for key in ("problem", "attempt", "solution", "lesson")}
    return entry, who | clauses | {"day": rng.choice(["Monday", "Tuesday", "Friday", "Sunday"])}


def story(pool: Pool, rng: Random) -> Draft:
    """A story about an animal, somebody at work, or something that went wrong."""
    kind = rng.choice(("animal", "animal", "job", "problem", "problem"))
    return {"animal": _animal_story, "job": _job_story, "problem": _problem_story}[kind](pool, rng)


def _animal_story(pool: Pool, rng: Random) -> Draft:
    animal, friend = pool.two(rng, "animals")
    while not could_meet(animal, friend):
        animal, friend = pool.two(rng, "animals")
    slots = {key: animal[key] for key in ("home", "food")} | {"animal": animal["name"], "friend": friend["name"]}
    text = write(rng.choice(ANIMAL_STORIES), slots, rng)
    about = with_article(animal["name"])
    return Draft(text, {"subject": animal["name"]}, (animal["name"], friend["name"]), {"about": about})


def could_meet(animal: dict, friend: dict) -> bool:
    """Whether both live in the water or both outside it, and the friend would not be eaten."""
    in_water = [entry["kind"] in ("fish", "sea animal") for entry in (animal, friend)]
    eaten = mentioned(animal["food"], (friend["name"], friend["kind"]))
    return in_water[0] == in_water[1] and not eaten


def _job_story(pool: Pool, rng: Random) -> Draft:
    job, who = pool.pick(rng, "jobs"), pool.pick(rng, "names")
    slots = person(who) | {"job": job["name"], "did": past(job["task"])} | job
    text = write(rng.choice(JOB_STORIES), slots | {"name": who["name"]}, rng)
    return Draft(text, {"subject": job["name"]}, (job["name"], who["name"]), {"about": with_article(job["name"])})


def _problem_story(pool: Pool, rng: Random) -> Draft:
    entry, slots = problem_slots(pool, rng)
    text = write(rng.choice(PROBLEM_STORIES), slots, rng)
    title = entry["title"].removeprefix("The ")
    about = title.lower() if title in NO_ARTICLE else with_article(title.lower())
    subject = entry["about"] if mentions(title, entry["about"]) else title.lower().split()[-1]
    return Draft(text, {"subject": subject}, (entry["about"], slots["name"]), {"about": about})


def continuation(pool: Pool, rng: Random) -> Draft:
    """The beginning of a story, and how it goes on."""
    entry, slots = problem_slots(pool, rng)
    begin = write("(One day|On {day}) {name} {problem}. (First {he}|{He}) {attempt}.", slots, rng)
    end = write(
        "(Then|After a while|At last|In the end) {name} {solution}. ({lesson}|{He} was (very |)(glad|happy).|{He} "
        "smiled again.)",
        slots, rng,
    )  # fmt: skip
    facts = {"protagonist": slots["name"], "pronoun": slots["he"], "about": entry["about"], "beginning": begin}
    return Draft(end, facts, (entry["about"], slots["name"]), input=begin)


def summary(pool: Pool, rng: Random) -> Draft:
    """A little story, and what it comes to in one sentence."""
    entry, slots = problem_slots(pool, rng)
    source = write(
        "(It was a (sunny|rainy|cold|warm|windy) {day}.|{name} was a (friendly|clever|cheerful|quiet) {child}.) "
        "(That day|On that day) {name} {problem}. {He} was (sad|upset|not happy). First {he} {attempt}. "
        "(Then|After that) {he} {solution}. (In the evening|Later) {he} (told {his} family about it|laughed about "
        "it). {lesson}",
        slots, rng,
    )  # fmt: skip
    turn = ", and in the end" if ", but" in slots["problem"] or " but " in slots["problem"] else ", but in the end"
    wording = rng.choice((
        "{name} {problem}{turn} {he} {solution}.", "In short, {name} {problem}{turn} {he} {solution}.",
        "The story is about {name}, who {problem} and then {solution}.",
    ))  # fmt: skip
    text = write(wording, slots | {"turn": turn}, rng)
    facts = {"protagonist": slots["name"], "problem": slots["problem"], "solution": slots["solution"], "source": source}
    return Draft(text, facts, (entry["about"], slots["name"]), input=source)


def letter(pool: Pool, rng: Random) -> Draft:
    """A letter about an animal that was drawn, a new thing, or a day somewhere. This family is never trained on."""
    recipient, sender = pool.two(rng, "names")
    news, about, subject = rng.choice((_animal_news, _thing_news, _place_news))(pool, rng)
    wish = rng.choice(("I hope you are well.", "Please write soon.", "See you soon!"))
    closing = rng.choice(("Your friend,", "Love,", "With love,", "Best wishes,"))
    text = f"Dear {recipient['name']},\n{news} {wish}\n{closing}\n{sender['name']}"
    facts = {"recipient": recipient["name"], "subject": subject}
    return Draft(text, facts, (recipient["name"], subject), {"recipient": recipient["name"], "about": about})


def _animal_news(pool: Pool, rng: Random) -> tuple[str, str, str]:
    animal = pool.pick(rng, "animals")
    slots = {"animal": animal["name"], "cover": animal["cover"], "food": animal["food"]}
    news = write(
        "(Yesterday|Last week|On Sunday) I drew a {animal}. It has {cover} and eats {food}. "
        "(My mother liked it very much.|It was not easy.|I will show it to you.)",
        slots, rng,
    )  # fmt: skip
    return news, with_article(animal["name"]), animal["name"]


def _thing_news(pool: Pool, rng: Random) -> tuple[str, str, str]:
    kinds = ("toy", "sport", "clothing", "instrument", "container")
    thing = pool.pick(rng, "objects", pair=False, size=("small", "medium"), kind=kinds)
    slots = {"thing": thing["name"], "colour": rng.choice(("red", "blue", "green", "yellow"))}
    news = write(
        "(Yesterday|Last week|On my birthday) I got a new {thing}. It is {colour}. (I use it every day.|I like it "
        "very much.|I will show it to you.)",
        slots, rng,
    )  # fmt: skip
    return news, f"a new {thing['name']}", thing["name"]


def _place_news(pool: Pool, rng: Random) -> tuple[str, str, str]:
    place = pool.pick(rng, "places", kind=("nature", "outdoors", "building", "town"))
    slots = {"at": place["phrase"], "see": rng.choice(place["see"]), "did": past(rng.choice(place["do"]))}
    news = write("(Yesterday|Last week|On Sunday) we were {at}. We saw {see}. (Then|After that) we {did}.", slots, rng)
    return capital(news), f"a day {place['phrase']}", place["name"]
