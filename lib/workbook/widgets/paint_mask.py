"""Correct a mask with brush and eraser; every stroke is saved."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from workbook import files, show
from workbook.widgets import base, fallback

UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)  # of a damaged .npz


class PaintMask(base.Widget):
    """A mask on its picture, to be corrected.

    image: uint8 (H, W) or (H, W, 3). mask: bool (H, W), what one begins with. original: bool (H, W), what the IoU is
    measured against, by default `mask`. save_to: a file *.npz, relative to WORKBOOK_HOME or absolute, where the mask is
    saved at every change and found again on the next start; None saves nothing. A saved file that can't be read, or is
    of another picture, is kept under another name, and `message` says so. Raises ValueError for a bad image or mask.
    The trait `bits` changes after every stroke: `paint.observe(callback, names="bits")`.
    """

    _esm = base.script("paint_mask")
    bits = base.Checked(b"").tag(sync=True, echo_update=False)  # the mask, packed
    original_bits = traitlets.Bytes().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)  # where the mask is saved, or that it is not
    written = ("bits",)

    def __init__(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        save_to: str | Path | None = None,
        original: np.ndarray | None = None,
        alt: str = "A mask to correct with brush and eraser.",
    ) -> None:
        height, width = fallback.check_image(image).shape[:2]
        self._first = base.pack(fallback.check_mask(mask, height, width))
        against = self._first
        if original is not None:
            against = base.pack(fallback.check_mask(original, height, width, "original mask"))
        self._digest = hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
        self._path = None if save_to is None else _path(save_to)
        bits, note, message = self._found(height, width)
        self._made = False
        super().__init__(image, alt, bits=bits, original_bits=against, note=note, message=message)
        self._made = True

    @property
    def mask(self) -> np.ndarray:
        """The mask as it is now, bool (H, W). Setting it saves it, as a stroke does."""
        return base.unpack(self.bits, self.height, self.width)

    @mask.setter
    def mask(self, mask: np.ndarray) -> None:
        self.bits = base.pack(fallback.check_mask(mask, self.height, self.width))

    @property
    def original(self) -> np.ndarray:
        """The mask that the IoU is measured against, bool (H, W)."""
        return base.unpack(self.original_bits, self.height, self.width)

    @property
    def iou(self) -> float:
        """Intersection over union of the mask and the original; two empty masks agree: 1."""
        union = (self.mask | self.original).sum()
        return float((self.mask & self.original).sum() / union) if union else 1.0

    @property
    def saved(self) -> Path | None:
        """The file that holds the mask, or None while there is none."""
        return self._path if self._path is not None and self._path.is_file() else None

    def reset(self) -> None:
        """Go back to the mask that one began with, and delete the saved one."""
        self.bits = self._first
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self.note = ""

    @traitlets.validate("bits")
    def _valid(self, proposal: Any) -> bytes:
        try:
            return self._accept("bits", proposal.value)
        except ValueError as error:
            raise base.Refused(str(error)) from None

    def _accept(self, name: str, value: Any) -> bytes:
        bits = base.packed_bits(value, self.height, self.width)
        return base.pack(base.unpack(bits, self.height, self.width))  # no stray bits after the last pixel

    @traitlets.observe("bits")
    def _save(self, _: Any) -> None:
        if self._path is None or not self._made:  # nothing is written before the first stroke
            return
        buffer = io.BytesIO()
        np.savez_compressed(buffer, mask=self.mask, image=self._digest)
        try:
            files.write_whole(self._path, buffer.getvalue())
        except OSError as error:
            self.note = "Not saved"
            self.message = (
                f"The mask could not be saved in {self._path} ({error.strerror or error}). It is kept while this "
                "notebook runs; set WORKBOOK_HOME to a folder that can be written, and restart JupyterLab."
            )
        else:
            self.note = f"Saved in {self._path}"

    def _found(self, height: int, width: int) -> tuple[bytes, str, str]:
        """The mask to begin with, where it comes from, and what is wrong with the saved one: bits, note, message."""
        if self._path is None or not self._path.exists():
            return self._first, "", ""
        try:
            mask, digest = _read(self._path)
            if digest != self._digest:
                raise ValueError("it was painted on another picture")
            bits = base.pack(fallback.check_mask(mask, height, width))
        except UNREADABLE as error:
            problem = f"The saved mask {self._path} can't be used ({error}). {self._keep_aside()}"
            show.note("bad", "A saved mask can't be used", [problem])
            return self._first, "", problem
        return bits, f"Went on with the mask saved in {self._path}", ""

    def _keep_aside(self) -> str:
        """Rename the file that can't be used, so that the next stroke doesn't overwrite it; says what was done."""
        aside = self._path.with_name(f"{self._path.stem}.unusable-{time.time_ns()}{self._path.suffix}")
        try:
            self._path.rename(aside)
        except OSError as error:
            return f"You begin with the mask of the lesson; the file could not be renamed ({error.strerror})."
        return f"You begin with the mask of the lesson; the file is kept as {aside.name}."

    def _overlays(self) -> dict[str, Any]:
        return {"mask": self.mask}


def _path(save_to: str | Path) -> Path:
    path = Path(save_to)
    if path.suffix != ".npz":
        raise ValueError(f"save_to is {str(save_to)!r}: expected the name of a file that ends in .npz.")
    return path if path.is_absolute() else files.home() / path


def _read(path: Path) -> tuple[np.ndarray, str]:
    """The mask and the digest of its picture. Raises whatever a damaged file makes numpy raise."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
        return saved["mask"], str(saved["image"])
