"""Texts with gaps: "(One day|Today) {h} saw (a|the) cat." has two choices and a slot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from random import Random

TOKEN = re.compile(r"([()|]|\{\w+\})")
Part = str | tuple  # a text, ("slot", name) or ("choice", options), where an option is a tuple of parts


@cache
def parse(template: str) -> tuple[Part, ...]:
    """The template as parts. Raises ValueError where a bracket is not closed or not opened."""
    stack: list[list[list[Part]]] = [[[]]]  # for every open bracket its options, each a list of parts
    for token in TOKEN.split(template):
        if token == "(":
            stack.append([[]])
        elif token == "|" and len(stack) > 1:
            stack[-1].append([])
        elif token == ")":
            if len(stack) == 1:
                raise ValueError(f"a bracket is closed but not opened in {template!r}")
            options = stack.pop()
            stack[-1][-1].append(("choice", tuple(map(tuple, options))))
        elif token.startswith("{"):
            stack[-1][-1].append(("slot", token[1:-1]))
        elif token:
            stack[-1][-1].append(token)
    if len(stack) > 1:
        raise ValueError(f"a bracket is opened but not closed in {template!r}")
    return tuple(stack[0][0])


def fill(template: str, slots: Mapping[str, str], rng: Random) -> str:
    """The template with every slot filled and, of every choice, one option."""
    return _render(parse(template), slots, rng)


def _render(parts: tuple[Part, ...], slots: Mapping[str, str], rng: Random) -> str:
    pieces = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
        elif part[0] == "slot":
            pieces.append(slots[part[1]])
        else:
            pieces.append(_render(part[1][int(rng.random() * len(part[1]))], slots, rng))
    return "".join(pieces)
