"""The toy grammar: its German against tables written by hand, its word order, and that it keeps apart from the data."""

import json
import re
from itertools import islice
from random import Random

import pytest

from workbook import files
from workbook.datasets.jsonl import DataError
from workbook.datasets.toy_german import KINDS, generate, german, load_lexicon, stream
from workbook.datasets.toy_german.clauses import Clause, When, Where, progressive, third
from workbook.datasets.toy_german.phrases import Phrase, with_preposition
from workbook.datasets.translations import load_translations

LEXICON = load_lexicon()
NOUNS = {noun.english: noun for noun in LEXICON.nouns}
ADJECTIVES = {adjective.english: adjective for adjective in LEXICON.adjectives}


def verb(english, how=None):
    found = [one for one in LEXICON.verbs if one.english[0] == english and (how is None or one.how == how)]
    return found[0]


def phrase(words, plural=False):
    """ "the old dog": determiner, adjective or none, noun."""
    determiner, *middle, noun = words.split()
    noun = next(one for one in LEXICON.nouns if noun.replace("_", " ") in (one.english, one.english_plural))
    return Phrase(determiner.replace("-", ""), ADJECTIVES[middle[0]] if middle else None, noun, plural)


@pytest.fixture(scope="module")
def pairs():
    return list(generate(6000, seed=3))


# ------------------------------------------------------------------------------------------------ phrases, by hand


@pytest.mark.parametrize(
    ("words", "plural", "nominative", "accusative", "dative", "genitive"),
    [
        ("the old man", False, "der alte Mann", "den alten Mann", "dem alten Mann", "des alten Mannes"),
        ("the old woman", False, "die alte Frau", "die alte Frau", "der alten Frau", "der alten Frau"),
        ("the little child", False, "das kleine Kind", "das kleine Kind", "dem kleinen Kind", "des kleinen Kindes"),
        ("the little child", True, "die kleinen Kinder", "die kleinen Kinder", "den kleinen Kindern",
         "der kleinen Kinder"),
        ("a old man", False, "ein alter Mann", "einen alten Mann", "einem alten Mann", "eines alten Mannes"),
        ("a old woman", False, "eine alte Frau", "eine alte Frau", "einer alten Frau", "einer alten Frau"),
        ("a little child", False, "ein kleines Kind", "ein kleines Kind", "einem kleinen Kind", "eines kleinen Kindes"),
        ("my old dog", True, "meine alten Hunde", "meine alten Hunde", "meinen alten Hunden", "meiner alten Hunde"),
        ("no new car", True, "keine neuen Autos", "keine neuen Autos", "keinen neuen Autos", "keiner neuen Autos"),
        ("our house", False, "unser Haus", "unser Haus", "unserem Haus", "unseres Hauses"),
        ("Your sister", False, "Ihre Schwester", "Ihre Schwester", "Ihrer Schwester", "Ihrer Schwester"),
        ("this red hat", False, "dieser rote Hut", "diesen roten Hut", "diesem roten Hut", "dieses roten Hutes"),
        ("every black cat", False, "jede schwarze Katze", "jede schwarze Katze", "jeder schwarzen Katze",
         "jeder schwarzen Katze"),
        ("this small house", True, "diese kleinen Häuser", "diese kleinen Häuser", "diesen kleinen Häusern",
         "dieser kleinen Häuser"),
        ("the bear", False, "der Bär", "den Bären", "dem Bären", "des Bären"),
        ("the farmer", False, "der Bauer", "den Bauern", "dem Bauern", "des Bauern"),
        ("a policeman", False, "ein Polizist", "einen Polizisten", "einem Polizisten", "eines Polizisten"),
        ("the name", False, "der Name", "den Namen", "dem Namen", "des Namens"),
        ("the doctor", False, "der Arzt", "den Arzt", "dem Arzt", "des Arztes"),
        ("the bus", False, "der Bus", "den Bus", "dem Bus", "des Busses"),
        ("the lake", False, "der See", "den See", "dem See", "des Sees"),
        ("the boss", False, "der Chef", "den Chef", "dem Chef", "des Chefs"),
        ("the dark kitchen", False, "die dunkle Küche", "die dunkle Küche", "der dunklen Küche", "der dunklen Küche"),
        ("the expensive car", False, "das teure Auto", "das teure Auto", "dem teuren Auto", "des teuren Autos"),
        ("a high mountain", False, "ein hoher Berg", "einen hohen Berg", "einem hohen Berg", "eines hohen Berges"),
        ("his tired father", False, "sein müder Vater", "seinen müden Vater", "seinem müden Vater",
         "seines müden Vaters"),
        ("their parents", False, "ihre Eltern", "ihre Eltern", "ihren Eltern", "ihrer Eltern"),
    ],
)  # fmt: skip
def test_phrases_decline(words, plural, nominative, accusative, dative, genitive):
    drawn = phrase(words, plural)
    assert [drawn.german(case) for case in ("nom", "acc", "dat", "gen")] == [nominative, accusative, dative, genitive]


@pytest.mark.parametrize(
    ("words", "plural", "nominative", "dative"),
    [
        ("three old cat", True, "drei alte Katzen", "drei alten Katzen"),
        ("many red apple", True, "viele rote Äpfel", "vielen roten Äpfeln"),
        ("some book", True, "einige Bücher", "einigen Büchern"),
        ("- fresh milk", False, "frische Milch", "frischer Milch"),
        ("- fresh bread", False, "frisches Brot", "frischem Brot"),
        ("- hot coffee", False, "heißer Kaffee", "heißem Kaffee"),
        ("- friendly people", True, "freundliche Leute", "freundlichen Leuten"),
    ],
)
def test_adjectives_without_an_article_are_strong(words, plural, nominative, dative):
    assert phrase(words, plural).german("nom") == nominative
    assert phrase(words, plural).german("dat") == dative


def test_names_and_pronouns():
    assert (
        Phrase(name="Mr Weber").german("acc") == "Herrn Weber"
        and Phrase(name="Mrs Klein").german("dat") == "Frau Klein"
    )
    assert [Phrase(name=name).german("dat") for name in ("I", "he", "she", "they", "You")] == [
        "mir",
        "ihm",
        "ihr",
        "ihnen",
        "Ihnen",
    ]
    assert Phrase(name="he").english("acc") == "him" and Phrase(name="You").english() == "you"


@pytest.mark.parametrize(
    ("preposition", "words", "case", "expected"),
    [
        ("in", "the kitchen", "dat", "in der Küche"), ("in", "the old garden", "dat", "im alten Garten"),
        ("in", "the house", "acc", "ins Haus"), ("an", "the sea", "acc", "ans Meer"), ("an", "the station", "dat",
         "am Bahnhof"),
        ("zu", "the bank", "dat", "zur Bank"), ("zu", "the hotel", "dat", "zum Hotel"), ("auf", "the market", "acc",
         "auf den Markt"),
        ("in", "a forest", "dat", "in einem Wald"),
    ],
)  # fmt: skip
def test_prepositions_contract(preposition, words, case, expected):
    assert with_preposition(preposition, phrase(words), case) == expected


def test_english_phrases():
    assert phrase("a old man").english() == "an old man" and phrase("a apple").english() == "an apple"
    assert phrase("this shoe", True).english() == "these shoes"
    owner = Phrase("the", None, NOUNS["house"])
    roof = Phrase("the", None, NOUNS["roof"], owner=owner)
    assert (roof.english(), roof.german("nom")) == ("the roof of the house", "das Dach des Hauses")


# ------------------------------------------------------------------------------------------------ verbs, by hand


@pytest.mark.parametrize(
    ("english", "how", "expected", "command"),
    [
        ("buy", "acc", "kaufe kaufst kauft kaufen", "kauf"), ("read", "acc", "lese liest liest lesen", "lies"),
        ("give", "acc", "gebe gibst gibt geben", "gib"), ("drive", "to", "fahre fährst fährt fahren", "fahr"),
        ("wait", "at", "warte wartest wartet warten", "warte"), ("open", "acc", "öffne öffnest öffnet öffnen", "öffne"),
        ("find", "acc", "finde findest findet finden", "finde"), ("eat", "acc", "esse isst isst essen", "iss"),
        ("close", "acc", "schließe schließt schließt schließen", "schließ"), ("take", "acc",
         "nehme nimmst nimmt nehmen", "nimm"),
        ("feed", "acc", "füttere fütterst füttert füttern", "füttere"), ("wash", "acc",
         "wasche wäschst wäscht waschen", "wasch"),
        ("invite", "acc", "lade lädst lädt laden", "lade"), ("travel", "to", "reise reist reist reisen", "reis"),
        ("help", "dat", "helfe hilfst hilft helfen", "hilf"), ("have", "acc", "habe hast hat haben", None),
        ("like", "acc", "mag magst mag mögen", None), ("run", "to", "laufe läufst läuft laufen", "lauf"),
    ],
)  # fmt: skip
def test_verbs_conjugate(english, how, expected, command):
    one = verb(english, how)
    assert [german.present(one, who) for who in range(4)] == expected.split()
    assert command is None or german.command(one) == command


def test_halten_keeps_its_t():
    assert german.present(verb("stop"), 1) == "hältst"


def test_english_verbs():
    assert [third(word) for word in ("buy", "carry", "watch", "have", "go")] == [
        "buys",
        "carries",
        "watches",
        "has",
        "goes",
    ]
    said = {
        "make": "making",
        "run": "running",
        "lie": "lying",
        "see": "seeing",
        "open": "opening",
        "travel": "travelling",
    }
    assert {word: progressive(word) for word in said} == said


# ------------------------------------------------------------------------------------------------ word order, by hand

THE_MAN = Phrase("the", None, NOUNS["man"])
BREAD = Phrase("the", None, NOUNS["bread"])
DOG = Phrase("a", None, NOUNS["dog"])
MOTHER = Phrase("my", None, NOUNS["mother"])
TODAY, OFTEN = When("today", "heute"), When("often", "oft", before=True)


@pytest.mark.parametrize(
    ("clause", "english", "expected"),
    [
        (Clause(THE_MAN, verb("buy"), "present", BREAD, when=TODAY), "the man buys the bread today",
         "der Mann kauft das Brot heute"),
        (Clause(THE_MAN, verb("buy"), "past", DOG, when=TODAY), "the man bought a dog today",
         "der Mann hat heute einen Hund gekauft"),
        (Clause(THE_MAN, verb("call"), "present", MOTHER), "the man calls my mother", "der Mann ruft meine Mutter an"),
        (Clause(THE_MAN, verb("call"), "past", MOTHER), "the man called my mother",
         "der Mann hat meine Mutter angerufen"),
        (Clause(THE_MAN, verb("call"), "want to", MOTHER), "the man wants to call my mother",
         "der Mann will meine Mutter anrufen"),
        (Clause(THE_MAN, verb("call"), "can", MOTHER, negation="not"), "the man cannot call my mother",
         "der Mann kann meine Mutter nicht anrufen"),
        (Clause(THE_MAN, verb("have"), "present", DOG, negation="not"), "the man does not have a dog",
         "der Mann hat keinen Hund"),
        (Clause(THE_MAN, verb("have"), "present", DOG, negation="no"), "the man has no dog",
         "der Mann hat keinen Hund"),
        (Clause(THE_MAN, verb("have"), "past", DOG), "the man had a dog", "der Mann hatte einen Hund"),
        (Clause(Phrase(name="I"), verb("buy"), "present", BREAD, negation="not"), "I do not buy the bread",
         "ich kaufe das Brot nicht"),
        (Clause(Phrase(name="I"), verb("help"), "present", Phrase(name="she")), "I help her", "ich helfe ihr"),
        (Clause(Phrase(name="she"), verb("give"), "past", DOG, MOTHER), "she gave my mother a dog",
         "sie hat meiner Mutter einen Hund gegeben"),
        (Clause(THE_MAN, verb("explain"), "present", Phrase("the", None, NOUNS["word"]), MOTHER),
         "the man explains the word to my mother",
         "der Mann erklärt meiner Mutter das Wort"),
        (Clause(Phrase(name="we"), verb("go"), "past", where=Where("to", "zu", Phrase("the", None, NOUNS["bank"]),
         "dat")), "we went to the bank",
         "wir sind zur Bank gegangen"),
        (Clause(Phrase(name="we"), verb("sleep"), "present", when=OFTEN), "we often sleep", "wir schlafen oft"),
        (Clause(THE_MAN, verb("wait", "auf+acc"), "progressive", where=Where("", "auf", Phrase("the", None,
         NOUNS["bus"]), "acc")),
         "the man is waiting for the bus", "der Mann wartet auf den Bus"),
        (Clause(Phrase(name="I"), verb("pick"), "will", Phrase(name="he")), "I will pick him up",
         "ich werde ihn abholen"),
    ],
)  # fmt: skip
def test_clauses(clause, english, expected):
    assert (clause.english(), clause.german()) == (english, expected)


def test_the_verb_is_second_last_or_first():
    clause = Clause(THE_MAN, verb("call"), "present", MOTHER, when=TODAY)
    assert clause.german("when") == "heute ruft der Mann meine Mutter an"
    assert clause.german_subordinate("weil") == "weil der Mann meine Mutter heute anruft"
    assert clause.german_question() == "ruft der Mann meine Mutter heute an"
    assert clause.english_question() == "does the man call my mother today"
    assert clause.german("weil es regnet,") == "weil es regnet, ruft der Mann meine Mutter heute an"
    past = Clause(THE_MAN, verb("call"), "past", MOTHER)
    assert past.german_subordinate("dass") == "dass der Mann meine Mutter angerufen hat"
    assert Clause(THE_MAN, verb("call"), "must", MOTHER).german_subordinate() == "der Mann meine Mutter anrufen muss"
    assert (
        clause.german_infinitive() == "meine Mutter heute anzurufen"
        and clause.english_infinitive() == "to call my mother today"
    )


def test_commands():
    lamp = Phrase("the", None, NOUNS["lamp"])
    friend = Clause(Phrase(name="you"), next(v for v in LEXICON.verbs if v.particle == "off"), "present", lamp)
    assert (friend.english_command(), friend.german_command()) == ("turn off the lamp", "schalte die Lampe aus")
    formal = Clause(Phrase(name="You"), friend.verb, "present", lamp, negation="not")
    assert (formal.english_command(), formal.german_command()) == (
        "do not turn off the lamp",
        "schalten Sie die Lampe nicht aus",
    )


# ------------------------------------------------------------------------------------------------ what is generated

# What may stand before a noun: article, the ending of an adjective behind it, and the genders that this is right for in
# some case (m, f, n, p for the plural). Written by hand, apart from the tables of the library.
AGREES = {
    "der": {"": "mfp", "e": "m", "en": "fp"}, "die": {"": "fp", "e": "f", "en": "p"}, "das": {"": "n", "e": "n"},
    "den": {"": "mp", "en": "mp"}, "dem": {"": "mn", "en": "mn"}, "des": {"": "mn", "en": "mn"},
    "ein": {"": "mn", "er": "m", "es": "n"}, "eine": {"": "f", "e": "f"}, "einen": {"": "m", "en": "m"},
    "einem": {"": "mn", "en": "mn"}, "einer": {"": "f", "en": "f"}, "kein": {"": "mn", "er": "m", "es": "n"},
    "keine": {"": "fp", "e": "f", "en": "p"}, "keinen": {"": "mp", "en": "mp"}, "mein": {"": "mn", "er": "m",
     "es": "n"},
    "meine": {"": "fp", "e": "f", "en": "p"}, "meinen": {"": "mp", "en": "mp"}, "meinem": {"": "mn", "en": "mn"},
    "meiner": {"": "fp", "en": "fp"}, "im": {"": "mn", "en": "mn"}, "am": {"": "mn", "en": "mn"},
    "zum": {"": "mn", "en": "mn"}, "zur": {"": "f", "en": "f"}, "ins": {"": "n", "e": "n"}, "ans": {"": "n", "e": "n"},
    "dieser": {"": "mfp", "e": "m", "en": "fp"}, "diese": {"": "fp", "e": "f", "en": "p"}, "dieses": {"": "mn",
     "e": "n", "en": "mn"},
    "diesen": {"": "mp", "en": "mp"}, "diesem": {"": "mn", "en": "mn"}, "drei": {"": "p", "e": "p", "en": "p"},
}  # fmt: skip


def genders_of_forms():
    """Every German noun form → the genders it may have, "p" among them for a plural."""
    genders = {}
    for noun in LEXICON.nouns:
        for plural in (False, True):
            if (noun.gender == "p" and not plural) or (plural and noun.german_plural == "-"):
                continue
            for case in ("nom", "acc", "dat", "gen"):
                form = german.noun_form(noun, case, plural)
                genders.setdefault(form, set()).add("p" if plural else noun.gender)
    return genders


def test_articles_adjectives_and_nouns_agree(pairs):
    genders = genders_of_forms()
    seen = 0
    for _, text in pairs:
        for article, adjective, noun in re.findall(r"\b(\w+) (?:([a-zäöüß]+) )?([A-ZÄÖÜ]\w+)", text):
            if article.lower() not in AGREES or noun not in genders:
                continue
            known = [one for one in LEXICON.adjectives if adjective and adjective.startswith(one.stem)]
            if adjective and not known:
                continue
            ending = min((adjective.removeprefix(one.stem) for one in known), key=len) if adjective else ""
            allowed = AGREES[article.lower()].get(ending, "")
            assert genders[noun] & set(allowed), f"{article} {adjective} {noun}: {text}"
            seen += 1
    assert seen > 3000


def test_pairs_are_clean_sentences(pairs):
    for pair in pairs:
        for text in pair:
            assert re.fullmatch(r"[A-ZÄÖÜ][^.?]*[.?]", text) and "  " not in text and " ," not in text, text
    assert 6 < sum(len(english.split()) for english, _ in pairs) / len(pairs) < 9
    assert len(set(pairs)) > 0.97 * len(pairs)


def test_nobody_helps_themselves(pairs):
    """English would say "myself", German often "mich selbst" or "sich": the grammar has neither."""
    for english, _ in pairs:
        assert not re.search(r"\bI \w+ (me|us)\b|\bwe \w+ (us|me)\b|\bhe (\w+s) him\b(?! )", english, re.I), english


def test_every_kind_of_sentence_is_made():
    for name, (make, share) in KINDS.items():
        english, deutsch = make(Random(1), LEXICON)
        assert english and deutsch and share > 0, name


def test_a_seed_gives_the_same_pairs_and_another_gives_others(pairs):
    assert list(generate(50, seed=3)) == pairs[:50] == list(islice(stream(3), 50))
    assert list(generate(50, seed=4)) != pairs[:50]
    assert list(generate(0)) == []
    with pytest.raises(ValueError, match="count must be 0 or more, not -1"):
        generate(-1)


def words(text):
    return re.findall(r"[a-zäöüß0-9'-]+", text.lower())


def test_most_words_of_the_hand_written_pairs_occur(pairs):
    learned = {word for pair in load_translations("train") for word in words(pair.english)}
    made = {word for english, _ in pairs for word in words(english)}
    assert len(learned & made) > 0.65 * len(learned)


def test_no_held_out_sentence_is_made(pairs):
    made = {english for english, _ in pairs}
    assert not made & {pair.english for split in ("validation", "test") for pair in load_translations(split)}


# ------------------------------------------------------------------------------------------------ the lexicon


def test_every_kind_in_the_lexicon_has_a_noun():
    known = {kind for noun in LEXICON.nouns for kind in noun.kinds} | set(NOUNS)
    for one in LEXICON.verbs:
        assert one.who | one.what <= known, one.english
    for one in (*LEXICON.adjectives, *LEXICON.predicates):
        assert one.kinds <= known, one.english


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda tables: tables.pop("verbs"), "'verbs'"),
        (lambda tables: tables["nouns"].append("sun - Sonne"), r"nouns: 'sun - Sonne' can't be read"),
        (lambda tables: tables["nouns"].append("sun - Sonne - x sky"), "a gender is m, f or n"),
        (lambda tables: tables["verbs"].append("buy; kaufen"), r"verbs: 'buy; kaufen' can't be read"),
        (lambda tables: tables["adjectives"].append("red rot"), r"adjectives: 'red rot' can't be read"),
    ],
)
def test_a_damaged_lexicon_is_named(change, complaint, tmp_path):
    tables = json.loads((files.root() / "data" / "toy_german" / "lexicon.json").read_text("utf8"))
    change(tables)
    where = tmp_path / "lexicon.json"
    where.write_text(json.dumps(tables))
    with pytest.raises(DataError, match=complaint) as caught:
        load_lexicon(where)
    assert str(where) in str(caught.value) and "git checkout -- data" in str(caught.value)


def test_a_missing_lexicon_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json is no lexicon"):
        load_lexicon(tmp_path / "nowhere.json")
