"""A trigram language model: the baseline that every neural one has to beat."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


class Trigram:
    """Word counts of three in a row, interpolated with those of two and of one by absolute discounting.

    p(w | u v) = max(c(uvw) − d, 0) / c(uv) + d · n(uv) / c(uv) · p(w | v)

    c counts, n(uv) is the number of different successors of uv, d = 0.75; p(w | v) is of the same form, and the last
    in the chain is uniform over the vocabulary. (Ney, Essen and Kneser 1994.)
    """

    def __init__(self, tokens: Sequence[int], vocabulary: int, discount: float = 0.75) -> None:
        """tokens: the training stream, numbers below `vocabulary`."""
        if len(tokens) < 3:
            raise ValueError(f"A trigram model needs at least three tokens, got {len(tokens)}.")
        self.vocabulary, self.discount = vocabulary, discount
        tokens = list(tokens)
        self.counts = [Counter(zip(*(tokens[i:] for i in range(order)), strict=False)) for order in (1, 2, 3)]
        self.seen: list[Counter] = []  # how often a context occurs as one
        self.followers: list[Counter] = []  # how many different tokens follow it
        for counts in self.counts:
            seen: Counter = Counter()
            for gram, count in counts.items():
                seen[gram[:-1]] += count
            self.seen.append(seen)
            self.followers.append(Counter(gram[:-1] for gram in counts))

    def probability(self, token: int, context: tuple[int, ...]) -> float:
        """p(token | context) with up to two tokens of context, the nearest last."""
        p = 1 / self.vocabulary
        for order in range(min(len(context), 2) + 1):
            part = tuple(context[len(context) - order :])
            seen = self.seen[order][part]
            if not seen:
                break  # a longer context was not seen either
            rest = self.discount * self.followers[order][part] / seen
            p = max(self.counts[order][(*part, token)] - self.discount, 0) / seen + rest * p
        return p

    def mean_loss(self, tokens: Sequence[int]) -> float:
        """Mean of −log p over a held-out stream, in nats per token; the first two tokens are context only."""
        tokens = list(tokens)
        if len(tokens) < 3:
            raise ValueError(f"Expected at least three tokens, got {len(tokens)}.")
        triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
        return -sum(math.log(self.probability(w, (u, v))) for u, v, w in triples) / (len(tokens) - 2)
