"""Simulated people who rank, rate and choose answers, with as much noise as real ones have.

Whoever reads an answer finds it worth u + noise · g, with u the hidden preference and g from Gumbel's distribution. The
difference of two such is logistic, so that one person prefers a to b with the probability σ((u_a − u_b) / noise):
exactly the model of Bradley and Terry (1952), whether two answers are compared or four ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from workbook.datasets.requests import Request
from workbook.humans.preference import hidden_preference

NOISE = 1.0  # of a careful person: two of them agree on 72.9 % of the pairs that tiny-chat says (see data/requests)
MIDDLE = 3.0  # of the scale of ratings: what somebody finds worth 0 is rated so
TIE = 0.15  # answers that seem closer than this are tied
INSTRUCT_GPT = 0.726  # agreement of its labellers with each other on a pair: Ouyang et al. 2022, section 3.4


@dataclass(frozen=True)
class Ranked:
    """A request with K answers and what one person said of them: ranks from 1, and ratings from 1 to 7."""

    request: Request
    answers: tuple[str, ...]
    ranks: tuple[int, ...]
    ratings: tuple[int, ...]
    annotator: str = ""


@dataclass
class Annotator:
    """A simulated person.

    noise: how much what they find differs from what they want, and from one reading to the next.
    direction: 1, or −1 for somebody who took the scale the wrong way round and ranks the best last.
    offset, drift: of ratings alone: how much higher than others somebody rates, and by how much that grows with each
    hundred ratings. A ranking knows neither.
    """

    name: str
    noise: float = NOISE
    direction: int = 1
    offset: float = 0.0
    drift: float = 0.0
    seed: int = 0
    rated: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.noise > 0 or self.direction not in (1, -1):
            raise ValueError(f"{self.name}: the noise must be above 0 and the direction 1 or −1.")
        self._rng = np.random.default_rng([self.seed, *self.name.encode()])

    def find(self, request: Request, answers: Sequence[str]) -> np.ndarray:
        """What this person finds the answers worth at this reading, (K,). Raises ValueError for none."""
        if not len(answers):
            raise ValueError(f"{self.name} was given no answer to {request.text!r}.")
        worth = np.array([hidden_preference(request, answer) for answer in answers])
        return self.direction * worth + self.noise * self._rng.gumbel(size=len(answers))

    def rank(self, request: Request, answers: Sequence[str]) -> list[int]:
        """The rank of every answer, 1 the best; tied ones share a rank, and equal texts are always tied."""
        return ranks_of(self.find(request, answers), answers)

    def rate(self, request: Request, answer: str) -> int:
        """A rating from 1 to 7."""
        return self.ratings_of(self.find(request, [answer]))[0]

    def prefers(self, request: Request, a: str, b: str) -> bool:
        """Whether a is preferred to b at this reading."""
        found = self.find(request, [a, b])
        return bool(found[0] > found[1])

    def label(self, request: Request, answers: Sequence[str]) -> tuple[list[int], list[int]]:
        """The ranks and the ratings that follow from one and the same reading."""
        found = self.find(request, answers)
        return ranks_of(found, answers), self.ratings_of(found)

    def ratings_of(self, found: np.ndarray) -> list[int]:
        """What was found, on the scale from 1 to 7: rounded, cut off at both ends, moved by offset and drift."""
        ratings = []
        for value in found:
            moved = MIDDLE + 0.8 * value + self.offset + self.drift * self.rated / 100
            ratings.append(int(np.clip(np.rint(moved), 1, 7)))
            self.rated += 1
        return ratings


def ranks_of(found: np.ndarray, answers: Sequence[str], tie: float = TIE) -> list[int]:
    """Ranks from 1, the best first; (K,). Answers closer than `tie` to the one before, or equal texts, share a rank."""
    best = {text: max(value for value, other in zip(found, answers, strict=True) if other == text) for text in answers}
    ranks, rank, before = {}, 0, None
    for text, value in sorted(best.items(), key=lambda item: -item[1]):
        if before is None or before - value > tie:
            rank = len(ranks) + 1
        ranks[text], before = rank, value
    return [ranks[text] for text in answers]


def crowd(seed: int = 0) -> list[Annotator]:
    """Five people: three careful ones, a careless one, and one who ranks the wrong way round."""
    return [
        Annotator("Ada", offset=0.4, drift=0.05, seed=seed),
        Annotator("Ben", offset=-0.6, drift=-0.03, seed=seed),
        Annotator("Cleo", offset=0.1, drift=0.1, seed=seed),
        Annotator("Dan", noise=3 * NOISE, offset=0.8, seed=seed),  # careless
        Annotator("Eve", direction=-1, seed=seed),  # reversed
    ]


def annotate(
    requests: Sequence[Request], answers: Sequence[Sequence[str]], people: Sequence[Annotator], seed: int = 0
) -> list[Ranked]:
    """Every request's answers ranked and rated by one of the people, drawn by seed, at one reading."""
    whose = np.random.default_rng(seed).integers(len(people), size=len(requests))
    found = []
    for request, texts, number in zip(requests, answers, whose, strict=True):
        ranks, ratings = people[number].label(request, texts)
        found.append(Ranked(request, tuple(texts), tuple(ranks), tuple(ratings), people[number].name))
    return found


def gaps(requests: Sequence[Request], answers: Sequence[Sequence[str]]) -> np.ndarray:
    """By how much the hidden preference tells two answers apart, for all pairs of different texts: (P,), 0 or more."""
    found = []
    for request, texts in zip(requests, answers, strict=True):
        worth = {text: hidden_preference(request, text) for text in texts}
        found += [abs(worth[a] - worth[b]) for a, b in combinations(texts, 2) if a != b]
    return np.array(found)


def agreement(apart: np.ndarray, noise: float = NOISE) -> float:
    """How often two people of this noise choose the same of two answers: the mean of p² + (1 − p)². apart: `gaps`."""
    chance = 1 / (1 + np.exp(-apart / noise))
    return float((chance**2 + (1 - chance) ** 2).mean())


def ceiling(apart: np.ndarray, noise: float = NOISE) -> float:
    """How often the hidden preference itself names one such person's choice: no reward model can do better on average.

    apart: `gaps`.
    """
    return float((1 / (1 + np.exp(-apart / noise))).mean())


def choosing_with(
    requests: Sequence[Request], answers: Sequence[Sequence[str]], scores: np.ndarray, noise: float = NOISE
) -> float:
    """How often a person of this noise is to choose the answer with the higher score, over pairs of different texts.

    scores: (N, K), finite. It is computed from the hidden preference, not drawn, and so has no noise of its own; the
    hidden preference's own scores give `ceiling`.
    """
    found = []
    for request, texts, row in zip(requests, answers, scores, strict=True):
        worth = [hidden_preference(request, text) for text in texts]
        for a, b in combinations(range(len(texts)), 2):
            if texts[a] != texts[b]:
                lead = (worth[a] - worth[b]) * np.sign(row[a] - row[b])
                found.append(1 / (1 + np.exp(-lead / noise)))
    return float(np.mean(found))
