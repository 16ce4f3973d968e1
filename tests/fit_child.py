"""Training runs for test_fit_processes.py, which starts this file as a process of its own, or as several.

fit_child.py processes OUT        every case of CASES; run it alone or under accelerate's launcher
fit_child.py killed OUT ACCUMULATE KILLS        one run, killed KILLS times on the way; needs a POSIX system
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import time
import traceback
import warnings
from dataclasses import asdict
from pathlib import Path

import accelerate
import numpy as np
import torch
import torch._dynamo  # torch loads it at the first seed, which here would be after every fork
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from workbook.trainers.history import TrainingError
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

FEATURES, CLASSES, ROWS = 6, 3, 37


class Net(nn.Module):
    """Two layers and, where it is asked for, dropout, and a part that its forward leaves out."""

    def __init__(self, dropout: float = 0.0, unused: bool = False, batch_norm: bool = False) -> None:
        super().__init__()
        norm = nn.BatchNorm1d(16) if batch_norm else nn.LayerNorm(16)
        self.layers = nn.Sequential(
            nn.Linear(FEATURES, 16), norm, nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, CLASSES)
        )
        self.pooler = nn.Linear(2, 2) if unused else nn.Identity()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layers(inputs)


def make(**options) -> tuple[Net, TensorDataset]:
    """A model and a small set of labelled rows, the same in every call."""
    torch.manual_seed(7)
    model = Net(**options)
    inputs = torch.randn(ROWS, FEATURES)
    labels = inputs @ torch.randn(FEATURES, CLASSES) + torch.randn(ROWS, CLASSES)
    return model, TensorDataset(inputs, labels.argmax(-1))


def mean_loss(model, batch):
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def token_loss(model, batch):
    """(total, count), where some labels do not count, and how many differs from row to row."""
    inputs, labels = batch
    counted = (inputs[:, 0] > -0.5) | (labels == 0)
    losses = nn.functional.cross_entropy(model(inputs), labels, reduction="none")
    return losses[counted].sum(), counted.sum()


def finish(model, history) -> dict:
    """What a run ended with."""
    weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    return {"weights": weights, "history": {**asdict(history), "seconds": 0.0}}


# ------------------------------------------------------------------------------------------- in several processes


def trained(objective, *, batch_size=8, model_options=None, drop_last=False, **settings) -> dict:
    model, data = make(**(model_options or {}))
    batches = DataLoader(data, batch_size=batch_size, shuffle=True, drop_last=drop_last)  # the last of an epoch has 5
    settings = {"steps": 12, "learning_rate": 1e-2, "progress": None, **settings}
    return finish(model, fit(model, batches, objective, **settings))


def twice() -> dict:
    """A second call in the same processes, on the same model."""
    model, data = make()
    batches = DataLoader(data, batch_size=8, shuffle=True)
    fit(model, batches, mean_loss, steps=3, learning_rate=1e-2, progress=None)
    return finish(model, fit(model, batches, mean_loss, steps=3, learning_rate=1e-2, progress=None))


def disagreeing() -> dict:
    """Every process evaluates to something else: they must stop together all the same, at what the first one says."""
    rank = accelerate.PartialState().process_index
    figures = itertools.count()
    evaluate = lambda model: {"loss": 1.0 + next(figures) if rank == 0 else -float(next(figures))}  # noqa: E731
    return trained(
        mean_loss, evaluate=evaluate, evaluate_every=2, monitor="loss", lower_is_better=True, patience=2
    )  # fmt: skip


def resumed(folder: Path, interrupted: bool) -> dict:
    """A run with dropout, which makes every process draw its own random numbers, stopped in the middle or not."""
    state = {"left": 9 if interrupted else 10**9}

    def objective(model, batch):
        state["left"] -= 1
        if state["left"] < 0:
            raise KeyboardInterrupt
        return mean_loss(model, batch)

    settings = {"model_options": {"dropout": 0.4}, "checkpoint": folder / f"{interrupted}.pt", "checkpoint_every": 4}
    if interrupted:
        try:
            trained(objective, **settings)
        except KeyboardInterrupt:
            state["left"] = 10**9
    return trained(objective, **settings)


def too_small() -> dict:
    try:
        return trained(mean_loss, batch_size=12)  # the last of an epoch has 1
    except TrainingError as error:
        return {"error": str(error)}


CASES = {
    "mean": lambda folder: trained(mean_loss),
    "tokens": lambda folder: trained(token_loss),
    "tokens, accumulated": lambda folder: trained(token_loss, accumulate=2, steps=9),
    "mean, accumulated, not clipped": lambda folder: trained(mean_loss, accumulate=3, steps=6, max_grad_norm=None),
    "a part unused": lambda folder: trained(token_loss, model_options={"unused": True}, accumulate=2),
    "twice": lambda folder: twice(),
    "disagreeing": lambda folder: disagreeing(),
    "undisturbed": lambda folder: resumed(folder, interrupted=False),
    "interrupted": lambda folder: resumed(folder, interrupted=True),
    "too small": lambda folder: too_small(),
}


def processes(out: Path) -> None:
    """Run every case; the first process saves what each process got: {case: [result of process 0, 1, ...]}."""
    results = {name: accelerate.utils.gather_object([run(out.parent)]) for name, run in CASES.items()}
    if accelerate.PartialState().is_main_process:
        torch.save(results, out)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


# --------------------------------------------------------------------------------------------------------- killed


def hostile(accumulate: int, checkpoint: Path | None) -> dict:
    """A run that hangs on random numbers wherever it can: order, augmentation, dropout, evaluation."""
    random.seed()  # a process that starts again has other random numbers than the one before it
    np.random.seed()  # noqa: NPY002
    model, data = make(dropout=0.3, batch_norm=True)
    torch.seed()

    def collate(rows):
        inputs, labels = (torch.stack(column) for column in zip(*rows, strict=True))
        noise = torch.from_numpy(np.random.normal(size=inputs.shape)).float()  # noqa: NPY002
        return {"inputs": inputs + 0.1 * noise * random.random() + 0.1 * torch.randn(inputs.shape), "labels": labels}

    def objective(model, batch):
        return nn.functional.cross_entropy(model(batch["inputs"]), batch["labels"])

    def evaluate(model):
        inputs, labels = data.tensors
        noisy = inputs + torch.randn(inputs.shape) * np.random.rand() * random.random()  # noqa: NPY002
        return {"accuracy": (model(noisy).argmax(-1) == labels).float().mean()}

    steps = 23
    history = fit(
        model,
        DataLoader(data, batch_size=8, shuffle=True, collate_fn=collate),  # 5 batches an epoch
        objective,
        steps=steps,
        learning_rate=2e-2,
        schedule=warmup_linear(4, steps),
        accumulate=accumulate,
        evaluate=evaluate,
        evaluate_every=3,
        monitor="accuracy",
        checkpoint=checkpoint,
        checkpoint_every=1,
        progress=None,
    )
    return finish(model, history)


def in_child(accumulate: int, checkpoint: Path | None, out: Path) -> int:
    """Start the run in a process of its own, and return its number."""
    child = os.fork()
    if child:
        return child
    try:
        torch.save(hostile(accumulate, checkpoint), out)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def written(checkpoint: Path) -> int:
    return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0


def killed(out: Path, accumulate: int, kills: int) -> None:
    """Save the results of the undisturbed run and of the killed one, and how many kills hit."""
    undisturbed, disturbed, checkpoint = out.with_suffix(".a"), out.with_suffix(".b"), out.with_suffix(".checkpoint")
    child = in_child(accumulate, None, undisturbed)
    assert os.waitpid(child, 0)[1] == 0
    hits = 0
    for attempt in range(kills + 1):
        before = written(checkpoint)
        child = in_child(accumulate, checkpoint, disturbed)
        ended = 0
        while attempt < kills and not ended and written(checkpoint) == before:  # no kill before any progress
            time.sleep(0.0005)
            ended = os.waitpid(child, os.WNOHANG)[0]
        if attempt < kills and not ended:
            time.sleep(random.uniform(0, 0.02))  # a step and its checkpoint take about 10 ms: anywhere in them
            os.kill(child, signal.SIGKILL)
        status = 0 if ended else os.waitpid(child, 0)[1]
        assert status in (0, signal.SIGKILL), f"The child failed with {status}."
        hits += status == signal.SIGKILL
    result = {"undisturbed": torch.load(undisturbed), "killed": torch.load(disturbed), "hits": hits}
    result["files"] = sorted(path.name for path in out.parent.glob(f"*{checkpoint.name}*"))
    torch.save(result, out)


if __name__ == "__main__":
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    mode, target, *numbers = sys.argv[1:]
    {"processes": processes, "killed": killed}[mode](Path(target), *map(int, numbers))
