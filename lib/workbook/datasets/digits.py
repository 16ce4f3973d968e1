"""Digits in two domains: rendered from matplotlib's fonts, and handwritten by people (scikit-learn's).

The source is rendered: every font, size and place is known, and there is no end to it. The target was written by
people on printed forms, scanned, and reduced to 8 × 8 counts of ink (Alpaydin and Kaynak 1998; scikit-learn ships 1,797
of these digits, by 13 writers). Both are shown in 32 × 32 pixels, light on dark.

Splits differ by more than a seed: the source's validation and test digits are in fonts that training never shows, the
target's splits are blocks of the file, whose neighbours are mostly by one writer.
"""

from __future__ import annotations

import functools
import string
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from workbook.datasets.domains import Pictures, balanced_labels

SIZE = 32
FINE = 3  # glyphs are drawn so many times larger, and reduced
CLASSES = tuple(string.digits)
LETTERS = tuple("ABCDEFGHJKLMNPQRTUVWXYZabdefghnqrt")  # without those that a digit can't be told from, such as O
FONTS = {
    "train": (
        "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique", "DejaVuSansMono",
        "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique", "DejaVuSerif",
        "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic", "STIXGeneral", "cmr10",
    ),
    "validation": ("STIXGeneralItalic", "cmss10"),
    "test": ("STIXGeneralBol", "STIXGeneralBolIta", "cmb10", "cmti10", "cmtt10"),
}  # fmt: skip
BLOCKS = {"pool": slice(0, 700), "validation": slice(700, 1000), "test": slice(1000, 1797)}


def rendered_digits(split: str, count: int, seed: int = 0, classes: tuple[str, ...] = CLASSES) -> Pictures:
    """`count` digits in the fonts of a split ("train", "validation", "test"), as many of each class as possible.

    Each has a font, a height of 22 to 30 pixels, a slant and tilt of a few degrees, a place and a brightness drawn by
    the seed. classes: other characters than the digits, for a backbone that shall know more.
    Raises ValueError for an unknown split or fewer than one picture.
    """
    if split not in FONTS:
        raise ValueError(f"The rendered digits have no split {split!r}; there are {', '.join(FONTS)}.")
    rng = np.random.default_rng([seed, list(FONTS).index(split)])
    labels = balanced_labels(count, len(classes), rng)
    pictures = [_render(classes[label], FONTS[split][rng.integers(len(FONTS[split]))], rng) for label in labels]
    grey = torch.from_numpy(np.stack(pictures))
    return Pictures("fonts", classes, grey[:, None].repeat(1, 3, 1, 1), torch.from_numpy(labels))


def real_digits(split: str) -> Pictures:
    """scikit-learn's handwritten digits, enlarged from 8 × 8 to 32 × 32.

    split: "pool", 700 to draw labelled examples from (or to use without their labels), "validation", 300, and "test",
    797. Raises ValueError for another one.
    """
    if split not in BLOCKS:
        raise ValueError(f"The real digits have no split {split!r}; there are {', '.join(BLOCKS)}.")
    from sklearn.datasets import load_digits

    data = load_digits()
    small = torch.from_numpy(data.images[BLOCKS[split]]).float()[:, None] * (255 / 16)  # 0 to 16 → 0 to 255
    large = enlarge(small).round().to(torch.uint8)
    return Pictures("handwritten", CLASSES, large.repeat(1, 3, 1, 1), torch.from_numpy(data.target[BLOCKS[split]]))


def enlarge(small: Tensor, size: int = SIZE) -> Tensor:
    """Grey pictures (N, 1, h, w) in size × size pixels, by bilinear interpolation."""
    return torch.nn.functional.interpolate(small, (size, size), mode="bilinear", align_corners=False)


@functools.cache
def _font(name: str, height: int):
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), height)


def _render(character: str, font: str, rng: np.random.Generator) -> np.ndarray:
    """One character as (SIZE, SIZE), uint8, light on dark."""
    from PIL import Image, ImageDraw

    big = SIZE * FINE
    glyph = _font(font, 90)  # any size: the glyph's own box is scaled to the height that is wanted
    left, top, right, bottom = glyph.getbbox(character)
    drawn = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(drawn).text((1 - left, 1 - top), character, fill=255, font=glyph)
    scale = rng.uniform(22, 30) * FINE / drawn.height
    wide = min(scale * rng.uniform(0.9, 1.15), (SIZE - 2) * FINE / drawn.width)
    shift = rng.uniform(-1.5, 1.5, 2) * FINE
    tilt, slant = np.radians(rng.uniform(-6, 6)), rng.uniform(-0.12, 0.12)
    # the inverse map, from a place on the canvas to one on the glyph: shift back, turn, slant, scale
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    matrix = np.diag([1 / wide, 1 / scale]) @ np.array([[1, slant], [0, 1]]) @ turn
    offset = np.array([drawn.width, drawn.height]) / 2 - matrix @ (big / 2 + shift)
    data = (*matrix[0], offset[0], *matrix[1], offset[1])
    placed = drawn.transform((big, big), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR).reduce(FINE)
    return (np.asarray(placed) * rng.uniform(0.8, 1.0)).astype(np.uint8)
