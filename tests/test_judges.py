"""Judges of answers, their agreement with people, attacks on them, and ratings put together."""

import numpy as np
import pytest

from workbook.metrics.agreement import kendall, spearman
from workbook.text import attacks, judges, judges_people
from workbook.text.judges_people import Annotator, crowd, simulate

# ------------------------------------------------------------------------------------------------ agreement


def scored(count=24, seed=0):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 6, count).astype(float)
    return people + rng.normal(0, 1, count), people, [f"p{i // 4}" for i in range(count)]


def test_agreement_figures_and_intervals():
    scores, people, prompts = scored(80)
    found = judges.agreement(scores, people, prompts, np.random.default_rng(0))
    assert found.spearman == pytest.approx(spearman(scores, people))
    assert found.kendall == pytest.approx(kendall(scores, people))
    for value, (low, high) in (
        (found.spearman, found.spearman_interval),
        (found.kendall, found.kendall_interval),
    ):
        assert low < value < high
        assert high - low < 0.5
    assert np.isnan(found.within)


def test_resampled_kendall_is_that_of_the_drawn_answers():
    scores, people, _ = scored(12)
    times = np.random.default_rng(1).multinomial(12, np.full(12, 1 / 12), size=5)
    expected = [kendall(*(np.repeat(values, row) for values in (scores, people))) for row in times]
    assert judges._kendalls(times, scores, people) == pytest.approx(expected)
    expected = [spearman(*(np.repeat(values, row) for values in (scores, people))) for row in times]
    assert judges._spearmans(times, scores, people) == pytest.approx(expected)


def test_intervals_draw_whole_prompts():
    # with a single prompt every resample is the same four answers
    scores, people = np.array([0.0, 2.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0, 5.0])
    found = judges.agreement(scores, people, ["p"] * 4, np.random.default_rng(0))
    assert 0 < found.spearman < 1
    assert found.spearman_interval == pytest.approx((found.spearman, found.spearman))
    assert found.kendall_interval == pytest.approx((found.kendall, found.kendall))


def test_resamples_without_an_order_are_left_out():
    scores, people = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0])
    found = judges.agreement(scores, people, ["a", "b", "c"], np.random.default_rng(0), resamples=50)
    assert np.isfinite(found.spearman_interval).all()
    assert np.isfinite(found.kendall_interval).all()


def test_within_kinds_takes_off_what_the_kind_explains():
    kinds = ["a"] * 3 + ["b"] * 3
    people = np.array([1.0, 2, 3, 11, 12, 13])
    assert judges.within_kinds(people, people, kinds) == pytest.approx(1)
    upside_down = np.array([3.0, 2, 1, 13, 12, 11])
    assert spearman(upside_down, people) > 0.5
    assert judges.within_kinds(upside_down, people, kinds) == pytest.approx(-1)
    assert np.isnan(judges.within_kinds(np.array([1.0, 1, 1, 2, 2, 2]), people, kinds))


def test_agreement_refuses():
    scores, people, prompts = scored()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="one prompt"):
        judges.agreement(scores, people, prompts[1:], rng)
    with pytest.raises(ValueError, match="one prompt"):
        judges.agreement(scores, people, prompts, rng, kinds=["a"])
    with pytest.raises(ValueError, match="NaN"):
        judges.agreement(np.where(scores == scores[0], np.nan, scores), people, prompts, rng)


# ------------------------------------------------------------------------------------------------ judges


def test_small_judges():
    assert judges.words(["one two  three", ""]).tolist() == [3, 0]
    assert judges.variety(["The the cat sat", ""]).tolist() == [0.75, 0]
    assert judges.overlaps(["a b c d"], ["a b c d"]) == pytest.approx([1])
    assert judges.overlaps(["a b c d e"], ["a b c d e"], "bleu") == pytest.approx([1])
    assert judges.overlaps(["a b c d"] * 2, ["d c b a", "x"], "rouge1").tolist() == [1, 0]
    with pytest.raises(ValueError, match="one reference per answer"):
        judges.overlaps(["a"], [])


def test_similarities_refuse_unequal_lists():
    with pytest.raises(ValueError, match="one prompt per answer"):
        judges.similarities(None, None, ["a"], [])


def features(prompts, answers):
    return np.array(
        [[len(answer), answer.count("a"), len(prompt)] for prompt, answer in zip(prompts, answers, strict=True)], float
    )


def test_trained_judge_is_ridge_regression():
    rng = np.random.default_rng(0)
    answers = ["".join(rng.choice(list("abc"), 12)) for _ in range(20)]
    prompts, ratings = ["pp", "q"] * 10, rng.normal(size=20)
    judge = judges.TrainedJudge(features, ridge=2.0).fit(prompts, answers, ratings)
    x = features(prompts, answers) - features(prompts, answers).mean(0)
    weights = np.linalg.solve(x.T @ x + 2 * np.eye(3), x.T @ (ratings - ratings.mean()))
    assert judge(prompts, answers) == pytest.approx(x @ weights + ratings.mean())
    with pytest.raises(ValueError, match="no NaN"):
        judge.fit(prompts, answers, np.where(ratings == ratings[3], np.nan, ratings))
    with pytest.raises(ValueError, match="one rating per answer"):
        judge.fit(prompts, answers, ratings[1:])
    broken = judges.TrainedJudge(lambda p, a: np.where(np.arange(20)[:, None] == 7, np.nan, features(p, a)))
    with pytest.raises(ValueError, match="answer 7 hold a NaN"):
        broken.fit(prompts, answers, ratings)


def test_cross_judged_never_sees_the_prompt():
    prompts = [f"p{i // 2}" for i in range(12)]
    answers = [f"answer {i}" for i in range(12)]
    # each prompt has a number of its own that gives its ratings away, if one has seen it
    own = np.repeat(np.eye(6), 2, axis=0)

    def by_prompt(asked, given):
        return np.array([own[answers.index(answer)] for answer in given])

    ratings = np.repeat([9.0, 1, 1, 1, 1, 1], 2)
    scores = judges.cross_judged(by_prompt, prompts, answers, ratings, folds=6)
    assert scores[0] == scores[1] < 2  # the others say 1
    with pytest.raises(ValueError, match="2 to 6 folds"):
        judges.cross_judged(by_prompt, prompts, answers, ratings, folds=7)


# ------------------------------------------------------------------------------------------------ attacks

ASKED = ["Describe a cat."], ["A cat sleeps. It is grey and old."], ["My cat eats fish."]


def test_attacks():
    made = {name: attacks.attacked(name, *ASKED)[0] for name in attacks.ATTACKS}
    assert made == {
        "first sentence repeated": "A cat sleeps. A cat sleeps. A cat sleeps.",
        "praise in front": attacks.PRAISE + " A cat sleeps. It is grey and old.",
        "prompt copied": "Describe a cat. Describe a cat. Describe a cat.",
        "reference shuffled": "cat eats fish. My",
        "said twice": "A cat sleeps. It is grey and old. A cat sleeps. It is grey and old.",
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bribe", *ASKED), "no attack 'bribe'"),
        (("said twice", ["a"], ["b"], []), "got 1, 1 and 0"),
        (("said twice", [], [], []), "at least one"),
        (("said twice", ["a", "a"], ["b", " "], ["c", "c"]), "record 1 is empty"),
    ],
)
def test_attacks_refuse(arguments, says):
    with pytest.raises(ValueError, match=says):
        attacks.attacked(*arguments)


def test_effect():
    found = attacks.effect(np.array([0.0, 2.0]), np.array([3.0, 1.0]))
    assert found == attacks.Effect(before=1, after=2, shift=1, fooled=0.5)
    assert attacks.effect(np.array([0.0, 2.0]), np.array([0.0, 2.0])).fooled == 0
    with pytest.raises(ValueError, match="no scale"):
        attacks.effect(np.ones(3), np.arange(3.0))
    with pytest.raises(ValueError, match="NaN"):
        attacks.effect(np.arange(3.0), np.array([1, np.nan, 2]))
    with pytest.raises(ValueError, match="equally long"):
        attacks.effect(np.arange(3.0), np.arange(2.0))


# ------------------------------------------------------------------------------------------------ people


def test_annotators_have_their_habits():
    truth = np.array([1.0, 2, 3, 4, 5])
    rng = np.random.default_rng(0)
    exact, generous, timid = Annotator(noise=0), Annotator(bias=1, noise=0), Annotator(stretch=0.5, noise=0)
    table = simulate(truth, [exact, generous, timid], rng)
    assert table.tolist() == [[1, 2, 3, 4, 5], [2, 3, 4, 5, 5], [2, 2, 3, 4, 4]]
    careless = simulate(np.full(2000, 3.0), [Annotator(careless=1.0)], rng)
    assert sorted(set(careless[0])) == [1, 2, 3, 4, 5]
    assert careless.mean() == pytest.approx(3, abs=0.15)
    few = simulate(np.full(2000, 3.0), [exact], rng, share=0.25)
    assert np.isnan(few).mean() == pytest.approx(0.75, abs=0.05)


def test_crowd():
    who = crowd(5, np.random.default_rng(0), careless=2)
    assert [one.careless for one in who] == [0, 0, 0, 1, 1]
    assert len({one.bias for one in who[:3]}) == 3
    with pytest.raises(ValueError, match="0 to 3 careless"):
        crowd(3, np.random.default_rng(0), careless=4)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Annotator(noise=-1), "noise >= 0"),
        (lambda: Annotator(bias=float("nan")), "finite bias"),
        (lambda: simulate(np.array([0.5]), [Annotator()], np.random.default_rng(0)), "from 1 to 5"),
        (lambda: simulate(np.array([np.nan]), [Annotator()], np.random.default_rng(0)), "no NaN"),
        (lambda: simulate(np.array([3.0]), [], np.random.default_rng(0)), "got 0 and 1.0"),
        (lambda: judges_people.mean(np.array([[np.nan, np.nan], [1, 2]])), "no annotator without any"),
        (lambda: judges_people.median(np.array([1.0, 2.0])), "got \\(2,\\)"),
    ],
)
def test_people_refuse(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_means_by_hand():
    table = np.array([[1.0, 3, np.nan, np.nan], [2, 4, 5, np.nan]])
    assert judges_people.mean(table)[:3].tolist() == [1.5, 3.5, 5]
    assert judges_people.median(table)[:3].tolist() == [1.5, 3.5, 5]
    assert all(np.isnan(put(table)[3]) for put in judges_people.AGGREGATIONS.values())
    assert judges_people.standardised(table)[0, :2].tolist() == [-1, 1]
    assert judges_people.standardised(np.array([[3.0, 3, 3]])).tolist() == [[0, 0, 0]]


def test_habits_cancel_and_the_careless_are_found():
    rng, truth = np.random.default_rng(0), np.tile([1.0, 2, 3, 4, 5], 40)
    who = [Annotator(bias=1.5, noise=0.3), Annotator(bias=-1.5, noise=0.3), Annotator(noise=0.3)] + [
        Annotator(careless=1.0)
    ] * 3
    table = simulate(truth, who, rng, share=0.6)
    weights = judges_people.reliabilities(table)
    assert weights[:3].min() > 0.3 > weights[3:].max()
    found = {}
    for name, put in judges_people.AGGREGATIONS.items():
        verdict = put(table)
        rated = ~np.isnan(verdict)
        found[name] = spearman(verdict[rated], truth[rated])
    assert found["mean of standardised"] > found["mean"]
    assert found["weighted by agreement"] > found["mean of standardised"] + 0.05


def test_one_annotator_has_no_others():
    assert judges_people.reliabilities(np.array([[1.0, 2, 3]])).tolist() == [0.01]
