"""What is written of a notebook's outputs does not depend on how a kernel happened to send them."""

from __future__ import annotations

import nbformat

from workbook.notebooks import normalise


def printed(name: str, text: str) -> nbformat.NotebookNode:
    """An output of something that was printed."""
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_what_was_printed_in_a_row_is_one_output():
    figure = nbformat.v4.new_output("display_data", data={"text/plain": "<object at 0x7f0123456789>"})
    outputs = [printed("stdout", "a\n"), printed("stdout", "b\n"), figure, printed("stdout", "c\n")]
    outputs.append(printed("stderr", "d\n"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print()", id="some-cell", outputs=outputs)])
    (cell,) = normalise(notebook).cells
    assert [output.get("text") for output in cell.outputs] == ["a\nb\n", None, "c\n", "d\n"]
    assert cell.outputs[1].data["text/plain"] == "<object at 0x0>"
    nbformat.validate(notebook)
