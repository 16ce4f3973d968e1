"""PPO's two losses, both clipped, and the coefficient of the KL that can steer itself."""

from __future__ import annotations

import torch
from torch import Tensor

from workbook.trainers.advantage import masked_mean
from workbook.trainers.ppo_settings import Settings


def policy_loss(
    log_probs: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float = 0.2
) -> tuple[Tensor, Tensor]:
    """The clipped surrogate, to be minimised, and the share of tokens at which the clipped side was the larger one.

    mean over tokens of max(−A ρ, −A clamp(ρ, 1 − clip, 1 + clip)),   ρ = exp(log π − log π_old)

    All (B, T). Source: Schulman et al. 2017, equation 7, with its sign turned.
    """
    ratio = torch.exp(torch.where(mask, log_probs - old, 0.0))
    plain, clipped = -advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)
    return masked_mean(torch.maximum(plain, clipped), mask), masked_mean((clipped > plain).float(), mask)


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float = 0.2) -> tuple[Tensor, Tensor]:
    """Half the squared error of the values, clipped around the old ones, and the share at which clipping counted.

    ½ · mean over tokens of max((V − R)², (clamp(V, V_old − clip, V_old + clip) − R)²). All (B, T).
    """
    near = torch.clamp(values, old - clip, old + clip)
    plain, clipped = (values - returns) ** 2, (near - returns) ** 2
    return 0.5 * masked_mean(torch.maximum(plain, clipped), mask), masked_mean((clipped > plain).float(), mask)


def next_coefficient(coefficient: float, kl: float, answers: int, settings: Settings) -> float:
    """β for the next update: larger where the KL is above its target. Ziegler et al. 2019, section 2.2.

    β · (1 + clamp(KL / target − 1, ±0.2) · answers / horizon); unchanged without a target.
    """
    if settings.kl_target is None:
        return coefficient
    error = min(0.2, max(-0.2, kl / settings.kl_target - 1))
    return coefficient * (1 + error * answers / settings.kl_horizon)
