"""Exercises of lesson 19: rewards per token, generalised advantages, the clipped surrogate, whitening with a mask."""

from __future__ import annotations

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.trainers.advantage import gae, kl_estimate, masked_mean, token_rewards, whiten
from workbook.trainers.ppo_losses import policy_loss
from workbook.trainers.reward import last_token_index


def _numbers(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Halves between −2 and 2, so that a person can check the sum."""
    return torch.tensor(rng.integers(-4, 5, shape) / 2, dtype=torch.float32)


def _mask(*lengths: int, columns: int) -> torch.Tensor:
    """True for the first so many tokens of each row."""
    return torch.arange(columns)[None] < torch.tensor(lengths)[:, None]


def _spoilt(x: torch.Tensor, mask: torch.Tensor, value: float = 7.0) -> torch.Tensor:
    """x with something in its padding, as real tensors have."""
    return torch.where(mask, x, value)


# ---------------------------------------------------------------------------------------- rewards per token


def _reward_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, *lengths: int, columns: int, beta: float, estimator: str = "k1") -> Case:
        mask = _mask(*lengths, columns=columns)
        old, reference = (_spoilt(_numbers(rng, *mask.shape), mask, fill) for fill in (7.0, -3.0))
        return Case(name, (_numbers(rng, len(lengths)) + 3, old, reference, mask, beta, estimator))

    return [
        case("one answer, no padding", 3, columns=3, beta=0.5),
        case("two answers of different length", 2, 4, columns=4, beta=0.1),
        case("β = 0: nothing but the score", 3, 1, columns=3, beta=0.0),
        case("the estimator k3", 3, 2, columns=3, beta=0.5, estimator="k3"),
        case("an answer that is only its end token", 1, 3, columns=4, beta=1.0),
    ]


def _rewards(scores, log_probs, reference, mask, coefficient, estimator, *, sign=-1, place="last", always=None,
             padding=False, turned=False):  # fmt: skip
    """A wrong version per switch that is turned."""
    pair = (reference, log_probs) if turned else (log_probs, reference)
    rewards = sign * coefficient * kl_estimate(*pair, always or estimator)
    if not padding:
        rewards = torch.where(mask, rewards, 0.0)
    if place == "all":
        return rewards + torch.where(mask, scores[:, None], 0.0)
    column = {"last": last_token_index(mask), "end": torch.full((len(mask),), mask.shape[1] - 1), "first": 0}[place]
    rewards[torch.arange(len(mask)), column] += scores
    return rewards


def _kl_added(*args):
    return _rewards(*args, sign=1)


def _last_column(*args):
    return _rewards(*args, place="end")


def _score_everywhere(*args):
    return _rewards(*args, place="all")


def _score_first(*args):
    return _rewards(*args, place="first")


def _kl_of_padding(*args):
    return _rewards(*args, padding=True)


def _always_k1(*args):
    return _rewards(*args, always="k1")


def _turned_round(*args):
    return _rewards(*args, turned=True)


practice(
    token_rewards,
    difficulty=1,
    minutes=10,
    cases=_reward_cases,
    mistakes=[
        Mistake(_kl_added, "the KL is a cost: its sign must be minus, or drifting away would be rewarded."),
        Mistake(_last_column, "the score belongs to the answer's last token, and not to the last column of the row."),
        Mistake(_score_everywhere, "every token gets the score; only the last one does."),
        Mistake(_score_first, "the score stands at the first token; the answer is judged when it is complete."),
        Mistake(_kl_of_padding, "what fills a row up gets a reward, too: set it to 0 outside of the mask."),
        Mistake(_always_k1, "you take k1 whatever `estimator` says."),
        Mistake(_turned_round, "policy and reference are exchanged in the KL: it is log π minus log π_ref."),
    ],
    hints=[
        "kl_estimate(log_probs, reference, estimator) is each token's KL; last_token_index(mask) says where it ends.",
        "−coefficient times it where the mask is true, 0 elsewhere: torch.where.",
        "rewards[torch.arange(len(rewards)), last] += scores",
    ],
)

# --------------------------------------------------------------------------------------------------- GAE


def _gae_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, *lengths: int, columns: int, gamma: float, lam: float) -> Case:
        mask = _mask(*lengths, columns=columns)
        rewards, values = (_spoilt(_numbers(rng, *mask.shape), mask, fill) for fill in (7.0, 3.0))
        return Case(name, (rewards, values, mask, gamma, lam))

    return [
        case("one answer, λ = 1: all that is still to come, less the value", 3, columns=3, gamma=1.0, lam=1.0),
        case("one answer, λ = 0: only the next value counts", 3, columns=3, gamma=1.0, lam=0.0),
        case("PPO's own numbers", 4, columns=4, gamma=1.0, lam=0.95),
        case("discounting: γ = 0.5", 3, 3, columns=3, gamma=0.5, lam=0.9),
        case("two answers of different length", 2, 4, columns=5, gamma=1.0, lam=0.95),
    ]


def _gae(rewards, values, mask, gamma, lam, *, padding=False, forwards=False, discount=None, old="values", now=True):
    """A wrong version per switch that is turned."""
    if not padding:
        rewards, values = (torch.where(mask, x, 0.0) for x in (rewards, values))
    columns = rewards.shape[1]
    advantages = torch.zeros_like(rewards)
    carried = torch.zeros_like(rewards[:, 0])
    for t in range(columns) if forwards else reversed(range(columns)):
        following = values[:, t + 1] if t + 1 < columns else 0.0
        error = rewards[:, t] + gamma * following - (values[:, t] if now else 0.0)
        carried = error + (gamma * lam if discount is None else discount(gamma, lam)) * carried
        advantages[:, t] = carried
    if not padding:
        advantages = torch.where(mask, advantages, 0.0)
    returns = {"values": advantages + values, "rewards": advantages + rewards, "none": advantages}[old]
    return advantages, returns


def _gae_padding(*args):
    return _gae(*args, padding=True)


def _gae_forwards(*args):
    return _gae(*args, forwards=True)


def _only_gamma(*args):
    return _gae(*args, discount=lambda gamma, lam: gamma)


def _only_lam(*args):
    return _gae(*args, discount=lambda gamma, lam: lam)


def _value_not_subtracted(*args):
    return _gae(*args, now=False)


def _rewards_added(*args):
    return _gae(*args, old="rewards")


def _returns_are_advantages(*args):
    return _gae(*args, old="none")


practice(
    gae,
    difficulty=2,
    minutes=15,
    cases=_gae_cases,
    mistakes=[
        Mistake(_gae_padding, "rewards or values in the padding leak into the answers: set them to 0 first."),
        Mistake(_gae_forwards, "the sum runs forwards; what a token is worth depends on what comes after it."),
        Mistake(_only_gamma, "λ is missing: the error after the next is weighed by γ · λ."),
        Mistake(_only_lam, "γ is missing: the error after the next is weighed by γ · λ."),
        Mistake(_value_not_subtracted, "the value of the state itself isn't subtracted: δ = r + γ V(next) − V."),
        Mistake(_rewards_added, "a return is advantage plus *value*, not plus reward."),
        Mistake(_returns_are_advantages, "the returns are the advantages again: add the values."),
    ],
    hints=[
        "Set rewards and values to 0 outside of the mask, then go through the columns from the last to the first.",
        "Keep two things from column to column: the value and the advantage of the one after. Both begin at 0.",
        "error = reward + gamma * next value - value;  advantage = error + gamma * lam * next advantage.",
    ],
)

# ------------------------------------------------------------------------------------- clipped surrogate


def _surrogate_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, ratio: list, advantages: list, *lengths: int, clip: float = 0.2) -> Case:
        ratio, advantages = torch.tensor(ratio), torch.tensor(advantages)
        mask = _mask(*lengths, columns=ratio.shape[1])
        old = _numbers(rng, *ratio.shape) - 3
        return Case(name, (_spoilt(old + ratio.log(), mask, 9.0), old, _spoilt(advantages, mask, -5.0), mask, clip))

    return [
        case("nothing has moved", [[1.0, 1.0]], [[2.0, -1.0]], 2),
        case("a good token became likelier than 1 + clip", [[1.5, 1.0]], [[1.0, 1.0]], 2),
        case("a bad token became less likely than 1 − clip", [[0.5, 1.0]], [[-1.0, 1.0]], 2),
        case("a bad token became likelier: no clipping helps it", [[2.0, 1.0]], [[-1.0, 1.0]], 2),
        case("a good token became less likely", [[0.5, 1.1]], [[2.0, 1.0]], 2),
        case(
            "two answers, with padding", [[1.5, 0.7, 1.0], [0.9, 1.0, 1.0]], [[1.0, -1.0, 2.0], [1.0, 1.0, 1.0]], 3, 1
        ),
        case("a wider clip", [[1.4, 2.0]], [[1.0, 1.0]], 2, clip=0.5),
    ]


def _surrogate(log_probs, old, advantages, mask, clip, *, sign=-1, join=torch.maximum, padding=False, ratio=torch.exp,
               fixed=None, turned=False, absolute=False):  # fmt: skip
    """A wrong version per switch that is turned."""
    difference = old - log_probs if turned else log_probs - old
    mask = torch.ones_like(mask) if padding else mask
    rho = ratio(torch.where(mask, difference, 0.0))
    width = clip if fixed is None else fixed
    plain, clipped = sign * advantages * rho, sign * advantages * rho.clamp(1 - width, 1 + width)
    counted = (rho - 1).abs() > width if absolute else clipped > plain
    return masked_mean(join(plain, clipped), mask), masked_mean(counted.float(), mask)


def _maximised(*args):
    return _surrogate(*args, sign=1)


def _minimum(*args):
    return _surrogate(*args, join=torch.minimum)


def _surrogate_padding(*args):
    return _surrogate(*args, padding=True)


def _no_exponential(*args):
    return _surrogate(*args, ratio=lambda x: 1 + x)


def _clip_of_a_fifth(*args):
    return _surrogate(*args, fixed=0.2)


def _old_over_new(*args):
    return _surrogate(*args, turned=True)


def _only_clipped(*args):
    return _surrogate(*args, join=lambda plain, clipped: clipped)


def _counts_ratios(*args):
    return _surrogate(*args, absolute=True)


practice(
    policy_loss,
    difficulty=2,
    minutes=12,
    cases=_surrogate_cases,
    mistakes=[
        Mistake(_maximised, "the sign: a loss is minimised, so that it is −A times the ratio."),
        Mistake(_minimum, "with the minus inside, the pessimistic of the two is the *larger* one."),
        Mistake(_surrogate_padding, "the padding counts in the mean: masked_mean(..., mask)."),
        Mistake(_no_exponential, "the ratio is exp(log π − log π_old); the difference itself is only near ratio − 1."),
        Mistake(_clip_of_a_fifth, "you clip at 0.2 whatever `clip` says."),
        Mistake(_old_over_new, "the ratio is upside down: new over old."),
        Mistake(
            _only_clipped, "you take the clipped one always: a bad step beyond the edge would have no gradient back."
        ),
        Mistake(_counts_ratios, "count where clipping *changed the loss*, not where the ratio lies outside."),
    ],
    hints=[
        "ratio = torch.exp(log_probs - old); in the padding the difference may be anything, so set it to 0 there.",
        "Two losses per token, −advantages · ratio and −advantages · ratio.clamp(1 − clip, 1 + clip).",
        "masked_mean of the elementwise maximum, and masked_mean((clipped > plain).float(), mask).",
    ],
)

# ------------------------------------------------------------------------------------------- whitening


def _whiten_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, *lengths: int, columns: int, **options: bool) -> Case:
        mask = _mask(*lengths, columns=columns)
        x = _spoilt(_numbers(rng, *mask.shape) + torch.arange(columns), mask, 50.0)
        flags = (options.get("shift_mean", True), options.get("unbiased", True))
        return Case(name, (x, mask, *flags))

    return [
        case("no padding", 3, 3, columns=3),
        case("two answers of different length", 2, 4, columns=4),
        case("shift_mean=False: the mean stays", 3, 2, columns=4, shift_mean=False),
        case("unbiased=False: divided by n", 2, 2, columns=3, unbiased=False),
        case("three answers", 1, 5, 2, columns=6),
    ]


def _whitened(
    x, mask, shift_mean, unbiased, *, padding=False, ones=None, root=True, rows=False, keep=False, never=False
):
    """A wrong version per switch that is turned."""
    part = torch.ones_like(mask) if padding else mask
    if rows:
        return torch.stack(
            [
                _whitened(a[None], b[None], shift_mean, unbiased)[0] if b.sum() > 1 else 0 * a
                for a, b in zip(x, mask, strict=True)
            ]
        )
    chosen = x[part]
    mean = chosen.mean()
    variance = chosen.var(unbiased=unbiased if ones is None else ones)
    z = (x - mean) / (variance.sqrt() if root else variance)
    z = z if shift_mean or never else z + mean
    return z if keep else torch.where(mask, z, 0.0)


def _whitens_padding(*args):
    return _whitened(*args, padding=True)


def _always_biased(*args):
    return _whitened(*args, ones=False)


def _always_unbiased(*args):
    return _whitened(*args, ones=True)


def _by_the_variance(*args):
    return _whitened(*args, root=False)


def _row_by_row(*args):
    return _whitened(*args, rows=True)


def _padding_kept(*args):
    return _whitened(*args, keep=True)


def _mean_always_gone(*args):
    return _whitened(*args, never=True)


practice(
    whiten,
    difficulty=1,
    minutes=8,
    cases=_whiten_cases,
    mistakes=[
        Mistake(_whitens_padding, "the padding enters mean and variance."),
        Mistake(_always_biased, "you divide by n always; with `unbiased` it is n − 1."),
        Mistake(_always_unbiased, "you divide by n − 1 always; with unbiased=False it is n."),
        Mistake(_by_the_variance, "you divide by the variance; it is its root."),
        Mistake(_row_by_row, "you whiten each answer by itself; the batch is whitened as a whole."),
        Mistake(_padding_kept, "the result is 0 outside of the mask."),
        Mistake(_mean_always_gone, "with shift_mean=False the mean is added again after the scaling."),
    ],
    hints=[
        "masked_mean(x, mask) is the mean of the tokens, masked_mean((x − mean)², mask) their variance, over n.",
        "unbiased: times n / (n − 1), with n = mask.sum(). Then scale by torch.rsqrt(variance + 1e-8).",
        "Add the mean again where it shall stay, and torch.where(mask, ..., 0.0) at the end.",
    ],
)
