"""What is shown: plain in a terminal, HTML in a notebook, and nothing that a caller writes is taken for HTML."""

import base64
import configparser
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest

from workbook import show

HOSTILE = """<b>&amp; "it's" </td></pre>"""


@pytest.fixture
def notebook(monkeypatch):
    """Pretend to be in a notebook; what is displayed is collected."""
    shown = []
    monkeypatch.setattr(show, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append((data, raw)))
    return shown


class Page(HTMLParser):
    """The tags of a piece of HTML, their attributes, and its text, as a browser would read them."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def rich(notebook):
    """The one thing that was displayed, as a page; and its plain form."""
    ((data, raw),) = notebook
    assert raw and set(data) == {"text/plain", "text/html"}
    return Page(data["text/html"]), data["text/plain"]


def test_measured_numbers():
    assert show.about(0.91304) == "≈0.913" and show.about(0.5, 1, "%") == "≈0.5%" and show.about(-2, 0) == "≈-2"
    assert show.about_interval((0.812, 0.858), 2) == "≈0.81 … ≈0.86"
    assert show.about('he said "no”\nand left') == '≈“he said "no"\nand left”'


def test_what_was_measured_is_not_compared_and_all_else_is():
    """The test suite's rules blank what `about` writes, and leave the words around it."""
    rules = configparser.ConfigParser(interpolation=None)
    rules.read(Path(__file__).parent / "nbval_sanitize.cfg")

    def blanked(text):
        for name in rules.sections():
            text = re.sub(rules[name]["regex"], rules[name]["replace"], text)
        return text

    one, other = (f"followed {show.about(n)} of 78, {show.about(n, 0, ' %')}" for n in (0.5, 12.25))
    assert blanked(one) == blanked(other) and blanked(one).startswith("followed ≈ of 78")
    one, other = (f"said {show.about(text)} and went" for text in ("yes", 'A fox.\n"Why”?'))
    assert blanked(one) == blanked(other) == "said ≈ and went"
    assert blanked("said “yes”") != blanked("said “no”")


@pytest.mark.parametrize("kind, symbol", [("good", "✓"), ("bad", "✗"), ("todo", "○"), ("info", "•")])
def test_a_note_carries_its_symbol(kind, symbol, capsys, notebook, monkeypatch):
    show.note(kind, "Title", ["line", "  as typed\n\nbelow", ""])
    page, plain = rich(notebook)
    assert plain == f"{symbol} Title\n  line\n    as typed\n\n  below\n"
    assert page.texts == [symbol, " Title", "line\n  as typed\n\nbelow\n"]
    monkeypatch.setattr(show, "in_notebook", lambda: False)
    show.note(kind, "Title")
    assert capsys.readouterr().out == f"{symbol} Title\n"
    assert len(notebook) == 1


def test_a_note_is_escaped(notebook):
    show.note("good", HOSTILE, [HOSTILE])
    page, plain = rich(notebook)
    assert [tag for tag, _ in page.tags] == ["div", "strong", "span", "pre"]
    assert page.texts == ["✓", f" {HOSTILE}", HOSTILE]
    assert plain == f"✓ {HOSTILE}\n  {HOSTILE}"


def test_an_unknown_kind_of_note_is_an_error():
    with pytest.raises(KeyError):
        show.note("warning", "x")


def test_a_table_in_a_terminal(capsys):
    show.table([["a", 1], ["long name", None]], ["name", "count"], "Counts")
    assert capsys.readouterr().out == "Counts\nname       count\n---------  -----\na          1\nlong name  None\n"
    show.table([], ["name"])
    assert capsys.readouterr().out == "name\n----\n"


def test_a_table_in_a_notebook_is_escaped(notebook):
    show.table([[HOSTILE, 1]], [HOSTILE, "n"], HOSTILE)
    page, _ = rich(notebook)
    names = [tag for tag, _ in page.tags]
    assert names == ["table", "caption", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert page.texts == [HOSTILE, HOSTILE, "n", HOSTILE, "1"]
    assert all(attrs["scope"] == "col" for tag, attrs in page.tags if tag == "th")


def test_a_ragged_table_names_the_row():
    with pytest.raises(ValueError, match=r"Row 1 of the table has 1 cells, its header 2: \['x'\]"):
        show.table([["a", "b"], ["x"]], ["one", "two"])


def test_texts_side_by_side(capsys):
    show.side_by_side({"before": ["a", "b"], "after": ["c", "d"]})
    assert capsys.readouterr().out.split() == ["before", "after", "------", "-----", "a", "c", "b", "d"]
    with pytest.raises(ValueError, match=r"The columns differ in length: {'before': 1, 'after': 2}"):
        show.side_by_side({"before": ["a"], "after": ["c", "d"]})


def test_a_figure_has_alt_text_and_is_closed(notebook):
    fig = plt.figure(figsize=(1, 1))
    show.figure(fig, HOSTILE, width=300)
    page, plain = rich(notebook)
    ((tag, attrs),) = page.tags
    assert tag == "img" and attrs["alt"] == HOSTILE and attrs["width"] == "300"
    kind, data = attrs["src"].split(",")
    assert kind == "data:image/png;base64" and base64.b64decode(data).startswith(b"\x89PNG")
    assert plain == f"[figure: {HOSTILE}]"
    assert not plt.fignum_exists(fig.number)


def test_a_figure_in_a_terminal_is_its_alt_text(capsys):
    show.figure(plt.figure(figsize=(1, 1)), "A line that rises.")
    assert capsys.readouterr().out == "[figure: A line that rises.]\n"


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_alt_text_is_an_error(alt):
    fig = plt.figure()
    with pytest.raises(ValueError, match="needs alt text: say in a sentence what it shows"):
        show.figure(fig, alt)
    plt.close(fig)


@pytest.mark.parametrize("shell, there", [(None, False), (SimpleNamespace(), False), (SimpleNamespace(kernel=1), True)])
def test_a_notebook_is_a_shell_with_a_kernel(monkeypatch, shell, there):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert show.in_notebook() is there


def test_without_ipython_there_is_no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert show.in_notebook() is False


def test_a_strip_of_tokens_keeps_every_token_in_its_order():
    fig = show.token_strip(["a", "$b", "c" * 60, "d" * 40], [False, True, False, True], "Title")
    (axis,) = fig.axes
    drawn = {text.get_text(): text for text in axis.texts}
    assert list(drawn) == ["a", "$b", "c" * 60, "d" * 40]
    assert [text.get_weight() for text in axis.texts] == ["normal", "bold", "normal", "bold"]
    assert [text.get_position()[1] for text in axis.texts] == [0, 0, 0, -1]  # the last no longer fits into the line
    fig.canvas.draw()
    plt.close(fig)
    with pytest.raises(ValueError):
        show.token_strip(["a", "b"], [True], "Title")
    plt.close("all")
