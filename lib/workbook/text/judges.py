"""Automatic judges of answers, and how far each agrees with people. A judge gives a number per answer; more is better.

    scores = {"length": words(answers), "similarity": similarities(model, tokenizer, prompts, answers)}
    for name, values in scores.items():
        agreement(values, people, prompts, np.random.default_rng(0))

Answers to one prompt are no independent draws: intervals resample prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from workbook.metrics.agreement import average_ranks, kendall, spearman
from workbook.metrics.bootstrap import percentile_interval
from workbook.text.bleu import sentence_bleu
from workbook.text.rouge import rouge
from workbook.trainers import classic

# What GPTScore asks a judge, one template per aspect; "plain" asks nothing. None was chosen by its figures.
TEMPLATES = {
    "plain": "{hypothesis}",
    "relevance": "Write a text that does exactly what is asked. {context} {hypothesis}",
    "fluency": "This text is well written and has no mistakes. {hypothesis}",
    "interest": "This text is interesting, and one would read it to a friend. {hypothesis}",
}


@dataclass(frozen=True)
class Agreement:
    """How alike a judge and people order the answers.

    spearman, kendall: ρ and τ-b over all answers, with 95 % intervals from resampled prompts. within: ρ within the
    kinds of answers, that is between ranks less their kind's mean; NaN where no kinds were given.
    """

    spearman: float
    spearman_interval: tuple[float, float]
    kendall: float
    kendall_interval: tuple[float, float]
    within: float


def agreement(
    scores: np.ndarray,
    people: np.ndarray,
    prompts: Sequence[str],
    rng: np.random.Generator,
    kinds: Sequence[str] | None = None,
    resamples: int = 300,
) -> Agreement:
    """Compare a judge's scores with people's mean ratings, (N,) each.

    prompts: of each answer, (N,); a resample draws prompts with replacement and takes all answers to each. kinds: what
    each answer was meant to be, (N,). Most of the spread of ratings lies between kinds, so a judge that only tells them
    apart looks well; `within` says what it knows beyond. Raises ValueError as `spearman` does, and for other lengths.
    """
    scores, people = np.asarray(scores, dtype=float), np.asarray(people, dtype=float)
    if len(prompts) != len(scores) or (kinds is not None and len(kinds) != len(scores)):
        raise ValueError(f"Expected one prompt (and kind) per score, got {len(prompts)} for {len(scores)} scores.")
    found = {"spearman": spearman(scores, people), "kendall": kendall(scores, people)}  # refuse what has no order
    names, number = np.unique(np.asarray(prompts), return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)  # (R, prompts) how often
    times = drawn[:, number]  # (R, N)
    return Agreement(
        spearman=found["spearman"],
        spearman_interval=percentile_interval(_spearmans(times, scores, people)),
        kendall=found["kendall"],
        kendall_interval=percentile_interval(_kendalls(times, scores, people)),
        within=within_kinds(scores, people, kinds) if kinds is not None else np.nan,
    )


def _spearmans(times: np.ndarray, scores: np.ndarray, people: np.ndarray) -> np.ndarray:
    """ρ of every resample in which both sides tell answers apart. times: (R, N), how often each answer was drawn."""
    rows = (np.repeat(np.arange(len(scores)), row) for row in times)
    return np.array([spearman(scores[r], people[r]) for r in rows if np.ptp(scores[r]) and np.ptp(people[r])])


def _kendalls(times: np.ndarray, scores: np.ndarray, people: np.ndarray) -> np.ndarray:
    """τ-b of the same resamples. A pair counts as often as both were drawn; a copy is tied with itself."""
    a, b = (np.sign(np.subtract.outer(ranks, ranks)) for ranks in map(average_ranks, (scores, people)))  # (N, N)
    times = times.astype(float)
    same, spread_a, spread_b = (((times @ table) * times).sum(1) for table in (a * b, a * a, b * b))  # (R,) each
    told_apart = (spread_a > 0) & (spread_b > 0)
    return (same / np.sqrt(np.where(told_apart, spread_a * spread_b, 1.0)))[told_apart]


def within_kinds(scores: np.ndarray, people: np.ndarray, kinds: Sequence[str]) -> float:
    """The correlation of two lists' ranks once each kind's mean rank is taken off; NaN where one then has no spread."""
    kinds, centred = np.asarray(kinds), []
    for values in (scores, people):
        ranks = average_ranks(np.asarray(values, dtype=float))
        for kind in np.unique(kinds):
            ranks[kinds == kind] -= ranks[kinds == kind].mean()
        centred.append(ranks)
    size = np.sqrt(np.prod([(ranks**2).sum() for ranks in centred]))
    return float((centred[0] * centred[1]).sum() / size) if size > 0 else float("nan")


# ------------------------------------------------------------------------------------------------ judges


def words(answers: Sequence[str]) -> np.ndarray:
    """The number of words, (N,): the simplest judge of all."""
    return np.array([float(len(answer.split())) for answer in answers])


def variety(answers: Sequence[str]) -> np.ndarray:
    """The share of an answer's words that it has not used before, (N,), from 0 to 1; an empty answer has 0."""
    split = [answer.lower().split() for answer in answers]
    return np.array([len(set(parts)) / max(len(parts), 1) for parts in split])


def similarities(encoder: nn.Module, tokenizer: Any, prompts: Sequence[str], answers: Sequence[str]) -> np.ndarray:
    """The cosine of each answer's sentence vector and its prompt's, (N,)."""
    if len(prompts) != len(answers) or not answers:
        raise ValueError(f"Expected one prompt per answer, at least one, got {len(prompts)} and {len(answers)}.")
    model = classic.Classifier(encoder, 2)
    asked = sorted(set(prompts))
    places = [asked.index(prompt) for prompt in prompts]
    vectors = classic.encode(model, tokenizer, asked)[places]  # every prompt only once
    return (vectors * classic.encode(model, tokenizer, answers, max_length=96)).sum(-1).numpy()


def overlaps(references: Sequence[str], answers: Sequence[str], kind: str = "rougeL") -> np.ndarray:
    """How much of the reference's wording an answer has, (N,), from 0 to 1: "bleu" (sentence BLEU / 100) or a ROUGE."""
    if len(references) != len(answers) or not answers:
        raise ValueError(f"Expected one reference per answer, got {len(references)} and {len(answers)}.")
    pairs = list(zip(references, answers, strict=True))
    if kind == "bleu":
        return np.array([sentence_bleu(answer, reference).score / 100 for reference, answer in pairs])
    return np.array([rouge(reference, answer, (kind,))[kind].fmeasure for reference, answer in pairs])


class TrainedJudge:
    """Ridge regression from the vectors of prompt and answer to people's mean ratings.

    features(prompts, answers): (N, D) numbers. ridge: how strongly the weights are held to 0; 1 was not tuned.
    """

    def __init__(self, features: Callable[[Sequence[str], Sequence[str]], np.ndarray], ridge: float = 1.0) -> None:
        self.features, self.ridge = features, ridge

    def fit(self, prompts: Sequence[str], answers: Sequence[str], ratings: np.ndarray) -> TrainedJudge:
        """Learn from rated answers. Raises ValueError for a rating that is missing."""
        known, ratings = self.features(prompts, answers), np.asarray(ratings, dtype=float)
        if known.shape[0] != len(ratings) or np.isnan(ratings).any():
            raise ValueError(f"Expected one rating per answer and no NaN, got {len(ratings)} for {len(known)} answers.")
        if not np.isfinite(known).all():
            row = np.flatnonzero(~np.isfinite(known).all(1))[0]
            raise ValueError(f"The features of answer {row} hold a NaN or infinity: look at the encoder's weights.")
        self.mean, self.level = known.mean(0), ratings.mean()
        known = known - self.mean
        # (XXᵀ + ridge I)⁻¹: N × N, which is smaller than D × D here
        inner = known @ known.T + self.ridge * np.eye(len(known))
        self.weights = known.T @ np.linalg.solve(inner, ratings - self.level)
        return self

    def __call__(self, prompts: Sequence[str], answers: Sequence[str]) -> np.ndarray:
        """The ratings that people would give, as far as it knows, (N,)."""
        return (self.features(prompts, answers) - self.mean) @ self.weights + self.level


def cross_judged(
    features: Callable[[Sequence[str], Sequence[str]], np.ndarray],
    prompts: Sequence[str],
    answers: Sequence[str],
    ratings: np.ndarray,
    folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Each answer's score by a TrainedJudge that has seen no answer to its prompt, (N,).

    Raises ValueError for fewer prompts than folds, or fewer than two folds.
    """
    names, number = np.unique(np.asarray(prompts), return_inverse=True)
    if not 2 <= folds <= len(names):
        raise ValueError(f"{len(names)} prompts can be divided into 2 to {len(names)} folds, not {folds}.")
    fold = (np.random.default_rng(seed).permutation(len(names)) % folds)[number]  # (N,)
    scores = np.empty(len(answers))
    for held in range(folds):
        known, asked = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        judge = TrainedJudge(features).fit(
            [prompts[i] for i in known], [answers[i] for i in known], np.asarray(ratings)[known]
        )
        scores[asked] = judge([prompts[i] for i in asked], [answers[i] for i in asked])
    return scores


def pair_features(encoder: nn.Module, tokenizer: Any) -> Callable[[Sequence[str], Sequence[str]], np.ndarray]:
    """Features for a TrainedJudge: the answer's vector a, and its product with the prompt's, a · p by component.

    The product lets a linear judge see whether the answer is about the prompt; it is scaled to a's size. Vectors are
    remembered, so that each text is encoded once.
    """
    model, known = classic.Classifier(encoder, 2), {}

    def vectors(texts: Sequence[str]) -> np.ndarray:
        if new := sorted(set(texts) - known.keys()):
            known.update(zip(new, classic.encode(model, tokenizer, new, max_length=96).numpy(), strict=True))
        return np.stack([known[text] for text in texts])

    def features(prompts: Sequence[str], answers: Sequence[str]) -> np.ndarray:
        a, p = vectors(answers), vectors(prompts)
        return np.concatenate([a, a * p * a.shape[1] ** 0.5], axis=1)

    return features
