"""Summaries that only choose sentences: the first ones, those that the others have most in common with, or the best.

None of them writes a word of its own, so that none can say what the article doesn't.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from workbook.text.bleu import ngrams
from workbook.text.pagerank import pagerank
from workbook.text.stemmer import stem
from workbook.text.tokenize import tokenize_ascii

# words that say little of what a sentence is about
STOP_WORDS = frozenset(
    "a about after all also an and any are as at be because been before but by can could did do for from had has have "
    "he her his how if in into is it its many more most no not of on one only or other our out over said say says she "
    "so some than that the their them then there they this to until up was we were what when which while who will with "
    "would you".split()
)


def lead(sentences: Sequence[str], count: int = 3) -> list[str]:
    """The first `count` sentences: a strong baseline for news, which put first what matters most."""
    _check(sentences, count)
    return list(sentences[:count])


def shared_words(sentences: Sequence[str]) -> dict[str, list[str]]:
    """A graph of sentences, "0", "1", ...: one link, both ways, for each word that two of them share.

    Words are stemmed, and those of STOP_WORDS don't count.
    """
    words = [
        {stem(word) for word in tokenize_ascii(text) if word not in STOP_WORDS and len(word) > 1} for text in sentences
    ]
    links: dict[str, list[str]] = {str(number): [] for number in range(len(sentences))}
    for one, other in combinations(range(len(sentences)), 2):
        for _ in words[one] & words[other]:
            links[str(one)].append(str(other))
            links[str(other)].append(str(one))
    return links


def textrank(sentences: Sequence[str], count: int = 1) -> list[str]:
    """The `count` sentences with the highest PageRank in `shared_words`, in the article's order.

    A sentence counts if it shares words with sentences that count. Of equals the earlier one is taken. The original
    divides by the logarithms of the lengths, so that long sentences gain less; here each word is a link.
    Source: Mihalcea and Tarau 2004, section 4.
    """
    _check(sentences, count)
    ranks = pagerank(shared_words(sentences))
    best = sorted(range(len(sentences)), key=lambda number: (-round(ranks[str(number)], 9), number))[:count]
    return [sentences[number] for number in sorted(best)]


def best_sentences(sentences: Sequence[str], count: int, score: Callable[[str], float]) -> list[str]:
    """The `count` sentences that score highest together, one per line: what choosing sentences can reach at most.

    It needs the score, and so the reference: a yardstick, and no method. The first of equal choices is taken.
    """
    _check(sentences, count)
    return list(max(combinations(sentences, min(count, len(sentences))), key=lambda chosen: score("\n".join(chosen))))


def copied_share(text: str, source: str, n: int = 3) -> float:
    """The share of a text's n-grams that stand in the source in just this way; 0 where the text has none."""
    own, known = (ngrams(tokenize_ascii(side), n) for side in (text, source))
    return sum(count for gram, count in own.items() if gram in known) / max(1, own.total())


def _check(sentences: Sequence[str], count: int) -> None:
    if isinstance(sentences, str) or not sentences:
        raise ValueError(f"Expected a list of at least one sentence, not {sentences!r}: cut the article first.")
    if count < 1:
        raise ValueError(f"count is {count}: a summary has at least one sentence.")
