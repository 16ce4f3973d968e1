"""The kinds of sentences of the toy grammar, each drawn by a random generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from random import Random

from workbook.datasets.toy_german import german
from workbook.datasets.toy_german.clauses import Clause, be
from workbook.datasets.toy_german.drawing import ALL, PERSON, Pair, clause, place
from workbook.datasets.toy_german.lexicon import Lexicon, Verb
from workbook.datasets.toy_german.phrases import NAMES, TITLES, Phrase, draw, pronoun_for
from workbook.datasets.toy_german.things import description, genitive, put, role, there_is, weather


def sentence(rng: Random, lexicon: Lexicon) -> Pair:
    """One sentence of some kind, in both languages."""
    make = rng.choices(MAKERS, cum_weights=SHARES)[0]
    english, deutsch = make(rng, lexicon)
    return english[0].upper() + english[1:], deutsch[0].upper() + deutsch[1:]


def statement(rng: Random, lexicon: Lexicon) -> Pair:
    """A main clause; with the adverb in front in some."""
    made = clause(rng, lexicon)
    front = made.when and not made.when.before and rng.random() < 0.45
    english = f"{made.when.english} {replace(made, when=None).english()}" if front and made.when else made.english()
    return english + ".", made.german("when" if front else "") + "."


def question(rng: Random, lexicon: Lexicon) -> Pair:
    """With or without a question word; to a friend (du), to Mr or Mrs (Sie), or about someone."""
    subject, call = _addressed(rng)
    made = clause(
        rng, lexicon, tenses=("present", "past", "progressive", "can", "want to", "must", "will"), subject=subject
    )
    made = replace(made, negation="") if made.negation == "no" else made
    word = rng.choice((("", ""), ("", ""), ("why ", "warum "), ("when ", "wann "), ("where ", "wo ")))
    if word[0] in ("where ", "when "):
        made = replace(made, where=None if made.verb.how in ("acc", "at") else made.where, when=None)
    if word[0] == "where " and made.verb.how == "to":
        word = ("why ", "warum ")
    if made.verb.how == "dur":
        word = ("", "")
    return f"{word[0]}{made.english_question()}{call[0]}?", f"{word[1]}{made.german_question()}{call[1]}?"


def _addressed(rng: Random) -> tuple[Phrase | None, Pair]:
    """Who is asked: the subject, and what is added at the end."""
    kind = rng.random()
    if kind < 0.4:
        return None, ("", "")
    if kind < 0.75:
        name = rng.choice(NAMES) if rng.random() < 0.5 else ""
        return Phrase(name="you"), (f", {name}", f", {name}") if name else ("", "")
    title = rng.choice(TITLES)
    return Phrase(name="You"), (f", {title}", ", " + Phrase(name=title).german("nom"))


UNWISE = ("lose", "miss", "forget", "break", "fall", "cough", "cry", "spend")  # nobody asks for it


def request(rng: Random, lexicon: Lexicon) -> Pair:
    """ "Please open the door, Paul": to a friend, or to Mr or Mrs."""
    formal = rng.random() < 0.5
    name = rng.choice(TITLES if formal else NAMES)
    made = clause(
        rng, lexicon, tenses=("present",), subject=Phrase(name="You" if formal else "you"), plain=True, command=True
    )
    unwise = made.verb.english[0] in UNWISE
    if (unwise or rng.random() < 0.2) and (not made.direct or made.direct.determiner in ("the", "this", "a", "")):
        made = replace(made, negation="not")
    called = Phrase(name=name)
    return f"please {made.english_command()}, {name}.", f"bitte {made.german_command()}, {called.german('nom')}."


THINKS = {
    "know": ("wissen", "weiß"), "believe": ("glauben", "glaubt"), "hope": ("hoffen", "hofft"), "say": ("sagen", "sagt"),
    "think": ("denken", "denkt"),
}  # fmt: skip


def report(rng: Random, lexicon: Lexicon) -> Pair:
    """ "I know that ...", "she does not know whether ..."."""
    word = rng.choice(list(THINKS))
    infinitive, third = THINKS[word]
    verb = Verb((word, word, word), "", (infinitive, third, ""), "", PERSON, "", ALL, frozenset())
    who = draw(rng, lexicon, PERSON, definite=True, named=True)
    inner = clause(rng, lexicon)
    joint = ("that", "dass")
    main = Clause(who, verb, "present")
    if word == "know" and rng.random() < 0.5:
        main, joint = replace(main, negation="not"), rng.choice((("whether", "ob"), ("why", "warum")))
    return f"{main.english()} {joint[0]} {inner.english()}.", f"{main.german()}, {inner.german_subordinate(joint[1])}."


JOINTS = {
    "because": "weil", "although": "obwohl", "when": "wenn", "if": "wenn", "while": "während", "before": "bevor",
}  # fmt: skip
JOINED = {"and": (" and", " und"), "but": (", but", ", aber"), "so": (", so", ", also")}


def two_clauses(rng: Random, lexicon: Lexicon) -> Pair:
    """Main clause and subordinate clause in either order, or two main clauses joined."""
    joint = rng.choice((*JOINTS, "because", "because", "when", "if", *JOINED))
    tense = "past" if joint in ("while", "before") or rng.random() < 0.3 else "present"
    tense = "present" if joint in ("when", "if") else tense
    main = clause(rng, lexicon, tenses=("past",) if tense == "past" else ("present", "can", "must", "will"))
    other = clause(rng, lexicon, tenses=(tense,), plain=joint in ("while", "before", "when", "if"))
    noun = main.subject.noun
    if noun and "person" in noun.kinds and "person" in other.verb.who and rng.random() < 0.4:
        other = replace(other, subject=Phrase(name=pronoun_for(main.subject)))
    if joint in JOINED:  # "also" takes the first place of its clause, "und" and "aber" none
        english, deutsch = JOINED[joint]
        second = other.german("also").removeprefix("also ") if joint == "so" else other.german()
        return f"{main.english()}{english} {other.english()}.", f"{main.german()}{deutsch} {second}."
    subordinate = other.german_subordinate(JOINTS[joint])
    if joint not in ("while", "before") and rng.random() < 0.3:
        return f"{joint} {other.english()}, {main.english()}.", main.german(f"{subordinate},") + "."
    return f"{main.english()} {joint} {other.english()}.", f"{main.german()}, {subordinate}."


def relative(rng: Random, lexicon: Lexicon) -> Pair:
    """ "The man who reads the book is tired"; "the book that he reads is old"."""
    made = clause(rng, lexicon, tenses=("present", "past", "progressive"), plain=True)
    about_object = (
        made.direct is not None and made.verb.how == "acc" and made.direct.noun is not None and rng.random() < 0.5
    )
    head = made.direct if about_object and made.direct else made.subject
    noun = head.noun or lexicon.noun(rng, PERSON & made.verb.who or made.verb.who)
    adjective = lexicon.adjective(rng, noun)
    if adjective is None:
        return statement(rng, lexicon)
    head = Phrase("the", None, noun, head.plural or noun.gender == "p")
    number = german.column("p" if head.plural else noun.gender)
    is_, ist = be(head), german.SEIN[german.person(head.subject)]
    if about_object:
        inside = replace(made, direct=None)
        english = f"{head.english()} that {inside.english()} {is_} {adjective.english}."
        start = german.DEFINITE["acc"][number]
        return english, f"{head.german('nom')}, {inside.german_subordinate(start)}, {ist} {adjective.german}."
    made = replace(made, subject=head)
    _, _, said = made.english().partition(head.english() + " ")
    who = "who" if "person" in noun.kinds else "that"
    german_ = made.german_subordinate(german.DEFINITE["nom"][number], subject=False)
    return (
        f"{head.english()} {who} {said} {is_} {adjective.english}.",
        f"{head.german('nom')}, {german_}, {ist} {adjective.german}.",
    )


def purpose(rng: Random, lexicon: Lexicon) -> Pair:
    """ "She goes to the market to buy bread": um ... zu."""
    going = [
        verb for verb in lexicon.verbs if verb.how == "to" and verb.english[0] in ("go", "drive", "walk", "run", "come")
    ]
    verb = rng.choice(going)
    who = draw(rng, lexicon, PERSON, definite=True, named=True)
    main = Clause(
        who, verb, rng.choice(("present", "past", "will", "must")), None, None, place(rng, lexicon, going=True)
    )
    inner = clause(rng, lexicon, tenses=("present",), plain=True, command=True, subject=who)
    while inner.verb.how in ("to", "at") or inner.where:
        inner = clause(rng, lexicon, tenses=("present",), plain=True, command=True, subject=who)
    return f"{main.english()} {inner.english_infinitive()}.", f"{main.german()}, um {inner.german_infinitive()}."


KINDS: dict[str, tuple[Callable[[Random, Lexicon], Pair], float]] = {
    "statement": (statement, 38), "question": (question, 10), "request": (request, 5), "report": (report, 7),
    "two_clauses": (two_clauses, 9), "relative": (relative, 3), "purpose": (purpose, 2),
    "description": (description, 12), "role": (role, 1.5), "there_is": (there_is, 5), "put": (put, 4),
    "genitive": (genitive, 4), "weather": (weather, 2.5),
}  # fmt: skip  # with the share of each
MAKERS = [make for make, _ in KINDS.values()]
SHARES = list(accumulate(share for _, share in KINDS.values()))
