"""The reward model and its losses, beside TRL's."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from workbook import files, studies
from workbook.datasets.requests import MARKERS, Request, load_requests
from workbook.humans.annotators import Ranked
from workbook.metrics.agreement import bradley_terry
from workbook.trainers import reward
from workbook.trainers.loop import fit
from workbook.trainers.reward import (
    RankingBatches,
    RewardModel,
    encode_chat,
    encode_demonstrations,
    last_token_index,
    mean_tau,
    pair_accuracy,
    pairs_of,
    pairwise_reward_loss,
    ranking_loss,
    right_padded,
    score_answers,
    strengths,
)
from workbook.zoo import tiny_chat

FOX = Request("1", "Where does a fox live?", "home", "test", "fox", "in woods and fields")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(files.root() / "data" / "models" / "tiny-chat")


@pytest.fixture
def body(tokenizer):
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=1, n_head=2,
                        bos_token_id=0, eos_token_id=0)  # fmt: skip
    return GPT2LMHeadModel(config).eval().base_model


# ------------------------------------------------------------------------------------------------ losses


def test_pairs_of_a_ranking():
    assert pairs_of([2, 1, 3]) == [(1, 0), (0, 2), (1, 2)]
    assert pairs_of([1, 1, 2]) == [(0, 2), (1, 2)]
    assert pairs_of([4, 4]) == []


@pytest.mark.parametrize("margin", [None, 0.5])
@pytest.mark.parametrize("centre", [None, 0.1])
def test_the_pairwise_loss_equals_trls(margin, centre):
    """TRL's own compute_loss, called on a trainer of which only what it uses is there."""
    from collections import defaultdict

    from trl import RewardTrainer

    scores = torch.randn(12, generator=torch.Generator().manual_seed(1))  # six chosen, then six rejected
    inputs = {"input_ids": torch.zeros(12, 1), "attention_mask": torch.ones(12, 1, dtype=torch.long)}
    if margin is not None:
        inputs["margin"] = torch.linspace(0, 1, 6)
    gather = SimpleNamespace(gather_for_metrics=lambda value: value, gather=lambda value: value)
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=False), _total_train_tokens=0, accelerator=gather,
        args=SimpleNamespace(center_rewards_coefficient=centre),
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
    )  # fmt: skip
    theirs = RewardTrainer.compute_loss(trainer, lambda **_: SimpleNamespace(logits=scores[:, None]), inputs)
    ours = pairwise_reward_loss(scores[:6], scores[6:], inputs.get("margin", 0.0))
    if centre is not None:  # not part of ours: the normalisation afterwards does the same service
        ours = ours + centre * (scores[:6] + scores[6:]).square().mean()
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


def test_the_pairwise_loss_by_hand():
    loss = pairwise_reward_loss(torch.tensor([0.0]), torch.tensor([0.0]))
    assert loss.item() == pytest.approx(np.log(2))
    assert pairwise_reward_loss(torch.tensor([2.0]), torch.tensor([1.0]), 1.0).item() == pytest.approx(np.log(2))
    assert pairwise_reward_loss(torch.tensor([-500.0]), torch.tensor([500.0])).item() == pytest.approx(1000)


def test_every_prompt_counts_once():
    scores, ranking = torch.tensor([[1.0, 0.0, -1.0], [0.0, 3.0, 5.0]]), [[1, 2, 3], [1, 2, 2]]
    one, two = (
        -nn.functional.logsigmoid(torch.tensor([1.0, 2.0, 1.0])),
        -nn.functional.logsigmoid(-torch.tensor([3.0, 5])),
    )
    assert ranking_loss(scores, ranking).item() == pytest.approx((one.mean() + two.mean()).item() / 2, abs=1e-6)
    assert torch.equal(ranking_loss(scores, ranking), ranking_loss(scores, torch.tensor(ranking)))
    with_tied = ranking_loss(torch.cat([scores, torch.randn(1, 3)]), [*ranking, [1, 1, 1]])
    assert torch.equal(with_tied, ranking_loss(scores, ranking))  # all tied: left out


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ranking_loss(torch.zeros(2, 3), [[1, 1, 1], [2, 2, 2]]), "all answers are tied"),
        (lambda: ranking_loss(torch.zeros(2, 3), [[1, 2, 3]]), "shape"),
        (lambda: ranking_loss(torch.zeros(1, 3), [[1, 2]]), "shape"),
        (lambda: pairwise_reward_loss(torch.zeros(0), torch.zeros(0)), "at least one"),
        (lambda: pairwise_reward_loss(torch.zeros(2), torch.zeros(3)), "as many"),
        (lambda: pairwise_reward_loss(torch.tensor([0.0, np.nan]), torch.zeros(2)), r"chosen score at \(1,\) is nan"),
        (lambda: ranking_loss(torch.tensor([[0.0, float("nan")]]), [[1, 2]]), "rejected score"),
        (lambda: pair_accuracy(torch.zeros(1, 2), [[1, 1]]), "no pair"),
        (lambda: last_token_index(torch.tensor([[1, 0], [0, 0]])), "Row 1 has no token"),
    ],
)  # fmt: skip
def test_bad_scores_and_rankings_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_strengths_equal_bradley_terry():
    wins = np.random.default_rng(0).integers(1, 9, (5, 5)) * (1 - np.eye(5, dtype=int))
    np.testing.assert_allclose(strengths(torch.tensor(wins), 0.3, 2000), bradley_terry(wins, 0.3), atol=1e-6)


def test_accuracy_and_tau():
    scores = torch.tensor([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    assert pair_accuracy(scores, [[1, 2, 3], [1, 2, 2]]) == pytest.approx(3 / 5)
    assert mean_tau(scores.numpy(), [[1, 2, 3], [3, 2, 1]]) == pytest.approx(1)
    assert mean_tau(scores.numpy(), [[1, 2, 3], [1, 2, 3]]) == pytest.approx(0)


# ------------------------------------------------------------------------------------------------ texts


def test_a_chat_ends_with_the_end_token_and_its_prompt_is_not_learnt(tokenizer):
    one = encode_chat(tokenizer, "Where does a fox live?", "In woods.")
    assert one["input_ids"][-1] == tokenizer.eos_token_id
    person, helper, _ = tokenizer.convert_tokens_to_ids(list(MARKERS))
    place = one["input_ids"].index(helper)
    assert one["input_ids"][0] == person
    assert set(one["labels"][: place + 1]) == {-100}
    assert one["labels"][place + 1 :] == one["input_ids"][place + 1 :]
    assert tokenizer.decode(one["input_ids"][place + 1 : -1]) == " In woods."


def test_empty_answers_are_scored_but_not_imitated(tokenizer):
    assert encode_chat(tokenizer, "Where?", " ")["input_ids"][-1] == tokenizer.eos_token_id
    with pytest.raises(ValueError, match="'1' has an empty answer"):
        encode_demonstrations(tokenizer, [FOX])


def test_prompts_longer_than_the_window_are_refused_and_long_answers_cut(tokenizer):
    with pytest.raises(ValueError, match="window is 20: no room"):
        encode_chat(tokenizer, "fox " * 30, "In woods.", window=20)
    cut = encode_chat(tokenizer, "Where?", "fox " * 90, window=20)["input_ids"]
    assert len(cut) == 20
    assert cut[-1] == tokenizer.eos_token_id


# ------------------------------------------------------------------------------------------------ the model


def test_scores_do_not_depend_on_padding_or_its_side(body, tokenizer):
    model = RewardModel(body)
    short, long = (encode_chat(tokenizer, "Where?", text)["input_ids"] for text in ("No.", "In the woods and fields."))
    right = right_padded([short, long], 1)
    assert right["input_ids"][0, : len(short)].tolist() == short
    by = [len(long) - len(ids) for ids in (short, long)]
    left = {name: torch.stack([row.roll(n) for row, n in zip(value, by, strict=True)]) for name, value in right.items()}
    alone = model(torch.tensor([short]), torch.ones(1, len(short), dtype=torch.long))
    for batch in (right, left):
        torch.testing.assert_close(model(**batch)[0], alone[0], atol=1e-5, rtol=0)


def test_the_head_begins_as_the_paper_says():
    config = GPT2Config(vocab_size=10, n_positions=8, n_embd=1024, n_layer=1, n_head=2)
    head = RewardModel(GPT2LMHeadModel(config).base_model).head
    assert head.weight.std().item() == pytest.approx(1025**-0.5, rel=0.1)
    assert head.bias.item() == 0


def test_normalising_gives_mean_0_and_deviation_1_and_is_kept(body, tokenizer, tmp_path):
    model = RewardModel(body).eval()
    texts = [["In woods.", "No.", "A fox lives in woods and fields.", ""]]
    before = score_answers(model, tokenizer, [FOX], texts)
    model.normalise(before)
    after = score_answers(model, tokenizer, [FOX], texts)
    assert after.mean().item() == pytest.approx(0, abs=1e-4)
    assert after.std().item() == pytest.approx(1, abs=1e-4)
    assert torch.equal(after.argsort(), before.argsort())
    model.save_pretrained(tmp_path)
    again = RewardModel.from_pretrained(tmp_path)
    torch.testing.assert_close(score_answers(again, tokenizer, [FOX], texts), after, atol=1e-6, rtol=0)


@pytest.mark.parametrize("scores", [torch.tensor([1.0]), torch.ones(3), torch.tensor([0.0, float("nan")])])
def test_normalising_needs_scores_that_differ(body, scores):
    with pytest.raises(ValueError, match=r"two reference scores|finite"):
        RewardModel(body).normalise(scores)


def test_a_model_that_returns_nan_is_named(body, tokenizer):
    model = RewardModel(body)
    nn.init.constant_(model.head.bias, float("nan"))
    with pytest.raises(ValueError, match=r"score at \(0, 0\) is nan"):
        score_answers(model, tokenizer, [FOX], [["No.", "Yes."]])


def _rankings(count=8):
    return [Ranked(FOX, ("In woods and fields.", "No."), (1, 2), (6, 2)) for _ in range(count)]


@pytest.mark.parametrize("objective", list(reward.OBJECTIVES.values()), ids=list(reward.OBJECTIVES))
def test_every_objective_learns_which_answer_is_better(body, tokenizer, objective):
    model = RewardModel(body)
    fit(model, RankingBatches(tokenizer, _rankings(), 4), objective, steps=30, learning_rate=1e-2, progress=None)
    scores = score_answers(model, tokenizer, [FOX], [["In woods and fields.", "No."]])[0]
    assert scores[0] > scores[1] + 0.5


def test_batches_keep_answers_and_ranks_together(tokenizer):
    batch = next(iter(RankingBatches(tokenizer, _rankings(3), 2)))
    assert batch["input_ids"].shape[:2] == batch["ranks"].shape == (2, 2)
    best = batch["input_ids"][0, 0][batch["attention_mask"][0, 0].bool()].tolist()
    assert best == encode_chat(tokenizer, FOX.text, "In woods and fields.")["input_ids"]
    assert batch["ratings"].tolist() == [[6, 2], [6, 2]]


def test_rankings_without_a_pair_are_left_out_or_refused(tokenizer):
    tied = Ranked(FOX, ("a", "b"), (1, 1), (4, 4))
    assert len(RankingBatches(tokenizer, [*_rankings(3), tied]).ids) == 3
    with pytest.raises(ValueError, match="all answers are tied"):
        RankingBatches(tokenizer, [tied])
    with pytest.raises(ValueError, match="same number of answers"):
        RankingBatches(tokenizer, [*_rankings(1), Ranked(FOX, ("a", "b", "c"), (1, 2, 3), (6, 4, 2))])


# ------------------------------------------------------------------------------------------------ what is stored


def test_the_markers_are_single_tokens_and_a_model_is_taught_once(tokenizer):
    ids = tokenizer.convert_tokens_to_ids(list(MARKERS))
    assert len(set(ids)) == 3
    assert tokenizer.pad_token_id == ids[2]
    assert tiny_chat.fine_tuned(None, tokenizer) == 0.0


def test_training_and_validation_requests_differ():
    train, validation = tiny_chat.for_training()
    assert not {one.id for one in train} & {one.id for one in validation}
    assert len(train) + len(validation) == len(load_requests("comparisons"))


def test_the_study_has_what_the_lesson_shows():
    rows = studies.load("18_preferences_and_reward")["rows"]
    curve = [row for row in rows if row.get("what") == "curve"]
    assert {row["people"] for row in curve} == {"trusted", "perfect"}
    assert {row["seed"] for row in curve} == {0, 1, 2}
    assert all(row["person"] <= 0.8 for row in curve)
