"""The objects of the picture world: fourteen kinds, each a list of polygons whose proportions differ every time.

A part's shade says how it is painted: in the object's own colour ("main", or a lighter or darker one), or in a fixed
one. Coordinates run from -1 to 1, x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

Points = np.ndarray  # (M, 2)
FIXED = {
    "dark": (35, 35, 40),
    "pale": (240, 238, 230),
    "wood": (125, 85, 50),
    "leaf": (60, 140, 60),
    "glass": (160, 205, 230),
}


class Part(NamedTuple):
    """A polygon and its shade: "main", "light", "deep", or one of FIXED."""

    points: Points
    shade: str = "main"


def ellipse(x: float, y: float, wide: float, high: float, begin: float = 0, end: float = 360) -> Points:
    """A (part of an) ellipse around (x, y) with these half axes; degrees, clockwise from the right."""
    angles = np.radians(np.linspace(begin, end, 24, endpoint=end - begin < 360))
    return np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], 1)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """A rectangle."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def shape(*points: tuple[float, float]) -> Points:
    """A polygon of these corners."""
    return np.array(points)


def mirrored(points: Points) -> Points:
    """The same on the other side of the middle."""
    return points * np.array([-1, 1])


def both(points: Points, shade: str = "main") -> list[Part]:
    """A part and its mirror image."""
    return [Part(points, shade), Part(mirrored(points), shade)]


def _cat(rng: np.random.Generator) -> list[Part]:
    wide, ear = rng.uniform(0.36, 0.5), rng.uniform(0.85, 1.0)
    tail = np.concatenate([ellipse(0.5, 0.45, 0.42, 0.45, -80, 90), ellipse(0.5, 0.45, 0.26, 0.28, -80, 90)[::-1]])
    body = Part(ellipse(0, 0.5, wide, 0.48))
    ears = both(shape((0.08, -0.55), (0.42, -ear), (0.46, -0.3)))
    head = Part(ellipse(0, -0.3, 0.46, 0.38))
    eyes = both(ellipse(0.18, -0.33, 0.09, 0.1), "dark")
    return [Part(tail, "deep"), body, Part(ellipse(0, 0.6, wide * 0.55, 0.3), "light"), *ears, head, *eyes,
            Part(shape((-0.08, -0.18), (0.08, -0.18), (0, -0.08)), "dark")]  # fmt: skip


def _dog(rng: np.random.Generator) -> list[Part]:
    long, leg = rng.uniform(0.5, 0.62), rng.uniform(0.1, 0.14)
    legs = [Part(box(x - leg, 0.3, x + leg, 0.85), shade) for x, shade in ((-0.45, "deep"), (0.3, "deep"))]
    legs += [Part(box(x - leg, 0.3, x + leg, 0.85)) for x in (-0.25, 0.5)]
    tail = Part(shape((0.5, 0.05), (0.95, rng.uniform(-0.6, -0.3)), (0.65, 0.25)))
    snout = Part(ellipse(-0.72, -0.28, 0.26, 0.15), "light")
    head = Part(ellipse(-0.5, -0.4, 0.28, 0.28))
    ear = Part(ellipse(-0.34, -0.34, 0.11, 0.3), "deep")
    marks = [Part(ellipse(-0.93, -0.31, 0.07, 0.06), "dark"), Part(ellipse(-0.58, -0.46, 0.06, 0.06), "dark")]
    return [*legs, tail, Part(ellipse(0.05, 0.15, long, 0.3)), head, snout, ear, *marks]


def _bird(rng: np.random.Generator) -> list[Part]:
    fat, wing = rng.uniform(0.36, 0.46), rng.uniform(-20, 15) / 100
    legs = [Part(box(x - 0.035, 0.4, x + 0.035, 0.9), "dark") for x in (-0.1, 0.15)]
    beak = Part(shape((-0.62, -0.48), (-0.98, -0.32), (-0.62, -0.24)), "wood")
    tail = Part(shape((0.4, 0.0), (0.98, -0.25), (0.9, 0.2), (0.4, 0.35)), "deep")
    body, head = Part(ellipse(0, 0.12, 0.58, fat)), Part(ellipse(-0.42, -0.38, 0.3, 0.28))
    feather = Part(shape((-0.2, 0.0), (0.5, wing), (0.35, 0.35), (0, 0.38)), "light")
    return [*legs, beak, tail, body, head, feather, Part(ellipse(-0.5, -0.42, 0.07, 0.07), "dark")]


def _fish(rng: np.random.Generator) -> list[Part]:
    long, high = rng.uniform(0.58, 0.68), rng.uniform(0.34, 0.46)
    tail = Part(shape((0.42, 0), (0.95, -0.48), (0.82, 0), (0.95, 0.48)), "deep")
    fin = Part(shape((-0.3, -high + 0.08), (0.1, -high - 0.3), (0.3, -high + 0.15)), "deep")
    stripes = [Part(box(x, -high * 0.75, x + 0.12, high * 0.75), "light") for x in (-0.15, 0.14)]
    return [tail, fin, Part(ellipse(-0.15, 0, long, high)), *stripes, Part(ellipse(-0.5, -0.1, 0.09, 0.09), "dark")]


def _car(rng: np.random.Generator) -> list[Part]:
    roof, left, right = rng.uniform(-0.55, -0.4), rng.uniform(-0.7, -0.55), rng.uniform(0.4, 0.6)
    cabin = Part(shape((left, 0), (left + 0.2, roof), (right - 0.2, roof), (right, 0)))
    pane = Part(
        shape((left + 0.13, -0.04), (left + 0.26, roof + 0.1), (right - 0.26, roof + 0.1), (right - 0.13, -0.04)),
        "glass",
    )
    wheels = [Part(ellipse(x, 0.45, 0.25, 0.25), "dark") for x in (-0.52, 0.52)]
    hubs = [Part(ellipse(x, 0.45, 0.1, 0.1), "pale") for x in (-0.52, 0.52)]
    return [
        cabin,
        pane,
        Part(box(-0.98, -0.05, 0.98, 0.45)),
        Part(box(-0.98, 0.22, 0.98, 0.34), "deep"),
        *wheels,
        *hubs,
    ]


def _boat(rng: np.random.Generator) -> list[Part]:
    deep, mast = rng.uniform(0.35, 0.5), rng.uniform(-0.15, 0.1)
    hull = Part(shape((-0.95, 0.3), (0.95, 0.3), (0.6, 0.3 + deep), (-0.65, 0.3 + deep)))
    sails = [
        shape((mast + 0.08, -0.9), (mast + 0.08, 0.18), (0.8, 0.18)),
        shape((mast - 0.08, -0.7), (mast - 0.08, 0.18), (-0.7, 0.18)),
    ]
    return [
        hull,
        Part(box(mast - 0.05, -0.95, mast + 0.05, 0.3), "wood"),
        Part(sails[0], "light"),
        Part(sails[1], "pale"),
    ]


def _house(rng: np.random.Generator) -> list[Part]:
    wide, top, place = rng.uniform(0.6, 0.75), rng.uniform(-0.25, -0.05), rng.uniform(-0.45, -0.3)
    roof = Part(shape((-wide - 0.2, top), (0, -0.95), (wide + 0.2, top)), "deep")
    windows = [Part(box(x, top + 0.18, x + 0.28, top + 0.48), "glass") for x in (-0.45, 0.2)]
    return [Part(box(0.3, -0.9, 0.48, -0.4), "dark"), roof, Part(box(-wide, top, wide, 0.9)),
            Part(box(place, 0.42, place + 0.3, 0.9), "wood"), *windows]  # fmt: skip


def _tree(rng: np.random.Generator) -> list[Part]:
    half = rng.uniform(0.09, 0.15)
    trunk = Part(box(-half, 0.2, half, 0.98), "wood")
    if rng.random() < 0.35:  # a fir
        tiers = [(-0.98, -0.3, 0.38), (-0.65, 0.08, 0.52), (-0.3, 0.5, 0.68)]
        return [trunk, *(Part(shape((-w, low), (0, top), (w, low))) for top, low, w in tiers[::-1])]
    places = [(0, -0.52, 0.44), (-0.38, -0.12, 0.4), (0.38, -0.12, 0.4), (0, -0.1, 0.4)]
    crown = [Part(ellipse(x, y, r * rng.uniform(0.9, 1.15), r)) for x, y, r in places]
    lights = [Part(ellipse(x, y, 0.08, 0.08), "light") for x, y in ((-0.3, -0.3), (0.15, -0.6), (0.35, -0.05))]
    return [trunk, *crown, *lights]


def _flower(rng: np.random.Generator) -> list[Part]:
    number, out, turn = int(rng.integers(5, 8)), rng.uniform(0.34, 0.4), rng.random()
    around = 2 * np.pi * (np.arange(number) / number + turn)
    petals = [Part(ellipse(out * np.cos(a), -0.35 + out * np.sin(a), 0.25, 0.25)) for a in around]
    leaves = [Part(ellipse(0.26, 0.6, 0.26, 0.11), "leaf"), Part(ellipse(-0.24, 0.75, 0.22, 0.1), "leaf")]
    return [Part(box(-0.06, -0.2, 0.06, 0.98), "leaf"), *leaves, *petals, Part(ellipse(0, -0.35, 0.22, 0.22), "pale")]


def _star(rng: np.random.Generator) -> list[Part]:
    inner, turn = rng.uniform(0.4, 0.5), rng.uniform(-0.2, 0.2)
    angles = np.arange(10) * np.pi / 5 - np.pi / 2 + turn
    lengths = np.where(np.arange(10) % 2, inner, 1.0)
    corners = np.stack([lengths * np.cos(angles), lengths * np.sin(angles)], 1)
    return [Part(corners), Part(corners * 0.5, "light")]


def _ball(rng: np.random.Generator) -> list[Part]:
    bend = rng.uniform(0.15, 0.35)
    band = np.concatenate([ellipse(0, 0, bend, 0.9, -90, 90), ellipse(0, 0, bend + 0.3, 0.82, 90, -90)])
    return [Part(ellipse(0, 0, 0.9, 0.9)), Part(band, "pale"), Part(ellipse(-0.4, -0.45, 0.16, 0.12), "light")]


def _cup(rng: np.random.Generator) -> list[Part]:
    wide, foot = rng.uniform(0.5, 0.6), rng.uniform(0.34, 0.48)
    ring = np.concatenate([ellipse(wide, 0.05, 0.4, 0.4, -90, 90), ellipse(wide, 0.05, 0.2, 0.2, 90, -90)])
    body = Part(shape((-wide, -0.55), (wide, -0.55), (foot, 0.8), (-foot, 0.8)))
    return [
        Part(ring, "deep"),
        body,
        Part(ellipse(0, -0.55, wide, 0.17), "pale"),
        Part(ellipse(0, -0.53, wide * 0.8, 0.1), "wood"),
    ]


def _robot(rng: np.random.Generator) -> list[Part]:
    arm, lamp = rng.uniform(0.0, 0.35), rng.uniform(0.07, 0.11)
    limbs = both(box(0.12, 0.6, 0.36, 0.98), "deep") + both(
        shape((0.5, 0.0), (0.75, arm), (0.92, arm + 0.05), (0.6, -0.15)), "deep"
    )
    aerial = [Part(box(-0.04, -0.92, 0.04, -0.7), "dark"), Part(ellipse(0, -0.93, lamp, lamp), "light")]
    head = [
        Part(box(-0.4, -0.75, 0.4, -0.2)),
        *both(ellipse(0.18, -0.52, 0.11, 0.11), "pale"),
        *both(ellipse(0.18, -0.52, 0.05, 0.05), "dark"),
    ]
    return [*limbs, *aerial, Part(box(-0.52, -0.15, 0.52, 0.62)), *head, Part(box(-0.3, 0.05, 0.3, 0.35), "glass"),
            Part(box(-0.22, -0.36, 0.22, -0.28), "dark")]  # fmt: skip


def _heart(rng: np.random.Generator) -> list[Part]:
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    slim = rng.uniform(0.85, 1.0)
    x = slim * np.sin(angles) ** 3
    y = -(13 * np.cos(angles) - 5 * np.cos(2 * angles) - 2 * np.cos(3 * angles) - np.cos(4 * angles)) / 16
    return [Part(np.stack([x, y], 1)), Part(ellipse(-0.42, -0.4, 0.16, 0.13), "light")]


KINDS: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "cat": _cat, "dog": _dog, "bird": _bird, "fish": _fish, "car": _car, "boat": _boat, "house": _house,
    "tree": _tree, "flower": _flower, "star": _star, "ball": _ball, "cup": _cup, "robot": _robot, "heart": _heart,
}  # fmt: skip
TURNED = ("star", "ball", "fish")  # these may lie at any tilt up to half a right angle


def placed(
    parts: Sequence[Part], centre: tuple[float, float], radius: float, tilt: float = 0, flip: bool = False
) -> list[Part]:
    """The parts in pixels: `radius` is half the object's size; tilt in radians; flip swaps left and right."""
    turn = radius * np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    side = np.array([-1 if flip else 1, 1])
    return [Part((part.points * side) @ turn.T + np.asarray(centre), part.shade) for part in parts]
