"""Lists: for shopping, packing, things to do, wishes, things seen; as lines "- item" or within a sentence."""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import capital, join, many, number, one, polish, title_case
from workbook.datasets.tiny_world.world import World

WEAR = ("clothing", "bedding", "bathroom", "sport")
NOT_PACKED = ("pocket", "button", "ribbon", "tie", "uniform", "apron", "costume", "cloak", "medal", "trophy", "net")
TWO = ("sock", "shoe", "boot", "glove", "mitten", "slipper", "sandal")  # one takes a pair of them
EXTRAS = ("a map", "a book", "a camera", "a notebook", "a torch", "an umbrella", "a bottle of water", "a lunch box")
FAR = ("beach", "lake", "mountain", "campsite", "island", "city", "farm", "village", "harbour", "valley", "forest")
CHORES = (
    "water the plants", "feed the {pet}", "sweep the floor", "wash the dishes", "make the bed", "tidy the shelf",
    "take out the rubbish", "call {elder}", "post the letter to {f}", "do the homework", "practise the {instrument}",
    "return the book to the library", "buy {meal}", "clean the window", "mend the {colour} {wear}", "visit {f}",
    "bake a cake for {g}", "write in the diary", "hang up the washing", "rake the leaves", "repair the bicycle",
    "dust the lamps",
    "polish the shoes", "go to the (baker|dentist|doctor|tailor)", "pack the school bag", "look for the lost {toy}",
    "fold the towels",
    "lay the table", "peel the potatoes", "sort the buttons", "pick {fruits}", "sew on a button", "brush the dog",
)  # fmt: skip
RULES = (
    "Wait for your turn.", "Speak softly.", "Help each other.", "Wash your hands before you eat.", "Be kind to others.",
    "Put things back in their place.", "Listen when others speak.", "Say please and thank you.", "Be on time.",
    "Keep the room tidy.", "Do not run in the corridor.", "Ask before you borrow something.", "Share the toys.",
    "Tell the truth.", "Close the door quietly.", "Take care of the plants.", "Laugh with others, not at them.",
    "Say sorry when you hurt somebody.", "Turn off the light when you leave.", "Feed the fish every morning.",
    "Do not throw things.", "Never tease anyone.", "Clean the board on Friday.", "Try again when it goes wrong.",
)  # fmt: skip


def listing(world: World) -> str:
    """One of the lists."""
    return world.rng.choice((shopping, shopping, packing, packing, to_do, to_do, rules, seen, wishes, members))(world)


def shopping(world: World) -> str:
    """What somebody has to buy."""
    foods = world.several("foods", world.rng.randint(5, 9))
    items = []
    for food in foods:
        count = world.rng.randint(2, 12)
        items.append(f"{number(count)} {food['plural']}" if food["plural"] else one(food))
    title = world.fill("(The Shopping List of {h}|A Shopping List for {weekday}|What {h} Has to Buy)")
    intro = world.sentences(
        "{h} (is going|goes) to the (market|shop|supermarket) (on {weekday}|for {elder}|with {f}|to buy food for "
        "the week).", "(This is|Here is) the list:"
        if world.chance(0.5) else "{he} (must not forget|has to buy|needs) these things:"
    )  # fmt: skip
    end = ("{he} (takes|has) a big {colour} (bag|basket) and {n} coins.", "(Do not|Please do not) forget the {last}!")
    world["last"] = many(foods[-1])
    return _lines_or_sentence(world, title, intro, items, world.rng.choice(end), "{h} wants to buy")


def packing(world: World) -> str:
    """What somebody takes along on a trip."""
    world["place"] = world.rng.choice(FAR)
    clothes = world.several("objects", world.rng.randint(5, 9), kind=WEAR, size=("small", "medium"))
    items = [
        f"a pair of {thing['plural']}" if thing["name"] in TWO else one(thing)
        for thing in clothes if thing["name"] not in NOT_PACKED
    ] + world.rng.sample(EXTRAS, world.rng.randint(1, 3))  # fmt: skip
    world.rng.shuffle(items)
    title = world.fill("(The Packing List of {h}|Packing for the {place}|What {h} Takes to the {place})")
    intro = world.sentences(
        "{h} is going to the {place} (for a week|on {weekday}|with {f}|with {elder}).",
        "(This must go into the (suitcase|bag|rucksack)|{he} packs these things|This is what {he} needs):",
    )
    end = (
        "(The (bag|suitcase|rucksack) is (full|heavy) now.|Now {he} is ready to leave.|{he} hopes that nothing "
        "is missing.)"
    )
    return _lines_or_sentence(world, title, intro, items, end, "{h} packs")


def to_do(world: World) -> str:
    """What somebody has to do on a day."""
    world["wear"] = world.rng.choice(("coat", "sock", "sweater", "jacket", "apron"))
    items = [world.fill(chore) for chore in world.rng.sample(CHORES, world.rng.randint(4, 8))]
    title = world.fill("(The To Do List of {h}|Things to Do on {weekday}|What {h} Has to Do)")
    intro = world.sentences(
        "(There is much to do on {weekday}, and {h} has written a list.|{h} has a busy day. This is {his} list:|"
        "On {weekday}, {h} has to do these things:)"
    )
    end = (
        "(When everything is done, {he} will (rest|play with {f}|read a book).|{he} has (done|finished) the "
        "first thing already.)"
    )
    return _lines_or_sentence(world, title, intro, items, end, "{h} has to")


def rules(world: World) -> str:
    """The rules of a class or a family."""
    world["group"] = world.rng.choice(("class", "family", "club", "team", "house"))
    chosen = world.rng.sample(RULES, world.rng.randint(5, 8))
    intro = world.sentences(
        "(In the {group} of {h}, everyone keeps these rules|{h} and {f} have written down some (good|simple) rules):"
    )
    lines = (
        [f"- {rule}" for rule in chosen] if world.chance(0.6) else [f"{n}. {rule}" for n, rule in enumerate(chosen, 1)]
    )
    end = world.sentences(
        "(Good rules make life easier.|{elder} thinks that the (first|last) rule is the best.|Not everyone likes them.)"
    )
    title = title_case(world.fill("(The Rules of Our {group}|Rules for the {group} of {h})"))
    return "\n".join([title, intro, *lines, end])


def seen(world: World) -> str:
    """What somebody saw or found at a place."""
    entry = world.draw("places", kind=("nature", "outdoors", "building", "town"))
    things = world.several("objects", world.rng.randint(2, 4), size="small", pair=False)
    items = [
        *entry["see"],
        *(f"a {world.rng.choice(('small', 'lost', 'red', 'blue', 'broken', 'old'))} {o['name']}" for o in things),
    ]
    world.rng.shuffle(items)
    world["at"], world["place"] = entry["phrase"], entry["name"]
    intro = world.sentences(
        "{when}, {h} was {at} with {f}.", "(They looked around and wrote down what they saw|This is what they saw):"
    )
    end = (
        "(They counted everything and laughed.|{h} liked the {fav} best.|In the evening they read the list to {elder}.)"
    )
    world["fav"] = things[0]["name"]
    return _lines_or_sentence(world, world.fill("What {h} Saw {at}"), intro, items, end, "{h} saw")


def wishes(world: World) -> str:
    """A list of wishes for a birthday."""
    items = []
    for entry in world.several(
        "objects", world.rng.randint(4, 7), kind=("toy", "sport", "instrument", "school", "gift")
    ):
        adjective = world.rng.choice(("red", "blue", "green", "new", "big", "small", "good", "pretty", "yellow"))
        items.append(f"a {adjective} {entry['name']}" if not entry["pair"] else f"{adjective} {entry['name']}")
    intro = world.sentences(
        "The birthday of {h} is (in {month}|on {weekday}|in {days} days).", "{he} wishes for these things:"
    )
    end = (
        "(But most of all {he} wants to play with {f}.|{he} knows that nobody can have everything.|{elder} "
        "smiles and says nothing.)"
    )
    return _lines_or_sentence(
        world, world.fill("(The Wishes of {h}|A Birthday List for {h})"), intro, items, end, "{h} wishes for"
    )


def members(world: World) -> str:
    """The members of one of the lexicon's categories."""
    name = world.rng.choice(sorted(world.lexicon["categories"]))
    every = world.lexicon["categories"][name]
    items = world.rng.sample(every, world.rng.randint(min(4, len(every)), min(8, len(every))))
    world["cat"] = name
    intro = world.sentences(
        "{h} (learnt|wrote down|collected) words for {cat} (at school|with {f}|on {weekday}).", "{he} knows these:"
    )
    end = (
        "(Can you think of another one?|{f} knows one more.|{h} likes the word {word} best.|{he} wrote them "
        "with a {colour} pencil.)"
    )
    world["word"] = items[0]
    return _lines_or_sentence(world, world.fill("Words for {cat}"), intro, items, end, "{h} knows")


def _lines_or_sentence(world: World, title: str, intro: str, items: list[str], end: str, verb: str) -> str:
    """The list as lines, or (three times out of ten) as one sentence; then the last sentence."""
    closing = world.sentences(end)
    if world.chance(0.3):
        body = [
            " ".join([intro.rsplit(". ", 1)[0].rstrip(".:") + ".", world.sentences(f"{verb} {join(items)}."), closing])
        ]
    else:
        body = [intro, *(polish(f"- {item}") for item in items), closing]
    return "\n".join([title_case(capital(title)), *body])
