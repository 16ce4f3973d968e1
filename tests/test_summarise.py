"""Summaries that choose sentences: the first, TextRank's, and the best there are."""

import networkx
import pytest

from workbook.text.summarise import best_sentences, copied_share, lead, shared_words, textrank

ARTICLE = [
    "It rained.",
    "The ferry workers ended their strike.",
    "The strike of the workers had stopped the ferry.",
    "A baker sold rolls to the waiting ferry passengers.",
]


def test_lead():
    assert lead(ARTICLE, 2) == ARTICLE[:2] and lead(ARTICLE, 9) == ARTICLE


def test_links_are_shared_stems_without_stop_words():
    links = shared_words(ARTICLE)
    assert links["0"] == []  # "it" says nothing
    assert sorted(links["1"]) == ["2", "2", "2", "3"]  # ferry, worker, strike; ferry
    assert links["3"].count("2") == links["2"].count("3") == 1  # ferry alone: "the" does not count
    assert shared_words(["Dogs bark.", "A barking dog."])["0"] == ["1", "1"]


def test_textrank_is_networkx_pagerank():
    graph = networkx.MultiDiGraph()
    links = shared_words(ARTICLE)
    graph.add_nodes_from(links)
    graph.add_edges_from((source, target) for source, targets in links.items() for target in targets)
    ranks = networkx.pagerank(graph, tol=1e-12, max_iter=500)
    best = sorted(ranks, key=lambda name: -ranks[name])
    assert set(best[:2]) == {"1", "2"}
    assert textrank(ARTICLE, 2) == [ARTICLE[1], ARTICLE[2]]  # in the article's order
    assert textrank(ARTICLE, 1) == [ARTICLE[int(best[0])]]


def test_sentences_come_in_the_articles_order_whatever_their_ranks():
    lines = ["Cats and dogs.", "Birds and bees.", "Birds, bees, cats.", "Cats, dogs, birds and bees."]
    assert textrank(lines, 1) == lines[3:]
    assert textrank(lines, 2) == lines[2:]  # the best one stands behind


def test_of_equal_sentences_the_first_is_taken():
    assert textrank(["Nothing here.", "Something else."], 1) == ["Nothing here."]


def test_best_sentences():
    assert best_sentences(ARTICLE, 1, len) == [max(ARTICLE, key=len)]
    assert best_sentences(ARTICLE, 2, lambda text: text.count("rained") + text.count("baker")) == [
        ARTICLE[0],
        ARTICLE[3],
    ]
    assert best_sentences(ARTICLE[:1], 3, len) == ARTICLE[:1]


@pytest.mark.parametrize(
    ("text", "share"), [("the cat sat down", 1.0), ("the cat sat up", 0.5), ("sat cat the", 0.0), ("the cat", 0.0)]
)
def test_copied_share(text, share):
    assert copied_share(text, "Today the cat sat down.") == share


@pytest.mark.parametrize("choose", [lead, textrank, lambda *a: best_sentences(*a, len)])
@pytest.mark.parametrize(
    ("sentences", "count", "said"), [([], 1, "at least one"), ("one text", 1, "list"), (["a"], 0, "count is 0")]
)
def test_what_they_refuse(choose, sentences, count, said):
    with pytest.raises(ValueError, match=said):
        choose(sentences, count)
