"""What a training run leaves behind: its losses, learning rates and evaluations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class TrainingError(RuntimeError):
    """Training cannot go on; the message says why and what to do."""


@dataclass
class History:
    """losses and rates: one figure per step. evaluations: {"step": n, name: figure, ...} each. seconds: in all."""

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    stopped_early: bool = False
    resumed_from: int = 0

    @property
    def steps(self) -> int:
        """The number of steps done."""
        return len(self.losses)

    def add(self, loss: float, rate: float) -> None:
        """Note one step."""
        self.losses.append(loss)
        self.rates.append(rate)

    def smoothed(self, window: int = 10) -> list[float]:
        """The mean of the last `window` losses at every step: a curve that can be read."""
        return [
            sum(part) / len(part) for i in range(self.steps) if (part := self.losses[max(0, i + 1 - window) : i + 1])
        ]
