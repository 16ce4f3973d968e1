"""The study behind lesson 18: how many comparisons a reward model needs, and which question to put to people.

    python -m workbook.trainers.reward_study             all parts (4 minutes of one core)
    python -m workbook.trainers.reward_study curve       one part

Part "curve": reward models on 50 to 2,000 comparisons, labelled by three careful people and a careless one, and by a
perfect one who has no noise. Part "objectives": the same readings of the same answers, as rankings, as ratings, as
good or bad, and the order of the ratings as a ranking. All are judged on requests that were held out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from workbook import studies, zoo
from workbook.datasets.requests import Request, load_requests
from workbook.humans.annotators import Annotator, Ranked, annotate, ceiling, choosing_with, gaps, ranks_of
from workbook.trainers.reward import OBJECTIVES, mean_tau, pair_accuracy, pairs_of, score_answers
from workbook.zoo.tiny_chat import for_training, reward_model, sample_answers, true_ranks, trusted

NAME = "18_preferences_and_reward"
SEEDS = [0, 1, 2]
RANKINGS = [10, 25, 50, 100, 200, 400]  # of four answers each: up to six comparisons
STEPS = 40  # at least
PERFECT = "perfect"


@dataclass(frozen=True)
class Held:
    """Requests that no reward model has learnt from, with four answers each and the true order."""

    requests: tuple[Request, ...]
    answers: list[list[str]]
    ranks: list[list[int]]


@cache
def material() -> tuple[Any, Any, dict[str, Held]]:
    """tiny-chat, its tokenizer, and what is held out: {"validation": ..., "test": ...}."""
    chat, tokenizer = zoo.load("chat", "small")
    held = {}
    for name, requests in (("validation", for_training()[1]), ("test", load_requests("test"))):
        answers = sample_answers(chat, tokenizer, requests, seed=200, label=None)
        held[name] = Held(tuple(requests), answers, true_ranks(requests, answers))
    return chat, tokenizer, held


@cache
def answers(seed: int) -> list[list[str]]:
    """Four sampled answers to each request of the comparisons."""
    chat, tokenizer, _ = material()
    return sample_answers(chat, tokenizer, for_training()[0], seed=300 + seed, label=None)


def labels(people: str, seed: int, number: int) -> list[Ranked]:
    """So many rankings by the "trusted" people or by the "perfect" one."""
    requests, texts = for_training()[0], answers(seed)
    order = np.random.default_rng(seed).permutation(len(requests))[:number]
    chosen, said = [requests[i] for i in order], [texts[i] for i in order]
    labellers = [replace(one, seed=seed) for one in trusted()]
    if people == PERFECT:
        labellers = [Annotator(PERFECT, noise=1e-6)]
    return annotate(chosen, said, labellers, seed)


def measure(model: Any, held: Held) -> dict[str, float]:
    """Pair accuracy by the hidden preference and by a careful person, and the mean of Kendall's τ over the requests."""
    _, tokenizer, _ = material()
    scores = score_answers(model, tokenizer, held.requests, held.answers)
    return {
        "accuracy": pair_accuracy(scores, held.ranks),
        "person": choosing_with(held.requests, held.answers, scores.numpy()),
        "tau": mean_tau(scores.numpy(), held.ranks),
    }


def trained(rankings: Sequence[Ranked], seed: int, objective: str = "pairwise") -> Any:
    """A reward model after two epochs, or STEPS steps where these are fewer."""
    chat, tokenizer, _ = material()
    epochs = max(2, round(STEPS * 16 / len(rankings)) if len(rankings) > 16 else STEPS)
    return reward_model(
        chat, tokenizer, rankings, objective=OBJECTIVES[objective], epochs=epochs, seed=seed, progress=None
    )[0]


def curve_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Accuracy on held-out requests by the number of comparisons, and the ceiling that people's noise sets."""
    _, _, held = material()
    for name, one in held.items():
        note(what="ceiling", split=name, careful=ceiling(gaps(one.requests, one.answers)))
    for people in ("trusted", PERFECT):
        for seed in SEEDS:
            for number in RANKINGS:
                rankings = labels(people, seed, number)
                model = trained(rankings, seed)
                judged = {name: measure(model, one) for name, one in held.items()}
                note(
                    what="curve", people=people, seed=seed, rankings=number,
                    comparisons=sum(len(pairs_of(one.ranks)) for one in rankings), **judged["test"],
                    validation=judged["validation"]["accuracy"],
                )  # fmt: skip


def objective_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The three questions, and rankings made of ratings, on the same readings."""
    _, _, held = material()
    for seed in SEEDS:
        rankings = labels("trusted", seed, RANKINGS[-1])
        by_rating = [
            replace(one, ranks=tuple(ranks_of(np.array(one.ratings, dtype=float), one.answers))) for one in rankings
        ]
        plan = [(name, rankings) for name in OBJECTIVES] + [("pairwise, from ratings", by_rating)]
        for name, material_ in plan:
            model = trained(material_, seed, name.split(",")[0])
            judged = {split: measure(model, one) for split, one in held.items()}
            note(objective=name, seed=seed, **judged["test"], validation=judged["validation"]["accuracy"])


PARTS = {"curve": curve_rows, "objectives": objective_rows}


if __name__ == "__main__":
    studies.run_parts(NAME, "python -m workbook.trainers.reward_study", SEEDS, PARTS)
