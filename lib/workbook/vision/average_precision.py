"""From scores to one number: the precision-recall curve, and average precision by its three conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Points = Literal["all", 11, 101]


def precision_recall(
    scores: np.ndarray | Sequence[float], is_true_positive: np.ndarray | Sequence[bool], num_ground_truth: int
) -> tuple[np.ndarray, np.ndarray]:
    """The curve that a falling threshold draws: (recall, precision), (N,) each, best score first.

    scores: (N,), one per detection; is_true_positive: (N,) whether it found an object; num_ground_truth: objects there
    are, found or not. Entry i is about the i + 1 best detections; equal scores keep their order. Recall comes first, as
    `average_precision` takes them. Raises ValueError for different lengths, NaN, and where there is no object.
    """
    scores, is_true_positive = check_detections(scores, is_true_positive, num_ground_truth)
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(is_true_positive[order])  # TP among the best i + 1
    # recall = TP / objects, precision = TP / detections so far
    return found / num_ground_truth, found / np.arange(1, len(found) + 1)


def check_detections(
    scores: np.ndarray | Sequence[float], is_true_positive: np.ndarray | Sequence[bool], num_ground_truth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scores as floats and flags as bools, (N,) each, or the ValueErrors of `precision_recall`."""
    scores, flags = np.asarray(scores, dtype=float), np.asarray(is_true_positive).astype(bool)
    if scores.ndim != 1 or scores.shape != flags.shape:
        raise ValueError(
            f"Expected one score and one flag per detection, got the shapes {scores.shape}, {flags.shape}."
        )
    if np.isnan(scores).any():
        raise ValueError(f"The score of detection {int(np.argmax(np.isnan(scores)))} is NaN; expected a number.")
    if num_ground_truth < 1:
        raise ValueError("Without a ground truth there is no recall: leave such a class out of the mean.")
    if flags.sum() > num_ground_truth:
        raise ValueError(
            f"{flags.sum()} detections are true positives of only {num_ground_truth} objects; a second detection of "
            "the same object is a false positive."
        )
    return scores, flags


def average_precision(
    recall: np.ndarray | Sequence[float], precision: np.ndarray | Sequence[float], points: Points = "all"
) -> float:
    """Average precision of one class: the area under its precision-recall curve, by one of three conventions.

    recall, precision: (N,) as `precision_recall` gives them, recall not falling. points: "all", the exact area (VOC
    since 2010); 11, the mean over the recalls 0, 0.1 ... 1 (VOC until 2009); 101, over 0, 0.01 ... 1 (COCO). All three
    take the envelope, the best precision at this recall *or beyond*. No detection gives 0. Raises ValueError for other
    points, and for curves that are none.
    Source: Everingham et al. 2010, section 4.2; Lin et al. 2014; Padilla et al. 2021, section 3.
    """
    if points not in ("all", 11, 101):
        raise ValueError(f'Unknown convention points={points!r}; expected "all", 11 or 101.')
    recall, precision = _check_curve(recall, precision)
    if points == "all":
        return average_precision_area(recall, precision)
    return float(sampled_precision(recall, precision, np.linspace(0, 1, points)).mean())


def average_precision_area(recall: np.ndarray, precision: np.ndarray) -> float:
    """The exact area under the envelope of a precision-recall curve, (N,) each, recall not falling.

    AP = Σ_i (r_i − r_{i−1}) · max_{j ≥ i} p_j, with r_0 = 0. Beyond the last recall the precision is 0.
    """
    # From the right: the best precision at this recall or a higher one.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def sampled_precision(recall: np.ndarray, precision: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The envelope's height at some recalls: p(r) = max of the precisions whose recall is at least r, and 0 if none is.

    recall, precision: (N,), recall not falling; points: (R,). Returns (R,).
    """
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    # searchsorted finds the first entry whose recall is >= the point; behind the last one stands a 0
    return np.append(envelope, 0.0)[np.searchsorted(recall, points, side="left")]


def _check_curve(recall: np.ndarray | Sequence, precision: np.ndarray | Sequence) -> tuple[np.ndarray, np.ndarray]:
    recall, precision = np.asarray(recall, dtype=float), np.asarray(precision, dtype=float)
    if recall.ndim != 1 or recall.shape != precision.shape:
        raise ValueError(f"Expected two equally long lists, got the shapes {recall.shape} and {precision.shape}.")
    for name, values in (("recall", recall), ("precision", precision)):
        if not ((values >= 0) & (values <= 1)).all():  # false for NaN, too
            bad = int(np.argmin((values >= 0) & (values <= 1)))
            raise ValueError(f"Entry {bad} of the {name} is {values[bad]}; expected numbers between 0 and 1.")
    if (np.diff(recall) < 0).any():
        bad = int(np.argmax(np.diff(recall) < 0)) + 1
        raise ValueError(
            f"The recall falls at entry {bad}; expected detections by falling score, see precision_recall."
        )
    return recall, precision
