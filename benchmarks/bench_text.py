"""Seconds for BLEU, chrF and ROUGE: this library against sacrebleu and rouge-score.

    python benchmarks/bench_text.py

Both score the same texts, the standard library's docstrings against disturbed copies, and must find the same figure to
1e-9. They take turns, every pair gives a ratio, and the table shows medians: a computer that is busy for a while
disturbs both alike. The seconds are the processor's. Both libraries remember words or lines that they have cut before:
except for the same texts again, and for the interval, they begin without that memory. Targets: BLEU at least as fast,
ROUGE-L at least 20 times faster on long texts.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from workbook import show
from workbook.datasets.docstrings import running_texts
from workbook.text import tokenize
from workbook.text.bleu import bleu_score, bleu_statistics, corpus_bleu, sentence_bleu
from workbook.text.chrf import corpus_chrf
from workbook.text.intervals import corpus_interval
from workbook.text.rouge import rouge

SENTENCE = 25  # words
Work = Callable[[], Any]


def sentences(words: list[str]) -> list[str]:
    """The words as texts of SENTENCE words each."""
    return [" ".join(words[start : start + SENTENCE]) for start in range(0, len(words), SENTENCE)]


def disturbed(words: list[str], rng: random.Random) -> list[str]:
    """The words with a quarter of them replaced by others of the text."""
    return [rng.choice(words) if rng.random() < 0.25 else word for word in words]


def measure(ours: Work, theirs: Work, repeats: int, warm: bool = False) -> tuple[float, float, float]:
    """Median seconds of both and the median ratio theirs / ours. Raises AssertionError where the figures differ."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for repeat in range(-1, repeats):  # the first pair warms up
        answers = []
        for work, column in zip((ours, theirs), seconds, strict=True):
            if not warm:
                tokenize.forget()
            began = time.process_time()
            answers.append(work())
            if repeat >= 0:
                column.append(time.process_time() - began)
        np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-9)
    ratio = statistics.median(b / a for a, b in zip(*seconds, strict=True))
    return statistics.median(seconds[0]), statistics.median(seconds[1]), ratio


def bleu_rows(words: list[str], repeats: int) -> list[list[str]]:
    """The table of the measures of translation."""
    rng = random.Random(0)
    hypotheses = sentences(disturbed(words, rng))
    streams = [sentences(disturbed(words, rng)) for _ in range(4)]
    one, four = streams[0], [list(entry) for entry in zip(*streams, strict=True)]
    rows = bleu_statistics(hypotheses, one)
    metric = sacrebleu.BLEU()

    def resampled() -> float:
        """sacrebleu's interval, of which nothing is compared: its random numbers are others."""
        metric.corpus_score(hypotheses, [one], n_bootstrap=1000)
        return 0.0

    def interval() -> float:
        corpus_interval(bleu_statistics(hypotheses, one), bleu_score, np.random.default_rng(0))
        return 0.0

    pairs: dict[str, tuple[Work, Work]] = {
        "BLEU, one reference": (
            lambda: corpus_bleu(hypotheses, one).score,
            lambda: sacrebleu.corpus_bleu(hypotheses, [one]).score,
        ),
        "BLEU, the same texts again": (
            lambda: corpus_bleu(hypotheses, one).score,
            lambda: metric.corpus_score(hypotheses, [one]).score,
        ),
        "BLEU, four references": (
            lambda: corpus_bleu(hypotheses, four).score,
            lambda: sacrebleu.corpus_bleu(hypotheses, streams).score,
        ),
        "BLEU, tokenizer intl": (
            lambda: corpus_bleu(hypotheses, one, tokenize="intl").score,
            lambda: sacrebleu.corpus_bleu(hypotheses, [one], tokenize="intl").score,
        ),
        "BLEU, sentence by sentence": (
            lambda: [sentence_bleu(a, b).score for a, b in zip(hypotheses, one, strict=True)],
            lambda: [sacrebleu.sentence_bleu(a, [b]).score for a, b in zip(hypotheses, one, strict=True)],
        ),
        "BLEU with interval, 1,000 resamples": (interval, resampled),
        "chrF, one reference": (
            lambda: corpus_chrf(hypotheses, one),
            lambda: sacrebleu.corpus_chrf(hypotheses, [one]).score,
        ),
    }
    assert bleu_score(rows) == corpus_bleu(hypotheses, one).score
    return [
        [name, *line(measure(*pair, 3 if "interval" in name else repeats, "again" in name or "interval" in name))]
        for name, pair in pairs.items()
    ]


def rouge_rows(words: list[str], repeats: int) -> list[list[str]]:
    """The table of ROUGE, texts of several lengths."""
    rng, rows = random.Random(1), []
    for length, kind, stemmer in [
        (1000, "rouge1", False), (1000, "rouge2", False), (1000, "rouge1", True), (100, "rougeL", False),
        (1000, "rougeL", False), (3000, "rougeL", False), (100, "rougeLsum", False), (1000, "rougeLsum", False),
        (3000, "rougeLsum", False),
    ]:  # fmt: skip
        target = words[:length]
        prediction = "\n".join(sentences(disturbed(target, rng)))
        target = "\n".join(sentences(target))
        scorer = RougeScorer([kind], use_stemmer=stemmer)
        seconds = measure(
            lambda: rouge(target, prediction, [kind], stemmer)[kind],  # noqa: B023  (called in this round)
            lambda: scorer.score(target, prediction)[kind],  # noqa: B023
            3 if length == 3000 else repeats,
        )
        rows.append([f"{kind}{', stemmed' if stemmer else ''}, {length:,} words", *line(seconds)])
    return rows


def line(seconds: tuple[float, float, float]) -> list[str]:
    """What `measure` found, as cells."""
    ours, theirs, ratio = seconds
    return [f"{1000 * theirs:,.2f}", f"{1000 * ours:,.2f}", f"{ratio:,.1f}"]


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--sentences", type=int, default=1000)
    arguments = parser.parse_args()
    began = time.perf_counter()
    words = " ".join(running_texts("train")).split()
    show.table(
        bleu_rows(words[: SENTENCE * arguments.sentences], arguments.repeats),
        ["what", f"sacrebleu {sacrebleu.__version__}, ms", "this library, ms", "ratio"],
        f"{arguments.sentences:,} sentences of {SENTENCE} words: medians of {arguments.repeats} pairs",
    )
    show.table(
        rouge_rows(words, arguments.repeats),
        ["what", "rouge-score 0.1.2, ms", "this library, ms", "ratio"],
        f"One pair of texts, in lines of {SENTENCE} words: medians of {arguments.repeats} pairs",
    )
    print(f"{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()
