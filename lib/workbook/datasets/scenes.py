"""Made scenes: textured objects on textured grounds, with exact masks, boxes and words. For detection and segmentation.

    scene = draw(np.random.default_rng(0), domain="photo")
    scene.image, scene.masks, scene.boxes, scene.words

Textures are stripes, checks, grain and shading, and crops of scikit-image's real photos. The held-out split differs
from training by more than a seed: its photos, and some pairs of colour and kind, are never seen in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

Array = np.ndarray

KINDS = ("disc", "square", "triangle", "ring", "star", "cross", "crescent", "bar")
COLOURS = {
    "red": (205, 40, 45),
    "orange": (240, 140, 30),
    "yellow": (240, 215, 60),
    "green": (50, 150, 60),
    "blue": (45, 85, 200),
    "purple": (140, 60, 170),
    "white": (240, 240, 240),
    "black": (30, 30, 35),
}
TEXTURES = ("plain", "striped", "checked", "speckled")
DOMAINS = {
    "studio": "objects on a plain ground, evenly lit",
    "photo": "objects on crops of real photos, with shadows",
    "night": "the same, darkened, bluish, and with the grain of a sensor",
}
PHOTOS = {
    "train": ("brick", "coffee", "grass", "rocket", "astronaut"),
    "test": ("gravel", "chelsea", "hubble_deep_field", "immunohistochemistry"),
}


@dataclass(frozen=True)
class Scene:
    """One picture and everything that is in it, the objects from back to front.

    image: (S, S, 3) uint8. masks: (N, S, S) bool, the visible pixels of each object; they never overlap.
    boxes: (N, 4) float, x1 y1 x2 y2 in pixels around the visible part (x2 and y2 are one past the last pixel).
    kinds, colours, textures: N words each. domain: one of DOMAINS.
    """

    image: Array
    masks: Array
    boxes: Array
    kinds: tuple[str, ...]
    colours: tuple[str, ...]
    textures: tuple[str, ...]
    domain: str

    @property
    def labels(self) -> Array:
        """The objects' kinds as numbers: (N,) int64, indices into KINDS."""
        return np.array([KINDS.index(kind) for kind in self.kinds], dtype=np.int64)

    @property
    def words(self) -> tuple[str, ...]:
        """A description of each object: "striped red star", "blue disc"."""
        described = zip(self.textures, self.colours, self.kinds, strict=True)
        return tuple(" ".join(word for word in words if word != "plain") for words in described)


def held_out_pair(colour: str, kind: str) -> bool:
    """Whether this colour on this kind of object is kept for the test split: one pair in eight, spread evenly."""
    return (list(COLOURS).index(colour) + 3 * KINDS.index(kind)) % 8 == 0


def scenes(
    number: int,
    seed: int,
    *,
    domain: str = "photo",
    split: str = "train",
    size: int = 64,
    objects: tuple[int, int] = (1, 4),
    grained: float = 0.0,
) -> Iterator[Scene]:
    """`number` scenes; the same arguments give the same ones.

    split:   "train" or "test" (photos and pairs of colour and kind that training never shows).
    objects: fewest and most objects that are placed; what ends up hidden is left out, but one is always there.
    grained: how likely an object's surface carries the light and dark of a photo, which no word names.
    Raises ValueError for an unknown domain or split, sizes under 16, or a `grained` that is no probability.
    """
    if domain not in DOMAINS or split not in PHOTOS:
        raise ValueError(
            f"domain is one of {', '.join(DOMAINS)}, split one of {', '.join(PHOTOS)}; not {domain!r}, {split!r}"
        )
    if size < 16 or not 1 <= objects[0] <= objects[1]:
        raise ValueError(f"size must be at least 16 and objects 1 <= fewest <= most, not {size} and {objects}")
    if not 0 <= grained <= 1:
        raise ValueError(f"grained is a probability, from 0 to 1, not {grained!r}")
    rng = np.random.default_rng([seed, list(DOMAINS).index(domain), list(PHOTOS).index(split)])
    for _ in range(number):
        yield draw(rng, domain, split, size, objects, grained)


def draw(
    rng: np.random.Generator,
    domain: str = "photo",
    split: str = "train",
    size: int = 64,
    objects: tuple[int, int] = (1, 4),
    grained: float = 0.0,
) -> Scene:
    """One scene; arguments as in `scenes`."""
    canvas = _ground(rng, domain, split, size)
    shapes, words = [], []
    for _ in range(rng.integers(objects[0], objects[1] + 1)):
        kind, colour, texture = _words(rng, split)
        shape = _shape(rng, kind, size)  # (S, S) coverage between 0 and 1
        if domain != "studio":
            canvas *= 1 - 0.45 * np.roll(shape, (size // 24, size // 24), (0, 1))[..., None]  # its shadow
        paint = _surface(rng, COLOURS[colour], texture, size) * _shading(rng, size)
        if grained and rng.random() < grained:
            paint *= _grain(rng, split, size)
        canvas += shape[..., None] * (paint - canvas)
        shapes.append(shape > 0.5)
        words.append((kind, colour, texture))
    masks = _visible(np.array(shapes))
    area, whole = masks.sum((1, 2)), np.array(shapes).sum((1, 2))
    seen = (area >= 0.35 * whole) & (area >= size * size / 200)
    seen |= np.arange(len(masks)) == len(masks) - 1  # the one in front hides behind nothing
    kinds, colours, textures = zip(*(word for word, keep in zip(words, seen, strict=True) if keep), strict=True)
    image = np.clip(_light(rng, canvas, domain), 0, 255).astype(np.uint8)
    return Scene(image, masks[seen], boxes_of(masks[seen]), kinds, colours, textures, domain)


def boxes_of(masks: Array) -> Array:
    """The tight box of each mask: (N, H, W) bool → (N, 4) float, x1 y1 x2 y2; an empty mask gives zeros."""
    import torch

    from workbook.vision.masks import tight_boxes

    return tight_boxes(torch.from_numpy(masks)).double().numpy()


def _words(rng: np.random.Generator, split: str) -> tuple[str, str, str]:
    """Kind, colour and texture of an object. Half of the test split's are of pairs that training never shows."""
    wanted = bool(split == "test" and rng.random() < 0.5)
    while True:
        kind, colour = str(rng.choice(KINDS)), str(rng.choice(list(COLOURS)))
        if held_out_pair(colour, kind) == wanted:
            return kind, colour, str(rng.choice(TEXTURES, p=[0.55, 0.15, 0.15, 0.15]))


def _from_tip(angle: Array, tips: int) -> Array:
    """How far an angle is from the nearest tip of a star: 0 on it, 1 in the middle between two."""
    return abs((angle * tips / (2 * np.pi) + 0.5) % 1 - 0.5) * 2


# Every kind as a function of x and y (y points down) that is above 0 inside; the unit circle is about its size.
_INSIDE: dict[str, Callable[[Array, Array], Array]] = {
    "disc": lambda x, y: 1 - np.hypot(x, y),
    "square": lambda x, y: 0.82 - np.maximum(abs(x), abs(y)),
    "triangle": lambda x, y: np.minimum(0.6 - y, 0.6 + 0.5 * y - 0.87 * abs(x)),
    "ring": lambda x, y: 0.28 - abs(np.hypot(x, y) - 0.72),
    "star": lambda x, y: 1 / (1 + 1.4 * _from_tip(np.arctan2(x, -y), 5)) - np.hypot(x, y),
    "cross": lambda x, y: np.minimum(1 - np.maximum(abs(x), abs(y)), 0.32 - np.minimum(abs(x), abs(y))),
    "crescent": lambda x, y: np.minimum(1 - np.hypot(x, y), np.hypot(x - 0.5, y) - 0.75),
    "bar": lambda x, y: np.minimum(1.1 - abs(x), 0.34 - abs(y)),
}


def _shape(rng: np.random.Generator, kind: str, size: int) -> Array:
    """How much of each pixel an object of this kind covers, somewhere in the picture: (S, S) float in [0, 1]."""
    radius = size * rng.uniform(0.1, 0.26)
    centre = rng.uniform(0.9 * radius, size - 0.9 * radius, 2)
    stretch = rng.uniform(0.85, 1.15)
    angle = rng.uniform(-0.4, 0.4) if kind in ("square", "triangle", "cross", "star") else rng.uniform(0, 2 * np.pi)
    fine = (np.arange(4 * size) + 0.5) / 4  # 16 samples a pixel make smooth edges
    x, y = (fine[None, :] - centre[0]) / radius, (fine[:, None] - centre[1]) / radius
    turned_x = (np.cos(angle) * x + np.sin(angle) * y) * stretch
    turned_y = (np.cos(angle) * y - np.sin(angle) * x) / stretch
    inside = _INSIDE[kind](turned_x, turned_y) > 0
    return inside.reshape(size, 4, size, 4).mean((1, 3))


def _visible(shapes: Array) -> Array:
    """What is left of each shape when the later ones lie in front: (N, S, S) bool."""
    hidden = np.zeros_like(shapes)
    hidden[:-1] = np.logical_or.accumulate(shapes[:0:-1], 0)[::-1]
    return shapes & ~hidden


def _surface(rng: np.random.Generator, colour: tuple[int, int, int], texture: str, size: int) -> Array:
    """An endless surface of a colour and a texture: (S, S, 3) float."""
    base = np.clip(np.array(colour) + rng.normal(0, 10, 3), 0, 255)
    period, angle = size * rng.uniform(0.07, 0.13), rng.uniform(0, np.pi)
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    pattern = {
        "plain": lambda: np.zeros((size, size)),
        "striped": lambda: np.sin(2 * np.pi * along / period) > 0.2,
        "checked": lambda: np.sin(np.pi * along / period) * np.sin(np.pi * across / period) > 0,
        "speckled": lambda: _smooth(rng.normal(size=(size, size)), 1) > 0.25,
    }[texture]()
    other = base * 0.45 if base.mean() > 110 else 255 - (255 - base) * 0.55
    return base + pattern[..., None] * (other - base)


def _shading(rng: np.random.Generator, size: int) -> Array:
    """Light that falls from one side: (S, S, 1) float around 1."""
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    angle = rng.uniform(0, 2 * np.pi)
    return (1 + rng.uniform(0, 0.25) * (np.cos(angle) * x + np.sin(angle) * y))[..., None]


def _ground(rng: np.random.Generator, domain: str, split: str, size: int) -> Array:
    """What lies behind the objects: (S, S, 3) float."""
    if domain == "studio":
        return (
            np.clip(rng.uniform(90, 235) + rng.normal(0, 8, 3), 0, 255) * _shading(rng, size) * np.ones((size, size, 3))
        )
    return _crop(rng, split, size) * rng.uniform(0.7, 1.15)


def _grain(rng: np.random.Generator, split: str, size: int) -> Array:
    """The light and dark of a photo, to be laid over a surface: (S, S, 1) float, mostly from 0.4 to 1.6."""
    light = _crop(rng, split, size).mean(-1, keepdims=True)
    return np.clip(1 + rng.uniform(0.1, 0.4) * (light - light.mean()) / (light.std() + 1), 0, 2)


def _crop(rng: np.random.Generator, split: str, size: int) -> Array:
    """A square of one of the split's photos, mirrored or not: (S, S, 3) float."""
    photo = _photo(PHOTOS[split][rng.integers(len(PHOTOS[split]))])
    side = int(rng.integers(size, min(photo.shape[:2]) + 1))
    top, left = (rng.integers(0, length - side + 1) for length in photo.shape[:2])
    pixels = np.linspace(0, side - 1, size).astype(int)
    crop = photo[top : top + side, left : left + side][np.ix_(pixels, pixels)].astype(float)
    return np.where(rng.random() < 0.5, crop[:, ::-1], crop)


@cache
def _photo(name: str) -> Array:
    """One of the photos that scikit-image brings along, in colour: (H, W, 3) uint8, at most 256 pixels high."""
    import skimage

    photo = getattr(skimage.data, name)()
    photo = photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, -1)
    every = max(1, min(photo.shape[:2]) // 200)
    height, width = (length // every * every for length in photo.shape[:2])
    blocks = photo[:height, :width].reshape(height // every, every, width // every, every, 3)
    return blocks.mean((1, 3)).astype(np.uint8)


def _light(rng: np.random.Generator, canvas: Array, domain: str) -> Array:
    """The finished picture as this domain's camera sees it."""
    if domain != "night":
        return canvas + rng.normal(0, 3, canvas.shape)
    return canvas * np.array([0.3, 0.36, 0.5]) * rng.uniform(0.7, 1.1) + rng.normal(0, 13, canvas.shape) + 8


def _smooth(noise: Array, times: int) -> Array:
    """Noise without its finest grain: the mean of each 3 x 3 neighbourhood, over again, brought back to deviation 1."""
    for _ in range(times):
        noise = sum(np.roll(noise, shift, (0, 1)) for shift in np.ndindex(3, 3)) / 9
    return noise / noise.std()
