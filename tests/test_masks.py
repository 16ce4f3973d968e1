"""Masks and segmentation maps: overlap, confusion matrix, mean IoU and its weights, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix as confusion_of_sklearn
from sklearn.metrics import jaccard_score

from workbook.vision import masks
from workbook.vision.boxes import box_iou
from workbook.vision.masks import confusion_matrix, iou_from_confusion, mask_iou, mean_from_confusion, mean_iou


def drawn(*boxes: list[int], size: int = 12) -> torch.Tensor:
    """Boxes as masks (N, size, size)."""
    canvas = torch.zeros(len(boxes), size, size, dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(canvas, boxes, strict=True):
        mask[y1:y2, x1:x2] = True
    return canvas


def test_masks_of_boxes_overlap_like_boxes() -> None:
    """A box painted on a grid has the overlap of the box; an empty one overlaps nothing."""
    a, b = [[0, 0, 4, 4], [2, 3, 9, 8], [1, 1, 1, 5]], [[2, 2, 6, 6], [0, 0, 12, 12], [0, 0, 4, 4], [3, 3, 3, 3]]
    torch.testing.assert_close(mask_iou(drawn(*a), drawn(*b)), box_iou(a, b))


def test_masks_of_other_kinds() -> None:
    """numpy, and 0 and 1 as bytes, are masks as well; large pictures are counted exactly."""
    mask = drawn([0, 0, 3, 3])
    assert mask_iou(mask.numpy(), mask.to(torch.uint8)).tolist() == [[1.0]]
    assert mask_iou(mask[:0], mask).shape == (0, 1)


def test_large_masks_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """float32 is left where it could not count every pixel."""
    kinds = []
    original = torch.Tensor.to
    monkeypatch.setattr(torch.Tensor, "to", lambda self, kind: (kinds.append(kind), original(self, kind))[1])
    mask = drawn([0, 0, 3, 3])
    mask_iou(mask, mask)
    monkeypatch.setattr(masks, "_EXACT_FLOAT32", 143)
    mask_iou(mask, mask)
    assert kinds == [torch.float32] * 2 + [torch.float64] * 2


def test_masks_of_another_size() -> None:
    """The message has both sizes, and says what to do."""
    with pytest.raises(ValueError, match=r"of a are 12 x 12 and those of b 10 x 10.*Resize"):
        mask_iou(drawn([0, 0, 1, 1]), drawn([0, 0, 1, 1], size=10))


def test_bad_masks() -> None:
    """Two dimensions, probabilities, and other numbers than 0 and 1."""
    mask = drawn([0, 0, 3, 3])
    with pytest.raises(ValueError, match=r"b of shape \(N, H, W\).*\(12, 12\)"):
        mask_iou(mask, mask[0])
    for bad in (mask * 0.3, mask.to(torch.uint8) * 255):
        with pytest.raises(ValueError, match=r"masks of a must be bool.*threshold"):
            mask_iou(bad, mask)


def maps(seed: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A predicted and a true map (2, 5, 6), equal in about half of the pixels."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, classes, (2, 5, 6))
    return np.where(rng.random(target.shape) < 0.5, target, rng.integers(0, classes, target.shape)), target


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_scikit_learn(seed: int) -> None:
    """The confusion matrix, the classes' IoU (there named after Jaccard), and both means."""
    prediction, target = maps(seed)
    flat = target.ravel(), prediction.ravel()
    confusion = confusion_matrix(prediction, target, 4)
    np.testing.assert_array_equal(confusion, confusion_of_sklearn(*flat))
    np.testing.assert_allclose(iou_from_confusion(confusion), jaccard_score(*flat, average=None), rtol=1e-12)
    assert mean_iou(prediction, target, 4) == pytest.approx(jaccard_score(*flat, average="macro"), abs=1e-12)
    weighted = jaccard_score(*flat, average="weighted")
    assert mean_iou(prediction, target, 4, weights="frequency") == pytest.approx(weighted, abs=1e-12)
    assert mean_iou(torch.tensor(prediction), torch.tensor(target), 4) == mean_iou(prediction, target, 4)


def test_absent_classes_are_left_out() -> None:
    """Class 2 is nowhere: it has no IoU, and the mean is that of the others, whatever its weight."""
    prediction, target = [[0, 0, 1, 1]], [[0, 1, 1, 1]]
    per_class = iou_from_confusion(confusion_matrix(prediction, target, 3))
    np.testing.assert_allclose(per_class, [1 / 2, 2 / 3, np.nan])
    assert mean_iou(prediction, target, 3) == pytest.approx(7 / 12)
    assert mean_iou(prediction, target, 3, weights=[1, 1, 100]) == pytest.approx(7 / 12)
    assert mean_iou(prediction, target, 3, weights=[3, 1, 0]) == pytest.approx((3 / 2 + 2 / 3) / 4)


def test_predicted_but_never_there() -> None:
    """A class that is only predicted has IoU 0, which counts; by frequency it weighs nothing."""
    assert mean_iou([0, 1], [0, 0], 2) == pytest.approx(1 / 4)
    assert mean_iou([0, 1], [0, 0], 2, weights="frequency") == pytest.approx(1 / 2)


def test_ignored_pixels() -> None:
    """Only the target says what is ignored; there the prediction may be anything."""
    assert mean_iou([0, 1, 1], [0, 1, 255], 2, ignore_index=255) == 1.0
    assert mean_iou([0, 1, 77], [0, 1, 255], 2, ignore_index=255) == 1.0
    assert mean_iou(np.array([0, 1], np.uint8), np.array([0, 255], np.uint8), 2, ignore_index=255) == 1.0
    with pytest.raises(ValueError, match="prediction holds the class 255"):
        mean_iou([0, 255], [0, 1], 2, ignore_index=255)
    assert mean_iou([1, 1], [0, 1], 2, ignore_index=0) == 1.0


def test_matrices_add_up() -> None:
    """Two pictures counted together are one matrix, and not the mean of two means."""
    a, b = maps(0), maps(1)
    both = confusion_matrix(*a, 4) + confusion_matrix(*b, 4)
    assert mean_from_confusion(both) == mean_iou(np.stack([a[0], b[0]]), np.stack([a[1], b[1]]), 4)


@pytest.mark.parametrize(
    ("prediction", "target", "options", "says"),
    [
        ([[0, 1]], [0, 1], {}, r"shape \(1, 2\) and the target \(2,\)"),
        ([0, 3], [0, 1], {}, "prediction holds the class 3; expected 0 to 1"),
        ([0, 1], [0, 255], {}, "target holds the class 255.*ignore_index=255"),
        ([0, -1], [0, 1], {}, "class -1"),
        ([0.2, 0.8], [0, 1], {}, "whole numbers.*float64"),
        ([0, 1], [9, 9], {"ignore_index": 9}, "No pixel is left"),
        ([], [], {}, "whole numbers|No pixel"),
        ([0, 1], [0, 1], {"weights": "area"}, "Unknown weights 'area'"),
        ([0, 1], [0, 1], {"weights": [1.0]}, "Expected 2 weights"),
        ([0, 1], [0, 1], {"weights": [1.0, -1.0]}, "none of them negative"),
        ([0, 1], [0, 1], {"weights": [0, 0]}, "at least one must count"),
    ],
)
def test_bad_maps_are_refused(prediction: list, target: list, options: dict, says: str) -> None:
    """Each with a sentence that says what was wrong."""
    with pytest.raises(ValueError, match=says):
        mean_iou(prediction, target, 2, **options)
