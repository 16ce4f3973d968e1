"""What a lesson puts on the page: figures with alt text, tables, texts side by side, notes.

Everything is shown twice, as HTML for the notebook and as plain text for a terminal, a screen reader or a diff, and
nothing is said by colour alone. A number that was *measured* is written with `about`, for example ≈0.913: on another
computer its last digits may differ, and the test suite knows not to compare it.
"""

from __future__ import annotations

import base64
import html
import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

NOTES = {  # kind: (symbol, colour of the bar); the symbol carries the meaning, the colour repeats it
    "good": ("✓", "#1a7f37"),
    "bad": ("✗", "#b35900"),
    "todo": ("○", "#57606a"),
    "info": ("•", "#0969da"),
}


def about(value: float | str, digits: int = 3, unit: str = "") -> str:
    """A measured number as text: about(0.91304) is '≈0.913', about(0.5, 1, '%') is '≈0.5%'.

    A text that a trained model wrote is as uncertain: about("a fox") is '≈“a fox”'.
    """
    if isinstance(value, str):
        return "≈“{}”".format(value.replace("”", '"'))  # the closing mark must come last, for the test suite
    return f"≈{value:.{digits}f}{unit}"


def about_interval(interval: Sequence[float], digits: int = 3) -> str:
    """A measured interval as text: '≈0.81 … ≈0.86'."""
    low, high = interval
    return f"{about(low, digits)} … {about(high, digits)}"


def in_notebook() -> bool:
    """Whether a Jupyter kernel is running this code (in JupyterLab, VS Code, nbconvert or nbval)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def both(plain: str, rich: str) -> None:
    """Show the HTML `rich` in a notebook, and `plain` wherever HTML is not rendered."""
    if in_notebook():
        from IPython.display import display

        display({"text/plain": plain, "text/html": rich}, raw=True)
    else:
        print(plain)


def note(kind: str, title: str, lines: Iterable[str] = ()) -> None:
    """A short message with a symbol: kind is "good", "bad", "todo" or "info". Further lines are kept as typed."""
    symbol, colour = NOTES[kind]
    body = [line for text in lines for line in str(text).splitlines() or [""]]
    plain = "\n".join([f"{symbol} {title}", *(f"  {line}".rstrip() for line in body)])
    rest = f'<pre style="margin:4px 0 0 0;white-space:pre-wrap">{html.escape(chr(10).join(body))}</pre>' if body else ""
    rich = (
        f'<div style="border-left:4px solid {colour};padding:4px 10px;margin:4px 0">'
        f'<strong><span style="color:{colour}">{symbol}</span> {html.escape(title)}</strong>{rest}</div>'
    )
    both(plain, rich)


def table(rows: Sequence[Sequence[Any]], header: Sequence[str], caption: str = "") -> None:
    """A table. rows: sequences of cells as long as `header`; a cell is shown by str().

    Raises ValueError where a row has another number of cells than the header.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    for number, row in enumerate(cells):
        if len(row) != len(header):
            raise ValueError(f"Row {number} of the table has {len(row)} cells, its header {len(header)}: {row}")
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    ruled = [header, ["-" * width for width in widths], *cells]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in ruled]
    plain = "\n".join(([caption] if caption else []) + lines)
    title = f'<caption style="text-align:left;font-weight:bold">{html.escape(caption)}</caption>' if caption else ""
    left = 'style="text-align:left;vertical-align:top"'
    lined = 'style="text-align:left;vertical-align:top;white-space:pre-line"'  # keeps a text's own lines
    head = "".join(f'<th scope="col" {left}>{html.escape(name)}</th>' for name in header)
    marked = [
        [f"<td {lined if len(cell.splitlines()) > 1 else left}>{html.escape(cell)}</td>" for cell in row]
        for row in cells
    ]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in marked)
    both(plain, f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def side_by_side(columns: dict[str, Sequence[str]], caption: str = "") -> None:
    """Texts beside each other, one column per key, one row per text. The columns must be equally long."""
    lengths = {name: len(texts) for name, texts in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"The columns differ in length: {lengths}")
    table(list(zip(*columns.values(), strict=True)), list(columns), caption)


def figure(fig: Any, alt: str, width: int | None = None) -> None:
    """Show a Matplotlib figure with alt text and close it.

    alt: one or two sentences that say what the picture shows, for whoever cannot see it. Matplotlib's own output has
    no place for it: JupyterLab drops the metadata that could hold it, so the picture goes into an HTML image.
    """
    if not alt.strip():
        raise ValueError("A figure needs alt text: say in a sentence what it shows.")
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(fig)
    source = base64.b64encode(buffer.getvalue()).decode()
    size = f' width="{width}"' if width else ""
    image = f'<img alt="{html.escape(alt, quote=True)}"{size} src="data:image/png;base64,{source}">'
    both(f"[figure: {alt}]", image)


def token_strip(pieces: Sequence[str], marked: Sequence[bool], title: str, columns: int = 88) -> Any:
    """A Matplotlib figure of tokens as boxes, line after line; the marked ones are blue and bold. Show it by `figure`.

    columns: about so many letters stand in a line. Raises ValueError where `marked` is not as long as `pieces`.
    """
    import matplotlib.pyplot as plt

    places, across, down = [], 0.0, 0
    for piece in pieces:
        width = len(piece) + 1.5
        if across and across + width > columns:
            across, down = 0.0, down + 1
        places.append((across, -down))
        across += width
    fig, axis = plt.subplots(figsize=(10, 0.7 + 0.36 * (down + 1)))
    for (x, y), piece, counts in zip(places, pieces, marked, strict=True):
        box = dict(facecolor="#4c78a8" if counts else "#eeeeee", edgecolor="#888888", boxstyle="round,pad=0.2")
        style = dict(color="white", weight="bold") if counts else dict(color="#444444")
        axis.text(x, y, piece, bbox=box, fontsize=9, family="monospace", parse_math=False, **style)
    axis.set(xlim=(-1, columns), ylim=(-down - 0.6, 0.8), title=title)
    axis.axis("off")
    return fig


def progress_bar(total: int, label: str, unit: str = "step", start: int = 0) -> Any:
    """A tqdm bar that disappears when it is closed; TQDM_DISABLE=1 shows none (tqdm's notebook bars ignore that)."""
    from tqdm.auto import tqdm

    hidden = bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(total=total, initial=start, desc=label, unit=unit, leave=False, disable=hidden)
