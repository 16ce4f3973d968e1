"""The study behind lesson 03: LoRA beside full fine-tuning and a new head, on an encoder and on a language model.

python -m workbook.trainers.lora_study
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from workbook import studies, zoo
from workbook.datasets.general import load_general
from workbook.datasets.instructions import load_instructions
from workbook.datasets.support import INTENTS, Message, load_support
from workbook.datasets.tiny_world import generate as tell
from workbook.text.generation import pad_id
from workbook.trainers import classic, support_study
from workbook.trainers.instruction import PackedBatches, encode_all
from workbook.trainers.instruction_study import followed
from workbook.trainers.language import causal_lm_loss, chunk, mean_loss, stream
from workbook.trainers.loop import fit
from workbook.trainers.lora import inject_lora
from workbook.trainers.schedule import warmup_linear
from workbook.trainers.search import search

SEEDS = [0, 1, 2]
EPOCHS, BATCH = 3, 32
TARGETS = {
    "query, value": ("query", "value"),
    "attention": ("query", "key", "value", "attention.output.dense"),
    "everything": ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"),
}
RATES = {"full": 2e-4, "LoRA": 2e-3}
TRIED_RATES = [2e-5, 1e-4, 5e-4, 2e-3, 1e-2]
RANKS = [1, 2, 4, 8, 16, 64]
TRIALS = 40
GPT_TARGETS = ("c_attn", "attn.c_proj", "c_fc", "mlp.c_proj")
GPT_STEPS, GPT_RATES = 150, {"full": 1e-3, "LoRA": 3e-3, "head": 1e-3}


def trainable(model: nn.Module) -> int:
    """How many numbers learn."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


# ------------------------------------------------------------------------------------------ the encoder


def classifier(way: str, messages: Sequence[Message], seed: int, rank: int = 8, targets: str = "query, value") -> Any:
    """A Classifier with a trained head, of which "full", "LoRA" or "head" is to learn, and its tokenizer."""
    torch.manual_seed(seed)
    encoder, tokenizer = zoo.load("sentence-encoder")
    model = classic.Classifier(encoder, len(INTENTS))
    frozen = support_study.frozen_vectors()
    vectors = torch.stack([frozen[message.text] for message in messages])
    classic.train_head(model, vectors, torch.tensor([message.target for message in messages]), seed=seed)
    classic.set_dropout(model, 0.0)
    if way == "LoRA":
        inject_lora(model.encoder, TARGETS[targets], rank, alpha=2.0 * rank)
        model.head.requires_grad_(True)
    else:
        classic.set_trainable(model, {"full": "all", "head": "head"}[way])
    return model, tokenizer


def tune_classifier(
    model: nn.Module, tokenizer: Any, messages: Sequence[Message], rate: float, epochs: int, seed: int
) -> float:
    """Train what is trainable; returns the seconds per step."""
    texts, labels = [message.text for message in messages], [message.target for message in messages]
    batches = classic.TextBatches(tokenizer, texts, labels, BATCH)
    steps = epochs * len(batches)
    history = fit(
        model, batches, classic.classification_loss, steps=steps, learning_rate=rate,
        schedule=warmup_linear(steps // 10, steps), seed=seed, progress=None,
    )  # fmt: skip
    return history.seconds / steps


def judged(model: Any, tokenizer: Any, split: str) -> float:
    """Accuracy on a split of the messages."""
    messages = load_support(split)
    predictions = classic.predict(model, tokenizer, [message.text for message in messages]).argmax(-1)
    return (predictions == torch.tensor([INTENTS.index(message.gold) for message in messages])).float().mean().item()


def encoder_rows(note: Callable[..., None], train: list[Message]) -> None:
    """Quality and forgetting of the three ways; then how both depend on the learning rate, and LoRA on its rank."""
    for seed in SEEDS:
        for way in ("head", "LoRA", "full"):
            model, tokenizer = classifier(way, train, seed)
            per_step = 0.0
            if way != "head":  # the head has been trained already
                per_step = tune_classifier(model, tokenizer, train, RATES[way], EPOCHS, seed)
            general = classic.paraphrase_accuracy(model, tokenizer, load_general())
            note(
                "encoder", way=way, seed=seed, accuracy=judged(model, tokenizer, "test"), general=general,
                trainable=trainable(model), seconds_per_step=per_step,
            )  # fmt: skip
        for rate in TRIED_RATES:
            for way in ("LoRA", "full"):
                model, tokenizer = classifier(way, train, seed)
                tune_classifier(model, tokenizer, train, rate, 1, seed)
                general = classic.paraphrase_accuracy(model, tokenizer, load_general())
                accuracy = judged(model, tokenizer, "validation")
                note("rate", way=way, seed=seed, rate=rate, accuracy=accuracy, general=general)
        for targets in TARGETS:
            for rank in RANKS if targets == "query, value" else (1, 8, 64):
                model, tokenizer = classifier("LoRA", train, seed, rank, targets)
                tune_classifier(model, tokenizer, train, RATES["LoRA"], 1, seed)
                accuracy = judged(model, tokenizer, "validation")
                note("rank", seed=seed, targets=targets, rank=rank, accuracy=accuracy, trainable=trainable(model))


def search_rows(note: Callable[..., None], train: list[Message]) -> None:
    """A search of many short LoRA trainings, each with its validation accuracy and its time."""

    def objective(trial: Any) -> float:
        rank = trial.suggest_categorical("rank", [1, 4, 16])
        targets = trial.suggest_categorical("targets", sorted(TARGETS))
        rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
        began = time.time()
        model, tokenizer = classifier("LoRA", train, 0, rank, targets)
        tune_classifier(model, tokenizer, train, rate, 1, 0)
        accuracy = judged(model, tokenizer, "validation")
        note("search", rank=rank, targets=targets, rate=rate, accuracy=accuracy, seconds=time.time() - began)
        return accuracy

    search(objective, TRIALS)


# ----------------------------------------------------------------------------------- the language model


def language_model(way: str) -> Any:
    """tiny-gpt, of which "full", "LoRA" or "head" (the last norm and an output matrix of its own) is to learn."""
    model, tokenizer = zoo.load("causal-lm")
    if way == "LoRA":
        inject_lora(model, GPT_TARGETS, rank=8, alpha=16.0)
    elif way == "head":
        model.requires_grad_(False)
        model.lm_head.weight = nn.Parameter(model.lm_head.weight.detach().clone())  # untied from the embeddings
        model.transformer.ln_f.requires_grad_(True)
    return model, tokenizer


def language_rows(note: Callable[..., None]) -> None:
    """Instruction following and forgetting of the three ways."""
    asked = [example for split in ("unseen_phrasings", "unseen_entities") for example in load_instructions(split)]
    train = load_instructions("train")
    base, tokenizer = zoo.load("causal-lm")
    held_out = chunk(stream(tokenizer, list(tell(200, seed=20_000))), 512)
    batches = [{"input_ids": rows} for rows in held_out.split(8)]
    note("language", way="base", seed=0, followed=0.0, general=float(np.exp(mean_loss(base, batches))), trainable=0)
    for seed in SEEDS:
        for way, rate in GPT_RATES.items():
            torch.manual_seed(seed)
            model, tokenizer = language_model(way)
            packed = PackedBatches(encode_all(tokenizer, train, 512), 4, 512, pad_id(tokenizer))
            history = fit(
                model, packed, causal_lm_loss, steps=GPT_STEPS, learning_rate=rate,
                schedule=warmup_linear(GPT_STEPS // 10, GPT_STEPS), seed=seed, progress=None,
            )  # fmt: skip
            right, _ = followed(model, tokenizer, asked)
            perplexity = float(np.exp(mean_loss(model, batches)))
            note(
                "language", way=way, seed=seed, followed=float(right.mean()), general=perplexity,
                trainable=trainable(model), seconds_per_step=history.seconds / GPT_STEPS,
            )  # fmt: skip


def main() -> None:
    """Run the study and store it."""
    began, rows, train = time.time(), [], support_study.clean_train()

    def note(part: str, **figures: Any) -> None:
        rounded = {name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()}
        rows.append({"part": part, **rounded})
        print(f"{time.time() - began:6.0f} s", rows[-1], flush=True)

    encoder_rows(note, train)
    search_rows(note, train)
    language_rows(note)
    studies.store("03_lora", rows, "python -m workbook.trainers.lora_study", SEEDS, time.time() - began)


if __name__ == "__main__":
    main()
