"""Claims: figures with their spread, verdicts in words, and no verdict by accident."""

import numpy as np
import pytest
import torch

from workbook import profiles
from workbook.claims import claim, describe


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The small profile, whatever ran before."""
    monkeypatch.setattr(profiles, "_chosen", None)
    monkeypatch.delenv("WORKBOOK_PROFILE", raising=False)


@pytest.mark.parametrize(
    "holds, symbol, words",
    [(True, "✓", "holds here"), (False, "✗", "does not hold here"), (None, "○", "not decided at this scale")],
)
def test_the_verdict_is_a_symbol_and_words(holds, symbol, words, capsys):
    result = claim("More data helps", 0.9134, holds, note="Two seeds only.")
    assert result.holds is holds and result.verdict == words
    assert capsys.readouterr().out == (
        f"{symbol} Claim: More data helps — {words}\n  measured: ≈0.913\n  note:     Two seeds only.\n"
    )


def test_named_figures_stand_one_below_the_other(capsys):
    claim("a", {"base": 0.25, "tuned": 0.5}, True, note="One seed.")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  measured: base ≈0.250",
        "            tuned ≈0.500",
        "  note:     One seed.",
    ]


def test_the_verdict_may_be_a_function_of_the_figure():
    assert claim("a", [0.2, 0.3], lambda values: min(values) > 0.1).holds is True
    assert claim("a", 0.05, lambda value: value > 0.1).holds is False
    assert claim("a", 0.05, lambda value: None).holds is None


@pytest.mark.parametrize("holds", [np.True_, np.bool_(0)])
def test_numpys_bools_will_do(holds):
    assert claim("a", 1, holds).holds is bool(holds)


@pytest.mark.parametrize("holds", [0.93, 1, "yes", [], torch.tensor(True)], ids=repr)
def test_a_verdict_that_is_none_by_mistake_is_an_error(holds, capsys):
    with pytest.raises(TypeError, match=r"must be True, False or None, not .*: compare the figure with something"):
        claim("a", 1.0, holds)
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    "measured, text",
    [
        (0.91304, "≈0.913"),
        (3, "≈3.000"),
        (np.float32(0.5), "≈0.500"),
        (torch.tensor(0.25), "≈0.250"),
        ([0.5], "≈0.500"),
        ([0.5, 0.7, 0.9], "≈0.700 (seeds: ≈0.500 to ≈0.900)"),
        (np.array([0.5, 0.7]), "≈0.600 (seeds: ≈0.500 to ≈0.700)"),
        (torch.tensor([1.0, 3.0]), "≈2.000 (seeds: ≈1.000 to ≈3.000)"),
        ({"base": 0.25, "tuned": [0.5, 1.0]}, "base ≈0.250 · tuned ≈0.750 (seeds: ≈0.500 to ≈1.000)"),
        ("22 of 24", "22 of 24"),
    ],
    ids=repr,
)
def test_describe(measured, text):
    assert describe(measured) == text


NAN = float("nan")


@pytest.mark.parametrize("measured", [[], (), NAN, [0.5, NAN], {"a": NAN}, {}, np.array([])], ids=repr)
def test_no_figure_is_an_error_and_no_claim(measured, capsys):
    with pytest.raises(ValueError, match=r"needs at least one measured figure|is NaN"):
        claim("a", measured, True)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("how", ["argument", "start", "environment"])
@pytest.mark.parametrize("holds", [True, False, None, 0.93])
def test_the_smoke_profile_gives_no_verdict(how, holds, monkeypatch, capsys):
    if how == "start":
        profiles.use("smoke")
    if how == "environment":
        monkeypatch.setenv("WORKBOOK_PROFILE", "smoke")
    result = claim("a", 0.1, holds, note="mine", profile="smoke" if how == "argument" else None)
    assert result.holds is None and result.note == "the smoke profile measures nothing"
    assert "○" in capsys.readouterr().out
