"""Tokenizers of the metrics: how a line of text becomes the list of tokens whose n-grams are counted.

BLEU's are those of sacrebleu (Post 2018), token for token; ROUGE's "ascii" is that of rouge-score, and "unicode" is
this library's own, for texts in other scripts. Two scores can be compared only if their tokenizers are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import chain

import regex

from workbook.text.stemmer import stem

# ------------------------------------------------------------------------------------------------------- BLEU

# mteval-v13a.pl's rules for Western languages, in this order
_RULES_13A = [
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),  # all punctuation of ASCII but ' , - .
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),  # period and comma, unless a digit precedes
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),  # ... or follows
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),  # a dash after a digit
]
# mteval-v14.pl's rules; \p{P} is punctuation, \p{S} a symbol, \P{N} anything but a number
_RULES_INTL = [
    (regex.compile(r"(\P{N})(\p{P})"), r"\1 \2 "),
    (regex.compile(r"(\p{P})(\P{N})"), r" \1 \2"),
    (regex.compile(r"(\p{S})"), r" \1 "),
]
_ENTITIES = {"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">"}  # in this order: &amp;lt; ends as <


@lru_cache(maxsize=2**16)
def _split_13a(word: str) -> tuple[str, ...]:
    """The tokens of one word. No rule looks beyond a space, so that a word that occurs again need not be cut again."""
    word = f" {word} "
    for pattern, replacement in _RULES_13A:
        word = pattern.sub(replacement, word)
    return tuple(word.split())


@lru_cache(maxsize=2**16)
def _split_intl(word: str) -> tuple[str, ...]:
    """The tokens of one word, given with the spaces around it: they count as neighbours, a line's ends do not."""
    for pattern, replacement in _RULES_INTL:
        word = pattern.sub(replacement, word)
    return tuple(word.split())


def tokenize_13a(line: str) -> list[str]:
    """The tokens of WMT's mteval-v13a, BLEU's usual ones: "Yes, 3.5-fold." gives Yes , 3.5 - fold ."""
    line = line.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")  # a hyphen at a line's end joins
    if "&" in line:
        for entity, character in _ENTITIES.items():
            line = line.replace(entity, character)
    return list(chain.from_iterable(map(_split_13a, line.split())))


def tokenize_intl(line: str) -> list[str]:
    """The tokens of mteval-v14: the punctuation and symbols of every script stand alone, but not inside numbers."""
    words = [f" {word} " for word in line.split()]
    if words and not line[0].isspace():
        words[0] = words[0][1:]
    if words and not line[-1].isspace():
        words[-1] = words[-1][:-1]
    return list(chain.from_iterable(map(_split_intl, words)))


def tokenize_char(line: str) -> list[str]:
    """Every character but spaces is a token: for languages that write no spaces."""
    return list("".join(line.split()))


def tokenize_none(line: str) -> list[str]:
    """Split at spaces only: for text that is tokenized already."""
    return line.split()


TOKENIZERS: dict[str, Callable[[str], list[str]]] = {
    "none": tokenize_none,
    "13a": tokenize_13a,
    "intl": tokenize_intl,
    "char": tokenize_char,
}


def forget() -> None:
    """Empty the memory of words cut before, so that a measurement begins cold."""
    _split_13a.cache_clear()
    _split_intl.cache_clear()
    stem.cache_clear()


# ------------------------------------------------------------------------------------------------------ ROUGE

_ASCII_WORD = re.compile(r"[a-z0-9]+")
# scripts without spaces between words: one letter, with the marks that belong to it, is a token of its own
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_UNICODE_WORD = regex.compile(rf"(?V1)[{_UNSPACED}&&[\p{{L}}\p{{N}}]]\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--{_UNSPACED}]+")


def tokenize_ascii(text: str, stemmer: bool = False) -> list[str]:
    """rouge-score's tokens: lower case, runs of a-z and 0-9. "Käse" gives k and se; Greek or Chinese give nothing.

    stemmer: words of more than three letters are cut to Porter's stem.
    """
    tokens = _ASCII_WORD.findall(text.lower())
    return _stemmed(tokens) if stemmer else tokens


def tokenize_unicode(text: str, stemmer: bool = False) -> list[str]:
    """Lower case, runs of letters, marks and numbers of any script; Chinese, Japanese, Thai, ... letter by letter.

    On ASCII text the same as `tokenize_ascii`. The text is brought to Unicode's form NFKC first, so that an é in one
    piece equals one of e and accent. stemmer: as above, for ASCII words of more than three letters.
    """
    tokens = _UNICODE_WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return _stemmed(tokens) if stemmer else tokens


def _stemmed(tokens: list[str]) -> list[str]:
    return [stem(token) if len(token) > 3 and token.isascii() else token for token in tokens]


ROUGE_TOKENIZERS: dict[str, Callable[[str, bool], list[str]]] = {"ascii": tokenize_ascii, "unicode": tokenize_unicode}
