"""The two objectives of language models, and the stream of text that they are trained on.

    fit(model, batches, causal_lm_loss, steps=1000)

Both give (total, count), so that the mean is over *tokens*, however they are spread over batches and processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

IGNORE = -100  # a label that counts for nothing, as everywhere in PyTorch


def causal_lm_loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Cross-entropy of every next token: −Σ log p(token t + 1 | tokens up to t), and the number of tokens asked for.

    batch: input_ids (B, T), and any of
      labels (B, T)          what counts: −100 where nothing is to be learnt. By default all tokens that are no padding.
      attention_mask (B, T)  1 for tokens, 0 for padding.
      position_ids (B, T)    beginning again at 0 for each of several examples that are packed into one row.
    """
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids") if name in batch}
    # Without a cache, or transformers would not look for packed examples, and would let them attend to each other.
    logits = model(**inputs, use_cache=False).logits
    # Every place is asked for the label of the next; the last has none. To shift the logits would copy all of them.
    labels = nn.functional.pad(_labels(batch)[:, 1:], (0, 1), value=IGNORE)
    return _cross_entropy(logits, labels)


def masked_lm_loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the masked tokens: −Σ log p(token | the others), and their number.

    batch: input_ids (B, T) with the masks in, labels (B, T) with the original token where one is asked for and −100
    elsewhere, attention_mask (B, T). Devlin et al. 2019, section 3.1.
    """
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return _cross_entropy(logits, batch["labels"])


def _labels(batch: dict[str, Tensor]) -> Tensor:
    if "labels" in batch:
        return batch["labels"]
    if "attention_mask" in batch:
        return batch["input_ids"].masked_fill(batch["attention_mask"] == 0, IGNORE)
    return batch["input_ids"]


def _cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    asked = labels != IGNORE
    count = asked.sum()
    if 2 * count < asked.numel():
        # only the rows that count: of the vocabulary's many columns each row costs as much as a layer
        logits, labels = logits[asked], labels[asked]
    total = nn.functional.cross_entropy(
        logits.flatten(0, -2).float(), labels.flatten(), ignore_index=IGNORE, reduction="sum"
    )
    return total, count


@torch.no_grad()
def mean_loss(model: nn.Module, batches: Iterable[dict[str, Tensor]], objective: Any = causal_lm_loss) -> float:
    """The mean loss per token over all batches, in nats. exp() of it is the perplexity per token."""
    device, total, count = next(model.parameters()).device, 0.0, 0
    training = model.training
    model.eval()
    for batch in batches:
        loss, number = objective(model, {name: value.to(device) for name, value in batch.items()})
        total, count = total + loss.item(), count + int(number)
    model.train(training)
    if not count:
        raise ValueError("There is no token to measure the loss on.")
    return total / count


def bits_per_byte(mean_loss: float, tokens: int, texts: Sequence[str]) -> float:
    """Bits that the model needs per byte of text: loss · tokens / (ln 2 · bytes).

    mean_loss: nats per token over `tokens` tokens, which are those of `texts`. Unlike the perplexity per token it can
    be compared between tokenizers: a text has as many bytes for all of them.
    """
    length = sum(len(text.encode()) for text in texts)
    if not length or tokens < 1:
        raise ValueError(f"Expected texts of at least one byte and one token, got {length} bytes and {tokens} tokens.")
    return mean_loss * tokens / (math.log(2) * length)


def stream(tokenizer: Any, texts: Sequence[str]) -> Tensor:
    """All texts one after the other as token numbers (N,), the end token after each."""
    texts = list(texts)
    encoded = tokenizer(texts)["input_ids"] if texts else []
    return torch.tensor([token for ids in encoded for token in (*ids, tokenizer.eos_token_id)])


def chunk(tokens: Tensor, length: int) -> Tensor:
    """A stream of tokens (N,) cut into rows (N // length, length); the rest of less than a row is left out."""
    if length < 2 or len(tokens) < length:
        raise ValueError(f"A stream of {len(tokens)} tokens can't be cut into rows of {length} (at least 2).")
    rows = len(tokens) // length
    return tokens[: rows * length].view(rows, length)


def row_batches(rows: Tensor, batch_size: int) -> torch.utils.data.DataLoader:
    """Rows (N, T) as shuffled batches {"input_ids": (B, T)}; of the last rows an incomplete batch is left out."""
    if len(rows) < batch_size:
        raise ValueError(f"{len(rows)} rows don't fill a batch of {batch_size}.")
    return torch.utils.data.DataLoader(
        [{"input_ids": row} for row in rows], batch_size=batch_size, shuffle=True, drop_last=True
    )
