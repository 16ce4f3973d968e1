"""Distribution shift: the CORAL loss, distances between domains, the drop by class, and augmentation."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.metrics import balanced_accuracy_score, recall_score

from workbook.vision.augmentation import STRENGTHS, augment
from workbook.vision.shift import coral_loss, domain_distance, gap_closed, per_class_drop, proxy_a_distance


def features(count, width, seed=0, scale=1.0, shift=0.0):
    return shift + scale * torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# -------------------------------------------------------------------------------------------------- CORAL


@settings(deadline=None)
@given(some.integers(2, 20), some.integers(2, 20), some.integers(1, 9), some.integers(0, 999))
def test_coral_is_the_squared_distance_of_torchs_covariances(source_count, target_count, width, seed):
    source, target = features(source_count, width, seed), features(target_count, width, seed + 1, 2.0, 3.0)
    difference = (torch.cov(source.T) - torch.cov(target.T)).reshape(width, width)
    expected = torch.linalg.matrix_norm(difference) ** 2 / (4 * width**2)
    torch.testing.assert_close(coral_loss(source, target), expected, rtol=1e-9, atol=1e-12)


def test_coral_by_hand():
    # variances 2 and 8 of one feature: (2 - 8)² / 4
    assert coral_loss(torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [4.0]])).item() == 9.0


def test_coral_sees_covariances_and_not_means():
    source, target = features(30, 4), features(30, 4, 1)
    torch.testing.assert_close(coral_loss(source + 7, target - 3), coral_loss(source, target))
    assert coral_loss(source, source[torch.randperm(30)]) < 1e-20
    torch.testing.assert_close(coral_loss(source, target), coral_loss(target, source))


def test_corals_gradient_flows_into_both_domains_and_brings_them_together():
    source, target = features(40, 3).requires_grad_(), features(40, 3, 1, 3.0).requires_grad_()
    before = coral_loss(source, target)
    before.backward()
    assert source.grad.abs().sum() > 0 and target.grad.abs().sum() > 0
    assert coral_loss(source - 5 * source.grad, target - 5 * target.grad) < before
    assert torch.autograd.gradcheck(coral_loss, (features(4, 2).requires_grad_(), features(5, 2, 1).requires_grad_()))


# ------------------------------------------------------------------------------------------ proxy A-distance


@settings(deadline=None)
@given(some.integers(1, 20), some.integers(1, 20), some.data())
def test_the_distance_is_that_of_scikit_learns_balanced_error(sources, targets, data):
    domains = np.repeat([0, 1], [sources, targets])
    guesses = np.array(data.draw(some.lists(some.integers(0, 1), min_size=len(domains), max_size=len(domains))))
    expected = 2 * (1 - 2 * (1 - balanced_accuracy_score(domains, guesses)))
    assert proxy_a_distance(domains, guesses) == pytest.approx(max(0.0, expected), abs=1e-12)


def test_far_domains_are_far_and_the_same_domain_is_near():
    far = domain_distance(features(100, 5), features(80, 5, 1, shift=6.0))
    middle = domain_distance(features(300, 5), features(200, 5, 1, shift=0.6))
    near = domain_distance(features(300, 5), features(200, 5, 1))
    assert far == 2.0 and 0.4 < middle < 1.8 and near < 0.4
    assert middle == domain_distance(features(300, 5), features(200, 5, 1, shift=0.6))


def test_the_classifier_is_judged_on_what_it_has_not_seen():
    # more features than examples: by heart every domain can be told apart, but there is nothing to tell
    assert domain_distance(features(30, 200), features(30, 200, 1)) < 1.0


def test_features_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"same width, at least four of each, got \(9, 2\) and \(9, 3\)"):
        domain_distance(features(9, 2), features(9, 3))
    with pytest.raises(ValueError, match=r"got \(9, 2\) and \(3, 2\)"):
        domain_distance(features(9, 2), features(3, 2))


# ---------------------------------------------------------------------------------------------- drop by class


@settings(deadline=None)
@given(some.integers(1, 5), some.integers(1, 30), some.integers(1, 30), some.integers(0, 999))
def test_the_drop_is_the_difference_of_scikit_learns_recalls(classes, source_count, target_count, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, classes, count) for count in (source_count, source_count, target_count, target_count)]
    drop = per_class_drop(*arrays, classes)
    recalls = [
        recall_score(gold, guesses, labels=range(classes), average=None, zero_division=np.nan)
        for gold, guesses in (arrays[:2], arrays[2:])
    ]
    np.testing.assert_allclose(drop, recalls[0] - recalls[1], atol=1e-12)


def test_a_class_without_examples_has_no_drop_and_makes_no_noise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drop = per_class_drop(np.array([0, 1]), np.array([0, 1]), np.array([0, 0]), np.array([0, 1]), 3)
    assert drop[0] == 0.5 and np.isnan(drop[1:]).all()


def test_the_closed_share_of_the_gap():
    assert gap_closed(0.9, 0.5, 0.7) == pytest.approx(0.5)
    assert gap_closed(0.9, 0.5, 0.9) == pytest.approx(1.0) and gap_closed(0.9, 0.5, 0.4) < 0
    with pytest.raises(ValueError, match=r"no gap to close: 0.500 on the source, 0.500 on the target"):
        gap_closed(0.5, 0.5, 0.6)


# ------------------------------------------------------------------------------------------------ augmentation


def pictures(count=6, size=32):
    grey = torch.zeros(count, 3, size, size)
    grey[:, 0, size // 4 : -size // 4, size // 3 : -size // 3] = 0.8  # a red box before black
    return grey


@pytest.mark.parametrize("strength", STRENGTHS[1:])
def test_every_picture_is_changed_in_its_own_way(strength):
    torch.manual_seed(0)
    changed = augment(pictures(), strength)
    assert changed.shape == (6, 3, 32, 32) and changed.dtype == torch.float32
    assert 0 <= changed.min() and changed.max() <= 1
    assert len(changed.flatten(1).unique(dim=0)) == 6
    torch.manual_seed(0)
    assert torch.equal(changed, augment(pictures(), strength))
    assert torch.equal(pictures(), augment(pictures(), "none"))


def test_light_keeps_colours_and_strong_does_not():
    torch.manual_seed(0)
    light, strong = (augment(pictures(60), strength) for strength in ("light", "strong"))
    assert not light[:, 1:].any() and light[:, 0, 16, 16].min() > 0.7
    assert (strong[:, 2, 16, 16] > 0.12).float().mean() > 0.25  # grey, a third of them
    apart = [(one - pictures(60)).square().mean().item() for one in (light, strong)]
    assert apart[1] > 1.5 * apart[0]


def test_a_light_change_is_a_small_one():
    """The box's middle moves by at most about two pixels, and its area changes by at most about a fifth or so."""
    torch.manual_seed(0)
    box = augment(pictures(200), "light")[:, 0]
    places = torch.arange(32.0)
    for axis in (1, 2):
        middle = (box.sum(3 - axis) * places).sum(1) / box.sum((1, 2))
        assert 1.0 < (middle - 15.5).abs().max() < 3.0
    area = box.sum((1, 2)) / pictures(1)[0, 0].sum()
    assert 0.75 < area.min() and area.max() < 1.3


def test_an_unknown_strength_names_the_known_ones():
    with pytest.raises(ValueError, match="one of none, light, strong, not 'medium'"):
        augment(pictures(), "medium")
