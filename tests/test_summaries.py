"""The articles: their two summaries, where their news stands, their splits; damaged files."""

import json
import re
from collections import Counter
from statistics import mean

import pytest

from workbook import files
from workbook.datasets.jsonl import DataError
from workbook.datasets.summaries import SPLITS, load_summaries

ARTICLE = {
    "id": "a1", "theme": "town", "split": "tune", "title": "A bench", "key_sentence": 1,
    "sentences": ["One.", "Two.", "Three.", "Four.", "Five.", "Six."], "summaries": ["Short.", "Brief."],
}  # fmt: skip


@pytest.fixture(scope="module")
def articles():
    return {split: load_summaries(split) for split in SPLITS}


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def shared(summary, text):
    """The share of the summary's words of four letters or more that the text has."""
    asked = [word for word in words(summary) if len(word) > 3]
    return mean(word in set(words(text)) for word in asked)


def test_sizes_and_splits(articles):
    assert len(articles["tune"]) == len(articles["test"]) == 20
    everything = articles["tune"] + articles["test"]
    assert len({article.id for article in everything}) == len({article.title for article in everything}) == 40
    themes = {split: {article.theme for article in articles[split]} for split in SPLITS}
    assert len(themes["tune"] | themes["test"]) == 10
    assert themes["tune"] - themes["test"] == {"food"} and themes["test"] - themes["tune"] == {"health"}


def test_articles_are_short_and_whole(articles):
    for article in articles["tune"] + articles["test"]:
        assert 6 <= len(article.sentences) <= 9 and 75 <= len(article.text.split()) <= 140, article.id
        for sentence in article.sentences:
            assert re.fullmatch(r"[A-Z].*[.]", sentence), f"{article.id}: {sentence}"
        assert article.text == " ".join(article.sentences)


def test_summaries_are_much_shorter_and_differ(articles):
    for article in articles["tune"] + articles["test"]:
        first, second = article.summaries
        for summary in article.summaries:
            assert 12 <= len(summary.split()) <= 34 and summary.endswith("."), article.id
            assert summary not in article.text
        common = sum((Counter(words(first)) & Counter(words(second))).values())
        assert 2 * common / len(words(first) + words(second)) < 0.75, article.id


def test_in_half_of_them_the_news_comes_late(articles):
    """Where the first three sentences are no summary."""
    for split in SPLITS:
        late = [article for article in articles[split] if article.key_sentence > 3]
        assert len(late) == 10
    everything = articles["tune"] + articles["test"]

    def gain(article):
        rest = " ".join(article.sentences[3:])
        lead = " ".join(article.sentences[:3])
        return mean(shared(summary, lead) - shared(summary, rest) for summary in article.summaries)

    late, early = ([gain(one) for one in everything if (one.key_sentence > 3) == is_late] for is_late in (True, False))
    assert mean(late) < 0 < mean(early)


def test_the_key_sentence_is_among_the_nearest_to_the_summaries(articles):
    for article in articles["tune"] + articles["test"]:
        near = [max(shared(summary, sentence) for summary in article.summaries) for sentence in article.sentences]
        better = sum(value > near[article.key_sentence - 1] for value in near)
        assert better <= 3, article.id


def test_no_sentence_is_in_two_articles(articles):
    sentences = [sentence for split in SPLITS for article in articles[split] for sentence in article.sentences]
    assert len(set(sentences)) == len(sentences)
    known = [set(words(" ".join(article.summaries))) for article in articles["tune"]]
    for article in articles["test"]:
        asked = set(words(" ".join(article.summaries)))
        assert max(len(asked & other) / len(asked | other) for other in known) < 0.4, article.id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"split": "train"}, "article a1 has the unknown split 'train'"),
        ({"sentences": ["One."] * 5}, "article a1 has 5 sentences, not 6 to 9"),
        ({"sentences": "One. Two."}, "sentences must be a list"),
        ({"summaries": ["Short."]}, "article a1 needs two different summaries"),
        ({"summaries": ["Short.", "Short."]}, "article a1 needs two different summaries"),
        ({"summaries": ["Short.", ""]}, "article a1 has an empty text"),
        ({"key_sentence": 7}, "key_sentence must be from 1 to 6, not 7"),
        ({"key_sentence": "1"}, "key_sentence must be from 1 to 6, not '1'"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_corrupt_article_is_named(tmp_path, changes, reason):
    path = tmp_path / "articles.jsonl"
    path.write_text(json.dumps(ARTICLE) + "\n" + json.dumps({**ARTICLE, **changes}) + "\n", "utf8")
    with pytest.raises(DataError, match=r"articles\.jsonl, line 2: ") as caught:
        load_summaries("tune", path)
    assert reason in str(caught.value) and "git checkout -- data" in str(caught.value)


def test_unknown_split_and_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"no split 'train'.*tune, test"):
        load_summaries("train")
    with pytest.raises(DataError, match="is missing"):
        load_summaries("tune", tmp_path / "nowhere.jsonl")


def test_the_card_says_who_wrote_them():
    card = (files.root() / "data" / "summaries" / "README.md").read_text("utf8")
    assert "Written for this workbook" in card and "licence" in card and "Known limits" in card
