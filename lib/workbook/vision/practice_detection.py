"""Exercises of lesson 10: overlap of boxes, matching, precision and recall, average precision, IoU of classes."""

from __future__ import annotations

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.vision.average_precision import average_precision_area, precision_recall
from workbook.vision.boxes import box_iou
from workbook.vision.masks import iou_from_confusion
from workbook.vision.matching import match_greedy

# --------------------------------------------------------------------------------------------- overlap of boxes


def _box_cases(rng: np.random.Generator) -> list[Case]:
    def boxes(*rows: list[float]) -> torch.Tensor:
        return torch.tensor(rows, dtype=torch.float64).reshape(-1, 4)

    def random(count: int) -> torch.Tensor:
        corner, size = rng.integers(0, 20, (count, 2)), rng.integers(1, 20, (count, 2))
        return torch.tensor(np.concatenate([corner, corner + size], 1), dtype=torch.float64)

    square = boxes([0, 0, 2, 2])
    return [
        Case("two squares of area 4 share one pixel", (square, boxes([1, 1, 3, 3]))),
        Case("a box with itself", (square, square)),
        Case("a small box inside a large one", (square, boxes([0, 0, 1, 1]))),
        Case(
            "one box with three, one of them apart on the right", (square, boxes([1, 0, 3, 2], [5, 0, 7, 2], square[0]))
        ),
        Case("apart in both directions", (square, boxes([5, 5, 7, 9]))),
        Case("two boxes with two: every one with every one", (random(2), random(2))),
        Case("a box without area, with itself", (boxes([3, 3, 3, 3]), boxes([3, 3, 3, 3]))),
        Case("five boxes with four", (random(5), random(4))),
    ]


def _overlap(a, b, extra=0.0, clamp=True, union="proper", otherwise=0.0):
    """A wrong version per switch that is turned."""
    size = torch.minimum(a[:, None, 2:], b[None, :, 2:]) - torch.maximum(a[:, None, :2], b[None, :, :2]) + extra
    shared = (size.clamp(min=0) if clamp else size).prod(-1)
    area_a, area_b = (a[:, 2:] - a[:, :2] + extra).prod(-1)[:, None], (b[:, 2:] - b[:, :2] + extra).prod(-1)[None]
    divisor = {
        "proper": area_a + area_b - shared, "sum": (area_a + area_b).expand_as(shared),
        "smaller": torch.minimum(area_a, area_b), "first": area_a.expand_as(shared),
    }[union]  # fmt: skip
    return torch.where(divisor > 0, shared / divisor, torch.full_like(shared, otherwise))


def _plus_one(a, b):
    return _overlap(a, b, extra=1.0)


def _counted_twice(a, b):
    return _overlap(a, b, union="sum")


def _not_clamped(a, b):
    return _overlap(a, b, clamp=False)


def _over_the_smaller(a, b):
    return _overlap(a, b, union="smaller")


def _over_the_first(a, b):
    return _overlap(a, b, union="first")


def _nothing_by_nothing(a, b):
    return _overlap(a, b, otherwise=float("nan"))


def _row_by_row(a, b):
    return _overlap(a, b).diagonal()


practice(
    box_iou,
    difficulty=1,
    minutes=10,
    cases=_box_cases,
    mistakes=[
        Mistake(
            _plus_one, "you count one pixel more in each direction (x2 − x1 + 1), as old tools did; here it is x2 − x1."
        ),
        Mistake(_counted_twice, "the union counts the intersection twice: it is in both areas."),
        Mistake(
            _not_clamped, "boxes that do not meet have a negative width or height in common; clamp both at 0 first."
        ),
        Mistake(_over_the_smaller, "you divide by the smaller area, and not by the union."),
        Mistake(_over_the_first, "you divide by the area of a's boxes alone, and not by the union."),
        Mistake(_nothing_by_nothing, "two boxes without area give 0 / 0, which is NaN; their overlap is 0."),
        Mistake(_row_by_row, "every box of a with *every* box of b: the result is (N, M), not one number per row."),
    ],
    hints=[
        "a[:, None] and b[None, :] broadcast to all pairs (N, M, ...).",
        "What two boxes share begins at the larger of the upper left corners, and ends at the smaller of the others.",
        "The intersection is (end − start).clamp(min=0).prod(-1), the union both areas minus it; mind 0 / 0.",
    ],
)

# --------------------------------------------------------------------------------------------- greedy matching


def _match_cases(rng: np.random.Generator) -> list[Case]:
    def table(*rows: list[float]) -> np.ndarray:
        return np.array(rows, dtype=float)

    def scores(*values: float) -> np.ndarray:
        return np.array(values)

    return [
        Case("two detections, two objects", (table([0.8, 0.1], [0.2, 0.7]), scores(0.9, 0.6))),
        Case("an overlap of 0.4 is too little for 0.5", (table([0.4]), scores(0.9))),
        Case("both overlap the one object", (table([0.6], [0.9]), scores(0.9, 0.6))),
        Case("the surer detection is the second", (table([0.9], [0.6]), scores(0.3, 0.8))),
        Case("the best object is the second", (table([0.6, 0.9]), scores(0.5))),
        Case("the best object is taken, another is free", (table([0.9, 0.2], [0.8, 0.6]), scores(0.9, 0.8))),
        Case("an overlap of exactly 0.5", (table([0.5]), scores(0.9))),
        Case("equal scores, one object", (table([0.6], [0.9]), scores(0.5, 0.5))),
        Case("equal overlaps", (table([0.75, 0.75]), scores(0.5))),
        Case("no object", (np.zeros((2, 0)), scores(0.5, 0.6))),
        Case("a threshold of 0.75", (table([0.7, 0.1], [0.8, 0.75]), scores(0.6, 0.5), 0.75)),
        Case("six detections, four objects", (rng.random((6, 4)).round(2), rng.random(6).round(2))),
    ]


def _taking(iou, scores, iou_threshold=0.5, *, order=None, free_only=True, claims=True, strict=False, pick="last"):
    """A wrong version per switch that is turned."""
    taken, free = np.full(len(scores), -1), np.ones(iou.shape[1], dtype=bool)
    for detection in np.argsort(-scores, kind="stable") if order is None else order:
        row = iou[detection]
        enough = row > iou_threshold if strict else row >= iou_threshold
        options = np.flatnonzero(enough & free) if free_only else np.flatnonzero(enough)
        if not len(options):
            continue
        best = options[row[options] == row[options].max()][-1 if pick == "last" else 0] if pick != "any" else options[0]
        if free[best]:
            taken[detection], free[best] = best, not claims
    return taken


def _taken_twice(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, claims=False)


def _as_they_come(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, order=range(len(scores)))


def _worst_first(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, order=np.argsort(scores, kind="stable"))


def _ties_reversed(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, order=np.argsort(scores, kind="stable")[::-1])


def _best_or_none(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, free_only=False)


def _strictly_above(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, strict=True)


def _first_that_fits(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, pick="any")


def _earlier_object(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores, iou_threshold, pick="first")


def _always_half(iou, scores, iou_threshold=0.5):
    return _taking(iou, scores)


practice(
    match_greedy,
    difficulty=2,
    minutes=15,
    cases=_match_cases,
    mistakes=[
        Mistake(_taken_twice, "an object is found once: when a detection has taken it, it is no longer free."),
        Mistake(_as_they_come, "the surest detection chooses first: go through them by falling score."),
        Mistake(_worst_first, "you go through the scores from the lowest; the *highest* chooses first."),
        Mistake(
            _ties_reversed, "of equal scores the earlier detection comes first; a reversed argsort turns them round."
        ),
        Mistake(
            _best_or_none, "if the best object is taken, the next best that is free will do (VOC's rule is another)."
        ),
        Mistake(_strictly_above, "an overlap equal to the threshold is enough."),
        Mistake(_first_that_fits, "of the objects that overlap enough, the one with the *largest* overlap is taken."),
        Mistake(_earlier_object, "of equal overlaps COCO takes the later object."),
        Mistake(_always_half, "you compare with 0.5 whatever iou_threshold says."),
    ],
    hints=[
        "np.argsort(-scores, kind='stable') is the order in which detections choose.",
        "Keep a bool per object, whether it is free; a detection looks only at the free ones that overlap enough.",
        "Of those, go through them in order and replace the best so far when the overlap is at least as large.",
    ],
)

# ------------------------------------------------------------------------------------- precision against recall


def _curve_cases(rng: np.random.Generator) -> list[Case]:
    def call(scores: list[float], flags: list[int], objects: int) -> tuple:
        return np.array(scores, dtype=float), np.array(flags, dtype=bool), objects

    return [
        Case("sorted already; two of three right; two objects", call([0.9, 0.8, 0.7], [1, 0, 1], 2)),
        Case("four objects, of which one is found", call([0.9, 0.8], [1, 0], 4)),
        Case("not sorted", call([0.2, 0.9, 0.5], [0, 1, 1], 3)),
        Case("equal scores keep their order", call([0.5, 0.5, 0.5, 0.9], [1, 0, 0, 1], 2)),
        Case("nothing is right", call([0.6, 0.4], [0, 0], 2)),
        Case("no detection", call([], [], 3)),
        Case("twelve detections", (rng.random(12).round(2), rng.random(12) < 0.5, 15)),
    ]


def _curve(scores, flags, objects, *, order=None, precision_by=None, recall_by=None):
    """A wrong version per switch that is turned."""
    found = np.cumsum(flags[np.argsort(-scores, kind="stable") if order is None else order])
    so_far = np.arange(1, len(found) + 1)
    return found / (objects if recall_by is None else recall_by), found / (
        so_far if precision_by is None else precision_by
    )


def _curve_unsorted(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth, order=np.arange(len(scores)))


def _curve_worst_first(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth, order=np.argsort(scores, kind="stable"))


def _curve_ties_reversed(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth, order=np.argsort(scores, kind="stable")[::-1])


def _precision_of_all(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth, precision_by=max(len(scores), 1))


def _precision_of_objects(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth, precision_by=num_ground_truth)


def _recall_of_found(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth, recall_by=max(is_true_positive.sum(), 1))


def _swapped(scores, is_true_positive, num_ground_truth):
    return _curve(scores, is_true_positive, num_ground_truth)[::-1]


practice(
    precision_recall,
    difficulty=1,
    minutes=10,
    cases=_curve_cases,
    mistakes=[
        Mistake(_curve_unsorted, "sort by falling score first: a threshold that falls lets the surest in first."),
        Mistake(_curve_worst_first, "you sort by rising score; the surest detection comes first."),
        Mistake(_curve_ties_reversed, "equal scores keep their order; a reversed argsort turns them round."),
        Mistake(_precision_of_all, "precision divides by the detections *so far* (1, 2, 3 ...), not by all of them."),
        Mistake(_precision_of_objects, "precision divides by the detections so far; the objects belong to the recall."),
        Mistake(_recall_of_found, "recall divides by all objects there are, not by those that were found in the end."),
        Mistake(_swapped, "recall comes first, then precision."),
    ],
    hints=[
        "Sort the flags by falling score: np.argsort(-scores, kind='stable').",
        "np.cumsum of the sorted flags is how many objects the best 1, 2, 3 ... detections found.",
        "Divide it by the number of objects for the recall, and by 1, 2, 3 ... for the precision.",
    ],
)

# -------------------------------------------------------------------------------------------- average precision


def _area_cases(rng: np.random.Generator) -> list[Case]:
    found = rng.random(10) < 0.5
    hits = np.cumsum(found)
    return [
        Case("one detection, right, of one object", (np.array([1.0]), np.array([1.0]))),
        Case("precision 1 up to recall 0.5, and no further", (np.array([0.5]), np.array([1.0]))),
        Case("right, right", (np.array([0.25, 0.5]), np.array([1.0, 1.0]))),
        Case("right, wrong, right, of two", (np.array([0.5, 0.5, 1.0]), np.array([1.0, 0.5, 2 / 3]))),
        Case("wrong, right, right, of three", (np.array([0.0, 1 / 3, 2 / 3]), np.array([0.0, 0.5, 2 / 3]))),
        Case("no detection", (np.array([]), np.array([]))),
        Case("ten detections of eight objects", (hits / 8, hits / np.arange(1, 11))),
    ]


def _from_the_right(values):
    return np.maximum.accumulate(values[::-1])[::-1]


def _no_envelope(recall, precision):
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _envelope_from_the_left(recall, precision):
    return float(np.sum(np.diff(recall, prepend=0.0) * np.maximum.accumulate(precision)))


def _first_step_lost(recall, precision):
    return float(np.sum(np.diff(recall) * _from_the_right(precision)[1:]))


def _trapezes(recall, precision):
    left = np.concatenate([precision[:1], precision[:-1]])
    return float(np.sum(np.diff(recall, prepend=0.0) * (precision + left) / 2))


def _mean_precision(recall, precision):
    return float(precision.mean()) if len(precision) else 0.0


def _up_to_one(recall, precision):
    heights = np.append(_from_the_right(precision), precision[-1:].sum())
    return float(np.sum(np.diff(np.append(recall, 1.0), prepend=0.0) * heights))


practice(
    average_precision_area,
    difficulty=2,
    minutes=12,
    cases=_area_cases,
    mistakes=[
        Mistake(
            _no_envelope, "the envelope is missing: at each recall, the best precision there *or further right* counts."
        ),
        Mistake(
            _envelope_from_the_left, "you take the best precision from the left; it is the best of those that follow."
        ),
        Mistake(_first_step_lost, "the first step, from recall 0 to the first recall, is missing."),
        Mistake(
            _trapezes,
            "you join the points by sloping lines; the envelope is a staircase, and its area a sum of rectangles.",
        ),
        Mistake(
            _mean_precision, "this is the mean precision of the detections; weigh each by how much the recall rises."
        ),
        Mistake(_up_to_one, "beyond the last recall nothing is found: the precision there is 0, and adds no area."),
    ],
    hints=[
        "np.maximum.accumulate is the largest number so far. From which end do you need it?",
        "The envelope: turn the precision round, accumulate, turn it back.",
        "The widths of the rectangles are np.diff(recall, prepend=0.0), their heights the envelope.",
    ],
)

# ------------------------------------------------------------------------------------------------ IoU of classes


def _confusion_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("two classes, everything right", (np.array([[3, 0], [0, 5]]),)),
        Case("two classes, three pixels wrong", (np.array([[4, 1], [2, 3]]),)),
        Case("a class that is never predicted", (np.array([[4, 0], [2, 0]]),)),
        Case("a class that is predicted, and never there", (np.array([[4, 2], [0, 0]]),)),
        Case("a class that is neither there nor predicted", (np.array([[4, 1, 0], [2, 3, 0], [0, 0, 0]]),)),
        Case("five classes", (rng.integers(0, 9, (5, 5)),)),
    ]


def _ratio(confusion, divisor, times=1.0, otherwise=np.nan):
    """times · TP / divisor, and `otherwise` where there is nothing to divide by."""
    hits = np.diagonal(confusion) * times
    return np.where(divisor > 0, hits / np.maximum(divisor, 1), otherwise)


def _both_sums(confusion):
    return confusion.sum(0) + confusion.sum(1)


def _diagonal_twice(confusion):
    return _ratio(confusion, _both_sums(confusion))


def _of_true(confusion):
    return _ratio(confusion, confusion.sum(1))


def _of_predicted(confusion):
    return _ratio(confusion, confusion.sum(0))


def _dice(confusion):
    return _ratio(confusion, _both_sums(confusion), times=2.0)


def _absent_is_bad(confusion):
    return _ratio(confusion, _both_sums(confusion) - np.diagonal(confusion), otherwise=0.0)


def _absent_is_good(confusion):
    return _ratio(confusion, _both_sums(confusion) - np.diagonal(confusion), otherwise=1.0)


def _of_all_pixels(confusion):
    return np.diagonal(confusion) / confusion.sum()


practice(
    iou_from_confusion,
    difficulty=1,
    minutes=8,
    cases=_confusion_cases,
    mistakes=[
        Mistake(
            _diagonal_twice, "the union counts the intersection twice: it is in the row's sum and in the column's."
        ),
        Mistake(
            _of_true, "you divide by the pixels that are of the class; those predicted as it belong to the union, too."
        ),
        Mistake(
            _of_predicted, "you divide by the pixels predicted as the class; those that are of it belong to the union."
        ),
        Mistake(_dice, "this is the Dice coefficient, 2 TP / (2 TP + FP + FN); IoU is TP / (TP + FP + FN)."),
        Mistake(_absent_is_bad, "a class that is neither there nor predicted gets NaN: 0 would pull the mean down."),
        Mistake(_absent_is_good, "a class that is neither there nor predicted gets NaN: 1 would pull the mean up."),
        Mistake(
            _of_all_pixels, "you divide by all pixels; the union holds only those where the class is or is predicted."
        ),
    ],
    hints=[
        "The intersection of a class is on the diagonal: it is there, and it is predicted.",
        "Its row sums to the pixels that are of the class, its column to those predicted as it. What is in both?",
        "row + column − diagonal is the union; np.divide(..., where=union > 0) into an array full of NaN.",
    ],
)
