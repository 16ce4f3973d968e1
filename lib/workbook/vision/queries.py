"""Words as questions about a made scene: which objects are they true of, and which mask answers them?

    target("red star", scene)       # all red stars, striped ones too
    phrases("striped red star")     # itself, and everything less specific that is also true of it
    near_miss(rng, scene)           # one word exchanged, and true of nothing in the picture

A query is one to three words: a texture, a colour, a kind.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from workbook.datasets.scenes import COLOURS, KINDS, TEXTURES, Scene, held_out_pair

# "plain" is no word: what has no texture is not called anything, and "red star" is true of a striped one as well
GROUPS: tuple[tuple[str, ...], ...] = (TEXTURES[1:], tuple(COLOURS), KINDS)
WORDS: tuple[str, ...] = tuple(word for group in GROUPS for word in group)


def true_of(query: str, scene: Scene) -> np.ndarray:
    """Of which objects a query is true: (N,) bool. Each of its words must be the texture, the colour or the kind.

    Raises ValueError for an empty query and for words that no scene has.
    """
    words = query.lower().split()
    if not words:
        raise ValueError("The query is empty: expected one word or more, for example 'red star'.")
    if unknown := [word for word in words if word not in WORDS]:
        raise ValueError(f"No scene has {', '.join(unknown)} (in {query!r}). Its words are: {', '.join(WORDS)}.")
    objects = zip(scene.textures, scene.colours, scene.kinds, strict=True)
    return np.array([set(words) <= set(of_object) for of_object in objects])


def target(query: str, scene: Scene) -> np.ndarray:
    """The mask that answers a query, the union of all objects it is true of: (S, S) bool; empty where there is none."""
    return scene.masks[true_of(query, scene)].any(0)


def phrases(description: str) -> tuple[str, ...]:
    """A description and all that is less specific, its words in order: "red star" → "red", "star", "red star"."""
    words = description.split()
    return tuple(" ".join(some) for length in range(1, len(words) + 1) for some in combinations(words, length))


def near_miss(rng: np.random.Generator, scene: Scene, *, known_pairs: bool = False, specific: bool = True) -> str:
    """A query that is true of nothing in the scene, though all but one of its words are true of one of its objects.

    known_pairs: leave out the pairs of colour and kind that training never shows; training must, or it would learn
    that they are never there. specific: exchange a word of a whole description; otherwise of any of its phrases.
    """
    for _ in range(1000):
        description = scene.words[rng.integers(len(scene.words))]
        options = phrases(description)
        words = (description if specific else options[rng.integers(len(options))]).split()
        place = int(rng.integers(len(words)))
        group = next(group for group in GROUPS if words[place] in group)
        words[place] = group[rng.integers(len(group))]
        query = " ".join(words)
        if not true_of(query, scene).any() and not (known_pairs and unseen_pair(query)):
            return query
    raise ValueError(f"Nothing is absent by one word from the scene of {', '.join(scene.words)}.")


def unseen_pair(query: str) -> bool:
    """Whether a query names a colour and a kind that training never shows together."""
    words = query.split()
    return any(held_out_pair(colour, kind) for colour in words if colour in COLOURS for kind in words if kind in KINDS)
