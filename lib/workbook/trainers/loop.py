"""The one training loop. All fine-tuning is one pattern: a base, what is trainable, data, an objective.

    history = fit(model, batches, objective, steps=200, learning_rate=1e-3)

It runs on Hugging Face accelerate: the same call works on a CPU, on a GPU, and in several processes under
`accelerate launch`, and gives the same losses in all of them.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbook.trainers import checkpoints
from workbook.trainers.batches import count_rows, endless, share
from workbook.trainers.history import History, TrainingError
from workbook.trainers.monitor import Monitor

Objective = Callable[[nn.Module, Any], Tensor | tuple[Tensor, Tensor | float]]


def fit(
    model: nn.Module,
    batches: Iterable[Any] | Callable[[int], Iterable[Any]],
    objective: Objective,
    *,
    steps: int,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.01,
    optimizer: torch.optim.Optimizer | None = None,
    schedule: Callable[[int], float] | None = None,
    accumulate: int = 1,
    max_grad_norm: float | None = 1.0,
    precision: str | None = None,
    evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    evaluate_every: int | None = None,
    monitor: str | None = None,
    lower_is_better: bool = False,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 100,
    seed: int = 0,
    progress: str | None = "training",
) -> History:
    """Train the parameters of `model` that require gradients, in place, and leave it in evaluation mode.

    model:      any module; it is moved to the device that accelerate finds.
    batches:    a list or DataLoader that can be gone through again and again, or a function of the epoch's number
                (0, 1, ...). Tensors are moved to the device. The generators of torch, numpy and Python are seeded anew
                at each epoch, so that a shuffling DataLoader gives the same order in every run. The rows of a batch
                are a tensor's first dimension, or the elements of a list without tensors; mappings, tuples and lists
                of tensors are columns side by side. With several processes each takes its share of every batch (rows
                rank, rank + n, ...), so that their number changes the speed and not the result.
    objective:  objective(model, batch) → the mean loss over the batch's examples; or (total, count), where the mean is
                not over examples: over tokens, say. Under accumulation and in several processes the gradient is
                that of sum(total) / sum(count), exactly. Call the model itself in it, not its submodules.
    steps:      optimizer steps. Each takes `accumulate` batches.
    optimizer:  AdamW over the trainable parameters with `learning_rate` and `weight_decay`, unless given. One that is
                given must hold all trainable parameters; its learning rates are put back at the end.
    schedule:   schedule(step) → factor on the learning rate, for step 0, 1, ..., steps - 1.
    precision:  "no", "bf16" or "fp16"; None leaves it to accelerate (that is "no" unless its launcher says otherwise).
    evaluate:   evaluate(model) → named figures, called every `evaluate_every` steps (and after the last) in evaluation
                mode, without gradients. It does not disturb the training's random numbers.
    monitor:    the figure by which the best weights are kept; they are put back at the end. With `patience`, training
                stops after so many evaluations in a row without a better one.
    checkpoint: a file. Progress is saved there every `checkpoint_every` steps and at the end; the same call after a
                crash goes on from there and ends with the very weights that an undisturbed run would have.
    progress:   the label of the progress bar; None for none.

    Returns the History. Raises TrainingError where nothing is trainable, batches run out, the loss is not finite, or
    the checkpoint is of another run; ValueError for numbers that make no sense.
    """
    evaluate_every = steps if evaluate_every is None else evaluate_every
    _require(steps=steps, accumulate=accumulate, checkpoint_every=checkpoint_every, evaluate_every=evaluate_every)
    _require(patience=1 if patience is None else patience)
    if max_grad_norm is not None and not max_grad_norm > 0:
        raise ValueError(f"max_grad_norm must be above 0, or None for no limit, not {max_grad_norm!r}")
    if monitor and not evaluate:
        raise ValueError("`monitor` needs `evaluate`: without it there is no figure to watch.")
    if patience and not monitor:
        raise ValueError("`patience` needs `monitor`: the name of the figure that is to get better.")
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise TrainingError("Nothing is trainable: every parameter of the model has requires_grad=False.")
    accelerator = _accelerator(precision)
    if optimizer is None:
        # one pass over all parameters instead of several: six times faster on a CPU
        fused = accelerator.device.type in ("cpu", "cuda")
        optimizer = torch.optim.AdamW(trainable, lr=learning_rate, weight_decay=weight_decay, fused=fused)
    _require_same(trainable, optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]
    description = {
        "steps": steps,
        "seed": seed,
        "accumulate": accumulate,
        "max_grad_norm": max_grad_norm,
        "optimizer": type(optimizer).__name__,
        "learning_rate": rates,
        "weight_decay": [group.get("weight_decay") for group in optimizer.param_groups],
        "evaluate_every": evaluate_every,
        "monitor": monitor,
        "lower_is_better": lower_is_better,
        "patience": patience,
        "precision": accelerator.mixed_precision,
        "device": accelerator.device.type,
        "processes": accelerator.num_processes,
    }

    history = History()
    best = checkpoints.Best(monitor, lower_is_better)
    with _prepared(accelerator, model) as wrapped:
        run = checkpoints.Run(model, optimizer, history, best, accelerator)
        # accelerate's wrapper matters to fp16's loss scaling alone, and searches the disk for a package at every step
        stepper = accelerator.prepare_optimizer(optimizer) if accelerator.scaler else optimizer
        if checkpoint and run.load(Path(checkpoint), description):
            history.resumed_from = history.steps
        stream = endless(batches, seed, skip=history.steps * accumulate)
        run.restore_random_state()

        bar = Monitor(progress if accelerator.is_main_process else None, steps, history)
        began = time.perf_counter() - history.seconds
        try:
            while history.steps < steps and not history.stopped_early:
                factor = schedule(history.steps) if schedule else 1.0
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * factor
                loss = _step(accelerator, wrapped, stepper, trainable, objective, stream, accumulate, max_grad_norm)
                history.add(loss, rates[0] * factor)
                history.seconds = time.perf_counter() - began
                last = history.steps == steps
                if evaluate and (history.steps % evaluate_every == 0 or last):
                    figures = _evaluate(model, evaluate, accelerator)
                    history.evaluations.append({"step": history.steps, **figures})
                    best.update(figures, model)
                    history.stopped_early = bool(patience and best.waited >= patience and not last)
                bar.update()
                if checkpoint and (history.steps % checkpoint_every == 0 or last or history.stopped_early):
                    run.save(Path(checkpoint), description)
        finally:
            bar.close()
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate
    best.put_back(model)
    return history


@contextlib.contextmanager
def _prepared(accelerator: Any, model: nn.Module) -> Iterator[nn.Module]:
    """The model in training mode as accelerate wraps it. Afterwards it is what it was, and in evaluation mode."""
    forward = model.__dict__.get("forward")  # a forward of its own is rare, but PEFT and others do set one
    try:
        model.train()
        model.zero_grad()  # gradients of an earlier experiment are none of this run's
        yield accelerator.prepare_model(model)
    finally:
        # accelerate's own unwrap_model would also strip the decorators that transformers puts on a model's forward,
        # and leaves the mark by which a second call would take the model for prepared, whatever its precision.
        for name in ("forward", "_original_forward", "_is_accelerate_prepared"):
            model.__dict__.pop(name, None)
        if forward is not None:
            model.forward = forward
        model.zero_grad()
        model.eval()


def _step(
    accelerator: Any,
    model: nn.Module,
    optimizer: Any,
    trainable: list[nn.Parameter],
    objective: Objective,
    stream: Iterator[Any],
    accumulate: int,
    max_grad_norm: float | None,
) -> float:
    """One optimizer step over `accumulate` batches; returns the loss, averaged over all they contain."""
    from accelerate.utils import send_to_device

    losses, counts = 0.0, 0.0
    for number in range(accumulate):
        batch = send_to_device(share(next(stream), accelerator), accelerator.device, non_blocking=True)
        together = number == accumulate - 1  # gradients are exchanged between processes only once per step
        with contextlib.nullcontext() if together else accelerator.no_sync(model):
            total, count = _total_and_count(objective(model, batch), batch)
            accelerator.backward(total)
        losses, counts = losses + total.detach().float(), counts + count
    if accelerator.num_processes > 1:
        losses, counts = accelerator.reduce(torch.stack([losses, torch.as_tensor(counts).to(losses)]))
    count = float(counts)
    loss = float(losses) / count if count else math.nan
    _require_finite(loss, "loss")
    # backward() gave the gradient of the total, averaged over the processes: make it that of the mean.
    scale = accelerator.num_processes / count
    gradients = [parameter.grad for parameter in trainable if parameter.grad is not None]
    if max_grad_norm is not None:
        accelerator.unscale_gradients(optimizer)  # does nothing unless fp16 has scaled them up
        norm = nn.utils.get_total_norm(gradients) * scale
        if accelerator.scaler is None:  # with fp16 an overflow is nothing unusual: its scaler leaves the step out
            _require_finite(norm.item(), "gradient's norm")
        scale = scale * (max_grad_norm / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_(gradients, scale)
    optimizer.step()
    for parameter in trainable:
        parameter.grad = None
    return loss


def _total_and_count(loss: Any, batch: Any) -> tuple[Tensor, Tensor | float]:
    """An objective's answer as (total, count); a plain mean counts as many examples as the batch has rows."""
    if isinstance(loss, tuple):
        return loss
    rows = count_rows(batch) or 1
    return loss * rows, rows


def _evaluate(model: nn.Module, evaluate: Callable[[nn.Module], dict[str, float]], accelerator: Any) -> dict:
    """The evaluated figures; the training goes on with the random numbers it would have had."""
    from accelerate.utils import broadcast_object_list

    random_state = checkpoints.random_state(accelerator.device)
    model.eval()
    with torch.no_grad():
        figures = {name: float(value) for name, value in evaluate(model).items()}
    model.train()
    checkpoints.set_random_state(random_state, accelerator.device)
    return broadcast_object_list([figures])[0]  # the first process's: all must agree on when to stop


def _accelerator(precision: str | None) -> Any:
    """An Accelerator with this precision, on the device that the workbook has chosen."""
    from accelerate import Accelerator, DistributedDataParallelKwargs
    from accelerate.state import AcceleratorState

    from workbook.profiles import device

    if precision not in (None, "no", "bf16", "fp16"):
        raise ValueError(f'precision must be "no", "bf16" or "fp16", not {precision!r}')
    if precision == "fp16" and device() == "cpu":
        raise ValueError(
            'precision "fp16" needs a GPU (accelerate would not use it here, and not say so): take "bf16".'
        )
    # accelerate keeps the first call's precision for the whole process; a notebook trains more than once.
    AcceleratorState._reset_state()
    # A part of a model that an objective leaves out (BERT's pooler, say) must not stop several processes only.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(cpu=device() == "cpu", mixed_precision=precision, kwargs_handlers=[unused])


def _require(**counts: int) -> None:
    for name, value in counts.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")


def _require_finite(value: float, name: str) -> None:
    if not math.isfinite(value):
        raise TrainingError(
            f"The {name} is {value}. Usual reasons: a learning rate too high, a batch without a single label, "
            "fp16 where bf16 is needed, NaN in the inputs. The checkpoint, if there is one, was left as it was."
        )


def _require_same(trainable: list[nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
    """An optimizer made before layers were frozen, unfrozen or replaced would train something else than was meant."""
    held = {parameter for group in optimizer.param_groups for parameter in group["params"] if parameter.requires_grad}
    if held != set(trainable):
        raise ValueError(
            f"The optimizer holds {len(held & set(trainable))} of the model's {len(trainable)} trainable parameters, "
            f"and {len(held - set(trainable))} others. Make it after choosing what is trainable."
        )
