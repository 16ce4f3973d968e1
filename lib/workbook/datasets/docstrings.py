"""Real text that is on every learner's disk: the docstrings of Python's standard library, by module and by area."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import os
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.datasets.jsonl import DataError

SKIPPED = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "turtledemo", "__pycache__"}
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Area:
    """A subject of the library: what it is about in a sentence, and its modules in each split."""

    about: str
    train: str
    validation: str
    test: str


# After the chapters of the Library Reference, neighbouring small ones put together. Every area has modules in every
# split; they were dealt out by size and before any model was trained. Lookalikes (gzip, bz2, lzma) stay together. What
# is in validation and test exists from Python 3.11 to 3.13; some modules of train are gone in later versions.
AREAS: dict[str, Area] = {
    "data types": Area(
        "dates and times, containers, queues, copies, enumerations and other data types and tools for functions",
        train="datetime collections functools operator queue copy copyreg types pprint reprlib bisect graphlib array",
        validation="calendar weakref",
        test="enum heapq zoneinfo",
    ),
    "numbers": Area(
        "numbers and mathematics: decimals, fractions, random numbers, statistics",
        train="decimal random numbers colorsys",
        validation="fractions",
        test="statistics",
    ),
    "text": Area(
        "working with strings and text: comparing, wrapping, regular expressions, encodings, languages",
        train="encodings codecs locale gettext string stringprep",
        validation="re",
        test="difflib textwrap",
    ),
    "files": Area(
        "files and folders, paths, archives and compression, file formats, storing objects on disk",
        train="os io stat tempfile linecache glob filecmp fileinput tarfile zipfile gzip bz2 lzma pickle shelve dbm "
        "csv plistlib netrc sqlite3",
        validation="configparser tomllib",
        test="pathlib shutil fnmatch",
    ),
    "concurrency": Area(
        "doing several things at once: threads, processes, coroutines, event loops, schedulers",
        train="asyncio threading multiprocessing signal asyncore asynchat contextvars",
        validation="selectors sched",
        test="concurrent subprocess",
    ),
    "internet": Area(
        "the internet: clients and servers, web addresses, e-mail, markup languages and encodings of messages",
        train="urllib http ftplib poplib nntplib telnetlib cgi smtpd uuid ipaddress socketserver ssl webbrowser email "
        "xml html base64 quopri uu mailcap",
        validation="imaplib json",
        test="smtplib wsgiref socket xmlrpc mailbox mimetypes",
    ),
    "user interfaces": Area(
        "talking to the user: windows, buttons, drawing, terminals, command lines and their options",
        train="tkinter curses optparse cmd getpass getopt rlcompleter",
        validation="argparse",
        test="turtle shlex",
    ),
    "testing and debugging": Area(
        "finding errors: unit tests, debuggers, tracebacks, profilers, timing",
        train="unittest pdb bdb pydoc timeit profile warnings cgitb",
        validation="trace tracemalloc",
        test="doctest traceback pstats",
    ),
    "importing and packaging": Area(
        "finding, importing, installing and distributing modules and packages",
        train="importlib distutils imp ensurepip site",
        validation="zipimport runpy",
        test="venv modulefinder pkgutil compileall zipapp sysconfig",
    ),
    "the language itself": Area(
        "Python's own syntax and objects: parsing, compiling, inspecting code, types, classes, contexts",
        train="ast inspect typing abc code codeop keyword pickletools opcode tabnanny pyclbr py_compile",
        validation="dataclasses tokenize",
        test="contextlib symtable dis",
    ),
}
_PLACES = {
    module: (area, split) for area, row in AREAS.items() for split in SPLITS for module in getattr(row, split).split()
}
# modules that hold the text of another one
_SAME = {
    "collections_abc": "collections", "compression": "gzip", "cProfile": "profile", "genericpath": "os",
    "markupbase": "html", "ntpath": "os", "nturl2path": "urllib", "posixpath": "os", "py_abc": "abc",
    "pydatetime": "datetime", "pydecimal": "decimal", "pyio": "io", "strptime": "datetime",
    "threading_local": "threading",
}  # fmt: skip


@dataclass(frozen=True)
class Docstring:
    """A docstring, the module it stands in, the area the module belongs to (None for a few), and its split."""

    module: str
    text: str
    area: str | None
    split: str


def place(module: str) -> tuple[str | None, str]:
    """The area of a module, and the split in which it and its whole top-level package are.

    By the table AREAS; a module that is not in it has no area, and a hash of its name sends every tenth to the test.
    """
    name = module.split(".")[0].strip("_")
    name = _SAME.get(name, name)
    if name in _PLACES:
        return _PLACES[name]
    return None, "test" if hashlib.sha256(name.encode()).digest()[0] % 10 == 0 else "train"


@functools.cache
def load_docstrings() -> tuple[Docstring, ...]:
    """Every docstring of the standard library, of at least eight words, each text once; some seconds, then at once.

    A text that stands in modules of different splits counts for training only, so that none of the others is known.
    Raises DataError where the library's sources are not there, as in some stripped-down installations.
    """
    found = sorted(library_docstrings(), key=lambda pair: SPLITS.index(place(pair[0])[1]))
    if not found:
        where = sysconfig.get_paths()["stdlib"]
        raise DataError(f"There are no docstrings in {where}: this lesson needs a Python with its library's sources.")
    first: dict[str, str] = {}
    for module, text in found:
        first.setdefault(text, module)
    return tuple(Docstring(module, text, *place(module)) for text, module in first.items())


def running_texts(split: str) -> list[str]:
    """The docstrings of one split, each as a single line: white space of any kind and length becomes one space.

    Raises ValueError for an unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"The splits are {', '.join(SPLITS)}, not {split!r}.")
    return [" ".join(one.text.split()) for one in load_docstrings() if one.split == split]


def corpus(folder: str | Path | None = None) -> dict[str, list[str]]:
    """The domain's texts by split: the docstrings, or your own: the text files of a folder, split by their names.

    Of a folder's files a hash of the name sends about a fifth to the test and a tenth to validation. Raises DataError
    where a split is left empty.
    """
    if folder is None:
        return {split: running_texts(split) for split in SPLITS}
    texts: dict[str, list[str]] = {split: [] for split in SPLITS}
    for name, text in folder_texts(folder).items():
        tenth = hashlib.sha256(name.encode()).digest()[0] % 10
        texts["test" if tenth < 2 else "validation" if tenth < 3 else "train"].append(" ".join(text.split()))
    if lacking := [split for split in SPLITS if not texts[split]]:
        raise DataError(f"No file of {folder} falls into {' and '.join(lacking)}: it takes about twenty files or more.")
    return texts


def area_task(split: str, per_module: int = 60) -> list[Docstring]:
    """Docstrings that have an area: which one is it? They are in the order of their modules.

    At most per_module of each top-level package, evenly spread over it, or tkinter would be most of its area.
    Raises ValueError for an unknown split, or per_module < 1.
    """
    if split not in SPLITS or per_module < 1:
        raise ValueError(f"Expected a split of {', '.join(SPLITS)} and per_module >= 1, got {split!r}, {per_module!r}.")
    packages: dict[str, list[Docstring]] = {}
    for one in load_docstrings():
        if one.split == split and one.area:
            packages.setdefault(one.module.split(".")[0], []).append(one)
    return [one for rows in packages.values() for one in spread(rows, per_module)]


def spread(rows: Sequence[Any], count: int) -> list[Any]:
    """At most `count` of the rows, evenly spread over them and in their order."""
    return [rows[i * len(rows) // count] for i in range(count)] if len(rows) > count else list(rows)


def folder_texts(folder: str | Path, pattern: str = "**/*.txt") -> dict[str, str]:
    """The text files in a folder and below, by their path inside it; empty ones are left out.

    Raises DataError where there is no such folder, no text in it, or a file that is not UTF-8.
    """
    where, texts = Path(folder), {}
    for path in sorted(where.glob(pattern)):
        try:
            texts[path.relative_to(where).as_posix()] = path.read_text("utf8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is no UTF-8 text ({error.reason} at byte {error.start}).") from error
    if not any(texts.values()):
        raise DataError(f"There is no text in {where} that matches {pattern}: expected at least one UTF-8 file.")
    return {name: text for name, text in texts.items() if text}


def library_docstrings(min_words: int = 8) -> Iterator[tuple[str, str]]:
    """(module, docstring) of every module, class and function of the installed standard library, in a fixed order.

    Found by parsing the sources, so nothing is imported or run. Their number depends on Python's version.
    """
    home = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(_sources(home)):
        relative = path.relative_to(home)
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


def _sources(home: Path) -> Iterator[Path]:
    """The library's modules. SKIPPED folders are not entered: site-packages may hold thousands of files."""
    for folder, folders, names in os.walk(home):
        folders[:] = [name for name in folders if name not in SKIPPED]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))
