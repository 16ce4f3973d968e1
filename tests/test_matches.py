"""Which n-grams count, shown in place; and the widget with which a translation is taken apart."""

import numpy as np
import pytest

from workbook.text.bleu import clipped_matches
from workbook.text.matches import judge_ngrams, judge_tokens, matches_html, matches_plain, show_matches
from workbook.widgets.ngram_sliders import NgramSliders

CAT = ["the cat is on the mat".split(), "there is a cat on the mat".split()]


def test_the_papers_example():
    assert judge_ngrams(["the"] * 4, CAT, 1) == ["counted", "counted", "clipped", "clipped"]
    assert judge_ngrams("the cat sat".split(), CAT, 2) == ["counted", "missing"]
    assert judge_ngrams(["the"], CAT, 2) == []


def test_as_many_count_as_bleu_counts():
    rng = np.random.default_rng(0)
    for _ in range(50):
        hypothesis, *references = (list(rng.choice(list("abc"), rng.integers(1, 9))) for _ in range(3))
        for n in (1, 2, 3):
            verdicts = judge_ngrams(hypothesis, references, n)
            assert (verdicts.count("counted"), len(verdicts)) == clipped_matches(hypothesis, references, n)


def test_a_token_has_its_best_ngrams_verdict():
    assert judge_tokens(["missing", "counted", "clipped"], 2) == ["missing", "counted", "counted", "clipped"]
    assert judge_tokens(["counted"], 1) == ["counted"]
    assert judge_tokens([], 3) == ["missing", "missing"]


def test_what_is_shown(capsys):
    plain = matches_plain("the the the <cat".split(), CAT, (1, 4))
    assert plain.splitlines() == [
        "n = 1: [the] [the] ~the~ <cat   2 of 4 count, 1 clipped",
        "n = 4: the the the <cat   0 of 1 count",
    ]
    rich = matches_html("the the the <cat".split(), CAT, (1,))
    assert rich.count("font-weight:bold") == 2 and rich.count("line-through") == 1
    assert 'aria-label="n = 1: [the] [the] ~the~ &lt;cat"' in rich and "<cat" not in rich
    show_matches(["cat"], CAT, (1, 2))  # shorter than two words
    assert capsys.readouterr().out.splitlines()[:3] == [
        "n = 1: [cat]   1 of 1 count",
        "n = 2: cat   0 of 0 count",
        "reference 1: the cat is on the mat",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"), [((["a"], [], 1), "at least one reference"), ((["a"], [["a"]], 0), "n of")]
)
def test_what_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        judge_ngrams(*arguments)
    with pytest.raises(ValueError, match="empty hypothesis"):
        show_matches([], CAT, (1,))


def texts():
    return "the cat sat on the mat", [" ".join(tokens) for tokens in CAT]


def test_the_sliders_cut_repeat_and_count():
    widget = NgramSliders(*texts(), words=2, order=1)
    assert widget.changed() == ["the", "cat"]
    assert widget.figures()["precision of 1-grams"] == "2 of 2 (without clipping 2)"
    assert widget.figures()["brevity penalty"] == "0.14 (2 words, closest reference 6)"
    before = widget.page.value
    widget.repeats.value = 2
    assert widget.changed() == ["the", "cat", "cat", "cat"] and widget.page.value != before
    assert widget.figures()["precision of 1-grams"] == "2 of 4 (without clipping 4)"
    widget.order.value = 3
    assert list(widget.figures())[:3] == [f"precision of {n}-grams" for n in (1, 2, 3)]
    widget.words.value, widget.repeats.value = 6, 0
    assert widget.figures()["brevity penalty"].startswith("1.00")
    # (5/6 · 3/5 · 1/4 · 1/6)^¼, the last one smoothed: no 4-gram matches
    assert widget.figures()["BLEU"] == "38.0"


def test_without_a_kernel_there_is_a_page_and_lines(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    widget = NgramSliders(*texts(), words=4, repeats=1)
    widget._ipython_display_()
    (bundle,) = shown
    assert bundle["text/html"] == widget.page.value and "clipped" in bundle["text/html"]
    assert bundle["text/plain"].startswith("[widget: ") and "brevity penalty" in bundle["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(hypothesis=" "), "at least one word"), (dict(references=[]), "at least one reference"),
        (dict(alt=" "), "alt text"), (dict(words=7), "1 to 6"), (dict(repeats=7), "0 to 6"), (dict(order=5), "1 to 4"),
    ],
)  # fmt: skip
def test_what_the_sliders_refuse(change, said):
    hypothesis, references = texts()
    with pytest.raises(ValueError, match=said):
        NgramSliders(**(dict(hypothesis=hypothesis, references=references) | change))
