"""Longer studies: what a fair answer needs more seeds or steps for than a lesson has time.

A study runs by a committed command and leaves its table under data/results, with the command, the seeds, the date and
the time it took; a lesson shows its own single run beside that table.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

from workbook import files


def path(name: str) -> Path:
    """The file of a study's table."""
    return files.root() / "data" / "results" / f"{name}.json"


def store(name: str, rows: list[dict[str, Any]], command: str, seeds: list[int], seconds: float) -> Path:
    """Write a study's rows with how they came about."""
    content = {
        "command": command, "seeds": seeds, "date": time.strftime("%Y-%m-%d"), "minutes": round(seconds / 60, 1),
        "rows": rows,
    }  # fmt: skip
    return files.write_whole(path(name), json.dumps(content, indent=1) + "\n")


def load(name: str) -> dict[str, Any]:
    """A stored study. Raises FileNotFoundError that names the command to run."""
    where = path(name)
    if not where.is_file():
        raise FileNotFoundError(f"The study {where} is missing; restore it with `git checkout -- data/results`.")
    return json.loads(where.read_text("utf8"))


def spread(rows: list[dict[str, Any]], figure: str, **wanted: Any) -> tuple[float, float, float]:
    """Mean, lowest and highest of a figure over the rows (one per seed) in which `wanted` holds."""
    values = [row[figure] for row in rows if all(row[key] == value for key, value in wanted.items())]
    if not values:
        raise LookupError(f"The study has no row with {wanted}.")
    return statistics.fmean(values), min(values), max(values)
