"""Exercises: the learner rebuilds a function of the library and is told at once what is right and what is not.

    @exercise(metrics.macro_f1)
    def macro_f1(confusion):
        raise NotImplementedError    # your turn

The decorator runs the exercise's cases on the learner's object, says in words what it found, and binds the name to the
learner's object if all cases pass and to the library's if not, so that the rest of the notebook always runs.

The cases, known mistakes and hints of an exercise stand in a module `practice` beside the library module that holds
the reference, in a call of `practice(...)`.
"""

from __future__ import annotations

import copy
import functools
import inspect
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from workbook import progress, sandbox, show
from workbook.compare import clip, difference, short
from workbook.inspection import code_of, is_empty, own_name, place_of, raised_by


@dataclass(frozen=True)
class Case:
    """One question put to the learner's object.

    name:  what is special about it, for a person ("a class that never occurs").
    args:  what the function is called with; it gets a copy of its own.
    use:   for classes, and functions that work in place: called with the learner's object, returns what is compared.
    """

    name: str
    args: tuple[Any, ...] = ()
    use: Callable[[Any], Any] | None = None

    def question(self, symbol: str) -> str:
        """The call as a person would write it."""
        margin = "\n" + " " * len(f"{symbol}(")
        args = [short(arg).replace("\n", margin) for arg in self.args]
        return f"{symbol}({(',' + margin if any(margin in arg for arg in args) else ', ').join(args)})"


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that learners arrive at, and the sentence that tells them what is wrong with it."""

    wrong: Callable[..., Any]
    says: str


@dataclass(frozen=True)
class Practice:
    """All that is known about one exercise.

    cases: called with a seeded generator, for the same inputs each time. seconds: the limit for each case.
    """

    reference: Any
    difficulty: int
    minutes: int
    cases: Callable[[np.random.Generator], Sequence[Case]]
    mistakes: Sequence[Mistake]
    hints: Sequence[str]
    tolerance: float = 1e-6
    seconds: float = 5.0

    def questions(self) -> Sequence[Case]:
        """The cases, the same at every call."""
        with sandbox.seeded():  # for cases that draw from torch
            return list(self.cases(np.random.default_rng(0)))


@dataclass
class Verdict:
    """The outcome of a check: state is "todo", "passed" or "failed"; `diagnosis` names a recognised mistake."""

    state: str
    title: str
    lines: list[str] = field(default_factory=list)
    diagnosis: str | None = None


@dataclass(frozen=True)
class Tried:
    """One case that was put to the learner's object. `problem` says in words what is wrong, None where nothing is."""

    case: Case
    answer: sandbox.Outcome  # the reference's
    outcome: sandbox.Outcome  # the learner's
    problem: str | None


registry: dict[Any, Practice] = {}
_hints_shown: dict[Any, int] = {}  # by reference: a second run of the cell does not begin again


def practice(reference: Any, **details: Any) -> Practice:
    """Register an exercise on a function or class of the library; see `Practice` for the details."""
    registry[reference] = Practice(reference, **details)
    return registry[reference]


def find(reference: Any) -> Practice:
    """The exercise on `reference`. Raises LookupError where there is none."""
    try:
        if reference not in registry:
            import_module(reference.__module__.rpartition(".")[0] + ".practice")
        return registry[reference]
    except (AttributeError, ImportError, KeyError, TypeError) as error:
        name = getattr(reference, "__qualname__", repr(reference))
        raise LookupError(
            f"There is no exercise on {name}. @exercise takes a function or class of the library that a module "
            "`practice` beside it registers; see docs/adding_an_exercise.md."
        ) from error


def exercise(reference: Any) -> Callable[[Any], Any]:
    """Decorate the learner's version of `reference`: check it, say what was found, and bind the one that works.

    What is bound can be used like the reference, and has two methods more: hint() shows the next hint, solution() the
    library's source. Never raises because of the learner's code; LookupError where `reference` has no exercise.
    """
    what = find(reference)

    def decorate(learners: Any) -> Any:
        name = getattr(learners, "__name__", reference.__name__)
        verdict = check(learners, what)
        passed = verdict.state == "passed"
        lines = list(verdict.lines)
        if not passed:
            lines.append(f"Until it passes, the notebook goes on with the library's {name}.")
            lines.append(f"{name}.hint() helps, {name}.solution() shows how the library does it.")
        show.note({"passed": "good", "failed": "bad", "todo": "todo"}[verdict.state], f"{name}: {verdict.title}", lines)
        if verdict.state != "todo":
            from workbook import lessons

            trouble = progress.save(lessons.active(), name, "passed" if passed else "tried")
            if trouble:
                show.note("info", trouble)
        return _bound(learners if passed else reference, what, name)

    return decorate


def check(learners: Any, what: Practice) -> Verdict:
    """Put every case of an exercise to the learner's object. Raises RuntimeError where the reference itself fails."""
    if learners is what.reference:
        return Verdict("failed", "this is the library's own version", ["Write one of your own below the decorator."])
    cases = what.questions()
    answers = [_ask(what.reference, what, case) for case in cases]
    for case, answer in zip(cases, answers, strict=True):
        if not answer.ok:
            name = what.reference.__qualname__
            raise RuntimeError(f"The library's {name} fails its own case {case.name!r}.") from answer.error
    tried: list[Tried] = []
    for case, answer in zip(what.questions(), answers, strict=True):
        outcome = _ask(learners, what, case, guard=True)
        if not tried and isinstance(outcome.error, NotImplementedError) and raised_by(outcome.error, learners):
            return _todo(what, "replace `raise NotImplementedError` with your own lines")
        tried.append(Tried(case, answer, outcome, _problem(outcome, answer, learners, what)))
        if outcome.timed_out:
            break  # the other cases would only make the learner wait
    if any(one.problem for one in tried):
        return _todo(what, "write the body") if is_empty(learners, what.reference) else _failed(tried, len(cases), what)
    every = f"all {len(cases)} cases" if len(cases) > 1 else "its one case"
    return Verdict("passed", f"passes {every}. Yours is in use.")


def _todo(what: Practice, task: str) -> Verdict:
    title = f"not tried yet (difficulty {what.difficulty} of 3, about {what.minutes} minutes)"
    return Verdict("todo", title, [f"Your turn: {task}, then run this cell again."])


def _failed(tried: list[Tried], total: int, what: Practice) -> Verdict:
    """What to tell the learner: the first case that does not pass, and the mistake where it is a known one."""
    first = next(one for one in tried if one.problem)
    mistake = diagnose(tried, what)
    told = {
        "case": first.case.name,
        "input": "" if first.case.use else first.case.question(what.reference.__name__),
        "expected": short(first.answer.value),
        "got": _told(first.outcome),
        "problem": first.problem,
        "mistake": mistake,
        "printed": clip(first.outcome.printed.strip(), 500),
    }
    if first.problem == f"the result should be {told['expected']}, and is {told['got']}":
        del told["problem"]  # the two lines above say the same
    lines = [f"{label + ':':10s} {text}".replace("\n", "\n" + " " * 11) for label, text in told.items() if text]
    passing = f"{sum(one.problem is None for one in tried)} of {total} cases pass"
    if tried[-1].outcome.timed_out:
        passing = f"stopped in case {len(tried)} of {total}"
    return Verdict("failed", f"not right yet, {passing}. The first that does not pass:", [*lines, ""], mistake)


def diagnose(tried: list[Tried], what: Practice) -> str | None:
    """The known mistake that gives the learner's answer in every case that came out wrong, or None.

    Where several do, the one that agrees in most of the other cases too.
    """
    wrong = [not _same(one.outcome, one.answer, what) for one in tried]
    best, most = None, 0
    for mistake in what.mistakes if any(wrong) else ():
        theirs = [_ask(mistake.wrong, what, case) for case in what.questions()[: len(tried)]]
        agrees = [_same(one.outcome, outcome, what) for one, outcome in zip(tried, theirs, strict=True)]
        if sum(agrees) > most and all(agree for agree, bad in zip(agrees, wrong, strict=True) if bad):
            best, most = mistake.says, sum(agrees)
    return best


def _ask(subject: Any, what: Practice, case: Case, guard: bool = False) -> sandbox.Outcome:
    """Put one case to a function or class, with inputs of its own; `guard` watches whether it calls the reference."""
    args = copy.deepcopy(case.args)
    # An argument that does not equal its own copy (a generator, a model) cannot be watched for changes.
    watched = [(a, b) for a, b in zip(case.args, args, strict=True) if not difference(a, b, 0.0)]
    with own_name(subject):
        outcome = sandbox.call(
            lambda: case.use(subject) if case.use else subject(*args),
            what.seconds,
            code_of(what.reference) if guard else frozenset(),
        )
    if outcome.ok and any(difference(a, b, 0.0) for a, b in watched):
        outcome.error = MutatedInput("the function changed its input; work on a copy (x.copy(), x.clone())")
    return outcome


class MutatedInput(Exception):
    """The learner's function changed an argument in place."""


def _problem(outcome: sandbox.Outcome, answer: sandbox.Outcome, learners: Any, what: Practice) -> str | None:
    """What is wrong with an outcome, in words, or None where it is right."""
    if outcome.timed_out:
        return f"no answer after {what.seconds:g} seconds: does a loop never end?"
    if isinstance(outcome.error, MutatedInput):
        return str(outcome.error)
    if isinstance(outcome.error, NotImplementedError) and raised_by(outcome.error, learners):
        return "this part is not written yet"
    if outcome.error is not None:
        place = place_of(outcome.error, learners)
        return f"it raised {type(outcome.error).__name__}" + (f" in {place}" if place else "")
    if outcome.called_forbidden:
        return "it calls the library's own version; write the steps yourself"
    if outcome.value is None and answer.value is not None:
        return "it returns None: is a `return` missing?"
    return difference(answer.value, outcome.value, what.tolerance)


def _told(outcome: sandbox.Outcome) -> str:
    """What came of a case, for a person; "" where nothing did."""
    if outcome.timed_out:
        return ""
    if outcome.ok or isinstance(outcome.error, MutatedInput):
        return short(outcome.value)
    return clip("".join(traceback.format_exception_only(outcome.error)).strip(), 300)


def _same(a: sandbox.Outcome, b: sandbox.Outcome, what: Practice) -> bool:
    """Whether two outcomes are alike: equal values, or the same kind of exception."""
    if a.ok and b.ok:
        return difference(a.value, b.value, what.tolerance) is None
    return type(a.error) is type(b.error) and a.timed_out == b.timed_out


def _bound(chosen: Any, what: Practice, name: str) -> Any:
    """What the learner's name will stand for: the chosen object, with hint() and solution() added."""
    if not isinstance(chosen, type):

        @functools.wraps(chosen)
        def result(*args: Any, **kwargs: Any) -> Any:
            return chosen(*args, **kwargs)

    elif chosen is what.reference:  # the library's class stays as it is
        result = type(name, (chosen,), {"__doc__": chosen.__doc__, "__module__": chosen.__module__})
    else:  # no subclass: `super(Name, self)` in it must find its own base, not itself
        result = chosen
    result.hint = functools.partial(_show_hint, what, name)
    result.solution = lambda: show.note("info", f"{name} in the library", [inspect.getsource(what.reference)])
    return result


def _show_hint(what: Practice, name: str) -> None:
    """Show the next hint; after the last, all of them again."""
    number = _hints_shown.get(what.reference, 0) + 1
    _hints_shown[what.reference] = number
    if number <= len(what.hints):
        show.note("info", f"Hint {number} of {len(what.hints)}", [what.hints[number - 1]])
    else:
        again = [f"{i}. {hint}" for i, hint in enumerate(what.hints, 1)]
        show.note("info", "That was the last hint", [*again, f"{name}.solution() shows the library's source."])
