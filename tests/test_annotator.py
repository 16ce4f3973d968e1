"""The simulated annotator: tools with a radius, strokes that help, and what is too small to be noticed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from workbook.vision.annotator import Stroke, correct, paint

EMPTY = np.zeros((20, 20), dtype=bool)


def disc(x: float, y: float, radius: float, size: int = 40) -> np.ndarray:
    """A disc as a mask (size, size)."""
    rows, columns = np.indices((size, size))
    return np.hypot(columns - x, rows - y) <= radius


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return (a & b).sum() / (a | b).sum()


def test_a_dab_is_a_disc() -> None:
    """A path of one point sets the pixels within the radius, x before y."""
    painted = paint(EMPTY, Stroke("brush", 2, np.array([[12.0, 5.0]])))
    assert np.array_equal(painted, disc(12, 5, 2, 20))
    assert not EMPTY.any()  # the argument is left as it was


def test_a_stroke_covers_the_way_between_its_points() -> None:
    """Two points far apart leave no gap, and nothing beyond the ends but the round tip."""
    painted = paint(EMPTY, Stroke("brush", 1, np.array([[3.0, 10.0], [15.0, 10.0]])))
    assert np.array_equal(painted[10], np.isin(np.arange(20), range(2, 17)))
    assert np.array_equal(painted[9], np.isin(np.arange(20), range(3, 16)))
    assert painted.sum() == 15 + 2 * 13


def test_the_eraser_clears() -> None:
    """The eraser undoes exactly what the same stroke of the brush does."""
    stroke = np.array([[4.0, 4.0], [9.0, 12.0], [15.0, 6.0]])
    painted = paint(EMPTY, Stroke("brush", 2.5, stroke))
    assert painted.sum() > 60
    assert not paint(painted, Stroke("eraser", 2.5, stroke)).any()


@pytest.mark.parametrize(
    ("stroke", "says"),
    [
        (Stroke("pencil", 1, np.zeros((1, 2))), "'pencil'"),
        (Stroke("brush", 0, np.zeros((1, 2))), "radius above 0"),
        (Stroke("brush", 1, np.zeros((0, 2))), "at least 1"),
        (Stroke("brush", 1, np.zeros(2)), "path"),
        (Stroke("brush", 1, np.array([[np.nan, 0]])), "finite"),
    ],
)
def test_strokes_that_make_no_sense(stroke: Stroke, says: str) -> None:
    """An unknown tool, no radius and no path are refused."""
    with pytest.raises(ValueError, match=says):
        paint(EMPTY, stroke)


def test_a_missing_part_is_brushed_in() -> None:
    """Half a disc becomes nearly the disc, by the brush."""
    truth = disc(20, 20, 10)
    half = truth & (np.arange(40) < 20)
    result = correct(half, truth, np.random.default_rng(0))
    assert iou(half, truth) < 0.5 < 0.85 < iou(result.mask, truth)
    assert result.strokes[0].tool == "brush"


def test_a_surplus_part_is_erased() -> None:
    """A second disc that does not belong is erased: that needs one tool, and the first stroke takes most of it."""
    truth = disc(12, 20, 8)
    both = truth | disc(30, 20, 6)
    result = correct(both, truth, np.random.default_rng(0))
    assert {stroke.tool for stroke in result.strokes} == {"eraser"}
    assert iou(both, truth) < 0.7 < 0.9 < iou(result.mask, truth)


def test_the_strokes_tell_the_whole_story() -> None:
    """Painting the strokes again gives the same mask; none is wider than allowed; none was in vain."""
    truth, mask = disc(20, 20, 12), disc(24, 16, 10)
    result = correct(mask, truth, np.random.default_rng(3), largest=2.5)
    errors = [(mask != truth).sum()]
    for stroke in result.strokes:
        mask = paint(mask, stroke)
        errors.append((mask != truth).sum())
        assert 0.7 <= stroke.radius <= 2.5
    assert np.array_equal(mask, result.mask) and len(result.strokes) >= 2
    assert all(after < before for before, after in pairwise(errors))


def test_it_is_no_oracle() -> None:
    """An unsteady hand leaves errors, and a shakier one leaves more."""
    truth, mask = disc(20, 20, 12), disc(23, 18, 10)

    def left(unsteady: float) -> float:
        results = [correct(mask, truth, np.random.default_rng(i), unsteady=unsteady) for i in range(10)]
        return float(np.mean([(result.mask != truth).sum() for result in results]))

    assert 0 < left(0.2) < left(2.0) < (mask != truth).sum()


def test_what_is_small_is_left() -> None:
    """Three wrong pixels are not noticed; with a sharper eye they are."""
    truth = disc(20, 20, 8)
    mask = truth.copy()
    mask[20, 20:23] = False
    assert not correct(mask, truth, np.random.default_rng(0)).strokes
    assert correct(mask, truth, np.random.default_rng(0), notices=2).strokes


def test_patience_ends() -> None:
    """No more strokes than allowed, and none for a mask that is right."""
    truth = disc(20, 20, 12)
    assert len(correct(~truth, truth, np.random.default_rng(0), strokes=3).strokes) <= 3
    assert not correct(truth, truth, np.random.default_rng(0)).strokes


def test_a_stroke_that_made_it_worse_is_taken_back() -> None:
    """A very unsteady hand often misses: what is kept has helped every time, and the mask gets no worse."""
    truth, mask = disc(20, 20, 12), disc(24, 16, 10)
    taken_back = 0
    for seed in range(6):
        result = correct(mask, truth, np.random.default_rng(seed), unsteady=6)
        painted = mask
        for stroke in result.strokes:
            before, painted = painted, paint(painted, stroke)
            assert (painted != truth).sum() < (before != truth).sum()
        assert np.array_equal(painted, result.mask)
        taken_back += len(result.strokes) < 12 and bool((result.mask != truth).sum() > 40)
    assert taken_back >= 3  # the patience was spent on strokes that are not among those kept


def bar(height: int, columns: slice, top: int = 10) -> np.ndarray:
    """A level bar as a mask (40, 40)."""
    mask = np.zeros((40, 40), dtype=bool)
    mask[top : top + height, columns] = True
    return mask


def first_stroke(truth: np.ndarray) -> Stroke:
    """What a steady hand does first where all of it is missing."""
    return correct(np.zeros_like(truth), truth, np.random.default_rng(0), unsteady=0).strokes[0]


def test_what_is_exactly_as_large_as_noticed_is_corrected() -> None:
    """Places of fewer pixels are left; three are not fewer than three."""
    truth = bar(1, slice(10, 13))
    nothing = np.zeros_like(truth)
    assert correct(nothing, truth, np.random.default_rng(0), unsteady=0, notices=3).strokes
    assert not correct(nothing, truth, np.random.default_rng(0), unsteady=0, notices=4).strokes


@pytest.mark.parametrize("top", [10, 0, 37])
def test_the_tool_is_as_wide_as_the_place(top: int) -> None:
    """A bar of three pixels gets a tool that fits into it, at the rim too; a large place gets the largest."""
    narrow = first_stroke(bar(3, slice(5, 35), top))
    assert 1 < narrow.radius < 2
    assert set(narrow.path[:, 1]) == {top + 1}  # through the middle
    assert first_stroke(disc(20, 20, 15)).radius == 4


def test_a_stroke_begins_where_it_is_widest_and_goes_on_to_what_is_near() -> None:
    """A handle with a knob at its right end: from the knob along the handle, without a jump."""
    knob = first_stroke(bar(5, slice(3, 30), top=18) | disc(31, 20, 4))
    assert abs(knob.path[0] - [31, 20]).max() <= 1
    for stroke in (knob, first_stroke(bar(5, slice(3, 38)))):
        assert len(stroke.path) > 5
        assert (np.hypot(*np.diff(stroke.path, axis=0).T) < 2 * stroke.radius).all()


def test_the_same_seed_paints_the_same() -> None:
    """The hand shakes by the generator alone."""
    truth, mask = disc(20, 20, 12), disc(24, 16, 10)
    first, second = (correct(mask, truth, np.random.default_rng(5)).mask for _ in range(2))
    assert np.array_equal(first, second)


def test_masks_of_different_size_are_refused() -> None:
    """The two sizes are named."""
    with pytest.raises(ValueError, match=r"\(20, 20\) and \(40, 40\)"):
        correct(EMPTY, disc(5, 5, 2), np.random.default_rng(0))
