"""ROUGE, the measure of summaries: which n-grams and which sequences of a reference a text contains (Lin 2004).

For rouge1 and rouge2 the units are n-grams, for rougeL the longest common subsequence (LCS) of the texts, for
rougeLsum the union of the LCS of their sentences, one per line. Each gives precision (share of the prediction's units),
recall (share of the target's) and F, their harmonic mean. The figures equal those of Google's rouge-score.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from workbook.text.bleu import clipped_matches
from workbook.text.pairs import check_corpus, check_references, check_text
from workbook.text.tokenize import ROUGE_TOKENIZERS

KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")


class Score(NamedTuple):
    """Shares between 0 and 1."""

    precision: float
    recall: float
    fmeasure: float


def f_score(hits: int, target_length: int, prediction_length: int) -> Score:
    """What `hits` common units are of each side, and F = 2 P R / (P + R). Where a side is empty, all are 0."""
    precision = hits / prediction_length if prediction_length else 0.0
    recall = hits / target_length if target_length else 0.0
    return Score(precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0)


# ------------------------------------------------------------------------------ longest common subsequences


def lcs_length(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """The length of the longest sequence of tokens that both have in this order, gaps allowed.

    "police kill the gunman" and "the gunman kill police" have 2, "the gunman". A row of the well-known table is kept as
    one integer: bit j is 0 where the row grows from column j to j + 1. The carry of a sum takes the next such place,
    so that one addition computes a whole row.
    Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited".
    """
    places: dict[Hashable, int] = {}  # token: the bits of its places in b
    for j, token in enumerate(b):
        places[token] = places.get(token, 0) | 1 << j
    everywhere = row = (1 << len(b)) - 1
    for token in a:
        if match := row & places.get(token, 0):
            row = (row + match | row - match) & everywhere
    return len(b) - row.bit_count()


def union_lcs_hits(targets: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> int:
    """How many tokens of the target's sentences stand in an LCS with any of the prediction's sentences.

    A token counts at most as often as the prediction has it. Of several longest subsequences of two sentences the one
    is taken that rouge-score finds: from the end backwards, leave out the target's token where that costs nothing.
    All target sentences are handled together, in one integer, a bit 0 between them that stops the carry. For one
    prediction sentence the rows of all its tokens are kept; where row j has a 0, the table grows downwards.
    Source: Lin 2004, section 3.2, with the clipping of ROUGE-1.5.5.
    """
    places, sentences = _places(targets)
    neighbours = _neighbours(sentences, max(map(len, targets)))
    next_to = neighbours[0][1]
    found = 0
    for prediction in predictions:
        matches = [places.get(token, 0) for token in prediction]
        rows, row = [], sentences
        for match in matches:
            if hit := row & match:
                row = (row + hit | row - hit) & sentences
            rows.append(row)
        left = sentences  # the places that the way back may still come to: in each sentence all up to some place
        for match, row in zip(reversed(matches), reversed(rows), strict=True):
            left &= match | ~row  # go up to the next token that matches, or that can't be left out without a loss
            for shift, inside in neighbours:
                left |= left >> shift & inside  # all places below the highest of each sentence
            taken = match & left & ~(left >> 1 & next_to)  # the highest place of each sentence, if it is a match
            found |= taken
            left ^= taken
            if not left:
                break
    given = Counter(token for prediction in predictions for token in prediction)
    return sum(min(count, (found & places[token]).bit_count()) for token, count in given.items() if token in places)


def _places(sentences: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """For each token the bits of its places, the sentences one after the other, 0 between them; and all places."""
    places: dict[str, int] = {}
    everything, start = 0, 0
    for sentence in sentences:
        for place, token in enumerate(sentence, start):
            places[token] = places.get(token, 0) | 1 << place
        everything |= (1 << len(sentence)) - 1 << start
        start += len(sentence) + 1
    return places, everything


def _neighbours(sentences: int, longest: int) -> list[tuple[int, int]]:
    """For shift = 1, 2, 4, ... the places that have a place of the same sentence `shift` above them."""
    inside, shift, found = sentences & sentences >> 1, 1, []
    while shift < longest or not found:
        found.append((shift, inside))
        inside &= inside >> shift
        shift *= 2
    return found


# ------------------------------------------------------------------------------------------------- the scores


def rouge_n(target: Sequence[str], prediction: Sequence[str], n: int) -> Score:
    """ROUGE-N of two lists of tokens: the n-grams that both have, each as often as the side that has it less often."""
    hits, total = clipped_matches(prediction, [target], n)
    return f_score(hits, max(0, len(target) - n + 1), total)


def rouge_l(target: Sequence[str], prediction: Sequence[str]) -> Score:
    """ROUGE-L of two lists of tokens: the length of their longest common subsequence, as a share of each.

    Returns Score(precision, recall, fmeasure), F = 2 P R / (P + R); without a common token all three are 0.
    Source: Lin 2004, section 3.1, with β = 1.
    """
    length = lcs_length(target, prediction)
    if length == 0:
        return Score(0.0, 0.0, 0.0)
    precision, recall = length / len(prediction), length / len(target)
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


def rouge_l_sum(targets: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> Score:
    """ROUGE-L of two summaries, each a list of sentences, each a list of tokens; see `union_lcs_hits`."""
    targets, predictions = [s for s in targets if s], [s for s in predictions if s]
    if len(targets) == len(predictions) == 1:  # their LCS is the union, and no token occurs in it too often
        return rouge_l(targets[0], predictions[0])
    hits = union_lcs_hits(targets, predictions) if targets and predictions else 0
    return f_score(hits, sum(map(len, targets)), sum(map(len, predictions)))


def rouge(
    target: str | Sequence[str],
    prediction: str,
    kinds: Sequence[str] = KINDS,
    stemmer: bool = False,
    tokenizer: str = "ascii",
) -> dict[str, Score]:
    """ROUGE of a text against one reference or several, equal to rouge-score's: {kind: Score}.

    target: a text, or a list of texts, of which each kind takes the one with the highest F (the first of equals).
    kinds: of rouge1 … rouge9, rougeL, rougeLsum; the last wants one sentence per line. stemmer: Porter's, for English.
    tokenizer: "ascii" is the reference's and sees a-z and 0-9 only, so that Greek or Chinese score 0; "unicode" sees
    every script, see `tokenize_unicode`. An empty text scores 0, also against an empty one. Raises ValueError for
    an unknown kind or tokenizer, for no reference, and for what is no text.
    """
    if tokenizer not in ROUGE_TOKENIZERS:
        raise ValueError(f"Unknown tokenizer {tokenizer!r}; tokenizer is one of {', '.join(ROUGE_TOKENIZERS)}.")
    for kind in kinds:
        if not re.fullmatch("rouge([1-9]|L|Lsum)", kind):
            raise ValueError(
                f"Unknown kind of ROUGE {kind!r}; a list of rouge1 … rouge9, rougeL, rougeLsum is expected."
            )
    check_text(prediction, "The prediction")
    scores = [_one(text, prediction, kinds, stemmer, tokenizer) for text in check_references(target, "The target")]
    return {kind: max((score[kind] for score in scores), key=lambda score: score.fmeasure) for kind in kinds}


def _one(target: str, prediction: str, kinds: Sequence[str], stemmer: bool, tokenizer: str) -> dict[str, Score]:
    """All kinds for one reference."""
    cut = ROUGE_TOKENIZERS[tokenizer]
    lines = [[cut(line, stemmer) for line in text.split("\n")] for text in (target, prediction)]
    tokens = [[token for line in side for token in line] for side in lines]
    scores = {}
    for kind in kinds:
        if kind == "rougeLsum":
            scores[kind] = rouge_l_sum(*lines)
        else:
            scores[kind] = rouge_l(*tokens) if kind == "rougeL" else rouge_n(*tokens, int(kind[5:]))
    return scores


def corpus_rouge(
    targets: Sequence[str | Sequence[str]],
    predictions: Sequence[str],
    kinds: Sequence[str] = KINDS,
    stemmer: bool = False,
    tokenizer: str = "ascii",
) -> dict[str, Score]:
    """The means of precision, recall and F over a corpus: {kind: Score}.

    targets[i]: the reference of predictions[i], or a list of them. The other arguments and the errors are those of
    `rouge`; no texts, or lists of different lengths, raise ValueError too. rouge-score's aggregator returns the
    median of resampled means instead, which is another one in every run. For an interval see `workbook.text.intervals`.
    """
    predictions, targets = check_corpus(predictions, targets, ("predictions", "targets"))
    scores = [rouge(*pair, kinds, stemmer, tokenizer) for pair in zip(targets, predictions, strict=True)]
    return {kind: Score(*np.mean([score[kind] for score in scores], axis=0).tolist()) for kind in kinds}
