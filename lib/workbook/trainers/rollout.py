"""A policy answers prompts, and what PPO needs to know of its answers: log-probabilities, values, scores.

Prompts are padded on the left and answers on the right, so that all answers begin in the same column:

    ids    pad pad  P   P   P   A   A  end pad
    real    0   0   1   1   1   1   1   1   0     (B, L): what attention may look at
    mask                        1   1   1   0     (B, T): the answer's tokens, its end token included
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from workbook.text.generation import left_padded, pad_id


@dataclass(frozen=True)
class Rollout:
    """Answers of a policy to a batch of prompts, as in the picture above. rows: which prompt each one answers."""

    rows: Tensor  # (B,)
    ids: Tensor  # (B, L)
    real: Tensor  # (B, L)
    mask: Tensor  # (B, T)
    log_probs: Tensor  # (B, T), of the sampled tokens, at the sampling temperature; 0 outside of mask
    entropy: Tensor  # (B, T), in nats, of the distribution that each token was drawn from; 0 outside of mask
    ended: Tensor  # (B,), whether the answer has its end token

    @property
    def width(self) -> int:
        """The columns of the prompts."""
        return self.ids.shape[1] - self.mask.shape[1]

    @property
    def answers(self) -> Tensor:
        """The answers' tokens (B, T)."""
        return self.ids[:, self.width :]

    def texts(self, tokenizer: Any) -> list[str]:
        """The answers in words, without special tokens."""
        return [
            tokenizer.decode(ids[mask], skip_special_tokens=True).strip()
            for ids, mask in zip(self.answers, self.mask, strict=True)
        ]

    def __getitem__(self, rows: Tensor) -> Rollout:
        """Some of the rows: a minibatch."""
        return Rollout(*(getattr(self, field.name)[rows] for field in fields(self)))


Score = Callable[[Rollout], Tensor]  # one number per answer (B,)


def encode_prompts(tokenizer: Any, prompts: Sequence[str], window: int, max_new_tokens: int) -> list[list[int]]:
    """Every prompt as tokens. Raises ValueError for an empty one, or one that leaves no room for an answer."""
    if not prompts:
        raise ValueError("There is no prompt: the policy needs something to answer.")
    encoded = tokenizer(list(prompts))["input_ids"]
    for number, (prompt, ids) in enumerate(zip(prompts, encoded, strict=True)):
        if not ids:
            raise ValueError(f"Prompt {number} is empty: it needs at least one token.")
        if len(ids) + max_new_tokens > window:
            raise ValueError(
                f"Prompt {number} has {len(ids)} tokens, and with {max_new_tokens} new ones exceeds the model's window "
                f"of {window}: shorten it, or lower max_new_tokens. It begins {prompt[:50]!r}."
            )
    return encoded


@torch.no_grad()
def rollout(
    policy: Any,
    tokenizer: Any,
    encoded: Sequence[Sequence[int]],
    *,
    max_new_tokens: int = 24,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    rows: Sequence[int] | None = None,
) -> Rollout:
    """The policy's sampled answers to `encoded` prompts, each up to its end token or max_new_tokens.

    Keys and values of earlier tokens are kept (the KV cache), and no gradient is. Drawing stops when all have ended.
    The log-probabilities are those of the very distribution that was drawn from. Rows that have ended are filled up.
    """
    from transformers import DynamicCache

    if not temperature > 0:
        raise ValueError(f"The temperature must be above 0, not {temperature!r}: PPO learns from drawn answers.")
    policy.eval()  # dropout would make the drawn distribution another one than the learnt one
    device = next(policy.parameters()).device
    prompt = left_padded(encoded, pad_id(tokenizer))
    ids, real = prompt["input_ids"].to(device), prompt["attention_mask"].to(device)
    cache, inputs, width = DynamicCache(config=policy.config), ids, ids.shape[1]
    positions = (real.cumsum(1) - 1).clamp(min=0)
    going = torch.ones(len(ids), dtype=torch.bool, device=device)
    columns: list[tuple[Tensor, Tensor, Tensor]] = []
    while going.any() and len(columns) < max_new_tokens:
        logits = policy(
            input_ids=inputs, attention_mask=real, position_ids=positions, past_key_values=cache, use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]  # fmt: skip
        log_p = torch.log_softmax(logits.float() / temperature, dim=1)  # (B, V)
        p = log_p.exp()
        token = torch.multinomial(p, 1, generator=generator)  # (B, 1)
        entropy = -torch.where(p > 0, p * log_p, 0.0).sum(1)
        token = torch.where(going[:, None], token, pad_id(tokenizer))
        columns.append((going, torch.where(going, log_p.gather(1, token)[:, 0], 0.0), torch.where(going, entropy, 0.0)))
        ids, real = torch.cat([ids, token], dim=1), torch.cat([real, going[:, None].to(real.dtype)], dim=1)
        inputs, positions = token, positions[:, -1:] + 1
        going = going & (token[:, 0] != tokenizer.eos_token_id)
    mask, log_probs, entropy = (torch.stack(part, dim=1) for part in zip(*columns, strict=True))
    rows = torch.arange(len(ids)) if rows is None else torch.as_tensor(rows)
    ended = ((ids[:, width:] == tokenizer.eos_token_id) & mask).any(1)
    return Rollout(rows.to(device), ids, real, mask, log_probs, entropy, ended)


def answer_log_probs(policy: Any, batch: Rollout, temperature: float = 1.0) -> Tensor:
    """The log-probabilities (B, T) that a model gives the tokens of the answers; 0 outside of the mask.

    One pass, with gradients if they are switched on. The same temperature as in sampling: without it the policy that
    is improved would be another one than the one that answered.
    """
    states = policy.base_model(**_inputs(batch)).last_hidden_state
    # the state at column c foretells column c + 1; only the answers' tokens go through the vocabulary's many columns
    logits = policy.get_output_embeddings()(states[:, batch.width - 1 : -1][batch.mask]).float() / temperature
    log_probs = -nn.functional.cross_entropy(logits, batch.answers[batch.mask], reduction="none")
    return torch.zeros_like(batch.log_probs).masked_scatter(batch.mask, log_probs)


class ValueModel(nn.Module):
    """What score is to be expected, asked before every token: a trunk of its own and one number per column.

    A copy of the reward model's trunk, which knows already what is good. To share the policy's would save two fifths
    of a step's time, and let the error of the values pull at the weights that write; the head begins at zero.
    """

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = copy.deepcopy(trunk).requires_grad_(True).eval()
        self.head = nn.Linear(trunk.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, batch: Rollout) -> Tensor:
        """The value of the state before every token of the answers (B, T); 0 outside of the mask."""
        states = self.trunk(**_inputs(batch)).last_hidden_state[:, batch.width - 1 : -1]
        return torch.where(batch.mask, self.head(states)[..., 0], 0.0)


def _inputs(batch: Rollout) -> dict[str, Any]:
    """A rollout for a model without a cache: positions count from the first real token."""
    positions = (batch.real.cumsum(1) - 1).clamp(min=0)
    return dict(input_ids=batch.ids, attention_mask=batch.real, position_ids=positions, use_cache=False)


def by_reward_model(model: Any) -> Score:
    """The scores of a `RewardModel` that has the policy's own tokens, read with prompt and answer, padded right."""

    @torch.no_grad()
    def score(batch: Rollout) -> Tensor:
        order = (1 - batch.real).argsort(dim=1, stable=True)  # real tokens first, in their order
        length = int(batch.real.sum(1).max())
        return model.score(batch.ids.gather(1, order)[:, :length], batch.real.gather(1, order)[:, :length]).float()

    return score


def by_texts(tokenizer: Any, prompts: Sequence[str], judge: Callable[[list[str], list[str]], Any]) -> Score:
    """Scores by anything that reads words: judge(prompts, answers) → one number each. For a model of other tokens."""

    def score(batch: Rollout) -> Tensor:
        asked = [prompts[row] for row in batch.rows.tolist()]
        numbers = judge(asked, batch.texts(tokenizer))
        return torch.as_tensor(numbers, dtype=torch.float32).to(batch.ids.device)

    return score
