"""The study behind lesson 02: following instructions before and after tuning, over several seeds.

python -m workbook.trainers.instruction_study
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbook import studies, zoo
from workbook.datasets.instructions import Example, check, load_instructions
from workbook.text.generation import generate, pad_id
from workbook.trainers.instruction import PackedBatches, encode_all, few_shot_prompt
from workbook.trainers.language import causal_lm_loss
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

SEEDS = [0, 1, 2]
# The rate: the best of three on the validation split, and on training examples whose things were held back for it.
STEPS, BATCH, LENGTH, RATE = 400, 2, 512, 3e-3
HELD_OUT = ("unseen_phrasings", "unseen_entities", "unseen_family")
NEW_TOKENS = 80


def followed(
    model: Any, tokenizer: Any, examples: Sequence[Example], shots: int = 0, *, new_tokens: int = NEW_TOKENS,
    label: str | None = None,
) -> tuple[np.ndarray, list[str]]:  # fmt: skip
    """Whether the response to each example follows its instruction (N,), and the responses.

    shots: so many solved examples of the same family stand before the question, as a base model needs them. They
    come from the training split, or, for a family that is not in it, from the examples themselves. label: of a progress
    bar.
    """
    room = model.config.max_position_embeddings - new_tokens
    asked = [_prompt(tokenizer, example, examples, shots, room) for example in examples]
    written = generate(model, tokenizer, asked, max_new_tokens=new_tokens, label=label)
    responses = [text.split("\nTask:")[0].strip() for text in written]  # a base model goes on with tasks of its own
    right = [check(example, response).followed for example, response in zip(examples, responses, strict=True)]
    return np.array(right, dtype=float), responses


def _prompt(tokenizer: Any, example: Example, others: Sequence[Example], shots: int, room: int) -> str:
    """The example's prompt behind up to `shots` solved examples of its family: as many as fit into `room` tokens."""
    pool = [one for one in _train() if one.family == example.family]
    pool = pool or [one for one in others if one is not example and one.family == example.family]
    chosen = random.Random(example.instruction + example.input).sample(pool, min(shots, len(pool)))
    solved = [(one.instruction, one.input, one.output) for one in chosen]
    while True:
        text = few_shot_prompt(solved, example.instruction, example.input)
        if not solved or len(tokenizer(text)["input_ids"]) <= room:
            return text
        solved.pop()


@functools.cache
def _train() -> list[Example]:
    return load_instructions("train")


def tune(
    model: Any, tokenizer: Any, examples: Sequence[Example], *, steps: int = STEPS, seed: int = 0,
    rate: float = RATE, response_only: bool = True, progress: str | None = None,
) -> Any:  # fmt: skip
    """Instruction-tune a causal language model in place, on packed examples; returns the History."""
    encoded = encode_all(tokenizer, examples, LENGTH, response_only)
    batches = PackedBatches(encoded, BATCH, LENGTH, pad_id(tokenizer))
    return fit(
        model, batches, causal_lm_loss, steps=steps, learning_rate=rate, schedule=warmup_linear(steps // 10, steps),
        seed=seed, progress=progress,
    )  # fmt: skip


WAYS = (  # name, role of the model, whether the loss counts the response only
    ("tuned on responses", "causal-lm", True),
    ("tuned on all tokens", "causal-lm", False),
    ("smaller model, tuned on responses", "second-causal-lm", True),
)


def main() -> None:
    """Run the study and store it."""
    began, rows = time.time(), []
    splits = {name: load_instructions(name) for name in HELD_OUT}

    def note(way: str, seed: int, loaded: Any, shots: int = 0) -> None:
        for name, examples in splits.items():
            right, _ = followed(*loaded, examples, shots)
            families = {family: round(float(np.mean(part)), 4) for family, part in _by_family(examples, right).items()}
            rows.append(
                {"way": way, "seed": seed, "split": name, "followed": round(right.mean(), 4), "by_family": families}
            )
            print(f"{time.time() - began:6.0f} s", way, seed, name, rows[-1]["followed"], flush=True)

    for role, name in (("causal-lm", ""), ("second-causal-lm", "smaller model, ")):
        note(f"{name}base, zero-shot", 0, zoo.load(role))
        note(f"{name}base, few-shot", 0, zoo.load(role), shots=3)
    for seed in SEEDS:
        for way, role, response_only in WAYS:
            loaded = zoo.load(role)
            tune(*loaded, _train(), seed=seed, response_only=response_only)
            note(way, seed, loaded)
    command = "python -m workbook.trainers.instruction_study"
    studies.store("02_instruction_tuning", rows, command, SEEDS, time.time() - began)


def _by_family(examples: Sequence[Example], right: np.ndarray) -> dict[str, list[float]]:
    families: dict[str, list[float]] = {}
    for example, value in zip(examples, right, strict=True):
        families.setdefault(example.family, []).append(value)
    return families


if __name__ == "__main__":
    main()
