"""A discriminator tells a person's texts from generated ones. First ask what else would tell them apart.

Whoever trains a judge on texts *as they came* trains it on all differences at once: how long they are, whether the last
sentence ends, how many typos there are, what they are about. `matched` removes some of these, `planted` puts one in on
purpose, and `probe` is a judge that can see nothing but one number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import nn

from workbook.datasets.authors import Text, shortened, with_typos
from workbook.text.generation import generate

HUMAN, GENERATED = 0, 1


def opening(text: str, words: int) -> str:
    """The first words of a text, for a model to continue. Raises ValueError where no word would be left to write."""
    parts = text.split()
    if not 0 < words < len(parts):
        raise ValueError(f"An opening needs 1 to {len(parts) - 1} of the text's {len(parts)} words, not {words}.")
    return " ".join(parts[:words])


def continued(
    model: nn.Module, tokenizer: Any, texts: Sequence[Text], source: str, *, words: int = 8, **options: Any
) -> list[Text]:
    """What a model makes of the openings of texts: one Text per text, on the same topic, with `source` as its author.

    words: how many of a person's words each begins with. options: as `generate` takes them. All white space becomes one
    space, or line breaks alone would give a model away that was trained on stories with lines.
    """
    prompts = [opening(text.text, words) for text in texts]
    written = generate(model, tokenizer, prompts, label=source, **options)
    return [
        Text(f"{text.id}_{source}", source, text.topic, " ".join((prompt + more).split()))
        for text, prompt, more in zip(texts, prompts, written, strict=True)
    ]


def matched(human: Sequence[str], generated: Sequence[str]) -> tuple[list[str], list[str]]:
    """Pairs of texts cut to the shorter one's number of words, each closed by a full stop.

    Afterwards neither the number of words nor the end can tell the two sides apart. Raises ValueError for lists of
    different lengths, for none, and for an empty text.
    """
    if len(human) != len(generated) or not human:
        raise ValueError(f"Expected as many human as generated texts, at least 1, got {len(human)}, {len(generated)}.")
    sides: tuple[list[str], list[str]] = ([], [])
    for number, pair in enumerate(zip(human, generated, strict=True)):
        least = min(len(text.split()) for text in pair)
        if not least:
            raise ValueError(f"A text of pair {number} is empty: leave the pair out.")
        for side, text in zip(sides, pair, strict=True):
            # one word more may be cut than there is, so that texts of exactly this length are closed in the same way
            side.append(" ".join(text.split()[:least]).rstrip(".,;:!?\"' ") + ".")
    return sides


MARKS: dict[str, Callable[[list[str], int], list[str]]] = {
    "typos": lambda texts, seed: with_typos(texts, rate=0.2, seed=seed),
    "length": lambda texts, seed: shortened(texts, words=25),
}


def planted(texts: Sequence[str], labels: Sequence[int], mark: str, side: int, seed: int = 0) -> list[str]:
    """The texts, with a shortcut put in: those with the label `side` get the mark, one of MARKS; the others stay.

    Train with the mark on one side and test with it on the other: a judge that took the shortcut is then wrong.
    """
    if mark not in MARKS:
        raise ValueError(f"There is no mark {mark!r}; the marks are {', '.join(MARKS)}.")
    if len(texts) != len(labels) or side not in (HUMAN, GENERATED):
        raise ValueError(
            f"Expected one label per text and a side of {HUMAN} or {GENERATED}, got {len(texts)} texts, {len(labels)} "
            f"labels and the side {side!r}."
        )
    marked = MARKS[mark](list(texts), seed)
    return [new if label == side else old for old, new, label in zip(texts, marked, labels, strict=True)]


# ------------------------------------------------------------------------------------------------ one number


SURFACE: dict[str, Callable[[str], float]] = {
    "words": lambda text: len(text.split()),
    "characters": len,
    "letters per word": lambda text: sum(map(str.isalpha, text)) / max(len(text.split()), 1),
    "last sentence open": lambda text: not text.rstrip("\"' ").endswith((".", "!", "?")),
    "quotation marks": lambda text: text.count('"'),
    "commas": lambda text: text.count(","),
}


def surface(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """What can be counted without reading: for every name in SURFACE one number per text, (N,)."""
    if isinstance(texts, str) or not len(texts):
        raise ValueError("Expected a list of texts, at least one.")
    return {name: np.array([float(count(text)) for text in texts]) for name, count in SURFACE.items()}


def probe(values: np.ndarray, labels: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """A judge that sees one number: the labels it gives to `tested`, (M,), by the one cut that is right most often.

    values: (N,), a number per training text. labels: (N,), 0 or 1. tested: (M,). A cut lies halfway between two
    neighbouring values, or below all of them; either side of it may be the 1. Of equally good rules take the lowest
    cut, and of two at the same cut the one that calls the larger values 1.
    """
    ordered = np.unique(values)
    cuts = np.concatenate([[-np.inf], (ordered[:-1] + ordered[1:]) / 2])  # (C,)
    # how often each cut is right, if what lies above it is called 1
    right = ((values[:, None] > cuts) == (labels[:, None] == 1)).mean(0)  # (C,)
    best = np.maximum(right, 1 - right).argmax()
    above = tested > cuts[best]
    return (above if right[best] >= 0.5 else ~above).astype(int)


Sides = tuple[np.ndarray, np.ndarray]  # a number of each of a person's texts, and of each generated one
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # as `probe`


def right_alone(rule: Rule, taught: Sides, asked: Sides) -> float:
    """How often a rule on one number, learnt from `taught`, is right about `asked`; both sides weigh the same.

    Raises ValueError where a side is empty, or for a NaN.
    """
    if any(not len(side) or np.isnan(side).any() for side in (*taught, *asked)):
        raise ValueError("Each side needs at least one number, taught and asked, and no NaN.")
    labels = np.repeat([HUMAN, GENERATED], [len(side) for side in taught])
    given = rule(np.concatenate(taught), labels, np.concatenate(asked))
    return float((np.mean(given[: len(asked[0])] == HUMAN) + np.mean(given[len(asked[0]) :] == GENERATED)) / 2)
