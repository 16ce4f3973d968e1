"""Rewards, advantages, whitening, losses and clip fractions beside trl==1.12.0's experimental PPO, on the same tensors.

Its inner code is one long `train`; what of it is no function is restated here, with the lines of ppo_trainer.py.
"""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from workbook.trainers.advantage import gae, kl_estimate, masked_mean, token_rewards, whiten
from workbook.trainers.ppo_losses import policy_loss, value_loss

PAD, END = 99, 0
CLOSE = dict(rtol=0, atol=1e-6)
BETA, GAMMA, LAM, CLIP, VALUE_CLIP = 0.05, 0.99, 0.95, 0.2, 0.2


@pytest.fixture(scope="module")
def trl() -> Any:
    """The module ppo_trainer, imported in silence."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
        from trl.experimental.ppo import ppo_trainer
    return ppo_trainer


def drawn(lengths: list[int], ended: list[bool], columns: int, seed: int = 0) -> SimpleNamespace:
    """Answers of these lengths, end token included where there is one, and noise in all else, double precision."""
    generator = torch.Generator().manual_seed(seed)

    def noise(scale: float = 1.0) -> Tensor:
        return scale * torch.randn(len(lengths), columns, generator=generator, dtype=torch.double)

    responses = torch.full((len(lengths), columns), PAD)
    for row, (length, has_end) in enumerate(zip(lengths, ended, strict=True)):
        responses[row, :length] = 5
        if has_end:
            responses[row, length - 1] = END
    old = -noise().abs() - 0.5
    return SimpleNamespace(
        responses=responses, old=old, reference=old + noise(0.3), new=old + noise(0.3), values=noise(),
        new_values=noise(), scores=noise()[:, 0],
    )  # fmt: skip


CASES = {
    "all ended, padding": ([2, 4, 1], [True, True, True], 6),
    "none ended": ([5, 5], [False, False], 5),
    "some ended": ([3, 6, 5], [True, False, True], 6),
    "ended in the last column": ([4, 4], [True, True], 4),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def theirs(trl: Any, x: SimpleNamespace, estimator: str = "k1", whiten_rewards: bool = False) -> SimpleNamespace:
    """Lines 727 to 798 of ppo_trainer.py: from log-probabilities and scores to rewards, advantages and returns."""
    lengths = trl.first_true_indices(x.responses == PAD) - 1
    indices = torch.arange(x.responses.shape[1]).repeat(len(x.responses), 1)
    padding, lengths_p1 = indices > lengths[:, None], lengths + 1
    padding_p1 = indices > lengths_p1[:, None]
    old, reference = (torch.masked_fill(part, padding, trl.INVALID_LOGPROB) for part in (x.old, x.reference))
    values = torch.masked_fill(x.values, padding_p1, 0)
    logr = reference - old
    rewards = -BETA * (-logr if estimator == "k1" else (logr.exp() - 1) - logr)
    end = torch.where(lengths_p1 < rewards.shape[1], lengths_p1, lengths)
    rewards[torch.arange(len(rewards)), end] += x.scores
    if whiten_rewards:
        rewards = torch.masked_fill(trl.masked_whiten(rewards, ~padding_p1, shift_mean=False), padding_p1, 0)
    last, reversed_advantages = 0, []
    for t in reversed(range(rewards.shape[1])):
        following = values[:, t + 1] if t < rewards.shape[1] - 1 else 0.0
        last = rewards[:, t] + GAMMA * following - values[:, t] + GAMMA * LAM * last
        reversed_advantages.append(last)
    plain = torch.stack(reversed_advantages[::-1], axis=1)
    advantages = torch.masked_fill(trl.masked_whiten(plain, ~padding), padding, 0)
    return SimpleNamespace(
        rewards=rewards, plain=plain, advantages=advantages, returns=plain + values, values=values, old=old,
        reference=reference, mask=~padding, mask_p1=~padding_p1, end=end,
    )  # fmt: skip


@every_case
@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_rewards_and_advantages(trl: Any, case: tuple, estimator: str) -> None:
    """With their mask, which has one place more after the end, rewards, GAE, returns and whitening are theirs."""
    x = drawn(*case)
    ref = theirs(trl, x, estimator)
    rewards = token_rewards(x.scores, ref.old, ref.reference, ref.mask_p1, BETA, estimator)
    torch.testing.assert_close(rewards, ref.rewards, **CLOSE)
    advantages, returns = gae(rewards, ref.values, ref.mask_p1, GAMMA, LAM)
    torch.testing.assert_close(advantages, ref.plain, **CLOSE)
    torch.testing.assert_close(returns, ref.returns, **CLOSE)
    torch.testing.assert_close(whiten(advantages, ref.mask), ref.advantages, **CLOSE)


@every_case
def test_whitened_rewards(trl: Any, case: tuple) -> None:
    """Whitening without shifting the mean is theirs as well."""
    x = drawn(*case)
    ref, plain = theirs(trl, x, whiten_rewards=True), theirs(trl, x)
    torch.testing.assert_close(whiten(plain.rewards, ref.mask_p1, shift_mean=False), ref.rewards, **CLOSE)


@every_case
def test_losses_and_clip_fractions(trl: Any, case: tuple) -> None:
    """Lines 822 to 854: both losses and both clip fractions, and the gradient of the policy's."""
    x = drawn(*case)
    ref = theirs(trl, x)
    new = x.new.clone().requires_grad_()
    filled = torch.masked_fill(new, ~ref.mask, trl.INVALID_LOGPROB)
    ratio = torch.exp(filled - ref.old)
    plain, clipped = -ref.advantages * ratio, -ref.advantages * torch.clamp(ratio, 1 - CLIP, 1 + CLIP)
    wanted = trl.masked_mean(torch.max(plain, clipped), ref.mask)
    wanted_share = trl.masked_mean((clipped > plain).float(), ref.mask)
    (gradient,) = torch.autograd.grad(wanted, new)
    loss, share = policy_loss(new, x.old, ref.advantages, ref.mask, CLIP)
    torch.testing.assert_close(loss, wanted, **CLOSE)
    torch.testing.assert_close(share.double(), wanted_share.double(), **CLOSE)
    torch.testing.assert_close(torch.autograd.grad(loss, new)[0], gradient, **CLOSE)

    predicted = torch.masked_fill(x.new_values, ~ref.mask_p1, 0)
    near = torch.clamp(predicted, ref.values - VALUE_CLIP, ref.values + VALUE_CLIP)
    first, second = torch.square(predicted - ref.returns), torch.square(near - ref.returns)
    loss, share = value_loss(x.new_values, ref.values, ref.returns, ref.mask_p1, VALUE_CLIP)
    torch.testing.assert_close(loss, 0.5 * trl.masked_mean(torch.max(first, second), ref.mask_p1), **CLOSE)
    torch.testing.assert_close(share.double(), trl.masked_mean((second > first).double(), ref.mask_p1), **CLOSE)


def test_missing_end_penalty(trl: Any) -> None:
    """Lines 757 to 759: subtracted from the score of an answer without end token, and from no other."""
    x = drawn(*CASES["some ended"])
    ended = (x.responses == END).any(1)
    wanted = x.scores.clone()
    wanted[~torch.any(x.responses == END, dim=-1)] -= 1.5
    torch.testing.assert_close(x.scores - 1.5 * (~ended).float(), wanted, **CLOSE)
    assert (wanted != x.scores).tolist() == [False, True, False]


def test_masked_mean(trl: Any) -> None:
    """The same mean, where the padding is finite."""
    x = drawn(*CASES["some ended"])
    mask = theirs(trl, x).mask
    torch.testing.assert_close(masked_mean(x.old, mask), trl.masked_mean(x.old, mask), **CLOSE)


# ---------------------------------------------------------------------------------- differences on purpose


def test_score_stands_at_the_end_token(trl: Any) -> None:
    """Ours at the end token, theirs one place later where the row has room; without an end, both at the last token."""
    x = drawn(*CASES["some ended"])
    ref = theirs(trl, x)
    ours = token_rewards(x.scores, x.old, x.reference, ref.mask, BETA)
    kl = torch.where(ref.mask, -BETA * kl_estimate(x.old, x.reference), 0.0)
    assert (ours - kl).abs().gt(1e-9).nonzero().tolist() == [[0, 2], [1, 5], [2, 4]]
    assert (ref.rewards - kl).abs().gt(1e-9).nonzero().tolist() == [[0, 3], [1, 5], [2, 5]]
    torch.testing.assert_close(ours.sum(1), ref.rewards.sum(1), **CLOSE)  # an answer's whole reward is the same


def test_averages_leave_out_padding(trl: Any) -> None:
    """Lines 857 and 868: their approximate KL and ratio count padding as tokens that did not move; ours don't."""
    x = drawn(*CASES["all ended, padding"])
    mask = theirs(trl, x).mask
    drift = torch.where(mask, x.new - x.old, 0.0)  # 0 in the padding: both are INVALID_LOGPROB there
    their_kl, their_ratio = 0.5 * (drift**2).mean(), drift.exp().mean()
    our_kl, our_ratio = 0.5 * masked_mean(drift**2, mask), masked_mean(drift.exp(), mask)
    share = mask.double().mean()
    assert our_kl > 1.5 * their_kl
    torch.testing.assert_close(share * our_kl, their_kl, **CLOSE)
    torch.testing.assert_close(share * our_ratio + (1 - share), their_ratio, **CLOSE)


def test_nan_in_padding_is_harmless(trl: Any) -> None:
    """Theirs multiplies by the mask, which leaves a NaN one; ours leaves it out."""
    x, mask = torch.tensor([[1.0, 3.0, torch.nan]]), torch.tensor([[True, True, False]])
    assert trl.masked_mean(x, mask).isnan()
    assert masked_mean(x, mask) == 2
    assert whiten(x, mask).tolist()[0] == pytest.approx([-(0.5**0.5), 0.5**0.5, 0], abs=1e-6)
