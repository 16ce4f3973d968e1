"""LoRA from scratch, beside peft's."""

import copy

import peft
import pytest
import torch
import transformers
from torch import nn

from workbook.trainers import lora
from workbook.trainers.lora import LoRALinear, inject_lora, merge_lora


def gpt(seed=0):
    torch.manual_seed(seed)
    config = transformers.GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    return transformers.GPT2LMHeadModel(config).eval()


def bert(seed=0):
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24
    )
    return transformers.BertModel(config, add_pooling_layer=False).eval()


IDS = torch.arange(10)[None]
CASES = [
    (gpt, ["c_attn"], "logits"),
    (gpt, ["c_attn", "c_proj", "c_fc"], "logits"),
    (bert, ["query", "value"], "last_hidden_state"),
]


def randomise(model):
    torch.manual_seed(1)
    for _, layer in lora.adapters(model):
        nn.init.normal_(layer.B, std=0.3)
    return model


# peft 0.21 asks transformers 5.23 by an old name whether it recomputes activations
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("make, names, output", CASES)
@pytest.mark.parametrize("rank, alpha", [(1, 1.0), (4, 16.0), (8, 3.0)])
def test_equal_to_peft_before_and_after_merging(make, names, output, rank, alpha):
    ours, theirs = make(), make()
    inject_lora(ours, names, rank, alpha)
    randomise(ours)
    config = peft.LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=names, lora_dropout=0.0, fan_in_fan_out=make is gpt
    )
    wrapped = peft.get_peft_model(theirs, config).eval()
    state = lora.adapter_state(ours)
    with torch.no_grad():
        for name, module in wrapped.base_model.model.named_modules():
            if f"{name}.A" in state:
                module.lora_A["default"].weight.copy_(state[f"{name}.A"])
                module.lora_B["default"].weight.copy_(state[f"{name}.B"])
        a, b = ours(IDS)[output], wrapped(input_ids=IDS)[output]
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)
        assert not torch.allclose(a, make()(IDS)[output], atol=1e-3)  # the adapters do something
        merged, theirs_merged = merge_lora(ours)(IDS)[output], wrapped.merge_and_unload()(IDS)[output]
    torch.testing.assert_close(merged, theirs_merged, rtol=0, atol=1e-6)
    torch.testing.assert_close(merged, a, rtol=0, atol=1e-5)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in make().parameters())


@pytest.mark.parametrize("make, names, output", CASES)
def test_a_fresh_adapter_changes_nothing(make, names, output):
    model = make()
    before = model(IDS)[output]
    inject_lora(model, names)
    assert torch.equal(model(IDS)[output], before)


def test_only_the_adapter_learns():
    model = gpt()
    names = inject_lora(model, ["c_attn"], rank=2)
    assert names == ["transformer.h.0.attn.c_attn", "transformer.h.1.attn.c_attn"]
    learning = {name: p.numel() for name, p in model.named_parameters() if p.requires_grad}
    assert len(learning) == 4 and all(name.endswith((".A", ".B")) for name in learning)
    assert sum(learning.values()) == 2 * 2 * (16 + 48)
    frozen = {name: p.clone() for name, p in model.named_parameters() if not p.requires_grad}
    model(IDS, labels=IDS).loss.backward()
    torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1.0).step()
    assert all(torch.equal(p, frozen[name]) for name, p in model.named_parameters() if name in frozen)


def test_unmerging_gives_the_old_weights_back():
    model = gpt()
    inject_lora(model, ["c_fc"])
    randomise(model)
    layer = next(lora.adapters(model))[1]
    before, output = layer.layer.weight.clone(), model(IDS).logits
    layer.merge()
    layer.merge()  # the second time is once too many, and does nothing
    torch.testing.assert_close(model(IDS).logits, output, rtol=0, atol=1e-5)
    assert not torch.allclose(layer.layer.weight, before)
    layer.unmerge()
    layer.unmerge()
    torch.testing.assert_close(layer.layer.weight, before, rtol=0, atol=1e-6)


def test_adapters_are_exchanged():
    model = gpt()
    inject_lora(model, ["c_attn"])
    first = lora.adapter_state(model)
    plain = model(IDS).logits
    second = lora.adapter_state(randomise(model))
    assert not torch.allclose(model(IDS).logits, plain)
    lora.load_adapter(model, first)
    assert torch.equal(model(IDS).logits, plain)
    other = gpt()
    inject_lora(other, ["c_attn"], rank=2)
    with pytest.raises(ValueError, match="for other layers, or of another rank"):
        lora.load_adapter(other, second)


@pytest.mark.parametrize("rank", [0, -1, 17, 100])
def test_a_rank_out_of_range_is_an_error_and_changes_nothing(rank):
    model = gpt()
    before = [name for name, _ in model.named_modules()]
    with pytest.raises(ValueError, match=r"rank must be from 1 to 16 for a weight of 48 x 16"):
        inject_lora(model, ["c_attn"], rank=rank)
    assert [name for name, _ in model.named_modules()] == before
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("names", [["querry"], ["c_attn", "querry"], []])
def test_an_unknown_target_names_those_that_exist(names):
    with pytest.raises(ValueError, match=r"No linear layer is called .*there are .*attn\.c_attn"):
        inject_lora(gpt(), names)


def test_other_layers_and_a_second_injection_are_refused():
    with pytest.raises(TypeError, match=r"beside linear layers .* not Embedding"):
        LoRALinear(nn.Embedding(3, 4), 1)
    model = gpt()
    with pytest.raises(ValueError, match="has no LoRA layers"):
        merge_lora(model)
    inject_lora(model, ["c_attn"])
    with pytest.raises(ValueError, match="has LoRA layers already"):
        inject_lora(model, ["c_fc"])


def test_the_adapter_takes_the_layers_type():
    layer = nn.Linear(4, 4).to(torch.bfloat16)
    adapted = LoRALinear(copy.deepcopy(layer), 2)
    assert adapted(torch.randn(2, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16
