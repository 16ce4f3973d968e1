"""PASCAL VOC's detection metric: average precision at one overlap, by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbook.vision.average_precision import Points, average_precision, precision_recall
from workbook.vision.coco import Detections, GroundTruth, Source, read_detections, read_ground_truth
from workbook.vision.matching import match_voc


@dataclass(frozen=True)
class VocResult:
    """mean_ap: the mean over classes that have an object, NaN where none has. per_class: AP by category id, NaN where
    the class has no object. curves: (recall, precision) by category id, of the classes that have one."""

    mean_ap: float
    per_class: dict[int, float]
    category_names: dict[int, str]
    curves: dict[int, tuple[np.ndarray, np.ndarray]]


def evaluate_voc(
    ground_truth: Source, detections: Source, iou_threshold: float = 0.5, points: Points = "all", plus_one: bool = False
) -> VocResult:
    """VOC's average precision of boxes.

    ground_truth, detections: as for `evaluate_coco`; an annotation with "difficult": 1 (or a crowd, which VOC does not
    know) need not be found, and a detection of it is left out. A second detection of an object is a false positive.
    points: see `average_precision`. plus_one: widths and heights as x2 − x1 + 1, as the VOC kit counts whole pixels.
    Raises ValueError for bad input, naming the record, and for another threshold or convention.
    Source: Everingham et al. 2010, The PASCAL VOC Challenge, sections 4.2 and 4.3.
    """
    if not 0 < iou_threshold <= 1:
        raise ValueError(f"The IoU threshold must be above 0 and at most 1, and is {iou_threshold}.")
    truth = read_ground_truth(ground_truth)
    found = read_detections(detections, truth)
    ids = truth.category_ids.tolist()
    curves = {}
    for k, category_id in enumerate(ids):
        flags, objects = _true_positives(truth, found, k, iou_threshold, plus_one)
        if objects:
            curves[category_id] = precision_recall(*flags, objects)
    per_class = {key: average_precision(*curves[key], points) if key in curves else float("nan") for key in ids}
    mean = float(np.mean([per_class[key] for key in curves])) if curves else float("nan")
    return VocResult(mean, per_class, dict(zip(ids, truth.category_names, strict=True)), curves)


def _true_positives(
    truth: GroundTruth, found: Detections, category: int, iou_threshold: float, plus_one: bool
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    """Scores and flags of one class's detections, without those of difficult objects, and how many objects count."""
    objects, detected = np.flatnonzero(truth.category == category), np.flatnonzero(found.category == category)
    difficult = truth.difficult | truth.crowd
    taken, ignored = np.full(len(detected), -1), np.zeros(len(detected), dtype=bool)
    for image in np.unique(found.image[detected]):
        mine, theirs = found.image[detected] == image, objects[truth.image[objects] == image]
        iou = _pixel_iou(found.boxes[detected[mine]], truth.boxes[theirs], 1.0 if plus_one else 0.0)
        taken[mine], ignored[mine] = match_voc(iou, found.scores[detected[mine]], iou_threshold, difficult[theirs])
    flags = found.scores[detected][~ignored], (taken >= 0)[~ignored]
    return flags, int((~difficult[objects]).sum())


def _pixel_iou(a: np.ndarray, b: np.ndarray, extra: float) -> np.ndarray:
    """IoU of boxes (N, 4) and (M, 4), x, y, width, height, whose widths and heights are counted as `extra` more."""
    end_a, end_b = a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]
    size = np.minimum(end_a[:, None], end_b[None]) - np.maximum(a[:, None, :2], b[None, :, :2]) + extra  # (N, M, 2)
    intersection = np.maximum(size, 0).prod(2)
    area_a, area_b = (a[:, 2:] + extra).prod(1), (b[:, 2:] + extra).prod(1)
    union = area_a[:, None] + area_b[None] - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=intersection > 0)
