"""Do people agree with themselves, and with each other? Of rankings and of ratings, by the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbook.metrics.agreement import kendall, krippendorff_alpha

MODES = ("rank", "rate")


@dataclass(frozen=True)
class Agreement:
    """How alike two judgements of the same items are.

    items: judged twice. tau: the mean of Kendall's τ-b over them; undefined: how many have none, since a judgement puts
    all answers on one place (NaN where all are so). alpha: Krippendorff's α of ranks or ratings, ordinal (NaN where all
    are alike). same_order: the share of all pairs of answers that stand in the same order, or tied, both times.
    """

    mode: str
    items: int
    tau: float
    alpha: float
    same_order: float
    undefined: int


def agreement(mode: str, twice: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Agreement:
    """How alike two judgements are: (ranks, ranks) or (ratings, ratings) of each item's answers.

    Raises ValueError for another mode, no item, an item with fewer than two answers, or judgements of different length.
    """
    word = noun(check_mode(mode))
    if not twice:
        raise ValueError(f"No item has two {word}s to compare yet. rank_answers(..., repeat=0.2) asks a fifth again.")
    taus, same, pairs = [], 0, 0
    for number, (first, second) in enumerate(twice):
        if len(first) != len(second) or len(first) < 2:
            raise ValueError(
                f"Item {number} of those judged twice has {len(first)} and {len(second)} answers: expected two or "
                "more, the same number both times."
            )
        one, two = np.asarray(first, float), np.asarray(second, float)
        rows, columns = np.triu_indices(len(one), 1)
        order = [np.sign(values[rows] - values[columns]) for values in (one, two)]
        same, pairs = same + int((order[0] == order[1]).sum()), pairs + len(rows)
        if np.ptp(one) and np.ptp(two):
            taus.append(kendall(one, two))
    both = np.array([np.concatenate([np.asarray(side, float) for side in sides]) for sides in zip(*twice, strict=True)])
    return Agreement(
        mode=mode,
        items=len(twice),
        tau=float(np.mean(taus)) if taus else float("nan"),
        alpha=krippendorff_alpha(both, "ordinal") if np.ptp(both) else float("nan"),
        same_order=same / pairs,
        undefined=len(twice) - len(taus),
    )


def check_mode(mode: str) -> str:
    """The mode. Raises ValueError for another than "rank" or "rate"."""
    if mode not in MODES:
        raise ValueError(f'The mode is "rank" or "rate", not {mode!r}.')
    return mode


def noun(mode: str) -> str:
    """What one does in this mode, as a word."""
    return {"rank": "ranking", "rate": "rating"}.get(mode, mode)
