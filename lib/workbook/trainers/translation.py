"""Translation by an encoder-decoder: what it learns from, its objective, and how it is used.

    batches = TranslationBatches(tokenizer, pairs, batch_size=64)
    fit(model, batches, translation_loss, steps=200)
    translate(model, tokenizer, ["The dog sleeps."])

The encoder reads the English sentence once and whole. The decoder writes the German one token by token: for each it
sees what it has written so far, and looks back at the encoder's output through cross-attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from workbook.trainers.language import IGNORE

Pair = tuple[str, str]  # (source, target)


def encode(tokenizer: Any, texts: Sequence[str], as_target: bool = False) -> list[list[int]]:
    """The token numbers of each text, ended by the end token, as the model wants them.

    as_target: the text is in the language that is translated into (some tokenizers have two vocabularies). Raises
    ValueError for an empty text, and for one that is longer than the model can take.
    """
    for text in texts:
        if not text.strip():
            raise ValueError(f"An empty text can't be translated: {text!r}; leave it out.")
    rows = (tokenizer(text_target=list(texts)) if as_target else tokenizer(list(texts)))["input_ids"]
    end, longest = tokenizer.eos_token_id, tokenizer.model_max_length
    rows = [row if row and row[-1] == end else [*row, end] for row in rows]
    for text, row in zip(texts, rows, strict=True):
        if len(row) > longest:
            raise ValueError(f"A text of {len(row)} tokens, where the model takes {longest}: split {text[:60]!r}...")
    return rows


def collate(sources: Sequence[list[int]], targets: Sequence[list[int]], pad_token: int) -> dict[str, Tensor]:
    """One batch: input_ids and attention_mask (B, S), labels (B, T), −100 where a target is padded.

    Raises ValueError for no pairs, or not one target for each source.
    """
    if not sources or len(sources) != len(targets):
        raise ValueError(f"One target for each source is needed, got {len(sources)} and {len(targets)}.")
    widest, longest = max(map(len, sources)), max(map(len, targets))
    return {
        "input_ids": torch.tensor([[*row, *[pad_token] * (widest - len(row))] for row in sources]),
        "attention_mask": torch.tensor([[*[1] * len(row), *[0] * (widest - len(row))] for row in sources]),
        "labels": torch.tensor([[*row, *[IGNORE] * (longest - len(row))] for row in targets]),
    }


class TranslationBatches:
    """Pairs (source, target) as shuffled batches, those of similar length together; anew at each turn."""

    def __init__(self, tokenizer: Any, pairs: Sequence[Pair], batch_size: int) -> None:
        if not pairs:
            raise ValueError("There are no pairs to learn from.")
        self.sources = encode(tokenizer, [source for source, _ in pairs])
        self.targets = encode(tokenizer, [target for _, target in pairs], as_target=True)
        self.batch_size, self.pad_token = batch_size, tokenizer.pad_token_id

    def __len__(self) -> int:
        return -(-len(self.sources) // self.batch_size)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        order = torch.randperm(len(self.sources)).tolist()
        # sorting is stable, so that pairs of equal length stay in random order
        order.sort(key=lambda i: len(self.targets[i]))
        groups = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        for number in torch.randperm(len(groups)).tolist():
            group = groups[number]
            yield collate([self.sources[i] for i in group], [self.targets[i] for i in group], self.pad_token)


def translation_loss(model: nn.Module, batch: dict[str, Tensor], smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Cross-entropy of every target token, −Σ log p(token t | source, target tokens before t), and their number.

    batch: see `collate`. The decoder reads the target shifted by one, with the start token in front: at each place it
    sees the tokens before, and is asked for the one there. smoothing: the share of each label that is spread over the
    whole vocabulary (Szegedy et al. 2016).
    """
    labels, config = batch["labels"], model.config
    shifted = pad(labels[:, :-1], (1, 0), value=config.decoder_start_token_id)  # (B, T)
    shifted = shifted.masked_fill(shifted == IGNORE, config.pad_token_id)
    logits = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], decoder_input_ids=shifted, use_cache=False
    ).logits  # (B, T, V)
    asked = labels != IGNORE
    total = cross_entropy(logits[asked].float(), labels[asked], reduction="sum", label_smoothing=smoothing)
    return total, asked.sum()


@torch.no_grad()
def mean_translation_loss(model: nn.Module, batches: Sequence[dict[str, Tensor]]) -> float:
    """The loss per target token, in nats, over all batches."""
    totals = [translation_loss(model, batch) for batch in batches]
    return float(sum(total for total, _ in totals) / sum(count for _, count in totals))


@torch.no_grad()
def translate(
    model: Any, tokenizer: Any, texts: Sequence[str], max_new_tokens: int = 48, beams: int = 1, batch_size: int = 64
) -> list[str]:
    """The translation of each text, in their order.

    beams: 1 takes the likeliest token at each place (greedy); more keep so many beginnings alive. Sentences are sorted
    by length first, so that little is padded. The model is left in the mode that it was in. Errors: as `encode`.
    """
    rows = encode(tokenizer, texts)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    training = model.training
    model.eval()
    found: list[str] = [""] * len(rows)
    for start in range(0, len(order), batch_size):
        group = order[start : start + batch_size]
        batch = collate([rows[i] for i in group], [rows[i] for i in group], tokenizer.pad_token_id)
        written = model.generate(
            input_ids=batch["input_ids"].to(model.device), attention_mask=batch["attention_mask"].to(model.device),
            max_new_tokens=max_new_tokens, num_beams=beams, do_sample=False,
        )  # fmt: skip
        for i, text in zip(group, tokenizer.batch_decode(written, skip_special_tokens=True), strict=True):
            found[i] = text.strip()
    model.train(training)
    return found
