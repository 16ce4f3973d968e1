"""The study behind lesson 01: strategies and learning curves over several seeds.

python -m workbook.trainers.support_study        (23 minutes on two CPU cores)
"""

from __future__ import annotations

import functools
import time

import numpy as np
import torch

from workbook import studies, zoo
from workbook.datasets.analysis import near_duplicates
from workbook.datasets.general import load_general
from workbook.datasets.support import INTENTS, SPLITS, Message, load_support
from workbook.metrics import accuracy, confusion_matrix, macro_f1
from workbook.trainers import classic
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

SEEDS = [0, 1, 2]
SIZES = [5, 10, 25, 50, 100]
EPOCHS, BATCH = 3, 32
RATES = {"head": 1e-3, 2: 5e-4, "all": 2e-4}
HARSH = 1e-3  # five times too high for the whole model: what does that cost?


def clean_train() -> list[Message]:
    """The training messages without those that have a near copy in another split, as the lesson finds them."""
    train, frozen = load_support("train"), frozen_vectors()
    vectors = torch.stack([frozen[message.text] for message in train])
    held_out = torch.stack(
        [frozen[message.text] for split in ("validation", "test") for message in load_support(split)]
    )
    leaked = {i for i, _, _ in near_duplicates(vectors, held_out, threshold=0.85)}
    return [message for i, message in enumerate(train) if i not in leaked]


def subset(messages: list[Message], per_class: int, seed: int) -> list[Message]:
    """Up to `per_class` messages of every label, drawn by the seed."""
    rng = np.random.default_rng(seed)
    rows = []
    for intent in INTENTS:
        of_class = [message for message in messages if message.label == intent]
        rows += [of_class[i] for i in rng.permutation(len(of_class))[:per_class]]
    return rows


@functools.cache
def frozen_vectors() -> dict[str, torch.Tensor]:
    """What the untrained encoder makes of every message, computed once per process."""
    encoder, tokenizer = zoo.load("sentence-encoder")
    texts = [message.text for split in SPLITS for message in load_support(split)]
    vectors = classic.encode(classic.Classifier(encoder, len(INTENTS)), tokenizer, texts)
    return dict(zip(texts, vectors, strict=True))


def run(messages: list[Message], part: str | int, rate: float, seed: int) -> dict[str, float]:
    """Train one strategy on `messages` and measure it on the test split, and on everyday sentences."""
    torch.manual_seed(seed)
    encoder, tokenizer = zoo.load("sentence-encoder")
    model = classic.Classifier(encoder, len(INTENTS))
    texts, labels = [message.text for message in messages], [message.target for message in messages]
    frozen = frozen_vectors()
    classic.train_head(model, torch.stack([frozen[text] for text in texts]), torch.tensor(labels), seed=seed)
    if part != "head":
        classic.set_trainable(model, part)
        batches = classic.TextBatches(tokenizer, texts, labels, BATCH)
        steps = max(10, EPOCHS * len(batches))
        fit(
            model, batches, classic.classification_loss, steps=steps, learning_rate=rate,
            schedule=warmup_linear(steps // 10, steps), seed=seed, progress=None,
        )  # fmt: skip
    test = load_support("test")
    predictions = classic.predict(model, tokenizer, [message.text for message in test]).argmax(-1).numpy()
    confusion = confusion_matrix(np.array([INTENTS.index(m.gold) for m in test]), predictions, len(INTENTS))
    return {
        "accuracy": accuracy(confusion),
        "macro_f1": macro_f1(confusion),
        "general": classic.paraphrase_accuracy(model, tokenizer, load_general()),
    }


def main() -> None:
    """Run the study and store it."""
    began, rows, train = time.time(), [], clean_train()
    plan = [(part, None, rate) for part, rate in RATES.items()] + [("all", None, HARSH)]
    plan += [(part, size, RATES[part]) for size in SIZES for part in ("head", "all")]
    for seed in SEEDS:
        for part, size, rate in plan:
            messages = subset(train, size, seed) if size else train
            row = {"part": str(part), "rate": rate, "per_class": size or 0, "messages": len(messages), "seed": seed}
            rows.append({**row, **{name: round(value, 4) for name, value in run(messages, part, rate, seed).items()}})
            print(f"{time.time() - began:6.0f} s", rows[-1], flush=True)
    studies.store(
        "01_classic_fine_tuning", rows, "python -m workbook.trainers.support_study", SEEDS, time.time() - began
    )


if __name__ == "__main__":
    main()
