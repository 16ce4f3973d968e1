"""Exercise of lesson 09 on pictures: the Fréchet distance."""

from __future__ import annotations

import numpy as np

from workbook.exercises import Case, Mistake, practice
from workbook.vision.frechet import frechet_distance


def _frechet_cases(rng: np.random.Generator) -> list[Case]:
    def covariance(size: int, rank: int) -> np.ndarray:
        root = rng.integers(-2, 3, (size, rank)).astype(float)
        return root @ root.T

    mean = np.array([1.0, 2.0])
    return [
        Case(
            "one feature, variances 4 and 1", (np.array([3.0]), np.array([[4.0]]), np.array([1.0]), np.array([[1.0]]))
        ),
        Case("independent features", (mean, np.diag([4.0, 9.0]), mean[::-1].copy(), np.diag([1.0, 16.0]))),
        Case("the same twice", (mean, np.array([[2.0, 1.0], [1.0, 2.0]]), mean, np.array([[2.0, 1.0], [1.0, 2.0]]))),
        Case("features that go together", (rng.normal(size=4), covariance(4, 6), rng.normal(size=4), covariance(4, 6))),
        Case("singular covariances", (rng.normal(size=5), covariance(5, 2), rng.normal(size=5), covariance(5, 3))),
    ]


def _root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def _with_overlap(mean_a, cov_a, mean_b, cov_b, overlap, factor=2.0, power=2):
    distance = (np.abs(mean_a - mean_b) ** power).sum()
    return float(distance + np.trace(cov_a) + np.trace(cov_b) - factor * overlap)


def _overlap(cov_a, cov_b):
    return np.sqrt(np.linalg.eigvalsh(_root(cov_a) @ cov_b @ _root(cov_a)).clip(min=0)).sum()


def _element_by_element(mean_a, cov_a, mean_b, cov_b):
    return _with_overlap(mean_a, cov_a, mean_b, cov_b, np.sqrt(np.abs(np.diagonal(cov_a @ cov_b))).sum())


def _product_of_roots(mean_a, cov_a, mean_b, cov_b):
    return _with_overlap(mean_a, cov_a, mean_b, cov_b, np.trace(_root(cov_a) @ _root(cov_b)))


def _no_two(mean_a, cov_a, mean_b, cov_b):
    return _with_overlap(mean_a, cov_a, mean_b, cov_b, _overlap(cov_a, cov_b), factor=1.0)


def _not_squared(mean_a, cov_a, mean_b, cov_b):
    return _with_overlap(mean_a, cov_a, mean_b, cov_b, _overlap(cov_a, cov_b), power=1)


def _no_means(mean_a, cov_a, mean_b, cov_b):
    return _with_overlap(mean_a, cov_a, mean_a, cov_b, _overlap(cov_a, cov_b))


def _root_of_all(mean_a, cov_a, mean_b, cov_b):
    return max(_with_overlap(mean_a, cov_a, mean_b, cov_b, _overlap(cov_a, cov_b)), 0.0) ** 0.5


practice(
    frechet_distance,
    difficulty=3,
    minutes=15,
    cases=_frechet_cases,
    tolerance=1e-5,  # near 0 a square root makes 1e-8 of what rounding left of 1e-16
    mistakes=[
        Mistake(
            _element_by_element, "you take roots of single numbers; √ is of the matrix: add roots of *eigenvalues*."
        ),
        Mistake(
            _product_of_roots,
            "√Σa √Σb is √(Σa Σb) only where both matrices have the same eigenvectors: take the root of the product.",
        ),
        Mistake(_no_two, "the square root counts twice, as the 2ab in (a − b)²."),
        Mistake(_not_squared, "the distance of the means is squared."),
        Mistake(_no_means, "the means are left out."),
        Mistake(_root_of_all, "you take the root of the whole; FID is the squared distance."),
    ],
    hints=[
        "The trace of a matrix's square root is the sum of the square roots of its eigenvalues.",
        "Σa Σb is not symmetric, but with Σa = L Lᵀ it has the eigenvalues of Lᵀ Σb L; np.linalg.eigvalsh gives them.",
        "values, vectors = np.linalg.eigh(cov_a) gives L = vectors * np.sqrt(values.clip(min=0)).",
    ],
)
