"""Real text that is on every learner's disk: the docstrings of Python's standard library."""

from __future__ import annotations

import ast
import inspect
import sysconfig
from collections.abc import Iterator
from pathlib import Path

SKIPPED = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "turtledemo", "__pycache__"}


def library_docstrings(min_words: int = 8) -> Iterator[tuple[str, str]]:
    """(module, docstring) of every module, class and function of the installed standard library, in a fixed order.

    Found by parsing the sources, so nothing is imported or run. Their number depends on Python's version.
    """
    home = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(home.rglob("*.py")):
        relative = path.relative_to(home)
        if SKIPPED & set(relative.parts):
            continue
        try:
            tree = ast.parse(path.read_text("utf8"))
        except (SyntaxError, UnicodeDecodeError):
            continue  # templates and deliberately odd files
        module = ".".join(relative.with_suffix("").parts)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                text = inspect.cleandoc(ast.get_docstring(node) or "")
                if len(text.split()) >= min_words:
                    yield module, text
