"""A prompt helper: a subject and a style become a prompt, as the apps do that draw people's photos in many styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SMALL = {  # for the picture world of tiny-sd
    "beach": "a photo of a {subject} on the beach",
    "snow": "a photo of a {subject} in the snow",
    "night": "a photo of a {subject} at night",
    "sketch": "a sketch of a {subject} on a white background",
    "pixel art": "pixel art of a {subject} on a yellow background",
    "painting": "a painting of a {subject} on grass",
}
FULL = {  # for a model that has seen the web
    "oil painting": "an oil painting of a {subject}, thick brush strokes, warm light",
    "watercolour": "a watercolour of a {subject}, wet edges, white paper",
    "comic": "a comic panel with a {subject}, ink lines, flat colours",
    "neon": "a portrait of a {subject} in neon light at night, rain",
    "beach": "a photo of a {subject} on a beach, late sun",
    "space": "a photo of a {subject} floating in space, stars",
}

STYLES = {"small": SMALL, "full": FULL}


def with_style(subject: str, style: str, styles: Mapping[str, str] = SMALL) -> str:
    """The prompt of a subject ("sks cat", "a sks cat") in a style. Raises ValueError for an unknown style or an empty
    subject."""
    if not subject.strip():
        raise ValueError('The subject is empty: name it as in training, for example "sks cat".')
    if style not in styles:
        raise ValueError(f"There is no style {style!r}; there are {', '.join(styles)}.")
    return styles[style].format(subject=subject.strip())


def prompts(subject: str, styles: Mapping[str, str] = SMALL, chosen: Sequence[str] | None = None) -> dict[str, str]:
    """Style → prompt, for all styles or those chosen."""
    return {style: with_style(subject, style, styles) for style in (styles if chosen is None else chosen)}
