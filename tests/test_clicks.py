"""Clicks: the simulation has the rates it promises, and weighing by inverse propensity takes the bias away."""

import numpy as np
import pytest

from workbook.text.clicks import (
    ClickLog,
    estimate_examination,
    examination,
    inverse_propensity,
    learn_from_clicks,
    naive_rates,
    simulate_clicks,
)

LIKED = np.array([0.2, 0.5, 0.7, 0.9])


def shuffled(sessions, seed=0):
    return np.random.default_rng(seed).permuted(np.tile(np.arange(4), (sessions, 1)), axis=1)


def test_examination():
    np.testing.assert_allclose(examination(4), [1, 1 / 2, 1 / 3, 1 / 4])
    np.testing.assert_allclose(examination(3, 2), [1, 1 / 4, 1 / 9])
    np.testing.assert_allclose(examination(3, 0), 1)
    with pytest.raises(ValueError, match="at least one place"):
        examination(0)


def test_clicks_have_the_rates_of_the_model():
    shown = np.tile([3, 0, 2], (40_000, 1))
    log = simulate_clicks(shown, LIKED, examination(3), np.random.default_rng(0))
    expected = np.array([1, 1 / 2, 1 / 3]) * LIKED[[3, 0, 2]]
    np.testing.assert_allclose(log.clicked.mean(0), expected, atol=4 * 0.5 / np.sqrt(40_000))
    again = simulate_clicks(shown, LIKED, examination(3), np.random.default_rng(0))
    np.testing.assert_array_equal(log.clicked, again.clicked)


def test_weighing_finds_the_best_where_counting_finds_the_top():
    """The worst passage always stands on top and the best at the bottom."""
    shown = np.tile(np.arange(4), (50_000, 1))
    examined = examination(4)
    log = simulate_clicks(shown, LIKED, examined, np.random.default_rng(1))
    naive = naive_rates(log.shown, log.clicked, 4)
    assert naive.argmax() != 3
    np.testing.assert_allclose(naive, examined * LIKED, atol=0.01)
    np.testing.assert_allclose(learn_from_clicks(log, examined, 4), LIKED, atol=0.03)


def test_weighing_by_hand():
    shown, clicked = np.array([[0, 1], [1, 0], [0, 2]]), np.array([[1, 1], [0, 1], [0, 0]])
    examined = np.array([1, 0.25])
    # passage 0 was shown 3 times and clicked at places 1 and 2, passage 1 twice and clicked at place 2
    expected = [(1 + 4) / 3, 4 / 2, 0, np.nan]
    np.testing.assert_allclose(inverse_propensity(shown, clicked, examined, 4), expected)
    np.testing.assert_allclose(learn_from_clicks(ClickLog(shown, clicked), examined, 4), expected)
    np.testing.assert_allclose(naive_rates(shown, clicked, 4), [2 / 3, 1 / 2, 0, np.nan])


def test_weighing_is_unbiased_and_clipping_is_not():
    rng = np.random.default_rng(2)
    examined = np.array([1.0, 0.5, 0.1, 0.02])
    shown = np.tile(np.arange(4), (200, 1))
    logs = [simulate_clicks(shown, LIKED, examined, rng) for _ in range(300)]
    free = np.array([learn_from_clicks(log, examined, 4) for log in logs])
    clipped = np.array([learn_from_clicks(log, examined, 4, smallest=0.1) for log in logs])
    np.testing.assert_array_less(np.abs(free.mean(0) - LIKED), 4 * free.std(0) / np.sqrt(300))
    assert clipped[:, 3].std() < free[:, 3].std() / 3
    assert clipped[:, 3].mean() == pytest.approx(0.9 * 0.02 / 0.1, abs=0.02)
    np.testing.assert_allclose(clipped[:, :3], free[:, :3])


def test_examination_is_found_in_a_shuffled_log():
    examined = np.array([0.8, 0.4, 0.2, 0.1])
    log = simulate_clicks(shuffled(50_000), LIKED, examined, np.random.default_rng(3))
    np.testing.assert_allclose(estimate_examination(log), examined / 0.8, atol=0.02)


SHOWN, CLICKED = np.array([[0, 1]]), np.array([[1, 0]])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda rng: simulate_clicks(SHOWN, [0.5], [1, 1], rng), "from 0 to 0, got 0 to 1"),
        (lambda rng: simulate_clicks(SHOWN, [0.5, 1.5], [1, 1], rng), "`liked`"),
        (lambda rng: simulate_clicks(SHOWN, [0.5, np.nan], [1, 1], rng), "`liked`"),
        (lambda rng: simulate_clicks(SHOWN, [0.5, 1], [1], rng), "`examined` has 1"),
        (lambda rng: simulate_clicks(SHOWN * 1.0, [0.5, 1], [1, 1], rng), "whole numbers"),
        (lambda rng: simulate_clicks(SHOWN[:0], [0.5, 1], [1, 1], rng), "whole numbers"),
        (lambda rng: simulate_clicks(-SHOWN, [0.5, 1], [1, 1], rng), "got -1 to 0"),
        (lambda rng: naive_rates(SHOWN, CLICKED[:, :1], 2), "shape of what was shown"),
        (lambda rng: naive_rates(SHOWN, CLICKED * 2, 2), "clicks of 0 and 1"),
        (lambda rng: learn_from_clicks(ClickLog(SHOWN, CLICKED), [1, 0], 2), "above 0"),
        (lambda rng: learn_from_clicks(ClickLog(SHOWN, CLICKED), [1], 2), "2 propensities"),
        (lambda rng: learn_from_clicks(ClickLog(SHOWN, CLICKED), [1, 2], 2), "`examined`"),
        (lambda rng: estimate_examination(ClickLog(SHOWN, CLICKED[:, ::-1])), "top place"),
        (lambda rng: estimate_examination(ClickLog(SHOWN[:0], CLICKED[:0])), "whole numbers"),
    ],
)
def test_bad_logs_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call(np.random.default_rng(0))
