"""The hand-written world behind the pretraining corpus (data/tiny_world/lexicon.json): loading and checking it."""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from pathlib import Path

from workbook import files
from workbook.datasets.jsonl import DataError

# What each entry of a list must have; for the two tables of groups, what an entry of every group must have.
FIELDS = {
    "names": {"name", "pronoun"},
    "family": {"word", "call", "pronoun", "role"},
    "animals": {"name", "plural", "kind", "life", "home", "habitat", "food", "sound", "can", "size", "cover"},
    "objects": {"name", "plural", "kind", "material", "size", "found", "use", "pair"},
    "foods": {"name", "plural", "kind", "taste", "amount", "source"},
    "places": {"name", "phrase", "kind", "see", "do"},
    "jobs": {"name", "plural", "workplace", "task", "tool", "clothes"},
    "feelings": {"noun", "adjective", "cause", "sign"},
    "weather": {"noun", "sentence", "effect"},
    "seasons": {"name", "weather", "nature", "clothes", "fun"},
    "holidays": {"name", "when", "custom"},
    "hobbies": {"name", "needs"},
    "problems": {"title", "about", "problem", "attempt", "solution", "lesson"},
    "activities": {"name", "needs", "steps", "result"},
    "explanations": {"title", "sentences"},
    "requests": {"polite", "rude", "wish"},
    "corrections": {"wrong", "right", "rule"},
}
GROUPS = {"adjectives": {"word", "opposite"}, "verbs": {"base", "past", "ing", "third"}}
WORDS = ("friends", "pet_names", "weekdays", "months", "opposites")
TABLES = ("facts", "categories")


class Lexicon:
    """The lexicon's tables by name (`lexicon["animals"]`) and the look-ups that the texts need."""

    def __init__(self, tables: dict) -> None:
        self.tables = tables

    def __getitem__(self, table: str) -> list | dict:
        return self.tables[table]

    @cached_property
    def verbs(self) -> dict[str, dict]:
        """Every verb by its base form."""
        return {verb["base"]: verb for group in self["verbs"].values() for verb in group}

    @cached_property
    def adjectives(self) -> dict[str, str]:
        """Every adjective and its opposite, which may be empty. An adjective of two groups keeps its first opposite."""
        pairs: dict[str, str] = {}
        for group in self["adjectives"].values():
            for entry in group:
                pairs.setdefault(entry["word"], entry["opposite"])
        return pairs

    @lru_cache  # noqa: B019  there is one lexicon in a program
    def where(self, table: str, **wanted: str | tuple[str, ...]) -> list[dict]:
        """The entries of a table whose fields have the wanted value, or one of the wanted values."""
        chosen = {key: value if isinstance(value, tuple) else (value,) for key, value in wanted.items()}
        found = [entry for entry in self[table] if all(entry[key] in chosen[key] for key in chosen)]
        if not found:
            raise KeyError(f"no entry of {table} has {wanted}")
        return found


def load_lexicon(path: Path | None = None) -> Lexicon:
    """Read and check the lexicon. Raises DataError, naming the table and the entry, for a missing or corrupt file."""
    if path is None:
        return _shared()
    path = Path(path)
    if not path.is_file():
        raise DataError(f"The data file {path} is missing; restore it with `git checkout -- data`.")
    try:
        tables = json.loads(path.read_bytes().decode("utf8"))
        _check(tables)
    except ValueError as error:
        raise DataError(f"{path}: {error}; restore the file with `git checkout -- data`.") from error
    return Lexicon(tables)


@lru_cache
def _shared() -> Lexicon:
    """The lexicon of the checkout, read once."""
    return load_lexicon(files.root() / "data" / "tiny_world" / "lexicon.json")


def _check(tables: object) -> None:
    """Raise ValueError for the first thing that the texts could not work with."""
    if not isinstance(tables, dict):
        raise ValueError("expected one JSON object")
    for table in (*FIELDS, *GROUPS, *WORDS, *TABLES):
        if not tables.get(table):
            raise ValueError(f"the table {table!r} is missing or empty")
    for table, fields in FIELDS.items():
        _check_entries(table, tables[table], fields)
    for table, fields in GROUPS.items():
        for group, entries in tables[table].items():
            _check_entries(f"{table}: {group}", entries, fields)
    for entry in tables["names"]:
        if entry["pronoun"] not in ("she", "he"):
            raise ValueError(f"the name {entry['name']!r} has the pronoun {entry['pronoun']!r}; expected she or he")
    for entry in tables["problems"]:
        unknown = set(re.findall(r"{(.*?)}", "".join(entry.values()))) - {"he", "him", "his"}
        if unknown:
            raise ValueError(f"the problem {entry['title']!r} has the unknown slots {sorted(unknown)}")


def _check_entries(table: str, entries: object, fields: set[str]) -> None:
    """Raise ValueError where an entry is no object with exactly these fields."""
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"the table {table!r} is no list, or empty")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or set(entry) != fields:
            found = sorted(entry) if isinstance(entry, dict) else entry
            raise ValueError(f"{table}, entry {number}: expected the fields {sorted(fields)}, found {found}")
