"""Agreement of judges against scikit-learn, scipy, and the worked examples of Krippendorff 2011."""

import warnings
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from workbook.metrics.agreement import (
    average_ranks,
    bradley_terry,
    cohen_kappa,
    coincidences,
    correlation_interval,
    kendall,
    krippendorff_alpha,
    nominal_alpha,
    spearman,
    wins_from_rankings,
)
from workbook.metrics.bootstrap import bootstrap_of

# ------------------------------------------------------------------------------------------------ Cohen's kappa


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    some.lists(some.tuples(some.integers(0, 4), some.integers(0, 4)), min_size=1, max_size=30),
    some.sampled_from([None, "linear", "quadratic"]),
)
def test_kappa_equals_scikit_learn(pairs, weights):
    a, b = zip(*pairs, strict=True)
    if len({*a, *b}) < 2:
        with pytest.raises(ValueError, match="always say"):
            cohen_kappa(a, b, weights)
    else:
        assert cohen_kappa(a, b, weights) == pytest.approx(cohen_kappa_score(a, b, weights=weights), abs=1e-12)


def test_kappa_of_words_and_by_hand():
    a, b = ["yes", "yes", "no", "no"], ["yes", "no", "no", "no"]
    # they agree on 3 of 4; by chance on (2·1 + 2·3) / 16 = 1/2
    assert cohen_kappa(a, b) == pytest.approx((3 / 4 - 1 / 2) / (1 - 1 / 2))


@pytest.mark.parametrize(
    ("a", "b", "weights", "says"),
    [
        ([1, 2], [1], None, "got 2 and 1 labels"),
        ([], [], None, "at least one item"),
        ([1, 1], [1, 1], None, "always say"),
        ([1.0, np.nan], [1.0, 2.0], None, "NaN"),
        (["yes", None], ["yes", "no"], None, "None or NaN"),
        ([1, 2], [1, 2], "cubic", "cubic"),
    ],
)
def test_kappa_refuses(a, b, weights, says):
    with pytest.raises(ValueError, match=says):
        cohen_kappa(a, b, weights)


# ------------------------------------------------------------------------------------------------ Krippendorff's alpha

_ = np.nan
# Krippendorff 2011, example C: four observers, twelve units, gaps; the published figures are to three digits
FOUR = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]
PUBLISHED = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}
# its coincidence matrix, worked out by hand, in thirds
THIRDS = np.array([[21, 4, 1, 1, 0], [4, 30, 4, 1, 0], [1, 4, 24, 1, 0], [1, 1, 1, 12, 0], [0, 0, 0, 0, 9]])


def by_hand(level):
    """α from the coincidence matrix above, in fractions, by the sums of Krippendorff 2011."""
    n_c = [int(row.sum()) // 3 for row in THIRDS]
    n = sum(n_c)

    def squared(c, k):
        if level == "interval":
            return (c - k) ** 2
        return (sum(n_c[c : k + 1]) - Fraction(n_c[c] + n_c[k], 2)) ** 2 if level == "ordinal" else 1

    pairs = list(combinations(range(5), 2))
    observed = sum(Fraction(int(THIRDS[c, k]), 3) * squared(c, k) for c, k in pairs)
    expected = sum(n_c[c] * n_c[k] * squared(c, k) for c, k in pairs)
    return float(1 - (n - 1) * observed / expected)


@pytest.mark.parametrize("level", PUBLISHED)
def test_alpha_of_four_observers(level):
    assert krippendorff_alpha(FOUR, level) == pytest.approx(by_hand(level), abs=1e-12)
    assert krippendorff_alpha(FOUR, level) == pytest.approx(PUBLISHED[level], abs=5e-4)


def test_coincidences_are_those_of_the_example():
    values = np.array(FOUR).T
    counts = np.array([[np.sum(unit == label) for label in range(1, 6)] for unit in values])
    np.testing.assert_allclose(coincidences(counts[counts.sum(1) > 1]), THIRDS / 3)


def test_alpha_of_two_observers():
    # example A, yes or no: 4 of 20 ordered pairs differ, 14 noes and 6 yeses
    a, b = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha([a, b]) == pytest.approx(1 - 19 * 4 / (14 * 6))
    assert krippendorff_alpha([a, b]) == pytest.approx(0.095, abs=5e-4)
    # example B, five labels
    a, b = (["abcde".index(letter) for letter in word] for word in ("aabbdcccedda", "babbbccceddd"))
    assert krippendorff_alpha([a, b]) == pytest.approx(0.692, abs=5e-4)


def slow_alpha(ratings, squared):
    """The definition by loops over pairs."""
    units = [[v for v in unit if not np.isnan(v)] for unit in np.array(ratings, dtype=float).T]
    units = [unit for unit in units if len(unit) > 1]
    every = [v for unit in units for v in unit]
    within = sum(squared(x, y) / (len(unit) - 1) for unit in units for x in unit for y in unit) / len(every)
    across = sum(squared(x, y) for x in every for y in every) / (len(every) * (len(every) - 1))
    return 1 - within / across


@settings(max_examples=40, deadline=None, derandomize=True)
@given(some.integers(0, 10_000), some.integers(2, 5), some.integers(2, 12))
def test_alpha_equals_the_definition(seed, annotators, units):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 5, (annotators, units)) * 1.5
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    try:
        nominal = krippendorff_alpha(ratings)
    except ValueError as error:
        assert "alike" in str(error) or "nothing to compare" in str(error)
        return
    assert nominal == pytest.approx(slow_alpha(ratings, lambda x, y: x != y), abs=1e-12)
    assert krippendorff_alpha(ratings, "interval") == pytest.approx(
        slow_alpha(ratings, lambda x, y: (x - y) ** 2), abs=1e-12
    )


def test_alpha_ignores_units_of_one_answer_and_takes_none_for_a_gap():
    full = [[1, 2, 1, 2], [1, 2, 2, 2]]
    assert krippendorff_alpha([[*full[0], 7], [*full[1], None]]) == krippendorff_alpha(full)
    assert nominal_alpha(np.array([[2, 0], [0, 2], [1, 1], [0, 2], [1, 0]])) == krippendorff_alpha(full)
    assert krippendorff_alpha([[1, 2, 3], [1, 2, 3]], "ordinal") == 1


@pytest.mark.parametrize(
    ("ratings", "level", "says"),
    [
        ([1, 2, 3], "nominal", "annotators, units"),
        ([[1, 2], [1]], "nominal", "one rating per unit"),
        ([[1, _], [_, 2]], "nominal", "nothing to compare"),
        ([[1, 1], [1, 1]], "nominal", "alike"),
        ([[1, 1, 2], [1, 1, _]], "ordinal", "alike"),
        ([[1, 2], [1, 2]], "ratio", "ratio"),
    ],
)
def test_alpha_refuses(ratings, level, says):
    with pytest.raises(ValueError, match=says):
        krippendorff_alpha(ratings, level)


# ------------------------------------------------------------------------------------------------ rank correlation


@settings(max_examples=40, deadline=None, derandomize=True)
@given(some.lists(some.tuples(some.integers(-3, 3), some.floats(-2, 2).map(lambda x: round(x, 1))), min_size=2))
def test_correlations_equal_scipy(pairs):
    a, b = map(np.array, zip(*pairs, strict=True))
    np.testing.assert_allclose(average_ranks(a), stats.rankdata(a))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        with pytest.raises(ValueError, match="in an order"):
            spearman(a, b)
        return
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)


def test_correlations_take_infinite_scores_by_their_order():
    a, b = [-np.inf, -3, -2, np.inf], [1, 2, -np.inf, 9]
    assert spearman(a, b) == pytest.approx(spearman([0, 1, 2, 3], [1, 2, 0, 9]))
    assert kendall(a, b) == pytest.approx(kendall([0, 1, 2, 3], [1, 2, 0, 9]))


def test_correlations_equal_scipy_on_many_values():
    rng = np.random.default_rng(0)
    a = rng.normal(size=500)
    b = np.round(a + rng.normal(size=500))
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)


@pytest.mark.parametrize("statistic", [spearman, kendall])
@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ([1, 2, 3], [1, 2], "equally long"),
        ([1], [1], "at least two"),
        ([1, np.nan], [1, 2], "Score 1 of the first list is NaN"),
        ([1, 2], [3, 3], "second list are 3"),
    ],
)
def test_correlations_refuse(statistic, a, b, says):
    with pytest.raises(ValueError, match=says):
        statistic(a, b)


def test_interval_of_a_correlation():
    rng = np.random.default_rng(0)
    a = rng.normal(size=60)
    b = a + rng.normal(size=60)
    low, high = correlation_interval(a, b, np.random.default_rng(1), resamples=300)
    assert low < spearman(a, b) < high and 0.2 < high - low < 0.5
    assert (low, high) == correlation_interval(a, b, np.random.default_rng(1), resamples=300)
    ours = correlation_interval(a[:20], b[:20], np.random.default_rng(1), kendall, 100)
    rows = np.random.default_rng(1).integers(0, 20, (100, 20))
    taus = [stats.kendalltau(a[row], b[row]).statistic for row in rows]
    np.testing.assert_allclose(ours, np.percentile(taus, [2.5, 97.5]))


def test_interval_leaves_out_resamples_without_an_order():
    low, high = correlation_interval([1, 2, 3], [1, 2, 3], np.random.default_rng(0), resamples=200)
    assert (low, high) == pytest.approx((1, 1))  # about a tenth of the resamples hold one item three times


def test_bootstrap_of_refuses():
    with pytest.raises(ValueError, match="at least one example"):
        bootstrap_of(np.mean, 0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="every resample"):
        bootstrap_of(lambda rows: np.nan, 3, np.random.default_rng(0), 5)


# ------------------------------------------------------------------------------------------------ rankings to scores


def test_bradley_terry_of_two_items_is_the_log_odds():
    scores = bradley_terry(np.array([[0, 3], [1, 0]]))
    np.testing.assert_allclose(scores, [np.log(3) / 2, -np.log(3) / 2], atol=1e-8)


@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_bradley_terry_equals_logistic_regression(prior):
    rng = np.random.default_rng(0)
    wins = rng.integers(1, 6, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0)
    rows, weights = [], []
    for i in range(5):
        for j in range(5):
            if i != j:
                rows.append(np.eye(5)[i] - np.eye(5)[j])
                weights.append(wins[i, j])
        rows += [np.eye(5)[i], -np.eye(5)[i]]  # won and lost against an item of score 0
        weights += [prior, prior]
    rows, weights = np.array(rows)[np.array(weights) > 0], np.array(weights)[np.array(weights) > 0]
    # each game from both sides, so that there are two classes
    regression = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10, max_iter=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        regression.fit(np.concatenate([rows, -rows]), [1] * len(rows) + [0] * len(rows), np.tile(weights, 2))
    expected = regression.coef_[0] - regression.coef_[0].mean()
    np.testing.assert_allclose(bradley_terry(wins, prior), expected, atol=1e-4)


def test_bradley_terry_finds_the_scores_that_made_the_games():
    rng = np.random.default_rng(0)
    true = np.array([1.0, 0.3, -0.2, -1.1])
    rankings = [np.argsort(-(true + rng.gumbel(size=4))).tolist() for _ in range(4000)]
    np.testing.assert_allclose(bradley_terry(wins_from_rankings(rankings, 4)), true - true.mean(), atol=0.15)


def test_wins_from_rankings():
    np.testing.assert_array_equal(wins_from_rankings([[2, 0], [2, 1, 0]], 3), [[0, 0, 0], [1, 0, 0], [2, 1, 0]])
    for ranking in ([0, 0], [3], [-1]):
        with pytest.raises(ValueError, match="Ranking 1"):
            wins_from_rankings([[0, 1], ranking], 3)


def test_bradley_terry_needs_a_prior_where_an_item_never_lost():
    wins = np.array([[0, 2, 2], [0, 0, 1], [0, 1, 0]])
    with pytest.raises(ValueError, match="never lost, or never won"):
        bradley_terry(wins)
    first, *others = bradley_terry(wins, prior=0.1)
    assert np.isfinite(first) and first > max(others)


@pytest.mark.parametrize(
    ("wins", "says"),
    [
        ([[0, 1]], "square"),
        ([[0]], "square"),
        ([[0, -1], [1, 0]], "below 0"),
        ([[0, np.nan], [1, 0]], "below 0"),
        ([[1, 1], [1, 0]], "itself"),
    ],
)
def test_bradley_terry_refuses(wins, says):
    with pytest.raises(ValueError, match=says):
        bradley_terry(wins)


def test_bradley_terry_arrives_where_one_item_nearly_always_won():
    """A weak prior, a million games, a chain of 40 that never loses downwards: Hunter's iteration crawls here."""
    wins = np.array([[0, 1e6, 5e5], [1, 0, 1e6], [0, 1, 0]])
    first, second, third = bradley_terry(wins, prior=0.1)
    assert first - second == pytest.approx(second - third, rel=1e-6) and 10 < first < np.log(1e6)
    chain = bradley_terry(50 * np.triu(np.ones((40, 40)), 1), prior=0.1)
    assert (np.diff(chain) < 0).all() and np.isfinite(chain).all()


def test_bradley_terry_says_when_it_has_not_arrived():
    with pytest.raises(ValueError, match="not enough"):
        bradley_terry([[0, 30, 1], [1, 0, 30], [1, 1, 0]], steps=2)
