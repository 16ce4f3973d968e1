"""Hyperparameter search with Optuna: many short runs, the hopeless ones stopped early."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbook.trainers.loop import fit


@dataclass(frozen=True)
class Features:
    """Vectors that an encoder computed once, (N, D), and their labels (N,)."""

    train: Tensor
    train_labels: Tensor
    validation: Tensor
    validation_labels: Tensor


def head_trial(trial: Any, features: Features, num_classes: int, epochs: int = 6) -> float:
    """One trial: train a head with the hyperparameters that `trial` suggests; returns the validation accuracy.

    Reports after every epoch, and raises optuna.TrialPruned where Optuna's pruner gives the trial up.
    """
    import optuna

    rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    decay = trial.suggest_float("weight_decay", 1e-3, 10.0, log=True)
    batch = trial.suggest_categorical("batch_size", [32, 128, 512])
    dropout = trial.suggest_float("dropout", 0.0, 0.6)
    hidden = trial.suggest_categorical("hidden", [0, 64, 256])
    torch.manual_seed(0)
    width = features.train.shape[1]
    layers = [nn.Dropout(dropout), nn.Linear(width, hidden or num_classes)]
    model = nn.Sequential(*layers, *([nn.ReLU(), nn.Linear(hidden, num_classes)] if hidden else []))
    length = len(features.train_labels)
    per_epoch, evaluations = -(-length // batch), itertools.count(1)

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.randperm(length).split(batch):
            yield features.train[rows], features.train_labels[rows]

    def evaluate(head: nn.Module) -> dict[str, float]:
        right = (head(features.validation).argmax(-1) == features.validation_labels).float().mean()
        trial.report(right.item(), next(evaluations))
        if trial.should_prune():
            raise optuna.TrialPruned
        return {"accuracy": right}

    history = fit(
        model, batches, lambda head, pair: nn.functional.cross_entropy(head(pair[0]), pair[1]),
        steps=epochs * per_epoch, learning_rate=rate, weight_decay=decay, evaluate=evaluate,
        evaluate_every=per_epoch, monitor="accuracy", progress=None,
    )  # fmt: skip
    return max(figures["accuracy"] for figures in history.evaluations)


def search(objective: Callable[[Any], float], trials: int, sampler: str = "tpe", seed: int = 0) -> Any:
    """Run a study that maximises `objective(trial)`; returns Optuna's study.

    sampler: "tpe", which learns from the trials so far and prunes by their median, or "random", which does neither.
    """
    import optuna

    from workbook.show import progress_bar

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # one line per trial would bury the lesson
    samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    if sampler not in samplers:
        raise ValueError(f'sampler must be "tpe" or "random", not {sampler!r}')
    pruner = optuna.pruners.MedianPruner(n_warmup_steps=2) if sampler == "tpe" else optuna.pruners.NopPruner()
    study = optuna.create_study(direction="maximize", sampler=samplers[sampler](seed=seed), pruner=pruner)
    with progress_bar(trials, f"{sampler} search", "trial") as bar:
        study.optimize(objective, n_trials=trials, callbacks=[lambda *_: bar.update()])
    return study


def best_so_far(study: Any) -> list[float]:
    """The best value found up to each trial; a pruned trial counts with nothing."""
    best, values = float("-inf"), []
    for trial in study.trials:
        if trial.state.name == "COMPLETE":
            best = max(best, trial.value)
        values.append(best)
    return values
