"""The command `workbook`: lab, doctor, fetch."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import webbrowser
from pathlib import Path

from workbook import files


def lab(extra: list[str]) -> int:
    """Open JupyterLab on the start notebook; `extra` goes to JupyterLab."""
    command = [sys.executable, "-m", "jupyterlab", *lab_flags(), *extra]
    try:
        return subprocess.call(command, cwd=files.root(), env=lab_environment())
    except KeyboardInterrupt:
        return 0


def lab_environment() -> dict[str, str]:
    """The environment for JupyterLab: this Python first on the path, and settings that ask no question about news."""
    environment = dict(os.environ)
    environment["PATH"] = os.path.dirname(sys.executable) + os.pathsep + environment.get("PATH", "")
    settings = str(Path(__file__).parent / "jupyter")
    others = environment.get("JUPYTER_CONFIG_PATH")
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join([settings, others] if others else [settings])
    return environment


def lab_flags() -> list[str]:
    """What JupyterLab is told: the start page, no calls home, and what root and a computer without a browser need."""
    flags = [
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--allow-root")
    try:
        webbrowser.get()
    except webbrowser.Error:
        flags.append("--no-browser")  # the address with its token is printed all the same
    return flags


def fetch(roles: list[str]) -> int:
    """Download the full profile's models for these roles, or for all; one that can't be had doesn't stop the others."""
    from workbook.zoo import ENTRIES, WeightsError
    from workbook.zoo.loading import fetch as fetch_role

    failed = False
    for role in roles or ENTRIES:
        try:
            print(f"{role}: {fetch_role(role)}")
        except (WeightsError, KeyError) as error:
            print(f"{role}: {error.args[0]}", file=sys.stderr)
            failed = True
    return int(failed)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="workbook", description="The fine-tuning and evaluation workbook.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lab", help="open JupyterLab on the start notebook; further options go to JupyterLab")
    commands.add_parser("doctor", help="check this computer and say what to do about each fault")
    commands.add_parser("fetch", help="download the full profile's models").add_argument("roles", nargs="*")
    known, extra = parser.parse_known_args(arguments)
    if extra and known.command != "lab":
        parser.error(f"unknown: {' '.join(extra)}")
    if known.command == "lab":
        sys.exit(lab(extra))
    if known.command == "fetch":
        sys.exit(fetch(known.roles))
    from workbook.doctor import main as doctor

    sys.exit(doctor())


if __name__ == "__main__":
    main()
