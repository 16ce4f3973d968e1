"""Perplexity of a causal language model: per token, per word, in bits per byte, with any length of context.

A model reads at most its window. Of a longer text each window scores the tokens that the one before has not scored, and
reads the others as context: the smaller the stride, the more context every token has, and the longer it takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbook.text.generation import pad_id
from workbook.trainers.language import IGNORE, causal_lm_loss


@dataclass(frozen=True)
class Perplexity:
    """What a model paid for some texts.

    nats: −Σ log p of all tokens that were scored. tokens, words (parted by white space), bytes (UTF-8): their numbers.
    """

    nats: float
    tokens: int
    words: int
    bytes: int

    @property
    def loss(self) -> float:
        """Nats per token."""
        return self.nats / self.tokens

    @property
    def per_token(self) -> float:
        """exp(loss): among how many equally likely tokens the model chooses, on average. Depends on the tokenizer."""
        return _exp(self.loss)

    @property
    def per_word(self) -> float:
        """The same for words: exp(nats / words). Comparable between tokenizers, but not between languages."""
        return _exp(self.nats / self.words) if self.words else math.nan

    @property
    def bits_per_byte(self) -> float:
        """nats / (ln 2 · bytes): what a compressor that uses the model would need. Comparable between tokenizers."""
        return self.nats / (math.log(2) * self.bytes)


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < 700 else math.inf  # beyond what a float holds


def sliding_windows(length: int, window: int, stride: int) -> list[tuple[int, int, int]]:
    """The windows over a text of `length` tokens, as (begin, end, first): reads begin … end − 1, scores from `first`.

    Windows begin at 0, stride, 2 · stride ... and have `window` tokens, the last perhaps fewer. A window scores what
    the one before did not read, so every token but the text's very first, which nothing precedes, is scored once.
    stride must be below window, or the first token of a window would have no context and could not be scored.
    """
    if not 0 < stride < window:
        raise ValueError(f"The stride must be at least 1 and below the window of {window} tokens, got {stride}.")
    windows, first = [], 1
    for begin in range(0, length, stride):
        end = min(begin + window, length)
        if first < end:
            windows.append((begin, end, first))
        first = end
        if end == length:
            break
    return windows


def strided_perplexity(losses: Callable[[int, int], Tensor], length: int, window: int, stride: int) -> float:
    """Perplexity per token of a text of `length` tokens that is read in sliding windows.

    losses(begin, end): −log p of the tokens begin + 1 … end − 1, each given those before it from `begin` on:
    (end − begin − 1,). Every token counts once, and every token the same.
    """
    total, count = 0.0, 0
    for begin, end, first in sliding_windows(length, window, stride):
        scored = losses(begin, end)[first - begin - 1 :]  # entry 0 belongs to token begin + 1
        total += float(scored.sum())
        count += len(scored)
    return math.exp(total / count)


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Masked-LM loss: the mean of −log p(token) over the places that are asked for.

    logits: (B, T, V). labels: (B, T), the original token at masked places and −100 at all others. Returns (), in nats.
    A batch in which nothing is masked has the loss 0. Devlin et al. 2019, section 3.1. `masked_lm_loss` in
    workbook.trainers.language gives the same as (total, count) for training.
    """
    asked = labels != -100  # (B, T)
    log_probabilities = logits[asked].log_softmax(-1)  # (masked, V)
    chosen = log_probabilities.gather(-1, labels[asked][:, None])  # (masked, 1)
    return -chosen.sum() / max(int(asked.sum()), 1)


@torch.no_grad()
def perplexity(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    *,
    stride: int | None = None,
    window: int | None = None,
    bos: bool = True,
    batch_size: int = 16,
) -> Perplexity:
    """What a causal model pays for texts, each read by itself in sliding windows.

    window: tokens that the model reads at a time; by default as many as it can. stride: how many tokens later the next
    window begins; by default half a window. The largest one, window − 1, gives fixed windows: two neighbours share one
    token, which is all the context that the next token has. Whatever the stride, the same tokens are scored, each once.

    bos: put the tokenizer's BOS token before each text (unless the tokenizer does), so that the first token is paid for
    as well. Without it that token is free, though its bytes and word count. With bos=False and a tokenizer that adds
    none, the windows are those of the procedure that transformers documents ("Perplexity of fixed-length models"). That
    procedure multiplies each window's mean loss by the number of its labels less one: right for the first window, whose
    first label falls away, and one too few for all others, which so weigh 1 / stride too little. Here all tokens weigh
    the same.

    Raises ValueError for no texts, an empty text, nothing to score, or a loss that is NaN.
    """
    if isinstance(texts, str):
        raise ValueError("Expected a list of texts, got one string; put it in brackets: [text].")
    texts = list(texts)
    window = window or getattr(model.config, "max_position_embeddings", None)
    if window is None:
        raise ValueError("The model does not say how much it can read at a time; pass window=, in tokens.")
    stride = window // 2 if stride is None else stride
    rows = []
    for tokens in _encoded(tokenizer, texts, bos):
        for begin, end, first in sliding_windows(len(tokens), window, stride):
            rows.append((tokens[begin:end], first - begin))
    training = model.training
    model.eval()
    nats, count = 0.0, 0
    for batch in _batches(rows, batch_size, pad_id(tokenizer), next(model.parameters()).device):
        total, number = causal_lm_loss(model, batch)
        nats, count = nats + total.item(), count + int(number)
    model.train(training)
    if not count:
        raise ValueError("There is no token to score: a text of one token needs bos=True.")
    if math.isnan(nats):
        raise ValueError("The model's loss is NaN: look for weights that are not numbers.")
    words, size = sum(len(text.split()) for text in texts), sum(len(text.encode()) for text in texts)
    return Perplexity(nats, count, words, size)


def _encoded(tokenizer: Any, texts: list[str], bos: bool) -> list[list[int]]:
    """The tokens of every text, with BOS in front where it is asked for."""
    for number, text in enumerate(texts):
        if not text:
            raise ValueError(f"Text {number} is empty: leave it out.")
    if not texts:
        raise ValueError("There are no texts to measure the perplexity on.")
    encoded = tokenizer(texts, verbose=False)["input_ids"]  # no remark on texts longer than the window
    start = getattr(tokenizer, "bos_token_id", None)
    if bos and start is None:
        raise ValueError("The tokenizer has no BOS token; pass bos=False, which leaves each text's first token out.")
    return [[start, *ids] if bos and ids[:1] != [start] else list(ids) for ids in encoded]


def _batches(
    rows: list[tuple[list[int], int]], batch_size: int, pad: int, device: torch.device
) -> Iterator[dict[str, Tensor]]:
    """Windows (tokens, place of the first that is scored) of similar length as batches, padded on the right."""
    rows = sorted(rows, key=lambda row: -len(row[0]))
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        shape = len(part), len(part[0][0])  # the longest comes first
        ids, labels = torch.full(shape, pad), torch.full(shape, IGNORE)
        mask = torch.zeros(shape, dtype=torch.long)
        for row, (tokens, first) in enumerate(part):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            labels[row, first : len(tokens)] = torch.tensor(tokens[first:])
            mask[row, : len(tokens)] = 1
        yield {"input_ids": ids.to(device), "labels": labels.to(device), "attention_mask": mask.to(device)}
