"""The encyclopaedia of Lirrane: what it holds, that questions do not give themselves away, and damaged files."""

import json
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest

from workbook.datasets.encyclopaedia import (
    FIELDS,
    KINDS,
    SPLITS,
    Passage,
    content,
    links,
    load_passages,
    load_questions,
    overlap,
)
from workbook.datasets.jsonl import DataError
from workbook.text.pagerank import pagerank

OVERLAP_AT_MOST = 0.3  # the mean over a split's answerable questions; the card states it
ALIKE = [  # passages written in nearly the same words about different things
    ("Grey tern", "Black tern"),
    ("Bell gales", "Lamb gales"),
    ("Tolm Light", "Varn Light"),
    ("Lodden Swim", "Ammer Swim"),
    ("Ysk cheese", "Cave cheese"),
]


@pytest.fixture(scope="module")
def passages():
    return {passage.id: passage for passage in load_passages()}


@pytest.fixture(scope="module")
def by_title(passages):
    return {passage.title: passage for passage in passages.values()}


@pytest.fixture(scope="module")
def questions():
    return {split: load_questions(split) for split in SPLITS}


@pytest.fixture(scope="module")
def everything(questions):
    return [question for split in SPLITS for question in questions[split]]


def jaccard(one, other):
    return len(one & other) / len(one | other)


# ------------------------------------------------------------------------------------------------ passages


def test_passages_are_many_and_of_the_promised_length(passages):
    assert len(passages) >= 160
    assert len({passage.title.lower() for passage in passages.values()}) == len(passages)
    for passage in passages.values():
        assert 60 <= len(passage.text.split()) <= 110, passage.title
        assert passage.title.lower() in passage.text.lower()
        assert passage.text == " ".join(passage.text.split()) and "[[" not in passage.text


def test_every_field_has_its_share(passages):
    counts = Counter(passage.field for passage in passages.values())
    assert set(counts) == set(FIELDS) and len(FIELDS) == 10
    assert min(counts.values()) >= 16


def test_a_page_has_three_links_or_none(passages):
    dangling = [passage.title for passage in passages.values() if not passage.links]
    assert 3 <= len(dangling) <= 8
    for passage in passages.values():
        assert len(set(passage.links)) == len(passage.links)
        assert not passage.links or len(passage.links) >= 3, passage.title
        for link in passage.links:
            assert passages[link].title.lower() in passage.text.lower()


def test_some_pages_are_hubs_and_some_are_found_by_no_link(passages, by_title):
    pointed_at = Counter(link for passage in passages.values() for link in passage.links)
    assert pointed_at[by_title["Saltry"].id] >= 20
    assert 5 <= len(passages) - len(pointed_at) <= 30
    ranks = pagerank(links(list(passages.values())))
    assert max(ranks, key=ranks.get) in {by_title[title].id for title in ("Saltry", "Lirrane", "Hemlin")}


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_passages_that_are_easily_taken_for_each_other(by_title, everything, one, other):
    pair = by_title[one], by_title[other]
    assert jaccard(*(set(passage.text.lower().split()) for passage in pair)) > 0.2
    splits = {question.split for question in everything if question.passage in {passage.id for passage in pair}}
    assert len(splits) == 1  # else what was learnt about one would be asked about the other


# ------------------------------------------------------------------------------------------------ questions


def test_questions_are_many_in_every_split(questions):
    able = {split: sum(question.answerable for question in questions[split]) for split in SPLITS}
    assert sum(able.values()) >= 440
    assert sum(map(len, questions.values())) - sum(able.values()) >= 70
    for split, share in zip(SPLITS, (0.60, 0.15, 0.25), strict=True):
        assert able[split] / sum(able.values()) == pytest.approx(share, abs=0.04)
        assert 0.1 < 1 - able[split] / len(questions[split]) < 0.2


def test_every_kind_is_asked_in_every_split(questions):
    for split in SPLITS:
        counts = Counter(question.kind for question in questions[split] if question.answerable)
        assert set(counts) == set(KINDS)
        assert min(counts.values()) >= 4


def test_answers_stand_where_they_should(passages, everything):
    """Cut out by hand here, and whole words: no letter or digit goes on before or after."""
    for question in everything:
        text = passages[question.passage].text
        assert len(question.answers) <= 3 and len(set(question.texts)) == len(question.texts)
        for answer in question.answers:
            end = answer.start + len(answer.text)
            assert text[answer.start : end] == answer.text
            assert not (text[answer.start - 1 : answer.start] + answer.text[0]).isalnum() or answer.start == 0
            assert not (answer.text[-1] + text[end : end + 1]).isalnum() or end == len(text)
            assert answer.text == answer.text.strip(" .,;:")
            assert len(answer.text.split()) <= 20


def test_answers_of_one_question_are_variants_of_each_other(everything):
    """They overlap in the passage, but for a few questions with two right answers."""
    apart = 0
    for question in everything:
        for one, other in combinations(question.answers, 2):
            apart += one.start + len(one.text) <= other.start or other.start + len(other.text) <= one.start
    assert apart <= 15


def test_no_passage_is_in_two_splits(everything):
    splits = defaultdict(set)
    for question in everything:
        splits[question.passage].add(question.split)
    assert all(len(seen) == 1 for seen in splits.values())


def test_every_passage_is_asked_about(passages, everything):
    assert {question.passage for question in everything if question.answerable} == set(passages)


def test_no_question_is_there_twice_and_none_leaks_into_another_split(everything):
    """Alike by the words that two questions share, of all that either has."""
    asked = [set(question.question.lower().strip("?").split()) for question in everything]
    number = {word: i for i, word in enumerate(sorted(set().union(*asked)))}
    has = np.zeros((len(asked), len(number)), dtype=np.float32)  # (Q, V)
    for row, tokens in zip(has, asked, strict=True):
        row[[number[word] for word in tokens]] = 1
    shared, sizes = has @ has.T, has.sum(1)
    alike = np.triu(shared / (sizes[:, None] + sizes - shared), k=1)  # (Q, Q)
    splits = np.array([question.split for question in everything])
    assert alike.max() < 0.8
    assert alike[splits[:, None] != splits].max() < 0.6


def shares(passages, asked):
    return [overlap(question.question, said(passages[question.passage])) for question in asked]


def said(passage):
    return f"{passage.title} {passage.text}"


@pytest.mark.parametrize("split", SPLITS)
def test_questions_are_put_in_other_words(passages, questions, split):
    found = shares(passages, [question for question in questions[split] if question.answerable])
    assert 0.1 < sum(found) / len(found) < OVERLAP_AT_MOST
    assert 0.2 < sum(share == 0 for share in found) / len(found) < 0.4


def test_words_do_not_tell_which_questions_have_no_answer(passages, everything):
    means = []
    for answerable in (True, False):
        found = shares(passages, [question for question in everything if question.answerable == answerable])
        means.append(sum(found) / len(found))
    assert abs(means[0] - means[1]) < 0.06


def test_four_questions_in_ten_name_their_subject(passages, everything):
    named = [passages[question.passage].title.lower() in question.question.lower() for question in everything]
    assert 0.3 < sum(named) / len(named) < 0.5


# ------------------------------------------------------------------------------------------------ overlap


@pytest.mark.parametrize(
    ("question", "text", "share"),
    [
        ("Who painted the red doors?", "She paints a door in red.", 1.0),
        ("Who painted the red doors?", "Green shutters.", 0.0),
        ("Which fox sleeps in winter?", "The fox eats in summer.", 1 / 3),
        ("Who is it?", "It is she.", 0.0),
        ("Where is Ysk's harbour?", "Ysk has no port.", 0.5),
    ],
    ids=["stems", "nothing shared", "a third", "no content words", "genitive"],
)
def test_overlap(question, text, share):
    assert overlap(question, text) == pytest.approx(share)


def test_content_leaves_out_small_words():
    assert content("Which of the ferries is it?") == {"ferri"}


# ------------------------------------------------------------------------------------------------ damaged files

FOX = {"id": "p1", "title": "Fox", "field": "animals", "text": "The fox meets the owl at noon.", "links": ["p2"]}
OWL = {"id": "p2", "title": "Owl", "field": "animals", "text": "The owl sleeps.", "links": []}
NOON = {
    "id": "q1", "passage": "p1", "question": "When do they meet?", "answers": [{"text": "at noon", "start": 22}],
    "kind": "when", "split": "train",
}  # fmt: skip
DREAM = {**NOON, "id": "q2", "passage": "p2", "question": "What does it dream of?", "answers": [], "kind": "what"}


def write(folder, passages=(FOX, OWL), questions=(NOON, DREAM)):
    for name, rows in (("passages", passages), ("questions", questions)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf8")


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


def test_what_is_written_is_read(tmp_path):
    write(tmp_path)
    fox, owl = load_passages(tmp_path)
    assert fox == Passage("p1", "Fox", "animals", FOX["text"], ("p2",))
    assert links([fox, owl]) == {"p1": ["p2"], "p2": []}
    noon, dream = load_questions("train", tmp_path)
    assert noon.answerable and noon.texts == ["at noon"]
    assert not dream.answerable and dream.texts == []
    assert load_questions("test", tmp_path) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**OWL, "links": ["p9"]}, "passage p2 links to 'p9', which is no other passage"),
        ({**OWL, "links": ["p2"]}, "passage p2 links to 'p2', which is no other passage"),
        ({**OWL, "links": ["p1"]}, "passage p2 links to 'Fox', which its text does not name"),
        ({**OWL, "field": "opera"}, "unknown field 'opera'"),
        ({**OWL, "text": "  "}, "passage p2 has no text"),
        ({**OWL, "title": None}, "passage p2 has no title"),
        ({**OWL, "id": "p1"}, "passage p1 is there a second time"),
        (without(OWL, "text"), "missing 1 required positional argument: 'text'"),
        (without(OWL, "title"), "missing 1 required positional argument: 'title'"),
        ({**OWL, "colour": "brown"}, "'colour'"),
        ({**OWL, "links": None}, "not iterable"),
        (["p2"], "not a mapping"),
    ],
    ids=["link to nowhere", "link to itself", "link not in the text", "unknown field", "blank", "no title", "twice",
         "text missing", "title missing", "one too many", "no links", "no object"],
)  # fmt: skip
def test_corrupt_passage_is_named(tmp_path, row, reason):
    write(tmp_path, passages=({**FOX, "links": []}, row))
    with pytest.raises(DataError) as caught:
        load_passages(tmp_path)
    assert f"{tmp_path / 'passages.jsonl'}, line 2: " in str(caught.value)
    assert reason in str(caught.value) and "git checkout -- data" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**DREAM, "answers": [{"text": "owl", "start": 3}]}, "'owl' at character 3 of p2, where ' ow' stands"),
        ({**DREAM, "answers": [{"text": "owl", "start": 4}, {"text": "owls", "start": 4}]}, "expects 'owls'"),
        ({**DREAM, "answers": [{"text": "p.", "start": -2}]}, "an answer without a place"),
        ({**DREAM, "answers": [{"text": "", "start": 4}]}, "an answer without a place"),
        ({**DREAM, "answers": [{"text": "owl", "start": "4"}]}, "an answer without a place"),
        ({**DREAM, "answers": [{"text": "owl"}]}, "'start'"),
        ({**DREAM, "answers": None}, "not iterable"),
        ({**DREAM, "passage": "p9"}, "question q2 is about 'p9', which is no passage"),
        ({**DREAM, "kind": "whence"}, "unknown kind 'whence'"),
        ({**DREAM, "split": "dev"}, "unknown split 'dev'"),
        ({**DREAM, "question": "Tell me."}, "question q2 is no question: 'Tell me.'"),
        ({**DREAM, "question": None}, "question q2 is no question: None"),
        ({**DREAM, "id": "q1"}, "question q1 is there a second time"),
        (without(DREAM, "split"), "'split'"),
    ],
    ids=["shifted", "second answer", "from the end", "empty answer", "place as text", "no place", "no answers",
         "no passage", "unknown kind", "unknown split", "no question mark", "no text", "twice", "missing field"],
)  # fmt: skip
def test_corrupt_question_is_named(tmp_path, row, reason):
    write(tmp_path, questions=(NOON, row))
    with pytest.raises(DataError) as caught:
        load_questions("train", tmp_path)
    assert f"{tmp_path / 'questions.jsonl'}, line 2: " in str(caught.value)
    assert reason in str(caught.value) and "git checkout -- data" in str(caught.value)


@pytest.mark.parametrize("name", ["passages.jsonl", "questions.jsonl"])
def test_missing_or_empty_file_is_named(tmp_path, name):
    write(tmp_path)
    (tmp_path / name).write_text("")
    with pytest.raises(DataError, match=rf"{name} is empty"):
        load_questions("train", tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing"):
        load_questions("train", tmp_path)


def test_unknown_split():
    with pytest.raises(DataError, match=r"no split 'dev'.*train, validation, test"):
        load_questions("dev")
