"""Distances between two sets of features: Fréchet (FID) and kernel (KID), and what they are with infinite samples.

Both compare the distribution of real pictures' features with that of generated ones. FID compares mean and covariance
alone, and is too large with few samples; KID is not, but is noisier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def frechet_distance(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """‖μa − μb‖² + Tr(Σa + Σb − 2 √(Σa Σb)), the squared Fréchet distance of two normal distributions.

    mean: (D,), cov: (D, D), symmetric, perhaps singular. Never below 0. Raises ValueError for other shapes and for NaN.
    Dowson and Landau 1982; Heusel et al. 2017. Σa Σb is not symmetric, but with Σa = L Lᵀ it has the
    eigenvalues of Lᵀ Σb L, which is: so no square root of a matrix that is complex by rounding, and nothing to add to
    the diagonal where a covariance is singular.
    """
    mean_a, cov_a, mean_b, cov_b = (np.asarray(given, dtype=float) for given in (mean_a, cov_a, mean_b, cov_b))
    if mean_a.ndim != 1 or mean_a.shape != mean_b.shape or {cov_a.shape, cov_b.shape} != {(len(mean_a),) * 2}:
        shapes = [given.shape for given in (mean_a, cov_a, mean_b, cov_b)]
        raise ValueError(f"Expected means of shape (D,) and covariances of shape (D, D), got {shapes}.")
    if not all(np.isfinite(given).all() for given in (mean_a, cov_a, mean_b, cov_b)):
        raise ValueError("A mean or covariance is NaN or infinite: look for such numbers among the features.")
    values, vectors = np.linalg.eigh(cov_a)
    root = vectors * np.sqrt(values.clip(min=0))  # (D, D), Σa = root rootᵀ; rounding puts zeros a little below 0
    # Tr √(Σa Σb) = Σ √λ over the eigenvalues of rootᵀ Σb root
    overlap = np.sqrt(np.linalg.eigvalsh(root.T @ cov_b @ root).clip(min=0)).sum()
    return max(float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap), 0.0)


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and covariance (D, D), over N − 1, of features (N, D). Raises ValueError for N < 2 and for NaN."""
    features = _checked(features, "The features")
    return features.mean(0), np.atleast_2d(np.cov(features, rowvar=False))


def fid(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Fréchet distance of two sets of features, (N, D) and (M, D).

    With D features and fewer than some multiple of D samples the figure is far too large; see `fid_infinity`.
    Figures are comparable only between the same features, the same preparation of pictures, and the same N.
    """
    features_a, features_b = _pair(features_a, features_b)
    return frechet_distance(*moments(features_a), *moments(features_b))


def kid(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Kernel distance: the unbiased estimate of the squared maximum mean discrepancy, kernel (x·y / D + 1)³.

    features: (N, D), (M, D), at least two each. May be a little below 0 where the two are alike: that is how an
    unbiased estimate of 0 looks. Bińkowski et al. 2018.
    """
    a, b = _pair(features_a, features_b)
    within_a, within_b, between = ((x @ y.T / x.shape[1] + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    n, m = len(a), len(b)
    # a sample's kernel with itself is left out: it is what would make the estimate too large
    same_a = (within_a.sum() - np.trace(within_a)) / (n * (n - 1))
    same_b = (within_b.sum() - np.trace(within_b)) / (m * (m - 1))
    return float(same_a + same_b - 2 * between.mean())


def kid_subsets(
    features_a: np.ndarray, features_b: np.ndarray, rng: np.random.Generator, subsets: int = 100, size: int = 1000
) -> np.ndarray:
    """KID of `subsets` random parts of `size` samples each, (subsets,): its mean and spread are what papers report."""
    a, b = _pair(features_a, features_b)
    _size_fits(size, a, b)
    return np.array([
        kid(a[rng.choice(len(a), size, replace=False)], b[rng.choice(len(b), size, replace=False)])
        for _ in range(subsets)
    ])  # fmt: skip


@dataclass(frozen=True)
class Extrapolation:
    """FID against 1 / N, and the straight line through it. infinity: where it meets 1 / N = 0."""

    infinity: float
    slope: float
    sizes: np.ndarray
    figures: np.ndarray


def fid_infinity(
    features_a: np.ndarray, features_b: np.ndarray, rng: np.random.Generator, sizes: Sequence[int], repeats: int = 5
) -> Extrapolation:
    """FID as it would be with infinitely many samples: the bias is about proportional to 1 / N.

    sizes: at least two different N; for each, N samples of both sets are drawn `repeats` times without replacement, and
    the mean FID is kept. The line is least squares in 1 / N. Chong and Forsyth 2020, who keep the statistics
    of the real set as they are and draw from the generated one alone. All N should be above D, or the points bend.
    """
    a, b = _pair(features_a, features_b)
    sizes = np.array(sorted(set(sizes)))
    if len(sizes) < 2 or sizes[0] < 2:
        raise ValueError(f"A line needs at least two different sizes, each of at least 2 samples, got {sizes}.")
    _size_fits(int(sizes[-1]), a, b)

    def drawn(features: np.ndarray, size: int) -> np.ndarray:
        return features[rng.choice(len(features), size, replace=False)]

    figures = np.array([np.mean([fid(drawn(a, n), drawn(b, n)) for _ in range(repeats)]) for n in sizes])
    slope, infinity = np.polyfit(1 / sizes, figures, 1)
    return Extrapolation(float(infinity), float(slope), sizes, figures)


def _size_fits(size: int, a: np.ndarray, b: np.ndarray) -> None:
    if size > min(len(a), len(b)):
        raise ValueError(f"Parts of {size} samples can't be drawn from sets of {len(a)} and {len(b)}.")


def _pair(features_a: np.ndarray, features_b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = _checked(features_a, "The first set of features"), _checked(features_b, "The second set of features")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Both sets need the same features: got {a.shape[1]} and {b.shape[1]} of them per sample.")
    return a, b


def _checked(features: np.ndarray, name: str) -> np.ndarray:
    """Features as float64 (N, D): squares of float32 features lose too many digits. A tensor is moved to the CPU."""
    if hasattr(features, "detach"):
        features = features.detach().cpu()
    features = np.asarray(features, dtype=float)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"{name} must have the shape (N, D) with at least two samples, got {features.shape}.")
    broken = np.flatnonzero(~np.isfinite(features).all(1))
    if len(broken):
        raise ValueError(f"{name} have a NaN or an infinite number in row {broken[0]} ({len(broken)} such rows).")
    return features
