"""Intervals by the bootstrap: what would the figure be on another sample of the same size? (Efron 1979)"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def bootstrap_interval(
    scores: np.ndarray, rng: np.random.Generator, resamples: int = 2000, level: float = 0.95
) -> tuple[float, float]:
    """The percentile interval of the mean of `scores`.

    scores: (N,), one figure per example, say 1 for right and 0 for wrong. rng: a numpy generator.
    Returns the lower and upper end. Raises ValueError for no scores, or a NaN among them.
    """
    scores = np.asarray(scores, dtype=float)
    if scores.ndim != 1 or not len(scores) or np.isnan(scores).any():
        raise ValueError("The bootstrap needs a list of at least one score, and no NaN among them.")
    # each row draws N examples with replacement: a data set as it might have been
    drawn = rng.integers(0, len(scores), size=(resamples, len(scores)))  # (resamples, N)
    means = scores[drawn].mean(axis=1)  # (resamples,)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def paired_difference(
    ours: np.ndarray, theirs: np.ndarray, rng: np.random.Generator, resamples: int = 2000
) -> tuple[float, tuple[float, float]]:
    """The mean of ours - theirs on the same examples, and its 95 % interval: (N,), (N,) → (mean, (low, high)).

    Pairing removes what both find hard: a difference shows with far fewer examples than two separate intervals need.
    """
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if ours.shape != theirs.shape:
        raise ValueError(f"The two systems must be scored on the same examples, got {ours.shape} and {theirs.shape}.")
    difference = ours - theirs
    return float(difference.mean()), bootstrap_interval(difference, rng, resamples)


def bootstrap_of(
    statistic: Callable[[np.ndarray], float],
    examples: int,
    rng: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """The percentile interval of any statistic: called with the numbers of the drawn examples, (N,), it gives a figure.

    A resample whose figure is NaN is left out. Raises ValueError for no examples, or where all resamples are NaN.
    """
    if examples < 1:
        raise ValueError("The bootstrap needs at least one example.")
    figures = np.array([statistic(row) for row in rng.integers(0, examples, size=(resamples, examples))], dtype=float)
    figures = figures[~np.isnan(figures)]
    if not len(figures):
        raise ValueError("The statistic is NaN in every resample: there are too few different examples.")
    return percentile_interval(figures, level)


def percentile_interval(figures: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Between which two values the middle `level` of the resamples' figures (R,) lies."""
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(figures, [tail, 100 - tail])
    return float(low), float(high)


def bootstrap_f1(
    targets: np.ndarray, predictions: np.ndarray, num_classes: int, rng: np.random.Generator, resamples: int = 1000
) -> tuple[float, float]:
    """The 95 % percentile interval of macro-F1: no mean over examples, so it is computed on each resample."""
    from workbook.metrics.classification import confusion_matrix, macro_f1

    targets, predictions = np.asarray(targets), np.asarray(predictions)
    confusion_matrix(targets, predictions, num_classes)  # refuses what can't be scored, unequal lengths for one

    def figure(drawn: np.ndarray) -> float:
        return macro_f1(confusion_matrix(targets[drawn], predictions[drawn], num_classes))

    return bootstrap_of(figure, len(targets), rng, resamples)
