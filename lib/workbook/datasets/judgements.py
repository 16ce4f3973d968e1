"""Answers of graded quality to writing prompts, with ratings and rankings by three annotators (data/judgements)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbook import files
from workbook.datasets.jsonl import once, read_jsonl

KINDS = ("good", "off_topic", "clumsy", "repetitive", "contradictory")
ASPECTS = ("relevance", "fluency", "interest")
ANNOTATORS = ("ada", "bruno", "clara")
LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True)
class Answer:
    """One of the four answers to a prompt.

    prompt: its id; instruction: what it says. kind: what the writer meant the answer to be, which no judge may see.
    """

    id: str
    prompt: str
    instruction: str
    kind: str
    text: str

    def __post_init__(self) -> None:
        for field in ("id", "prompt", "instruction", "text"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"answer {self.id!r} has no {field}")
        if self.kind not in KINDS:
            raise ValueError(f"answer {self.id} has the unknown kind {self.kind!r}")


@dataclass(frozen=True)
class Rating:
    """What an annotator gave one answer, from 1 to 5 on each aspect; None where they did not say."""

    answer: str
    annotator: str
    relevance: int | None
    fluency: int | None
    interest: int | None

    def __post_init__(self) -> None:
        _known(self.annotator)
        for aspect in ASPECTS:
            value = getattr(self, aspect)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and LOWEST <= value <= HIGHEST):
                raise ValueError(
                    f"the {aspect} of {self.answer} by {self.annotator} is {value!r}, not a whole number from 1 to 5"
                )


@dataclass(frozen=True)
class Ranking:
    """The four answers to a prompt in the order of an annotator, the best first."""

    prompt: str
    annotator: str
    order: tuple[str, ...]

    def __post_init__(self) -> None:
        _known(self.annotator)
        if not isinstance(self.order, list | tuple) or len(set(self.order)) != 4 or len(self.order) != 4:
            raise ValueError(f"the ranking of {self.prompt} by {self.annotator} does not name four different answers")
        object.__setattr__(self, "order", tuple(self.order))


def _known(annotator: str) -> None:
    if annotator not in ANNOTATORS:
        raise ValueError(f"there is no annotator {annotator!r}")


@dataclass(frozen=True)
class Judgements:
    """Answers, in the order of the file, and what the annotators said about them."""

    answers: list[Answer]
    ratings: list[Rating]
    rankings: list[Ranking]

    def table(self, aspect: str) -> np.ndarray:
        """The ratings on one aspect, (annotators, answers), in the order of ANNOTATORS and `answers`; NaN is a gap."""
        if aspect not in ASPECTS:
            raise ValueError(f"There is no aspect {aspect!r}; the aspects are {', '.join(ASPECTS)}.")
        columns = {answer.id: column for column, answer in enumerate(self.answers)}
        table = np.full((len(ANNOTATORS), len(columns)), np.nan)
        for rating in self.ratings:
            value = getattr(rating, aspect)
            if value is not None:
                table[ANNOTATORS.index(rating.annotator), columns[rating.answer]] = value
        return table

    def mean_ratings(self, aspect: str) -> np.ndarray:
        """Each answer's mean over the annotators who rated it, (answers,)."""
        return np.nanmean(self.table(aspect), axis=0)

    def rankings_of_kinds(self, annotator: str | None = None) -> list[list[int]]:
        """Each ranking as places in KINDS, the best first: what `wins_from_rankings(..., items=len(KINDS))` expects."""
        kinds = {answer.id: KINDS.index(answer.kind) for answer in self.answers}
        return [
            [kinds[answer] for answer in ranking.order]
            for ranking in self.rankings
            if annotator in (None, ranking.annotator)
        ]

    def only(self, prompts: set[str]) -> Judgements:
        """The part about some of the prompts."""
        answers = [answer for answer in self.answers if answer.prompt in prompts]
        kept = {answer.id for answer in answers}
        ratings = [rating for rating in self.ratings if rating.answer in kept]
        return Judgements(answers, ratings, [ranking for ranking in self.rankings if ranking.prompt in prompts])


def load_judgements(folder: Path | None = None) -> Judgements:
    """All answers, ratings and rankings.

    Raises DataError for a missing or corrupt file, with the line; for an id, a rating or a ranking that is there twice;
    and for a rating or ranking of an answer that isn't there.
    """
    folder = Path(folder or files.root() / "data" / "judgements")
    answers = read_jsonl(folder / "answers.jsonl", once(lambda line: Answer(**line), lambda answer: answer.id))
    prompts: dict[str, set[str]] = {}
    for answer in answers:
        prompts.setdefault(answer.prompt, set()).add(answer.id)
    known = {answer.id for answer in answers}

    def rating(line: dict) -> Rating:
        made = Rating(**line)
        if made.answer not in known:
            raise ValueError(f"there is no answer {made.answer!r} to rate")
        return made

    def ranking(line: dict) -> Ranking:
        made = Ranking(**line)
        if set(made.order) != prompts.get(made.prompt):
            raise ValueError(f"the ranking of {made.prompt} by {made.annotator} does not name this prompt's answers")
        return made

    ratings = read_jsonl(folder / "ratings.jsonl", once(rating, lambda made: (made.answer, made.annotator)))
    rankings = read_jsonl(folder / "rankings.jsonl", once(ranking, lambda made: (made.prompt, made.annotator)))
    return Judgements(answers, ratings, rankings)


def split_by_prompt(judgements: Judgements, held_out: float = 0.5, seed: int = 0) -> tuple[Judgements, Judgements]:
    """Two parts: to choose a judge on, and the held-out share to test it on. A prompt's four answers stay together."""
    prompts = list(dict.fromkeys(answer.prompt for answer in judgements.answers))
    count = round(held_out * len(prompts)) if 0 < held_out < 1 else 0
    if not 0 < count < len(prompts):
        raise ValueError(f"Expected a share that leaves prompts on either side of {len(prompts)}, got {held_out}.")
    tested = set(np.random.default_rng(seed).permutation(prompts)[:count].tolist())
    return judgements.only(set(prompts) - tested), judgements.only(tested)
