"""Everyday sentences with a paraphrase and a distractor each (data/general_sentences): what should not be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbook import files
from workbook.datasets.jsonl import read_jsonl


@dataclass(frozen=True)
class Pair:
    """A sentence, the same said in other words, and a sentence with the same words that says something else."""

    id: str
    topic: str
    sentence: str
    paraphrase: str
    distractor: str

    def __post_init__(self) -> None:
        for field in ("sentence", "paraphrase", "distractor"):
            text = getattr(self, field)
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"pair {self.id} has no {field}")


def load_general(path: Path | None = None) -> list[Pair]:
    """All pairs, in the order of the file. Raises DataError for a corrupt file."""
    where = path or files.root() / "data" / "general_sentences" / "pairs.jsonl"
    return read_jsonl(where, lambda line: Pair(**line))
