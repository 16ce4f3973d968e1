"""Made scenes: what is promised about masks, boxes, words and splits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from workbook.datasets import scenes


@pytest.fixture(scope="module")
def drawn() -> list[scenes.Scene]:
    """A dozen scenes of every domain and split, crowded ones among them."""
    return [
        scene
        for domain, split in itertools.product(scenes.DOMAINS, scenes.PHOTOS)
        for scene in scenes.scenes(12, 3, domain=domain, split=split, size=48, objects=(1, 6))
    ]


def test_the_same_arguments_give_the_same_scenes():
    one, two = (list(scenes.scenes(3, 5, domain="night", size=32)) for _ in range(2))
    assert all(np.array_equal(a.image, b.image) and a.words == b.words for a, b in zip(one, two, strict=True))
    other = next(scenes.scenes(1, 6, domain="night", size=32))
    assert not np.array_equal(one[0].image, other.image)


def test_grain_lies_on_the_objects_alone():
    """The same object at the same place, with another surface; the ground differs by the camera's noise."""
    one, other = (next(scenes.scenes(1, 5, domain="studio", objects=(1, 1), grained=share)) for share in (0.0, 1.0))
    assert np.array_equal(one.masks, other.masks) and one.words == other.words
    apart = abs(one.image.astype(float) - other.image).mean(-1)
    assert apart[~one.masks[0]].mean() < 5 < 10 < apart[one.masks[0]].mean()
    with pytest.raises(ValueError, match=r"grained is a probability, from 0 to 1, not 1\.5"):
        next(scenes.scenes(1, 5, grained=1.5))


def test_shapes_and_types(drawn):
    for scene in drawn:
        number = len(scene.kinds)
        assert number >= 1
        assert scene.image.shape == (48, 48, 3) and scene.image.dtype == np.uint8
        assert scene.masks.shape == (number, 48, 48) and scene.masks.dtype == bool
        assert scene.boxes.shape == (number, 4)
        assert len(scene.colours) == len(scene.textures) == len(scene.words) == len(scene.labels) == number


def test_visible_masks_never_overlap_and_none_is_empty(drawn):
    for scene in drawn:
        assert scene.masks.sum(0).max() <= 1
        assert scene.masks.any((1, 2)).all()


def test_boxes_are_tight(drawn):
    for scene in drawn:
        for mask, (x1, y1, x2, y2) in zip(scene.masks, scene.boxes.astype(int), strict=True):
            assert mask[y1:y2, x1:x2].sum() == mask.sum()
            inside = mask[y1:y2, x1:x2]
            assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_the_box_of_an_empty_mask_is_zero():
    assert scenes.boxes_of(np.zeros((1, 8, 8), bool)).tolist() == [[0, 0, 0, 0]]


def test_later_objects_hide_earlier_ones():
    shapes = np.zeros((3, 1, 4), bool)
    shapes[0, 0, :3], shapes[1, 0, 1:3], shapes[2, 0, 2:] = True, True, True
    assert scenes._visible(shapes)[:, 0].astype(int).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]


def test_a_colour_is_what_its_name_says():
    """A plain object in the studio is nearer to its own colour than to any other, for nearly all objects."""
    right = []
    names, values = list(scenes.COLOURS), np.array(list(scenes.COLOURS.values()))
    for scene in scenes.scenes(60, 0, domain="studio"):
        for mask, colour, texture in zip(scene.masks, scene.colours, scene.textures, strict=True):
            if texture == "plain":
                seen = np.median(scene.image[mask], 0)
                right.append(names[np.abs(values - seen).sum(1).argmin()] == colour)
    assert len(right) > 40 and np.mean(right) > 0.95


def test_training_never_shows_the_held_out_pairs_and_the_test_split_does():
    def pairs(split):
        return [
            scenes.held_out_pair(*pair)
            for scene in scenes.scenes(80, 1, domain="studio", split=split, size=32)
            for pair in zip(scene.colours, scene.kinds, strict=True)
        ]

    assert not any(pairs("train"))
    assert 0.35 < np.mean(pairs("test")) < 0.65


def test_one_pair_in_eight_is_held_out_and_every_kind_and_colour_has_one():
    grid = np.array([[scenes.held_out_pair(colour, kind) for kind in scenes.KINDS] for colour in scenes.COLOURS])
    assert grid.mean() == 1 / 8
    assert grid.any(0).all() and grid.any(1).all()


def test_the_splits_share_no_photo():
    assert not set(scenes.PHOTOS["train"]) & set(scenes.PHOTOS["test"])


def test_night_is_darker():
    day, night = (
        np.mean([s.image.mean() for s in scenes.scenes(10, 0, domain=d, size=32)]) for d in ("photo", "night")
    )
    assert night < 0.6 * day


def test_words_describe():
    scene = next(scenes.scenes(1, 0, domain="studio", size=32))
    for words, colour, kind, texture in zip(scene.words, scene.colours, scene.kinds, scene.textures, strict=True):
        assert words == (f"{colour} {kind}" if texture == "plain" else f"{texture} {colour} {kind}")


@pytest.mark.parametrize("wrong", [{"domain": "sketch"}, {"split": "dev"}, {"size": 4}, {"objects": (3, 2)}])
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(ValueError, match=r"must be|one of"):
        next(scenes.scenes(1, 0, **wrong))
