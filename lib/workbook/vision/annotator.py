"""A simulated annotator: looks at a mask, sees where it is wrong, and corrects it with brush and eraser.

    corrected = correct(mask, truth, np.random.default_rng(0))
    corrected.mask, corrected.strokes

It stands in for a person where nobody is there to paint: in tests, and for figures that need hundreds of corrections.
It is no oracle. Its tools have a radius, its hand is unsteady, and what is smaller than `notices` pixels it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workbook.vision.masks import largest_piece

Array = np.ndarray
TOOLS = {"brush": True, "eraser": False}  # what each makes of a pixel


@dataclass(frozen=True)
class Stroke:
    """One movement with the button held: tool is "brush" or "eraser", radius in pixels, path (N, 2) as x, y."""

    tool: str
    radius: float
    path: Array


@dataclass(frozen=True)
class Corrected:
    """The mask after the strokes: (H, W) bool, and the strokes in order; those taken back are not among them."""

    mask: Array
    strokes: tuple[Stroke, ...]


def paint(mask: Array, stroke: Stroke) -> Array:
    """The mask after a stroke: all pixels within the radius of the path's line are set or cleared. (H, W) bool.

    Raises ValueError for an unknown tool, a radius that is not above 0, and a path that is no list of points.
    """
    path = np.asarray(stroke.path, dtype=float)
    if stroke.tool not in TOOLS or not stroke.radius > 0:
        raise ValueError(
            f"A stroke has a tool ({', '.join(TOOLS)}) and a radius above 0, not {stroke.tool!r} and {stroke.radius}."
        )
    if path.ndim != 2 or path.shape[1] != 2 or not len(path) or not np.isfinite(path).all():
        raise ValueError(f"A stroke's path is (N, 2) finite numbers x, y, with N of at least 1, not {path.shape}.")
    y, x = np.indices(mask.shape)
    reached = np.zeros_like(mask, dtype=bool)
    for start, end in zip(path, path[1:] if len(path) > 1 else path, strict=False):
        along = end - start
        length = along @ along
        share = 0 if length == 0 else np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length, 0, 1)
        reached |= np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]) <= stroke.radius
    return np.where(reached, TOOLS[stroke.tool], mask)


def correct(
    mask: Array,
    truth: Array,
    rng: np.random.Generator,
    *,
    largest: float = 4.0,
    unsteady: float = 0.4,
    notices: int = 4,
    strokes: int = 12,
) -> Corrected:
    """Correct a mask as a person would: the largest wrong place first, by strokes of the tool that it needs.

    mask, truth: (H, W) bool. largest: the largest radius of the tools, in pixels; for a narrow place a smaller one is
    taken, of at least 0.7. unsteady: the deviation of the hand from where it wants to be, in pixels. notices: wrong
    places of fewer pixels are left. strokes: the patience. A stroke that has made it worse is taken back, as with
    the undo key. Raises ValueError where the two masks differ in size.
    """
    mask, truth = np.asarray(mask, dtype=bool), np.asarray(truth, dtype=bool)
    if mask.shape != truth.shape or mask.ndim != 2:
        raise ValueError(f"Expected two masks of one size (H, W), got {mask.shape} and {truth.shape}.")
    kept = []
    for _ in range(strokes):
        places = {"brush": largest_piece(truth & ~mask), "eraser": largest_piece(mask & ~truth)}
        tool = max(places, key=lambda tool: places[tool].sum())
        place = places[tool]
        if place.sum() < notices:
            break
        stroke = _stroke(place, tool, rng, largest, unsteady)
        painted = paint(mask, stroke)
        if (painted != truth).sum() < (mask != truth).sum():
            mask = painted
            kept.append(stroke)
    return Corrected(mask, tuple(kept))


def _stroke(place: Array, tool: str, rng: np.random.Generator, largest: float, unsteady: float) -> Stroke:
    """A stroke along a place: the tool as wide as the place, the path through its middle, by an unsteady hand."""
    width = ndimage.distance_transform_edt(np.pad(place, 1))[1:-1, 1:-1]  # 1 at the rim
    radius = float(np.clip(width.max() - 0.3, 0.7, largest))
    middle = place & (width >= min(width.max(), radius) * 0.7)
    y, x = np.nonzero(middle)
    points = np.stack([x, y], 1).astype(float)
    path = [points[width[y, x].argmax()]]  # begins where the place is widest, goes on to the nearest that is left
    while len(points := points[np.hypot(*(points - path[-1]).T) > radius * 0.8]) and len(path) < 40:
        path.append(points[np.hypot(*(points - path[-1]).T).argmin()])
    return Stroke(tool, radius, np.array(path) + rng.normal(0, unsteady, (len(path), 2)))
