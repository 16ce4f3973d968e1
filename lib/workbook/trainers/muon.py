"""Muon for the matrices inside a transformer, AdamW for everything else: fewer steps for training from scratch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class MuonAdamW(torch.optim.Optimizer):
    """Two of torch's optimizers as one, so that `fit` can use them: Muon for hidden matrices, AdamW for the rest.

    Muon makes each update orthogonal, so that all directions of a matrix are learnt equally fast; that has no meaning
    for embeddings, biases and norms. Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".

    model:  its trainable parameters are optimized. Hidden matrices are those with two dimensions whose name begins
            with `hidden`, or one of several. Raises ValueError where there is none.
    """

    def __init__(
        self,
        model: nn.Module,
        hidden: str | tuple[str, ...],
        learning_rate: float,
        adam_rate: float,
        weight_decay: float = 0.01,
    ) -> None:
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        inside = [parameter for name, parameter in named if name.startswith(hidden) and parameter.ndim == 2]
        if not inside:
            raise ValueError(f"No trainable matrix of the model has a name that begins with {hidden!r}.")
        chosen = {id(parameter) for parameter in inside}
        rest = [parameter for _, parameter in named if id(parameter) not in chosen]
        self.parts = [torch.optim.Muon(inside, lr=learning_rate, weight_decay=weight_decay)]
        if rest:
            self.parts.append(torch.optim.AdamW(rest, lr=adam_rate, weight_decay=weight_decay, fused=True))
        super().__init__([parameter for _, parameter in named], {})
        # the parts' own groups: a learning rate that is set here is set there
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure: None = None) -> None:
        """One step of both."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of both, as plain values and tensors."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back what `state_dict` gave."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self.param_groups = [group for part in self.parts for group in part.param_groups]
