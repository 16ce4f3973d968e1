"""Detection metrics: COCO's twelve statistics, and the names of everything that a detection lesson needs.

`evaluate_coco` gives the numbers of pycocotools, with two of its faults left out: there an annotation with the id 0 is
never matched, and with other `max_detections` than 100 some statistics are −1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbook.vision.average_precision import (
    average_precision,
    average_precision_area,
    precision_recall,
    sampled_precision,
)
from workbook.vision.coco import Source, read_detections, read_ground_truth
from workbook.vision.coco_matching import AREAS, IOU_THRESHOLDS, Matches, match_all
from workbook.vision.matching import match_greedy, match_voc
from workbook.vision.voc import VocResult, evaluate_voc

__all__ = [
    "AREAS", "IOU_THRESHOLDS", "RECALLS", "CocoResult", "VocResult", "average_precision", "average_precision_area",
    "evaluate_coco", "evaluate_voc", "match_greedy", "match_voc", "precision_recall",
]  # fmt: skip

RECALLS = np.linspace(0, 1, 101)
ABSENT = -1.0


@dataclass(frozen=True)
class CocoResult:
    """What COCO's evaluation found. T thresholds, R recalls, K classes, A area ranges, M limits on detections.

    statistics: the twelve by name, in COCO's order: AP, AP50, AP75, AP_small, AP_medium, AP_large, AR@1, AR@10, AR@100,
        AR_small, AR_medium, AR_large; −1 where no object is of that kind. All but AR@1 and AR@10 allow the last limit.
    per_class: AP of each category, by its id; −1 where it has no object.
    precision: (T, R, K, A, M), the envelope at 101 recalls; recall: (T, K, A, M), the highest reached; −1 if absent.
    """

    statistics: dict[str, float]
    per_class: dict[int, float]
    category_names: dict[int, str]
    precision: np.ndarray
    recall: np.ndarray
    max_detections: tuple[int, ...]

    def curve(self, category_id: int, iou_threshold: float = 0.5, area: str = "all") -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision (101,) of one class, to be drawn. Raises ValueError for what was not evaluated."""
        if category_id not in self.per_class or area not in AREAS:
            raise ValueError(
                f"No category {category_id!r} or no area range {area!r}; expected one of {list(self.per_class)} and of "
                f"{list(AREAS)}."
            )
        near = np.flatnonzero(np.isclose(IOU_THRESHOLDS, iou_threshold))
        if not len(near):
            raise ValueError(f"{iou_threshold} is no threshold of COCO; expected 0.5, 0.55 ... 0.95.")
        place = list(self.per_class).index(category_id)
        return RECALLS, self.precision[near[0], :, place, list(AREAS).index(area), -1]


def evaluate_coco(ground_truth: Source, detections: Source, max_detections: Sequence[int] = (1, 10, 100)) -> CocoResult:
    """COCO's detection metrics of boxes.

    ground_truth: a dict in COCO's format, or the path of its JSON file. detections: a list of {"image_id",
    "category_id", "bbox": [x, y, width, height], "score"}, or a path. max_detections: how many detections per picture
    and class count, rising; the last one is what the AP allows. Raises ValueError that names the record for bad input,
    see workbook.vision.coco, and for other limits.
    """
    limits = _check_limits(max_detections)
    truth = read_ground_truth(ground_truth)
    found = read_detections(detections, truth)
    matches, object_ignored = match_all(truth, found, limits[-1])
    counting = [np.bincount(truth.category[~ignored], minlength=len(truth.category_ids)) for ignored in object_ignored]
    precision, recall = _accumulate(matches, np.array(counting), limits)
    ids = truth.category_ids.tolist()
    per_class = [_mean(precision[:, :, k, 0, -1]) for k in range(len(ids))]
    return CocoResult(
        _statistics(precision, recall, limits), dict(zip(ids, per_class, strict=True)),
        dict(zip(ids, truth.category_names, strict=True)), precision, recall, limits,
    )  # fmt: skip


def _check_limits(max_detections: Sequence[int]) -> tuple[int, ...]:
    limits = tuple(max_detections)
    if not limits or any(int(m) != m or m < 1 for m in limits) or sorted(set(limits)) != list(limits):
        raise ValueError(f"max_detections must be rising whole numbers from 1, such as (1, 10, 100), not {limits}.")
    return limits


def _accumulate(matches: Matches, counting: np.ndarray, limits: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M). counting: (A, K) objects that count."""
    areas, classes = counting.shape
    precision = np.full((len(IOU_THRESHOLDS), len(RECALLS), classes, areas, len(limits)), ABSENT)
    recall = np.full((len(IOU_THRESHOLDS), classes, areas, len(limits)), ABSENT)
    bounds = np.searchsorted(matches.category, np.arange(classes + 1))
    for k in range(classes):
        of_class = np.arange(bounds[k], bounds[k + 1])
        by_score = of_class[np.argsort(-matches.scores[of_class], kind="stable")]  # over all pictures
        for m, limit in enumerate(limits):
            allowed = by_score[matches.rank[by_score] < limit]
            for a in np.flatnonzero(counting[:, k]):
                hit, ignored = matches.hit[a, allowed].T, matches.ignored[a, allowed].T
                precision[:, :, k, a, m], recall[:, k, a, m] = curves(hit, ignored, counting[a, k])
    return precision, recall


def curves(
    hit: np.ndarray, ignored: np.ndarray, objects: int, times: np.ndarray | int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Envelopes (T, R) and highest recalls (T,) of one class.

    hit, ignored: (T, n) bool, best score first. objects: how many there are to find. times: (n,) how often each
    detection counts, where pictures are drawn with replacement.
    """
    found = np.cumsum(hit * times, axis=1)  # TP
    counted = np.cumsum(~ignored * times, axis=1)  # TP + FP
    recall = found / objects
    precision = found / np.maximum(counted, 1)
    sampled = [sampled_precision(r, p, RECALLS) for r, p in zip(recall, precision, strict=True)]
    return np.array(sampled), recall[:, -1] if hit.shape[1] else np.zeros(len(hit))


def _mean(values: np.ndarray) -> float:
    """The mean of what is not absent, or −1."""
    present = values[values > ABSENT]
    return float(present.mean()) if present.size else ABSENT


def _statistics(precision: np.ndarray, recall: np.ndarray, limits: tuple[int, ...]) -> dict[str, float]:
    """The twelve statistics by name."""
    named = {
        "AP": _mean(precision[..., 0, -1]),
        "AP50": _mean(precision[IOU_THRESHOLDS == 0.5][..., 0, -1]),
        "AP75": _mean(precision[IOU_THRESHOLDS == 0.75][..., 0, -1]),
    }
    sizes = [(name, a) for a, name in enumerate(AREAS) if name != "all"]
    named |= {f"AP_{name}": _mean(precision[..., a, -1]) for name, a in sizes}
    named |= {f"AR@{limit}": _mean(recall[..., 0, m]) for m, limit in enumerate(limits)}
    return named | {f"AR_{name}": _mean(recall[..., a, -1]) for name, a in sizes}
