"""The study behind lesson 04: more pretraining on docstrings, what it gives and what it costs, over several seeds.

python -m workbook.trainers.domain_study                   (writes data/results/04_domain_adaptation.json)
python -m workbook.trainers.domain_study causal | masked   (only one half of it anew)
python -m workbook.trainers.domain_study pilot             (rates and shares of replay, on validation modules only)
"""

from __future__ import annotations

import functools
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from workbook import studies, zoo
from workbook.datasets.docstrings import AREAS, area_task, running_texts, spread
from workbook.datasets.tiny_world import generate as tell
from workbook.trainers import classic, domain
from workbook.trainers.language import (
    bits_per_byte,
    causal_lm_loss,
    chunk,
    mean_loss,
    row_batches,
    stream,
)
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

NAME, SEEDS = "04_domain_adaptation", [0, 1, 2]
# tiny-gpt. REPLAY: after every batch of BATCH rows of the domain comes one with so many rows of general text
LENGTH, BATCH, STEPS, RATE, WORDS = 128, 8, 40, 1e-3, 500
REPLAY = {"none": 0, "1 of 2": 8, "4 of 5": 32}
LONG = 200  # steps of the longest run, without replay
# MiniLM
MASKED = dict(steps=40, batch_size=16, max_length=48, body_rate=1e-4, head_rate=2e-3)
PER_MODULE, TASK_STEPS, TASK_RATE = 12, 40, 2e-4
HELD_OUT, MASKED_TEXTS = 80, 120  # so many texts is a causal (of either kind), a masked model measured on


@functools.cache
def corpora() -> dict[str, list[str]]:
    """The texts: of the domain by split, and of the general corpus: for replay, for the pilot, for the test."""
    texts = {split: running_texts(split) for split in ("train", "validation", "test")}
    general = {"replay": (2000, 0), "general validation": (HELD_OUT, 20_000), "general test": (HELD_OUT, 20_001)}
    return texts | {name: list(tell(count, seed=seed)) for name, (count, seed) in general.items()}


# -------------------------------------------------------------------------------------- a causal language model


def adapt(
    model: nn.Module, tokenizer: Any, *, replayed: int = 0, steps: int = STEPS, rate: float = RATE, seed: int = 0
) -> None:
    """Continue the pretraining of a causal model on the docstrings, in place.

    steps: batches of the domain. After each comes one of `replayed` rows of general text, as a step of its own.
    """
    texts = corpora()
    rows = row_batches(chunk(stream(tokenizer, texts["train"]), LENGTH), BATCH)
    general = chunk(stream(tokenizer, texts["replay"]), LENGTH)
    replay = [{"input_ids": part} for part in general.split(replayed)] if replayed else []

    def batches(epoch: int) -> Iterator[dict[str, torch.Tensor]]:
        return domain.with_replay(rows, replay, every=1) if replay else iter(rows)

    total = 2 * steps if replay else steps
    fit(
        model, batches, causal_lm_loss, steps=total, learning_rate=rate, schedule=warmup_linear(total // 10, total),
        seed=seed, progress=None,
    )  # fmt: skip


def measure(model: nn.Module, tokenizer: Any, split: str = "test") -> dict[str, float]:
    """Perplexities per token on unseen modules and on the general corpus, and bits per byte on the modules."""
    texts, losses = corpora(), {}
    held_out = {"domain": spread(texts[split], HELD_OUT), "general": texts[f"general {split}"]}
    for name, chosen in held_out.items():
        tokens = stream(tokenizer, chosen)
        rows = chunk(tokens, LENGTH).split(BATCH)
        losses[name] = mean_loss(model, [{"input_ids": part} for part in rows])
        if name == "domain":
            bits = bits_per_byte(losses[name], len(tokens), chosen)
    return {name: math.exp(loss) for name, loss in losses.items()} | {"bits_per_byte": bits}


def words_foretold(model: nn.Module, tokenizer: Any, words: list[str]) -> dict[str, float]:
    """The scores of the domain's words, and of the others, on unseen modules."""
    texts = spread(corpora()["test"], HELD_OUT)
    given, others = domain.word_scores(model, tokenizer, texts, words, LENGTH, BATCH)
    return {
        "bits_per_domain_word": given.bits, "completed": given.completed, "bits_per_other_word": others.bits
    }  # fmt: skip


def domain_words(tokenizer: Any, count: int = WORDS) -> list[str]:
    """The words of letters that cost the most pieces in the training modules."""
    _, worst = domain.fragmentation(tokenizer, corpora()["train"])
    return [word for word, _, _ in worst if word.isalpha()][:count]


def random_rows(weight: torch.Tensor, pieces: list[list[int]]) -> torch.Tensor:
    """Rows for new words as if nothing were known of them: random, as large as the others."""
    return torch.randn(len(pieces), weight.shape[1]) * weight.std() + weight.mean(0)


def fresh() -> tuple[nn.Module, Any]:
    """The causal model as it was, and its tokenizer, which may cut a stream longer than the model's window."""
    model, tokenizer = zoo.load("causal-lm")
    tokenizer.model_max_length = 10**6
    return model, tokenizer


def causal_rows(note: Callable[..., None]) -> None:
    """Replay, and the vocabulary, before and after training."""
    base, tokenizer = fresh()
    words = domain_words(tokenizer)
    note("causal", way="before", seed=0, **measure(base, tokenizer), **words_foretold(base, tokenizer, words))
    for seed in SEEDS:
        for way, replayed in REPLAY.items():
            model, tokenizer = fresh()
            adapt(model, tokenizer, replayed=replayed, seed=seed)
            note("causal", way=way, seed=seed, **measure(model, tokenizer), **words_foretold(model, tokenizer, words))
        model, tokenizer = fresh()
        adapt(model, tokenizer, steps=LONG, seed=seed)  # five times as much of the domain as the others
        note("causal", way="long", seed=seed, **measure(model, tokenizer), **words_foretold(model, tokenizer, words))
        torch.manual_seed(seed)
        model = type(base)(base.config)  # what is the old pretraining worth to the new domain?
        adapt(model, tokenizer, seed=seed)
        note("causal", way="from scratch", seed=seed, **measure(model, tokenizer))
        for way, rows in (("random", random_rows), ("mean", domain.new_rows)):
            model, tokenizer = fresh()
            torch.manual_seed(seed)
            domain.extend_vocabulary(model, tokenizer, words, rows)
            note("words", way=way, trained=False, seed=seed, **measure(model, tokenizer))
            adapt(model, tokenizer, seed=seed)
            note("words", way=way, trained=True, seed=seed, **measure(model, tokenizer))


# ------------------------------------------------------------------------------------------- a masked encoder


def adapt_masked(texts: list[str], seed: int) -> tuple[nn.Module, Any]:
    """MiniLM with a masked-LM head, pretrained further on texts; returns model and tokenizer."""
    torch.manual_seed(seed)
    encoder, tokenizer = zoo.load("sentence-encoder")
    model = domain.masked_language_model(encoder)
    classic.set_dropout(model, 0.0)
    batches = domain.MaskedBatches(tokenizer, texts, MASKED["batch_size"], MASKED["max_length"])
    optimizer = domain.masked_optimizer(model, MASKED["body_rate"], MASKED["head_rate"])
    steps = MASKED["steps"]
    fit(
        domain.AskedOnly(model), batches, domain.asked_lm_loss, steps=steps, optimizer=optimizer,
        schedule=warmup_linear(steps // 10, steps), seed=seed, progress=None,
    )  # fmt: skip
    return model, tokenizer


@functools.cache
def area_data() -> dict[str, tuple[list[str], torch.Tensor]]:
    """Texts of the training and the test modules with the numbers of their areas (N,)."""
    names = list(AREAS)
    rows = {split: area_task(split, PER_MODULE) for split in ("train", "test")}
    return {
        split: ([one.text for one in part], torch.tensor([names.index(one.area) for one in part]))
        for split, part in rows.items()
    }


def task_figures(encoder: nn.Module, tokenizer: Any, seed: int) -> dict[str, float]:
    """Accuracy on the areas of unseen modules: by descriptions alone, with a trained head, with everything trained."""
    (train, labels), (test, gold) = area_data()["train"], area_data()["test"]
    model = classic.Classifier(encoder, len(AREAS))
    length = MASKED["max_length"]

    def vectors(texts: list[str]) -> torch.Tensor:
        return classic.encode(model, tokenizer, texts, max_length=length)

    def right(predictions: torch.Tensor) -> float:
        return (predictions == gold).float().mean().item()

    held_out = vectors(test)
    figures = {"described": right((held_out @ vectors([row.about for row in AREAS.values()]).T).argmax(1))}
    classic.train_head(model, vectors(train), labels, seed=seed)
    figures["head"] = right(classic.head_probabilities(model, held_out).argmax(1))
    classic.set_trainable(model, "all")
    classic.set_dropout(model, 0.0)
    batches = classic.TextBatches(tokenizer, train, labels, 16, length)
    fit(
        model, batches, classic.classification_loss, steps=TASK_STEPS, learning_rate=TASK_RATE,
        schedule=warmup_linear(TASK_STEPS // 10, TASK_STEPS), seed=seed, progress=None,
    )  # fmt: skip
    figures["everything"] = right(classic.head_probabilities(model, vectors(test)).argmax(1))
    return figures


def masked_rows(note: Callable[..., None]) -> None:
    """The masked loss before, after as much training on general text, and on docstrings; then the task."""
    texts = corpora()
    kinds = {"new head": None, "general text": texts["replay"], "docstrings": texts["train"]}
    for seed in SEEDS:
        for way, chosen in kinds.items():
            if chosen is None:
                torch.manual_seed(seed)
                encoder, tokenizer = zoo.load("sentence-encoder")
                model = domain.masked_language_model(encoder)
            else:
                model, tokenizer = adapt_masked(chosen, seed)
            held_out = domain.MaskedBatches(tokenizer, spread(texts["test"], MASKED_TEXTS), 32, MASKED["max_length"])
            note("masked", way=way, seed=seed, loss=domain.masked_loss(model, held_out))
            if way != "general text":
                note(
                    "task", body="adapted" if chosen else "base", seed=seed, **task_figures(model.bert, tokenizer, seed)
                )


# -------------------------------------------------------------------------------------------------- the command


def pilot() -> None:
    """Which learning rate and which share of replay? One seed, measured on validation modules and texts only."""
    base, tokenizer = fresh()
    print("before", measure(base, tokenizer, "validation"), flush=True)
    for rate in (3e-4, 5e-4, 1e-3):
        for way, replayed in REPLAY.items():
            model, tokenizer = fresh()
            adapt(model, tokenizer, replayed=replayed, rate=rate)
            print(rate, way, measure(model, tokenizer, "validation"), flush=True)


PARTS = {"masked": masked_rows, "causal": causal_rows}


def main() -> None:
    """Run the study, or a half of it, and store it; or only the pilot."""
    wanted = sys.argv[1:] or list(PARTS)
    if wanted == ["pilot"]:
        return pilot()
    began, rows = time.time(), []

    def note(part: str, **figures: Any) -> None:
        rounded = {key: round(value, 4) if type(value) is float else value for key, value in figures.items()}
        rows.append({"part": part, **rounded})
        print(f"{time.time() - began:6.0f} s", rows[-1], flush=True)

    for name in wanted:
        PARTS[name](note)
    seconds = time.time() - began
    if wanted != list(PARTS) and studies.path(NAME).is_file():  # the other half stays
        old, made = studies.load(NAME), {row["part"] for row in rows}
        rows += [row for row in old["rows"] if row["part"] not in made]
        seconds += 60 * old["minutes"]
    studies.store(NAME, rows, "python -m workbook.trainers.domain_study", SEEDS, seconds)


if __name__ == "__main__":
    main()
