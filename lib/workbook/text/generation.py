"""Texts from a causal language model, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


def pad_id(tokenizer: Any) -> int:
    """The token to pad with: the tokenizer's own, else its end token, which the attention mask hides anyway.

    GPT-2 has no pad token. Raises ValueError where there is no end token either.
    """
    for name in ("pad_token_id", "eos_token_id"):
        if getattr(tokenizer, name) is not None:
            return getattr(tokenizer, name)
    raise ValueError("The tokenizer has neither a pad token nor an end token: set tokenizer.pad_token first.")


@torch.no_grad()
def generate(
    model: nn.Module,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    max_new_tokens: int = 64,
    batch_size: int = 64,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    label: str | None = "generating",
) -> list[str]:
    """One continuation per prompt, without the prompt, in the order given.

    Prompts of similar length run together, padded on the *left*, so that all continue at the same place; keys and
    values of earlier tokens are kept (the KV cache), so that a new token costs one position and not the whole text.
    temperature 0 takes the likeliest token each time; above 0 it draws, from the likeliest tokens that together have
    the probability top_p. Raises ValueError for an empty prompt, or one that leaves no room in the model's window.
    """
    from workbook.show import progress_bar

    encoded = tokenizer(list(prompts))["input_ids"] if prompts else []
    room = getattr(model.config, "max_position_embeddings", None)
    for prompt, ids in zip(prompts, encoded, strict=True):
        if not ids:
            raise ValueError("A prompt is empty: the model needs at least one token to continue.")
        if room and len(ids) + max_new_tokens > room:
            raise ValueError(
                f"A prompt of {len(ids)} tokens and {max_new_tokens} new ones exceed the model's window of {room}: "
                f"{prompt[:60]!r}..."
            )
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    texts = [""] * len(encoded)
    model.eval()
    device = next(model.parameters()).device
    drawing = dict(do_sample=True, temperature=temperature, top_p=top_p, top_k=0) if temperature > 0 else {}
    bar = progress_bar(len(encoded), label, "text") if label and len(encoded) > batch_size else None
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        for begin in range(0, len(order), batch_size):
            rows = order[begin : begin + batch_size]
            inputs = left_padded([encoded[row] for row in rows], pad_id(tokenizer))
            output = model.generate(
                **{name: value.to(device) for name, value in inputs.items()}, max_new_tokens=max_new_tokens,
                pad_token_id=pad_id(tokenizer), eos_token_id=tokenizer.eos_token_id,
                **(drawing or {"do_sample": False}),
            )  # fmt: skip
            new = output[:, inputs["input_ids"].shape[1] :]
            for row, text in zip(rows, tokenizer.batch_decode(new, skip_special_tokens=True), strict=True):
                texts[row] = text
            if bar is not None:
                bar.update(len(rows))
    if bar is not None:
        bar.close()
    return texts


def left_padded(encoded: Sequence[Sequence[int]], pad: int) -> dict[str, torch.Tensor]:
    """Token lists as input_ids and attention_mask (B, T), filled up on the left."""
    length = max(map(len, encoded))
    ids = torch.full((len(encoded), length), pad)
    mask = torch.zeros(len(encoded), length, dtype=torch.long)
    for row, tokens in enumerate(encoded):
        ids[row, length - len(tokens) :] = torch.tensor(tokens)
        mask[row, length - len(tokens) :] = 1
    return {"input_ids": ids, "attention_mask": mask}
