"""English grammar for generated texts: articles, plurals, verb forms, lists, numbers in words, sentence case."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from workbook.datasets.tiny_world.lexicon import load_lexicon

# A vowel letter that sounds like a consonant ("a uniform"), and a consonant letter that is silent ("an hour").
AN = re.compile(r"\b([Aa]) (?=(?!uni|use|usu|eu|one\b|once\b)[aeiouAEIOU]|hour|honest|honou?r)")
SMALL = {"a", "an", "the", "of", "in", "on", "at", "to", "for", "from", "and", "or", "with", "by", "without", "who"}
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NOUNS = {"water", "paint", "oil", "colour"}  # after "and" these are things, though they are verbs, too
PRESENT = {"is": "was", "are": "were", "stops": "stopped", "shine": "shone", "has": "had", "do": "did"}
RESULTS = {
    "can": "could", "will": "would", "glides": "glided", "purrs": "purred", "stays": "stayed", "smell": "smelled",
    "closes": "closed", "rolls": "rolled",
}  # fmt: skip
FORMS = {"she": ("she", "her", "her", "girl"), "he": ("he", "him", "his", "boy")}


def join(words: Sequence[str], last: str = "and") -> str:
    """["a", "b", "c"] as "a, b and c"."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" {last} {words[-1]}"


def number(n: int) -> str:
    """A number from 0 to 100 in words."""
    if n < 20:
        return ONES[n]
    if n == 100:
        return "one hundred"
    tens, ones = divmod(n, 10)
    return TENS[tens - 2] + (f"-{ONES[ones]}" if ones else "")


def one(entry: dict) -> str:
    """An object or food with its article or amount: "a kite", "a pair of scissors", "a loaf of bread"."""
    if entry.get("pair"):
        return f"a pair of {entry['name']}"
    if entry["plural"]:
        return f"a {entry['name']}"
    return f"{entry['amount']} {entry['name']}"


def many(entry: dict) -> str:
    """The name in general: "kites", "scissors", "bread"."""
    return entry["plural"] or entry["name"]


def capital(text: str) -> str:
    """The text with its first letter, which may follow a quotation mark, as a capital."""
    place = 1 if text.startswith('"') else 0
    return text[:place] + text[place : place + 1].upper() + text[place + 1 :]


def title_case(text: str) -> str:
    """A title: capitals on all but the small words."""
    words = [word if word in SMALL else word[:1].upper() + word[1:] for word in text.split()]
    return capital(" ".join(words))


def polish(text: str) -> str:
    """The last touch on a text: a or an, one space between words, a capital after a full stop."""
    text = re.sub(r" +", " ", text).replace(" .", ".").replace(" ,", ",").strip()
    text = AN.sub(r"\1n ", text)
    return re.sub(r"(?<=\w[.!?] )[a-z]", lambda letter: letter[0].upper(), text)


def _inflect(phrase: str, form: Callable[[dict], str]) -> str:
    """The phrase with its first word, and a verb right after "and", in another form."""
    verbs = load_lexicon().verbs
    words = phrase.split(" ")
    for place, word in enumerate(words):
        leads = place == 0 or (words[place - 1] == "and" and word not in NOUNS)
        if leads and word in verbs:
            words[place] = form(verbs[word])
    return " ".join(words)


def past(phrase: str) -> str:
    """ "bake bread and sell it" as "baked bread and sold it"."""
    return _inflect(phrase, lambda verb: verb["past"])


def ing(phrase: str) -> str:
    """ "bake bread and sell it" as "baking bread and selling it"."""
    return _inflect(phrase, lambda verb: verb["ing"])


def third(phrase: str) -> str:
    """ "bake bread and sell it" as "bakes bread and sells it"."""
    return _inflect(phrase, lambda verb: verb["third"])


def result_past(result: str) -> str:
    """What came of an activity, told in the past: "a boat that can float" as "a boat that could float"."""
    return " ".join(RESULTS.get(word, word) for word in result.split(" "))


def step_past(step: str, his: str) -> str:
    """An imperative step as what somebody did: "Bake it until it is brown." as "baked it until it was brown"."""
    words = past(step[0].lower() + step[1:].rstrip(".")).split(" ")
    changed = [PRESENT.get(word, word) for word in words]
    return " ".join(his if word == "your" else word for word in changed)
