"""LoRA from scratch, beside peft's."""

import copy

import peft
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as some
from torch import nn
from transformers.pytorch_utils import Conv1D

from workbook import studies
from workbook.trainers import lora, lora_study
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


def with_peft(model, ours, names, rank, alpha):
    """The model wrapped by peft, with the adapters of ours."""
    config = peft.LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=names, fan_in_fan_out=isinstance(ours, transformers.GPT2LMHeadModel)
    )
    wrapped = peft.get_peft_model(model, config).eval()
    loaded = peft.set_peft_model_state_dict(wrapped, lora.peft_state(lora.adapter_state(ours)))
    assert not loaded.unexpected_keys and not any("lora" in name for name in loaded.missing_keys)
    return wrapped


# peft 0.21 asks transformers 5.23 by an old name whether it recomputes activations
no_old_name = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")


@no_old_name
@pytest.mark.parametrize("make, names, output", CASES)
@pytest.mark.parametrize("rank, alpha", [(1, 1.0), (4, 16.0), (8, 3.0)])
def test_equal_to_peft_before_and_after_merging(make, names, output, rank, alpha):
    ours, theirs = make(), make()
    inject_lora(ours, names, rank, alpha)
    randomise(ours)
    wrapped = with_peft(theirs, ours, names, rank, alpha)
    with torch.no_grad():
        a, b = ours(IDS)[output], wrapped(input_ids=IDS)[output]
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)
        assert not torch.allclose(a, make()(IDS)[output], atol=1e-3)  # the adapters do something
        merged, theirs_merged = merge_lora(ours)(IDS)[output], wrapped.merge_and_unload()(IDS)[output]
    torch.testing.assert_close(merged, theirs_merged, rtol=0, atol=1e-6)
    torch.testing.assert_close(merged, a, rtol=0, atol=1e-5)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in make().parameters())


@given(some.integers(1, 9), some.integers(1, 9), some.data())
@pytest.mark.parametrize("kind", [nn.Linear, Conv1D])
def test_a_single_layer_equals_pefts(kind, inputs, outputs, data):
    rank, alpha = data.draw(some.integers(1, min(inputs, outputs))), data.draw(some.integers(1, 64))
    torch.manual_seed(data.draw(some.integers(0, 1000)))
    layer = nn.Linear(inputs, outputs) if kind is nn.Linear else Conv1D(outputs, inputs)
    ours = LoRALinear(copy.deepcopy(layer), rank, alpha)
    nn.init.normal_(ours.B)
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=["0"], fan_in_fan_out=kind is Conv1D)
    theirs = peft.get_peft_model(nn.Sequential(layer), config)
    state = {"0.A": ours.A.detach(), "0.B": ours.B.detach()}
    peft.set_peft_model_state_dict(theirs, lora.peft_state(state))
    states = torch.randn(2, 3, inputs)
    with torch.no_grad():
        torch.testing.assert_close(ours(states), theirs(states), rtol=1e-6, atol=1e-6)
        ours.merge()
        merged = theirs.merge_and_unload()[0]
        assert ours.layer.weight.shape == merged.weight.shape  # Conv1D's is (in, out)
        torch.testing.assert_close(ours.layer.weight, merged.weight, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(ours(states), merged(states), rtol=1e-6, atol=1e-6)


@no_old_name
@pytest.mark.parametrize("make, names, output", CASES)
def test_it_learns_as_pefts_does(make, names, output):
    ours = make()
    inject_lora(ours, names, rank=2, alpha=8.0)
    theirs = with_peft(make(), ours, names, 2, 8.0)
    for model in (ours, theirs):
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
        for _ in range(3):
            model(input_ids=IDS)[output].square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    trained = peft.get_peft_model_state_dict(theirs)
    for name, value in lora.peft_state(lora.adapter_state(ours)).items():
        torch.testing.assert_close(trained[name], value, rtol=0, atol=1e-6)
    assert any(value.any() for name, value in lora.adapter_state(ours).items() if name.endswith(".B"))


@no_old_name
@pytest.mark.parametrize("rank", [1, 8])
@pytest.mark.parametrize("make, names, output", CASES)
def test_the_size_is_that_of_the_file(make, names, output, rank, tmp_path):
    model = make()
    shapes = [lora.in_out(model.get_submodule(name)) for name in lora.targets(model, names)]
    inject_lora(model, names, rank)
    numbers, size = lora.lora_size(shapes, rank)
    assert numbers == lora_study.trainable(model)
    with_peft(make(), model, names, rank, 16.0).save_pretrained(tmp_path)
    stored = (tmp_path / "adapter_model.safetensors").read_bytes()
    assert size == len(stored) - 8 - int.from_bytes(stored[:8], "little")  # without the header


def test_a_layer_of_its_own_keeps_its_weights_and_a_small_a():
    torch.manual_seed(0)
    adapted = LoRALinear(nn.Linear(400, 300), rank=8)
    assert {name for name, value in adapted.named_parameters() if value.requires_grad} == {"A", "B"}
    # Kaiming's uniform draw as nn.Linear and peft use it: between ± 1 / √in, so of deviation 1 / √(3 in)
    assert adapted.A.abs().max() <= 400**-0.5 and adapted.A.std().item() == pytest.approx(1200**-0.5, rel=0.05)


def test_a_target_is_a_whole_name_and_not_an_ending():
    class Layers(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj, self.in_proj = nn.Linear(4, 4), nn.Linear(4, 4)

    nested = nn.Sequential(Layers())
    assert lora.targets(Layers(), ["proj"]) == ["proj"] and lora.targets(nested, ["proj"]) == ["0.proj"]
    assert lora.targets(nested, ["0.in_proj"]) == ["0.in_proj"]


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
    outputs = []
    for seed in (3, 4):  # two models of the same weights, whose fresh A differ
        fresh = gpt()
        torch.manual_seed(seed)
        inject_lora(fresh, ["c_attn"])
        lora.load_adapter(fresh, second)
        outputs.append(fresh(IDS).logits)
    assert torch.equal(*outputs) and not torch.allclose(outputs[0], plain)
    other = gpt()
    inject_lora(other, ["c_attn"], rank=2)
    with pytest.raises(ValueError, match="for other layers, or of another rank"):
        lora.load_adapter(other, second)
    renamed = {name.replace("h.0", "h.9"): value for name, value in second.items()}
    with pytest.raises(ValueError, match="for other layers"):
        lora.load_adapter(model, renamed)


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


def test_the_best_rate_is_that_of_validation_and_not_of_the_test():
    rows = [
        dict(part="encoder", way="LoRA", seed=seed, rate=rate, validation=validation, accuracy=1 - validation)
        for rate, validations in ((1e-3, (0.5, 0.9)), (1e-2, (0.6, 0.7)))
        for seed, validation in enumerate(validations)
    ]
    rows += [dict(part="encoder", way="full", seed=0, rate=1e-4, validation=1.0), dict(part="minutes", of="encoder")]
    assert lora_study.best_rate(rows, "encoder", "LoRA") == 1e-3
    assert lora_study.best_rate(rows, "encoder", "LoRA", [0]) == 1e-2
    assert lora_study.best_rate(rows, "encoder", "full") == 1e-4


def test_no_copy_of_a_held_out_message_is_trained_on():
    data = lora_study.material(0, per_class=2, held_out=40)
    assert len(data.messages["test"]) == 40 and 12 <= len(data.messages["train"]) <= 24
    train, labels = data.features("train")
    others = torch.cat([data.features(split)[0] for split in ("validation", "test")])
    assert (train @ others.T).max() < 0.85 and len(train) == len(labels) == len(data.messages["train"])
    test = data.messages["test"]
    assert [lora_study.INTENTS[label] for label in data.features("test")[1]] == [message.gold for message in test]


def test_the_stored_study_is_complete():
    study = studies.load("03_lora")
    rows, seeds = study["rows"], study["seeds"]

    def those(part, **wanted):
        return [row for row in rows if row["part"] == part and all(row[key] == value for key, value in wanted.items())]

    for way, rates in lora_study.RATES.items():
        for rate in rates:
            assert [row["seed"] for row in those("encoder", way=way, rate=rate)] == seeds
        rate = lora_study.best_rate(rows, "language", way, seeds[:1])
        assert [row["seed"] for row in those("language", way=way, rate=rate)] == seeds
    for targets, rank in lora_study.SWEEP:
        assert [row["seed"] for row in those("rank", targets=targets, rank=rank)] == seeds
    assert len(those("search", what="trial")) == lora_study.TRIALS
    assert len(those("search", what="full")) == len(those("search", what="best")) == len(seeds)
