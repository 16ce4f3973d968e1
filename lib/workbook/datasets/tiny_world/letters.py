"""Letters, notes, invitations and postcards: a greeting, a body, an ending."""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import polish, title_case
from workbook.datasets.tiny_world.world import World

# For each kind of letter: titles, then the sentences of the body, each with its wordings. {h} writes to {to}.
LETTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "thanks": (
        "(A Thank You Letter to {to}|A Letter to {to}|Thank You, {to})",
        (
            "(Thank you (so much|very much) for|I want to thank you for) the {colour} {gift}.",
            "(It is just what I wished for|I like it very much|I was so happy when I opened the parcel).",
            "(I (play with it|look at it|use it) every day|It has a place on the shelf above my bed|I showed it "
            "to {f}, too).",
            "(My birthday was lovely|It was a nice party). We had {treat} and {treat2}, and {f} (sang|told jokes).",
            "I hope that we will see each other (soon|in {month}|on {weekday}).",
        ),
    ),
    "invitation": (
        "(An Invitation for {to}|An Invitation from {h}|Come to My Party, {to})",
        (
            "(I would like to invite you to|Please come to|You are invited to) my (birthday party|garden "
            "party|puppet show).",
            "It (is|will be) on {weekday} at (two|three|four|five) o'clock {outside}.",
            "There will be {treat}, {treat2} and {drink}. We will (play games|dance|make {colour} masks|go for a "
            "walk).",
            "Please bring (a {toy}|warm socks|a good story|a cushion|your {instrument}|an old hat). {f} will be "
            "there, too.",
            "(Please tell me soon if you can come|Can you come? I hope so|I am looking forward to it very much).",
        ),
    ),
    "sorry": (
        "(A Letter to Say Sorry|{h} Says Sorry to {to}|A Letter to {to})",
        (
            "(I am (so|very|really) sorry|I want to say sorry) that I (lost your {thing}|broke your {thing}|was "
            "so rude|"
            "forgot your birthday|did not wait for you|laughed at your drawing).",
            "(It was my fault|I did not think|I was tired and angry that day|I should have been more careful).",
            "I (cannot sleep because of it|have thought about it a lot|told {elder} about it). I want to make it "
            "good again.",
            "(I will buy you a new {gift}|I have (baked a cake|made pancakes|baked cookies|picked flowers) for "
            "you|You may use my {colour} {toy} for a week).",
            "(Can we be friends again|Will you forgive me)? (I miss you|It is boring without you).",
        ),
    ),
    "holiday": (
        "(A Postcard from the {outplace}|A Letter from the Holidays|{h} Writes to {to})",
        (
            "(Greetings from|Many greetings from) the {outplace}! (The weather is (fine|bad|lovely|windy)|It "
            "rains a lot).",
            "We (arrived|came) on {weekday}. From my window I can see {outsee}.",
            "(Yesterday|On {weekday2}) {f} and I {did}. (It was great fun|I fell into the water|We came home very "
            "late).",
            "(The food is good|The food is strange), and we eat {meal} (every day|nearly every day).",
            "I found a {colour} {found_thing} and will bring it home for you.",
            "(I miss you|I think of you|It would be nicer with you). I will be back in {days} days.",
        ),
    ),
    "pet": (
        "(News about {petname}|A Letter about a {pet}|A Letter to {to})",
        (
            "(I have great news|Guess what|You will not believe it): we have got a {pet}! (Its name is|We call "
            "it) {petname}.",
            "It is {pcolour} and (very small|rather shy|very lively|always hungry). It eats {pet_food}.",
            "At first it (hid under the sofa|was afraid of us|slept all day), but now it (follows me|knows my voice).",
            "(Yesterday|Last {weekday}) it (ran away with my sock|fell asleep in my hat|chewed the "
            "newspaper|jumped on {f}).",
            "{elder} says that a pet is a lot of work, and that is true. I clean its bed every (day|{weekday2}).",
            "(Come and see it soon|You must come and visit us). It will like you.",
        ),
    ),
    "note": (
        "(A Note for {to}|A Note on the (Fridge|Door|Table))",
        (
            "I (have gone|am going) to (the {outplace}|{f}|the (baker|doctor|dentist)|the library) and will be back at "
            "(four|five|six) o'clock.",
            "(Please (feed|give some water to) {petname}|There is {meal} in the kitchen|Please take the {thing} "
            "inside).",
            "The key is (under the mat|in the blue cup|with our neighbour|behind the flowerpot).",
            "If {f} calls, please say that I (found the {thing}|will call back|cannot come on {weekday}).",
            "(I took the {colour} umbrella|Do not wait for me with dinner|The {treat} are for everyone), so do "
            "not worry.",
        ),
    ),
    "news": (
        "(A Letter to {to}|{h} Writes to {to}|News from {h})",
        (
            "(How are you?|I hope that you are well.) I am (fine|quite well|a bit ill, but in good spirits).",
            "(At school|In our class) we are learning about {topic}. (It is interesting|It is hard|I like it very "
            "much).",
            "My new hobby is {hobby}. {f} likes it, too, and we meet every {weekday}.",
            "Last week I {problem_i}. But all ended well.",
            "{elder} has (planted beans|painted the kitchen|started to learn the {instrument}|bought a {colour} hat).",
            "(Please write back soon|What is new with you|When will you visit us)?",
        ),
    ),
}  # fmt: skip
TOPICS = "the sea|the stars|bees|old castles|maps|the human body|trees|volcanoes|numbers|the weather|birds".split("|")
MISHAPS = (
    "lost my key|broke a cup|fell off my bicycle|forgot my lunch|missed the bus|burnt the soup|tore my jacket|"
    "spilled paint on the carpet|had a cold"
).split("|")


def letter(world: World) -> str:
    """One of the letters."""
    title, body = LETTERS[world.rng.choice(sorted(LETTERS))]
    to = world["g"]
    if world.chance(0.5):
        entry = world.draw("family", role=("parent", "grandparent"))
        to = entry["call"]
        while world["elder"] == to:  # a letter to Grandma tells her about somebody else
            entry = world.draw("family", role=("parent", "grandparent"))
            world["elder"], world["ehe"] = entry["call"], entry["pronoun"]
    did = world.rng.choice(("went for a swim", "climbed a hill", "rowed a boat", "built a hut", "rode on a donkey"))
    world.update(
        to=to, did=did, found_thing=world.rng.choice(("shell", "feather", "pebble", "stone")),
        pcolour=world.rng.choice(("black", "white", "brown", "grey", "spotted", "golden")),
        topic=world.rng.choice(TOPICS), problem_i=world.rng.choice(MISHAPS),
        weekday2=world.rng.choice(world.lexicon["weekdays"]),
    )  # fmt: skip
    left_out = world.rng.randint(2, 2 * len(body))  # the first two sentences say what the letter is about
    sentences = [world.sentences(part) for place, part in enumerate(body) if place != left_out]
    sentences = [sentence if sentence[-1] in ".!?" else f"{sentence}." for sentence in sentences]
    greeting = world.fill("(Dear {to},|Dear {to},|Hello {to},|My dear {to},)")
    weather = world.fill("(|The (sun is shining|rain is falling|wind is blowing) while I write this.)")
    end = world.fill("(Love|Yours|Best wishes|Many greetings|See you soon|With love|Your friend),")
    if to != world["g"]:
        end = world.fill("(Love|With love|A big hug|Many kisses|See you soon),")
    lines = [title_case(polish(world.fill(title))), greeting, polish(" ".join([weather, *sentences])), end, world["h"]]
    return "\n".join(lines)
