"""What people said about answers: a log that loses nothing, and how far a person agrees with themselves.

    log = RankingLog("18/rankings.jsonl")
    log.rank("item-7", [2, 1, 1, 3])            # ranks of its four answers, 1 the best, a tie
    log.rate("item-7", answer=0, rating=5)      # from 1 to 7
    log.agreement("rank")                       # of what was judged twice

One JSON object a line, in the order in which things were said; nothing is ever changed or removed, an undo is a line of
its own. A line is written by one call and is on the disk before the next question is asked, so a kernel that is killed
costs nothing. A last line that was cut (a full disk, a computer that lost power) is taken off, and `note` says so.
"""

from __future__ import annotations

import errno
import json
import operator
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbook import files
from workbook.humans.consistency import Agreement, agreement, check_mode, noun

LOWEST, HIGHEST = 1, 7  # of a rating
Key = tuple[str, str, int, int | None]


@dataclass(frozen=True)
class Record:
    """One thing that a person said.

    kind: "rank", "rate", "skip" (of a ranking where `answer` is None, else of a rating). round: 0 for the first time
    that an item is judged, 1 for the second. ranks: one for each of the item's answers, in the item's own order, from 1
    for the best without gaps; equal ones are tied. answer, rating: which answer, from 0, and its rating. order: the
    answers as they stood on the screen. seconds: how long it took. content: a fingerprint of prompt and answers.
    """

    kind: str
    item: str
    annotator: str = "me"
    round: int = 0
    ranks: tuple[int, ...] | None = None
    answer: int | None = None
    rating: int | None = None
    order: tuple[int, ...] | None = None
    seconds: float | None = None
    content: str | None = None

    @property
    def key(self) -> Key:
        """What was asked: annotator, item, round, and the answer where one is rated."""
        return self.annotator, self.item, self.round, self.answer

    @property
    def mode(self) -> str:
        """What was asked for, also where it was skipped."""
        return "rank" if self.answer is None else "rate"


class RankingLog:
    """A file of rankings, ratings, skips and undos, to be gone on with.

    path: a file *.jsonl, relative to WORKBOOK_HOME or absolute; it comes into being with the first record. `note` says
    in words what was mended on opening. Raises ValueError, naming the line, for a file that is no such log.
    Two logs on one file, in two tabs say, see each other's records.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        if path.suffix != ".jsonl":
            raise ValueError(f"path is {str(path)!r}: expected the name of a file that ends in .jsonl.")
        self.path = path if path.is_absolute() else files.home() / path
        self.note = ""
        self._stamp: tuple[int, int] | None = None
        self._live: dict[Key, Record] = {}
        self._mend()
        self._refresh()

    # ------------------------------------------------------------------------------------------------ writing

    def rank(self, item: str | int, ranks: Sequence[int], **more: Any) -> Record:
        """Note a ranking; more: annotator, round, order, seconds, content as in Record.

        Ranks are kept without gaps: 1, 2, 2, 4 becomes 1, 2, 2, 3. Raises ValueError for fewer than two answers, for a
        rank that is no whole number from 1, and where the item has been ranked in this round: undo that first.
        """
        return self._add(Record("rank", item, ranks=ranks, **more))

    def rate(self, item: str | int, answer: int, rating: int, **more: Any) -> Record:
        """Note the rating of one answer, from 1 to 7. Raises ValueError as `rank` does."""
        return self._add(Record("rate", item, answer=answer, rating=rating, **more))

    def skip(self, item: str | int, answer: int | None = None, **more: Any) -> Record:
        """Note that a ranking, or the rating of one answer, was passed over."""
        return self._add(Record("skip", item, answer=answer, **more))

    def undo(self, annotator: str = "me", mode: str = "rank") -> Record:
        """Take back the last thing said in this mode, and return it. Raises ValueError where there is none."""
        said = self.records(annotator=annotator, mode=mode)
        if not said:
            raise ValueError(f"There is nothing to undo: {annotator!r} has no {noun(mode)} in {self.path.name}.")
        last = said[-1]
        where = {"item": last.item, "annotator": last.annotator, "round": last.round, "answer": last.answer}
        self._append({"kind": "undo", **{name: value for name, value in where.items() if value is not None}})
        return last

    def _add(self, record: Record) -> Record:
        record = _checked(record)
        self._refresh()
        if record.key in self._live:
            raise ValueError(
                f"Item {record.item!r} already has a {noun(record.mode)} by {record.annotator!r} in round "
                f"{record.round}: undo it first, or give another round."
            )
        self._append({name: value for name, value in asdict(record).items() if value is not None})
        return record

    def _append(self, fields: dict[str, Any]) -> None:
        """One more line, whole or not at all, on the disk when this returns. Raises OSError."""
        line = json.dumps(fields, ensure_ascii=False).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._mend()  # another kernel may have been killed since
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            size = os.fstat(handle).st_size
            try:
                if os.write(handle, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, size)  # a part of a line is of no use
                raise
        finally:
            os.close(handle)
        if is_new:
            _sync_folder(self.path.parent)
        self._refresh()

    # ------------------------------------------------------------------------------------------------ reading

    def records(self, kind: str | None = None, annotator: str | None = None, mode: str | None = None) -> list[Record]:
        """What was said and not undone, the oldest first. kind: "rank", "rate" or "skip". mode: "rank" or "rate"."""
        self._refresh()
        return [
            record
            for record in self._live.values()
            if kind in (None, record.kind) and annotator in (None, record.annotator) and mode in (None, record.mode)
        ]

    def said(self, key: Key) -> Record | None:
        """What was said when this was asked (annotator, item, round, answer), or None."""
        self._refresh()
        return self._live.get(key)

    def judgements(self, mode: str, annotator: str) -> dict[tuple[str, int], dict[int, int]]:
        """The ranks or ratings of answers, {(item, round): {answer: rank or rating}}; skips are left out."""
        found: dict[tuple[str, int], dict[int, int]] = {}
        for record in self.records(check_mode(mode), annotator):
            values = found.setdefault((record.item, record.round), {})
            values |= dict(enumerate(record.ranks)) if mode == "rank" else {record.answer: record.rating}
        return found

    def agreement(self, mode: str, annotator: str = "me", other: str | None = None) -> Agreement:
        """How far a person agrees with themselves on what they judged twice, or, by `other`, with another person.

        Each round is compared with the next; another person's first round with one's own. Of ratings, the answers that
        were rated both times count. Raises ValueError where nothing was judged twice, or an item's rankings have
        different lengths.
        """
        mine = self.judgements(mode, annotator)
        if other is not None:
            theirs = self.judgements(mode, other)
            twice = {key[0]: (mine[key], theirs[key]) for key in mine if key in theirs and key[1] == 0}.items()
        else:
            twice = [
                (item, (mine[item, one], mine[item, two]))
                for item in dict.fromkeys(item for item, _ in mine)
                for one, two in pairwise(sorted(number for name, number in mine if name == item))
            ]
        pairs = [_shared(mode, item, *both) for item, both in twice]
        return agreement(mode, [pair for pair in pairs if len(pair[0]) > 1])  # some ratings may be still to come

    def _refresh(self) -> None:
        """Read the file again if somebody has written to it."""
        try:
            now = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            self._stamp, self._live = None, {}
            return
        if (now.st_size, now.st_mtime_ns) == self._stamp:
            return
        live: dict[Key, Record] = {}
        *lines, _ = self.path.read_bytes().split(b"\n")  # what follows the last line break is not written to its end
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = _read(line)
            except ValueError as error:
                raise ValueError(
                    f"{self.path}, line {number}: {error}. Expected a line that RankingLog wrote; mend or delete it. "
                    "Nothing was changed."
                ) from None
            live.pop(record.key, None)  # also where it was said anew: the last word goes to the end
            if record.kind != "undo":
                live[record.key] = record
        self._stamp, self._live = (now.st_size, now.st_mtime_ns), live

    def _mend(self) -> None:
        """A last line without its line break: give it one if it is whole, else take it off and say so."""
        try:
            content = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return
        rest = content[content.rfind(b"\n") + 1 :]
        if not rest:
            return
        try:
            _read(rest)
        except ValueError:
            shown = rest[:80].decode("utf8", "replace")
            self.note = (
                f"The last line of {self.path.name} was cut short and is taken off: {shown!r}. The lines before it are "
                "whole; you are asked that one again."
            )
            os.truncate(self.path, len(content) - len(rest))
        else:
            with open(self.path, "ab") as file:
                file.write(b"\n")


def _shared(mode: str, item: str, one: dict[int, int], two: dict[int, int]) -> tuple[list[int], list[int]]:
    """Both judgements of the answers that have two, in the order of the answers."""
    if mode == "rank" and len(one) != len(two):
        raise ValueError(f"Item {item!r} was ranked with {len(one)} answers and with {len(two)}: it has changed.")
    answers = sorted(one.keys() & two.keys())
    return [one[answer] for answer in answers], [two[answer] for answer in answers]


# ------------------------------------------------------------------------------------------------ checks


def dense(ranks: Iterable[int]) -> tuple[int, ...]:
    """Ranks without gaps, from 1: 1, 2, 2, 4 and 10, 20, 20, 30 become 1, 2, 2, 3."""
    ranks = list(ranks)
    place = {rank: number for number, rank in enumerate(sorted(set(ranks)), 1)}
    return tuple(place[rank] for rank in ranks)


def _checked(record: Record) -> Record:
    """The record in its final form. Raises ValueError in words."""
    item = str(record.item) if isinstance(record.item, (str, int)) and not isinstance(record.item, bool) else ""
    for name, text in (("item", item), ("annotator", record.annotator)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} is {getattr(record, name)!r}: expected a name that is not empty.")
    number = whole("round", record.round, 0)
    ranks, answer, rating, order = record.ranks, record.answer, record.rating, record.order
    if record.kind == "rank":
        if isinstance(ranks, (str, dict)) or not hasattr(ranks, "__len__") or len(ranks) < 2:
            raise ValueError(f"The ranks of item {item!r} are {ranks!r}: expected one for each of two or more answers.")
        ranks = dense(whole(f"a rank of item {item!r}", rank, 1) for rank in ranks)
    if record.kind == "rate":
        rating = whole(f"the rating of item {item!r}", rating, LOWEST, HIGHEST)
    if record.kind == "rate" or answer is not None:
        answer = whole("answer", answer, 0)
    if order is not None:
        order = tuple(whole("a place of order", place, 0) for place in order)
        if sorted(order) != list(range(len(order))) or (ranks and len(order) != len(ranks)):
            raise ValueError(f"order is {list(order)}: expected the numbers of the answers, each once.")
    seconds = None if record.seconds is None else round(float(record.seconds), 2)
    return Record(
        record.kind, item, record.annotator, number, ranks, answer, rating, order, seconds, record.content
    )  # fmt: skip


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """The value as an int. Raises ValueError unless it is a whole number from `least` to `most`."""
    try:
        whole = -1 if isinstance(value, bool) else operator.index(value)  # numpy's whole numbers, too
    except TypeError:
        whole = -1
    if whole < least or (most is not None and whole > most):
        limits = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise ValueError(f"{name} is {value!r}: expected a whole number {limits}.")
    return whole


def _read(line: bytes) -> Record:
    """The record of a line; of an undo, one with the key of what it takes back. Raises ValueError."""
    found = json.loads(line.decode("utf8"))
    if not isinstance(found, dict) or found.get("kind") not in ("rank", "rate", "skip", "undo"):
        raise ValueError('it is no record of the kind "rank", "rate", "skip" or "undo"')
    if unknown := found.keys() - {field.name for field in fields(Record)}:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    try:
        return _checked(Record(**{"item": "", **found}))
    except TypeError as error:
        raise ValueError(str(error)) from None


def _sync_folder(folder: Path) -> None:
    """Let the name of a new file reach the disk, too, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
