"""Every exercise of every lesson, by one harness: stub, reference, known mistakes, hints, solution."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest

import workbook
from workbook import exercises
from workbook.exercises import Practice, check

for module in pkgutil.walk_packages(workbook.__path__, "workbook."):
    if module.name.endswith(".practice"):
        import_module(module.name)
# those that other tests register live in test modules
PRACTICES = [p for p in exercises.registry.values() if p.reference.__module__.startswith("workbook.")]
every_exercise = pytest.mark.parametrize("what", PRACTICES, ids=lambda what: what.reference.__qualname__)


def copy_of(reference: object) -> object:
    """The same code as another object, as a learner who types the solution would have it."""
    source = inspect.getsource(reference)
    names = dict(vars(inspect.getmodule(reference)))
    exec(compile("from __future__ import annotations\n" + source, "<typed by a learner>", "exec"), names)
    return names[reference.__name__]


def test_there_are_exercises() -> None:
    """The harness finds the exercises at all."""
    assert len(PRACTICES) >= 5


@every_exercise
def test_stub_is_not_tried(what: Practice) -> None:
    """An untouched stub is "not tried yet", and never anything else."""

    def stub(*args, **kwargs):
        """What to do."""
        raise NotImplementedError  # your turn

    if isinstance(what.reference, type):
        stub = type(what.reference.__name__, (), {"__init__": stub})
    assert check(stub, what).state == "todo"


@every_exercise
def test_reference_passes(what: Practice) -> None:
    """The library's own code, typed by a learner, passes."""
    verdict = check(copy_of(what.reference), what)
    assert verdict.state == "passed", verdict


@every_exercise
def test_reference_itself_is_refused(what: Practice) -> None:
    """Handing in the library's object does not count as a solution."""
    assert check(what.reference, what).state == "failed"


@pytest.mark.parametrize(
    ("what", "mistake"),
    [(what, mistake) for what in PRACTICES for mistake in what.mistakes],
    ids=[f"{what.reference.__qualname__}-{mistake.wrong.__name__}" for what in PRACTICES for mistake in what.mistakes],
)
def test_known_mistake_is_named(what: Practice, mistake: exercises.Mistake) -> None:
    """Every known mistake fails, and gets exactly its own diagnosis."""
    verdict = check(mistake.wrong, what)
    assert verdict.state == "failed"
    assert verdict.diagnosis == mistake.says


@every_exercise
def test_hints_and_solution(what: Practice, capsys: pytest.CaptureFixture[str]) -> None:
    """There are three hints and at least three mistakes, and solution() shows the library's source to the letter."""
    assert len(what.hints) == 3 and len(what.mistakes) >= 3 and what.difficulty in (1, 2, 3)
    bound = exercises._bound(what.reference, what, what.reference.__name__)
    bound.solution()
    shown = capsys.readouterr().out
    assert all(line.strip() in shown for line in inspect.getsource(what.reference).splitlines())
    for hint in what.hints:
        bound.hint()
        assert hint in capsys.readouterr().out
    bound.hint()
    assert "last hint" in capsys.readouterr().out


@every_exercise
def test_source_is_short(what: Practice) -> None:
    """An exercise asks for the heart of the method: at most 15 lines of code beside the docstring."""
    source = inspect.getsource(what.reference)
    doc = inspect.getdoc(what.reference) or ""
    code = [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) - len(doc.splitlines()) <= 20
