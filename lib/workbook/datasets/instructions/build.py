"""Putting the splits together: so many examples per family, no two alike, nothing leaking from training."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import cycle
from random import Random

from workbook.datasets.instructions import knowing, reading, rewriting, telling
from workbook.datasets.instructions.checkers import check
from workbook.datasets.instructions.draft import Draft
from workbook.datasets.instructions.example import SPLITS, Example
from workbook.datasets.instructions.phrasings import HELD_OUT, SEEN
from workbook.datasets.instructions.pool import Pool, everything_held_out, pools
from workbook.datasets.instructions.words import mentioned, normal, words
from workbook.datasets.tiny_world.grammar import capital, polish
from workbook.datasets.tiny_world.lexicon import load_lexicon

MAKERS: dict[str, Callable[[Pool, Random], Draft]] = {
    "story": telling.story, "plan": knowing.plan, "summary": telling.summary, "list": knowing.listing,
    "polite": rewriting.politeness, "extract": reading.extraction, "answer": reading.answer,
    "classify": knowing.classification, "mood": reading.mood, "continue": telling.continuation,
    "correct": rewriting.correction, "compare": knowing.comparison, "describe": knowing.description,
    "letter": telling.letter,
}  # fmt: skip
UNSEEN_FAMILY = "letter"
TRAINED_FAMILIES = tuple(family for family in MAKERS if family != UNSEEN_FAMILY)
# Examples per family. Those of the last split are all of the one family that no other split has.
SIZES = {"train": 400, "validation": 12, "unseen_phrasings": 12, "unseen_entities": 12, "unseen_family": 72}
MOST_WORDS = 100  # of instruction, input and output together; the template around them has some 30 more
TRIES = 300  # for one example; more mean that its family has run out of different ones


def build(seed: int = 0) -> dict[str, list[Example]]:
    """Every split's examples, in an order that the seed decides."""
    seen, held_out = pools(load_lexicon())
    forbidden = everything_held_out(held_out)
    taken: set[str] = set()
    splits: dict[str, list[Example]] = {}
    for split in SPLITS:
        pool = held_out if split == "unseen_entities" else seen
        trained = {entity for example in splits.get("train", ()) for entity in example.entities}
        splits[split] = []
        for family in (UNSEEN_FAMILY,) if split == "unseen_family" else TRAINED_FAMILIES:
            rng = Random(f"{seed} {split} {family}")  # one for every family: a change to one leaves the others alone
            drawn = drafts(family, split, pool, rng)
            for _ in range(SIZES[split]):
                splits[split].append(next_fitting(drawn, taken, forbidden, trained))
        Random(f"{seed} {split}").shuffle(splits[split])
    return splits


def drafts(family: str, split: str, pool: Pool, rng: Random) -> Iterator[Example]:
    """Examples of a family without end, its phrasings in turn."""
    phrasings = list((HELD_OUT if split in ("unseen_phrasings", "unseen_family") else SEEN)[family])
    rng.shuffle(phrasings)
    for phrasing in cycle(phrasings):
        draft = MAKERS[family](pool, rng)
        instruction = capital(polish(phrasing.format(**draft.slots)))
        yield Example(instruction, draft.input, draft.output, family, phrasing, draft.entities, split, draft.facts)


def next_fitting(drawn: Iterator[Example], taken: set[str], forbidden: list[str], trained: set[str]) -> Example:
    """The next example that is new, short enough, right by its own checker, and keeps to its split's rule."""
    for _ in range(TRIES):
        example = next(drawn)
        asked = normal(f"{example.instruction} {example.input}")
        if asked not in taken and fits(example, forbidden, trained):
            taken.add(asked)
            return example
    raise RuntimeError(f"{TRIES} drafts of the family {example.family} gave no new example for {example.split}")


def fits(example: Example, forbidden: list[str], trained: set[str]) -> bool:
    """Only unseen_entities mentions what is held out, and held-out phrasings are tried on entities of training."""
    text = f"{example.instruction} {example.input} {example.output}"
    if len(words(text)) > MOST_WORDS or not check(example, example.output).followed:
        return False
    if example.split == "unseen_entities":
        return True
    if example.split in ("validation", "unseen_phrasings") and not set(example.entities) <= trained:
        return False
    return not mentioned(text, forbidden)


def as_lines(examples: list[Example]) -> str:
    """The examples as JSON Lines. The split is the file's name and not in the lines."""
    records = [{key: value for key, value in asdict(example).items() if key != "split"} for example in examples]
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
