"""Descriptions of an animal, a thing, a person, a place, a job, a feeling, a season."""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import capital, number, one, past, third
from workbook.datasets.tiny_world.world import World

SIZES = {
    "tiny": "very small", "small": "small", "medium": "neither very big nor very small", "large": "large",
    "huge": "very large",
}  # fmt: skip
KINDS = {
    "garden": "thing for the garden", "sport": "thing for sport and games", "clothing": "piece of clothing",
    "jewellery": "piece of jewellery", "furniture": "piece of furniture", "bedding": "thing for the bedroom",
    "kitchen": "thing for the kitchen", "school": "thing for learning and writing", "instrument": "musical instrument",
    "household": "thing for the house", "bathroom": "thing for the bathroom", "nature": "thing from nature",
    "gift": "thing that gives joy",
}  # fmt: skip
FEEL = {
    "wood": "hard smooth strong", "metal": "hard shiny heavy cold", "glass": "smooth clear shiny",
    "plastic": "light smooth firm", "cotton": "soft light", "wool": "soft warm woolly thick", "cloth": "soft light",
    "paper": "light thin flat", "leather": "smooth strong firm", "clay": "hard smooth", "rubber": "bendy firm",
    "stone": "hard heavy", "wax": "smooth firm", "straw": "light rough dry", "silk": "silky light fine",
    "gold": "shiny smooth", "silver": "shiny smooth", "snow": "cold white", "": "small light pretty",
}  # fmt: skip
TRAITS = {
    "kind": "helps everyone", "friendly": "greets everybody in the street", "honest": "always tells the truth",
    "patient": "never gets angry when things take long", "funny": "knows a hundred jokes", "shy": "speaks very little",
    "brave": "is not even afraid of spiders", "clever": "can solve every riddle", "lazy": "likes to stay in bed",
    "curious": "asks about everything", "careful": "looks twice before crossing the road",
    "noisy": "sings from morning till night", "polite": "never forgets to say thank you",
    "generous": "shares every cake", "stubborn": "never changes a plan", "modest": "never boasts",
    "reliable": "always comes on time", "playful": "turns everything into a game", "serious": "thinks before speaking",
    "bossy": "wants to decide everything", "creative": "makes new things from old boxes",
    "cheerful": "smiles even when it rains", "sleepy": "yawns all day", "lively": "cannot sit still",
    "loyal": "never leaves a friend alone", "hard-working": "gets up before the sun",
}  # fmt: skip


def plural_of(phrase: str) -> str:
    """What an animal can do, said of many: "hide its nuts" as "hide their nuts"."""
    said = {"its": "their", "itself": "themselves", "it": "they", "is": "are", "was": "were"}
    return " ".join(said.get(word, word) for word in phrase.split(" "))


def animal(world: World) -> str:
    """A text about a kind of animal."""
    entry = world.draw("animals", life=("pet", "farm", "wild"))
    can, can2 = entry["can"]
    world.update(
        a=entry["name"], many=entry["plural"], sort=entry["kind"], home=entry["home"], habitat=entry["habitat"],
        food=entry["food"], size=SIZES[entry["size"]], cover=entry["cover"], can=can, can2=can2, cans=plural_of(can),
        cans2=plural_of(can2), sound=entry["sound"], sounds=third(entry["sound"]),
    )  # fmt: skip
    middle = [
        "(It has|{many} have|Its body has) {cover}." if "body" not in entry["cover"] else "It has {cover}.",
        "(It lives|It can be found|You can find it) {habitat}. (It often rests|It sleeps|It feels safe) {home}.",
        "(It eats|Its favourite food is|It likes to eat|It feeds on) {food}.",
        "(A {a}|It) can {can}(, and it can {can2}|. It can {can2}, too).",
        "(It {sounds}|A {a} {sounds}) when it (is excited|calls the others|is hungry|wants to be heard)."
        if entry["sound"]
        else "It (is quiet|makes hardly any sound|does not say much).",
    ]
    world.rng.shuffle(middle)
    ends = (
        "{h} likes {many}, because they can {cans}.",
        "{h} saw a {a} {weekday_on}. {he} (stood still|kept quiet|held {his} breath) and watched it for a long time.",
        "{h} drew a {a} (for {elder}|at school). (It was the best picture in the class|It looked quite real).",
        "(Not everyone likes {many}, but they are useful and interesting|{many} are wonderful animals).",
        "{f} says that {many} are {fhis} favourite animals.",
        "Have you ever seen a {a}? If you are quiet and patient, you may see one {habitat}.",
    )
    start = "(The {a}|A {a}) is a {sort}. It is {size}."
    if entry["life"] != "wild":
        start += " (It lives with people|People keep it).(| It needs good care every day.)"
    title = world.fill("(The {a}|All About {many}|{many}|A Text About the {a})")
    return world.text(title, start, *middle, world.rng.choice(ends))


def thing(world: World) -> str:
    """A text about a thing: what it is, what it is made of, what it is for."""
    entry = world.draw("objects")
    they, are, have = ("they", "are", "have") if entry["pair"] else ("it", "is", "has")
    feel = world.rng.choice(FEEL[entry["material"]].split())
    kind = KINDS.get(entry["kind"], entry["kind"])
    world.update(
        a=f"a {entry['name']}" if not entry["pair"] else entry["name"], o=entry["name"], o_many=entry["plural"],
        own=one(entry), kind_of=kind,
        they=they, are=are, have=have, them="them" if entry["pair"] else "it", feel=feel, where=entry["found"],
        use=entry["use"], made=entry["material"], uses="use" if entry["pair"] else "uses",
    )  # fmt: skip
    middle = [
        "{they} {are} usually kept {where}."
        if entry["kind"] not in ("nature", "vehicle", "furniture")
        else "You can often find {them} {where}.",
        "(People use {them} to {use}|With {them}, one can {use}|{they} can be used to {use}).",
        "{h} has {own}. {they} {are} {colour}(| and {age}). (It was a present|{he} got {them}) from {giver}."
        if not entry["pair"]
        else "{h} has {own}. {they} {are} {colour}(| and {age}). {he} got {them} from {giver}.",
    ]
    if entry["kind"] in ("nature", "vehicle") or entry["size"] == "large":
        middle[2] = "{h} saw {own} {weekday_on}. {they} {have} a {colour} colour and look{s} {age}."
    if entry["material"]:
        middle.insert(1, "{they} {are} made of {made}, (so {they} {are} {feel}|and {they} {are} {feel}).")
    world.update(
        age=world.rng.choice(("old", "new", "clean", "quite big", "rather small", "pretty", "beautiful", "plain")),
        giver=world.rng.choice((world["elder"], f"{world['his']} friend {world['f']}", f"{world['his']} aunt")),
        s="" if entry["pair"] else "s",
    )  # fmt: skip
    world.rng.shuffle(middle)
    ends = (
        "One day {h} could not find {them}, but then {he} looked {where}, and there {they} {were}.",
        "If {they} {are} damaged, (somebody must repair {them}|it may be possible to mend {them}).",
        "{f} would like to have {own}, too.",
        "Without {them}, it would be hard to {use}.",
        "It is good to take care of {them}.",
    )
    world["were"] = "were" if entry["pair"] else "was"
    start = "{a} {are} {article}{kind_of}."
    world["article"] = "" if entry["pair"] and kind == "tool" else "a "
    if entry["pair"]:
        world["article"], world["kind_of"] = (
            "",
            "things that people " + ("wear" if entry["kind"] == "clothing" else "use"),
        )
    title = (
        world.fill("(The {o}|A Text About {o_many}|All About the {o})") if not entry["pair"] else capital(entry["name"])
    )
    if entry["kind"] == "nature":  # a pebble is not repaired
        ends = (ends[2], "{h} keeps {them} in a little box.", "{f} found {own}, too, and gave {them} to {h}.")
    return world.text(title, start, *middle, *world.rng.sample(ends, 2))


def person(world: World) -> str:
    """A portrait of somebody in the first person: looks, character, habits."""
    trait, trait2 = world.rng.sample(sorted(TRAITS), 2)
    world.update(
        trait=trait, proof=TRAITS[trait], trait2=trait2, proof2=TRAITS[trait2],
        age=number(world.rng.choice((7, 8, 9, 10, 11, 12))), years=number(world.rng.randint(25, 80)),
        hair=world.rng.choice("black brown blond red dark grey curly straight short long".split()),
        eyes=world.rng.choice("blue brown green grey dark bright".split()),
        wear=world.rng.choice("hat cap scarf coat jacket raincoat sweater shirt belt vest cloak".split()),
        town=world.rng.choice(("next door", "in my street", "near the school", "by the park")),
        tasks=third(world["task"]),
    )  # fmt: skip
    grown = world.chance(0.4)
    if world["hair"] == "grey":
        world["hair"] = "grey" if grown else "brown"
    start = (
        "My neighbour {h} is {years} years old. {he} (works as a {job}|is a {job}). {he} {tasks}."
        if grown
        else "{h} is (my {friend}|in my class). {he} is {age} years old and lives {town}."
    )
    middle = [
        "{h} has {hair} hair and {eyes} eyes.",
        "{he} often wears a {colour} {wear}.",
        "{h} is {trait}: {he} {proof}.",
        "{he} is also {trait2} and {proof2}.",
        "In {his} free time, {he} likes {hobby}.",
        "{he} likes to eat {meal} and {treat}.",
        "{h} has a {pet} called {petname}.",
    ]
    world.rng.shuffle(middle)
    end = "(I like {h} very much|I am glad to know {him}|We often talk and laugh together|{h} and I have a lot of fun)."
    title = world.fill(
        "(My {friend} {h}|About {h}|A Portrait of {h})" if not grown else "(My Neighbour {h}|{h} the {job})"
    )
    return world.text(title, start, *middle[: world.rng.randint(4, 7)], end)


def place(world: World) -> str:
    """A text about a place: what one sees and does there."""
    entry = world.draw("places")
    see = world.rng.sample(entry["see"], len(entry["see"]))
    world.update(p=entry["name"], at=entry["phrase"], see=see[0], see2=see[1], see3=see[2], do=entry["do"][0])
    world.update(do2=entry["do"][1], did2=past(entry["do"][1]), did=past(entry["do"][0]))
    middle = [
        "(There you can see|There you find) {see}, {see2} and {see3}.",
        "(Many people go there to|It is a good place to) {do}. (One can also|Others like to) {do2}.",
        "{when}, {h} was {at}. {he} {did2}.",
        "It is (quiet there in the early morning|busy there on {weekday}|nicest there in {month}).",
        "It smells of {smell} there, and you can hear {hear}.",
    ]
    world.update(
        smell=world.rng.choice({
            "nature": ("wet grass", "flowers", "fresh air"), "outdoors": ("fresh air", "flowers", "grass"),
            "home": ("clean clothes", "old wood", "soap"),
        }.get(entry["kind"], ("wood", "dust and paper", "polish"))),
        hear=world.rng.choice({
            "nature": ("the wind", "the birds"), "outdoors": ("many voices", "birds and voices"),
            "home": ("the clock", "the rain on the roof"),
        }.get(entry["kind"], ("many steps", "quiet voices"))),
    )  # fmt: skip
    start = "{h} (likes|loves) the {p}. " + (
        "{he} often goes there with {f}." if entry["kind"] != "home" else "It is {his} favourite place."
    )
    ends = (
        '"I could stay here all day," {said_h}.',
        "Once {h} lost {his} {colour} {toy} there, but {f} found it.",
        "In winter it looks quite different.",
        "{elder} says that the {p} was {different} many years ago.",
    )
    world["different"] = world.rng.choice(("smaller", "much bigger", "quieter", "older and darker"))
    world.rng.shuffle(middle)
    return world.text(f"The {entry['name']}", start, *middle, world.rng.choice(ends))


def job(world: World) -> str:
    """What somebody does for a living."""
    entry = world.draw("jobs")
    world.update(j=entry["name"], js=entry["plural"], where=entry["workplace"], task=entry["task"], tool=entry["tool"])
    world.update(wears=entry["clothes"], tasks=third(entry["task"]))
    middle = [
        "(A {j}|Each {j}) wears {wears} at work.",
        "For the work, a {j} needs {tool}.",
        "It is important to be {trait} in this job.",
        "{h} visited a {j} {weekday_on} and was allowed to watch. {he} asked many questions.",
        "{f} would like to be a {j} one day.",
        "The work can be hard, but it is (useful|interesting|never boring).",
    ]
    world["trait"] = world.rng.choice(("careful", "patient", "reliable", "friendly", "strong", "quick", "calm"))
    world.rng.shuffle(middle)
    start = "A {j} (works|has work to do) {where}. (The job is to {task}|{js} {task})."
    return world.text(world.fill("(The {j}|The Work of a {j}|What {js} Do)"), start, *middle[:5])


def feeling(world: World) -> str:
    """A feeling: when one has it, how it shows, an example."""
    entry = world.draw("feelings")
    other = world.draw("feelings")
    world.update(noun=entry["noun"], feels=entry["adjective"], cause=entry["cause"], sign=entry["sign"])
    middle = [
        "People feel {noun} {cause}.",
        "You can often see {noun} in a face. One sign is {sign}.",
        "Somebody who feels like this is {feels}.",
        "{f} (knows this feeling, too|often feels like this|felt the same last {weekday}).",
        f"It helps to (talk about it|tell a friend about it). After a while, {other['noun']} may come instead.",
        "(Animals may have this feeling, too|Small children show it more openly than adults|Everyone has this "
        "feeling at times).",
        '"I feel {feels} today," {said_h}. "That is all right," {said_e}. "Feelings come and go."',
    ]
    world.rng.shuffle(middle)
    return world.text(entry["noun"], "{noun} is a feeling.", *middle[: world.rng.randint(5, 7)])


def season(world: World) -> str:
    """A season or a holiday."""
    world["weekday_on"] = "on a walk"
    if world.chance(0.5):
        entry = world.draw("seasons")
        world.update(
            name=entry["name"], like=entry["weather"], nature=entry["nature"], wear=entry["clothes"], fun=entry["fun"]
        )
        start = "In {name} it is often {like}, and {nature}. People wear {wear}."
        title = world.fill("({name}|A Day in {name}|Why {h} Likes {name})")
        fun = "(It is a good time to|Many children like to) {fun}."
    else:
        entry = world.draw("holidays")
        world.update(name=entry["name"], time=entry["when"], fun=entry["custom"])
        start = "(People celebrate {name} {time}|{name} is {time}). On that day they {fun}."
        title, fun = entry["name"], "{h} has looked forward to it for {days} weeks."
    ends = [
        "{h} and {f} (make a lantern|paint a picture|sing a song|go for a long walk) together.",
        "{elder} brings {treat}, and everyone gets some.",
        "{h} puts on {his} {colour} {cap} and goes outside.", "The whole (family|street|village) comes together.",
        "In the evening, they all sit (by the fire|at the table|under the trees) and talk.",
        "\"I wish that it were always like this,\" {said_h}.",
    ]  # fmt: skip
    world["cap"] = world.rng.choice(("cap", "scarf", "jacket", "boots"))
    return world.text(title, start, fun, *world.rng.sample(ends, 4))


MAKERS = (animal, animal, animal, thing, thing, thing, person, person, place, place, job, feeling, season)


def description(world: World) -> str:
    """One of the descriptions."""
    world["weekday_on"] = world.rng.choice(("on {weekday}", "last {weekday}", "in {month}")).format_map(world)
    return world.rng.choice(MAKERS)(world)
