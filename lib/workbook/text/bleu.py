"""BLEU, the measure of machine translation: which n-grams of a translation occur in a reference (Papineni et al. 2002).

    BLEU = 100 · BP · exp(¼ Σₙ log pₙ)

pₙ is the clipped precision of n-grams, n = 1 … 4, over the whole corpus, and BP the brevity penalty. The figures equal
those of sacrebleu (Post 2018), whose settings, tokenizers and signature these are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbook import __version__
from workbook.text.pairs import check_corpus
from workbook.text.tokenize import TOKENIZERS

MAX_ORDER = 4
SMOOTHING = {"exp": None, "floor": 0.1, "add-k": 1.0, "none": None}  # method: the value that it takes by default


@dataclass(frozen=True)
class Bleu:
    """What BLEU found in a corpus.

    score: 0 to 100. precisions: in per cent, n = 1 … 4, smoothed. matches, totals: the counts behind them, not
    smoothed. lengths: in tokens, the reference's being the closest one. signature: the settings, to be published too.
    """

    score: float
    precisions: tuple[float, ...]
    brevity_penalty: float
    hypothesis_length: int
    reference_length: int
    matches: tuple[int, ...]
    totals: tuple[int, ...]
    signature: str

    def __str__(self) -> str:
        """One line, written like sacrebleu's."""
        ratio = self.hypothesis_length / self.reference_length if self.reference_length else 0
        precisions = "/".join(f"{precision:.1f}" for precision in self.precisions)
        return (
            f"BLEU|{self.signature} = {self.score:.2f} {precisions} (BP = {self.brevity_penalty:.3f} "
            f"ratio = {ratio:.3f} hyp_len = {self.hypothesis_length} ref_len = {self.reference_length})"
        )


# ------------------------------------------------------------------------------------------------- the parts


def ngrams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """How often each n tokens in a row occur: ngrams("a b a b".split(), 2) is {(a, b): 2, (b, a): 1}."""
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def clipped_matches(hypothesis: Sequence[str], references: Sequence[Sequence[str]], n: int) -> tuple[int, int]:
    """How many of the hypothesis's n-grams are found in a reference, and how many it has.

    hypothesis: tokens; references: one list of tokens or more. An n-gram counts at most as often as it occurs in the
    one reference that has it most often: that is the clipping. A hypothesis shorter than n has none: (0, 0).
    Source: Papineni et al. 2002, section 2.1.1.
    """
    counts = ngrams(hypothesis, n)
    most = ngrams(references[0], n)
    for reference in references[1:]:
        most |= ngrams(reference, n)  # keeps the larger count
    matches = sum([min(counts[gram], most[gram]) for gram in counts.keys() & most.keys()])
    return matches, max(0, len(hypothesis) - n + 1)


def closest_length(hypothesis: int, references: Sequence[int]) -> int:
    """The reference length that is nearest to the hypothesis's, the shorter of two that are equally near."""
    return min(references, key=lambda length: (abs(length - hypothesis), length))


def brevity_penalty(hypothesis_length: int, reference_length: int) -> float:
    """1 where the hypothesis is at least as long as the reference, else exp(1 − r / h); 0 for an empty hypothesis.

    Precision alone could be had by saying little: "the" is right nearly always. Lengths in tokens, of the whole corpus.
    Source: Papineni et al. 2002, section 2.2.2.
    """
    if hypothesis_length >= reference_length:
        return 1.0
    if hypothesis_length == 0:
        return 0.0
    return math.exp(1 - reference_length / hypothesis_length)


def smoothed_precisions(
    matches: Sequence[int], totals: Sequence[int], smooth: str = "exp", smooth_value: float | None = None
) -> list[float]:
    """Precisions in per cent, those without a match replaced by a small number so that their logarithm exists.

    exp: 100 / (2 · total) for the first n without a match, 4 for the second, ... · floor: smooth_value matches, by
    default 0.1 · add-k: smooth_value more matches and n-grams, by default 1, for n > 1 · none: stays 0.
    The list ends before the first n without any n-gram: no text is long enough for it.
    Source: Chen and Cherry 2014, methods 3, 1 and 2.
    """
    value = SMOOTHING[smooth] if smooth_value is None else smooth_value
    precisions, halvings = [], 0
    for n, (match, total) in enumerate(zip(matches, totals, strict=True), 1):
        if smooth == "add-k" and n > 1:
            match, total = match + value, total + value
        if total == 0:
            break
        if match == 0 and smooth == "exp":
            halvings += 1
            match = 0.5**halvings
        elif match == 0 and smooth == "floor":
            match = value
        precisions.append(100 * match / total)
    return precisions


# ------------------------------------------------------------------------------------- from texts to a figure


def bleu_statistics(
    hypotheses: Sequence[str],
    references: Sequence[str | Sequence[str]],
    tokenize: str = "13a",
    lowercase: bool = False,
) -> np.ndarray:
    """All that BLEU needs to know of each sentence: (N, 10) integers, whose sum over a corpus gives its BLEU.

    Columns: tokens, tokens of the closest reference, matches for n = 1 … 4, n-grams for n = 1 … 4. Arguments and
    errors as for `corpus_bleu`. For resampling: the texts are cut and counted once, and not once per resample.
    """
    if tokenize not in TOKENIZERS:
        raise ValueError(f"Unknown tokenizer {tokenize!r}; tokenize is one of {', '.join(TOKENIZERS)}.")
    cut = TOKENIZERS[tokenize]
    rows = []
    for hypothesis, its_references in zip(*check_corpus(hypotheses, references), strict=True):
        texts = [hypothesis, *its_references]
        tokens, *others = [cut((text.lower() if lowercase else text).rstrip()) for text in texts]
        counts = [clipped_matches(tokens, others, n) for n in range(1, MAX_ORDER + 1)]
        lengths = [len(tokens), closest_length(len(tokens), [len(other) for other in others])]
        rows.append([*lengths, *(matches for matches, _ in counts), *(total for _, total in counts)])
    return np.array(rows)


def bleu_score(
    statistics: np.ndarray, smooth: str = "exp", smooth_value: float | None = None, effective_order: bool = False
) -> float:
    """BLEU, 0 to 100, of the sentences whose `bleu_statistics` these are: (N, 10). The options as for `corpus_bleu`."""
    hypothesis_length, reference_length, *counts = statistics.sum(axis=0).tolist()
    matches, totals = counts[:MAX_ORDER], counts[MAX_ORDER:]
    if not any(matches):
        return 0.0  # smoothing would give a figure to a text without one right word
    precisions = smoothed_precisions(matches, totals, smooth, smooth_value)
    if not all(precisions) or (len(precisions) < MAX_ORDER and not effective_order):
        return 0.0  # one precision of 0 makes the product 0
    mean_log = sum(map(math.log, precisions)) / len(precisions)
    return brevity_penalty(hypothesis_length, reference_length) * math.exp(mean_log)


def corpus_bleu(
    hypotheses: Sequence[str],
    references: Sequence[str | Sequence[str]],
    tokenize: str = "13a",
    smooth: str = "exp",
    lowercase: bool = False,
    effective_order: bool = False,
    smooth_value: float | None = None,
) -> Bleu:
    """BLEU of a corpus, equal to sacrebleu's.

    hypotheses: N translations. references: N entries, references[i] one text or a list of texts for hypotheses[i];
    their number may differ from sentence to sentence. tokenize: "13a" (WMT's), "intl", "char" or "none". smooth: what
    becomes of an n without a match, "exp", "floor", "add-k" or "none", see `smoothed_precisions`; smooth_value is for
    floor and add-k. effective_order: leave out n that the texts are too short for, meant for single sentences.
    Counts are summed over the corpus first: this is no mean of sentence scores. Without a single match, and so where
    all hypotheses or all references are empty, the score is 0. Raises ValueError for no hypotheses, lists of
    different lengths, a sentence without reference, what is no text (None), an unknown option.
    """
    if smooth not in SMOOTHING:
        raise ValueError(f"Unknown smoothing {smooth!r}; smooth is one of {', '.join(SMOOTHING)}.")
    if SMOOTHING[smooth] is not None and smooth_value is not None and smooth_value <= 0:
        raise ValueError(f"smooth_value must be above 0, got {smooth_value}; smooth='none' leaves precisions at 0.")
    hypotheses, references = check_corpus(hypotheses, references)
    statistics = bleu_statistics(hypotheses, references, tokenize, lowercase)
    hypothesis_length, reference_length, *counts = statistics.sum(axis=0).tolist()
    matches, totals = counts[:MAX_ORDER], counts[MAX_ORDER:]
    precisions = smoothed_precisions(matches, totals, smooth, smooth_value) if any(matches) else []
    return Bleu(
        score=bleu_score(statistics, smooth, smooth_value, effective_order),
        precisions=tuple(precisions + [0.0] * (MAX_ORDER - len(precisions))),
        brevity_penalty=brevity_penalty(hypothesis_length, reference_length),
        hypothesis_length=hypothesis_length,
        reference_length=reference_length,
        matches=tuple(matches),
        totals=tuple(totals),
        signature=_signature(references, tokenize, smooth, lowercase, effective_order, smooth_value),
    )


def sentence_bleu(
    hypothesis: str,
    references: str | Sequence[str],
    tokenize: str = "13a",
    smooth: str = "exp",
    lowercase: bool = False,
    effective_order: bool = True,
    smooth_value: float | None = None,
) -> Bleu:
    """BLEU of one sentence, with the effective order unless told otherwise. A rough figure: BLEU is for corpora."""
    return corpus_bleu([hypothesis], [references], tokenize, smooth, lowercase, effective_order, smooth_value)


def _signature(
    references: Sequence[Sequence[str]],
    tokenize: str,
    smooth: str,
    lowercase: bool,
    effective_order: bool,
    smooth_value: float | None,
) -> str:
    """The settings as sacrebleu writes them, with this library's version in place of its own."""
    numbers = {len(entry) for entry in references}
    value = SMOOTHING[smooth] if smooth_value is None else smooth_value
    parts = {
        "nrefs": numbers.pop() if len(numbers) == 1 else "var",
        "case": "lc" if lowercase else "mixed",
        "eff": "yes" if effective_order else "no",
        "tok": tokenize,
        "smooth": smooth if SMOOTHING[smooth] is None else f"{smooth}[{value:.2f}]",
        "version": f"workbook-{__version__}",
    }
    return "|".join(f"{name}:{part}" for name, part in parts.items())
