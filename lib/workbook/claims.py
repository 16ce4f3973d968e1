"""The chapter's claims, put to the test: what was claimed, what was measured here, and whether it holds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workbook import show


@dataclass(frozen=True)
class Claim:
    """One claim and its verdict. `holds` is None where this scale cannot decide it."""

    text: str
    measured: Any
    holds: bool | None
    note: str = ""

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        return {True: "holds here", False: "does not hold here", None: "not decided at this scale"}[self.holds]

    def _ipython_display_(self) -> None:
        """Nothing: the claim was shown when it was made, and a cell that ends on it need not show it again."""


def claim(
    text: str, measured: Any, holds: bool | Callable[[Any], bool] | None, *, note: str = "", profile: str | None = None
) -> Claim:
    """State a claim of the chapter, the figure found here, and whether it holds.

    measured: a number; a sequence or array of numbers, one per seed (shown with its spread); a dict of named figures;
              or text.
    holds:    the verdict, or a function of `measured` that gives it, or None where this scale cannot decide.
    note:     why, in a sentence: expected wherever a claim does not hold.

    A claim that does not hold is a result and raises nothing. Under the smoke profile no verdict is given, for its
    figures mean nothing. Raises TypeError where the verdict is not a bool, ValueError for an empty or NaN figure.
    """
    from workbook.profiles import current

    verdict = holds(measured) if callable(holds) else holds
    several = isinstance(measured, dict) and measured  # one line each
    figures = [describe({name: value}) for name, value in measured.items()] if several else [describe(measured)]
    if current(profile) == "smoke":
        verdict, note = None, "the smoke profile measures nothing"
    if verdict is not None:
        if type(verdict).__name__ != "bool":  # numpy's bool will do; 0.93 by mistake will not
            raise TypeError(f"`holds` must be True, False or None, not {verdict!r}: compare the figure with something.")
        verdict = bool(verdict)
    result = Claim(text, measured, verdict, note)
    kind = {True: "good", False: "bad", None: "todo"}[verdict]
    rows = [("measured:" if i == 0 else "", figure) for i, figure in enumerate(figures)]
    rows += [("note:", note)] if note else []
    show.note(kind, f"Claim: {text} — {result.verdict}", [f"{name:10s}{text}" for name, text in rows])
    return result


def describe(measured: Any) -> str:
    """A measured figure as one line, with its spread where there are several seeds."""
    if hasattr(measured, "tolist"):  # numpy and torch: a number or a list of them
        measured = measured.tolist()
    if isinstance(measured, str):
        return measured
    if isinstance(measured, dict):
        if not measured:
            raise ValueError("A claim needs at least one measured figure, and the dict is empty.")
        return " · ".join(f"{name} {describe(value)}" for name, value in measured.items())
    if isinstance(measured, Sequence):
        values = [_number(value) for value in measured]
        if not values:
            raise ValueError("A claim needs at least one measured figure, and the list is empty.")
        mean = statistics.fmean(values)
        spread = f" (seeds: {show.about(min(values))} to {show.about(max(values))})" if len(values) > 1 else ""
        return show.about(mean) + spread
    return show.about(_number(measured))


def _number(value: Any) -> float:
    number = float(value)
    if number != number:
        raise ValueError("The measured figure is NaN: something went wrong before the claim.")
    return number
