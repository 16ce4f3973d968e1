"""Exercise of lesson 14 on discriminators: find out what one number gives away."""

from __future__ import annotations

import numpy as np

from workbook.exercises import Case, Mistake, practice
from workbook.text.discriminator import probe


def _probe_cases(rng: np.random.Generator) -> list[Case]:
    many = rng.integers(20, 60, 30).astype(float)
    return [
        Case(
            "the generated texts are longer",
            (np.array([10.0, 12.0, 30.0, 40.0]), np.array([0, 0, 1, 1]), np.array([11.0, 20.0, 22.0, 50.0])),
        ),
        Case(
            "the generated texts are shorter",
            (np.array([50.0, 60.0, 20.0, 30.0]), np.array([0, 0, 1, 1]), np.array([10.0, 39.0, 41.0, 70.0])),
        ),
        Case(
            "one outlier among the generated",
            (np.array([1.0, 2.0, 3.0, 4.0, 5.0, 90.0]), np.array([0, 0, 0, 1, 1, 1]), np.array([3.2, 3.6, 20.0])),
        ),
        Case(
            "all values alike, most texts generated",
            (np.array([5.0, 5.0, 5.0]), np.array([1, 1, 0]), np.array([5.0, 9.0])),
        ),
        Case(
            "all values alike, most texts human",
            (np.array([5.0, 5.0, 5.0]), np.array([0, 0, 1]), np.array([5.0, 1.0])),
        ),
        Case("many texts that overlap", (many, (many + rng.normal(0, 8, 30) > 38).astype(int), np.arange(20.0, 60.0))),
    ]


def _cuts(values, lowest=True):
    ordered = np.unique(values)
    middle = (ordered[:-1] + ordered[1:]) / 2
    return np.concatenate([[-np.inf], middle]) if lowest or not len(middle) else middle


def _rule(values, labels, tested, cuts, either=True):
    right = ((values[:, None] > cuts) == (labels[:, None] == 1)).mean(0)
    best = np.maximum(right, 1 - right).argmax() if either else right.argmax()
    above = tested > cuts[best]
    return (above if right[best] >= 0.5 or not either else ~above).astype(int)


def _one_direction(values, labels, tested):
    return _rule(values, labels, tested, _cuts(values), either=False)


def _between_means(values, labels, tested):
    low, high = values[labels == 0].mean(), values[labels == 1].mean()
    above = tested > (low + high) / 2
    return (above if high >= low else ~above).astype(int)


def _cut_at_values(values, labels, tested):
    return _rule(values, labels, tested, np.concatenate([[-np.inf], np.unique(values)[:-1]]))


def _no_lowest_cut(values, labels, tested):
    if len(np.unique(values)) == 1:
        return np.zeros(len(tested), dtype=int)
    return _rule(values, labels, tested, _cuts(values, lowest=False))


def _upside_down(values, labels, tested):
    return 1 - probe(values, labels, tested)


practice(
    probe,
    difficulty=2,
    minutes=15,
    cases=_probe_cases,
    mistakes=[
        Mistake(_one_direction, "the smaller values may be the 1: try each cut in both directions."),
        Mistake(_between_means, "you cut halfway between two means, which one outlier moves; try all cuts, and count."),
        Mistake(_cut_at_values, "you cut at a value that occurs; cut halfway between it and the next."),
        Mistake(_no_lowest_cut, "one cut is missing: below all values, where every text gets the same label."),
        Mistake(_upside_down, "the labels are the wrong way round."),
    ],
    hints=[
        "np.unique sorts the values; the cuts are the means of neighbours, and −∞ before them.",
        "values[:, None] > cuts is a table of texts by cuts. Compare it with the labels and take the mean per cut.",
        "A rule that is right in 20 % is right in 80 % if you turn it round: look for the largest of right, 1 − right.",
    ],
)
