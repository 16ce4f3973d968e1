"""The map of the lessons, and `start`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbook import lessons, profiles, progress


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "_chosen", None)
    monkeypatch.setattr(lessons, "_active", "no_lesson")


def test_start_shows_what_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    session = lessons.start("01_classic_fine_tuning", profile="smoke", seed=3)
    shown = capsys.readouterr().out
    assert (session.profile, session.seed, lessons.active()) == ("smoke", 3, "01_classic_fine_tuning")
    assert all(word in shown for word in ("smoke", session.device, "torch", "transformers", "seed"))


def test_start_seeds_everything() -> None:
    import random

    import numpy as np
    import torch

    def draw() -> tuple:
        lessons.start("00_start_here", seed=5)
        return random.random(), float(np.random.rand()), torch.rand(1).item()  # noqa: NPY002

    assert draw() == draw()


def test_profile_of_start_reaches_the_zoo_and_can_be_taken_back() -> None:
    lessons.start("00_start_here", profile="full")
    assert profiles.current() == "full"
    lessons.start("00_start_here")
    assert profiles.current() == "small"


def test_unknown_lesson_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="01_classic_fine_tuning"):
        lessons.start("99_nothing")


def test_unknown_profile_and_missing_device(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(profiles.ProfileError, match="small"):
        lessons.start("00_start_here", profile="huge")
    monkeypatch.setenv("WORKBOOK_DEVICE", "mps")
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(profiles.ProfileError, match="Unset WORKBOOK_DEVICE"):
        lessons.start("00_start_here")


def test_settings_shows_all_profiles_and_gives_one(capsys: pytest.CaptureFixture[str]) -> None:
    session = lessons.Session("00_start_here", "small", "cpu", 0)
    chosen = session.settings(small={"steps": 10}, full={"steps": 999}, smoke={"steps": 1})
    assert chosen == {"steps": 10}
    assert "999" in capsys.readouterr().out


def test_progress_table_counts_what_is_passed(
    monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    progress.save("01_classic_fine_tuning", "macro_f1", "passed")
    lessons.progress_table()
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("01_"))
    assert f"1 of {len(lessons.exercises_of('01_classic_fine_tuning'))}" in line


def test_public_names() -> None:
    """What later lessons and other people's code rely on."""
    code = (
        "import workbook, inspect; from workbook import start, exercise, claim, zoo; "
        "from workbook.trainers.loop import fit, History; "
        "assert list(inspect.signature(start).parameters) == ['lesson', 'profile', 'seed', 'threads']; "
        "assert list(inspect.signature(claim).parameters)[:3] == ['text', 'measured', 'holds']; "
        "assert list(inspect.signature(fit).parameters)[:4] == ['model', 'batches', 'objective', 'steps']; zoo.load"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_start_limits_the_threads_of_small_models_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread for small networks where the lesson asks for it; those of full size take all cores."""
    asked: list[int] = []
    monkeypatch.setattr("torch.set_num_threads", asked.append)
    lessons.start("00_start_here", profile="small")
    lessons.start("00_start_here", profile="full", threads=1)
    assert asked == []
    lessons.start("00_start_here", profile="smoke", threads=1)
    assert asked == [1]
