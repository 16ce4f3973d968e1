"""Exercises of lesson 19 on DPO: the loss, and the log-probability of an answer that goes into it."""

from __future__ import annotations

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.trainers.dpo import answer_log_probabilities, dpo_loss

# ------------------------------------------------------------------------------------------------- the loss


def _loss_cases(rng: np.random.Generator) -> list[Case]:
    def pairs(count: int, beta: float) -> tuple:
        return (*(torch.tensor(rng.uniform(-30, -5, count).round(1), dtype=torch.float32) for _ in range(4)), beta)

    def alone(*values: float) -> tuple:
        return (*(torch.tensor([value]) for value in values), 0.5)

    return [
        Case("the policy prefers the chosen answer more than the reference does", alone(-8.0, -12.0, -10.0, -10.0)),
        Case("policy and reference are the same: log 2", alone(-9.0, -14.0, -9.0, -14.0)),
        Case("the policy prefers the rejected answer", alone(-15.0, -9.0, -12.0, -11.0)),
        Case("three pairs, beta 0.1", pairs(3, 0.1)),
        Case("eight pairs, beta 1", pairs(8, 1.0)),
    ]


def _loss(pc, pr, rc, rr, beta=0.1, *, sign=1.0, reference=1.0, scale=1.0, reduce=torch.mean):
    """A wrong version per switch that is turned."""
    margin = sign * beta * ((pc - reference * rc) - (pr - reference * rr))
    return reduce(-scale * torch.nn.functional.logsigmoid(margin))


def _no_reference(pc, pr, rc, rr, beta=0.1):
    return _loss(pc, pr, rc, rr, beta, reference=0.0)


def _wrong_way_round(pc, pr, rc, rr, beta=0.1):
    return _loss(pc, pr, rc, rr, beta, sign=-1.0)


def _minus_forgotten(pc, pr, rc, rr, beta=0.1):
    return _loss(pc, pr, rc, rr, beta, scale=-1.0)


def _beta_outside(pc, pr, rc, rr, beta=0.1):
    return _loss(pc, pr, rc, rr, 1.0, scale=beta)


def _beta_on_the_policy_only(pc, pr, rc, rr, beta=0.1):
    return -torch.nn.functional.logsigmoid((beta * pc - rc) - (beta * pr - rr)).mean()


def _divided_by_beta(pc, pr, rc, rr, beta=0.1):
    return _loss(pc, pr, rc, rr, 1 / beta)


def _summed(pc, pr, rc, rr, beta=0.1):
    return _loss(pc, pr, rc, rr, beta, reduce=torch.sum)


def _mean_inside(pc, pr, rc, rr, beta=0.1):
    margin = beta * ((pc - rc) - (pr - rr))
    return -torch.nn.functional.logsigmoid(margin.mean())


def _no_logarithm(pc, pr, rc, rr, beta=0.1):
    return -torch.sigmoid(beta * ((pc - rc) - (pr - rr))).mean()


practice(
    dpo_loss,
    difficulty=2,
    minutes=10,
    cases=_loss_cases,
    mistakes=[
        Mistake(
            _no_reference,
            "the reference is missing: it counts how much *more* likely than for the reference an answer became.",
        ),
        Mistake(_wrong_way_round, "the margin is the wrong way round: it would learn to prefer the rejected answer."),
        Mistake(_minus_forgotten, "the minus before log σ is missing: a loss gets smaller as things get better."),
        Mistake(_beta_outside, "beta belongs into the sigmoid, as a factor on the margin; outside it only scales."),
        Mistake(_beta_on_the_policy_only, "beta multiplies the policy only; it is a factor on the whole margin."),
        Mistake(_divided_by_beta, "you divide by beta: the implicit reward is beta *times* the log-ratio."),
        Mistake(_summed, "that is the sum over the pairs; take the mean, or the step would grow with the batch."),
        Mistake(_mean_inside, "the mean comes last: first −log σ of every pair's own margin."),
        Mistake(_no_logarithm, "that is the probability; the loss is its negative *logarithm*."),
    ],
    hints=[
        "For each answer: how much more likely is it than for the reference? Logarithms are subtracted.",
        "The margin is what the chosen answer has gained, less what the rejected one has gained.",
        "−log σ(beta · margin) by torch.nn.functional.logsigmoid, then the mean over the pairs.",
    ],
)

# ---------------------------------------------------------------------------- the log-probability of an answer


def _answer_cases(rng: np.random.Generator) -> list[Case]:
    def rows(columns: int, *spans: tuple[int, int]) -> tuple:
        logits = torch.tensor(rng.integers(-2, 3, (len(spans), columns, 4)), dtype=torch.float32)
        labels = torch.full((len(spans), columns), -100)
        for row, (begin, end) in enumerate(spans):
            labels[row, begin:end] = torch.tensor(rng.integers(0, 4, end - begin))
        return logits, labels

    return [
        Case("an answer of one token", rows(3, (2, 3))),
        Case("an answer of three tokens after a prompt of two", rows(5, (2, 5))),
        Case("answers of different length, with padding on the right", rows(6, (2, 6), (1, 3))),
        Case("a row without an answer has 0", rows(4, (2, 4), (0, 0))),
    ]


def _answer(logits, labels, *, shift=True, mean=False, normalise=True, prompt=False):
    if shift:
        logits, labels = logits[:, :-1], labels[:, 1:]
    asked = torch.ones_like(labels, dtype=torch.bool) if prompt else labels != -100
    values = logits.log_softmax(-1) if normalise else logits
    chosen = values.gather(-1, labels.clamp(min=0)[..., None])[..., 0] * asked
    return chosen.sum(1) / asked.sum(1).clamp(min=1) if mean else chosen.sum(1)


def _mean_of_tokens(logits, labels):
    return _answer(logits, labels, mean=True)


def _not_shifted(logits, labels):
    return _answer(logits, labels, shift=False)


def _logits_taken(logits, labels):
    return _answer(logits, labels, normalise=False)


def _prompt_counted(logits, labels):
    return _answer(logits, labels, prompt=True)


def _loss_instead(logits, labels):
    return -_answer(logits, labels)


practice(
    answer_log_probabilities,
    difficulty=2,
    minutes=12,
    cases=_answer_cases,
    mistakes=[
        Mistake(_mean_of_tokens, "that is the mean over the tokens; the answer's log-probability is their *sum*."),
        Mistake(_not_shifted, "the logits at a place belong to the *next* token: shift one against the other by one."),
        Mistake(_logits_taken, "logits are no log-probabilities yet: log_softmax over the vocabulary is missing."),
        Mistake(_prompt_counted, "places with the label −100 count: prompt and padding are no part of the answer."),
        Mistake(_loss_instead, "the sign is that of a loss; asked for is the log-probability, which is below 0."),
    ],
    hints=[
        "Without the logits' last column and the labels' first, each place stands beside what it foretells.",
        "labels != -100 says where the answer is; gather takes the label's column out of log_softmax(-1).",
        "Put 0 where nothing is asked for, and sum over each row.",
    ],
    tolerance=1e-5,
)
