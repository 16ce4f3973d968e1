"""COCO's matching of detections with objects, for all pictures, classes, thresholds and area ranges at once.

A *group* is one class in one picture; only there can a detection take an object. `matching.match_greedy` tells the rule
for one group in a loop. Here the same is done for all groups together: in round k, every group carries out its k-th
step. What this saves is Python's loop over 400,000 groups; what it needs is one flat list of the pairs that overlap.
Many objects in one place make many rounds: 100 detections that each overlap 100 objects are 10,000.
Source: Lin et al. 2014, Microsoft COCO, and its server's rules (cocodataset.org, "Detection evaluation").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workbook.vision.coco import Detections, GroundTruth

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
AREAS = {"all": (0.0, 1e5**2), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e5**2)}
_PAIRS_AT_ONCE = 2_000_000  # bounds the memory of the overlaps, some 100 bytes a pair


@dataclass(frozen=True)
class Matches:
    """What became of D detections, sorted by class, then picture, then falling score. A area ranges, T thresholds."""

    category: np.ndarray  # (D,)
    image: np.ndarray  # (D,) its place among the sorted picture ids
    scores: np.ndarray  # (D,)
    rank: np.ndarray  # (D,) 0 for the best of its group
    hit: np.ndarray  # (A, D, T) bool: took an object that counts, a true positive
    ignored: np.ndarray  # (A, D, T) bool: neither true nor false positive


def match_all(truth: GroundTruth, detections: Detections, most: int) -> tuple[Matches, np.ndarray]:
    """Match the `most` best detections of every group; also returns which objects do not count, (A, N) bool."""
    group = detections.category * len(truth.image_ids) + detections.image
    order = np.lexsort((-detections.scores, group))  # stable: of equal scores the earlier comes first
    rank = _position_in_run(group[order])
    order, rank = order[rank < most], rank[rank < most]
    boxes, group = detections.boxes[order], group[order]

    object_ignored = truth.crowd | _outside(truth.area)  # (A, N)
    pairs = _overlapping_pairs(boxes, group, truth)
    matched, hit = _take_in_rounds(pairs, group, object_ignored, truth.crowd)
    # An unmatched detection outside the range is no mistake: it may have found an object that is outside, too.
    outside = _outside(boxes[:, 2] * boxes[:, 3])[:, :, None]  # (A, D, 1)
    ignored = np.where(matched, ~hit, outside)
    of = [values[order] for values in (detections.category, detections.image, detections.scores)]
    return Matches(*of, rank, hit, ignored), object_ignored


def _outside(area: np.ndarray) -> np.ndarray:
    """Whether areas (N,) are outside the ranges: (A, N). Both ends of a range belong to it."""
    low, high = np.array(list(AREAS.values())).T[:, :, None]
    return (area < low) | (area > high)


def _position_in_run(values: np.ndarray) -> np.ndarray:
    """For sorted values, how many equal ones stand before each: [3, 3, 3, 7, 9, 9] → [0, 1, 2, 0, 0, 1]."""
    return np.arange(len(values)) - np.searchsorted(values, values, side="left")


# ------------------------------------------------------------------------------------------------ who overlaps


@dataclass(frozen=True)
class Pairs:
    """P pairs of a detection and an object of the same group that overlap enough for the lowest threshold."""

    detection: np.ndarray  # (P,) rising
    object: np.ndarray  # (P,)
    iou: np.ndarray  # (P,)


def _overlapping_pairs(boxes: np.ndarray, group: np.ndarray, truth: GroundTruth) -> Pairs:
    """All pairs that could ever match. boxes: (D, 4) x, y, width, height, sorted by group (D,)."""
    object_group = truth.category * len(truth.image_ids) + truth.image
    by_group = np.argsort(object_group, kind="stable")
    found = []
    for detection, place in _pairs_in_groups(group, object_group[by_group]):
        one = by_group[place]
        iou = _iou(boxes[detection], truth.boxes[one], truth.crowd[one])
        enough = iou >= IOU_THRESHOLDS[0]
        found.append((detection[enough], one[enough], iou[enough]))
    return Pairs(*map(np.concatenate, zip(*found, strict=True)))


def _pairs_in_groups(group: np.ndarray, object_group: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every detection with every object of its group, some million pairs at a time: two arrays of positions.

    Both lists of groups are sorted, so that the objects of a detection's group stand side by side.
    """
    first = np.searchsorted(object_group, group, side="left")
    count = np.searchsorted(object_group, group, side="right") - first  # (D,) objects in each detection's group
    total = np.cumsum(count)
    ends = np.searchsorted(total, np.arange(_PAIRS_AT_ONCE, total[-1] if len(total) else 0, _PAIRS_AT_ONCE))
    for part in np.split(np.arange(len(group)), ends):
        detection = np.repeat(part, count[part])
        yield detection, first[detection] + _position_in_run(detection)


def _iou(detected: np.ndarray, truth: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """Overlap of pairs of boxes (P, 4) x, y, width, height → (P,)."""
    start = np.maximum(detected[:, :2], truth[:, :2])
    end = np.minimum(detected[:, :2] + detected[:, 2:], truth[:, :2] + truth[:, 2:])
    size = np.maximum(end - start, 0)
    intersection = size[:, 0] * size[:, 1]
    area = detected[:, 2] * detected[:, 3]
    # |D ∪ G| = |D| + |G| − |D ∩ G|; with a crowd, which is larger than what is in it, only |D|
    union = np.where(crowd, area, area + truth[:, 2] * truth[:, 3] - intersection)
    return np.divide(intersection, union, out=np.zeros(len(union)), where=intersection > 0)


# ---------------------------------------------------------------------------------------------- who takes whom


def _take_in_rounds(
    pairs: Pairs, group: np.ndarray, object_ignored: np.ndarray, crowd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Greedy matching: which detections took any object, and which took one that counts, (A, D, T) bool both.

    A pair is one step: this detection takes this object, if it has none yet, and if the object is still free. In the
    order of `_in_order` that is the whole rule. Steps of different groups do not touch each other, so that the k-th
    steps of all groups are carried out together, for all thresholds, as rows of bools.
    """
    shape = (*object_ignored.shape[:1], len(group), len(IOU_THRESHOLDS))
    matched, hit = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for area, ignored in enumerate(object_ignored):
        taken = np.zeros((len(crowd), len(IOU_THRESHOLDS)), dtype=bool)
        for step in _in_order(pairs, group, ignored):
            detection, one = pairs.detection[step], pairs.object[step]
            takes = pairs.iou[step, None] >= IOU_THRESHOLDS  # (steps, T)
            takes &= ~matched[area, detection] & ~taken[one]
            matched[area, detection] |= takes
            hit[area, detection] |= takes & ~ignored[one, None]
            taken[one] |= takes & ~crowd[one, None]  # a crowd may be taken many times
    return matched, hit


def _in_order(pairs: Pairs, group: np.ndarray, ignored: np.ndarray) -> list[np.ndarray]:
    """The pairs as rounds: round k holds the k-th step of every group that has one.

    In a group, the detection with the best score comes first. It tries objects that count before ignored ones, then
    the larger overlap, and of equal overlaps the later object.
    """
    one = pairs.object
    steps = np.lexsort((-one, -pairs.iou, ignored[one], pairs.detection))
    round_of_step = _position_in_run(group[pairs.detection[steps]])
    by_round = np.argsort(round_of_step, kind="stable")
    return np.split(steps[by_round], np.cumsum(np.bincount(round_of_step))[:-1])
