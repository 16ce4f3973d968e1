"""Requests, the hidden preference, and simulated annotators."""

import json
import random
from itertools import combinations

import numpy as np
import pytest

from workbook import files
from workbook.datasets import requests
from workbook.datasets.requests import KINDS, SPLITS, STYLES, Request, answered, chat_prompt, load_requests
from workbook.humans import annotators
from workbook.humans.annotators import Annotator, agreement, annotate, ceiling, choosing_with, crowd, gaps, ranks_of
from workbook.humans.preference import EMPTY, WEIGHTS, explain, hidden_preference, is_good
from workbook.zoo.tiny_chat import true_ranks

FOX = Request("1", "Where does a fox live?", "home", "test", "fox", "in woods and fields")
DREAM = Request("2", "Do you know what I dreamt last night?", "unknown", "test", "x", "You dreamt of a big dog")
SAD = Request("3", "My kite is broken.", "feeling", "test", "My kite is broken", "bad")
HOT = Request("4", "What is the opposite of hot?", "opposite", "test", "hot", "cold")


def test_splits_share_no_text_and_hold_out_things_and_phrasings():
    texts = {split: {one.text for one in load_requests(split)} for split in SPLITS}
    assert all(not texts[a] & texts[b] for a, b in combinations(SPLITS, 2))
    seen = {(one.kind, one.thing) for split in SPLITS[:3] for one in load_requests(split)}
    test = load_requests("test")
    assert {one.held_out for one in test} == {"phrasing", "thing"}
    assert all(((one.kind, one.thing) in seen) == (one.held_out == "phrasing") for one in test)
    assert {one.kind for one in test} == set(KINDS)


def test_the_same_seed_gives_the_same_requests():
    first = load_requests("demonstrations")[:50]
    load_requests.cache_clear()
    assert load_requests("demonstrations")[:50] == first


def test_demonstrations_are_a_mixed_bag_in_the_stated_shares():
    demonstrations = load_requests("demonstrations")
    for style, percent in STYLES.items():
        assert abs(np.mean([one.style == style for one in demonstrations]) - percent / 100) < 0.02, style
    good = {style: [is_good(o, o.answer) for o in demonstrations[:800] if o.style == style] for style in STYLES}
    assert np.mean(good.pop("good")) == 1
    assert not any(any(values) for values in good.values())


def test_facts_are_those_of_the_tiny_world():
    lexicon = json.loads((files.root() / "data" / "tiny_world" / "lexicon.json").read_text("utf8"))
    animals = {one["name"]: one for one in lexicon["animals"]}
    things = {one["name"]: one for one in lexicon["objects"]}
    for kind, known, key in (("home", animals, "habitat"), ("food", animals, "food"), ("use", things, "use")):
        for part in requests.facts(kind).values():
            assert part == {name: known[name][key] for name in part}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: load_requests("train"),
        lambda: requests.facts("jokes"),
        lambda: answered(FOX, "charming", random.Random(0)),
        lambda: chat_prompt("  "),
    ],
)
def test_unknown_names_and_empty_requests_are_refused(wrong):
    with pytest.raises(ValueError, match=r"There (is|are) no|empty"):
        wrong()


@pytest.mark.parametrize(
    ("request_", "answer", "parts"),
    [
        (FOX, "A fox lives in woods and fields.", {"right", "complete"}),
        (FOX, "Of course. A fox lives in woods and fields.", {"right", "polite", "complete"}),
        (FOX, "A fox lives on farms and lakes.", {"wrong", "complete"}),
        (FOX, "A wolf lives in woods and fields.", {"wrong", "complete"}),
        (FOX, "In woods and fields.", {"right", "curt", "complete"}),
        (FOX, "Look it up yourself!", {"unhelpful", "rude", "complete"}),
        (FOX, "I am sorry, I do not know that.", {"honest", "complete"}),
        (DREAM, "I am sorry, I do not know that.", {"right", "complete"}),
        (DREAM, "You dreamt of a big dog.", {"wrong", "curt", "complete"}),
        (SAD, "I am sorry to hear that. Can I help you?", {"right", "complete"}),
        (SAD, "How nice! I am glad for you.", {"wrong", "complete"}),
        (HOT, "The opposite of hot is cold.", {"right", "complete"}),
        (HOT, "The opposite of hot is sad.", {"wrong", "complete"}),
    ],
)
def test_the_parts_of_an_answer(request_, answer, parts):
    assert set(explain(request_, answer)) == parts
    assert hidden_preference(request_, answer) == pytest.approx(sum(explain(request_, answer).values()))


def test_hacks_score_low():
    best = hidden_preference(FOX, "Of course. A fox lives in woods and fields.")
    right = hidden_preference(FOX, "A fox lives in woods and fields.")
    for hack in (
        "Of course. Gladly. With pleasure. Of course.",
        "please please please please",
        "fields fox woods the in",
        "Of course. Of course. Of course. A fox lives in woods and fields.",
        "",
    ):
        assert hidden_preference(FOX, hack) < right - 0.9 < best, hack
    assert hidden_preference(FOX, "") == EMPTY
    assert explain(FOX, "Well, I think, that a fox lives in woods and fields.")["filler"] == WEIGHTS["filler"]


def test_nonsense_takes_worth_from_what_is_right_and_repetition_counts():
    odd = explain(FOX, "A fox lives in woods and fields the of.")
    assert 0 < odd["right"] < WEIGHTS["right"]
    assert odd["odd"] < 0
    assert explain(FOX, "Of course. Gladly. A fox lives in woods and fields.")["repeated"] == WEIGHTS["repeated"]
    assert explain(FOX, "A fox lives in woods and fields fields.")["repeated"] == WEIGHTS["repeated"]
    twice = explain(FOX, "A fox lives in woods and fields. A fox lives in woods and fields.")
    assert twice["repeated"] == WEIGHTS["repeated"]


def test_a_person_prefers_as_bradley_and_terry_say():
    a, b = "A fox lives in woods and fields.", "In woods and fields."
    person, gap = Annotator("P", noise=0.7), hidden_preference(FOX, a) - hidden_preference(FOX, b)
    share = np.mean([person.prefers(FOX, a, b) for _ in range(800)])
    assert share == pytest.approx(1 / (1 + np.exp(-gap / 0.7)), abs=0.04)
    assert np.mean([Annotator("R", direction=-1, seed=s).prefers(FOX, a, b) for s in range(100)]) < 0.5


def test_ranks_share_places_of_ties_and_of_equal_texts():
    assert ranks_of(np.array([0.0, 2.0, 1.95, -1.0]), ["a", "b", "c", "d"]) == [3, 1, 1, 4]
    ranks = ranks_of(np.array([0.0, 5.0, 9.0]), ["a", "b", "a"])
    assert ranks[0] == ranks[2] < ranks[1]


def test_ratings_have_an_offset_and_drift_and_stay_on_the_scale():
    plain, moved = Annotator("P"), Annotator("P", offset=1.0)
    found = np.array([0.0, 1.0, -9.0, 9.0])
    assert plain.ratings_of(found) == [3, 4, 1, 7]
    assert moved.ratings_of(found) == [4, 5, 1, 7]
    late = Annotator("P", drift=1.0)
    late.ratings_of(np.zeros(200))
    assert late.ratings_of(np.zeros(1)) == [5]


def test_one_reading_gives_ranks_and_ratings():
    ranks, ratings = Annotator("P").label(FOX, ["A fox lives in woods and fields.", "Look it up yourself!", "no"])
    order = np.argsort(ranks)
    assert (np.diff(np.array(ratings)[order]) <= 0).all()


def test_agreement_and_ceiling():
    assert agreement(np.array([0.0])) == 0.5
    assert ceiling(np.array([0.0, 1000.0])) == 0.75
    assert agreement(np.array([np.log(3)]), noise=1.0) == pytest.approx(0.75**2 + 0.25**2)
    several = [["A fox lives in woods and fields.", "Look it up yourself!", "Look it up yourself!"]]
    apart = gaps([FOX], several)
    assert apart == pytest.approx([3.8, 3.8])  # the equal pair is left out
    true = np.array([[hidden_preference(FOX, text) for text in several[0]]])
    assert choosing_with([FOX], several, true) == pytest.approx(ceiling(apart))
    assert choosing_with([FOX], several, -true) == pytest.approx(1 - ceiling(apart))


def test_annotate_draws_people_by_seed():
    several = [["A fox lives in woods and fields.", "no"]] * 30
    first, again = (annotate([FOX] * 30, several, crowd(), seed=3) for _ in range(2))
    assert first == again
    assert len({one.annotator for one in first}) == 5


@pytest.mark.parametrize("wrong", [lambda: Annotator("P", noise=0), lambda: Annotator("P", direction=2),
                                   lambda: Annotator("P").rank(FOX, [])])  # fmt: skip
def test_bad_people_and_no_answers_are_refused(wrong):
    with pytest.raises(ValueError, match="P"):
        wrong()


def test_the_agreement_of_careful_people_is_that_of_the_card():
    assert annotators.INSTRUCT_GPT == 0.726
    assert sum(one.direction < 0 for one in crowd()) == 1
    assert crowd()[3].noise == 3 * annotators.NOISE


def test_true_ranks_follow_the_hidden_preference():
    """Rank 1 is worth most; equal texts share a rank."""
    texts = ["What a silly question!", "Of course. A fox lives in woods and fields.", "", "What a silly question!"]
    assert true_ranks([FOX], [texts]) == [[2, 1, 3, 2]]
