"""Did a response do what the instruction asked? One programmatic checker per family, and rules that hold for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workbook.datasets.instructions import check_answers, check_texts
from workbook.datasets.instructions.example import Example
from workbook.datasets.instructions.words import normal, sentences, words

# A checker yields its complaints, the most important first; a response without one has followed the instruction.
Checker = Callable[[dict, str], Iterator[str]]
CHECKERS: dict[str, Checker] = {
    "story": check_texts.story, "plan": check_answers.plan, "summary": check_texts.summary,
    "list": check_answers.listing,
    "polite": check_texts.polite, "extract": check_answers.value, "answer": check_answers.value,
    "classify": check_answers.label, "mood": check_answers.label, "continue": check_texts.continuation,
    "correct": check_answers.correction, "compare": check_texts.comparison, "describe": check_texts.description,
    "letter": check_texts.letter,
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """Whether the instruction was followed, and if not, what is wrong: "3 steps were asked for, 5 found"."""

    followed: bool
    reason: str


def check(example: Example, response: str) -> Verdict:
    """The verdict on a response to an example's instruction. Raises KeyError where the example lacks a needed fact."""
    for complaint in _complaints(example, response):
        return Verdict(False, complaint)
    return Verdict(True, "the instruction was followed")


def _complaints(example: Example, response: str) -> Iterator[str]:
    yield from degenerate(example, response)
    yield from CHECKERS[example.family](example.facts, response)


def degenerate(example: Example, response: str) -> Iterator[str]:
    """What is wrong with a response to any instruction: no words, the prompt again, a loop."""
    if not words(response):
        yield "the response is empty"
    said, asked, given = normal(response), normal(example.instruction), normal(example.input)
    if len(asked.split()) > 2 and f" {asked} " in f" {said} ":
        yield "the response repeats the instruction"
    copied = len(given.split()) > 3 and f" {given} " in f" {said} "
    if copied and example.family != "correct":  # there the family's checker has a better word for it
        yield "the response repeats the input"
    told = Counter(normal(sentence) for sentence in sentences(response))
    repeated = [sentence for sentence, times in told.items() if times > 1 and len(sentence.split()) > 1]
    if repeated:
        yield f"the same sentence comes twice: {repeated[0]!r}"
    spoken = said.split()
    if any(spoken[at] == spoken[at + 1] == spoken[at + 2] for at in range(len(spoken) - 2)):
        yield "the same word comes three times in a row"
    triples = Counter(zip(spoken, spoken[1:], spoken[2:], strict=False))
    if triples and max(triples.values()) > 3:
        yield "the same three words come more than three times"
