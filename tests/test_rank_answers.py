"""The widget that asks for rankings and ratings, without a browser: what comes when, what is saved, what is refused."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbook.humans.ranking import RankingLog
from workbook.humans.showings import GAP, Item, schedule, showings
from workbook.widgets.rank_answers import rank_answers

ITEMS = [
    {"id": name, "prompt": f"Tell me about {name}.", "answers": [f"{name}{i}" for i in range(4)]} for name in "pqrs"
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "judged.jsonl"


def send(widget, do, **more):
    """What the page sends; `number` says which screen it saw."""
    send.count += 1
    action = {"do": do, "number": widget.showing["number"], "id": str(send.count), **more}
    data = {"method": "update", "state": {"action": action}, "buffer_paths": []}
    widget._handle_msg({"content": {"data": data}, "buffers": []})


send.count = 0

# ------------------------------------------------------------------------------------------------ what comes when


@given(some.integers(1, 30), some.floats(0, 1), some.integers(0, 99))
def test_every_item_comes_once_and_some_again_after_others(items, repeat, seed):
    order = schedule(items, repeat, seed)
    first = [number for number, round_ in order if round_ == 0]
    again = [number for number, round_ in order if round_ == 1]
    assert first == list(range(items)) and len(set(again)) == len(again)
    gap = min(GAP, items - 1)
    wanted = max(1, round(repeat * items)) if repeat else 0
    assert len(again) == min(wanted, max(0, items - max(1, gap)))
    for number in again:
        between = order[order.index((number, 0)) + 1 : order.index((number, 1))]
        assert len({other for other, _ in between} - {number}) >= gap
    assert schedule(items, repeat, seed) == order


def test_what_comes_again_is_drawn_and_spread():
    drawn = {tuple(n for n, round_ in schedule(20, 0.2, seed) if round_) for seed in range(20)}
    assert len(drawn) > 10 and all(len(numbers) == 4 for numbers in drawn)


@given(some.integers(2, 9), some.integers(0, 99))
def test_answers_come_in_random_order_and_in_another_the_second_time(count, seed):
    items = [Item(str(n), "?", tuple("abcdefghi"[:count])) for n in range(5)]
    shown = {(s.item.id, s.round): s.order for s in showings(items, "rank", 1.0, seed)}
    assert all(sorted(order) == list(range(count)) for order in shown.values())
    for item, round_ in shown:
        if round_:
            assert shown[item, 1] != shown[item, 0]


def test_all_orders_occur():
    items = [Item(str(n), "?", ("a", "b", "c")) for n in range(200)]
    seen = {showing.order for showing in showings(items, "rank", 0, 0)}
    assert seen == set(itertools.permutations(range(3)))


def test_rating_asks_for_one_answer_after_the_other():
    items = [Item("a", "?", ("x", "y", "z")), Item("b", "?", ("x", "y"))]
    asked = [(s.item.id, s.round, s.answer) for s in showings(items, "rate", 0.5, 1)]
    assert sorted(asked[:3]) == [("a", 0, 0), ("a", 0, 1), ("a", 0, 2)] and len(asked) == 8
    assert sorted(asked[5:]) == [("a", 1, 0), ("a", 1, 1), ("a", 1, 2)]


# ------------------------------------------------------------------------------------------------------ ranking


def test_a_ranking_from_the_page_reaches_the_disk_in_the_items_own_order(path):
    widget = rank_answers(ITEMS, path)
    now = widget.current
    assert widget.showing["answers"] == [ITEMS[0]["answers"][number] for number in now.order]
    assert (widget.showing["place"], widget.showing["total"], widget.showing["undo"]) == (1, 5, False)
    send(widget, "save", ranks=[2, 1, 3, 3])
    assert widget.message == "" and widget.note == f"Saved in {path}"
    (record,) = RankingLog(path).records()
    assert [record.ranks[number] for number in now.order] == [2, 1, 3, 3]
    assert record.item == "p" and record.order == now.order and record.seconds < 5 and len(record.content) == 12
    assert widget.showing["prompt"] == "Tell me about q." and widget.showing["place"] == 2 and widget.showing["undo"]


def test_a_fresh_kernel_goes_on_where_it_was(path):
    first = rank_answers(ITEMS, path)
    first.answer([1, 2, 3, 4])
    first.skip()
    again = rank_answers(ITEMS, path)
    assert (
        again.progress == (2, 5)
        and again.showing["place"] == 3
        and again.showing["answers"] == first.showing["answers"]
    )
    assert again.note == f"Went on with what is saved in {path}" and rank_answers(ITEMS, path, "rate").note == ""
    while again.current:
        again.answer([1, 1, 2, 3])
    assert again.progress == (5, 5) and again.showing["answers"] == [] and again.showing["undo"]
    assert rank_answers(ITEMS, path).current is None
    assert again.judgements.agreement("rank").items == 1  # one of four came again
    with pytest.raises(ValueError, match="nothing on the screen"):
        again.skip()


def test_undo_brings_the_last_back_as_it_was_left(path):
    widget = rank_answers(ITEMS, path)
    before = widget.showing
    send(widget, "save", ranks=[3, 1, 2, 2])
    send(widget, "undo")
    assert widget.showing["answers"] == before["answers"] and widget.showing["ranks"] == [3, 1, 2, 2]
    assert widget.showing["place"] == 1 and not widget.showing["undo"] and widget.showing["said"] == "Taken back."
    assert RankingLog(path).records() == []
    send(widget, "undo")
    assert widget.message.startswith("Refused: There is nothing to undo") and widget.showing["said"] == ""
    send(widget, "skip")
    send(widget, "undo")
    assert widget.showing["ranks"] == [] and widget.current.item.id == "p"


def test_simulated_people_judge_from_a_cell_and_share_a_log(path):
    for annotator, ranks in (("sure", [1, 2, 3, 4]), ("reversed", [4, 3, 2, 1])):
        widget = rank_answers(ITEMS, path, repeat=0.5, annotator=annotator)
        while widget.current:
            widget.answer(ranks)
    log = RankingLog(path)
    assert log.agreement("rank", "sure").tau == 1 and log.agreement("rank", "sure", "reversed").tau == -1
    assert {record.ranks for record in log.records(annotator="sure")} == {(1, 2, 3, 4)}


# -------------------------------------------------------------------------------------------------------- rating


def test_ratings_are_saved_one_by_one(path):
    widget = rank_answers(ITEMS, path, "rate", repeat=0)
    now = widget.current
    assert widget.showing["answers"] == [f"p{now.answer}"] and widget.showing["total"] == 16
    send(widget, "save", rating=6)
    send(widget, "save", rating=2)
    said = RankingLog(path).records("rate")
    assert [record.rating for record in said] == [6, 2] and said[0].answer == now.answer
    send(widget, "undo")
    assert widget.showing["rating"] == 2 and widget.showing["place"] == 2
    for rating in (0, 8, "4", None, 4.5):
        send(widget, "save", rating=rating)
        assert widget.message.startswith("Refused: the rating of item 'p' is")
    assert len(RankingLog(path).records()) == 1
    assert rank_answers(ITEMS, path, "rate", repeat=0).showing["place"] == 2


def test_a_shorter_scale_and_texts_that_stand_alone(path):
    alone = [{"id": text, "prompt": "How good?", "answers": [text]} for text in ("one", "two")]
    widget = rank_answers(alone, path, "rate", repeat=0, scale=5)
    assert widget.scale == 5 and "to 5, very good" in widget.alt
    send(widget, "save", rating=6)
    assert widget.message.startswith("Refused: the rating of item 'one' is 6: expected a whole number from 1 to 5")
    with pytest.raises(ValueError, match="from 1 to 5"):
        widget.answer(7)
    send(widget, "save", rating=5)
    assert RankingLog(path).judgements("rate", "me") == {("one", 0): {0: 5}}
    for scale in (1, 8, 2.5, True):
        with pytest.raises(ValueError, match=r"scale is .*from 2 to 7"):
            rank_answers(alone, path, "rate", scale=scale)


def test_both_modes_measure_how_far_one_agrees_with_oneself(path):
    for mode in ("rank", "rate"):
        widget = rank_answers(ITEMS, path, mode, repeat=1.0)
        while widget.current:
            widget.answer([1, 2, 3, 4] if mode == "rank" else widget.current.answer + 1)
        found = widget.judgements.agreement(mode)
        assert found.items == 1 and found.tau == pytest.approx(1) and found.alpha == 1


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ({"do": "save", "ranks": [1, 2]}, r"the ranks are \[1, 2\]: expected one for each of 4 answers"),
        ({"do": "save"}, "the ranks are None"),
        ({"do": "save", "ranks": "1234"}, "the ranks are '1234'"),
        ({"do": "save", "ranks": [1, 2, 3, "4"]}, "a rank of item 'p' is '4'"),
        ({"do": "save", "ranks": [1, 2, 3, 0]}, "a rank of item 'p' is 0"),
        ({"do": "save", "ranks": [1, 2, 3, None]}, "a rank of item 'p' is None"),
        ({"do": "burn"}, "expected what was done: save, skip or undo"),
        ({"do": ["save"]}, "expected what was done"),
        ({"do": "skip", "number": 7}, "that page showed another item"),
    ],
)
def test_what_a_page_may_not_do(path, action, says):
    widget = rank_answers(ITEMS, path)
    send(widget, **action)
    with pytest.raises(AssertionError, match=f"^Refused: .*{says}"):
        raise AssertionError(widget.message)
    assert not path.exists() and widget.current.item.id == "p"
    send(widget, "save", ranks=[1, 2, 3, 4])
    assert widget.message == "" and widget.current.item.id == "q"


@pytest.mark.parametrize("value", [3, "save", [], {}])
def test_malformed_actions_are_refused(path, value):
    widget = rank_answers(ITEMS, path)
    widget.set_state({"action": value})
    assert widget.message.startswith("Refused: ") and not path.exists()
    with pytest.raises(ValueError):
        widget.action = value


def test_nothing_more_is_taken_at_the_end_but_an_undo(path):
    widget = rank_answers(ITEMS[:1], path, repeat=0)
    send(widget, "skip")
    for do in ("save", "skip"):
        send(widget, do, ranks=[1, 2, 3, 4])
        assert "nothing on the screen" in widget.message
    send(widget, "undo")
    assert widget.message == "" and widget.current.item.id == "p"


def test_an_old_page_in_another_tab_is_put_right(path):
    one, other = rank_answers(ITEMS, path), rank_answers(ITEMS, path)
    send(one, "save", ranks=[1, 2, 3, 4])
    send(other, "save", ranks=[4, 3, 2, 1])
    assert other.message.startswith("Refused: Item 'p' already has a ranking") and other.current.item.id == "q"
    assert [record.ranks for record in RankingLog(path).records()] == [one.judgements.records()[0].ranks]


def test_a_folder_that_can_not_be_written_is_said_and_the_item_stays(tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    widget = rank_answers(ITEMS, tmp_path / "file" / "log.jsonl")
    send(widget, "save", ranks=[1, 2, 3, 4])
    assert "could not be saved" in widget.message and "set WORKBOOK_HOME" in widget.message.replace("Set", "set")
    assert widget.current.item.id == "p" and widget.showing["number"] == 0


def test_a_cut_line_is_said_on_the_page(path):
    rank_answers(ITEMS, path).answer([1, 2, 3, 4])
    path.write_bytes(path.read_bytes()[:-9])
    widget = rank_answers(ITEMS, path)
    assert "was cut short" in widget.message and widget.current.item.id == "p"


@dataclasses.dataclass
class Asked:
    id: int
    prompt: str
    answers: tuple


def test_items_may_be_objects(path):
    widget = rank_answers([Asked(7, "Why?", ("so", "no"))], path)
    widget.answer([2, 1])
    assert RankingLog(path).records()[0].item == "7"


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([], "There are no items"),
        ([{"id": 1, "prompt": "?"}], "Item 0 has no 'answers'"),
        ([3], "Item 0 has no 'id'"),
        ([{**ITEMS[0], "id": " "}], "Item 0 has the id ' '"),
        ([{**ITEMS[0], "prompt": ""}], "Item 'p' has the prompt ''"),
        ([{**ITEMS[0], "answers": "abcd"}], "Item 'p' has the answers 'abcd': expected a list"),
        ([{**ITEMS[0], "answers": ["a"]}], "Item 'p' has 1 answers: expected 2 to 9"),
        ([{**ITEMS[0], "answers": ["a"] * 10}], "Item 'p' has 10 answers"),
        ([{**ITEMS[0], "answers": ["a", "b", "  "]}], "Answer 2 of item 'p' is '  ': expected a text"),
        ([{**ITEMS[0], "answers": ["a", None]}], "Answer 1 of item 'p' is None"),
        ([*ITEMS, ITEMS[1]], "Two items have the id 'q'"),
    ],
)
def test_items_that_can_not_be_judged(path, items, says):
    with pytest.raises(ValueError, match=says):
        rank_answers(items, path)


def test_other_arguments_that_are_refused(path):
    for repeat in (-0.1, 1.5, "often", True, float("nan")):
        with pytest.raises(ValueError, match=r"repeat is .*from 0 to 1"):
            rank_answers(ITEMS, path, repeat=repeat)
    with pytest.raises(ValueError, match='"rank" or "rate"'):
        rank_answers(ITEMS, path, "score")


def test_a_log_of_other_answers_is_not_gone_on_with(path):
    rank_answers(ITEMS, path).answer([1, 2, 3, 4])
    changed = [{**ITEMS[0], "answers": ["other", "p1", "p2", "p3"]}, *ITEMS[1:]]
    with pytest.raises(ValueError, match=r"Item 'p' was judged in .* with another prompt or other answers"):
        rank_answers(changed, path)
    rank_answers(ITEMS, path)
    rank_answers(changed, path, annotator="you")


# ------------------------------------------------------------------------------------------- without a front end


def test_readers_without_a_kernel_see_the_first_item_whatever_was_judged(path):
    items = [{"id": 1, "prompt": "What is <b>?", "answers": ["bold & big", "nothing"]}, *ITEMS]
    widget = rank_answers(items, path)
    stored = widget._repr_mimebundle_()[0]
    assert stored["text/plain"] == "[widget: A prompt and its answers, to be put in order from the best to the worst.]"
    assert "What is &lt;b&gt;?" in stored["text/html"] and "<li>bold &amp; big</li>" in stored["text/html"]
    widget.answer([1, 2])
    again = rank_answers(items, path)._repr_mimebundle_()[0]
    assert (again["text/plain"], again["text/html"]) == (stored["text/plain"], stored["text/html"])
