"""The one training loop. All fine-tuning is one pattern: a base, what is trainable, data, an objective.

    history = fit(model, batches, objective, steps=200, learning_rate=1e-3)

It runs on Hugging Face accelerate: the same call works on a CPU, on a GPU, and in several processes under
`accelerate launch`, and gives the same losses in all of them.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbook.trainers import checkpoints
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
                (0, 1, ...). Tensors are moved to the device. torch is seeded anew at each epoch, so that a shuffling
                DataLoader gives the same order in every run. With several processes each takes its share of every
                batch (rows rank, rank + n, ...), so that their number changes the speed and not the result.
    objective:  objective(model, batch) → the mean loss over the batch's examples; or (total, count), where the mean is
                not over examples: over tokens, say. Under accumulation and in several processes the gradient is
                that of sum(total) / sum(count), exactly. Call the model itself in it, not its submodules.
    steps:      optimizer steps. Each takes `accumulate` batches.
    optimizer:  AdamW over the trainable parameters with `learning_rate` and `weight_decay`, unless given.
    schedule:   schedule(step) → factor on the learning rate, for step 0, 1, ..., steps - 1.
    precision:  "no", "bf16" or "fp16"; None leaves it to accelerate (that is "no" unless its launcher says otherwise).
    evaluate:   evaluate(model) → named figures, called every `evaluate_every` steps (and after the last) in evaluation
                mode, without gradients. It does not disturb the training's random numbers.
    monitor:    the figure by which the best weights are kept; they are put back at the end. With `patience`, training
                stops after so many evaluations without a better one.
    checkpoint: a file. Progress is saved there every `checkpoint_every` steps and at the end; the same call after a
                crash goes on from there and ends with the very weights that an undisturbed run would have.
    progress:   the label of the progress bar; None for none.

    Returns the History. Raises TrainingError where nothing is trainable, batches run out, the loss is not finite, or
    the checkpoint is of another run; ValueError for numbers that make no sense.
    """
    _require(steps=steps, accumulate=accumulate, checkpoint_every=checkpoint_every)
    if evaluate and not evaluate_every:
        evaluate_every = steps
    if (monitor or patience) and not evaluate:
        raise ValueError("`monitor` and `patience` need `evaluate`: without it there is no figure to watch.")
    accelerator = _accelerator(precision)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise TrainingError("Nothing is trainable: every parameter of the model has requires_grad=False.")
    wrapped = accelerator.prepare_model(model)
    if optimizer is None:
        # one pass over all parameters instead of several: six times faster on a CPU
        fused = accelerator.device.type in ("cpu", "cuda")
        optimizer = torch.optim.AdamW(trainable, lr=learning_rate, weight_decay=weight_decay, fused=fused)
    base_rates = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
    stepper = accelerator.prepare_optimizer(optimizer)

    history = History()
    best = checkpoints.Best(monitor, lower_is_better)
    run = checkpoints.Run(model, optimizer, history, best, accelerator)
    description = {"steps": steps, "seed": seed, "accumulate": accumulate, "rates": base_rates}
    if checkpoint and run.load(Path(checkpoint), description):
        history.resumed_from = history.steps
    stream = _stream(batches, seed, skip=history.steps * accumulate)
    if history.steps:
        run.restore_random_state()

    bar = Monitor(progress if accelerator.is_main_process else None, steps, history)
    model.train()
    began = time.perf_counter() - history.seconds
    try:
        while history.steps < steps and not history.stopped_early:
            factor = schedule(history.steps) if schedule else 1.0
            for group, rate in zip(optimizer.param_groups, base_rates, strict=True):
                group["lr"] = rate * factor
            loss = _step(accelerator, wrapped, stepper, trainable, objective, stream, accumulate, max_grad_norm)
            history.add(loss, base_rates[0] * factor)
            history.seconds = time.perf_counter() - began
            last = history.steps == steps
            if evaluate and (history.steps % evaluate_every == 0 or last):
                figures = _evaluate(model, evaluate, accelerator.device)
                history.evaluations.append({"step": history.steps, **figures})
                best.update(figures, model)
                history.stopped_early = bool(patience and best.waited >= patience and not last)
            bar.update()
            if checkpoint and (history.steps % checkpoint_every == 0 or last or history.stopped_early):
                run.save(Path(checkpoint), description)
    finally:
        bar.close()
        accelerator.unwrap_model(wrapped, keep_fp32_wrapper=False)
        model.eval()
    best.put_back(model)
    return history


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
    sums = torch.zeros(2, device=accelerator.device)  # total loss, count
    for number in range(accumulate):
        batch = _to_device(_share(next(stream), accelerator), accelerator.device)
        together = number == accumulate - 1  # gradients are exchanged between processes only once per step
        with contextlib.nullcontext() if together else accelerator.no_sync(model):
            total, count = _total_and_count(objective(model, batch), batch)
            accelerator.backward(total)
        sums += torch.stack([total.detach().float(), torch.as_tensor(count, device=sums.device).float()])
    processes = accelerator.num_processes
    if processes > 1:
        sums = accelerator.reduce(sums)
    loss = (sums[0] / sums[1]).item()
    if loss != loss or abs(loss) == float("inf"):
        raise TrainingError(
            f"The loss is {loss}. Usual reasons: a learning rate too high, a batch without a single label, "
            "fp16 where bf16 is needed, NaN in the inputs. The checkpoint, if there is one, was left as it was."
        )
    # backward() gave the gradient of the total, averaged over the processes: make it that of the mean.
    gradients = [parameter.grad for parameter in trainable if parameter.grad is not None]
    torch._foreach_mul_(gradients, processes / sums[1].item())
    if max_grad_norm is not None:
        accelerator.clip_grad_norm_(trainable, max_grad_norm)
    optimizer.step()
    optimizer.zero_grad()
    return loss


def _total_and_count(loss: Any, batch: Any) -> tuple[Tensor, Tensor | float]:
    """An objective's answer as (total, count); a plain mean counts as many examples as the batch has rows."""
    if isinstance(loss, tuple):
        return loss
    rows = _rows(batch) or 1
    return loss * rows, rows


def _rows(batch: Any) -> int | None:
    """The length of the first tensor or list found in a batch."""
    if isinstance(batch, dict):
        return next((rows for value in batch.values() if (rows := _rows(value))), None)
    if isinstance(batch, Tensor):
        return len(batch) if batch.ndim else None
    if isinstance(batch, tuple):
        return next((rows for value in batch if (rows := _rows(value))), None)
    return len(batch) if isinstance(batch, list) else None


def _share(batch: Any, accelerator: Any) -> Any:
    """This process's rows of a batch (a tensor, list, or dict or tuple of such)."""
    if accelerator.num_processes == 1:
        return batch
    if isinstance(batch, dict):
        return {key: _share(value, accelerator) for key, value in batch.items()}
    if isinstance(batch, tuple):
        return tuple(_share(value, accelerator) for value in batch)
    if len(batch) < accelerator.num_processes:
        raise TrainingError(f"A batch of {len(batch)} can't be shared by {accelerator.num_processes} processes.")
    return batch[accelerator.process_index :: accelerator.num_processes]


def _to_device(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {key: _to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(_to_device(value, device) for value in batch)
    return batch


def _stream(batches: Any, seed: int, skip: int) -> Iterator[Any]:
    """Batches without end, epoch after epoch; the first `skip` are passed over, as a run before this one used them."""

    def endless() -> Iterator[Any]:
        for epoch in itertools.count():
            torch.manual_seed(seed + epoch)  # the order within an epoch depends on these two numbers alone
            length = 0
            for length, batch in enumerate(batches(epoch) if callable(batches) else batches, 1):  # noqa: B007
                yield batch
            if not length:
                raise TrainingError(
                    f"There are no batches in epoch {epoch}. An iterator can be gone through only once: give a list, a "
                    "DataLoader, or a function of the epoch's number."
                )

    stream = endless()
    for _ in range(skip):  # exactly so many: drawing the next one already would use up random numbers too early
        next(stream)
    return stream


def _evaluate(model: nn.Module, evaluate: Callable[[nn.Module], dict[str, float]], device: torch.device) -> dict:
    model.eval()
    devices = [device] if device.type == "cuda" else []
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        figures = {name: float(value) for name, value in evaluate(model).items()}
    model.train()
    return figures


def _accelerator(precision: str | None) -> Any:
    """An Accelerator with this precision, on the device that the workbook has chosen."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    from workbook.profiles import device

    if precision not in (None, "no", "bf16", "fp16"):
        raise ValueError(f'precision must be "no", "bf16" or "fp16", not {precision!r}')
    # accelerate keeps the first call's precision for the whole process; a notebook trains more than once.
    AcceleratorState._reset_state()
    return Accelerator(cpu=device() == "cpu", mixed_precision=precision)


def _require(**counts: int) -> None:
    for name, value in counts.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
