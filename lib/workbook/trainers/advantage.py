"""From a score per answer to an advantage per token: KL rewards, generalised advantages, whitening.

Everything here is arithmetic on tensors of the shape (B, T), one row per answer and one column per token of it, with a
`mask` that is true for the tokens of the answer, its end token included, and false for what fills the row up. What the
mask leaves out never enters a sum, a mean or a variance.
"""

from __future__ import annotations

import torch
from torch import Tensor

from workbook.trainers.reward import last_token_index

ESTIMATORS = ("k1", "k3")


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """The mean of x (B, T) where mask is true, a scalar. Raises ValueError where it is true nowhere."""
    mask = mask.to(x.dtype)
    count = mask.sum()
    if count == 0:
        raise ValueError("There is no token to average over: the mask is false everywhere.")
    # where, and not times: a NaN that only fills up a row would be NaN times zero
    return torch.where(mask > 0, x, 0.0).sum() / count


def whiten(x: Tensor, mask: Tensor, shift_mean: bool = True, unbiased: bool = True) -> Tensor:
    """x (B, T) with variance 1, and mean 0 unless shift_mean=False, over the tokens of mask; 0 elsewhere.

    unbiased: the variance divides by n − 1, as TRL does; OpenAI's first code divides by n. Raises ValueError for fewer
    than two tokens, which have no variance.
    """
    count = int(mask.sum())
    if count < 2:
        raise ValueError(f"Whitening needs at least two tokens, and the mask holds {count}: take a larger batch.")
    mean = masked_mean(x, mask)
    variance = masked_mean((x - mean) ** 2, mask)
    if unbiased:
        variance = variance * count / (count - 1)
    whitened = (x - mean) * torch.rsqrt(variance + 1e-8)
    return torch.where(mask > 0, whitened if shift_mean else whitened + mean, 0.0)


def kl_estimate(log_probs: Tensor, reference: Tensor, estimator: str = "k1") -> Tensor:
    """What a sampled token says about KL(policy ‖ reference), per token (B, T).

    With r = log p_reference − log p_policy:  k1 = −r,  k3 = exp(r) − 1 − r. Both are right on average over the policy's
    own samples. k1 can be negative for a single token; k3 never is, and varies less while the two are close.
    Source: Schulman 2020, "Approximating KL divergence". Raises ValueError for another estimator.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"The estimator is one of {', '.join(ESTIMATORS)}, not {estimator!r}.")
    r = reference - log_probs
    return -r if estimator == "k1" else torch.expm1(r) - r


def token_rewards(
    scores: Tensor, log_probs: Tensor, reference: Tensor, mask: Tensor, coefficient: float, estimator: str = "k1"
) -> Tensor:
    """The reward of every token (B, T): −coefficient · KL at each, and the answer's score at its last one.

    scores (B,); log_probs, reference, mask (B, T). Source: Ziegler et al. 2019, equation 2, spread over the tokens.
    Raises ValueError for an empty answer.
    """
    last = last_token_index(mask)
    rewards = torch.where(mask.bool(), -coefficient * kl_estimate(log_probs, reference, estimator), 0.0)
    rewards[torch.arange(len(rewards)), last] += scores
    return rewards


def gae(rewards: Tensor, values: Tensor, mask: Tensor, gamma: float = 1.0, lam: float = 0.95) -> tuple[Tensor, Tensor]:
    """Generalised advantages and the returns that the values should have foretold, both (B, T), 0 outside of mask.

    δ_t = r_t + γ V_{t+1} − V_t,   A_t = δ_t + γ λ A_{t+1},   return_t = A_t + V_t

    values[:, t] is the value of the state *before* token t. After the last token nothing comes: both are 0 there.
    Source: Schulman et al. 2016, equation 16.
    """
    rewards, values = (torch.where(mask.bool(), x, 0.0) for x in (rewards, values))
    advantages = torch.zeros_like(rewards)
    following_value = following_advantage = torch.zeros_like(rewards[:, 0])
    for t in reversed(range(rewards.shape[1])):
        error = rewards[:, t] + gamma * following_value - values[:, t]
        following_advantage = advantages[:, t] = (error + gamma * lam * following_advantage) * mask[:, t]
        following_value = values[:, t]
    return advantages, advantages + values
