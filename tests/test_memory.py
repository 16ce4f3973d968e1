"""The memory of a training step: the formula against what a step really keeps."""

import pytest
import torch
import transformers

from workbook.trainers.language import causal_lm_loss
from workbook.trainers.lora import inject_lora
from workbook.trainers.memory import KEPT_LORA, measured_memory, training_memory

WIDTH, LAYERS, VOCABULARY, ROWS, LENGTH = 64, 3, 60, 4, 96


def gpt():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=LENGTH, n_embd=WIDTH, n_layer=LAYERS, n_head=2, resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0, activation_function="gelu_pytorch_tanh",
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config)


def bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=2,
        intermediate_size=4 * WIDTH, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    return transformers.BertModel(config, add_pooling_layer=False)


def mean_of_states(model, batch):
    return model(**batch).last_hidden_state.mean()


def ids():
    return {"input_ids": torch.randint(VOCABULARY, (ROWS, LENGTH), generator=torch.Generator().manual_seed(0))}


MODELS = [(gpt, ["c_attn"], causal_lm_loss, VOCABULARY), (bert, ["query", "value"], mean_of_states, 0)]


def numbers(model, learning=False):
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not learning)


@pytest.mark.parametrize("make, names, objective, extra", MODELS)
@pytest.mark.parametrize("adapted", [False, True])
def test_the_formula_agrees_with_a_real_step(make, names, objective, extra, adapted):
    model = make()
    if adapted:
        inject_lora(model, names, rank=4)
    measured = measured_memory(model, objective, ids())
    kept = {"kept": KEPT_LORA} if adapted else {}
    predicted = training_memory(
        numbers(model), numbers(model, learning=True), ROWS * LENGTH, WIDTH, LAYERS, extra=extra, **kept
    )
    assert measured["weights"] == predicted["weights"] and measured["gradients"] == predicted["gradients"]
    for part in measured:
        assert predicted[part] == pytest.approx(measured[part], rel=0.1), part


def test_the_formula_by_hand():
    """100 numbers of which 10 learn; 6 tokens, 3 layers of width 5, of which 2 widths are kept, and 7 numbers more."""
    by_hand = {"weights": 400, "gradients": 40, "optimizer": 80, "activations": 4 * 6 * (2 * 5 * 3 + 7)}
    sizes = dict(parameters=100, trainable=10, tokens=6, width=5, layers=3, kept=2, extra=7)
    assert training_memory(**sizes) == by_hand
    assert training_memory(**sizes, bytes_per_number=2) == {part: size // 2 for part, size in by_hand.items()}


def test_measuring_leaves_the_model_as_it_was():
    model = bert()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    measured_memory(model, mean_of_states, ids())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_a_frozen_base_does_not_need():
    whole, frozen = bert(), bert()
    frozen.requires_grad_(False)
    frozen.encoder.layer[-1].output.LayerNorm.weight.requires_grad_(True)
    all_of_it = measured_memory(whole, mean_of_states, ids())
    little = measured_memory(frozen, mean_of_states, ids())
    assert little["weights"] == all_of_it["weights"]
    assert little["gradients"] == 4 * WIDTH and little["optimizer"] == pytest.approx(8 * WIDTH, abs=8)
    assert little["activations"] < all_of_it["activations"] / (10 * LAYERS)
