"""Reading: which span of a passage answers a question, and whether any does.

A reader is a `...ForQuestionAnswering` of transformers: an encoder with two scores per token, one for being the first
token of the answer and one for being its last. Question and passage are read together, [CLS] question [SEP] passage
[SEP], and the two scores of [CLS] stand for "there is no answer here".

    reader = Reader(model, tokenizer)
    reader.read(["Who built the light?"], [text])        # [Reading(text="Ane Brock", start=17, ...)]

Devlin et al. 2019, sections 4.2 and 4.3 (SQuAD 1.1 and 2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook.datasets.encyclopaedia import Passage

NOWHERE = (-1, -1)  # the offsets of what is no token of the passage


@dataclass(frozen=True)
class Window:
    """As much of a passage as fits beside its question.

    ids: token numbers. offsets: where each token stands in the passage, in characters, NOWHERE for all others. pair:
    the number of the question that it belongs to.
    """

    pair: int
    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True)
class Reading:
    """The best span of a passage for a question.

    start: in characters. score: of the span, its two logits added. no_answer: the score of [CLS] less that of the span,
    so the larger, the likelier that the passage does not tell.
    """

    text: str
    start: int
    score: float
    no_answer: float


def document(passage: Passage) -> str:
    """A passage as it is searched and read: its title, a line break, its text."""
    return f"{passage.title}\n{passage.text}"


def windows(
    tokenizer: Any, questions: Sequence[str], texts: Sequence[str], length: int = 192, stride: int = 64
) -> list[Window]:
    """Every question with its text, cut into windows of at most `length` tokens; two neighbours share `stride` tokens.

    Raises ValueError for lists of different lengths or none, and where a question leaves the text no room to move on.
    """
    if isinstance(questions, str) or len(questions) != len(texts) or not len(questions):
        raise ValueError(f"Expected one text per question, at least one, got {len(questions)} and {len(texts)}.")
    longest = max(len(ids) for ids in tokenizer(list(questions), add_special_tokens=False)["input_ids"])
    if longest + 3 + stride >= length:
        raise ValueError(
            f"A question of {longest} tokens and a stride of {stride} leave no room in windows of {length}: "
            f"take length > {longest + 3 + stride}."
        )
    cut = tokenizer(
        list(questions), list(texts), truncation="only_second", max_length=length, stride=stride,
        return_overflowing_tokens=True, return_offsets_mapping=True,
    )  # fmt: skip
    made = []
    for row, pair in enumerate(cut["overflow_to_sample_mapping"]):
        parts = cut.sequence_ids(row)  # None for [CLS] and [SEP], 0 for the question, 1 for the passage
        offsets = [
            tuple(place) if part == 1 else NOWHERE
            for place, part in zip(cut["offset_mapping"][row], parts, strict=True)
        ]
        made.append(Window(int(pair), cut["input_ids"][row], offsets))
    return made


def collate(rows: Sequence[Window], pad: int) -> dict[str, Tensor]:
    """Windows side by side, each (W, T), T being the longest: input_ids, attention_mask and `allowed`.

    allowed: where an answer may begin or end: the passage's tokens, and [CLS] for none. BERT's token types are left
    out: MiniLM was trained without them, and haystack's reader does not pass them on.
    """
    longest = max(len(row.ids) for row in rows)

    def filled(values: list[list[int]], padding: int) -> Tensor:
        return torch.tensor([value + [padding] * (longest - len(value)) for value in values])

    return {
        "input_ids": filled([row.ids for row in rows], pad),
        "attention_mask": filled([[1] * len(row.ids) for row in rows], 0),
        "allowed": filled([[1, *(int(place != NOWHERE) for place in row.offsets[1:])] for row in rows], 0).bool(),
    }


def span_logits(model: Any, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The scores of every token for being the answer's first and its last: (W, T) each, −∞ where neither may be."""
    output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    shut = ~batch["allowed"]
    return output.start_logits.masked_fill(shut, -torch.inf), output.end_logits.masked_fill(shut, -torch.inf)


def best_spans(start: np.ndarray, end: np.ndarray, longest: int = 30, n: int = 1) -> list[tuple[int, int, float]]:
    """The n best spans of one window, the best first: (first token, last token, score).

    start, end: (T,) scores, −∞ where an answer may not begin or end. Place 0 is [CLS] and no span. The score of a span
    is start[i] + end[j], for i <= j < i + longest; the two best ends alone might lie the wrong way round. Of equal
    scores the earlier start. Fewer than n where there are no more. Raises ValueError where there is not one.
    """
    scores = start[1:, None] + end[None, 1:]  # (T − 1, T − 1)
    scores = np.where(np.triu(np.ones(scores.shape, bool)) & np.tri(*scores.shape, longest - 1, bool), scores, -np.inf)
    order = np.argsort(-scores, axis=None, kind="stable")[: max(n, 1)]
    firsts, lasts = np.unravel_index(order, scores.shape)
    found = [
        (int(i) + 1, int(j) + 1, float(scores[i, j]))
        for i, j in zip(firsts, lasts, strict=True)
        if scores[i, j] > -np.inf
    ]
    if not found:
        raise ValueError("There is no span to choose: no token of the passage is in this window.")
    return found


class Reader:
    """A model that reads, with its tokenizer.

    length, stride: of the windows, in tokens. longest: of an answer. half: matrix products in bfloat16, which is some
    three times faster where the processor has them, and moves scores by a hundredth.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        length: int = 192,
        stride: int = 64,
        longest: int = 30,
        batch: int = 16,
        half: bool = False,
    ) -> None:
        self.model, self.tokenizer, self.batch, self.half = model.eval(), tokenizer, batch, half
        self.length, self.stride, self.longest = length, stride, longest

    def windows(self, questions: Sequence[str], texts: Sequence[str]) -> list[Window]:
        """Questions with their texts, in the windows that this reader takes."""
        return windows(self.tokenizer, questions, texts, self.length, self.stride)

    @torch.no_grad()
    def scores(self, rows: Sequence[Window]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Start and end scores of every window, (its tokens,) each."""
        device, found = next(self.model.parameters()).device, {}
        order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))  # windows of like length cost no padding
        for first in range(0, len(order), self.batch):
            numbers = order[first : first + self.batch]
            batch = collate([rows[i] for i in numbers], self.tokenizer.pad_token_id)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.half):
                start, end = span_logits(self.model, {name: value.to(device) for name, value in batch.items()})
            for i, s, e in zip(numbers, start.float().cpu().numpy(), end.float().cpu().numpy(), strict=True):
                found[i] = s[: len(rows[i].ids)], e[: len(rows[i].ids)]
        return [found[i] for i in range(len(rows))]

    def read(self, questions: Sequence[str], texts: Sequence[str]) -> list[Reading]:
        """The best span of every text for its question; whether to say it is for a threshold on `no_answer`.

        Of several windows the best span of all counts, and the window that is surest to hold an answer.
        """
        rows = self.windows(questions, texts)
        best: dict[int, tuple[float, int, int]] = {}
        nothing: dict[int, float] = {}
        for row, (start, end) in zip(rows, self.scores(rows), strict=True):
            i, j, score = best_spans(start, end, self.longest)[0]
            best[row.pair] = max(best.get(row.pair, (-np.inf, 0, 0)), (score, row.offsets[i][0], row.offsets[j][1]))
            nothing[row.pair] = min(nothing.get(row.pair, np.inf), float(start[0] + end[0]))
        found = []
        for pair, text in enumerate(texts):
            score, first, last = best[pair]
            found.append(Reading(text[first:last], first, score, nothing[pair] - score))
        return found
