"""Exercises of lesson 18: pairs of a ranking, the loss over K answers, the last token, scores from comparisons."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
from torch import nn

from workbook.exercises import Case, Mistake, practice
from workbook.trainers.reward import last_token_index, pairs_of, ranking_loss, strengths

# ------------------------------------------------------------------------------------------------ pairs of a ranking


def _pairs_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("four answers, no tie", ([2, 1, 4, 3],)),
        Case("already in order", ([1, 2, 3],)),
        Case("two tied for the first place", ([1, 1, 2],)),
        Case("two ties", ([2, 1, 2, 1],)),
        Case("all tied: no pair", ([1, 1, 1, 1],)),
        Case("six answers", ([int(rank) for rank in rng.integers(1, 5, 6)],)),
    ]


def _upside_down(ranking):
    return [(b, a) for a, b in pairs_of(ranking)]


def _ties_are_wins(ranking):
    return [(i, j) if ranking[i] <= ranking[j] else (j, i) for i, j in combinations(range(len(ranking)), 2)]


def _neighbours_only(ranking):
    order = sorted(range(len(ranking)), key=lambda i: ranking[i])
    return [(a, b) for a, b in zip(order, order[1:], strict=False) if ranking[a] < ranking[b]]  # noqa: RUF007


def _both_ways(ranking):
    return [(i, j) for i in range(len(ranking)) for j in range(len(ranking)) if ranking[i] != ranking[j]]


def _not_turned(ranking):
    return [(i, j) for i, j in combinations(range(len(ranking)), 2) if ranking[i] != ranking[j]]


practice(
    pairs_of,
    difficulty=1,
    minutes=8,
    cases=_pairs_cases,
    mistakes=[
        Mistake(_upside_down, "the pairs are the wrong way round: rank 1 is the best, and the better one comes first."),
        Mistake(_ties_are_wins, "tied answers became pairs: a person who can't tell them apart has preferred neither."),
        Mistake(_neighbours_only, "these are neighbours only; a ranking of K answers holds C(K, 2) pairs."),
        Mistake(_both_ways, "every pair comes twice, once the wrong way round: take each i < j once."),
        Mistake(_not_turned, "the better one must come first: turn a pair if its second has the lower rank."),
    ],
    hints=[
        "combinations(range(len(ranking)), 2) goes through every pair of places once.",
        "A lower rank is better. Three cases: the first is better, the second is better, or they are tied.",
        "Append (one, other) if ranking[one] < ranking[other], (other, one) if it is the other way, else nothing.",
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ the loss over K


def _loss_cases(rng: np.random.Generator) -> list[Case]:
    def scores(*shape: int) -> torch.Tensor:
        return torch.tensor(np.round(2 * rng.normal(size=shape), 2))

    return [
        Case("one prompt, two answers", (torch.tensor([[1.0, 0.0]]), [[1, 2]])),
        Case("one prompt, four answers", (scores(1, 4), [[3, 1, 2, 4]])),
        Case("several prompts", (scores(3, 4), [[1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3]])),
        Case("ties: a prompt with one pair weighs as much as one with three", (scores(2, 3), [[1, 2, 3], [1, 2, 2]])),
        Case("a prompt in which all are tied is left out", (scores(2, 3), [[1, 1, 1], [2, 1, 3]])),
        Case("scores far apart", (torch.tensor([[-400.0, 400.0, 0.0]]).double(), [[1, 2, 3]])),
    ]


def _terms(scores, ranking, sign=1.0, log_sigmoid=nn.functional.logsigmoid):
    """The losses of each prompt's pairs."""
    return [
        torch.stack([-log_sigmoid(sign * (row[a] - row[b])) for a, b in pairs_of(ranks)])
        for row, ranks in zip(scores, ranking, strict=True) if pairs_of(ranks)
    ]  # fmt: skip


def _pooled(scores, ranking):
    return torch.cat(_terms(scores, ranking)).mean()


def _summed(scores, ranking):
    return torch.stack([terms.sum() for terms in _terms(scores, ranking)]).mean()


def _wrong_sign(scores, ranking):
    return torch.stack([terms.mean() for terms in _terms(scores, ranking, -1.0)]).mean()


def _best_only(scores, ranking):
    return torch.stack([
        -nn.functional.logsigmoid(row[a] - row[b])
        for row, ranks in zip(scores, ranking, strict=True) if pairs_of(ranks)
        for a, b in [(ranks.index(min(ranks)), ranks.index(max(ranks)))]
    ]).mean()  # fmt: skip


def _no_logarithm(scores, ranking):
    return torch.stack([t.mean() for t in _terms(scores, ranking, log_sigmoid=torch.sigmoid)]).mean()


def _log_of_sigmoid(scores, ranking):
    return torch.stack([t.mean() for t in _terms(scores, ranking, log_sigmoid=lambda x: x.sigmoid().log())]).mean()


def _ties_count(scores, ranking):
    return torch.stack([terms.mean() for terms in _terms(scores, ranking)]).sum() / len(scores)


practice(
    ranking_loss,
    difficulty=2,
    minutes=12,
    cases=_loss_cases,
    mistakes=[
        Mistake(_pooled, "you average over all pairs; average within each prompt first, so each prompt counts once."),
        Mistake(_summed, "you add up the pairs of a prompt; take their mean, so that every prompt weighs alike."),
        Mistake(_wrong_sign, "the sign is wrong: the loss must fall where the better answer has the higher score."),
        Mistake(_best_only, "you compare only the best with the worst; every pair of the ranking counts."),
        Mistake(_no_logarithm, "the logarithm is missing: −log σ(difference) is the likelihood's."),
        Mistake(_log_of_sigmoid, "log(σ(x)) is log(0) for x far below 0: nn.functional.logsigmoid is not."),
        Mistake(_ties_count, "a prompt whose answers are all tied counts as a loss of 0: leave it out of the mean."),
    ],
    hints=[
        "For each row of scores: pairs_of(ranking of that row) names the places of the better and the worse answer.",
        "pairwise_reward_loss takes (P,) chosen and (P,) rejected scores and gives the mean over a prompt's pairs.",
        "Collect one loss for each prompt that has pairs, then torch.stack(losses).mean().",
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ the last token


def _last_cases(rng: np.random.Generator) -> list[Case]:
    lengths = rng.integers(1, 8, 5)
    right = torch.tensor([[1] * int(n) + [0] * (8 - int(n)) for n in lengths])
    return [
        Case("padded on the right", (torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]),)),
        Case("padded on the left, as for generation", (torch.tensor([[0, 0, 1, 1], [1, 1, 1, 1]]),)),
        Case("many lengths", (right,)),
        Case("on both sides", (torch.tensor([[0, 1, 1, 1, 0, 0]]),)),
        Case("a single token", (torch.tensor([[1, 0, 0]]),)),
    ]


def _count_less_one(attention_mask):
    return attention_mask.sum(1) - 1


def _last_column(attention_mask):
    return torch.full((len(attention_mask),), attention_mask.shape[1] - 1)


def _count(attention_mask):
    return attention_mask.sum(1)


def _first_token(attention_mask):
    return attention_mask.argmax(1)


def _counted_back(attention_mask):
    return attention_mask.flip(1).argmax(1)


practice(
    last_token_index,
    difficulty=2,
    minutes=8,
    cases=_last_cases,
    mistakes=[
        Mistake(_count_less_one, "the number of tokens less one is right only where the padding is on the right."),
        Mistake(_last_column, "the last column is padding in shorter rows: the head would read a pad token's state."),
        Mistake(_count, "this is the number of tokens; places begin at 0, and padding may come first."),
        Mistake(_first_token, "this is the *first* token: argmax finds the first of equal values."),
        Mistake(_counted_back, "this counts from the end: subtract it from the last place, T − 1."),
    ],
    hints=[
        "torch.arange(T) gives every place its number.",
        "Multiply the mask by the numbers: padding becomes 0, and tokens keep their place.",
        "(attention_mask * places).argmax(1): the largest place that is a token.",
    ],
)

# ------------------------------------------------------------------------------------------------ scores from wins


def _strength_cases(rng: np.random.Generator) -> list[Case]:
    many = torch.tensor(rng.integers(0, 12, (4, 4)) * (1 - np.eye(4, dtype=int)))
    return [
        Case("two items, three wins to one, no prior", (torch.tensor([[0, 3], [1, 0]]), 0.0)),
        Case("four items", (many,)),
        Case("one that never lost", (torch.tensor([[0, 5, 5], [0, 0, 2], [0, 3, 0]]), 0.5)),
        Case("some that never met", (torch.tensor([[0, 2, 0], [1, 0, 4], [0, 3, 0]]), 0.1, 500)),
    ]


def _zermelo(wins, prior, steps, *, lost=False, no_prior=False, half=False, raw=False, centred=True):
    """A wrong version per switch that is turned."""
    wins = (wins.T if lost else wins).double()
    strength, games, won = torch.ones(len(wins)).double(), wins + wins.T, wins.sum(1) + prior * (not no_prior)
    for _ in range(steps):
        against = (games / (strength[:, None] + strength[None, :])).sum(1)
        rival = 0 if no_prior else (1 if half else 2) * prior / (strength + 1)
        strength = (won + 1e-9 * no_prior) / (against + rival)
    scores = strength if raw else strength.log()
    return scores - scores.mean() if centred else scores


def _losses(wins, prior=0.1, steps=200):
    return _zermelo(wins, prior, steps, lost=True)


def _without_prior(wins, prior=0.1, steps=200):
    return _zermelo(wins, prior, steps, no_prior=True)


def _one_game(wins, prior=0.1, steps=200):
    return _zermelo(wins, prior, steps, half=True)


def _no_log(wins, prior=0.1, steps=200):
    return _zermelo(wins, prior, steps, raw=True)


def _not_centred(wins, prior=0.1, steps=200):
    return _zermelo(wins, prior, steps, centred=False)


def _shares(wins, prior=0.1, steps=200):
    won = wins.double().sum(1) + prior
    odds = (won / (wins.double().sum(0) + prior)).log()
    return odds - odds.mean()


practice(
    strengths,
    difficulty=3,
    minutes=15,
    cases=_strength_cases,
    mistakes=[
        Mistake(_losses, "rows are winners: wins[i, j] says how often i beat j, so i won the sum of row i."),
        Mistake(_without_prior, "the prior is missing: an item that never lost would have an infinite score."),
        Mistake(_one_game, "against the imagined rival everybody has prior wins *and* prior losses: 2 · prior games."),
        Mistake(_no_log, "these are strengths p; scores are log p, so that P(i beats j) = σ(s_i − s_j)."),
        Mistake(_not_centred, "only differences matter: subtract the mean, so that two fits can be compared."),
        Mistake(_shares, "odds of won to lost forget *against whom*: a win over a strong one counts for more."),
    ],
    hints=[
        "Begin with all strengths 1. games = wins + wins.T, won = wins.sum(1) + prior.",
        "A step: won / (Σ_j games_ij / (p_i + p_j) + 2 · prior / (p_i + 1)), for all items at once.",
        "After the steps take the logarithm and subtract its mean.",
    ],
    tolerance=1e-5,
)  # fmt: skip
