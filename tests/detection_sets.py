"""Small detection data sets that are made to be hostile: ties, crowds, empty pictures, and exact ends of ranges."""

from __future__ import annotations

from typing import Any

import numpy as np

SIZES = (0, 1, 4, 8, 16, 32, 33, 96, 97, 200)  # 32 and 96 are the ends of the area ranges


def hostile_set(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ground truth and detections; a seed decides which of the hard cases are in it, and how often."""
    rng = np.random.default_rng(seed)
    images, classes = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    objects = 0 if seed % 23 == 0 else int(rng.integers(1, 25))
    count = seed % 19 if seed % 19 < 2 else int(rng.integers(1, 60))
    crowds, whole, levels = rng.choice([0.0, 0.2, 0.6]), rng.random() < 0.6, int(rng.choice([1, 3, 10, 1000]))

    def box() -> list[float]:
        values = [*rng.choice([0, 0, 1, 2, 5], 2), *rng.choice(SIZES, 2)]
        return [float(v) for v in (values if whole else values + rng.random(4))]

    annotations = []
    for i in range(objects):
        shape = annotations[-1]["bbox"] if annotations and rng.random() < 0.3 else box()  # twice the same
        areas = [shape[2] * shape[3], shape[2] * shape[3] * 0.6, 32.0**2, 96.0**2, 0.0, 1e10 + 1]
        annotations.append({
            "id": i + 1, "image_id": int(rng.integers(images)) + 10, "category_id": int(rng.integers(classes)) * 3 + 2,
            "bbox": shape, "area": areas[rng.choice(6, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1])],
            "iscrowd": int(rng.random() < crowds), "ignore": 1,
        })  # fmt: skip
    detections = []
    for _ in range(count):
        like = annotations[rng.integers(objects)] if objects and rng.random() < 0.7 else None
        shape = list(like["bbox"]) if like else box()
        if rng.random() < 0.5:
            shape[int(rng.integers(4))] += float(rng.choice([1, 2, 8]) if whole else rng.random() * 8)
        known = like if like and rng.random() < 0.9 else None
        detections.append({
            "image_id": known["image_id"] if known else int(rng.integers(images)) + 10,
            "category_id": known["category_id"] if known else int(rng.integers(classes)) * 3 + 2,
            "bbox": shape, "score": float(rng.integers(levels)) / levels,
        })  # fmt: skip
    truth = {
        "images": [{"id": 10 + int(i)} for i in rng.permutation(images + 1)],  # one picture may well be empty
        "categories": [{"id": 3 * int(i) + 2, "name": f"kind {i}"} for i in rng.permutation(classes + 1)],
        "annotations": [annotations[i] for i in rng.permutation(objects)],
    }
    return truth, detections
