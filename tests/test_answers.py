"""Exact match and F1 against an independent, slow version of SQuAD's official rules."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from workbook.text.answers import best_threshold, exact_match, f1, normalize, right_answers, score_answers

PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def slow_normalize(text):
    """Letter by letter, where the official script has regular expressions."""
    kept = "".join(letter for letter in text.lower() if letter not in PUNCTUATION)
    # split into runs of word characters and single other ones: an article is a run of its own
    parts, run = [], ""
    for letter in kept + "\0":
        if letter.isalnum() or letter == "_":
            run += letter
            continue
        parts += [" " if run in ("a", "an", "the") else run, letter]
        run = ""
    return " ".join("".join(parts[:-1]).split())


def slow_f1(prediction, reference, version):
    said, wanted = slow_normalize(prediction).split(), slow_normalize(reference).split()
    if version == "2.0" and (not said or not wanted):
        return float(said == wanted)
    left, shared = list(wanted), 0
    for word in said:
        if word in left:
            left.remove(word)
            shared += 1
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def slow_scores(prediction, references, version):
    if version == "2.0":
        references = [text for text in references if slow_normalize(text)] or [""]
    exact = max(float(slow_normalize(prediction) == slow_normalize(text)) for text in references)
    return exact, max(slow_f1(prediction, text, version) for text in references)


WORDS = "a an the The AN cat Cat cats the-cat a.n U.S. 1,000 naïve theatre “the” ! _ the_cat – cat's 猫 a猫 é"
WORDS = some.sampled_from([*WORDS.split(), "", "\t", "\n"])
TEXTS = some.lists(WORDS, max_size=6).map(" ".join) | some.text(max_size=12) | some.text("aAnNtThHeE .,-'", max_size=12)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TEXTS)
def test_normalize_equals_the_slow_one(text):
    assert normalize(text) == slow_normalize(text)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TEXTS, some.lists(TEXTS, min_size=1, max_size=3), some.sampled_from(["1.1", "2.0"]))
def test_scores_equal_the_slow_ones(prediction, references, version):
    exact, shared = slow_scores(prediction, references, version)
    assert exact_match(prediction, references, version) == exact
    assert f1(prediction, references, version) == pytest.approx(shared, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Cat's  pyjamas!", "cats pyjamas"),
        ("an A. the", ""),
        ("Theatre of the absurd", "theatre of absurd"),
        ("“the” – quotes", "“ ” – quotes"),  # no ASCII punctuation: stays, and so do the article's quotes
        ("a-n apple", "apple"),
    ],
)
def test_normalize_by_hand(text, expected):
    assert normalize(text) == expected


def test_f1_by_hand():
    assert f1("the red red car", ["a red car"]) == pytest.approx(2 * 2 / (3 + 2))  # red counts once
    assert f1("red car", ["blue car", "red car", ""]) == 1  # the best of the references
    assert f1("red car", ["bicycle"]) == 0
    assert exact_match("The car!", ["bicycle", "car"]) == 1 and exact_match("cars", ["car"]) == 0


@pytest.mark.parametrize(
    ("prediction", "references", "version", "exact", "shared"),
    [
        ("", [""], "1.1", 1, 0),
        ("the", ["!"], "1.1", 1, 0),
        ("", ["cat"], "1.1", 0, 0),
        ("", [""], "2.0", 1, 1),
        ("the", ["!"], "2.0", 1, 1),
        ("", [], "2.0", 1, 1),
        ("cat", [], "2.0", 0, 0),
        ("cat", ["", "the"], "2.0", 0, 0),
        ("", ["cat"], "2.0", 0, 0),
        ("", ["", "cat"], "2.0", 0, 0),  # there is an answer, so silence is wrong
        ("", ["", "cat"], "1.1", 1, 0),
    ],
)
def test_empty_answers(prediction, references, version, exact, shared):
    assert exact_match(prediction, references, version) == exact
    assert f1(prediction, references, version) == shared


def test_scores_of_many_questions():
    scores = score_answers(["a cat", "", "dog"], [["cat", "dog"], [], ["hot dog", "the"]])
    assert scores.exact.tolist() == [1, 1, 0]
    assert scores.f1.tolist() == pytest.approx([1, 1, 2 / 3])
    assert scores.answerable.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: score_answers(["a"], []), "got 1 and 0"),
        (lambda: score_answers([], []), "got 0 and 0"),
        (lambda: score_answers(["a", "b"], [["a"], []], "1.1"), "Question 1: .*at least one reference"),
        (lambda: score_answers(["a"], ["a"]), "Question 0: .*brackets"),
        (lambda: f1("a", [], "1.1"), "at least one reference"),
        (lambda: exact_match("a", ["a"], "3"), "versions"),
        (lambda: right_answers("cat"), "brackets"),
    ],
)
def test_answers_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


# ------------------------------------------------------------------------------------------------ when to be silent


def slow_threshold(scores, no_answer, answerable):
    best = (-math.inf, -1.0)
    for limit in [-math.inf, *sorted(no_answer)]:
        mean = np.mean([
            (score if has else 0.0) if value <= limit else float(not has)
            for score, value, has in zip(scores, no_answer, answerable, strict=True)
        ])  # fmt: skip
        if mean > best[1] + 1e-12:
            best = (limit, mean)
    return best


@settings(max_examples=100, deadline=None, derandomize=True)
@given(some.lists(some.tuples(some.sampled_from([0, 0.5, 1]), some.integers(-3, 3), some.booleans()), min_size=1))
def test_threshold_is_the_best_of_all(rows):
    scores, no_answer, answerable = map(np.array, zip(*rows, strict=True))
    limit, mean = best_threshold(scores, no_answer, answerable)
    assert (limit, mean) == pytest.approx(slow_threshold(scores, no_answer, answerable))


def test_threshold_by_hand():
    # the two that can be answered seem so; the third can't, and does not
    assert best_threshold([1, 0.5, 0], [0.1, 0.4, 0.9], [True, True, False]) == pytest.approx((0.4, 2.5 / 3))
    assert best_threshold([0, 1], [0.1, 0.2], [False, False]) == (-math.inf, 1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (([], [], []), "at least 1"),
        (([1, 0], [1], [True]), "same length"),
        (([1], [np.nan], [True]), "NaN"),
        (([np.nan], [1], [True]), "NaN"),
    ],
)
def test_threshold_refuses(given, says):
    with pytest.raises(ValueError, match=says):
        best_threshold(*given)
