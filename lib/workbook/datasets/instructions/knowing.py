"""Families that ask what a thing is: a description, a comparison, a list, a class; and how something is done."""

from __future__ import annotations

from random import Random

from workbook.datasets.instructions.draft import Draft, with_article, write
from workbook.datasets.instructions.pool import Pool
from workbook.datasets.tiny_world.grammar import capital, ing, join, number, third

SIZES = ("tiny", "small", "medium", "large", "huge")
KINDS = {"tool": "tool", "toy": "toy", "clothing": "piece of clothing", "jewellery": "piece of jewellery",
         "furniture": "piece of furniture", "instrument": "musical instrument", "vehicle": "vehicle",
         "container": "container"}  # fmt: skip
FOOD_KINDS = ("fruit", "vegetable", "drink", "sweet food", "baked food", "dairy food")

DESCRIPTIONS = {
    "animals": (
        "A {name} is a {size} {kind} with {cover}. It lives {home} and eats {food}.",
        "A {name} is a {kind}. It has {cover} and (lives|can be found) {habitat}. A {name} can {can}.",
        "A {name} is an animal that lives {habitat}. It eats {food}. It can {can}.",
    ),
    "objects": (
        "A {name} is a {kind}. It is made of {material}. People use it to {use}.",
        "A {name} is a {kind} made of {material}. You can (often |)find it {found}.",
        "A {name} is a {kind} that people use to {use}. You can find it {found}.",
    ),
    "foods": (
        "{A_name} is a {kind}. It is {taste} and comes from {source}.",
        "{A_name} is a {kind} that comes from {source}. It is {taste}.",
    ),
    "jobs": (
        "A {name} works {workplace}. The work of a {name} is to {task}.",
        "A {name} is a person who {does}. A {name} (wears {clothes}|needs {tool}).",
        "{Many} {task}. A {name} works {workplace} and wears {clothes}.",
    ),
    "places": (
        "A {name} is a place where people can {do}. There you see {see}.",
        "A {name} is a place with {see}. People go there to {do}.",
    ),
}
# What no description may call the thing, unless it is of that kind.
ALL_KINDS = (
    "mammal", "bird", "fish", "insect", "reptile", "amphibian", "tool", "toy", "vehicle", "fruit", "vegetable", "drink",
    "person", "place", "container", "animal",
)  # fmt: skip
SORTS = {"animals": "animal", "jobs": "person", "places": "place"}


def description(pool: Pool, rng: Random) -> Draft:
    """What an animal, object, food, job or place is."""
    table = rng.choice(("animals", "animals", "objects", "objects", "foods", "jobs", "places"))
    entry, slots = DESCRIBED[table](pool, rng)
    thing = slots.get("A_name", with_article(entry["name"]))
    text = write(rng.choice(DESCRIPTIONS[table]), slots | {"A_name": capital(thing)}, rng)
    known = [phrase for slot, phrase in slots.items() if slot not in ("name", "A_name", "Many")]
    right = f"{SORTS.get(table, '')} {' '.join(known)}"
    facts = {"subject": entry["name"], "known": known, "wrong_kinds": [kind for kind in ALL_KINDS if kind not in right]}
    return Draft(text, facts, (entry["name"],), {"thing": thing})


def _animal(pool: Pool, rng: Random) -> tuple[dict, dict[str, str]]:
    entry = pool.pick(rng, "animals", kind=("mammal", "bird", "fish", "reptile", "amphibian", "insect", "sea animal"))
    size = "medium-sized" if entry["size"] == "medium" else entry["size"]
    fields = ("name", "kind", "cover", "home", "habitat", "food")
    return entry, {field: entry[field] for field in fields} | {"size": size, "can": rng.choice(entry["can"])}


def _object(pool: Pool, rng: Random) -> tuple[dict, dict[str, str]]:
    entry = pool.pick(rng, "objects", kind=tuple(KINDS), pair=False)
    while not entry["material"]:
        entry = pool.pick(rng, "objects", kind=tuple(KINDS), pair=False)
    fields = ("name", "material", "use", "found")
    return entry, {field: entry[field] for field in fields} | {"kind": KINDS[entry["kind"]]}


def _food(pool: Pool, rng: Random) -> tuple[dict, dict[str, str]]:
    entry = pool.pick(rng, "foods", kind=FOOD_KINDS)
    name = with_article(entry["name"]) if entry["plural"] else entry["name"]
    return entry, {field: entry[field] for field in ("name", "kind", "taste", "source")} | {"A_name": name}


def _job(pool: Pool, rng: Random) -> tuple[dict, dict[str, str]]:
    entry = pool.pick(rng, "jobs")
    fields = ("name", "workplace", "task", "tool", "clothes")
    more = {"does": third(entry["task"]), "Many": capital(entry["plural"])}
    return entry, {field: entry[field] for field in fields} | more


def _place(pool: Pool, rng: Random) -> tuple[dict, dict[str, str]]:
    entry = pool.pick(rng, "places")
    return entry, {"name": entry["name"], "see": join(entry["see"]), "do": rng.choice(entry["do"])}


DESCRIBED = {"animals": _animal, "objects": _object, "foods": _food, "jobs": _job, "places": _place}

# For each table the statements that a comparison may make: the field, and how it is said of a and of b.
DIFFERENCES = {
    "animals": {
        "cover": ("{a} has {x}", "{b} has {y}"), "food": ("{a} eats {x}", "{b} eats {y}"),
        "home": ("{a} lives {x}", "{b} lives {y}"), "kind": ("{a} is a {x}", "{b} is a {y}"),
    },
    "objects": {
        "material": ("{a} is made of {x}", "{b} is made of {y}"),
        "use": ("people use {a} to {x}", "they use {b} to {y}"),
        "found": ("{a} can be found {x}", "{b} can be found {y}"),
    },
    "jobs": {
        "workplace": ("{a} works {x}", "{b} works {y}"), "clothes": ("{a} wears {x}", "{b} wears {y}"),
        "tool": ("{a} needs {x}", "{b} needs {y}"),
    },
    "foods": {"taste": ("{a} is {x}", "{b} is {y}"), "source": ("{a} comes from {x}", "{b} comes from {y}")},
}  # fmt: skip


def comparison(pool: Pool, rng: Random) -> Draft:
    """Two things of one sort, and in what they differ."""
    table = rng.choice(("animals", "animals", "objects", "jobs", "foods"))
    a, b = pool.two(rng, table)
    while not (fields := _different(table, a, b)):
        a, b = pool.two(rng, table)
    one, other = with_article(a["name"]), with_article(b["name"])
    said = []
    for field in rng.sample(fields, min(len(fields), 2)):
        left, right = DIFFERENCES[table][field]
        slots = {"a": one, "b": other, "x": a[field], "y": b[field]}
        said.append(write(f"{left}, (but|and) {right}.", slots, rng))
    larger = _larger(a, b)
    if larger and rng.random() < 0.5:
        more = (one, other) if larger == a["name"] else (other, one)
        said[1:] = [capital(f"{more[0]} is bigger than {more[1]}.")]
    known = {key: [entry[field] for field in DIFFERENCES[table]] for key, entry in (("of_first", a), ("of_second", b))}
    facts = {"first": a["name"], "second": b["name"], "larger": larger} | known
    return Draft(" ".join(said), facts, (a["name"], b["name"]), {"first": one, "second": other})


def _different(table: str, a: dict, b: dict) -> list[str]:
    """The fields in which two things share no word that carries meaning; none for things without a plural."""
    if not (a["plural"] and b["plural"]) or a.get("pair") or b.get("pair"):
        return []
    return [field for field in DIFFERENCES[table] if a[field] and b[field] and not _nouns(a[field]) & _nouns(b[field])]


def _nouns(phrase: str) -> set[str]:
    """The words of a phrase by which it could be told from another."""
    return set(phrase.replace(",", "").split()) - {"in", "a", "an", "the", "and", "on", "of", "at", "by", "under"}


def _larger(a: dict, b: dict) -> str:
    """The name of the larger of two animals or objects, or nothing where that isn't clear."""
    if a.get("size", "medium") == b.get("size", "medium"):
        return ""
    return max((a, b), key=lambda entry: SIZES.index(entry["size"]))["name"]


def listing(pool: Pool, rng: Random) -> Draft:
    """Some members of a category."""
    category = pool.pick(rng, "categories")
    count = rng.randint(2, min(5, len(category["members"])))
    members = rng.sample(category["members"], count)
    text = rng.choice((capital(join(members)) + ".", "\n".join(f"- {member}" for member in members)))
    facts = {"count": count, "category": category["name"], "members": category["members"]}
    return Draft(text, facts, (category["name"],), {"number": number(count), "category": category["name"]})


# A label, and where its words are found.
LABELS = {
    "animal": ("animals", {}),
    "food": ("foods", {"kind": ("fruit", "vegetable", "sweet food", "hot meal", "cold meal")}),
    "tool": ("objects", {"kind": "tool"}), "toy": ("objects", {"kind": "toy"}),
    "vehicle": ("objects", {"kind": "vehicle"}), "job": ("jobs", {}), "place": ("places", {}),
    "instrument": ("objects", {"kind": "instrument"}),
}  # fmt: skip


def classification(pool: Pool, rng: Random) -> Draft:
    """A word, and which of three groups it belongs to."""
    options = rng.sample(sorted(LABELS), 3)
    label = rng.choice(options)
    table, wanted = LABELS[label]
    name = pool.pick(rng, table, **wanted)["name"]
    asked = join([with_article(option) for option in options], "or")
    return Draft(label, {"label": label, "labels": options}, (name,), {"options": asked}, input=name)


def plan(pool: Pool, rng: Random) -> Draft:
    """How to do something in a given number of steps."""
    activity = pool.pick(rng, "activities")
    steps = list(activity["steps"])
    count = rng.randint(max(3, (len(steps) + 1) // 2), len(steps))
    sizes = [2] * (len(steps) - count) + [1] * (2 * count - len(steps))  # two neighbours become one step: none is lost
    rng.shuffle(sizes)
    steps = [_as_one([steps.pop(0) for _ in range(size)]) for size in sizes]
    text = "\n".join(f"{place}. {step}" for place, step in enumerate(steps, 1))
    name = activity["name"]
    known = [name, *activity["needs"], *activity["steps"], activity["result"]]
    facts = {"count": count, "activity": name, "known": known}
    return Draft(text, facts, (name,), {"number": number(count), "do": name, "doing": ing(name)})


def _as_one(steps: list[str]) -> str:
    """One or two steps as one: "Wet the hands and rub them with soap."."""
    first, *second = steps
    return first.rstrip(".") + f" and {second[0][0].lower()}{second[0][1:]}" if second else first
