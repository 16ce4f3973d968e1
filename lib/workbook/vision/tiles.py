"""Square cut-outs of a larger photo around its objects, for models that see small pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

Array = np.ndarray


@dataclass(frozen=True)
class Tile:
    """A cut-out. image: (S, S, 3) uint8. masks: (N, S, S) bool, the object that it was cut around first.

    corner: x and y of its upper left pixel in the photo.
    """

    image: Array
    masks: Array
    corner: tuple[int, int]

    def local(self, box: Array) -> Array:
        """A box of the photo in the cut-out's pixels: (4,) → (4,)."""
        return np.asarray(box, dtype=float) - np.tile(self.corner, 2)


def around(
    image: Array, masks: Array, number: int, side: int, shift: tuple[int, int] = (0, 0), size: int | None = None
) -> Tile:
    """The cut-out of `side` pixels around object `number`; at the photo's rim it is moved inside.

    image: (H, W) or (H, W, 3) uint8. masks: (N, H, W) bool. shift: by how many pixels, x and y, the object is to be out
    of the middle. size: the cut-out is scaled to so many pixels square, as `segment.encode` does it; `corner` and
    `local` stay in the photo's. Of the other objects those are kept that lie inside by more than half. Raises
    ValueError for an unknown object, a `side` larger than the photo, or a `size` below 1.
    """
    height, width = image.shape[:2]
    size = side if size is None else size
    if not 0 <= number < len(masks) or not 1 <= side <= min(height, width) or size < 1:
        raise ValueError(
            f"Expected an object of 0 to {len(masks) - 1}, a side up to {min(height, width)} and a size of at least 1; "
            f"got object {number}, side {side} and size {size}."
        )
    rows, columns = np.nonzero(masks[number])
    left = int(np.clip((columns.min() + columns.max() + 1 - side) // 2 + shift[0], 0, width - side))
    top = int(np.clip((rows.min() + rows.max() + 1 - side) // 2 + shift[1], 0, height - side))
    window = np.s_[top : top + side, left : left + side]
    inside = np.array([mask[window].sum() > mask.sum() / 2 for mask in masks])
    order = [number, *(i for i in np.flatnonzero(inside) if i != number)]
    cut = image[window] if image.ndim == 3 else np.repeat(image[window][..., None], 3, 2)
    pixels = _scaled(np.moveaxis(cut, -1, 0), size).clip(0, 255).round().astype(np.uint8)
    covered = _scaled(np.array([masks[i][window] for i in order]), size)
    return Tile(np.moveaxis(pixels, 0, -1), covered > 0.5, (left, top))


def _scaled(planes: Array, size: int) -> Array:
    """Each plane with `size` pixels square: (N, S, S) → (N, size, size) float, the very values where S is `size`."""
    planes = torch.tensor(planes, dtype=torch.float32)[None]
    if planes.shape[-1] != size:
        planes = F.interpolate(planes, (size, size), mode="bilinear", antialias=True)
    return planes[0].numpy()
