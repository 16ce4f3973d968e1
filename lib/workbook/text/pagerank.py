"""PageRank: a page is worth reading if pages that are worth reading link to it. Equal to networkx's.

Brin and Page 1998; Langville and Meyer 2005 for pages without links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def pagerank_step(ranks: np.ndarray, links: np.ndarray, damping: float, jump: np.ndarray) -> np.ndarray:
    """Where a reader is after one step more: ranks (N,) → (N,), both summing to 1.

    links: (E, 2), from page, to page. With the probability `damping` the reader follows one of the page's links, each
    alike, else jumps to a page drawn from `jump` (N,), which sums to 1. From a page without links (a dangling one) the
    reader always jumps.
    """
    sources, targets = links[:, 0], links[:, 1]
    outgoing = np.bincount(sources, minlength=len(ranks))  # (N,) links per page
    passed_on = ranks[sources] / outgoing[sources]  # (E,) what each link carries
    followed = np.bincount(targets, weights=passed_on, minlength=len(ranks))  # (N,)
    stuck = ranks[outgoing == 0].sum()
    return damping * (followed + stuck * jump) + (1 - damping) * jump


def pagerank(
    links: Mapping[str, Sequence[str]],
    damping: float = 0.85,
    *,
    jump: Mapping[str, float] | None = None,
    tolerance: float = 1e-12,
    steps: int = 1000,
) -> dict[str, float]:
    """The share of time that a random reader spends on every page; the shares sum to 1.

    links: the pages that each page links to, [] for none; every page is a key. A link that stands twice on a page
    counts twice (as in a multigraph of networkx). jump: weights of the pages that the reader jumps to, all alike by
    default. Stops once a step changes the shares by less than `tolerance` in all.

    Raises ValueError for no pages, a link to an unknown page, a damping outside [0, 1), weights that are negative, all
    0 or of an unknown page, and where `steps` steps were not enough.
    """
    if not links:
        raise ValueError("There are no pages: expected a dict of page → pages that it links to.")
    if not 0 <= damping < 1:
        raise ValueError(f"The damping is a probability below 1, usually 0.85, and not {damping}.")
    number = {page: i for i, page in enumerate(links)}
    pairs = [(page, target) for page, targets in links.items() for target in targets]
    unknown = next(((page, target) for page, target in pairs if target not in number), None)
    if unknown:
        raise ValueError(f"Page {unknown[0]!r} links to {unknown[1]!r}, which is no page: add it as a key, or drop it.")
    array = np.array([(number[page], number[target]) for page, target in pairs], dtype=int).reshape(-1, 2)
    weights = _jump(number, jump)
    ranks = weights
    for _ in range(steps):
        before, ranks = ranks, pagerank_step(ranks, array, damping, weights)
        if np.abs(ranks - before).sum() < tolerance:
            return dict(zip(links, ranks.tolist(), strict=True))
    raise ValueError(f"{steps} steps were not enough for a tolerance of {tolerance}: allow more of either.")


def _jump(number: Mapping[str, int], jump: Mapping[str, float] | None) -> np.ndarray:
    if jump is None:
        return np.full(len(number), 1 / len(number))
    unknown = next((page for page in jump if page not in number), None)
    if unknown is not None:
        raise ValueError(f"The weights of jumps name {unknown!r}, which is no page.")
    weights = np.array([jump.get(page, 0.0) for page in number], dtype=float)
    if not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ValueError("The weights of jumps must be numbers of at least 0, and not all of them 0.")
    return weights / weights.sum()
