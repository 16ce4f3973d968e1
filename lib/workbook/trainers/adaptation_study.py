"""The study behind lesson 05: what a shift of domain costs, and what closes the gap, over three seeds.

    python -m workbook.trainers.adaptation_study              every part, in about 40 minutes on one core
    python -m workbook.trainers.adaptation_study methods      one part anew; the others stay as they are stored

Settings are chosen once, in the part `tuning`, by accuracy on the target's *validation* pictures, with the first seed.
This uses labels that a method "without target labels" should not have; it is the same favour to every way. The test
pictures choose nothing. Seeds change which labels are drawn, the order of the pictures and their augmentation; in the
part `pretrainings` the pretraining of the backbones as well.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any

import torch

from workbook import studies, zoo
from workbook.datasets.domains import Pictures
from workbook.datasets.pairs import Pair, load_pair
from workbook.trainers.adaptation import (
    PictureClassifier,
    Recipe,
    accuracy_of,
    adapt,
    features_of,
    parameters_of,
    watch,
)
from workbook.vision.shift import domain_distance
from workbook.zoo import tiny_vision

NAME, SEEDS, LABELS = "05_distribution_shift", [0, 1, 2], (1, 5, 10)
FIRST, SECOND = dict(kind="digits"), dict(kind="objects", source="photo", target="sketch")
STEPS = 150
CANDIDATES: dict[str, list[Recipe]] = {  # of every way, the settings that are tried
    "source only": [Recipe(STEPS, rate) for rate in (3e-4, 1e-3)],
    "stronger augmentation": [Recipe(STEPS, rate, strength="strong") for rate in (3e-4, 1e-3, 3e-3)],
    "Deep CORAL": [Recipe(STEPS, 1e-3, coral=weight) for weight in (1.0, 10.0, 100.0, 1000.0)],
    "linear probe": [Recipe(STEPS, rate, learns="head") for rate in (1e-3, 3e-3, 1e-2)],
    "fine-tuning": [Recipe(STEPS, rate) for rate in (3e-4, 1e-3, 3e-3)]
    + [Recipe(STEPS, rate, strength="strong") for rate in (1e-3, 3e-3)],
    "from scratch": [
        Recipe(STEPS, rate, strength=strength) for strength in ("light", "strong") for rate in (1e-3, 3e-3)
    ],
}
WITHOUT_LABELS = ("source only", "stronger augmentation", "Deep CORAL")
OTHERS = {"vision-deit": "tiny-deit", "vision-swin": "tiny-swin", "vision-modern": "tiny-convnext-modern"}
CONVNEXTS = {
    "vision-small": "tiny-convnext-small", "vision-backbone": "tiny-convnext", "vision-large": "tiny-convnext-large",
}  # fmt: skip


@functools.cache
def pair_of(which: str) -> Pair:
    """The pair "first" or "second", made once."""
    return load_pair(**{"first": FIRST, "second": SECOND}[which])


@functools.cache
def backbone(role: str, classes: int = 10) -> PictureClassifier:
    """A pretrained backbone with a new head."""
    return PictureClassifier(*zoo.load(role, "small"), classes)


def untrained(role: str, seed: int, classes: int = 10) -> PictureClassifier:
    """The same network with random weights."""
    torch.manual_seed(seed)
    return PictureClassifier(
        tiny_vision.network(tiny_vision.SIZES[{**CONVNEXTS, **OTHERS}[role]], classes), None, classes
    )


def trained(
    way: str, recipe: Recipe, pair: Pair, seed: int, start: PictureClassifier, few: Pictures | None = None,
    **options: Any,
) -> tuple[PictureClassifier, Any]:  # fmt: skip
    """A model adapted in one of the ways, and its history. few: the labelled target pictures, where a way uses them."""
    if way in WITHOUT_LABELS:
        return adapt(start, recipe, pair.train, pair.pool, seed=seed, **options)
    return adapt(start, recipe, few, seed=seed, **options)


def source_model(role: str, pair: Pair, seed: int, recipe: Recipe) -> PictureClassifier:
    """A backbone with a head, trained on the source: where linear probe and fine-tuning begin."""
    return adapt(backbone(role), recipe, pair.train, seed=seed)[0]


def best(rows: Sequence[dict[str, Any]], way: str, labels: int | None = None) -> Recipe:
    """The candidate of a way that was best on the validation pictures (the first of them where several are)."""
    tried = {
        row["candidate"]: row["validation"]
        for row in rows
        if row["part"] == "tuning" and row["way"] == way and row["labels"] == labels
    }
    if len(tried) != len(CANDIDATES[way]):
        raise LookupError(
            f"The part `tuning` has not tried every candidate of {way!r} ({labels} labels): run it first."
        )
    return CANDIDATES[way][max(tried, key=lambda number: (tried[number], -number))]


def tuning_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Every candidate of every way, with the first seed, on validation pictures."""
    pair, seed = pair_of("first"), SEEDS[0]

    def try_all(way: str, labels: int | None, start: PictureClassifier, few: Pictures | None = None) -> None:
        for number, recipe in enumerate(CANDIDATES[way]):
            model, _ = trained(way, recipe, pair, seed, start, few)
            note(
                way=way, labels=labels, candidate=number, rate=recipe.rate, coral=recipe.coral,
                strength=recipe.strength, validation=accuracy_of(model, pair.validation),
            )  # fmt: skip

    for way in WITHOUT_LABELS:
        try_all(way, None, backbone("vision-backbone"))
    model = source_model("vision-backbone", pair, seed, best(rows, "source only"))
    for labels in LABELS:
        few = pair.pool.few(labels, seed)
        for way in ("linear probe", "fine-tuning"):
            try_all(way, labels, model, few)
        try_all("from scratch", labels, untrained("vision-backbone", seed), few)


def measured(model: PictureClassifier, pair: Pair) -> dict[str, float]:
    """What is reported of a model: accuracy on either domain's test pictures."""
    return {"source": accuracy_of(model, pair.source_test), "target": accuracy_of(model, pair.test)}


def method_rows(note: Callable[..., None], rows: list[dict[str, Any]], which: str = "first") -> None:
    """Every way with every seed, at the settings that the tuning chose; with curves on the first pair."""
    pair = pair_of(which)
    for seed in SEEDS:
        starts = {}
        for way in WITHOUT_LABELS:
            model, _ = trained(way, best(rows, way), pair, seed, backbone("vision-backbone"))
            distance = domain_distance(features_of(model, pair.source_test), features_of(model, pair.test), seed)
            note(way=way, labels=0, seed=seed, distance=distance, **measured(model, pair))
            starts[way] = model
        plan = [("linear probe", "source only"), ("fine-tuning", "source only"), ("from scratch", "")]
        plan += [("fine-tuning", "stronger augmentation")] if which == "first" else []
        for labels in LABELS if which == "first" else LABELS[-1:]:
            few = pair.pool.few(labels, seed)
            for way, start in plan:
                begin = starts[start] if start else untrained("vision-backbone", seed)
                watched = {}
                if (way, start, which) == ("fine-tuning", "source only", "first"):
                    watched = dict(evaluate=watch(train=few, test=pair.test), evaluate_every=15)
                model, history = trained(way, best(rows, way, labels), pair, seed, begin, few, **watched)
                note(
                    way=way, start=start, labels=labels, seed=seed, train=accuracy_of(model, few),
                    curve=history.evaluations, **measured(model, pair),
                )  # fmt: skip


def second_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The ways on the second pair, with the settings that were chosen on the first; and its other domains."""
    method_rows(note, rows, "second")


def shown(
    note: Callable[..., None], rows: list[dict[str, Any]], which: str, role: str, seed: int, start: PictureClassifier,
    pretraining: int = 0,
) -> None:  # fmt: skip
    """A backbone, trained on the source only; on the first pair also after fine-tuning on 10 labels per class."""
    pair, labels = pair_of(which), LABELS[-1]
    model, _ = adapt(start, best(rows, "source only"), pair.train, seed=seed)
    figures = measured(model, pair)
    if which == "first":
        tuned, _ = adapt(model, best(rows, "fine-tuning", labels), pair.pool.few(labels, seed), seed=seed)
        figures["tuned"] = accuracy_of(tuned, pair.test)
    note(pair=which, role=role, seed=seed, pretraining=pretraining, parameters=parameters_of(model), **figures)


def modern_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The modern backbone, on both pairs."""
    for seed, which in itertools.product(SEEDS, ("first", "second")):
        shown(note, rows, which, "vision-modern", seed, backbone("vision-modern"))


def family_rows(note: Callable[..., None], rows: list[dict[str, Any]], role: str) -> None:
    """A backbone of another family, on the first pair."""
    for seed in SEEDS:
        shown(note, rows, "first", role, seed, backbone(role))


def size_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Three sizes of ConvNeXt, as they are stored, on both pairs."""
    for seed, role, which in itertools.product(SEEDS, CONVNEXTS, ("first", "second")):
        shown(note, rows, which, role, seed, backbone(role))


def pretraining_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The three sizes again, each pretrained anew with every other seed (in bf16, as the stored ones were)."""
    os.environ.setdefault("WORKBOOK_PRECISION", "bf16")
    for seed, (role, name) in itertools.product(SEEDS[1:], CONVNEXTS.items()):
        start = untrained(role, seed)
        start.backbone.load_state_dict(tiny_vision.pretrain(tiny_vision.SIZES[name], seed)[0].backbone.state_dict())
        for which in ("first", "second"):
            shown(note, rows, which, role, seed, start, pretraining=seed)


PARTS = {
    "tuning": tuning_rows, "methods": method_rows, "second": second_rows, "modern": modern_rows, "sizes": size_rows,
    "deit": functools.partial(family_rows, role="vision-deit"),
    "swin": functools.partial(family_rows, role="vision-swin"), "pretrainings": pretraining_rows,
}  # fmt: skip


if __name__ == "__main__":
    studies.run_parts(NAME, "python -m workbook.trainers.adaptation_study", SEEDS, PARTS)
