"""A diffusion model small enough to be watched from its first step: scikit-learn's handwritten digits, 8 × 8 pixels.

It trains in a minute, so that its loss, FID, KID and the use of its pictures can be measured side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.datasets.digits import BLOCKS, enlarge
from workbook.trainers.history import History
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

LEVELS, SIDE = 1000, 8  # levels of noise, pixels of a side


def digits(*blocks: str) -> tuple[Tensor, np.ndarray]:
    """Handwritten digits (N, 1, 8, 8) from −1 to 1, and their labels (N,): blocks of datasets.digits.BLOCKS.

    Blocks are by different writers, mostly. Raises ValueError for an unknown block, or none.
    """
    if not blocks or (unknown := set(blocks) - set(BLOCKS)):
        raise ValueError(f"Expected blocks out of {', '.join(BLOCKS)}, got {sorted(unknown) if blocks else 'none'}.")
    from sklearn.datasets import load_digits

    data = load_digits()
    rows = np.concatenate([np.arange(len(data.images))[BLOCKS[block]] for block in blocks])
    return torch.from_numpy(data.images[rows]).float()[:, None] / 8 - 1, data.target[rows]  # 0 to 16 → −1 to 1


def network(width: int = 24) -> nn.Module:
    """An untrained UNet for pictures of 8 × 8: 0.4 M parameters, or 0.7 M with 32 channels.

    width: channels of the outer level, a multiple of 8. The inner level has twice as many.
    """
    from diffusers import UNet2DModel

    return UNet2DModel(
        sample_size=SIDE, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(width, 2 * width),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8, attention_head_dim=16,
    )  # fmt: skip


def scheduler() -> Any:
    """The levels of noise, and the way back from noise to picture. x₀ is cut at ±1: right for pixels."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(num_train_timesteps=LEVELS, clip_sample=True)


def noise_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """The mean squared error of the noise that the model guesses, at a random level for each picture.

    batch: {"pictures": (B, 1, 8, 8)}. Ho et al. 2020, equation 14.
    """
    clean = batch["pictures"]
    noise, levels = torch.randn_like(clean), torch.randint(LEVELS, (len(clean),), device=clean.device)
    noisy = scheduler().add_noise(clean, noise, levels)
    return (model(noisy, levels).sample - noise).square().mean()


def train(
    model: nn.Module, pictures: Tensor, steps: int, *, seed: int = 0, rate: float = 2e-3, **options: Any
) -> History:
    """Train on pictures (N, 1, 8, 8), in place; batches of 64. options: of `fit`, for evaluations."""
    loader = torch.utils.data.DataLoader(
        [{"pictures": picture} for picture in pictures], batch_size=64, shuffle=True, drop_last=True
    )
    schedule = warmup_linear(steps // 20, steps)
    return fit(model, loader, noise_loss, steps=steps, learning_rate=rate, schedule=schedule, seed=seed, **options)


@torch.no_grad()
def sample(model: nn.Module, count: int, *, steps: int = 20, seed: int = 0) -> Tensor:
    """New pictures (count, 1, 8, 8) from −1 to 1: deterministic DDIM (Song et al. 2021) from seeded noise."""
    way = scheduler()
    way.set_timesteps(steps)
    pictures = torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    for level in way.timesteps:
        pictures = way.step(model(pictures, level).sample, level, pictures).prev_sample
    return pictures.clamp(-1, 1)


def enlarged(pictures: Tensor) -> Tensor:
    """Grey pictures (N, 1, 8, 8) from −1 to 1 as a backbone of the zoo sees them: (N, 3, 32, 32) from 0 to 1."""
    return ((enlarge(pictures) + 1) / 2).repeat(1, 3, 1, 1)


@torch.no_grad()
def features(backbone: Callable[[Tensor], Tensor], pictures: Tensor, batch_size: int = 256) -> np.ndarray:
    """What a backbone of the zoo sees in grey pictures (N, 1, 8, 8), (N, D): what FID and KID compare.

    backbone: pictures (B, 3, 32, 32) from 0 to 1 → features (B, D), as PictureClassifier.embed.
    """
    parts = [backbone(part) for part in enlarged(pictures).split(batch_size)]
    return torch.cat(parts).double().numpy()


def reader(pictures: Tensor, labels: np.ndarray) -> Callable[[Tensor], np.ndarray]:
    """A support-vector machine that has learnt to read digits: pictures (N, 1, 8, 8) → labels (N,)."""
    from sklearn.svm import SVC

    machine = SVC(C=10).fit(pictures.flatten(1).numpy(), labels)
    return lambda unread: machine.predict(unread.flatten(1).numpy())


def use(made: Tensor, read: Callable[[Tensor], np.ndarray], pictures: Tensor, labels: np.ndarray) -> float:
    """What made pictures are good for: the accuracy on real ones of a pupil that has only seen these.

    made: (N, 1, 8, 8), which `read` labels. The pupil gives each of the real pictures (M, 1, 8, 8) the label of its
    nearest neighbour among them. Noise teaches nothing, ten perfect digits teach little, variety helps.
    """
    neighbours = torch.cdist(pictures.flatten(1), made.flatten(1)).argmin(1).numpy()
    return float((read(made)[neighbours] == labels).mean())


def nearest(pictures: Tensor, others: Tensor) -> np.ndarray:
    """The distance of every picture (N, 1, 8, 8) to the nearest of others, (N,): 0 for a copy."""
    return torch.cdist(pictures.flatten(1), others.flatten(1)).min(1).values.numpy()
