"""A clause: a subject, a verb in some tense, what follows, and the word order of both languages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbook.datasets.toy_german import german
from workbook.datasets.toy_german.lexicon import Verb
from workbook.datasets.toy_german.phrases import Phrase, with_preposition

DOUBLED = ("get", "put", "run", "sit", "swim", "stop", "cut", "win", "forget", "begin", "travel")


@dataclass(frozen=True)
class Where:
    """A place or another phrase with a preposition: English and German preposition, phrase, German case."""

    english: str
    german: str
    phrase: Phrase
    case: str

    def both(self) -> tuple[str, str]:
        """ "in the garden", "im Garten"."""
        return f"{self.english} {self.phrase.english('acc')}".strip(), with_preposition(
            self.german, self.phrase, self.case
        )


@dataclass(frozen=True)
class When:
    """An adverb of both languages. before: whether the English one stands before the verb, as "often" does."""

    english: str
    german: str
    before: bool = False


@dataclass(frozen=True)
class Clause:
    """One clause. tense: "present", "progressive", "past", "perfect", or a modal verb of german.MODALS.

    negation: "" for none, "not", or "no" where the English object says it ("has no dog"). German decides by itself
    between "nicht" and "kein".
    """

    subject: Phrase
    verb: Verb
    tense: str
    direct: Phrase | None = None
    dative: Phrase | None = None
    where: Where | None = None
    when: When | None = None
    negation: str = ""

    # ------------------------------------------------------------------------------------------------ English

    def english(self) -> str:
        """As a statement, or in a subordinate clause: "the man does not buy the bread today"."""
        first, rest = self._english_verb()
        adverb = self.when if self.when and self.when.before else None
        if adverb:  # "often buys", "has often bought"
            words = [first, adverb.english, rest] if rest else [adverb.english, first]
        else:
            words = ["cannot", rest] if (first, self._not) == ("can", "not") else [first, self._not, rest]
        return _join(self.subject.english(), *words, *self._english_rest())

    def english_question(self) -> str:
        """ "does the man buy the bread"."""
        first, rest = self._english_verb(question=True)
        adverb = self.when.english if self.when and self.when.before else ""
        return _join(first, self.subject.english(), self._not, adverb, rest, *self._english_rest())

    def english_command(self) -> str:
        """ "buy the bread"; "do not buy the bread"."""
        return _join("do not" if self._not else "", self.verb.english[0], *self._english_rest())

    def english_infinitive(self) -> str:
        """ "to buy the bread"."""
        return _join("to", self.verb.english[0], *self._english_rest())

    def _english_verb(self, question: bool = False) -> tuple[str, str]:
        """What stands before "not", and what after: ("does", "buy"), ("has", "bought"), ("buys", "")."""
        base, past, participle = self.verb.english
        many = self.subject.many or self.subject.name == "I"
        help_needed = question or bool(self._not)
        if self.tense == "present":
            do = "do" if many else "does"
            return (do, base) if help_needed else (base if many else third(base), "")
        if self.tense == "past":
            return ("did", base) if help_needed else (past, "")
        if self.tense == "perfect":
            return ("have" if many else "has"), participle
        if self.tense == "progressive":
            return be(self.subject), progressive(base)
        if self.tense in ("have to", "want to"):  # "does not want to buy", "wants to buy"
            modal = self.tense.removesuffix(" to")
            do = "do" if many else "does"
            return (do, f"{self.tense} {base}") if help_needed else (f"{modal if many else third(modal)} to {base}", "")
        if self.tense in ("had to", "wanted to"):
            plain = {"had to": "have to", "wanted to": "want to"}[self.tense]
            return ("did", f"{plain} {base}") if help_needed else (f"{self.tense} {base}", "")
        modal, _, rest = self.tense.partition(" ")
        return modal, f"{rest} {base}".strip()

    def _english_rest(self) -> list[str]:
        direct = replace(self.direct, determiner="no") if self.negation == "no" and self.direct else self.direct
        particle, verb_direct = self.verb.particle, [direct.english("acc")] if direct else []
        if direct and direct.is_pronoun and particle in ("up", "on", "off"):
            verb_direct = [*verb_direct, particle]  # picks him up
        else:
            verb_direct = [particle, *verb_direct]  # picks up the man; looks for him
        if self.dative and direct and "datto" in self.verb.flags:
            verb_direct += ["to", self.dative.english("dat")]
        elif self.dative:
            verb_direct.insert(0 if direct else 1, self.dative.english("dat"))
        late = self.when.english if self.when and not self.when.before else ""
        return [*verb_direct, self.where.both()[0] if self.where else "", late]

    # ------------------------------------------------------------------------------------------------ German

    def german(self, front: str = "") -> str:
        """The main clause, its verb second: "der Mann kauft heute das Brot", or with something else in front.

        front: "when" puts the adverb there; any other text is a clause or a word that comes first.
        """
        finite, end = self._german_verb()
        if front == "when" and self.when:
            rest = replace(self, when=None)._middle()
            return _join(self.when.german, finite, self.subject.german("nom"), *rest, end)
        if front:
            return _join(front, finite, self.subject.german("nom"), *self._middle(), end)
        return _join(self.subject.german("nom"), finite, *self._middle(), end)

    def german_question(self) -> str:
        """ "kauft der Mann das Brot"."""
        finite, end = self._german_verb()
        return _join(finite, self.subject.german("nom"), *self._middle(), end)

    def german_subordinate(self, start: str = "", subject: bool = True) -> str:
        """The verb at the end: "der Mann das Brot gekauft hat"; without its subject for a relative clause."""
        finite, end = self._german_verb()
        verb = self.verb.prefix + finite if self._whole else f"{end} {finite}"
        return _join(start, self.subject.german("nom") if subject else "", *self._middle(), verb)

    def german_command(self) -> str:
        """ "kauf das Brot" to a friend, "kaufen Sie das Brot" to others."""
        formal = self.subject.name == "You"
        finite = f"{self.verb.german[0]} Sie" if formal else german.command(self.verb)
        return _join(finite, *self._middle(), self.verb.prefix)

    def german_infinitive(self) -> str:
        """ "das Brot zu kaufen", "die Lampe anzumachen"."""
        prefix, infinitive = self.verb.prefix, self.verb.german[0]
        return _join(*self._middle(), f"{prefix}zu{infinitive}" if prefix else f"zu {infinitive}")

    @property
    def _whole(self) -> bool:
        """Whether the verb is one word (two with its prefix)."""
        return self.tense in ("present", "progressive") or bool(self._preterite and self.tense in ("past", "perfect"))

    @property
    def _preterite(self) -> str:
        return next((flag.partition(":")[2] for flag in self.verb.flags if flag.startswith("pret")), "")

    def _german_verb(self) -> tuple[str, str]:
        """The finite verb and what stands at the end: ("ruft", "an"), ("hat", "angerufen"), ("will", "anrufen")."""
        who = german.person(self.subject.subject)
        infinitive, _, participle = self.verb.german
        if self._whole:
            past = self.tense in ("past", "perfect")
            finite = german.preterite(self._preterite, who) if past else german.present(self.verb, who)
            return finite, self.verb.prefix
        if self.tense in ("past", "perfect"):
            return (german.SEIN if "sein" in self.verb.flags else german.HABEN)[who], self.verb.prefix + participle
        return german.MODALS[self.tense][who], self.verb.prefix + infinitive

    def _middle(self) -> list[str]:
        """What stands between the finite verb and the end: pronouns, what is known, adverb, "nicht", what is new."""
        direct = replace(self.direct, determiner="no") if self._kein and self.direct else self.direct
        case = "dat" if self.verb.how == "dat" else "acc"
        objects = [(self.dative, "dat"), (direct, case)]
        if self.dative and direct and direct.is_pronoun:
            objects.reverse()  # gibt ihn dem Mann
        objects.sort(key=lambda one: 0 if one[0] and one[0].is_pronoun else 1)
        known = [phrase.german(form) for phrase, form in objects if phrase and phrase.definite]
        new = [phrase.german(form) for phrase, form in objects if phrase and not phrase.definite]
        nicht = "nicht" if self.negation and not self._kein else ""
        return [*known, self.when.german if self.when else "", nicht, *new, self.where.both()[1] if self.where else ""]

    # ------------------------------------------------------------------------------------------------ negation

    @property
    def _not(self) -> str:
        return "not" if self.negation == "not" else ""

    @property
    def _kein(self) -> bool:
        """Whether German says kein: before an object with no article, or with "ein"."""
        return bool(self.negation and self.direct and self.direct.noun and self.direct.determiner in ("", "a"))


def third(base: str) -> str:
    """carry → carries, watch → watches, have → has."""
    if base == "have":
        return "has"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "o")) else "s")


def progressive(base: str) -> str:
    """make → making, run → running, lie → lying."""
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith("ee"):
        return base[:-1] + "ing"
    return base + (base[-1] if base in DOUBLED else "") + "ing"


def be(subject: Phrase, past: bool = False) -> str:
    """am, is, are; was, were."""
    if past:
        return "were" if subject.many else "was"
    return "am" if subject.name == "I" else "are" if subject.many else "is"


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)
