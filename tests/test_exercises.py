"""The exercise mechanism: what a learner may do to it, and what they are told."""

import inspect
import linecache
import random
import textwrap
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from workbook import exercises, lessons, progress
from workbook.exercises import Case, Mistake, check, exercise, find, practice

# ------------------------------------------------------------------------------------------------ two tiny exercises


def mean(values):
    """The mean; 0 where there is nothing."""
    return sum(values) / len(values) if values else 0.0


class Tally:
    """Counts words."""

    def __init__(self, words):
        self.counts = {word: words.count(word) for word in words}

    def top(self):
        """The most frequent word; None where there is none."""
        return max(self.counts, key=self.counts.get, default=None)


def median(values):
    return float(sorted(values)[len(values) // 2]) if values else 0.0


def one_too_few(values):
    return sum(values) / (len(values) - 1) if len(values) > 1 else 0.0


def nothing_for_one(values):
    """Like one_too_few where one_too_few is wrong, and wrong for a single value in another way."""
    return one_too_few(values) if len(values) != 1 else -1.0


class LeastFrequent(Tally):
    def top(self):
        return min(self.counts, key=self.counts.get, default=None)


HINTS = ["Think of the sum.", "Divide it.", "By what? And what if that is 0?"]
MEAN = practice(
    mean,
    difficulty=1,
    minutes=5,
    cases=lambda rng: [
        Case("three values", ([1.0, 2.0, 6.0],)),
        Case("nothing at all", ([],)),
        Case("one value", ([4.0],)),
        Case("random values", (rng.normal(size=4).tolist(),)),
    ],
    mistakes=[
        Mistake(median, "That is the median: the middle value, not the mean."),
        Mistake(nothing_for_one, "A single value has no mean of -1."),
        Mistake(one_too_few, "You divide by n − 1; that is for variances."),
    ],
    hints=HINTS,
    seconds=0.4,
)
TALLY = practice(
    Tally,
    difficulty=2,
    minutes=15,
    cases=lambda rng: [
        Case("a, b, b", use=lambda tally: tally(["a", "b", "b"]).top()),
        Case("no words", use=lambda tally: tally([]).top()),
    ],
    mistakes=[Mistake(LeastFrequent, "You return the rarest word: min instead of max.")],
    hints=HINTS,
    seconds=0.4,
)


@dataclass
class Task:
    """One of the two exercises, in a notebook of its own: `run` a cell with a body for the function or method."""

    reference: Any
    header: str
    right: str
    wrong: str
    use: Any
    answer: Any
    names: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self):
        return self.reference.__name__

    def run(self, body):
        run_cell(f"@exercise(reference)\n{self.header}{textwrap.indent(body, ' ' * 8)}", self.names, self.reference)
        return self.names[self.name]

    @property
    def goes_on(self):
        """Whether the notebook's name works, whoever wrote what it stands for."""
        return self.use(self.names[self.name]) == self.answer

    @property
    def state(self):
        return progress.read("01_test", self.name).state


def run_cell(source, names, reference=None):
    """Run a cell as ipykernel does: in the notebook's names, under a file name that linecache knows."""
    file = "/tmp/ipykernel_1/7.py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names.update(exercise=exercise, reference=reference, __name__="__main__")
    exec(compile(source, file, "exec"), names)


def new_function():
    return Task(
        mean,
        "def mean(values):\n",
        "return sum(values) / len(values) if values else 0.0",
        "return 17.0",
        lambda function: function([1.0, 2.0, 6.0]),
        3.0,
    )


def new_class():
    return Task(
        Tally,
        "class Tally:\n    def __init__(self, words):\n        self.words = words\n    def top(self):\n",
        "return max(self.words, key=self.words.count, default=None)",
        "return 'nonsense'",
        lambda tally: tally(["a", "b", "b"]).top(),
        "b",
    )


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    monkeypatch.setattr(progress, "_warned", False)
    monkeypatch.setattr(lessons, "_active", "01_test")
    monkeypatch.setattr(exercises, "_hints_shown", {})


@pytest.fixture(params=[new_function, new_class], ids=["function", "class"])
def task(request):
    """Each of the two exercises in turn."""
    return request.param()


@pytest.fixture
def function():
    return new_function()


@pytest.fixture
def a_class():
    return new_class()


# -------------------------------------------------------------------------------------------- not tried, right, wrong


@pytest.mark.parametrize("body", ["raise NotImplementedError", "pass", "...", '"""Only a docstring."""', "return None"])
def test_an_untouched_stub_is_to_do(task, body, capsys):
    task.run(body)
    told = capsys.readouterr().out
    assert told.startswith(f"○ {task.name}: not tried yet (difficulty ")
    assert "Your turn" in told and ".hint()" in told
    assert task.goes_on and task.state == "not tried"


@pytest.mark.parametrize("body", ["raise NotImplementedError", "pass"])
def test_a_stub_is_to_do_where_doing_nothing_is_right_in_some_cases(body):
    def emptied(function, items):
        function(items)
        return items

    def clear(items):
        items.clear()

    cases = [Case("empty", use=lambda f: emptied(f, [])), Case("two items", use=lambda f: emptied(f, [1, 2]))]
    what = practice(clear, difficulty=1, minutes=1, cases=lambda rng: cases, mistakes=[], hints=HINTS)
    names = {}
    run_cell(f"def clear(items):\n    {body}", names)
    assert check(names["clear"], what).state == "todo"


@pytest.mark.parametrize("body", ["pass", '"""Nothing."""'])
def test_an_empty_class_is_to_do(body, capsys):
    names = {}
    run_cell(f"@exercise(reference)\nclass Tally:\n    {body}", names, Tally)
    assert capsys.readouterr().out.startswith("○ Tally: not tried yet")
    assert names["Tally"](["a"]).top() == "a"


def test_a_stub_under_a_decorator_is_to_do(function, capsys):
    function.names["torch"] = torch
    function.header = "@torch.no_grad()\n" + function.header
    function.run("pass")
    assert capsys.readouterr().out.startswith("○")


def test_a_branch_not_written_yet_is_a_failure_that_says_so(function, capsys):
    function.run("if not values:\n    raise NotImplementedError\nreturn sum(values) / len(values)")
    told = capsys.readouterr().out
    assert told.startswith("✗") and "3 of 4 cases pass" in told and "this part is not written yet" in told


def test_a_not_implemented_error_of_something_called_is_no_stub(task, capsys):
    task.names["module"] = torch.nn.Module()
    task.run("return module(1)")  # a module without forward()
    told = capsys.readouterr().out
    assert told.startswith("✗") and "raised NotImplementedError" in told
    assert task.state == "tried"


def test_the_right_answer_passes_and_is_bound(task, capsys):
    task.names["calls"] = []
    task.run(f"calls.append(1)\n{task.right}")
    assert capsys.readouterr().out.startswith(f"✓ {task.name}: passes all ")
    task.names["calls"].clear()
    assert task.goes_on and task.names["calls"] == [1]
    assert task.state == "passed"


def test_a_wrong_answer_fails_and_the_notebook_goes_on(task, capsys):
    task.run(task.wrong)
    told = capsys.readouterr().out
    assert told.startswith(f"✗ {task.name}: not right yet, 0 of {len(find(task.reference).questions())} cases pass")
    assert f"  got:       {task.wrong.removeprefix('return ')}\n" in told
    assert "problem:" not in told  # expected and got say it all
    assert f"the notebook goes on with the library's {task.name}" in told
    assert task.goes_on and task.state == "tried"


def test_the_first_case_that_fails_is_told_as_a_person_would_write_it(function, capsys):
    function.run("return sum(values) / len(values)")
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "✗ mean: not right yet, 3 of 4 cases pass. The first that does not pass:",
        "  case:      nothing at all",
        "  input:     mean([])",
        "  expected:  0.0",
        "  got:       ZeroDivisionError: division by zero",
        "  problem:   it raised ZeroDivisionError in line 3 of the cell: return sum(values) / len(values)",
        "",
        "  Until it passes, the notebook goes on with the library's mean.",
        "  mean.hint() helps, mean.solution() shows how the library does it.",
    ]


def test_the_line_that_is_told_is_the_innermost_of_the_cell(function, capsys):
    function.run("def share(part): return part / len([])\nreturn sum(share(value) for value in values)")
    assert "in line 3 of the cell: def share(part): return part / len([])" in capsys.readouterr().out


def test_what_is_told_of_arrays_lines_up():
    case = Case("two arrays", (np.zeros((2, 1)), torch.ones(2, 1)))
    assert case.question("dot").splitlines() == [
        "dot(array([[0.],",
        "           [0.]]),",
        "    tensor([[1.],",
        "            [1.]]))",
    ]
    assert Case("numbers", (1, [0.5])).question("f") == "f(1, [0.5])"


# --------------------------------------------------------------------------------------------------- known mistakes


def test_a_known_mistake_gets_exactly_its_sentence(capsys):
    verdict = check(median, MEAN)
    assert verdict.diagnosis == "That is the median: the middle value, not the mean."
    assert check(LeastFrequent, TALLY).diagnosis == "You return the rarest word: min instead of max."
    run_cell("@exercise(reference)\ndef mean(v):\n    return float(sorted(v)[len(v) // 2]) if v else 0.0", {}, mean)
    assert "  mistake:   That is the median: the middle value, not the mean.\n" in capsys.readouterr().out


def test_an_unknown_mistake_gets_none(task):
    task.run(f"def inner(x): return x\n{task.wrong}")
    assert check(lambda values: 17.0, MEAN).diagnosis is None


def test_a_mistake_that_agrees_in_the_failing_cases_is_enough():
    """Wrong as the median is for three values, and right for the random ones, where the median is wrong."""
    verdict = check(lambda v: median(v) if len(v) == 3 else sum(v) / max(1, len(v)), MEAN)
    assert verdict.diagnosis == MEAN.mistakes[0].says


def test_a_mistake_that_agrees_in_some_failing_cases_only_is_not():
    assert check(lambda v: median(v) if len(v) == 3 else 17.0, MEAN).diagnosis is None


def test_a_mistake_that_answers_where_the_learners_does_not_is_none():
    """The median for three values, and no answer for none: the median would have answered."""
    over = threading.Event()
    try:
        verdict = check(lambda v: median(v) if v else over.wait(20), MEAN)
    finally:
        over.set()
    assert "stopped in case 2 of 4" in verdict.title and verdict.diagnosis is None


def test_of_two_mistakes_that_fit_the_one_that_agrees_more_is_named():
    """Wrong for three values only: median fits, and so does any other mistake that is the median there."""
    worse = Mistake(lambda v: 2.0 if len(v) == 3 else -5.0, "worse")
    better = Mistake(lambda v: 2.0 if len(v) == 3 else mean(v), "better")

    def learners(values):
        return 2.0 if len(values) == 3 else sum(values) / max(1, len(values))

    for mistakes in ([worse, better], [better, worse]):
        what = exercises.Practice(mean, 1, 1, MEAN.cases, mistakes, HINTS)
        assert check(learners, what).diagnosis == "better"


def test_a_mistake_that_raises_is_recognised_by_its_exception():
    says = "An empty list has no length to divide by."
    what = exercises.Practice(mean, 1, 1, MEAN.cases, [Mistake(lambda v: sum(v) / len(v), says)], HINTS)
    assert check(lambda values: sum(values) / len(values), what).diagnosis == says


def test_a_mistake_made_from_the_reference_is_still_named():
    """A mistake may be written with the reference's help; a test that puts it to `check` must see it named."""
    what = exercises.Practice(mean, 1, 1, MEAN.cases, [Mistake(lambda v: 2 * mean(v), "Twice too much.")], HINTS)
    assert check(what.mistakes[0].wrong, what).diagnosis == "Twice too much."


def test_no_mistake_is_named_where_the_answers_are_right():
    """The library's version is called for the empty list, where the median is right too: that is no median."""
    reference = mean
    verdict = check(lambda v: sum(v) / len(v) if v else reference(v), MEAN)
    assert verdict.state == "failed" and verdict.diagnosis is None


# ----------------------------------------------------------------------------------------- whatever a learner may do

DOES = {
    "loops for ever": ("while True: pass", "no answer after 0.4 seconds"),
    "swallows Exception": ("while True:\n    try: [1][0]\n    except Exception: pass", "does a loop never end?"),
    "swallows everything": ("while not over():\n    try: over()\n    except: pass", "stopped in case 1 of"),
    "sleeps": ("import time\ntime.sleep(1.2)", "no answer"),
    "SystemExit": ("raise SystemExit(3)", "got:       SystemExit: 3"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "raised KeyboardInterrupt in line"),
    "a BaseException": ("class Own(BaseException): pass\nraise Own('no')", "Own: no"),
    "an error without text": ("class E(Exception):\n    def __str__(self): return 1 / 0\nraise E", "raised E in line"),
    "recursion": ("def again(): return again()\nreturn again()", "RecursionError: maximum recursion depth"),
    "wrong arguments": ("return sorted(1, 2, 3)", "TypeError: sorted expected 1 argument"),
    "no return": ("x = 1", "problem:   it returns None: is a `return` missing?"),
    "wrong type": ("return {'a': 1}", "and is a dict"),
    "an array": ("import numpy\nreturn numpy.zeros(2)", "and is a numpy array of shape (2,)"),
    "NaN": ("return float('nan')", "got:       nan"),
    "a generator": ("yield 1", "and is a generator"),
    "a hostile object": (
        "class H:\n    def __repr__(self): raise ValueError\n    __eq__ = __hash__ = None\nreturn H()",
        "got:       a H that cannot be shown",
    ),
    "itself": ("endless = []\nendless.append(endless)\nreturn endless", "got:       a list that cannot be shown"),
    "prints": ("print('first', 1)\nprint('second')\nreturn 17.0", "printed:   first 1\n             second"),
    "stderr": ("import sys\nsys.stderr.write('seen')\nreturn 17.0", "printed:   seen"),
    "warns": ("import warnings\nwarnings.warn('careful')\nreturn 17.0", "got:       17.0"),
}


@pytest.mark.parametrize("body, said", DOES.values(), ids=DOES)
def test_nothing_that_a_learner_writes_stops_the_notebook(task, body, said, capsys):
    over = threading.Event()
    task.names["over"] = over.is_set
    try:
        task.run(body)
    finally:
        over.set()  # ends the thread that swallows everything, so that it takes no time from the other tests
    out, err = capsys.readouterr()
    assert out.startswith(f"✗ {task.name}: not right yet") and said in out and not err
    assert "mistake:" not in out
    assert task.goes_on and task.state == "tried"


STDERR = "import sys; sys.stderr.write('x')"


@pytest.mark.parametrize("before", ["print('x')", STDERR, "__import__('warnings').warn('x')"])
def test_what_a_right_answer_prints_is_not_shown(task, before, capsys):
    task.run(f"{before}\n{task.right}")
    out, err = capsys.readouterr()
    assert out == f"✓ {task.name}: passes all {len(find(task.reference).questions())} cases. Yours is in use.\n"
    assert not err


def test_one_that_wakes_up_late_does_not_take_the_name_away(task):
    """A thread given up on once put the name back to what it was, after the notebook had gone on."""
    before = set(threading.enumerate())
    task.run("import time\ntime.sleep(0.8)")
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert task.goes_on


def test_one_that_never_wakes_up_does_not_hold_up_the_next(task):
    """Under CPython 3.11 it did: the next version, whatever it was, got no answer in time."""
    over = threading.Event()
    task.names["over"] = over
    try:
        task.run("over.wait(20)")
        task.run(task.right)
    finally:
        over.set()
    assert task.state == "passed"


def test_changing_the_input_is_told(function, capsys):
    function.run(f"values.append(0.0)\nvalues.pop()\nvalues.sort(reverse=True)\n{function.right}")
    told = capsys.readouterr().out
    assert "the function changed its input; work on a copy" in told and "got:       3.0" in told
    assert "input:     mean([1.0, 2.0, 6.0])" in told  # as it was before


def test_each_case_has_inputs_of_its_own():
    values = [1.0, 2.0]
    what = exercises.Practice(mean, 1, 1, lambda rng: [Case("a", (values,)), Case("b", (values,))], [], HINTS)
    assert check(lambda v: v.clear(), what).state == "failed"
    assert values == [1.0, 2.0]


def test_an_argument_that_equals_nothing_is_not_taken_for_changed():
    def draw(rng):
        return float(rng.normal())

    what = practice(
        draw,
        difficulty=1,
        minutes=1,
        cases=lambda rng: [Case("a generator", (np.random.default_rng(1),))],
        mistakes=[],
        hints=HINTS,
    )
    assert check(lambda rng: float(rng.normal()), what).state == "passed"


RECURSIVE = {
    "function": """
def mean(values):
    return values[0] + 0 * mean(values[1:]) if len(values) > 1 else sum(values)
""",
    "class": """
class Tally:
    def __init__(self, words):
        self.words = words
    def top(self):
        return Tally(self.words[:-1]).top() if len(self.words) > 1 else "".join(self.words) or None
""",
}


@pytest.mark.parametrize("kind", RECURSIVE)
def test_a_recursive_version_is_checked_itself(kind, capsys):
    """Its name still means the library's version, bound by an earlier run of the cell: that one must not answer."""
    task = {"function": new_function, "class": new_class}[kind]()
    task.run("pass")
    asked = {"function": "return mean(values)", "class": "return Tally(self.words).top()"}[kind]
    task.run(asked)
    told = capsys.readouterr().out
    assert "RecursionError" in told and "the library's own version" not in told
    run_cell("@exercise(reference)" + RECURSIVE[kind], task.names, task.reference)
    told = capsys.readouterr().out
    assert told.startswith("✗") and "the library's own version" not in told
    assert task.goes_on


@pytest.mark.parametrize("before", [{}, {"mean": "something else"}])
def test_a_check_leaves_the_notebooks_names_alone(before):
    names = dict(before)
    run_cell("def mean(values):\n    return 1.0", names)
    learners = names.pop("mean")
    names.update(before)
    check(learners, MEAN)
    assert names.get("mean") == before.get("mean") and ("mean" in names) == bool(before)


def test_a_right_recursive_version_passes_and_works_afterwards(capsys):
    def factorial(n):
        return 1 if n < 2 else n * factorial(n - 1)

    practice(factorial, difficulty=1, minutes=1, cases=lambda rng: [Case("five", (5,))], mistakes=[], hints=HINTS)
    names = {}
    cell = "@exercise(reference)\ndef factorial(n):\n    {}"
    run_cell(cell.format("pass"), names, factorial)
    run_cell(cell.format("return 1 if n < 2 else n * factorial(n - 1)"), names, factorial)
    assert "✓ factorial: passes its one case." in capsys.readouterr().out
    assert names["factorial"](6) == 720


def test_a_class_that_names_itself_in_super_works_after_it_passed(a_class):
    a_class.names["Base"] = type("Base", (), {"__init__": lambda self, words: setattr(self, "words", words)})
    run_cell(
        "@exercise(reference)\nclass Tally(Base):\n    def __init__(self, words):\n"
        f"        super(Tally, self).__init__(words)\n    def top(self):\n        {a_class.right}",
        a_class.names,
        Tally,
    )
    assert a_class.state == "passed" and a_class.goes_on


def test_calling_the_reference_is_recognised(task, capsys):
    task.names["library"] = task.reference
    task.run({"mean": "return library(values)", "Tally": "return library(self.words).top()"}[task.name])
    assert "it calls the library's own version; write the steps yourself" in capsys.readouterr().out
    assert task.state == "tried"


def test_inheriting_from_the_reference_is_recognised(capsys):
    run_cell("@exercise(library)\nclass Tally(library):\n    pass", {"library": Tally})
    assert "it calls the library's own version" in capsys.readouterr().out


def test_the_reference_itself_is_recognised(task, capsys):
    bound = exercise(task.reference)(task.reference)
    told = capsys.readouterr().out
    assert told.startswith("✗") and "this is the library's own version" in told
    assert task.use(bound) == task.answer
    exercise(task.reference)(bound)  # what an earlier run of the cell left behind
    assert capsys.readouterr().out.startswith("✗")


def test_a_reference_that_fails_its_own_case_is_loud():
    what = exercises.Practice(mean, 1, 1, lambda rng: [Case("no list", (3,))], [], HINTS)
    with pytest.raises(RuntimeError, match="library's mean fails its own case 'no list'"):
        check(lambda values: 1.0, what)


# --------------------------------------------------------------------------------------------------- random numbers


def test_the_inputs_are_the_same_at_every_check():
    seen = []
    for _ in range(2):
        check(lambda values: seen.append(tuple(values)) or mean(values), MEAN)
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]


def test_a_version_that_draws_random_numbers_draws_the_same_at_every_check():
    drawn = []
    for _ in range(2):
        check(lambda values: drawn.append((random.random(), np.random.rand(), torch.rand(1).item())), MEAN)  # noqa: NPY002
    assert drawn[: len(drawn) // 2] == drawn[len(drawn) // 2 :]


def test_the_notebooks_own_random_numbers_are_untouched(task):
    def states():
        return repr((random.getstate(), np.random.get_state(), torch.get_rng_state().tolist()))  # noqa: NPY002

    before = states()
    draws = "import random, numpy, torch; return random.random() + numpy.random.rand() + torch.rand(1)"
    for body in (task.right, draws):
        task.run(body)
    task.run("raise ValueError")
    assert states() == before


def test_cases_may_draw_from_torch():
    def identity(x):
        return x

    what = practice(
        identity,
        difficulty=1,
        minutes=1,
        cases=lambda rng: [Case("noise", (torch.randn(3),))],
        mistakes=[],
        hints=HINTS,
    )
    before = torch.get_rng_state()
    assert check(lambda x: x.clone(), what).state == "passed"
    assert torch.equal(torch.get_rng_state(), before)


# ----------------------------------------------------------------------------------------------- hints and solution


def test_hints_come_one_by_one_until_the_last(task, capsys):
    task.run(task.wrong)
    told = []
    for _ in range(len(HINTS) + 1):
        capsys.readouterr()
        task.names[task.name].hint()
        told.append(capsys.readouterr().out)
    assert told[:3] == [f"• Hint {i} of 3\n  {hint}\n" for i, hint in enumerate(HINTS, 1)]
    assert "That was the last hint" in told[3] and f"{task.name}.solution()" in told[3]
    assert all(hint in told[3] for hint in HINTS)


def test_running_the_cell_again_does_not_begin_the_hints_again(task, capsys):
    for body in (task.wrong, task.wrong, task.right):
        task.run(body)
        task.names[task.name].hint()
    told = capsys.readouterr().out
    assert [told.count(hint) for hint in HINTS] == [1, 1, 1]


@pytest.mark.parametrize("passes", [True, False])
def test_the_solution_is_the_librarys_source(task, passes, capsys):
    task.run(task.right if passes else task.wrong)
    capsys.readouterr()
    task.names[task.name].solution()
    title, source = capsys.readouterr().out.split("\n", 1)
    assert title == f"• {task.name} in the library"
    assert textwrap.dedent(source) == inspect.getsource(task.reference)


def test_what_is_bound_looks_like_what_it_stands_for(task):
    bound = task.run("raise NotImplementedError")
    assert bound.__name__ == task.name and bound.__doc__ == task.reference.__doc__
    assert not hasattr(task.reference, "hint")  # the library itself stays as it is


# --------------------------------------------------------------------------------------------------------- progress


def test_progress_is_kept(task):
    states = []
    for body in ("raise NotImplementedError", task.wrong, task.right, task.wrong):
        task.run(body)
        states.append(task.state)
    assert states == ["not tried", "tried", "passed", "passed"]
    assert progress.read("01_test", task.name).tries == 2


def test_progress_that_cannot_be_saved_is_told_once(task, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path / "file"))
    for expected in (1, 0):
        task.run(task.right)
        told = capsys.readouterr().out
        assert told.startswith("✓") and told.count("progress could not be saved") == expected
    assert task.goes_on


# ----------------------------------------------------------------------------------------------------------- finding


@pytest.mark.parametrize("reference", [median, len, 3, [], np.add, textwrap.dedent, lambda x: x], ids=str)
def test_a_reference_without_exercise_says_what_to_do(reference):
    with pytest.raises(LookupError, match=r"There is no exercise on .*`practice` beside it.*docs/"):
        exercise(reference)


def test_the_decorator_without_its_argument_says_what_to_do():
    with pytest.raises(LookupError, match="@exercise takes a function or class of the library"):

        @exercise
        def mean(values):
            raise NotImplementedError
