"""The study behind lesson 03: LoRA beside full fine-tuning and a new head, on an encoder and on a language model.

    python -m workbook.trainers.lora_study              every part, in about 40 minutes on one core
    python -m workbook.trainers.lora_study language     one part anew; the others stay as they are stored

Every way gets the same number of candidates for its learning rate, around where it usually lies (ten times higher for
LoRA than for full fine-tuning), and is judged at the one that is best on the validation data: by accuracy for the
encoder, for the language model by likelihood, the geometric mean of the probabilities of the right tokens. The test
data choose nothing. Times are the processor's, so that other programs do not count; OMP_NUM_THREADS=1 makes them those
of one core.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from workbook import profiles, studies, zoo
from workbook.datasets.analysis import near_duplicates
from workbook.datasets.general import load_general
from workbook.datasets.instructions import load_instructions
from workbook.datasets.support import INTENTS, Message, load_support
from workbook.datasets.tiny_world import generate as tell
from workbook.text.generation import pad_id
from workbook.trainers import classic
from workbook.trainers.instruction import PackedBatches, PaddedBatches, encode_all
from workbook.trainers.instruction_study import followed
from workbook.trainers.language import causal_lm_loss, chunk, mean_loss, stream
from workbook.trainers.loop import fit
from workbook.trainers.lora import inject_lora
from workbook.trainers.schedule import warmup_linear
from workbook.trainers.search import search
from workbook.trainers.support_study import subset

NAME, SEEDS = "03_lora", [0, 1, 2]
PER_CLASS, EPOCHS, BATCH, TRIALS = 30, 2, 16, 40
RATES = {
    "head": [1e-4, 3e-4, 1e-3, 3e-3],
    "LoRA": [3e-4, 1e-3, 3e-3, 1e-2],
    "full": [3e-5, 1e-4, 3e-4, 1e-3],
}
TARGETS = {
    "query, value": ("query", "value"),
    "attention": ("query", "key", "value", "attention.output.dense"),
    "every layer": ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"),
}
RANK, ADAPTED = 8, "query, value"  # of the main comparison
SWEEP = [(ADAPTED, 1), (ADAPTED, 64), ("attention", RANK), ("every layer", RANK)]
GPT_TARGETS = ("c_attn", "attn.c_proj", "c_fc", "mlp.c_proj")
GPT_STEPS, GPT_RATES = 40, {"head": [3e-4, 1e-3, 3e-3], "LoRA": [1e-3, 3e-3, 1e-2], "full": [3e-4, 1e-3, 3e-3]}


def trainable(model: nn.Module) -> int:
    """How many numbers learn."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def best_rate(rows: Sequence[dict[str, Any]], part: str, way: str, seeds: Sequence[int] = SEEDS) -> float:
    """The learning rate at which a way is best on the validation data, on average over `seeds`."""
    tried: dict[float, list[float]] = {}
    for row in rows:
        if (row["part"], row.get("way")) == (part, way) and row["seed"] in seeds:
            tried.setdefault(row["rate"], []).append(row["validation"])
    return max(tried, key=lambda rate: float(np.mean(tried[rate])))


# ------------------------------------------------------------------------------------------ the encoder


class Material(NamedTuple):
    """Messages by split, near copies between them removed, and every text's vector from the untrained encoder."""

    messages: dict[str, list[Message]]
    vectors: dict[str, Tensor]

    def features(self, split: str) -> tuple[Tensor, Tensor]:
        """Vectors (N, D) of a split, and its labels (N,): as annotated in training, the right ones elsewhere."""
        messages = self.messages[split]
        labels = [m.target if split == "train" else INTENTS.index(m.gold) for m in messages]
        return torch.stack([self.vectors[message.text] for message in messages]), torch.tensor(labels)


@functools.cache
def material(seed: int, per_class: int = PER_CLASS, role: str = "sentence-encoder", held_out: int = 1000) -> Material:
    """Up to `per_class` training messages of every label, drawn by the seed, and up to `held_out` of the other splits.

    As in lesson 01, a training message with a near copy among the others is left out.
    """
    messages = {split: load_support(split)[:held_out] for split in ("validation", "test")}
    messages["train"] = subset(load_support("train"), per_class, seed)
    texts = [message.text for split in messages.values() for message in split]
    encoder, tokenizer = zoo.load(role)
    model = classic.Classifier(encoder, len(INTENTS)).to(profiles.device())
    found = Material(messages, dict(zip(texts, classic.encode(model, tokenizer, texts), strict=True)))
    others = torch.cat([found.features(split)[0] for split in ("validation", "test")])
    copies = {i for i, _, _ in near_duplicates(found.features("train")[0], others, threshold=0.85)}
    messages["train"] = [message for i, message in enumerate(messages["train"]) if i not in copies]
    return found


def classifier(
    way: str, data: Material, seed: int, *, rank: int = RANK, targets: Sequence[str] = TARGETS[ADAPTED],
    head_rate: float = 1e-3, role: str = "sentence-encoder",
) -> Any:  # fmt: skip
    """A Classifier with a trained head, of which "full", "LoRA" or "head" is to learn on, and its tokenizer."""
    torch.manual_seed(seed)
    encoder, tokenizer = zoo.load(role)
    model = classic.Classifier(encoder, len(INTENTS)).to(profiles.device())
    classic.train_head(model, *data.features("train"), seed=seed, learning_rate=head_rate)
    classic.set_dropout(model, 0.0)
    if way == "LoRA":
        inject_lora(model.encoder, targets, rank, alpha=2.0 * rank)
        model.head.requires_grad_(True)
    else:
        classic.set_trainable(model, {"full": "all", "head": "head"}[way])
    return model, tokenizer


def tune_classifier(
    model: nn.Module, tokenizer: Any, data: Material, rate: float, seed: int, epochs: int = EPOCHS,
    progress: str | None = None,
) -> float:  # fmt: skip
    """Train what is trainable; returns the processor's seconds per step."""
    messages = data.messages["train"]
    batches = classic.TextBatches(tokenizer, [m.text for m in messages], [m.target for m in messages], BATCH)
    steps, began = epochs * len(batches), time.process_time()
    fit(
        model, batches, classic.classification_loss, steps=steps, learning_rate=rate,
        schedule=warmup_linear(steps // 10, steps), seed=seed, progress=progress,
    )  # fmt: skip
    return (time.process_time() - began) / steps


def judged(model: Any, tokenizer: Any, data: Material, split: str, frozen: bool = False) -> tuple[float, float]:
    """Accuracy on a split of the messages, and their likelihood. frozen: the encoder has not learnt."""
    vectors, gold = data.features(split)
    if not frozen:
        vectors = classic.encode(model, tokenizer, [message.text for message in data.messages[split]])
    probabilities = classic.head_probabilities(model, vectors)  # (N, C)
    likelihood = probabilities[torch.arange(len(gold)), gold].clamp(min=1e-9).log().mean().exp()
    return (probabilities.argmax(-1) == gold).float().mean().item(), likelihood.item()


def encoder_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Quality, forgetting and step time of the three ways at every candidate for the learning rate."""
    before = classic.paraphrase_accuracy(*classifier("head", material(SEEDS[0]), SEEDS[0]), load_general())
    plan = [(seed, way, rates[i]) for seed in SEEDS for i in range(4) for way, rates in RATES.items()]
    for seed, way, rate in plan:
        data, head = material(seed), way == "head"  # which has been trained when `classifier` returns it
        model, tokenizer = classifier(way, data, seed, head_rate=rate if head else 1e-3)
        seconds = 0.0 if head else tune_classifier(model, tokenizer, data, rate, seed)
        validation, likelihood = judged(model, tokenizer, data, "validation", head)
        note(
            way=way, seed=seed, rate=rate, validation=validation, likelihood=likelihood,
            accuracy=judged(model, tokenizer, data, "test", head)[0], trainable=trainable(model),
            general=before if head else classic.paraphrase_accuracy(model, tokenizer, load_general()),
            seconds_per_step=seconds,
        )  # fmt: skip


def rank_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """LoRA by rank and by which layers get an adapter, at the learning rate that was best for rank 8."""
    rate = best_rate(rows, "encoder", "LoRA")
    for seed, (targets, rank) in itertools.product(SEEDS, SWEEP):
        data = material(seed)
        model, tokenizer = classifier("LoRA", data, seed, rank=rank, targets=TARGETS[targets])
        seconds = tune_classifier(model, tokenizer, data, rate, seed)
        note(
            targets=targets, rank=rank, seed=seed, rate=rate, trainable=trainable(model),
            accuracy=judged(model, tokenizer, data, "test")[0], seconds_per_step=seconds,
        )  # fmt: skip


def search_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """A search of LoRA trainings of one epoch, what a full training of that length takes, and the best, longer."""

    def run(what: str, way: str, rate: float, seed: int, targets: str, rank: int, epochs: int) -> float:
        began, data = time.process_time(), material(seed)
        model, tokenizer = classifier(way, data, seed, rank=rank, targets=TARGETS[targets])
        tune_classifier(model, tokenizer, data, rate, seed, epochs=epochs)
        validation, seconds = judged(model, tokenizer, data, "validation")[0], time.process_time() - began
        accuracy = judged(model, tokenizer, data, "test")[0] if what == "best" else None
        note(what=what, way=way, seed=seed, rate=rate, targets=targets, rank=rank, epochs=epochs,
             validation=validation, accuracy=accuracy, seconds=seconds)  # fmt: skip
        return validation

    def objective(trial: Any) -> float:
        rank = trial.suggest_categorical("rank", [1, 4, 16])
        targets = trial.suggest_categorical("targets", sorted(TARGETS))
        return run("trial", "LoRA", trial.suggest_float("rate", 1e-4, 1e-2, log=True), 0, targets, rank, 1)

    material(0)  # not part of the first trial's time
    best = search(objective, TRIALS).best_params
    for seed in SEEDS:
        material(seed)
        run("full", "full", best_rate(rows, "encoder", "full"), seed, ADAPTED, RANK, 1)
        run("best", "LoRA", best["rate"], seed, best["targets"], best["rank"], EPOCHS)


# ----------------------------------------------------------------------------------- the language model


def language_model(way: str) -> Any:
    """tiny-gpt, of which "full", "LoRA" or "head" (the last norm and an output matrix of its own) is to learn."""
    model, tokenizer = zoo.load("causal-lm")
    if way == "LoRA":
        inject_lora(model, GPT_TARGETS, RANK, alpha=2.0 * RANK)
    elif way == "head":
        model.requires_grad_(False)
        model.lm_head.weight = nn.Parameter(model.lm_head.weight.detach().clone())  # untied from the embeddings
        model.transformer.ln_f.requires_grad_(True)
    return model, tokenizer


def language_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Instruction following and forgetting of the three ways. The first seed tries every rate, the others the best."""
    train, validation = load_instructions("train"), load_instructions("validation")
    asked = [example for split in ("unseen_phrasings", "unseen_entities") for example in load_instructions(split)][::2]
    base, tokenizer = zoo.load("causal-lm")
    world = [{"input_ids": part} for part in chunk(stream(tokenizer, list(tell(100, seed=20_000))), 512).split(8)]
    checks = PaddedBatches(encode_all(tokenizer, validation), 16, pad_id(tokenizer))

    def measure(model: nn.Module, way: str, rate: float, seed: int, seconds: float) -> None:
        right, _ = followed(model, tokenizer, asked)
        note(
            way=way, seed=seed, rate=rate, validation=float(np.exp(-mean_loss(model, checks))),
            accuracy=float(right.mean()), general=float(np.exp(mean_loss(model, world))),
            trainable=trainable(model), seconds_per_step=seconds,
        )  # fmt: skip

    measure(base, "base", 0.0, 0, 0.0)
    for seed in SEEDS:
        for way, rates in GPT_RATES.items():
            for rate in rates if seed == SEEDS[0] else [best_rate(rows, "language", way, SEEDS[:1])]:
                torch.manual_seed(seed)
                model, tokenizer = language_model(way)
                packed = PackedBatches(encode_all(tokenizer, train, 512), 4, 512, pad_id(tokenizer))
                began = time.process_time()
                fit(
                    model, packed, causal_lm_loss, steps=GPT_STEPS, learning_rate=rate,
                    schedule=warmup_linear(GPT_STEPS // 10, GPT_STEPS), seed=seed, progress=None,
                )  # fmt: skip
                measure(model, way, rate, seed, (time.process_time() - began) / GPT_STEPS)


PARTS = {"encoder": encoder_rows, "rank": rank_rows, "search": search_rows, "language": language_rows}


if __name__ == "__main__":
    studies.run_parts(NAME, "python -m workbook.trainers.lora_study", SEEDS, PARTS)
