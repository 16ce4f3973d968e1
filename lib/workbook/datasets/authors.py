"""Texts by two invented authors on the same topics (data/authors), honest and leaky splits, and shortcuts to switch on.

A judge that tells one writer from another, or a person from a machine, is only worth something if it looks at the
writing. As stored, the texts offer no easy way out: both authors write equally many texts of equal length about every
topic. The functions of the last part put a shortcut in, one at a time, so that a judge can be caught taking it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from workbook import files
from workbook.datasets.jsonl import DataError, once, read_jsonl

AUTHORS = ("keel", "wren")
FAMILIAR = (
    "rain", "cat", "bread", "garden", "key", "grandmother", "lake", "winter", "apples", "night", "shoes", "school",
    "market", "birds", "tea", "boat",
)  # fmt: skip  # in simple words, which tiny-gpt knows from its world
UNFAMILIAR = ("train", "dentist", "office", "lift", "museum", "radio", "map", "bus")
TOPICS = FAMILIAR + UNFAMILIAR


@dataclass(frozen=True)
class Text:
    """One short text. The file's authors are AUTHORS; a lesson may add texts by others, such as a language model."""

    id: str
    author: str
    topic: str
    text: str

    def __post_init__(self) -> None:
        for field in ("id", "author", "topic", "text"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"text {self.id!r} has no {field}")


class Split(NamedTuple):
    """What a judge may learn from, and what it is tested on."""

    train: list[Text]
    test: list[Text]


def load_authors(author: str | None = None, path: Path | None = None) -> list[Text]:
    """All texts in the order of the file, topic by topic, or those of one author.

    Raises DataError for a corrupt file, with the line, and for an author who isn't in AUTHORS.
    """
    if author is not None and author not in AUTHORS:
        raise DataError(f"There is no author {author!r}; the authors are {', '.join(AUTHORS)}.")

    def make(line: dict) -> Text:
        text = Text(**line)
        if text.author not in AUTHORS or text.topic not in TOPICS:
            raise ValueError(f"text {text.id} has the unknown author {text.author!r} or topic {text.topic!r}")
        return text

    where = path or files.root() / "data" / "authors" / "texts.jsonl"
    texts = read_jsonl(where, once(make, lambda text: text.id))
    return [text for text in texts if author in (None, text.author)]


# ------------------------------------------------------------------------------------------------ splits


def split_by_text(texts: Sequence[Text], held_out: float = 0.25, seed: int = 0) -> Split:
    """The leaky split: of every author and topic, a share of the texts is held out.

    A test text about the cat Pickle has training texts about the same cat, so a judge may know names instead of style.
    held_out: between 0 and 1; at least one text of every author and topic goes to either side.
    """
    if not 0 < held_out < 1:
        raise ValueError(f"The share that is held out must be between 0 and 1, not {held_out}.")
    rng = np.random.default_rng(seed)
    groups: dict[tuple[str, str], list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault((text.author, text.topic), []).append(place)
    tested = set()
    for (author, topic), places in groups.items():
        if len(places) < 2:
            raise ValueError(f"There is only one text about {topic!r} by {author!r}: a split needs two or more.")
        count = min(max(round(held_out * len(places)), 1), len(places) - 1)
        tested.update(rng.permutation(places)[:count].tolist())
    return _divide(texts, [place in tested for place in range(len(texts))])


def split_by_topic(texts: Sequence[Text], held_out: int = 6, seed: int = 0) -> Split:
    """The honest split: whole topics are held out, with what everybody wrote about them.

    held_out: how many topics; FAMILIAR ones and others in proportion.
    """
    there = list(dict.fromkeys(text.topic for text in texts))
    if not 0 < held_out < len(there):
        raise ValueError(f"Of {len(there)} topics, 1 to {len(there) - 1} can be held out, not {held_out}.")
    rng = np.random.default_rng(seed)
    kinds = [[t for t in there if t in FAMILIAR], [t for t in there if t not in FAMILIAR]]
    familiar = round(held_out * len(kinds[0]) / len(there))
    tested = {
        topic
        for topics, count in zip(kinds, (familiar, held_out - familiar), strict=True)
        for topic in rng.permutation(topics)[:count].tolist()
    }
    return _divide(texts, [text.topic in tested for text in texts])


def split_with_topics_swapped(texts: Sequence[Text], seed: int = 0) -> Split:
    """Topic as a shortcut: in training, each of two authors has topics of their own; in the test they are swapped.

    A judge that learned topics instead of styles is wrong on nearly all of the test. Raises ValueError unless the texts
    are by two authors, on at least two topics.
    """
    authors = list(dict.fromkeys(text.author for text in texts))
    topics = list(dict.fromkeys(text.topic for text in texts))
    if len(authors) != 2 or len(topics) < 2:
        raise ValueError(
            f"Expected texts by two authors on two topics or more, got {len(authors)} authors and {len(topics)} topics."
        )
    first = set(np.random.default_rng(seed).permutation(topics)[: len(topics) // 2].tolist())
    return _divide(texts, [(text.author == authors[0]) != (text.topic in first) for text in texts])


def _divide(texts: Sequence[Text], tested: Sequence[bool]) -> Split:
    train, test = ([t for t, held in zip(texts, tested, strict=True) if held == side] for side in (False, True))
    return Split(train, test)


# ------------------------------------------------------------------------------------------------ shortcuts


def with_typos(texts: Sequence[str], rate: float = 0.1, seed: int = 0) -> list[str]:
    """Each word of four letters or more gets a slip of the keyboard with this probability.

    Two inner letters change places, or one is left out, or one is there twice. The first letter stays.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"The rate of typos must be between 0 and 1, not {rate}.")
    rng = np.random.default_rng(seed)

    def slip(match: re.Match) -> str:
        word = match.group()
        if rng.random() >= rate:
            return word
        # a swap needs two letters that differ, or it would not be seen
        places = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]] or [len(word) - 2]
        i = int(rng.choice(places))
        swapped = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        return str(rng.choice([swapped, word[:i] + word[i + 1 :], word[:i] + word[i] + word[i:]]))

    return [re.sub(r"[A-Za-z]{4,}", slip, text) for text in texts]


def shortened(texts: Sequence[str], words: int, closed: bool = True) -> list[str]:
    """Each text cut to its first `words` words; shorter texts stay as they are.

    closed: end the rest with a full stop. False leaves it open, as a language model does that has run out of tokens.
    """
    if words < 1:
        raise ValueError(f"At least one word must be left, not {words}.")
    cut = []
    for text in texts:
        parts = text.split()
        rest = " ".join(parts[:words]).rstrip(".,;:!?")
        cut.append(text if len(parts) <= words else rest + "." * closed)
    return cut
