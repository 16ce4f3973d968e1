"""DPO: its loss beside trl's trainer, the sums that go into it, and pairs as batches."""

import copy
import math

import pytest
import torch
import transformers

from workbook.text.generation import pad_id
from workbook.trainers import dpo as module
from workbook.trainers.dpo import (
    DPOObjective,
    PairBatches,
    answer_log_probabilities,
    collate_pairs,
    dpo,
    dpo_loss,
    encode_pairs,
    pair_log_probabilities,
    reference_log_probabilities,
    reward_margins,
    sequence_log_probabilities,
)

PAD = END = 0


class Letters:
    """Letters are the tokens 1 to 26, a space is 27; the end token is 0."""

    eos_token_id, pad_token_id = END, None

    def __call__(self, text):
        return {"input_ids": [ord(c) - 96 if c != " " else 27 for c in text]}


PROMPTS, CHOSEN, REJECTED = ["say a", "go", "why not"], [" a", " off we go", " b"], [" bbbb", " no", " a a a"]


def gpt(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=30, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0,
        resid_pdrop=dropout, embd_pdrop=dropout, attn_pdrop=dropout,
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config).eval()


def pairs():
    return encode_pairs(Letters(), PROMPTS, CHOSEN, REJECTED)


# ------------------------------------------------------------------------------------------------- the loss


def test_by_hand():
    """One pair: the policy gained 2 nats on the chosen answer and lost 1 on the rejected one, so the margin is 3 β."""
    loss = dpo_loss(*(torch.tensor([value]) for value in (-8.0, -11.0, -10.0, -10.0)), beta=0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1.5)), abs=1e-6)


def test_log_2_where_nothing_was_learnt_and_the_gradient_parts_the_answers():
    chosen, rejected = torch.tensor([-3.0, -9.0], requires_grad=True), torch.tensor([-5.0, -2.0], requires_grad=True)
    loss = dpo_loss(chosen, rejected, chosen.detach(), rejected.detach())
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert torch.allclose(chosen.grad, torch.tensor([-0.025, -0.025]))  # −β σ(0) / pairs
    assert torch.allclose(rejected.grad, torch.tensor([0.025, 0.025]))


def test_a_far_margin_does_not_overflow():
    far = dpo_loss(*(torch.tensor([value]) for value in (-1e5, 0.0, 0.0, -1e5)), beta=1.0)
    assert far.item() == pytest.approx(2e5)


# filterwarnings = error: trl's trainer warns about much that has nothing to do with the loss
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("beta", [0.1, 0.7])
def test_loss_and_gradients_equal_those_of_trl(beta, tmp_path):
    trl = pytest.importorskip("trl")
    from trl.trainer import dpo_trainer

    policy, reference = gpt(0).double(), gpt(1).double()
    rows = pairs()
    examples = []
    for pair in rows:
        asked = pair["chosen"]["labels"].count(-100)
        ids = {f"{side}_ids": pair[side]["input_ids"][asked:] for side in ("chosen", "rejected")}
        examples.append({"prompt_ids": pair["chosen"]["input_ids"][:asked], **ids})
    theirs = copy.deepcopy(policy)
    trainer = object.__new__(trl.DPOTrainer)  # its constructor wants much that the loss does not use
    vars(trainer).update(
        model=theirs, ref_model=reference, beta=beta, ld_alpha=None, precompute_ref_logps=False, aux_loss_enabled=False,
        f_divergence_type="reverse_kl", loss_types=["sigmoid"], loss_weights=[1.0], use_weighting=False,
        _total_train_tokens=0, _metrics={"train": _Lists(), "eval": _Lists()}, accelerator=_Accelerator(),
        args=trl.DPOConfig(str(tmp_path), report_to=[], use_cpu=True, bf16=False),
    )  # fmt: skip
    batch = dpo_trainer.DataCollatorForPreference(pad_token_id=PAD)(examples)
    expected = trainer._compute_loss(theirs, batch, return_outputs=False)
    expected.backward()

    ours = {**collate_pairs(rows, PAD), "reference": reference_log_probabilities(reference, rows, PAD)}
    loss = DPOObjective(beta)(policy, ours)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)
    for (name, parameter), other in zip(policy.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(parameter.grad, other.grad, atol=1e-6), name
    margins = reward_margins(policy, rows, ours["reference"], PAD, beta)
    assert margins.mean().item() == pytest.approx(trainer._metrics["eval"]["rewards/margins"][0], abs=1e-6)


class _Lists(dict):
    def __missing__(self, name):
        self[name] = []
        return self[name]


class _Accelerator:
    """As much of accelerate as the loss asks for, in one process."""

    device = torch.device("cpu")
    gather = gather_for_metrics = staticmethod(lambda value: value)


# ------------------------------------------------------------------------------------------- sums of answers


def test_three_tokens_by_hand():
    """Tokens 1, 0, 2 after a prompt of one token, each with the probability 1/2, 1/4, 1/8."""
    logits = torch.tensor([[[1, 2, 1, 0], [1, 1, 1, 1], [8, 2, 2, 4], [9, 9, 9, 9]]]).float().log()
    labels = torch.tensor([[-100, 1, 0, 2]])
    expected = math.log(2 / 4) + math.log(1 / 4) + math.log(2 / 16)
    assert answer_log_probabilities(logits, labels).item() == pytest.approx(expected, abs=1e-6)


def test_the_sum_does_not_depend_on_padding_or_neighbours():
    model = gpt()
    rows = pairs()
    together = pair_log_probabilities(model, collate_pairs(rows, PAD))
    for number, pair in enumerate(rows):
        for side, name in enumerate(module.SIDES):
            ids = torch.tensor([pair[name]["input_ids"]])
            labels = torch.tensor([pair[name]["labels"]])
            alone = sequence_log_probabilities(model, ids, torch.ones_like(ids), labels)
            assert together[number, side].item() == pytest.approx(alone.item(), abs=1e-5)


def test_it_is_the_sum_that_causal_lm_loss_gives():
    from workbook.trainers.language import causal_lm_loss

    model, batch = gpt(), collate_pairs(pairs(), PAD)
    total, _ = causal_lm_loss(model, {name: column.flatten(0, 1) for name, column in batch.items()})
    assert pair_log_probabilities(model, batch).sum().item() == pytest.approx(-total.item(), rel=1e-5)


def test_a_row_without_an_answer_has_0():
    assert answer_log_probabilities(torch.randn(2, 3, 5), torch.full((2, 3), -100)).tolist() == [0, 0]


# ----------------------------------------------------------------------------------------- pairs and batches


def test_encoded_pairs_share_the_prompt_and_end():
    first = pairs()[0]
    assert first["chosen"]["input_ids"] == [19, 1, 25, 27, 1, 27, 1, END]
    assert first["chosen"]["labels"] == [-100] * 5 + [27, 1, END]
    assert first["rejected"]["input_ids"][:5] == first["chosen"]["input_ids"][:5]


def test_every_pair_comes_once_an_epoch_with_its_own_reference():
    rows = pairs()
    reference = torch.arange(6.0).view(3, 2)
    batches = PairBatches(rows, reference, 2, PAD)
    torch.manual_seed(0)
    seen = {}
    for batch in batches:
        assert batch["input_ids"].shape[1] == 2
        for ids, mask, values in zip(batch["input_ids"], batch["attention_mask"], batch["reference"], strict=True):
            seen[tuple(ids[0][mask[0] == 1].tolist())] = values.tolist()
    assert len(batches) == 2
    assert seen == {tuple(p["chosen"]["input_ids"]): reference[i].tolist() for i, p in enumerate(rows)}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ((["a"], ["b"], []), "got 1 prompts, 1 chosen and 0 rejected"),
        ((["a", " "], ["b", "b"], ["c", "c"]), "Pair 1: the prompt is empty"),
        ((["a", "a"], ["b", ""], ["c", "c"]), "Pair 1: the chosen answer is empty"),
        ((["a", "a"], ["b", "b"], ["c", " "]), "Pair 1: the rejected answer is empty"),
        ((["a"], [" b"], ["b "]), "Pair 0: both answers are ' b'. Leave ties out"),
        ((["a" * 30], ["b"], ["c"]), "Pair 0: prompt and chosen answer have 32 tokens, and the window is 20"),
        ((["a"], ["b"], ["c" * 30]), "Pair 0: prompt and rejected answer have 32 tokens"),
    ],
)
def test_pairs_that_are_refused(columns, says):
    with pytest.raises(ValueError, match=says):
        encode_pairs(Letters(), *columns, max_length=20)


@pytest.mark.parametrize("beta", [0, -1.0, math.nan])
def test_beta_must_be_above_0(beta):
    with pytest.raises(ValueError, match="beta must be above 0"):
        DPOObjective(beta)


def test_a_reference_that_is_not_finite_is_named():
    model = gpt()
    with torch.no_grad():
        model.transformer.wte.weight[17] = math.nan  # the letter q: only the second pair has one
    rows = encode_pairs(Letters(), ["a", "b"], ["c", "q"], ["d", "e"])
    model.lm_head = torch.nn.Linear(16, 30, bias=False)
    with pytest.raises(ValueError, match=r"The reference gives pair 1 \[.*nan.*\]: not finite"):
        reference_log_probabilities(model, rows, PAD)


def test_a_reference_of_another_size_is_an_error():
    with pytest.raises(ValueError, match=r"a reference \(3, 2\), got \(2, 2\)"):
        PairBatches(pairs(), torch.zeros(2, 2), 2, PAD)
    with pytest.raises(ValueError, match="no pairs"):
        dpo(gpt(), [], PAD, steps=1)


# ---------------------------------------------------------------------------------------------- the training


def test_it_learns_to_prefer_and_the_reference_is_the_model_as_it_came():
    model, rows = gpt(dropout=0.1), pairs()
    before = reference_log_probabilities(copy.deepcopy(model), rows, PAD)
    history = dpo(model, rows, pad_id(Letters()), steps=12, batch_size=3, learning_rate=3e-3, progress=None)
    assert history.losses[0] == pytest.approx(math.log(2), abs=1e-5)  # no dropout on either side
    margins = reward_margins(model, rows, before, PAD)
    assert (margins > 0).all() and history.losses[-1] < 0.65
    assert history.losses[-1] > 0.3  # beta of 0.1 lets a dozen steps go only so far


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been(tmp_path):
    options = dict(batch_size=2, learning_rate=1e-3, progress=None, checkpoint_every=2)
    whole = gpt()
    losses = dpo(whole, pairs(), PAD, steps=6, **options).losses
    broken = PairBatches.__iter__

    def cut(self):
        for batch in broken(self):
            if cut.seen == 5:
                raise KeyboardInterrupt
            cut.seen += 1
            yield batch

    cut.seen = 0
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(PairBatches, "__iter__", cut)
        dpo(gpt(), pairs(), PAD, steps=6, checkpoint=tmp_path / "dpo.pt", **options)
    again = gpt()
    history = dpo(again, pairs(), PAD, steps=6, checkpoint=tmp_path / "dpo.pt", **options)
    assert history.resumed_from == 4 and history.losses == losses
    for one, other in zip(again.parameters(), whole.parameters(), strict=True):
        assert torch.equal(one, other)
