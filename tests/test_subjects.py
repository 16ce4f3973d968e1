"""The subjects and their prompts, and what tiny-dino learns from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from workbook.datasets import subjects
from workbook.datasets.pictures import vocabulary
from workbook.datasets.subjects import TEST_PROMPTS, TOKEN, VALIDATION_PROMPTS, load_subject
from workbook.zoo import tiny_dino

NAMES = ("toy", "cat", "boat")


@pytest.mark.parametrize("name", NAMES)
def test_photos_and_held_out_pictures_are_of_one_subject_and_differ(name):
    subject = load_subject(name)
    every = [*subject.photos, *subject.held_out]
    assert len(subject.photos) == 5 and len(subject.held_out) >= 5
    assert all(picture.mode == "RGB" and picture.width == picture.height >= 64 for picture in every)
    arrays = [np.asarray(picture, dtype=float) for picture in every]
    apart = [np.abs(a - b).mean() for i, a in enumerate(arrays) for b in arrays[:i]]
    assert min(apart) > 5  # no held-out picture is a copy of a photo
    again = load_subject(name)
    assert all(np.array_equal(a, b) for a, b in zip(again.photos, subject.photos, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_prompts_name_token_and_class(name):
    subject = load_subject(name, photos=3)
    assert len(subject.photos) == 3
    assert subject.prompt.replace(f"{TOKEN} ", "") == subject.class_prompt
    assert subject.words == f"{TOKEN} {subject.kind}" and subject.kind in vocabulary() and TOKEN in vocabulary()


@pytest.mark.parametrize("words", [{"name": "dragon"}, {"name": "toy", "photos": 0}, {"name": "toy", "photos": 6}])
def test_unknown_subjects_and_numbers(words):
    with pytest.raises(ValueError, match=r"no subject 'dragon'; there are toy, cat, boat|1 to 5 photos"):
        load_subject(**words)


def test_the_toy_is_drawn_in_its_own_colours():
    """Turquoise and pink in every picture, and neither is a colour of the picture world."""
    for picture in (*load_subject("toy").photos, *load_subject("toy").held_out):
        red, green, blue = np.asarray(picture, dtype=int).transpose(2, 0, 1)
        turquoise = (green - red > 60) & (blue - red > 60)
        pink = (red - green > 80) & (blue - green > 25)
        assert turquoise.mean() > 0.05 and pink.mean() > 0.005


def test_the_cat_has_its_fur_in_every_picture():
    for picture in (*load_subject("cat").photos, *load_subject("cat").held_out):
        middle = np.asarray(picture, dtype=int)[100:180, 90:170].reshape(-1, 3).mean(0)
        assert middle[0] > middle[1] > middle[2] and 80 < middle[0] < 220  # brown


def test_a_turned_head_is_turned():
    upright = subjects._posed([("white", 0.5, 0.5, 0.8, 0, False)], 0)[0]
    turned = subjects._posed([("white", 0.5, 0.5, 0.8, 20, False)], 0)[0]
    back = turned.rotate(20, Image.Resampling.BICUBIC)
    middle = (slice(90, 170), slice(90, 170))
    gaps = [
        np.abs(np.asarray(upright, float)[middle] - np.asarray(one, float)[middle]).mean() for one in (back, turned)
    ]
    assert gaps[0] < 0.5 * gaps[1]


def test_validation_and_test_prompts_share_nothing():
    assert not set(VALIDATION_PROMPTS) & set(TEST_PROMPTS)
    known = set(vocabulary())
    for prompt in (*VALIDATION_PROMPTS, *TEST_PROMPTS):
        assert prompt.count("{}") == 1
        assert set(prompt.replace(",", " ,").replace("{}", "").split()) <= known


# ------------------------------------------------------------------------------------------------------- tiny-dino


def test_pairs_belong_together_and_are_made_by_the_seed():
    made = tiny_dino.pairs(3, 3, seed=1)
    assert made.shape == (6, 2, 3, 64, 64) and made.dtype == torch.uint8
    assert torch.equal(made, tiny_dino.pairs(3, 3, seed=1)) and not torch.equal(made, tiny_dino.pairs(3, 3, seed=2))
    assert (made[:, 0] != made[:, 1]).flatten(1).any(1).all()
    crops = made[3:].float()
    own = (crops[:, 0] - crops[:, 1]).abs().mean()
    assert own < (crops[:, 0] - crops.roll(1, 0)[:, 1]).abs().mean()


def test_the_cat_is_not_learnt_from():
    assert "chelsea" not in tiny_dino.PHOTO_NAMES


def test_nt_xent_against_the_sum_written_out():
    x = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    total = 0.0
    for i in range(6):
        weights = [np.exp((x[i] @ x[k]).item() / 0.5) for k in range(6)]
        total -= np.log(weights[(i + 3) % 6] / (sum(weights) - weights[i]))
    assert tiny_dino.nt_xent(x, 0.5).item() == pytest.approx(total / 6, rel=1e-5)
    with pytest.raises(ValueError, match="at least two pairs"):
        tiny_dino.nt_xent(x[:3])


def test_jitter_keeps_shape_and_range_and_changes_every_picture():
    torch.manual_seed(0)
    pixels = torch.rand(8, 3, 4, 4)
    changed = tiny_dino.jitter(pixels)
    assert changed.shape == pixels.shape and changed.min() >= -1 and changed.max() <= 1
    assert ((changed + 1) / 2 - pixels).flatten(1).abs().amax(1).min() > 1e-3
