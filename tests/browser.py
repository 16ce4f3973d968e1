"""JupyterLab in a real browser, for the tests of what a learner sees and for the README's picture.

    with running() as lab:
        notebook = lab.open("00_start_here")
        notebook.run_all()
        notebook.replace_line("ex-accuracy", "raise NotImplementedError", "return 0.5")
        notebook.run("ex-accuracy")

JupyterLab is started as `make lab` starts it, on a copy of the notebooks and with a home of its own, so that nothing
in the checkout or in the learner's home changes. The browser reaches this computer only; whatever else the page asks
for is noted in `lab.blocked`. As a command it renews the picture: python tests/browser.py screenshot FILE
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workbook import cli

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",  # /dev/shm is small in many containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # also what page routes do not see, like web sockets
]
LAB_FLAGS = [  # beside those of `make lab`
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",  # window.jupyterapp
    # Should the tests be killed, the server ends by itself.
    "--MappingKernelManager.cull_idle_timeout=300",
    "--MappingKernelManager.cull_interval=60",
    "--ServerApp.shutdown_no_activity_timeout=300",
]
# Every cell stays in the page, also those that are far from the visible part.
SETTINGS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer"}}
SECONDS_TO_START = 60
LOADED = """() => {
    const panel = globalThis.jupyterapp?.shell?.currentWidget, session = panel?.sessionContext;
    return panel?.content?.widgets?.length && session?.isReady && session.session?.kernel?.status === 'idle'
        && session.session.kernel.connectionStatus === 'connected'; }"""
CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
    id: cell.model.id, type: cell.model.type, count: cell.model.executionCount,
    outputs: cell.model.outputs?.toJSON() ?? [] }))"""
# JupyterLab itself writes alt="Image" where there is none.
WITHOUT_ALT = """images => images.filter(image => ['', 'Image'].includes(image.alt.trim()))
    .map(image => image.outerHTML.slice(0, 200))"""
RUN = """async index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    await jupyterapp.commands.execute('notebook:run-cell'); }"""


def missing() -> str | None:
    """What this computer lacks for tests in a browser, in a sentence, or None."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (it is in the extra `dev`)"
    if _chromium() is None:
        return "no browser found: install chromium (on Debian and Ubuntu: the package chromium)"
    return None


class Notebook:
    """A notebook that is open in the browser. Cells are named by their ids; `page` is playwright's."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def cell(self, cell_id: str) -> Locator:
        """The cell as it stands on the page, scrolled into view."""
        index = self._index(cell_id)
        self.page.evaluate("index => jupyterapp.shell.currentWidget.content.scrollToItem(index)", index)
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")

    def output(self, cell_id: str) -> Locator:
        """What the cell's output area shows."""
        return self.cell(cell_id).locator(".jp-OutputArea-output")

    def run_all(self) -> None:
        """Clear all outputs and run all cells. Raises RuntimeError at the first that does."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        self.page.evaluate("async () => { await jupyterapp.commands.execute('notebook:run-all-cells'); }")
        for cell in self._cells():
            self._raise_if_failed(cell)

    def run(self, cell_id: str) -> None:
        """Run one cell and wait for it. Raises RuntimeError where it raises."""
        index = self._index(cell_id)
        self.page.evaluate(RUN, index)
        self._raise_if_failed(self._cells()[index])

    def restart(self) -> None:
        """A fresh kernel; outputs stay."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self.page.wait_for_function(LOADED, timeout=60_000)

    def replace_line(self, cell_id: str, old: str, new: str) -> None:
        """Put the caret into the line that contains `old` and type `new` over it, keeping its indentation."""
        self.cell(cell_id).locator(".cm-line", has_text=old).click()
        self.page.keyboard.press("End")
        self.page.keyboard.press("Shift+Home")  # up to the indentation
        self.page.keyboard.type(new)

    def images_without_alt(self) -> list[str]:
        """The HTML, cut short, of every image on the page that has no alt text."""
        return self.page.locator("img").evaluate_all(WITHOUT_ALT)

    def questions(self) -> list[str]:
        """What JupyterLab itself asks or announces: the texts of its dialogs and notifications."""
        return self.page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts()

    def _cells(self) -> list[dict[str, Any]]:
        return self.page.evaluate(CELLS)

    def _index(self, cell_id: str) -> int:
        return [cell["id"] for cell in self._cells()].index(cell_id)

    def _raise_if_failed(self, cell: dict[str, Any]) -> None:
        errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
        if errors:
            raise RuntimeError(f"{cell['id']}: {errors[0]['ename']}: {errors[0]['evalue']}")
        if cell["type"] == "code" and cell["count"] is None:
            raise RuntimeError(f"{cell['id']}: was not run")


class Lab:
    """A running JupyterLab and a browser.

    blocked: addresses outside this computer that a page asked for. errors: exceptions and error messages of pages.
    """

    def __init__(self, address: str, token: str, context: BrowserContext) -> None:
        self.address, self.token, self.context = address, token, context
        self.blocked: list[str] = []
        self.errors: list[str] = []
        context.route("**/*", self._only_loopback)

    def open(self, lesson: str | None = None) -> Notebook:
        """Open a lesson, or with None what JupyterLab opens by itself, and wait until its kernel is ready."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note_error)
        page.on("websocket", lambda socket: self._is_loopback(socket.url) or self.blocked.append(socket.url))
        where = f"/lab/tree/notebooks/{lesson}.ipynb?reset&token=" if lesson else "/?token="  # reset: no other tabs
        page.goto(self.address + where + self.token, wait_until="domcontentloaded")
        page.wait_for_function(LOADED, timeout=60_000)
        return Notebook(page)

    def _only_loopback(self, route: Route) -> None:
        if self._is_loopback(route.request.url):
            route.continue_()
        else:
            self.blocked.append(route.request.url)
            route.abort()

    def _is_loopback(self, address: str) -> bool:
        return address.startswith(("data:", "blob:")) or urlsplit(address).hostname == "127.0.0.1"

    def _note_error(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@contextmanager
def running(width: int = 1280, height: int = 900, cells: dict[str, str] | None = None) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks, with a home of its own, and a browser window of this size.

    cells: id and source of code cells; they make one more notebook, to be opened by the name "cells".
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="workbook-lab-", ignore_cleanup_errors=True) as folder:
        shutil.copytree(ROOT / "notebooks", Path(folder, "notebooks"), ignore=shutil.ignore_patterns(".*"))
        if cells:
            _write_notebook(Path(folder, "notebooks", "cells.ipynb"), cells)
        with _server(Path(folder)) as (address, token), sync_playwright() as playwright:
            flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if _is_root() else [])]
            browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
            try:
                yield Lab(address, token, browser.new_context(viewport={"width": width, "height": height}))
            finally:
                browser.close()


def _write_notebook(path: Path, cells: dict[str, str]) -> None:
    from nbformat import v4, write

    written = [v4.new_code_cell(textwrap.dedent(source).strip(), id=name) for name, source in cells.items()]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    write(v4.new_notebook(cells=written, metadata={"kernelspec": kernel}), path)


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, str]]:
    """JupyterLab with `folder` as the checkout's stand-in: yields its address and token."""
    port, token = _free_port(), secrets.token_hex(16)
    flags = [*cli.lab_flags(), *LAB_FLAGS, f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    with open(folder / "lab.log", "w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *flags],
            cwd=folder,
            env=_environment(folder / "home"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the tests, which then end the server
        )
        try:
            address = f"http://127.0.0.1:{port}"
            if not _answers(f"{address}/api/status?token={token}", server):
                log.seek(0)
                raise RuntimeError(f"JupyterLab did not start:\n{log.read()[-4000:]}")
            yield address, token
        finally:
            server.terminate()  # it ends its kernels first
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _environment(home: Path) -> dict[str, str]:
    """The environment of a learner who starts JupyterLab for the first time, with nothing written outside `home`."""
    settings = home / "config" / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(SETTINGS))
    own = {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "WORKBOOK_HOME": str(home / "workbook"),
        "WORKBOOK_ROOT": str(ROOT),
        "HF_HUB_OFFLINE": "1",
    }
    return cli.lab_environment() | own


def _answers(address: str, server: subprocess.Popen) -> bool:
    """Wait until the server answers; False where it ended or does not within a minute."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(address, timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def screenshot(file: Path) -> None:
    """Take the README's picture: the start notebook with a first answer that is wrong, and what is said about it."""
    with running() as lab:
        notebook = lab.open()
        notebook.run_all()
        notebook.replace_line("ex-accuracy", "raise NotImplementedError", "return np.diagonal(confusion).mean()")
        notebook.run("ex-accuracy")
        notebook.output("ex-accuracy").get_by_text("✗").wait_for()
        notebook.cell("formula").evaluate("cell => cell.scrollIntoView({block: 'start'})")
        notebook.page.screenshot(path=file)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Renew the picture of JupyterLab that the README shows.")
    parser.add_argument("what", choices=["screenshot"])
    parser.add_argument("file", type=Path)
    if why := missing():
        sys.exit(why)
    screenshot(parser.parse_args().file)


if __name__ == "__main__":
    main()
