"""Longer studies: what a fair answer needs more seeds or steps for than a lesson has time.

A study runs by a committed command and leaves its table under data/results, with the command, the seeds, the date and
the time it took; a lesson shows its own single run beside that table.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
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


Part = Callable[[Callable[..., None], list[dict[str, Any]]], None]


def run_parts(name: str, command: str, seeds: list[int], parts: dict[str, Part]) -> None:
    """Run those parts of a study that the command line names, or all, each stored in the place of what there was of it.

    A part is called with note(**figures), which adds a row, and with the rows of all other parts. What a study took is
    the sum over its parts of the processor's time. Raises ValueError for an unknown part.
    """
    for part in sys.argv[1:] or parts:
        if part not in parts:
            raise ValueError(f"The study has no part {part!r}; it has {', '.join(parts)}.")
        new = _rows_of(part, parts[part], _without(name, part))
        rows = _without(name, part) + new  # read anew: another part may have been stored meanwhile
        minutes = sum(row["minutes"] for row in rows if row["part"] == "minutes")
        store(name, rows, command, seeds, 60 * minutes)


def _rows_of(name: str, part: Part, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run one part; returns its rows, with a last one for the minutes it took."""
    new, began = [], time.process_time()

    def note(**figures: Any) -> None:
        new.append({"part": name, **_rounded(figures)})
        rows.append(new[-1])
        print(f"{time.process_time() - began:6.0f} s", json.dumps(new[-1])[:200], flush=True)

    part(note, rows)
    return [*new, {"part": "minutes", "of": name, "minutes": round((time.process_time() - began) / 60, 1)}]


def _without(name: str, part: str) -> list[dict[str, Any]]:
    """The rows of the stored study but for those of one part."""
    rows = load(name)["rows"] if path(name).is_file() else []
    return [row for row in rows if part not in (row["part"], row.get("of"))]


def _rounded(value: Any) -> Any:
    """Figures with six digits, within lists and dicts as well."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value


def spread(rows: list[dict[str, Any]], figure: str, **wanted: Any) -> tuple[float, float, float]:
    """Mean, lowest and highest of a figure over the rows (one per seed) in which `wanted` holds."""
    values = [row[figure] for row in rows if all(row[key] == value for key, value in wanted.items())]
    if not values:
        raise LookupError(f"The study has no row with {wanted}.")
    return statistics.fmean(values), min(values), max(values)
