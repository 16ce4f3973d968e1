"""Checkers of the families with a right answer: label, detail, list, plan, correction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbook.datasets.instructions.words import mentioned, mentions, normal, singular, stems, words

# What may stand around a label.
FRAME = {"a", "an", "the", "it", "is", "it's", "this", "she", "he", "feels", "person", "word"}
LONGEST = {"extract": 5, "answer": 15}
STEP = re.compile(r"\s*(\d+)\s*[.):]\s*(.*)")
KNOWN_SHARE = 0.35  # of a plan's words that must have to do with the activity


def label(facts: dict, response: str) -> Iterator[str]:
    """Exactly the right one of the labels, alone or as in "It is an animal."."""
    found = [name for name in facts["labels"] if name in words(response)]
    if not found:
        yield f"none of the labels {', '.join(facts['labels'])} was given"
    elif len(found) > 1:
        yield f"{len(found)} labels were given, one was asked for"
    elif found[0] != facts["label"]:
        yield f"the right label is {facts['label']}, not {found[0]}"
    elif set(words(response)) - FRAME - {found[0]}:
        yield "the answer says more than the label"


def value(facts: dict, response: str) -> Iterator[str]:
    """The detail of the passage that was asked for, and in few words; no other detail of its kind."""
    if not mentions(response, facts["value"]):
        yield f"the right answer is {facts['value']}"
    others = [other for other in mentioned(response, facts["others"]) if not mentions(facts["value"], other)]
    if others:
        yield f"the answer names {others[0]}, which was not asked for"
    longest = LONGEST["extract" if "wanted" in facts else "answer"]
    if len(words(response)) > longest:
        yield f"the answer has {len(words(response))} words; {longest} are enough"


def items(response: str) -> list[str]:
    """The items of a list: one per line, or with commas and "and" between them; without bullets, numbers, articles."""
    parts = re.split(r"\n|,|;|\band\b(?! white\b)", response.strip().rstrip("."))
    bare = [normal(re.sub(r"^\s*(?:[-*•]|\d+[.)])\s*", "", part)) for part in parts]
    return [re.sub(r"^(?:a|an|the) ", "", part) for part in bare if part]


def listing(facts: dict, response: str) -> Iterator[str]:
    """As many different items as asked for, all of the category, and nothing else."""
    named = items(response)
    members = {_item(member) for member in facts["members"]}
    wrong = [item for item in named if _item(item) not in members]
    if wrong:
        yield f"{wrong[0]!r} is not one of the {facts['category']}"
    if len({_item(item) for item in named}) < len(named):
        yield "an item comes twice"
    if len(named) != facts["count"]:
        yield f"{facts['count']} items were asked for, {len(named)} found"


def _item(name: str) -> str:
    """An item in the form in which two are compared: the last word in the singular."""
    *rest, last = normal(name).split()
    return " ".join([*rest, singular(last)])


def plan(facts: dict, response: str) -> Iterator[str]:
    """As many steps as asked for, numbered from 1, all different, and about the activity."""
    lines = [line for line in re.sub(r"\s+(?=\d+[.)]\s)", "\n", response.strip()).splitlines() if words(line)]
    if lines and lines[0].rstrip().endswith(":"):  # "This is the plan:"
        del lines[0]
    steps = [found for line in lines if (found := STEP.fullmatch(line))]
    if len(steps) != facts["count"]:
        yield f"{facts['count']} steps were asked for, {len(steps)} found"
    if len(lines) > len(steps):
        yield "there is a line that is no numbered step"
    if [int(step[1]) for step in steps] != list(range(1, len(steps) + 1)):
        yield "the steps are not numbered 1, 2, 3 ... in order"
    if len({normal(step[2]) for step in steps}) < len(steps):
        yield "two steps are the same"
    if any(len(words(step[2])) < 2 for step in steps):
        yield "a step has fewer than two words"
    known, said = stems(" ".join(facts["known"])), stems(" ".join(step[2] for step in steps))
    if len(said & known) < max(2, KNOWN_SHARE * len(said)):
        yield f"the steps have little to do with {facts['activity']!r}"


def correction(facts: dict, response: str) -> Iterator[str]:
    """A right sentence, whatever its capitals and punctuation."""
    if normal(response) == normal(facts["wrong"]):
        yield "the sentence still has its mistake"
    elif normal(response) not in map(normal, facts["right"]):
        yield f"the right sentence is {facts['right'][0]!r}"
