"""`workbook doctor` and the command line: every fault has its line, its state and something to do about it."""

import io
import os
import sys
import webbrowser

import pytest
import torch

from workbook import cli, doctor, files, zoo
from workbook.doctor import Finding
from workbook.zoo.entries import ENTRIES, TINY_BERT


def only(check, what):
    """The one finding of a check that is called `what`."""
    (finding,) = (finding for finding in check() if finding.what == what)
    return finding


@pytest.fixture
def report(monkeypatch):
    """Replaces what doctor finds by these checks."""

    def use(*checks):
        monkeypatch.setattr(doctor, "CHECKS", checks)

    return use


# ------------------------------------------------------------------------------------------------ findings


def test_this_computer_has_no_fault(monkeypatch):
    """Notes are allowed: there may be no network here, or little memory left."""
    found = list(doctor.findings())
    assert [finding for finding in found if finding.state not in ("ok", "note")] == []
    names = [finding.what for finding in found]
    assert names[:7] == ["Python", "packages", "device", "memory", "disk", "progress", "hub cache"]
    assert names[-1] == "model hub"
    assert len(names) == 8 + len(ENTRIES)
    assert all(finding.advice for finding in found if finding.state == "note")


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_python_of_another_version(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    finding = only(doctor.check_python, "Python")
    assert finding.state == "fault"
    assert "3.11, 3.12 or 3.13" in finding.advice


@pytest.mark.parametrize(
    ("name", "installed", "complaint"),
    [("peft", None, "peft missing (expected 0."), ("torch", "2.12.1", "torch 2.12.1 (expected 2.13.0)")],
)
def test_package_missing_or_of_another_version(monkeypatch, name, installed, complaint):
    real = doctor.version

    def version(asked):
        if asked != name:
            return real(asked)
        if installed is None:
            raise doctor.PackageNotFoundError(asked)
        return installed

    monkeypatch.setattr(doctor, "version", version)
    finding = only(doctor.check_packages, "packages")
    assert finding.state == "fault"
    assert finding.found.startswith(complaint)
    assert ";" not in finding.found  # nothing else is wrong
    assert "make clean lab" in finding.advice


def test_a_build_for_the_cpu_is_the_pinned_version(monkeypatch):
    real = doctor.version
    monkeypatch.setattr(doctor, "version", lambda name: real(name).split("+")[0] + "+cpu")
    assert only(doctor.check_packages, "packages").state == "ok"


def test_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("WORKBOOK_DEVICE", "cuda")
    finding = only(doctor.check_device, "device")
    assert finding.state == "fault"
    assert "finds no CUDA device" in finding.found
    assert finding.advice == "Unset WORKBOOK_DEVICE."


def test_gpu_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Some GPU")
    properties = type("Properties", (), {"total_memory": 80 * 2**30})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setenv("WORKBOOK_DEVICE", "cuda")
    assert only(doctor.check_device, "device") == Finding("device", "ok", "Some GPU, 80 GB")


@pytest.mark.parametrize(("gigabytes", "state"), [(1.9, "note"), (2.1, "ok")])
def test_memory(monkeypatch, gigabytes, state):
    free = type("Memory", (), {"available": gigabytes * 2**30})
    monkeypatch.setattr("psutil.virtual_memory", lambda: free)
    finding = only(doctor.check_memory, "memory")
    assert finding.state == state
    assert bool(finding.advice) == (state == "note")


def test_disk_nearly_full(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 2**29}))
    finding = only(doctor.check_disk, "disk")
    assert finding.state == "note"
    assert "Free at least 1 GB" in finding.advice


def test_folders_that_cannot_be_written(monkeypatch, tmp_path):
    """Below a file no folder can be made, not even by root."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "file" / "cache"))
    for what, variable in (("progress", "WORKBOOK_HOME"), ("hub cache", "HF_HOME")):
        finding = only(doctor.check_disk, what)
        assert finding.state == "note"
        assert "can't be written" in finding.found
        assert f"Set {variable} to a folder" in finding.advice


def test_writing_is_tried_without_a_trace(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path / "home"))
    assert only(doctor.check_disk, "progress").state == "ok"
    assert list((tmp_path / "home").iterdir()) == []


def test_broken_model(monkeypatch, tmp_path):
    """A checkout without its models: the packaged model is still found in order."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    finding = only(doctor.check_models, f"model {TINY_BERT.name}")
    assert finding.state == "fault"
    assert "git checkout -- data/models/tiny-bert" in finding.found
    assert finding.advice
    assert only(doctor.check_models, "model all-MiniLM-L6-v2").state == "ok"


def test_exchanged_model(monkeypatch):
    monkeypatch.setattr(files, "sha256", lambda _: "f" * 64)
    found = list(doctor.check_models())
    assert [finding.state for finding in found] == ["fault"] * len(zoo.ENTRIES)
    assert all("f" * 64 in finding.found for finding in found)


def test_hub(monkeypatch):
    connection = type("Connection", (), {"close": lambda self: None})
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(doctor.socket, "create_connection", lambda *_, **__: connection())
    assert only(doctor.check_hub, "model hub").state == "ok"

    def unreachable(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr(doctor.socket, "create_connection", unreachable)
    finding = only(doctor.check_hub, "model hub")
    assert finding.state == "note" and "timed out" in finding.found
    assert "small profile needs no network" in finding.advice


def test_hub_is_not_asked_offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(doctor.socket, "create_connection", lambda *_, **__: pytest.fail("it was asked"))
    assert only(doctor.check_hub, "model hub").state == "note"


# ------------------------------------------------------------------------------------------------ the report


def check_that_breaks():
    yield Finding("first", "ok", "found before it broke")
    raise RuntimeError("a surprise")


def check_well():
    yield Finding("last", "ok", "fine")


def check_faulty():
    yield Finding("thing", "fault", "broken", "Mend it.")


def check_noted():
    yield Finding("thing", "note", "slow", "Buy another.")


def test_a_check_that_breaks_does_not_stop_the_others(report):
    report(check_that_breaks, check_well)
    found = list(doctor.findings())
    assert [(finding.what, finding.state) for finding in found] == [
        ("first", "ok"),
        ("that_breaks", "fault"),
        ("last", "ok"),
    ]
    assert found[1].found == "RuntimeError: a surprise"
    assert found[1].advice


def test_report_without_fault(report, capsys):
    report(check_noted, check_well)
    assert doctor.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["•", "thing", "slow"]
    assert lines[1].split(maxsplit=1) == ["→", "Buy another."]
    assert lines[2].split() == ["✓", "last", "fine"]
    assert lines[-1] == "Everything needed is here."


def test_report_with_faults(report, capsys):
    report(check_faulty, check_well, check_that_breaks)
    assert doctor.main() == 1
    out = capsys.readouterr().out
    assert "✗ thing" in out and "→ Mend it." in out
    assert out.splitlines()[-1].startswith("2 fault(s)")


def test_report_to_a_file_in_an_old_encoding(report, monkeypatch):
    """Windows redirects into cp1252, which has no ✓: the report must come all the same."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", file)
    report(check_noted, check_well)
    assert doctor.main() == 0
    file.flush()
    assert b"Buy another." in file.buffer.getvalue()


# ------------------------------------------------------------------------------------------------ the command line


@pytest.mark.parametrize("code", [0, 1])
def test_doctor_sets_the_exit_code(monkeypatch, code):
    monkeypatch.setattr(doctor, "main", lambda: code)
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor"])
    assert caught.value.code == code


def test_fetch_nonsense(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["fetch", "nonsense"])
    assert caught.value.code == 1
    message = capsys.readouterr().err
    assert "no role 'nonsense'" in message and "sentence-encoder" in message
    assert "Traceback" not in message


def test_fetch_all(monkeypatch, capsys):
    monkeypatch.setattr("workbook.zoo.loading.fetch", lambda role: f"/cache/{role}")
    with pytest.raises(SystemExit) as caught:
        cli.main(["fetch"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.splitlines() == [f"{role}: /cache/{role}" for role in ENTRIES]


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["doctor", "--fast"], ["fetch", "--all"]])
def test_commands_that_do_not_exist(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: workbook" in capsys.readouterr().err


def no_browser():
    raise webbrowser.Error("could not locate runnable browser")


@pytest.mark.parametrize("browser", [True, False])
@pytest.mark.parametrize("user", [0, 1000])
def test_lab_flags(monkeypatch, user, browser):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(webbrowser, "get", object if browser else no_browser)
    flags = cli.lab_flags()
    assert ("--allow-root" in flags) == (user == 0)
    assert ("--no-browser" in flags) == (not browser)
    assert any("00_start_here.ipynb" in flag for flag in flags)


def test_lab_flags_on_windows(monkeypatch):
    monkeypatch.delattr(os, "geteuid", raising=False)
    assert "--allow-root" not in cli.lab_flags()


def test_lab_runs_in_the_checkout_with_this_python(monkeypatch):
    called = {}
    monkeypatch.setattr(cli.subprocess, "call", lambda command, **how: called.update(command=command, **how) or 3)
    with pytest.raises(SystemExit) as caught:
        cli.main(["lab", "--port=9999", "--no-browser"])
    assert caught.value.code == 3
    assert called["command"][:3] == [sys.executable, "-m", "jupyterlab"]
    assert called["command"][-2:] == ["--port=9999", "--no-browser"]
    assert called["cwd"] == files.root()
    assert called["env"]["PATH"].split(os.pathsep)[0] == os.path.dirname(sys.executable)


def test_lab_ends_quietly_on_ctrl_c(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(cli.subprocess, "call", interrupted)
    assert cli.lab([]) == 0
