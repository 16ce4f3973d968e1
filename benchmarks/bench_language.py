"""Tokens per second: `fit` against transformers' Trainer, and packed examples against padded ones.

    python benchmarks/bench_language.py

Both loops train the same GPT-2 of 3.5 M parameters on the same batches of rows, in the same precision, with the same
fused AdamW and clipping. Short runs alternate, every pair gives a ratio, and the table shows medians: a computer that
is busy for a while disturbs both alike. Target: a ratio of at least 1. Packing and padding train on the same examples,
of mixed length; what counts are the tokens that are no padding.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from typing import Any

import torch
import transformers

from workbook import show
from workbook.trainers.instruction import PaddedBatches, pack
from workbook.trainers.language import IGNORE, causal_lm_loss
from workbook.trainers.loop import fit

VOCABULARY, LENGTH, BATCH = 4096, 256, 8


def network() -> Any:
    """A GPT-2 of tiny-gpt's size, without dropout."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=LENGTH, n_embd=192, n_layer=6, n_head=6, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0, use_cache=False,
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config)


def by_fit(rows: torch.Tensor, steps: int) -> tuple[float, list[float]]:
    """Seconds of the steps, and the losses."""
    batches = [{"input_ids": part} for part in rows.split(BATCH)]
    history = fit(network(), batches, causal_lm_loss, steps=steps, learning_rate=1e-3, weight_decay=0.0, progress=None)
    return history.seconds, history.losses


def by_trainer(rows: torch.Tensor, steps: int) -> tuple[float, list[float]]:
    """The same with transformers' Trainer, which logs as seldom as it can."""
    losses: list[float] = []

    class InOrder(transformers.Trainer):
        """The Trainer, going through the rows in order as the other loop does."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return torch.utils.data.SequentialSampler(train_dataset)

    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder, per_device_train_batch_size=BATCH, max_steps=steps, learning_rate=1e-3, weight_decay=0.0,
            lr_scheduler_type="constant", max_grad_norm=1.0, logging_strategy="no", save_strategy="no", report_to=[],
            use_cpu=True, optim="adamw_torch_fused", disable_tqdm=True, dataloader_pin_memory=False,
        )  # fmt: skip
        # A row's first token is never asked for, but the Trainer would count it and divide the loss by one more.
        asked = [torch.cat([torch.tensor([IGNORE]), row[1:]]) for row in rows]
        data = [{"input_ids": row, "labels": labels} for row, labels in zip(rows, asked, strict=True)]
        trainer = InOrder(model=network(), args=arguments, train_dataset=data)
        output = trainer.train()
    losses.append(output.training_loss)
    return output.metrics["train_runtime"], losses


def loops(repeats: int, steps: int) -> list[list[str]]:
    """Rows of the first table. Raises AssertionError unless both loops reach the same mean loss."""
    rows = torch.randint(0, VOCABULARY, (steps * BATCH, LENGTH))
    seconds: dict[str, list[float]] = {"fit": [], "Trainer": []}
    for repeat in range(-1, repeats):  # the first pair warms up
        ours, our_losses = by_fit(rows, steps)
        theirs, their_loss = by_trainer(rows, steps)
        assert abs(statistics.fmean(our_losses) - their_loss[0]) < 1e-3, (statistics.fmean(our_losses), their_loss)
        if repeat >= 0:
            seconds["fit"].append(ours)
            seconds["Trainer"].append(theirs)
    ratio = statistics.median(b / a for a, b in zip(seconds["fit"], seconds["Trainer"], strict=True))
    speed = {name: f"{rows.numel() / statistics.median(values):,.0f}" for name, values in seconds.items()}
    return [["transformers.Trainer", speed["Trainer"], "1"], ["fit", speed["fit"], f"{ratio:.2f}"]]


def packing(repeats: int, count: int = 320) -> list[list[str]]:
    """Rows of the second table: one pass through examples of mixed length, padded, padded without sorting, packed."""
    torch.manual_seed(0)
    lengths = torch.randint(20, 200, (count,)).tolist()
    examples = [
        {"input_ids": ids, "labels": ids} for n in lengths for ids in [torch.randint(1, VOCABULARY, (n,)).tolist()]
    ]
    rows = pack(examples, LENGTH, pad=0)
    ways = {
        "padded": lambda: list(PaddedBatches(examples, BATCH, pad=0)),
        "packed": lambda: [
            {name: torch.stack([row[name] for row in rows[i : i + BATCH]]) for name in rows[0]}
            for i in range(0, len(rows), BATCH)
        ],
    }
    speed: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(-1, repeats):
        for name, make in ways.items():
            batches = make()
            history = fit(network(), batches, causal_lm_loss, steps=len(batches), progress=None)
            if repeat >= 0:
                speed[name].append(sum(lengths) / history.seconds)
    base = statistics.median(speed["padded"])
    return [[name, f"{statistics.median(v):,.0f}", f"{statistics.median(v) / base:.2f}"] for name, v in speed.items()]


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    os.environ.update(WORKBOOK_DEVICE="cpu", TQDM_DISABLE="1")
    transformers.utils.logging.set_verbosity_error()
    began = time.perf_counter()
    torch.manual_seed(0)
    show.table(
        loops(arguments.repeats, arguments.steps),
        ["loop", "tokens a second", "ratio"],
        f"GPT-2 of 3.5 M parameters, {BATCH} x {LENGTH} tokens, fp32, CPU, torch {torch.__version__}, "
        f"transformers {transformers.__version__}: {arguments.repeats} pairs of {arguments.steps} steps",
    )
    show.table(
        packing(arguments.repeats),
        ["batches", "tokens a second (no padding)", "ratio"],
        f"The same network on examples of 20 to 199 tokens: {arguments.repeats} passes each",
    )
    print(f"{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()
