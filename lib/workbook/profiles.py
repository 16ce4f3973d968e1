"""Which size to run at (the profile) and on what (the device).

small   embedded models, any computer, no network: the default
full    the public models that the chapter names, from the hub, for a GPU
smoke   small's path with a handful of steps and no claim to quality: for tests
"""

from __future__ import annotations

import os
from typing import Any

PROFILES = {
    "small": "embedded models, offline, minutes on any computer",
    "full": "the chapter's public models, from the hub, for a GPU",
    "smoke": "small with a handful of steps: for tests, its figures mean nothing",
}


class ProfileError(ValueError):
    """A profile or device that does not exist here."""


_chosen: str | None = None  # what the notebook's `start` asked for


def use(profile: str | None) -> str:
    """Make a profile the current one of this process, or with None go back to WORKBOOK_PROFILE; returns its name."""
    global _chosen
    name = current(profile or os.environ.get("WORKBOOK_PROFILE") or "small")
    _chosen = profile
    return name


def current(profile: str | None = None) -> str:
    """The profile in force: the argument, else what `start` chose, else WORKBOOK_PROFILE, else "small"."""
    name = profile or _chosen or os.environ.get("WORKBOOK_PROFILE") or "small"
    if name not in PROFILES:
        choices = "\n".join(f"  {known:6s} {what}" for known, what in PROFILES.items())
        raise ProfileError(f"There is no profile {name!r}. Set WORKBOOK_PROFILE or `profile=` to one of\n{choices}")
    return name


def choose(table: dict[str, dict[str, Any]], profile: str | None = None) -> dict[str, Any]:
    """The column of a lesson's settings table for a profile.

    table: {"small": {...}, "full": {...}, "smoke": {...}}; every profile has the same keys, or ProfileError names
    those that one lacks: a setting that exists under one profile only would be an `if` in disguise.
    """
    name = current(profile)
    missing = set(PROFILES) - set(table)
    if missing:
        raise ProfileError(f"The settings table has no column for {', '.join(sorted(missing))}: add one.")
    keys = set().union(*table.values())
    for column, values in table.items():
        if absent := keys - set(values):
            raise ProfileError(
                f"The settings table lacks {', '.join(sorted(absent))} for the profile {column!r}: add it there, every "
                "profile needs the same settings."
            )
    return dict(table[name])


def device(wanted: str | None = None) -> str:
    """The device to compute on: the argument, else WORKBOOK_DEVICE, else the best that is there: cuda, mps, cpu.

    Raises ProfileError where a device is asked for that this computer lacks.
    """
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    name = wanted or os.environ.get("WORKBOOK_DEVICE")
    if not name:
        return next(kind for kind, there in present.items() if there)
    kind = name.split(":")[0]
    if kind not in present:
        raise ProfileError(f"Unknown device {name!r}: expected cuda, mps or cpu.")
    if not present[kind]:
        here = ", ".join(known for known, there in present.items() if there)
        raise ProfileError(
            f"{name} was asked for, but PyTorch {torch.__version__} finds no {kind.upper()} device here (it finds: "
            f"{here}). Unset WORKBOOK_DEVICE to let the workbook choose, or see `workbook doctor`."
        )
    index = name.partition(":")[2]
    if kind == "cuda" and index and not (index.isdigit() and int(index) < torch.cuda.device_count()):
        raise ProfileError(
            f"{name} was asked for, but this computer's GPUs are cuda:0 to cuda:{torch.cuda.device_count() - 1}. Set "
            "WORKBOOK_DEVICE to one of them, or unset it to let the workbook choose."
        )
    return name


def measure(size: int = 1024, seconds: float = 0.5) -> dict[str, tuple[float, str]]:
    """What this computer can do: named figures with their units, for example {"free memory": (12.3, " GB")}.

    The speed is that of the product of two square matrices in single precision, repeated for about `seconds`.
    """
    import time

    import psutil
    import torch

    where = device()
    a = torch.randn(size, size, device=where)
    a @ a  # the first product also starts threads or the GPU
    products, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        (a @ a)[0, 0].item()  # .item() waits for the GPU to finish
        products += 1
    speed = products * 2 * size**3 / (time.perf_counter() - began)
    return {
        f"speed on {where}": (speed / 1e9, " billion operations a second"),
        "free memory": (psutil.virtual_memory().available / 2**30, " GB"),
    }
