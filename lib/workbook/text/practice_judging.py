"""Exercise of lesson 14 on language models as judges: GPTScore from logits."""

from __future__ import annotations

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.text.gptscore import mean_log_probability


def _score_cases(rng: np.random.Generator) -> list[Case]:
    def logits(tokens: int, vocabulary: int) -> torch.Tensor:
        return torch.tensor(rng.integers(-2, 3, (tokens, vocabulary)), dtype=torch.float64)

    return [
        Case("BOS and two tokens of hypothesis", (logits(3, 2), torch.tensor([0, 1, 0]), 1)),
        Case("a template of three tokens, a hypothesis of two", (logits(5, 4), torch.tensor([3, 1, 0, 2, 1]), 3)),
        Case("a hypothesis of one token", (logits(4, 3), torch.tensor([0, 2, 2, 1]), 3)),
        Case("a longer text", (logits(12, 6), torch.tensor(rng.integers(0, 6, 12)), 5)),
    ]


def _chosen(logits, tokens, begin, log=True, shift=1):
    values = logits.log_softmax(-1) if log else logits
    rows = values[begin - shift : len(tokens) - shift]
    return rows.gather(-1, tokens[begin:, None])[:, 0]


def _not_shifted(logits, tokens, begin):
    return _chosen(logits, tokens, begin, shift=0).mean()


def _first_is_lost(logits, tokens, begin):
    return _chosen(logits, tokens, begin + 1).sum() / max(len(tokens) - begin - 1, 1)


def _template_too(logits, tokens, begin):
    return _chosen(logits, tokens, 1).mean()


def _sum(logits, tokens, begin):
    return _chosen(logits, tokens, begin).sum()


def _over_all(logits, tokens, begin):
    return _chosen(logits, tokens, begin).sum() / len(tokens)


def _log_of_mean(logits, tokens, begin):
    return _chosen(logits, tokens, begin).exp().mean().log()


def _plain_logits(logits, tokens, begin):
    return _chosen(logits, tokens, begin, log=False).mean()


practice(
    mean_log_probability,
    difficulty=2,
    minutes=10,
    cases=_score_cases,
    mistakes=[
        Mistake(_not_shifted, "row t of the logits speaks about token t + 1: shift by one."),
        Mistake(
            _first_is_lost, "the hypothesis's first token is lost, as in the published code: row begin − 1 predicts it."
        ),
        Mistake(_template_too, "tokens of the template are scored as well: begin at `begin`."),
        Mistake(_sum, "this is the sum, in which every long text loses; take the mean."),
        Mistake(_over_all, "you divide by all tokens; divide by those of the hypothesis."),
        Mistake(_log_of_mean, "you average probabilities and take the log afterwards; average the logs."),
        Mistake(_plain_logits, "logits are no log-probabilities yet: log_softmax over the vocabulary first."),
    ],
    hints=[
        "logits.log_softmax(-1) has the log-probability of every token of the vocabulary, row by row.",
        "Row t − 1 speaks about token t. So tokens begin … T − 1 belong to rows begin − 1 … T − 2.",
        "Pick the entries of tokens[begin:] from these rows with gather, and take their mean.",
    ],
)
