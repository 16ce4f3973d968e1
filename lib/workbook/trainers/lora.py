"""LoRA: the frozen weight and a small matrix product beside it (Hu et al. 2021).

y = W x + b + (α / r) · B A x        A: (r, in) Kaiming-initialised, B: (out, r) zero, so that nothing changes at first

inject_lora(model, ["query", "value"], rank=8)     # then fit(model, ...): only A and B require gradients
merge_lora(model)                                  # W ← W + (α / r) B A: no extra cost any more
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn


def lora_branch(states: Tensor, A: Tensor, B: Tensor, alpha: float) -> Tensor:
    """What an adapter adds to a layer's output: (α / r) · B A x for every x.

    states: (..., in). A: (r, in). B: (out, r). Returns (..., out). First down to r numbers, then up: the product B A,
    as large as the weight, is never computed.
    """
    return (states @ A.T) @ B.T * (alpha / A.shape[0])


def lora_delta(A: Tensor, B: Tensor, alpha: float) -> Tensor:
    """What merging adds to a weight stored as (out, in): (α / r) · B A."""
    return B @ A * (alpha / A.shape[0])


def lora_size(shapes: Sequence[tuple[int, int]], rank: int, bytes_per_number: int = 4) -> tuple[int, int]:
    """How many numbers adapters of a rank have, and how many bytes they take on a disk.

    shapes: (in, out) of every layer that gets one.
    """
    numbers = sum(rank * (inputs + outputs) for inputs, outputs in shapes)
    return numbers, numbers * bytes_per_number


class LoRALinear(nn.Module):
    """A linear layer with an adapter beside it. The layer keeps its weights; only the adapter learns.

    layer: nn.Linear, or transformers' Conv1D (GPT-2's), whose weight is stored as (in, out).
    rank: 1 up to the smaller side of the weight. alpha: the adapter's output is scaled by alpha / rank.
    Raises TypeError for another layer, ValueError for a rank that is too large or too small.
    """

    def __init__(self, layer: nn.Module, rank: int = 8, alpha: float = 16.0) -> None:
        super().__init__()
        inputs, outputs = in_out(layer)
        if not 1 <= rank <= min(inputs, outputs):
            raise ValueError(
                f"rank must be from 1 to {min(inputs, outputs)} for a weight of {outputs} x {inputs}, not {rank!r}: "
                "beyond that the product is no smaller than the weight itself."
            )
        self.layer, self.rank, self.alpha, self.merged = layer.requires_grad_(False), rank, alpha, False
        weight = layer.weight
        self.A = nn.Parameter(torch.empty(rank, inputs, device=weight.device, dtype=weight.dtype))
        self.B = nn.Parameter(torch.zeros(outputs, rank, device=weight.device, dtype=weight.dtype))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, states: Tensor) -> Tensor:
        """(..., in) → (..., out)."""
        output = self.layer(states)
        if self.merged:
            return output
        return output + lora_branch(states, self.A, self.B, self.alpha)

    def delta(self) -> Tensor:
        """(α / r) · B A in the shape in which the layer stores its weight."""
        product = lora_delta(self.A, self.B, self.alpha)  # (out, in)
        return product if isinstance(self.layer, nn.Linear) else product.T

    @torch.no_grad()
    def merge(self) -> None:
        """Add the adapter to the weight. Merging twice adds it once."""
        if not self.merged:
            self.layer.weight += self.delta()
            self.merged = True

    @torch.no_grad()
    def unmerge(self) -> None:
        """Take the adapter out of the weight again."""
        if self.merged:
            self.layer.weight -= self.delta()
            self.merged = False


def in_out(layer: nn.Module) -> tuple[int, int]:
    """The number of inputs and outputs of a linear layer. Raises TypeError for any other."""
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if type(layer).__name__ == "Conv1D" and layer.weight.ndim == 2:
        return layer.weight.shape[0], layer.weight.shape[1]
    raise TypeError(f"LoRA here goes beside linear layers (nn.Linear, or GPT-2's Conv1D), not {type(layer).__name__}.")


def targets(model: nn.Module, names: Sequence[str]) -> list[str]:
    """The full names of the layers whose name ends in one of `names` ("query" finds "encoder.layer.0...query").

    Raises ValueError where one of them matches no layer, with the endings that would.
    """
    linear = [name for name, layer in model.named_modules() if _is_linear(layer)]
    found = [full for full in linear if any(full == name or full.endswith(f".{name}") for name in names)]
    missing = [name for name in names if not any(full == name or full.endswith(f".{name}") for full in found)]
    if missing or not names:
        endings = sorted({re.split(r"\.\d+\.", full)[-1] for full in linear})
        raise ValueError(
            f"No linear layer is called {', '.join(missing) or '(nothing)'}; there are {', '.join(endings)}."
        )
    return found


def _is_linear(layer: nn.Module) -> bool:
    try:
        in_out(layer)
    except TypeError:
        return False
    return True


def inject_lora(model: nn.Module, names: Sequence[str], rank: int = 8, alpha: float = 16.0) -> list[str]:
    """Put a LoRALinear in the place of every layer that `names` match, freeze all else; returns their full names.

    Raises ValueError for a name without a layer or a rank too large, and leaves the model as it was.
    """
    if any(isinstance(layer, LoRALinear) for layer in model.modules()):
        raise ValueError("The model has LoRA layers already: merge or remove them first.")
    found = targets(model, names)
    adapted = {full: LoRALinear(model.get_submodule(full), rank, alpha) for full in found}
    model.requires_grad_(False)
    for full, layer in adapted.items():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
        model.set_submodule(full, layer)
    return found


def adapters(model: nn.Module) -> Iterator[tuple[str, LoRALinear]]:
    """Every LoRA layer with its full name. Raises ValueError where there is none."""
    found = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, LoRALinear)]
    if not found:
        raise ValueError("The model has no LoRA layers: call inject_lora first.")
    return iter(found)


def merge_lora(model: nn.Module) -> nn.Module:
    """Add all adapters to their weights and put the plain layers back; returns the model."""
    for name, layer in adapters(model):
        layer.merge()
        model.set_submodule(name, layer.layer)
    return model


def adapter_state(model: nn.Module) -> dict[str, Tensor]:
    """What an adapter is, to be stored or exchanged: every A and B by name."""
    return {
        f"{name}.{part}": getattr(layer, part).detach().clone()
        for name, layer in adapters(model)
        for part in ("A", "B")
    }


def peft_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """An adapter of `adapter_state` under peft's names, for peft.set_peft_model_state_dict(wrapped, ...).

    The matrices are the same: peft's lora_A is (r, in) and its lora_B (out, r), beside GPT-2's Conv1D as well.
    """
    names = {name: name.rpartition(".") for name in state}
    return {f"base_model.model.{full}.lora_{part}.weight": state[name] for name, (full, _, part) in names.items()}


@torch.no_grad()
def load_adapter(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Put an adapter's matrices in. Raises ValueError where names or shapes differ."""
    wanted = adapter_state(model)
    if {name: value.shape for name, value in wanted.items()} != {name: value.shape for name, value in state.items()}:
        raise ValueError("The adapter is for other layers, or of another rank, than the model's LoRA layers.")
    for name, layer in adapters(model):
        layer.A.copy_(state[f"{name}.A"])
        layer.B.copy_(state[f"{name}.B"])
