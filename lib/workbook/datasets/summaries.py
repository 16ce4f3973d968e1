"""Short news-like articles with two reference summaries each (data/summaries)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook import files
from workbook.datasets.jsonl import DataError, read_jsonl

SPLITS = ("tune", "test")


@dataclass(frozen=True)
class Article:
    """An article and what it comes down to.

    sentences: 6 to 9, in order. key_sentence: the number, from 1, of the sentence with the news; where it is above 3,
    the article's first three sentences miss it. summaries: two different ones, of one or two sentences each.
    Raises ValueError for anything else.
    """

    id: str
    theme: str
    split: str
    title: str
    sentences: tuple[str, ...]
    key_sentence: int
    summaries: tuple[str, ...]

    def __post_init__(self) -> None:
        for text in (self.theme, self.title, *self.sentences, *self.summaries):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"article {self.id} has an empty text, or one that is none: {text!r}")
        if self.split not in SPLITS:
            raise ValueError(f"article {self.id} has the unknown split {self.split!r}")
        if not 6 <= len(self.sentences) <= 9:
            raise ValueError(f"article {self.id} has {len(self.sentences)} sentences, not 6 to 9")
        if len(self.summaries) != 2 or len(set(self.summaries)) != 2:
            raise ValueError(f"article {self.id} needs two different summaries, not {self.summaries!r}")
        if type(self.key_sentence) is not int or not 1 <= self.key_sentence <= len(self.sentences):
            raise ValueError(
                f"article {self.id}: key_sentence must be from 1 to {len(self.sentences)}, not {self.key_sentence!r}"
            )

    @property
    def text(self) -> str:
        """The whole article, its sentences parted by spaces."""
        return " ".join(self.sentences)


def load_summaries(split: str, path: Path | None = None) -> list[Article]:
    """The articles of a split: "tune" or "test". Raises DataError for an unknown split and for a corrupt file."""
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    where = path or files.root() / "data" / "summaries" / "articles.jsonl"
    return [article for article in read_jsonl(where, _make) if article.split == split]


def _make(line: dict[str, Any]) -> Article:
    fields = dict(**line)  # also where it is no object: a clear error
    for name in ("sentences", "summaries"):
        if not isinstance(fields[name], list):
            raise ValueError(f"{name} must be a list, not {fields[name]!r}")
        fields[name] = tuple(fields[name])
    return Article(**fields)
