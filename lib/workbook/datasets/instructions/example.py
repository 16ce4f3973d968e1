"""One instruction with its reference answer, and reading them from data/instructions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from workbook import files
from workbook.datasets.instructions.phrasings import FAMILIES
from workbook.datasets.jsonl import DataError, read_jsonl

SPLITS = ("train", "validation", "unseen_phrasings", "unseen_entities", "unseen_family")
FOLDER = "instructions"  # below data/


@dataclass(frozen=True)
class Example:
    """An instruction in Alpaca's three fields, and what is needed to check an answer to it.

    family: the kind of task, one of FAMILIES. phrasing: the template of `phrasings` that the instruction was made from.
    entities: the names, animals, things ... that it is about. facts: what the family's checker needs, such as the
    number of steps asked for.
    """

    instruction: str
    input: str
    output: str
    family: str
    phrasing: str
    entities: tuple[str, ...]
    split: str
    facts: dict = field(hash=False)

    def __post_init__(self) -> None:
        for name in ("instruction", "output"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise ValueError(f"the {name} is empty")
        if not isinstance(self.input, str):
            raise ValueError(f"the input must be a text, which may be empty; it is {self.input!r}")
        if self.family not in FAMILIES:
            raise ValueError(f"there is no family {self.family!r}; the families are {', '.join(FAMILIES)}")
        if self.split not in SPLITS:
            raise ValueError(f"there is no split {self.split!r}; the splits are {', '.join(SPLITS)}")
        if not isinstance(self.facts, dict):
            raise ValueError(f"the facts must be an object; they are {self.facts!r}")
        object.__setattr__(self, "entities", tuple(self.entities))  # a list in the file


def load_instructions(split: str, path: Path | None = None) -> list[Example]:
    """The examples of a split, one of SPLITS, from data/instructions or another folder `path`.

    Raises DataError for an unknown split and for a missing or corrupt file.
    """
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    folder = Path(path) if path else files.root() / "data" / FOLDER
    return read_jsonl(folder / f"{split}.jsonl", lambda line: Example(**line, split=split))
