"""Porter's stemmer: English words that differ in their endings only get the same stem.

connect, connected, connecting, connection → connect. The stem need not be a word (happy → happi). Source: M. F. Porter,
"An algorithm for suffix stripping", Program 14(3), 1980, with the changes that nltk's stemmer makes by default, since
rouge-score uses that one: a table of irregular words, and the rules marked nltk below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

Rule = tuple[str, str]  # ending, and what takes its place

IRREGULAR = {
    "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news", "innings": "inning",
    "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning", "canning": "canning",
    "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
}  # fmt: skip

_STEP_2 = [
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
    ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"),
    ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"),
    ("biliti", "ble"), ("fulli", "ful"),
]  # fmt: skip
_STEP_3 = [
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
]  # fmt: skip
_STEP_4 = [
    (ending, "")
    for ending in "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split()
]  # fmt: skip


@lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """The stem of a word in lower case. Words of one or two letters, and what is no letter, stay as they are."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) <= 2:
        return word
    for step in (_plural, _past, _final_y, _double_suffix, _step_3, _step_4, _final_e, _final_ll):
        word = step(word)
    return word


# ------------------------------------------------------------------------------------------ what rules ask for


def _shape(word: str) -> str:
    """ "c" for every consonant, "v" for every vowel: toy is cvc, syzygy cvcvcv (a y after a consonant is a vowel)."""
    kinds = ""
    for letter in word:
        vowel = letter in "aeiou" or (letter == "y" and kinds[-1:] == "c")
        kinds += "v" if vowel else "c"
    return kinds


def _measure(word: str) -> int:
    """Porter's m, about the number of syllables before the ending: the times that a consonant follows a vowel."""
    return _shape(word).count("vc")


def _ends_short(word: str) -> bool:
    """Porter's *o, as in hop: the end is consonant, vowel, consonant other than w, x, y. nltk: or all of it is vc."""
    shape = _shape(word)
    return shape == "vc" or (shape.endswith("cvc") and word[-1] not in "wxy")


def _first_rule(word: str, rules: Sequence[Rule], condition: Callable[[str, str], bool]) -> str:
    """Only the first rule whose ending fits is tried: if its condition(stem, ending) fails, the word stays."""
    for ending, replacement in rules:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return rest + replacement if condition(rest, ending) else word
    return word


# -------------------------------------------------------------------------------------------------- the steps


def _plural(word: str) -> str:
    """Step 1a: caresses → caress, ponies → poni, cats → cat. nltk: ties → tie."""
    if word.endswith("ies"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past(word: str) -> str:
    """Step 1b: agreed → agree, plastered → plaster, motoring → motor. nltk: died → die, spied → spi."""
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    rest = word.removesuffix("ed") if word.endswith("ed") else word.removesuffix("ing")
    if rest == word or "v" not in _shape(rest):
        return word
    if rest.endswith(("at", "bl", "iz")):  # conflat(ed) → conflate
        return rest + "e"
    if rest[-2:-1] == rest[-1] and _shape(rest)[-1] == "c":  # hopp(ing) → hop, but fall(ing) → fall
        return rest if rest[-1] in "lsz" else rest[:-1]
    return rest + "e" if _measure(rest) == 1 and _ends_short(rest) else rest  # fil(ing) → file


def _final_y(word: str) -> str:
    """Step 1c: happy → happi. nltk: after a consonant only, so that enjoy stays and fly → fli."""
    return word[:-1] + "i" if word.endswith("y") and len(word) > 2 and _shape(word[:-1])[-1] == "c" else word


def _double_suffix(word: str) -> str:
    """Step 2: relational → relate. nltk: alli → al first and again, -fulli → -ful, -logi → -log after any letter."""
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _double_suffix(word[:-2])
    if word.endswith("logi"):
        return word[:-1] if _measure(word[:-3]) > 0 else word  # the l counts: geologi
    return _first_rule(word, _STEP_2, lambda rest, ending: _measure(rest) > 0)


def _step_3(word: str) -> str:
    """Step 3: electrical → electric, hopeful → hope."""
    return _first_rule(word, _STEP_3, lambda rest, ending: _measure(rest) > 0)


def _step_4(word: str) -> str:
    """Step 4: revival → reviv, adoption → adopt (-ion after s or t only)."""
    return _first_rule(word, _STEP_4, lambda rest, ending: _measure(rest) > 1 and (ending != "ion" or rest[-1] in "st"))


def _final_e(word: str) -> str:
    """Step 5a: probate → probat, cease → ceas, but rate stays."""
    if not word.endswith("e"):
        return word
    rest, measure = word[:-1], _measure(word[:-1])
    return rest if measure > 1 or (measure == 1 and not _ends_short(rest)) else word


def _final_ll(word: str) -> str:
    """Step 5b: controll → control, but roll stays."""
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word
