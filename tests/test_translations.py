"""The translations and their ratings: what they hold, what keeps their splits apart, damaged files."""

import json
import re
import unicodedata
from collections import Counter
from statistics import mean

import pytest

from workbook import files
from workbook.datasets.jsonl import DataError
from workbook.datasets.translations import KINDS, SPLITS, THEMES, load_ratings, load_translations

PAIR = {"id": "train-1", "theme": "travel", "english": "The bus is late.", "german": "Der Bus hat Verspätung."}
RATING = {
    "id": "r1", "pair": "test-001", "kind": "synonym", "german": "Der Bus kommt spät.", "adequacy": 4, "fluency": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def pairs():
    return {split: load_translations(split) for split in SPLITS}


@pytest.fixture(scope="module")
def ratings():
    return load_ratings()


def words(text):
    return re.findall(r"[a-zäöüß0-9'-]+", text.lower())


# ------------------------------------------------------------------------------------------------ what they hold


def test_sizes_and_themes(pairs):
    assert len(pairs["train"]) >= 1500 and len(pairs["validation"]) >= 80 and len(pairs["test"]) >= 120
    for split, least in (("train", 100), ("validation", 6), ("test", 8)):
        counts = Counter(pair.theme for pair in pairs[split])
        assert set(counts) == set(THEMES) and min(counts.values()) >= least


def test_ids_name_their_split_and_nothing_is_in_twice(pairs):
    everything = [pair for split in SPLITS for pair in pairs[split]]
    assert (
        len({pair.id for pair in everything}) == len({pair.english.lower() for pair in everything}) == len(everything)
    )
    for split in SPLITS:
        assert all(pair.id.startswith(f"{split}-") for pair in pairs[split])


def test_the_test_part_has_two_translations_that_differ_in_words(pairs):
    assert {len(pair.german) for split in ("train", "validation") for pair in pairs[split]} == {1}
    for pair in pairs["test"]:
        first, second = (sorted(words(text)) for text in pair.german)
        assert first != second or words(pair.german[0]) != words(pair.german[1]), pair.id
    other_words = mean(Counter(words(pair.german[0])) != Counter(words(pair.german[1])) for pair in pairs["test"])
    assert other_words > 0.85  # the rest differ in their order only


def test_sentences_are_whole_and_short(pairs):
    for split in SPLITS:
        for pair in pairs[split]:
            assert 3 <= len(words(pair.english)) <= 16, pair.id
            for text in (pair.english, *pair.german):
                assert re.fullmatch(r"[A-ZÄÖÜ].*[.?!]", text) and "  " not in text and text == text.strip(), pair.id


def test_umlauts_are_one_character_each(pairs):
    text = "".join(german for split in SPLITS for pair in pairs[split] for german in pair.german)
    assert unicodedata.is_normalized("NFC", text)
    assert set("äöüÄÖÜß") - set(text) <= {"Ö"}
    assert set(re.findall(r"[^\w\s.,?!'-]", text)) <= {":", ";"}


def test_the_vocabulary_is_small_and_words_come_again(pairs):
    """What a model with a million weights can learn from: most words in four sentences or more."""
    counts = Counter(word for pair in pairs["train"] for word in set(words(pair.english)))
    assert 900 <= len(counts) <= 1300
    assert mean(count >= 4 for count in counts.values()) > 0.58


def test_no_held_out_word_is_new(pairs):
    known = {word for pair in pairs["train"] for word in words(pair.english)}
    for split in ("validation", "test"):
        for pair in pairs[split]:
            assert set(words(pair.english)) <= known, pair.id


def test_most_german_words_of_the_test_are_known(pairs):
    known = {word for pair in pairs["train"] for word in words(pair.target)}
    asked = [word for pair in pairs["test"] for word in words(pair.german[0])]
    assert mean(word in known for word in asked) > 0.95


def test_held_out_sentences_are_no_near_copies(pairs):
    """They share at most 60 % of their words (Jaccard) with any training sentence, and with one another."""
    earlier = [(pair.id, set(words(pair.english))) for pair in pairs["train"]]
    for split in ("validation", "test"):
        for pair in pairs[split]:
            asked = set(words(pair.english))
            near = [name for name, known in earlier if len(asked & known) > 0.6 * len(asked | known)]
            assert not near, pair.id
            earlier.append((pair.id, asked))


def test_what_the_card_promises_of_the_grammar(pairs):
    """Each of these occurs at least so many times in training."""
    english = [pair.english for pair in pairs["train"]]
    german = [pair.target for pair in pairs["train"]]

    def count(pattern, texts):
        return sum(bool(re.search(pattern, text)) for text in texts)

    assert count(r"\bnicht\b", german) > 100 and count(r"\b[Kk]ein(e[mnrs]?)?\b", german) > 70
    assert count(r", (weil|obwohl|dass|wenn|ob|bevor|während|bis|als)\b", german) > 100
    assert count(r"\b(kann|muss|will|darf|soll|können|müssen|wollen|dürfen|möchte)\b", german) > 90
    assert count(r"\?$", english) > 100
    assert (
        count(r"[a-zäöüß,] (Sie|Ihre?[mnrs]?|Ihnen)\b", german) > 60
        and count(r"\b([Dd]u|dich|dir|deine?[mnrs]?)\b", german) > 100
    )
    assert count(r"\b(zwei|drei|vier|fünf|zehn|zwanzig|hundert)\b", german) > 60


# ------------------------------------------------------------------------------------------------ ratings


def test_every_rated_pair_has_each_kind_once(pairs, ratings):
    known = {pair.id: pair for pair in pairs["test"]}
    kinds = Counter((rating.pair, rating.kind) for rating in ratings)
    assert len(ratings) == len(kinds) == 60 * len(KINDS) and {name for name, _ in kinds} <= set(known)
    assert set(Counter(known[name].theme for name in {name for name, _ in kinds}).values()) == {5}
    assert [rating.id for rating in ratings] == [f"{rating.pair}-{rating.kind}" for rating in ratings]


def negations(counts):
    return {
        word: number
        for word, number in counts.items()
        if word in ("nicht", "nie", "niemand", "jeder") or word.startswith("kein")
    }


def lacks(whole, part, most):
    """Whether `part` is `whole` without one to `most` words in a row."""
    return any(whole[:i] + whole[i + n :] == part for i in range(len(whole)) for n in range(1, most + 1))


def overlap(first, second):
    return 2 * sum((Counter(first) & Counter(second)).values()) / (len(first) + len(second))


def test_changes_are_what_they_are_called(pairs, ratings):
    known = {pair.id: pair for pair in pairs["test"]}
    for rating in ratings:
        good, changed = words(known[rating.pair].german[0]), words(rating.german)
        before, after = Counter(good), Counter(changed)
        right = {
            "synonym": 1 <= sum((after - before).values()) <= 3 and sum((before - after).values()) <= 3,
            "inflection": len(good) == len(changed) and sum(a != b for a, b in zip(good, changed, strict=False)) == 1,
            "dropped_unimportant": lacks(good, changed, 1),
            "dropped_important": lacks(good, changed, 2),
            "order": before == after and good != changed,
            "negation": negations(before) != negations(after),
            "paraphrase": max(overlap(changed, words(text)) for text in known[rating.pair].german) < 0.55,
            "unrelated": max(overlap(changed, words(text)) for text in known[rating.pair].german) < 0.35,
        }
        assert right[rating.kind], f"{rating.id}: {rating.german}"


def test_the_marks_follow_the_guideline(ratings):
    marks = {kind: [rating for rating in ratings if rating.kind == kind] for kind in KINDS}

    def average(kind, what):
        return mean(getattr(rating, what) for rating in marks[kind])

    assert {(rating.adequacy, rating.fluency) for rating in marks["unrelated"]} == {(1, 5)}
    assert max(rating.adequacy for rating in marks["negation"]) <= 2 and average("negation", "fluency") > 4.5
    assert min(rating.adequacy for rating in marks["paraphrase"]) >= 4
    assert average("dropped_important", "adequacy") + 1 < average("dropped_unimportant", "adequacy")
    assert average("order", "fluency") < average("inflection", "fluency") < average("synonym", "fluency")
    assert average("order", "adequacy") > 4 and average("inflection", "adequacy") > 4


def test_no_changed_text_is_one_of_the_references(pairs, ratings):
    known = {pair.id: pair for pair in pairs["test"]}
    assert len({rating.german for rating in ratings}) == len(ratings)
    assert all(rating.german not in known[rating.pair].german for rating in ratings if rating.kind != "synonym")


# ------------------------------------------------------------------------------------------------ damaged files


def line(record, **changes):
    return json.dumps({**record, **changes}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"id": "train-2", "theme"', "Expecting"),
        ('["train-2"]', "must be a mapping"),
        (line(PAIR, theme="space"), "pair train-1 has the unknown theme 'space'"),
        (line(PAIR, english=" "), "pair train-1 has an empty text"),
        (line(PAIR, german=""), "pair train-1 has an empty text"),
        (line(PAIR, german=["Der Bus.", "Ein Bus."]), "german must be one translation, a text in the split 'train'"),
        (line(PAIR, german="Verspa\u0308tung."), "not in Unicode's NFC"),
        (line({key: value for key, value in PAIR.items() if key != "german"}), "the field 'german' is missing"),
        (line(PAIR, french="Le bus."), "french"),
    ],
)
def test_a_corrupt_line_is_named(tmp_path, bad, reason):
    (tmp_path / "train.jsonl").write_text(f"{line(PAIR, id='train-0')}\n{bad}\n", "utf8")
    with pytest.raises(DataError, match=r"train\.jsonl, line 2: ") as caught:
        load_translations("train", tmp_path)
    assert reason in str(caught.value) and "git checkout -- data" in str(caught.value)


@pytest.mark.parametrize(
    "german", ["Der Bus.", ["Der Bus."], ["Der Bus.", "Der Bus."], ["Der Bus.", "Ein Bus.", "Bus."], []]
)
def test_the_test_split_needs_two_different_translations(tmp_path, german):
    (tmp_path / "test.jsonl").write_text(line(PAIR, german=german), "utf8")
    with pytest.raises(
        DataError, match=r"line 1: (german must be a list of two|pair train-1 has .* the same one twice)"
    ):
        load_translations("test", tmp_path)


def test_an_id_that_comes_twice_is_named(tmp_path):
    (tmp_path / "train.jsonl").write_text(f"{line(PAIR)}\n{line(PAIR)}\n", "utf8")
    with pytest.raises(DataError, match="the id 'train-1' is there more than once"):
        load_translations("train", tmp_path)


def test_unknown_split_and_missing_files(tmp_path):
    with pytest.raises(DataError, match=r"no split 'dev'.*train, validation, test"):
        load_translations("dev")
    with pytest.raises(DataError, match=r"validation\.jsonl is missing"):
        load_translations("validation", tmp_path)
    with pytest.raises(DataError, match=r"nowhere\.jsonl is missing"):
        load_ratings(tmp_path / "nowhere.jsonl")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"adequacy": 6}, "adequacy must be a whole number from 1 to 5, not 6"),
        ({"fluency": 0}, "fluency must be a whole number from 1 to 5, not 0"),
        ({"fluency": 4.5}, "not 4.5"),
        ({"adequacy": True}, "not True"),
        ({"kind": "typo"}, "rating r1 has the unknown kind 'typo'"),
        ({"german": ""}, "rating r1 has an empty text"),
    ],
)
def test_a_wrong_rating_is_named(tmp_path, changes, reason):
    path = tmp_path / "ratings.jsonl"
    path.write_text(line(RATING, **changes), "utf8")
    with pytest.raises(DataError, match=r"ratings\.jsonl, line 1: ") as caught:
        load_ratings(path)
    assert reason in str(caught.value)


def test_the_cards_say_who_wrote_them():
    for folder in ("translations", "translation_ratings"):
        card = (files.root() / "data" / folder / "README.md").read_text("utf8")
        assert "Written for this workbook" in card and "licence" in card and "Known limits" in card
