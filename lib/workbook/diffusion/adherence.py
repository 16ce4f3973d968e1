"""Does a picture show what its prompt asked for? A classifier that learnt from real pictures of the world is the judge.

    judge = train_judge()
    adherence(pipeline, judge, prompts(200, seed=0)).shares       # {"kind": 0.7, "colour": 0.9, "ground": 0.95}

It looks for three things: the kind of the object, its colour, and the ground. How often the judge itself is right about
held-out real pictures belongs beside every such figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.datasets.picture_objects import KINDS
from workbook.datasets.pictures import COLOURS, GROUNDS, STYLES, Picture, ground_words, pictures, style_words, visible
from workbook.diffusion.clip import as_tensor
from workbook.diffusion.generate import generate
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

ASPECTS: dict[str, tuple[str, ...]] = {"kind": tuple(KINDS), "colour": tuple(COLOURS), "ground": GROUNDS}


@dataclass(frozen=True)
class Prompt:
    """A prompt for one object, and what it asks for: the kind, the colour, the ground and the style."""

    text: str
    kind: str
    colour: str
    ground: str
    style: str


def prompts(number: int, seed: int = 0) -> list[Prompt]:
    """`number` prompts that name kind, colour, ground and style, all pairs that can be told apart equally often.

    One object in eight is of a pair of colour and kind that no model of this world saw in training. Raises ValueError
    for a number below 1.
    """
    if number < 1:
        raise ValueError(f"Expected at least one prompt, got {number}.")
    rng = np.random.default_rng([seed, 77])
    made = []
    while len(made) < number:
        kind, colour, ground, style = (str(rng.choice(list(names))) for names in (*ASPECTS.values(), STYLES))
        if visible(colour, ground):
            article = "an" if colour[0] in "aeiou" else "a"
            text = f"{style_words(style, rng)} {article} {colour} {kind} {ground_words(ground, rng)}"
            made.append(Prompt(text, kind, colour, ground, style))
    return made


class Judge(nn.Module):
    """A small convolutional network with three answers: 64 x 64 pictures → scores of every kind, colour and ground."""

    def __init__(self, widths: Sequence[int] = (24, 48, 96, 128)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *widths[:-1]), widths, strict=True):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.Conv2d(after, after, 3, 1, 1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        features = 2 * widths[-1]
        self.heads = nn.ModuleDict({name: nn.Linear(features, len(names)) for name, names in ASPECTS.items()})

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Scores (N, classes) by aspect, of pictures (N, H, W, 3) uint8."""
        states = self.body(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1)  # (N, 128, 4, 4)
        features = torch.cat([states.mean((2, 3)), states.amax((2, 3))], 1)
        return {name: head(features) for name, head in self.heads.items()}


def labels_of(things: Sequence[Any]) -> dict[str, Tensor]:
    """The right answers as numbers, of prompts, or of pictures with one object: (N,) by aspect."""
    wanted = [(one.things[0].kind, one.things[0].colour, one.ground) if isinstance(one, Picture)
              else (one.kind, one.colour, one.ground) for one in things]  # fmt: skip
    numbers = {name: {word: number for number, word in enumerate(names)} for name, names in ASPECTS.items()}
    return {name: torch.tensor([numbers[name][row[at]] for row in wanted]) for at, name in enumerate(ASPECTS)}


def judge_loss(judge: Judge, batch: dict[str, Tensor]) -> Tensor:
    """The sum of the three cross entropies."""
    scores = judge(batch["pixels"])
    return sum(functional.cross_entropy(scores[name], batch[name]) for name in ASPECTS)


def train_judge(
    number: int = 8_000, steps: int = 750, *, batch: int = 64, seed: int = 0, progress: str | None = "judge"
) -> Judge:
    """A judge that learnt from real pictures of one object, all pairs of colour and kind among them."""
    made = [
        *pictures(number // 2, 1_000 + seed, two=0.0),
        *pictures(number - number // 2, 1_000 + seed, split="test", two=0.0),
    ]
    pixels = torch.from_numpy(np.stack([one.image for one in made]))
    labels = labels_of(made)

    def batches(epoch: int) -> list[dict[str, Tensor]]:
        order = torch.randperm(number).split(batch)
        return [
            {"pixels": pixels[rows], **{name: all_[rows] for name, all_ in labels.items()}}
            for rows in order
            if len(rows) == batch
        ]

    torch.manual_seed(seed)
    judge = Judge()
    fit(
        judge,
        batches,
        judge_loss,
        steps=steps,
        learning_rate=3e-3,
        schedule=warmup_linear(min(50, steps), steps),
        seed=seed,
        progress=progress,
    )
    return judge


@torch.no_grad()
def judged(judge: Judge, shown: Any, batch: int = 200) -> dict[str, Tensor]:
    """What a judge sees in pictures (N, H, W, 3) uint8: numbers of kinds, colours and grounds (N,)."""
    parts = [judge(part) for part in as_tensor(shown).split(batch)]
    return {name: torch.cat([part[name].argmax(1) for part in parts]) for name in ASPECTS}


def right(judge: Judge, shown: Any, wanted: Sequence[Any]) -> dict[str, Tensor]:
    """Which pictures show what was asked for, by aspect: (N,) bool. wanted: prompts, or real pictures themselves.

    Raises ValueError where their numbers differ.
    """
    if len(shown) != len(wanted):
        raise ValueError(f"{len(shown)} pictures for {len(wanted)} prompts: expected one for each.")
    seen, labels = judged(judge, shown), labels_of(wanted)
    return {name: seen[name] == labels[name] for name in ASPECTS}


def accuracy(judge: Judge, number: int = 1_000, seed: int = 5_000) -> dict[str, float]:
    """How often the judge is right about real pictures that it has not seen."""
    made = list(pictures(number, seed, split="test", two=0.0))
    found = right(judge, np.stack([one.image for one in made]), made)
    return {name: values.float().mean().item() for name, values in found.items()}


@dataclass(frozen=True)
class Adherence:
    """Pictures that were judged: `right` (N,) bool by aspect, `pictures` (N, H, W, 3) uint8, and their prompts."""

    right: dict[str, Tensor]
    pictures: np.ndarray
    prompts: list[Prompt]

    @property
    def shares(self) -> dict[str, float]:
        """The share that is right, by aspect."""
        return {name: values.float().mean().item() for name, values in self.right.items()}

    @property
    def chance(self) -> dict[str, float]:
        """What guessing without a look gives, by aspect."""
        return {name: 1 / len(names) for name, names in ASPECTS.items()}


def adherence(pipeline: Any, judge: Judge, asked: Sequence[Prompt], *, seed: int = 0, **options: Any) -> Adherence:
    """Make a picture for every prompt, none picked, and judge it. options go to `generate`."""
    shown = generate(pipeline, [prompt.text for prompt in asked], seed=seed, **options)
    return Adherence(right(judge, shown, asked), shown, list(asked))
