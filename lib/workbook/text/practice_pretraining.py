"""Exercises of lesson 09 on language: windows over a text, perplexity with a stride, masked loss."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.text.perplexity import masked_loss, sliding_windows, strided_perplexity

# ------------------------------------------------------------------------------------------- windows over a text


def _window_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("ten tokens, windows of four, two new ones each", (10, 4, 2)),
        Case("the last window is shorter", (9, 4, 3)),
        Case("the text fits into one window", (3, 4, 2)),
        Case("exactly one window", (4, 4, 1)),
        Case("one token, which nothing precedes", (1, 4, 2)),
        Case("a longer text", (61, 16, 5)),
    ]


def _windows(length, window, stride, *, start=1, step=None, stop=True, first_of=None, back=False):
    """A wrong version per switch that is turned."""
    windows, first = [], start
    for begin in range(0, length, step or stride):
        end = min(begin + window, length)
        scored = first if first_of is None else first_of(begin)
        if scored < end or not stop:
            windows.append((max(end - window, 0) if back else begin, end, scored))
        first = end
        if end == length and stop:
            break
    return windows


def _first_token_too(length, window, stride):
    return _windows(length, window, stride, start=0)


def _overlap_again(length, window, stride):
    return _windows(length, window, stride, first_of=lambda begin: begin + 1)


def _goes_on(length, window, stride):
    return _windows(length, window, stride, stop=False)


def _disjoint(length, window, stride):
    return _windows(length, window, stride, step=window)


def _moved_back(length, window, stride):
    return _windows(length, window, stride, back=True)


practice(
    sliding_windows,
    difficulty=2,
    minutes=10,
    cases=_window_cases,
    mistakes=[
        Mistake(_first_token_too, "the text's very first token can't be scored: nothing stands before it."),
        Mistake(_overlap_again, "tokens that two windows read are scored twice; a window scores only what is new."),
        Mistake(_goes_on, "some windows score nothing: stop once a window has reached the text's end."),
        Mistake(_disjoint, "the windows do not overlap: they begin at multiples of the stride, not of the window."),
        Mistake(_moved_back, "you move the last window back to fill it; it begins at a multiple of the stride, too."),
    ],
    hints=[
        "A loop over begin in range(0, length, stride); a window ends at begin + window, or where the text ends.",
        "Keep the end of the window before: what is scored begins there. For the first window it begins at token 1.",
        "Append (begin, end, first) where first < end, set first to end, and stop once end == length.",
    ],
)

# ------------------------------------------------------------------------------------- perplexity with a stride


def _by_context(begin: int, end: int) -> torch.Tensor:
    """A model whose loss is 1 / the number of tokens before, in its window."""
    return 1 / torch.arange(1, end - begin).double()


def _strided_cases(rng: np.random.Generator) -> list[Case]:
    nats = torch.tensor(rng.exponential(2.0, 60))

    def by_token(begin: int, end: int) -> torch.Tensor:
        return nats[begin + 1 : end]

    def call(losses: Callable, *numbers: int) -> Callable:
        return lambda f: float(f(losses, *numbers))

    return [
        Case("5 tokens, window 3, stride 1; a loss is 1 / the tokens before it", use=call(_by_context, 5, 3, 1)),
        Case("one window is enough: 4 tokens, window 8", use=call(_by_context, 4, 8, 4)),
        Case("the last window is shorter: 20 tokens, window 8, stride 5", use=call(_by_context, 20, 8, 5)),
        Case("losses that depend on the token alone, 60 tokens, window 16", use=call(by_token, 60, 16, 8)),
    ]


def _scored(losses, length, window, stride):
    return [losses(begin, end)[first - begin - 1 :] for begin, end, first in sliding_windows(length, window, stride)]


def _mean_of_means(losses, length, window, stride):
    means = [float(part.mean()) for part in _scored(losses, length, window, stride)]
    return math.exp(sum(means) / len(means))


def _one_too_few(losses, length, window, stride):
    parts = _scored(losses, length, window, stride)
    weights = [len(part) - (number > 0) for number, part in enumerate(parts)]
    return math.exp(sum(float(p.mean()) * w for p, w in zip(parts, weights, strict=True)) / sum(weights))


def _context_too(losses, length, window, stride):
    parts = [losses(begin, end) for begin, end, _ in sliding_windows(length, window, stride)]
    return math.exp(float(torch.cat(parts).mean()))


def _one_place_late(losses, length, window, stride):
    parts = [losses(begin, end)[first - begin :] for begin, end, first in sliding_windows(length, window, stride)]
    return math.exp(float(torch.cat(parts).mean()))


def _no_exponential(losses, length, window, stride):
    return float(torch.cat(_scored(losses, length, window, stride)).mean())


def _all_tokens(losses, length, window, stride):
    return math.exp(float(torch.cat(_scored(losses, length, window, stride)).sum()) / length)


practice(
    strided_perplexity,
    difficulty=2,
    minutes=10,
    cases=_strided_cases,
    mistakes=[
        Mistake(
            _mean_of_means, "you average the windows' means: a last window of one token would weigh as a full one."
        ),
        Mistake(
            _one_too_few,
            "a window weighs by one token less than it scores; only in the first does a token fall away, and that is "
            "not among the losses anyway.",
        ),
        Mistake(_context_too, "the context of a window is counted again: take the losses from `first` on."),
        Mistake(_one_place_late, "one token too few: entry 0 of the losses belongs to token begin + 1."),
        Mistake(_no_exponential, "this is the mean loss; the perplexity is exp of it."),
        Mistake(_all_tokens, "you divide by all tokens; the first was never scored: count what you add up."),
    ],
    hints=[
        "sliding_windows(length, window, stride) gives (begin, end, first) of each window.",
        "losses(begin, end) begins with token begin + 1; token `first` stands at first − begin − 1.",
        "Add up the losses and their number over all windows, and divide once, at the end. Then math.exp.",
    ],
)

# ------------------------------------------------------------------------------------------------ masked loss


def _masked_cases(rng: np.random.Generator) -> list[Case]:
    def logits(*shape: int) -> torch.Tensor:
        return torch.tensor(rng.integers(-2, 3, shape), dtype=torch.float64)

    some = torch.full((3, 6), -100)
    some[0, 1], some[0, 2], some[0, 5], some[2, 0] = 3, 0, 4, 1
    return [
        Case("one of three places is masked", (logits(1, 3, 2), torch.tensor([[-100, 1, -100]]))),
        Case("three masks in one row, one in another", (logits(3, 6, 5), some)),
        Case("all places", (logits(2, 2, 4), torch.tensor([[3, 0], [1, 1]]))),
        Case("nothing is masked", (logits(1, 2, 3), torch.tensor([[-100, -100]]))),
    ]


def _losses(logits, labels):
    """The loss of every place, 0 where none is asked for."""
    places = -logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return places * (labels != -100)


def _over_all_places(logits, labels):
    return _losses(logits, labels).mean()


def _unmasked_too(logits, labels):
    return _losses(logits, labels.clamp(min=0)).mean()


def _not_divided(logits, labels):
    return _losses(logits, labels).sum()


def _mean_of_rows(logits, labels):
    asked = (labels != -100).sum(1)
    rows = _losses(logits, labels).sum(1)[asked > 0] / asked[asked > 0]
    return rows.sum() / max(len(rows), 1)


def _shifted(logits, labels):
    return _losses(logits[:, :-1], labels[:, 1:]).sum() / max(int((labels[:, 1:] != -100).sum()), 1)


def _none_is_nan(logits, labels):
    return _losses(logits, labels).sum() / (labels != -100).sum()


practice(
    masked_loss,
    difficulty=1,
    minutes=8,
    cases=_masked_cases,
    mistakes=[
        Mistake(_over_all_places, "you divide by all places; the fewer were masked, the smaller the loss would look."),
        Mistake(_unmasked_too, "places that are not masked count as well: leave out those whose label is −100."),
        Mistake(_not_divided, "this is the sum; divide by the number of masked places."),
        Mistake(_mean_of_rows, "you average per row first: a mask in a row of few would weigh more. Average over all."),
        Mistake(_shifted, "nothing is to be shifted: a masked model predicts the token at the very place of the mask."),
        Mistake(_none_is_nan, "without any mask you divide by 0; the loss is 0 then."),
    ],
    hints=[
        "labels != -100 tells which places count; logits[asked] are their rows.",
        "log_softmax over the last dimension, then the entry of the right token: gather, or an index.",
        "The negative sum, divided by the number of masked places, or by 1 if there are none.",
    ],
)
