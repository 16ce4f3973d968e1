"""The recipe of the picture backbones: three families, three sizes of one of them, and a "modern" one.

    python -m workbook.zoo build tiny-convnext        (each 1 to 10 minutes on one core)

All but one learn from the *source* domains of lesson 05 alone: digits rendered from fonts, and drawn objects that look
like photos, twenty classes in all, lightly augmented. None has seen a handwritten digit or a sketch. The modern
one is to the others what a network pretrained on a large part of the web is to one pretrained on a single data set:
larger, trained longer, on more classes (letters, too) and one more domain (clip art), with strong augmentation. It has
not seen the target domains either.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from workbook.datasets import digits
from workbook.datasets.domains import Pictures
from workbook.datasets.drawings import draw
from workbook.trainers.adaptation import PictureClassifier, Recipe, accuracy_of, adapt
from workbook.zoo.building import store

SEED, BATCH = 0, 128


@dataclass(frozen=True)
class Size:
    """A backbone: its family of transformers, what its configuration says, and how it is pretrained."""

    family: str
    config: dict[str, Any] = field(default_factory=dict)
    steps: int = 1000
    rate: float = 2e-3
    modern: bool = False


def _convnext(width: int) -> dict[str, Any]:
    """Three stages of two blocks; 4 × 4 pixels make a place, and each stage doubles the width and halves the sides."""
    widths = [width, 2 * width, 4 * width]
    return {
        "patch_size": 4,
        "num_stages": 3,
        "hidden_sizes": widths,
        "depths": [2, 2, 2],
        "layer_scale_init_value": 1.0,
    }


# transformers' weights begin at a spread of 0.02, which suits widths of hundreds: narrow networks hardly leave it
DEIT = dict(
    hidden_size=96, num_hidden_layers=4, num_attention_heads=4, intermediate_size=384, patch_size=8,
    initializer_range=0.1,
)  # fmt: skip
SWIN = dict(
    embed_dim=48, depths=[2, 2], num_heads=[2, 4], window_size=4, patch_size=4, drop_path_rate=0.0,
    initializer_range=0.1,
)  # fmt: skip
SIZES = {
    "tiny-convnext-small": Size("ConvNext", _convnext(16)),
    "tiny-convnext": Size("ConvNext", _convnext(32)),
    "tiny-convnext-large": Size("ConvNext", _convnext(64)),
    "tiny-deit": Size("DeiT", DEIT, steps=1500, rate=1e-3),
    "tiny-swin": Size("Swin", SWIN, rate=1e-3),
    "tiny-convnext-modern": Size("ConvNext", _convnext(80), steps=2000, modern=True),
}


def network(size: Size, num_labels: int) -> Any:
    """An untrained ...ForImageClassification of a size, for pictures of 32 × 32 pixels."""
    import transformers

    config_class = getattr(transformers, f"{size.family}Config")
    config = config_class(**size.config, image_size=digits.SIZE, num_channels=3, num_labels=num_labels)
    return getattr(transformers, f"{size.family}ForImageClassification")(config)


def corpus(seed: int, modern: bool = False) -> Pictures:
    """The labelled pictures that a backbone is pretrained on, the classes of all parts side by side."""
    parts = [digits.rendered_digits("train", 8000, seed), draw("photo", 4000, seed)]
    if modern:
        parts += [digits.rendered_digits("train", 8000, seed, digits.LETTERS), draw("clipart", 4000, seed)]
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    labels = [torch.tensor([classes.index(name) for name in part.classes])[part.labels] for part in parts]
    return Pictures("pretraining", classes, torch.cat([part.pixels for part in parts]), torch.cat(labels))


def pretrain(size: Size, seed: int = SEED, progress: str | None = None) -> tuple[PictureClassifier, Pictures]:
    """A backbone with a head for all classes of its corpus, trained, and the corpus."""
    pictures = corpus(seed, size.modern)
    torch.manual_seed(seed)
    model = PictureClassifier(network(size, len(pictures.classes)), None, len(pictures.classes))
    recipe = Recipe(size.steps, size.rate, BATCH, "strong" if size.modern else "light")
    precision = os.environ.get("WORKBOOK_PRECISION", "no")  # "bf16" is faster where the processor can
    return adapt(model, recipe, pictures, seed=seed, progress=progress, precision=precision)[0], pictures


def build(name: str = "tiny-convnext") -> None:
    """Pretrain and store a backbone."""
    began = time.process_time()
    size = SIZES[name]
    model, pictures = pretrain(size, progress=name)
    seconds = time.process_time() - began
    # the same pictures' classes again, by the numbers that the backbone knows them by
    unseen = {
        "rendered digits in unseen fonts": digits.rendered_digits("test", 1000, seed=1),
        "photos": draw("photo", 500, 1),
    }
    right = {name: round(accuracy_of(model, _renumbered(part, pictures.classes)), 3) for name, part in unseen.items()}
    stored = network(size, len(pictures.classes))
    stored.base_model.load_state_dict(model.backbone.state_dict())
    stored.classifier.load_state_dict(model.head.state_dict())
    stored.config.id2label = dict(enumerate(pictures.classes))
    stored.config.label2id = {label: number for number, label in enumerate(pictures.classes)}
    facts = {
        "seed": SEED, "steps": size.steps, "batch": BATCH, "learning_rate": size.rate, "pictures": len(pictures),
        "classes": len(pictures.classes), "augmentation": "strong" if size.modern else "light",
        "precision": os.environ.get("WORKBOOK_PRECISION", "no"), "processor_seconds": round(seconds),
        **{f"accuracy on {part}": value for part, value in right.items()}, "licence": "that of the workbook",
    }  # fmt: skip
    print(store(name, stored, None, facts, __doc__.strip()), facts)


def _renumbered(pictures: Pictures, classes: tuple[str, ...]) -> Pictures:
    numbers = torch.tensor([classes.index(name) for name in pictures.classes])
    return Pictures(pictures.domain, classes, pictures.pixels, numbers[pictures.labels])
