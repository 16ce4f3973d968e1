"""Drawing a clause: its verb, who does it, to whom, where and when."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from workbook.datasets.toy_german import german
from workbook.datasets.toy_german.clauses import Clause, When, Where
from workbook.datasets.toy_german.lexicon import Lexicon, Verb
from workbook.datasets.toy_german.phrases import Phrase, draw

Pair = tuple[str, str]  # English, German
PERSON = frozenset({"person"})
ALL = frozenset({""})
TENSES = {
    "present": 30, "progressive": 14, "past": 26, "perfect": 6, "will": 5, "can": 4, "must": 3, "have to": 3,
    "want to": 4, "would like to": 3, "should": 2, "may": 1, "could": 2, "had to": 2, "wanted to": 2,
}  # fmt: skip
WHEN = {  # adverbs that fit a tense; those in the last group stand before the English verb
    "present": [
        ("every day", "jeden Tag"), ("every morning", "jeden Morgen"), ("every year", "jedes Jahr"),
        ("in the evening", "am Abend"), ("in summer", "im Sommer"), ("in winter", "im Winter"), ("at night", "nachts"),
        ("on Sundays", "sonntags"), ("on Fridays", "freitags"), ("on Mondays", "montags"), ("today", "heute"),
        ("twice a week", "zweimal pro Woche"), ("once a month", "einmal im Monat"), ("at noon", "mittags"),
        ("in spring", "im Frühling"), ("in autumn", "im Herbst"), ("at the weekend", "am Wochenende"),
        ("on Saturdays", "samstags"), ("on Tuesdays", "dienstags"), ("in June", "im Juni"), ("again", "wieder"),
        ("at seven o'clock", "um sieben Uhr"), ("at eight o'clock", "um acht Uhr"), ("here", "hier"),
        ("in the morning", "am Morgen"), ("before dinner", "vor dem Abendessen"), ("after school", "nach der Schule"),
        ("after the lesson", "nach der Stunde"), ("at half past nine", "um halb zehn"),
        ("at midnight", "um Mitternacht"),
    ],
    "progressive": [("today", "heute"), ("now", "jetzt"), ("again", "wieder"), ("at the moment", "im Moment")],
    "past": [
        ("yesterday", "gestern"), ("last night", "letzte Nacht"), ("last week", "letzte Woche"), ("again", "wieder"),
        ("this morning", "heute Morgen"), ("last year", "letztes Jahr"), ("last summer", "letzten Sommer"),
        ("two days ago", "vor zwei Tagen"), ("a year ago", "vor einem Jahr"), ("on Monday", "am Montag"),
        ("on Tuesday", "am Dienstag"), ("on Friday", "am Freitag"), ("on Sunday", "am Sonntag"), ("there", "dort"),
        ("an hour ago", "vor einer Stunde"), ("in the morning", "am Morgen"), ("after lunch", "nach dem Mittagessen"),
        ("last winter", "letzten Winter"), ("last month", "letzten Monat"), ("after the meal", "nach dem Essen"),
        ("three weeks ago", "vor drei Wochen"), ("ten minutes ago", "vor zehn Minuten"),
        ("during the break", "während der Pause"), ("for an hour", "eine Stunde lang"),
    ],
    "perfect": [("today", "heute"), ("twice", "zweimal"), ("this week", "diese Woche"), ("again", "wieder")],
    "will": [
        ("tomorrow", "morgen"), ("soon", "bald"), ("next week", "nächste Woche"), ("later", "später"),
        ("next year", "nächstes Jahr"), ("on Saturday", "am Samstag"), ("tonight", "heute Nacht"),
        ("next month", "nächsten Monat"), ("this evening", "heute Abend"), ("this afternoon", "heute Nachmittag"),
        ("at once", "sofort"), ("in an hour", "in einer Stunde"), ("in ten minutes", "in zehn Minuten"),
        ("after the holidays", "nach den Ferien"),
    ],
    "often": [
        ("often", "oft"), ("always", "immer"), ("never", "nie"), ("sometimes", "manchmal"), ("usually", "meistens"),
    ],
}  # fmt: skip
GROUP = {  # a modal verb takes the adverbs of this group
    "can": "will", "must": "will", "have to": "present", "want to": "will", "would like to": "will", "should": "will",
    "may": "will", "could": "past", "had to": "past", "wanted to": "past",
}  # fmt: skip


def clause(
    rng: Random, lexicon: Lexicon, *, tenses: tuple[str, ...] = tuple(TENSES), subject: Phrase | None = None,
    plain: bool = False, command: bool = False,
) -> Clause:  # fmt: skip
    """A clause in one of the tenses. subject: who does it, a person. plain: with no adverb and no negation."""
    verb = rng.choice(lexicon.verbs)
    while (subject and "person" not in verb.who) or (command and verb.flags & {"stative", "presentonly"}):
        verb = rng.choice(lexicon.verbs)
    tense = rng.choices(tenses, [TENSES[tense] for tense in tenses])[0]
    if (tense == "progressive" and "stative" in verb.flags) or "presentonly" in verb.flags:
        tense = "present" if tense == "progressive" or "present" in tenses else tenses[0]
    if "presentonly" in verb.flags and tense != "present":
        return clause(rng, lexicon, tenses=tenses, subject=subject, plain=plain, command=command)
    address = {"you": "your", "You": "Your"}.get(subject.name, "") if subject else ""
    who = subject or draw(rng, lexicon, verb.who, definite=rng.random() < 0.9 or "defonly" in verb.flags, named=True)
    made = _no_reflexive(Clause(who, verb, tense, *_complements(rng, lexicon, verb, address)))
    return made if plain else _adverb_or_negation(rng, made)


def _no_reflexive(made: Clause) -> Clause:
    """With a name in the place of a pronoun that would mean the subject: no "I help me"."""
    name, first = made.subject.name, ("I", "we")

    def other(phrase: Phrase | None) -> Phrase | None:
        same = phrase and phrase.is_pronoun and (phrase.name == name or (phrase.name in first and name in first))
        return Phrase(name="Max" if name != "Max" else "Anna") if same else phrase

    where = replace(made.where, phrase=other(made.where.phrase)) if made.where else None
    return replace(made, direct=other(made.direct), dative=other(made.dative), where=where)


def _complements(
    rng: Random, lexicon: Lexicon, verb: Verb, address: str
) -> tuple[Phrase | None, Phrase | None, Where | None]:
    """The direct object, the person who gets it, the place."""
    direct = dative = where = None
    if verb.how in ("acc", "dat"):
        direct = draw(rng, lexicon, verb.what, named=verb.what <= PERSON, definite=verb.how == "dat", address=address)
        if verb.flags & {"datneeded", "datto"} or ("dat" in verb.flags and rng.random() < 0.3):
            dative = draw(rng, lexicon, PERSON, definite=True, named=True, address=address)
            dative = (
                Phrase("the", None, lexicon.noun(rng, PERSON)) if dative.is_pronoun and direct.is_pronoun else dative
            )
            if dative.noun and dative.noun.gender == "p":
                dative = replace(dative, plural=True)
        if verb.how == "acc" and rng.random() < 0.12 and not dative:
            where = place(rng, lexicon)
    elif verb.how == "at":
        where = place(rng, lexicon, verb.what)
    elif verb.how == "to":
        where = place(rng, lexicon, verb.what, going=True)
    elif verb.how == "dur":
        hours = rng.choice((("an hour", "eine Stunde"), ("two hours", "zwei Stunden"), ("ten minutes", "zehn Minuten")))
        return None, None, _fixed(*hours)
    elif verb.how:
        preposition, _, case = verb.how.partition("+")
        phrase = draw(rng, lexicon, verb.what, named=verb.what <= PERSON, definite=True, address=address)
        where = Where("", preposition, phrase, case)  # the English one is the verb's particle
    return direct, dative, where


class _Words(Phrase):
    """Words that are the same in every case."""

    def english(self, case: str = "nom") -> str:
        return self.name.split("|")[0]

    def german(self, case: str) -> str:
        return self.name.split("|")[1]


def _fixed(english: str, deutsch: str) -> Where:
    return Where("", "", _Words(name=f"{english}|{deutsch}"), "acc")


def place(rng: Random, lexicon: Lexicon, kinds: frozenset[str] = frozenset(), *, going: bool = False) -> Where:
    """Where someone is, or where they go."""
    noun = lexicon.noun(rng, kinds or frozenset({"place"}))
    adjective = lexicon.adjective(rng, noun) if rng.random() < 0.2 else None
    determiner = rng.choices(("the", "this", "a", "our"), (10, 1, 1, 0.5))[0]
    plural = noun.gender == "p"
    at, to = noun.at or ("in", "in"), noun.to or ("to", "zu")
    english, deutsch = to if going else at
    case = german.TAKES.get(deutsch) or ("acc" if going else "dat")
    return Where(english, deutsch, Phrase(determiner, adjective, noun, plural), case)


def _adverb_or_negation(rng: Random, made: Clause) -> Clause:
    if rng.random() < 0.15 and "noneg" not in made.verb.flags and made.tense not in ("must", "may"):
        object_ = made.direct
        if (
            object_ is None
            or object_.noun is None
            or object_.determiner in ("the", "this", "", "a", *german.POSSESSIVES)
        ):
            indefinite = object_ and object_.noun and object_.determiner in ("", "a")
            return replace(made, negation="no" if indefinite and rng.random() < 0.3 else "not")
    if rng.random() < 0.45 and "presentonly" not in made.verb.flags:
        if made.tense in ("present", "past") and rng.random() < 0.25:
            return replace(made, when=When(*rng.choice(WHEN["often"]), before=True))
        return replace(made, when=When(*rng.choice(WHEN[GROUP.get(made.tense, made.tense)])))
    return made
