"""Ten kinds of objects, drawn in five domains: like a photo, a sketch, a negative, a noisy photo, clip art.

    pictures = draw("photo", 500, seed=0)

An object is a list of coloured polygons whose proportions are drawn anew for every picture. What differs between the
domains is the rendering alone: the photo has light, texture, shadow and a ground; the sketch has lines only. No picture
was taken from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from workbook.datasets.domains import Pictures, balanced_labels

SIZE, FINE = 32, 3  # pixels of a picture; it is drawn so many times larger, and reduced
Points = np.ndarray  # (M, 2), x to the right and y down, the object within -1 to 1


class Part(NamedTuple):
    """A polygon and its colour, red green blue from 0 to 255."""

    points: Points
    colour: tuple[float, float, float]


# ------------------------------------------------------------------------------------------------- the objects

PALETTES = {
    "green": [(60, 130, 50), (95, 150, 60), (50, 110, 80)],
    "brown": [(110, 75, 45), (140, 100, 60), (85, 60, 45)],
    "red": [(190, 45, 40), (215, 80, 60), (160, 30, 60)],
    "any": [(200, 60, 50), (60, 100, 190), (230, 190, 60), (90, 160, 90), (150, 90, 170), (235, 140, 60)],
    "pale": [(230, 220, 200), (210, 215, 220), (235, 235, 225)],
    "dark": [(50, 50, 55), (70, 60, 60)],
    "glass": [(150, 190, 215), (120, 165, 190)],
    "yellow": [(235, 195, 60), (245, 215, 110)],
}


def _colour(rng: np.random.Generator, palette: str) -> tuple[float, float, float]:
    base = np.array(PALETTES[palette][rng.integers(len(PALETTES[palette]))], dtype=float)
    return tuple(np.clip(base + rng.normal(0, 12, 3), 0, 255))


def _ellipse(x: float, y: float, wide: float, high: float, begin: float = 0, end: float = 360) -> Points:
    """A (part of an) ellipse around (x, y) with these half axes; degrees, clockwise from the right."""
    angles = np.radians(np.linspace(begin, end, 20, endpoint=end - begin < 360))
    return np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], 1)


def _box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _apple(rng: np.random.Generator) -> list[Part]:
    skin = _colour(rng, ["red", "green", "yellow"][rng.integers(3)])
    wide, high = rng.uniform(0.32, 0.4), rng.uniform(0.55, 0.68)
    halves = [Part(_ellipse(side * 0.24, 0.15, wide + 0.12, high), skin) for side in (-1, 1)]
    stalk = Part(np.array([(-0.05, -0.4), (0.05, -0.4), (rng.uniform(0.05, 0.25), -0.85)]), _colour(rng, "brown"))
    leaf = Part(_ellipse(0.32, -0.62, rng.uniform(0.2, 0.3), 0.12), _colour(rng, "green"))
    return [*halves, stalk, leaf]


def _boat(rng: np.random.Generator) -> list[Part]:
    deep, mast = rng.uniform(0.3, 0.45), rng.uniform(-0.2, 0.15)
    hull = Part(np.array([(-0.9, 0.3), (0.9, 0.3), (0.6, 0.3 + deep), (-0.65, 0.3 + deep)]), _colour(rng, "any"))
    pole = Part(_box(mast - 0.04, -0.9, mast + 0.04, 0.3), _colour(rng, "brown"))
    sail = _colour(rng, "pale")
    back = Part(np.array([(mast + 0.08, -0.85), (mast + 0.08, 0.18), (rng.uniform(0.55, 0.85), 0.18)]), sail)
    front = Part(np.array([(mast - 0.08, -0.7), (mast - 0.08, 0.18), (-rng.uniform(0.5, 0.8), 0.18)]), sail)
    return [hull, pole, back, front][: 4 if rng.random() < 0.7 else 3]


def _car(rng: np.random.Generator) -> list[Part]:
    paint, roof = _colour(rng, "any"), rng.uniform(-0.5, -0.3)
    body = Part(_box(-0.95, -0.02, 0.95, 0.42), paint)
    left, right = rng.uniform(-0.65, -0.5), rng.uniform(0.4, 0.6)
    cabin = Part(np.array([(left, 0), (left + 0.2, roof), (right - 0.2, roof), (right, 0)]), paint)
    window = Part(
        np.array(
            [(left + 0.12, -0.05), (left + 0.25, roof + 0.08), (right - 0.25, roof + 0.08), (right - 0.12, -0.05)]
        ),
        _colour(rng, "glass"),
    )
    radius = rng.uniform(0.2, 0.27)
    wheels = [Part(_ellipse(x, 0.42, radius, radius), _colour(rng, "dark")) for x in (-0.55, 0.55)]
    return [body, cabin, window, *wheels]


def _cup(rng: np.random.Generator) -> list[Part]:
    glaze, wide, foot = _colour(rng, "any"), rng.uniform(0.5, 0.62), rng.uniform(0.32, 0.5)
    ring = np.concatenate([_ellipse(wide, 0.05, 0.36, 0.38, -90, 90), _ellipse(wide, 0.05, 0.2, 0.22, 90, -90)])
    body = Part(np.array([(-wide, -0.5), (wide, -0.5), (foot, 0.65), (-foot, 0.65)]), glaze)
    rim = Part(_ellipse(0, -0.5, wide, 0.13), _colour(rng, "brown"))
    return [Part(ring, glaze), body, rim]


def _fish(rng: np.random.Generator) -> list[Part]:
    scales, long, high = _colour(rng, "any"), rng.uniform(0.58, 0.68), rng.uniform(0.28, 0.42)
    tail = Part(np.array([(0.5, 0), (0.95, -0.42), (0.85, 0), (0.95, 0.42)]), _colour(rng, "any"))
    fin = Part(np.array([(-0.25, -high + 0.08), (0.05, -high - 0.25), (0.25, -high + 0.1)]), scales)
    eye = Part(_ellipse(-0.52, -0.08, 0.08, 0.08), _colour(rng, "dark"))
    return [tail, fin, Part(_ellipse(-0.12, 0, long, high), scales), eye]


def _flower(rng: np.random.Generator) -> list[Part]:
    petals, number, out = _colour(rng, "any"), int(rng.integers(5, 8)), rng.uniform(0.3, 0.36)
    green = _colour(rng, "green")
    stem = Part(_box(-0.05, -0.2, 0.05, 0.95), green)
    leaf = Part(_ellipse(0.25, 0.6, 0.25, 0.1), green)
    around = 2 * np.pi * (np.arange(number) / number + rng.random())
    blossom = [Part(_ellipse(out * np.cos(a), -0.35 + out * np.sin(a), 0.21, 0.21), petals) for a in around]
    return [stem, leaf, *blossom, Part(_ellipse(0, -0.35, 0.19, 0.19), _colour(rng, "yellow"))]


def _house(rng: np.random.Generator) -> list[Part]:
    wide, top = rng.uniform(0.55, 0.75), rng.uniform(-0.25, 0.0)
    wall = Part(_box(-wide, top, wide, 0.85), _colour(rng, "pale" if rng.random() < 0.6 else "any"))
    roof = Part(np.array([(-wide - 0.18, top), (0, -0.9), (wide + 0.18, top)]), _colour(rng, "red"))
    place = rng.uniform(-0.4, 0.2)
    door = Part(_box(place, 0.35, place + 0.26, 0.85), _colour(rng, "brown"))
    pane = _colour(rng, "glass")
    windows = [Part(_box(x, top + 0.15, x + 0.24, top + 0.4), pane) for x in (-0.42, 0.18)]
    return [wall, roof, door, *windows]


def _mushroom(rng: np.random.Generator) -> list[Part]:
    wide, high = rng.uniform(0.65, 0.9), rng.uniform(0.6, 0.85)
    foot = rng.uniform(0.16, 0.26)
    stem = Part(
        np.array([(-foot, -0.05), (foot, -0.05), (foot + 0.1, 0.85), (-foot - 0.1, 0.85)]), _colour(rng, "pale")
    )
    cap = Part(_ellipse(0, 0, wide, high, 180, 360), _colour(rng, "red" if rng.random() < 0.6 else "brown"))
    white = _colour(rng, "pale")
    spots = [(-0.35, -0.25), (0.05, -0.45), (0.38, -0.2)][: int(rng.integers(2, 4))]
    return [stem, cap, *(Part(_ellipse(x * wide, y * high, 0.1, 0.09), white) for x, y in spots)]


def _tree(rng: np.random.Generator) -> list[Part]:
    half, green = rng.uniform(0.09, 0.15), _colour(rng, "green")
    trunk = Part(_box(-half, 0.1, half, 0.95), _colour(rng, "brown"))
    if rng.random() < 0.4:  # a fir
        steps = [(-0.9, -0.35, 0.35), (-0.6, 0.0, 0.5), (-0.3, 0.4, 0.65)]
        return [trunk, *(Part(np.array([(-w, low), (0, top), (w, low)]), green) for top, low, w in steps[::-1])]
    balls = [(0, -0.5, 0.4), (-0.36, -0.15, 0.36), (0.36, -0.15, 0.36)]
    return [trunk, *(Part(_ellipse(x, y, r * rng.uniform(0.9, 1.15), r), green) for x, y, r in balls)]


def _umbrella(rng: np.random.Generator) -> list[Part]:
    cloth, wide, high = _colour(rng, "any"), rng.uniform(0.8, 0.95), rng.uniform(0.65, 0.85)
    pole = Part(_box(-0.04, -0.1, 0.04, 0.75), _colour(rng, "dark"))
    hook = np.concatenate([_ellipse(-0.14, 0.72, 0.18, 0.2, 0, 180), _ellipse(-0.14, 0.72, 0.1, 0.11, 180, 0)])
    arc = _ellipse(0, 0, wide, high, 180, 360)
    waves = [_ellipse(x * wide, 0, wide / 4, 0.13, 0, -180) for x in (0.75, 0.25, -0.25, -0.75)]
    return [pole, Part(hook, _colour(rng, "dark")), Part(np.concatenate([arc, *waves]), cloth)]


KINDS: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "apple": _apple, "boat": _boat, "car": _car, "cup": _cup, "fish": _fish, "flower": _flower, "house": _house,
    "mushroom": _mushroom, "tree": _tree, "umbrella": _umbrella,
}  # fmt: skip


def _placed(parts: list[Part], rng: np.random.Generator) -> list[Part]:
    """The object in pixels of the large canvas: scaled, tilted, mirrored or not, and shifted."""
    scale, tilt = rng.uniform(0.36, 0.46) * SIZE * FINE, np.radians(rng.uniform(-12, 12))
    turn = scale * np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    mirror = np.array([rng.choice([-1, 1]), 1])
    middle = SIZE * FINE * (0.5 + rng.uniform(-0.05, 0.05, 2))
    return [Part((part.points * mirror) @ turn.T + middle, part.colour) for part in parts]


# ----------------------------------------------------------------------------------------------- the renderings


def _waves(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Smooth noise over the canvas, about -1 to 1: a few random values, enlarged. Few cells: broad blotches."""
    small = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(small.resize((SIZE * FINE, SIZE * FINE), Image.Resampling.BICUBIC))


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Brightness over the canvas, around 1: blotches, grain or stripes."""
    kind, strength = rng.integers(3), rng.uniform(0.08, 0.25)
    if kind == 2:
        angle, width = rng.uniform(0, np.pi), rng.uniform(5, 12)
        y, x = np.mgrid[: SIZE * FINE, : SIZE * FINE]
        return 1 + strength * np.sign(np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / width))
    return 1 + strength * _waves(rng, int(rng.integers(4, 9)) if kind == 0 else 32)


def _mask(points: Points) -> np.ndarray:
    """Where a polygon lies on the canvas: 0 or 1."""
    canvas = Image.new("L", (SIZE * FINE, SIZE * FINE))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in points], fill=1)
    return np.asarray(canvas, dtype=np.float32)


def _photo(parts: list[Part], rng: np.random.Generator) -> np.ndarray:
    """Textured parts under light from one side, with a shadow, before a ground of two colours."""
    big = SIZE * FINE
    y, x = np.mgrid[:big, :big] / big - 0.5
    sky, ground = rng.uniform(60, 210, (2, 3))
    below = (y > rng.uniform(0.0, 0.4)) if rng.random() < 0.6 else (0.5 + y)
    picture = sky + (ground - sky) * np.asarray(below, dtype=float)[..., None]
    picture = picture * _texture(rng)[..., None] + 18 * _waves(rng, 5)[..., None]
    shadow = np.clip(sum(_mask(part.points + rng.uniform(3, 9)) for part in parts), 0, 1)
    picture *= 1 - 0.35 * shadow[..., None]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.3, 0.8) * (x * np.cos(angle) + y * np.sin(angle))
    surface = _texture(rng)
    for part in parts:
        inside = _mask(part.points)[..., None]
        picture = picture * (1 - inside) + inside * np.array(part.colour) * (light * surface)[..., None]
    return picture + rng.normal(0, 5, picture.shape)


def _sketch(parts: list[Part], rng: np.random.Generator) -> np.ndarray:
    """Two uncertain strokes around every part, dark on paper."""
    paper, ink = rng.uniform(225, 250), int(rng.uniform(25, 90))
    canvas = Image.new("L", (SIZE * FINE, SIZE * FINE), int(paper))
    pen = ImageDraw.Draw(canvas)
    for part in parts:
        pen.polygon([tuple(point) for point in part.points], fill=int(paper))  # hides what lies behind
        for _ in range(2):
            stroke = part.points + rng.normal(0, 0.9, part.points.shape)
            pen.line([tuple(point) for point in [*stroke, stroke[0]]], fill=ink, width=2)
    grey = np.asarray(canvas, dtype=float) + rng.normal(0, 4, (SIZE * FINE, SIZE * FINE))
    return grey[..., None].repeat(3, -1)


def _negative(parts: list[Part], rng: np.random.Generator) -> np.ndarray:
    """The photo with every colour turned into its opposite."""
    return 255 - np.clip(_photo(parts, rng), 0, 255)


def _noisy(parts: list[Part], rng: np.random.Generator) -> np.ndarray:
    """The photo in too little light: dark, blurred, with strong noise in every pixel of the small picture."""
    picture = np.clip(_photo(parts, rng), 0, 255).astype(np.uint8)
    blurred = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(rng.uniform(2, 4))), dtype=float)
    grain = rng.normal(0, rng.uniform(15, 28), (SIZE, SIZE, 3)).repeat(FINE, 0).repeat(FINE, 1)
    return blurred * rng.uniform(0.35, 0.6) + 20 + grain


def _clipart(parts: list[Part], rng: np.random.Generator) -> np.ndarray:
    """Flat colours of any kind with a thick outline, on white."""
    canvas = Image.new("RGB", (SIZE * FINE, SIZE * FINE), (255, 255, 255))
    pen = ImageDraw.Draw(canvas)
    colours = {part.colour: tuple(int(value) for value in rng.uniform(60, 255, 3)) for part in parts}
    for part in parts:
        outline = [tuple(point) for point in part.points]
        pen.polygon(outline, fill=colours[part.colour])
        pen.line([*outline, outline[0]], fill=(20, 20, 20), width=4)
    return np.asarray(canvas, dtype=float)


DOMAINS = {"photo": _photo, "sketch": _sketch, "negative": _negative, "noisy": _noisy, "clipart": _clipart}


def draw(domain: str, count: int, seed: int = 0) -> Pictures:
    """`count` objects in a domain, as many of each kind as possible. Other seeds give other objects.

    Raises ValueError for an unknown domain or fewer than one picture.
    """
    if domain not in DOMAINS:
        raise ValueError(f"There is no domain {domain!r}; there are {', '.join(DOMAINS)}.")
    rng = np.random.default_rng([seed, list(DOMAINS).index(domain)])
    labels = balanced_labels(count, len(KINDS), rng)
    makers = list(KINDS.values())
    pictures = []
    for label in labels:
        picture = DOMAINS[domain](_placed(makers[label](rng), rng), rng)
        cells = np.clip(picture, 0, 255).reshape(SIZE, FINE, SIZE, FINE, 3)
        pictures.append(cells.mean((1, 3)).round().astype(np.uint8).transpose(2, 0, 1))
    return Pictures(domain, tuple(KINDS), torch.from_numpy(np.stack(pictures)), torch.from_numpy(labels))
