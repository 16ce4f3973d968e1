"""Square cut-outs of a larger photo around its objects, for models that see small pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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


def around(image: Array, masks: Array, number: int, side: int, shift: tuple[int, int] = (0, 0), every: int = 1) -> Tile:
    """The cut-out of `side` pixels around object `number`; at the photo's rim it is moved inside.

    image: (H, W) or (H, W, 3) uint8. masks: (N, H, W) bool. shift: by how many pixels, x and y, the object is to be out
    of the middle. every: so many pixels square become one, by the mean, a mask's by the majority. Of the other objects
    those are kept that lie inside by more than half. Raises ValueError for an unknown object, and where `side` is
    larger than the photo or no multiple of `every`.
    """
    height, width = image.shape[:2]
    if not 0 <= number < len(masks) or side > min(height, width) or side % every:
        raise ValueError(
            f"Expected an object of 0 to {len(masks) - 1} and a side up to {min(height, width)}, a multiple of "
            f"{every}; got object {number} and side {side}."
        )
    rows, columns = np.nonzero(masks[number])
    left = int(np.clip((columns.min() + columns.max() + 1 - side) // 2 + shift[0], 0, width - side))
    top = int(np.clip((rows.min() + rows.max() + 1 - side) // 2 + shift[1], 0, height - side))
    window = np.s_[top : top + side, left : left + side]
    inside = np.array([mask[window].sum() > mask.sum() / 2 for mask in masks])
    order = [number, *(i for i in np.flatnonzero(inside) if i != number)]
    cut = image[window] if image.ndim == 3 else np.repeat(image[window][..., None], 3, 2)
    blocks = (side // every, every, side // every, every)
    small = cut.reshape(*blocks, 3).mean((1, 3)).round().astype(np.uint8)
    shares = np.array([masks[i][window].reshape(blocks).mean((1, 3)) for i in order])
    return Tile(small, shares > 0.5, (left, top))
