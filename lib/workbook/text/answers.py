"""Exact match and F1 of short answers, as in SQuAD's official scripts, versions 1.1 and 2.0.

The two differ only where an answer is empty once it is normalised ("", "the", "!"):

    version  answer  reference  exact match  F1   and besides
    1.1      empty   empty      1            0    no reference at all is an error
    2.0      empty   empty      1            1    empty references are dropped; a question without any other is one that
    2.0      empty   not, or the other way   0  0     can't be answered, and "" is right for it

Rajpurkar et al. 2016, section 6.1, and 2018.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PUNCTUATION = str.maketrans("", "", string.punctuation)  # ASCII alone: “ and – stay, as in the official scripts


def normalize(text: str) -> str:
    """Lower case, without ASCII punctuation and the words a, an, the; runs of white space become one space.

    In this order: "a-n apple" becomes "an apple", and then "apple".
    """
    text = text.lower().translate(PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def right_answers(references: Sequence[str], version: str = "2.0") -> list[str]:
    """The references that count, see above. Raises ValueError for another version, and in 1.1 for no reference."""
    if isinstance(references, str):
        raise ValueError(f"Expected a list of references, got the string {references!r}; put it in brackets.")
    if version not in ("1.1", "2.0"):
        raise ValueError(f'SQuAD has the versions "1.1" and "2.0", not {version!r}.')
    if version == "1.1" and not len(references):
        raise ValueError('A question of SQuAD 1.1 needs at least one reference; version="2.0" allows none.')
    return list(references) if version == "1.1" else [text for text in references if normalize(text)] or [""]


def exact_match(prediction: str, references: Sequence[str], version: str = "2.0") -> float:
    """1 where the prediction equals one of the references once both are normalised, else 0."""
    return float(normalize(prediction) in map(normalize, right_answers(references, version)))


def f1(prediction: str, references: Sequence[str], version: str = "2.0") -> float:
    """F1 of the words that prediction and reference share, the best over the references, in [0, 1].

    A word counts as often as it stands in both, and order does not count.
    """
    best = 0.0
    said = normalize(prediction).split()
    for reference in right_answers(references, version):
        wanted = normalize(reference).split()
        shared = sum((Counter(said) & Counter(wanted)).values())
        # 2 P R / (P + R) with P = shared / said and R = shared / wanted
        score = 2 * shared / (len(said) + len(wanted)) if shared else 0.0
        if version == "2.0" and not said and not wanted:
            score = 1.0
        best = max(best, score)
    return best


@dataclass(frozen=True)
class AnswerScores:
    """Figures per question, (N,) each. answerable: whether a reference is left once it is normalised.

    (The official script asks whether a reference was given at all, which differs for references such as "the" alone.)

    Means, and intervals by metrics.bootstrap_interval, are taken over all questions or over one of the two kinds.
    """

    exact: np.ndarray
    f1: np.ndarray
    answerable: np.ndarray


def score_answers(
    predictions: Sequence[str], references: Sequence[Sequence[str]], version: str = "2.0"
) -> AnswerScores:
    """Exact match and F1 of every question. Raises ValueError for lists of different lengths, or without a question.

    The official scripts give means of these, times 100.
    """
    if len(predictions) != len(references) or not len(predictions):
        raise ValueError(
            f"Expected one list of references per prediction, got {len(predictions)} and {len(references)}."
        )
    exact, shared = [], []
    for number, (prediction, right) in enumerate(zip(predictions, references, strict=True)):
        try:
            exact.append(exact_match(prediction, right, version))
        except ValueError as error:
            raise ValueError(f"Question {number}: {error}") from None
        shared.append(f1(prediction, right, version))
    answerable = np.array([any(normalize(text) for text in right) for right in references])
    return AnswerScores(np.array(exact), np.array(shared), answerable)


def best_threshold(scores: np.ndarray, no_answer: np.ndarray, answerable: np.ndarray) -> tuple[float, float]:
    """When to answer nothing: the threshold on `no_answer` with the best mean score, and that mean.

    scores: (N,) exact match or F1 of the answers that the reader would give, if it always gave one; for questions
    without an answer they are not used. no_answer: (N,), the larger the likelier that there is none. answerable: (N,)
    bool. A question is answered where no_answer <= threshold; −inf answers none. Of equal means the lowest threshold.
    Choose it on validation questions: on the test questions it would be fitted to them.

    The official script differs in two points: it also tries thresholds between questions of equal no_answer, which no
    threshold can part, and it lets an unanswerable question keep its point where the reader's own answer is empty.
    """
    scores, no_answer = np.asarray(scores, dtype=float), np.asarray(no_answer, dtype=float)
    answerable = np.asarray(answerable, dtype=bool)
    if scores.ndim != 1 or not len(scores) or not scores.shape == no_answer.shape == answerable.shape:
        shapes = scores.shape, no_answer.shape, answerable.shape
        raise ValueError(f"Expected three lists of the same length, at least 1, got the shapes {shapes}.")
    if np.isnan(scores).any() or np.isnan(no_answer).any():
        raise ValueError("A score is NaN: every question needs a score, and a figure for having no answer.")
    order = np.argsort(no_answer, kind="stable")
    # Answering one question more gains its score, or loses the point that silence gets where there is no answer.
    gains = np.where(answerable, scores, -1.0)[order]
    totals = (~answerable).sum() + np.concatenate([[0.0], gains.cumsum()])  # (N + 1,)
    limits = np.concatenate([[-np.inf], no_answer[order]])
    possible = np.append(limits[:-1] < limits[1:], True)  # the last of equal values: they are answered together
    best = np.flatnonzero(possible)[np.argmax(totals[possible])]
    return float(limits[best]), float(totals[best] / len(scores))
