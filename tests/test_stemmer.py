"""Porter's stemmer against nltk's, the one that rouge-score uses."""

import random
import re
import sysconfig
from pathlib import Path

import pytest
from nltk.stem.porter import PorterStemmer

from workbook.text.stemmer import IRREGULAR, _shape, stem

ENDINGS = (
    "ational tional enci anci izer bli alli entli eli ousli ization ation ator alism iveness fulness ousness aliti "
    "iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent ion "
    "ou ism ate iti ous ive ize ed ing ied eed ies sses s y ll e at bl iz"
).split()


@pytest.fixture(scope="module")
def reference():
    return PorterStemmer()


def test_equals_nltk_on_english_words(reference):
    """The words of the standard library's sources, comments and names included."""
    sources = Path(sysconfig.get_paths()["stdlib"]).glob("*.py")
    words = set(re.findall("[a-z]+", " ".join(path.read_text("utf8") for path in sources).lower()))
    assert len(words) > 10_000
    assert {word: stem(word) for word in words} == {word: reference.stem(word) for word in words}


def test_equals_nltk_on_made_up_words(reference):
    """Every ending, alone and in pairs, behind short beginnings: where the rules' conditions decide."""
    rng = random.Random(0)
    words = set(ENDINGS)
    while len(words) < 25_000:
        beginning = "".join(rng.choices("abeioustylzdrhwx9", k=rng.randint(0, 5)))
        words.add(beginning + "".join(rng.choices(ENDINGS, k=rng.randint(1, 2))))
    assert {word: stem(word) for word in words} == {word: reference.stem(word) for word in words}


@pytest.mark.parametrize(
    "word",
    ["", "a", "by", "yyy", "syzygy", "2020", "x2s", "ings", "eed", "käses", "y" * 300, "s" * 300, *IRREGULAR],
    ids=lambda word: word[:10] or "empty",
)
def test_equals_nltk_at_the_edges(reference, word):
    assert stem(word) == reference.stem(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"), ("ponies", "poni"), ("cats", "cat"), ("agreed", "agre"), ("hopping", "hop"),
        ("falling", "fall"), ("filing", "file"), ("happy", "happi"), ("enjoy", "enjoy"), ("relational", "relat"),
        ("electrical", "electr"), ("adoption", "adopt"), ("controlling", "control"), ("rate", "rate"), ("dies", "die"),
    ],
)  # fmt: skip
def test_known_stems(word, expected):
    """Porter's examples after all steps, without the peer."""
    assert stem(word) == expected


def test_y_is_a_vowel_after_a_consonant():
    assert _shape("syzygy") == "cvcvcv"
    assert _shape("toy") == "cvc"
    assert _shape("yyy") == "cvc"
