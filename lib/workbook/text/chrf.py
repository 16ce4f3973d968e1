"""chrF: F of character n-grams, which forgives a wrong ending where BLEU loses the whole word (Popović 2015).

    chrF = 100 · (1 + β²) P R / (β² P + R),  β = 2

P and R are the means of precision and recall over n-grams of n = 1 … 6 characters, spaces left out. The figures equal
those of sacrebleu's chrF2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from workbook.text.pairs import check_corpus

ORDER, BETA = 6, 2


def chrf_statistics(
    hypotheses: Sequence[str], references: Sequence[str | Sequence[str]], lowercase: bool = False
) -> np.ndarray:
    """All that chrF needs to know of each sentence: (N, 18) integers, whose sum over a corpus gives its chrF.

    Columns: for n = 1 … 6 the hypothesis's n-grams, the reference's, and the common ones. Of several references the one
    with the highest chrF is taken, the first of equals. Arguments and errors as for `corpus_chrf`.
    """
    rows = []
    for hypothesis, its_references in zip(*check_corpus(hypotheses, references), strict=True):
        own = _all_ngrams(hypothesis, lowercase)
        candidates = [_row(own, _all_ngrams(reference, lowercase)) for reference in its_references]
        rows.append(candidates[0] if len(candidates) == 1 else max(candidates, key=_chrf))
    return np.array(rows)


def chrf_score(statistics: np.ndarray) -> float:
    """chrF, 0 to 100, of the sentences whose `chrf_statistics` these are: (N, 18)."""
    return _chrf(statistics.sum(axis=0).tolist())


def corpus_chrf(hypotheses: Sequence[str], references: Sequence[str | Sequence[str]], lowercase: bool = False) -> float:
    """chrF of a corpus, 0 to 100. references[i]: one text or a list of texts for hypotheses[i].

    Counts are summed over the corpus first. Raises ValueError for no hypotheses, lists of different lengths, a sentence
    without reference, and what is no text.
    """
    return chrf_score(chrf_statistics(hypotheses, references, lowercase))


def sentence_chrf(hypothesis: str, references: str | Sequence[str], lowercase: bool = False) -> float:
    """chrF of one sentence."""
    return corpus_chrf([hypothesis], [references], lowercase)


def _all_ngrams(text: str, lowercase: bool) -> list[Counter[str]]:
    """The n-grams of the text's characters without spaces, n = 1 … 6."""
    text = "".join((text.lower() if lowercase else text).split())
    return [Counter([text[i : i + n] for i in range(len(text) - n + 1)]) for n in range(1, ORDER + 1)]


def _row(hypothesis: Sequence[Counter[str]], reference: Sequence[Counter[str]]) -> list[int]:
    """The counts of one pair of texts. Where the reference is too short for n, the hypothesis is not blamed."""
    row = []
    for own, other in zip(hypothesis, reference, strict=True):
        common = sum([min(own[gram], other[gram]) for gram in own.keys() & other.keys()])
        row += [own.total() if other else 0, other.total(), common]
    return row


def _chrf(row: Sequence[int]) -> float:
    """chrF of counts (18); an n for which one side has no n-gram is left out of the means."""
    shares = [
        (common / own, common / other)
        for own, other, common in zip(row[::3], row[1::3], row[2::3], strict=True)
        if own and other
    ]
    if not any(precision for precision, _ in shares):
        return 0.0
    precision, recall = (sum(column) / len(shares) for column in zip(*shares, strict=True))
    return 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
