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
import dis
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from workbook import progress, sandbox, show
from workbook.compare import difference, short


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
        return self.name if self.use else f"{symbol}({', '.join(short(arg) for arg in self.args)})"


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that learners arrive at, and the sentence that tells them what is wrong with it."""

    wrong: Callable[..., Any]
    says: str


@dataclass(frozen=True)
class Practice:
    """All that is known about one exercise. `cases` is called with a seeded generator, for the same inputs each time."""

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
        return self.cases(np.random.default_rng(0))


@dataclass
class Verdict:
    """The outcome of a check: state is "todo", "passed" or "failed"; `diagnosis` names a recognised mistake."""

    state: str
    title: str
    lines: list[str] = field(default_factory=list)
    diagnosis: str | None = None


registry: dict[Any, Practice] = {}


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
    """Put every case of an exercise to the learner's object."""
    if learners is what.reference:
        return Verdict("failed", "this is the library's own version", ["Write one of your own below the decorator."])
    cases = what.questions()
    expected = [_ask(what.reference, what, case).value for case in cases]
    outcomes: list[sandbox.Outcome] = []
    problems: list[str | None] = []
    for case, right in zip(cases, expected, strict=True):
        outcome = _ask(learners, what, case, guard=True)
        if not outcomes and _is_stub(learners, outcome):
            return Verdict("todo", f"not tried yet (difficulty {what.difficulty} of 3, about {what.minutes} minutes)")
        outcomes.append(outcome)
        problems.append(_problem(outcome, right, what))
        if outcome.timed_out:
            break    # the other cases would only make the learner wait
    first = next((number for number, problem in enumerate(problems) if problem), None)
    if first is None:
        return Verdict("passed", f"passes all {len(cases)} cases. Yours is in use.")
    title = f"not right yet, {sum(p is None for p in problems)} of {len(cases)} cases pass"
    case, outcome = cases[first], outcomes[first]
    lines = [f"case:      {case.name}", f"input:     {case.question(what.reference.__name__)}"]
    if case.use:
        lines.pop()
    lines += [f"expected:  {short(expected[first])}", f"got:       {_told(outcome)}", f"so:        {problems[first]}"]
    if outcome.printed.strip():
        lines.append(f"printed:   {short(outcome.printed.strip(), 120)}")
    says = diagnose(outcomes, problems, what)
    if says:
        lines.append(f"mistake:   {says}")
    return Verdict("failed", title, lines, says)


def diagnose(outcomes: list[sandbox.Outcome], problems: list[str | None], what: Practice) -> str | None:
    """The known mistake that gives the learner's answer in every case that failed, or None.

    Where several do, the one that agrees in most of the other cases too.
    """
    best: tuple[int, str] | None = None
    cases = what.questions()[: len(outcomes)]
    for mistake in what.mistakes:
        agrees = []
        for case, outcome in zip(cases, outcomes, strict=True):
            theirs = _ask(mistake.wrong, what, case)
            agrees.append(_same(theirs, outcome, what.tolerance))
        if all(agree for agree, problem in zip(agrees, problems, strict=True) if problem):
            best = max(best or (-1, ""), (sum(agrees), mistake.says), key=lambda pair: pair[0])
    return best[1] if best else None


def _ask(subject: Any, what: Practice, case: Case, guard: bool = False) -> sandbox.Outcome:
    """Put one case to a function or class, with inputs of its own; `guard` marks the learner's, which may do anything."""
    args = copy.deepcopy(case.args)
    outcome = sandbox.call(
        functools.partial(_with_own_name, subject, lambda: case.use(subject) if case.use else subject(*args)),
        what.seconds,
        _code_of(what.reference) if guard else frozenset(),
    )
    if guard and outcome.ok and any(difference(a, b, 0.0) for a, b in zip(case.args, args, strict=True)):
        outcome.error = MutatedInput("the function changed its input; work on a copy (x.copy(), x.clone())")
    return outcome


class MutatedInput(Exception):
    """The learner's function changed an argument in place."""


def _with_own_name(subject: Any, run: Callable[[], Any]) -> Any:
    """Run while the subject's name means the subject itself.

    A recursive function calls itself by its name, which in the notebook may still stand for the library's version from
    an earlier run of the cell: then the library would answer in the learner's place.
    """
    members = vars(subject).values() if isinstance(subject, type) else [subject]
    names = next((member.__globals__ for member in members if isinstance(member, FunctionType)), {})
    name, absent = getattr(subject, "__name__", ""), object()
    before = names.get(name, absent)
    names[name] = subject
    try:
        return run()
    finally:
        if before is absent:
            names.pop(name, None)
        else:
            names[name] = before


def _code_of(reference: Any) -> frozenset[CodeType]:
    functions = vars(reference).values() if isinstance(reference, type) else [reference]
    return frozenset(f.__code__ for f in map(inspect.unwrap, filter(callable, functions)) if hasattr(f, "__code__"))


def _is_stub(learners: Any, outcome: sandbox.Outcome) -> bool:
    """Whether nothing was written yet: it raises NotImplementedError, or its body is `pass` or `...`."""
    if isinstance(outcome.error, NotImplementedError):
        return True
    if not isinstance(learners, FunctionType) or not outcome.ok or outcome.value is not None:
        return False
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    return all(step.opname in idle for step in dis.get_instructions(learners))


def _problem(outcome: sandbox.Outcome, expected: Any, what: Practice) -> str | None:
    """What is wrong with an outcome, in words, or None where it is right."""
    if outcome.timed_out:
        return f"no answer after {what.seconds:g} seconds: does a loop never end?"
    if isinstance(outcome.error, NotImplementedError):
        return "this part is not written yet"
    if outcome.error is not None:
        return f"it raised {type(outcome.error).__name__}" + _line_of(outcome.error)
    if outcome.called_forbidden:
        return "it calls the library's own version; write the steps yourself"
    if outcome.value is None and expected is not None:
        return "it returns None: is a `return` missing?"
    return difference(expected, outcome.value, what.tolerance)


def _told(outcome: sandbox.Outcome) -> str:
    if outcome.timed_out:
        return "nothing"
    if outcome.error is not None:
        return short(f"{type(outcome.error).__name__}: {outcome.error}")[1:-1]
    return short(outcome.value)


def _line_of(error: BaseException) -> str:
    """Where in the learner's cell an error arose: the last line of its traceback that is in a notebook cell."""
    line, trace = None, error.__traceback__
    while trace:
        if "ipykernel" in trace.tb_frame.f_code.co_filename or trace.tb_frame.f_code.co_filename.startswith("<"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" in line {line} of the cell" if line else ""


def _same(a: sandbox.Outcome, b: sandbox.Outcome, tolerance: float) -> bool:
    """Whether two outcomes are alike: equal values, or the same kind of exception."""
    if a.ok and b.ok:
        return difference(a.value, b.value, tolerance) is None
    return type(a.error) is type(b.error) and a.timed_out == b.timed_out


def _bound(chosen: Any, what: Practice, name: str) -> Any:
    """What the learner's name will stand for: the chosen object, with hint() and solution() added."""
    if isinstance(chosen, type):
        result = type(name, (chosen,), {"__doc__": chosen.__doc__, "__module__": chosen.__module__})
    else:

        @functools.wraps(chosen)
        def result(*args: Any, **kwargs: Any) -> Any:
            return chosen(*args, **kwargs)

    remaining = iter(enumerate(what.hints, 1))

    def hint() -> None:
        """Show the next hint."""
        number, text = next(remaining, (0, f"That was the last hint. {name}.solution() shows the library's source."))
        show.note("info", f"Hint {number} of {len(what.hints)}" if number else "No more hints", [text])

    result.hint = hint
    result.solution = lambda: show.note("info", f"{name} in the library", [inspect.getsource(what.reference)])
    return result
