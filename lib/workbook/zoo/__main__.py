"""`python -m workbook.zoo list` and `python -m workbook.zoo build NAME`: the embedded models and their recipes."""

from __future__ import annotations

import argparse
from importlib import import_module

from workbook.zoo.entries import ENTRIES, RECIPES


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m workbook.zoo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="roles and their models")
    commands.add_parser("build", help="train an embedded model anew").add_argument("name", choices=sorted(RECIPES))
    args = parser.parse_args()
    if args.command == "build":
        import_module(f"workbook.zoo.{RECIPES[args.name].recipe}").build(args.name)
        return
    for role, (small, full) in ENTRIES.items():
        print(f"{role:20s} small: {small.name:20s} full: {full.name}")


if __name__ == "__main__":
    main()
