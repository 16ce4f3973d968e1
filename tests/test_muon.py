"""Muon and AdamW as one optimizer."""

import pytest
import torch
from torch import nn

from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW

DATA = [(torch.randn(8, 4, generator=torch.Generator().manual_seed(n)), torch.zeros(8, dtype=int)) for n in range(6)]


def small():
    torch.manual_seed(0)
    return nn.ModuleDict({"first": nn.Linear(4, 6), "inside": nn.Linear(6, 6), "last": nn.Linear(6, 3)})


def loss(model, batch):
    x, y = batch
    hidden = model["inside"](torch.tanh(model["first"](x)))
    return nn.functional.cross_entropy(model["last"](hidden), y)


def train(steps, **more):
    model = small()
    optimizer = MuonAdamW(model, "inside", 0.02, 0.003)
    history = fit(
        model, DATA, loss, steps=steps, optimizer=optimizer, schedule=lambda step: 1 / (step + 1), max_grad_norm=None,
        progress=None, **more,
    )  # fmt: skip
    return model, optimizer, history


def test_matrices_inside_learn_by_muon_and_the_rest_by_adamw():
    model, (x, y) = small(), DATA[0]
    expected = small()
    inside = {"inside.weight"}
    muon = torch.optim.Muon([expected["inside"].weight], lr=0.02, weight_decay=0.01)
    rest = [parameter for name, parameter in expected.named_parameters() if name not in inside]
    adam = torch.optim.AdamW(rest, lr=0.003, weight_decay=0.01)
    ours = MuonAdamW(model, "inside", 0.02, 0.003)
    for _ in range(3):
        for network, optimizers in [(model, [ours]), (expected, [muon, adam])]:
            network.zero_grad()
            loss(network, (x, y)).backward()
            for optimizer in optimizers:
                optimizer.step()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter, expected.get_parameter(name), msg=name)


def test_the_schedule_reaches_both():
    fast, _, _ = train(3)
    model = small()
    fit(
        model, DATA, loss, steps=3, optimizer=MuonAdamW(model, "inside", 0.02, 0.003), max_grad_norm=None, progress=None
    )
    for name in ("inside.weight", "last.weight"):
        assert not torch.allclose(fast.get_parameter(name), model.get_parameter(name)), name


def test_a_stopped_run_ends_with_the_same_weights(tmp_path):
    whole, _, _ = train(6)
    with pytest.raises(KeyboardInterrupt):
        model, steps = small(), 0

        def stopping(model, batch):
            nonlocal steps
            steps += 1
            if steps == 5:
                raise KeyboardInterrupt
            return loss(model, batch)

        fit(
            model, DATA, stopping, steps=6, optimizer=MuonAdamW(model, "inside", 0.02, 0.003), max_grad_norm=None,
            schedule=lambda step: 1 / (step + 1), checkpoint=tmp_path / "run", checkpoint_every=2, progress=None,
        )  # fmt: skip
    resumed, _, history = train(6, checkpoint=tmp_path / "run")
    assert history.resumed_from == 4
    for name, parameter in whole.named_parameters():
        assert torch.equal(parameter, resumed.get_parameter(name)), name


def test_without_hidden_matrices_it_says_so():
    with pytest.raises(ValueError, match="No trainable matrix"):
        MuonAdamW(small(), "transformer.h.", 0.02, 0.003)
