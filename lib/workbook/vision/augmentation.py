"""Changing pictures at random while a model trains, so that it learns what does not matter.

light   shifts, small turns and scales: what any training of a picture classifier does
strong  also bends and shears, thicker and thinner strokes, fewer pixels, noise, other contrast, other colours
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

STRENGTHS = ("none", "light", "strong")


def augment(pictures: Tensor, strength: str) -> Tensor:
    """Change every picture of a batch (B, 3, H, W), values 0 to 1, in its own way; the same shape and range.

    Draws from torch's global generator, which the training loop seeds. Raises ValueError for an unknown strength.
    """
    if strength not in STRENGTHS:
        raise ValueError(f"strength must be one of {', '.join(STRENGTHS)}, not {strength!r}.")
    if strength == "none":
        return pictures
    if strength == "light":
        return _moved(pictures, turn=10, shear=0.0, scale=0.1, shift=0.06, bend=0.0).clamp(0, 1)
    moved = _moved(pictures, turn=20, shear=0.35, scale=0.22, shift=0.1, bend=0.12)
    recoloured = _recoloured(_stroked(moved))
    return (_coarser(recoloured) + _uniform(len(pictures), 0, 0.1) * torch.randn_like(pictures)).clamp(0, 1)


def _uniform(count: int, low: float, high: float) -> Tensor:
    """One random number per picture, shaped (B, 1, 1, 1)."""
    return torch.empty(count, 1, 1, 1).uniform_(low, high)


def _chosen(count: int, probability: float) -> Tensor:
    """True for some pictures, shaped (B, 1, 1, 1)."""
    return torch.rand(count, 1, 1, 1) < probability


def _moved(pictures: Tensor, turn: float, shear: float, scale: float, shift: float, bend: float) -> Tensor:
    """Turned by up to `turn` degrees, sheared, scaled, shifted (shares of the width) and bent; edges are repeated."""
    count = len(pictures)

    def draw(limit: float) -> Tensor:
        return torch.empty(count).uniform_(-limit, limit)

    angle, slant, wide, high = draw(math.radians(turn)), draw(shear), 1 + draw(scale), 1 + draw(scale)
    rows = [
        torch.stack([wide * angle.cos(), wide * (slant - angle.sin()), draw(2 * shift)], 1),
        torch.stack([high * angle.sin(), high * angle.cos(), draw(2 * shift)], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)  # (B, H, W, 2)
    if bend:
        small = torch.empty(count, 2, 4, 4).uniform_(-bend, bend)
        smooth = functional.interpolate(small, pictures.shape[2:], mode="bicubic", align_corners=True)
        grid = grid + smooth.permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _stroked(pictures: Tensor) -> Tensor:
    """A quarter each with what is light grown or shrunk by a part of a pixel."""
    grown = functional.max_pool2d(pictures, 3, 1, 1)
    shrunk = -functional.max_pool2d(-pictures, 3, 1, 1)
    amount, which = _uniform(len(pictures), 0.3, 1.0), torch.rand(len(pictures), 1, 1, 1)
    changed = torch.where(which < 0.25, grown, torch.where(which < 0.5, shrunk, pictures))
    return pictures + amount * (changed - pictures)


def _coarser(pictures: Tensor) -> Tensor:
    """Half of the pictures with 8 to 20 pixels a side instead of their own number, enlarged again."""
    size = int(torch.randint(8, 21, ()))  # one size per batch: the batches differ
    side = max(2, round(pictures.shape[-1] * size / 32))
    small = functional.interpolate(pictures, (side, side), mode="area")
    coarse = functional.interpolate(small, pictures.shape[2:], mode="bilinear", align_corners=False)
    return torch.where(_chosen(len(pictures), 0.5), coarse, pictures)


def _recoloured(pictures: Tensor) -> Tensor:
    """Other brightness and contrast; a third each with channels exchanged, or grey."""
    count = len(pictures)
    contrast, brightness = _uniform(count, 0.6, 1.3), _uniform(count, -0.15, 0.15)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    pictures = (pictures - mean) * contrast + mean + brightness
    which = torch.rand(count, 1, 1, 1)
    exchanged, grey = pictures[:, torch.randperm(3)], pictures.mean(1, keepdim=True).expand_as(pictures)
    return torch.where(which < 1 / 3, exchanged, torch.where(which < 2 / 3, grey, pictures)).clamp(0, 1)
