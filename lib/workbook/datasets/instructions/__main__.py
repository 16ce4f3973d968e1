"""`python -m workbook.datasets.instructions`: write data/instructions anew. The same seed gives the same bytes."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbook import files
from workbook.datasets.instructions.build import as_lines, build
from workbook.datasets.instructions.example import FOLDER


def main(arguments: list[str] | None = None) -> None:
    """Build every split and write one file for each."""
    parser = argparse.ArgumentParser(prog="python -m workbook.datasets.instructions", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=None, help="where to write; data/instructions if left out")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder or files.root() / "data" / FOLDER
    for split, examples in build(chosen.seed).items():
        files.write_whole(folder / f"{split}.jsonl", as_lines(examples))
        print(f"{split:>17}: {len(examples):>5} examples")


if __name__ == "__main__":
    main()
