"""What the training loop costs: `workbook.trainers.loop.fit` against a loop written by hand that does the same.

    python benchmarks/bench_fit.py                 # half a minute on two cores
    python benchmarks/bench_fit.py --threads 2 --repeats 100

Both train the same MLP of 1 M parameters on the same batches of 32: forward, backward, gradients clipped to norm 1, a
fused AdamW step, zero_grad, loss.item(). An MLP computes little per parameter, which is the hard case for a loop. Short
runs of one and the other alternate, and every pair gives a ratio, so that a computer that is busy for a while
disturbs both alike. The table shows the medians over all runs, and the median and quartiles of the pairs' ratios.
Target: a ratio under 1.05.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import torch
from torch import Tensor, nn

from workbook import show
from workbook.trainers.loop import fit

BATCH, FEATURES, CLASSES = 32, 256, 128
Batches = list[tuple[Tensor, Tensor]]


def mlp() -> nn.Module:
    """1.0 M parameters: (B, FEATURES) → (B, CLASSES)."""
    layers = [nn.Linear(FEATURES, 1024), nn.GELU(), nn.Linear(1024, 640), nn.GELU(), nn.Linear(640, CLASSES)]
    return nn.Sequential(*layers)


def objective(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Mean cross-entropy."""
    inputs, labels = batch
    return nn.functional.cross_entropy(model(inputs), labels)


def by_hand(model: nn.Module, batches: Batches, steps: int) -> tuple[list[float], float, float]:
    """The loop as one would write it: losses, seconds of the steps, seconds of the whole call."""
    called = time.perf_counter()
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    losses = []
    began = time.perf_counter()
    for step in range(steps):
        loss = objective(model, batches[step % len(batches)])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    ended = time.perf_counter()
    return losses, ended - began, ended - called


def by_fit(model: nn.Module, batches: Batches, steps: int) -> tuple[list[float], float, float]:
    """The same with `fit`, its progress bar shown to nobody."""
    called = time.perf_counter()
    history = fit(model, batches, objective, steps=steps, learning_rate=1e-3, weight_decay=0.01)
    return history.losses, history.seconds, time.perf_counter() - called


def compare(steps: int, repeats: int) -> list[list[str]]:
    """The table's rows. Raises AssertionError unless both loops give the same losses."""
    torch.manual_seed(0)
    model = mlp()
    batches = [(torch.randn(BATCH, FEATURES), torch.randint(0, CLASSES, (BATCH,))) for _ in range(10)]
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    loops = {"hand": by_hand, "fit": by_fit}
    per_step: dict[str, list[float]] = {name: [] for name in loops}
    once: dict[str, list[float]] = {name: [] for name in loops}
    for repeat in range(-1, repeats):
        losses = {}
        for name in loops if repeat % 2 else reversed(loops):  # who goes first changes, too
            model.load_state_dict(start)
            losses[name], seconds, whole = loops[name](model, batches, steps)
            if repeat >= 0:  # the first pair warms up
                per_step[name].append(1000 * seconds / steps)
                once[name].append(1000 * (whole - seconds))
        torch.testing.assert_close(torch.tensor(losses["fit"]), torch.tensor(losses["hand"]), rtol=1e-4, atol=1e-4)
    ratios = [ours / hand for ours, hand in zip(per_step["fit"], per_step["hand"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    times = {name: [f"{statistics.median(values[name]):.2f} ms" for values in (per_step, once)] for name in loops}
    return [["by hand", *times["hand"], "1", ""], ["fit", *times["fit"], f"{middle:.3f}", f"{low:.3f} … {high:.3f}"]]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=30, help="steps of each short run (default 30)")
    parser.add_argument("--repeats", type=int, default=60, help="pairs of runs (default 60)")
    parser.add_argument(
        "--threads", type=int, default=1, help="torch's threads; one (the default) is the least disturbed by others"
    )
    arguments = parser.parse_args()
    os.environ.update(WORKBOOK_DEVICE="cpu", TQDM_DISABLE="1")
    torch.set_num_threads(arguments.threads)

    began = time.perf_counter()
    rows = compare(arguments.steps, arguments.repeats)
    show.table(
        rows,
        ["loop", "a step", "once per call", "ratio", "its quartiles"],
        f"{mlp.__doc__.split(':')[0]}, batch {BATCH}, CPU, {arguments.threads} thread(s), torch {torch.__version__}: "
        f"{arguments.repeats} pairs of {arguments.steps} steps in {time.perf_counter() - began:.0f} s",
    )


if __name__ == "__main__":
    main()
