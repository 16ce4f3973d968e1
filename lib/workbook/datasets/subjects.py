"""Subjects to teach to a text-to-image model: a made toy, a real cat, and a third one for choosing settings.

    subject = load_subject("toy")
    subject.photos, subject.held_out        # PIL pictures to learn from, and others to be measured against

The toy and the boat are drawn in the picture world of `workbook.datasets.pictures`, in colours that no object there
has together. The cat is Chelsea, the photo that scikit-image brings along (by Stéfan van der Walt, public domain): its
head, cut out of one photo and posed in several ways, and so a poorer subject than several photos would be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from workbook.datasets.picture_objects import Part, both, box, ellipse, placed, shape

TOKEN = "sks"  # a word that no caption has
Painted = tuple[list[Part], tuple[int, int, int]]  # parts, and the colour that their shades are made of
TURQUOISE, PINK, GOLD, VIOLET, OCHRE = (40, 190, 180), (235, 90, 160), (250, 200, 40), (110, 60, 190), (170, 90, 50)


@dataclass(frozen=True)
class Subject:
    """A subject: its name, the word for its class, photos to learn from, and real pictures that are held out."""

    name: str
    kind: str
    photos: tuple[Any, ...]
    held_out: tuple[Any, ...]

    @property
    def prompt(self) -> str:
        """What the photos are trained with, as in the paper: the rare token before the class."""
        return f"a {TOKEN} {self.kind}"

    @property
    def class_prompt(self) -> str:
        """The same without the token."""
        return f"a {self.kind}"

    @property
    def words(self) -> str:
        """How a prompt names the subject."""
        return f"{TOKEN} {self.kind}"


def load_subject(name: str, photos: int = 5) -> Subject:
    """A subject by name: "toy", "cat" or "boat". photos: how many to learn from, 1 to 5, the first ones.

    Raises ValueError for an unknown name or another number.
    """
    if name not in _MAKERS:
        raise ValueError(f"There is no subject {name!r}; there are {', '.join(_MAKERS)}.")
    if not 1 <= photos <= 5:
        raise ValueError(f"A subject has 1 to 5 photos to learn from, not {photos!r}.")
    kind, learnt, held_out = _MAKERS[name]()
    return Subject(name, kind, learnt[:photos], held_out)


# ------------------------------------------------------------------------------------------------ drawn subjects


def toy_parts(arm: float = 0.0) -> list[Painted]:
    """A toy robot that can't be mistaken: a turquoise barrel with one eye, pink arms and feelers, golden shoes.

    arm: how far its arms hang, from -0.6 (up) to 0.4 (down). Coordinates as in picture_objects.
    """
    limbs = both(shape((0.48, 0.0), (0.78, arm), (0.95, arm + 0.08), (0.58, -0.2)))
    feelers = both(shape((0.1, -0.6), (0.38, -0.98), (0.46, -0.92), (0.2, -0.55)))
    feelers += both(ellipse(0.42, -0.92, 0.1, 0.1))
    shoes = both(ellipse(0.26, 0.88, 0.24, 0.12))
    barrel = [Part(ellipse(0, 0.1, 0.55, 0.76))]
    belts = [Part(box(-0.53, y, 0.53, y + 0.13)) for y in (0.18, 0.46)]
    eye = [Part(ellipse(0, -0.25, 0.3, 0.3), "pale"), Part(ellipse(0.04, -0.23, 0.14, 0.14), "dark")]
    return [(limbs + feelers, PINK), (shoes, GOLD), (barrel, TURQUOISE), (belts, PINK), (eye, GOLD)]


def boat_parts(lean: float = 0.0) -> list[Painted]:
    """A violet boat with a golden band and three ochre sails in a row; `lean` moves their tips, -0.1 to 0.1."""
    hull = [Part(shape((-0.95, 0.25), (0.95, 0.25), (0.55, 0.8), (-0.6, 0.8)))]
    band = [Part(box(-0.8, 0.38, 0.8, 0.52))]
    sails = [Part(shape((x, 0.2), (x + 0.25 + lean, -0.75), (x + 0.45, 0.2))) for x in (-0.8, -0.25, 0.3)]
    return [(sails, OCHRE), (hull, VIOLET), (band, GOLD)]


Pose = tuple[str, float, float, float, float, bool]  # ground, x and y of the centre, radius, tilt, mirrored
_LEARN: tuple[Pose, ...] = (
    ("wood", 32, 34, 24, 0.0, False), ("green", 26, 35, 21, 0.2, False), ("stones", 38, 33, 22, -0.15, True),
    ("sea", 33, 36, 19, 0.1, True), ("yellow", 30, 32, 26, -0.05, False),
)  # fmt: skip
_OTHERS: tuple[Pose, ...] = (
    ("grass", 34, 33, 23, -0.1, True), ("snow", 28, 34, 20, 0.12, False), ("brick", 32, 33, 25, 0.05, True),
    ("beach", 36, 36, 21, -0.2, False), ("night", 31, 34, 22, 0.15, True), ("red", 33, 32, 24, 0.0, False),
    ("white", 30, 35, 20, -0.12, True), ("blue", 35, 33, 22, 0.08, False),
)  # fmt: skip


def _drawn(
    parts: Callable[[float], Sequence[Painted]], bends: tuple[float, float], poses: Sequence[Pose], seed: int
) -> tuple:
    """Photos of a drawn subject: every pose on its ground, with a bend between the two given."""
    from PIL import Image

    from workbook.datasets.pictures import render

    pictures = []
    for number, (ground, x, y, radius, tilt, flip) in enumerate(poses):
        rng = np.random.default_rng([seed, number])
        painted = parts(rng.uniform(*bends))
        objects = [(placed(some, (x, y), radius, tilt, flip), colour) for some, colour in painted]
        pictures.append(Image.fromarray(render(objects, ground, "photo", rng)))
    return tuple(pictures)


def _toy() -> tuple[str, tuple, tuple]:
    return "robot", _drawn(toy_parts, (-0.6, 0.4), _LEARN, 0), _drawn(toy_parts, (-0.6, 0.4), _OTHERS, 1)


def _boat() -> tuple[str, tuple, tuple]:
    return "boat", _drawn(boat_parts, (-0.1, 0.1), _LEARN, 2), _drawn(boat_parts, (-0.1, 0.1), _OTHERS, 3)


# --------------------------------------------------------------------------------------------------- the real cat

HEAD = (  # its outline in pixels of the photo; its ears are cut off there, too
    (42, 0), (398, 0), (385, 25), (362, 70), (366, 110), (352, 165), (335, 200), (322, 235), (290, 270), (240, 292),
    (180, 285), (110, 250), (60, 210), (35, 150), (32, 90), (38, 30),
)  # fmt: skip
MIDDLE = (205, 146)  # of the head
LARGE = 256  # pixels of a cat's picture: the photo has enough for more than the picture world's 64

# ground, x and y of the head's middle and its width (shares of the picture), degrees, mirrored
_CAT_LEARN: tuple[Pose, ...] = (
    ("wood", 0.5, 0.52, 0.85, 0, False), ("green", 0.44, 0.55, 0.72, 10, False), ("stones", 0.58, 0.52, 0.78, -8, True),
    ("sea", 0.50, 0.56, 0.66, 6, True), ("yellow", 0.48, 0.50, 0.90, -4, False),
)  # fmt: skip
_CAT_OTHERS: tuple[Pose, ...] = (
    ("grass", 0.53, 0.52, 0.80, -6, True), ("snow", 0.45, 0.54, 0.70, 8, False), ("brick", 0.50, 0.52, 0.86, 3, True),
    ("beach", 0.56, 0.56, 0.72, -10, False), ("night", 0.49, 0.53, 0.76, 9, True), ("red", 0.51, 0.50, 0.82, 0, False),
    ("white", 0.47, 0.55, 0.70, -7, True), ("blue", 0.54, 0.52, 0.78, 5, False),
)  # fmt: skip


@cache
def _cat() -> tuple[str, tuple, tuple]:
    return "cat", _posed(_CAT_LEARN, 4), _posed(_CAT_OTHERS, 5)


def _posed(poses: Sequence[Pose], seed: int) -> tuple:
    """The cat's head, cut out of its photo, on grounds of the picture world."""
    from PIL import Image, ImageDraw, ImageFilter, ImageOps
    from skimage import data

    from workbook.datasets.pictures import ground_picture

    photo = Image.fromarray(data.chelsea())  # 451 × 300 pixels
    outline = Image.new("L", photo.size)
    ImageDraw.Draw(outline).polygon(HEAD, fill=255)
    outline = outline.filter(ImageFilter.GaussianBlur(2))
    pictures = []
    for number, (ground, x, y, wide, degrees, flip) in enumerate(poses):
        behind = ground_picture(ground, np.random.default_rng([seed, number]))
        picture = Image.fromarray(np.clip(behind, 0, 255).astype(np.uint8)).resize(
            (LARGE, LARGE), Image.Resampling.BICUBIC
        )
        scale, angle = (HEAD[1][0] - HEAD[0][0]) / (wide * LARGE), np.radians(degrees)
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        # where each pixel of the picture comes from in the photo: an affine map about the head's middle
        place = (cos, sin, MIDDLE[0] - (cos * x + sin * y) * LARGE, -sin, cos, MIDDLE[1] - (cos * y - sin * x) * LARGE)
        layers = [
            one.transform((LARGE, LARGE), Image.Transform.AFFINE, place, Image.Resampling.BICUBIC)
            for one in (photo, outline)
        ]
        picture.paste(layers[0], mask=layers[1])
        pictures.append(ImageOps.mirror(picture) if flip else picture)
    return tuple(pictures)


_MAKERS: dict[str, Callable[[], tuple[str, tuple, tuple]]] = {"toy": _toy, "cat": _cat, "boat": _boat}

# ----------------------------------------------------------------------------------------------------- the prompts

# {}: the subject's words, for example "sks robot". What is chosen is chosen on the first list, what is reported is
# measured on the second.
VALIDATION_PROMPTS = (
    "a photo of a {} on a wooden table", "a photo of a {} on stones", "a photo of a {} before a brick wall",
    "a {} on a yellow background", "a drawing of a {} on grass", "a small {} on the left, on a red background",
)  # fmt: skip
TEST_PROMPTS = (
    "a photo of a {} on grass", "a photo of a {} in the snow", "a photo of a {} at night",
    "a photo of a {} on the beach", "a {} on a red background", "a sketch of a {} on a white background",
    "pixel art of a {} on a blue background", "a painting of a {} on the sea",
)  # fmt: skip
