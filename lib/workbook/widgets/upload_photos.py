"""Upload photos of one's own: chosen or dropped in the browser, made small there, and sent to the kernel only."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import traitlets

from workbook.widgets import base, fallback

MOST, SIDE = 50, 512  # photos, and the longer side in pixels to which the page reduces them
LARGEST = 4_000_000  # bytes of one reduced photo
COLUMNS, TILE, GAP = 5, 96, 8  # of the contact sheet


class UploadPhotos(base.Widget):
    """A place for photos. What one chooses replaces the examples that it begins with; removing it brings them back.

    examples: PIL pictures or uint8 arrays, what the lesson goes on with until somebody uploads their own. The page
    reduces every photo to SIDE pixels and drops what the camera wrote into the file (place, time) before it is sent,
    and sends it to this kernel and nowhere else. What is no picture is refused by name. `photos` gives PIL pictures;
    the trait `uploads` changes with each choice. Raises ValueError where there is no example.
    """

    _esm = base.script("upload_photos")
    uploads = base.Checked(()).tag(sync=True, echo_update=False)  # [[name, bytes of a PNG or JPEG file], ...]
    most = traitlets.Int(MOST).tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    written = ("uploads",)

    def __init__(self, examples: list[Any], alt: str = "Photos to learn from, and a place to drop your own.") -> None:
        if not examples:
            raise ValueError("Give at least one example: the lesson goes on with it until photos are uploaded.")
        self._examples = [_picture(example) for example in examples]
        super().__init__(contact_sheet(self._examples), alt)

    @property
    def own(self) -> bool:
        """Whether photos were uploaded."""
        return bool(self.uploads)

    @property
    def photos(self) -> list[Any]:
        """The uploaded photos as PIL pictures in RGB, or the examples while there are none."""
        return [_decoded(name, data) for name, data in self.uploads] or list(self._examples)

    def clear(self) -> None:
        """Remove what was uploaded: back to the examples."""
        self.uploads = []

    @traitlets.validate("uploads")
    def _valid(self, proposal: Any) -> list:
        try:
            return self._accept("uploads", proposal.value)
        except ValueError as error:
            raise base.Refused(str(error)) from None

    def _accept(self, name: str, value: Any) -> list:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{name} came as {type(value).__name__}: expected a list of photos.")
        if len(value) > MOST:
            raise ValueError(f"{len(value)} photos are too many: choose at most {MOST}; three to five are enough.")
        accepted = []
        for photo in value:
            if not isinstance(photo, (list, tuple)) or len(photo) != 2 or not isinstance(photo[0], str):
                raise ValueError(
                    "a photo came in an unknown form: expected its name and its bytes. Run the cell again."
                )
            if not isinstance(photo[1], (bytes, bytearray, memoryview)):
                raise ValueError(
                    f"{photo[0]!r} came as {type(photo[1]).__name__}: expected the bytes of a picture file."
                )
            data = bytes(photo[1])
            _decoded(photo[0], data)
            accepted.append([photo[0], data])
        return accepted

    @traitlets.observe("uploads")
    def _renew(self, _: Any) -> None:
        """The contact sheet of what is in use now."""
        # `image` stays: a stored notebook shows the examples, and never a learner's photos
        self.picture = fallback.png(contact_sheet(self.photos, self.height, self.width))

    def _overlays(self) -> dict[str, Any]:
        return {}


def _picture(example: Any) -> Any:
    from PIL import Image

    return example.convert("RGB") if hasattr(example, "convert") else Image.fromarray(fallback.check_image(example))


def _decoded(name: str, data: bytes) -> Any:
    """The picture in a file. Raises ValueError, naming it, for what is none or is too large."""
    from PIL import Image, ImageOps

    if len(data) > LARGEST:
        raise ValueError(f"{name!r} has {len(data):,} bytes: expected at most {LARGEST:,}. Reduce it first.")
    try:
        with Image.open(io.BytesIO(data)) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ValueError(f"{name!r} is no picture that can be read: expected JPEG, PNG or WebP.") from None


def contact_sheet(pictures: list[Any], height: int | None = None, width: int | None = None) -> np.ndarray:
    """Pictures in rows of COLUMNS on a light ground, uint8 (H, W, 3); as many as fit where a size is given."""
    from PIL import Image, ImageOps

    step = TILE + GAP
    rows = -(-len(pictures) // COLUMNS)
    width, height = width or COLUMNS * step + GAP, height or rows * step + GAP
    sheet = Image.new("RGB", (width, height), "#eeeeee")
    for number, picture in enumerate(pictures):
        down, across = divmod(number, COLUMNS)
        sheet.paste(ImageOps.fit(picture, (TILE, TILE)), (GAP + across * step, GAP + down * step))
    return np.asarray(sheet)
