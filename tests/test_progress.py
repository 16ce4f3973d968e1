"""What a learner has done, kept through damage and full disks."""

import json

import pytest

from workbook import files, progress


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own for each test."""
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    monkeypatch.setattr(progress, "_warned", False)
    return tmp_path


def test_nothing_is_written_before_something_was_tried(home):
    assert progress.read("01_a", "f") == progress.Record("not tried", 0, None)
    assert not list(home.iterdir())


def test_tried_then_passed_then_wrong_again():
    assert progress.save("01_a", "f", "tried") is None
    assert progress.read("01_a", "f") == progress.Record("tried", 1, None)
    progress.save("01_a", "f", "passed")
    passed = progress.read("01_a", "f")
    assert (passed.state, passed.tries) == ("passed", 1) and passed.passed_at.startswith("20")
    progress.save("01_a", "f", "tried")
    assert progress.read("01_a", "f") == progress.Record("passed", 2, passed.passed_at)


def test_passing_again_keeps_the_first_date():
    path = progress.path("01_a", "f")
    files.write_whole(path, json.dumps({"state": "passed", "tries": 1, "passed_at": "2020-01-01 10:00"}))
    progress.save("01_a", "f", "passed")
    assert progress.read("01_a", "f").passed_at == "2020-01-01 10:00"


def test_exercises_of_the_same_name_in_two_lessons_are_apart():
    progress.save("01_a", "f", "passed")
    assert progress.read("02_b", "f").state == "not tried" and progress.read("01_a", "g").state == "not tried"


DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b'"passed"',
    b'{"state": "solved"}',
    b'{"state": ["passed"]}',
    b'{"state": null}',
    b'{"state": "passed", "more": 1}',
    b'{"state": "tried", "tries": "many"}',
    b'{"state": "tried", "tries": null}',
]


@pytest.mark.parametrize("content", DAMAGED, ids=repr)
def test_a_damaged_file_counts_as_not_tried_and_is_mended(content):
    files.write_whole(progress.path("01_a", "f"), content)
    assert progress.read("01_a", "f") == progress.Record()
    assert progress.save("01_a", "f", "tried") is None
    assert progress.read("01_a", "f") == progress.Record("tried", 1, None)


def test_a_folder_in_the_files_place_counts_as_not_tried():
    progress.path("01_a", "f").mkdir(parents=True)
    assert progress.read("01_a", "f") == progress.Record()


def test_a_home_that_cannot_be_written_is_told_once(home, monkeypatch):
    (home / "file").write_text("")
    monkeypatch.setenv("WORKBOOK_HOME", str(home / "file"))
    said = progress.save("01_a", "f", "passed")
    assert str(home / "file") in said and "set WORKBOOK_HOME to a folder that can be written" in said
    assert progress.save("01_a", "f", "passed") is None
    assert progress.read("01_a", "f") == progress.Record()


def test_a_full_disk_is_told_and_costs_nothing(monkeypatch):
    progress.save("01_a", "f", "passed")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "No space left on device" in progress.save("01_a", "f", "tried")
    assert progress.read("01_a", "f").state == "passed" and progress.read("01_a", "f").tries == 0
