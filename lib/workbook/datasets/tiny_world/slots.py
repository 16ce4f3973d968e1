"""How every slot of a world is drawn from the lexicon: people, animals, things, places, activities, problems."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbook.datasets.tiny_world import grammar

if TYPE_CHECKING:
    from workbook.datasets.tiny_world.world import World

KEPT = ("toy", "sport", "instrument", "jewellery", "nature", "gift")  # kinds of things that one treasures
OUT = ("beach", "park", "forest", "playground", "river", "lake", "hill", "meadow", "garden", "pond", "orchard", "farm")
FAR = ("desert", "jungle", "swamp", "mountain", "bridge", "bus stop")  # no place for an afternoon with a child
TRIP = ("museum", "castle", "theatre", "cinema", "library", "aquarium", "planetarium", "lighthouse", "stadium", "barn")
BIRDS = ("sparrow", "robin", "blackbird", "swallow", "dove", "pigeon", "magpie")
CROWDED = ("market", "supermarket", "station", "fair", "zoo", "museum", "airport", "toy shop")
CRAFTS = ("bake", "make", "paint", "draw", "knit", "carve")
ROUTINE = ("brush the teeth", "wash the hands", "cross the road safely", "make the bed", "tie a shoelace")
NOT_KEPT = (
    "balloon",
    "snowball",
    "leaf",
    "flower",
    "bouquet",
    "stick",
    "dice",
    "net",
    "acorn",
    "card",
    "present",
    "bow",
)
INSTRUMENTS = ("guitar", "violin", "flute", "trumpet", "accordion", "harmonica", "recorder", "tambourine")
SEA = ("whale", "dolphin", "seal", "walrus", "squid", "polar bear", "salmon", "bat")
COLOURS = "red blue green yellow orange purple pink brown white grey golden silver".split()
KINDNESS = (
    "kind friendly helpful honest brave clever patient polite careful gentle generous cheerful lively quiet modest"
).split()
NICE = ("sweet", "soft", "crisp", "juicy", "soft and sweet", "sweet and crisp", "sticky", "cold and sweet")
SEASONAL = (
    ("summer", "July", ("beach", "swimming pool", "lake", "campsite", "island")),
    ("winter", "January", ("ice rink",)),
)
HELPERS = ("police officer", "shopkeeper", "cleaner", "bus driver", "waiter", "nurse", "teacher", "postman")
SKILLS = (
    "swim", "ride a bicycle", "skate", "whistle", "tie a shoelace", "dive", "juggle with three balls", "ski", "knit",
    "row",
)  # fmt: skip
SMALL_FRUIT = ("cherry", "grape", "date", "strawberry", "raspberry", "blueberry", "blackberry", "lemon", "lime")


def _person(prefix: str) -> Callable[[World], None]:
    """Draws a name that the text doesn't have yet, with its pronouns: h, he, him, his, or f, fhe, fhim, fhis."""

    def draw(world: World) -> None:
        taken = {world.get(other) for other in ("h", "f", "g")}
        # Two people with different pronouns are told apart more easily: three times out of four.
        other = {"she": "he", "he": "she"}.get(world.get("he", ""))
        wanted = {"pronoun": other} if prefix == "f" and other and world.chance(0.75) else {}
        name = world.draw("names", **wanted)
        while name["name"] in taken:
            name = world.draw("names", **wanted)
        he, him, his, child = grammar.FORMS[name["pronoun"]]
        start = "" if prefix == "h" else prefix
        world[prefix] = name["name"]
        world[start + "he"], world[start + "him"], world[start + "his"], world[start + "child"] = he, him, his, child

    return draw


def _elder(world: World) -> None:
    entry = world.draw("family", role=("parent", "grandparent"))
    world["elder"], world["elder_word"] = entry["call"], entry["word"]
    world["ehe"], world["ehim"], world["ehis"], _ = grammar.FORMS[entry["pronoun"]]


def _job(world: World) -> None:
    job = world.draw("jobs")
    world["job"], world["task"], world["workplace"] = job["name"], job["task"], job["workplace"]
    world["tool"], world["jobclothes"] = job["tool"], job["clothes"]
    world["jhe"], world["jhim"], world["jhis"], _ = grammar.FORMS[world.rng.choice(("she", "he"))]


def _keepsake(world: World, kinds: tuple[str, ...]) -> dict:
    """A thing that one can carry and would not give away, another one than those that the text has."""
    taken = {world.get("thing"), world.get("toy"), world.get("gift"), *NOT_KEPT}
    while True:
        thing = world.draw("objects", kind=kinds, size=("small", "medium"), pair=False)
        if thing["name"] not in taken:
            return thing


def _thing(world: World) -> None:
    thing = _keepsake(world, KEPT)
    world["thing"], world["things"], world["found"], world["use"] = (
        thing["name"], thing["plural"], thing["found"], thing["use"],
    )  # fmt: skip


def _toy(world: World) -> None:
    world["toy"] = _keepsake(world, ("toy",))["name"]


def _gift(world: World) -> None:
    world["gift"] = _keepsake(world, ("toy", "jewellery", "instrument", "gift"))["name"]


def _instrument(world: World) -> None:
    world["instrument"] = world.rng.choice(INSTRUMENTS)


def _pet(world: World) -> None:
    pet = world.draw("animals", life="pet", kind="mammal")
    world["pet"], world["petname"] = pet["name"], world.draw("pet_names")
    world["pet_food"], world["pet_home"] = pet["food"], pet["home"]


def _animals(prefix: str, sizes: tuple[str, ...], kinds: tuple[str, ...]) -> Callable[[World], None]:
    """Draws a land animal that the text doesn't have yet."""

    def draw(world: World) -> None:
        taken = {world.get(other) for other in ("animal", "other", "big", "small")}
        while True:
            animal = world.draw("animals", size=sizes, kind=kinds)
            cans = [can for can in animal["can"] if "its" not in can.split()]
            if animal["name"] not in taken and animal["name"] not in SEA and cans:
                break
        world[prefix] = animal["name"]
        world[f"{prefix}s"], world[f"{prefix}_home"], world[f"{prefix}_food"] = (
            animal["plural"], animal["home"], animal["food"],
        )  # fmt: skip
        world[f"{prefix}_can"] = world.rng.choice(cans)

    return draw


def _suit_season(world: World, place: str) -> None:
    """No day at the beach in winter: a place sets the season, unless that was told already."""
    for season, month, places in SEASONAL:
        if place in places and "season" not in world and "month" not in world:
            world["season"], world["month"] = season, month


def _place(world: World) -> None:
    nice = [place for place in world.lexicon.where("places", kind=("nature", "outdoors")) if place["name"] not in FAR]
    place = world.rng.choice(nice + world.lexicon.where("places", name=TRIP))
    _suit_season(world, place["name"])
    see = world.rng.sample(place["see"], 2)
    do = world.rng.sample(place["do"], 2)
    world["place"], world["at"] = place["name"], place["phrase"]
    world["see"], world["see2"] = see
    world["do"], world["do2"] = do
    world["did"], world["did2"] = map(grammar.past, do)


def _lost(world: World) -> None:
    world["at_lost"] = world.draw("places", name=CROWDED)["phrase"]


def _outside(world: World) -> None:
    place = world.draw("places", name=OUT)
    _suit_season(world, place["name"])
    world["outplace"], world["outside"] = place["name"], place["phrase"]
    world["outsee"] = world.rng.choice(place["see"])


def _activity(world: World) -> None:
    while (activity := world.draw("activities"))["name"] in ROUTINE:
        pass
    world["act"], world["acted"] = activity["name"], grammar.step_past(activity["name"], world["his"])
    world["result"] = grammar.result_past(activity["result"])
    world["needs"] = grammar.join(activity["needs"])
    world["steps"] = _told_steps(world, activity["steps"])


def _told_steps(world: World, steps: list[str]) -> str:
    """The steps of an activity as what the hero did."""
    first, *middle, last = [grammar.step_past(step, world["his"]) for step in steps]
    told = [f"First {world['he']} {first}."]
    for place, step in enumerate(middle):
        who = (f"{world.rng.choice(('Then', 'Next', 'After that'))} {world['he']}", world["he"], world["h"])[place % 3]
        told.append(grammar.capital(f"{who} {step}."))
    return " ".join([*told, f"{world.rng.choice(('At last', 'Finally', 'In the end'))} {world['he']} {last}."])


def _craft(world: World) -> None:
    crafts = [
        activity for activity in world.lexicon["activities"]
        if activity["name"].split()[0] in CRAFTS and activity["name"] not in (*ROUTINE, "make a campfire")
    ]  # fmt: skip
    activity = world.rng.choice(crafts)
    world["craft"], world["crafting"] = activity["name"], grammar.ing(activity["name"])
    world["craft_result"] = grammar.result_past(activity["result"])


def _problem(world: World) -> None:
    problem = world.draw("problems")
    world["problem_title"], world["about"], world["lesson"] = problem["title"], problem["about"], problem["lesson"]
    world["lesson_said"] = problem["lesson"].rstrip(".") + ","
    if re.search("night|sleep", problem["problem"]):
        world["when"] = world.rng.choice(("One night", "Late one evening", "One quiet night"))
        world["it_was"] = world.rng.choice(("It was very late.", "The moon was shining.", "It was a dark night."))
    for clue, season, month in (
        ("snow", "winter", "January"),
        ("icy", "winter", "February"),
        ("sun", "summer", "July"),
    ):
        if clue in problem["problem"].split():
            world["season"], world["month"] = season, month
    for part in ("problem", "attempt", "solution"):
        world[part] = world.fill(problem[part])


def _foods(world: World) -> None:
    treat, treat2 = world.several("foods", 2, kind=("sweet food", "fruit"), taste=NICE)
    world["treat"], world["treat2"] = grammar.many(treat), grammar.many(treat2)
    world["a_treat"] = grammar.one(treat)
    big = [fruit for fruit in world.lexicon.where("foods", kind="fruit") if fruit["name"] not in SMALL_FRUIT]
    fruit, fruit2 = world.rng.sample(big, 2)
    world["fruit"], world["fruits"], world["fruits2"] = fruit["name"], fruit["plural"], fruit2["plural"]
    world["meal"] = grammar.many(world.draw("foods", kind=("hot meal", "cold meal")))
    world["cold_meal"] = grammar.many(world.draw("foods", kind="cold meal"))
    world["drink"] = world.rng.choice(("water", "juice", "lemonade", "milk", "tea"))


def _weather(world: World) -> None:
    weather = world.draw("weather")
    world["weather"], world["effect"] = weather["sentence"], weather["effect"]


def _season(world: World) -> None:
    season = world.draw("seasons")
    world["season"], world["season_fun"] = season["name"], season["fun"]


def _numbers(world: World) -> None:
    n = world.rng.randint(2, 12)
    world["n"], world["days"] = grammar.number(n), grammar.number(world.rng.randint(2, 9))


def _simple(slot: str, values: Callable[[World], list[str] | tuple[str, ...]]) -> Callable[[World], None]:
    """Draws one of the values for a slot that depends on nothing."""

    def draw(world: World) -> None:
        world[slot] = world.rng.choice(values(world))

    return draw


def _adjectives(group: str) -> Callable[[World], list[str]]:
    return lambda world: [entry["word"] for entry in world.lexicon["adjectives"][group]]


LAND = ("mammal",)
GROUPS: dict[Callable[[World], None], str] = {
    _person("h"): "h he him his child",
    _person("f"): "f fhe fhim fhis fchild",
    _person("g"): "g ghe ghim ghis gchild",
    _elder: "elder elder_word ehe ehim ehis",
    _job: "job task workplace tool jobclothes jhe jhim jhis",
    _thing: "thing things found use",
    _toy: "toy",
    _gift: "gift",
    _instrument: "instrument",
    _pet: "pet petname pet_food pet_home",
    _animals("animal", ("tiny", "small", "medium"), LAND): "animal animals animal_home animal_food animal_can",
    _animals("other", ("tiny", "small", "medium"), LAND): "other others other_home other_food other_can",
    _animals("big", ("large", "huge"), LAND): "big bigs big_home big_food big_can",
    _animals("small", ("tiny", "small"), LAND): "small smalls small_home small_food small_can",
    _place: "place at see see2 do do2 did did2",
    _outside: "outplace outside outsee",
    _activity: "act acted result needs steps",
    _craft: "craft crafting craft_result",
    _problem: "problem_title about lesson lesson_said problem attempt solution",
    _foods: "treat treat2 a_treat fruit fruits fruits2 meal cold_meal drink",
    _weather: "weather effect",
    _season: "season season_fun",
    _numbers: "n days",
    _simple("colour", lambda world: COLOURS): "colour",
    _simple("colour2", lambda world: [colour for colour in COLOURS if colour != world["colour"]]): "colour2",
    _simple("kind", lambda world: KINDNESS): "kind",
    _simple("weekday", lambda world: world.lexicon["weekdays"]): "weekday",
    _simple("month", lambda world: world.lexicon["months"]): "month",
    _simple("hobby", lambda world: [hobby["name"] for hobby in world.lexicon["hobbies"]]): "hobby",
    _simple("bird", lambda world: BIRDS): "bird",
    _lost: "at_lost",
    _simple("helper", lambda world: HELPERS): "helper",
    _simple("skill", lambda world: SKILLS): "skill",
    _simple("friend", lambda world: world.lexicon["friends"]): "friend",
    _simple("job_name", lambda world: [job["name"] for job in world.lexicon["jobs"]]): "job_name",
}
DRAW: dict[str, Callable[[World], None]] = {slot: draw for draw, slots in GROUPS.items() for slot in slots.split()}
