"""Training for lesson 14: a language model that imitates an author, and the judge that is to find it out."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.trainers import classic, language
from workbook.trainers.history import History
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

EVERY = 8  # every eighth text is held out, to say when to stop


def imitate(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    *,
    steps: int,
    learning_rate: float = 5e-4,
    length: int = 96,
    batch_size: int = 8,
    seed: int = 0,
) -> tuple[nn.Module, History]:
    """A copy of a causal model, trained further on an author's texts, and how that went.

    An eighth of the texts is held out. Few texts are soon learnt by heart, so the weights that are kept are those with
    the lowest loss on the held-out ones (`held_out` in the history, nats per token). Raises ValueError for fewer than
    16 texts.
    """
    if len(texts) < 2 * EVERY:
        raise ValueError(f"{len(texts)} texts are too few to imitate an author and to see it work: {2 * EVERY} needed.")
    held = [text for place, text in enumerate(texts) if place % EVERY == 0]
    known = [text for place, text in enumerate(texts) if place % EVERY]
    rows, asked = (language.chunk(language.stream(tokenizer, part), length) for part in (known, held))
    model = copy.deepcopy(model)
    history = fit(
        model, language.row_batches(rows, batch_size), language.causal_lm_loss, steps=steps,
        learning_rate=learning_rate, seed=seed, progress="imitating",
        evaluate=lambda model: {"held_out": language.mean_loss(model, [{"input_ids": asked}])},
        evaluate_every=max(1, steps // 6), monitor="held_out", lower_is_better=True,
    )  # fmt: skip
    return model, history


def head_scores(
    encoder: nn.Module, vectors: Tensor, labels: Sequence[int], tested: Tensor, *, steps: int = 150, seed: int = 0
) -> np.ndarray:
    """A new head on frozen sentence vectors: its probability that each tested text is generated, (M,).

    vectors: (N, D), as `classic.encode` gives them; labels: (N,), 0 or 1; tested: (M, D).
    """
    if len(vectors) != len(labels) or len(set(labels)) != 2:
        raise ValueError(f"Expected one label per vector, and both labels, got {len(vectors)} and {len(labels)}.")
    if not (vectors.isfinite().all() and tested.isfinite().all()):
        raise ValueError("A vector holds a NaN or infinity: look at the encoder's weights.")
    model = classic.Classifier(encoder, 2)
    classic.train_head(model, vectors, torch.as_tensor(labels), steps=steps, learning_rate=1e-2, seed=seed)
    return classic.head_probabilities(model, tested)[:, 1].numpy()


Sides = tuple[Tensor, Tensor]  # the vectors of a person's texts and of their generated partners, (N, D) each
ARRANGEMENTS = ("as in training", "shortcut gone", "shortcut reversed")


def head_accuracy(encoder: nn.Module, train: Sides, test: Sides, **options: Any) -> tuple[float, float]:
    """The shares of human and of generated test texts that a new head on frozen vectors recognises as such."""
    labels = [0] * len(train[0]) + [1] * len(train[1])
    scores = head_scores(encoder, torch.cat(train), labels, torch.cat(test), **options)
    human, generated = scores[: len(test[0])], scores[len(test[0]) :]
    return float((human <= 0.5).mean()), float((generated > 0.5).mean())


def caught_by_mark(
    encoder: nn.Module, plain: Sides, marked: Sides, tested: np.ndarray, **options: Any
) -> dict[str, float]:
    """The accuracy of a head that was trained with all human texts marked, in each of ARRANGEMENTS.

    plain, marked: the same texts without the mark and with it. tested: (N,) bool, the pairs that are held out. In the
    test the human texts are marked, nobody's, or the generated ones.
    """
    train, test = (
        [(human[rows], generated[rows]) for human, generated in (plain, marked)] for rows in (~tested, tested)
    )
    tests = ((test[1][0], test[0][1]), test[0], (test[0][0], test[1][1]))
    taught = (train[1][0], train[0][1])
    return {
        name: float(np.mean(head_accuracy(encoder, taught, sides, **options)))
        for name, sides in zip(ARRANGEMENTS, tests, strict=True)
    }


def caught_by_topic(
    encoder: nn.Module, plain: Sides, first: np.ndarray, tested: np.ndarray, **options: Any
) -> dict[str, float]:
    """The same where people wrote about the `first` topics, (N,) bool, and the model about the others.

    In the test that is still so, or both write about all topics, or each about those of the other.
    """
    human, generated = plain
    taught = human[~tested & first], generated[~tested & ~first]
    tests = (
        (human[tested & first], generated[tested & ~first]),
        (human[tested], generated[tested]),
        (human[tested & ~first], generated[tested & first]),
    )
    return {
        name: float(np.mean(head_accuracy(encoder, taught, sides, **options)))
        for name, sides in zip(ARRANGEMENTS, tests, strict=True)
    }


def fine_tune(
    encoder: nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    labels: Sequence[int],
    *,
    layers: int = 6,
    epochs: int = 3,
    learning_rate: float = 4e-4,
    max_length: int = 96,
    seed: int = 0,
) -> classic.Classifier:
    """A discriminator: a copy of the encoder with a head, of which the head and the last layers learn.

    The defaults were chosen on held-out topics of the training part.
    """
    model = classic.Classifier(copy.deepcopy(encoder), 2)
    classic.set_trainable(model, layers)
    batches = classic.TextBatches(tokenizer, texts, labels, batch_size=16, max_length=max_length)
    steps = epochs * len(batches)
    fit(
        model, batches, classic.classification_loss, steps=steps, learning_rate=learning_rate,
        schedule=warmup_linear(max(1, steps // 10), steps), seed=seed, progress="discriminator",
    )  # fmt: skip
    return model


def generated_probability(
    model: classic.Classifier, tokenizer: Any, texts: Sequence[str], max_length: int = 96
) -> np.ndarray:
    """How sure a fine-tuned discriminator is that each text is generated, (N,), from 0 to 1."""
    vectors = classic.encode(model, tokenizer, texts, max_length=max_length)
    return classic.head_probabilities(model, vectors)[:, 1].numpy()
