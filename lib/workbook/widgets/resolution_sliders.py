"""Window and mel resolution to slide: the picture of a sound changes, and so does the sound that comes back from it."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np

from workbook.audio.measure import RoundTrip, round_trip
from workbook.audio.spectrogram import SpectrogramParams
from workbook.audio.wave import wave_bytes

WINDOWS = (20, 40, 80, 160, 320)  # milliseconds
BANDS = (16, 32, 64, 128)
STEP = 10  # milliseconds from one column to the next
ALT = "The picture of a sound, and two sliders: one for the length of the window, one for the number of mel bands."


def resolved(window: int, bands: int, rate: int) -> SpectrogramParams:
    """Parameters with this window in milliseconds and so many bands; frames are padded, so that no band is empty."""
    return SpectrogramParams(
        sample_rate=rate, step_size_ms=STEP, window_duration_ms=window, padded_duration_ms=max(window, WINDOWS[-1]),
        num_frequencies=bands, max_frequency=min(8_000, rate // 2),
    )  # fmt: skip


class ResolutionSliders:
    """Shows two sliders, the picture, and a player of the sound that the picture gives; without a kernel, the picture.

    samples: mono (N,), between -1 and 1; rate: Hz. window is one of WINDOWS, bands one of BANDS. Raises ValueError for
    others.
    """

    def __init__(self, samples: np.ndarray, rate: int, window: int = 80, bands: int = 64, alt: str = ALT) -> None:
        import ipywidgets

        if window not in WINDOWS or bands not in BANDS:
            raise ValueError(
                f"window is {window!r}, bands {bands!r}: expected one of {WINDOWS} milliseconds and one of {BANDS}."
            )
        if not alt.strip():
            raise ValueError("A widget needs alt text: say in a sentence what it shows.")
        self.samples, self.rate, self.alt = np.asarray(samples, np.float32), rate, alt
        later = {"continuous_update": False, "style": {"description_width": "initial"}}
        self.window = ipywidgets.SelectionSlider(options=WINDOWS, value=window, description="window, ms", **later)
        self.bands = ipywidgets.SelectionSlider(options=BANDS, value=bands, description="mel bands", **later)
        self.picture = ipywidgets.Image(format="png", width=620)
        self.player = ipywidgets.HTML()
        for slider in (self.window, self.bands):
            slider.observe(self._draw, names="value")
        self._draw()

    def converted(self) -> RoundTrip:
        """The sound to a picture and back, at the sliders' resolution."""
        return round_trip(self.samples, resolved(self.window.value, self.bands.value, self.rate))

    def _draw(self, change: Any = None) -> None:
        """Put picture and sound for the sliders' values into their places."""
        from matplotlib.figure import Figure

        made = self.converted()
        fig = Figure(figsize=(6.2, 2.8))  # not pyplot's: it need not be closed
        axis = fig.subplots()
        seconds = len(self.samples) / self.rate
        axis.imshow(
            np.asarray(made.image.convert("L")), cmap="gray", vmin=0, vmax=255, aspect="auto", interpolation="nearest",
            extent=(0, seconds, 0, self.bands.value),
        )  # fmt: skip
        axis.set(xlabel="seconds", ylabel="mel band")
        lost = made.sound.log_mel_distance
        axis.set_title(f"window {self.window.value} ms, {self.bands.value} bands: {lost:.1f} dB lost on the way back")
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png", dpi=100, bbox_inches="tight", metadata={"Software": None})
        self.picture.value = buffer.getvalue()
        sound = base64.b64encode(wave_bytes(made.samples / max(np.abs(made.samples).max(), 1.0), self.rate)).decode()
        label = "the sound that comes back from this picture"
        self.player.value = f'<audio controls aria-label="{label}" src="data:audio/wav;base64,{sound}"></audio> {label}'

    def _ipython_display_(self) -> None:
        """Sliders, picture and player; an image with alt text for pages without a kernel; a line for plain text."""
        import ipywidgets
        from IPython.display import display

        parts = [ipywidgets.HBox([self.window, self.bands]), self.picture, self.player]
        bundle = dict(ipywidgets.VBox(parts)._repr_mimebundle_())
        source = base64.b64encode(self.picture.value).decode()
        bundle["text/html"] = f'<img alt="{html.escape(self.alt, quote=True)}" src="data:image/png;base64,{source}">'
        bundle["text/plain"] = f"[widget: {self.alt}]"
        display(bundle, raw=True)
