"""Clips along a transition: a slider chooses one, and it loops without a gap while one moves on to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from workbook.widgets import base

MOST_CLIPS, MOST_SAMPLES = 64, 8_000_000  # what a message to the page may well hold
GAP = 2  # white pixels between two pictures


class PlayRiffs(base.Widget):
    """A player of clips that belong together, each with its picture.

    clips: (clips, samples), or as many arrays (samples,) of one length, floats between -1 and 1; each is played in a
    circle. pictures: uint8 (clips, H, W), one for each clip. rate: Hz. names: a few words for each clip.
    `position` is the place of the chosen clip, from 0; it is a trait: `player.observe(callback, names="position")`.
    Where one clip follows another while it plays, it goes on from the same place in the circle, by an equal-power
    cross-fade. Raises ValueError for clips that are none, and for as many pictures or names as there are no clips.
    """

    _esm = base.script("play_riffs")
    sound = traitlets.Bytes().tag(sync=True)  # int16, little endian, clip after clip
    count = traitlets.Int().tag(sync=True)
    rate = traitlets.Int().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    position = base.Checked().tag(sync=True)
    written = ("position",)

    def __init__(
        self,
        clips: Sequence[np.ndarray] | np.ndarray,
        pictures: Sequence[np.ndarray] | np.ndarray,
        rate: int,
        names: Sequence[str] | None = None,
        position: int = 0,
        alt: str = "Pictures of clips in a row, to be played in a loop, with a slider that chooses the clip.",
    ) -> None:
        self.clips = check_clips(clips, rate)
        self.pictures = _check_pictures(pictures, len(self.clips))
        names = [f"clip {place + 1}" for place in range(len(self.clips))] if names is None else [*map(str, names)]
        if len(names) != len(self.clips):
            raise ValueError(f"There are {len(self.clips)} clips and {len(names)} names: expected one for each.")
        samples = (self.clips * 32767).round().astype("<i2")
        self.count = len(self.clips)  # _accept needs it
        super().__init__(
            _strip(self.pictures), alt, sound=samples.tobytes(), count=len(self.clips), rate=int(rate), names=names,
            position=self._accept("position", position),
        )  # fmt: skip

    @property
    def clip(self) -> np.ndarray:
        """The chosen clip's samples, float32 (samples,)."""
        return self.clips[self.position]

    @traitlets.validate("position")
    def _valid(self, proposal: Any) -> int:
        try:
            return self._accept("position", proposal.value)
        except ValueError as error:
            raise base.Refused(str(error)) from None

    def _accept(self, name: str, value: Any) -> int:
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1
        if not whole or not 0 <= value < len(self.clips):
            raise ValueError(f"{name} is {value!r}: expected a whole number from 0 to {len(self.clips) - 1}.")
        return int(value)

    def _overlays(self) -> dict[str, Any]:
        width = self.pictures.shape[2]
        left = self.position * (width + GAP)
        return {"boxes": [(left, 0, left + width, self.height)]}  # a caption would cover what is so low


def check_clips(clips: Any, rate: Any) -> np.ndarray:
    """The clips as float32 (clips, samples). Raises ValueError for what can't be played, naming the clip."""
    if not isinstance(rate, (int, np.integer)) or not 8_000 <= rate <= 96_000:
        raise ValueError(f"rate is {rate!r}: expected samples per second, a whole number from 8,000 to 96,000.")
    arrays = [np.asarray(clip, np.float32) for clip in clips]
    lengths = {array.shape for array in arrays}
    if not 1 <= len(arrays) <= MOST_CLIPS or len(lengths) != 1 or len(next(iter(lengths))) != 1:
        shapes = ", ".join(map(str, sorted(lengths))) or "none"
        raise ValueError(
            f"Got {len(arrays)} clips with the shapes {shapes}: expected 1 to {MOST_CLIPS} mono clips (samples,), all "
            "of one length."
        )
    sound = np.stack(arrays)
    if not 1 <= sound.shape[1] or sound.size > MOST_SAMPLES:
        raise ValueError(f"The clips have {sound.size:,} samples together: expected 1 to {MOST_SAMPLES:,}.")
    for place, clip in enumerate(sound):
        peak = np.abs(clip).max()
        if not peak <= 1.0001:  # a NaN is not, either
            raise ValueError(f"Clip {place} reaches {peak}: expected samples between -1 and 1. Divide by the maximum.")
    return sound.clip(-1, 1)


def _check_pictures(pictures: Any, count: int) -> np.ndarray:
    array = np.asarray(pictures)
    if array.dtype != np.uint8 or array.ndim != 3 or len(array) != count or array.size == 0:
        raise ValueError(
            f"The pictures are {array.dtype} {array.shape}: expected uint8 ({count}, H, W), a grey one for each clip."
        )
    return array


def _strip(pictures: np.ndarray) -> np.ndarray:
    """All pictures beside each other, uint8 (H, W): a white line between two."""
    padded = np.pad(pictures, ((0, 0), (0, 0), (0, GAP)), constant_values=255)  # (N, H, W + GAP)
    return np.concatenate(list(padded), axis=1)[:, :-GAP]
