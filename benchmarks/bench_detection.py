"""COCO's detection metrics: seconds and memory against faster-coco-eval (C++) and pycocotools.

    python benchmarks/bench_detection.py

The data set has the size of COCO's validation set: 5,000 pictures, 80 classes, 36,000 objects, 250,000 detections, more
than half of them near an object. It is made here, from a seed. Ours and faster-coco-eval's runs alternate, every pair
gives a ratio, and the table shows medians; pycocotools runs once. All twelve statistics must agree to 1e-9.

Two clocks: the peers' `evaluate` and `accumulate` on data that they have read already, against our whole
`evaluate_coco` from plain dicts (so that only ours pays for reading and checking); and everything from plain dicts.
Memory is measured in a process each, which reads the data set from JSON: the peak, and by how much it is above what
the process holds with the data set read (on Linux only). Targets: 2 times faster than faster-coco-eval, and 10 times
faster than pycocotools.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from workbook import show
from workbook.vision.detection import evaluate_coco

IMAGES, CLASSES, OBJECTS, DETECTIONS = 5000, 80, 36_000, 250_000
OURS, FASTER, PYCOCO = "evaluate_coco", "faster-coco-eval", "pycocotools"


def boxes_anywhere(rng: np.random.Generator, count: int) -> np.ndarray:
    """Boxes x, y, width, height in pictures of 640 x 640, their sides log-normal around 67 pixels: (count, 4)."""
    size = np.clip(np.exp(rng.normal(4.2, 1.0, (count, 2))), 2, 500)
    return np.concatenate([rng.random((count, 2)) * np.maximum(640 - size, 1), size], 1)


def made_set(seed: int = 0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ground truth and detections: three classes a picture, some classes far more frequent; 1 % crowds; 55 % of the
    detections are moved copies of an object's box, four fifths of them with the right class; the rest is anywhere."""
    rng = np.random.default_rng(seed)
    popular = 1 / np.arange(1, CLASSES + 1)
    popular /= popular.sum()
    scenes = np.stack([rng.choice(CLASSES, 3, replace=False, p=popular) for _ in range(IMAGES)])
    image = rng.integers(0, IMAGES, OBJECTS)
    category, boxes = scenes[image, rng.integers(0, 3, OBJECTS)], boxes_anywhere(rng, OBJECTS)

    near = rng.integers(0, OBJECTS, int(DETECTIONS * 0.55))
    far = DETECTIONS - len(near)
    shift = rng.normal(0, 1, (len(near), 4)) * np.abs(rng.normal(0, 0.12, (len(near), 1)))
    moved = boxes[near] + shift * np.tile(boxes[near, 2:], 2)
    moved[:, 2:] = np.maximum(moved[:, 2:], 1)
    confused = np.where(rng.random(len(near)) < 0.8, category[near], rng.integers(0, CLASSES, len(near)))
    far_image = rng.integers(0, IMAGES, far)
    plausible = scenes[far_image, rng.integers(0, 3, far)]
    far_category = np.where(rng.random(far) < 0.5, plausible, rng.choice(CLASSES, far, p=popular))
    columns = zip(
        np.r_[image[near], far_image].tolist(), np.r_[confused, far_category].tolist(),
        np.r_[moved, boxes_anywhere(rng, far)].round(2).tolist(),
        np.r_[rng.beta(3, 2, len(near)), rng.beta(1, 4, far)].round(4).tolist(), strict=True,
    )  # fmt: skip
    found = [{"image_id": i + 1, "category_id": c + 1, "bbox": b, "score": s} for i, c, b, s in columns]
    rng.shuffle(found)
    crowd = (rng.random(OBJECTS) < 0.01).astype(int).tolist()
    rows = zip(image.tolist(), category.tolist(), boxes.round(2).tolist(), crowd, strict=True)
    truth = {
        "images": [{"id": i + 1} for i in range(IMAGES)],
        "categories": [{"id": i + 1, "name": f"kind {i + 1}"} for i in range(CLASSES)],
        "annotations": [
            {"id": n, "image_id": i + 1, "category_id": c + 1, "bbox": b, "area": 0.7 * b[2] * b[3], "iscrowd": w}
            for n, (i, c, b, w) in enumerate(rows, 1)
        ],
    }
    return truth, found


def ours(truth: dict, found: list[dict]) -> np.ndarray:
    """The twelve statistics by this library."""
    return np.array(list(evaluate_coco(truth, found).statistics.values()))


def peer_tools(tool: str) -> tuple[type, type]:
    """The classes that hold a data set and evaluate it."""
    if tool == PYCOCO:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        return COCO, COCOeval
    from faster_coco_eval import COCO, COCOeval_faster

    return COCO, COCOeval_faster


def read_by_peer(tool: str, truth: dict, found: list[dict]) -> tuple[Any, Any]:
    """The data set in the form that the tool evaluates. It writes into what it is given."""
    with contextlib.redirect_stdout(io.StringIO()):
        objects = peer_tools(tool)[0]()
        objects.dataset = truth
        objects.createIndex()
        return objects, objects.loadRes(found)


def by_peer(tool: str, objects: Any, found: Any) -> tuple[float, np.ndarray]:
    """Seconds of evaluate and accumulate, and the twelve statistics."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = peer_tools(tool)[1](objects, found, "bbox")
        began = time.perf_counter()
        evaluation.evaluate()
        evaluation.accumulate()
        seconds = time.perf_counter() - began
        evaluation.summarize()
    return seconds, np.asarray(evaluation.stats[:12], dtype=float)


def seconds_of(truth: dict, found: list[dict], repeats: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds of every run by tool, and of reading. Raises AssertionError where the tools disagree."""
    runs: dict[str, list[float]] = {OURS: [], FASTER: [], PYCOCO: []}
    reading, held, expected = {OURS: 0.0}, {}, ours(truth, found)
    for tool in (FASTER, PYCOCO):
        copies = copy.deepcopy((truth, found))
        began = time.perf_counter()
        held[tool] = read_by_peer(tool, *copies)
        reading[tool] = time.perf_counter() - began
    for repeat in range(repeats):
        began = time.perf_counter()
        ours(truth, found)
        runs[OURS].append(time.perf_counter() - began)
        for tool in (FASTER, PYCOCO) if repeat == 0 else (FASTER,):
            seconds, stats = by_peer(tool, *held[tool])
            runs[tool].append(seconds)
            np.testing.assert_allclose(stats, expected, rtol=0, atol=1e-9, err_msg=tool)
    return runs, reading


def memory_of(tool: str, folder: Path) -> None:
    """For a process of its own: evaluate once, print the peak in MB, and how far it is above the data set's."""
    truth, found = (json.loads((folder / name).read_text()) for name in ("truth.json", "found.json"))
    if tool != OURS:
        peer_tools(tool)  # what the imports need does not count for the evaluation
    before = memory_now("VmRSS")
    if tool == OURS:
        ours(truth, found)
    else:
        by_peer(tool, *read_by_peer(tool, truth, found))
    peak = memory_now("VmHWM")
    print(json.dumps([peak, peak - before]))


def memory_now(entry: str) -> float:
    """MB from Linux's list of a process's memory: VmRSS is what it holds, VmHWM the most it has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(entry + ":"))


def memory(truth: dict, found: list[dict]) -> dict[str, list[float]]:
    """Peak, and peak above the data set, in MB by tool, each in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("truth.json", truth), ("found.json", found)):
            (Path(folder) / name).write_text(json.dumps(content))
        command = [sys.executable, __file__, "--folder", folder, "--memory-of"]
        return {
            tool: json.loads(subprocess.run([*command, tool], check=True, capture_output=True, text=True).stdout)
            for tool in (OURS, FASTER, PYCOCO)
        }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        return memory_of(arguments.memory_of, arguments.folder)
    truth, found = made_set()
    runs, reading = seconds_of(truth, found, arguments.repeats)
    peaks = memory(truth, found)
    rows = []
    for tool, seconds in runs.items():
        pairs = list(zip(seconds, runs[OURS], strict=False))
        rows.append([
            tool, f"{statistics.median(seconds):.2f}", f"{statistics.median(a / b for a, b in pairs):.1f}",
            f"{statistics.median(seconds) + reading[tool]:.2f}",
            f"{statistics.median((a + reading[tool]) / b for a, b in pairs):.1f}",
            f"{peaks[tool][0]:,.0f}", f"{peaks[tool][1]:,.0f}",
        ])  # fmt: skip
    show.table(
        rows,
        ["tool", "seconds", "to ours", "with reading", "to ours", "peak MB", "above the data"],
        f"{IMAGES:,} pictures, {CLASSES} classes, {OBJECTS:,} objects, {DETECTIONS:,} detections; "
        f"{arguments.repeats} pairs of runs; all twelve statistics agree to 1e-9",
    )


if __name__ == "__main__":
    main()
