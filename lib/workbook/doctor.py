"""`workbook doctor`: is this computer ready, and if not, what to do about it?"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from workbook import files


@dataclass(frozen=True)
class Finding:
    """One line of the report. state: "ok", "note" (works only in part) or "fault"; `advice` says what to do."""

    what: str
    state: str
    found: str
    advice: str = ""


def check_python() -> Iterator[Finding]:
    """Python's version and whether an environment of its own is in use."""
    found = sys.version.split()[0]
    fine = (3, 11) <= sys.version_info < (3, 14)
    yield Finding(
        "Python",
        "ok" if fine else "fault",
        found,
        "" if fine else "Install Python 3.11, 3.12 or 3.13; then `make clean lab`.",
    )


def check_packages() -> Iterator[Finding]:
    """Every package of constraints.txt that the workbook names: is it there, in the pinned version?"""
    import tomllib

    root = files.root()
    project = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]
    pins = dict(
        line.split("==") for line in (root / "constraints.txt").read_text("utf8").split() if line.count("==") == 1
    )
    pins = {name.lower().replace("_", "-"): pin for name, pin in pins.items()}
    wrong = []
    for requirement in project["dependencies"]:
        name = requirement.split(">")[0].split("=")[0].split("<")[0].strip()
        try:
            installed = version(name).split("+")[0]  # 2.13.0+cpu is 2.13.0 built for the CPU
        except PackageNotFoundError:
            installed = "missing"
        if installed != pins[name.lower()]:
            wrong.append(f"{name} {installed} (expected {pins[name.lower()]})")
    advice = "Install the pinned versions again: `make clean lab`." if wrong else ""
    yield Finding(
        "packages", "fault" if wrong else "ok", "; ".join(wrong) or f"{len(project['dependencies'])} as pinned", advice
    )


def check_device() -> Iterator[Finding]:
    """What PyTorch computes on."""
    import torch

    from workbook.profiles import ProfileError, device

    try:
        name = device()
    except ProfileError as error:
        yield Finding("device", "fault", str(error), "Unset WORKBOOK_DEVICE.")
        return
    if name.startswith("cuda"):
        gigabytes = torch.cuda.get_device_properties(name).total_memory / 2**30
        yield Finding("device", "ok", f"{torch.cuda.get_device_name(name)}, {gigabytes:.0f} GB")
    else:
        yield Finding(
            "device", "ok", f"{name}, {os.cpu_count()} cores", "Enough for the small profile; full wants a GPU."
        )


def check_memory() -> Iterator[Finding]:
    """Free memory: the lessons need about 2 GB."""
    import psutil

    free = psutil.virtual_memory().available / 2**30
    enough = free >= 2
    yield Finding(
        "memory",
        "ok" if enough else "note",
        f"{free:.1f} GB free",
        "" if enough else "Close other programs or kernels: a lesson needs about 2 GB.",
    )


def check_disk() -> Iterator[Finding]:
    """Free space, and whether the learner's folder and the hub's cache can be written."""
    free = shutil.disk_usage(files.root()).free / 2**30
    yield Finding(
        "disk",
        "ok" if free >= 1 else "note",
        f"{free:.0f} GB free",
        "" if free >= 1 else "Free at least 1 GB; the full profile needs more.",
    )
    from huggingface_hub.constants import HF_HUB_CACHE

    for what, folder, variable in (("progress", files.home(), "WORKBOOK_HOME"), ("hub cache", HF_HUB_CACHE, "HF_HOME")):
        try:
            os.makedirs(folder, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder):
                pass
            yield Finding(what, "ok", str(folder))
        except OSError as error:
            yield Finding(
                what,
                "note",
                f"{folder} can't be written ({error.strerror})",
                f"Set {variable} to a folder that can be.",
            )


def check_models() -> Iterator[Finding]:
    """Every model of the small profile: is it there, and is it the one that was pinned?"""
    from workbook import zoo

    for role, (small, _) in zoo.ENTRIES.items():
        try:
            zoo.verify(small)
            yield Finding(f"model {small.name}", "ok", f"{role}, checksum right")
        except (zoo.WeightsError, OSError, ValueError) as error:
            yield Finding(f"model {small.name}", "fault", str(error), "See the sentence before.")


def check_hub() -> Iterator[Finding]:
    """Whether the model hub answers: only the full profile needs it."""
    advice = "The small profile needs no network. For full, go online once and run `workbook fetch`."
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        yield Finding("model hub", "note", "not asked, HF_HUB_OFFLINE=1 is set", advice)
        return
    try:
        socket.create_connection(("huggingface.co", 443), timeout=3).close()
        yield Finding("model hub", "ok", "reachable")
    except OSError as error:
        yield Finding("model hub", "note", f"not reachable ({error})", advice)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python, check_packages, check_device, check_memory, check_disk, check_models, check_hub,
)  # fmt: skip


def findings() -> Iterator[Finding]:
    """All findings. A check that breaks is a fault of its own and does not stop the others."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:
            yield Finding(
                check.__name__.removeprefix("check_"),
                "fault",
                f"{type(error).__name__}: {error}",
                "Reinstall: `make clean lab`.",
            )


def main() -> int:
    """Print the report; returns 1 where there is a fault, else 0."""
    symbols = {"ok": "✓", "note": "•", "fault": "✗"}
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # an old encoding without ✓ must not end the report
    faults = 0
    for finding in findings():
        faults += finding.state == "fault"
        print(f"{symbols[finding.state]} {finding.what:24s} {finding.found}")
        if finding.advice:
            print(f"  {'':24s} → {finding.advice}")
    print("Everything needed is here." if not faults else f"{faults} fault(s): see the arrows above.")
    return int(bool(faults))
