"""How far a mask's logits are from the truth: the focal loss, the dice loss, and their sum as SAM takes it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def focal_loss(logits: Tensor, targets: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy that fades where the model is right already: (..., H, W), (..., H, W) in {0, 1} → (...).

    -(1 - p)^gamma log p, p the probability of the true class, averaged over the pixels. gamma 0 is the plain one.
    Source: Lin et al. 2017, "Focal loss for dense object detection", equation 4.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")  # -log p, also where p is tiny
    right = torch.exp(-entropy)  # p, the probability of the true class
    return ((1 - right) ** gamma * entropy).mean((-2, -1))


def dice_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """1 - 2 |A n B| / (|A| + |B|), for probabilities: (..., H, W), (..., H, W) in {0, 1} → (...) in [0, 1].

    It counts in the object's size and not in pixels of the picture, so that a small object matters as much as a large
    one. The 1 in numerator and denominator keeps an empty mask finite. Source: Milletari et al. 2016, "V-Net".
    """
    probabilities = logits.sigmoid()
    overlap = (probabilities * targets).sum((-2, -1))
    return 1 - (2 * overlap + 1) / (probabilities.sum((-2, -1)) + targets.sum((-2, -1)) + 1)


def mask_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """SAM's loss of a mask: focal and dice in the proportion 20 : 1, (..., H, W), (..., H, W) → (...).

    Source: Kirillov et al. 2023, appendix A, "Losses".
    """
    return 20 * focal_loss(logits, targets) + dice_loss(logits, targets)
