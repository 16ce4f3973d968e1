"""A discriminator as a judge: a small network that learns to tell real pictures from generated ones.

Its accuracy on pictures it has not seen says how easily generated pictures give themselves away: 0.5 means not at all.
It says nothing about *what* gives them away, and it knows neither the prompt nor the pictures that the model was
trained on.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.trainers.history import History
from workbook.trainers.loop import fit


class Judge(nn.Module):
    """Three strided convolutions and a mean over all places: pictures (N, 3, H, W), values from 0 to 1 → (N,) logits of
    "real"."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.GroupNorm(4, outputs), nn.SiLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(4 * width, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (N,): above 0 where a picture looks real."""
        return self.head(self.body(2 * pictures - 1).mean((2, 3)))[:, 0]


def judge_loss(judge: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Mean binary cross-entropy of (pictures, 1.0 for real and 0.0 for generated)."""
    pictures, real = batch
    return functional.binary_cross_entropy_with_logits(judge(pictures), real)


def train_judge(
    real: Tensor, generated: Tensor, *, steps: int = 150, batch: int = 32, rate: float = 2e-3, seed: int = 0,
    progress: str | None = "judge",
) -> tuple[Judge, History]:  # fmt: skip
    """Train a judge on real and generated pictures, (N, 3, H, W) and (M, 3, H, W) from 0 to 1; half of each batch is
    real.

    Pictures are mirrored at random, nothing more: blur or noise would hide what is to be found. Raises ValueError where
    the pictures differ in shape or there are fewer than two of a kind.
    """
    if real.shape[1:] != generated.shape[1:] or min(len(real), len(generated)) < 2:
        raise ValueError(
            f"Expected at least two pictures of each kind and one size, got {tuple(real.shape)} and "
            f"{tuple(generated.shape)}."
        )
    torch.manual_seed(seed)
    judge, half = Judge(), batch // 2
    labels = torch.cat([torch.ones(half), torch.zeros(half)])

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(steps):
            rows = [kind[torch.randint(len(kind), (half,))] for kind in (real, generated)]
            pictures = torch.cat(rows)
            mirrored = torch.rand(len(pictures)) < 0.5
            yield torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures), labels

    history = fit(judge, batches, judge_loss, steps=steps, learning_rate=rate, seed=seed, progress=progress)
    return judge, history


@torch.no_grad()
def looks_real(judge: nn.Module, pictures: Tensor) -> Tensor:
    """The probability (N,) that the judge gives to each picture (N, 3, H, W) of being real."""
    device = next(judge.parameters()).device
    return torch.cat([judge(part.to(device)).sigmoid().cpu() for part in pictures.split(256)])


def balanced_accuracy(judge: nn.Module, real: Tensor, generated: Tensor) -> float:
    """The mean of the shares of real and of generated pictures that the judge is right about; 0.5 is chance."""
    right = (looks_real(judge, real) > 0.5).float().mean() + (looks_real(judge, generated) <= 0.5).float().mean()
    return right.item() / 2
