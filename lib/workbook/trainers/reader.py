"""Training a reader: an encoder with two new scores per token, taught to point at the answer.

model = span_reader(encoder)                         # MiniLM with a fresh head
rows = examples(tokenizer, questions, passages)
fit(model, batches(rows, tokenizer), span_loss, steps=200)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.datasets.encyclopaedia import Passage, Question
from workbook.text.reader import Window, collate, document, span_logits, windows


@dataclass(frozen=True)
class Example:
    """A window and its answer: the first and last token, (0, 0) where the window does not hold it."""

    window: Window
    start: int
    end: int


def span_reader(encoder: Any, seed: int = 0) -> Any:
    """A BERT with a new head of two outputs per token, drawn from `seed`, on a copy of the encoder's weights."""
    from transformers import BertForQuestionAnswering

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = BertForQuestionAnswering(encoder.config)
    weights = {name: value for name, value in encoder.state_dict().items() if not name.startswith("pooler.")}
    model.bert.load_state_dict(weights)
    return model.eval()


def examples(
    tokenizer: Any, questions: Sequence[Question], passages: Sequence[Passage], length: int = 192, stride: int = 64
) -> list[Example]:
    """Every question with its own passage, in windows, and the tokens of its first answer.

    Raises ValueError for a question about a passage that is not among `passages`.
    """
    texts = {passage.id: document(passage) for passage in passages}
    shift = {passage.id: len(passage.title) + 1 for passage in passages}  # answers count from where the text begins
    unknown = next((question for question in questions if question.passage not in texts), None)
    if unknown:
        raise ValueError(f"Question {unknown.id} is about {unknown.passage!r}, which is not among the passages given.")
    rows = windows(tokenizer, [q.question for q in questions], [texts[q.passage] for q in questions], length, stride)
    made = []
    for row in rows:
        question = questions[row.pair]
        spans = [(a.start + shift[question.passage], len(a.text)) for a in question.answers[:1]]
        made.append(Example(row, *token_span(row, *spans[0]) if spans else (0, 0)))
    return made


def token_span(window: Window, start: int, length: int) -> tuple[int, int]:
    """The first and last token of the characters start … start + length of a passage; (0, 0) if not all are here."""
    firsts = [i for i, (a, b) in enumerate(window.offsets) if a <= start < b]
    lasts = [i for i, (a, b) in enumerate(window.offsets) if a < start + length <= b]
    return (firsts[0], lasts[0]) if firsts and lasts else (0, 0)


def batches(rows: Sequence[Example], tokenizer: Any, size: int = 16) -> Callable[[int], Iterator[dict[str, Tensor]]]:
    """Shuffled batches of every epoch: those of `collate`, and start and end (W,), the tokens of the answer."""

    def epoch(number: int) -> Iterator[dict[str, Tensor]]:
        order = np.random.default_rng(number).permutation(len(rows))
        for first in range(0, len(order) - size + 1, size):
            chosen = [rows[i] for i in order[first : first + size]]
            batch = collate([row.window for row in chosen], tokenizer.pad_token_id)
            yield batch | {
                "start": torch.tensor([row.start for row in chosen]),
                "end": torch.tensor([row.end for row in chosen]),
            }

    return epoch


def span_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """−½ (log p(first token) + log p(last token)), a mean over the windows, each softmax over the allowed tokens.

    batch: that of `batches`. Devlin et al. 2019, section 4.2.
    """
    start, end = span_logits(model, batch)
    cross_entropy = nn.functional.cross_entropy
    return (cross_entropy(start.float(), batch["start"]) + cross_entropy(end.float(), batch["end"])) / 2
