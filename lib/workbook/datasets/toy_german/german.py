"""German forms: articles, adjectives and nouns by case, gender and number; verbs by person; a table for each."""

from __future__ import annotations

from workbook.datasets.toy_german.lexicon import Noun, Verb

GENDERS = "mfnp"  # masculine, feminine, neuter, and the plural of all three
DEFINITE = {
    "nom": ("der", "die", "das", "die"),
    "acc": ("den", "die", "das", "die"),
    "dat": ("dem", "der", "dem", "den"),
    "gen": ("des", "der", "des", "der"),
}
EIN = {  # what ein, kein and the possessives add; "ein" itself has no plural
    "nom": ("", "e", "", "e"),
    "acc": ("en", "e", "", "e"),
    "dat": ("em", "er", "em", "en"),
    "gen": ("es", "er", "es", "er"),
}
STRONG = {  # dies-, jed-, welch-; and adjectives with no article (but in the genitive, which isn't used without one)
    "nom": ("er", "e", "es", "e"),
    "acc": ("en", "e", "es", "e"),
    "dat": ("em", "er", "em", "en"),
    "gen": ("es", "er", "es", "er"),
}
AFTER_DEFINITE = {  # an adjective after der, dieser, jeder, welcher
    "nom": ("e", "e", "e", "en"),
    "acc": ("en", "e", "e", "en"),
    "dat": ("en", "en", "en", "en"),
    "gen": ("en", "en", "en", "en"),
}
AFTER_EIN = {  # an adjective after ein, kein, mein
    "nom": ("er", "e", "es", "en"),
    "acc": ("en", "e", "es", "en"),
    "dat": ("en", "en", "en", "en"),
    "gen": ("en", "en", "en", "en"),
}
PRONOUNS = {  # nominative, accusative, dative
    "I": ("ich", "mich", "mir"), "you": ("du", "dich", "dir"), "he": ("er", "ihn", "ihm"), "she": ("sie", "sie", "ihr"),
    "we": ("wir", "uns", "uns"), "they": ("sie", "sie", "ihnen"), "You": ("Sie", "Sie", "Ihnen"),
    "it": ("es", "es", "ihm"),
}  # fmt: skip
POSSESSIVES = {"my": "mein", "his": "sein", "her": "ihr", "our": "unser", "their": "ihr", "your": "dein", "Your": "Ihr"}
MODALS = {  # can, must ...: the forms for ich, du, er, wir
    "can": ("kann", "kannst", "kann", "können"), "must": ("muss", "musst", "muss", "müssen"),
    "have to": ("muss", "musst", "muss", "müssen"), "want to": ("will", "willst", "will", "wollen"),
    "may": ("darf", "darfst", "darf", "dürfen"), "should": ("sollte", "solltest", "sollte", "sollten"),
    "would like to": ("möchte", "möchtest", "möchte", "möchten"), "will": ("werde", "wirst", "wird", "werden"),
    "could": ("konnte", "konntest", "konnte", "konnten"), "had to": ("musste", "musstest", "musste", "mussten"),
    "wanted to": ("wollte", "wolltest", "wollte", "wollten"),
}  # fmt: skip
HABEN = ("habe", "hast", "hat", "haben")
SEIN = ("bin", "bist", "ist", "sind")
WAR = ("war", "warst", "war", "waren")
CONTRACTED = {
    "an dem": "am", "in dem": "im", "zu dem": "zum", "zu der": "zur", "bei dem": "beim", "von dem": "vom",
    "an das": "ans", "in das": "ins",
}  # fmt: skip
ODD = {"mag": ("mag", "magst", "mag", "mögen"), "weiß": ("weiß", "weißt", "weiß", "wissen")}  # like the modal verbs
VOWELS = "aeiouyäöü"
TAKES = {"zu": "dat", "mit": "dat", "von": "dat", "für": "acc", "ohne": "acc"}  # in, an, auf ... take what they mean


def column(gender: str) -> int:
    """Where a gender stands in the tables."""
    return GENDERS.index(gender)


def noun_form(noun: Noun, case: str, plural: bool) -> str:
    """The noun in a case: Kind → (den) Kindern, Bär → (den) Bären, Haus → (des) Hauses."""
    if plural or noun.gender == "p":
        form = noun.german_plural
        return form + "n" if case == "dat" and form[-1] not in "ns" else form
    if noun.weak and case != "nom":
        form = noun.german + ("n" if noun.german.endswith(("e", "ar", "er")) else "en")
        return form + "s" if noun.german == "Name" and case == "gen" else form
    if case == "gen" and noun.gender in "mn":
        return _genitive(noun.german)
    return noun.german


def _genitive(form: str) -> str:
    """des Hauses, Mannes, Arztes, Busses; des Vaters, Sees, Chefs."""
    if form == "Bus":
        return "Busses"
    vowels = sum(a in VOWELS and b not in VOWELS for a, b in zip(form.lower(), form.lower()[1:] + "-", strict=True))
    short = form[-1] in "aeiouh" or form in ("Chef", "Park", "Test", "Film")
    long = form.endswith(("s", "ß", "z", "sch", "st", "zt")) or vowels == 1
    return form + ("es" if long and not short else "s")


def person(subject: str) -> int:
    """A subject's place in the verb tables: ich 0, du 1, er 2, wir and all plurals 3."""
    return {"I": 0, "you": 1, "we": 3, "they": 3, "You": 3, "plural": 3}.get(subject, 2)


def present(verb: Verb, who: int) -> str:
    """The finite form without its prefix: (ich) kaufe, (du) liest, (er) fährt, (wir) öffnen."""
    infinitive, third, _ = verb.german
    if third in ODD:
        return ODD[third][who]
    if who == 2:
        return third
    if who == 3:
        return infinitive
    if who == 0:
        return infinitive.removesuffix("n") if infinitive.endswith("en") else infinitive.removesuffix("n") + "e"
    if third.endswith("ält"):
        return third + "st"  # du hältst
    base = third[:-1]
    return base + ("t" if base[-1] in "sßxz" else "st")  # du liest, du gehst


def preterite(stem: str, who: int) -> str:
    """hatte, hattest, hatte, hatten."""
    return stem + ("", "st", "", "n")[who]


def command(verb: Verb) -> str:
    """What one says to a friend, without the prefix: kauf, lies, warte, öffne."""
    infinitive, third, _ = verb.german
    stem = infinitive.removesuffix("n").removesuffix("e")
    if third[:-1] != stem and third[:-1] != stem + "e" and "ä" not in third:
        return third[:-1]  # lies, gib, nimm; but fahr, lauf
    return stem + "e" if stem.endswith(("t", "d", "fn", "hn", "er")) else stem


def contract(preposition: str, article: str) -> str:
    """in dem → im."""
    both = f"{preposition} {article}"
    return CONTRACTED.get(both, both)
