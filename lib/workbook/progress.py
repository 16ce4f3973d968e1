"""What a learner has done, one small file per exercise under WORKBOOK_HOME/progress.

A file each, written whole: two notebooks open at once cannot overwrite each other's record, and a crash in the middle
of a write costs nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from workbook import files

STATES = ("not tried", "tried", "passed")
_warned = False


@dataclass
class Record:
    """One exercise's history: its best state, the number of tries that were not right, when it was first passed."""

    state: str = "not tried"
    tries: int = 0
    passed_at: str | None = None


def path(lesson: str, name: str) -> Path:
    """The file of one exercise."""
    return files.home() / "progress" / lesson / f"{name}.json"


def read(lesson: str, name: str) -> Record:
    """The record of an exercise; a missing or unreadable file counts as not tried."""
    try:
        record = Record(**json.loads(path(lesson, name).read_text("utf8")))
        return record if record.state in STATES and isinstance(record.tries, int) else Record()
    except (OSError, ValueError, TypeError):
        return Record()


def save(lesson: str, name: str, state: str) -> str | None:
    """Note the outcome of a check; a passed exercise stays passed.

    Returns None, or, the first time that the folder can't be written, a sentence that says so and what to do.
    """
    global _warned
    record = read(lesson, name)
    if state == "tried":
        record.tries += 1
    if STATES.index(state) > STATES.index(record.state):
        record.state = state
        record.passed_at = time.strftime("%Y-%m-%d %H:%M") if state == "passed" else None
    try:
        files.write_whole(path(lesson, name), json.dumps(asdict(record)))
    except OSError as error:
        if _warned:
            return None
        _warned = True
        return (
            f"Your progress could not be saved in {files.home()} ({error.strerror or error}). The lesson works all the "
            "same; set WORKBOOK_HOME to a folder that can be written, and restart JupyterLab, to keep it."
        )
    return None
