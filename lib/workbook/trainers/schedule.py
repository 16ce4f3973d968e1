"""Learning-rate schedules: functions step → factor on the learning rate."""

from __future__ import annotations

from collections.abc import Callable


def warmup_linear(warmup: int, total: int) -> Callable[[int], float]:
    """Linear warm-up, then linear decay: the schedule that BERT was trained with (Devlin 2019, appendix A.2).

    The factor is (step + 1) / warmup for the first `warmup` steps, so that no step is wasted at 0, and then falls to
    1 / (total - warmup) in the last step, step total - 1. Steps count from 0. Beyond the last step it is 0. Raises
    ValueError unless 0 <= warmup <= total and total >= 1.
    """
    if not 0 <= warmup <= total or total < 1:
        raise ValueError(f"Expected 0 <= warmup <= total, got warmup {warmup} of {total} steps.")

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0, total - step) / (total - warmup) if total > warmup else 0.0

    return factor
