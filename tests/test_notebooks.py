"""What holds for every notebook of every lesson: the guards, and the run with all exercises solved.

The strict run with exercises untouched is nbval's: `pytest --nbval notebooks`.
"""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import nbformat
import pytest

import workbook
from workbook import lessons
from workbook.notebooks import execute, exercises_in, solve

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OPT_OUT = {"nbval-ignore-output", "nbval-skip", "raises-exception"}
MAX_LINES, MAX_OPT_OUT, MAX_KILOBYTES = 25, 0.05, 1500


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Everything that the guards find wrong with a notebook, one sentence each."""
    found, code = [], [cell for cell in notebook.cells if cell.cell_type == "code"]
    opted_out = [cell for cell in code if OPT_OUT & set(cell.metadata.get("tags", [])) or "NBVAL_" in cell.source]
    if len(opted_out) > max(1, MAX_OPT_OUT * len(code)):
        found.append(f"{len(opted_out)} of {len(code)} code cells opt out of comparison")
    for cell in opted_out:
        if not re.search(r"^# not compared: \w+", cell.source, re.MULTILINE):
            found.append(f"{cell.id}: opts out of comparison without saying why (`# not compared: ...`)")
    for cell in notebook.cells:
        if re.fullmatch(r"[0-9a-f]{8}", cell.id):
            found.append(f"{cell.id}: give the cell an id that a person can read")
    for cell in code:
        outputs = json.dumps(cell.outputs, ensure_ascii=False)
        outputs = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "data:", outputs)  # any word may occur in a picture
        if cell.source.strip() and cell.execution_count is None:
            found.append(f"{cell.id}: was never executed, so nbval would compare nothing")
        if len(cell.source.splitlines()) > MAX_LINES:
            found.append(f"{cell.id}: has more than {MAX_LINES} lines; the library is the place for long code")
        if any(output.output_type == "error" for output in cell.outputs):
            found.append(f"{cell.id}: a stored error")
        if any(output.get("name") == "stderr" for output in cell.outputs) or "Warning:" in outputs:
            found.append(f"{cell.id}: a warning or other noise on stderr")
        if re.search(r"""(^|[\s"'(=])/(root|home|tmp|Users|usr|work|opt|private)/|[A-Z]:\\\\Users""", outputs):
            found.append(f"{cell.id}: an absolute path in the output")
        if platform.node() not in ("", "localhost") and re.search(rf"\b{re.escape(platform.node())}\b", outputs):
            found.append(f"{cell.id}: this machine's name in the output")
        if '"image/png":' in outputs or "<Figure size" in outputs:
            found.append(f"{cell.id}: a picture without alt text; use show.figure")
        if re.search(r"<img (?![^>]*alt=\\\"[^\\\"]{20,})", outputs):
            found.append(f"{cell.id}: an image without a sentence of alt text")
    headings = [
        line
        for c in notebook.cells
        if c.cell_type == "markdown"
        for line in c.source.splitlines()
        if line.startswith("# ")
    ]
    if len(headings) != 1:
        found.append(f"has {len(headings)} titles (lines with a single #), expected one")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_guards(path: Path) -> None:
    """Every notebook is stored executed, clean, described and short."""
    assert not faults(nbformat.read(path, as_version=4))
    assert path.stat().st_size < MAX_KILOBYTES * 1024
    assert path.stem in [lesson.slug for lesson in lessons.LESSONS]


def _code(source: str, outputs: list | None = None, count: int | None = 1, **metadata) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source, id="some-cell", outputs=outputs or [], execution_count=count)
    cell.metadata.update(metadata)
    return cell


def _output(text: str, kind: str = "text/plain") -> list:
    return [nbformat.v4.new_output("display_data", data={kind: text})]


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        (_code("x = 1", count=None), "never executed"),
        (_code("x = 1\n" * 26), "more than 25 lines"),
        (_code("1/0", [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]), "stored error"),
        (_code("w()", [nbformat.v4.new_output("stream", name="stderr", text="hm")]), "noise on stderr"),
        (_code("w()", _output("UserWarning: careful")), "warning"),
        (_code("p", _output("see /home/ada/x")), "absolute path"),
        (_code("f", _output("aGk=", "image/png")), "without alt text"),
        (_code("f", _output('<img src="data:">', "text/html")), "without a sentence of alt text"),
        (_code("f", _output('<img alt="" src="data:">', "text/html")), "without a sentence of alt text"),
        (_code("x", tags=["nbval-ignore-output"]), "without saying why"),
    ],
)
def test_guards_find(cell: nbformat.NotebookNode, complaint: str) -> None:
    """Each guard fires on the fault it is named for, and on nothing else in a clean notebook."""
    title = nbformat.v4.new_markdown_cell("# Title", id="title")
    fine = _code("x = 1", _output('<img alt="A line that rises to the right." src="data:">', "text/html"))
    assert not faults(nbformat.v4.new_notebook(cells=[title, fine]))
    assert any(complaint in fault for fault in faults(nbformat.v4.new_notebook(cells=[title, cell])))


def _namespace() -> dict:
    """What @exercise(...) expressions of the notebooks may name."""
    from importlib import import_module

    names = {name: import_module(f"workbook.{name}") for name in workbook._MODULES}
    for package in ("datasets", "metrics", "text", "trainers", "vision", "widgets", "audio", "diffusion", "humans"):
        folder = Path(workbook.__file__).parent / package
        names |= {file.stem: import_module(f"workbook.{package}.{file.stem}") for file in folder.glob("[a-z]*.py")}
    return names


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solved_under_smoke(path: Path, tmp_path: Path) -> None:
    """With the library's source pasted into every exercise, the notebook runs and all of them pass."""
    notebook = solve(nbformat.read(path, as_version=4), _namespace())
    names = exercises_in(notebook)
    assert names, "a lesson has exercises"
    execute(notebook, path.parent, {"WORKBOOK_PROFILE": "smoke", "WORKBOOK_HOME": str(tmp_path)})
    records = {file.stem: json.loads(file.read_text()) for file in (tmp_path / "progress" / path.stem).glob("*.json")}
    assert {name: records.get(name, {}).get("state") for name in names} == dict.fromkeys(names, "passed")


@pytest.mark.notebook
def test_runs_without_network(tmp_path: Path) -> None:
    """The first lesson needs no network: in a kernel that can reach nothing but itself it runs to the end."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(self, address, *rest):\n"
        "    inet = self.family in (socket.AF_INET, socket.AF_INET6)\n"
        "    if inet and address[0] not in ('127.0.0.1', '::1', 'localhost'):\n"
        "        raise OSError(f'the network is blocked in this test: {address}')\n"
        "    return connect(self, address, *rest)\n"
        "connect, socket.socket.connect = socket.socket.connect, refuse\n"
        "def lookup(host, *rest, **others):\n"
        "    if host not in ('127.0.0.1', '::1', 'localhost', None, ''):\n"
        "        raise OSError(f'the network is blocked in this test: {host}')\n"
        "    return getaddrinfo(host, *rest, **others)\n"
        "getaddrinfo, socket.getaddrinfo = socket.getaddrinfo, lookup\n"
    )
    notebook = nbformat.read(ROOT / "notebooks" / "01_classic_fine_tuning.ipynb", as_version=4)
    probe = (
        "import socket\ntry:\n    socket.create_connection(('example.org', 80), 1)\nexcept OSError as error:\n"
        "    print(error)"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(probe, id="probe"))
    environment = {
        "PYTHONPATH": str(tmp_path),
        "WORKBOOK_PROFILE": "smoke",
        "WORKBOOK_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "0",
    }
    execute(notebook, ROOT / "notebooks", environment)
    assert "the network is blocked" in notebook.cells[-1].outputs[0].text  # the block itself works
