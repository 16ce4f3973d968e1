"""PageRank against networkx, and by hand."""

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from workbook.text.pagerank import pagerank, pagerank_step


def by_networkx(links, damping=0.85, jump=None):
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(links)
    graph.add_edges_from((page, target) for page, targets in links.items() for target in targets)
    return networkx.pagerank(graph, damping, personalization=jump, tol=1e-14, max_iter=5000)


def assert_equal(ours, theirs):
    assert list(ours) == list(theirs)
    np.testing.assert_allclose(list(ours.values()), list(theirs.values()), atol=1e-9)
    assert sum(ours.values()) == pytest.approx(1, abs=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(some.integers(0, 10_000), some.integers(1, 12), some.sampled_from([0, 0.5, 0.85, 0.99]), some.booleans())
def test_equals_networkx(seed, pages, damping, with_jump):
    """Dangling pages, links to oneself and double links included."""
    rng = np.random.default_rng(seed)
    names = [f"page {i}" for i in range(pages)]
    links = {name: [str(target) for target in rng.choice(names, rng.integers(0, 4))] for name in names}
    jump = {name: float(rng.random()) for name in names[: pages // 2 + 1]} if with_jump else None
    ours = pagerank(links, damping, jump=jump, tolerance=1e-13, steps=5000)
    assert_equal(ours, by_networkx(links, damping, jump))


def test_equals_networkx_on_a_larger_graph():
    rng = np.random.default_rng(0)
    links = {str(i): map(str, rng.choice(2000, rng.integers(0, 20), replace=False)) for i in range(2000)}
    links = {page: list(targets) for page, targets in links.items()}
    assert_equal(pagerank(links), by_networkx(links))


def test_nobody_links_to_anybody():
    assert pagerank({"a": [], "b": [], "c": [], "d": []}) == pytest.approx(dict.fromkeys("abcd", 0.25))
    assert pagerank({"a": []}) == {"a": 1}


def test_a_step_by_hand():
    # 0 → 1 and 0 → 2, 1 → 2, and 2 is dangling
    ranks = pagerank_step(np.array([0.5, 0.3, 0.2]), np.array([[0, 1], [0, 2], [1, 2]]), 0.5, np.ones(3) / 3)
    everywhere = (0.5 * 0.2 + 0.5) / 3
    np.testing.assert_allclose(ranks, [everywhere, 0.5 * 0.25 + everywhere, 0.5 * 0.55 + everywhere])


def test_two_pages_by_hand():
    # b has nothing but a jump to offer: r_a = .15 / 2 + .85 · r_b / 2, r_a + r_b = 1
    rank = (0.15 / 2 + 0.85 / 2) / (1 + 0.85 / 2)
    assert pagerank({"a": ["b"], "b": []}) == pytest.approx({"a": rank, "b": 1 - rank})


@pytest.mark.parametrize(
    ("links", "options", "says"),
    [
        ({}, {}, "no pages"),
        ({"a": ["b"]}, {}, "'a' links to 'b'"),
        ({"a": ["a"]}, {"damping": 1.0}, "below 1"),
        ({"a": ["a"]}, {"damping": float("nan")}, "below 1"),
        ({"a": []}, {"jump": {"b": 1}}, "'b', which is no page"),
        ({"a": []}, {"jump": {"a": 0}}, "not all of them 0"),
        ({"a": []}, {"jump": {"a": -1}}, "at least 0"),
        ({"a": []}, {"jump": {"a": float("nan")}}, "at least 0"),
        ({"a": ["b"], "b": []}, {"steps": 2}, "2 steps were not enough"),
    ],
)
def test_pagerank_refuses(links, options, says):
    with pytest.raises(ValueError, match=says):
        pagerank(links, **options)
