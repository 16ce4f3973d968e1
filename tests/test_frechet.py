"""Fréchet and kernel distance against the usual formula with a matrix square root, and against what is known."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import torch

from workbook.vision.frechet import fid, fid_infinity, frechet_distance, kid, kid_subsets, moments


def usual(mean_a, cov_a, mean_b, cov_b):
    """The formula with scipy's matrix square root, real part, and 1e-6 on the diagonal if that is not finite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy remarks on singular matrices, which are meant
        root = scipy.linalg.sqrtm(cov_a @ cov_b)
        if not np.isfinite(root).all():
            offset = 1e-6 * np.eye(len(cov_a))
            root = scipy.linalg.sqrtm((cov_a + offset) @ (cov_b + offset))
    return ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * np.trace(root).real


def by_singular_values(a, b):
    """The same without any square root of a matrix: Tr √(Σa Σb) is the sum of the singular values of Xa Xbᵀ."""
    x, y = ((f - f.mean(0)) / np.sqrt(len(f) - 1) for f in (a, b))
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * np.linalg.norm(x @ y.T, "nuc")


def features(seed, n, m, d):
    rng = np.random.default_rng(seed)
    turn = rng.normal(size=(d, d)) / np.sqrt(d)
    return rng.normal(size=(n, d)) @ turn, 1.1 * rng.normal(size=(m, d)) @ turn + 0.1


SIZES = [
    (200, 300, 8), (200, 300, 40), (400, 400, 100), (41, 41, 40), (20, 30, 40), (5, 300, 40), (3, 2, 100), (2, 2, 3),
    (50, 50, 1),
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_fid_equals_the_usual_formula(size, seed):
    """Also where the covariances are singular: fewer samples than features."""
    a, b = features(seed, *size)
    assert fid(a, b) == pytest.approx(usual(*moments(a), *moments(b)), rel=1e-6)
    assert fid(a, b) == pytest.approx(by_singular_values(a, b), rel=1e-7)
    assert fid(a, b) == pytest.approx(fid(b, a), rel=1e-7)


def test_distance_by_hand():
    # of diagonal covariances: Σ (μ − μ')² + (σ − σ')²
    assert frechet_distance([1, 0], np.diag([4, 9]), [0, 2], np.diag([1, 1])) == pytest.approx(1 + 4 + 1 + 4)
    assert frechet_distance([0], [[4.0]], [0], [[0.0]]) == pytest.approx(4)  # to a distribution that is one point
    assert frechet_distance([0, 0], np.zeros((2, 2)), [3, 4], np.zeros((2, 2))) == 25


def test_a_distribution_has_no_distance_to_itself():
    for n in (300, 10):
        a, _ = features(0, n, 2, 30)
        assert 0 <= fid(a, a) < 1e-6
        assert fid(a, a + 1) == pytest.approx(30, rel=1e-6)


def test_moments_and_tensors():
    a, b = features(3, 50, 60, 4)
    mean, covariance = moments(a)
    np.testing.assert_allclose(mean, a.mean(0))
    np.testing.assert_allclose(covariance, np.cov(a.T))
    assert fid(torch.tensor(a, requires_grad=True), torch.tensor(b)) == fid(a, b)


def test_kid_is_the_mean_over_all_pairs():
    a, b = features(0, 6, 5, 3)

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    expected = (
        np.mean([kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j])
        + np.mean([kernel(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j])
        - 2 * np.mean([kernel(x, y) for x in a for y in b])
    )
    assert kid(a, b) == pytest.approx(expected, rel=1e-12)


def test_kid_has_no_bias_where_fid_has():
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=(30, 8)), rng.normal(size=(30, 8))) for _ in range(200)]
    kids = np.array([kid(a, b) for a, b in pairs])
    assert abs(kids.mean()) < 4 * kids.std() / np.sqrt(200)
    assert np.mean([fid(a, b) for a, b in pairs[:20]]) > 0.5


def test_kid_of_parts():
    a, b = features(0, 80, 90, 5)
    parts = kid_subsets(a, b, np.random.default_rng(0), subsets=50, size=40)
    assert parts.shape == (50,) and parts.std() > 0
    assert parts.mean() == pytest.approx(kid(a, b), abs=4 * parts.std() / np.sqrt(50))
    np.testing.assert_array_equal(parts, kid_subsets(a, b, np.random.default_rng(0), subsets=50, size=40))
    whole = kid_subsets(a, b[:80], np.random.default_rng(0), subsets=2, size=80)
    np.testing.assert_allclose(whole, kid(a, b[:80]))


def test_fid_of_infinitely_many_samples():
    """The true distance is 10 · 0.5²: the extrapolation comes closer than the largest sample."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2000, 10)), rng.normal(size=(2000, 10)) + 0.5
    line = fid_infinity(a, b, rng, sizes=[1000, 100, 200, 400, 200], repeats=10)
    assert line.sizes.tolist() == [100, 200, 400, 1000]
    assert line.figures[0] > line.figures[-1] > 2.5 and line.slope > 0
    assert abs(line.infinity - 2.5) < abs(line.figures[-1] - 2.5)


def test_line_goes_through_two_points():
    a, b = features(0, 50, 50, 3)
    line = fid_infinity(a, b, np.random.default_rng(0), sizes=[10, 40], repeats=1)
    np.testing.assert_allclose(line.infinity + line.slope / line.sizes, line.figures)


GOOD = np.random.default_rng(0).normal(size=(10, 3))
BROKEN = GOOD.copy()
BROKEN[[4, 7], 1] = np.nan


@pytest.mark.parametrize("distance", [fid, kid])
@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        (GOOD[:1], GOOD, r"first set.*at least two samples, got \(1, 3\)"),
        (GOOD, GOOD[0], r"second set.*got \(3,\)"),
        (GOOD, BROKEN, "second set.*row 4 .2 such"),
        (GOOD * [[np.inf]], GOOD, "infinite number in row 0"),
        (GOOD, GOOD[:, :2], "got 3 and 2"),
        (GOOD[:0], GOOD, "at least two"),
    ],
)
def test_features_are_refused(distance, a, b, says):
    with pytest.raises(ValueError, match=says):
        distance(a, b)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (([0, 0], np.eye(2), [0, 0, 0], np.eye(3)), "shape"),
        (([0, 0], np.eye(2), [0, 0], np.eye(3)), "shape"),
        (([0, 0], np.eye(3), [0, 0], np.eye(3)), "shape"),
        (([0, 0], np.eye(2), [0, np.nan], np.eye(2)), "NaN"),
        (([0, 0], np.full((2, 2), np.inf), [0, 0], np.eye(2)), "NaN"),
    ],
)
def test_moments_are_refused(given, says):
    with pytest.raises(ValueError, match=says):
        frechet_distance(*given)


def test_sizes_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="Parts of 11"):
        kid_subsets(GOOD, GOOD, rng, size=11)
    with pytest.raises(ValueError, match="Parts of 11"):
        fid_infinity(GOOD, GOOD, rng, [5, 11])
    for sizes in ([5], [5, 5], [1, 5]):
        with pytest.raises(ValueError, match="two different sizes"):
            fid_infinity(GOOD, GOOD, rng, sizes)
