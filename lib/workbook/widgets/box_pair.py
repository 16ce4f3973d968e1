"""Two boxes to move and resize, with their intersection, union and IoU as one drags."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from workbook.widgets import base, fallback

Box = tuple[float, float, float, float]


class BoxPair(base.Widget):
    """Two boxes on a picture or on an empty canvas.

    image: uint8 (H, W) or (H, W, 3), or None for a white canvas of `size` (width, height) pixels. a, b: corners
    x1 y1 x2 y2 in pixels, inside the picture. Both are traits, set at the end of each gesture:
    `pair.observe(callback, names=["a", "b"])`. Raises ValueError for a box that is none, also when one is set later.
    """

    _esm = base.script("box_pair")
    a = base.Checked().tag(sync=True)
    b = base.Checked().tag(sync=True)
    blank = traitlets.Bool().tag(sync=True)
    written = ("a", "b")

    def __init__(
        self,
        image: np.ndarray | None = None,
        a: Box = (40, 40, 200, 160),
        b: Box = (120, 80, 280, 200),
        size: tuple[int, int] = (320, 240),
        alt: str = "Two boxes, a and b, that can be moved.",
    ) -> None:
        background = _white(size) if image is None else fallback.check_image(image)
        height, width = background.shape[:2]
        corners = {name: fallback.check_box(box, width, height, name) for name, box in (("a", a), ("b", b))}
        super().__init__(background, alt, blank=image is None, **corners)

    @property
    def iou(self) -> float:
        """Intersection over union of the two boxes, computed in the kernel."""
        from workbook.vision.boxes import box_iou

        return float(box_iou([self.a], [self.b])[0, 0])

    @traitlets.validate("a", "b")
    def _valid(self, proposal: Any) -> Box:
        try:
            return self._accept(proposal.trait.name, proposal.value)
        except ValueError as error:
            raise base.Refused(str(error)) from None

    def _accept(self, name: str, value: Any) -> Box:
        return fallback.check_box(value, self.width, self.height, name)

    def _overlays(self) -> dict[str, Any]:
        return {"boxes": [self.a, self.b], "caption": f"IoU {self.iou:.2f}"}


def _white(size: tuple[int, int]) -> np.ndarray:
    try:
        width, height = (int(value) for value in size)
        if not (0 < width <= 4000 and 0 < height <= 4000):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(f"size is {size!r}: expected (width, height), each from 1 to 4000 pixels.") from None
    return np.full((height, width, 3), 255, np.uint8)
