"""Masks and segmentation maps: overlap of masks, confusion matrix, IoU of classes, and its means.

`mask_iou` takes and gives tensors, like workbook.vision.boxes. What is counted (the confusion matrix and the numbers
made of it) is numpy, like workbook.metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from workbook.metrics.classification import confusion_matrix as _count_pairs

_EXACT_FLOAT32 = 2**24  # float32 counts whole numbers without error up to here


def mask_iou(a: Tensor | np.ndarray, b: Tensor | np.ndarray) -> Tensor:
    """Intersection over union of every mask of a with every mask of b.

    a: (N, H, W), b: (M, H, W), bool, or whole numbers 0 and 1. Returns (N, M) in [0, 1], float64. Two empty masks
    overlap by 0. Raises ValueError for other shapes, masks of different size, and other values.
    """
    a, b = _check_masks(a, "a"), _check_masks(b, "b")
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"The masks of a are {_size(a)} and those of b {_size(b)} (height x width); masks can only be compared "
            "pixel by pixel. Resize one of them first, by the nearest neighbour."
        )
    # The product of two masks is 1 where both are 1, so |A ∩ B| of all pairs is one matrix product.
    kind = torch.float32 if a[:1].numel() <= _EXACT_FLOAT32 else torch.float64
    a, b = a.flatten(1).to(kind), b.flatten(1).to(kind)  # (N, H·W), (M, H·W)
    intersection = (a @ b.T).double()  # (N, M)
    union = a.sum(1, dtype=torch.float64)[:, None] + b.sum(1, dtype=torch.float64)[None, :] - intersection
    return torch.where(union > 0, intersection / union, torch.zeros_like(union))


def _size(masks: Tensor) -> str:
    return f"{masks.shape[1]} x {masks.shape[2]}"


def _check_masks(masks: Tensor | np.ndarray, name: str) -> Tensor:
    """Masks as a bool tensor (N, H, W)."""
    masks = torch.as_tensor(masks)
    if masks.ndim != 3:
        raise ValueError(f"Expected {name} of shape (N, H, W), one mask each, and got {tuple(masks.shape)}.")
    if masks.dtype == torch.bool:
        return masks
    if masks.is_floating_point() or not ((masks == 0) | (masks == 1)).all():
        raise ValueError(
            f"The masks of {name} must be bool, or whole numbers 0 and 1; threshold them first: mask > 0.5."
        )
    return masks.bool()


def paired_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of masks in pairs: bool (..., H, W), broadcast against each other → (...).

    Two empty masks overlap by 0.
    """
    union = (a | b).sum((-2, -1))
    return (a & b).sum((-2, -1)) / union.clamp(min=1)


def tight_boxes(masks: Tensor) -> Tensor:
    """The box around each mask: (R, H, W) bool → (R, 4), x1 y1 x2 y2, the far ends one past the last pixel."""
    columns, rows = masks.any(1), masks.any(2)

    def ends(line: Tensor) -> tuple[Tensor, Tensor]:
        line = line.int()
        return line.argmax(1), line.shape[1] - line.flip(1).argmax(1)

    (left, right), (top, bottom) = ends(columns), ends(rows)
    return torch.stack([left, top, right, bottom], 1).float() * columns.any(1, keepdim=True)


def box_masks(boxes: Tensor, height: int, width: int) -> Tensor:
    """The pixels whose middle lies in each box: (N, 4), x1 y1 x2 y2 → (N, H, W) bool."""
    x, y = torch.arange(width) + 0.5, torch.arange(height) + 0.5
    across = (x > boxes[:, :1]) & (x < boxes[:, 2:3])  # (N, W)
    down = (y > boxes[:, 1:2]) & (y < boxes[:, 3:])  # (N, H)
    return down[:, :, None] & across[:, None, :]


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """The largest connected piece of a mask: (H, W) bool → (H, W) bool, empty where the mask is."""
    from scipy.ndimage import label

    pieces, number = label(mask)
    return pieces == 1 + np.bincount(pieces.ravel())[1:].argmax() if number else np.zeros_like(mask, dtype=bool)


def confusion_matrix(
    prediction: Tensor | np.ndarray | Sequence,
    target: Tensor | np.ndarray | Sequence,
    num_classes: int,
    ignore_index: int | None = None,
) -> np.ndarray:
    """How many pixels of class i (row) were predicted as class j (column): (num_classes, num_classes) integers.

    prediction, target: class indices of any equal shape, such as (H, W) or (N, H, W). Pixels whose *target* is
    ignore_index (often 255: the borders of objects) are left out. Confusion matrices of several pictures may be added.
    Raises ValueError for maps of different shape, classes out of range, and where no pixel is left.
    """
    prediction, target = _as_indices(prediction), _as_indices(target)
    if prediction.shape != target.shape:
        raise ValueError(
            f"The predicted map has the shape {prediction.shape} and the target {target.shape}; expected one class "
            "index per pixel in both. Class scores need argmax, and another size the nearest neighbour."
        )
    counted = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    if not counted.any():
        raise ValueError("No pixel is left to compare: the maps are empty, or all of the target is ignored.")
    for name, classes in (("prediction", prediction[counted]), ("target", target[counted])):
        if classes.min() < 0 or classes.max() >= num_classes:
            bad = classes[(classes < 0) | (classes >= num_classes)][0]
            raise ValueError(
                f"The {name} holds the class {bad}; expected 0 to {num_classes - 1}. If that number marks pixels "
                f"that do not count, pass ignore_index={bad}; it is looked for in the target."
            )
    return _count_pairs(target[counted], prediction[counted], num_classes)


def _as_indices(values: Tensor | np.ndarray | Sequence) -> np.ndarray:
    """Class indices as a numpy array of integers."""
    indices = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    if not np.issubdtype(indices.dtype, np.integer):
        raise ValueError(f"A segmentation map holds whole numbers, one class per pixel, and not {indices.dtype}.")
    return indices


def iou_from_confusion(confusion: np.ndarray) -> np.ndarray:
    """Intersection over union of every class: (C, C) → (C,).

    confusion: counts, rows are true classes, columns predictions. NaN for a class that neither occurs nor is
    predicted: it has no IoU, neither good nor bad.
    """
    intersection = np.diagonal(confusion).astype(float)  # TP
    # |target ∪ prediction| = TP + FN + FP: the row has TP + FN, the column TP + FP
    union = confusion.sum(1) + confusion.sum(0) - intersection
    return np.divide(intersection, union, out=np.full(len(union), np.nan), where=union > 0)


def mean_from_confusion(confusion: np.ndarray, weights: str | Sequence[float] | np.ndarray | None = None) -> float:
    """The mean of the classes' IoU, of those that have one; see `mean_iou` for the weights.

    mIoU = Σ_c w_c · IoU_c / Σ_c w_c, over the classes c whose IoU is not NaN.
    """
    per_class = iou_from_confusion(confusion)
    weights = _class_weights(confusion, weights)
    counted = ~np.isnan(per_class)
    if weights[counted].sum() == 0:
        raise ValueError("The weights of all classes that occur are 0; at least one must count.")
    return float((weights * per_class)[counted].sum() / weights[counted].sum())


def mean_iou(
    prediction: Tensor | np.ndarray | Sequence,
    target: Tensor | np.ndarray | Sequence,
    num_classes: int,
    weights: str | Sequence[float] | np.ndarray | None = None,
    ignore_index: int | None = None,
) -> float:
    """Mean IoU of two segmentation maps (or two stacks of them, counted together).

    prediction, target: class indices of equal shape. weights: None counts every class alike; "frequency" weighs a class
    by its share of the target's pixels; (num_classes,) numbers weigh as told. A class that neither occurs nor is
    predicted is left out. Raises ValueError as `confusion_matrix` does, and for other weights.
    Source: Long et al. 2015, Fully Convolutional Networks, section 5 ("mean IU", "frequency weighted IU").
    """
    return mean_from_confusion(confusion_matrix(prediction, target, num_classes, ignore_index), weights)


def _class_weights(confusion: np.ndarray, weights: str | Sequence[float] | np.ndarray | None) -> np.ndarray:
    """One weight per class (C,)."""
    if weights is None:
        return np.ones(len(confusion))
    if isinstance(weights, str):
        if weights != "frequency":
            raise ValueError(f'Unknown weights {weights!r}; expected None, "frequency", or one number per class.')
        return confusion.sum(1).astype(float)
    values = np.asarray(weights, dtype=float)
    if values.shape != (len(confusion),) or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"Expected {len(confusion)} weights, one per class, none of them negative, and got {weights}.")
    return values
