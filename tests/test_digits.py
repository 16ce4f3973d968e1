"""Digits in two domains: rendered from fonts, and handwritten."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from workbook.datasets import digits
from workbook.datasets.digits import real_digits, rendered_digits


@pytest.mark.parametrize("split", digits.FONTS)
def test_rendered_digits_are_light_on_dark_and_balanced(split):
    pictures = rendered_digits(split, 40, seed=3)
    assert pictures.pixels.shape == (40, 3, 32, 32) and pictures.classes == tuple("0123456789")
    assert torch.equal(pictures.labels.bincount(), torch.full((10,), 4))
    assert torch.equal(pictures.pixels[:, 0], pictures.pixels[:, 2])  # grey
    border = torch.cat([pictures.pixels[..., 0], pictures.pixels[..., -1]]).float()
    assert border.mean() < 20 < 180 < pictures.pixels.amax((1, 2, 3)).min()


def test_a_digit_fills_the_height_that_was_asked_for():
    ink = rendered_digits("train", 60).pixels[:, 0] > 60
    rows = ink.any(2).sum(1)
    assert 20 <= rows.min() and rows.max() <= 32
    columns = torch.arange(32.0)
    middles = torch.stack([(columns * one.any(0)).sum() / one.any(0).sum() for one in ink])
    assert (middles - 15.5).abs().max() < 5


def test_the_same_seed_gives_the_same_digits_and_another_one_others():
    first, again, other = (rendered_digits("train", 20, seed) for seed in (0, 0, 1))
    assert torch.equal(first.pixels, again.pixels) and torch.equal(first.labels, again.labels)
    assert not torch.equal(first.pixels, other.pixels)
    assert not torch.equal(first.pixels, rendered_digits("validation", 20, 0).pixels)


def test_no_font_is_in_two_splits():
    fonts = [font for split in digits.FONTS.values() for font in split]
    assert len(fonts) == len(set(fonts)) == 21


@pytest.mark.parametrize("font", [font for split in digits.FONTS.values() for font in split])
def test_every_font_draws_ten_different_digits(font):
    rng = np.random.default_rng(0)
    drawn = [digits._render(character, font, rng) for character in digits.CLASSES]
    assert min(picture.max() for picture in drawn) > 180
    # a missing glyph is a box, the same for all: two such pictures would differ by their place alone
    glyph = digits._font(font, 40)
    assert len({bytes(glyph.getmask(character)) for character in digits.CLASSES}) == 10


def test_the_splits_of_the_real_digits_are_all_of_them_and_disjoint():
    data = load_digits()
    parts = [real_digits(split) for split in digits.BLOCKS]
    assert [len(part) for part in parts] == [700, 300, 797]
    assert torch.equal(torch.cat([part.labels for part in parts]), torch.from_numpy(data.target))
    assert min(part.labels.bincount().min() for part in parts) >= 25


def test_a_real_digit_is_enlarged_and_not_changed():
    test = real_digits("test")
    small = torch.nn.functional.interpolate(test.pixels[:, :1].float(), (8, 8), mode="area")[:, 0] * 16 / 255
    original = torch.from_numpy(load_digits().images[1000:]).float()
    assert np.corrcoef(small.flatten(), original.flatten())[0, 1] > 0.97
    assert small.mean().item() == pytest.approx(original.mean().item(), rel=0.05)  # 16 counts of ink are white
    flat = digits.enlarge(torch.full((1, 1, 8, 8), 16.0))
    assert torch.equal(flat, torch.full((1, 1, 32, 32), 16.0))


def test_other_characters_can_be_drawn():
    letters = rendered_digits("train", 5, classes=("A", "B"))
    assert letters.classes == ("A", "B") and letters.labels.max() == 1
    assert not set(digits.LETTERS) & {"O", "o", "I", "l"} and len(set(digits.LETTERS)) == len(digits.LETTERS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rendered_digits("dev", 3), "no split 'dev'; there are train, validation, test"),
        (lambda: real_digits("train"), "no split 'train'; there are pool, validation, test"),
        (lambda: rendered_digits("train", 0), "count must be at least 1, not 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
