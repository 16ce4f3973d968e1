"""The words of the toy grammar, read from data/toy_german/lexicon.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from workbook import files
from workbook.datasets.jsonl import DataError


@dataclass(frozen=True, eq=False)  # one object per word: comparing and hashing by identity is fast
class Noun:
    """A noun of both languages. gender: "m", "f", "n", or "p" for one that has a plural only.

    english_plural: None where it can't be counted. weak: declined with -(e)n. at, to: its prepositions, English and
    German, for being there and for going there.
    """

    english: str
    english_plural: str | None
    german: str
    german_plural: str
    gender: str
    kinds: frozenset[str]
    at: tuple[str, str] | None = None
    to: tuple[str, str] | None = None

    @property
    def weak(self) -> bool:
        return "weak" in self.kinds


@dataclass(frozen=True, eq=False)
class Adjective:
    """An adjective, its stem before an ending (teuer, teur-e), its comparative, and the kinds it may be said of."""

    english: str
    german: str
    stem: str
    kinds: frozenset[str]
    comparative: tuple[str, str] | None = None


@dataclass(frozen=True, eq=False)
class Verb:
    """A verb of both languages.

    english: base, past, participle. particle: what follows it ("up", "for"). german: infinitive, third person,
    participle, without the separable prefix. who, what: the kinds of its subject and its complement. how: "acc", "dat",
    a preposition with its case ("auf+acc"), "at" (being in a place), "to" (going to one) or "" for none.
    """

    english: tuple[str, str, str]
    particle: str
    german: tuple[str, str, str]
    prefix: str
    who: frozenset[str]
    how: str
    what: frozenset[str]
    flags: frozenset[str]


@dataclass(frozen=True)
class Lexicon:
    """All words, and drawing among those of certain kinds."""

    nouns: tuple[Noun, ...]
    adjectives: tuple[Adjective, ...]
    predicates: tuple[Adjective, ...]
    verbs: tuple[Verb, ...]
    _drawn: dict = field(default_factory=dict, compare=False, repr=False)

    def noun(self, rng: Random, kinds: frozenset[str]) -> Noun:
        """A noun that has one of the kinds, or is one of the words. Raises ValueError where there is none."""
        if kinds not in self._drawn:
            self._drawn[kinds] = [noun for noun in self.nouns if noun.kinds & kinds or noun.english in kinds]
        if not self._drawn[kinds]:
            raise ValueError(f"No noun is one of {sorted(kinds)}.")
        return rng.choice(self._drawn[kinds])

    def described(self, rng: Random) -> Noun:
        """A noun that some adjective may be said of."""
        if "described" not in self._drawn:
            self._drawn["described"] = [noun for noun in self.nouns if self.fitting(noun, predicate=True)]
        return rng.choice(self._drawn["described"])

    def adjective(self, rng: Random, noun: Noun, predicate: bool = False) -> Adjective | None:
        """An adjective that may be said of the noun, or None. predicate: also one that stands after "is" only."""
        fitting = self.fitting(noun, predicate)
        return rng.choice(fitting) if fitting else None

    def fitting(self, noun: Noun, predicate: bool = False) -> list[Adjective]:
        """All the adjectives that may be said of the noun."""
        key = (noun, predicate)
        if key not in self._drawn:
            known = self.adjectives + (self.predicates if predicate else ())
            self._drawn[key] = [one for one in known if one.kinds & noun.kinds or noun.english in one.kinds]
        return self._drawn[key]

    def related(self, noun: Noun) -> list[Noun]:
        """The other nouns of its kinds."""
        key = (noun, "related")
        if key not in self._drawn:
            kinds = noun.kinds - {"weak", "male", "female", "single"}
            self._drawn[key] = [one for one in self.nouns if one.kinds & kinds and one.english != noun.english]
        return self._drawn[key]


@cache
def load_lexicon(path: Path | None = None) -> Lexicon:
    """Read the lexicon. Raises DataError for a missing or damaged file, naming the entry."""
    where = path or files.root() / "data" / "toy_german" / "lexicon.json"
    try:
        tables = json.loads(where.read_text("utf8"))
        makers = {"nouns": _noun, "adjectives": _adjective, "predicates": _adjective, "verbs": _verb}
        return Lexicon(**{name: tuple(_made(make, tables[name], name)) for name, make in makers.items()})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{where} is no lexicon ({type(error).__name__}: {error}). Expected a JSON object with lists of nouns, "
            "adjectives, predicates and verbs, as the card beside it describes; restore it with `git checkout -- data`."
        ) from error


def _made(make: Callable[[str], Any], lines: list[str], name: str) -> list[Any]:
    made = []
    for line in lines:
        try:
            made.append(make(line))
        except (ValueError, IndexError) as error:
            raise ValueError(f"{name}: {line!r} can't be read ({error})") from error
    return made


def _noun(line: str) -> Noun:
    english, plural, german, german_plural, gender, kinds, *places = line.split()
    if gender not in "mfnp" or (german == "-") != (gender == "p"):
        raise ValueError("a gender is m, f or n, and p with no singular")
    at, to = (tuple(part.replace("_", " ").split("/")) for part in places) if places else (None, None)
    return Noun(
        english.replace("_", " "), None if plural == "-" else plural.replace("_", " "), german, german_plural, gender,
        frozenset(kind.replace("_", " ") for kind in kinds.split(",")), at, to,
    )  # fmt: skip


def _adjective(line: str) -> Adjective:
    english, german, kinds, more, mehr, *stem = line.split()
    comparative = None if more == "-" else (more, mehr)
    kinds = frozenset(kind.replace("_", " ") for kind in kinds.split(","))
    return Adjective(english, german, stem[0] if stem else german.removesuffix("e"), kinds, comparative)


def _verb(line: str) -> Verb:
    english, german, who, what, flags = (part.strip() for part in line.split(";"))
    base, past, participle = english.split()
    base, _, particle = base.partition("|")
    infinitive, third, perfect = german.split()
    prefix, _, infinitive = infinitive.rpartition("|")
    how, _, kinds = what.partition(":")
    sets = [frozenset(part.replace("_", " ").split(",")) - {""} for part in (who, kinds)]
    return Verb(
        (base, past, participle), particle, (infinitive, third, perfect), prefix, sets[0],
        "" if how == "-" else how, sets[1], frozenset(flags.split()) - {"-"},
    )  # fmt: skip
