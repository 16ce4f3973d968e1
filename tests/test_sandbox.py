"""Calls that may do anything: what comes back, and that nothing else is changed."""

import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from workbook import sandbox


@pytest.fixture
def still_running():
    """Call it for the threads of this test that have not ended, nor do within a second."""
    before = set(threading.enumerate())

    def threads():
        end = time.perf_counter() + 1
        while (left := set(threading.enumerate()) - before) and time.perf_counter() < end:
            time.sleep(0.005)
        return left

    return threads


def test_a_value_comes_back():
    outcome = sandbox.call(lambda: 7)
    assert outcome.ok and outcome.value == 7 and not outcome.called_forbidden


ERRORS = [ValueError("no"), SystemExit(1), KeyboardInterrupt(), BaseException("bare")]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_exception_comes_back_as_it_is(error):
    def function():
        raise error

    outcome = sandbox.call(function)
    assert outcome.error is error and not outcome.ok and not outcome.timed_out


def test_output_is_captured_whether_it_returns_or_not(capsys):
    def function():
        print("out")
        print("err", file=sys.stderr)
        raise ValueError

    assert sandbox.call(function).printed == "out\nerr\n"
    assert sandbox.call(lambda: print("x") or time.sleep(1), seconds=0.2).printed == "x\n"
    assert capsys.readouterr() == ("", "")
    print("back")
    assert capsys.readouterr().out == "back\n"


def test_warnings_are_off_inside_and_as_they_were_outside(recwarn):
    def function():
        warnings.warn("inside", stacklevel=1)
        warnings.simplefilter("error")

    filters = list(warnings.filters)
    assert sandbox.call(function).ok
    assert warnings.filters == filters and not recwarn


def test_a_call_that_runs_too_long_is_stopped(still_running):
    def endless():
        while True:
            pass

    began = time.perf_counter()
    outcome = sandbox.call(endless, seconds=0.2)
    assert outcome.timed_out and not outcome.ok and outcome.value is None and outcome.error is None
    assert 0.2 <= time.perf_counter() - began < 2
    assert not still_running()


def test_a_call_that_cannot_be_stopped_is_left_behind():
    over = threading.Event()

    def stubborn():
        while not over.is_set():
            try:
                over.wait(0.01)
            except:  # noqa: E722  (that is the point)
                pass
        return 1

    began = time.perf_counter()
    outcome = sandbox.call(stubborn, seconds=0.1)
    over.set()
    assert outcome.timed_out and outcome.value is None
    assert time.perf_counter() - began < 3


def test_the_time_limit_is_not_swallowed_by_except_exception(still_running):
    def swallows():
        while True:
            try:
                time.sleep(0.001)
            except Exception:
                pass

    assert sandbox.call(swallows, seconds=0.1).timed_out
    assert not still_running()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows has no signals for threads")
@pytest.mark.parametrize("after", [0.0, 0.1])
def test_the_person_who_waits_can_stop_it(after, still_running):
    """What the stop button of JupyterLab does; the thread once ran on for ever."""

    def interrupted():
        time.sleep(after)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while True:
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        sandbox.call(interrupted, seconds=5)
    assert not still_running()


def test_reaching_for_the_answer_is_seen():
    def answer():
        return 42

    def other():
        return 42

    forbidden = frozenset({answer.__code__})
    assert sandbox.call(answer, forbidden=forbidden).called_forbidden
    assert sandbox.call(lambda: max([1], key=lambda _: answer()), forbidden=forbidden).called_forbidden
    assert not sandbox.call(other, forbidden=forbidden).called_forbidden
    assert sys.getprofile() is None


def draw():
    """One number from each generator that a learner may draw from."""
    return random.random(), float(np.random.rand()), torch.rand(1).item()  # noqa: NPY002


def test_random_numbers_are_the_same_in_every_call():
    first = sandbox.call(draw).value
    draw()
    assert sandbox.call(draw).value == first


def test_the_callers_random_numbers_go_on_as_if_there_had_been_no_call():
    with sandbox.seeded(5):
        expected = [draw(), draw()]

    def draws_and_fails():
        draw()
        random.seed(9)
        torch.manual_seed(9)
        raise ValueError

    with sandbox.seeded(5):
        got = [draw()]
        sandbox.call(draws_and_fails)
        got.append(draw())
    assert got == expected
