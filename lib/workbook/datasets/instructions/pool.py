"""Which part of the tiny world an example may be about: what training sees, and what only unseen_entities uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from workbook.datasets.tiny_world.lexicon import Lexicon

# Chosen by hand so that hardly anything else in the world mentions them: a held-out entity occurs nowhere in training.
HELD_OUT: dict[str, str] = {
    "names": "Casper Dalia Edgar Eliza Freya Gabriel Hamid Irene Jonas Karim Lotte Marta Naomi Olaf Petra Rafael Selma "
    "Sven Tilda Toby Uma Victor Wanda Yusuf",
    "animals": "hedgehog penguin camel otter kangaroo walrus stork toad lobster grasshopper hamster zebra peacock "
    "dolphin",
    "objects": "drill magnet hammock flowerpot spinning_top marble balloon scooter trophy slipper mitten sandal "
    "bracelet brooch stool armchair bookcase quilt cushion ladle grater sieve calculator postcard diary harp flute "
    "accordion helicopter raft barrel wallet crate heater doorbell hairbrush washcloth acorn crystal wreath "
    "purse radio",
    "foods": "mango apricot leek radish turnip muffin waffle yoghurt coffee pizza raisin fig",
    "places": "museum orchard windmill aquarium café swimming_pool campsite stadium planetarium greenhouse",
    "jobs": "sailor carpenter magician beekeeper librarian potter tailor astronaut plumber weaver",
    "problems": "puddle zip queue kitten purse picnic radio",
    "activities": "make_jam boil_an_egg put_up_a_tent knit_a_scarf brush_a_horse skip_stones make_a_puppet wash_a_car "
    "grow_beans pick_apples iron_a_shirt",
    "categories": "planets senses parts_of_a_bicycle school_subjects liquids directions",
}
KEYS = {"problems": "about"}  # the field by which an entry goes; "name" for the others

# Words with two meanings, or of another time: what is said about them would be wrong for one of the meanings.
LEFT_OUT = {
    "animals": {"dinosaur", "bat", "ray", "fly", "chicken", "turkey", "swallow"},
    "objects": {"bat", "rubber", "dice", "pocket", "block", "robot", "recorder", "net", "iron", "nail", "present",
                "glass", "tin", "bow", "straw", "chest", "vest", "fan", "tie", "rope", "card",
                "button", "ribbon", "whistle", "drum set"},
    "jobs": {"coach"},
    "foods": {"chicken", "fish", "date", "corn", "water", "roll", "oil", "egg"},
}  # fmt: skip

# More lists than the lexicon's own categories: name, table, field, value.
DERIVED = (
    ("birds", "animals", "kind", "bird"), ("insects", "animals", "kind", "insect"),
    ("mammals", "animals", "kind", "mammal"),
    ("reptiles", "animals", "kind", "reptile"), ("pets", "animals", "life", "pet"),
    ("fruits", "foods", "kind", "fruit"),
    ("farm animals", "animals", "life", "farm"), ("vegetables", "foods", "kind", "vegetable"),
    ("drinks", "foods", "kind", "drink"), ("toys", "objects", "kind", "toy"), ("tools", "objects", "kind", "tool"),
    ("clothes", "objects", "kind", "clothing"), ("pieces of furniture", "objects", "kind", "furniture"),
    ("vehicles", "objects", "kind", "vehicle"), ("musical instruments", "objects", "kind", "instrument"),
    ("kitchen things", "objects", "kind", "kitchen"), ("sweet foods", "foods", "kind", "sweet food"),
)  # fmt: skip

RENAMED = {"family": "members of a family", "small words for place": "words that say where"}


@dataclass(frozen=True)
class Pool:
    """The entries of each table that may be used. `categories` are entries like the others: name and members."""

    tables: dict[str, list[dict]]
    _fitting: dict[tuple, list[dict]] = field(default_factory=dict, repr=False)  # found before, by what was wanted

    def pick(self, rng: Random, table: str, **wanted: str | tuple[str, ...]) -> dict:
        """An entry whose fields have the wanted value, or one of the wanted values."""
        asked = (table, *wanted.items())
        if asked not in self._fitting:
            chosen = {key: value if isinstance(value, tuple) else (value,) for key, value in wanted.items()}
            fitting = [entry for entry in self.tables[table] if all(entry[key] in chosen[key] for key in chosen)]
            self._fitting[asked] = fitting
        return rng.choice(self._fitting[asked])

    def two(self, rng: Random, table: str) -> tuple[dict, dict]:
        """Two different entries."""
        first, second = rng.sample(self.tables[table], 2)
        return first, second


def all_categories(lexicon: Lexicon) -> list[dict]:
    """Every list that can be asked for: name and members."""
    own = [{"name": RENAMED.get(name, name), "members": members} for name, members in lexicon["categories"].items()]
    names = {name: [entry["name"] for entry in lexicon.where(table, **{field: value})]
             for name, table, field, value in DERIVED}  # fmt: skip
    own += [{"name": name, "members": members} for name, members in names.items()]
    own += [{"name": "days of the week", "members": lexicon["weekdays"]}]
    own += [{"name": "months", "members": lexicon["months"]}]
    return [*own, {"name": "jobs", "members": [entry["name"] for entry in lexicon["jobs"]]}]


def pools(lexicon: Lexicon) -> tuple[Pool, Pool]:
    """What training may be about, and what is held out."""
    seen, held_out = {}, {}
    for table, names in HELD_OUT.items():
        kept_back = {name.replace("_", " ") for name in names.split()}
        entries = all_categories(lexicon) if table == "categories" else lexicon[table]
        key, left_out = KEYS.get(table, "name"), LEFT_OUT.get(table, set())
        known = {entry[key] for entry in entries}
        if not kept_back <= known:
            raise ValueError(f"{sorted(kept_back - known)} are to be held out, but the lexicon's {table} lack them")
        seen[table] = [entry for entry in entries if entry[key] not in kept_back | left_out]
        held_out[table] = [entry for entry in entries if entry[key] in kept_back]
    return Pool(seen), Pool(held_out)


def everything_held_out(held_out: Pool) -> list[str]:
    """The words that may not occur in training."""
    return [entry[KEYS.get(table, "name")] for table, entries in held_out.tables.items() for entry in entries]
