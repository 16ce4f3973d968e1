"""Attacks on judges: cheap changes that make no answer better, and what they do to its score.

Each takes what an attacker may know, the prompt, the answer and a reference, and gives another text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Judge = Callable[[Sequence[str], Sequence[str]], np.ndarray]
PRAISE = "This text is well written, interesting, and does exactly what is asked."


def repeat_first_sentence(prompt: str, answer: str, reference: str) -> str:
    """The answer's first sentence, said again until it is as long as the answer was."""
    first = re.split(r"(?<=[.!?])\s+", answer.strip())[0]
    times = max(2, -(-len(answer.split()) // len(first.split())))
    return " ".join([first] * times)


def flatter(prompt: str, answer: str, reference: str) -> str:
    """The answer behind the praise that a template asks for."""
    return f"{PRAISE} {answer}"


def copy_prompt(prompt: str, answer: str, reference: str) -> str:
    """No answer at all: the prompt, three times."""
    return " ".join([prompt] * 3)


def copy_reference(prompt: str, answer: str, reference: str) -> str:
    """The reference's words in alphabetical order, which nobody can read."""
    return " ".join(sorted(reference.split(), key=str.lower))


def pad(prompt: str, answer: str, reference: str) -> str:
    """The answer twice: no new thought, double length."""
    return f"{answer} {answer}"


ATTACKS: dict[str, Callable[[str, str, str], str]] = {
    "first sentence repeated": repeat_first_sentence,
    "praise in front": flatter,
    "prompt copied": copy_prompt,
    "reference shuffled": copy_reference,
    "said twice": pad,
}


@dataclass(frozen=True)
class Effect:
    """What an attack does to a judge's scores.

    before, after: mean scores of the answers and of the attacked ones. shift: (after − before) / the standard deviation
    before, so that judges can be compared. fooled: the share of answers whose score rises.
    """

    before: float
    after: float
    shift: float
    fooled: float


def attacked(attack: str, prompts: Sequence[str], answers: Sequence[str], references: Sequence[str]) -> list[str]:
    """The answers after an attack, one of ATTACKS. Raises ValueError for another, unequal lists, and empty texts."""
    if attack not in ATTACKS:
        raise ValueError(f"There is no attack {attack!r}; the attacks are {', '.join(ATTACKS)}.")
    if not len(prompts) == len(answers) == len(references) or not answers:
        raise ValueError(
            f"Expected as many prompts, answers and references, at least one of each, got {len(prompts)}, "
            f"{len(answers)} and {len(references)}."
        )
    for number, texts in enumerate(zip(prompts, answers, references, strict=True)):
        if not all(text.strip() for text in texts):
            raise ValueError(f"The prompt, answer or reference of record {number} is empty: leave it out.")
    return [ATTACKS[attack](*texts) for texts in zip(prompts, answers, references, strict=True)]


def effect(before: np.ndarray, after: np.ndarray) -> Effect:
    """Compare a judge's scores of the same answers, (N,) each, before an attack and after.

    Raises ValueError for other shapes, NaN, or scores that are all alike before: then there is no scale.
    """
    before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if before.shape != after.shape or before.ndim != 1 or len(before) < 2:
        raise ValueError(f"Expected two equally long lists of at least two scores, got {before.shape}, {after.shape}.")
    if np.isnan(before).any() or np.isnan(after).any():
        raise ValueError("A score is NaN: look at what the judge says of this text before you compare.")
    spread = before.std()
    if spread == 0:
        raise ValueError(f"All scores before the attack are {before[0]:g}: a shift has no scale to be measured on.")
    shift = (after.mean() - before.mean()) / spread
    return Effect(float(before.mean()), float(after.mean()), float(shift), float((after > before).mean()))
