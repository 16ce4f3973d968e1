"""The picture that stands in for a widget wherever no kernel answers: in stored notebooks, in HTML, on paper.

One function draws all of them, with boxes, masks and points on top; `static` shows the result with alt text.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbook import show

LEAST_WIDTH = 320  # pixels: smaller pictures are enlarged by whole factors
SHARED = (90, 60, 150)  # violet, as in the widget of two boxes
OVERLAY = (0, 229, 255)  # cyan: no object of the made scenes has it, and no grey photo; as in `segment_show`
BOXES = ((0, 114, 178), (213, 94, 0), (0, 120, 90), (150, 60, 130))  # a, b, c, d; the letter says it, too


def check_image(image: Any) -> np.ndarray:
    """The image as uint8 (H, W, 3).

    image: uint8, (H, W) grey or (H, W, 3) RGB. Raises ValueError for another type or shape, or no pixels.
    """
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ValueError(
            f"The image is {array.dtype} {array.shape}; a widget takes uint8 (H, W) or (H, W, 3). Scale floats in "
            "[0, 1] by 255 and call .astype('uint8'); move channels to the end by .transpose(1, 2, 0)."
        )
    if array.size == 0:
        raise ValueError(f"The image {array.shape} has no pixels.")
    return np.ascontiguousarray(np.repeat(array[:, :, None], 3, axis=2) if array.ndim == 2 else array)


def check_mask(mask: Any, height: int, width: int, name: str = "mask") -> np.ndarray:
    """The mask as bool (height, width); numpy, torch or nested lists of booleans, or of the numbers 0 and 1.

    Raises ValueError for another size, or for values that are neither true nor false.
    """
    array = np.asarray(mask.detach().cpu() if hasattr(mask, "detach") else mask)
    if array.shape != (height, width):
        raise ValueError(
            f"The {name} has the shape {array.shape}, the image is {height} pixels high and {width} wide: expected "
            f"({height}, {width})."
        )
    if array.dtype != bool and not np.isin(array, (0, 1)).all():
        raise ValueError(f"The {name} is {array.dtype} with other values than 0 and 1: threshold it first (mask > 0).")
    return array.astype(bool)


def check_box(box: Any, width: float, height: float, name: str = "box") -> tuple[float, float, float, float]:
    """The box as four floats x1, y1, x2, y2 in pixels.

    Raises ValueError unless they are finite, 0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height.
    """
    try:
        x1, y1, x2, y2 = (float(value) for value in box)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {box!r}: expected four numbers x1, y1, x2, y2.") from None
    if not np.isfinite([x1, y1, x2, y2]).all():
        raise ValueError(f"{name} is ({x1}, {y1}, {x2}, {y2}): expected four finite numbers x1, y1, x2, y2.")
    if not (0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height):
        raise ValueError(
            f"{name} is ({x1:g}, {y1:g}, {x2:g}, {y2:g}): expected corners with x1 <= x2 and y1 <= y2 inside the "
            f"picture, which is {width:g} wide and {height:g} high."
        )
    return x1, y1, x2, y2


def png(image: np.ndarray) -> bytes:
    """A picture, uint8 (H, W, 3), as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def outline(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask (H, W) that touch its outside, above, below, left or right."""
    padded = np.pad(mask, 1, mode="edge")
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside


def draw(
    image: np.ndarray,
    boxes: Sequence[Any] = (),
    mask: np.ndarray | None = None,
    points: Sequence[Any] = (),
    labels: Sequence[int] = (),
    caption: str = "",
) -> np.ndarray:
    """The image with what lies on it, uint8 (h, w, 3); small pictures are enlarged.

    boxes: x1 y1 x2 y2 in pixels, lettered a, b, ...; what two of them share is shaded. mask: bool (H, W). points: x y;
    labels: 1 a plus, 0 a minus. caption: a few words in the lower left corner.
    Raises ValueError as the checks above do.
    """
    from PIL import Image, ImageDraw

    pixels = check_image(image).copy()
    height, width = pixels.shape[:2]
    if mask is not None:
        chosen = check_mask(mask, height, width)
        pixels[chosen] = (0.55 * pixels[chosen] + 0.45 * np.array(OVERLAY)).astype(np.uint8)
        pixels[outline(chosen)] = OVERLAY
    scale = max(1, round(LEAST_WIDTH / width))
    large = pixels.repeat(scale, 0).repeat(scale, 1)
    if len(boxes) == 2:
        (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = (check_box(box, width, height) for box in boxes)
        left, top, right, bottom = (
            round(scale * side) for side in (max(ax1, bx1), max(ay1, by1), min(ax2, bx2), min(ay2, by2))
        )
        shared = large[top : max(top, bottom), left : max(left, right)]
        shared[:] = (0.7 * shared + 0.3 * np.array(SHARED)).astype(np.uint8)
    picture = Image.fromarray(large)
    pen = ImageDraw.Draw(picture)
    for number, box in enumerate(boxes):
        corners = [value * scale for value in check_box(box, width, height)]
        colour, letter = BOXES[number % len(BOXES)], chr(ord("a") + number % 26)
        pen.rectangle(corners, outline=colour, width=3)
        pen.text(
            (corners[0] + 6, corners[1] + 4), letter, fill=colour, font_size=18, stroke_width=2, stroke_fill="white"
        )
    for (x, y), label in zip(points, labels, strict=True):
        _sign(pen, x * scale, y * scale, bool(label))
    if caption:
        pen.text((6, scale * height - 24), caption, fill="black", font_size=18, stroke_width=2, stroke_fill="white")
    return np.asarray(picture)


def _sign(pen: Any, x: float, y: float, positive: bool) -> None:
    """A plus or a minus on a disc."""
    pen.ellipse([x - 8, y - 8, x + 8, y + 8], fill="#0b6e4f" if positive else "#b3261e", outline="white", width=2)
    pen.line([x - 4, y, x + 4, y], fill="white", width=2)
    if positive:
        pen.line([x, y - 4, x, y + 4], fill="white", width=2)


def bundle(image: np.ndarray, alt: str, kind: str = "figure", **overlays: Any) -> dict[str, str]:
    """The picture as HTML with alt text, and as plain text. Raises ValueError for an empty alt text."""
    if not alt.strip():
        raise ValueError("A picture needs alt text: say in a sentence what it shows.")
    source = base64.b64encode(png(draw(image, **overlays))).decode()
    picture = f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{source}">'
    return {"text/plain": f"[{kind}: {alt}]", "text/html": picture}


def static(image: np.ndarray, alt: str, **overlays: Any) -> None:
    """Show a picture with what lies on it and alt text; overlays: boxes, mask, points, labels as `draw` takes them."""
    shown = bundle(image, alt, **overlays)
    show.both(shown["text/plain"], shown["text/html"])
