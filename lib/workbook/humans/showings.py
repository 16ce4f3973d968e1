"""What a person is asked to judge, and when: prompts with answers in random order, some of them a second time."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

GAP = 3  # at least so many other items come before one is shown again
MOST = 9  # answers on a screen


@dataclass(frozen=True)
class Item:
    """A prompt and its answers."""

    id: str
    prompt: str
    answers: tuple[str, ...]

    @property
    def content(self) -> str:
        """A fingerprint, so that a log says what was judged."""
        return hashlib.sha256(json.dumps([self.prompt, *self.answers]).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Showing:
    """What is on the screen: an item for the first (0) or second time (1); while rating, which of its answers.

    order: the numbers of the answers shown, as they stand there.
    """

    item: Item
    round: int
    order: tuple[int, ...]
    answer: int | None = None


def schedule(items: int, repeat: float, seed: int) -> list[tuple[int, int]]:
    """Which item is shown when: (number of the item, round), every item once, and a share of them again.

    At least GAP other items (all others, where there are fewer) lie between the two times; so the last few never come
    again. Any share above 0 repeats at least one item, if there are two. Raises ValueError for a share outside [0, 1].
    """
    if isinstance(repeat, bool) or not isinstance(repeat, (int, float)) or not 0 <= repeat <= 1:
        raise ValueError(f"repeat is {repeat!r}: expected the share of items that come again, from 0 to 1.")
    gap = max(1, min(GAP, items - 1))
    rng = np.random.default_rng(seed)
    wanted = max(1, round(repeat * items)) if repeat else 0
    again = rng.permutation(max(0, items - gap))[:wanted]
    places = [(number, 0.0, number, 0) for number in range(items)]
    # after the first showing of an item that lies at least `gap` further on
    places += [(rng.integers(number + gap, items), rng.uniform(0.1, 1), number, 1) for number in again]
    return [(int(number), round_) for _, _, number, round_ in sorted(places)]


def showings(items: list[Item], mode: str, repeat: float, seed: int) -> list[Showing]:
    """All that is to be shown, in its order. Raises ValueError for no items, or two of one id."""
    if not items:
        raise ValueError("There are no items to judge.")
    if len({item.id for item in items}) < len(items):
        twice = next(item.id for number, item in enumerate(items) if item.id in {one.id for one in items[:number]})
        raise ValueError(f"Two items have the id {twice!r}: expected another one for each.")
    found = []
    for number, round_ in schedule(len(items), repeat, seed):
        item = items[number]
        order = _order(item, round_, seed)
        if mode == "rank":
            found.append(Showing(item, round_, order))
        else:
            found += [Showing(item, round_, (answer,), answer) for answer in order]
    return found


def _order(item: Item, round_: int, seed: int) -> tuple[int, ...]:
    """The answers in random order, the same for a seed and item wherever it stands; another order the second time."""
    first, *later = (
        np.random.default_rng([seed, zlib.crc32(item.id.encode()), one]).permutation(len(item.answers)).tolist()
        for one in range(round_ + 1)
    )
    if not later:
        return tuple(first)
    return tuple(later[-1] if later[-1] != first else [*first[1:], first[0]])


def as_item(number: int, item: Any, least: int = 2) -> Item:
    """The item in our own form. Raises ValueError, naming it, also for fewer answers than `least`."""
    fields = {}
    for name in ("id", "prompt", "answers"):
        try:
            fields[name] = item[name] if isinstance(item, Mapping) else getattr(item, name)
        except (KeyError, AttributeError):
            raise ValueError(f"Item {number} has no {name!r}: expected id, prompt and answers.") from None
    key, prompt, answers = fields.values()
    if isinstance(key, bool) or not isinstance(key, (str, int)) or not str(key).strip():
        raise ValueError(f"Item {number} has the id {key!r}: expected a text or a whole number.")
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError(f"Item {key!r} has the prompt {prompt!r}: expected a text that is not empty.")
    if isinstance(answers, str) or not isinstance(answers, Iterable):
        raise ValueError(f"Item {key!r} has the answers {answers!r}: expected a list of texts.")
    answers = tuple(answers)
    if not least <= len(answers) <= MOST:
        raise ValueError(f"Item {key!r} has {len(answers)} answers: expected {least} to {MOST}.")
    for place, answer in enumerate(answers):
        if not isinstance(answer, str) or not answer.strip():
            raise ValueError(f"Answer {place} of item {key!r} is {answer!r}: expected a text that is not empty.")
    return Item(str(key), prompt, answers)
