"""Adapting a picture classifier from a source domain to a target domain.

Every way is one call of `adapt`: from the same start, on the same loop. They differ in data and objective:

source only            labelled source pictures, lightly augmented
stronger augmentation  the same pictures, changed more
Deep CORAL             the same, plus the CORAL loss between source and *unlabelled* target features
linear probe           a few labelled target pictures; only the head learns
fine-tuning            a few labelled target pictures; everything learns
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.datasets.domains import Pictures
from workbook.trainers.history import History
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear
from workbook.vision.augmentation import augment
from workbook.vision.shift import coral_loss


class PictureClassifier(nn.Module):
    """A backbone of transformers, its pooled features, and a linear head.

    model: a ...ForImageClassification (ConvNeXt, DeiT or ViT, Swin); its own head is left aside. processor: what the
    hub says of its pictures' mean and spread; None for values from -1 to 1. The new head begins at zero.
    """

    def __init__(self, model: nn.Module, processor: Any, num_classes: int) -> None:
        super().__init__()
        self.backbone = model.base_model
        self.head = nn.Linear(feature_size(model.config), num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        mean, spread = (processor.image_mean, processor.image_std) if processor else ([0.5] * 3, [0.5] * 3)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(spread).view(3, 1, 1), persistent=False)

    def embed(self, pictures: Tensor) -> Tensor:
        """Features (B, D) of pictures (B, 3, H, W) with values from 0 to 1."""
        output = self.backbone(pixel_values=(pictures - self.mean) / self.spread)
        # ConvNeXt and Swin average over all places; DeiT and ViT have a token of their own for the whole picture
        pooled = getattr(output, "pooler_output", None)
        return output.last_hidden_state[:, 0] if pooled is None else pooled.flatten(1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, num_classes)."""
        return self.head(self.embed(pictures))


def feature_size(config: Any) -> int:
    """The width D of a backbone's pooled features."""
    return config.hidden_sizes[-1] if hasattr(config, "hidden_sizes") else config.hidden_size


def parameters_of(model: nn.Module) -> int:
    """How many numbers a model has."""
    return sum(parameter.numel() for parameter in model.parameters())


class PictureBatches:
    """Pictures as batches in a new order every epoch, augmented anew each time: {"pictures", "labels"}.

    partner: unlabelled pictures of another domain; every batch then has as many of them as "others". An epoch ends
    with the first domain; the partner's pictures come round as often as need be.
    """

    def __init__(
        self, pictures: Pictures, batch_size: int = 64, strength: str = "light", partner: Pictures | None = None
    ) -> None:
        self.pictures, self.batch_size, self.strength, self.partner = pictures, batch_size, strength, partner

    def __len__(self) -> int:
        return max(1, len(self.pictures) // self.batch_size)  # a last, smaller batch is left for another epoch

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        order = torch.randperm(len(self.pictures))
        for number in range(len(self)):
            rows = order[number * self.batch_size : (number + 1) * self.batch_size]
            batch = {"pictures": self._changed(self.pictures, rows), "labels": self.pictures.labels[rows]}
            if self.partner is not None:
                others = torch.randint(len(self.partner), (len(rows),))
                batch["others"] = self._changed(self.partner, others)
            yield batch

    def _changed(self, pictures: Pictures, rows: Tensor) -> Tensor:
        return augment(pictures.pixels[rows].float() / 255, self.strength)


def classification_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of a batch's pictures."""
    return functional.cross_entropy(model(batch["pictures"]), batch["labels"])


class WithFeatures(nn.Module):
    """A PictureClassifier that returns logits and features: what Deep CORAL needs of one forward pass."""

    def __init__(self, model: PictureClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and features (B, D)."""
        features = self.model.embed(pictures)
        return self.model.head(features), features


def deep_coral(weight: float) -> Any:
    """The objective of Deep CORAL on a WithFeatures: cross-entropy on the source, plus weight × CORAL loss.

    Sun and Saenko 2016, equation 6, with the features before the head. No label of the target is used.
    """

    def objective(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        source = len(batch["pictures"])
        logits, features = model(torch.cat([batch["pictures"], batch["others"]]))
        classification = functional.cross_entropy(logits[:source], batch["labels"])
        return classification + weight * coral_loss(features[:source], features[source:])

    return objective


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: how long, how fast, on how many pictures a step, how much these are changed.

    learns: "all" or "head". coral: the weight of the CORAL loss, 0 for none.
    """

    steps: int = 150
    rate: float = 1e-3
    batch: int = 64
    strength: str = "light"
    learns: str = "all"
    coral: float = 0.0


def adapt(
    model: PictureClassifier, recipe: Recipe, labelled: Pictures, unlabelled: Pictures | None = None, seed: int = 0,
    progress: str | None = None, **options: Any,
) -> tuple[PictureClassifier, History]:  # fmt: skip
    """A trained copy of a model, and its history; the model itself stays as it is.

    labelled: the pictures whose labels are used, of whichever domain. unlabelled: the target's, for CORAL. options go
    to `fit` (evaluate, evaluate_every ...). Raises ValueError where CORAL lacks pictures, or for an unknown part.
    """
    if recipe.learns not in ("all", "head"):
        raise ValueError(f'learns must be "all" or "head", not {recipe.learns!r}.')
    if recipe.coral and unlabelled is None:
        raise ValueError("CORAL compares two domains: give the target's pictures as `unlabelled`.")
    model = copy.deepcopy(model)
    model.requires_grad_(recipe.learns == "all")
    model.head.requires_grad_(True)
    batch_size = min(recipe.batch, len(labelled))
    batches = PictureBatches(labelled, batch_size, recipe.strength, unlabelled if recipe.coral else None)
    learner, objective = (
        (WithFeatures(model), deep_coral(recipe.coral)) if recipe.coral else (model, classification_loss)
    )
    history = fit(
        learner, batches, objective, steps=recipe.steps, learning_rate=recipe.rate, weight_decay=0.05,
        schedule=warmup_linear(recipe.steps // 10, recipe.steps), seed=seed, progress=progress, **options,
    )  # fmt: skip
    model.requires_grad_(True)
    return model, history


@torch.no_grad()
def features_of(model: PictureClassifier, pictures: Pictures, batch_size: int = 256) -> Tensor:
    """Features (N, D) of unchanged pictures, on the CPU."""
    device = model.head.weight.device
    parts = pictures.pixels.split(batch_size)
    return torch.cat([model.eval().embed(part.to(device).float() / 255).cpu() for part in parts])


@torch.no_grad()
def logits_of(model: PictureClassifier, pictures: Pictures) -> Tensor:
    """Logits (N, C) of unchanged pictures, on the CPU."""
    return model.head(features_of(model, pictures).to(model.head.weight.device)).cpu()


def guesses_of(model: PictureClassifier, pictures: Pictures) -> Tensor:
    """The class numbers (N,) that a model takes pictures for."""
    return logits_of(model, pictures).argmax(1)


def accuracy_of(model: PictureClassifier, pictures: Pictures) -> float:
    """The share of pictures whose class is recognised."""
    return (guesses_of(model, pictures) == pictures.labels).float().mean().item()


def watch(**sets: Pictures) -> Callable[[Any], dict[str, float]]:
    """An `evaluate` for `fit`: accuracy and mean loss on named sets of pictures, as NAME and NAME_loss."""

    def evaluate(model: Any) -> dict[str, float]:
        figures = {}
        for name, pictures in sets.items():
            logits = logits_of(model, pictures)
            figures[name] = (logits.argmax(1) == pictures.labels).float().mean().item()
            figures[f"{name}_loss"] = functional.cross_entropy(logits, pictures.labels).item()
        return figures

    return evaluate
