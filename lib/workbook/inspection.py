"""What can be told from the code of a function or class: its parts, whether it is written yet, where it failed."""

from __future__ import annotations

import contextlib
import dis
import inspect
import linecache
import traceback
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any


def functions_of(subject: Any) -> list[FunctionType]:
    """The functions that a subject consists of: itself, or what its class body defines; seen through decorators."""
    members = list(vars(subject).values()) if isinstance(subject, type) else [subject]
    inner = (getattr(member, "fget", None) or getattr(member, "func", None) or member for member in members)
    return [function for function in map(inspect.unwrap, inner) if isinstance(function, FunctionType)]


def code_of(subject: Any) -> frozenset[CodeType]:
    """The code of a subject's functions."""
    return frozenset(function.__code__ for function in functions_of(subject))


@contextlib.contextmanager
def own_name(subject: Any) -> Iterator[None]:
    """Let the subject's name mean the subject itself for a while.

    A recursive function calls itself by its name, which in the notebook may still stand for the library's version from
    an earlier run of the cell: then the library would answer in the learner's place.
    """
    functions, name = functions_of(subject), getattr(subject, "__name__", None)
    if not functions or not name:
        yield
        return
    names, absent = functions[0].__globals__, object()
    before = names.get(name, absent)
    names[name] = subject
    try:
        yield
    finally:
        if before is absent:
            names.pop(name, None)
        else:
            names[name] = before


def is_empty(subject: Any, reference: Any) -> bool:
    """Whether nothing was written yet: the body is `pass`, `...` or a docstring alone.

    A class is empty where that holds for all its functions but __init__, which may have been given with the exercise.
    """
    functions = functions_of(subject)
    if not isinstance(subject, type):
        return len(functions) == 1 and _does_nothing(functions[0])
    inherits = isinstance(reference, type) and issubclass(subject, reference)
    asked = [function for function in functions if function.__name__ != "__init__"] or functions
    return not inherits and all(map(_does_nothing, asked))


def raised_by(error: BaseException | None, subject: Any) -> bool:
    """Whether the subject's own lines raised the error, and not something that they called."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)] if error else []
    return bool(frames) and frames[-1].f_code.co_filename in {code.co_filename for code in code_of(subject)}


def place_of(error: BaseException, subject: Any) -> str:
    """The last of the subject's own lines that an error came through, as text; "" where it is not known."""
    files = {code.co_filename for code in code_of(subject)}
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    for file, line in reversed(lines):
        source = linecache.getline(file, line).strip()
        if file in files and source:
            return f"line {line}{' of the cell' if 'ipykernel' in file else ''}: {source}"
    return ""


def _does_nothing(function: FunctionType) -> bool:
    """Whether the function only returns None."""
    constants, others = {"LOAD_CONST", "RETURN_CONST"}, {"RESUME", "NOP", "MAKE_CELL", "COPY_FREE_VARS", "RETURN_VALUE"}
    return all(
        step.opname in others or (step.opname in constants and step.argval is None)
        for step in dis.get_instructions(function)
    )
