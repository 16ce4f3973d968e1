"""A real photo with known coins: scikit-image's picture of 24, and outlines that were drawn for it by eye (data/coins).

image, masks, boxes = coins.load()
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from workbook import files
from workbook.datasets.jsonl import DataError
from workbook.datasets.scenes import boxes_of


def load(path: Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The photo and its coins: image (303, 384) uint8, masks (24, 303, 384) bool, boxes (24, 4) float.

    boxes: x1 y1 x2 y2 in pixels, x2 and y2 one past the last pixel of the mask. The coins are numbered row by row from
    the upper left; no two masks share a pixel. Raises DataError as `ground_truth` does.
    """
    import skimage

    image = skimage.data.coins()
    masks = np.array([_fill(record["segmentation"], image.shape) for record in ground_truth(path)["annotations"]])
    return image, masks, boxes_of(masks)


def ground_truth(path: Path | None = None) -> dict[str, Any]:
    """The same in COCO's format, for workbook.vision.detection: one picture, one category, 24 annotations.

    Raises DataError for a file that is missing, no JSON, or whose records are no outlines, naming the record.
    """
    where = path or files.root() / "data" / "coins" / "annotations.json"
    try:
        content = json.loads(where.read_text("utf8"))
        records = content["annotations"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{where} holds no ground truth of coins ({type(error).__name__}: {error}); expected COCO's JSON. Restore "
            "it with `git checkout -- data/coins`."
        ) from error
    for number, record in enumerate(records):
        _check_outline(record, f"annotations[{number}] of {where.name}")
    return content


def _check_outline(record: Any, name: str) -> None:
    """Raise DataError unless the record's segmentation is one polygon of three points or more."""
    outline = record.get("segmentation") if isinstance(record, dict) else None
    proper = isinstance(outline, list) and len(outline) == 1 and len(outline[0]) >= 6 and len(outline[0]) % 2 == 0
    if not proper or not all(isinstance(number, (int, float)) for number in outline[0]):
        raise DataError(f"{name} has no outline: expected segmentation [[x1, y1, x2, y2, ...]], three points or more.")


def _fill(segmentation: list[list[float]], shape: tuple[int, int]) -> np.ndarray:
    """The pixels whose middle lies inside an outline: [[x1, y1, x2, y2, ...]] → (H, W) bool."""
    from skimage.draw import polygon2mask

    outline = np.reshape(segmentation[0], (-1, 2))[:, ::-1]  # (P, 2) as row, column
    # An outline measures from the picture's corner, polygon2mask from the middle of the first pixel.
    return polygon2mask(shape, outline - 0.5)
