"""Metrics of classification against scikit-learn, and intervals against what statistics promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from workbook.metrics import (
    accuracy,
    bootstrap_interval,
    confusion_matrix,
    macro_f1,
    paired_difference,
    precision_recall_f1,
)
from workbook.metrics.bootstrap import bootstrap_f1

# ------------------------------------------------------------------------------------------------ classification


@st.composite
def labelled(draw):
    """Targets, predictions and the number of classes; often only a few of the classes occur, in any integer type."""
    num_classes = draw(st.integers(1, 40))
    some = st.lists(st.integers(0, num_classes - 1), min_size=1, max_size=4)
    length = draw(st.integers(1, 30))
    dtype = draw(st.sampled_from([np.int8, np.uint8, np.int32, np.int64, np.uint64]))
    drawn = [
        draw(st.lists(st.sampled_from(draw(some)), min_size=length, max_size=length).map(lambda v: np.array(v, dtype)))
        for _ in range(2)
    ]
    return (*drawn, num_classes)


def assert_equals_scikit_learn(targets, predictions, num_classes):
    classes = range(num_classes)
    ours = confusion_matrix(targets, predictions, num_classes)
    assert np.array_equal(ours, sklearn_metrics.confusion_matrix(targets, predictions, labels=classes))
    assert accuracy(ours) == pytest.approx(sklearn_metrics.accuracy_score(targets, predictions), abs=1e-9)
    expected = sklearn_metrics.precision_recall_fscore_support(targets, predictions, labels=classes, zero_division=0)
    for mine, theirs in zip(precision_recall_f1(ours), expected[:3], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-9)
    expected_f1 = sklearn_metrics.f1_score(targets, predictions, average="macro", zero_division=0)
    assert macro_f1(ours) == pytest.approx(expected_f1, abs=1e-9)


# scikit-learn remarks on a confusion matrix of one class, which is asked for on purpose here
one_class_is_meant = pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")


@one_class_is_meant
@settings(max_examples=60, deadline=None, derandomize=True)
@given(labelled())
def test_equals_scikit_learn(case):
    assert_equals_scikit_learn(*case)


@one_class_is_meant
@pytest.mark.parametrize(
    ("targets", "predictions", "num_classes"),
    [
        ([0], [0], 1),
        ([2], [0], 3),
        ([0, 0, 0], [0, 0, 0], 5),
        ([0, 0, 1], [1, 1, 0], 2),
        ([0, 1, 2, 3], [0, 0, 0, 0], 4),
        ([3, 3, 3], [0, 1, 2], 4),
    ],
    ids=["one class", "one example", "absent classes", "all wrong", "never predicted", "never right"],
)
def test_equals_scikit_learn_at_the_edges(targets, predictions, num_classes):
    assert_equals_scikit_learn(targets, predictions, num_classes)


def test_equals_scikit_learn_on_many_examples():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 12, 3000)
    predictions = np.where(rng.random(3000) < 0.7, targets, rng.integers(0, 12, 3000))
    assert_equals_scikit_learn(targets, predictions, 12)


def test_small_integers_do_not_overflow():
    """19 · 20 + 19 = 399 does not fit into a byte."""
    labels = np.array([19, 19, 0], dtype=np.uint8)
    assert confusion_matrix(labels, labels, 20)[19, 19] == 2


@pytest.mark.parametrize(
    ("targets", "predictions"),
    [
        ([], []),
        ([0, 1], [0]),
        ([[0, 1]], [[0, 1]]),
        ([0.0, 1.0], [0, 1]),
        ([0, 1], [0.5, 1.0]),
        ([True, False], [0, 1]),
        ([0, 3], [0, 1]),
        ([0, 1], [0, 3]),
        ([-1, 1], [0, 1]),
        ([0, 1], [0, -1]),
    ],
    ids=["empty", "unequal", "matrix", "float targets", "float predictions", "booleans", "target too large",
         "prediction too large", "negative target", "negative prediction"],
)  # fmt: skip
def test_confusion_matrix_refuses(targets, predictions):
    with pytest.raises(ValueError, match=r"Expected two equally long|must be integers from 0 to 2"):
        confusion_matrix(targets, predictions, 3)


# ------------------------------------------------------------------------------------------------ the bootstrap


def test_interval_is_the_normal_one_on_a_big_sample():
    rng = np.random.default_rng(0)
    scores = rng.normal(3, 2, 4000)
    low, high = bootstrap_interval(scores, rng)
    half = 1.96 * scores.std() / np.sqrt(len(scores))
    assert low == pytest.approx(scores.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(scores.mean() + half, abs=0.1 * half)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_interval_covers_the_true_mean_as_often_as_it_says(level):
    rng = np.random.default_rng(1)
    ends = np.array([bootstrap_interval(rng.normal(0, 1, 150), rng, 400, level) for _ in range(300)])
    covered = ((ends[:, 0] <= 0) & (0 <= ends[:, 1])).mean()
    # three standard errors of a share of 300, and 1 % for the percentile method's slight optimism
    assert abs(covered - level) < 3 * np.sqrt(level * (1 - level) / 300) + 0.01


def test_interval_is_narrower_at_a_lower_level():
    scores = np.random.default_rng(0).random(100)
    ends = [bootstrap_interval(scores, np.random.default_rng(0), level=level) for level in (0.5, 0.9, 0.99)]
    assert ends[2][0] < ends[1][0] < ends[0][0] < scores.mean() < ends[0][1] < ends[1][1] < ends[2][1]


def test_interval_is_the_same_for_the_same_seed():
    scores = [0, 1, 1, 0, 1]
    first, second, other = (bootstrap_interval(scores, np.random.default_rng(seed), 50) for seed in (0, 0, 5))
    assert first == second != other


def test_interval_of_equal_scores_is_a_point():
    assert bootstrap_interval([0.25], np.random.default_rng(0)) == (0.25, 0.25)


@pytest.mark.parametrize(
    "scores", [[], [1.0, float("nan")], [[1.0, 0.0]], 3.0], ids=["empty", "NaN", "matrix", "number"]
)
def test_interval_refuses(scores):
    with pytest.raises(ValueError, match="at least one score, and no NaN"):
        bootstrap_interval(scores, np.random.default_rng(0))


def test_paired_difference_finds_what_two_intervals_miss():
    rng = np.random.default_rng(0)
    difficulty = rng.normal(0, 1, 200)  # shared by both systems
    ours, theirs = difficulty + 0.1 + rng.normal(0, 0.1, 200), difficulty + rng.normal(0, 0.1, 200)
    mean, (low, high) = paired_difference(ours, theirs, rng)
    assert mean == pytest.approx((ours - theirs).mean())
    assert 0 < low < mean < high
    assert bootstrap_interval(ours, rng)[0] < bootstrap_interval(theirs, rng)[1]  # unpaired, they overlap


def test_paired_difference_has_a_sign():
    mean, (low, high) = paired_difference([0, 0, 0], [1, 1, 1], np.random.default_rng(0))
    assert mean == low == high == -1


def test_paired_difference_needs_the_same_examples():
    with pytest.raises(ValueError, match="same examples"):
        paired_difference([1, 0], [1], np.random.default_rng(0))


def test_f1_interval_is_that_of_scikit_learns_f1_on_the_same_resamples():
    rng = np.random.default_rng(0)
    targets, predictions = rng.integers(0, 3, 40), rng.integers(0, 3, 40)
    drawn = np.random.default_rng(7).integers(0, 40, size=(100, 40))
    figures = [
        sklearn_metrics.f1_score(targets[row], predictions[row], average="macro", zero_division=0) for row in drawn
    ]
    expected = np.percentile(figures, [2.5, 97.5])
    assert bootstrap_f1(targets, predictions, 3, np.random.default_rng(7), 100) == pytest.approx(tuple(expected))


def test_f1_interval_of_perfect_predictions_is_one():
    assert bootstrap_f1([0, 1, 1, 0], [0, 1, 1, 0], 2, np.random.default_rng(0), 50) == (1.0, 1.0)


@pytest.mark.parametrize(("targets", "predictions"), [([], []), ([0, 1], [0])], ids=["empty", "unequal"])
def test_f1_interval_refuses(targets, predictions):
    with pytest.raises(ValueError, match="equally long"):
        bootstrap_f1(targets, predictions, 2, np.random.default_rng(0), 10)
