"""What the content filter checks, what it lets through, and the prompt helper."""

from __future__ import annotations

import types

import numpy as np
import pytest
import torch

from workbook.diffusion import styles
from workbook.diffusion.content_filter import ContentFilter, checked_by_pipeline

AXES = torch.eye(3)


def near(axis, closeness):
    """A vector at this cosine to an axis."""
    other = AXES[(axis + 1) % 3]
    return closeness * AXES[axis] + (1 - closeness**2) ** 0.5 * other


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("a red knife", False),
        ("A KNIFE!", False),
        ("two knives", True),  # an irregular plural is another spelling
        ("guns, please", False),
        ("a penknife", True),  # whole words only
        ("a gunner", True),
        ("a kn1fe", True),  # a limit, and stated as one
        ("", True),
    ],
)
def test_words(text, passes):
    verdict = ContentFilter(words=["Knife", "gun"]).prompt(text)
    assert verdict.passed is passes and bool(verdict.reasons) is not passes


def test_a_picture_near_a_concept_is_refused_and_the_concept_named():
    check = ContentFilter(concepts={"a knife": 3 * AXES[0], "a gun": AXES[1]})
    check.calibrate(torch.stack([near(2, 0.9), near(0, 0.5), near(0, 0.3)]), most_false_alarms=0.0)
    verdicts = check.pictures(torch.stack([9 * near(0, 0.8), near(2, 0.99), near(1, 0.99)]))
    assert [verdict.passed for verdict in verdicts] == [False, True, False]
    assert "a knife" in verdicts[0].reasons[0] and "a gun" in verdicts[2].reasons[0]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.3])
def test_calibration_keeps_the_share_of_false_alarms(share):
    ordinary = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    check = ContentFilter(concepts={"x": AXES[0]})
    check.calibrate(ordinary, share)
    refused = sum(not verdict.passed for verdict in check.pictures(ordinary))
    assert refused == round(share * 200)  # no more than allowed, and the filter as strict as that


def test_no_concept_is_never_found():
    assert all(verdict.passed for verdict in ContentFilter(words=["gun"]).pictures(torch.randn(2, 3)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ContentFilter(words=[" "]), "empty"),
        (lambda: ContentFilter().prompt(3), "Expected a prompt"),
        (lambda: ContentFilter(concepts={"x": AXES[0]}).pictures(AXES), "calibrate"),
        (lambda: ContentFilter(concepts={"x": AXES[0]}).calibrate(torch.zeros(2, 4)), "embeddings \\(N, 3\\)"),
        (lambda: ContentFilter(concepts={"x": AXES[0]}).calibrate(AXES[:0]), "some pictures"),
        (lambda: ContentFilter(concepts={"x": AXES[0]}).calibrate(AXES, 1.0), "from 0 to below 1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_pipelines_own_checker_is_asked():
    pictures = [np.full((4, 4, 3), value, np.uint8) for value in (0, 255)]

    class Checker(torch.nn.Linear):
        def forward(self, images, clip_input):
            return images, [bool(image.mean() > 0.5) for image in images]

    def extract(pictures, return_tensors):
        return types.SimpleNamespace(pixel_values=torch.zeros(len(pictures), 3, 2, 2))

    pipeline = types.SimpleNamespace(safety_checker=Checker(1, 1), feature_extractor=extract)
    assert [verdict.passed for verdict in checked_by_pipeline(pipeline, pictures)] == [True, False]


def test_without_a_checker_it_is_said_that_nobody_looked():
    (verdict,) = checked_by_pipeline(types.SimpleNamespace(safety_checker=None), [None])
    assert verdict.passed and "not checked" in verdict.reasons[0]


def test_prompts_in_styles():
    made = styles.prompts(" a sks cat ", {"plain": "{subject}", "night": "{subject} at night"})
    assert made == {"plain": "a sks cat", "night": "a sks cat at night"}
    assert styles.prompts("x", chosen=["night"]) == {"night": "a photo of a x at night"}
    for table in (styles.SMALL, styles.FULL):
        assert all("{" not in text and " a sks cat" in text for text in styles.prompts("sks cat", table).values())
    with pytest.raises(ValueError, match=r"no style 'cubist'; there are beach, snow"):
        styles.with_style("x", "cubist")
    with pytest.raises(ValueError, match="subject is empty"):
        styles.with_style("  ", "neon")
