"""How sure is a BLEU, a chrF or a ROUGE, and is one system better than another? Both by resampling the sentences.

    rows = bleu_statistics(hypotheses, references)               # one row per sentence
    corpus_interval(rows, bleu_score, np.random.default_rng(0))  # the score is a function of rows

For ROUGE the rows are the scores of the texts, and the function is np.mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbook.metrics.bootstrap import bootstrap_of, percentile_interval

RowsToScore = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Comparison:
    """Two systems on the same sentences: ours - theirs.

    difference: on the sentences themselves. interval: of the difference. wins: share of resamples where ours is ahead.
    p_value: how often chance alone would give a difference of this size or more, to either side.
    """

    difference: float
    interval: tuple[float, float]
    wins: float
    p_value: float


def corpus_interval(
    rows: np.ndarray, score: RowsToScore, rng: np.random.Generator, resamples: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """The percentile interval of a score that need not be a mean: drawn are sentences, scored is each resample whole.

    rows: (N,) or (N, K), one entry per sentence. score: makes one number of such rows, say `bleu_score`. Returns the
    lower and upper end. Raises ValueError for no rows, a NaN among them, resamples < 1 or a level outside 0 … 1.
    Source: Koehn 2004, "Statistical significance tests for machine translation evaluation".
    """
    rows = _checked(rows, resamples, level)
    return bootstrap_of(lambda indices: score(rows[indices]), len(rows), rng, resamples, level)


def paired_bootstrap(
    ours: np.ndarray, theirs: np.ndarray, score: RowsToScore, drawn: np.ndarray
) -> tuple[np.ndarray, float]:
    """The difference of two systems' scores on every resample, and how likely chance alone gives the real difference.

    ours, theirs: (N,) or (N, K), row i of both about sentence i. score: rows → number. drawn: (R, N) indices of the
    sentences in each resample, the *same* for both systems. Returns ((R,) differences ours - theirs, p). Were there no
    difference, the resamples' would scatter around 0 as they do around the real one, so
    p = (1 + number of |differenceᵣ − difference| >= |difference|) / (1 + R).
    Source: Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 16.
    """
    difference = score(ours) - score(theirs)
    differences = np.array([score(ours[indices]) - score(theirs[indices]) for indices in drawn])
    by_chance = np.abs(differences - difference) >= abs(difference)
    return differences, float((1 + by_chance.sum()) / (1 + len(drawn)))


def compare(
    ours: np.ndarray,
    theirs: np.ndarray,
    score: RowsToScore,
    rng: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> Comparison:
    """Is our system better than theirs? Both are scored on the same resamples of the sentences, seeded by `rng`.

    ours, theirs: (N,) or (N, K), row i of both about sentence i. Raises ValueError where their shapes differ, and as
    `corpus_interval` does. sacrebleu's test of the same name centres |difference| in place of the difference, so that
    its p is one-sided for a clear difference: about half of this one.
    """
    ours, theirs = _checked(ours, resamples, level), _checked(theirs, resamples, level)
    if ours.shape != theirs.shape:
        raise ValueError(f"The two systems must be scored on the same sentences, got {ours.shape} and {theirs.shape}.")
    drawn = rng.integers(0, len(ours), size=(resamples, len(ours)))
    differences, p_value = paired_bootstrap(ours, theirs, score, drawn)
    return Comparison(
        difference=float(score(ours) - score(theirs)),
        interval=percentile_interval(differences, level),
        wins=float((differences > 0).mean()),
        p_value=p_value,
    )


def _checked(rows: np.ndarray, resamples: int, level: float) -> np.ndarray:
    rows = np.asarray(rows)
    if rows.ndim not in (1, 2) or not len(rows) or not np.issubdtype(rows.dtype, np.number) or np.isnan(rows).any():
        raise ValueError(
            f"The bootstrap needs one row of numbers per sentence, at least one, no NaN; got the shape {rows.shape}."
        )
    if resamples < 1 or not 0 < level < 1:
        raise ValueError(f"Expected resamples >= 1 and a level between 0 and 1, got {resamples} and {level}.")
    return rows
