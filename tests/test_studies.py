"""Longer studies: run part by part, each stored in the place of what there was of it."""

from __future__ import annotations

import sys

import pytest

from workbook import files, studies


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Call run_parts with what the command line says; returns the stored study."""
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    (tmp_path / "data" / "results").mkdir(parents=True)

    def command(parts, *names):
        monkeypatch.setattr(sys, "argv", ["study", *names])
        studies.run_parts("00_study", "python -m study", [0, 1], parts)
        return studies.load("00_study")

    return command


def figures(study):
    """The rows but for those that say how long a part took."""
    return [row for row in study["rows"] if row["part"] != "minutes"]


def test_all_parts_run_and_see_the_rows_of_those_before(run):
    seen = []
    parts = {
        "first": lambda note, rows: note(seed=0, accuracy=1 / 3, curve=[2 / 3], at={"end": 1 / 7}),
        "second": lambda note, rows: (seen.extend(rows), note(seed=1)),
    }
    study = run(parts)
    first = {"part": "first", "seed": 0, "accuracy": 0.333333, "curve": [0.666667], "at": {"end": 0.142857}}
    assert figures(study) == [first, {"part": "second", "seed": 1}]
    assert first in seen
    assert study["command"] == "python -m study" and study["seeds"] == [0, 1]
    assert [row["of"] for row in study["rows"] if row["part"] == "minutes"] == ["first", "second"]


def test_a_named_part_takes_its_own_place_only(run):
    run({"first": lambda note, rows: note(value=1), "second": lambda note, rows: note(value=2)})
    study = run({"first": None, "second": lambda note, rows: note(value=3)}, "second")
    assert figures(study) == [{"part": "first", "value": 1}, {"part": "second", "value": 3}]
    assert [row["of"] for row in study["rows"] if row["part"] == "minutes"] == ["first", "second"]


def test_a_part_sees_none_of_its_own_former_rows(run):
    run({"only": lambda note, rows: note(value=1)})
    seen = []
    run({"only": lambda note, rows: (seen.extend(rows), note(value=2))})
    assert seen == []


def test_what_another_run_stored_meanwhile_is_kept(run):
    def meanwhile(note, rows):
        note(value=1)
        studies.store("00_study", [{"part": "other", "value": 9}], "python -m study", [0], 0)

    assert figures(run({"slow": meanwhile})) == [{"part": "other", "value": 9}, {"part": "slow", "value": 1}]


def test_an_unknown_part_is_named(run):
    with pytest.raises(ValueError, match=r"no part 'nonsense'.*first"):
        run({"first": lambda note, rows: None}, "nonsense")
