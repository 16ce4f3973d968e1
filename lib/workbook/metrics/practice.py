"""Exercises on the metrics: cases, known mistakes, hints."""

from __future__ import annotations

import numpy as np

from workbook.exercises import Case, Mistake, practice
from workbook.metrics import practice_agreement  # noqa: F401  (it registers its exercises)
from workbook.metrics.bootstrap import bootstrap_interval
from workbook.metrics.classification import accuracy, macro_f1

# ------------------------------------------------------------------------------------------------ accuracy (lesson 00)


def _accuracy_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("two classes, three of four right", (np.array([[2, 1], [0, 1]]),)),
        Case("nothing right", (np.array([[0, 3], [2, 0]]),)),
        Case("a 5 x 5 table", (rng.integers(0, 20, (5, 5)),)),
    ]


def _wrong_first_row_only(confusion):
    return float(confusion[0, 0] / confusion[0].sum())


def _mean_of_diagonal(confusion):
    return float(np.diagonal(confusion).mean())


def _counts_errors(confusion):
    return float(1 - np.trace(confusion) / confusion.sum())


def _mean_of_recalls(confusion):
    return float((np.diagonal(confusion) / confusion.sum(1)).mean())


practice(
    accuracy,
    difficulty=1,
    minutes=3,
    cases=_accuracy_cases,
    mistakes=[
        Mistake(_counts_errors, "this is the share of wrong answers; accuracy is the share of right ones."),
        Mistake(_mean_of_diagonal, "you average the diagonal; divide its sum by the number of all examples instead."),
        Mistake(_wrong_first_row_only, "only the first class is counted; every class has a place on the diagonal."),
        Mistake(
            _mean_of_recalls, "you average the classes' recalls; then a rare class counts as much as a common one."
        ),
    ],
    hints=[
        "The right answers stand on the diagonal: true class i, predicted class i.",
        "np.trace(confusion) is the sum of the diagonal.",
        "Divide it by the sum of the whole table, confusion.sum().",
    ],
)

# ------------------------------------------------------------------------------------------------ macro-F1 (lesson 01)


def _macro_f1_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("two balanced classes", (np.array([[3, 1], [2, 4]]),)),
        Case("a rare class that is always missed", (np.array([[95, 0], [5, 0]]),)),
        Case("three classes, unbalanced", (np.array([[50, 3, 2], [4, 10, 1], [2, 2, 3]]),)),
        Case("a class that neither occurs nor is predicted", (np.array([[4, 0, 1], [0, 0, 0], [2, 0, 3]]),)),
        Case("ten classes", (rng.integers(0, 30, (10, 10)),)),
    ]


def _f1_parts(confusion):
    hits = np.diagonal(confusion).astype(float)
    predicted, present = confusion.sum(0), confusion.sum(1)
    f1 = np.divide(2 * hits, predicted + present, out=np.zeros_like(hits), where=predicted + present > 0)
    return hits, predicted, present, f1


def _micro(confusion):
    return float(np.trace(confusion) / confusion.sum())


def _weighted(confusion):
    _, _, present, f1 = _f1_parts(confusion)
    return float((f1 * present).sum() / present.sum())


def _all_classes(confusion):
    return float(_f1_parts(confusion)[3].mean())


def _macro_recall(confusion):
    hits, predicted, present, _ = _f1_parts(confusion)
    seen = predicted + present > 0
    return float((hits / np.maximum(present, 1))[seen].mean())


def _macro_precision(confusion):
    hits, predicted, present, _ = _f1_parts(confusion)
    seen = predicted + present > 0
    return float((hits / np.maximum(predicted, 1))[seen].mean())


def _f1_of_means(confusion):
    precision, recall = _macro_precision(confusion), _macro_recall(confusion)
    return 2 * precision * recall / (precision + recall)


def _no_factor_two(confusion):
    _, predicted, present, f1 = _f1_parts(confusion)
    return float((f1 / 2)[predicted + present > 0].mean())


def _divides_by_zero(confusion):
    with np.errstate(all="ignore"):
        return float(np.mean(2 * np.diagonal(confusion) / (confusion.sum(0) + confusion.sum(1))))


practice(
    macro_f1,
    difficulty=2,
    minutes=10,
    cases=_macro_f1_cases,
    mistakes=[
        Mistake(_micro, "this is the accuracy (micro-F1): compute F1 per class first, and average afterwards."),
        Mistake(
            _weighted, "you weight each class by how often it occurs; in the macro mean all classes count the same."
        ),
        Mistake(_all_classes, "a class that neither occurs nor is predicted has no F1: leave it out of the mean."),
        Mistake(_macro_recall, "this is the mean recall; F1 also counts what was predicted wrongly as the class."),
        Mistake(_macro_precision, "this is the mean precision; F1 also counts what was missed of the class."),
        Mistake(_f1_of_means, "you combine mean precision and mean recall; combine them per class, then average."),
        Mistake(_no_factor_two, "the factor 2 is missing: a perfect class must get 1."),
        Mistake(_divides_by_zero, "0 / 0 gives NaN for a class that never occurs: leave such classes out."),
    ],
    hints=[
        "F1 of a class is 2·TP / (2·TP + FP + FN). TP is on the diagonal.",
        "Column sums are what was predicted (TP + FP), row sums what is true (TP + FN): their sum is the denominator.",
        "Keep the classes whose denominator is above 0, and take the mean of their F1.",
    ],
)

# ----------------------------------------------------------------------------------- bootstrap interval (lesson 01)


def _bootstrap_cases(rng: np.random.Generator) -> list[Case]:
    def ask(scores, level=0.95):
        return lambda f: f(scores, np.random.default_rng(1), 4000, level)

    return [
        Case("200 answers, about 80 % right", use=ask((rng.random(200) < 0.8).astype(float))),
        Case("60 answers, nearly all right: a lopsided interval", use=ask((np.arange(60) != 7).astype(float))),
        Case("skewed figures, not only 0 and 1", use=ask(rng.exponential(size=100))),
        Case(
            "level 0.5 instead of 0.95",
            use=ask((rng.random(200) < 0.6).astype(float), 0.5),
        ),
        Case("all answers alike", use=ask(np.ones(20))),
    ]


def _without_replacement(scores, rng, resamples=2000, level=0.95):
    mean = float(np.mean(scores))
    return mean, mean


def _spread_of_the_data(scores, rng, resamples=2000, level=0.95):
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(scores, [tail, 100 - tail])
    return float(low), float(high)


def _one_sided(scores, rng, resamples=2000, level=0.95):
    means = np.asarray(scores)[rng.integers(0, len(scores), (resamples, len(scores)))].mean(1)
    low, high = np.percentile(means, [100 * (1 - level), 100 * level])
    return float(low), float(high)


def _always_95(scores, rng, resamples=2000, level=0.95):
    return bootstrap_interval(scores, rng, resamples, 0.95)


def _min_and_max(scores, rng, resamples=2000, level=0.95):
    means = np.asarray(scores)[rng.integers(0, len(scores), (resamples, len(scores)))].mean(1)
    return float(means.min()), float(means.max())


def _across_examples(scores, rng, resamples=2000, level=0.95):
    drawn = np.asarray(scores)[rng.integers(0, len(scores), (resamples, len(scores)))]
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(drawn.mean(0), [tail, 100 - tail])
    return float(low), float(high)


practice(
    bootstrap_interval,
    difficulty=2,
    minutes=10,
    cases=_bootstrap_cases,
    tolerance=0.012,  # two right answers draw other samples; with 4,000 of them their ends differ by less than this
    mistakes=[
        Mistake(_without_replacement, "every resample has the same mean: draw with replacement."),
        Mistake(_spread_of_the_data, "these are percentiles of the scores; take those of the resamples' means."),
        Mistake(_one_sided, "each end cuts off too much: half of what is outside the level lies at either end."),
        Mistake(_always_95, "the level is ignored: the interval is always that of 95 %."),
        Mistake(
            _min_and_max, "you return the lowest and highest mean; take percentiles, which do not grow with resamples."
        ),
        Mistake(_across_examples, "the mean runs over the wrong axis: each resample (row) has one mean."),
    ],
    hints=[
        "A resample is as many scores as there are, drawn with replacement: rng.integers(0, n, size=(resamples, n)).",
        "Index the scores with it, and take the mean of each row: that gives `resamples` means.",
        "np.percentile(means, [tail, 100 - tail]) with tail = 100 * (1 - level) / 2.",
    ],
)
