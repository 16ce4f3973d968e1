"""Questions without a questioner: a phrase is taken out of a sentence, and what is left asks for it.

    "Saltry climbs in seven terraces from its harbour."  →  "How many terraces saltry climbs harbour?"  → "seven"

Nobody wrote these questions and some are nonsense, but there are thousands, and a reader learns from them where a kind
of phrase begins and ends, and that the answer stands among words that the question has. After Ram et al. 2021,
"Few-shot question answering by pretraining span selection", who take out phrases that recur.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbook.datasets.authors import load_authors
from workbook.datasets.encyclopaedia import Passage
from workbook.datasets.summaries import SPLITS, load_summaries
from workbook.text.reader import windows
from workbook.trainers.reader import Example, token_span

_DIGITS = "one|two|three|four|five|six|seven|eight|nine"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_NUMBER = (
    rf"(?:\d[\d,\.]*|(?:{_DIGITS}|{_TEENS}|{_TENS}|half a|a hundred|hundred|thousand|million|dozen)"
    rf"(?:[- ](?:{_DIGITS}|hundred|thousand|million|and|a|half))*)"
)
_MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December|spring|summer|autumn|"
    "winter|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
)
_END = (
    r"(?=[,.;:!?]| (?:and|but|or|of|in|on|at|by|for|from|to|with|is|was|are|were|has|had|have|that|which|who|when|where"
    r"|as|because|so|than|until|while|before|after|can|could|must|may|will|would|does|did|do)\b|$)"
)
_PLACE = r"\b(?:in|on|at|under|behind|below|above|near|along|beside|inside|across|off) "
# what is asked for, what such a phrase looks like, how one asks for it
PHRASES: list[tuple[str, str, list[str]]] = [
    ("when", r"\b(?:in|In|since|until|by) (?:1[0-9]{3}|20\d\d)\b", ["when", "in which year", "what year"]),
    (
        "when",
        r"\b(?:in|on|from|until|every|between) (?:the \w+ of |early |late |a )?" + _MONTH
        + r"(?: (?:and|to|until) " + _MONTH + ")?",
        ["when", "at what time of year", "on which day"],
    ),
    (
        "how many",
        r"\b(?:about |some |nearly |almost |up to |at least |more than )?" + _NUMBER + r" (?:[a-z]+)\b",
        ["how many", "how much", "how long", "how far", "how large", "what number of", "how old", "how often"],
    ),
    ("who", r"(?<=[a-z,;] )(?:[A-Z][a-z']+ )*[A-Z][a-z']+\b", ["who", "what", "which", "whose"]),
    (
        "where", _PLACE + r"(?:the|a|an|its|their|his|her) (?:[a-z-]+ ){0,2}[a-z-]+" + _END,
        ["where", "in what place"],
    ),
    (
        "why", r"\b(?:because|since|so that|for fear of|in order to) [^,.;:]{8,60}(?=[,.;:])",
        ["why", "for what reason", "what is the reason that"],
    ),
    (
        "why", r"\bto (?!the|a|an|his|her|its|their|it|them|him)[a-z]+ [^,.;:]{5,40}(?=[,.;:])",
        ["why", "what for", "for what purpose"],
    ),
    ("how", r"\b(?:by|with) [a-z-]+(?: [a-z-]+){0,3}" + _END, ["how", "by what means", "with what"]),
    (
        "what", r"\b(?:the|a|an|its|their|his|her) (?:[a-z-]+ ){0,3}[a-z-]+" + _END,
        ["what", "which thing", "what kind of thing"],
    ),
]  # fmt: skip
SMALL = frozenset(
    "the a an of in on at by for from to with is was are were has had have that which who when where as it its they "
    "their he his she her and but or so than be been this these there".split()
)


@dataclass(frozen=True)
class Cloze:
    """A made question. start: where the answer stands in `text`, in characters."""

    title: str
    text: str
    question: str
    answer: str
    start: int


def sources(pages: Sequence[Passage]) -> list[tuple[str, str]]:
    """Titles and texts to make questions of: the given pages, the workbook's news articles, its two authors' texts."""
    articles = sorted((article for split in SPLITS for article in load_summaries(split)), key=lambda one: one.id)
    found = [(page.title, page.text) for page in pages]
    found += [(article.title, article.text) for article in articles]
    return found + [(text.topic, text.text[:700]) for text in load_authors()]


def make_clozes(texts: Sequence[tuple[str, str]], per_text: int = 10, seed: int = 0) -> list[Cloze]:
    """Up to `per_text` questions about every text (title, text), at most two of each kind; alike for the same seed.

    10 to 60 % of the words that are left are dropped, small words half as often, and in three of ten questions the rest
    is shuffled: a question never repeats its passage.
    """
    rng, made = random.Random(seed), []
    for title, text in texts:
        for kind, start, end, asking in _chosen(text, per_text, rng):
            rest = _rest_of_sentence(text, start, end, rng)
            if rest is None:
                continue
            answer, word = text[start:end], rng.choice(asking)
            if kind == "how many" and rng.random() < 0.5:  # "how many terraces", which "seven" or the whole answers
                number, _, unit = answer.rpartition(" ")
                word = f"how many {unit}"
                if rng.random() < 0.5:
                    answer = number
            if kind in ("when", "where") and rng.random() < 0.5:  # without the preposition
                start += answer.index(" ") + 1
                answer = text[start:end]
            question = f"{word} {' '.join(rest)}".strip()[:160] + "?"
            made.append(Cloze(title, text, question[0].upper() + question[1:], answer, start))
    return made


def _chosen(text: str, most: int, rng: random.Random) -> list[tuple[str, int, int, list[str]]]:
    """Phrases of a text that don't overlap."""
    found = [
        (kind, match.start(), match.end(), asking)
        for kind, pattern, asking in PHRASES
        for match in re.finditer(pattern, text)
    ]
    rng.shuffle(found)
    taken: list[tuple[str, int, int, list[str]]] = []
    for phrase in found:
        alike = sum(phrase[0] == other[0] for other in taken)
        if len(taken) < most and alike < 2 and not any(a < phrase[2] and phrase[1] < b for _, a, b, _ in taken):
            taken.append(phrase)
    return taken


def _rest_of_sentence(text: str, start: int, end: int, rng: random.Random) -> list[str] | None:
    """The words around a phrase, some dropped; None where fewer than two are left that mean anything."""
    marks = [text.rfind(mark, 0, start) for mark in (". ", "; ", ": ")]
    ends = [place for mark in ".;" if (place := text.find(mark, end)) >= 0]
    sentence = text[max(marks) + 1 : start] + " " + text[end : min(ends, default=len(text))]
    drop = rng.uniform(0.1, 0.6)
    kept = [
        word
        for word in re.findall(r"[\w'-]+", sentence)
        if rng.random() > (drop if word.lower() not in SMALL else drop / 2)
    ]
    if rng.random() < 0.3:
        rng.shuffle(kept)
    return kept if sum(word.lower() not in SMALL for word in kept) >= 2 else None


def cloze_examples(tokenizer: Any, made: Sequence[Cloze], around: int = 380, seed: int = 0) -> list[Example]:
    """Made questions beside a piece of their text of at most `around` characters, so that a step costs half."""
    rng, rows = random.Random(seed), []
    for one in made:
        begin = max(0, one.start - rng.randint(0, 250))
        begin = min(one.text.find(" ", begin) + 1 if begin else 0, one.start)
        piece = one.text[begin : max(begin + around, one.start + len(one.answer))]
        (row,) = windows(tokenizer, [one.question], [f"{one.title}\n{piece}"])
        span = token_span(row, one.start - begin + len(one.title) + 1, len(one.answer))
        if span != (0, 0):
            rows.append(Example(row, *span))
    return rows
