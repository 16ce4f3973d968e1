"""Exercises of lesson 13: IDF, cosine, a step of PageRank, SQuAD's F1, nDCG, inverse propensity."""

from __future__ import annotations

import numpy as np

from workbook.exercises import Case, Mistake, practice
from workbook.text.answers import f1, normalize, right_answers
from workbook.text.clicks import inverse_propensity
from workbook.text.pagerank import pagerank_step
from workbook.text.retrieval import cosine, idf, ndcg

# ------------------------------------------------------------------------------------------------ IDF


def _idf_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("three documents; words in one, two and all of them", (np.array([1, 2, 3]), 3)),
        Case("one word, one document", (np.array([1]), 1)),
        Case("a word that no document has", (np.array([0, 4]), 10)),
        Case("many words", (rng.integers(1, 150, 6), 150)),
    ]


def _not_smoothed(document_frequency, documents):
    return np.log(documents / document_frequency) + 1


def _nothing_added(document_frequency, documents):
    return np.log((1 + documents) / (1 + document_frequency))


def _binary_log(document_frequency, documents):
    return np.log2((1 + documents) / (1 + document_frequency)) + 1


def _no_log(document_frequency, documents):
    return (1 + documents) / (1 + document_frequency)


def _frequent_counts(document_frequency, documents):
    return np.log((1 + document_frequency) / (1 + documents)) + 1


practice(
    idf,
    difficulty=1,
    minutes=5,
    cases=_idf_cases,
    mistakes=[
        Mistake(_not_smoothed, "the ones inside the fraction are missing: a word that no document has divides by 0."),
        Mistake(_nothing_added, "the 1 after the logarithm is missing: a word of all documents would count nothing."),
        Mistake(_binary_log, "scikit-learn takes the natural logarithm, np.log."),
        Mistake(
            _no_log, "the logarithm is missing: a word that is ten times rarer tells more, but not ten times more."
        ),
        Mistake(_frequent_counts, "the fraction is upside down: rare words must count more."),
    ],
    hints=[
        "The fraction is large for rare words: documents above, document frequency below.",
        "As if one more document had every word: add 1 above and below.",
        "np.log of it, plus 1.",
    ],
)

# ------------------------------------------------------------------------------------------------ cosine


def _cosine_cases(rng: np.random.Generator) -> list[Case]:
    def vectors(rows: int, columns: int) -> np.ndarray:
        return rng.integers(0, 4, (rows, columns)).astype(float)

    return [
        Case("one query, two documents", (np.array([[3.0, 4.0]]), np.array([[4.0, 3.0], [0.0, 2.0]]))),
        Case("three queries, five documents", (vectors(3, 6) + 1, vectors(5, 6) + 1)),
        Case("a query without a known word", (np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 0.0]]))),
        Case("an empty document", (vectors(2, 4) + 1, np.array([[1.0, 0, 2, 0], [0, 0, 0, 0]]))),
    ]


def _lengths(vectors):
    lengths = np.linalg.norm(vectors, axis=1)
    return np.where(lengths > 0, lengths, 1)


def _dot_product(queries, documents):
    return queries @ documents.T


def _documents_only(queries, documents):
    return queries @ documents.T / _lengths(documents)


def _queries_only(queries, documents):
    return queries @ documents.T / _lengths(queries)[:, None]


def _documents_first(queries, documents):
    return cosine(documents, queries)


def _zero_by_zero(queries, documents):
    return queries @ documents.T / np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(documents, axis=1))


def _distance(queries, documents):
    return 1 - cosine(queries, documents)


def _sum_of_numbers(queries, documents):
    return queries @ documents.T / np.outer(queries.sum(1).clip(min=1), documents.sum(1).clip(min=1))


practice(
    cosine,
    difficulty=1,
    minutes=7,
    cases=_cosine_cases,
    mistakes=[
        Mistake(_dot_product, "this is the dot product: long texts win. Divide by both lengths."),
        Mistake(_documents_only, "the queries' lengths are missing."),
        Mistake(_queries_only, "the documents' lengths are missing: long documents win."),
        Mistake(_documents_first, "the table lies on its side: queries are rows, documents columns."),
        Mistake(_zero_by_zero, "0 / 0 is NaN: where a vector is all 0 the cosine is 0."),
        Mistake(_distance, "this is the distance, 1 − cosine: the best document would come last."),
        Mistake(_sum_of_numbers, "a vector's length is the root of the sum of squares, not the sum."),
    ],
    hints=[
        "queries @ documents.T has all dot products, (Q, N).",
        "np.linalg.norm(x, axis=1) has the lengths of the rows; np.outer of two such lists is again (Q, N).",
        "np.divide(a, b, out=np.zeros(b.shape), where=b > 0) divides where it can and leaves 0 elsewhere.",
    ],
)

# ------------------------------------------------------------------------------------------------ PageRank


def _pagerank_cases(rng: np.random.Generator) -> list[Case]:
    def ranks(pages: int) -> np.ndarray:
        drawn = rng.integers(1, 9, pages).astype(float)
        return drawn / drawn.sum()

    circle, star = np.array([[0, 1], [1, 2], [2, 0]]), np.array([[1, 0], [2, 0], [0, 1], [0, 2], [0, 3]])
    return [
        Case("three pages in a circle", (np.array([0.5, 0.3, 0.2]), circle, 0.8, np.full(3, 1 / 3))),
        Case("page 3 has no links", (np.array([0.4, 0.1, 0.3, 0.2]), star, 0.85, np.full(4, 0.25))),
        Case("the reader jumps to page 1 alone", (ranks(4), star, 0.5, np.array([0.0, 1, 0, 0]))),
        Case("many pages, some without links", (ranks(9), rng.integers(0, [6, 9], (14, 2)), 0.85, ranks(9))),
        Case("no jumps but from dangling pages", (ranks(4), star, 1.0, np.full(4, 0.25))),
    ]


def _step(ranks, links, damping, jump, *, stuck="jumps", even=True, uniform=False, turned=False, again=True):
    """A wrong version per switch that is turned."""
    sources, targets = links[:, ::-1].T if turned else links.T
    n = len(ranks)
    shares = np.bincount(sources if even else targets, minlength=n)
    divisor = shares[sources if even else targets]
    followed = np.bincount(targets, weights=ranks[sources] / divisor, minlength=n)
    jump = np.full(n, 1 / n) if uniform else jump
    dangling = ranks * (np.bincount(sources, minlength=n) == 0)
    kept = {"jumps": dangling.sum() * jump, "lost": 0 * jump, "stays": dangling}[stuck]
    return damping * (followed + kept) + (1 - damping) * jump * again


def _leaks(ranks, links, damping, jump):
    return _step(ranks, links, damping, jump, stuck="lost")


def _stays(ranks, links, damping, jump):
    return _step(ranks, links, damping, jump, stuck="stays")


def _divided_by_incoming(ranks, links, damping, jump):
    return _step(ranks, links, damping, jump, even=False)


def _everywhere_alike(ranks, links, damping, jump):
    return _step(ranks, links, damping, jump, uniform=True)


def _backwards(ranks, links, damping, jump):
    return _step(ranks, links, damping, jump, turned=True)


def _never_jumps(ranks, links, damping, jump):
    return _step(ranks, links, damping, jump, again=False)


def _whole_to_each(ranks, links, damping, jump):
    followed = np.bincount(links[:, 1], weights=ranks[links[:, 0]], minlength=len(ranks))
    stuck = ranks[np.bincount(links[:, 0], minlength=len(ranks)) == 0].sum()
    return damping * (followed + stuck * jump) + (1 - damping) * jump


practice(
    pagerank_step,
    difficulty=2,
    minutes=12,
    cases=_pagerank_cases,
    mistakes=[
        Mistake(_leaks, "what dangling pages hold is lost, and the sum falls below 1: from there the reader jumps."),
        Mistake(_stays, "the reader does not stay on a page without links, but jumps."),
        Mistake(_divided_by_incoming, "a page divides its rank among the links that go *out* of it."),
        Mistake(_everywhere_alike, "the jumps go everywhere alike; they are to follow `jump`."),
        Mistake(_backwards, "the links are followed backwards: column 0 is the page that has the link."),
        Mistake(_never_jumps, "the part (1 − damping) · jump is missing."),
        Mistake(_whole_to_each, "every link gets the page's whole rank: divide it by the number of its links."),
    ],
    hints=[
        "np.bincount(links[:, 0], minlength=len(ranks)) is the number of links of every page.",
        "A link carries ranks[from] / links of that page; np.bincount(to, weights=...) collects what arrives.",
        "Add what dangling pages hold, spread by jump; all that times damping, and (1 − damping) · jump besides.",
    ],
)

# ------------------------------------------------------------------------------------------------ SQuAD's F1


def _f1_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("two of three words", ("red car", ["a big red car"])),
        Case("a word that stands twice", ("the red, red car!", ["red car"])),
        Case("the better of two references", ("in 1998", ["May of 1998", "1998"])),
        Case("nothing in common", ("a bicycle", ["the car", "Cars"])),
        Case("capitals, punctuation and articles", ("An U.S. President", ["the us president"])),
        Case("an unanswerable question, no answer", ("", [])),
        Case("an unanswerable question, an answer", ("blue whale", [])),
        Case("version 1.1: both empty", ("the", ["a"], "1.1")),
        Case("more said than asked for", ("a very old city in the north", ["old city"])),
    ]


def _shared(said, wanted):
    return sum(min(said.count(word), wanted.count(word)) for word in set(said))


def _best(prediction, references, version="2.0", *, split=None, score=None, pick=max, empty=None):
    """A wrong version per switch that is turned."""
    split = split or (lambda text: normalize(text).split())
    said, scores = split(prediction), []
    for reference in right_answers(references, version):
        wanted = split(reference)
        if not said and not wanted:
            scores.append((1.0 if version == "2.0" else 0.0) if empty is None else empty)
        else:
            f = score or (lambda a, b: 2 * _shared(a, b) / (len(a) + len(b)))
            scores.append(float(f(said, wanted)))
    return pick(scores)


def _as_sets(prediction, references, version="2.0"):
    return _best(
        prediction, references, version,
        score=lambda a, b: 2 * len({*a} & {*b}) / (len({*a}) + len({*b})),
    )  # fmt: skip


def _as_it_stands(prediction, references, version="2.0"):
    return _best(prediction, references, version, split=str.split)


def _precision(prediction, references, version="2.0"):
    return _best(prediction, references, version, score=lambda a, b: _shared(a, b) / len(a) if a else 0.0)


def _recall(prediction, references, version="2.0"):
    return _best(prediction, references, version, score=lambda a, b: _shared(a, b) / len(b) if b else 0.0)


def _mean_of_references(prediction, references, version="2.0"):
    return _best(prediction, references, version, pick=lambda scores: sum(scores) / len(scores))


def _first_reference(prediction, references, version="2.0"):
    return _best(prediction, references, version, pick=lambda scores: scores[0])


def _silence_is_wrong(prediction, references, version="2.0"):
    return _best(prediction, references, version, empty=0.0)


def _always_two(prediction, references, version="2.0"):
    return _best(prediction, references, version, empty=1.0)


practice(
    f1,
    difficulty=2,
    minutes=12,
    cases=_f1_cases,
    mistakes=[
        Mistake(_as_sets, "a word counts as often as it stands in *both*: sets forget how often (Counter does not)."),
        Mistake(_as_it_stands, "the texts are compared as they stand: normalize both first."),
        Mistake(
            _precision, "this is the precision, the share of what was said: to say one right word would be perfect."
        ),
        Mistake(_recall, "this is the recall, the share of what was asked for: to say everything would be perfect."),
        Mistake(
            _mean_of_references, "you average over the references; an answer needs to fit one of them: take the best."
        ),
        Mistake(_first_reference, "only the first reference is looked at; take the best over all."),
        Mistake(_silence_is_wrong, "in version 2.0 an empty answer is right where the right answer is empty."),
        Mistake(_always_two, "version 1.1 gives 0 where both are empty: nothing is shared."),
    ],
    hints=[
        "normalize(text).split() gives the words of an answer; right_answers(references, version) what may be right.",
        "(Counter(said) & Counter(wanted)) keeps the smaller count of each word; the sum of its values is shared.",
        "2 · shared / (words said + words wanted), the largest over the references. In 2.0 two empty ones give 1.",
    ],
)

# ------------------------------------------------------------------------------------------------ nDCG


def _ndcg_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("the one relevant passage in second place", ([7, 3, 9], {3: 1.0}, 3)),
        Case("the better passage comes second", ([4, 8, 5], {8: 2.0, 4: 1.0}, 3)),
        Case("only the first two places count", ([1, 2, 3, 4], {1: 1.0, 3: 3.0, 4: 1.0}, 2)),
        Case("one relevant passage was not found", ([5, 6], {5: 1.0, 9: 2.0}, 10)),
        Case("nothing was found", ([5, 6], {1: 1.0}, 5)),
        Case("a longer ranking", (rng.permutation(20).tolist(), {3: 3.0, 7: 1.0, 11: 2.0, 19: 1.0}, 10)),
    ]


def _ndcg(ranked, gains, k, *, discount=None, worth=None, ideal=None, cut=True):
    """A wrong version per switch that is turned."""
    discount, worth = discount or (lambda place: 1 / np.log2(place + 1)), worth or (lambda gain: gain)
    found = [gains.get(passage, 0.0) for passage in ranked[:k]]
    best = sorted(gains.values() if ideal is None else ideal(found), reverse=True)
    dcg, most = (
        sum(worth(gain) * discount(place) for place, gain in enumerate(row, 1))
        for row in (found, best[:k] if cut else best)
    )
    return float(dcg / most) if most else 0.0


def _by_place(ranked, gains, k):
    return _ndcg(ranked, gains, k, discount=lambda place: 1 / place)


def _no_discount(ranked, gains, k):
    return _ndcg(ranked, gains, k, discount=lambda place: 1)


def _one_place_on(ranked, gains, k):
    return _ndcg(ranked, gains, k, discount=lambda place: 1 / np.log2(place + 2))


def _best_of_what_was_found(ranked, gains, k):
    return _ndcg(ranked, gains, k, ideal=lambda found: found)


def _best_not_cut(ranked, gains, k):
    return _ndcg(ranked, gains, k, cut=False)


def _not_normalised(ranked, gains, k):
    return _ndcg(ranked, gains, k, ideal=lambda found: [1.0])


def _yes_or_no(ranked, gains, k):
    return _ndcg(ranked, gains, k, worth=lambda gain: float(gain > 0))


def _exponential(ranked, gains, k):
    return _ndcg(ranked, gains, k, worth=lambda gain: 2**gain - 1)


practice(
    ndcg,
    difficulty=2,
    minutes=10,
    cases=_ndcg_cases,
    mistakes=[
        Mistake(_by_place, "you divide by the place; divide by log₂(place + 1), which falls off more slowly."),
        Mistake(_no_discount, "every place counts the same: divide by log₂(place + 1)."),
        Mistake(_one_place_on, "places begin at 1, so that the first is divided by log₂ 2 = 1."),
        Mistake(
            _best_of_what_was_found,
            "the best order is of all relevant passages, and not only of those that were found.",
        ),
        Mistake(_best_not_cut, "the best order is cut at k as well, or no ranking could reach 1."),
        Mistake(_not_normalised, "this is the DCG: divide it by that of the best order."),
        Mistake(_yes_or_no, "a relevant passage counts by its gain, and not just as 1."),
        Mistake(_exponential, "you take 2^gain − 1, another convention; here the gain counts as it is."),
    ],
    hints=[
        "gains.get(passage, 0.0) is what a passage is worth.",
        "DCG: the sum of gain / np.log2(place + 1) over the first k places, from place 1.",
        "The best order is sorted(gains.values(), reverse=True)[:k]; divide by its DCG.",
    ],
)

# ------------------------------------------------------------------------------------------------ inverse propensity


def _propensity_cases(rng: np.random.Generator) -> list[Case]:
    examined = np.array([1.0, 0.5, 0.25])
    shown = rng.permuted(np.tile(np.arange(5), (40, 1)), axis=1)[:, :3]
    return [
        Case(
            "always the same order", (np.array([[0, 1]] * 3), np.array([[1, 0], [0, 1], [1, 1]]), np.array([1, 0.5]), 2)
        ),
        Case("both orders", (np.array([[0, 1], [1, 0]]), np.array([[1, 0], [1, 1]]), np.array([1, 0.25]), 2)),
        Case("a passage that was never shown", (np.array([[2, 0]]), np.array([[0, 1]]), np.array([0.8, 0.4]), 3)),
        Case("many readers", (shown, (rng.random((40, 3)) < 0.4).astype(int), examined, 5)),
    ]


def _estimate(shown, clicked, examined, passages, *, weights=None, times=None, empty=np.nan):
    """A wrong version per switch that is turned."""
    weights = clicked / examined if weights is None else weights
    times = np.ones(shown.shape) if times is None else times
    total, count = (np.bincount(shown.ravel(), weights=w.ravel(), minlength=passages) for w in (weights, times))
    return np.divide(total, count, out=np.full(passages, empty), where=count > 0)


def _plain_rates(shown, clicked, examined, passages):
    return _estimate(shown, clicked, examined, passages, weights=clicked)


def _multiplied(shown, clicked, examined, passages):
    return _estimate(shown, clicked, examined, passages, weights=clicked * examined)


def _per_click(shown, clicked, examined, passages):
    return _estimate(shown, clicked, examined, passages, times=clicked)


def _own_weights(shown, clicked, examined, passages):
    return _estimate(shown, clicked, examined, passages, times=np.ones(shown.shape) / examined)


def _never_is_zero(shown, clicked, examined, passages):
    return _estimate(shown, clicked, examined, passages, empty=0.0)


def _per_reader(shown, clicked, examined, passages):
    times = np.bincount(shown.ravel(), minlength=passages)
    total = np.bincount(shown.ravel(), weights=(clicked / examined).ravel(), minlength=passages)
    return np.where(times > 0, total / len(shown), np.nan)


practice(
    inverse_propensity,
    difficulty=2,
    minutes=10,
    cases=_propensity_cases,
    mistakes=[
        Mistake(_plain_rates, "these are plain click rates: what stands on top would stay there. Weigh the clicks."),
        Mistake(_multiplied, "you multiply; a click at a place that few look at must count for more: divide."),
        Mistake(_per_click, "divide by how often a passage was *shown*, not by how often it was clicked."),
        Mistake(
            _own_weights,
            "you divide by the weights of all times it was shown: it is the clicks alone that are weighed.",
        ),
        Mistake(_never_is_zero, "a passage that was never shown is not disliked: nothing is known, NaN."),
        Mistake(_per_reader, "you divide by all readers; divide by those who were shown the passage."),
    ],
    hints=[
        "clicked / examined divides column by column: every click by the propensity of its place.",
        "np.bincount(shown.ravel(), weights=..., minlength=passages) adds up per passage; without weights it counts.",
        "The sum of the weighted clicks over how often the passage was shown; NaN where that is 0.",
    ],
)
