"""Muon for networks of convolutions, AdamW for what is left: fewer steps for an autoencoder or a UNet from scratch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def orthogonal(update: Tensor, rounds: int = 5) -> Tensor:
    """About the nearest matrix (M, N) whose singular values are all 1, by a Newton-Schulz iteration.

    Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks", with their coefficients, which end
    within about 0.7 to 1.2. It runs in half precision, as theirs does: the error doesn't matter.
    """
    wide = update if update.shape[0] <= update.shape[1] else update.T
    x = (wide / (wide.norm() + 1e-7)).bfloat16()
    for _ in range(rounds):
        square = x @ x.T  # (M, M)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x if wide is update else x.T).to(update)


class ConvMuonAdamW(torch.optim.Optimizer):
    """Muon for hidden weights of convolutions and linear layers, AdamW for all others. No weight decay.

    A convolution's weights (out, in, height, width) are taken as a matrix of `out` rows. Every update has the size that
    AdamW's would have: 0.2 per weight in the square's mean (Liu et al. 2025, "Muon is scalable for LLM training").

    outside: beginnings of names of weights that are not hidden: those of the first and the last layer. Raises
    ValueError where nothing is hidden.
    """

    def __init__(
        self,
        model: nn.Module,
        learning_rate: float,
        adam_rate: float,
        outside: tuple[str, ...] = (),
        momentum: float = 0.95,
    ) -> None:
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        hidden = [p for name, p in named if p.ndim >= 2 and not name.startswith(outside or ("\0",))]
        if not hidden:
            raise ValueError("The model has no trainable weight of two dimensions or more that is hidden.")
        chosen = {id(parameter) for parameter in hidden}
        rest = [parameter for _, parameter in named if id(parameter) not in chosen]
        super().__init__(hidden, {"lr": learning_rate, "momentum": momentum})
        self.adam = torch.optim.AdamW(rest, lr=adam_rate, weight_decay=0.0, fused=True) if rest else None
        self.param_groups += self.adam.param_groups if rest else []  # a learning rate that is set here is set there

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step of both."""
        group = self.param_groups[0]
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            gradient = parameter.grad.flatten(1).float()
            state = self.state[parameter]
            mean = state.setdefault("mean", torch.zeros_like(gradient))
            mean.lerp_(gradient, 1 - group["momentum"])
            update = orthogonal(gradient.lerp(mean, group["momentum"]))  # Nesterov's look ahead
            size = 0.2 * max(update.shape) ** 0.5
            parameter.add_(update.view_as(parameter), alpha=-group["lr"] * size)
        if self.adam:
            self.adam.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of both, as plain values and tensors."""
        means = [self.state[parameter].get("mean") for parameter in self.param_groups[0]["params"]]
        return {"means": means, "adam": self.adam.state_dict() if self.adam else None}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back what `state_dict` gave."""
        for parameter, mean in zip(self.param_groups[0]["params"], state_dict["means"], strict=True):
            if mean is not None:
                self.state[parameter]["mean"] = mean.to(parameter)
        if self.adam:
            self.adam.load_state_dict(state_dict["adam"])
            self.param_groups = [self.param_groups[0], *self.adam.param_groups]
