"""Boxes: overlap, area, formats, non-maximum suppression, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.vision.boxes import FORMATS, box_area, box_iou, check_boxes, convert, nms

whole = st.integers(-9, 9)
corner_boxes = st.lists(
    st.tuples(whole, whole, st.integers(0, 9), st.integers(0, 9)).map(lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]),
    min_size=1,
    max_size=6,
)


def painted(box: list[int]) -> set[tuple[int, int]]:
    """The unit squares that a box of whole numbers covers."""
    return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}


@settings(max_examples=40, deadline=None)
@given(corner_boxes, corner_boxes)
def test_iou_counts_squares(a: list[list[int]], b: list[list[int]]) -> None:
    """On a grid, intersection and union can be counted square by square."""
    expected = [
        [len(painted(p) & painted(q)) / len(painted(p) | painted(q)) if painted(p) | painted(q) else 0.0 for q in b]
        for p in a
    ]
    torch.testing.assert_close(box_iou(a, b), torch.tensor(expected, dtype=torch.float64))


def test_iou_by_hand() -> None:
    """Two squares of area 4 that share 1: 1 / 7, and no pixel more."""
    assert box_iou([[0, 0, 2, 2]], [[1, 1, 3, 3]]).item() == pytest.approx(1 / 7)
    assert box_iou([[0, 0, 2, 2]], [[2, 0, 4, 2]]).item() == 0  # they touch


def test_area() -> None:
    """Width times height, and 0 for a line."""
    assert box_area([[1, 2, 4, 6], [3, 3, 3, 9]]).tolist() == [12, 0]


def test_what_comes_out() -> None:
    """Floats keep their precision; half precision, whole numbers, lists and arrays are raised."""
    box = [[0.0, 0.0, 300.0, 300.0]]
    kinds = {torch.float64: torch.float64, torch.float32: torch.float32, torch.float16: torch.float32}
    for given_type, expected in {**kinds, torch.bfloat16: torch.float32, torch.int64: torch.float64}.items():
        boxes = torch.tensor(box, dtype=given_type)
        assert box_iou(boxes, boxes).dtype == box_area(boxes).dtype == expected
        assert box_area(boxes).item() == 90_000  # more than float16 can hold
    assert box_iou(np.array(box, dtype=np.float32), box).dtype == torch.float64
    frozen = np.array(box)
    frozen.flags.writeable = False
    assert box_iou(frozen, box).item() == 1


def test_empty_lists() -> None:
    """No box is a list of boxes, too."""
    assert box_iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert box_iou(torch.zeros(2, 4), torch.zeros(0, 4)).shape == (2, 0)
    assert box_area([]).shape == (0,) and convert([], "xywh", "xyxy").shape == (0, 4)
    assert nms([], [], 0.5).tolist() == []


def test_convert_by_hand() -> None:
    """One box in its three forms."""
    forms = {"xyxy": [[10, 20, 14, 26]], "xywh": [[10, 20, 4, 6]], "cxcywh": [[12, 23, 4, 6]]}
    for source in FORMATS:
        for target in FORMATS:
            assert convert(forms[source], source, target).tolist() == forms[target], (source, target)


def test_convert_leaves_its_input_alone() -> None:
    """The result is new wherever it differs."""
    boxes = torch.tensor([[10.0, 20.0, 4.0, 6.0]])
    convert(boxes, "cxcywh", "xyxy")
    assert boxes.tolist() == [[10, 20, 4, 6]]


@pytest.mark.parametrize(
    ("boxes", "says"),
    [
        ([[0, 0, 1, 1], [4, 0, 2, 1]], r"Box 1 is \[4.0, 0.0, 2.0, 1.0\].*smaller.*xywh"),
        ([[0, 5, 1, 4]], "Box 0"),
        ([[0, 0, 1, float("nan")]], "Box 0 .*finite"),
        ([[0, 0, float("inf"), 1]], "finite"),
        ([0, 0, 1, 1], r"shape \(N, 4\).*got \(4,\)"),
        ([[0, 0, 1]], r"shape \(N, 4\).*got \(1, 3\)"),
        ([[0, 0, 1, 1], [0, 0]], "table of numbers"),
        ("boxes", "table of numbers"),
    ],
)
def test_bad_boxes_are_named(boxes: list, says: str) -> None:
    """Each function that takes corners refuses them with the same words."""
    for refuse in (check_boxes, box_area, lambda b: box_iou([[0, 0, 1, 1]], b), lambda b: nms(b, [0.5, 0.5], 0.5)):
        with pytest.raises(ValueError, match=says):
            refuse(boxes)


def test_convert_refuses() -> None:
    """Unknown formats and negative sizes."""
    with pytest.raises(ValueError, match=r"Unknown box format 'yolo'; expected one of xyxy, xywh, cxcywh"):
        convert([[0, 0, 1, 1]], "xyxy", "yolo")
    for source in ("xywh", "cxcywh"):
        with pytest.raises(ValueError, match=r"Box 1 is .*width or height is negative"):
            convert([[0, 0, 1, 1], [5, 5, -1, 2]], source, "xyxy")
    with pytest.raises(ValueError, match="Box 0 is"):
        convert([[3, 0, 1, 1]], "xyxy", "xywh")


def slow_nms(boxes: torch.Tensor, scores: torch.Tensor, threshold: float) -> list[int]:
    """Take the best box left, strike out what overlaps it; over and over."""
    left, kept = list(range(len(boxes))), []
    while left:
        best = max(left, key=lambda i: (scores[i].item(), -i))
        kept.append(best)
        left = [i for i in left if i != best and box_iou(boxes[[best]], boxes[[i]]).item() <= threshold]
    return kept


@pytest.mark.parametrize("seed", range(8))
def test_nms_against_the_slow_way(seed: int) -> None:
    """Random boxes, many of equal score."""
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 12, (14, 2))
    boxes = torch.tensor(np.concatenate([corner, corner + rng.integers(1, 10, (14, 2))], 1))
    scores = torch.tensor(rng.integers(0, 4, 14) / 4)
    kept = nms(boxes, scores, 0.3).tolist()
    assert kept == slow_nms(boxes, scores, 0.3) and 1 < len(kept) < 14


def test_nms_keeps_the_order_of_equal_scores() -> None:
    """So many boxes that an unstable sort would mix them."""
    boxes = [[2 * i, 0, 2 * i + 1, 1] for i in range(300)]
    assert nms(boxes, [0.5] * 300, 0.5).tolist() == list(range(300))


def test_nms_at_the_threshold() -> None:
    """An overlap equal to the threshold stays; a suppressed box suppresses nobody."""
    half = [[0, 0, 2, 1], [0, 0, 1, 1]]
    assert nms(half, [0.9, 0.8], 0.5).tolist() == [0, 1]
    assert nms(half, [0.9, 0.8], 0.49).tolist() == [0]
    chain = [[0, 0, 4, 1], [1, 0, 5, 1], [2, 0, 6, 1]]  # neighbours overlap by 3 / 5, the ends by 1 / 3
    assert nms(chain, [0.9, 0.8, 0.7], 0.5).tolist() == [0, 2]


def test_nms_refuses() -> None:
    """A score that is no number, too few scores, a threshold beyond 1."""
    boxes = [[0, 0, 1, 1], [0, 0, 2, 2]]
    with pytest.raises(ValueError, match="Score 1 is NaN"):
        nms(boxes, [0.5, float("nan")], 0.5)
    with pytest.raises(ValueError, match="one score for each of the 2 boxes"):
        nms(boxes, [0.5], 0.5)
    with pytest.raises(ValueError, match=r"between 0 and 1, and is 50"):
        nms(boxes, [0.5, 0.5], 50)
