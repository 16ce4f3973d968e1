"""Best of n, the simplest use of a reward model: draw n answers, keep the one it likes best. Nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from workbook.trainers.rollout import Rollout, Score, encode_prompts, rollout


def best_of_n_kl(n: int) -> float:
    """An upper bound, usually tight, of KL(best of n ‖ the policy) in nats per answer: log n − (n − 1) / n.

    Source: Stiennon et al. 2020, appendix G.3; Beirami et al. 2024 for why it is a bound. ValueError for n below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n!r}.")
    return math.log(n) - (n - 1) / n


def drawn(
    policy: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    seed: int = 0,
    max_new_tokens: int = 24,
    temperature: float = 1.0,
    batch_size: int = 128,
) -> list[Rollout]:
    """One sampled answer per prompt, in rollouts of at most batch_size, in order. What PPO measures itself on."""
    encoded = encode_prompts(tokenizer, prompts, policy.config.max_position_embeddings, max_new_tokens)
    generator = torch.Generator(next(policy.parameters()).device).manual_seed(seed)
    return [
        rollout(
            policy, tokenizer, encoded[begin : begin + batch_size], max_new_tokens=max_new_tokens,
            temperature=temperature, generator=generator, rows=range(begin, min(begin + batch_size, len(encoded))),
        )
        for begin in range(0, len(encoded), batch_size)
    ]  # fmt: skip


def best_rows(scores: Tensor) -> Tensor:
    """Which of n answers scores best, for every prompt: scores (N, n) → (N,). The earlier one of equals."""
    if scores.isnan().any():
        raise ValueError(f"The scores of prompt {int(scores.isnan().any(1).nonzero()[0])} hold NaN: nothing is best.")
    return scores.argmax(1)


def best_of_n(
    policy: Any, tokenizer: Any, prompts: Sequence[str], score: Score, n: int = 4, **drawing: Any
) -> tuple[list[str], Tensor]:
    """For every prompt the best scored of n drawn answers, in words, and its score (N,).

    score: as for `ppo`; a rollout's rows count the prompts n times each: prompt i's are i·n ... i·n + n − 1.
    Raises ValueError for n below 1, and for scores that are NaN.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n!r}.")
    parts = drawn(policy, tokenizer, [prompt for prompt in prompts for _ in range(n)], **drawing)
    scores = torch.cat([score(part) for part in parts]).view(-1, n)
    texts = [text for part in parts for text in part.texts(tokenizer)]
    best = best_rows(scores)
    return [texts[i * n + row] for i, row in enumerate(best.tolist())], scores.gather(1, best[:, None])[:, 0]
