"""Reading JSON Lines with an error that names the line."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TypeVar

Record = TypeVar("Record")


class DataError(ValueError):
    """A data file that can't be used; the message names the file, the line and what was expected."""


def read_jsonl(path: Path, make: Callable[[dict], Record]) -> list[Record]:
    """One record per line, each built by `make` from the line's object.

    Raises DataError where the file is missing or empty, and for a line that is no JSON object or that `make` refuses
    (by KeyError, TypeError or ValueError).
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"The data file {path} is missing; restore it with `git checkout -- data`.")
    records = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(make(json.loads(line.decode("utf8"))))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(
                f"{path}, line {number}: {reason}. Expected one JSON object per line, as the card beside the file "
                "describes; restore the file with `git checkout -- data`."
            ) from error
    if not records:
        raise DataError(f"The data file {path} is empty; restore it with `git checkout -- data`.")
    return records


def once(make: Callable[[dict], Record], key: Callable[[Record], Hashable]) -> Callable[[dict], Record]:
    """`make`, for `read_jsonl`, with a ValueError for a record whose key an earlier one had."""
    seen = set()

    def checked(line: dict) -> Record:
        record = make(line)
        if key(record) in seen:
            raise ValueError(f"{key(record)} is there a second time")
        seen.add(key(record))
        return record

    return checked
