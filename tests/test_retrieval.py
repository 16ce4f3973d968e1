"""Retrieval: TF-IDF against scikit-learn, BM25 and the figures of rankings against slow versions of their formulas."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import ndcg_score
from sklearn.metrics.pairwise import cosine_similarity

from workbook.text.retrieval import (
    BM25,
    TfIdf,
    cosine,
    fuse,
    idf,
    mix,
    ndcg,
    rank,
    recall_at,
    reciprocal_rank,
    score_rankings,
    words,
)

TEXTS = [
    "The fox is quick. The FOX jumps over a lazy dog!",
    "A dog_2 sleeps; dogs don't jump.",
    "",
    "naïve Fuchs, Füchse und ein Hund 42 4",
    "? . !",
    "fox fox fox",
]
QUERIES = ["quick fox", "Hund", "zebra", "", "the the dog fox zebra"]

# ------------------------------------------------------------------------------------------------ TF-IDF


def assert_equals_scikit_learn(texts, queries):
    ours, theirs = TfIdf(texts), TfidfVectorizer()
    expected = theirs.fit_transform(texts)
    assert list(ours.index.vocabulary) == list(theirs.get_feature_names_out())
    np.testing.assert_allclose(ours.idf, theirs.idf_, atol=1e-12)
    np.testing.assert_allclose(ours.vectors.toarray(), expected.toarray(), atol=1e-12)
    np.testing.assert_allclose(ours.transform(queries).toarray(), theirs.transform(queries).toarray(), atol=1e-12)
    np.testing.assert_allclose(ours.scores(queries), (theirs.transform(queries) @ expected.T).toarray(), atol=1e-12)


def test_tfidf_equals_scikit_learn():
    assert_equals_scikit_learn(TEXTS, QUERIES)


LETTERS = some.lists(some.sampled_from(["ab", "Ab", "ba", "bb", "a", "é9", "x_y", "-", "ab-ba", "猫猫"]), max_size=8)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(some.lists(LETTERS.map(" ".join), min_size=1, max_size=6), some.lists(some.text(max_size=10), max_size=3))
def test_tfidf_equals_scikit_learn_on_any_text(texts, queries):
    if not any(map(words, texts)):
        with pytest.raises(ValueError, match="nothing to search in"):
            TfIdf(texts)
    else:
        assert_equals_scikit_learn(texts, [*queries, *texts])


def test_idf_by_hand():
    np.testing.assert_allclose(idf(np.array([1, 3]), 3), [math.log(4 / 2) + 1, 1])


def test_cosine():
    rng = np.random.default_rng(0)
    queries, documents = rng.normal(size=(3, 5)), rng.normal(size=(4, 5))
    queries[1] = 0
    np.testing.assert_allclose(cosine(queries, documents), cosine_similarity(queries, documents), atol=1e-12)
    assert (cosine(queries, documents)[1] == 0).all()


# ------------------------------------------------------------------------------------------------ BM25


def slow_bm25(texts, query, k1, b):
    split = [words(text) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = []
    for document in split:
        score = 0.0
        for word in words(query):
            df = sum(word in other for other in split)
            tf = document.count(word)
            if tf:
                weight = math.log(1 + (len(split) - df + 0.5) / (df + 0.5))
                score += weight * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(document) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (2.0, 0.0), (0.5, 1.0), (0.0, 0.5)])
def test_bm25_equals_its_formula(k1, b):
    expected = [slow_bm25(TEXTS, query, k1, b) for query in QUERIES]
    np.testing.assert_allclose(BM25(TEXTS, k1, b).scores(QUERIES), expected, atol=1e-12)


def test_bm25_saturates_and_corrects_length():
    scores = BM25(["fox", "fox fox", "fox cat dog bird", "cat"]).scores(["fox"])[0]
    assert scores[3] == 0 < scores[2] < scores[0]  # the longer, the less
    alike = BM25(["fox", "fox fox", "fox fox fox", "cat"], b=0).scores(["fox"])[0]
    assert alike[2] - alike[1] < alike[1] - alike[0]


@pytest.mark.parametrize("search", [TfIdf, BM25])
def test_a_query_of_unknown_words_finds_nothing(search):
    scores = search(TEXTS).scores(["zebra", "", "fox"])
    assert (scores[:2] == 0).all()
    assert rank(scores)[:2] == [[], []] and rank(scores)[2][0] == 5


@pytest.mark.parametrize("search", [TfIdf, BM25])
@pytest.mark.parametrize(
    ("texts", "says"), [([], "at least one of the passages"), ("fox", "list of"), (["", "a ?"], "no word")]
)
def test_passages_are_refused(search, texts, says):
    with pytest.raises(ValueError, match=says):
        search(texts)


@pytest.mark.parametrize("search", [TfIdf, BM25])
@pytest.mark.parametrize("queries", [[], "fox"])
def test_queries_are_refused(search, queries):
    with pytest.raises(ValueError, match="at least one of the queries"):
        search(TEXTS).scores(queries)


@pytest.mark.parametrize("settings", [{"k1": -1}, {"b": 1.5}])
def test_bm25_refuses_settings(settings):
    with pytest.raises(ValueError, match="Expected k1"):
        BM25(TEXTS, **settings)


# ------------------------------------------------------------------------------------------------ rankings


def test_rank():
    scores = np.array([[0.1, 0.5, 0.5, 0.0, 0.7], [0, 0, 0, 0, 0]])
    assert rank(scores) == [[4, 1, 2, 0], []]
    assert rank(scores, 2) == [[4, 1], []]
    assert rank(-scores[:1], 3, above=-np.inf) == [[3, 0, 1]] and rank(scores[:1], above=0.5) == [[4]]
    for wrong in (scores[0], scores * np.nan):
        with pytest.raises(ValueError, match="without a NaN"):
            rank(wrong)


def test_mix():
    scores, ranks = np.array([[2, 4, 3], [1, 1, 1]]), np.array([0.1, 0.2, 0.5])
    np.testing.assert_allclose(mix(scores, ranks, 0.5), [[0, 0.625, 0.75], [0, 0.125, 0.5]])
    np.testing.assert_allclose(mix(scores, ranks, 0), [[0, 1, 0.5], [0, 0, 0]])
    np.testing.assert_allclose(mix(scores, scores[::-1], 1), [[0, 0, 0], [0, 1, 0.5]])
    with pytest.raises(ValueError, match="NaN"):
        mix(scores, ranks * np.nan, 0.5)


def test_fuse():
    assert fuse([[3, 1, 2], [1, 4]]) == [1, 3, 4, 2]
    assert fuse([[5], [6]]) == [5, 6] and fuse([]) == fuse([[]]) == []


# ------------------------------------------------------------------------------------------------ how good they are


def test_figures_by_hand():
    ranked = [7, 3, 9, 1]
    assert recall_at(ranked, {3, 1, 8}, 2) == pytest.approx(1 / 3)
    assert recall_at(ranked, {3, 1}, 4) == 1
    assert reciprocal_rank(ranked, {9, 1}) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranked, {8}) == reciprocal_rank([], {8}) == 0
    # gains 0, 2, 0, 1 at places 1 … 4; best are 2, 1
    dcg, ideal = 2 / math.log2(3) + 1 / math.log2(5), 2 + 1 / math.log2(3)
    assert ndcg(ranked, {3: 2, 1: 1}, 4) == pytest.approx(dcg / ideal)
    assert ndcg(ranked, {3: 2, 1: 1}, 2) == pytest.approx(2 / math.log2(3) / ideal)
    assert ndcg([3, 1], {3: 2, 1: 1, 8: 3}, 2) == pytest.approx((2 + 1 / math.log2(3)) / (3 + 2 / math.log2(3)))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(some.integers(0, 10_000), some.integers(2, 12), some.integers(1, 12))
def test_ndcg_equals_scikit_learn(seed, passages, k):
    rng = np.random.default_rng(seed)
    worth = rng.integers(0, 4, passages)
    worth[0] = 1  # there is something to find
    scores = rng.permutation(passages) + 1.0
    ours = ndcg(rank(scores[None])[0], {i: float(gain) for i, gain in enumerate(worth) if gain}, k)
    assert ours == pytest.approx(ndcg_score([worth], [scores], k=k), abs=1e-12)


def test_figures_of_many_queries():
    figures = score_rankings([[1, 0], [2], []], [{0: 1}, {2: 1, 1: 1}, {4: 2}], ks=(1, 5))
    assert list(figures) == ["recall@1", "recall@5", "MRR", "nDCG@5"]
    assert figures["recall@1"].tolist() == [0, 0.5, 0]
    assert figures["recall@5"].tolist() == [1, 0.5, 0]
    assert figures["MRR"].tolist() == [0.5, 1, 0]
    assert figures["nDCG@5"].tolist() == pytest.approx([1 / math.log2(3), 1 / (1 + 1 / math.log2(3)), 0])


@pytest.mark.parametrize(
    ("rankings", "gains", "says"),
    [
        ([[1]], [], "got 1 and 0"),
        ([], [], "at least one"),
        ([[1], [1]], [{1: 1}, {}], "Query 1 needs"),
        ([[1]], [{1: 0}], "gains above 0"),
        ([[1]], [{1: math.nan}], "gains above 0"),
        ([[1, 2, 1]], [{1: 1}], "query 0 a passage stands twice"),
    ],
)
def test_rankings_are_refused(rankings, gains, says):
    with pytest.raises(ValueError, match=says):
        score_rankings(rankings, gains)


def test_words_are_counted_as_often_as_they_stand():
    index = TfIdf(["fox dog fox"]).index
    assert dict(zip(index.vocabulary, index.counts.toarray()[0], strict=True)) == Counter(["fox", "dog", "fox"])
