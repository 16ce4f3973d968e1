"""Noun phrases in both languages: "the old dog" · "dem alten Hund"."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from workbook.datasets.toy_german import german
from workbook.datasets.toy_german.lexicon import Adjective, Lexicon, Noun

NAMES = ("Anna", "Lena", "Paul", "Max", "Tom")
TITLES = ("Mr Weber", "Mrs Klein")
NUMBERS = {"two": "zwei", "three": "drei", "four": "vier", "five": "fünf", "seven": "sieben", "ten": "zehn"}
AMOUNTS = {**NUMBERS, "many": "viele", "some": "einige"}  # what has a plural noun and, before it, strong adjectives
DEMONSTRATIVES = {"this": "dies", "every": "jed", "which": "welch"}
FEMALE = ("Anna", "Lena", "Mrs Klein")


@dataclass(frozen=True)
class Phrase:
    """A noun phrase. determiner: "the", "a", "this", "every", "which", "no", "my" ..., an amount, or "" for none.

    Without a noun, `name` is a person's name or a pronoun ("I", "you", "he", and "You" for the formal one).
    """

    determiner: str = ""
    adjective: Adjective | None = None
    noun: Noun | None = None
    plural: bool = False
    name: str = ""
    owner: Phrase | None = None

    @property
    def subject(self) -> str:
        """What decides on the verb's form: a pronoun, "he" for one thing, "plural" for several."""
        if self.noun is None:
            return self.name if self.name in german.PRONOUNS else "he"
        return "plural" if self.plural or self.noun.gender == "p" else "he"

    @property
    def many(self) -> bool:
        """Whether the English verb has its plural form."""
        return self.subject in ("you", "You", "we", "they", "plural")

    @property
    def definite(self) -> bool:
        """Whether it is something known: such a phrase stands before a German adverb, others after it."""
        return self.noun is None or self.determiner not in ("", "a", "no", *AMOUNTS)

    @property
    def is_pronoun(self) -> bool:
        return self.name in german.PRONOUNS

    def english(self, case: str = "nom") -> str:
        """The phrase in English; for a pronoun the case decides: "he" or "him"."""
        if self.noun is None:
            objects = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}
            name = "you" if self.name == "You" else self.name
            return name if case == "nom" else objects.get(name, name)
        noun = self.noun.english_plural if self.plural else self.noun.english
        words = [self.adjective.english] if self.adjective else []
        words.append(noun or self.noun.english)
        determiner = self.determiner.replace("Your", "your")
        if determiner == "a" and words[0][0] in "aeiou" and words[0] != "used":
            determiner = "an"
        if determiner == "this" and self.many:
            determiner = "these"
        text = " ".join([determiner, *words]).strip()
        return f"{text} of {self.owner.english('acc')}" if self.owner else text

    def german(self, case: str) -> str:
        """The phrase in German, in the case "nom", "acc", "dat" or "gen"."""
        if self.noun is None:
            if self.is_pronoun:
                return german.PRONOUNS[self.name][("nom", "acc", "dat").index(case)]
            title, _, name = self.name.rpartition(" ")
            called = {"": "", "Mr": "Herr " if case == "nom" else "Herrn ", "Mrs": "Frau "}
            return called[title] + name
        place = german.column("p" if self.plural else self.noun.gender)
        article, endings = self._article(case, place)
        words = [article] if article else []
        if self.adjective:
            words.append(self.adjective.stem + endings[case][place])
        words.append(german.noun_form(self.noun, case, self.plural))
        return " ".join([*words, self.owner.german("gen")] if self.owner else words)

    def _article(self, case: str, place: int) -> tuple[str, dict[str, tuple[str, ...]]]:
        """The German article and the table for the adjective behind it."""
        word = self.determiner
        if word == "the":
            return german.DEFINITE[case][place], german.AFTER_DEFINITE
        if word in DEMONSTRATIVES:
            return DEMONSTRATIVES[word] + german.STRONG[case][place], german.AFTER_DEFINITE
        if word in AMOUNTS:
            amount = AMOUNTS[word]
            return (amount + "n" if case == "dat" and amount.endswith("e") else amount), german.STRONG
        if not word:
            return "", german.STRONG
        stem = {"a": "ein", "no": "kein"}.get(word) or german.POSSESSIVES[word]
        return stem + german.EIN[case][place], german.AFTER_EIN


def pronoun_for(phrase: Phrase) -> str:
    """ "he", "she", "it" or "they", for a person by what the noun says and not by its gender."""
    if phrase.noun is None:
        return phrase.name if phrase.is_pronoun else "she" if phrase.name in FEMALE else "he"
    if phrase.many:
        return "they"
    female = "female" in phrase.noun.kinds or phrase.noun.english == "girl"
    return "she" if female else "he"


def with_preposition(preposition: str, phrase: Phrase, case: str) -> str:
    """ "in" and "the old garden" → "im alten Garten"."""
    first, _, rest = phrase.german(case).partition(" ")
    if phrase.determiner != "the" or phrase.noun is None:
        return f"{preposition} {phrase.german(case)}".strip()
    return f"{german.contract(preposition, first)} {rest}"


def draw(
    rng: Random,
    lexicon: Lexicon,
    kinds: frozenset[str],
    *,
    definite: bool = False,
    named: bool = False,
    address: str = "",
) -> Phrase:
    """A phrase around a noun of these kinds. definite: one with "the" or the like. named: or a person, in half the
    cases where persons are asked for. address: "your" or "Your" where someone is spoken to, else no such possessive."""
    if named and "person" in kinds and rng.random() < 0.55:
        if rng.random() < 0.4:
            return Phrase(name=rng.choice((*NAMES, *TITLES)))
        return Phrase(name=rng.choice(("I", "he", "she", "we", "they", "I")))
    noun = lexicon.noun(rng, kinds)
    adjective = lexicon.adjective(rng, noun) if rng.random() < 0.3 else None
    if noun.kinds & BARE:
        return Phrase("", None, noun)
    if noun.english_plural is None:
        bare = not definite and noun.kinds & MASS and rng.random() < 0.55
        return Phrase("" if bare else "the", adjective, noun)
    plural = noun.gender == "p" or (rng.random() < 0.25 and "single" not in noun.kinds)
    mine = noun.kinds & OWNED and rng.random() < (0.75 if noun.kinds & {"family", "body"} else 0.25)
    possessives = ("my", "his", "her", "our", "their") + ((address,) * 4 if address else ())
    if mine:
        return Phrase(rng.choice(possessives), adjective, noun, plural)
    if definite or rng.random() < 0.5:
        determiner = rng.choices(("the", "this", "every"), (8, 1.5, 0 if plural else 0.5))[0]
        return Phrase(determiner, adjective, noun, plural)
    if plural:
        return Phrase(rng.choice((*AMOUNTS, "", "")), adjective, noun, True)
    return Phrase("a", adjective, noun)


OWNED = frozenset(
    "family pet thing clothes furniture room work team body machine teacher boss neighbour colleague house garden "
    "holidays car name birthday plan journey voice money".split()
)  # what may be "my ..."
MASS = frozenset("food spice drink eaten money".split())  # also without an article
BARE = frozenset("sport subject".split())  # never with one
