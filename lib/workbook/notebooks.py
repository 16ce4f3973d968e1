"""Running notebooks from outside: storing them with fresh outputs, and solving their exercises for the tests.

    python -m workbook.notebooks notebooks/*.ipynb        (that is `make notebooks`)

A second run without a change leaves the files as they were, but for the last digits of what was measured.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from workbook import files

CELL_SECONDS = 120
# Progress bars and live curves would not be the same twice; the seed of hash() orders sets.
STORED = {"TQDM_DISABLE": "1", "PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
EXERCISE = re.compile(r"^@exercise\((?P<reference>.+)\)\n(?:def|class) (?P<name>\w+)", re.MULTILINE)


def execute(notebook: Any, folder: Path, environment: dict[str, str] | None = None) -> Any:
    """Run all cells of a notebook (an nbformat object) in a fresh kernel; returns it with outputs.

    Raises nbclient's CellExecutionError at the first cell that raises, CellTimeoutError after 120 s in one cell.
    """
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False, store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    return client.execute(env={**os.environ, **STORED, **(environment or {})})


def normalise(notebook: Any) -> Any:
    """Strip what differs from run to run and says nothing: metadata, stderr, widget views, object addresses."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter")}
        cell.metadata = type(cell.metadata)(kept)
        cell.source = cell.source.rstrip()
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
        for output in cell.get("outputs", []):
            if "data" in output:
                output["metadata"] = {}
                output.data.pop("application/vnd.jupyter.widget-view+json", None)
                if "text/plain" in output.data:
                    output.data["text/plain"] = re.sub(r"0x[0-9a-f]{6,}", "0x0", output.data["text/plain"])
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs in which what was printed in a row is one: how a kernel cuts it up differs from run to run."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream" and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def store(path: Path) -> float:
    """Execute a notebook and write it with its outputs, whole or not at all; returns the seconds it took.

    It runs in an empty home, where no exercise is passed and no mask is painted yet, as it will for a new learner.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="workbook-home-") as home:
        execute(notebook, path.parent, {"WORKBOOK_HOME": home})
    nbformat.validate(normalise(notebook))
    files.write_whole(path, nbformat.writes(notebook) + "\n")
    return time.perf_counter() - began


def exercises_in(notebook: Any) -> list[str]:
    """The names of a notebook's exercises, in order."""
    return [
        found["name"] for cell in notebook.cells if cell.cell_type == "code" for found in [_exercise(cell)] if found
    ]


def _exercise(cell: Any) -> re.Match[str] | None:
    return EXERCISE.search(cell.source)


def solve(notebook: Any, namespace: dict[str, Any]) -> Any:
    """The notebook with every exercise solved: the library's source in the place of each stub.

    namespace: what the expressions in @exercise(...) may use, for example {"metrics": workbook.metrics}.
    """
    for cell in notebook.cells:
        found = _exercise(cell) if cell.cell_type == "code" else None
        if found:
            source = inspect.getsource(eval(found["reference"], namespace))  # our own notebooks, in our own tests
            source = re.sub(r"^(def|class) \w+", rf"\1 {found['name']}", source, count=1)
            cell.source = f"from __future__ import annotations\n@exercise({found['reference']})\n{source}"
    return notebook


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m workbook.notebooks", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    for path in parser.parse_args().paths:
        print(f"{path.name} ...", end=" ", flush=True)
        print(f"{store(path):.0f} s")


if __name__ == "__main__":
    main()
