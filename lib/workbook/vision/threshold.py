"""Segmentation without learning: the object in a box by a threshold. What a trained model has to beat."""

from __future__ import annotations

import numpy as np
import torch

from workbook.vision.masks import box_masks, largest_piece

Array = np.ndarray


def otsu_in_box(image: Array, box: Array) -> Array:
    """Bright pixels of a box, by the threshold that parts its pixels best in two: grey (H, W), (4,) → (H, W) bool.

    Source: Otsu 1979, "A threshold selection method from gray-level histograms". An even box has no bright pixels.
    Raises ValueError for a picture in colour and for a box without a pixel in the picture.
    """
    from skimage.filters import threshold_otsu

    inside = _inside(image, box)
    pixels = image[inside]
    mask = np.zeros(image.shape, dtype=bool)
    if pixels.min() < pixels.max():
        mask[inside] = pixels > threshold_otsu(pixels)
    return mask


def local_in_box(image: Array, box: Array, margin: float = 0.25, blur: float = 1.0) -> Array:
    """The same with everything that is usually done to make it better: grey (H, W), (4,) → (H, W) bool.

    The threshold parts the box and a margin around it (a share of its sides), so that enough ground is among the
    pixels, after a blur and with the ground's slope taken out: a plane through the margin. Then holes are filled, and
    of several pieces the largest stays.
    """
    from scipy.ndimage import binary_fill_holes, gaussian_filter
    from skimage.filters import threshold_otsu

    inside = _inside(image, box)
    around = _inside(image, _grown(box, margin))
    smooth = gaussian_filter(image.astype(float), blur)
    y, x = np.indices(image.shape)
    columns = np.stack([np.ones(image.shape), x, y], -1)
    rim = around & ~inside
    if rim.sum() > 3:
        plane, *_ = np.linalg.lstsq(columns[rim], smooth[rim], rcond=None)
        smooth = smooth - columns @ plane
    pixels = smooth[around]
    if np.ptp(pixels) < 1:  # less than one grey level: an even box, but for rounding
        return np.zeros(image.shape, dtype=bool)
    return largest_piece(binary_fill_holes(inside & (smooth > threshold_otsu(pixels))))


def _grown(box: Array, margin: float) -> Array:
    """A box with a margin on every side, as a share of its sides."""
    box = np.asarray(box, dtype=float)
    sides = np.tile(box[2:] - box[:2], 2)
    return box + margin * sides * np.array([-1, -1, 1, 1])


def _inside(image: Array, box: Array) -> Array:
    """The pixels whose middle lies in the box: (H, W) bool."""
    if image.ndim != 2:
        raise ValueError(f"A threshold needs a grey picture (H, W), not {image.shape}.")
    inside = box_masks(torch.as_tensor(np.asarray(box, dtype=float))[None], *image.shape)[0].numpy()
    if not inside.any():
        raise ValueError(
            f"The box {np.asarray(box).tolist()} holds no pixel of a picture {image.shape[1]} x {image.shape[0]}."
        )
    return inside
