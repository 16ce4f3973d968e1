"""The study of lesson 19: how win rates are counted, which requests serve what, what the larger model is asked."""

from __future__ import annotations

import numpy as np
import pytest

from workbook import studies
from workbook.datasets.requests import load_requests
from workbook.trainers import ppo_study as study
from workbook.trainers.ppo_study import Spoken


def spoken(*worth: list[float]) -> Spoken:
    """Answers of these worths, one row per request."""
    return Spoken([], np.array(worth), np.zeros((len(worth), len(worth[0]))))


def test_every_pair_is_compared_and_a_tie_is_half() -> None:
    """Two answers each: four pairs per request; the rate is the mean over requests."""
    ours, theirs = spoken([1.0, 3.0], [0.0, 0.0]), spoken([1.0, 2.0], [0.0, 1.0])
    assert study.outcomes(ours, theirs).tolist() == [(0.5 + 0 + 1 + 1) / 4, (0.5 + 0 + 0.5 + 0) / 4]
    found = study.win_rate(ours, theirs)
    assert found["win_rate"] == pytest.approx((0.625 + 0.25) / 2) and found["ties"] == pytest.approx(3 / 8)
    assert found["low"] <= found["win_rate"] <= found["high"]
    assert study.outcomes(spoken([5.0]), spoken([1.0, 2.0])).tolist() == [1.0]  # one draw against two


def test_requests_do_not_overlap() -> None:
    """What settings were chosen on is neither trained on nor tested."""
    parts = [{one.id for one in study.requests(part)} for part in ("train", "validation", "test")]
    assert len(parts[1]) == study.VALIDATION and all(parts)
    assert not parts[0] & parts[1] and not parts[1] & parts[2] and not parts[0] & parts[2]


def test_answers_are_judged_with_their_own_request() -> None:
    """Two answers to each request in turn."""
    asked = [one for one in load_requests("test") if one.kind == "home"][:2]
    true = [f"The home of this animal is {one.fact}." for one in asked]
    said = study.judged(asked, [true[0], "No.", "No.", true[1]])
    assert said.worth.shape == (2, 2)
    assert said.worth[0, 0] > said.worth[0, 1] and said.worth[1, 1] > said.worth[1, 0]


def test_few_shot_prompt() -> None:
    """Six good demonstrations of different kinds, and the request with an open end."""
    one = load_requests("test")[0]
    lines = study.few_shot_prompt(one).splitlines()
    assert len(lines) == 2 * study.EXAMPLES + 2 and lines[-2:] == [f"Ada: {one.text}", "Ben:"]


def test_the_stored_study_is_of_these_settings() -> None:
    """All parts are there, for the seeds and the β that the lesson names."""
    stored = studies.load(study.NAME)
    assert {row["part"] for row in stored["rows"]} == {*study.PARTS, "minutes"}
    tests = [row for row in stored["rows"] if row["part"] == "seeds" and row["kind"] == "test"]
    assert [row["seed"] for row in tests] == study.SEEDS == stored["seeds"]
    curves = [row for row in stored["rows"] if row["part"] == "seeds" and row["kind"] == "curves"]
    assert all(len(row["score"]) == study.CHOSEN.updates for row in curves)
    free = [row["update"] for row in stored["rows"] if row["part"] == "free" and row["kind"] == "evaluation"]
    assert free[0] == 0 and free[-1] == study.FREE
