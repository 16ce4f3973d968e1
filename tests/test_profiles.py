"""Profiles and devices: what is chosen, and clear words where it cannot be."""

import pytest
import torch

from workbook import profiles
from workbook.profiles import ProfileError


@pytest.fixture(autouse=True)
def no_choice(monkeypatch):
    """A process in which nothing was chosen yet, on a computer without CUDA or MPS."""
    monkeypatch.setattr(profiles, "_chosen", None)
    for name in ("WORKBOOK_PROFILE", "WORKBOOK_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    present(monkeypatch)


def present(monkeypatch, *kinds):
    """Make these devices the ones that are there."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)


def test_small_is_the_default():
    assert profiles.current() == profiles.use(None) == "small"


def test_an_argument_goes_before_the_start_cell_before_the_environment(monkeypatch):
    monkeypatch.setenv("WORKBOOK_PROFILE", "full")
    assert profiles.current() == "full" and profiles.use(None) == "full"
    assert profiles.use("smoke") == "smoke" == profiles.current()
    assert profiles.current("small") == "small"
    assert profiles.use(None) == "full" == profiles.current()  # back to the environment


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("WORKBOOK_PROFILE", "")
    monkeypatch.setenv("WORKBOOK_DEVICE", "")
    assert profiles.current() == "small" and profiles.device() == "cpu"


@pytest.mark.parametrize("how", ["argument", "environment", "use"])
def test_an_unknown_profile_names_those_that_exist(how, monkeypatch):
    ask = {
        "argument": lambda: profiles.current("big"),
        "environment": profiles.current,
        "use": lambda: profiles.use("big"),
    }[how]
    if how == "environment":
        monkeypatch.setenv("WORKBOOK_PROFILE", "big")
    with pytest.raises(ProfileError, match=r"no profile 'big'. Set WORKBOOK_PROFILE or `profile=`") as error:
        ask()
    assert all(f"\n  {name}" in str(error.value) for name in ("small", "full", "smoke"))
    monkeypatch.delenv("WORKBOOK_PROFILE", raising=False)
    assert profiles.current() == "small"  # the wrong one was not kept


TABLE = {"small": {"steps": 60}, "full": {"steps": 6000}, "smoke": {"steps": 2}}


def test_choose_gives_a_copy_of_the_column():
    chosen = profiles.choose(TABLE, "full")
    assert chosen == {"steps": 6000}
    chosen["steps"] = 0
    assert TABLE["full"]["steps"] == 6000
    profiles.use("smoke")
    assert profiles.choose(TABLE) == {"steps": 2}


def test_a_table_without_a_column_says_which_to_add():
    with pytest.raises(ProfileError, match=r"no column for full, smoke: add one"):
        profiles.choose({"small": {"steps": 60}})


def test_a_column_without_a_setting_says_which_to_add():
    whole = {"steps": 1, "rate": 1, "layers": 2}
    with pytest.raises(ProfileError, match=r"lacks layers, rate for the profile 'smoke': add it there"):
        profiles.choose({"small": whole, "full": whole, "smoke": {"steps": 1}})


@pytest.mark.parametrize("kinds, best", [("", "cpu"), ("mps", "mps"), ("cuda", "cuda"), ("cuda mps", "cuda")])
def test_the_best_device_is_found(monkeypatch, kinds, best):
    present(monkeypatch, *kinds.split())
    assert profiles.device() == best
    assert profiles.device("cpu") == "cpu"
    monkeypatch.setenv("WORKBOOK_DEVICE", "cpu")
    assert profiles.device() == "cpu"


def test_one_of_several_gpus_may_be_asked_for(monkeypatch):
    present(monkeypatch, "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert profiles.device("cuda:1") == "cuda:1"


@pytest.mark.parametrize("wanted", ["cuda:2", "cuda:x", "cuda:-1"])
def test_a_gpu_beyond_the_last_names_those_that_exist(monkeypatch, wanted):
    present(monkeypatch, "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ProfileError, match=f"{wanted} was asked for, but this computer's GPUs are cuda:0 to cuda:1"):
        profiles.device(wanted)


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps"])
@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_device_that_is_not_there_says_what_to_do(monkeypatch, wanted, how):
    if how == "environment":
        monkeypatch.setenv("WORKBOOK_DEVICE", wanted)
    with pytest.raises(ProfileError, match=f"{wanted} was asked for, but PyTorch .* finds no .* device here") as error:
        profiles.device(wanted if how == "argument" else None)
    assert "(it finds: cpu)" in str(error.value) and "Unset WORKBOOK_DEVICE" in str(error.value)


def test_an_unknown_device_names_those_that_exist():
    with pytest.raises(ProfileError, match="Unknown device 'gpu': expected cuda, mps or cpu"):
        profiles.device("gpu")
