"""BLEU and chrF against sacrebleu, the tokenizers against sacrebleu's, intervals and the paired test."""

import math
import random

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.metrics.bleu import _get_tokenizer
from sacrebleu.significance import PairedTest

from workbook.text.bleu import (
    SMOOTHING,
    bleu_score,
    bleu_statistics,
    brevity_penalty,
    clipped_matches,
    closest_length,
    corpus_bleu,
    ngrams,
    sentence_bleu,
    smoothed_precisions,
)
from workbook.text.chrf import chrf_score, chrf_statistics, corpus_chrf, sentence_chrf
from workbook.text.intervals import compare, corpus_interval, paired_bootstrap
from workbook.text.tokenize import TOKENIZERS

HOSTILE = [*"..,,--0059aB é&<>'\"\n\t$€…«»ाक你🙂½²;:!?/\\_#İß-", "\u00a0", "\u200b", "\x1c", "\u2028", "e\u0301"]
PIECES = ["&quot;", "&amp;lt;", "&amp;", "<skipped>", "-\n", "3.5", "1,000", "10-12", "e.g.", "...", "(x)", "\r\n"]


def hostile_text(rng, longest=14):
    return "".join(
        rng.choice(PIECES) if rng.random() < 0.1 else rng.choice(HOSTILE) for _ in range(rng.randint(0, longest))
    )


def words(rng, vocabulary, longest):
    return " ".join(rng.choices(vocabulary, k=rng.randint(0, longest)))


def any_text(rng):
    """Mostly few different words, so that n-grams repeat and match; sometimes all kinds of characters."""
    if rng.random() < 0.3:
        return hostile_text(rng, 30)
    vocabulary = ["a", "b", "The", "the", "cat.", "Häuser,", "3.5", "(x)", "don't"]
    return words(rng, vocabulary[: rng.choice([2, 4, 9])], rng.choice([1, 3, 6, 25]))


def streams(references):
    """References per sentence as sacrebleu takes them: lists of one per sentence, None where there is none."""
    most = max(map(len, references))
    return [[entry[i] if i < len(entry) else None for entry in references] for i in range(most)]


def assert_equals_sacrebleu(hypotheses, references, **options):
    smooth, value = options.get("smooth", "exp"), options.get("smooth_value")
    metric = BLEU(
        tokenize=options.get("tokenize", "13a"), smooth_method=smooth, smooth_value=value,
        lowercase=options.get("lowercase", False), effective_order=options.get("effective_order", False), force=True,
    )  # fmt: skip
    theirs = metric.corpus_score(hypotheses, streams(references))
    ours = corpus_bleu(hypotheses, references, **options)
    case = (hypotheses, references, options)
    assert ours.score == pytest.approx(theirs.score, abs=1e-9), case
    assert ours.precisions == pytest.approx(theirs.precisions, abs=1e-9), case
    assert ours.brevity_penalty == pytest.approx(theirs.bp, abs=1e-9), case
    assert (ours.hypothesis_length, ours.reference_length) == (theirs.sys_len, theirs.ref_len), case
    if smooth != "add-k":  # sacrebleu adds k to the counts that it reports
        assert (list(ours.matches), list(ours.totals)) == (theirs.counts, theirs.totals), case
    signature = str(metric.get_signature()).rpartition("|version:")[0]
    assert ours.signature.rpartition("|version:")[0] == signature
    if smooth != "add-k":
        assert str(ours).partition(" = ")[2] == str(theirs).partition(" = ")[2]


# ------------------------------------------------------------------------------------------------ tokenizers


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenizer_equals_sacrebleus(name):
    rng, reference = random.Random(0), _get_tokenizer(name)()
    for _ in range(4000):
        line = hostile_text(rng).rstrip()
        assert TOKENIZERS[name](line) == reference(line).split(), line


def test_tokens_of_13a():
    assert TOKENIZERS["13a"]("Yes, 3.5-fold (&quot;more&quot;).") == 'Yes , 3.5 - fold ( " more " ) .'.split()
    assert TOKENIZERS["13a"]("10-12 don't well-known") == "10 - 12 don't well-known".split()


def test_a_lines_ends_count_in_intl():
    """A dash at the beginning stays with its number, and one behind a space does not."""
    assert TOKENIZERS["intl"]("-5 in 2010.") == ["-5", "in", "2010."]
    assert TOKENIZERS["intl"](" -5 in 2010. ") == ["-", "5", "in", "2010", "."]


# ------------------------------------------------------------------------------------------------------ BLEU


@pytest.mark.parametrize("smooth", SMOOTHING)
@pytest.mark.parametrize("effective_order", [False, True])
def test_sentences_equal_sacrebleu(smooth, effective_order):
    rng = random.Random(f"{smooth}{effective_order}")
    for number in range(400):
        options = dict(
            tokenize=rng.choice(list(TOKENIZERS)), lowercase=rng.random() < 0.5, smooth=smooth,
            effective_order=effective_order, smooth_value=rng.choice([None, 0.01, 2]),
        )  # fmt: skip
        references = [any_text(rng) for _ in range(rng.choice([1, 1, 2, 4]))]
        hypothesis = rng.choice(references) if number % 10 == 0 else any_text(rng)
        assert_equals_sacrebleu([hypothesis], [references], **options)


@pytest.mark.parametrize("tokenize", TOKENIZERS)
@pytest.mark.parametrize("smooth", SMOOTHING)
def test_corpora_equal_sacrebleu(tokenize, smooth):
    rng = random.Random(f"{tokenize}{smooth}")
    for _ in range(15):
        count = rng.randint(1, 12)
        references = [[any_text(rng) for _ in range(rng.randint(1, 3))] for _ in range(count)]
        assert_equals_sacrebleu([any_text(rng) for _ in range(count)], references, tokenize=tokenize, smooth=smooth)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.text(max_size=20), st.lists(st.text(max_size=20), min_size=1, max_size=3)), min_size=1))
def test_any_characters_equal_sacrebleu(pairs):
    assert_equals_sacrebleu([text for text, _ in pairs], [references for _, references in pairs])


@pytest.mark.parametrize(
    ("hypothesis", "references"),
    [
        ("", ["a cat"]),
        ("a cat", [""]),
        ("", [""]),
        ("cat", ["cat"]),
        ("a b c", ["a b c"]),
        ("the the the the", ["the cat is on the mat", "there is a cat"]),
        ("a b c d", ["a b c d", "a b c d e f", "a b"]),
        ("...", ["…"]),
        ("a " * 500, ["a " * 300]),
    ],
    ids=["empty", "empty reference", "both empty", "one word", "three words", "clipped", "two lengths equally near",
         "no match", "repeated"],
)  # fmt: skip
@pytest.mark.parametrize("effective_order", [False, True])
def test_edges_equal_sacrebleu(hypothesis, references, effective_order):
    for smooth in SMOOTHING:
        assert_equals_sacrebleu([hypothesis], [references], smooth=smooth, effective_order=effective_order)


def test_ten_thousand_words_equal_sacrebleu():
    rng = random.Random(0)
    vocabulary = [f"w{i}" for i in range(200)]
    hypothesis, *references = (" ".join(rng.choices(vocabulary, k=count)) for count in (10_000, 10_000, 9_990))
    assert_equals_sacrebleu([hypothesis], [references])


def test_sentence_bleu_has_the_effective_order():
    ours = sentence_bleu("the cat", "the cat sat")
    theirs = sacrebleu.sentence_bleu("the cat", ["the cat sat"])
    assert ours.score == pytest.approx(theirs.score, abs=1e-9) and ours.score > 0
    assert sentence_bleu("the cat", "the cat sat", effective_order=False).score == 0


def test_bleu_by_hand():
    """5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples; 6 words against 7."""
    found = corpus_bleu(["the cat sat on the mat"], ["the cat lay on the mat today"], tokenize="none")
    assert found.matches == (5, 3, 1, 0) and found.totals == (6, 5, 4, 3)
    assert found.brevity_penalty == pytest.approx(math.exp(1 - 7 / 6))
    smoothed = 1 / (2 * 3)  # exp: the first n without a match counts half a match
    expected = (5 / 6 * 3 / 5 * 1 / 4 * smoothed) ** 0.25 * math.exp(1 - 7 / 6)
    assert found.score == pytest.approx(100 * expected, abs=1e-9)


def test_corpus_score_is_no_mean_of_sentence_scores():
    hypotheses, references = ["a b c d e", "x y"], ["a b c d e", "x z"]
    mean = np.mean([sentence_bleu(a, b).score for a, b in zip(hypotheses, references, strict=True)])
    assert abs(corpus_bleu(hypotheses, references).score - mean) > 1


def test_one_text_and_a_list_of_one_are_the_same():
    assert corpus_bleu(["a b"], ["a c"]) == corpus_bleu(("a b",), [("a c",)])


def test_signature_says_where_the_number_of_references_varies():
    found = corpus_bleu(["a", "b"], [["a"], ["b", "c"]], tokenize="char", smooth="floor", lowercase=True)
    assert found.signature.startswith("nrefs:var|case:lc|eff:no|tok:char|smooth:floor[0.10]|version:workbook-")


def test_the_parts():
    assert ngrams("a b a b".split(), 2) == {("a", "b"): 2, ("b", "a"): 1}
    assert clipped_matches(["the"] * 7, ["the cat is on the mat".split(), "there is a cat".split()], 1) == (2, 7)
    assert closest_length(5, [4, 6, 9]) == 4 and closest_length(5, [6, 9]) == 6
    assert brevity_penalty(10, 20) == pytest.approx(math.exp(-1))
    assert brevity_penalty(20, 10) == brevity_penalty(0, 0) == 1 and brevity_penalty(0, 1) == 0
    assert smoothed_precisions([2, 0, 0], [4, 3, 2], "exp") == pytest.approx([50, 100 / 6, 100 / 8])
    assert smoothed_precisions([2, 0], [4, 3], "floor") == pytest.approx([50, 10 / 3])
    assert smoothed_precisions([2, 0], [4, 3], "add-k") == pytest.approx([50, 25])
    assert smoothed_precisions([2, 0, 0], [4, 3, 0], "none") == [50, 0]


# ------------------------------------------------------------------------------------------------------ chrF


def test_chrf_equals_sacrebleu():
    rng = random.Random(0)
    for _ in range(400):
        lowercase = rng.random() < 0.5
        count = rng.randint(1, 4)
        hypotheses = [any_text(rng) for _ in range(count)]
        references = [[any_text(rng) for _ in range(rng.randint(1, 3))] for _ in range(count)]
        theirs = CHRF(lowercase=lowercase).corpus_score(hypotheses, streams(references)).score
        assert corpus_chrf(hypotheses, references, lowercase) == pytest.approx(theirs, abs=1e-9), (
            hypotheses,
            references,
        )


@pytest.mark.parametrize(
    ("hypothesis", "references"),
    [("", ["a"]), ("a", [""]), ("", [""]), ("ab", ["ab"]), ("ab", ["abcdefgh", "ab"]), ("a" * 3000, ["a" * 2000])],
    ids=["empty", "empty reference", "both empty", "two letters", "two references", "long"],
)
def test_chrf_at_the_edges_equals_sacrebleu(hypothesis, references):
    expected = CHRF().corpus_score([hypothesis], [[text] for text in references]).score
    assert sentence_chrf(hypothesis, references) == pytest.approx(expected, abs=1e-9)


# ------------------------------------------------------------------------------------------------- bad input

BAD_CORPORA = {
    "no hypotheses": ([], [], "nothing to score: hypotheses is an empty list"),
    "unequal": (["a", "b"], ["a"], r"as many references as hypotheses, got 1 and 2.*list\(zip\(\*lists\)\)"),
    "a set of references": (["a", "b"], [["a", "b"]], "as many references as hypotheses, got 1 and 2"),
    "hypothesis None": (["a", None], ["a", "b"], r"hypotheses\[1\] should be a text \(str\), and is None"),
    "reference None": (["a"], [None], r"references\[0\] should be a text or a list of texts, and is None"),
    "None among references": (["a"], [["b", None]], r"references\[0\]\[1\] should be a text \(str\), and is None"),
    "bytes": (["a"], [b"a"], r"references\[0\] should be a text or a list of texts, and is a bytes"),
    "no reference": (["a"], [[]], r"references\[0\] is an empty list. Every text needs at least one"),
    "a text for a list": ("abc", ["a"], "hypotheses should be a list with one entry per text, and is a str"),
    "references None": (["a"], None, "references should be a list with one entry per text, and is None"),
}


@pytest.mark.parametrize("metric", [corpus_bleu, corpus_chrf, bleu_statistics, chrf_statistics])
@pytest.mark.parametrize("name", BAD_CORPORA)
def test_refuses(metric, name):
    hypotheses, references, message = BAD_CORPORA[name]
    with pytest.raises(ValueError, match=message):
        metric(hypotheses, references)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenize": "zh"}, "Unknown tokenizer 'zh'; tokenize is one of none, 13a, intl, char"),
        ({"smooth": "add"}, "Unknown smoothing 'add'; smooth is one of exp, floor, add-k, none"),
        ({"smooth": "floor", "smooth_value": -1}, "smooth_value must be above 0, got -1"),
        ({"smooth": "add-k", "smooth_value": 0}, "smooth_value must be above 0, got 0"),
    ],
    ids=["tokenizer", "smoothing", "negative", "zero"],
)
def test_refuses_options(options, message):
    with pytest.raises(ValueError, match=message):
        corpus_bleu(["a"], ["a"], **options)


@pytest.mark.parametrize("metric", [sentence_bleu, sentence_chrf])
def test_sentence_scores_refuse_none(metric):
    with pytest.raises(ValueError, match="is None"):
        metric(None, ["a"])
    with pytest.raises(ValueError, match="is an empty list"):
        metric("a", [])


def test_without_a_single_match_the_score_is_zero():
    """All references or all hypotheses empty: 0, and no error."""
    assert corpus_bleu(["a b", "c"], ["", ""]).score == corpus_chrf(["a b", "c"], ["", ""]) == 0
    assert corpus_bleu(["", ""], ["a b", "c"]).score == corpus_chrf(["", ""], ["a b", "c"]) == 0
    assert corpus_bleu(["a b c d e"], ["v w x y z"]).score == 0  # whatever the smoothing


# ------------------------------------------------------------------------- intervals and the paired bootstrap


@pytest.fixture(scope="module")
def systems():
    """References and two systems' hypotheses, of which the first makes fewer mistakes."""
    rng = random.Random(0)
    references = [" ".join(rng.choices("a b c d e f g h".split(), k=rng.randint(5, 15))) for _ in range(60)]

    def noisy(share):
        return [" ".join("x" if rng.random() < share else word for word in line.split()) for line in references]

    return noisy(0.15), noisy(0.25), references


def test_interval_is_that_of_bleu_on_resampled_texts(systems):
    """The counts of each sentence are enough: scoring the drawn texts themselves gives the same."""
    hypotheses, _, references = systems
    drawn = np.random.default_rng(3).integers(0, 60, (50, 60))
    figures = [corpus_bleu([hypotheses[i] for i in row], [references[i] for i in row]).score for row in drawn]
    expected = tuple(np.percentile(figures, [10, 90]))
    rows = bleu_statistics(hypotheses, references)
    assert corpus_interval(rows, bleu_score, np.random.default_rng(3), 50, 0.8) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("metric", "statistics", "score"),
    [(BLEU(), bleu_statistics, bleu_score), (CHRF(), chrf_statistics, chrf_score)],
    ids=["BLEU", "chrF"],
)
def test_resamples_are_those_of_sacrebleus_paired_test(systems, metric, statistics, score, monkeypatch):
    """Drawn with the same seed, the differences give sacrebleu's p by its own formula, which centres |difference|."""
    monkeypatch.setenv("SACREBLEU_SEED", "7")
    ours, theirs, references = systems
    # half of each: nearly alike, or p would be the smallest possible whatever is drawn
    ours, theirs = ours[:33] + theirs[33:], theirs[:33] + ours[33:]
    named = [("theirs", theirs), ("ours", ours)]
    _, scores = PairedTest(named, {metric.__class__.__name__: metric}, [references], test_type="bs", n_samples=200)()
    (_, expected) = next(column for name, column in scores.items() if name != "System")
    drawn = np.random.default_rng(7).integers(0, 60, (200, 60))
    rows = [statistics(hypotheses, references) for hypotheses in (ours, theirs)]
    differences, p = paired_bootstrap(*rows, score, drawn)
    difference = score(rows[0]) - score(rows[1])
    far = np.abs(differences) - np.abs(differences).mean() > abs(difference)
    assert 0.02 < p < 0.9
    drawn_texts = [[[side[i] for i in row] for side in (ours, theirs, references)] for row in drawn[:5]]
    again = [score(statistics(a, c)) - score(statistics(b, c)) for a, b, c in drawn_texts]
    assert differences[:5] == pytest.approx(again, abs=1e-9)
    assert (far.sum() + 1) / 201 == pytest.approx(expected.p_value, abs=1e-12)
    assert score(rows[0]) == pytest.approx(expected.score, abs=1e-9)
    assert p == (1 + (np.abs(differences - difference) >= abs(difference)).sum()) / 201


def test_compare_finds_the_better_system(systems):
    ours, theirs, references = (bleu_statistics(system, systems[2]) for system in systems)
    found = compare(ours, theirs, bleu_score, np.random.default_rng(0), 300)
    assert found.difference == pytest.approx(bleu_score(ours) - bleu_score(theirs))
    assert 0 < found.interval[0] < found.difference < found.interval[1]
    assert found.wins > 0.95 and found.p_value < 0.05
    back = compare(theirs, ours, bleu_score, np.random.default_rng(0), 300)
    assert (back.difference, back.p_value) == (-found.difference, found.p_value)
    assert back.wins == pytest.approx(1 - found.wins)
    same = compare(references, references, bleu_score, np.random.default_rng(0), 50)
    assert (same.difference, same.wins, same.p_value) == (0, 0, 1)


def test_p_value_is_below_five_percent_as_often_as_it_should():
    """Without a real difference, one experiment in twenty finds one."""
    rng = np.random.default_rng(0)
    p_values = [compare(*rng.normal(0, 1, (2, 40)), np.mean, rng, 200).p_value for _ in range(300)]
    assert abs(np.mean(np.array(p_values) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300) + 0.01


def test_the_same_seed_gives_the_same_interval():
    rows = np.arange(30.0)
    first, second, other = (corpus_interval(rows, np.mean, np.random.default_rng(seed), 50) for seed in (0, 0, 1))
    assert first == second != other
    narrow, wide = (corpus_interval(rows, np.mean, np.random.default_rng(0), 50, level) for level in (0.5, 0.9))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], {}, "one row of numbers per sentence"),
        ([1.0, float("nan")], {}, "no NaN"),
        (["a", "b"], {}, "one row of numbers per sentence"),
        (3.0, {}, "one row of numbers per sentence"),
        ([1.0], {"resamples": 0}, "resamples >= 1 and a level between 0 and 1, got 0 and 0.95"),
        ([1.0], {"level": 95}, "got 1000 and 95"),
    ],
    ids=["empty", "NaN", "texts", "number", "no resamples", "per cent"],
)
def test_intervals_refuse(rows, options, message):
    with pytest.raises(ValueError, match=message):
        corpus_interval(rows, np.mean, np.random.default_rng(0), **options)
    with pytest.raises(ValueError, match=message):
        compare(rows, rows, np.mean, np.random.default_rng(0), **options)


def test_compare_needs_the_same_sentences():
    with pytest.raises(ValueError, match=r"same sentences, got \(2,\) and \(3,\)"):
        compare([1, 2], [1, 2, 3], np.mean, np.random.default_rng(0))
