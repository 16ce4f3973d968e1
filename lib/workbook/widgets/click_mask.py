"""Click on a picture, get a mask: points and a box go to a function in the kernel, its mask comes back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets

from workbook.widgets import base, fallback

MOST_PROMPTS = 200
NOTHING = b""

Predict = Callable[[np.ndarray, np.ndarray, np.ndarray | None], tuple[Any, float]]


class ClickMask(base.Widget):
    """A picture to click on. `predict` is called in the kernel after each gesture and returns the mask to show.

    image: uint8 (H, W) or (H, W, 3). predict(points, labels, box): points float32 (n, 2), x and y in pixels; labels
    int64 (n,), 1 for "belongs to it", 0 for "does not"; box float32 (4,), x1 y1 x2 y2, or None. It returns a mask,
    bool (H, W), and its predicted IoU, a number. What it raises is shown in words, and the last mask stays.
    The prompts are the trait `prompts`, oldest first: ["point", x, y, label] or ["box", x1, y1, x2, y2].
    Raises ValueError for a bad image, or where `predict` can't be called.
    """

    _esm = base.script("click_mask")
    prompts = traitlets.List().tag(sync=True)
    bits = traitlets.Bytes(NOTHING).tag(sync=True)  # the mask, packed; empty while there is none
    score = traitlets.Float(None, allow_none=True).tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)  # how often `predict` has ended, so that the page can stop waiting
    written = ("prompts",)

    def __init__(self, image: np.ndarray, predict: Predict, alt: str = "A picture to click on.") -> None:
        if not callable(predict):
            raise ValueError(
                f"predict is {predict!r}: expected a function (points, labels, box) -> (mask, predicted IoU)."
            )
        self._predict = predict
        super().__init__(image, alt)

    @property
    def points(self) -> np.ndarray:
        """The points clicked on, float32 (n, 2): x and y in pixels."""
        found = [prompt[1:3] for prompt in self.prompts if prompt[0] == "point"]
        return np.array(found, np.float32).reshape(-1, 2)

    @property
    def labels(self) -> np.ndarray:
        """1 for each positive point, 0 for each negative one, int64 (n,)."""
        return np.array([prompt[3] for prompt in self.prompts if prompt[0] == "point"], np.int64)

    @property
    def box(self) -> np.ndarray | None:
        """The box drawn last, float32 (4,), or None."""
        found = [prompt[1:] for prompt in self.prompts if prompt[0] == "box"]
        return np.array(found[-1], np.float32) if found else None

    @property
    def mask(self) -> np.ndarray:
        """The mask, bool (H, W); all False while there is none."""
        empty = np.zeros((self.height, self.width), bool)
        return base.unpack(self.bits, self.height, self.width) if self.bits else empty

    @property
    def predicted_iou(self) -> float | None:
        """The IoU that `predict` expects of its mask, or None while there is no mask."""
        return self.score

    def click(self, x: float, y: float, label: int = 1) -> None:
        """Do from a cell what a click does: label 1 is a positive point, 0 a negative one."""
        self.prompts = [*self.prompts, ["point", x, y, label]]

    def drag(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Do from a cell what dragging a box does."""
        self.prompts = [*self.prompts, ["box", x1, y1, x2, y2]]

    def undo(self) -> None:
        """Take the last prompt back."""
        self.prompts = self.prompts[:-1]

    def clear(self) -> None:
        """Take all prompts back."""
        self.prompts = []

    @traitlets.validate("prompts")
    def _valid(self, proposal: Any) -> list:
        try:
            return self._accept("prompts", proposal.value)
        except ValueError as error:
            raise base.Refused(str(error)) from None

    def _accept(self, name: str, value: Any) -> list:
        if not isinstance(value, (list, tuple)) or len(value) > MOST_PROMPTS:
            raise ValueError(f"{name} must be a list of at most {MOST_PROMPTS} points and boxes.")
        return [self._prompt(prompt) for prompt in value]

    def _prompt(self, prompt: Any) -> list:
        match prompt:
            case ["point", x, y, (0 | 1) as label]:
                fallback.check_box((x, y, x, y), self.width, self.height, "the point")
                return ["point", float(x), float(y), int(label)]
            case ["box", *corners]:
                return ["box", *fallback.check_box(corners, self.width, self.height, "the box")]
        raise ValueError(f'{prompt!r} is no prompt: expected ["point", x, y, 0 or 1] or ["box", x1, y1, x2, y2].')

    @traitlets.observe("prompts")
    def _ask(self, _: Any) -> None:
        """Renew mask and score. Whatever `predict` raises is said in the widget: a callback has nobody to raise to."""
        with self.hold_sync():  # all of it reaches the page in one message
            try:
                if self.prompts:
                    mask, score = self._answer(self._predict(self.points, self.labels, self.box))
                    self.bits, self.score, self.message = base.pack(mask), score, ""
                else:
                    self.bits, self.score, self.message = NOTHING, None, ""
            except Exception as error:
                self.message = f"predict failed: {type(error).__name__}: {error}"
            self.answered += 1

    def _answer(self, answer: Any) -> tuple[np.ndarray, float]:
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise ValueError(f"it returned {type(answer).__name__}: expected a mask and its predicted IoU.")
        mask, score = fallback.check_mask(answer[0], self.height, self.width), float(answer[1])
        if not math.isfinite(score):
            raise ValueError(f"the predicted IoU is {score}: expected a finite number.")
        return mask, score

    def _overlays(self) -> dict[str, Any]:
        boxes = [] if self.box is None else [self.box.tolist()]
        return {"boxes": boxes, "mask": self.mask, "points": self.points.tolist(), "labels": self.labels.tolist()}
