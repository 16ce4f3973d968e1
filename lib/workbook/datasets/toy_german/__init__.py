"""Endless simple English-German pairs from a small grammar: what a translator is pretrained on before it meets people.

    for english, german in generate(10_000, seed=0): ...

The lexicon is data/toy_german/lexicon.json; `german` holds the tables of cases, genders and verb forms, `clauses` how a
sentence of either language is put together, `sentences` which sentences there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from workbook.datasets.toy_german.lexicon import Lexicon, load_lexicon
from workbook.datasets.toy_german.sentences import KINDS, sentence

__all__ = ["KINDS", "Lexicon", "generate", "load_lexicon", "stream"]


def generate(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """`count` pairs (English, German), the same ones for the same seed; some short ones occur twice.

    Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count!r}.")
    return islice(stream(seed), count)


def stream(seed: int = 0) -> Iterator[tuple[str, str]]:
    """Pairs without end."""
    rng, lexicon = Random(seed), load_lexicon()
    while True:
        yield sentence(rng, lexicon)
