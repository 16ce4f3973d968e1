"""Answers ranked and rated under a real mouse, finger and keyboard; the kernel is killed, and it goes on."""

from __future__ import annotations

import ast
import os
import signal

import pytest

import browser

pytestmark = [pytest.mark.browser, pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))]

CELLS = {
    "make": """
        import os
        from workbook.widgets.rank_answers import rank_answers
        colours = {"sky": "blue", "grass": "green", "snow": "white", "coal": "black", "blood": "red"}
        items = [{"id": thing, "prompt": f"What colour is {thing}?", "answers": [
            f"It is {colour}. Have a nice day!", f"{colour}", "I am sorry, I do not know that.", "Who cares?"]}
            for thing, colour in colours.items()]""",
    "rank": 'ranking = rank_answers(items, "18/me.jsonl"); ranking',
    "rate": 'rating = rank_answers(items, "18/me.jsonl", mode="rate", scale=5); rating',
    "read-rank": """
        said = ranking.judgements.records(mode="rank")
        print([(record.item, record.kind, record.ranks) for record in said], ranking.progress)""",
    "read-rate": """
        print([(said.item, said.answer, said.rating) for said in rating.judgements.records(mode="rate")])
        print(rating.progress)""",
    "read-order": "print(ranking.current.order)",
    "read-pid": "print(os.getpid())",
}


class Cards:
    """One of the two widgets: its cards, in the order in which they lie."""

    def __init__(self, notebook: browser.Notebook, cell: str) -> None:
        self.notebook, self.page = notebook, notebook.page
        self.output = notebook.output(cell)
        self.output.locator(".wb-cards").wait_for()

    def texts(self) -> list[str]:
        return self.output.locator(".wb-card .wb-text").all_inner_texts()

    def ranks(self) -> list[str]:
        return self.output.locator(".wb-card .wb-rank").all_inner_texts()

    def card(self, place: int):
        return self.output.locator(".wb-card").nth(place)

    def drag(self, place: int, to: int, how: str = "mouse", part: str = ".wb-text") -> None:
        """Drag the card at a place a little beyond the middle of the one at another place."""
        self.card(to).scroll_into_view_if_needed()
        self.card(place).scroll_into_view_if_needed()
        seen, goal = self.card(place).locator(part).bounding_box(), self.card(to).bounding_box()
        x, y = seen["x"] + 6, seen["y"] + seen["height"] / 2
        end = goal["y"] + goal["height"] / 2 + (4 if to > place else -4)
        path = [y + (end - y) * step / 6 for step in range(7)]
        (self._finger if how == "touch" else self._mouse)(x, path)

    def _mouse(self, x: float, path: list[float]) -> None:
        self.page.mouse.move(x, path[0])
        self.page.mouse.down()
        for y in path[1:]:
            self.page.mouse.move(x, y)
        self.page.mouse.up()

    def _finger(self, x: float, path: list[float]) -> None:
        devtools = self.page.context.new_cdp_session(self.page)
        for number, y in enumerate(path):
            kind = "touchMove" if number else "touchStart"
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    def shows(self, where: str, text: str) -> None:
        from playwright.sync_api import expect

        expect(self.output.locator(f".{where}")).to_contain_text(text, timeout=10_000)

    def focused(self) -> str:
        """The text of the card that has the focus."""
        return self.output.locator(".wb-card:focus .wb-text").inner_text()


def read(notebook: browser.Notebook, cell: str) -> str:
    notebook.page.wait_for_timeout(500)
    notebook.run(cell)
    return notebook.output(cell).inner_text().strip()


def number_of_cells(notebook: browser.Notebook) -> int:
    return notebook.page.locator(".jp-Notebook .jp-Cell").count()


def test_ranking_and_rating() -> None:
    """By mouse, finger and keys; undone; and after a kernel that was killed."""
    with browser.running(height=1000, cells=CELLS) as lab:
        notebook = lab.open("cells")
        notebook.run_all()
        cells = number_of_cells(notebook)
        _by_mouse(notebook)
        _by_keys(notebook)
        _by_finger(notebook)
        _ratings(notebook)
        assert number_of_cells(notebook) == cells
        _killed(notebook)
        assert not lab.blocked


def _in_own_order(order: list[int], ranks: list[int]) -> tuple[int, ...]:
    """The ranks of the cards as they first lay there, in the item's own order of answers."""
    return tuple(rank for _, rank in sorted(zip(order, ranks, strict=True)))


def _by_mouse(notebook: browser.Notebook) -> None:
    cards = Cards(notebook, "rank")
    cards.shows("wb-prompt", "What colour is sky?")
    cards.shows("wb-progress", "1 of 6")
    a, b, c, d = cards.texts()
    assert cards.ranks() == ["1", "2", "3", "4"]
    cards.drag(3, 0)
    assert cards.texts() == [d, a, b, c] and cards.focused() == d
    cards.drag(1, 2)
    assert cards.texts() == [d, b, a, c]
    cards.card(2).get_by_role("button", name="tie").click()
    assert cards.ranks() == ["1", "=2", "=2", "3"]
    cards.card(3).get_by_role("button", name="up").click()  # in between two that are tied
    assert cards.texts() == [d, b, c, a] and cards.ranks() == ["1", "=2", "=2", "=2"]
    cards.shows("wb-status", "rank 2, 3 of 4, tied with the one above")
    order = ast.literal_eval(read(notebook, "read-order"))
    cards.output.get_by_role("button", name="Save").click()
    cards.shows("wb-progress", "2 of 6")
    cards.shows("wb-status", "Saved.")
    ranks = _in_own_order(order, [2, 2, 2, 1])
    assert read(notebook, "read-rank") == f"{[('sky', 'rank', ranks)]} (1, 6)"


def _by_keys(notebook: browser.Notebook) -> None:
    cards = Cards(notebook, "rank")
    order = ast.literal_eval(read(notebook, "read-order"))
    a, b, c, d = cards.texts()
    cards.card(0).focus()
    cards.press("ArrowDown")
    assert cards.texts() == [b, a, c, d] and cards.focused() == a
    cards.press("End", "t")
    assert cards.texts() == [b, c, d, a] and cards.ranks() == ["1", "2", "=3", "=3"]
    cards.press("Shift+Tab", "Shift+Tab", "Home")  # from card to card
    assert cards.texts() == [c, b, d, a] and cards.focused() == c
    cards.press("t")
    cards.shows("wb-status", "Nothing is above")
    label = cards.card(3).get_attribute("aria-label")
    assert label.startswith("Answer A: rank 3, 4 of 4, tied with the one above.") and a in label
    cards.press("Enter")
    cards.shows("wb-progress", "3 of 6")
    assert cards.focused() == cards.texts()[0]  # the keyboard goes on where it was
    said = read(notebook, "read-rank")
    ranks = _in_own_order(order, [3, 2, 1, 3])
    assert f"('grass', 'rank', {ranks})" in said and said.endswith("(2, 6)")
    cards.card(0).focus()
    cards.press("u")
    cards.shows("wb-status", "Taken back.")
    assert cards.texts() == [c, b, a, d]  # as it was left; of two that are tied the first comes first
    assert cards.ranks() == ["1", "2", "=3", "=3"]
    cards.press("Enter")
    cards.shows("wb-progress", "3 of 6")
    cards.press("s")
    cards.shows("wb-progress", "4 of 6")
    cards.shows("wb-status", "Skipped.")
    assert "('snow', 'skip', None)" in read(notebook, "read-rank")


def _by_finger(notebook: browser.Notebook) -> None:
    cards = Cards(notebook, "rank")
    a, b, c, d = cards.texts()
    cards.drag(0, 3, "touch", ".wb-handle")
    cards.page.wait_for_timeout(200)
    assert cards.texts() == [b, c, d, a]


def _ratings(notebook: browser.Notebook) -> None:
    cards = Cards(notebook, "rate")
    cards.shows("wb-progress", "1 of 24")
    cards.card(0).focus()
    cards.press("6", "4")  # 6 lies beyond the scale, and means nothing
    cards.shows("wb-progress", "2 of 24")
    cards.output.get_by_role("button", name="2 of 5").click()
    cards.shows("wb-progress", "3 of 24")
    cards.press("u")
    cards.shows("wb-progress", "2 of 24")
    assert cards.output.locator(".wb-ratings [aria-pressed=true]").inner_text() == "2"
    cards.press("3")
    cards.shows("wb-progress", "3 of 24")
    said = ast.literal_eval(read(notebook, "read-rate").splitlines()[0])
    assert [rating for _, _, rating in said] == [4, 3]


def _killed(notebook: browser.Notebook) -> None:
    before = read(notebook, "read-rank"), read(notebook, "read-rate")
    os.kill(int(read(notebook, "read-pid")), signal.SIGKILL)
    notebook.page.locator(".jp-Dialog").wait_for()  # JupyterLab says that the kernel died, and starts another
    notebook.page.locator(".jp-Dialog button.jp-mod-accept").click()
    notebook.page.wait_for_function(browser.LOADED, timeout=60_000)
    notebook.run_all()
    assert (read(notebook, "read-rank"), read(notebook, "read-rate")) == before
    ranking, rating = Cards(notebook, "rank"), Cards(notebook, "rate")
    ranking.shows("wb-progress", "4 of 6")
    ranking.shows("wb-note", "Went on with what is saved in")
    rating.shows("wb-progress", "3 of 24")
    ranking.card(0).focus()
    ranking.press("s")
    ranking.shows("wb-progress", "5 of 6")
    ranking.press("Enter")
    ranking.shows("wb-progress", "6 of 6")
    ranking.press("Enter")
    ranking.shows("wb-status", "All done, thank you.")
    ranking.press("Enter")  # the focus is on Undo
    ranking.shows("wb-status", "Taken back.")
    ranking.press("u")
    ranking.shows("wb-progress", "5 of 6")
