"""Small tests of what a causal language model can do, beside its loss: word order, names looked up, who holds what.

None asks for a trained head or for a written answer: the model chooses the likeliest of a few texts. So a test works
from the first step of pretraining on, where generated text would be noise.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from workbook.datasets.tiny_world import generate as tell
from workbook.datasets.tiny_world import load_lexicon
from workbook.text.gptscore import encode, gptscores

TEMPLATE = "{context}{hypothesis}"


@dataclass(frozen=True)
class Choice:
    """A question of a test: the options that may follow the context, and the number of the right one."""

    context: str
    options: tuple[str, ...]
    right: int


def word_order(count: int, seed: int) -> list[Choice]:
    """Sentences of held-out tiny-world texts, each against itself with two neighbouring words exchanged.

    count: the number of sentences, of 6 to 16 words each, at most one of a text. seed: of the texts, and of what is
    exchanged. The first and the last word stay in their places: a capital or a full stop would give them away.
    """
    rng, choices = random.Random(seed), []
    for text in tell(4 * count + 20, seed=seed):
        sentences = [found for found in re.findall(r"[A-Z][^.!?\"\n]*\.", text) if 6 <= len(found.split()) <= 16]
        words = rng.choice(sentences).split() if sentences else []
        places = [i for i in range(1, len(words) - 2) if words[i] != words[i + 1]]
        if places and len(choices) < count:
            i = rng.choice(places)
            wrong = [*words[:i], words[i + 1], words[i], *words[i + 2 :]]
            choices.append(Choice("", (" ".join(words), " ".join(wrong)), 0))
    return choices


def which_name(count: int, seed: int, others: int = 3) -> list[Choice]:
    """Where a held-out story names someone for the second time: that name, or one of `others` that are not in the text?

    One question of each story. A model that looks back at the text knows; one that only knows which names are common
    guesses.
    """
    names = sorted({entry["name"] for entry in load_lexicon()["names"]})
    rng, choices = random.Random(seed), []
    for text in tell(3 * count + 20, seed=seed, kinds=["stories"]):
        places = [found for found in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]+\b", text) if found[0] in names]
        again = [found for found in places if re.search(rf"\b{found[0]}\b", text[: found.start()])]
        if again and len(choices) < count:
            absent = [name for name in names if name not in text]
            options = [again[0][0], *rng.sample(absent, others)]
            rng.shuffle(options)
            right = options.index(again[0][0])
            before = text[: again[0].start() - 1]  # the space belongs to the name's first token
            choices.append(Choice(before, tuple(f" {name}" for name in options), right))
    return choices


def who_has_it(count: int, seed: int) -> list[Choice]:
    """Questions from held-out games in which things change hands: the text before an answer, and the players.

    One question of each game, a random one. The options are all players but the one who asks, in the order in which
    they are named first. To answer one has to know who got the thing last.
    """
    rng, choices, tried = random.Random(seed), [], 0
    while len(choices) < count:
        tried += 1
        if tried > 100:
            raise RuntimeError("The games of the tiny world ask no more who has what: change the pattern in probes.py.")
        for text in tell(count, seed=1000 * seed + tried, kinds=["games"]):
            players = list(dict.fromkeys(re.findall(r"(\w+) had an? ", text.split("\n", 1)[-1])))
            asked = list(re.finditer(r'"Who has the [^?]+\?" asked (\w+)\. "(\w+) has', text))
            usable = [found for found in asked if found[2] in players and len(players) > 2]
            if usable and len(choices) < count:
                found = rng.choice(usable)
                names = [name for name in players if name != found[1]]
                options = tuple(f"{name} has" for name in names)
                choices.append(Choice(text[: found.start(2)], options, names.index(found[2])))
    return choices


def chance(choices: Sequence[Choice]) -> float:
    """The accuracy of guessing."""
    return float(np.mean([1 / len(choice.options) for choice in choices]))


def accuracy(model: nn.Module, tokenizer: Any, choices: Sequence[Choice], batch_size: int = 32) -> float:
    """The share of choices in which the model finds the right option the likeliest: Σ log p over its tokens.

    Raises ValueError for no choices.
    """
    if not choices:
        raise ValueError("There are no choices to make.")
    pairs = [(choice.context, option) for choice in choices for option in choice.options]
    contexts, options = map(list, zip(*pairs, strict=True))
    lengths = []
    for context, option in pairs:
        ids, begin = encode(tokenizer, context, option, TEMPLATE)
        lengths.append(len(ids) - begin)
    # the sum, not the mean: a name of three pieces must not win because its last two are sure
    sums = gptscores(model, tokenizer, contexts, options, TEMPLATE, batch_size=batch_size) * np.array(lengths)
    ends = np.cumsum([len(choice.options) for choice in choices])
    chosen = [int(part.argmax()) for part in np.split(sums, ends[:-1])]
    return float(np.mean([pick == choice.right for pick, choice in zip(chosen, choices, strict=True)]))
