"""Exercises on training: cases, known mistakes, hints. Those of later lessons stand in modules of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import nn

from workbook.diffusion import practice_dreambooth  # noqa: F401  (min-SNR weights)
from workbook.exercises import Case, Mistake, practice
from workbook.trainers import (  # noqa: F401  (they register their exercises)
    practice_domain,
    practice_dpo,
    practice_instruction,
    practice_lora,
    practice_ppo,
    practice_reward,
)
from workbook.trainers.classic import set_trainable
from workbook.trainers.schedule import warmup_linear

# ------------------------------------------------------------------------------- choosing what learns (lesson 01)


class _Toy(nn.Module):
    """As much of a Classifier as matters here: embeddings, four layers, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.embeddings = nn.Embedding(10, 4)
        self.encoder.encoder = nn.Module()
        self.encoder.encoder.layer = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
        self.head = nn.Linear(4, 3)


def _after(*parts: str | int) -> Callable:
    """What is trainable, and what the last call returned, after calls with these parts in turn."""

    def use(f: Callable) -> dict:
        model = _Toy()
        for part in parts:
            count = f(model, part)
        return {"learns": [name for name, p in model.named_parameters() if p.requires_grad], "returned": count}

    return use


def _set_trainable_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case('set_trainable(model, "head")', use=_after("head")),
        Case("set_trainable(model, 1)", use=_after(1)),
        Case("set_trainable(model, 2)", use=_after(2)),
        Case('set_trainable(model, "all")', use=_after("all")),
        Case("set_trainable(model, 0): no layer, only the head", use=_after(0)),
        Case('"all" first, then "head" on the same model', use=_after("all", "head")),
        Case('"head" first, then "all"', use=_after("head", "all")),
    ]


def _count(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _choose(model, part, *, first=False, freeze=True, thaw=True, head=True, zero_slice=False):
    """A wrong version per switch that is turned."""
    if freeze:
        model.requires_grad_(False)
    if part == "all" and thaw:
        model.requires_grad_(True)
    if isinstance(part, int):
        layers = model.encoder.encoder.layer
        chosen = layers[:part] if first else layers[-part:] if part or zero_slice else []
        for layer in chosen:
            layer.requires_grad_(True)
    if head:
        model.head.requires_grad_(True)
    return _count(model)


def _never_freezes(model, part):
    return _choose(model, part, freeze=False)


def _first_layers(model, part):
    return _choose(model, part, first=True)


def _minus_zero(model, part):
    return _choose(model, part, zero_slice=True)


def _forgets_the_head(model, part):
    return _choose(model, part, head=part == "head" or part == "all")


def _never_thaws(model, part):
    return _choose(model, part, thaw=False)


def _counts_everything(model, part):
    _choose(model, part)
    return sum(p.numel() for p in model.parameters())


def _counts_tensors(model, part):
    _choose(model, part)
    return sum(p.requires_grad for p in model.parameters())


practice(
    set_trainable,
    difficulty=1,
    minutes=8,
    cases=_set_trainable_cases,
    mistakes=[
        Mistake(_never_freezes, "nothing is ever frozen: set requires_grad to False for the rest of the model."),
        Mistake(_first_layers, "these are the first layers; the last ones, next to the head, should learn."),
        Mistake(_minus_zero, "layers[-0:] is the whole list! For part = 0 no layer may learn."),
        Mistake(_forgets_the_head, "the head does not learn along with the layers; it is new, so it always must."),
        Mistake(_never_thaws, '"all" should set requires_grad to True again for everything that was frozen before.'),
        Mistake(_counts_everything, "you count all parameters; count those that learn."),
        Mistake(_counts_tensors, "you count tensors; count the numbers in them, with numel()."),
    ],
    hints=[
        "module.requires_grad_(True or False) sets it for all parameters of a module at once.",
        'Begin with everything frozen (for "all": with everything learning), then switch on the head and the layers.',
        "The layers are model.encoder.encoder.layer; the last k of n begin at n - k.",
    ],
)

# ----------------------------------------------------------------------------- warm-up and decay (lesson 01)


def _schedule_cases(rng: np.random.Generator) -> list[Case]:
    def curve(warmup: int, total: int) -> Callable:
        return lambda f: [float(f(warmup, total)(step)) for step in range(total)]

    return [
        Case("the first step of warm-up, warmup_linear(4, 10)(0)", use=lambda f: float(f(4, 10)(0))),
        Case("the last step of warm-up, warmup_linear(4, 10)(3)", use=lambda f: float(f(4, 10)(3))),
        Case("the first step of the decay, warmup_linear(4, 10)(4)", use=lambda f: float(f(4, 10)(4))),
        Case("the last step, warmup_linear(4, 10)(9)", use=lambda f: float(f(4, 10)(9))),
        Case("all steps of warmup_linear(10, 100)", use=curve(10, 100)),
        Case("no warm-up at all, warmup_linear(0, 5)", use=curve(0, 5)),
        Case("beyond the end, warmup_linear(2, 8)(20)", use=lambda f: float(f(2, 8)(20))),
        Case("nothing but warm-up, warmup_linear(5, 5)", use=curve(5, 5)),
    ]


def _starts_at_zero(warmup, total):
    right = warmup_linear(warmup, total)
    return lambda step: step / warmup if step < warmup else right(step)


def _no_decay(warmup, total):
    return lambda step: (step + 1) / warmup if step < warmup else 1.0


def _no_warmup(warmup, total):
    return lambda step: max(0, total - step) / total


def _decays_over_total(warmup, total):
    return lambda step: (step + 1) / warmup if step < warmup else max(0, total - step) / total


def _below_zero(warmup, total):
    right = warmup_linear(warmup, total)
    return lambda step: right(step) if step < total else (total - step) / max(1, total - warmup)


def _whole_numbers(warmup, total):
    return lambda step: (step + 1) // warmup if step < warmup else max(0, total - step) // max(1, total - warmup)


def _divides_by_warmup_zero(warmup, total):
    return lambda step: min((step + 1) / warmup, max(0, total - step) / max(1, total - warmup))


practice(
    warmup_linear,
    difficulty=1,
    minutes=8,
    cases=_schedule_cases,
    mistakes=[
        Mistake(_starts_at_zero, "the first step has the factor 0 and is wasted: count it as step + 1."),
        Mistake(_no_decay, "the factor stays at 1 after the warm-up: let it fall in a line towards the end."),
        Mistake(_no_warmup, "there is no warm-up: for the first `warmup` steps the factor should rise to 1."),
        Mistake(
            _decays_over_total, "the decay is measured over all steps, so that the factor jumps after the warm-up."
        ),
        Mistake(_below_zero, "beyond the last step the factor gets negative: the model would unlearn. Stop at 0."),
        Mistake(_whole_numbers, "// throws the fraction away: use /."),
        Mistake(_divides_by_warmup_zero, "warmup may be 0: then there is nothing to divide by."),
    ],
    hints=[
        "Return a function of `step`, with two cases: step < warmup, and the rest.",
        "Warm-up: (step + 1) / warmup reaches 1 at step warmup - 1.",
        "Decay: what is left, total - step, over how long the decay takes, total - warmup; never below 0.",
    ],
)
