"""What a learner sees and does, in JupyterLab as `make lab` starts it and a real browser."""

from __future__ import annotations

import pytest

import browser

pytestmark = [pytest.mark.browser, pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))]


def test_first_visit() -> None:
    """`make lab` opens the start notebook; a wrong answer is diagnosed, a right one is counted; nothing is fetched."""
    from playwright.sync_api import expect

    expect.set_options(timeout=20_000)  # milliseconds, for a busy computer
    with browser.running() as lab:
        notebook = lab.open()
        expect(notebook.page.get_by_role("heading", name="Start here")).to_be_visible()
        notebook.run_all()
        verdict, row = notebook.output("ex-accuracy"), notebook.output("map").locator("tr", has_text="00_start_here")
        expect(verdict).to_contain_text("○ accuracy: not tried yet")
        expect(row).to_contain_text("0 of 1")

        notebook.replace_line("ex-accuracy", "raise NotImplementedError", "return np.diagonal(confusion).mean()")
        notebook.page.keyboard.press("Shift+Enter")
        expect(verdict).to_contain_text("✗ accuracy: not right yet")
        expect(verdict).to_contain_text(
            "you average the diagonal; divide its sum by the number of all examples instead."
        )

        notebook.replace_line("ex-accuracy", "return np.diagonal", "return confusion.trace() / confusion.sum()")
        notebook.page.keyboard.press("Shift+Enter")
        expect(verdict).to_contain_text("✓ accuracy: passes all")

        notebook.run("map")
        expect(row).to_contain_text("1 of 1")
        assert not notebook.questions()
        assert not notebook.images_without_alt()
        assert not lab.blocked
        assert not lab.errors
