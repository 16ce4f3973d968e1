"""Checkers of the families with many right answers: story, summary, description, comparison, request, letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from workbook.datasets.instructions.words import find, mentioned, mentions, normal, sentences, stem, stems, words
from workbook.datasets.tiny_world.lexicon import load_lexicon

POLITE_MARKS = (
    "please", "could you", "would you", "can you", "may i", "could i", "can i", "thank", "thanks", "kind", "excuse me",
    "sorry",
)  # fmt: skip
BIGGER, SMALLER = ("bigger", "larger", "taller", "heavier"), ("smaller", "tinier", "shorter", "lighter")
NOT = {"not", "no", "never", "without", "doesn't", "isn't", "don't", "cannot", "can't", "aren't"}
GREETING = re.compile(r"\s*(?:my )?(?:dear|hello|hi)[, ]+(.+)", re.IGNORECASE)
CLOSING = re.compile(
    r"^\W*(?:your(?:s| (?:best |old )?friend)?|love|with love|best wishes|kind regards|see you soon|lots of love|"
    r"(?:many )?greetings|hugs|bye|from|sincerely)\b",
    re.IGNORECASE,
)
# How many different words an answer must have at least.
LEAST = {"story": 12, "continuation": 6, "summary": 6, "description": 6, "comparison": 6, "letter": 10}


def _short(kind: str, response: str) -> Iterator[str]:
    different = len(set(words(response)))
    if different < LEAST[kind]:
        yield f"too few words for a {kind}: {different} different ones, {LEAST[kind]} are needed"


def _unfinished(response: str) -> Iterator[str]:
    if not re.search(r"[.!?][\"”']?$", response.strip()):
        yield "the last sentence has no end"


@lru_cache
def past_forms() -> frozenset[str]:
    """The past forms of the lexicon's verbs, and the three that no verb of it has."""
    return frozenset(verb["past"] for verb in load_lexicon().verbs.values()) | {"were", "could", "would"}


def story(facts: dict, response: str) -> Iterator[str]:
    """At least three finished sentences, told in the past, with the subject in them."""
    yield from _short("story", response)
    if not mentions(response, facts["subject"]):
        yield f"the story does not mention the {facts['subject']}"
    if len(sentences(response)) < 3:
        yield f"a story needs at least three sentences, {len(sentences(response))} found"
    if sum(word in past_forms() for word in words(response)) < 2:
        yield "nothing happens: a story is told in the past"
    yield from _unfinished(response)


def continuation(facts: dict, response: str) -> Iterator[str]:
    """A finished text about the same person that says something new."""
    yield from _short("continuation", response)
    old = {normal(sentence) for sentence in sentences(facts["beginning"])}
    if any(normal(sentence) in old for sentence in sentences(response)):
        yield "the continuation repeats the beginning"
    if not mentions(response, facts["protagonist"]) and not _same_person(facts, response):
        yield f"the continuation does not mention {facts['protagonist']}"
    if not any(word in past_forms() for word in words(response)):
        yield "nothing happens: the story is told in the past"
    yield from _unfinished(response)


def _same_person(facts: dict, response: str) -> bool:
    """Whether "she" goes on with the protagonist: a thing of the beginning comes again, and no other person."""
    others = mentioned(response, (entry["name"] for entry in load_lexicon()["names"]))
    return facts["pronoun"] in words(response) and not others and bool(stems(response) & stems(facts["beginning"]))


def summary(facts: dict, response: str) -> Iterator[str]:
    """One sentence, at least a third shorter than the source, with the protagonist, the problem and how it ended."""
    length, source = len(words(response)), len(words(facts["source"]))
    if length >= source:
        yield "the summary is longer than its source" if length > source else "the summary is as long as its source"
    if length > source * 2 / 3:
        yield f"the summary has {length} words; two thirds of its source are {source * 2 // 3}"
    yield from _short("summary", response)
    if len(sentences(response)) > 1:
        yield f"one sentence was asked for, {len(sentences(response))} found"
    if not mentions(response, facts["protagonist"]):
        yield f"the summary does not mention {facts['protagonist']}"
    if normal(response) in {normal(sentence) for sentence in sentences(facts["source"])}:
        yield "the summary is a sentence copied from its source"
    name = stems(facts["protagonist"])
    if not stems(response) & (stems(facts["problem"]) - name):
        yield "the summary does not say what the problem was"
    if not stems(response) & (stems(facts["solution"]) - name):
        yield "the summary does not say how it ended"
    yield from _unfinished(response)


def description(facts: dict, response: str) -> Iterator[str]:
    """Names the thing, says at least two words that are true of it, and does not put it in a wrong class."""
    yield from _short("description", response)
    if not mentions(response, facts["subject"]):
        yield f"the description does not mention the {facts['subject']}"
    if len(stems(response) & (stems(" ".join(facts["known"])) - stems(facts["subject"]))) < 2:
        yield f"the description says too little that is true of the {facts['subject']}"
    for kind in facts["wrong_kinds"]:
        if re.search(rf"\bis an? (?:(?!that|who|with|which|made)\w+ ){{0,2}}{kind}\b", response.lower()):
            yield f"the {facts['subject']} is no {kind}"
    yield from _unfinished(response)


def polite(facts: dict, response: str) -> Iterator[str]:
    """A politeness marker, the same wish, no rude word."""
    said = f" {normal(response)} "
    if not any(f" {mark} " in said for mark in POLITE_MARKS):
        yield "there is no polite word in it, such as please"
    rude = [word for word in facts["rude_words"] if f" {word} " in said]
    if rude:
        yield f"{rude[0]!r} is rude"
    if not mentions(response, facts["keep"]):
        yield f"the request is no longer about the {facts['keep']}"
    if not {stem(word) for word in words(response)} & set(
        map(stem, facts["verbs"])
    ):  # "have" is a stop word, but counts
        yield f"it no longer asks for the same thing: {facts['verbs'][0]}"
    if len(words(response)) > 25:
        yield f"a request of {len(words(response))} words is too long"


def letter(facts: dict, response: str) -> Iterator[str]:
    """A greeting to the right person, the subject, a closing with a name."""
    lines = [line.strip() for line in response.strip().splitlines() if words(line)] or [""]
    greeting = GREETING.match(lines[0])
    if not greeting:
        yield "the letter has no greeting such as Dear ..."
    elif not mentions(greeting[1], facts["recipient"]):
        yield f"the greeting is not to {facts['recipient']}"
    yield from _short("letter", response)
    if not mentions(response, facts["subject"]):
        yield f"the letter does not mention the {facts['subject']}"
    if not any(CLOSING.match(part) for line in lines[1:] for part in re.split(r"(?<=[.!?])\s+", line)[-1:]):
        yield "the letter has no closing such as Your friend, ..."


def comparison(facts: dict, response: str) -> Iterator[str]:
    """Names both things, and says something of each in which they differ, or which one is bigger."""
    yield from _short("comparison", response)
    first, second = facts["first"], facts["second"]
    for name in (first, second):
        if not mentions(response, name):
            yield f"the comparison does not mention the {name}"
    said = _said_of(response, first, second)
    only = {first: stems(" ".join(facts["of_first"])) - stems(" ".join(facts["of_second"])),
            second: stems(" ".join(facts["of_second"])) - stems(" ".join(facts["of_first"]))}  # fmt: skip
    right = 0
    for name, other in ((first, second), (second, first)):
        told = [stems(part) for part in said[name] if not set(words(part)) & NOT]
        mixed = [words_of & only[other] - only[name] for words_of in told if words_of & only[other]]
        if mixed:
            yield f"it says of the {name} what is true of the {other}: {min(mixed[0])}"
        right += any(words_of & only[name] for words_of in told) or any(set(words(part)) & NOT for part in said[name])
    sizes = [*_bigger(said[first], first, second), *_bigger(said[second], second, first)]
    if sizes and (set(sizes) != {facts["larger"]}):
        yield f"the {sizes[0]} is not the bigger one"
    if right < 2 and not sizes:
        yield f"it names no right difference between the {first} and the {second}"
    yield from _unfinished(response)


def _said_of(text: str, first: str, second: str) -> dict[str, list[str]]:
    """What a text says of each of two things: from where it names one until it names one again, or says "both"."""
    spoken = words(text)
    starts = {at: name for name in (first, second) for at in find(text, name)}
    starts |= {at: "" for at, word in enumerate(spoken) if word in ("both", "they") and at not in starts}
    ends = [*sorted(starts)[1:], len(spoken)]
    said: dict[str, list[str]] = {first: [], second: [], "": []}
    for (start, name), end in zip(sorted(starts.items()), ends, strict=True):
        said[name].append(" ".join(spoken[start + len(words(name)) : end]))
    return said


def _bigger(parts: list[str], name: str, other: str) -> Iterator[str]:
    """The larger thing by each "A is bigger than" that is said of A."""
    for part in parts:
        if " than" in part:
            if set(words(part)) & set(BIGGER):
                yield name
            elif set(words(part)) & set(SMALLER):
                yield other
