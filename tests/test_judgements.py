"""Answers with ratings and rankings: complete, in range, honest gaps, agreement that leaves something to explain."""

import json
import re
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest

from workbook.datasets.jsonl import DataError
from workbook.datasets.judgements import (
    ANNOTATORS,
    ASPECTS,
    KINDS,
    Answer,
    Judgements,
    Ranking,
    Rating,
    load_judgements,
    split_by_prompt,
)
from workbook.metrics.agreement import bradley_terry, krippendorff_alpha, spearman, wins_from_rankings


@pytest.fixture(scope="module")
def judgements():
    return load_judgements()


# ------------------------------------------------------------------------------------------------ what they hold


def test_every_prompt_has_four_answers_of_graded_quality(judgements):
    prompts = defaultdict(list)
    for answer in judgements.answers:
        assert answer.id[:-1] == answer.prompt
        prompts[answer.prompt].append(answer)
    assert len(prompts) == len({answers[0].instruction for answers in prompts.values()}) == 60
    for answers in prompts.values():
        kinds = {answer.kind for answer in answers}
        assert kinds in ({*KINDS[:3], last} for last in KINDS[3:]) and len(answers) == 4
        assert len({answer.instruction for answer in answers}) == 1
    assert Counter(answer.instruction.split()[0] for answer in judgements.answers) == {"Tell": 124, "Describe": 116}


def test_the_kind_does_not_show_in_the_place(judgements):
    """Answers are shuffled: each kind comes first, second, third and fourth."""
    places = Counter((answer.id[-1], answer.kind) for answer in judgements.answers)
    assert all(places[place, kind] >= 3 for place in "abcd" for kind in KINDS)


def test_no_answer_is_in_twice_or_nearly_so(judgements):
    words = [re.findall(r"[a-z']+", answer.text.lower()) for answer in judgements.answers]
    holders = defaultdict(set)
    for place, w in enumerate(words):
        for i in range(len(w) - 3):
            holders[tuple(w[i : i + 4])].add(place)
    shared = Counter(pair for places in holders.values() for pair in combinations(sorted(places), 2))
    for (a, b), count in shared.items():
        assert count < 0.25 * min(len(words[a]), len(words[b])), (judgements.answers[a], judgements.answers[b])


def test_plain_spelling(judgements):
    for answer in judgements.answers:
        assert answer.text.isascii() and "  " not in answer.text and 30 <= len(answer.text.split()) <= 60, answer.id
        assert re.search(r"[.!?]\"?$", answer.text) and answer.text.count('"') % 2 == 0, answer.id


def test_length_says_little(judgements):
    """A judge that only counts words must not look like one that reads."""
    words = np.array([len(answer.text.split()) for answer in judgements.answers])
    for aspect in ASPECTS:
        assert spearman(judgements.mean_ratings(aspect), words) < 0.4


# ------------------------------------------------------------------------------------------------ ratings


def test_ratings_use_the_scale_and_leave_gaps(judgements):
    for aspect in ASPECTS:
        table = judgements.table(aspect)
        assert table.shape == (3, 240)
        assert set(np.unique(table[~np.isnan(table)])) == {1, 2, 3, 4, 5}
        assert 0.02 < np.isnan(table).mean() < 0.1
        assert (~np.isnan(table)).sum(0).min() >= 1  # each answer by somebody
    assert all(Counter(r.annotator for r in judgements.ratings)[annotator] > 220 for annotator in ANNOTATORS)


@pytest.mark.parametrize(
    ("aspect", "least", "most"), [("relevance", 0.4, 0.95), ("fluency", 0.4, 0.9), ("interest", 0.4, 0.9)]
)
def test_the_annotators_agree_but_not_always(judgements, aspect, least, most):
    """Relevance is easy: a quarter of the answers are about something else."""
    assert least < krippendorff_alpha(judgements.table(aspect), "ordinal") < most


def test_the_annotators_have_the_habits_of_the_card(judgements):
    kinds = np.array([answer.kind for answer in judgements.answers])
    means = {
        aspect: {kind: np.nanmean(judgements.table(aspect)[:, kinds == kind], axis=1) for kind in KINDS}
        for aspect in ASPECTS
    }
    ada, bruno, clara = 0, 1, 2
    for kind in ("clumsy", "repetitive"):  # Bruno counts what he understands
        assert means["fluency"][kind][bruno] > means["fluency"][kind][ada] + 0.8
    assert means["relevance"]["contradictory"][ada] < means["relevance"]["contradictory"][bruno] - 0.8
    assert means["interest"]["contradictory"][clara] > means["interest"]["contradictory"][ada] + 0.8
    for kind in KINDS[1:]:
        assert all(means["relevance"]["good"] > means["relevance"][kind] - 0.2)
    assert all(means["fluency"]["off_topic"] > 4.8) and all(means["relevance"]["off_topic"] < 1.7)


def test_a_table_has_each_rating_in_its_place(judgements):
    table = judgements.table("fluency")
    assert table[ANNOTATORS.index("clara")][judgements.answers.index(answer_of(judgements, "p22c"))] == 3
    assert np.isnan(table[ANNOTATORS.index("ada")][-16:]).all()  # she did not come to the last four prompts
    assert np.isnan(judgements.table("interest")).sum() == 39 and np.isnan(table).sum() == 30
    with pytest.raises(ValueError, match="no aspect 'charm'; the aspects are relevance, fluency, interest"):
        judgements.table("charm")


def answer_of(judgements, name):
    return next(answer for answer in judgements.answers if answer.id == name)


def test_mean_ratings_leave_gaps_out():
    answers = [Answer(f"p01{c}", "p01", "Tell.", "good", "Text.") for c in "ab"]
    ratings = [Rating("p01a", "ada", 2, 3, None), Rating("p01a", "bruno", 5, 4, 3), Rating("p01b", "clara", 1, 1, 1)]
    made = Judgements(answers, ratings, [])
    assert made.mean_ratings("relevance").tolist() == [3.5, 1] and made.mean_ratings("interest").tolist() == [3, 1]


# ------------------------------------------------------------------------------------------------ rankings


def test_rankings_put_the_good_answers_first(judgements):
    """As scores of kinds that could have led to the rankings: good, then clumsy, and the rest below."""
    rankings = judgements.rankings_of_kinds()
    assert len(rankings) == 176 and all(len(set(ranking)) == 4 for ranking in rankings)
    scores = bradley_terry(wins_from_rankings(rankings, len(KINDS)))
    assert KINDS[int(scores.argmax())] == "good" and scores[KINDS.index("clumsy")] > max(np.delete(scores, [0, 2]))
    assert len(judgements.rankings_of_kinds("ada")) == 56


def test_rankings_and_ratings_of_one_annotator_say_much_the_same(judgements):
    given = {(r.annotator, r.answer): r for r in judgements.ratings}
    same = other = 0
    for ranking in judgements.rankings:
        sums = [
            None if (r := given.get((ranking.annotator, a))) is None or r.interest is None
            else r.relevance + r.fluency + r.interest
            for a in ranking.order
        ]  # fmt: skip
        for better, worse in combinations(sums, 2):
            if better is not None and worse is not None:
                same, other = same + (better > worse), other + (better < worse)
    assert 0.8 < same / (same + other) < 1


# ------------------------------------------------------------------------------------------------ parts


def test_parts_keep_prompts_whole(judgements):
    first, second = split_by_prompt(judgements, 0.25, seed=2)
    prompts = [{answer.prompt for answer in part.answers} for part in (first, second)]
    assert not prompts[0] & prompts[1] and [len(p) for p in prompts] == [45, 15]
    for part, own in zip((first, second), prompts, strict=True):
        assert {r.answer[:3] for r in part.ratings} <= own and {r.prompt for r in part.rankings} <= own
        assert part.table("fluency").shape == (3, 4 * len(own))
    assert len(first.ratings) + len(second.ratings) == len(judgements.ratings)
    assert len(first.rankings) + len(second.rankings) == len(judgements.rankings)
    assert second == split_by_prompt(judgements, 0.25, seed=2)[1] != split_by_prompt(judgements, 0.25, seed=3)[1]
    for share in (0, 1, 0.001, 2):
        with pytest.raises(ValueError, match="either side of 60"):
            split_by_prompt(judgements, share)


# ------------------------------------------------------------------------------------------------ damaged files

ANSWERS = [
    {"id": f"p01{c}", "prompt": "p01", "instruction": "Tell.", "kind": kind, "text": "Text."}
    for c, kind in zip("abcd", KINDS, strict=False)
]
RATING = {"answer": "p01a", "annotator": "ada", "relevance": 5, "fluency": 4, "interest": None}
RANKING = {"prompt": "p01", "annotator": "ada", "order": ["p01b", "p01a", "p01d", "p01c"]}


def write(folder, **changed):
    files = {"answers": ANSWERS, "ratings": [RATING], "rankings": [RANKING], **changed}
    for name, lines in files.items():
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        (folder / f"{name}.jsonl").write_text(text, "utf8")
    return folder


def test_a_good_folder(tmp_path):
    made = load_judgements(write(tmp_path))
    assert made.answers == [Answer(**line) for line in ANSWERS]
    assert made.ratings == [Rating(**RATING)]
    assert made.rankings == [Ranking("p01", "ada", ("p01b", "p01a", "p01d", "p01c"))]


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("answers", {**ANSWERS[0], "id": "p02a", "kind": "fine"}, "answer p02a has the unknown kind 'fine'"),
        ("answers", {**ANSWERS[0], "id": "p02a", "text": " "}, "answer 'p02a' has no text"),
        ("answers", ANSWERS[0], "p01a is there a second time"),
        ("answers", "[", "line"),
        (
            "ratings",
            {**RATING, "annotator": "bruno", "fluency": 6},
            "fluency of p01a by bruno is 6, not a whole number",
        ),
        ("ratings", {**RATING, "annotator": "bruno", "fluency": 0}, "is 0, not"),
        ("ratings", {**RATING, "annotator": "bruno", "fluency": 3.5}, "is 3.5, not"),
        ("ratings", {**RATING, "annotator": "bruno", "fluency": True}, "is True, not"),
        ("ratings", {**RATING, "annotator": "dora"}, "no annotator 'dora'"),
        ("ratings", {**RATING, "answer": "p09a"}, "no answer 'p09a' to rate"),
        ("ratings", RATING, "second time"),
        ("rankings", {**RANKING, "annotator": "bruno", "order": ["p01a", "p01b", "p01c", "p01c"]}, "four different"),
        ("rankings", {**RANKING, "annotator": "bruno", "order": ["p01a", "p01b", "p01c", "p09d"]}, "this prompt's"),
        ("rankings", {**RANKING, "prompt": "p09"}, "ranking of p09 by ada does not name"),
        ("rankings", {**RANKING, "annotator": "dora"}, "no annotator 'dora'"),
        ("rankings", RANKING, "second time"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, name, line, message):
    good = {"answers": ANSWERS, "ratings": [RATING], "rankings": [RANKING]}[name]
    folder = write(tmp_path, **{name: [*good, line]})
    with pytest.raises(DataError, match=f"{name}.jsonl, line {len(good) + 1}: .*{message}"):
        load_judgements(folder)


@pytest.mark.parametrize("name", ["answers", "ratings", "rankings"])
def test_a_missing_file(tmp_path, name):
    (write(tmp_path) / f"{name}.jsonl").unlink()
    with pytest.raises(DataError, match=f"{name}.jsonl is missing"):
        load_judgements(tmp_path)
