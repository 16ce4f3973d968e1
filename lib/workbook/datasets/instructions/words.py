"""The small questions that checkers ask of a text: its words and sentences, and whether it mentions something."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from workbook.datasets.tiny_world.lexicon import load_lexicon

STOP_WORDS = frozenset(
    "a an the and or but so then than that this these those there here it its is are was were be been am do does did "
    "has have had having he she they we you i him her them his hers their our your my me us to of in on at by for with "
    "from into as up down out off not no very too also both all every each some any one two three four five six can "
    "could will would may might must should what who where when why how which because if while after before about "
    "over under again day people thing things made".split()
)


def words(text: str) -> list[str]:
    """The words and numbers of a text, in small letters, without punctuation."""
    return re.findall(r"[a-zà-ÿ]+(?:['-][a-zà-ÿ]+)*|\d+", text.lower().replace("’", "'"))


def normal(text: str) -> str:
    """A text as its words alone: what two answers must share to count as equal."""
    return " ".join(words(text))


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line end also ends one."""
    return [part.strip() for part in re.split(r"(?<=[.!?])[\"”]?\s+|\n+", text) if words(part)]


@lru_cache
def _base_forms() -> dict[str, str]:
    """Every verb form and irregular plural of the lexicon, and the word it belongs to."""
    lexicon = load_lexicon()
    nouns = [entry for table in ("animals", "objects", "foods", "jobs") for entry in lexicon[table]]
    plurals = {entry["plural"]: entry["name"] for entry in nouns if entry["plural"]}
    forms = {verb[form]: verb["base"] for verb in lexicon.verbs.values() for form in ("third", "ing", "past")}
    return plurals | forms


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without its ending: the same for "bake", "bakes", "baked" and "baking", and for "fox" and "foxes"."""
    word = word.removesuffix("'s")
    word = _base_forms().get(word, word)
    for ending in ("ing", "ied", "ies", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def stems(text: str) -> set[str]:
    """The stems of the words that carry meaning."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS}


@lru_cache(maxsize=20_000)
def singular(word: str) -> str:
    """A noun without its plural or genitive ending."""
    word = word.removesuffix("'s").removesuffix("'")
    base = _base_forms().get(word, word)
    if base != word:
        return base
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def find(text: str, name: str) -> list[int]:
    """At which words of a text this name begins: the same word, or words in a row, in any capitals; plural allowed."""
    wanted, found = [singular(word) for word in words(name)], [singular(word) for word in words(text)]
    return [at for at in range(len(found) - len(wanted) + 1) if found[at : at + len(wanted)] == wanted]


def mentions(text: str, name: str) -> bool:
    """Whether a text names something: "two foxes" and "the fox's den" mention "fox", "foxglove" does not."""
    return bool(mentioned(text, [name]))


def mentioned(text: str, names: Iterable[str]) -> list[str]:
    """Those of the names that the text mentions."""
    found = f" {' '.join(map(singular, words(text)))} "
    return [name for name in names if f" {_singulars(name)} " in found]


@lru_cache(maxsize=5_000)
def _singulars(name: str) -> str:
    return " ".join(map(singular, words(name)))
