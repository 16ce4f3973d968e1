"""A form in which the learner rates texts, one at a time and without knowing whose they are; kept as soon as said."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbook import files

CHOICES = (1, 2, 3, 4, 5)
ALT = "A form that shows one text after another, with five buttons to rate each from 1 to 5."


class RatingForm:
    """Shows texts with buttons from 1 to 5; without a kernel, the texts as a list.

    name: of the file in WORKBOOK_HOME/ratings that keeps the ratings, under what each text says: where a text changes,
    its rating does not stick to the new one. Raises ValueError for no texts, empty or equal ones, or an empty name.
    """

    def __init__(self, texts: Sequence[str], question: str, name: str) -> None:
        import ipywidgets

        if isinstance(texts, str) or not texts or not all(text.strip() for text in texts):
            raise ValueError("Expected a list of texts to rate, at least one, and none of them empty.")
        if len(set(texts)) < len(texts):
            raise ValueError("A text is there twice: its two ratings could not be told apart.")
        if not name.isidentifier():
            raise ValueError(f"The name is that of a file: letters, digits and underscores, not {name!r}.")
        self.texts, self.question, self.path = list(texts), question, files.home() / "ratings" / f"{name}.json"
        self.kept, problem = _read(self.path)
        self.place = next((i for i, text in enumerate(self.texts) if key(text) not in self.kept), 0)
        self.shown = ipywidgets.HTML()
        self.buttons = [
            ipywidgets.Button(description=str(choice), layout=ipywidgets.Layout(width="48px")) for choice in CHOICES
        ]
        for choice, button in zip(CHOICES, self.buttons, strict=True):
            button.on_click(lambda _, choice=choice: self.rate(choice))
        self.back = ipywidgets.Button(description="one back")
        self.back.on_click(lambda _: self._go(self.place - 1))
        self.status = ipywidgets.HTML(problem)
        self._draw()

    @property
    def ratings(self) -> np.ndarray:
        """The learner's rating of every text, (N,); NaN where there is none yet."""
        return np.array([self.kept.get(key(text), np.nan) for text in self.texts], dtype=float)

    def rate(self, choice: int) -> None:
        """Rate the text on show, keep it on disk at once, and go on to the next. Raises ValueError outside 1 … 5."""
        if choice not in CHOICES:
            raise ValueError(f"A rating is one of {CHOICES}, not {choice!r}.")
        self.kept[key(self.texts[self.place])] = int(choice)
        try:
            files.write_whole(self.path, json.dumps(self.kept))
            self.status.value = ""
        except OSError as error:
            reason = html.escape(str(error.strerror or error))
            self.status.value = f"Not saved ({reason}): it counts until this kernel stops. Set WORKBOOK_HOME."
        self._go(self.place + 1)

    def _go(self, place: int) -> None:
        self.place = min(max(place, 0), len(self.texts) - 1)
        self._draw()

    def _draw(self) -> None:
        text = self.texts[self.place]
        done = int((~np.isnan(self.ratings)).sum())
        given = self.kept.get(key(text))
        head = f"Text {self.place + 1} of {len(self.texts)}, {done} rated"
        head += f"; you gave this one {given}" if given else ""
        self.shown.value = (
            f"<b>{html.escape(self.question)}</b><p>{head}</p>"
            f'<p style="max-width:60em;font-size:110%">{html.escape(text)}</p>'
        )
        self.back.disabled = self.place == 0

    def _ipython_display_(self) -> None:
        """The form; for pages without a kernel the texts as a list, without ratings; a line for plain text."""
        import ipywidgets
        from IPython.display import display

        parts = [self.shown, ipywidgets.HBox([*self.buttons, self.back]), self.status]
        bundle: dict[str, Any] = dict(ipywidgets.VBox(parts)._repr_mimebundle_())
        rows = "".join(f"<li>{html.escape(text)}</li>" for text in self.texts)
        bundle["text/html"] = f"<p><b>{html.escape(self.question)}</b></p><ol>{rows}</ol>"
        bundle["text/plain"] = f"[widget: {ALT}]"
        display(bundle, raw=True)


def key(text: str) -> str:
    """The name under which a text's rating is kept: the beginning of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> tuple[dict[str, int], str]:
    """The ratings that a file keeps, and what is wrong with it, in words; a missing file is not wrong."""
    try:
        kept = json.loads(path.read_text("utf8"))
        if not isinstance(kept, dict) or not all(isinstance(k, str) and v in CHOICES for k, v in kept.items()):
            raise ValueError
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError):
        return {}, "The file with your earlier ratings could not be read; the next rating begins a new one."
    return {name: int(value) for name, value in kept.items()}, ""
