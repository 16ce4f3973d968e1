"""Comparisons of two animals, things, seasons or people."""

from __future__ import annotations

from workbook.datasets.tiny_world.descriptions import FEEL, SIZES, plural_of
from workbook.datasets.tiny_world.grammar import number, one
from workbook.datasets.tiny_world.world import World

ORDER = tuple(SIZES)


def comparison(world: World) -> str:
    """One of the comparisons."""
    return world.rng.choice((animals, animals, things, people, foods))(world)


def animals(world: World) -> str:
    """Two animals: what they share and how they differ."""
    x, y = world.several("animals", 2, life=("pet", "farm", "wild"))
    if world.chance(0.5):
        x, y = world.several("animals", 2, life=("pet", "farm", "wild"), kind=x["kind"])
    world.update(
        x=x["name"], y=y["name"], xs=x["plural"], ys=y["plural"], xkind=x["kind"], ykind=y["kind"], xfood=x["food"],
        yfood=y["food"], xhome=x["habitat"], yhome=y["habitat"], xcover=x["cover"], ycover=y["cover"],
        xcan=plural_of(world.rng.choice(x["can"])), ycan=plural_of(world.rng.choice(y["can"])),
    )  # fmt: skip
    larger = ORDER.index(x["size"]) - ORDER.index(y["size"])
    told = [
        "Both are {xkind}s." if x["kind"] == y["kind"] and x["kind"] != "fish" else
        "Both are fish." if x["kind"] == y["kind"] else "A {x} is a {xkind}, but a {y} is a {ykind}.",
        "They (are about the same size|do not differ much in size)." if larger == 0 else
        "(A {x} is larger than a {y}|{xs} are larger than {ys}|A {y} is smaller than a {x})." if larger > 0 else
        "(A {x} is smaller than a {y}|{ys} are larger than {xs}|A {y} is larger than a {x}).",
        "(A {x} has {xcover}, while a {y} has {ycover}|The {x} has {xcover}, and the {y} has {ycover}).",
        "{xs} live {xhome}, (and|but) {ys} live {yhome}.",
        "{xs} eat {xfood}, (and|but|while) {ys} eat {yfood}.",
        "{xs} can {xcan}, and {ys} can {ycan}.",
    ]  # fmt: skip
    start, *rest = told
    world.rng.shuffle(rest)
    end = (
        "({h} likes {xs} better, but {f} prefers {ys}|{h} cannot say which of the two {he} likes better|Both are "
        "interesting animals|"
        "{h} once saw a {x} and a {y} on the same day|{f} has drawn both of them)."
    )
    intro = (
        "(|{h} has compared a {x} and a {y}.|A {x} and a {y} are (quite|very) different.)"
        if x["kind"] != y["kind"]
        else "(|{h} has compared a {x} and a {y}.)"
    )
    title = world.fill("(The {x} and the {y}|{xs} and {ys}|A {x} and a {y})")
    return world.text(title, intro, start, *rest[: world.rng.randint(4, 5)], end)


def things(world: World) -> str:
    """Two things: use, material, size."""
    x, y = world.several("objects", 2, pair=False)
    if world.chance(0.6):
        x, y = world.several("objects", 2, pair=False, kind=x["kind"]) if x["kind"] != "" else (x, y)
    world.update(x=x["name"], y=y["name"], xuse=x["use"], yuse=y["use"], xmade=x["material"], ymade=y["material"])
    world.update(xfound=x["found"], yfound=y["found"], xone=one(x), yone=one(y))
    world.update(
        xfeel=world.rng.choice(FEEL[x["material"]].split()), yfeel=world.rng.choice(FEEL[y["material"]].split())
    )
    order = ("small", "medium", "large")
    larger = order.index(x["size"]) - order.index(y["size"])
    told = [
        "People use the {x} to {xuse}. They use the {y} to {yuse}.",
        "(They are about equally big|Neither is much bigger than the other)." if larger == 0 else
        "The {x} is bigger (and heavier|)than the {y}." if larger > 0 else "The {x} is smaller (and lighter "
            "|)than the {y}.",
        "(You may find|{h} found) the {x} {xfound} and the {y} {yfound}.",
        "The {x} of {h} is {colour}, and the {y} is {colour2}.",
    ]  # fmt: skip
    told[1] = told[1].replace("(and heavier|)than", "(and heavier |)than")
    if x["material"] and y["material"]:
        told.append("Both are made of {xmade}." if x["material"] == y["material"] else
                    "The {x} is made of {xmade} and feels {xfeel}. The {y} is made of {ymade} and feels "
                    "{yfeel}.")  # fmt: skip
    world.rng.shuffle(told)
    end = (
        "(Both are useful|{h} would rather have {xone}, and {f} would rather have {yone}|{h} needs both of "
        "them|One cannot take the place of the other)."
    )
    intro = "(|{h} has {xone} and {yone}.|{h} and {f} compare {xone} with {yone}.)"
    return world.text("(The {x} and the {y}|{xone} and {yone})", intro, *told, end)


def people(world: World) -> str:
    """Two people: age, height, likes; the same, and different."""
    rng = world.rng
    a, b = rng.sample(range(6, 14), 2)
    pairs = [
        ("taller", "shorter"), ("faster", "slower"), ("stronger", "weaker"), ("louder", "quieter"),
        ("more patient", "less patient"), ("more careful", "less careful"), ("funnier", "more serious"),
    ]  # fmt: skip
    (p1, q1), (p2, q2) = rng.sample(pairs, 2)
    hobby, hobby2 = (entry["name"] for entry in world.several("hobbies", 2))
    world.update(a=number(a), b=number(b), p1=p1, q1=q1, p2=p2, q2=q2, hobby=hobby, hobby2=hobby2,
                 gap=number(abs(a - b)), years="year" if abs(a - b) == 1 else "years",
                 older="older" if a > b else "younger", older2="younger" if a > b else "older")  # fmt: skip
    told = [
        "{h} is {a} years old, and {f} is {b}. So {h} is {gap} {years} {older} than {f}.",
        "{h} is {p1} than {f}. {f} is {q1}(.| than {h}.)",
        "{f} is {p2} than {h}, (but {h} does not mind|and {h} is {q2}).",
        "{h} likes {hobby}. {f} prefers {hobby2}.",
        "{h} often wears {colour} clothes, and {f} likes {colour2}.",
        "Both like {treat}, but {f} likes {treat2} even more.",
        "{h} has a {pet}, and {f} has no pet.",
    ]
    start, *rest = told
    rng.shuffle(rest)
    end = (
        "(They are very different, and yet they are good friends|Friends need not be the same|Together they are "
        "a good team|They never quarrel about it)."
    )
    return world.text("({h} and {f}|Two Friends, {h} and {f})", start, *rest[:5], end)


def foods(world: World) -> str:
    """Two foods: taste, kind, where they come from."""
    kinds = ("fruit", "vegetable", "sweet food", "dairy food", "baked food", "drink", "grain", "hot meal")
    x, y = world.several("foods", 2, kind=world.rng.choice(kinds) if world.chance(0.8) else kinds)
    same = x["kind"] == y["kind"]
    is_x, is_y = ("is" if not food["plural"] else "are" for food in (x, y))
    world.update(x=x["plural"] or x["name"], y=y["plural"] or y["name"], isx=is_x, isy=is_y,
                 xt=x["taste"], yt=y["taste"], xs=x["source"], ys=y["source"],
                 one_x=one(x), one_y=one(y),
                 grow_x="comes" if is_x == "is" else "come", grow_y="comes" if is_y == "is" else "come")  # fmt: skip
    told = [
        "{x} {isx} {xt}. {y} {isy} {yt}." if x["taste"] != y["taste"] else "{x} {isx} {xt}, and {y} {isy} {yt}, too.",
        "Both come from {xs}."
        if x["source"] == y["source"]
        else "{x} {grow_x} from {xs}, (and|while) {y} {grow_y} from {ys}.",
        "{h} bought {one_x} and {one_y} {weekday_on}.",
        "{h} likes (the taste of|) {x}, and {f} likes (the taste of|) {y}.",
        "(At home|At school|On {weekday2}), {h} has {x}, but {f} has {y}.",
    ]
    world["weekday_on"] = f"on {world['weekday']}"
    world["weekday2"] = world.rng.choice(world.lexicon["weekdays"])
    if same:
        told.append(f"Both belong to the {x['kind']}s." if x["kind"] != "fruit" else "Both belong to the fruits.")
    world.rng.shuffle(told)
    end = "(Tastes differ.|{h} and {f} share both.|Which of them do you like better?|{elder} likes both.)"
    return world.text("{x} and {y}", *told, end)
