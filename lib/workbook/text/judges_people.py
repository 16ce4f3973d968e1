"""Ratings by simulated annotators, whose truth is known, and how to make one verdict of many.

Real annotators differ in where they put the middle, how much of the scale they use, and how carefully they read. Only
where the truth is known can be told which way of putting ratings together finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workbook.metrics.agreement import rank_correlation

LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True)
class Annotator:
    """How somebody rates: round(3 + stretch · (truth − 3) + bias + noise), kept within 1 … 5.

    bias: above 0 for the generous. stretch: below 1 for those who keep to the middle. noise: its standard deviation.
    careless: the share of ratings given without reading, any of the five alike.
    """

    bias: float = 0.0
    stretch: float = 1.0
    noise: float = 0.5
    careless: float = 0.0

    def __post_init__(self) -> None:
        if self.noise < 0 or not 0 <= self.careless <= 1 or not np.isfinite([self.bias, self.stretch]).all():
            raise ValueError(f"Expected a finite bias and stretch, noise >= 0 and careless from 0 to 1, got {self!r}.")


def crowd(size: int, rng: np.random.Generator, careless: int = 0) -> list[Annotator]:
    """Annotators with habits drawn by chance; the last `careless` of them never read."""
    if not 0 <= careless <= size or size < 1:
        raise ValueError(f"Expected at least one annotator, and 0 to {size} careless ones, got {size} and {careless}.")
    habits = [Annotator(rng.normal(0, 0.7), rng.uniform(0.5, 1.1), rng.uniform(0.4, 1.0)) for _ in range(size)]
    return habits[: size - careless] + [Annotator(careless=1.0)] * careless


def simulate(
    truth: np.ndarray, annotators: Sequence[Annotator], rng: np.random.Generator, share: float = 1.0
) -> np.ndarray:
    """Ratings (annotators, items) from 1 to 5; NaN where somebody did not rate an item.

    truth: (items,), what a perfect annotator would say, 1 to 5. share: of the items that each annotator is given.
    """
    truth = np.asarray(truth, dtype=float)
    if truth.ndim != 1 or not len(truth) or not ((truth >= LOWEST) & (truth <= HIGHEST)).all():
        raise ValueError("The truth is one number from 1 to 5 for each item, at least one, and no NaN.")
    if not 0 < share <= 1 or not annotators:
        raise ValueError(f"Expected annotators, and a share above 0 and at most 1, got {len(annotators)} and {share}.")
    table = np.empty((len(annotators), len(truth)))
    for row, who in zip(table, annotators, strict=True):
        felt = 3 + who.stretch * (truth - 3) + who.bias + rng.normal(0, 1, len(truth)) * who.noise
        guessed = rng.integers(LOWEST, HIGHEST + 1, len(truth))
        row[:] = np.where(rng.random(len(truth)) < who.careless, guessed, felt.round().clip(LOWEST, HIGHEST))
        row[rng.random(len(truth)) >= share] = np.nan
    return table


# ------------------------------------------------------------------------------------------------ aggregation


def mean(table: np.ndarray) -> np.ndarray:
    """Each item's mean rating, (items,); NaN where nobody rated it."""
    return _weighted(_checked(table), np.ones(len(table)))


def median(table: np.ndarray) -> np.ndarray:
    """Each item's median rating, (items,)."""
    table = _checked(table)
    rated = ~np.isnan(table).all(0)
    result = np.full(table.shape[1], np.nan)
    result[rated] = np.nanmedian(table[:, rated], axis=0)
    return result


def mean_of_standardised(table: np.ndarray) -> np.ndarray:
    """The mean once every annotator's ratings have the mean 0 and the spread 1: habits of the scale cancel."""
    return mean(standardised(_checked(table)))


def weighted_mean(table: np.ndarray) -> np.ndarray:
    """As `mean_of_standardised`, with each annotator weighted by `reliabilities`."""
    table = _checked(table)
    return _weighted(standardised(table), reliabilities(table))


def standardised(table: np.ndarray) -> np.ndarray:
    """Each annotator's ratings less their mean, over their spread; one who always says the same gets zeros."""
    centre = np.nanmean(table, axis=1, keepdims=True)
    spread = np.nanstd(table, axis=1, keepdims=True)
    return (table - centre) / np.where(spread > 0, spread, 1.0)


def reliabilities(table: np.ndarray) -> np.ndarray:
    """How well each annotator agrees with the mean of the others, (annotators,): Spearman's ρ, at least 0.01.

    No truth is needed: those who do not read agree with nobody.
    """
    table = standardised(_checked(table))
    weights = np.full(len(table), 0.01)
    for number, own in enumerate(table):
        others = mean(np.delete(table, number, axis=0)) if len(table) > 1 else np.full(table.shape[1], np.nan)
        both = ~np.isnan(own) & ~np.isnan(others)
        if both.sum() > 1 and np.ptp(own[both]) and np.ptp(others[both]):
            weights[number] = max(rank_correlation(own[both], others[both]), 0.01)
    return weights


def _weighted(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    there = ~np.isnan(table)
    total = (there * weights[:, None]).sum(0)
    summed = (np.where(there, table, 0.0) * weights[:, None]).sum(0)
    return np.divide(summed, total, out=np.full(table.shape[1], np.nan), where=total > 0)


def _checked(table: np.ndarray) -> np.ndarray:
    table = np.asarray(table, dtype=float)
    if table.ndim != 2 or np.isnan(table).all(axis=1).any() or not table.size:
        raise ValueError(
            f"Expected ratings of shape (annotators, items), and no annotator without any, got {table.shape}."
        )
    return table


AGGREGATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": mean,
    "median": median,
    "mean of standardised": mean_of_standardised,
    "weighted by agreement": weighted_mean,
}
