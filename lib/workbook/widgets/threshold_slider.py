"""A threshold to slide: a point that moves along a precision-recall curve, and what it means in detections."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np

ALT = "A precision-recall curve with a point on it, and a slider for the threshold that moves the point."


class ThresholdSlider:
    """Shows a slider and the curve; without a kernel, the curve at the first threshold.

    scores: (N,), best first. recall, precision: (N,) as `precision_recall` gives them. Raises ValueError for different
    lengths, or scores that rise.
    """

    def __init__(
        self, scores: np.ndarray, recall: np.ndarray, precision: np.ndarray, threshold: float = 0.5, alt: str = ALT
    ) -> None:
        import ipywidgets

        self.scores, self.recall, self.precision = (np.asarray(v, dtype=float) for v in (scores, recall, precision))
        if not self.scores.shape == self.recall.shape == self.precision.shape or self.scores.ndim != 1:
            raise ValueError(
                "Expected scores, recall and precision of one length, got the shapes "
                f"{self.scores.shape}, {self.recall.shape} and {self.precision.shape}."
            )
        if (np.diff(self.scores) > 0).any():
            raise ValueError("The scores rise: sort them, best first, as the curve's points are.")
        self.alt = alt
        self.slider = ipywidgets.FloatSlider(
            value=threshold, min=0.0, max=1.0, step=0.01, description="threshold", continuous_update=False
        )
        self.picture = ipywidgets.Image(format="png", width=560)
        self.slider.observe(self._draw, names="value")
        self._draw()

    def point(self, threshold: float) -> tuple[int, float, float]:
        """At a threshold: how many detections pass (score ≥ threshold), their recall and their precision.

        Where none passes, recall is 0 and precision NaN: there is nothing to be right about.
        """
        passing = int((self.scores >= threshold).sum())
        if passing == 0:
            return 0, 0.0, float("nan")
        return passing, float(self.recall[passing - 1]), float(self.precision[passing - 1])

    def words(self, threshold: float) -> str:
        """The same as a sentence."""
        passing, recall, precision = self.point(threshold)
        right = "" if passing == 0 else f": {precision:.0%} of them right, {recall:.0%} of the objects found"
        return f"threshold {threshold:.2f}, {passing} detections{right}"

    def _draw(self, change: Any = None) -> None:
        """Put the picture for the slider's value into its place."""
        from matplotlib.figure import Figure

        fig = Figure(figsize=(5.6, 3.8))  # not pyplot's: it need not be closed
        axis = fig.subplots()
        axis.plot(self.recall, self.precision, color="#4c78a8")
        passing, recall, precision = self.point(self.slider.value)
        if passing:
            axis.plot(recall, precision, "o", color="#b35900", markersize=11)
        axis.set(xlim=(0, 1.02), ylim=(0, 1.05), xlabel="recall", ylabel="precision")
        axis.set_title(self.words(self.slider.value), fontsize=10)
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
        self.picture.value = buffer.getvalue()

    def _ipython_display_(self) -> None:
        """The slider with its picture, an image with alt text for pages without a kernel, a line for plain text."""
        import ipywidgets
        from IPython.display import display

        bundle = dict(ipywidgets.VBox([self.slider, self.picture])._repr_mimebundle_())
        source = base64.b64encode(self.picture.value).decode()
        bundle["text/html"] = f'<img alt="{html.escape(self.alt, quote=True)}" src="data:image/png;base64,{source}">'
        bundle["text/plain"] = f"[widget: {self.alt}]"
        display(bundle, raw=True)
