"""The training loop in several processes, and in processes that are killed. Its other tests are in test_fit.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import fit_child

CHILD = Path(fit_child.__file__)
TIMEOUT = 120  # seconds; a run takes five or ten, and processes that wait for each other would wait forever


def start(command, **environment):
    """Run a command to its end; its failure is this test's, with its words."""
    unset = {"PYTHONWARNINGS": "", "WORKBOOK_DEVICE": "cpu", "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        env={**os.environ, **unset, **environment},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        errors = process.communicate(timeout=TIMEOUT)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the launcher's own processes, too
        pytest.fail(f"Not finished after {TIMEOUT} s: {process.communicate()[1]}")
    assert process.returncode == 0, errors


def same(one, other):
    """Whether two results are equal to the last bit."""
    names = one["weights"].keys()
    assert names == other["weights"].keys()
    assert [name for name in names if not torch.equal(one["weights"][name], other["weights"][name])] == []
    resumed = {"resumed_from": 0}  # the one thing that may differ
    assert {**one["history"], **resumed} == {**other["history"], **resumed}
    return True


# ------------------------------------------------------------------------------------------- in several processes


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """All cases in two processes under accelerate's launcher: {case: [of process 0, of process 1]}."""
    out = tmp_path_factory.mktemp("two") / "results.pt"
    # `--cpu` alone would start one process, for it leaves several to MPI. Port 0: any that is free.
    launch = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --main_process_port 0"
    plain = "--mixed_precision no --dynamo_backend no --num_cpu_threads_per_process 1"
    start([*launch.split(), *plain.split(), CHILD, "processes", out], ACCELERATE_USE_CPU="true")
    return torch.load(out)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The same cases in this process alone."""
    folder = tmp_path_factory.mktemp("one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_DEVICE", "cpu")
        return {name: run(folder) for name, run in fit_child.CASES.items()}


@pytest.mark.parametrize(
    "case",
    ["mean", "tokens", "tokens, accumulated", "mean, accumulated, not clipped", "a part unused", "twice"],
)
def test_two_processes_train_as_one_does(one, two, case):
    losses = torch.tensor(one[case]["history"]["losses"])
    assert len(two[case]) == 2
    for process in two[case]:
        torch.testing.assert_close(torch.tensor(process["history"]["losses"]), losses, atol=1e-5, rtol=0)
        for name, weights in one[case]["weights"].items():
            torch.testing.assert_close(process["weights"][name], weights, atol=1e-5, rtol=0, msg=name)


@pytest.mark.parametrize("case", ["mean", "tokens, accumulated", "undisturbed", "disagreeing"])
def test_the_processes_end_with_the_same_weights_and_figures(two, case):
    assert same(*two[case])


def test_the_first_process_decides_when_to_stop(two):
    histories = [result["history"] for result in two["disagreeing"]]
    assert [history["stopped_early"] for history in histories] == [True, True]
    assert [len(history["losses"]) for history in histories] == [6, 6]
    assert [figures["loss"] for figures in histories[1]["evaluations"]] == [1.0, 2.0, 3.0]


def test_two_processes_resume_exactly(two):
    for undisturbed, interrupted in zip(two["undisturbed"], two["interrupted"], strict=True):
        assert interrupted["history"]["resumed_from"] == 8
        assert same(undisturbed, interrupted)


def test_a_batch_with_fewer_rows_than_processes_is_an_error(two):
    assert ["A batch of 1 can't be shared by 2 processes" in result["error"] for result in two["too small"]] == [
        True
    ] * 2


# --------------------------------------------------------------------------------------------------------- killed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the child forks, which Windows can't")
@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_run_that_is_killed_again_and_again_ends_as_the_undisturbed_one(tmp_path, accumulate):
    kills = 10
    start([CHILD, "killed", tmp_path / "result.pt", accumulate, kills])
    result = torch.load(tmp_path / "result.pt")
    assert result["hits"] >= 3, "the run was over before it could be killed: the test has shown nothing"
    assert result["killed"]["history"]["resumed_from"] >= result["hits"]
    assert len(result["killed"]["history"]["losses"]) == 23
    assert same(result["undisturbed"], result["killed"])
    assert result["files"] == ["result.checkpoint"]  # and nothing half-written beside it
