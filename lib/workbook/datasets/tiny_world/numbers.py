"""Simple arithmetic, in words and in digits, always right."""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import capital, number, title_case
from workbook.datasets.tiny_world.world import World

WORDS = {"+": ("plus", "and"), "-": ("minus", "less"), "x": ("times",)}
THINGS = (
    "apples nuts marbles coins shells buttons stickers pencils beads stamps eggs plums cookies feathers pebbles "
    "balloons flowers cards crayons candles"
).split()


def arithmetic(world: World) -> str:
    """One of the texts with numbers."""
    return world.rng.choice((sums, sums, in_words, problem, problem, more_problems, table, counting))(world)


def draw_sum(world: World) -> tuple[int, str, int, int]:
    """a, the sign, b and the result, none below 0."""
    sign = world.rng.choice("++--x")
    if sign == "x":
        a, b = world.rng.randint(2, 10), world.rng.randint(2, 10)
        return a, sign, b, a * b
    a, b = world.rng.randint(1, 50 if world.chance(0.3) else 12), world.rng.randint(1, 12)
    if sign == "-":
        a, b = max(a, b), min(a, b)
        return a, sign, b, a - b
    return a, sign, b, a + b


def sums(world: World) -> str:
    """Sums in digits, one on each line."""
    lines = []
    for _ in range(world.rng.randint(5, 9)):
        a, sign, b, result = draw_sum(world)
        lines.append(f"{a} {sign} {b} = {result}")
    title = world.fill("(The Sums of {h}|{h} Does Sums|Sums for {weekday})")
    intro = world.sentences(
        "{h} (did|solved|wrote down) these sums (with {f}|at school|at the kitchen table|on {weekday})."
    )
    end = world.sentences("(All of them are right|{elder} checked them, and they were right|It took {him} {n} "
        "minutes).",
                          "(Then {he} went out to play|{h} likes sums|{f} had the same results|)")  # fmt: skip
    return "\n".join([title_case(title), intro, *lines, end if end.endswith(".") else f"{end}."])


def in_words(world: World) -> str:
    """Sums as sentences."""
    told = []
    for _ in range(world.rng.randint(6, 9)):
        a, sign, b, result = draw_sum(world)
        told.append(f"{capital(number(a))} {WORDS[sign][0]} {number(b)} is {number(result)}.")
    title = "({h} Counts in Words|Sums in Words|{h} Says the Sums Aloud)"
    intro = "{h} (says|reads) the sums aloud(.|, and {f} listens.|, one after the other.)"
    return world.text(title, intro, *told, "(Everything is right.|{f} nods.|That is all for today.)")


def problem(world: World) -> str:
    """A little story with one or two steps, and the sum in digits at the end."""
    rng = world.rng
    thing = rng.choice(THINGS)
    a, b = rng.randint(3, 20), rng.randint(2, 10)
    lost = rng.randint(1, a + b - 1)
    world.update(things=thing, a=number(a), b=number(b), ab=number(a + b), c=number(lost), left=number(a + b - lost))
    told = [
        "{h} had {a} {things} (in a box|in a basket|on the table|in {his} bag).",
        "Then {f} gave {him} {b} more." if rng.random() < 0.5 else "On the way {he} found {b} more.",
        f"{a} + {b} = {a + b}, so now {{he}} had {{ab}} {{things}}.",
        "(Later|After that|On {weekday}) {he} (lost|gave away|gave {g}|sold) {c} of them.",
        f"{a + b} - {lost} = {a + b - lost}, so {{left}} were left."
        if a + b - lost != 1
        else f"{a + b} - {lost} = 1, so one was left.",
        '("That is still enough," {said_h}.|{h} counted them twice to be sure.|{h} put them back and smiled.)',
    ]
    return world.text("The {things} of {h}", *told)


def more_problems(world: World) -> str:
    """Sharing or groups: a product and its parts."""
    rng = world.rng
    groups, each = rng.randint(2, 10), rng.randint(2, 10)
    thing = rng.choice(THINGS)
    world.update(things=thing, groups=number(groups), each=number(each), all=number(groups * each))
    digits = f"{groups} x {each} = {groups * each}"
    box = rng.choice(("boxes", "bags", "baskets", "plates", "rows"))
    inside = "in" if box in ("boxes", "bags", "baskets", "rows") else "on"
    told = [
        f"{{h}} has {{groups}} {box} of {{things}}. There are {{each}} {{things}} {inside} each of them.",
        f"{{f}} wants to know how many {{things}} there are. {{h}} says: {digits}.",
        "So there are {all} {things}.",
        "They put the {all} {things} on the table and share them again among {groups} children.",
        "Each child gets {each} {things}.",
        '(Nobody gets more than the others.|Everyone is content.|"That is fair," {said_f}.)',
    ]
    return world.text("{h} Counts {things}", *told)


def table(world: World) -> str:
    """A row of the times table or a row of sums."""
    n = world.rng.randint(2, 10)
    if world.chance(0.6):
        first = world.rng.randint(1, 4)
        lines = [f"{k} x {n} = {k * n}" for k in range(first, first + world.rng.randint(5, 7))]
        title = f"The Table of {number(n)}"
    else:
        first = world.rng.randint(1, 15)
        lines = [f"{k} + {n} = {k + n}" for k in range(first, first + world.rng.randint(5, 8))]
        title = f"Adding {number(n)}"
    world["nn"] = number(n)
    intro = world.sentences(
        "{h} (learns|practises) with the number {nn}(.| today.| together with {f}.) (It goes like this:|Step by "
        "step, the result grows by {nn}:)"
    )
    end = world.sentences(
        "({h} knows it by heart now.|{f} can say it backwards, too.|{elder} is pleased.|Each result is {nn} more "
        "than the last.)"
    )
    return "\n".join([title_case(title), intro, *lines, end])


def counting(world: World) -> str:
    """Counting forwards, backwards or in steps."""
    step = world.rng.choice((1, 2, 2, 3, 5, 10))
    start = world.rng.randint(0, 20) if step < 5 else step * world.rng.randint(0, 3)
    row = [start + step * k for k in range(world.rng.randint(7, 10))]
    row = [n for n in row if n <= 100]
    if world.chance(0.3):
        row.reverse()
        world["how"] = "backwards" if step == 1 else f"backwards in steps of {number(step)}"
    else:
        world["how"] = "forwards" if step == 1 else f"in steps of {number(step)}"
    shown = ", ".join(number(n) if step < 5 else str(n) for n in row)
    low, high = min(row), max(row)
    world.update(shown=shown, first=number(row[0]), last=number(row[-1]), low=number(low), high=number(high))
    told = [
        "{h} counts {how}(| with {f}|, while {f} listens|, as {elder} does).",
        "{shown}.",
        "(The first number is {first}, and the last number is {last}.|{h} starts with {first} and ends with {last}.)",
        "(The smallest of them is {low}, and the largest is {high}.|{high} is more than {low}.)",
        '(That was not hard.|"Well done," {said_e}.|Can you go on?|{h} did not forget a single number.)',
    ]
    return world.text("{h} Counts {how}", *told)
