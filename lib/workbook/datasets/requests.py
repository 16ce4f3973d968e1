"""What people ask a small helper, with demonstrations of mixed quality (data/requests).

Six kinds: opposites, where animals live, what they eat, what things are for, what somebody feels, and what nobody can
know. Phrasings and facts are written by hand; which request is put into which split, and who answers it how, is drawn
by seed. The same seed gives the same requests.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from workbook import files

PERSON, HELPER, PAD = "<|person|>", "<|helper|>", "<|pad|>"
MARKERS = (PERSON, HELPER, PAD)  # special tokens, added to the tokenizer of tiny-gpt-small
KINDS = ("opposite", "home", "food", "use", "feeling", "unknown")
SPLITS = ("demonstrations", "comparisons", "ppo", "test")
SHARES = {"demonstrations": 0.45, "comparisons": 0.35, "ppo": 0.20}  # of the requests that are not held out
STYLES = {"good": 32, "curt": 11, "rude": 13, "wrong": 13, "long": 10, "evasive": 11, "repeating": 10}  # in percent
PER_REQUEST = 6  # demonstrations: as many people answer each of their requests
SEED = 18


@dataclass(frozen=True)
class Request:
    """What one person asks, and, among the demonstrations, what another answered.

    thing: what it is about. fact: what is true of it; for a feeling "good" or "bad", for what nobody can know an
    invention, which is never true. held_out: "phrasing" or "thing", what no other split has; "" for none.
    answer, style: of a demonstration. The style is how the answer was drawn; nothing is trained on it.
    """

    id: str
    text: str
    kind: str
    split: str
    thing: str
    fact: str
    held_out: str = ""
    answer: str = ""
    style: str = ""


def chat_prompt(request_text: str) -> str:
    """A request as the model sees it, up to where its answer begins. Raises ValueError for an empty request."""
    if not request_text.strip():
        raise ValueError("The request is empty: there is nothing to answer.")
    return f"{PERSON} {request_text.strip()}{HELPER}"


@cache
def phrasings() -> dict[str, Any]:
    """The hand-written wordings: {"frames": {...}, "kinds": {kind: {"asked": [...], "told": [...], ...}}}."""
    return _read("phrasings")


@cache
def facts(kind: str) -> dict[str, dict[str, str]]:
    """What is true, {"seen": {thing: fact}, "held_out": {...}}. Raises ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"There are no requests of the kind {kind!r}; the kinds are {', '.join(KINDS)}.")
    return _read("facts")[kind]


def things(kind: str) -> list[str]:
    """All things of a kind, those held out included."""
    return [thing for part in facts(kind).values() for thing in part]


@cache
def load_requests(split: str) -> tuple[Request, ...]:
    """The requests of a split, in an order drawn by seed. Raises ValueError for an unknown split.

    demonstrations: with an answer each, PER_REQUEST for every request. comparisons: to be answered by a model and
    ranked. ppo: to be answered while the model learns. test: phrasings and things that no other split has.
    """
    if split not in SPLITS:
        raise ValueError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    if split == "test":
        return tuple(_shuffled(_held_out(), "test"))
    asked = _shuffled([one for kind in KINDS for one in _asked(kind, "seen", "asked")], "seen")
    begin = 0
    for name, share in SHARES.items():
        end = begin + round(share * len(asked))
        part = [replace(one, split=name) for one in (asked[begin:] if name == "ppo" else asked[begin:end])]
        begin = end
        if name == split:
            break
    return tuple(_demonstrated(part) if split == "demonstrations" else part)


def told(request: Request, fact: str, rng: random.Random) -> str:
    """A plain answer that states a fact, true or not."""
    words = phrasings()["kinds"][request.kind]
    frames = words[fact] if request.kind == "feeling" else words["told"]
    return filled(rng.choice(frames), request.kind, request.thing, fact)


def answered(request: Request, style: str, rng: random.Random) -> str:
    """An answer in one of the STYLES. Raises ValueError for another style."""
    if style not in STYLES:
        raise ValueError(f"There is no style {style!r}; the styles are {', '.join(STYLES)}.")
    words, frames = phrasings()["kinds"][request.kind], phrasings()["frames"]
    true = rng.choice(frames["honest"]) if request.kind == "unknown" else told(request, request.fact, rng)
    if style == "good":
        return _polite(true, request.kind, rng)
    if style == "wrong":
        return _polite(told(request, _other_fact(request, rng), rng), request.kind, rng)
    if style == "repeating":
        return f"{true} {true}" if len(true.split()) < 10 else f"{true.split('. ')[0].rstrip('.')}. {true}"
    if style in ("curt", "long"):
        return filled(rng.choice(words[style]), request.kind, request.thing, request.fact)
    frame = rng.choice(frames[style])
    return f"{frame} {true}" if style == "rude" and rng.random() < 0.4 else frame


def filled(template: str, kind: str, thing: str, fact: str) -> str:
    """A template with {x} the thing, {y} the fact, and {X}, {Y} the same at the beginning of a sentence."""
    named = thing
    if kind in ("home", "food", "use"):
        named = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"
    text = template.replace("{x}", named).replace("{X}", _capital(named)).replace("{y}", fact)
    return text.replace("{Y}", _capital(fact))


def _polite(answer: str, kind: str, rng: random.Random) -> str:
    """The answer with a polite sentence before or after it, mostly. What is said to feelings is polite by itself."""
    frames = phrasings()["frames"]["polite"]
    if kind in ("feeling", "unknown") or rng.random() < 0.3:
        return answer
    chosen = rng.choice(frames)
    return f"{answer} {chosen}" if chosen.startswith(("I ", "You ")) else f"{chosen} {answer}"


def _other_fact(request: Request, rng: random.Random) -> str:
    """Something that is true of another thing, but not of this one."""
    if request.kind == "unknown":
        return request.fact  # any statement is an invention
    return rng.choice(sorted({fact for fact in facts(request.kind)["seen"].values() if fact != request.fact}))


def _asked(kind: str, things: str, wordings: str, held_out: str = "") -> list[Request]:
    """Every thing in every wording."""
    return [
        Request(f"{kind}/{thing}/{wordings}-{number}", _capital(filled(wording, kind, thing, fact)), kind, "test",
                thing, fact, held_out)
        for thing, fact in facts(kind)[things].items()
        for number, wording in enumerate(phrasings()["kinds"][kind][wordings])
    ]  # fmt: skip


def _held_out(each: int = 20) -> list[Request]:
    """For each kind: `each` requests in wordings that are held out, and as many about things that are held out."""
    chosen = []
    for kind in KINDS:
        for things, wordings, why in (("seen", "asked_held_out", "phrasing"), ("held_out", "asked", "thing")):
            chosen += _shuffled(_asked(kind, things, wordings, why), f"{kind} {why}")[:each]
    return chosen


def _demonstrated(asked: list[Request]) -> list[Request]:
    """PER_REQUEST answers to each request, in styles drawn at random."""
    rng = random.Random(f"{SEED} demonstrations")
    people = [one for one in asked for _ in range(PER_REQUEST)]
    styles = rng.choices(list(STYLES), list(STYLES.values()), k=len(people))
    return _shuffled(
        [
            replace(one, answer=answered(one, style, rng), style=style, id=f"{one.id}/{number % PER_REQUEST}")
            for number, (one, style) in enumerate(zip(people, styles, strict=True))
        ],
        "order",
    )


def _shuffled(values: list[Request], what: str) -> list[Request]:
    random.Random(f"{SEED} {what}").shuffle(values)
    return values


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _read(name: str) -> Any:
    """One of the two files. Raises FileNotFoundError that says how to restore it."""
    path = files.root() / "data" / "requests" / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"The data file {path} is missing; restore it with `git checkout -- data/requests`.")
    return json.loads(path.read_text("utf8"))
