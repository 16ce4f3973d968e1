"""Finding passages for a question: TF-IDF and BM25 from scratch, mixtures, and how good a ranking is.

TF-IDF equals scikit-learn's TfidfVectorizer with its default settings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from scipy import sparse


def words(text: str) -> list[str]:
    """The words of a text in lower case: runs of at least two letters, digits or underscores, as scikit-learn's."""
    return re.findall(r"\b\w\w+\b", text.lower())


def idf(document_frequency: np.ndarray, documents: int) -> np.ndarray:
    """Inverse document frequency of every word, (V,): ln((1 + N) / (1 + df)) + 1.

    document_frequency: (V,), in how many of the N `documents` each word stands. The rarer a word, the more it tells.
    The ones inside the fraction are as if one more document had all words, so that nothing divides by 0; the one added
    keeps a word that stands everywhere from counting nothing at all.
    """
    return np.log((1 + documents) / (1 + document_frequency)) + 1


def cosine(queries: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Cosine of the angle between every query (Q, V) and every document (N, V): (Q, N). 0 where a vector is all 0."""
    lengths = np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(documents, axis=1))  # (Q, N)
    return np.divide(queries @ documents.T, lengths, out=np.zeros(lengths.shape), where=lengths > 0)


class _Index:
    """How often every word stands in every document, (N, V), sparse; the words in the order of the alphabet."""

    def __init__(self, texts: Sequence[str]) -> None:
        _list_of_texts(texts, "passages")
        self.vocabulary = {word: i for i, word in enumerate(sorted({word for text in texts for word in words(text)}))}
        if not self.vocabulary:
            raise ValueError("The passages have no word of at least two letters: there is nothing to search in.")
        self.counts = self.count(texts)
        self.document_frequency = np.bincount(self.counts.indices, minlength=len(self.vocabulary))  # (V,)

    def count(self, texts: Sequence[str]) -> sparse.csr_array:
        """Counts (len(texts), V); words that no passage has are left out."""
        counts = [Counter(word for word in words(text) if word in self.vocabulary) for text in texts]
        numbers = [self.vocabulary[word] for row in counts for word in row]
        values = np.array([number for row in counts for number in row.values()], dtype=float)
        ends = np.cumsum([0, *map(len, counts)])
        return sparse.csr_array((values, np.array(numbers, dtype=int), ends), shape=(len(texts), len(self.vocabulary)))


class TfIdf:
    """Passages as vectors of word counts times `idf`, of length 1; scores are cosines.

    texts: the passages. Raises ValueError for none, or if none has a word.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.index = _Index(texts)
        self.idf = idf(self.index.document_frequency, len(texts))
        self.vectors = self.transform(texts)  # (N, V)

    def transform(self, texts: Sequence[str]) -> sparse.csr_array:
        """Texts as vectors of length 1, (len(texts), V), sparse. A text without a known word is all 0."""
        weighted = self.index.count(texts).multiply(self.idf).tocsr()
        lengths = np.sqrt(weighted.multiply(weighted).sum(axis=1))
        return weighted.multiply(np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)[:, None]).tocsr()

    def scores(self, queries: Sequence[str]) -> np.ndarray:
        """How well every passage fits every query: (Q, N) in [0, 1], 0 throughout for a query without a known word."""
        return (self.transform(_list_of_texts(queries, "queries")) @ self.vectors.T).toarray()


class BM25:
    """Okapi BM25: more of the same word adds less and less, and long passages count for less.

    Σ over the query's words: ln(1 + (N − df + ½) / (df + ½)) · tf (k₁ + 1) / (tf + k₁ (1 − b + b |d| / mean |d|))

    k1: how fast a word saturates. b: how far length is corrected, 0 … 1. A word that the query has twice counts twice.
    Robertson and Zaragoza 2009; the 1 inside the logarithm is Lucene's and keeps common words from counting below 0.
    """

    def __init__(self, texts: Sequence[str], k1: float = 1.2, b: float = 0.75) -> None:
        if k1 < 0 or not 0 <= b <= 1:
            raise ValueError(f"Expected k1 of at least 0 and b from 0 to 1, got {k1} and {b}.")
        self.index = _Index(texts)
        frequency = self.index.document_frequency
        self.idf = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))  # (V,)
        lengths = self.index.counts.sum(axis=1)  # (N,)
        correction = k1 * (1 - b + b * lengths / lengths.mean())
        tf, rows = self.index.counts.data, np.repeat(np.arange(len(texts)), np.diff(self.index.counts.indptr))
        weights = self.idf[self.index.counts.indices] * tf * (k1 + 1) / (tf + correction[rows])
        self.weights = sparse.csr_array(
            (weights, self.index.counts.indices, self.index.counts.indptr), shape=self.index.counts.shape
        )

    def scores(self, queries: Sequence[str]) -> np.ndarray:
        """How well every passage fits every query: (Q, N), at least 0; 0 throughout for a query of unknown words."""
        return (self.index.count(_list_of_texts(queries, "queries")) @ self.weights.T).toarray()


def _list_of_texts(texts: Sequence[str], name: str) -> Sequence[str]:
    if isinstance(texts, str) or not len(texts):
        raise ValueError(f"Expected a list of at least one of the {name}, got {texts!r}.")
    return texts


# ------------------------------------------------------------------------------------------------ rankings


def rank(scores: np.ndarray, k: int | None = None, above: float = 0.0) -> list[list[int]]:
    """The numbers of the k best passages of every query, the best first; of equal scores the earlier passage first.

    scores: (Q, N). Only passages with a score above `above` are found, so a query without a known word finds nothing.
    For cosines of embeddings, which may be negative, pass above=-np.inf. Raises ValueError for NaN.
    """
    scores = _score_table(scores)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return [[int(i) for i in row if given[i] > above] for row, given in zip(order, scores, strict=True)]


def mix(scores: np.ndarray, others: np.ndarray, weight: float) -> np.ndarray:
    """(1 − weight) · scores + weight · others, both brought to 0 … 1 per query first: (Q, N).

    scores: (Q, N). others: (Q, N), or (N,) for what does not depend on the query, as PageRank. A query whose scores are
    all alike has 0 in that part.
    """
    scores = _score_table(scores)
    others = np.broadcast_to(_score_table(np.atleast_2d(others)), scores.shape)

    def spread(table: np.ndarray) -> np.ndarray:
        low, high = table.min(1, keepdims=True), table.max(1, keepdims=True)
        return np.divide(table - low, high - low, out=np.zeros(table.shape), where=high > low)

    return (1 - weight) * spread(scores) + weight * spread(others)


def fuse(rankings: Sequence[Sequence[int]], k: float = 60) -> list[int]:
    """Several rankings of one query as one, by the sum of 1 / (k + place). Cormack, Clarke and Büttcher 2009.

    Needs no scores, so nothing has to be brought to the same scale. Of equal sums the passage that was named first.
    """
    total: dict[int, float] = {}
    for ranking in rankings:
        for place, passage in enumerate(ranking, 1):
            total[passage] = total.get(passage, 0.0) + 1 / (k + place)
    return sorted(total, key=lambda passage: -total[passage])


def _score_table(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, dtype=float)
    if scores.ndim != 2 or np.isnan(scores).any():
        raise ValueError(f"Expected scores of shape (queries, passages) without a NaN, got the shape {scores.shape}.")
    return scores


# ------------------------------------------------------------------------------------------------ how good they are


def recall_at(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """The share of the relevant passages that are among the first k of a ranking."""
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))


def reciprocal_rank(ranked: Sequence[int], relevant: Collection[int]) -> float:
    """1 / the place of the first relevant passage, 0 where there is none in the ranking. Its mean is the MRR."""
    return next((1 / place for place, passage in enumerate(ranked, 1) if passage in relevant), 0.0)


def ndcg(ranked: Sequence[int], gains: Mapping[int, float], k: int) -> float:
    """Normalised discounted cumulative gain of the first k: Σ gain / log₂(place + 1), over that of the best order.

    ranked: the ranking, the best first. gains: what each relevant passage is worth, above 0; all others 0. Returns a
    figure in [0, 1]. The best order is that of all relevant passages, found or not. Järvelin and Kekäläinen 2002.
    """
    found = [gains.get(passage, 0.0) for passage in ranked[:k]]
    best = sorted(gains.values(), reverse=True)[:k]
    dcg, ideal = (sum(gain / np.log2(place + 1) for place, gain in enumerate(row, 1)) for row in (found, best))
    return float(dcg / ideal)


def score_rankings(
    rankings: Sequence[Sequence[int]], gains: Sequence[Mapping[int, float]], ks: Sequence[int] = (1, 5, 10)
) -> dict[str, np.ndarray]:
    """All three figures of every query, (Q,) each, ready for a mean and its bootstrap interval.

    gains: per query what each relevant passage is worth (1 where it is only relevant or not). The names are
    "recall@1" ..., "MRR", and "nDCG@10" for the largest k. Raises ValueError, naming the query, where nothing is
    relevant (leave unanswerable questions out: no ranking of them is right) or a passage stands twice in a ranking.
    """
    if len(rankings) != len(gains) or not len(gains):
        raise ValueError(f"Expected gains for each ranking, at least one, got {len(rankings)} and {len(gains)}.")
    for query, (ranked, worth) in enumerate(zip(rankings, gains, strict=True)):
        if not worth or not min(worth.values()) > 0:
            raise ValueError(f"Query {query} needs at least one relevant passage, and gains above 0: {dict(worth)}.")
        if len(set(ranked)) < len(ranked):
            raise ValueError(f"In the ranking of query {query} a passage stands twice: {list(ranked)[:20]}.")
    pairs = list(zip(rankings, gains, strict=True))
    figures = {f"recall@{k}": [recall_at(ranked, worth, k) for ranked, worth in pairs] for k in ks}
    figures["MRR"] = [reciprocal_rank(ranked, worth) for ranked, worth in pairs]
    figures[f"nDCG@{max(ks)}"] = [ndcg(ranked, worth, max(ks)) for ranked, worth in pairs]
    return {name: np.array(values) for name, values in figures.items()}
