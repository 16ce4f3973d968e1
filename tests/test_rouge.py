"""ROUGE against rouge-score, the longest common subsequence against its table, and texts in other scripts."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer, _summary_level_lcs
from rouge_score.tokenizers import DefaultTokenizer

from workbook.metrics import bootstrap_interval, paired_difference
from workbook.text.rouge import KINDS, Score, corpus_rouge, lcs_length, rouge, rouge_l, rouge_l_sum, union_lcs_hits
from workbook.text.tokenize import tokenize_ascii, tokenize_unicode

ALL = ("rouge1", "rouge2", "rouge3", "rouge9", "rougeL", "rougeLsum")
SCORERS = {stemmer: RougeScorer(ALL, use_stemmer=stemmer) for stemmer in (False, True)}
VOCABULARY = "a b c running flies happily Happy x_y 12 Käse 你好 don't".split()


def some_text(rng):
    """Up to six lines of few different words, so that many subsequences are equally long."""
    vocabulary = VOCABULARY[: rng.choice([2, 3, 5, 12])]
    longest = rng.choice([1, 3, 8, 15])
    lines = (" ".join(rng.choices(vocabulary, k=rng.randint(0, longest))) for _ in range(rng.randint(0, 6)))
    return "\n".join(lines)


def assert_equals_rouge_score(target, prediction, stemmer=False):
    if isinstance(target, str):
        expected = SCORERS[stemmer].score(target, prediction)
    else:
        expected = SCORERS[stemmer].score_multi(target, prediction)
    found = rouge(target, prediction, ALL, stemmer)
    assert list(found) == list(expected)
    for kind in ALL:
        assert found[kind] == pytest.approx(tuple(expected[kind]), abs=1e-9), (kind, target, prediction, stemmer)


# ----------------------------------------------------------------------------------------------------- parity


@pytest.mark.parametrize("stemmer", [False, True])
def test_random_texts_equal_rouge_score(stemmer):
    rng = random.Random(0)
    for _ in range(1200):
        assert_equals_rouge_score(some_text(rng), some_text(rng), stemmer)


@pytest.mark.parametrize("stemmer", [False, True])
def test_several_references_equal_rouge_score(stemmer):
    rng = random.Random(1)
    for _ in range(200):
        assert_equals_rouge_score([some_text(rng) for _ in range(rng.randint(1, 4))], some_text(rng), stemmer)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_characters_equal_rouge_score(target, prediction):
    assert_equals_rouge_score(target, prediction)


@pytest.mark.parametrize(
    ("target", "prediction"),
    [
        ("", ""),
        ("", "a"),
        ("a", ""),
        ("a", "a"),
        ("a", "b"),
        ("\n\n", "a\n"),
        ("...", "!?"),
        ("a a a a", "a a"),
        ("a b\na b", "a b"),
        ("a\nb\nc", "c\nb\na"),
        ("Größe 你好 मानक İstanbul K", "größe 你好 मानक istanbul k"),
        ("a\r\nb\x0bc\u2028d", "a b\nc d"),
        ("x_y-z's", "x y z s"),
    ],
)
@pytest.mark.parametrize("stemmer", [False, True])
def test_edges_equal_rouge_score(target, prediction, stemmer):
    assert_equals_rouge_score(target, prediction, stemmer)


def test_ten_thousand_words_equal_rouge_score():
    """The peer's table is kept small by a short text on the other side."""
    rng = random.Random(2)
    long = "\n".join(" ".join(rng.choices("abcdefgh", k=100)) for _ in range(100))
    short = "\n".join(" ".join(rng.choices("abcdefghij", k=12)) for _ in range(3))
    assert_equals_rouge_score(long, short)
    assert_equals_rouge_score(short, long)


def test_two_texts_of_ten_thousand_words():
    """Too long for the peer: a text against itself, and against itself with every tenth word replaced."""
    rng = random.Random(3)
    tokens = [f"w{rng.randrange(500)}" for _ in range(10_000)]
    assert rouge_l(tokens, tokens) == Score(1, 1, 1)
    other = ["new" if i % 10 == 0 else token for i, token in enumerate(tokens)]
    assert rouge_l(tokens, other).fmeasure == pytest.approx(0.9)
    lines = [[tokens[i : i + 20] for i in range(0, 10_000, 20)], [other[i : i + 20] for i in range(0, 10_000, 20)]]
    assert 0.9 <= rouge_l_sum(*lines).fmeasure <= 1


def test_union_equals_rouge_score_on_sentences_of_any_length():
    rng = random.Random(4)
    for _ in range(1500):
        sides = [
            [
                rng.choices("abcd"[: rng.randint(1, 4)], k=rng.choice([1, 2, 5, 17, 70]))
                for _ in range(rng.randint(1, 4))
            ]
            for _ in range(2)
        ]
        assert rouge_l_sum(*sides) == pytest.approx(tuple(_summary_level_lcs(*sides)), abs=1e-12), sides


def test_corpus_is_the_mean_of_its_texts():
    rng = random.Random(5)
    targets = [[some_text(rng) for _ in range(rng.randint(1, 3))] for _ in range(30)]
    predictions = [some_text(rng) for _ in range(30)]
    scores = [SCORERS[True].score_multi(*pair) for pair in zip(targets, predictions, strict=True)]
    found = corpus_rouge(targets, predictions, stemmer=True)
    assert tuple(found) == KINDS
    for kind in KINDS:
        assert found[kind] == pytest.approx(np.mean([score[kind] for score in scores], axis=0), abs=1e-9)


# ---------------------------------------------------------------------------------------------------- by hand


def table_lcs(a, b):
    """The textbook's table."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            table[i][j] = table[i - 1][j - 1] + 1 if x == y else max(table[i - 1][j], table[i][j - 1])
    return table[-1][-1]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 3), max_size=70), st.lists(st.integers(0, 3), max_size=70))
def test_lcs_equals_the_table(a, b):
    assert lcs_length(a, b) == lcs_length(b, a) == table_lcs(a, b)


def test_rouge_by_hand():
    found = rouge("police killed the gunman", "police kill the gunman")
    assert found["rouge1"] == found["rougeL"] == found["rougeLsum"] == Score(0.75, 0.75, 0.75)
    assert found["rouge2"].fmeasure == pytest.approx(1 / 3)
    assert rouge("police killed the gunman", "police kill the gunman", ["rougeL"], stemmer=True)["rougeL"] == (1, 1, 1)
    assert rouge("a b c d", "a b", ["rouge1"])["rouge1"] == pytest.approx((1, 0.5, 2 / 3))


def test_union_of_the_papers_example():
    """Lin 2004, section 3.2: w1 w2 w3 w4 w5 against w1 w2 w6 w7 w8 and w1 w3 w8 w9 w5 share w1 w2 w3 w5."""
    target = ["w1 w2 w3 w4 w5".split()]
    assert union_lcs_hits(target, ["w1 w2 w6 w7 w8".split(), "w1 w3 w8 w9 w5".split()]) == 4


def test_best_reference_is_chosen_per_kind():
    targets = ["a b x x x x", "b a"]
    found = rouge(targets, "a b", ["rouge1", "rouge2"])
    assert found["rouge1"] == (1, 1, 1) and found["rouge2"] == (1, 0.2, pytest.approx(1 / 3))


# ----------------------------------------------------------------------------------------------- other scripts


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Größe, naïve!", ["größe", "naïve"]),
        ("Η γάτα κάθεται.", ["η", "γάτα", "κάθεται"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("你好,世界2", ["你", "好", "世", "界", "2"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("cafe\u0301", ["café"]),
        ("x_y ½ １２", ["x", "y", "1", "2", "12"]),
        ("", []),
    ],
    ids=["German", "Greek", "Hindi", "Chinese", "Japanese", "Thai", "accent apart", "signs", "empty"],
)
def test_tokens_of_other_scripts(text, tokens):
    assert tokenize_unicode(text) == tokens


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_on_ascii_text_both_tokenizers_agree_with_rouge_score(text):
    for stemmer in (False, True):
        expected = DefaultTokenizer(stemmer).tokenize(text)
        assert tokenize_ascii(text, stemmer) == tokenize_unicode(text, stemmer) == expected


def test_greek_scores_zero_in_the_reference_and_not_in_unicode():
    text = "η γάτα κάθεται στο χαλί"
    assert rouge(text, text, ["rougeL"])["rougeL"].fmeasure == 0
    assert rouge(text, text, ["rougeL"], tokenizer="unicode")["rougeL"].fmeasure == 1
    half = rouge(text, "η γάτα κοιμάται στο σπίτι", ["rouge1"], tokenizer="unicode")["rouge1"]
    assert half == pytest.approx((0.6, 0.6, 0.6))


def test_stemmer_leaves_other_scripts_alone():
    assert tokenize_unicode("naïves houses bus", stemmer=True) == ["naïves", "hous", "bus"]


# --------------------------------------------------------------------------------------- intervals, bad input


def test_intervals_are_those_of_any_mean():
    rng = random.Random(6)
    pairs = [(some_text(rng), some_text(rng)) for _ in range(40)]
    scores = [rouge(*pair, ["rougeL"])["rougeL"].fmeasure for pair in pairs]
    mean = corpus_rouge([a for a, _ in pairs], [b for _, b in pairs], ["rougeL"])["rougeL"].fmeasure
    low, high = bootstrap_interval(scores, np.random.default_rng(0), 200)
    assert low < mean < high
    perfect = [rouge(a, a, ["rougeL"])["rougeL"].fmeasure for a, _ in pairs]
    assert paired_difference(perfect, scores, np.random.default_rng(0), 200)[1][0] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "a"), "The target should be a text or a list of texts, and is None"),
        ((["a", None], "a"), r"The target\[1\] should be a text \(str\), and is None"),
        (("a", None), r"The prediction should be a text \(str\), and is None"),
        (([], "a"), "The target is an empty list"),
        (("a", ["a"]), "The prediction should be a text .* is a list"),
        (("a", "a", ["rouge0"]), "Unknown kind of ROUGE 'rouge0'"),
        (("a", "a", ["rougeW"]), "Unknown kind of ROUGE 'rougeW'"),
        (("a", "a", "rouge1"), "Unknown kind of ROUGE 'r'"),
        (("a", "a", KINDS, False, "latin"), "Unknown tokenizer 'latin'; tokenizer is one of ascii, unicode"),
    ],
    ids=["target None", "one None", "prediction None", "no target", "list", "rouge0", "rougeW", "a text", "tokenizer"],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        rouge(*arguments)


@pytest.mark.parametrize(
    ("targets", "predictions", "message"),
    [
        ([], [], "nothing to score: predictions is an empty list"),
        (["a"], ["a", "b"], "as many targets as predictions, got 1 and 2"),
        (["a", None], ["a", "b"], r"targets\[1\] should be a text or a list of texts, and is None"),
        (["a", "b"], ["a", None], r"predictions\[1\] should be a text"),
        (["a", []], ["a", "b"], r"targets\[1\] is an empty list"),
    ],
    ids=["empty", "unequal", "target None", "prediction None", "no target"],
)
def test_corpus_refuses(targets, predictions, message):
    with pytest.raises(ValueError, match=message):
        corpus_rouge(targets, predictions)


def test_empty_texts_score_zero():
    assert set(rouge("", "").values()) == {Score(0, 0, 0)}
    assert set(corpus_rouge(["", ""], ["a", "b"]).values()) == {Score(0, 0, 0)}
