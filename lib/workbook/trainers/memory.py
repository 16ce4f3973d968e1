"""What a training step needs memory for: weights, gradients, the optimizer's state, and what the backward pass needs.

training_memory(parameters, trainable, tokens, width, layers)     # by a formula
measured_memory(model, objective, batch)                          # by doing a step and counting
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

# What one layer of a transformer keeps per token for the backward pass, in multiples of its width, without dropout:
# two norms' inputs 2, their outputs 2, query, key, value 3, the attention's output 1, the GELU's input 4 and output 4.
KEPT_FULL = 16
# With a frozen base the input of a weight is needed only where an adapter reads it: one norm's output, the attention's
# output (which attention itself needs) and the GELU's input stay; the other norm's output and the GELU's output go.
KEPT_LORA = 11


def training_memory(
    parameters: int, trainable: int, tokens: int, width: int, layers: int, kept: float = KEPT_FULL, extra: int = 0,
    bytes_per_number: int = 4,
) -> dict[str, int]:  # fmt: skip
    """Bytes of one training step with AdamW: weights, gradients, optimizer, activations.

    parameters: all numbers of the model; trainable: those that learn. tokens: in a batch, padding included. width,
    layers: the transformer's. kept: numbers per token and layer that the backward pass needs, in multiples of width.
    extra: numbers per token that are kept outside the layers, such as a language model's probabilities of every word.
    """
    return {
        "weights": bytes_per_number * parameters,
        "gradients": bytes_per_number * trainable,
        "optimizer": 2 * bytes_per_number * trainable,  # the mean of the gradient, and of its square
        "activations": round(bytes_per_number * tokens * (kept * width * layers + extra)),
    }


def measured_memory(model: nn.Module, objective: Callable[[nn.Module, Any], Any], batch: Any) -> dict[str, int]:
    """The same four, counted in one real training step of all parameters that require gradients.

    Activations are the tensors that autograd keeps from the forward pass for the backward pass, every storage once and
    without the weights. The model's weights are put back afterwards; its gradients are gone.
    """
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    before = [parameter.detach().clone() for parameter in trainable]
    optimizer = torch.optim.AdamW(trainable, lr=1e-6)
    optimizer.zero_grad()
    owned = {_storage(parameter) for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in owned:
            kept[_storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = objective(model, batch)
        loss = loss[0] / loss[1] if isinstance(loss, tuple) else loss
    activations = sum(kept.values())  # all of them still live here, so no address is counted for two
    loss.backward()
    optimizer.step()
    sizes = {
        "weights": _bytes(model.parameters()),
        "gradients": _bytes(parameter.grad for parameter in trainable),
        "optimizer": _bytes(value for state in optimizer.state.values() for value in state.values()),
        "activations": activations,
    }
    optimizer.zero_grad()
    with torch.no_grad():
        for parameter, value in zip(trainable, before, strict=True):
            parameter.copy_(value)
    return sizes


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _bytes(tensors: Iterable[Tensor | None]) -> int:
    """Bytes of tensors; one that is not there has none, and a step counter of one number hardly any."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)
