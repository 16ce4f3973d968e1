"""English sentences with their German translations, and rated changes of good ones.

load_translations("train")     1,629 pairs to learn from; "validation" and "test" are held out   (data/translations)
load_ratings()                 480 changed translations with two marks each             (data/translation_ratings)
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook import files
from workbook.datasets.jsonl import DataError, read_jsonl

SPLITS = ("train", "validation", "test")
THEMES = (
    "travel", "kitchen", "weather", "work", "school", "health", "nature", "sport", "house", "money", "family", "town",
)  # fmt: skip
KINDS = (
    "synonym", "inflection", "dropped_unimportant", "dropped_important", "order", "negation", "paraphrase",
    "unrelated",
)  # fmt: skip


@dataclass(frozen=True)
class Translation:
    """An English sentence and its German translations: one to learn from, two different ones in the test split.

    Raises ValueError for an unknown theme, a text that is empty or not in Unicode's NFC (where ü is one character), no
    translation, and the same translation twice.
    """

    id: str
    theme: str
    english: str
    german: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise ValueError(f"pair {self.id} has the unknown theme {self.theme!r}")
        if not self.german or len(set(self.german)) < len(self.german):
            raise ValueError(f"pair {self.id} has no translation, or the same one twice")
        for text in (self.english, *self.german):
            _check_text(text, f"pair {self.id}")

    @property
    def target(self) -> str:
        """The first translation, the one to learn from."""
        return self.german[0]


@dataclass(frozen=True)
class Rating:
    """A changed translation of a test sentence, and what the authors think of it.

    pair: the id of the Translation; kind: one of KINDS, what was done to its first translation; adequacy, fluency: 1
    (worst) to 5, by the guideline in the card. Raises ValueError for anything else.
    """

    id: str
    pair: str
    kind: str
    german: str
    adequacy: int
    fluency: int

    def __post_init__(self) -> None:
        _check_text(self.german, f"rating {self.id}")
        if self.kind not in KINDS:
            raise ValueError(f"rating {self.id} has the unknown kind {self.kind!r}")
        for name, mark in (("adequacy", self.adequacy), ("fluency", self.fluency)):
            if type(mark) is not int or not 1 <= mark <= 5:
                raise ValueError(f"rating {self.id}: {name} must be a whole number from 1 to 5, not {mark!r}")


def load_translations(split: str, folder: Path | None = None) -> list[Translation]:
    """The pairs of a split: "train", "validation" or "test", in the order of the file.

    folder: another one than data/translations, with the three files in it. Raises DataError for an unknown split and
    for a corrupt file, naming file and line.
    """
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    where = (folder or files.root() / "data" / "translations") / f"{split}.jsonl"

    def make(line: dict[str, Any]) -> Translation:
        fields = dict(**line)  # also where it is no object: a clear error
        german = fields.pop("german")
        if (split == "test") != isinstance(german, list) or (split == "test" and len(german) != 2):
            expected = "a list of two translations" if split == "test" else "one translation, a text"
            raise ValueError(f"german must be {expected} in the split {split!r}, not {german!r}")
        return Translation(german=tuple(german) if isinstance(german, list) else (german,), **fields)

    pairs = read_jsonl(where, make)
    _check_ids([pair.id for pair in pairs], where)
    return pairs


def load_ratings(path: Path | None = None) -> list[Rating]:
    """All rated changes, ordered by pair and then by kind. Raises DataError for a corrupt file, naming the line."""
    where = path or files.root() / "data" / "translation_ratings" / "ratings.jsonl"
    ratings = read_jsonl(where, lambda line: Rating(**line))
    _check_ids([rating.id for rating in ratings], where)
    return ratings


def _check_text(text: Any, name: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} has an empty text, or one that is none: {text!r}")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError(f"{name} is not in Unicode's NFC: {text!r}; store unicodedata.normalize('NFC', text)")


def _check_ids(ids: Sequence[str], where: Path) -> None:
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(
            f"{where}: the id {twice[0]!r} is there more than once; restore it with `git checkout -- data`."
        )
