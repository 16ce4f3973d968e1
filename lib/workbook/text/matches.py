"""Which of a translation's n-grams a reference has, shown in place: the picture behind BLEU's precisions.

verdicts = judge_ngrams(hypothesis, references, 2)      # "counted", "clipped" or "missing", for each bigram
show_matches(hypothesis, references, orders=(1, 2))
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from workbook import show
from workbook.text.bleu import ngrams

COUNTED, CLIPPED, MISSING = "counted", "clipped", "missing"
# how a token looks, in plain text and as CSS; the bar and the strokes say it, the colour repeats it
PLAIN = {COUNTED: "[{}]", CLIPPED: "~{}~", MISSING: "{}"}
STYLE = {
    COUNTED: "background:#cfe4f7;border-bottom:3px solid #1f5f99;font-weight:bold",
    CLIPPED: "background:#f7e3cf;border-bottom:3px dotted #b35900;text-decoration:line-through",
    MISSING: "border-bottom:3px solid transparent;color:#57606a",
}


def judge_ngrams(hypothesis: Sequence[str], references: Sequence[Sequence[str]], n: int) -> list[str]:
    """For each n-gram of the hypothesis, from left to right, whether it counts in BLEU's precision.

    "counted": a reference has it, and as often as this, "clipped": the best reference has it, but not once more,
    "missing": none has it. As many are counted as `clipped_matches` says. Raises ValueError for no reference or n < 1.
    """
    if not references or n < 1:
        raise ValueError(f"Expected at least one reference and n of at least 1, got {len(references)} and {n}.")
    most: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        most |= ngrams(reference, n)  # keeps the larger count
    seen: Counter[tuple[str, ...]] = Counter()
    verdicts = []
    for gram in zip(*(hypothesis[start:] for start in range(n)), strict=False):
        seen[gram] += 1
        verdicts.append(COUNTED if seen[gram] <= most[gram] else CLIPPED if most[gram] else MISSING)
    return verdicts


def judge_tokens(verdicts: Sequence[str], n: int) -> list[str]:
    """The best verdict of the n-grams that each token is part of: "counted", before "clipped", before "missing".

    verdicts: of at least one n-gram, from left to right. Returns n − 1 more verdicts than that.
    """
    rank = [COUNTED, CLIPPED, MISSING].index
    return [
        min(verdicts[max(0, place - n + 1) : place + 1], key=rank, default=MISSING)
        for place in range(len(verdicts) + n - 1)
    ]


def matches_html(hypothesis: Sequence[str], references: Sequence[Sequence[str]], orders: Sequence[int]) -> str:
    """The hypothesis once for each n of `orders`, as HTML: counted tokens bold, on blue, with a bar below them.

    What was clipped is struck through; what is missing is plain. Each line has its counts as text.
    """
    rows = []
    for n in orders:
        verdicts, tokens = _judged(hypothesis, references, n)
        spans = " ".join(
            f'<span style="padding:1px 3px;{STYLE[verdict]}">{html.escape(token)}</span>'
            for token, verdict in zip(hypothesis, tokens, strict=True)
        )
        alt = html.escape(f"n = {n}: {plain_tokens(hypothesis, tokens)}", quote=True)
        rows.append(
            f'<tr><th scope="row" style="text-align:left">n = {n}</th><td style="text-align:left" role="img" '
            f'aria-label="{alt}">{spans}</td><td style="text-align:left">{counts(verdicts)}</td></tr>'
        )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def matches_plain(hypothesis: Sequence[str], references: Sequence[Sequence[str]], orders: Sequence[int]) -> str:
    """The same as text: [counted], ~clipped~, missing."""
    lines = []
    for n in orders:
        verdicts, tokens = _judged(hypothesis, references, n)
        lines.append(f"n = {n}: {plain_tokens(hypothesis, tokens)}   {counts(verdicts)}")
    return "\n".join(lines)


def show_matches(hypothesis: Sequence[str], references: Sequence[Sequence[str]], orders: Sequence[int]) -> None:
    """Show which n-grams of a tokenised hypothesis count, one line for each n of `orders`, with the references below.

    Raises ValueError for no reference, an n < 1, or an empty hypothesis.
    """
    if not hypothesis:
        raise ValueError("An empty hypothesis has no n-grams to show.")
    below = [f"reference {number}: {' '.join(tokens)}" for number, tokens in enumerate(references, 1)]
    plain = "\n".join([matches_plain(hypothesis, references, orders), *below])
    rich = matches_html(hypothesis, references, orders) + "".join(f"<div>{html.escape(line)}</div>" for line in below)
    show.both(plain, rich)


def counts(verdicts: Sequence[str]) -> str:
    """What became of the n-grams, as text: "3 of 6 count, 1 clipped"."""
    clipped = verdicts.count(CLIPPED)
    return f"{verdicts.count(COUNTED)} of {len(verdicts)} count" + (f", {clipped} clipped" if clipped else "")


def plain_tokens(tokens: Sequence[str], verdicts: Sequence[str]) -> str:
    """Tokens with the signs of PLAIN, in one line."""
    return " ".join(PLAIN[verdict].format(token) for token, verdict in zip(tokens, verdicts, strict=True))


def _judged(hypothesis: Sequence[str], references: Sequence[Sequence[str]], n: int) -> tuple[list[str], list[str]]:
    """The verdicts of the n-grams, and those of the tokens, of which a short text has fewer than n."""
    verdicts = judge_ngrams(hypothesis, references, n)
    return verdicts, judge_tokens(verdicts, n)[: len(hypothesis)]
