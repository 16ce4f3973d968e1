"""What a family's maker hands over: an example before its phrasing is chosen, and the small helpers of all makers."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from workbook.datasets.tiny_world.grammar import FORMS, capital, polish
from workbook.datasets.tiny_world.templates import fill


@dataclass(frozen=True)
class Draft:
    """slots: what fills the phrasing's braces. The other fields are those of `Example`."""

    output: str
    facts: dict
    entities: tuple[str, ...]
    slots: dict[str, str] = field(default_factory=dict)
    input: str = ""


def write(template: str, slots: dict[str, str], rng: Random) -> str:
    """A text from a template with choices and slots, with capitals and articles put right."""
    return capital(polish(fill(template, slots, rng)))


def person(entry: dict) -> dict[str, str]:
    """The slots that a person fills: {name}, {he}, {him}, {his}, {He}, {child}."""
    he, him, his, child = FORMS[entry["pronoun"]]
    return {"name": entry["name"], "he": he, "him": him, "his": his, "He": capital(he), "child": child}


def with_article(name: str) -> str:
    """ "fox" as "a fox", "owl" as "an owl"."""
    return polish(f"a {name}")
