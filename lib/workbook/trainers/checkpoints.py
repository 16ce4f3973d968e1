"""Saving a training run so that it can go on exactly where it was: weights, optimizer, random numbers, history."""

from __future__ import annotations

import glob
import io
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.files import write_whole
from workbook.trainers.history import History, TrainingError


def changing_state(model: nn.Module) -> dict[str, Tensor]:
    """The part of a model's state that training can change: trainable parameters and buffers, not a frozen base."""
    trainable = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    lasting = model.state_dict().keys()
    buffers = {name: tensor for name, tensor in model.named_buffers() if name in lasting}
    return {name: tensor.detach() for name, tensor in {**trainable, **buffers}.items()}


def load_changing_state(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Put back what `changing_state` gave. Raises TrainingError where the names or shapes are of another model."""
    own = changing_state(model)
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if shapes != theirs:
        odd = sorted(name for name in shapes.keys() | theirs.keys() if shapes.get(name) != theirs.get(name))
        raise TrainingError(
            f"The saved weights are of another model, or another part of it was trainable: {', '.join(odd[:3])} ..."
        )
    with torch.no_grad():
        for name, tensor in state.items():
            own[name].copy_(tensor)


class Best:
    """The best weights so far by one evaluated figure, and how many evaluations ago that was."""

    def __init__(self, monitor: str | None, lower_is_better: bool) -> None:
        self.monitor, self.sign = monitor, -1.0 if lower_is_better else 1.0
        self.score = float("-inf")
        self.waited = 0
        self.weights: dict[str, Tensor] | None = None

    def update(self, figures: dict[str, float], model: nn.Module) -> None:
        """Take note of an evaluation; keep a copy of the weights if it is the best."""
        if self.monitor is None:
            return
        if self.monitor not in figures:
            raise ValueError(f"`evaluate` gave {', '.join(figures)}, and no {self.monitor!r} to monitor.")
        score = self.sign * figures[self.monitor]
        if score > self.score:
            self.score, self.waited = score, 0
            self.weights = {name: tensor.clone() for name, tensor in changing_state(model).items()}
        else:
            self.waited += 1

    def put_back(self, model: nn.Module) -> None:
        """Give the model its best weights, if any were kept."""
        if self.weights is not None:
            load_changing_state(model, self.weights)


class Run:
    """One training run and its checkpoint, a single file that is written whole or not at all."""

    def __init__(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, history: History, best: Best, accelerator: Any
    ) -> None:
        self.model, self.optimizer, self.history, self.best = model, optimizer, history, best
        self.accelerator = accelerator
        self.random_state: dict[str, Any] | None = None  # as it was when the checkpoint was written

    def save(self, path: Path, description: dict[str, Any]) -> None:
        """Write the checkpoint. In several processes all take part, and the first one writes."""
        from accelerate.utils import gather_object

        random_states = gather_object([random_state(self.accelerator.device)])
        scaler = self.accelerator.scaler
        if self.accelerator.is_main_process:
            content = {
                "description": description,
                "model": changing_state(self.model),
                "optimizer": self.optimizer.state_dict(),
                "scaler": scaler.state_dict() if scaler else {},
                "history": asdict(self.history),
                "best": {"score": self.best.score, "waited": self.best.waited, "weights": self.best.weights},
                "random": random_states,
            }
            for remains in path.parent.glob(f".{glob.escape(path.name)}.????????"):
                remains.unlink()  # of a process that was killed while it wrote
            buffer = io.BytesIO()
            torch.save(content, buffer)
            write_whole(path, buffer.getvalue())
        self.accelerator.wait_for_everyone()

    def load(self, path: Path, description: dict[str, Any]) -> bool:
        """Take up a checkpoint if there is one; returns whether there was.

        Raises TrainingError where the file is damaged or belongs to another run, and leaves it as it is.
        """
        if not path.exists():
            return False
        advice = "Delete the file to start anew, or name another one."
        try:
            # weights_only: tensors and plain values, never code. From bytes: of a path, torch looks at the ending
            content = torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True)
            theirs = {name: content["description"].get(name) for name in description}
        except Exception as error:  # torch raises many kinds; its texts advise to load without weights_only
            raise TrainingError(
                f"The checkpoint {path} can't be read ({type(error).__name__}): the file is damaged, or it is none. "
                f"{advice}"
            ) from error
        if theirs != description:
            odd = [f"{name} {theirs[name]}, now {ours}" for name, ours in description.items() if theirs[name] != ours]
            raise TrainingError(f"The checkpoint {path} is of another run: {'; '.join(odd)}. {advice}")
        try:
            load_changing_state(self.model, content["model"])
        except TrainingError as error:
            raise TrainingError(f"{error} This is the checkpoint {path}. {advice}") from None
        self.optimizer.load_state_dict(content["optimizer"])
        if content["scaler"]:
            self.accelerator.scaler.load_state_dict(content["scaler"])
        for name, value in content["history"].items():
            setattr(self.history, name, value)
        for name, value in content["best"].items():
            setattr(self.best, name, value)
        self.random_state = content["random"][self.accelerator.process_index]
        return True

    def restore_random_state(self) -> None:
        """Set all generators as they were when the loaded checkpoint was written, if one was."""
        if self.random_state is not None:
            set_random_state(self.random_state, self.accelerator.device)


def random_state(device: torch.device) -> dict[str, Any]:
    """The state of every generator: Python's, numpy's, torch's on the CPU and on the device that is trained on."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return {
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
        "device": None if device.type == "cpu" else torch.get_device_module(device).get_rng_state(),
    }


def set_random_state(state: dict[str, Any], device: torch.device) -> None:
    """Put back what `random_state` gave."""
    random.setstate(state["python"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if device.type != "cpu":
        torch.get_device_module(device).set_rng_state(state["device"])
