"""What all widgets share: their front end's files, the check of what it sends, and how they are shown.

Messages of the front end may be stale or malformed (two tabs on one kernel, an old page, a fault in the script). Each
passes `_accept` before any trait changes; what is refused is said in `message`, and the front end is put right.
"""

from __future__ import annotations

from importlib import resources
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from workbook.widgets import fallback


class Refused(ValueError, traitlets.TraitError):
    """A value that a widget does not take; traitlets undoes the change for its own kind of error only."""


class Checked(traitlets.TraitType):
    """A trait that its widget checks, in words; unlike Any it has its None checked, too."""


def script(name: str) -> str:
    """The source of a widget's front end: what all share, and its own file."""
    folder = resources.files("workbook.widgets")
    return "\n".join(folder.joinpath(file).read_text("utf8") for file in ("common.js", f"{name}.js"))


STYLE = resources.files("workbook.widgets").joinpath("style.css").read_text("utf8")


def pack(mask: np.ndarray) -> bytes:
    """A bool mask (H, W) as bits: rows from the top, eight pixels a byte, the first in the highest bit."""
    return np.packbits(mask).tobytes()


def unpack(bits: bytes, height: int, width: int) -> np.ndarray:
    """The bool mask (height, width) that `pack` packed."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width).reshape(height, width).astype(bool)


def packed_bits(value: Any, height: int, width: int) -> bytes:
    """The value as packed bits of a mask of this size. Raises ValueError for another type or number of bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise ValueError(f"a mask came as {type(value).__name__}: expected bytes.")
    bits = bytes(value)
    expected = (height * width + 7) // 8
    if len(bits) != expected:
        raise ValueError(
            f"a mask of {len(bits)} bytes does not fit a picture {width} wide and {height} high: expected {expected} "
            "bytes, one bit a pixel. Run the cell again to renew the widget."
        )
    return bits


class Spoken(anywidget.AnyWidget):
    """A widget that is described in words and says in words what went wrong.

    Subclasses name in `written` what the front end may set.
    """

    _css = STYLE
    alt = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)  # what went wrong, in words
    written: ClassVar[tuple[str, ...]] = ()

    def __init__(self, alt: str, **traits: Any) -> None:
        if not alt.strip():
            raise ValueError("A widget needs alt text: say in a sentence what it shows.")
        super().__init__(alt=alt, **traits)

    def __repr__(self) -> str:
        return f"[widget: {self.alt}]"  # the default holds an address, which differs from run to run

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        """The widget for a live notebook, and what is static for all others, in one output."""
        data, metadata = super()._repr_mimebundle_()
        return data | self._static(), metadata

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """What the front end sends comes in here; all of it is taken, or none."""
        try:
            accepted = {name: self._accept(name, value) for name, value in sync_data.items() if name in self.written}
        except Exception as error:  # whatever a malformed message causes, the kernel goes on
            self.message = f"Refused: {error}"
            self.send_state(list(self.written))
            return
        self.message = ""
        super().set_state(accepted)

    def _accept(self, name: str, value: Any) -> Any:
        """The value that the trait `name` takes. Raises ValueError in words that follow "Refused: "."""
        raise NotImplementedError

    def _static(self) -> dict[str, str]:
        """What a reader without a kernel sees, by media type: text/plain and text/html."""
        raise NotImplementedError


class Widget(Spoken):
    """A picture that answers to mouse and keyboard."""

    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)  # a PNG file

    def __init__(self, image: np.ndarray, alt: str, **traits: Any) -> None:
        self.image = fallback.check_image(image)  # (H, W, 3)
        height, width = self.image.shape[:2]
        super().__init__(alt, width=width, height=height, picture=fallback.png(self.image), **traits)

    def _static(self) -> dict[str, str]:
        return fallback.bundle(self.image, self.alt, "widget", **self._overlays())

    def _overlays(self) -> dict[str, Any]:
        """What lies on the static picture, as fallback.draw takes it."""
        raise NotImplementedError
