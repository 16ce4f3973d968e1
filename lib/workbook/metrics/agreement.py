"""Do judges agree? Cohen's κ, Krippendorff's α, rank correlations with intervals, and scores from rankings.

κ equals scikit-learn's, ρ and τ equal scipy's, α the worked examples of Krippendorff 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from workbook.metrics.bootstrap import bootstrap_of

# ------------------------------------------------------------------------------------------------ labels


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable], weights: str | None = None) -> float:
    """Agreement of two annotators beyond chance: 1 − observed / expected disagreement. 1 is perfect, 0 is chance.

    a, b: (N,) labels. weights: None counts every disagreement the same, "linear" and "quadratic" by how far apart two
    labels are in sorted order. Raises ValueError for lists of different lengths, and where both always give one and the
    same label: chance would agree as well, and κ is 0 / 0. Cohen 1960, 1968.
    """
    if len(a) != len(b) or not len(a):
        raise ValueError(f"Expected two labels for each item, at least one item, got {len(a)} and {len(b)} labels.")
    if any(label is None or label != label for label in (*a, *b)):  # only NaN differs from itself
        raise ValueError(
            "A label is None or NaN: leave the item out, or use krippendorff_alpha, which allows for gaps."
        )
    labels, numbers = np.unique(np.array([*a, *b]), return_inverse=True)
    if len(labels) < 2:
        raise ValueError(
            f"Both annotators always say {labels[0]!r}: there is no chance to compare their agreement with."
        )
    size = len(labels)
    table = np.zeros((size, size))
    np.add.at(table, (numbers[: len(a)], numbers[len(a) :]), 1)
    expected = np.outer(table.sum(1), table.sum(0)) / len(a)
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    powers = {None: 0, "linear": 1, "quadratic": 2}
    if weights not in powers:
        raise ValueError(f'The weights are None, "linear" or "quadratic", not {weights!r}.')
    disagreement = np.where(apart > 0, apart ** float(powers[weights]), 0.0)
    return float(1 - (disagreement * table).sum() / (disagreement * expected).sum())


def nominal_alpha(counts: np.ndarray) -> float:
    """Krippendorff's α for labels without order: 1 − observed / expected disagreement.

    counts: (units, labels), how many annotators gave each unit each label. Units with fewer than two answers hold no
    pair to compare and are left out. Krippendorff 2011, section C.
    """
    counts = counts[counts.sum(1) >= 2]
    answers = counts.sum(1)  # (units,) per unit
    totals = counts.sum(0)  # (labels,) per label
    n = totals.sum()
    # Of the ordered pairs of answers to one unit, those that differ; a unit of m answers is in m − 1 pairs each.
    observed = ((answers**2 - (counts**2).sum(1)) / (answers - 1)).sum() / n
    expected = (n**2 - (totals**2).sum()) / (n * (n - 1))
    return float(1 - observed / expected)


def krippendorff_alpha(ratings: Sequence[Sequence[float]] | np.ndarray, level: str = "nominal") -> float:
    """Agreement of any number of annotators beyond chance, gaps allowed. 1 is perfect, 0 is chance.

    ratings: (annotators, units), numbers; NaN or None where an annotator did not answer. level: how far apart two
    ratings are: "nominal" (the same or not), "ordinal" (how many ratings lie between), "interval" (their difference).
    Raises ValueError for another shape or level, without any unit of two answers, and where all ratings are alike: then
    chance agrees as well, and α is 0 / 0.
    """
    try:
        values = np.array(ratings, dtype=float)
    except ValueError:
        raise ValueError("Every annotator needs one rating per unit, a number, or NaN or None for a gap.") from None
    if values.ndim != 2:
        raise ValueError(f"Expected ratings of shape (annotators, units), got {values.shape}.")
    scale = np.unique(values[~np.isnan(values)])  # (labels,) in order
    counts = (values.T[:, :, None] == scale).sum(1)  # (units, labels)
    counts = counts[counts.sum(1) >= 2]
    if not len(counts):
        raise ValueError("No unit was rated by two annotators: there is nothing to compare.")
    totals = counts.sum(0)
    if (totals > 0).sum() < 2:
        raise ValueError("All ratings that can be compared are alike: agreement by chance is certain, and α undefined.")
    if level == "nominal":
        return nominal_alpha(counts)
    distance = _squared_distance(scale, totals, level)
    together = coincidences(counts)
    n = totals.sum()
    return float(1 - (n - 1) * (together * distance).sum() / (np.outer(totals, totals) * distance).sum())


def coincidences(counts: np.ndarray) -> np.ndarray:
    """How often two answers to one unit are label c and label k, (labels, labels); its sum is the number of answers.

    counts: (units, labels), at least two answers per unit. Every pair of a unit with m answers counts 1 / (m − 1).
    """
    weighted = counts / (counts.sum(1, keepdims=True) - 1)
    return weighted.T @ counts - np.diag(weighted.sum(0))  # an answer makes no pair with itself


def _squared_distance(scale: np.ndarray, totals: np.ndarray, level: str) -> np.ndarray:
    if level == "interval":
        return np.subtract.outer(scale, scale) ** 2
    if level != "ordinal":
        raise ValueError(f'The level is "nominal", "ordinal" or "interval", not {level!r}.')
    # answers from c to k, of the two ends only half: the distance of the labels' mean ranks
    middle = totals.cumsum() - totals / 2
    return np.subtract.outer(middle, middle) ** 2


# ------------------------------------------------------------------------------------------------ rank correlation


def average_ranks(values: np.ndarray) -> np.ndarray:
    """The place of every value in increasing order, from 1: (N,) → (N,). Equal values share their mean place."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = sizes.cumsum()  # the last place of every group of equal values
    return (last - (sizes - 1) / 2)[group]


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's ρ, the correlation of the ranks, from −1 to 1: (N,), (N,), ties allowed.

    Raises ValueError for different lengths, fewer than two values, NaN, or values that are all alike.
    """
    return rank_correlation(*_two_lists(a, b))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation of the ranks of two lists, (N,) each: Σ da db / √(Σ da² Σ db²).

    da, db: how far each rank is from the mean rank. This is the formula of `spearman`, which also checks its input.
    """
    ranks_a, ranks_b = average_ranks(a), average_ranks(b)
    da, db = ranks_a - ranks_a.mean(), ranks_b - ranks_b.mean()
    return float((da * db).sum() / np.sqrt((da**2).sum() * (db**2).sum()))


def kendall(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's τ-b: (pairs in the same order − pairs in the opposite one) / √(pairs untied in a · pairs untied in b).

    a, b: (N,). Errors as `spearman`. Compares all N² pairs, which is quick up to some thousands of values.
    """
    a, b = _two_lists(a, b)
    # by ranks, which are finite where a score is not
    order_a, order_b = (np.sign(np.subtract.outer(ranks, ranks)) for ranks in map(average_ranks, (a, b)))  # (N, N)
    # every pair stands twice, above and below as well as in the root, so the 2 cancels
    return float((order_a * order_b).sum() / np.sqrt((order_a**2).sum() * (order_b**2).sum()))


def correlation_interval(
    a: np.ndarray,
    b: np.ndarray,
    rng: np.random.Generator,
    statistic: Callable[[np.ndarray, np.ndarray], float] = spearman,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """The bootstrap interval of a rank correlation: items are drawn with replacement, both judges' scores together.

    statistic: `spearman` or `kendall`. Resamples in which one judge gives all items the same score have no correlation
    and are left out.
    """
    a, b = _two_lists(a, b)
    statistic(a, b)  # refuses what has no correlation

    def of(rows: np.ndarray) -> float:
        alike = any((values[rows] == values[rows[0]]).all() for values in (a, b))
        return np.nan if alike else statistic(a[rows], b[rows])

    return bootstrap_of(of, len(a), rng, resamples, level)


def _two_lists(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"Expected two equally long lists of at least two scores, got {a.shape} and {b.shape}.")
    for name, values in (("first", a), ("second", b)):
        if np.isnan(values).any():
            raise ValueError(f"Score {np.flatnonzero(np.isnan(values))[0]} of the {name} list is NaN.")
        if (values == values[0]).all():
            raise ValueError(f"All scores of the {name} list are {values[0]:g}: they put nothing in an order.")
    return a, b


# ------------------------------------------------------------------------------------------------ rankings to scores


def wins_from_rankings(rankings: Sequence[Sequence[int]], items: int) -> np.ndarray:
    """How often item i stood before item j, (items, items).

    rankings: numbers of items, the best first; a ranking may leave items out.
    """
    wins = np.zeros((items, items))
    for number, ranking in enumerate(rankings):
        if len(set(ranking)) < len(ranking) or not all(0 <= item < items for item in ranking):
            raise ValueError(f"Ranking {number} must name items from 0 to {items - 1}, each once: {list(ranking)}.")
        for place, item in enumerate(ranking):
            wins[item, list(ranking[place + 1 :])] += 1
    return wins


def bradley_terry(wins: np.ndarray, prior: float = 0.0, tolerance: float = 1e-10, steps: int = 1_000) -> np.ndarray:
    """Scores s of items, with the mean 0, such that P(i beats j) = 1 / (1 + exp(s_j − s_i)) fits best: (N,).

    wins: (N, N), how often i (row) beat j (column). prior: wins and losses of every item against an imagined one of
    score 0, which keep scores finite. Without it every group of items must have both won and lost against the others;
    else ValueError. Bradley and Terry 1952, by Newton's method: the usual iteration of Hunter (2004) takes more than
    100,000 steps where most games are won by the same side and the prior is small.
    """
    wins = np.asarray(wins, dtype=float)
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1] or len(wins) < 2 or not (wins >= 0).all():
        raise ValueError(f"Expected a square table of wins, at least 2 x 2 and none below 0, got {wins.shape}.")
    if np.diagonal(wins).any() or prior < 0:
        raise ValueError("An item can't win against itself, and the prior must be at least 0.")
    if prior == 0 and not _all_reach_all(wins > 0):
        raise ValueError(
            "Some items never lost, or never won, against the rest: scores would be infinite. Set prior=0.1."
        )
    games, won, scores = wins + wins.T, wins.sum(1) + prior, np.zeros(len(wins))
    for _ in range(steps):
        chance = 1 / (1 + np.exp(scores - scores[:, None]))  # [i, j]: that i beats j
        alone = 1 / (1 + np.exp(-scores))  # against the imagined one
        slope = won - (games * chance).sum(1) - 2 * prior * alone
        curve = games * chance * (1 - chance)
        curve = np.diag(curve.sum(1) + 2 * prior * alone * (1 - alone)) - curve
        change = np.linalg.lstsq(curve, slope, rcond=None)[0]  # without a prior only differences matter: singular
        scores = scores + change / max(1.0, np.abs(change).max())  # far from the end no step is longer than 1
        if np.abs(change).max() < tolerance:
            return scores - scores.mean()
    raise ValueError(f"{steps} steps were not enough for a tolerance of {tolerance}: set a prior, or allow more.")


def _all_reach_all(beats: np.ndarray) -> bool:
    """Whether a chain of wins leads from every item to every other."""
    reached = beats | np.eye(len(beats), dtype=bool)
    for _ in range(int(np.ceil(np.log2(len(beats)))) + 1):
        reached = (reached.astype(float) @ reached) > 0
    return bool(reached.all())
