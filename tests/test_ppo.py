"""PPO on toy models: what a rollout holds, the arithmetic by hand, the loop, its resuming and its refusals."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from workbook.trainers import ppo as module
from workbook.trainers.advantage import gae, kl_estimate, token_rewards, whiten
from workbook.trainers.best_of_n import best_of_n, best_of_n_kl, best_rows
from workbook.trainers.history import TrainingError
from workbook.trainers.ppo import experience, ppo, rows_of
from workbook.trainers.ppo_losses import next_coefficient, policy_loss, value_loss
from workbook.trainers.ppo_settings import PPOHistory, Settings
from workbook.trainers.rollout import (
    Rollout,
    ValueModel,
    answer_log_probs,
    by_reward_model,
    by_texts,
    encode_prompts,
    rollout,
)

LETTERS = "·abcdefgh"  # token 0 is the end, and fills up as well


class Letters:
    """A tokenizer of single letters."""

    eos_token_id, pad_token_id = 0, None

    def __call__(self, texts: list[str]) -> dict[str, list[list[int]]]:
        return {"input_ids": [[LETTERS.index(letter) for letter in text] for text in texts]}

    def decode(self, ids: Tensor, skip_special_tokens: bool = True) -> str:
        return "".join(LETTERS[i] for i in ids.tolist() if i or not skip_special_tokens)


@pytest.fixture
def policy() -> Any:
    """A tiny GPT-2 with random weights that are large enough for answers to differ, and dropout to catch its use."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(1)
    config = GPT2Config(vocab_size=len(LETTERS), n_positions=16, n_embd=16, n_layer=1, n_head=2, initializer_range=0.3,
                        bos_token_id=0, eos_token_id=0)  # fmt: skip
    return GPT2LMHeadModel(config)


PROMPTS = ["a", "bcd", "ef", "gh"]
FAST = Settings(updates=4, batch=4, epochs=2, minibatches=2, max_new_tokens=5, learning_rate=1e-2, value_rate=1e-2)


def likes_a(batch: Rollout) -> Tensor:
    """Scores an answer by its share of the letter a."""
    return ((batch.answers == 1) & batch.mask).sum(1) / batch.mask.sum(1)


def answered(policy: Any, prompts: list[str] = PROMPTS, seed: int = 0, **options: Any) -> Rollout:
    """A rollout on PROMPTS."""
    generator = torch.Generator().manual_seed(seed)
    encoded = encode_prompts(Letters(), prompts, 16, 5)
    return rollout(policy, Letters(), encoded, **{"max_new_tokens": 5, "generator": generator, **options})


# ------------------------------------------------------------------------------------------------ by hand


def test_three_tokens_by_hand() -> None:
    """An answer of three tokens, β = 0.5, γ = 1, λ = 0.5: every number worked out on paper."""
    mask = torch.tensor([[True, True, True, False]])
    old = torch.tensor([[-1.0, -2.0, -1.0, 9.0]])
    reference = torch.tensor([[-2.0, -1.0, -1.0, 5.0]])
    rewards = token_rewards(torch.tensor([2.0]), old, reference, mask, coefficient=0.5)
    assert rewards.tolist() == [[-0.5, 0.5, 2.0, 0.0]]  # KL: 1, −1, 0
    values = torch.tensor([[1.0, 1.0, 1.5, 8.0]])
    advantages, returns = gae(rewards, values, mask, gamma=1.0, lam=0.5)
    # δ: −0.5 + 1 − 1 = −0.5;  0.5 + 1.5 − 1 = 1;  2 + 0 − 1.5 = 0.5
    assert advantages.tolist() == [[0.125, 1.25, 0.5, 0.0]]
    assert returns.tolist() == [[1.125, 2.25, 2.0, 0.0]]
    new = old + torch.tensor([[math.log(2), math.log(2), math.log(0.5), 3.0]])
    loss, share = policy_loss(new, old, torch.tensor([[1.0, -1.0, -1.0, 4.0]]), mask, clip=0.2)
    # −1 · 1.2 (clipped), 1 · 2 (not), 1 · 0.8 (clipped): 1.6 / 3
    assert loss.item() == pytest.approx(1.6 / 3) and share.item() == pytest.approx(2 / 3)
    loss, share = value_loss(torch.tensor([[2.0, 1.1, 1.5, 0.0]]), values, returns, mask, clip=0.2)
    # (2 − 1.125)² against (1.2 − 1.125)²; (1.1 − 2.25)²; (1.5 − 2)²
    assert loss.item() == pytest.approx(0.5 * (0.875**2 + 1.15**2 + 0.25) / 3) and share.item() == 0


def test_discounting() -> None:
    """γ weighs the value that follows, and, with λ, the advantage that follows."""
    ones = torch.ones(1, 2)
    advantages, _ = gae(torch.tensor([[0.0, 4.0]]), torch.tensor([[1.0, 2.0]]), ones.bool(), gamma=0.5, lam=0.5)
    assert advantages.tolist() == [[0.5 * 2 - 1 + 0.25 * 2, 2.0]]


def test_values_clipped() -> None:
    """A value that jumped beyond the target's side of its clip is judged by the clipped one where that is worse."""
    one = torch.ones(1, 1, dtype=torch.bool)
    loss, share = value_loss(torch.tensor([[2.0]]), torch.tensor([[0.0]]), torch.tensor([[2.0]]), one, clip=0.5)
    assert loss.item() == pytest.approx(0.5 * 1.5**2) and share.item() == 1


def test_estimators() -> None:
    """k1 and k3 by their formulas; on average over the policy's own samples both are the KL."""
    old, reference = torch.tensor([[math.log(0.8)]]), torch.tensor([[math.log(0.4)]])
    assert kl_estimate(old, reference, "k1").item() == pytest.approx(math.log(2))
    assert kl_estimate(old, reference, "k3").item() == pytest.approx(0.5 - 1 + math.log(2))
    p, q = torch.tensor([0.8, 0.2]), torch.tensor([0.4, 0.6])
    kl = (p * (p / q).log()).sum().item()
    for name in ("k1", "k3"):
        assert (p * kl_estimate(p.log(), q.log(), name)).sum().item() == pytest.approx(kl)
    with pytest.raises(ValueError, match="one of k1, k3, not 'k2'"):
        kl_estimate(old, reference, "k2")


def test_adaptive_coefficient() -> None:
    """β grows and shrinks by at most a fifth per horizon, proportionally to the error, and not without a target."""
    settings = Settings(kl_target=6.0, kl_horizon=100)
    assert next_coefficient(0.15, 60.0, 50, settings) == pytest.approx(0.15 * 1.1)
    assert next_coefficient(0.15, 0.0, 50, settings) == pytest.approx(0.15 * 0.9)
    assert next_coefficient(0.15, 6.6, 50, settings) == pytest.approx(0.15 * 1.05)
    assert next_coefficient(0.15, 60.0, 50, Settings()) == 0.15


def test_empty_answers_and_masks() -> None:
    """An answer without a token, and statistics over none, are named."""
    mask = torch.tensor([[True, False], [False, False]])
    with pytest.raises(ValueError, match="Row 1 has no token: an answer needs at least its end token"):
        token_rewards(torch.ones(2), *torch.zeros(2, 2, 2), mask, 0.1)
    with pytest.raises(ValueError, match="at least two tokens, and the mask holds 1"):
        whiten(torch.ones(2, 2), mask)
    with pytest.raises(ValueError, match="no token to average"):
        policy_loss(*torch.ones(3, 2, 2), torch.zeros(2, 2, dtype=torch.bool))


# ------------------------------------------------------------------------------------------------- rollouts


def test_rollout_is_what_the_model_says(policy: Any) -> None:
    """Cached log-probabilities equal those of one pass; entropy, mask and end are what they should be."""
    batch = answered(policy, PROMPTS * 5, temperature=0.7)
    again = answer_log_probs(policy, batch, 0.7)
    torch.testing.assert_close(batch.log_probs, again, rtol=0, atol=1e-5)
    assert not batch.mask.all() and batch.ended.any() and not batch.ended.all()
    for row in range(len(batch.ids)):
        answer = batch.answers[row][batch.mask[row]].tolist()
        assert 0 not in answer[:-1], "nothing comes after the end token"
        assert batch.ended[row] == (answer[-1] == 0)
        assert batch.ended[row] or len(answer) == 5
        assert batch.real[row].sum() == len(PROMPTS[row % 4]) + len(answer)
    assert (batch.entropy[batch.mask] > 0).all() and (batch.entropy[~batch.mask] == 0).all()
    assert (batch.entropy <= math.log(len(LETTERS))).all()


def test_log_probs_without_any_padding(policy: Any) -> None:
    """A row computed alone, without padding and without the library's pass, gives the same numbers."""
    batch = answered(policy)
    policy.eval()
    for row, prompt in enumerate(PROMPTS):
        ids = torch.cat([torch.tensor(Letters()([prompt])["input_ids"][0]), batch.answers[row][batch.mask[row]]])
        logits = policy(ids[None]).logits[0] / 0.7
        wanted = [torch.log_softmax(logits[i - 1], 0)[ids[i]].item() for i in range(len(prompt), len(ids))]
        ours = answer_log_probs(policy, batch, 0.7)[row][batch.mask[row]]
        assert ours.tolist() == pytest.approx(wanted, abs=1e-5)


def test_rollout_is_reproducible_and_leaves_the_generators_alone(policy: Any) -> None:
    """The same generator gives the same answers, another one others; torch's own is not touched; no dropout."""
    state = torch.get_rng_state()
    policy.train()
    first, second, other = answered(policy), answered(policy), answered(policy, seed=1)
    assert first.ids.equal(second.ids) and first.log_probs.equal(second.log_probs)
    assert first.ids.shape != other.ids.shape or not first.ids.equal(other.ids)
    assert torch.get_rng_state().equal(state)


def test_low_temperature_is_greedy(policy: Any) -> None:
    """Near 0 it takes the likeliest token; at 0 it refuses."""
    policy.eval()
    batch = answered(policy, ["abc"], temperature=1e-3)
    assert batch.answers[0, 0] == policy(torch.tensor([[1, 2, 3]])).logits[0, -1].argmax()
    with pytest.raises(ValueError, match="temperature must be above 0"):
        answered(policy, temperature=0.0)


def test_prompts_that_do_not_fit(policy: Any) -> None:
    """Empty, too long, none at all: each is named."""
    with pytest.raises(ValueError, match="Prompt 1 is empty"):
        encode_prompts(Letters(), ["a", ""], 16, 5)
    with pytest.raises(ValueError, match=r"Prompt 0 has 12 tokens, and with 5 new ones exceeds .* of 16"):
        ppo(policy, Letters(), ["abcdefgh" + "abcd"], likes_a, FAST, progress=None)
    with pytest.raises(ValueError, match="no prompt"):
        encode_prompts(Letters(), [], 16, 5)


def test_values_stand_before_their_token(policy: Any) -> None:
    """A value sees what stands before its token, and not the token itself; it begins at 0."""
    batch = answered(policy, ["abc", "abc"])
    value_model = ValueModel(policy.base_model)
    assert (value_model(batch) == 0).all()
    torch.nn.init.normal_(value_model.head.weight)
    before = value_model(batch)
    batch.ids[:, batch.width] = (batch.ids[:, batch.width] + 1) % 9
    after = value_model(batch)
    torch.testing.assert_close(before[:, 0], after[:, 0])
    changed = batch.mask[:, 1]
    assert changed.any() and not torch.isclose(before[changed, 1], after[changed, 1]).any()
    assert value_model.trunk is not policy.base_model, "a copy: the policy's own trunk is not trained by the values"


def test_reward_model_sees_tokens_without_left_padding(policy: Any) -> None:
    """Prompt and answer come padded on the right, in order, whatever the prompts' lengths."""
    seen = {}

    def score(ids: Tensor, mask: Tensor) -> Tensor:
        seen.update(ids=ids, mask=mask)
        return mask.sum(1)

    batch = answered(policy)
    assert by_reward_model(SimpleNamespace(score=score))(batch).tolist() == batch.real.sum(1).tolist()
    for row, prompt in enumerate(PROMPTS):
        length = int(seen["mask"][row].sum())
        assert seen["mask"][row, :length].all()
        answer = batch.answers[row][batch.mask[row]].tolist()
        assert seen["ids"][row, :length].tolist() == Letters()([prompt])["input_ids"][0] + answer


def test_scores_of_texts(policy: Any) -> None:
    """A judge of words gets every prompt with its answer."""
    batch = answered(policy)[torch.tensor([2, 0])]
    score = by_texts(
        Letters(),
        PROMPTS,
        lambda prompts, answers: [len(p) + 10 * len(a) for p, a in zip(prompts, answers, strict=True)],
    )
    texts = batch.texts(Letters())
    assert score(batch).tolist() == [2 + 10 * len(texts[0]), 1 + 10 * len(texts[1])]


# ------------------------------------------------------------------------------------------------- the loop


def test_learns_and_stays_near(policy: Any) -> None:
    """The score rises; with a large β the policy moves less. The reference isn't touched."""
    start, reference = copy.deepcopy(policy), copy.deepcopy(policy)
    settings = Settings(updates=12, batch=32, epochs=2, max_new_tokens=5, learning_rate=1e-2, value_rate=1e-2, kl=0.0)
    free = ppo(policy, Letters(), PROMPTS, likes_a, settings, reference=reference, progress=None)
    assert free.rows[-1]["score"] > free.rows[0]["score"] + 0.2
    held = ppo(start, Letters(), PROMPTS, likes_a, Settings(**{**vars(settings), "kl": 1.0}), progress=None)
    assert held.rows[-1]["kl"] < free.rows[-1]["kl"] / 2
    assert free.rows[0]["kl"] == pytest.approx(0, abs=1e-4)
    assert set(free.rows[0]) >= {"score", "reward", "kl", "entropy", "clip_fraction", "value_error", "length", "ended"}
    answers = answered(reference)
    torch.testing.assert_close(answers.log_probs, answer_log_probs(reference, answers), rtol=0, atol=1e-5)
    assert len(free.curve("score", window=3)) == 12


def test_values_learn_what_to_expect(policy: Any) -> None:
    """Where every answer scores 1 the values, which begin at 0, come to say so."""
    settings = replace(FAST, updates=12, kl=0.0, missing_end_penalty=0.0, lam=1.0, value_weight=1.0)
    errors = ppo(policy, Letters(), PROMPTS, lambda batch: torch.ones(4), settings, progress=None).curve("value_error")
    assert errors[0] == pytest.approx(1.0) and errors[-1] < 0.2


def test_first_minibatch_has_ratio_one(policy: Any) -> None:
    """Before the first step nothing has moved: one epoch in one part reports ratio 1 and no clipping."""
    one = Settings(updates=1, batch=4, epochs=1, max_new_tokens=5, temperature=0.7)
    row = ppo(policy, Letters(), PROMPTS, likes_a, one, progress=None).rows[0]
    assert row["ratio"] == pytest.approx(1, abs=1e-5) and row["clip_fraction"] == 0


def test_experience(policy: Any) -> None:
    """Penalty, rewards and whitened advantages of a rollout."""
    batch = answered(policy, PROMPTS * 5)
    settings = Settings(missing_end_penalty=3.0, max_new_tokens=5, kl=0.5)
    value_model = ValueModel(policy.base_model)
    found = experience(batch, likes_a, policy, value_model, 0.5, settings)
    assert found.scores.tolist() == pytest.approx((likes_a(batch) - 3.0 * ~batch.ended).tolist())
    torch.testing.assert_close(found.rewards.sum(1), found.scores, rtol=0, atol=1e-4)  # the KL to itself is 0
    assert found.advantages[batch.mask].mean().item() == pytest.approx(0, abs=1e-5)
    assert found.advantages[batch.mask].std().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_killed_and_resumed(policy: Any, tmp_path: Any, killed_at: int) -> None:
    """Killed in the midst of any update it goes on with equal curves and weights; β and evaluations included."""
    settings = Settings(**{**vars(FAST), "kl_target": 0.5, "kl_horizon": 20})
    options: dict[str, Any] = dict(progress=None, evaluate_at=(2, 4), checkpoint_every=1)
    start, undisturbed = copy.deepcopy(policy), copy.deepcopy(policy)

    def evaluate(model: Any) -> dict[str, float]:
        return {"weight": model.lm_head.weight.sum().item()}

    wanted = ppo(
        undisturbed, Letters(), PROMPTS, likes_a, settings, evaluate=evaluate, progress=None, evaluate_at=(2, 4)
    )
    calls = []

    def dies(batch: Rollout) -> Tensor:
        calls.append(batch)
        if len(calls) == killed_at + 1:
            raise KeyboardInterrupt
        return likes_a(batch)

    file = tmp_path / "ppo.pt"
    with pytest.raises(KeyboardInterrupt):
        ppo(policy, Letters(), PROMPTS, dies, settings, evaluate=evaluate, checkpoint=file, **options)
    torch.rand(3)  # whatever else was drawn in between
    # a new process: fresh weights, and the reference as it was at the beginning
    fresh = copy.deepcopy(start)
    found = ppo(fresh, Letters(), PROMPTS, likes_a, settings, evaluate=evaluate, checkpoint=file, **options)
    assert found.resumed_from == killed_at
    assert found.rows == wanted.rows and found.evaluations == wanted.evaluations
    for a, b in zip(fresh.parameters(), undisturbed.parameters(), strict=True):
        assert a.equal(b)


def test_updates_follow_one_another(policy: Any) -> None:
    """Each update draws anew, and takes the coefficient that the one before left."""
    drawn = []
    still = {"learning_rate": 0.0, "value_rate": 0.0, "kl_target": 0.5, "kl_horizon": 20}
    settings = Settings(**{**vars(FAST), **still})
    rows = ppo(policy, Letters(), ["abc"], lambda b: (drawn.append(b), likes_a(b))[1], settings, progress=None).rows
    texts = ["".join(batch.texts(Letters())) for batch in drawn]
    assert len(set(texts)) == len(texts) == 4
    for before, after in pairwise(rows):
        assert after["coefficient"] == before["next_coefficient"] != before["coefficient"]


def test_checkpoint_of_another_run(policy: Any, tmp_path: Any) -> None:
    """Other settings or another seed do not go on from it."""
    file, start = tmp_path / "ppo.pt", copy.deepcopy(policy)
    ppo(policy, Letters(), PROMPTS, likes_a, FAST, checkpoint=file, progress=None)
    with pytest.raises(TrainingError, match="of another run: seed 0, now 1"):
        ppo(start, Letters(), PROMPTS, likes_a, FAST, checkpoint=file, seed=1, progress=None)


def test_nan_score_stops_and_names_the_batch(policy: Any, tmp_path: Any) -> None:
    """A reward model that returns NaN: update, prompt and answer are named; weights and checkpoint stay good."""
    calls, file = [], tmp_path / "ppo.pt"

    def broken(batch: Rollout) -> Tensor:
        calls.append(copy.deepcopy(policy.state_dict()))
        scores = likes_a(batch)
        if len(calls) == 3:
            scores[2] = torch.nan
        return scores

    with pytest.raises(TrainingError, match=r"scores of update 3, prompts .* not finite: nan for prompt \d, '[a-h]+'"):
        ppo(policy, Letters(), PROMPTS, broken, FAST, checkpoint=file, checkpoint_every=1, progress=None)
    for name, value in policy.state_dict().items():
        assert value.equal(calls[-1][name])
    assert len(torch.load(file)["history"]["rows"]) == 2


def test_loss_that_is_not_finite(policy: Any) -> None:
    """Advantages are finite while values explode: the loss is named before a step is taken."""
    value_model = ValueModel(policy.base_model)
    torch.nn.init.constant_(value_model.head.bias, 1e30)
    with pytest.raises(TrainingError, match="update 1, prompts"):
        ppo(policy, Letters(), PROMPTS, likes_a, FAST, value_model=value_model, progress=None)
    assert all(parameter.isfinite().all() for parameter in policy.parameters())


def test_pretraining_loss_is_mixed_in(policy: Any) -> None:
    """With nothing but the pretraining loss, its text becomes likelier; without batches it refuses."""
    texts = {"input_ids": torch.tensor([[1, 2, 3, 4, 5]])}
    before = policy.eval()(**texts, labels=texts["input_ids"]).loss.item()
    settings = Settings(**{**vars(FAST), "ptx_weight": 10.0})
    with pytest.raises(ValueError, match="no `pretraining` batches"):
        ppo(policy, Letters(), PROMPTS, likes_a, settings, progress=None)
    ppo(policy, Letters(), PROMPTS, likes_a, settings, pretraining=[texts], progress=None)
    assert policy(**texts, labels=texts["input_ids"]).loss.item() < before - 0.3


def test_rows_of_updates() -> None:
    """Every pass through the prompts asks each of them once, in another order, however updates cut it."""
    rows = [row for update in range(6) for row in rows_of(update, 4, 8, seed=0)]
    passes = [rows[i : i + 8] for i in (0, 8, 16)]
    assert all(sorted(part) == list(range(8)) for part in passes)
    assert passes[0] != passes[1] and rows_of(0, 4, 8, seed=0) != rows_of(0, 4, 8, seed=1)
    assert len(rows_of(0, 20, 3, seed=0)) == 20


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"updates": 0}, "updates must be"),
        ({"epochs": 1.5}, "epochs must be"),
        ({"batch": 6, "minibatches": 4}, "6 answers"),
    ],
)
def test_settings_that_make_no_sense(odd: dict, says: str) -> None:
    """Each is named."""
    with pytest.raises(ValueError, match=says):
        Settings(**odd)


def test_curve() -> None:
    """A window's mean at the beginning is over what there is."""
    history = PPOHistory(rows=[{"kl": 1.0}, {"kl": 3.0}, {"kl": 8.0}])
    assert history.curve("kl") == [1, 3, 8] and history.curve("kl", window=2) == [1, 2, 5.5]


def test_anneal_reaches_zero(policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The learning rates fall linearly with the updates; without annealing they stay."""
    rates = []
    learn = module._learn
    monkeypatch.setattr(module, "_learn", lambda *a: (rates.append(a[1].param_groups[0]["lr"]), learn(*a))[1])
    ppo(policy, Letters(), PROMPTS, likes_a, FAST, progress=None)
    assert rates == pytest.approx([1e-2, 0.75e-2, 0.5e-2, 0.25e-2])
    rates.clear()
    ppo(policy, Letters(), PROMPTS, likes_a, Settings(**{**vars(FAST), "anneal": False}), progress=None)
    assert rates == [1e-2] * 4


# ------------------------------------------------------------------------------------------------ best of n


def test_best_of_n(policy: Any) -> None:
    """More draws score better, each prompt gets its own answer, and n = 1 is plain sampling."""
    _, scores_of_one = best_of_n(policy, Letters(), PROMPTS, likes_a, n=1, max_new_tokens=5)
    best, scores = best_of_n(policy, Letters(), PROMPTS, likes_a, n=16, max_new_tokens=5)
    assert len(best) == 4 and scores.mean() > scores_of_one.mean()
    for text, score in zip(best, scores.tolist(), strict=True):
        ended = len(text) < 5
        assert score == pytest.approx(text.count("a") / (len(text) + ended))
    assert best_rows(torch.tensor([[1.0, 3.0, 3.0], [2.0, 0.0, 1.0]])).tolist() == [1, 0]
    with pytest.raises(ValueError, match="prompt 1 hold NaN"):
        best_rows(torch.tensor([[1.0, 3.0], [2.0, torch.nan]]))
    with pytest.raises(ValueError, match="n must be at least 1"):
        best_of_n(policy, Letters(), PROMPTS, likes_a, n=0)


def test_best_of_n_kl() -> None:
    """log n − (n − 1)/n, exactly what drawing from a continuum gives."""
    assert best_of_n_kl(1) == 0 and best_of_n_kl(4) == pytest.approx(math.log(4) - 0.75)
    with pytest.raises(ValueError, match="at least 1"):
        best_of_n_kl(0)
