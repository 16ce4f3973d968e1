"""Customer messages to an invented shop, labelled by what the support agent must do (data/support_messages)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbook import files
from workbook.datasets.jsonl import DataError, read_jsonl

INTENTS = (
    "where_is_my_order", "refund_request", "damaged_item", "product_question", "cancel_order", "payment_problem",
    "change_address", "wrong_item", "login_problem", "discount_code", "warranty_repair", "praise",
)  # fmt: skip
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Message:
    """One message. `label` is what an annotator wrote, `gold` what is right; they differ in some training messages.

    also: a second intent that a mixed message mentions.
    author: the kind of person who writes; the test split has authors of its own.
    """

    id: str
    text: str
    label: str
    gold: str
    also: str | None
    author: str
    split: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not self.text.strip():
            raise ValueError(f"message {self.id} has no text")
        for intent in (self.label, self.gold, self.gold if self.also is None else self.also):
            if intent not in INTENTS:
                raise ValueError(f"message {self.id} has the unknown intent {intent!r}")
        if self.split not in SPLITS:
            raise ValueError(f"message {self.id} has the unknown split {self.split!r}")

    @property
    def target(self) -> int:
        """The label as a number, its place in INTENTS."""
        return INTENTS.index(self.label)


def load_support(split: str, path: Path | None = None) -> list[Message]:
    """The messages of a split: "train", "validation" or "test". Raises DataError for a corrupt file."""
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    where = path or files.root() / "data" / "support_messages" / "messages.jsonl"
    return [message for message in read_jsonl(where, lambda line: Message(**line)) if message.split == split]
