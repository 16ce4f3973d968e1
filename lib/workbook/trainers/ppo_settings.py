"""How PPO trains, and what it leaves behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Settings:
    """How to train. The defaults are TRL's, but for what a small model needs otherwise: rates, batch, length.

    updates, batch:       how often, and answers each time
    epochs, minibatches:  how often the answers are gone through, and in how many parts
    kl:                   the weight β of the KL in the reward, fixed, or where it begins if kl_target is given
    kl_target:            the KL per answer, in nats, that an adaptive β steers to
    anneal:               whether the learning rates fall to 0 by the last update
    ptx_weight:           the weight of the language-model loss on `pretraining` batches
    """

    updates: int = 60
    batch: int = 64
    epochs: int = 4
    minibatches: int = 1
    learning_rate: float = 3e-4
    value_rate: float = 1e-3
    anneal: bool = True
    max_new_tokens: int = 24
    temperature: float = 1.0
    kl: float = 0.05
    kl_target: float | None = None
    kl_horizon: int = 10_000
    estimator: str = "k1"
    missing_end_penalty: float = 1.0
    gamma: float = 1.0
    lam: float = 0.95
    whiten_rewards: bool = False
    unbiased: bool = True
    clip: float = 0.2
    value_clip: float = 0.2
    value_weight: float = 0.1
    ptx_weight: float = 0.0
    max_grad_norm: float = 1.0

    def __post_init__(self) -> None:
        for name in ("updates", "batch", "epochs", "minibatches", "max_new_tokens"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {getattr(self, name)!r}")
        if self.batch % self.minibatches:
            raise ValueError(f"{self.batch} answers can't be cut into {self.minibatches} equal minibatches.")


@dataclass
class PPOHistory:
    """rows: the figures of every update. evaluations: {"update": n, name: figure, ...} each. seconds: in all."""

    rows: list[dict[str, float]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    resumed_from: int = 0

    @property
    def updates(self) -> int:
        """The number of updates done."""
        return len(self.rows)

    def curve(self, name: str, window: int = 1) -> list[float]:
        """One figure of all updates, or the mean of its last `window` values. KeyError for an unknown name."""
        values = [row[name] for row in self.rows]
        return [
            math.fsum(part) / len(part) for i in range(len(values)) if (part := values[max(0, i + 1 - window) : i + 1])
        ]
