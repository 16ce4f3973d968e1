"""The world of captioned pictures: what a caption says is in the picture, and the test split is another one."""

import re

import numpy as np
import pytest
from PIL import Image

from workbook.datasets import pictures as world
from workbook.datasets.picture_objects import KINDS, Part, box, placed
from workbook.datasets.pictures import COLOURS, GROUNDS, STYLES, Thing, held_out_pair, pictures, render, scene, visible


def rng():
    """The same numbers every time."""
    return np.random.default_rng(3)


@pytest.fixture(scope="module")
def train():
    """Pictures with one object or two."""
    return list(pictures(120, seed=5, two=0.4))


# ------------------------------------------------------------------------------------------------ the same, or others


def test_the_same_seed_gives_the_same_pictures_however_many(train):
    again = list(pictures(4, seed=5, two=0.4))
    assert [one.caption for one in again] == [one.caption for one in train[:4]]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(again, train, strict=False))
    assert {one.caption for one in pictures(4, seed=6)}.isdisjoint(one.caption for one in again)


def test_shape(train):
    for one in train:
        assert one.image.shape == (64, 64, 3) and one.image.dtype == np.uint8
        assert one.ground in GROUNDS and one.style in STYLES and len(one.things) in (1, 2)


def test_share_of_two_objects():
    assert {len(one.things) for one in pictures(10, seed=0, two=0.0)} == {1}
    assert {len(one.things) for one in pictures(10, seed=0, two=1.0)} == {2}


def test_held_out_pairs_are_one_in_eight_and_never_in_training(train):
    pairs = [(colour, kind) for colour in COLOURS for kind in KINDS]
    kept = [pair for pair in pairs if held_out_pair(*pair)]
    assert len(kept) == len(pairs) / 8
    assert all(sum(kind == one for _, kind in kept) == 1 for one in KINDS)
    assert not any(held_out_pair(thing.colour, thing.kind) for one in train for thing in one.things)
    test = [thing for one in pictures(60, seed=5, split="test") for thing in one.things]
    assert 0.3 < np.mean([held_out_pair(thing.colour, thing.kind) for thing in test]) < 0.7


def test_every_object_can_be_told_from_its_ground(train):
    assert all(visible(thing.colour, one.ground) for one in train for thing in one.things)
    assert not visible("red", "red") and not visible("white", "snow") and visible("red", "snow")


@pytest.mark.parametrize("wrong", [{"split": "dev"}, {"two": 1.5}, {"two": -0.1}, {"jitter": 2.0}, {"number": -1}])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError, match=r"not 'dev'|got"):
        list(pictures(**{"number": 1, "seed": 0, **wrong}))


# ------------------------------------------------------------------------------------------------ captions


def test_captions_say_what_is_there(train):
    for one in train:
        words = re.findall(r"[a-z]+", one.caption)
        colours = [word for word in words if word in COLOURS]
        assert set(colours) <= {*(thing.colour for thing in one.things), one.ground}, one
        kinds = {variant: kind for kind in KINDS for variant in world._SYNONYMS.get(kind, (kind,))}
        named = [kinds[word] for word in words if word in kinds]
        assert named == [thing.kind for thing in one.things], one
        sides = [word for word in words if word in ("left", "right")]
        assert sides in ([], [one.things[0].place]), one
        assert not re.search(r"\ba [aeiou]", one.caption) and not re.search(r"\ban [^aeiou]", one.caption)


def test_captions_leave_things_out_now_and_then(train):
    assert 0.02 < np.mean([one.ground in COLOURS and one.ground not in one.caption.split() for one in train]) < 0.25
    assert 0.1 < np.mean([one.things[0].place in one.caption.split() for one in train]) < 0.6


def test_every_word_is_in_the_vocabulary_and_rare_ones_are_in_no_caption(train):
    words = {word for one in train for word in one.caption.replace(",", " ,").split()}
    assert words <= set(world.vocabulary())
    assert not words & set(world.RARE) and set(world.RARE) <= set(world.vocabulary())
    assert {"plucked", "arpeggio", "tempo", "synth"} <= set(world.vocabulary())
    assert len(world.vocabulary()) == len(set(world.vocabulary()))


# ------------------------------------------------------------------------------------------------ drawing


def cover(thing, style="drawing", ground="white"):
    """Where a thing changes its plain ground: (64, 64) bool."""
    image = scene([thing], ground, style, rng()).astype(int)
    return abs(image - image[:1, :1]).sum(-1) > 60


@pytest.mark.parametrize(("place", "low", "high"), [("left", 12, 27), ("middle", 27, 37), ("right", 37, 52)])
def test_places(place, low, high):
    columns = np.nonzero(cover(Thing("ball", "red", "small", place)))[1]
    assert low < columns.mean() < high


def test_without_jitter_all_lie_alike():
    def heart(jitter, seed):
        one = Thing("heart", "blue", "big")
        image = scene([one], "black", "drawing", np.random.default_rng(seed), jitter).astype(int)
        return abs(image - image[:1, :1]).sum(-1) > 60

    straight = heart(0.0, 1)
    assert (straight != straight[:, ::-1]).mean() < 0.03  # a heart that is not tilted is its own mirror image
    assert (straight != heart(0.0, 2)).mean() < 0.06 < (heart(1.0, 1) != heart(1.0, 2)).mean()
    house = cover(Thing("house", "red", "big"))
    lowest = [np.nonzero(house[:, column])[0].max() for column in range(22, 43)]
    assert np.ptp(lowest) < 8  # a house stands upright, but for a little


def test_sizes():
    areas = [cover(Thing("ball", "red", size)).sum() for size in ("small", "", "big")]
    assert areas[0] < 0.75 * areas[1] < 0.75 * 0.75 * areas[2]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("style", ["drawing", "photo", "pixel art", "painting"])
def test_colours(colour, style):
    ground = "black" if colour != "black" else "white"
    image = scene([Thing("heart", colour, "big")], ground, style, rng()).astype(float)
    middle = image[30:38, 28:36].reshape(-1, 3).mean(0)
    nearest = min(COLOURS, key=lambda name: abs(middle - COLOURS[name]).sum())
    assert nearest == colour


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_differ_and_fill_their_place(kind):
    shape = cover(Thing(kind, "blue", "big"))
    rows, columns = np.nonzero(shape)
    assert max(np.ptp(rows), np.ptp(columns)) > 35
    others = [other for other in KINDS if other != kind]
    assert all((shape != cover(Thing(other, "blue", "big"))).mean() > 0.04 for other in others)


@pytest.mark.parametrize("ground", GROUNDS)
def test_grounds_differ_from_picture_to_picture_and_from_each_other(ground):
    two = [world.ground_picture(ground, np.random.default_rng(seed)) for seed in (1, 2)]
    assert two[0].shape == (64, 64, 3) and abs(two[0] - two[1]).mean() > 0.5
    assert -60 < two[0].min() and two[0].max() < 330


def test_pixel_art_has_22_pixels_a_side():
    image = scene([Thing("cat", "red", "big")], "green", "pixel art", rng())
    small = Image.fromarray(image).resize((22, 22), Image.Resampling.NEAREST)
    assert np.array_equal(np.asarray(small.resize((64, 64), Image.Resampling.NEAREST)), image)


def test_a_photo_has_a_shadow_and_light_from_above():
    thing = Thing("ball", "red", "big")
    image = scene([thing], "white", "photo", rng()).astype(float)
    red = image[..., 0]
    assert red[22:30, 28:36].mean() > red[42:50, 28:36].mean() + 20  # the upper half is brighter
    assert image.mean(-1).min() < 160 < image[2:8, 2:8].mean()


def test_render_draws_objects_of_ones_own_from_back_to_front():
    parts = placed([Part(box(-1, -1, 1, 1))], (32, 32), 10)
    back, front = placed(parts, (0, 0), 1), placed([Part(box(-1, -1, 0, 1))], (32, 32), 10)
    image = render([(back, (255, 0, 0)), (front, (0, 0, 255))], "white", "painting", rng())
    assert image[32, 27, 2] > 200 > image[32, 27, 0] and image[32, 38, 0] > 200 > image[32, 38, 2]


@pytest.mark.parametrize(("ground", "style"), [("moon", "photo"), ("grass", "fresco")])
def test_unknown_ground_or_style_names_the_known_ones(ground, style):
    with pytest.raises(ValueError, match=r"beach.*pixel art.*not"):
        render([], ground, style, rng())


def test_placed_turns_and_flips():
    square = [Part(np.array([(1.0, 0.0), (0.0, 1.0)]))]
    np.testing.assert_allclose(placed(square, (10, 20), 2, tilt=np.pi / 2)[0].points, [(10, 22), (8, 20)], atol=1e-9)
    np.testing.assert_allclose(placed(square, (10, 20), 2, flip=True)[0].points, [(8, 20), (10, 22)], atol=1e-9)
