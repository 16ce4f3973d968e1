"""Two authors' texts: no easy way out as stored, splits that keep their promise, shortcuts that can be switched on."""

import json
import re
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from workbook import files
from workbook.datasets.authors import (
    AUTHORS,
    FAMILIAR,
    TOPICS,
    UNFAMILIAR,
    Split,
    Text,
    load_authors,
    shortened,
    split_by_text,
    split_by_topic,
    split_with_topics_swapped,
    with_typos,
)
from workbook.datasets.jsonl import DataError

GOOD = {"id": "rain_keel_01", "author": "keel", "topic": "rain", "text": "It rained."}


@pytest.fixture(scope="module")
def texts():
    return load_authors()


def number_of_words(text):
    return len(text.text.split())


# ------------------------------------------------------------------------------------------------ what they hold


def test_both_authors_write_equally_often_about_every_topic(texts):
    counts = Counter((text.author, text.topic) for text in texts)
    assert counts == {(author, topic): 10 for author in AUTHORS for topic in TOPICS}
    assert len(TOPICS) == len(set(TOPICS)) == 24 and 2 * len(FAMILIAR) >= len(TOPICS)
    assert all(text.id.startswith(f"{text.topic}_{text.author}_") for text in texts)


def test_no_text_is_in_twice_or_nearly_so(texts):
    """Runs of four words that two texts share are everyday phrases; no pair shares more than a tenth of them."""
    assert len({text.id for text in texts}) == len({text.text for text in texts}) == len(texts)
    words = [re.findall(r"[a-z']+", text.text.lower()) for text in texts]
    runs = [{tuple(w[i : i + 4]) for i in range(len(w) - 3)} for w in words]
    holders = defaultdict(list)  # of each run of words, the texts that have it
    for place, own in enumerate(runs):
        for run in own:
            holders[run].append(place)
    shared = Counter(pair for places in holders.values() for pair in combinations(places, 2))
    for (a, b), count in shared.items():
        assert count < 0.1 * len(runs[a] | runs[b]), (texts[a].text, texts[b].text)
    assert len({" ".join(w[:3]) for w in words}) > 0.9 * len(texts)  # no opening that comes again and again


def test_length_is_no_shortcut(texts):
    """Not in the mean, and not with the best border between short and long either."""
    for measure in (number_of_words, lambda text: len(text.text)):
        keel, wren = (np.array([measure(text) for text in texts if text.author == author]) for author in AUTHORS)
        assert abs(keel.mean() / wren.mean() - 1) < 0.05
        best = max((np.mean(keel <= border) + np.mean(wren > border)) / 2 for border in range(min(keel), max(wren)))
        assert max(best, 1 - best) < 0.65
    assert all(36 <= number_of_words(text) <= 70 for text in texts)


def test_plain_spelling(texts):
    """No character, quote or gap that only one author uses by accident: ASCII, one space, an end to the sentence."""
    for text in texts:
        assert text.text.isascii() and "  " not in text.text and text.text == text.text.strip(), text.id
        assert re.search(r"[.!?]\"?$", text.text) and re.match(r"[A-Z\"]", text.text), text.id
        assert text.text.count('"') % 2 == 0 and text.text.count("(") == text.text.count(")"), text.id
        assert not re.search(r"\b(\w+) \1\b", text.text) or "had had" in text.text, text.id
        assert not re.search(r"\w'(t|ll|re|ve|m|d)\b", text.text), text.id  # neither contracts


def test_the_styles_are_what_the_card_says(texts):
    """Keel's sentences have less than ten words, Wren's more than thirty; only Wren compares."""
    per_sentence, compared = {}, {}
    for author in AUTHORS:
        mine = [text.text for text in texts if text.author == author]
        per_sentence[author] = np.mean([len(t.split()) / len(re.findall(r"[.!?]+(?=\W|$)", t)) for t in mine])
        compared[author] = np.mean([bool(re.search(r"\b(like|as)\b", t)) for t in mine])
    assert per_sentence["keel"] < 10 and per_sentence["wren"] > 30
    assert compared["keel"] < 0.35 and compared["wren"] > 0.9


def test_tiny_gpt_knows_the_words_of_the_familiar_topics(texts):
    """In its own world it needs 1.31 tokens for a word: about as many there, more about the other topics."""
    tokenizer = Tokenizer.from_file(str(files.root() / "data" / "models" / "tiny-gpt" / "tokenizer.json"))

    def tokens_per_word(author, topics):
        mine = [text.text for text in texts if text.author == author and text.topic in topics]
        return sum(len(tokenizer.encode(text).ids) for text in mine) / sum(len(text.split()) for text in mine)

    for author in AUTHORS:
        assert tokens_per_word(author, FAMILIAR) < 1.35 < tokens_per_word(author, UNFAMILIAR)


def accuracy(split, **options):
    """Of a logistic regression on weighted word counts."""
    vectorizer = TfidfVectorizer(**options)
    train = vectorizer.fit_transform([text.text for text in split.train])
    judge = LogisticRegression(C=10).fit(train, [text.author for text in split.train])
    return judge.score(vectorizer.transform([text.text for text in split.test]), [text.author for text in split.test])


def test_the_words_tell_the_authors_apart_on_topics_never_seen(texts):
    assert accuracy(split_by_topic(texts)) > 0.95


def test_a_judge_of_contents_loses_when_topics_are_swapped(texts):
    """Without the little words of style, part of what is left is topic."""
    honest = np.mean([accuracy(split_by_topic(texts, seed=s), stop_words="english") for s in range(3)])
    swapped = np.mean([accuracy(split_with_topics_swapped(texts, seed=s), stop_words="english") for s in range(3)])
    assert swapped < honest - 0.03


def test_one_author(texts):
    assert load_authors("wren") == [text for text in texts if text.author == "wren"]
    with pytest.raises(DataError, match="no author 'brown'; the authors are keel, wren"):
        load_authors("brown")


# ------------------------------------------------------------------------------------------------ splits


@pytest.mark.parametrize("split", [split_by_text, split_by_topic, split_with_topics_swapped])
def test_a_split_divides_all_texts(texts, split):
    parts = split(texts, seed=3)
    assert isinstance(parts, Split)
    assert sorted(t.id for part in parts for t in part) == sorted(t.id for t in texts)
    assert parts == split(texts, seed=3) and parts != split(texts, seed=4)
    assert [t.id for t in parts.train] == [t.id for t in texts if t in parts.train]  # the order stays
    for part in parts:
        assert len({Counter(t.author for t in part)[author] for author in AUTHORS}) == 1


def test_the_leaky_split_has_every_topic_on_both_sides(texts):
    train, test = split_by_text(texts, held_out=0.3)
    for part, count in ((train, 7), (test, 3)):
        assert Counter((t.author, t.topic) for t in part) == {(a, t): count for a in AUTHORS for t in TOPICS}
    for held_out in (0.001, 0.999):  # at least one text on either side
        assert min(len(part) for part in split_by_text(texts, held_out)) == len(AUTHORS) * len(TOPICS)


def test_the_honest_split_shares_no_topic(texts):
    train, test = split_by_topic(texts, held_out=6, seed=1)
    tested = {t.topic for t in test}
    assert not tested & {t.topic for t in train}
    assert len(tested) == 6 and len(tested & set(FAMILIAR)) == 4
    assert {t.topic for t in split_by_topic(texts, 6, 1).test} != {t.topic for t in split_by_topic(texts, 6, 2).test}


def test_the_swapped_split_gives_either_author_topics_of_their_own(texts):
    train, test = split_with_topics_swapped(texts)
    topics = {
        (side, a): {t.topic for t in part if t.author == a} for side, part in enumerate((train, test)) for a in AUTHORS
    }
    assert topics[0, "keel"] == topics[1, "wren"] and topics[0, "wren"] == topics[1, "keel"]
    assert not topics[0, "keel"] & topics[0, "wren"] and len(topics[0, "keel"]) == 12


def test_splits_take_texts_by_others(texts):
    """Such as a language model's."""
    generated = [Text(f"g{i}", "tiny-gpt", t.topic, t.text) for i, t in enumerate(texts) if t.author == "wren"]
    both = [t for t in texts if t.author == "keel"] + generated
    assert {t.author for t in split_by_topic(both).test} == {"keel", "tiny-gpt"}
    assert {t.author for t in split_with_topics_swapped(both).train} == {"keel", "tiny-gpt"}


def test_splits_refuse_what_they_cannot_divide(texts):
    for held_out in (0, 1, -0.5):
        with pytest.raises(ValueError, match="between 0 and 1, not"):
            split_by_text(texts, held_out)
    with pytest.raises(ValueError, match="only one text about 'rain' by 'keel'"):
        split_by_text(texts[:1])
    for held_out in (0, 24):
        with pytest.raises(ValueError, match=f"Of 24 topics, 1 to 23 can be held out, not {held_out}"):
            split_by_topic(texts, held_out)
    with pytest.raises(ValueError, match="got 1 authors and 24 topics"):
        split_with_topics_swapped(load_authors("keel"))


# ------------------------------------------------------------------------------------------------ shortcuts


def test_typos_come_at_the_rate_that_was_asked_for(texts):
    before = [text.text for text in texts]
    after = with_typos(before, rate=0.2, seed=1)
    assert after == with_typos(before, rate=0.2, seed=1) != with_typos(before, rate=0.2, seed=2)
    pairs = [(a, b) for x, y in zip(before, after, strict=True) for a, b in zip(x.split(), y.split(), strict=True)]
    long = [(a, b) for a, b in pairs if re.search(r"[A-Za-z]{4,}", a)]
    assert np.mean([a != b for a, b in long]) == pytest.approx(0.2, abs=0.02)
    for a, b in pairs:
        assert a == b or (abs(len(a) - len(b)) <= 1 and a[0] == b[0] and set(b) <= set(a))
    assert all(a == b for a, b in pairs if len(re.sub("[^A-Za-z]", "", a)) < 4)


def test_every_typo_is_seen_and_of_three_kinds():
    words = ["window", "garden", "kitchen", "aaab"] * 50
    slips = [with_typos([word], rate=1, seed=seed)[0] for seed, word in enumerate(words)]
    assert all(slip != word for slip, word in zip(slips, words, strict=True))
    assert {len(slip) - len(word) for slip, word in zip(slips, words, strict=True)} == {-1, 0, 1}
    assert with_typos(words, rate=0) == words


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_is_a_probability(rate):
    with pytest.raises(ValueError, match="between 0 and 1, not"):
        with_typos(["window"], rate)


def test_shortened():
    long = "My aunt, who sings, sings (so she says) well."
    assert shortened([long, "It rained."], 4) == ["My aunt, who sings.", "It rained."]
    assert shortened([long], 2) == ["My aunt."]
    assert shortened([long], 4, closed=False) == ["My aunt, who sings"]
    assert shortened([long], 9) == [long] and shortened(["It rained!"], 2) == ["It rained!"]
    with pytest.raises(ValueError, match="At least one word"):
        shortened([long], 0)


# ------------------------------------------------------------------------------------------------ damaged files


def write(folder, *lines):
    path = folder / "texts.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf8")
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"author": "brown"}, "unknown author 'brown'"),
        ({"topic": "tax"}, "topic 'tax'"),
        ({"text": "  "}, "text 'rain_keel_02' has no text"),
        ({"text": 7}, "has no text"),
        ({"id": "rain_keel_01"}, "rain_keel_01 is there a second time"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, change, message):
    path = write(tmp_path, GOOD, {**GOOD, "id": "rain_keel_02", **change})
    with pytest.raises(DataError, match=f"texts.jsonl, line 2: .*{message}"):
        load_authors(path=path)


def test_a_broken_or_missing_file(tmp_path):
    with pytest.raises(DataError, match="line 2"):
        load_authors(path=write(tmp_path, GOOD, "{"))
    with pytest.raises(DataError, match="is missing"):
        load_authors(path=tmp_path / "none.jsonl")
    assert load_authors(path=write(tmp_path, GOOD)) == [Text(**GOOD)]
