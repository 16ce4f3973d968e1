"""Exercises of lesson 03: the adapter's output, merging, its size, and the memory of a training step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.trainers.lora import lora_branch, lora_delta, lora_size
from workbook.trainers.memory import training_memory


def _matrices(rng: np.random.Generator, rank: int, inputs: int, outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A (rank, inputs) and B (outputs, rank) of small whole numbers, so that a person can check the product."""
    return (
        torch.tensor(rng.integers(-2, 3, (rank, inputs)), dtype=torch.float32),
        torch.tensor(rng.integers(-2, 3, (outputs, rank)), dtype=torch.float32),
    )


# ------------------------------------------------------------------------------------ what an adapter adds


def _branch_cases(rng: np.random.Generator) -> list[Case]:
    def states(*shape: int) -> torch.Tensor:
        return torch.tensor(rng.integers(-3, 4, shape), dtype=torch.float32)

    return [
        Case("one vector, rank 1", (states(3), *_matrices(rng, 1, 3, 2), 2.0)),
        Case("a batch of sentences, rank 2", (states(2, 4, 3), *_matrices(rng, 2, 3, 5), 16.0)),
        Case("as many outputs as inputs", (states(4, 3), *_matrices(rng, 2, 3, 3), 1.0)),
        Case("alpha equal to the rank: no scaling", (states(2, 6), *_matrices(rng, 4, 6, 3), 4.0)),
        Case("B is zero, as at the beginning", (states(2, 3), _matrices(rng, 2, 3, 2)[0], torch.zeros(2, 2), 8.0)),
    ]


def _not_scaled(states, A, B, alpha):
    return states @ A.T @ B.T


def _times_alpha(states, A, B, alpha):
    return states @ A.T @ B.T * alpha


def _divided_by_inputs(states, A, B, alpha):
    return states @ A.T @ B.T * alpha / A.shape[1]


def _scaled_by_root(states, A, B, alpha):
    return states @ A.T @ B.T * alpha / A.shape[0] ** 0.5


def _plus_states(states, A, B, alpha):
    added = states @ A.T @ B.T * alpha / A.shape[0]
    return states + added if added.shape == states.shape else added


practice(
    lora_branch,
    difficulty=1,
    minutes=8,
    cases=_branch_cases,
    mistakes=[
        Mistake(_not_scaled, "the scale α / r is missing."),
        Mistake(_times_alpha, "you scale by α; it is α / r, so that another rank needs no other learning rate."),
        Mistake(_divided_by_inputs, "you divide α by the number of inputs; the rank is A's *first* dimension."),
        Mistake(_scaled_by_root, "you divide α by √r; the original paper divides by r."),
        Mistake(_plus_states, "the input does not belong to the sum; the layer's own output is added elsewhere."),
    ],
    hints=[
        "states hold vectors in their last dimension; a linear map of them is states @ matrix.T.",
        "First A, which gives r numbers per vector, then B.",
        "Multiply by alpha / r, where r = A.shape[0].",
    ],
)

# -------------------------------------------------------------------------------------------------- merging


def _delta_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("rank 1", (*_matrices(rng, 1, 3, 2), 2.0)),
        Case("rank 2, more inputs than outputs", (*_matrices(rng, 2, 5, 3), 16.0)),
        Case("rank 3, a square weight", (*_matrices(rng, 3, 4, 4), 3.0)),
    ]


def _transposed(A, B, alpha):
    return (B @ A).T * alpha / A.shape[0]


def _delta_not_scaled(A, B, alpha):
    return B @ A


def _delta_times_alpha(A, B, alpha):
    return B @ A * alpha


def _scaled_by_width(A, B, alpha):
    return B @ A * alpha / A.shape[1]


practice(
    lora_delta,
    difficulty=1,
    minutes=5,
    cases=_delta_cases,
    mistakes=[
        Mistake(_transposed, "the result is (in, out); nn.Linear stores its weight as (out, in)."),
        Mistake(_delta_not_scaled, "the scale α / r is missing: merged and unmerged layer would disagree."),
        Mistake(_delta_times_alpha, "you scale by α instead of α / r."),
        Mistake(_scaled_by_width, "you divide by the number of inputs; the rank is A's first dimension."),
    ],
    hints=[
        "W x + scale · B (A x) is (W + scale · B A) x: what stands beside W in the brackets?",
        "B is (out, r) and A is (r, in), so there is only one product that has the shape (out, in).",
        "alpha / A.shape[0] times it.",
    ],
)

# ---------------------------------------------------------------------------------------- the adapter's size


def _size_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one square layer, rank 1", ([(4, 4)], 1)),
        Case("query and value of six layers, rank 8", ([(384, 384)] * 12, 8)),
        Case("GPT-2's attention, which has three outputs per input", ([(192, 576)] * 6, 4)),
        Case("layers of different shape", ([(384, 384), (384, 1536), (1536, 384)], 16)),
        Case("stored in two bytes per number", ([(384, 384)] * 12, 8, 2)),
        Case("no layer at all", ([], 8)),
    ]


def _the_weight(shapes, rank, bytes_per_number=4):
    numbers = sum(a * b for a, b in shapes)
    return numbers, numbers * bytes_per_number


def _product(shapes, rank, bytes_per_number=4):
    numbers = sum(rank * a * b for a, b in shapes)
    return numbers, numbers * bytes_per_number


def _only_a(shapes, rank, bytes_per_number=4):
    numbers = sum(rank * a for a, b in shapes)
    return numbers, numbers * bytes_per_number


def _always_four(shapes, rank, bytes_per_number=4):
    numbers = sum(rank * (a + b) for a, b in shapes)
    return numbers, numbers * 4


def _with_bias(shapes, rank, bytes_per_number=4):
    numbers = sum(rank * (a + b) + b for a, b in shapes)
    return numbers, numbers * bytes_per_number


practice(
    lora_size,
    difficulty=1,
    minutes=5,
    cases=_size_cases,
    mistakes=[
        Mistake(_the_weight, "these are the numbers of the weights themselves; count those of A and B."),
        Mistake(_product, "A is (r, in) and B is (out, r): r · in + r · out numbers, not r · in · out."),
        Mistake(_only_a, "B is missing."),
        Mistake(_always_four, "you take four bytes per number whatever bytes_per_number says."),
        Mistake(_with_bias, "adapters have no bias."),
    ],
    hints=[
        "A is (rank, in), B is (out, rank): how many numbers is that?",
        "Sum over all (in, out) of shapes.",
        "Return two things: the numbers, and the numbers times bytes_per_number.",
    ],
)

# ------------------------------------------------------------------------------ memory of a training step


def _memory_cases(rng: np.random.Generator) -> list[Case]:
    def call(*args: int, **options: float) -> Callable:
        return lambda f: dict(f(*args, **options))

    return [
        Case("training_memory(1000, 1000, tokens=10, width=4, layers=2)", use=call(1000, 1000, 10, 4, 2)),
        Case("a frozen base: 50 of 1000 numbers learn, kept=11", use=call(1000, 50, 10, 4, 2, kept=11)),
        Case("a language model: extra=500 per token", use=call(1000, 1000, 10, 4, 2, extra=500)),
        Case("half precision: bytes_per_number=2", use=call(1000, 50, 10, 4, 2, bytes_per_number=2)),
        Case("nothing learns, nothing is kept", use=call(1000, 0, 10, 4, 2, kept=0)),
    ]


def _bytes_of(parameters, trainable, tokens, width, layers, kept=16, extra=0, bytes_per_number=4, *, states=2,
              learns=None, inside=False, size=None):  # fmt: skip
    """A wrong version per switch that is turned."""
    n = size or bytes_per_number
    learns = parameters if learns == "all" else trainable
    per_token = (kept * width + extra) * layers if inside else kept * width * layers + extra
    return {
        "weights": n * parameters, "gradients": n * learns, "optimizer": states * n * learns,
        "activations": round(n * tokens * per_token),
    }  # fmt: skip


def _one_state(*args, **options):
    return _bytes_of(*args, **options, states=1)


def _everything_learns(*args, **options):
    return _bytes_of(*args, **options, learns="all")


def _extra_in_each_layer(*args, **options):
    return _bytes_of(*args, **options, inside=True)


def _four_bytes(*args, **options):
    return _bytes_of(*args, **options, size=4)


def _weights_that_learn(parameters, trainable, *args, **options):
    return _bytes_of(trainable, trainable, *args, **options)


practice(
    training_memory,
    difficulty=2,
    minutes=12,
    cases=_memory_cases,
    mistakes=[
        Mistake(_one_state, "AdamW keeps two numbers per learning parameter: the gradient's mean, and its square's."),
        Mistake(_everything_learns, "frozen parameters have no gradient, and the optimizer keeps nothing for them."),
        Mistake(_extra_in_each_layer, "`extra` is kept once per token, and not in every layer."),
        Mistake(_four_bytes, "you take four bytes per number whatever bytes_per_number says."),
        Mistake(_weights_that_learn, "frozen weights are in memory, too: the forward pass needs all of them."),
    ],
    hints=[
        "Four entries: weights, gradients, optimizer, activations, each a count of numbers times bytes_per_number.",
        "Which of parameters and trainable do gradients and optimizer depend on? And how many numbers does AdamW keep?",
        "activations: tokens · (kept · width · layers + extra).",
    ],
)
