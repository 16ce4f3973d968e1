"""Calling a function that may do anything: loop for ever, print, raise, reach for the answer.

The call runs in a thread of its own, so that it can be given up after a time limit on every operating system, even
where it sleeps or swallows every exception.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any


class TimeLimit(BaseException):
    """Raised inside a call that has run too long. No Exception, so that `except Exception` does not swallow it."""


@dataclass
class Outcome:
    """What a call did: its value, or the exception it raised, or that its time ran out."""

    value: Any = None
    error: BaseException | None = None
    timed_out: bool = False
    printed: str = ""
    called_forbidden: bool = False

    @property
    def ok(self) -> bool:
        """Whether the call returned."""
        return self.error is None and not self.timed_out


_left_behind: list[threading.Thread] = []  # those that could not be stopped; most end by themselves, some time


def call(function: Callable[[], Any], seconds: float = 5.0, forbidden: frozenset[CodeType] = frozenset()) -> Outcome:
    """Call `function` under a time limit, with its output captured, random numbers seeded, and warnings off.

    forbidden: code that the call should not reach; `called_forbidden` tells whether it did. The generators of random,
    numpy and torch are seeded before, and put back afterwards as they were. Never raises, but for a KeyboardInterrupt
    of the person who waits.
    """
    outcome, stream, done = Outcome(), io.StringIO(), threading.Event()
    # CPython 3.11 stands still under a profile function while an exception waits to be raised in another thread.
    watched = bool(forbidden) and not any(thread.is_alive() for thread in _left_behind)

    def watch(frame: Any, event: str, _: Any) -> None:
        if event == "call" and any(frame.f_code is code for code in forbidden):
            outcome.called_forbidden = True

    def run() -> None:
        with contextlib.suppress(TimeLimit):  # one that comes when the function has just ended
            if watched:
                sys.setprofile(watch)
            try:
                outcome.value = function()
            except BaseException as error:
                outcome.error = error
            finally:
                sys.setprofile(None)
                done.set()

    with seeded(), contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=run, daemon=True)
        try:
            thread.start()
            in_time = done.wait(seconds)  # no thread.join: if that is interrupted, CPython takes the thread for ended
        finally:  # also when the person who waits presses "stop"
            _stop(thread, done)
    if not in_time:
        return Outcome(timed_out=True, printed=stream.getvalue())
    outcome.printed = stream.getvalue()
    return outcome


def _stop(thread: threading.Thread, done: threading.Event, attempts: int = 5) -> None:
    """Ask a thread to end by raising TimeLimit in it; one that swallows it again and again is left behind."""
    for _ in range(attempts):
        if done.is_set():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeLimit))
        done.wait(0.1)
    _left_behind.append(thread)


@contextlib.contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Seed random, numpy and (where it is loaded) torch for a while, then put their states back."""
    import numpy as np

    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (the learner may use the old interface)
    if torch:
        torch.random.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch:
            torch.set_rng_state(states[2])
