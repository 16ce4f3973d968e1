"""Exercises of lesson 14 on judges: α for nominal data, rank correlation."""

from __future__ import annotations

import numpy as np

from workbook.exercises import Case, Mistake, practice
from workbook.metrics.agreement import average_ranks, nominal_alpha, rank_correlation

# ------------------------------------------------------------------------------------------------ nominal alpha


def _alpha_cases(rng: np.random.Generator) -> list[Case]:
    drawn = rng.multinomial(4, [0.5, 0.3, 0.2], size=9)
    with_gaps = np.array([[3, 0], [0, 2], [1, 1], [1, 0], [0, 1], [2, 2]])
    return [
        Case("two annotators, they differ about one unit of four", (np.array([[2, 0], [2, 0], [0, 2], [1, 1]]),)),
        Case("three labels, four annotators", (drawn,)),
        Case("gaps: units of one, two, three and four answers", (with_gaps,)),
        Case("perfect agreement", (np.array([[2, 0, 0], [0, 2, 0], [0, 0, 2]]),)),
        Case("always different", (np.array([[1, 1], [1, 1]]),)),
    ]


def _alpha(counts, *, single=False, unbiased=True, pooled=False, uniform=False, raw=False):
    """A wrong version per switch that is turned."""
    kept = counts[counts.sum(1) >= 2]
    answers, totals = kept.sum(1), (counts if single else kept).sum(0)
    n = totals.sum()
    differ = answers**2 - (kept**2).sum(1)
    if pooled:
        observed = differ.sum() / (answers * (answers - 1)).sum()
    else:
        observed = (differ / (answers - 1)).sum() / n
    if raw:
        return float(1 - observed)
    expected = (n**2 - (totals**2).sum()) / (n * (n - 1) if unbiased else n**2)
    return float(1 - observed / (1 - 1 / counts.shape[1] if uniform else expected))


def _singles_kept(counts):
    return _alpha(counts, single=True)


def _with_replacement(counts):
    return _alpha(counts, unbiased=False)


def _pooled_pairs(counts):
    return _alpha(counts, pooled=True)


def _labels_alike(counts):
    return _alpha(counts, uniform=True)


def _raw_agreement(counts):
    return _alpha(counts, raw=True)


practice(
    nominal_alpha,
    difficulty=3,
    minutes=15,
    cases=_alpha_cases,
    mistakes=[
        Mistake(_singles_kept, "units with a single answer hold no pair: leave them out everywhere."),
        Mistake(
            _with_replacement, "by chance an answer would meet itself: of n answers there are n (n − 1) pairs, not n²."
        ),
        Mistake(
            _pooled_pairs,
            "a unit of m answers has many pairs; each counts 1 / (m − 1), so that answers weigh alike.",
        ),
        Mistake(_labels_alike, "labels are not equally frequent: expect disagreement from how often each was given."),
        Mistake(_raw_agreement, "this is the agreement as it is; divide the disagreement by what chance would give."),
    ],
    hints=[
        "Keep rows of two answers or more. Of m answers with counts c there are m² − Σ c² ordered pairs that differ.",
        "Observed: per unit these pairs / (m − 1), summed over units, divided by the number n of all answers.",
        "Expected: the same question for all answers as one unit, (n² − Σ totals²) / (n (n − 1)).",
    ],
)

# ------------------------------------------------------------------------------------------------ rank correlation


def _rank_cases(rng: np.random.Generator) -> list[Case]:
    a = np.round(rng.normal(size=12), 2)
    ties = rng.integers(1, 4, 10).astype(float)
    return [
        Case("the same order", (np.array([1.0, 5.0, 2.0]), np.array([10.0, 11.0, 10.5]))),
        Case("one pair exchanged", (np.array([0.1, 0.4, 0.2, 0.9]), np.array([1.0, 2.0, 3.0, 40.0]))),
        Case("ties in both", (np.array([1.0, 1.0, 2.0, 3.0]), np.array([2.0, 1.0, 1.0, 5.0]))),
        Case("many scores", (a, np.round(a**3 + rng.normal(size=12), 2))),
        Case("ratings with many ties", (ties, ties[::-1].copy())),
    ]


def _places(values):
    return np.argsort(np.argsort(values, kind="stable"), kind="stable") + 1.0


def _correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def _scores_themselves(a, b):
    return _correlation(a, b)


def _sorted_once(a, b):
    return _correlation(np.argsort(a, kind="stable"), np.argsort(b, kind="stable"))


def _ties_by_place(a, b):
    return _correlation(_places(a), _places(b))


def _without_ties(a, b):
    n = len(a)
    return float(1 - 6 * ((average_ranks(a) - average_ranks(b)) ** 2).sum() / (n * (n**2 - 1)))


def _covariance(a, b):
    return float(np.cov(average_ranks(a), average_ranks(b))[0, 1])


def _upside_down(a, b):
    return -_correlation(average_ranks(a), average_ranks(b))


practice(
    rank_correlation,
    difficulty=2,
    minutes=8,
    cases=_rank_cases,
    mistakes=[
        Mistake(_scores_themselves, "you correlate the scores themselves (Pearson); take their ranks first."),
        Mistake(_sorted_once, "argsort says which item comes first, not which rank an item has: use average_ranks."),
        Mistake(
            _ties_by_place, "equal scores get different ranks by where they stand; they share the mean of their ranks."
        ),
        Mistake(_without_ties, "1 − 6 Σd² / (n (n² − 1)) holds only without ties; correlate the ranks."),
        Mistake(_covariance, "this is the covariance; divide by both spreads, so that it lies between −1 and 1."),
        Mistake(_upside_down, "the sign is wrong: the same order must give 1."),
    ],
    hints=[
        "average_ranks gives the ranks of a list, ties included.",
        "Subtract each list's mean rank.",
        "The sum of the products, divided by the root of the product of both sums of squares.",
    ],
)
