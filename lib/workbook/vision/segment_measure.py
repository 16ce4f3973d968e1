"""How good are the answers to each kind of prompt? Scenes with exact masks ask, one object at a time.

measured = measure(model, list(scenes(60, seed=1, split="test")))
measured.iou["a box"], measured.interval("a box")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook.metrics.bootstrap import bootstrap_interval
from workbook.show import progress_bar
from workbook.trainers.segmentation import clusters_of, correcting_points, jitter, random_pixels
from workbook.vision import segment, tiles
from workbook.vision.masks import box_masks, paired_iou, tight_boxes

Array = np.ndarray
KINDS = (
    "one point",
    "one point, best of three by the truth",
    "two points inside, one outside",
    "one point, then one correction",
    "one point, then three corrections",
    "a box drawn by hand",
    "a box",
    "a box, then one correction",
    "no model: all of the box",
)


@dataclass(frozen=True)
class Measured:
    """One row per object. iou: for each of KINDS, (N,). scene: (N,), the number of its scene.

    predicted, actual: (M,), predicted and true IoU of every mask of the first answers to points and boxes. masks: the
    answers to "a box", (N, S, S) bool.
    """

    iou: dict[str, Array]
    scene: Array
    predicted: Array
    actual: Array
    masks: Array

    def by_scene(self, kind: str) -> Array:
        """The mean IoU of each scene: objects of one scene share their ground, and are no independent witnesses."""
        return np.array([self.iou[kind][self.scene == number].mean() for number in np.unique(self.scene)])

    def interval(self, kind: str, seed: int = 0) -> tuple[float, float]:
        """The 95 % bootstrap interval of the mean over scenes."""
        return bootstrap_interval(self.by_scene(kind), np.random.default_rng(seed))


def measure(model: Any, scenes: Sequence[Any], seed: int = 0, progress: str | None = "asking") -> Measured:
    """Ask for every object of every scene, by prompts of each of KINDS.

    scenes: pictures with `image` and `masks`. Points and the hand's imprecision are random, by `seed`. A correction is
    a point where the mask is wrong, together with the mask itself. Raises ValueError for no scenes.
    """
    if not len(scenes):
        raise ValueError("There is nothing to measure: no scene was given.")
    rows: list[dict[str, Tensor]] = []
    numbers, checked, masks = [], [], []
    bar = progress_bar(len(scenes), progress, "scene") if progress else None
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for number, scene in enumerate(scenes):
            wanted = torch.tensor(np.asarray(scene.masks))
            answers, first = _ask(segment.encode(model, scene.image), wanted)
            rows.append(answers)
            checked += first
            masks.append(first[-1][2])
            numbers += [number] * len(wanted)
            if bar:
                bar.update()
    if bar:
        bar.close()
    iou = {kind: torch.cat([row[kind] for row in rows]).numpy() for kind in KINDS}
    predicted, actual = (torch.cat([pair[i].flatten() for pair in checked]).numpy() for i in (0, 1))
    return Measured(iou, np.array(numbers), predicted, actual, torch.cat(masks).numpy())


def by_zoom(
    model: Any, scenes: Sequence[Any], sides: Sequence[int], most: float = 0.95, progress: str | None = "zooming"
) -> tuple[Array, Array]:
    """How large should an object lie in the picture? Each is asked for by its box, in cut-outs of several sides.

    Returns for every object and side the share of the cut-out's side that the longer side of its box takes, and the
    IoU in the scene's own pixels: (M,), (M,). scenes: square pictures with `image`, `masks` and `boxes`. most: objects
    with a larger share are not asked for.
    """
    shares, ious = [], []
    bar = progress_bar(len(scenes), progress, "scene") if progress else None
    for scene in scenes:
        for number, box in enumerate(scene.boxes):
            longer = max(box[2:] - box[:2])
            for side in (side for side in sides if longer <= most * side):
                tile = tiles.around(scene.image, scene.masks, number, side)
                answer = segment.prompt(segment.encode(model, tile.image), boxes=tile.local(box))
                shares.append(longer / side)
                ious.append(float(paired_iou(answer.best, torch.tensor(tile.masks[:1]))))
        if bar:
            bar.update()
    if bar:
        bar.close()
    return np.array(shares), np.array(ious)


def automatic_shares(
    model: Any, scenes: Sequence[Any], points_per_side: int, level: float = 0.75, **filters: float
) -> tuple[float, float]:
    """How complete and how clean automatic masks are, at an IoU above `level`.

    Returns the share of all objects that some mask fits, and the share of masks that fit an object, a cluster of
    objects or the ground (NaN where there is no mask). scenes: pictures with `image` and `masks`. filters: as for
    `segment.automatic`.
    """
    found, clean = [], []
    for scene in scenes:
        result = segment.automatic(segment.encode(model, scene.image), points_per_side, **filters)
        masks = torch.tensor(
            np.array([mask.mask for mask in result.found], dtype=bool).reshape(-1, *scene.image.shape[:2])
        )
        things = [scene.masks, clusters_of(scene.masks), ~scene.masks.any(0, keepdims=True)]
        pairs = paired_iou(masks[:, None], torch.tensor(np.concatenate(things))[None])  # (masks, things)
        fits = pairs > level
        found += fits[:, : len(scene.masks)].any(0).tolist()
        clean += fits.any(1).tolist()
    return float(np.mean(found)), float(np.mean(clean)) if clean else float("nan")


def _ask(picture: segment.Picture, wanted: Tensor) -> tuple[dict[str, Tensor], list[tuple[Tensor, Tensor, Tensor]]]:
    """IoU by kind, (N,) each; and of the answers to a point and a box: predicted IoU, true IoU, the best masks."""
    inside, boxes = random_pixels(wanted), tight_boxes(wanted)
    point = segment.prompt(picture, points=inside[:, None])
    box = segment.prompt(picture, boxes=boxes)
    several = torch.stack([inside, random_pixels(wanted), random_pixels(~wanted)], 1)
    signs = torch.tensor([1, 1, 0]).expand(len(wanted), -1)
    first = {"point": paired_iou(point.masks, wanted[:, None]), "box": paired_iou(box.masks, wanted[:, None])}
    answers = {
        "one point": point.best,
        "two points inside, one outside": segment.prompt(picture, points=several, labels=signs).best,
        "one point, then one correction": _corrected(picture, wanted, point, inside[:, None], None, 1),
        "one point, then three corrections": _corrected(picture, wanted, point, inside[:, None], None, 3),
        "a box drawn by hand": segment.prompt(picture, boxes=_kept_in_order(jitter(boxes))).best,
        "a box": box.best,
        "a box, then one correction": _corrected(picture, wanted, box, torch.zeros(len(wanted), 0, 2), boxes, 1),
    }
    answers["no model: all of the box"] = box_masks(boxes, *wanted.shape[1:])
    iou = {kind: paired_iou(masks, wanted) for kind, masks in answers.items()}
    iou["one point, best of three by the truth"] = first["point"].max(1).values
    asked = [(point, "point"), (box, "box")]
    return iou, [(answer.predicted_iou, first[name], answer.best) for answer, name in asked]


def _corrected(
    picture: segment.Picture, wanted: Tensor, answer: segment.Answer, points: Tensor, boxes: Tensor | None, times: int
) -> Tensor:
    """The masks after `times` corrections: each adds a point where it is wrong, and gives the mask back."""
    labels = torch.ones(points.shape[:2])
    for _ in range(times):
        extra, sign = correcting_points(answer.best, wanted)
        points, labels = torch.cat([points, extra[:, None]], 1), torch.cat([labels, sign[:, None]], 1)
        answer = segment.prompt(picture, points, labels, boxes, previous=answer.best_logits)
    return answer.best


def _kept_in_order(boxes: Tensor) -> Tensor:
    """Boxes whose second corner has not been moved before the first: at least one pixel remains."""
    return torch.cat([boxes[:, :2], torch.maximum(boxes[:, 2:], boxes[:, :2] + 1)], 1)
