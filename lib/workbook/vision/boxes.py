"""Boxes: area, overlap, the three ways to write them, and non-maximum suppression.

One rule for what goes in and comes out: tensors of floating-point numbers keep their device and precision (float16 and
bfloat16 become float32, whose range areas need); lists, numpy arrays and whole numbers become float64 tensors. What
comes out is a tensor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Numbers = Tensor | np.ndarray | Sequence
FORMATS = ("xyxy", "xywh", "cxcywh")


def as_tensor(values: Numbers) -> Tensor:
    """Numbers as a floating-point tensor, by the rule above. Raises ValueError for what has no rectangular shape."""
    try:
        numbers = values if isinstance(values, Tensor) else torch.from_numpy(np.array(values, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected a table of numbers, such as [[0, 0, 2, 1]], and not {values!r:.200}.") from error
    if not numbers.is_floating_point():
        return numbers.double()
    return numbers.float() if numbers.dtype in (torch.float16, torch.bfloat16) else numbers


def check_boxes(boxes: Numbers) -> Tensor:
    """Corner boxes as a tensor (N, 4); an empty list is (0, 4).

    Raises ValueError, which names the first bad box, for another shape, for NaN or infinity, and where x2 < x1 or
    y2 < y1.
    """
    corners = _four_columns(boxes)
    inverted = (corners[:, 2:] < corners[:, :2]).any(1)
    if inverted.any():
        first = int(inverted.nonzero()[0])
        raise ValueError(
            f"Box {first} is {corners[first].tolist()}: its x2 or y2 is smaller than its x1 or y1. Expected corners "
            "(x1, y1, x2, y2); boxes written as (x, y, width, height) need convert(boxes, 'xywh', 'xyxy')."
        )
    return corners


def _four_columns(boxes: Numbers) -> Tensor:
    """Boxes of any format as finite numbers (N, 4)."""
    numbers = as_tensor(boxes)
    if numbers.numel() == 0 and numbers.ndim <= 1:
        numbers = numbers.reshape(0, 4)
    if numbers.ndim != 2 or numbers.shape[1] != 4:
        raise ValueError(f"Expected boxes of shape (N, 4), one a row, and got {tuple(numbers.shape)}.")
    broken = ~numbers.isfinite().all(1)
    if broken.any():
        first = int(broken.nonzero()[0])
        raise ValueError(f"Box {first} is {numbers[first].tolist()}: expected four finite numbers.")
    return numbers


def convert(boxes: Numbers, source: str, target: str) -> Tensor:
    """Write boxes in another format: (N, 4) → (N, 4).

    "xyxy" is corners (x1, y1, x2, y2), "xywh" the upper left corner with width and height (COCO), "cxcywh" the centre
    with width and height (YOLO, DETR). The numbers may be pixels or shares of the picture. Raises ValueError for an
    unknown format and for a negative width or height.
    """
    for name in (source, target):
        if name not in FORMATS:
            raise ValueError(f"Unknown box format {name!r}; expected one of {', '.join(FORMATS)}.")
    corners = check_boxes(_to_corners(_four_columns(boxes), source))
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if target == "xyxy":
        return corners
    return torch.cat([start if target == "xywh" else start + size / 2, size], 1)


def _to_corners(numbers: Tensor, source: str) -> Tensor:
    """Boxes of any format as corners, negative sizes named."""
    if source == "xyxy":
        return numbers
    start, size = numbers[:, :2], numbers[:, 2:]
    negative = (size < 0).any(1)
    if negative.any():
        first = int(negative.nonzero()[0])
        raise ValueError(
            f"Box {first} is {numbers[first].tolist()}: its width or height is negative. Expected {source!r}; boxes "
            "that are corners (x1, y1, x2, y2) have the format 'xyxy'."
        )
    if source == "cxcywh":
        start = start - size / 2
    return torch.cat([start, start + size], 1)


def box_area(boxes: Numbers) -> Tensor:
    """Width times height: corners (N, 4) → (N,) square pixels, without the +1 of old VOC tools."""
    corners = check_boxes(boxes)
    return (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])


def box_iou(a: Numbers, b: Numbers) -> Tensor:
    """Intersection over union of every box of a with every box of b.

    a: (N, 4), b: (M, 4), corners x1 y1 x2 y2, x2 >= x1 and y2 >= y1. Returns (N, M) in [0, 1]. Two boxes without
    area overlap by 0. Raises ValueError, naming the box, as `check_boxes` does.
    Source: Everingham et al. 2010, The PASCAL VOC Challenge, section 4.2, without its +1 pixel.
    """
    a, b = check_boxes(a), check_boxes(b)
    top_left = torch.maximum(a[:, None, :2], b[None, :, :2])  # (N, M, 2)
    bottom_right = torch.minimum(a[:, None, 2:], b[None, :, 2:])  # (N, M, 2)
    # Boxes that do not meet have a negative width or height here; two negatives must not make a positive area.
    intersection = (bottom_right - top_left).clamp(min=0).prod(-1)  # (N, M)
    # |A ∪ B| = |A| + |B| − |A ∩ B|
    union = box_area(a)[:, None] + box_area(b)[None, :] - intersection
    return torch.where(union > 0, intersection / union, torch.zeros_like(union))


def nms(boxes: Numbers, scores: Numbers, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: of boxes that overlap by more than the threshold, the best scored stays.

    boxes: corners (N, 4); scores: (N,), higher is better. Returns the indices of the boxes that stay, best first; of
    equal scores the earlier box is the better. Use it per class. Raises ValueError for bad boxes, scores that are not
    numbers, and a threshold outside [0, 1].
    """
    corners = check_boxes(boxes)
    order = check_scores(scores, len(corners)).argsort(descending=True, stable=True)
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"The IoU threshold must be between 0 and 1, and is {iou_threshold}.")
    overlaps = box_iou(corners[order], corners[order]) > iou_threshold  # (N, N), best first
    kept: list[int] = []
    suppressed = torch.zeros_like(overlaps[0]) if len(order) else overlaps
    for i in range(len(order)):
        if not suppressed[i]:
            kept.append(i)
            suppressed = suppressed | overlaps[i]
    return order[kept]


def check_scores(scores: Numbers, count: int) -> Tensor:
    """Scores as a tensor (count,). Raises ValueError for another length, or NaN, naming the first."""
    values = as_tensor(scores)
    if values.shape != (count,):
        raise ValueError(f"Expected one score for each of the {count} boxes, and got the shape {tuple(values.shape)}.")
    if values.isnan().any():
        raise ValueError(f"Score {int(values.isnan().nonzero()[0])} is NaN; expected a number for each box.")
    return values
