"""What one sees while a model trains: a progress bar, and in a notebook the loss curve as it grows."""

from __future__ import annotations

import os
import time
from typing import Any

from workbook import show
from workbook.trainers.history import History


class Monitor:
    """A progress bar with the smoothed loss and, where a person looks on in a notebook, a live curve.

    label None shows nothing. TQDM_DISABLE=1 turns bar and curve off: stored notebooks are made like that, for neither
    would be the same twice. The curve is drawn at most once a second, and disappears when training ends.
    """

    def __init__(self, label: str | None, steps: int, history: History) -> None:
        self.history, self.steps, self.label = history, steps, label
        self.bar = self.curve = None
        if label is None or os.environ.get("TQDM_DISABLE"):
            return
        self.bar = show.progress_bar(steps, label, start=history.steps)
        self.drawn_at = time.monotonic()

    def update(self) -> None:
        """Call after every step."""
        if self.bar is None:
            return
        self.bar.update()
        now = time.monotonic()
        if now - self.drawn_at > 1:
            self.drawn_at = now
            self.bar.set_postfix(loss=f"{self.history.smoothed()[-1]:.3f}")
            if show.in_notebook():
                self._draw()

    def _draw(self) -> None:
        from IPython.display import HTML, display

        picture = HTML(sparkline(self.history.smoothed(), self.steps))
        if self.curve is None:
            self.curve = display(picture, display_id=True)
        else:
            self.curve.update(picture)

    def close(self) -> None:
        """End the display."""
        if self.bar is not None:
            self.bar.close()
        if self.curve is not None:
            from IPython.display import HTML

            self.curve.update(HTML(""))


def sparkline(losses: list[float], steps: int, width: int = 480, height: int = 90) -> str:
    """A loss curve as a small SVG picture: step 0 to `steps` from left to right, upwards from 0 or the lowest loss."""
    low, high = min(0.0, *losses), max(0.0, *losses)
    span = (high - low) or 1.0
    every = max(1, len(losses) // width)
    points = " ".join(
        f"{width * i / max(1, steps - 1):.1f},{height * (high - losses[i]) / span:.1f}"
        for i in range(0, len(losses), every)
    )
    alt = f"Loss after {len(losses)} of {steps} steps: {losses[-1]:.3f}; it began at {losses[0]:.3f}."
    return (
        f'<svg role="img" aria-label="{alt}" width="{width}" height="{height + 18}" style="background:transparent">'
        f'<polyline points="{points}" fill="none" stroke="#0969da" stroke-width="2"/>'
        f'<text x="2" y="{height + 14}" font-size="12" fill="#57606a">{alt}</text></svg>'
    )


def loss_figure(history: History, title: str) -> Any:
    """A Matplotlib figure of a finished run: the loss of every step, and smoothed."""
    import matplotlib.pyplot as plt

    fig, axis = plt.subplots(figsize=(6, 3))
    axis.plot(history.losses, color="#c8d1da", linewidth=1, label="each step")
    axis.plot(history.smoothed(), color="#0969da", label="mean of 10 steps")
    axis.set(xlabel="step", ylabel="loss", title=title)
    axis.legend()
    return fig
