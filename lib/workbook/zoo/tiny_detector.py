"""The recipe of tiny-detector: it finds eight kinds of objects, and has learnt from the domain "studio" alone.

    python -m workbook.zoo build tiny-detector

It has seen plain grounds and even light only: no photo behind the objects, no shadow, no darkness. That is on purpose,
for lesson 10 measures what that costs elsewhere, and what a little training on the spot brings back.
"""

from __future__ import annotations

import os

import torch
from torch import nn

from workbook import files
from workbook.datasets.scenes import KINDS, Scene, scenes
from workbook.trainers.detection import as_coco, as_results, batches, detection_loss
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear
from workbook.vision.detection import evaluate_coco
from workbook.vision.detector import TinyDetector, TinyDetectorConfig, detect
from workbook.zoo.building import store

SEED, STEPS, BATCH, RATE = 0, 3000, 32, 3e-3
SCENES, DOMAIN = 6000, "studio"
VALIDATION, HELD_OUT = 9_000, 300  # the seed of scenes that no epoch shows, and how many are measured


def build(name: str = "tiny-detector") -> None:
    """Train and store it."""
    training = list(scenes(SCENES, SEED, domain=DOMAIN))
    validation = list(scenes(HELD_OUT, VALIDATION, domain=DOMAIN))
    torch.manual_seed(SEED)
    model = TinyDetector(TinyDetectorConfig(num_labels=len(KINDS)))
    precision = os.environ.get("WORKBOOK_PRECISION", "no")  # "bf16" is faster where the processor can
    history = fit(
        model, batches(training, BATCH), detection_loss, steps=STEPS, learning_rate=RATE,
        schedule=warmup_linear(STEPS // 20, STEPS), precision=precision, seed=SEED,
        evaluate=lambda model: {"AP": measure(model, validation)["AP"]}, evaluate_every=STEPS // 8,
        checkpoint=files.home() / "checkpoints" / f"{name}.pt", progress=name,
    )  # fmt: skip
    facts = {"seed": SEED, "scenes": SCENES, "domain": DOMAIN, "steps": STEPS, "batch": BATCH, "learning_rate": RATE}
    facts |= {"precision": precision, "seconds_of_training": round(history.seconds), "held_out_scenes": HELD_OUT}
    for domain in ("studio", "photo", "night"):
        held_out = list(scenes(HELD_OUT, VALIDATION, domain=domain, split="test"))
        figures = measure(model, held_out)
        facts |= {f"{statistic}, {domain}, test split": round(figures[statistic], 3) for statistic in ("AP", "AP50")}
    facts["licence"] = "that of the workbook"
    print(history.evaluations, store(name, model, None, facts, __doc__.strip()), facts)


def measure(model: nn.Module, held_out: list[Scene]) -> dict[str, float]:
    """COCO's statistics of a detector on scenes."""
    found = detect(model, [scene.image for scene in held_out], threshold=0.02)
    return evaluate_coco(as_coco(held_out, KINDS), as_results(found)).statistics
