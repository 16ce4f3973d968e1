"""Sentences about things: what they are like, where they are, whose they are; and about the weather."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from workbook.datasets.toy_german import german
from workbook.datasets.toy_german.clauses import Clause, When, Where, be
from workbook.datasets.toy_german.drawing import ALL, PERSON, WHEN, Pair, place
from workbook.datasets.toy_german.lexicon import Lexicon, Noun, Verb
from workbook.datasets.toy_german.phrases import Phrase, draw, pronoun_for


def description(rng: Random, lexicon: Lexicon) -> Pair:
    """Something is big, very big, too big, not big, bigger than another, as big as another; is or was."""
    noun = lexicon.described(rng)
    adjective = rng.choice([one for one in lexicon.fitting(noun, predicate=True) if one.english != "little"])
    subject = draw(rng, lexicon, frozenset({noun.english}), definite=True)
    subject = replace(subject, adjective=None)
    past = rng.random() < 0.3
    is_, ist = be(subject, past), (german.WAR if past else german.SEIN)[german.person(subject.subject)]
    start, anfang = f"{subject.english()} {is_}", f"{subject.german('nom')} {ist}"
    other = _comparable(rng, lexicon, noun) if adjective.comparative and rng.random() < 0.5 else None
    if adjective.comparative and other:
        if rng.random() < 0.3:
            return (
                f"{start} as {adjective.english} as {other.english()}.",
                f"{anfang} so {adjective.german} wie {other.german('nom')}.",
            )
        more, mehr = adjective.comparative
        return f"{start} {more} than {other.english()}.", f"{anfang} {mehr} als {other.german('nom')}."
    plain = adjective in lexicon.predicates
    very, sehr = (
        ("", "") if plain else rng.choice((("", ""), ("", ""), ("very ", "sehr "), ("too ", "zu "), ("not ", "nicht ")))
    )
    when = (
        rng.choice((("", ""), ("", ""), (" today", " heute"), (" again", " wieder")))
        if not past and not very
        else ("", "")
    )
    return f"{start} {very}{adjective.english}{when[0]}.", f"{anfang}{when[1]} {sehr}{adjective.german}."


def _comparable(rng: Random, lexicon: Lexicon, noun: Noun) -> Phrase | None:
    """Another thing of its kinds, with an article; None where there is no other."""
    others = lexicon.related(noun)
    if not others:
        return None
    return replace(draw(rng, lexicon, frozenset({rng.choice(others).english}), definite=True), adjective=None)


ROLES = {
    "teacher": ("Lehrer", "Lehrerin"), "doctor": ("Arzt", "Ärztin"), "farmer": ("Bauer", "Bäuerin"),
    "cook": ("Koch", "Köchin"), "seller": ("Verkäufer", "Verkäuferin"), "driver": ("Fahrer", "Fahrerin"),
    "waiter": ("Kellner", "Kellnerin"), "nurse": ("Krankenpfleger", "Krankenschwester"),
}  # fmt: skip


def role(rng: Random, lexicon: Lexicon) -> Pair:
    """ "My sister is a doctor": German has no article, but a female form."""
    subject = draw(rng, lexicon, frozenset({"family"}), definite=True)
    while subject.many or subject.determiner in ("every", "this"):
        subject = draw(rng, lexicon, frozenset({"family"}), definite=True)
    english = rng.choice(list(ROLES))
    deutsch = ROLES[english][pronoun_for(subject) == "she"]
    who, wer = subject.english(), subject.german("nom")
    not_, kein = rng.choice((("", ""), ("", ""), ("not ", "kein" if pronoun_for(subject) == "he" else "keine")))
    if rng.random() < 0.3:
        return f"{who} wants to become a {english}.", f"{wer} will {deutsch} werden."
    return f"{who} is {not_}a {english}.", " ".join(part for part in (wer, "ist", kein, deutsch) if part) + "."


SPOTS = {
    "under": ("unter", "furniture tree bridge car roof stone"), "on": ("auf", "furniture chair car"),
    "behind": ("hinter", "furniture door building tree wall shop school"),
    "next to": ("neben", "furniture building public_place"),
    "in front of": ("vor", "building door public_place house shop"), "above": ("über", "furniture door lake city"),
    "in": ("in", "box bag suitcase cup glass bottle room"),
}  # fmt: skip


def spot(rng: Random, lexicon: Lexicon, case: str, things: frozenset[str]) -> Where:
    """ "under the table", with the dative for being there and the accusative for getting there."""
    while True:
        english = rng.choice(list(SPOTS))
        preposition, kinds = SPOTS[english]
        noun = lexicon.noun(rng, frozenset(kind.replace("_", " ") for kind in kinds.split()))
        if "box" in noun.kinds and english == "on" and "furniture" not in noun.kinds:
            continue
        adjective = lexicon.adjective(rng, noun) if rng.random() < 0.2 else None
        determiner = rng.choice(("the", "the", "the", "the", "my", "a", "this"))
        if not (noun.kinds | {noun.english}) & things:
            return Where(english, preposition, Phrase(determiner, adjective, noun), case)


SMALL = frozenset({"small", "dish", "text", "pet", "mouse", "ball", "hat", "shoe", "glove"})


def there_is(rng: Random, lexicon: Lexicon) -> Pair:
    """ "There is no key under the table": German starts with the place."""
    things = rng.choice((SMALL, SMALL, frozenset({"person", "animal"}), frozenset({"food", "drink"})))
    what = draw(rng, lexicon, things)
    what = replace(what, determiner="" if what.noun and what.noun.english_plural is None else "a", owner=None)
    if what.plural or (what.noun and what.noun.gender == "p"):
        what = replace(what, determiner=rng.choice(("two", "three", "many", "some")), plural=True)
    where = spot(rng, lexicon, "dat", things) if not things & {"person"} else place(rng, lexicon)
    if things & {"food"}:
        where = Where(
            "in",
            "in",
            Phrase("the", None, lexicon.noun(rng, frozenset({"fridge", "cupboard", "kitchen", "bag"}))),
            "dat",
        )
    past = rng.random() < 0.25
    if not what.many and rng.random() < 0.25:
        what = replace(what, determiner="no")
    verb = (german.WAR if past else german.SEIN)[german.person(what.subject)]
    english, deutsch = where.both()
    return f"there {be(what, past)} {what.english()} {english}.", f"{deutsch} {verb} {what.german('nom')}."


def put(rng: Random, lexicon: Lexicon) -> Pair:
    """Something lies somewhere (dative), or is put there (accusative)."""
    things = frozenset({"small", "text", "ball", "clothes", "map", "knife", "spoon"})
    what = draw(rng, lexicon, things, definite=True)
    while what.determiner == "every":
        what = draw(rng, lexicon, things, definite=True)
    if rng.random() < 0.4:
        english, deutsch = spot(rng, lexicon, "dat", things).both()
        liegt = "liegen" if what.many else "liegt"
        return f"{what.english()} {be(what)} {english}.", f"{what.german('nom')} {liegt} {deutsch}."
    who = draw(rng, lexicon, PERSON, definite=True, named=True)
    made = Clause(who, PUT, rng.choice(("present", "past", "can", "must", "progressive")), what)
    made = replace(made, where=spot(rng, lexicon, "acc", things))
    return made.english() + ".", made.german() + "."


PUT = Verb(("put", "put", "put"), "", ("legen", "legt", "gelegt"), "", PERSON, "acc", ALL, frozenset())


PARTS = {
    "door": "room building shop car", "roof": "building", "name": "person pet town", "window": "building room",
    "price": "thing clothes vehicle", "key": "car house flat bike", "leaf": "plant", "picture": "family pet town",
    "street": "town", "mistake": "player teacher doctor colleague",
    "dog": "family neighbour farmer", "house": "family neighbour farmer", "car": "family neighbour doctor boss",
    "birthday": "family", "plan": "boss colleague coach",
}  # fmt: skip


def genitive(rng: Random, lexicon: Lexicon) -> Pair:
    """ "The door of the house is open"; "Anna's dog is old"."""
    part = rng.choice(list(PARTS))
    noun = lexicon.noun(rng, frozenset({part}))
    owner_kinds = frozenset(kind.replace("_", " ") for kind in PARTS[part].split())
    owner = draw(rng, lexicon, owner_kinds, definite=True)
    while owner.determiner == "every":
        owner = draw(rng, lexicon, owner_kinds, definite=True)
    adjective = lexicon.adjective(rng, noun, predicate=True)
    if adjective is None:
        who = draw(rng, lexicon, PERSON, definite=True, named=True)
        know = next(verb for verb in lexicon.verbs if verb.english[0] == ("know" if part == "name" else "see"))
        made = Clause(who, know, "present", Phrase("the", None, noun, owner=owner))
        return made.english() + ".", made.german() + "."
    if "person" in owner_kinds | (owner.noun.kinds if owner.noun else set()) and rng.random() < 0.5:
        name = rng.choice(("Anna", "Lena", "Paul", "Tom"))
        plural = rng.random() < 0.2
        english = noun.english_plural if plural and noun.english_plural else noun.english
        is_, ist = ("are", "sind") if plural else ("is", "ist")
        deutsch = german.noun_form(noun, "nom", plural)
        return f"{name}'s {english} {is_} {adjective.english}.", f"{name}s {deutsch} {ist} {adjective.german}."
    phrase = Phrase("the", None, noun, owner=owner)
    return f"{phrase.english()} is {adjective.english}.", f"{phrase.german('nom')} ist {adjective.german}."


RAINS = (
    Verb(("rain", "rained", "rained"), "", ("regnen", "regnet", "geregnet"), "", ALL, "", ALL, frozenset()),
    Verb(("snow", "snowed", "snowed"), "", ("schneien", "schneit", "geschneit"), "", ALL, "", ALL, frozenset()),
)
HOW_IT_IS = (
    ("cold", "kalt"), ("hot", "heiß"), ("warm", "warm"), ("dark", "dunkel"), ("cool", "kühl"), ("cloudy", "bewölkt"),
    ("dry", "trocken"), ("quiet", "still"),
)  # fmt: skip


def weather(rng: Random, lexicon: Lexicon) -> Pair:
    """It rains; it is cold."""
    tense = rng.choice(("present", "past", "will", "progressive"))
    group = WHEN[tense]
    when = When(*rng.choice(group))
    if rng.random() < 0.6:
        made = Clause(Phrase(name="it"), rng.choice(RAINS), tense, when=when)
        if rng.random() < 0.2:
            made = replace(made, negation="not")
        if rng.random() < 0.4:
            return f"{when.english} {replace(made, when=None).english()}.", made.german("when") + "."
        return made.english() + ".", made.german() + "."
    english, deutsch = rng.choice(HOW_IT_IS)
    is_, ist = ("was", "war") if tense == "past" else ("is", "ist")
    if tense == "will":
        return f"it will be {english} {when.english}.", f"{when.german} wird es {deutsch}."
    return f"it {is_} {english} {when.english}.", f"es {ist} {when.german} {deutsch}."
