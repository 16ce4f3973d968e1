"""Settings for all tests: a home of their own, no hub, and nbval as strict as it can be."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
BUDGET_SECONDS = 90  # per notebook, on two cores
HOME = tempfile.TemporaryDirectory(prefix="workbook-home-")

# Before any kernel starts: learners' progress and settings must not reach the tests, nor the tests the hub.
os.environ.update(
    WORKBOOK_HOME=HOME.name,
    HF_HUB_OFFLINE="1",
    OMP_WAIT_POLICY="PASSIVE",  # as workbook sets it, which may be imported after torch here
    TQDM_DISABLE="1",
    PYTHONHASHSEED="0",
    PYDEVD_DISABLE_FILE_VALIDATION="1",
)
for name in ("WORKBOOK_PROFILE", "WORKBOOK_DEVICE", "WORKBOOK_WEIGHTS"):
    os.environ.pop(name, None)

seconds: dict[str, float] = defaultdict(float)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """For tests of matrices so small that threads cost more than they save: pytest.mark.usefixtures("one_thread")."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pytest_configure(config: pytest.Config) -> None:
    """Make the path of nbval's sanitizer independent of the folder that pytest is called from."""
    if getattr(config.option, "nbval_sanitize_with", None) == "tests/nbval_sanitize.cfg":
        config.option.nbval_sanitize_with = str(ROOT / "tests" / "nbval_sanitize.cfg")
    if config.pluginmanager.hasplugin("nbval"):
        _close_holes_of_nbval()


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Kernel messages on stderr (of libraries, about the machine) are not compared; the guards forbid stored ones."""
    if collector.path.suffix == ".ipynb" and hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notebook cells carry the marker `notebook`, so that `-m "not notebook"` leaves them out."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.notebook)
            item.add_marker(pytest.mark.filterwarnings("default"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what each notebook takes, kernel start included."""
    name = report.nodeid.split("::")[0]
    if name.endswith(".ipynb"):
        seconds[name] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every notebook's time beside its budget."""
    if seconds:
        terminalreporter.section("time per notebook")
        for name, took in sorted(seconds.items()):
            remark = "  OVER BUDGET" if took > BUDGET_SECONDS else ""
            terminalreporter.write_line(f"{name}: {took:.0f} s of {BUDGET_SECONDS} s{remark}")


def _close_holes_of_nbval() -> None:
    """nbval 0.11 lets a cell pass whose reply is an error without a traceback: a misspelt %magic, for one."""
    from nbval import kernel, plugin

    run_cell = plugin.IPyNbCell.runtest

    def await_reply(self, msg_id, timeout=None):
        self.last_status = None
        while True:
            message = self.get_message(stream="shell", timeout=timeout)
            if message["parent_header"].get("msg_id") == msg_id:
                self.last_status = message["content"]["status"]
                return

    def runtest(self):
        run_cell(self)
        failed = self.parent.kernel.last_status == "error"
        if failed != bool(self.options["check_exception"]):
            self.raise_cell_error("The cell's status was error without a traceback" if failed else "It did not raise")

    kernel.RunningKernel.await_reply = await_reply
    plugin.IPyNbCell.runtest = runtest
