"""Exercises of lesson 07 on transitions: the arc between two noises, the cross-fade of equal power."""

from __future__ import annotations

import numpy as np
import torch

from workbook.audio.interpolation import crossfade, slerp
from workbook.exercises import Case, Mistake, practice

# --------------------------------------------------------------------------------------------------- slerp


def _slerp_cases(rng: np.random.Generator) -> list[Case]:
    def noise(*shape: int) -> torch.Tensor:
        return torch.tensor(rng.normal(size=shape), dtype=torch.float32)

    east, north = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    same = noise(2, 3)
    return [
        Case("halfway between two that are perpendicular", (0.5, east, north)),
        Case("a third of the way", (1 / 3, east, north)),
        Case("of different length", (0.25, 3 * east, north)),
        Case("noise of shape (1, 2, 3, 4)", (0.3, noise(1, 2, 3, 4), noise(1, 2, 3, 4))),
        Case("an angle above 90°", (0.4, east, torch.tensor([-0.6, 0.8]))),
        Case("parallel vectors", (0.5, same, 2 * same)),
        Case("nearly parallel vectors", (0.25, same, same + 1e-4 * noise(2, 3))),
        Case("vectors that point in opposite directions", (0.25, east, -3 * east)),
        Case("the end", (1.0, noise(5), noise(5))),
    ]


def _cosine(a, b):
    return (a * b).sum() / (a.norm() * b.norm())


def _on_the_arc(t, a, b, cosine):
    angle = torch.arccos(cosine)
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def _straight(t, a, b):
    return (1 - t) * a + t * b


def _no_parallel_case(t, a, b):
    return _on_the_arc(t, a, b, _cosine(a, b))


def _one_direction(t, a, b):
    return _straight(t, a, b) if _cosine(a, b) > 0.9995 else _on_the_arc(t, a, b, _cosine(a, b))


def _guarded(t, a, b, arc):
    return _straight(t, a, b) if _cosine(a, b).abs() > 0.9995 else arc


def _wrong_way(t, a, b):
    return _guarded(t, a, b, _on_the_arc(1 - t, a, b, _cosine(a, b)))


def _not_divided(t, a, b):
    angle = torch.arccos(_cosine(a, b).clamp(-1, 1))
    return _guarded(t, a, b, torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b)


def _lengths_forgotten(t, a, b):
    return _guarded(t, a, b, _on_the_arc(t, a, b, (a * b).sum().clamp(-0.9999, 0.9999)))


def _unit_result(t, a, b):
    arc = _on_the_arc(t, a, b, _cosine(a, b))
    return _guarded(t, a, b, arc / arc.norm())


def _row_by_row(t, a, b):
    cosine = (a * b).sum(-1, keepdim=True) / (a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True))
    return _guarded(t, a, b, _on_the_arc(t, a, b, cosine))


practice(
    slerp,
    difficulty=2,
    minutes=12,
    cases=_slerp_cases,
    tolerance=1e-4,
    mistakes=[
        Mistake(_straight, "this is the straight line: halfway it is too short for noise. Walk along the arc."),
        Mistake(
            _no_parallel_case, "for parallel vectors sin θ is 0 and you divide by it: take the straight line there."
        ),
        Mistake(_one_direction, "sin θ is 0 for opposite vectors, too: compare |cos θ| with 0.9995."),
        Mistake(_wrong_way, "t = 0 must give a, and t = 1 must give b."),
        Mistake(_not_divided, "divide by sin θ."),
        Mistake(_lengths_forgotten, "cos θ is the product a · b divided by both lengths."),
        Mistake(_unit_result, "the result has been made 1 long; noise of many numbers is longer."),
        Mistake(_row_by_row, "you take an angle per row; the whole tensor is one vector with one angle."),
    ],
    hints=[
        "cos θ = (a · b) / (‖a‖ ‖b‖), over all entries: (a * b).sum(), a.norm(), b.norm().",
        "If |cos θ| > 0.9995 return (1 − t) a + t b. Otherwise θ = torch.arccos(cosine).",
        "(sin((1 − t) θ) a + sin(t θ) b) / sin θ.",
    ],
)

# ----------------------------------------------------------------------------------------------- cross-fade


def _crossfade_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("ones into ones, an overlap of 2", (np.ones(4), np.ones(4), 2)),
        Case("ones into silence", (np.ones(5), np.zeros(5), 3)),
        Case("two noises", (rng.normal(size=20), rng.normal(size=15), 8)),
        Case("an overlap of all of the second", (rng.normal(size=9), rng.normal(size=4), 4)),
        Case("stereo", (rng.normal(size=(2, 10)), rng.normal(size=(2, 12)), 5)),
    ]


def _faded(first, second, overlap, out, into):
    blend = first[..., -overlap:] * out + second[..., :overlap] * into
    return np.concatenate([first[..., :-overlap], blend, second[..., overlap:]], axis=-1)


def _middle(overlap):
    return (np.arange(overlap) + 0.5) / overlap


def _straight_ramps(first, second, overlap):
    return _faded(first, second, overlap, 1 - _middle(overlap), _middle(overlap))


def _squared(first, second, overlap):
    angle = _middle(overlap) * np.pi / 2
    return _faded(first, second, overlap, np.cos(angle) ** 2, np.sin(angle) ** 2)


def _swapped(first, second, overlap):
    angle = _middle(overlap) * np.pi / 2
    return _faded(first, second, overlap, np.sin(angle), np.cos(angle))


def _to_pi(first, second, overlap):
    angle = _middle(overlap) * np.pi
    return _faded(first, second, overlap, np.cos(angle), np.sin(angle))


def _with_ends(first, second, overlap):
    angle = np.linspace(0, np.pi / 2, overlap)
    return _faded(first, second, overlap, np.cos(angle), np.sin(angle))


def _end_to_end(first, second, overlap):
    return np.concatenate([first, second], axis=-1)


def _one_after_the_other(first, second, overlap):
    angle = _middle(overlap) * np.pi / 2
    out, into = first[..., -overlap:] * np.cos(angle), second[..., :overlap] * np.sin(angle)
    return np.concatenate([first[..., :-overlap], out, into, second[..., overlap:]], axis=-1)


practice(
    crossfade,
    difficulty=1,
    minutes=8,
    cases=_crossfade_cases,
    mistakes=[
        Mistake(_straight_ramps, "straight ramps lose half of the power in the middle; use cos φ and sin φ."),
        Mistake(_squared, "cos² φ + sin² φ = 1 is said of the powers; multiply the samples by cos φ and sin φ."),
        Mistake(_swapped, "the first sound fades in and the second out; it is the other way round."),
        Mistake(_to_pi, "φ runs from 0 to π / 2: beyond it the cosine is negative."),
        Mistake(_with_ends, "φ stands in the middle of each sample, (k + ½) / overlap · π / 2, without 0 and π / 2."),
        Mistake(_end_to_end, "the sounds don't overlap: this is a hard cut."),
        Mistake(_one_after_the_other, "fade-out and fade-in follow each other; they are to be added."),
    ],
    hints=[
        "The blend: first[..., -overlap:] times something that falls, plus second[..., :overlap] times one that rises.",
        "φ = (np.arange(overlap) + 0.5) / overlap · π / 2, falling cos φ, rising sin φ.",
        "np.concatenate of the first without its last `overlap`, the blend, and the second without its first, axis=-1.",
    ],
)
