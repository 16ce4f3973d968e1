"""The training loop in one process. Several processes, and killed ones, are in test_fit_processes.py."""

import copy
import errno
import itertools
import math
import os
import pickle
import random
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn
from torch.utils.data import DataLoader

from fit_child import FEATURES, make, mean_loss, token_loss
from workbook import show
from workbook.trainers import loop
from workbook.trainers.batches import count_rows, share
from workbook.trainers.checkpoints import Best, changing_state
from workbook.trainers.history import History, TrainingError
from workbook.trainers.loop import fit
from workbook.trainers.monitor import Monitor, loss_figure, sparkline
from workbook.trainers.schedule import warmup_linear


@pytest.fixture(autouse=True)
def quiet_cpu(monkeypatch):
    """The CPU, no bars, and one thread: the matrices are so small that threads cost more than they save."""
    monkeypatch.setenv("WORKBOOK_DEVICE", "cpu")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(objective=mean_loss, *, model_options=None, model=None, **settings):
    """A short run; returns its history and the model."""
    made, data = make(**(model_options or {}))
    model = made if model is None else model
    settings = {
        "batches": DataLoader(data, batch_size=8, shuffle=True),  # 5 batches an epoch, the last of 5 rows
        "steps": 7,
        "learning_rate": 1e-2,
        **settings,
    }
    batches = settings.pop("batches")
    return fit(model, batches, objective, **settings), model


def weights(model):
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def differing(one, other):
    """The names of the tensors that are not equal to the last bit."""
    assert one.keys() == other.keys()
    return [name for name in one if not torch.equal(one[name], other[name])]


def interrupted_after(calls, objective=mean_loss):
    """The objective, until Ctrl-C comes in its call after so many."""
    numbers = itertools.count()

    def until_then(model, batch):
        if next(numbers) == calls:
            raise KeyboardInterrupt
        return objective(model, batch)

    return until_then


# --------------------------------------------------------------------------------------------------- the loop itself


@pytest.mark.parametrize("max_grad_norm", [0.1, 100.0, None])
def test_it_does_what_a_loop_by_hand_does(max_grad_norm):
    by_hand, data = make()
    batches = [data[i : i + 8] for i in range(0, 32, 8)]
    optimizer = torch.optim.AdamW(by_hand.parameters(), lr=1e-2, weight_decay=0.1)
    losses = []
    for step in range(10):
        loss = mean_loss(by_hand, batches[step % 4])
        optimizer.zero_grad()
        loss.backward()
        if max_grad_norm is not None:
            nn.utils.clip_grad_norm_(by_hand.parameters(), max_grad_norm)
        optimizer.step()
        losses.append(loss.item())
    history, model = train(batches=batches, steps=10, weight_decay=0.1, max_grad_norm=max_grad_norm)
    assert history.losses == pytest.approx(losses, abs=1e-5)
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_the_history_has_a_figure_for_every_step():
    history, _ = train(steps=12)
    assert history.steps == len(history.losses) == len(history.rates) == 12
    assert sum(history.losses[-5:]) < sum(history.losses[:5])
    assert history.seconds > 0 and not history.stopped_early and history.resumed_from == 0 and not history.evaluations
    assert history.smoothed(3)[:3] == pytest.approx([sum(history.losses[: i + 1]) / (i + 1) for i in range(3)])
    assert history.smoothed(3)[-1] == pytest.approx(sum(history.losses[-3:]) / 3)


def test_the_seed_and_nothing_else_decides_about_a_run():
    first, model = train(model_options={"dropout": 0.3})
    random.random(), np.random.rand(), torch.rand(3)  # noqa: NPY002
    again, twin = train(model_options={"dropout": 0.3})
    other, _ = train(model_options={"dropout": 0.3}, seed=1)
    assert again.losses == first.losses and not differing(weights(model), weights(twin))
    assert other.losses != first.losses


@pytest.mark.parametrize("draw", [random.random, np.random.rand, lambda: torch.rand(()).item()])
def test_every_epoch_begins_with_random_numbers_of_its_own(draw):
    _, data = make()
    drawn = []

    def batches(epoch):
        drawn.append((epoch, draw()))
        return [data[:8], data[8:16]]

    train(batches=batches, steps=6)
    train(batches=batches, steps=3)
    assert [epoch for epoch, _ in drawn] == [0, 1, 2, 0, 1]
    assert drawn[:2] == drawn[3:] and len(set(drawn)) == 3


def test_the_model_is_trained_in_training_mode_and_left_in_evaluation_mode():
    modes = []

    def objective(model, batch):
        modes.append(model.training and model.layers.training)
        return mean_loss(model, batch)

    _, model = train(objective, steps=2, evaluate=lambda model: {"training": model.training}, evaluate_every=1)
    assert modes == [True, True] and not model.training and not model.layers.training


@pytest.mark.parametrize("error", [KeyboardInterrupt, TrainingError])
@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_a_run_that_breaks_off_leaves_the_model_usable(error, precision):
    def objective(model, batch):
        if error is KeyboardInterrupt:
            raise KeyboardInterrupt
        return mean_loss(model, batch) * math.nan

    model, _ = make()
    before, attributes = weights(model), set(vars(model))
    with pytest.raises(error):
        train(objective, model=model, precision=precision)
    assert set(vars(model)) == attributes and not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not differing(before, weights(model))
    again, _ = train(model=model, precision="no")
    assert again.losses == train(precision="no")[0].losses


def test_gradients_from_before_are_not_this_runs():
    model, data = make()
    mean_loss(model, data[:]).mul(100).backward()
    assert train(model=model)[0].losses == train()[0].losses
    assert all(parameter.grad is None for parameter in model.parameters())


def test_frozen_parameters_stay_as_they_are_and_out_of_the_checkpoint(tmp_path):
    model, _ = make(batch_norm=True)
    model.layers[0].requires_grad_(False)
    before = weights(model)
    train(model=model, checkpoint=tmp_path / "run.pt", weight_decay=0.5)
    changed = differing(before, weights(model))
    assert changed and not [name for name in changed if name.startswith("layers.0.")]
    saved = torch.load(tmp_path / "run.pt")
    assert sorted(saved["model"]) == sorted(name for name in before if not name.startswith("layers.0."))
    assert len(saved["optimizer"]["state"]) == 4


# -------------------------------------------------------------------------------------- accumulation and kinds of batch


def one_sgd_step(batches, objective, **settings):
    """The weights after one step of plain gradient descent, which shows the gradient itself."""
    model, _ = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    history, _ = train(objective, model=model, batches=batches, steps=1, optimizer=optimizer, **settings)
    return history.losses, weights(model)


@pytest.mark.parametrize("objective", [mean_loss, token_loss])
@pytest.mark.parametrize("max_grad_norm", [None, 0.5])
def test_parts_of_a_batch_give_the_gradient_of_the_whole(objective, max_grad_norm):
    _, data = make()
    parts = [data[:3], data[3:4], data[4:20], data[20:37]]
    losses, whole = one_sgd_step([data[:]], objective, max_grad_norm=max_grad_norm)
    accumulated, together = one_sgd_step(parts, objective, accumulate=4, max_grad_norm=max_grad_norm)
    assert accumulated == pytest.approx(losses, abs=1e-6)
    for name in whole:
        torch.testing.assert_close(together[name], whole[name], atol=1e-6, rtol=1e-5)


def test_the_parts_do_differ_in_the_mean():
    """Else the test above would show nothing: a mean of means is another figure here."""
    model, data = make()
    model.eval()
    means = [(total / count).item() for total, count in (token_loss(model, data[i : i + 3]) for i in range(0, 37, 9))]
    assert max(means) > 1.5 * min(means)


Pair = namedtuple("Pair", ["inputs", "labels"])
KINDS = {
    "tuple": lambda inputs, labels: (inputs, labels),
    "list, as a DataLoader's": lambda inputs, labels: [inputs, labels],
    "dict": lambda inputs, labels: {"inputs": inputs, "labels": labels},
    "named tuple": Pair,
    "dict with a setting": lambda inputs, labels: {
        "temperature": 1.0,
        "inputs": inputs,
        "none": None,
        "labels": labels,
    },
    "BatchEncoding": lambda inputs, labels: transformers.BatchEncoding({"inputs": inputs, "labels": labels}),
    "strings": lambda inputs, labels: {"texts": ["?"] * len(labels), "inputs": inputs, "labels": labels},
    "numpy": lambda inputs, labels: (inputs.numpy(), labels.numpy()),
}


def unpacked(batch):
    keyed = isinstance(batch, (dict, transformers.BatchEncoding))
    inputs, labels = (batch["inputs"], batch["labels"]) if keyed else batch
    return torch.as_tensor(inputs), torch.as_tensor(labels)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_may_be_of_many_kinds(kind):
    _, data = make()
    wrap = KINDS[kind]
    assert count_rows(wrap(*data[:5])) == 5

    def objective(model, batch):
        assert type(batch) is type(wrap(*data[:1]))
        return mean_loss(model, unpacked(batch))

    losses, whole = one_sgd_step([wrap(*data[:])], objective)
    accumulated, parts = one_sgd_step([wrap(*data[:30]), wrap(*data[30:])], objective, accumulate=2)
    assert accumulated == pytest.approx(losses, abs=1e-6)
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], atol=1e-6, rtol=1e-5)
    first, second = (share(wrap(*data[:5]), SimpleNamespace(num_processes=2, process_index=i)) for i in (0, 1))
    assert type(first) is type(wrap(*data[:1]))
    for ours, rows in [(first, slice(0, 5, 2)), (second, slice(1, 5, 2))]:
        assert torch.equal(unpacked(ours)[0], data[:5][0][rows]) and torch.equal(unpacked(ours)[1], data[:5][1][rows])
    if kind == "strings":
        assert len(first["texts"]) == 3 and len(second["texts"]) == 2
    if kind == "dict with a setting":
        assert second["temperature"] == 1.0 and second["none"] is None


@pytest.mark.parametrize("batch, rows", [
    (torch.zeros(4, 2), 4), (["a", "b"], 2), ([{"x": 1}, {"x": 2}, {"x": 3}], 3), (torch.tensor(1.0), None), (3, None),
    ({"a": 1, "b": (None, torch.zeros(6))}, 6), ("text", None), ({}, None),
])  # fmt: skip
def test_rows_are_counted(batch, rows):
    assert count_rows(batch) == rows


# ------------------------------------------------------------------------------------------------- optimizer, schedule


def test_a_schedule_is_followed():
    applied = []
    model, _ = make()
    optimizer = torch.optim.SGD([
        {"params": model.layers[0].parameters(), "lr": 0.5}, {"params": [*model.layers[1:].parameters()], "lr": 0.1}
    ])  # fmt: skip
    step = optimizer.step
    optimizer.step = lambda *a, **k: (applied.append([group["lr"] for group in optimizer.param_groups]), step(*a, **k))
    schedule = warmup_linear(3, 8)
    history, _ = train(model=model, optimizer=optimizer, steps=8, schedule=schedule)
    assert history.rates == pytest.approx([0.5 * schedule(step) for step in range(8)])
    assert applied == [pytest.approx([0.5 * schedule(step), 0.1 * schedule(step)]) for step in range(8)]
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]  # and put back


def test_without_a_schedule_the_rate_stays():
    assert train(steps=3, learning_rate=2e-3)[0].rates == [2e-3] * 3


def test_the_callers_optimizer_is_used_and_keeps_its_state():
    model, _ = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
    train(model=model, optimizer=optimizer, steps=5)
    assert len(optimizer.state) == len(list(model.parameters()))
    assert all(state["momentum_buffer"].any() for state in optimizer.state.values())
    optimizer.param_groups[0]["lr"] = 1e-3  # a second run takes the rate that the caller sets
    assert train(model=model, optimizer=optimizer, steps=2)[0].rates == [1e-3] * 2


def test_an_optimizer_may_hold_frozen_parameters_too():
    model, _ = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.layers[0].requires_grad_(False)
    frozen = model.layers[0].weight.clone()
    train(model=model, optimizer=optimizer)
    assert torch.equal(frozen, model.layers[0].weight)


def test_an_optimizer_of_other_parameters_is_an_error():
    model, _ = make()
    optimizer = torch.optim.AdamW(model.layers[4].parameters(), lr=1e-2)
    with pytest.raises(ValueError, match="holds 2 of the model's 6 trainable parameters, and 0 others"):
        train(model=model, optimizer=optimizer)
    with pytest.raises(ValueError, match="holds 0 of the model's 6 trainable parameters, and 6 others"):
        train(model=model, optimizer=torch.optim.AdamW(copy.deepcopy(model).parameters()))


# ------------------------------------------------------------------------------------------------------- evaluation


def draws(model):
    """An evaluation that uses up random numbers of every kind."""
    return {"figure": random.random() + np.random.rand() + torch.rand(5).sum() + torch.randperm(9)[0]}  # noqa: NPY002


def noisy_batches(data):
    for rows in torch.randperm(len(data)).split(8):
        inputs, labels = data[rows.tolist()]
        yield inputs + 0.1 * random.random() + 0.1 * np.random.rand() + 0.1 * torch.randn(inputs.shape), labels  # noqa: NPY002


@pytest.mark.parametrize("every", [1, 3])
def test_evaluation_does_not_disturb_the_training(every):
    _, data = make()
    settings = {"model_options": {"dropout": 0.3, "batch_norm": True}, "batches": lambda epoch: noisy_batches(data)}
    settings["steps"] = 8
    history, model = train(**settings)
    evaluated, twin = train(evaluate=draws, evaluate_every=every, **settings)
    assert evaluated.losses == history.losses
    assert not differing(weights(model), weights(twin))


def test_evaluation_is_without_gradients_in_evaluation_mode_and_at_these_steps():
    seen = []

    def evaluate(model):
        seen.append((model.training, torch.is_grad_enabled()))
        return {"a": torch.tensor(2.0), "b": np.float32(3), "c": 1}

    history, _ = train(evaluate=evaluate, evaluate_every=3, steps=7)
    assert set(seen) == {(False, False)}
    assert history.evaluations == [{"step": step, "a": 2.0, "b": 3.0, "c": 1.0} for step in (3, 6, 7)]
    assert all(type(figure) is float for name, figure in history.evaluations[0].items() if name != "step")
    once, _ = train(evaluate=evaluate, steps=4)
    assert [figures["step"] for figures in once.evaluations] == [4]


def figures_of(values, log=None):
    """An evaluation that gives these figures in turn, and notes the weights it saw."""
    left = iter(values)

    def evaluate(model):
        if log is not None:
            log.append(weights(model))
        return {"figure": next(left), "other": 0.0}

    return evaluate


@pytest.mark.parametrize("lower, values", [(False, [1, 3, 2, 3, 0, 9]), (True, [5, 1, 2, 1, 3, 0])])
def test_training_stops_when_patience_is_out_and_the_best_weights_are_put_back(lower, values):
    log = []
    history, model = train(
        evaluate=figures_of(values, log), evaluate_every=2, monitor="figure", lower_is_better=lower, patience=3,
        model_options={"batch_norm": True}, steps=20,
    )  # fmt: skip
    assert history.stopped_early and history.steps == 10  # the best came after step 4, then three that were not better
    assert [figures["figure"] for figures in history.evaluations] == values[:5]
    assert differing(log[1], log[4]) and not differing(log[1], weights(model))


def test_without_patience_training_goes_on_and_the_best_weights_are_put_back():
    log = []
    history, model = train(evaluate=figures_of([1, 9, 2, 3], log), evaluate_every=2, monitor="figure", steps=8)
    assert not history.stopped_early and history.steps == 8
    assert not differing(log[1], weights(model))


def test_without_monitor_the_last_weights_stay():
    log = []
    _, model = train(evaluate=figures_of([1, 9, 2, 3], log), evaluate_every=2, steps=8)
    assert not differing(log[3], weights(model))


def test_patience_that_runs_out_at_the_last_step_is_no_early_stop():
    history, _ = train(evaluate=figures_of([2, 1]), evaluate_every=2, monitor="figure", patience=1, steps=4)
    assert history.steps == 4 and not history.stopped_early


def test_a_better_figure_renews_the_patience():
    values = [1, 0, 2, 0, 3, 0, 4, 0]
    history, _ = train(evaluate=figures_of(values), evaluate_every=1, monitor="figure", patience=2, steps=8)
    assert history.steps == 8


def test_a_figure_that_is_nan_is_never_the_best():
    best, (model, _) = Best("figure", lower_is_better=True), make()
    for value, waited in [(math.nan, 1), (2.0, 0), (math.nan, 1), (2.0, 2), (1.0, 0)]:
        best.update({"figure": value}, model)
        assert best.waited == waited
    assert best.score == -1.0


# --------------------------------------------------------------------------------------------------------- checkpoints


def settings_of_a_long_run(checkpoint=None, **more):
    """Everything that has a state: dropout, running means, momentum, a schedule, best weights."""
    _, data = make()
    return {
        "model_options": {"dropout": 0.3, "batch_norm": True},
        "batches": lambda epoch: noisy_batches(data),
        "steps": 12,
        "schedule": warmup_linear(3, 12),
        "evaluate": lambda model: {"figure": -abs(draws(model)["figure"] - 3)},
        "evaluate_every": 2,
        "monitor": "figure",
        "checkpoint": checkpoint,
        "checkpoint_every": 1,
        **more,
    }


def assert_same_run(one, other):
    (history, model), (history2, model2) = one, other
    assert not differing(weights(model), weights(model2))
    assert (history.losses, history.rates, history.evaluations) == (
        history2.losses,
        history2.rates,
        history2.evaluations,
    )
    assert history.stopped_early == history2.stopped_early


@pytest.mark.parametrize(
    "accumulate, step", [*((1, step) for step in range(12)), *((2, step) for step in range(0, 12, 3))]
)
def test_a_run_goes_on_exactly_from_every_step(tmp_path, accumulate, step):
    """An epoch has 5 batches: steps 5 and 10 are its boundaries, and with accumulate=2 steps 5 and half of 3 and 8."""
    undisturbed = train(**settings_of_a_long_run(accumulate=accumulate))
    settings = settings_of_a_long_run(tmp_path / "run.pt", accumulate=accumulate)
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(step * accumulate + accumulate - 1), **settings)
    random.seed(99), np.random.seed(99), torch.manual_seed(99)  # noqa: NPY002
    resumed = train(**settings)
    assert resumed[0].resumed_from == step
    assert_same_run(undisturbed, resumed)


@pytest.mark.parametrize("every, step, back", [(5, 9, 5), (5, 10, 10), (7, 6, 0)])
def test_a_run_goes_on_from_the_last_checkpoint(tmp_path, every, step, back):
    settings = settings_of_a_long_run(tmp_path / "run.pt", checkpoint_every=every)
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(step), **settings)
    resumed = train(**settings)
    assert resumed[0].resumed_from == back
    assert_same_run(train(**settings_of_a_long_run()), resumed)


def test_a_shuffling_dataloader_resumes_at_the_epochs_boundary(tmp_path):
    settings = {"model_options": {"dropout": 0.2}, "steps": 8, "checkpoint_every": 1, "checkpoint": tmp_path / "run.pt"}
    undisturbed = train(**{**settings, "checkpoint": None})
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(5), **settings)
    assert_same_run(undisturbed, train(**settings))


def test_early_stopping_goes_on_counting(tmp_path):
    values = [5, 6, 4, 4, 4, 9]

    def settings(checkpoint, begin=0):
        return settings_of_a_long_run(checkpoint, patience=3, evaluate=figures_of(values[begin:]))

    undisturbed = train(**settings(None))
    assert undisturbed[0].steps == 10 and undisturbed[0].stopped_early
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(7), **settings(tmp_path / "run.pt"))  # after three evaluations
    assert_same_run(undisturbed, train(**settings(tmp_path / "run.pt", begin=3)))
    assert_same_run(
        undisturbed, train(**settings(tmp_path / "run.pt", begin=6))
    )  # it has ended: there is nothing to do


def test_a_finished_run_is_taken_from_its_checkpoint(tmp_path):
    settings = settings_of_a_long_run(tmp_path / "run.pt", checkpoint_every=100)
    first = train(**settings)
    before = (tmp_path / "run.pt").read_bytes()
    again = train(interrupted_after(0), **settings)
    assert again[0].resumed_from == again[0].steps == 12
    assert_same_run(first, again)
    assert (tmp_path / "run.pt").read_bytes() == before


def test_the_callers_optimizer_resumes_with_its_state(tmp_path):
    def settings(model, **more):
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
        return {"model": model, "optimizer": optimizer, "checkpoint_every": 1, **more}

    undisturbed = train(**settings(make()[0]))
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(4), **settings(make()[0], checkpoint=tmp_path / "run.pt"))
    assert_same_run(undisturbed, train(**settings(make()[0], checkpoint=tmp_path / "run.pt")))


@pytest.mark.parametrize("name", ["run", "run.pt", "run.safetensors", "run.v2.zip"])
def test_the_name_of_a_checkpoint_is_free(tmp_path, name):
    settings = settings_of_a_long_run(tmp_path / name, checkpoint_every=100)
    first, again = train(**settings), train(interrupted_after(0), **settings)
    assert again[0].resumed_from == 12
    assert_same_run(first, again)


OTHER_RUNS = {
    "steps 7, now 8": {"steps": 8},
    "seed 0, now 1": {"seed": 1},
    "accumulate 1, now 2": {"accumulate": 2},
    r"learning_rate \[0.01\], now \[0.1\]": {"learning_rate": 0.1},
    r"weight_decay \[0.01\], now \[0.0\]": {"weight_decay": 0.0},
    "max_grad_norm 1.0, now None": {"max_grad_norm": None},
    "precision no, now bf16": {"precision": "bf16"},
    "monitor None, now figure": {"monitor": "figure", "evaluate": draws},
    "steps 7, now 9; seed 0, now 2": {"steps": 9, "seed": 2},
}


@pytest.mark.parametrize("words", OTHER_RUNS)
def test_a_checkpoint_of_another_run_is_an_error(tmp_path, words):
    path = tmp_path / "run.pt"
    train(checkpoint=path)
    untouched_by_it(path, f"is of another run: .*{words}.*Delete the file to start anew", **OTHER_RUNS[words])


def untouched_by_it(path, message, **settings):
    """The call is refused with these words, and neither the file nor the model is touched."""
    content = path.read_bytes() if path.is_file() else None
    model = settings.pop("model", None) or make()[0]
    before, attributes = weights(model), set(vars(model))
    with pytest.raises(TrainingError, match=message) as caught:
        train(model=model, checkpoint=path, **settings)
    assert str(path) in str(caught.value)
    assert not differing(before, weights(model)) and set(vars(model)) == attributes and not model.training
    assert content is None or path.read_bytes() == content


def test_a_checkpoint_of_another_number_of_processes_is_an_error(tmp_path):
    path = tmp_path / "run.pt"
    train(checkpoint=path)
    saved = torch.load(path)
    saved["description"]["processes"] = 4
    torch.save(saved, path)
    untouched_by_it(path, "processes 4, now 1")


@pytest.mark.parametrize("layer", [nn.Linear(16, 4), nn.Sequential(nn.Linear(16, 3))], ids=["shape", "name"])
def test_a_checkpoint_of_another_model_is_an_error(tmp_path, layer):
    train(checkpoint=tmp_path / "run.pt")
    other, _ = make()
    other.layers[4] = layer
    untouched_by_it(tmp_path / "run.pt", r"of another model, .*layers\.4\..*Delete the file", model=other)


def test_a_checkpoint_with_another_part_trainable_is_an_error(tmp_path):
    train(checkpoint=tmp_path / "run.pt")
    other, _ = make()
    other.layers[0].requires_grad_(False)
    untouched_by_it(tmp_path / "run.pt", r"another part of it was trainable: layers\.0\.bias", model=other)


@pytest.mark.parametrize("kept", [0, 1, 1000, -1000, -1])
def test_a_truncated_checkpoint_is_an_error(tmp_path, kept):
    path = tmp_path / "run.pt"
    train(checkpoint=path)
    path.write_bytes(path.read_bytes()[:kept])
    untouched_by_it(path, "can't be read .*damaged.*Delete the file to start anew")


class Intruder:
    """Pickled code: whoever loads it without care runs it."""

    def __reduce__(self):
        return exec, ("import fit_child; fit_child.INTRUDED = True",)


@pytest.mark.parametrize(
    "content", [b"some words\n", {"model": 1}, [1, 2], {"description": "mine"}, {"description": Intruder()}], ids=repr
)
def test_a_file_of_another_kind_is_an_error(tmp_path, content):
    path = tmp_path / "run.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    untouched_by_it(path, "can't be read .*Delete the file to start anew, or name another one")
    path.write_bytes(pickle.dumps(content))
    untouched_by_it(path, "can't be read")
    assert not hasattr(__import__("fit_child"), "INTRUDED")


def test_a_folder_in_the_checkpoints_place_is_an_error(tmp_path):
    untouched_by_it(tmp_path, "can't be read")


def test_a_full_disk_leaves_the_last_checkpoint_and_a_later_call_goes_on(tmp_path, monkeypatch):
    path, fsync, calls = tmp_path / "run.pt", os.fsync, itertools.count()

    def full(handle):
        if next(calls) == 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        return fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        train(**settings_of_a_long_run(path))
    assert os.listdir(tmp_path) == ["run.pt"]
    assert len(torch.load(path)["history"]["losses"]) == 6
    resumed = train(**settings_of_a_long_run(path))
    assert resumed[0].resumed_from == 6
    assert_same_run(train(**settings_of_a_long_run()), resumed)


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path):
    mine, others = tmp_path / ".run.pt.0123abcd", [".run.pt2.0123abcd", "run.pt.0123abcd"]
    for path in (mine, *(tmp_path / name for name in others)):
        path.write_text("half")
    train(checkpoint=tmp_path / "run.pt")
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "run.pt"])


def test_the_state_that_changes_is_that_of_trainable_parameters_and_lasting_buffers():
    model, _ = make(batch_norm=True)
    model.layers[4].requires_grad_(False)
    model.register_buffer("passing", torch.zeros(1), persistent=False)
    assert set(changing_state(model)) == {name for name in model.state_dict() if not name.startswith("layers.4.")}


# --------------------------------------------------------------------------------------------------------------- errors


def test_nothing_trainable_is_an_error():
    model, _ = make()
    model.requires_grad_(False)
    with pytest.raises(TrainingError, match="Nothing is trainable"):
        train(model=model)


@pytest.mark.parametrize(
    "batches", [[], lambda epoch: [], lambda epoch: iter(())], ids=["list", "function", "iterator"]
)
def test_no_batches_are_an_error(batches):
    with pytest.raises(TrainingError, match="no batches in epoch 0"):
        train(batches=batches)


def test_an_iterator_that_is_used_up_is_an_error():
    _, data = make()
    with pytest.raises(TrainingError, match=r"no batches in epoch 1\. An iterator can be gone through only once"):
        train(batches=(data[i : i + 8] for i in range(0, 24, 8)), steps=4)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_loss_that_is_not_finite_is_an_error_and_changes_nothing(tmp_path, bad, accumulate):
    seen, calls = [], itertools.count()

    def objective(model, batch):
        seen.append(weights(model))
        return mean_loss(model, batch) * (bad if next(calls) == 3 * accumulate else 1.0)

    model, _ = make()
    with pytest.raises(TrainingError, match=f"The loss is {bad}"):
        train(objective, model=model, accumulate=accumulate, checkpoint=tmp_path / "run.pt", checkpoint_every=1)
    assert not differing(seen[3 * accumulate], weights(model))
    assert not differing(seen[3 * accumulate], torch.load(tmp_path / "run.pt")["model"])


def test_a_gradient_that_is_not_finite_is_an_error_and_changes_nothing():
    def objective(model, batch):
        return mean_loss(model, batch) + (model.layers[4].bias * 0).sqrt().sum()  # 0, and its slope there is 0 · ∞

    model, _ = make()
    before = weights(model)
    with pytest.raises(TrainingError, match="The gradient's norm is nan"):
        train(objective, model=model)
    assert not differing(before, weights(model))


def test_batches_without_anything_that_counts_are_an_error():
    with pytest.raises(TrainingError, match="a batch without a single label"):
        train(lambda model, batch: (model(batch[0]).sum() * 0, torch.tensor(0)))


BAD = [
    *(
        {name: value}
        for name in ("steps", "accumulate", "checkpoint_every", "evaluate_every")
        for value in (0, -1, 2.0)
    ),
    {"patience": 0, "monitor": "figure", "evaluate": draws},
    {"patience": -1, "monitor": "figure", "evaluate": draws},
    {"max_grad_norm": 0},
    {"max_grad_norm": -1.0},
    {"max_grad_norm": math.nan},
    {"learning_rate": -1.0},
    {"precision": "fp8"},
    {"precision": "fp16"},  # on a CPU
    {"monitor": "figure"},
    {"patience": 3},
    {"patience": 3, "evaluate": draws},
]


@pytest.mark.parametrize(
    "settings", BAD, ids=lambda settings: " ".join(f"{k}={v}" for k, v in settings.items() if k != "evaluate")
)
def test_settings_that_make_no_sense_are_an_error(settings):
    model, _ = make()
    before = weights(model)
    name = next(iter(settings))
    with pytest.raises(ValueError, match=name.replace("_", "[_ ]")):
        train(model=model, **settings)
    assert not differing(before, weights(model))


def test_a_figure_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="`evaluate` gave figure, other, and no 'accuracy' to monitor"):
        train(evaluate=figures_of([1]), monitor="accuracy")


# ------------------------------------------------------------------------------------------------------------ precision


def watched():
    """A model, and the types that its first layer's output has had in training."""
    model, _ = make()
    seen = []
    model.layers[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    return model, seen


def test_bf16_works_on_the_cpu_and_leaves_the_forward_as_it_was():
    model, seen = watched()
    outputs = []

    def objective(model, batch):
        outputs.append(model(batch[0]).dtype)
        return mean_loss(model, batch)

    history, _ = train(objective, model=model, precision="bf16", evaluate=draws, steps=10)
    assert set(seen) == {torch.bfloat16} and set(outputs) == {torch.float32}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert history.losses == pytest.approx(train(precision="no", steps=10)[0].losses, rel=0.02)
    assert not {"forward", "_original_forward"} & set(vars(model))
    seen.clear()
    assert model(torch.zeros(2, FEATURES)).dtype == torch.float32 and seen == [torch.float32]
    assert not torch.is_autocast_enabled("cpu")


def test_runs_of_different_precision_follow_each_other():
    model, seen = watched()
    for precision, dtype in [
        ("no", torch.float32),
        ("bf16", torch.bfloat16),
        ("bf16", torch.bfloat16),
        (None, torch.float32),
    ]:
        seen.clear()
        train(model=model, precision=precision, steps=2)
        assert set(seen) == {dtype}


def test_precision_is_what_the_launcher_says_unless_it_is_given(monkeypatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    for precision, dtype in [(None, torch.bfloat16), ("no", torch.float32)]:
        model, seen = watched()
        train(model=model, precision=precision, steps=2)
        assert set(seen) == {dtype}


@pytest.fixture
def fp16_scaler(monkeypatch):
    """What accelerate sets up on a GPU, on the CPU: fp16, and losses scaled up, at first so far that they overflow."""

    def accelerator(precision):
        made = Accelerator(cpu=True, mixed_precision="fp16")
        made.native_amp, made.scaler = True, torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=3)
        return made

    AcceleratorState._reset_state()
    monkeypatch.setattr(loop, "_accelerator", accelerator)
    yield
    AcceleratorState._reset_state()


@pytest.mark.parametrize("max_grad_norm", [None, 1.0])
def test_fp16_leaves_out_steps_that_overflow_and_resumes_exactly(fp16_scaler, tmp_path, max_grad_norm):
    settings = {"steps": 16, "max_grad_norm": max_grad_norm, "checkpoint_every": 1, "model_options": {"dropout": 0.1}}
    before = weights(make(dropout=0.1)[0])
    _, left_out = train(**{**settings, "steps": 1})
    assert not differing(before, weights(left_out))
    history, model = undisturbed = train(**settings)
    assert differing(before, weights(model)) and history.losses[-1] < history.losses[0]
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(9), checkpoint=tmp_path / "run.pt", **settings)
    assert torch.load(tmp_path / "run.pt")["scaler"]["scale"] < 2.0**20
    assert_same_run(undisturbed, train(checkpoint=tmp_path / "run.pt", **settings))


def test_a_forward_of_the_models_own_is_put_back():
    model, _ = make()
    own = lambda inputs: model.layers(inputs)  # noqa: E731
    model.forward = own
    train(model=model, precision="bf16", steps=2)
    assert vars(model)["forward"] is own


def test_a_model_of_transformers_keeps_what_its_forward_is_decorated_with():
    config = {
        "vocab_size": 9,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
    }
    model = transformers.BertModel(transformers.BertConfig(**config), add_pooling_layer=False)
    ids = torch.arange(8).view(2, 4)
    fit(model, [{"input_ids": ids}], lambda model, batch: model(**batch)[0].square().mean(), steps=1, precision="bf16")
    assert len(model(ids, output_hidden_states=True).hidden_states) == 2
    assert isinstance(model(ids, return_dict=False), tuple)


# ------------------------------------------------------------------------------------------------------ what one sees


def test_the_progress_bar_shows_its_label_and_vanishes(capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE")
    train(progress="learning to count")
    shown = capsys.readouterr()
    assert "learning to count" in shown.err and "0/7" in shown.err
    assert shown.err.split("\r")[-1].strip() == "" and not shown.out


@pytest.mark.parametrize("disable, label", [("1", "training"), ("", None)])
def test_no_progress_bar_where_none_is_wanted(capsys, monkeypatch, disable, label):
    monkeypatch.setenv("TQDM_DISABLE", disable)
    train(progress=label)
    assert capsys.readouterr() == ("", "")


def test_the_bar_says_where_a_resumed_run_begins(capsys, monkeypatch, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(interrupted_after(4), checkpoint=tmp_path / "run.pt", checkpoint_every=1)
    monkeypatch.delenv("TQDM_DISABLE")
    capsys.readouterr()
    train(checkpoint=tmp_path / "run.pt", checkpoint_every=1)
    assert "4/7" in (err := capsys.readouterr().err) and "0/7" not in err.replace("10/7", "")


def test_a_notebook_gets_a_curve_at_most_once_a_second_and_none_in_the_end(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE")
    monkeypatch.setattr(show, "in_notebook", lambda: True)
    clock = itertools.count(0, 0.4)
    monkeypatch.setattr("workbook.trainers.monitor.time.monotonic", lambda: next(clock))
    shown = []
    handle = SimpleNamespace(update=lambda picture: shown.append(picture.data))
    monkeypatch.setattr("IPython.display.display", lambda picture, display_id: shown.append(picture.data) or handle)
    bar, history = Monitor("training", 9, History()), History()
    bar.history = history
    for _ in range(9):
        history.add(1.0, 0.1)
        bar.update()
    bar.close()
    assert len(shown) == 4 and shown[-1] == ""
    assert [f"Loss after {steps} of 9 steps" in picture for steps, picture in zip((3, 6, 9), shown, strict=False)] == [
        True
    ] * 3


def points_of(svg):
    return [tuple(map(float, point.split(","))) for point in svg.split('points="')[1].split('"')[0].split()]


def test_the_curve_says_in_words_what_it_shows():
    svg = sparkline([4.0, 2.0, 1.0], 5, width=100, height=40)
    words = "Loss after 3 of 5 steps: 1.000; it began at 4.000."
    assert f'aria-label="{words}"' in svg and f">{words}</text>" in svg and 'role="img"' in svg
    assert points_of(svg) == [(0, 0), (25, 20), (50, 30)]


@pytest.mark.parametrize(
    "losses", [[0.0], [0.0, 0.0], [-1.0, -3.0, -2.0], [2.0, -2.0], [1e9, 1.0], [float(i) for i in range(5000)]]
)
def test_the_curve_stays_in_its_picture(losses):
    points = points_of(sparkline(losses, len(losses), width=100, height=40))
    assert 1 <= len(points) <= 200
    assert all(0 <= x <= 100 and 0 <= y <= 40 for x, y in points)
    if losses == [-1.0, -3.0, -2.0]:
        assert [y for _, y in points] == pytest.approx(
            [13.3, 40, 26.7]
        )  # 0 is at the top, the lowest loss at the bottom


def test_the_figure_of_a_run_has_labels():
    history = History()
    for loss in (3.0, 2.0, 1.0):
        history.add(loss, 0.1)
    figure = loss_figure(history, "the loss falls")
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title()) == ("step", "loss", "the loss falls")
    assert [list(line.get_ydata()) for line in axis.lines] == [[3.0, 2.0, 1.0], [3.0, 2.5, 2.0]]
    __import__("matplotlib.pyplot").pyplot.close(figure)
