"""The recipe of tiny-dino: a network that tells one thing from another of its class, learnt without a single label.

    python -m workbook.zoo build tiny-dino            (about 7 minutes on one core)

Two pictures of one thing, in another pose, on another ground and in another style, are to lie near each other, and far
from all other things in the batch (NT-Xent: Chen et al. 2020, SimCLR, equation 1). DINO (Caron et al. 2021), after
which it is named, reaches the same end by another way, a student that agrees with its teacher on two crops of one
photo. Nobody says which class a thing is of, and so what makes one robot another than the next is not thrown away, as a
classifier would. Half of the things have parts in several colours; one pair in four are two crops of one of
scikit-image's photos (not the cat, which is a subject of lesson 16). What is compared in use is what is trained here,
the pooled features: there is no projection head to be cut off.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.datasets.picture_objects import KINDS, Part, placed
from workbook.datasets.pictures import COLOURS, GROUNDS, SIZE, STYLES, render, visible
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.building import store

NAME, SEED = "tiny-dino", 0
THINGS, PHOTOS = 9_000, 3_000  # pairs of each sort
BATCH, STEPS, RATE, TEMPERATURE = 96, 1000, 1.5e-3, 0.15
PHOTO_NAMES = ("astronaut", "coffee", "rocket", "brick", "grass", "gravel", "hubble_deep_field", "immunohistochemistry")


def network() -> nn.Module:
    """An untrained ConvNextModel for pictures of 64 × 64 pixels, values from -1 to 1; 160 features."""
    import transformers

    config = transformers.ConvNextConfig(
        patch_size=4, num_stages=3, hidden_sizes=[40, 80, 160], depths=[2, 2, 2], layer_scale_init_value=1.0,
        image_size=SIZE, num_channels=3,
    )  # fmt: skip
    return transformers.ConvNextModel(config)


# -------------------------------------------------------------------------------------------------- pairs of pictures


def thing(rng: np.random.Generator, kind: str | None = None) -> list[tuple[list[Part], tuple]]:
    """A thing as `render` takes it, not yet placed: parts and colours; every other one has parts in several colours."""
    parts = KINDS[kind or str(rng.choice(list(KINDS)))](rng)
    palette = [tuple(rng.uniform(20, 250, 3)) for _ in range(3)]
    if rng.random() < 0.5:
        colour = np.array(COLOURS[str(rng.choice(list(COLOURS)))]) + rng.normal(0, 12, 3)
        return [(parts, tuple(np.clip(colour, 0, 255)))]
    return [([part], palette[rng.integers(3)]) for part in parts]


def view(painted: list[tuple[list[Part], tuple]], rng: np.random.Generator) -> np.ndarray:
    """A picture of a thing, (64, 64, 3) uint8: its size, place, tilt, side, ground and style are drawn anew."""
    radius = SIZE * rng.uniform(0.26, 0.44)
    centre = tuple(SIZE * (0.5 + rng.uniform(-0.12, 0.12, 2)))
    tilt, flip = rng.uniform(-0.25, 0.25), bool(rng.random() < 0.5)
    objects = [(placed(parts, centre, radius, tilt, flip), colour) for parts, colour in painted]
    nearest = min(COLOURS, key=lambda name: np.abs(np.array(COLOURS[name]) - painted[0][1]).sum())
    ground = str(rng.choice([ground for ground in GROUNDS if visible(nearest, ground)]))
    style = str(rng.choice(STYLES, p=[0.25, 0.4, 0.05, 0.1, 0.2]))  # a sketch has hardly any colour left
    return render(objects, ground, style, rng)


@cache
def _photo(name: str) -> np.ndarray:
    import skimage

    photo = getattr(skimage.data, name)()
    return photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, -1)


def crops(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two crops of one place of a photo, shifted, turned and scaled against each other: (64, 64, 3) uint8 each."""
    from PIL import Image

    photo = Image.fromarray(_photo(str(rng.choice(PHOTO_NAMES))))
    side = rng.uniform(100, 0.6 * min(photo.size))
    x, y = (rng.uniform(0.6 * side, length - 0.6 * side) for length in photo.size)
    pair = []
    for _ in range(2):
        scale, angle = side * rng.uniform(0.75, 1.1) / SIZE, rng.uniform(-0.25, 0.25)
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        u, v = (middle + side * rng.uniform(-0.12, 0.12) for middle in (x, y))
        half = SIZE / 2
        place = (cos, sin, u - (cos + sin) * half, -sin, cos, v - (cos - sin) * half)
        cut = photo.transform((SIZE, SIZE), Image.Transform.AFFINE, place, Image.Resampling.BILINEAR)
        light = rng.uniform(0.8, 1.2)
        pair.append(np.asarray(cut.point(lambda value, light=light: min(255, round(value * light)))))
    return pair[0], pair[1]


def pairs(things: int, photos: int, seed: int) -> Tensor:
    """Pairs of pictures that belong together: (N, 2, 3, 64, 64) uint8."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(things):
        painted = thing(rng)
        made.append((view(painted, rng), view(painted, rng)))
    made += [crops(rng) for _ in range(photos)]
    return torch.from_numpy(np.stack([np.stack(pair) for pair in made])).permute(0, 1, 4, 2, 3).contiguous()


# ------------------------------------------------------------------------------------------------------- the training


class Embedder(nn.Module):
    """A backbone of transformers, and its pooled features at length 1: (B, 3, H, W) → (B, D)."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, pixels: Tensor) -> Tensor:
        """Embeddings of pictures with values from -1 to 1."""
        return functional.normalize(self.backbone(pixel_values=pixels).pooler_output.flatten(1).float(), dim=1)


def nt_xent(embeddings: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """NT-Xent: every picture must find its partner among all others of the batch, a scalar.

    embeddings: (2B, D) of length 1; row i and row i + B belong together. Source: Chen et al. 2020, equation 1.
    """
    if embeddings.ndim != 2 or len(embeddings) % 2 or len(embeddings) < 4:
        raise ValueError(f"Expected embeddings (2B, D) of at least two pairs, got {tuple(embeddings.shape)}.")
    count = len(embeddings)
    similar = embeddings @ embeddings.T / temperature  # (2B, 2B)
    similar = similar.masked_fill(torch.eye(count, dtype=torch.bool, device=similar.device), -torch.inf)
    partner = torch.arange(count, device=similar.device).roll(count // 2)
    return functional.cross_entropy(similar, partner)


def jitter(pixels: Tensor) -> Tensor:
    """Brightness and contrast changed a little per picture, mirrored at random; colours stay: they tell things
    apart."""
    count = len(pixels)
    light, contrast = (torch.empty(count, 1, 1, 1).uniform_(0.85, 1.15) for _ in range(2))
    changed = ((pixels - 0.5) * contrast + 0.5) * light
    flipped = torch.rand(count)[:, None, None, None] < 0.5
    return 2 * torch.where(flipped, changed.flip(3), changed).clamp(0, 1) - 1


def train(data: Tensor, steps: int = STEPS, seed: int = SEED, progress: str | None = None) -> nn.Module:
    """A trained backbone. data: pairs as `pairs` makes them."""
    torch.manual_seed(seed)
    model = Embedder(network())

    def batches(epoch: int) -> Iterator[Tensor]:
        for rows in torch.randperm(len(data)).split(BATCH):
            if len(rows) == BATCH or len(data) < BATCH:
                pair = data[rows].float() / 255  # (B, 2, 3, H, W)
                yield jitter(torch.cat([pair[:, 0], pair[:, 1]]))

    fit(
        model, batches, lambda model, pixels: nt_xent(model(pixels)), steps=steps, learning_rate=RATE,
        weight_decay=0.02, schedule=warmup_linear(min(50, steps // 2), steps), seed=seed, progress=progress,
        precision=os.environ.get("WORKBOOK_PRECISION", "no"),
    )  # fmt: skip
    return model.backbone


# -------------------------------------------------------------------------------------------------------- the measure


@torch.no_grad()
def _embed(backbone: nn.Module, pictures: list[np.ndarray]) -> Tensor:
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return torch.cat([Embedder(backbone).eval()(part) for part in pixels.split(256)])


def quality(backbone: nn.Module, seed: int = 10_000, subjects: int = 6, views: int = 4) -> dict[str, float]:
    """On things never seen: cosines of two pictures of one thing, of two things of one class, of two classes.

    For every class `subjects` things in several colours with `views` pictures each. "nearer": how often a picture is
    nearer to another one of the same thing than to one of another thing of its class, over all such triples; 0.5 is
    chance.
    """
    rng = np.random.default_rng(seed)
    pictures, names = [], []
    for kind in KINDS:
        for number in range(subjects):
            painted = thing(rng, kind)
            pictures += [view(painted, rng) for _ in range(views)]
            names += [(kind, number)] * views
    similar = _embed(backbone, pictures)
    similar = similar @ similar.T
    kinds = np.array([list(KINDS).index(kind) for kind, _ in names])
    same_kind = torch.from_numpy(kinds[:, None] == kinds[None, :])
    ids = np.array([list(KINDS).index(kind) * 1000 + number for kind, number in names])
    same = torch.from_numpy(ids[:, None] == ids[None, :])
    others = ~torch.eye(len(names), dtype=torch.bool)
    wins = [
        (similar[row][same[row] & others[row]][:, None] > similar[row][same_kind[row] & ~same[row]][None, :])
        .float()
        .mean()
        for row in range(len(names))
    ]
    return {
        "same thing": similar[same & others].mean().item(),
        "same class": similar[same_kind & ~same].mean().item(),
        "other class": similar[~same_kind].mean().item(),
        "nearer": torch.stack(wins).mean().item(),
    }  # fmt: skip


def build(name: str = NAME) -> None:
    """Train and store tiny-dino."""
    began = time.process_time()
    torch.manual_seed(SEED)
    before = quality(network())
    backbone = train(pairs(THINGS, PHOTOS, SEED), progress=name)
    after = {name: round(value, 3) for name, value in quality(backbone).items()}
    facts = {
        "seed": SEED, "pairs of things": THINGS, "pairs of crops": PHOTOS, "steps": STEPS, "batch": BATCH,
        "learning_rate": RATE, "temperature": TEMPERATURE, "precision": os.environ.get("WORKBOOK_PRECISION", "no"),
        "processor_seconds": round(time.process_time() - began),
        **{f"cosine, {part}": after[part] for part in ("same thing", "same class", "other class")},
        "nearer to the same thing than to its class": after["nearer"],
        "the same of an untrained network": round(before["nearer"], 3),
        "licence": "that of the workbook",
    }  # fmt: skip
    print(store(name, backbone, None, facts, __doc__.strip()), facts)
