"""When two answers are the same, and what is said where they are not."""

import math
from collections import Counter, UserDict, defaultdict, namedtuple
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.compare import clip, difference, short


@dataclass
class Box:
    label: str
    corners: np.ndarray


Pair = namedtuple("Pair", "a b")
NAN = math.nan
SAME = [
    (1, 1.0),
    (0.5, np.float32(0.5)),
    (0.5, np.array(0.5)),
    (0.5, torch.tensor(0.5, requires_grad=True)),
    (1e9, 1e9 + 1),
    (0.0, 1e-7),
    (NAN, float("nan")),
    (math.inf, np.inf),
    (1 + 2j, np.complex64(1 + 2j)),
    (True, np.bool_(True)),
    (np.array([True, False]), np.array([True, False])),
    (np.array([1, 2]), np.array([1.0, 2.0])),
    (np.array([NAN, 1.0]), np.array([NAN, 1.0])),
    (np.array(["a"]), np.array(["a"])),
    (np.zeros((0, 4)), np.zeros((0, 4))),
    (torch.tensor([0.5]), torch.tensor([0.5], dtype=torch.bfloat16)),
    (torch.tensor([1, 2]), torch.nn.Parameter(torch.tensor([1.0, 2.0]))),
    (torch.tensor([1 + 2j]), torch.tensor([1 - 2j]).conj()),
    (torch.tensor([True]), torch.tensor([True])),
    ("a", "a"),
    (b"a", b"a"),
    (None, None),
    ({1, 2}, {2, 1}),
    ([1.0, [2.0, "x"]], [1.0 + 1e-9, [2.0, "x"]]),
    ((1, 2), (1, 2)),
    ({"a": np.ones(2)}, {"a": np.ones(2)}),
    ({"a": 1}, Counter("a")),
    ({"a": 1}, defaultdict(int, a=1)),
    (Box("cat", np.ones(4)), Box("cat", np.ones(4) + 1e-9)),
]
DIFFERENT = [
    (1.0, 1.1, "the result should be 1.0, and is 1.1"),
    (0.5, NAN, "the result should be 0.5, and is nan"),
    (NAN, 0.5, "the result should be nan, and is 0.5"),
    (1.0, -math.inf, "the result should be 1.0, and is -inf"),
    (1234567.0, 1234571.0, "the result should be 1234567.0, and is 1234571.0"),  # alike to six digits
    (Fraction(1, 2), Fraction(1, 3), "the result should be Fraction(1, 2), and is Fraction(1, 3)"),
    (1 + 2j, 1 - 2j, "the result should be (1+2j), and is (1-2j)"),
    (True, 0.7, "the result should be True, and is 0.7"),
    (1, "1", "the result should be a number, and is a str"),
    (1, None, "the result should be a number, and is None"),
    (1, np.ones(2), "the result should be a number, and is a numpy array of shape (2,)"),
    (1, torch.ones(2, 1), "the result should be a number, and is a torch tensor of shape (2, 1)"),
    (np.ones(2), [1.0, 1.0], "the result should be a numpy array, and is a list"),
    (np.ones(2), torch.ones(2), "the result should be a numpy array, and is a torch tensor of shape (2,)"),
    (torch.ones(2), np.ones(2), "the result should be a torch tensor, and is a numpy array of shape (2,)"),
    (torch.tensor(1.0), 1.0, "the result should be a torch tensor, and is a number"),
    (np.ones(2), np.ones((2, 1)), "the result should have the shape (2,), and has (2, 1)"),
    (np.zeros((2, 2)), np.eye(2), "the result[0, 0] should be 0.0, and is 1.0 (2 of 4 entries differ)"),
    (np.zeros(3), np.array([0, 0, 2]), "the result[2] should be 0.0, and is 2"),
    (torch.tensor([1 + 2j]), torch.tensor([1 - 2j]), "the result[0] should be (1+2j), and is (1-2j)"),
    (torch.tensor([True]), torch.tensor([False]), "the result[0] should be True, and is False"),
    (np.array(["a", "b"]), np.array(["a", "c"]), "the result[1] should be 'b', and is 'c'"),
    (np.array([1.0]), np.array([None]), "the result[0] should be 1.0, and is None"),
    ([1, 2], [1, 2, 3], "the result should have 2 members, and has 3"),
    ([1, 2], (1, 2), "the result should be a list, and is a tuple"),
    ((1, 2), Pair(1, 2), "the result should be a tuple, and is a Pair"),
    ([[1.0], [2.0]], [[1.0], [2.5]], "the result[1][0] should be 2.0, and is 2.5"),
    ({"a": 1, "b": 2}, {"a": 1}, "the result lacks the key 'b'"),
    ({"a": 1, "b": 2, "c": 3}, {}, "the result lacks the key 'a', and 2 more"),
    ({}, {"a": 1, "b": 2}, "the result should not have the key 'a', and 1 more"),
    ({"a": {"b": 1}}, {"a": {"b": 2}}, "the result['a']['b'] should be 1, and is 2"),
    ({}, UserDict(), "the result should be a dict, and is a UserDict"),
    (Box("cat", np.ones(4)), Box("dog", np.ones(4)), "the result.label should be 'cat', and is 'dog'"),
    (
        Box("cat", np.ones(4)),
        Box("cat", np.zeros(4)),
        "the result.corners[0] should be 1.0, and is 0.0 (4 of 4 entries differ)",
    ),
    ("abc", "abd", "the result should be 'abc', and is 'abd'"),
    ({1, 2}, {1}, "the result should be {1, 2}, and is {1}"),
    ([], (i for i in ()), "the result should be a list, and is a generator"),
]


@pytest.mark.parametrize("expected, got", SAME, ids=repr)
def test_same(expected, got):
    assert difference(expected, got) is None


@pytest.mark.parametrize("expected, got, said", DIFFERENT, ids=repr)
def test_different(expected, got, said):
    assert difference(expected, got) == said


def test_the_tolerance_is_absolute_and_relative():
    assert difference(0.0, 0.009, 0.01) is None and difference(0.0, 0.011, 0.01)
    assert difference(1000.0, 1009.0, 0.01) is None and difference(1000.0, 1011.0, 0.01)
    assert difference(np.ones(2), np.ones(2) + 1e-12, 0.0)


class Hostile:
    """Nothing can be done with it."""

    __hash__ = None

    def __eq__(self, other):
        raise ValueError

    def __repr__(self):
        raise ValueError


def test_what_cannot_be_compared_or_shown_is_different():
    said = "the result cannot be compared with a Hostile that cannot be shown (ValueError)"
    assert difference(Hostile(), Hostile()) == said
    assert difference([Hostile()], [Hostile()])
    endless = []
    endless.append(endless)
    assert short(endless) == "a list that cannot be shown"
    assert difference([[1]], endless)


@pytest.mark.parametrize(
    "value, text",
    [
        (1, "1"),
        (1.0, "1.0"),
        (1 / 3, "0.333333"),
        (1e7, "1e+07"),
        (1e-9, "1e-09"),
        (NAN, "nan"),
        (-math.inf, "-inf"),
        (np.float64(0.5), "0.5"),
        (np.int64(3), "3"),
        (np.str_("a"), "'a'"),
        ([1 / 3, (2.0,), {"a": np.float32(0.5)}], "[0.333333, (2.0,), {'a': 0.5}]"),
        ((), "()"),
        (Pair(1, 2), "Pair(a=1, b=2)"),
        (np.array([1, 2]), "array([1, 2])"),
        (np.array([1 / 3]), "array([0.333333])"),
        (np.zeros((0, 4)), "array([], shape=(0, 4))"),
        (torch.tensor([[1.0, 2.0]]), "tensor([[1., 2.]])"),
        (torch.tensor([True]), "tensor([ True])"),
        (torch.tensor(2.0), "tensor(2.)"),
        (np.zeros((20, 20)), None),
    ],
    ids=repr,
)
def test_short(value, text):
    if text is None:
        assert short(value).endswith("shape=(20, 20))")
    else:
        assert short(value) == text


leaves = st.floats() | st.text() | st.integers()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@settings(max_examples=50)
@given(values)
def test_anything_equals_itself_and_can_be_shown(value):
    assert difference(value, value) is None
    assert len(short(value, 40)) <= 40


def test_clip():
    assert clip("abc", 3) == "abc" and clip("abcd", 3) == "ab…"
    assert short([0] * 10_000, 20) == "[0, 0, 0, 0, 0, 0, …"
