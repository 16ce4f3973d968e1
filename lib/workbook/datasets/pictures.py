"""Captioned pictures of a small made world, for text-to-image models: objects, colours, places, grounds and styles.

    for picture in pictures(10, seed=0):
        picture.image, picture.caption          # (64, 64, 3) uint8, "a sketch of a small red cat on grass"

Some grounds are crops of scikit-image's photos. One pair of a colour and a kind in eight is kept for the test split,
which so differs from training by more than a seed. A picture of a subject of one's own is made by `render`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from workbook.datasets.picture_objects import FIXED, KINDS, TURNED, Part, placed

Array = np.ndarray
SIZE, FINE = 64, 3  # pixels of a picture; its objects are drawn so many times larger, and reduced

COLOURS = {
    "red": (215, 40, 40), "orange": (245, 140, 25), "yellow": (245, 220, 50), "green": (50, 160, 60),
    "blue": (45, 85, 215), "purple": (145, 55, 175), "white": (245, 245, 245), "black": (35, 35, 40),
}  # fmt: skip
SCENES = ("grass", "sea", "night", "brick", "wood", "beach", "snow", "stones")
GROUNDS = (*COLOURS, *SCENES)  # a plain colour, or a scene
ALIKE = {
    ("green", "grass"),
    ("blue", "sea"),
    ("black", "night"),
    ("white", "snow"),
    ("orange", "wood"),
    ("yellow", "beach"),
}
STYLES = ("drawing", "photo", "sketch", "pixel art", "painting")
SIZES = {"small": 0.22, "": 0.29, "big": 0.39}  # half the object's size, as a share of the picture's
PLACES = {"left": 0.3, "middle": 0.5, "right": 0.7}  # where its centre lies, from left to right


@dataclass(frozen=True)
class Thing:
    """One object: kind (one of KINDS), colour (of COLOURS), size (of SIZES), place (of PLACES)."""

    kind: str
    colour: str
    size: str = ""
    place: str = "middle"


@dataclass(frozen=True)
class Picture:
    """A picture, what is in it, and a caption, which may leave some of that unsaid.

    image: (64, 64, 3) uint8. things: one or two. ground: one of GROUNDS. style: one of STYLES.
    """

    image: Array
    things: tuple[Thing, ...]
    ground: str
    style: str
    caption: str


def held_out_pair(colour: str, kind: str) -> bool:
    """Whether this colour on this kind of object is kept for the test split: one pair in eight, spread evenly."""
    return (list(COLOURS).index(colour) + 3 * list(KINDS).index(kind)) % 8 == 0


def pictures(
    number: int, seed: int, *, split: str = "train", two: float = 0.15, jitter: float = 1.0
) -> Iterator[Picture]:
    """`number` pictures; the same arguments give the same ones, whatever was drawn before.

    split:  "train", or "test", where half of the objects are of pairs of colour and kind that training never shows.
    two:    the share of pictures with two objects.
    jitter: how far objects are tilted and moved, how much their sizes vary, and how often they are mirrored. With 0 all
            objects of a kind, a size and a place lie alike, which is easier to learn.
    Raises ValueError for an unknown split, or for a share or a jitter outside 0 to 1.
    """
    if split not in ("train", "test"):
        raise ValueError(f'split is "train" or "test", not {split!r}')
    if not (0 <= two <= 1 and 0 <= jitter <= 1) or number < 0:
        raise ValueError(f"Expected number >= 0, 0 <= two <= 1 and 0 <= jitter <= 1, got {number}, {two} and {jitter}.")
    rng = np.random.default_rng([seed, split == "test"])
    for _ in range(number):
        yield draw(rng, split, two, jitter)


def draw(rng: np.random.Generator, split: str = "train", two: float = 0.15, jitter: float = 1.0) -> Picture:
    """One picture; arguments as in `pictures`."""
    ground, style = str(rng.choice(GROUNDS)), str(rng.choice(STYLES))
    count = 2 if rng.random() < two else 1
    places = rng.permutation(["left", "right"]) if count == 2 else [rng.choice(list(PLACES))]
    sizes = ["small" if count == 2 else rng.choice(list(SIZES)) for _ in places]
    things = tuple(_thing(rng, split, ground, str(size), str(place)) for size, place in zip(sizes, places, strict=True))
    image = scene(things, ground, style, rng, jitter)
    if count == 2:  # the sizes are as they are for want of room, and not worth a word
        things = tuple(replace(thing, size="") for thing in things)
    return Picture(image, things, ground, style, caption(things, ground, style, rng))


def _thing(rng: np.random.Generator, split: str, ground: str, size: str, place: str) -> Thing:
    """An object that can be told from its ground."""
    wanted = bool(split == "test" and rng.random() < 0.5)
    while True:
        kind, colour = str(rng.choice(list(KINDS))), str(rng.choice(list(COLOURS)))
        if held_out_pair(colour, kind) == wanted and visible(colour, ground):
            return Thing(kind, colour, size, place)


def visible(colour: str, ground: str) -> bool:
    """Whether an object of a colour can be told from a ground."""
    return colour != ground and (colour, ground) not in ALIKE


# ------------------------------------------------------------------------------------------------- the captions

_SYNONYMS = {
    "cat": ("cat", "cat", "kitten"), "dog": ("dog", "dog", "puppy"), "boat": ("boat", "boat", "ship"),
    "cup": ("cup", "cup", "mug"), "robot": ("robot", "toy robot"), "small": ("small", "little", "tiny"),
    "big": ("big", "large", "huge"),
}  # fmt: skip
_PLACE = {"left": ("on the left",), "middle": ("in the middle", "in the centre"), "right": ("on the right",)}
_GROUND = {
    "grass": ("on grass", "in the grass", "on a meadow"), "sea": ("on the sea", "at sea", "in the water"),
    "night": ("at night", "in the night sky", "under the stars"),
    "brick": ("in front of a brick wall", "before a brick wall"), "wood": ("on wood", "on a wooden table"),
    "beach": ("on the beach", "on a sandy beach"), "snow": ("in the snow", "on snow"),
    "stones": ("on stones", "on gravel"),
}  # fmt: skip
_PLAIN = ("on a {} background", "on {}", "with a {} background", "on a plain {} background")
_STYLE = {
    "drawing": ("a drawing of", "an illustration of"), "photo": ("a photo of", "a picture of"),
    "sketch": ("a sketch of", "a pencil sketch of"), "pixel art": ("pixel art of", "a pixel picture of"),
    "painting": ("a painting of", "a soft painting of"),
}  # fmt: skip
RARE = ("sks", "zwx", "qxv")  # words that no caption has, for a subject to be taught
MUSIC = (
    "plucked guitar flute bell bass drums organ synth piano string slow fast happy sad calm dark bright major minor "
    "melody arpeggio chord chords beat swing straight tempo medium loop quiet loud low high with and a an the of in on "
    "playing music to at by for from sound riff rhythm scale key note notes clip short long soft hard deep warm wide "
    "four three two one bpm"
).split()  # words for a model that is fine-tuned on pictures of sound
MORE = (
    "toy subject thing object my this that wearing hat next beside above below over under near top bottom its it is "
    "cartoon style watercolour oil comic poster portrait statue colourful pink brown grey gold silver sky forest city "
    "street room mountain desert space moon sun rain fire paper white wall floor table"
).split()  # words that a learner may try: they have a token each, and no meaning yet


def ground_words(ground: str, rng: np.random.Generator) -> str:
    """A ground in words."""
    words = _GROUND.get(ground, _PLAIN)
    return _an(str(rng.choice(words)).format(ground))


def style_words(style: str, rng: np.random.Generator) -> str:
    """A style in the words that begin a caption."""
    return str(rng.choice(_STYLE[style]))


def _an(words: str) -> str:
    """The words, with "an" for every "a" that stands before a vowel."""
    return re.sub(r"\ba (?=[aeiou])", "an ", words)


def _named(thing: Thing, rng: np.random.Generator, colour: bool = True, size: bool = True) -> str:
    words = [thing.size if size else "", thing.colour if colour else "", thing.kind]
    words = [str(rng.choice(_SYNONYMS.get(word, (word,)))) for word in words if word]
    return _an(f"a {' '.join(words)}")


def caption(things: Sequence[Thing], ground: str, style: str, rng: np.random.Generator) -> str:
    """A caption. Style, place, size, ground and colour are each left out now and then."""
    said = {"style": 0.7, "place": 0.5, "size": 0.8, "ground": 0.9, "colour": 0.95}
    said = {what: rng.random() < share for what, share in said.items()}
    names = [_named(thing, rng, said["colour"], said["size"]) for thing in things]
    if len(things) == 2:
        side = "left" if things[0].place == "left" else "right"
        middle = f"{'to the' if rng.random() < 0.5 else 'on the'} {side} of" if said["place"] else "and"
        words = f"{names[0]} {middle} {names[1]}"
    else:
        words = f"{names[0]} {rng.choice(_PLACE[things[0].place])}" if said["place"] else names[0]
    if said["ground"]:
        words = f"{words}{', ' if said['place'] else ' '}{ground_words(ground, rng)}"
    if not said["style"]:
        return words
    if rng.random() < 0.25:
        return f"{words}, {style if style == 'pixel art' else 'as a ' + style}"
    return f"{style_words(style, rng)} {words}"


def vocabulary() -> list[str]:
    """Every word that a caption can hold, then the rare ones and those for later."""
    groups = [*_SYNONYMS.values(), *_PLACE.values(), *_GROUND.values(), _PLAIN, *_STYLE.values()]
    groups += [KINDS, COLOURS, STYLES, ("as a", "and", "to the left of", "an", ","), RARE, MUSIC, MORE]
    return list(dict.fromkeys(word for group in groups for text in group for word in text.replace("{}", "").split()))


# ------------------------------------------------------------------------------------------------- the grounds


@cache
def _photo(name: str) -> Array:
    """One of the photos that scikit-image brings along, grey: (H, W) float around 1."""
    import skimage

    photo = getattr(skimage.data, name)()
    every = max(1, photo.shape[0] // 256)
    height, width = (length // every * every for length in photo.shape[:2])
    grey = photo[:height, :width].reshape(height // every, every, width // every, every, -1).mean((1, 3, 4))
    return grey / grey.mean()


def _crop(name: str, rng: np.random.Generator, side: int) -> Array:
    """A square of a photo as (64, 64) float around 1, mirrored or not."""
    photo = _photo(name)
    top, left = (int(rng.integers(0, length - side + 1)) for length in photo.shape)
    piece = Image.fromarray(photo[top : top + side, left : left + side].astype(np.float32))
    texture = np.asarray(piece.resize((SIZE, SIZE), Image.Resampling.BOX))
    return texture[:, ::-1] if rng.random() < 0.5 else texture


def _waves(rng: np.random.Generator, across: int, down: int) -> Array:
    """Smooth noise (64, 64), about -1 to 1, with so many bumps across and down."""
    small = Image.fromarray(rng.uniform(-1, 1, (down, across)).astype(np.float32))
    return np.asarray(small.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def _coloured(colour: Sequence[float], brightness: Array) -> Array:
    return np.array(colour, dtype=np.float32) * brightness[..., None]


_Y = np.linspace(0, 1, SIZE, dtype=np.float32)[:, None]


def ground_picture(ground: str, rng: np.random.Generator) -> Array:
    """What lies behind the objects: (64, 64, 3) float, 0 to 255."""
    side = int(rng.integers(80, 140))
    if ground in COLOURS:
        slope = rng.uniform(-0.12, 0.12) * (2 * _Y - 1) * np.ones((1, SIZE))
        return _coloured(np.array(COLOURS[ground]) + rng.normal(0, 6, 3), 1 + slope) + 4
    if ground == "grass":
        return _coloured((85, 150, 60), 0.4 + 0.6 * _crop("grass", rng, side))
    if ground == "brick":
        return _coloured((175, 90, 70), 0.3 + 0.7 * _crop("brick", rng, side + 60))
    if ground == "stones":
        return _coloured((150, 148, 145), 0.2 + 0.8 * _crop("gravel", rng, side))
    if ground == "wood":
        return _coloured((165, 115, 70), 1 + 0.16 * _waves(rng, 5, 40) + 0.12 * _waves(rng, 3, 12))
    if ground == "snow":
        return _coloured((228, 236, 246), 1 + 0.07 * _waves(rng, 6, 8))
    horizon = rng.uniform(0.25, 0.45)
    if ground == "night":
        stars = (rng.random((SIZE, SIZE)) < 0.02) * rng.uniform(80, 200, (SIZE, SIZE))
        return _coloured((28, 32, 80), 1.2 - 0.5 * _Y * np.ones((1, SIZE))) + stars[..., None]
    sky = _coloured((165, 210, 240), 1 + 0.12 * (_Y - horizon) + 0.04 * _waves(rng, 4, 5))
    if ground == "sea":
        below = _coloured((35, 105, 160), 1 + 0.22 * _waves(rng, 8, 30))
    else:  # a beach
        below = _coloured((225, 200, 140), 1 + 0.1 * _waves(rng, 16, 16) + 0.03 * rng.normal(size=(SIZE, SIZE)))
        below = np.where(
            (_Y < horizon + 0.12)[..., None], _coloured((50, 125, 175), 1 + 0.1 * _waves(rng, 8, 30)), below
        )
    return np.where((_Y < horizon)[..., None], sky, below)


# ------------------------------------------------------------------------------------------------- the pictures


def scene(things: Sequence[Thing], ground: str, style: str, rng: np.random.Generator, jitter: float = 1.0) -> Array:
    """A picture of things whose proportions, tilt and exact places are drawn by `rng`: (64, 64, 3) uint8.

    jitter: as in `pictures`.
    """
    objects = []
    for thing in things:
        radius = SIZE * SIZES[thing.size] * (1 + jitter * rng.uniform(-0.08, 0.08))
        x = SIZE * (PLACES[thing.place] + jitter * rng.uniform(-0.04, 0.04))
        x = min(max(x, 0.95 * radius), SIZE - 0.95 * radius)
        y = SIZE * (0.54 + jitter * rng.uniform(-0.06, 0.06))
        tilt = jitter * (rng.uniform(-0.5, 0.5) if thing.kind in TURNED else rng.uniform(-0.1, 0.1))
        parts = placed(KINDS[thing.kind](rng), (x, y), radius, tilt, bool(rng.random() < 0.5 * jitter))
        base = np.clip(np.array(COLOURS[thing.colour]) + rng.normal(0, 6, 3), 0, 255)
        objects.append((parts, tuple(base)))
    return render(objects, ground, style, rng)


def render(objects: Sequence[tuple[Sequence[Part], tuple]], ground: str, style: str, rng: np.random.Generator) -> Array:
    """Objects on a ground in a style: (64, 64, 3) uint8.

    objects: (parts, colour) each, from back to front; the parts in pixels (see picture_objects.placed), and the colour
    red green blue, 0 to 255. Raises ValueError for an unknown ground or style, naming the known ones.
    """
    if ground not in GROUNDS or style not in STYLES:
        raise ValueError(
            f"ground is one of {', '.join(GROUNDS)}, style one of {', '.join(STYLES)}; not {ground!r}, {style!r}"
        )
    canvas = ground_picture(ground, rng)
    for parts, colour in objects:
        paint, cover = _STROKES.get(style, _flat)(parts, colour, rng)
        if style == "photo":
            canvas = canvas * (1 - 0.4 * np.roll(cover, (3, 3), (0, 1)))  # its shadow
            paint = paint * _light(cover[..., 0], rng)
        canvas = canvas * (1 - cover) + paint
    return _finish(np.clip(canvas, 0, 255), style, rng)


def shades(colour: Sequence[float]) -> dict[str, tuple[int, int, int]]:
    """The colours of an object's parts, by the name of their shade."""
    base = np.asarray(colour, dtype=float)
    made = {"main": base, "light": base + 0.45 * (255 - base), "deep": base * 0.68 if base.mean() > 60 else base + 25}
    return {name: tuple(int(value) for value in shade) for name, shade in made.items()} | FIXED


def _layer(
    parts: Sequence[Part], fills: dict, line: Sequence[int] | None, width: int, shake: Array
) -> tuple[Array, Array]:
    """Polygons drawn large and reduced: paint times cover (64, 64, 3), and cover (64, 64, 1) between 0 and 1."""
    big = SIZE * FINE
    paint, cover = Image.new("RGB", (big, big)), Image.new("L", (big, big))
    pen, mask = ImageDraw.Draw(paint), ImageDraw.Draw(cover)
    for part, moved in zip(parts, shake, strict=True):
        corners = [(x, y) for x, y in (part.points * FINE + moved).tolist()]
        pen.polygon(corners, fill=fills[part.shade])
        mask.polygon(corners, fill=255)
        if line is not None:
            closed = [*corners, corners[0], corners[1]]
            pen.line(closed, fill=tuple(line), width=width, joint="curve")
            mask.line(closed, fill=255, width=width, joint="curve")
    return np.asarray(paint.reduce(FINE), dtype=np.float32), np.asarray(cover.reduce(FINE), dtype=np.float32)[
        ..., None
    ] / 255


def _flat(parts: Sequence[Part], colour: Sequence[float], rng: np.random.Generator) -> tuple[Array, Array]:
    return _layer(parts, shades(colour), None, 0, np.zeros((len(parts), 2)))


def _outlined(parts: Sequence[Part], colour: Sequence[float], rng: np.random.Generator) -> tuple[Array, Array]:
    line = (20, 20, 25) if np.mean(colour) > 60 else (110, 110, 115)
    return _layer(parts, shades(colour), line, 3, np.zeros((len(parts), 2)))


def _sketched(parts: Sequence[Part], colour: Sequence[float], rng: np.random.Generator) -> tuple[Array, Array]:
    """Lines of the object's colour around paper that is tinted with it."""
    base = np.asarray(colour, dtype=float)
    tint = tuple(int(value) for value in 0.6 * base + 0.4 * 235)
    line = [int(value) for value in (base * 0.75 if base.mean() < 215 else base * 0.6)]
    return _layer(
        parts, dict.fromkeys((*FIXED, "main", "light", "deep"), tint), line, 4, rng.normal(0, 1.5, (len(parts), 2))
    )


_STROKES = {"drawing": _outlined, "sketch": _sketched}


def _light(cover: Array, rng: np.random.Generator) -> Array:
    """Brightness of a round body under light from one side: (64, 64, 1) float around 1."""
    rows, columns = np.nonzero(cover > 0.5)
    if not len(rows):
        return np.ones((1, 1, 1))
    y, x = (
        (np.arange(SIZE) - rows.mean()) / (np.ptp(rows) + 1),
        (np.arange(SIZE) - columns.mean()) / (np.ptp(columns) + 1),
    )
    angle = rng.uniform(-0.75 * np.pi, -0.25 * np.pi)  # from above
    return (1.05 + 0.75 * (np.cos(angle) * x[None, :] + np.sin(angle) * y[:, None]))[..., None]


def _finish(canvas: Array, style: str, rng: np.random.Generator) -> Array:
    """The whole picture as its style leaves it."""
    if style == "photo":
        canvas = canvas + rng.normal(0, 5, canvas.shape)
    elif style == "sketch":  # a pale wash
        canvas = 0.8 * canvas + 0.2 * 245
    image = Image.fromarray(np.clip(canvas, 0, 255).round().astype(np.uint8))
    if style == "pixel art":
        image = image.resize((22, 22), Image.Resampling.BOX).resize((SIZE, SIZE), Image.Resampling.NEAREST)
    elif style == "painting":
        image = image.filter(ImageFilter.ModeFilter(3)).filter(ImageFilter.SMOOTH)
    return np.asarray(image)
