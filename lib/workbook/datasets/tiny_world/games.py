"""Round games: texts in which few names and things come again and again, so that it pays to look back at them.

In a story a name is one word of twenty. A small model guesses all names alike for a long time, before it finds that the
right one stands further up. In these texts every other word is of that kind.
"""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import join, one
from workbook.datasets.tiny_world.world import World

THROWS = ("{a} (threw|rolled|passed|kicked) the ball to {b}.", "{a} (looked|smiled) at {b} and threw. {b} caught it.",
          "{a} called {b}, and {b} got the ball.", "The ball flew from {a} to {b}.")  # fmt: skip
GIVES = ("{a} gave the {x} to {b}.", "{b} took the {x} from {a}.", "{a} had the {x}. Now {b} has the {x}.",
         '"{b}, do you want the {x}?" asked {a}. {b} took the {x}.')  # fmt: skip
ASKS = ('"Who has the {x}?" asked {a}. "{b} has the {x}," said {c}.', '"Where is the {x}?" "{b} has it," said {a}.',
        "{a} looked for the {x}. {b} had the {x}.", "{b} showed the {x} to {a}.")  # fmt: skip
CALLS = ('"{b}!" called {a}. "Yes, {a}?" said {b}.', "{a} sat down beside {b}.", "{a} found {b}, and {b} laughed.",
         '"I see {b}," said {a}.', "{a} asked {b} for a word that rhymes. {b} asked {c}.")  # fmt: skip


def game(world: World) -> str:
    """One of the games."""
    return world.rng.choice((ball, presents, calling))(world)


def players(world: World, animals: float = 0.0) -> list[str]:
    """Who plays: some children, or, with a probability, some animals."""
    if world.chance(animals):
        return [f"the {entry['name']}" for entry in world.several("animals", world.rng.randint(2, 4))]
    return [entry["name"] for entry in world.several("names", world.rng.randint(2, 5))]


def ball(world: World) -> str:
    """A ball that goes from one to the other."""
    who = players(world, animals=0.3)
    return _rounds(world, "(A Game of Ball|The Ball Goes Round)", f"{join(who)} played with a ball.", who, [""], THROWS)


def presents(world: World) -> str:
    """Things that change hands, and who has which."""
    who = players(world)
    things = world.several("objects", len(who))
    has = [f"{person} had {one(thing)}." for person, thing in zip(who, things, strict=True)]
    names = [thing["name"] for thing in things]
    return _rounds(world, "(Who Has What|A Game of Swapping)", " ".join(has), who, names, GIVES, ASKS)


def calling(world: World) -> str:
    """Players who call and find each other."""
    who = players(world)
    return _rounds(world, "(A Game of Names|Hide and Seek)", f"{join(who)} played a game.", who, [""], CALLS)


def _rounds(world: World, title: str, intro: str, who: list[str], things: list[str], *templates: tuple) -> str:
    """So many turns of a game. Who has got something gives it away next; where one is asked, it is the holder."""
    rng, turns = world.rng, []
    holder = dict(zip(things, who, strict=False))
    for _ in range(rng.randint(7, 13)):
        world["x"] = thing = rng.choice(things)
        ask = len(templates) > 1 and world.chance(0.5)
        others = [person for person in who if person != holder[thing]]
        other = rng.choice(others)
        world["a"], world["b"] = (other, holder[thing]) if ask else (holder[thing], other)
        world["c"] = rng.choice([person for person in who if person != world["b"]])
        turns.append(world.fill(rng.choice(templates[1] if ask else templates[0])))
        if not ask:
            holder[thing] = other
    return world.text(title, intro, *turns, "Then (it was time to go home|it got dark|everybody was tired).")
