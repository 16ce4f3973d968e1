"""The log of rankings and ratings: nothing is lost, nothing is half there, and what is wrong is named."""

import errno
import json
import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from workbook.humans.consistency import agreement
from workbook.humans.ranking import RankingLog, dense


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deeper" / "log.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


# ---------------------------------------------------------------------------------------- writing and reading


def test_what_is_said_is_found_again(path):
    log = RankingLog(path)
    assert not path.exists() and log.records() == []
    log.rank("a", [2, 1, 1, 3], order=[3, 0, 1, 2], seconds=4.1234, content="ff")
    log.rate("a", 2, 7)
    log.skip("ü", round=1)
    again = RankingLog(path)
    assert again.records() == log.records() and again.note == ""
    first, rating, skip = again.records()
    assert first.ranks == (2, 1, 1, 3) and first.order == (3, 0, 1, 2) and first.seconds == 4.12
    assert (rating.mode, rating.answer, rating.rating) == ("rate", 2, 7)
    assert (skip.kind, skip.item, skip.mode, skip.round) == ("skip", "ü", "rank", 1)
    assert lines(path)[1] == {"kind": "rate", "item": "a", "annotator": "me", "round": 0, "answer": 2, "rating": 7}


def test_records_are_chosen_by_kind_person_and_mode(path):
    log = RankingLog(path)
    log.rank(1, [1, 2])
    log.skip(2)
    log.rank(1, [2, 1], annotator="you")
    log.rate(1, 0, 3)
    log.skip(1, answer=1)
    assert [record.item for record in log.records("rank")] == ["1", "1"]
    assert [record.kind for record in log.records(annotator="me", mode="rank")] == ["rank", "skip"]
    assert [record.kind for record in log.records(mode="rate")] == ["rate", "skip"]
    assert log.said(("you", "1", 0, None)).ranks == (2, 1) and log.said(("you", "2", 0, None)) is None


def test_undo_takes_the_last_of_its_own_mode_and_person_and_is_a_line(path):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    log.rank("b", [1, 2])
    log.rank("b", [2, 1], annotator="you")
    log.rate("b", 0, 4)
    assert log.undo().item == "b" and log.undo("me", "rate").rating == 4
    assert [(record.item, record.annotator) for record in RankingLog(path).records()] == [("a", "me"), ("b", "you")]
    assert lines(path)[-1] == {"kind": "undo", "item": "b", "annotator": "me", "round": 0, "answer": 0}
    log.rank("b", [2, 1])  # free again
    log.undo()
    log.undo()
    with pytest.raises(ValueError, match=r"nothing to undo: 'me' has no ranking in log\.jsonl"):
        log.undo()


def test_the_same_thing_is_not_said_twice_but_in_another_round(path):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    log.rank("a", [1, 2], round=1)
    for again in (lambda: log.rank("a", [2, 1]), lambda: log.skip("a")):
        with pytest.raises(ValueError, match="Item 'a' already has a ranking by 'me' in round 0: undo it first"):
            again()
    assert len(lines(path)) == 2


def test_two_tabs_see_each_other(path):
    one, other = RankingLog(path), RankingLog(path)
    one.rank("a", [1, 2])
    assert other.records() == one.records() != []
    with pytest.raises(ValueError, match="already has a ranking"):
        other.rank("a", [2, 1])
    other.undo()
    assert one.records() == []


def test_relative_paths_lie_in_the_learners_home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    RankingLog("18/r.jsonl").rank("a", [1, 2])
    assert (tmp_path / "18" / "r.jsonl").is_file()
    with pytest.raises(ValueError, match=r"path is 'r\.json': expected .* ends in \.jsonl"):
        RankingLog("r.json")


@pytest.mark.parametrize(
    ("ranks", "expected"), [([1, 2, 2, 4], (1, 2, 2, 3)), ([10, 30, 20], (1, 3, 2)), ([5, 5], (1, 1))]
)
def test_ranks_without_gaps(path, ranks, expected):
    assert dense(ranks) == expected == RankingLog(path).rank("a", np.array(ranks)).ranks


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda log: log.rank("a", [1]), r"ranks of item 'a' are \[1\]: expected one for each of two or more"),
        (lambda log: log.rank("a", None), "ranks of item 'a' are None"),
        (lambda log: log.rank("a", "1234"), "ranks of item 'a' are '1234'"),
        (lambda log: log.rank("a", [0, 1]), "a rank of item 'a' is 0: expected a whole number of at least 1"),
        (lambda log: log.rank("a", [1, 1.5]), r"a rank of item 'a' is 1\.5"),
        (lambda log: log.rank("a", [1, math.nan]), "a rank of item 'a' is nan"),
        (lambda log: log.rank("a", [1, True]), "a rank of item 'a' is True"),
        (lambda log: log.rank(" ", [1, 2]), "item is ' ': expected a name"),
        (lambda log: log.rank(None, [1, 2]), "item is None"),
        (lambda log: log.rank("a", [1, 2], annotator=""), "annotator is ''"),
        (lambda log: log.rank("a", [1, 2], round=-1), "round is -1"),
        (lambda log: log.rank("a", [1, 2], order=[0, 0]), r"order is \[0, 0\]: expected the numbers of the answers"),
        (lambda log: log.rank("a", [1, 2], order=[0, 1, 2]), "order is"),
        (lambda log: log.rate("a", 0, 8), "the rating of item 'a' is 8: expected a whole number from 1 to 7"),
        (lambda log: log.rate("a", 0, 0), "rating of item 'a' is 0"),
        (lambda log: log.rate("a", None, 4), "answer is None"),
        (lambda log: log.skip("a", answer=-1), "answer is -1"),
        (lambda log: log.records() or log.judgements("score", "me"), 'mode is "rank" or "rate", not \'score\''),
    ],
)
def test_what_can_not_be_noted_is_refused_in_words(path, say, words):
    log = RankingLog(path)
    with pytest.raises(ValueError, match=words):
        say(log)
    assert not path.exists()


# ------------------------------------------------------------------------------------------- what may go wrong


def test_a_cut_last_line_is_taken_off_and_named(path):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    log.rank("b", [1, 2])
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    again = RankingLog(path)
    assert [record.item for record in again.records()] == ["a"]
    assert "was cut short" in again.note and '{"kind": "rank", "item": "b"' in again.note
    again.rank("b", [1, 2])
    assert path.read_bytes() == whole and RankingLog(path).note == ""


def test_a_lost_line_break_is_put_back(path):
    RankingLog(path).rank("a", [1, 2])
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    again = RankingLog(path)
    assert [record.item for record in again.records()] == ["a"] and again.note == ""
    assert path.read_bytes() == whole


def test_a_line_cut_while_the_log_is_open_does_not_spoil_the_next(path):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    with open(path, "ab") as file:
        file.write(b'{"kind": "ra')
    assert [record.item for record in log.records()] == ["a"]
    log.rank("b", [2, 1])
    assert [record.item for record in RankingLog(path).records()] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no json", "line 2: Expecting value"),
        ("[1]", "line 2: it is no record of the kind"),
        ('{"kind": "like", "item": "a"}', "line 2: it is no record of the kind"),
        ('{"kind": "rank", "ranks": [1, 2]}', "line 2: item is ''"),
        ('{"kind": "rank", "item": "b", "ranks": [1, "2"]}', "line 2: a rank of item 'b' is '2'"),
        ('{"kind": "rank", "item": "b", "ranks": [1, 2], "seconds": []}', "line 2: "),
        ('{"kind": "rank", "item": "b", "ranks": [1, 2], "mood": 3}', "line 2: unknown fields mood"),
    ],
)
def test_a_spoilt_line_is_named_and_nothing_is_changed(path, line, words):
    RankingLog(path).rank("a", [1, 2])
    with open(path, "a") as file:
        file.write(line + "\n")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"{words}.*Nothing was changed"):
        RankingLog(path)
    assert path.read_bytes() == before


def test_a_full_disk_leaves_no_part_of_a_line(path, monkeypatch):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    before, write = path.read_bytes(), os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:9]))
    with pytest.raises(OSError, match="No space left"):
        log.rank("b", [1, 2])
    assert path.read_bytes() == before and [record.item for record in log.records()] == ["a"]
    monkeypatch.undo()
    log.rank("b", [1, 2])
    assert [record.item for record in RankingLog(path).records()] == ["a", "b"]


def test_every_line_reaches_the_disk_before_the_call_returns(path, monkeypatch):
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size) or fsync(handle))
    log = RankingLog(path)
    log.rank("a", [1, 2])
    size = path.stat().st_size
    assert size in synced  # and the folder, which holds the new file's name
    log.undo()
    assert synced[-1] == path.stat().st_size > size


def test_a_line_that_does_not_reach_the_disk_is_not_there(path, monkeypatch):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    before = path.read_bytes()

    def fails(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output"):
        log.rank("b", [1, 2])
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a thing of POSIX")
def test_a_killed_kernel_loses_nothing_that_was_said(path):
    code = (
        "import itertools, sys\nfrom workbook.humans.ranking import RankingLog\n"
        f"log = RankingLog({str(path)!r})\n"
        "for number in itertools.count():\n"
        "    log.rank(number, [1, 2, 3, 4], seconds=1.0)\n"
        "    print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        told = [int(child.stdout.readline()) for _ in range(20)]
        child.send_signal(signal.SIGKILL)
        told += [int(number) for number in child.stdout.read().split()]
    said = [int(record.item) for record in RankingLog(path).records()]
    assert said == list(range(len(said))) and told[-1] < len(said) <= told[-1] + 2


# --------------------------------------------------------------------------------------------------- agreement


def test_agreement_with_oneself_by_hand(path):
    """Item a the same twice, item b turned round: τ is 1 and −1; of 12 pairs of answers 6 stand alike."""
    log = RankingLog(path)
    for number in (0, 1):
        log.rank("a", [1, 2, 3, 4], round=number)
        log.rank("b", [1, 2, 3, 4] if number else [4, 3, 2, 1], round=number)
        log.rank(f"once {number}", [1, 2, 3, 4])
    found = log.agreement("rank")
    assert (found.items, found.tau, found.same_order, found.undefined) == (2, 0, 0.5, 0)
    # of the eight pairs of ranks four agree; squares of the others: 9, 1, 1, 9, at 16 of each rank's 4 · 4 chances
    assert found.alpha == pytest.approx(1 - 2 * (9 + 1 + 1 + 9) * 15 / (16 * 40))


def test_ratings_are_compared_answer_by_answer_as_far_as_there_are_two(path):
    log = RankingLog(path)
    for answer, (first, second) in enumerate([(1, 2), (4, 4), (7, 6), (5, None)]):
        log.rate("a", answer, first)
        if second:
            log.rate("a", answer, second, round=1)
    log.rate("b", 0, 3)
    log.rate("b", 0, 3, round=1)  # one answer alone has no order yet
    log.skip("b", 1)
    found = log.agreement("rate")
    assert (found.mode, found.items, found.tau, found.same_order) == ("rate", 1, pytest.approx(1), 1)
    from workbook.metrics.agreement import krippendorff_alpha

    assert found.alpha == pytest.approx(krippendorff_alpha([[1, 4, 7], [2, 4, 6]], "ordinal"))


def test_agreement_with_another_person(path):
    log = RankingLog(path)
    log.rank("a", [1, 2, 3])
    log.rank("b", [1, 2, 3])
    log.rank("a", [1, 2, 3], round=1)
    log.rank("a", [3, 2, 1], annotator="you")
    log.rank("a", [1, 2, 3], annotator="you", round=1)  # between two people only first rounds count
    found = log.agreement("rank", "me", "you")
    assert (found.items, found.tau, found.same_order) == (1, -1, 0)


def test_ties_count_and_all_tied_has_no_tau():
    found = agreement("rank", [([1, 1, 1], [1, 2, 3]), ([1, 1, 2], [1, 1, 2])])
    assert (found.tau, found.undefined) == (pytest.approx(1), 1)
    assert found.same_order == 0.5
    alike = agreement("rank", [([1, 1], [1, 1])])
    assert math.isnan(alike.tau) and math.isnan(alike.alpha) and alike.same_order == 1 and alike.undefined == 1


def test_a_consistent_person_agrees_and_dice_do_not():
    rng = np.random.default_rng(0)
    first = [rng.permutation(4) + 1 for _ in range(400)]
    dice = [rng.permutation(4) + 1 for _ in range(400)]
    sure = agreement("rank", list(zip(first, first, strict=True)))
    chance = agreement("rank", list(zip(first, dice, strict=True)))
    assert sure.tau == pytest.approx(1) and sure.alpha == 1 and sure.same_order == 1
    assert abs(chance.tau) < 0.06 and abs(chance.alpha) < 0.06 and abs(chance.same_order - 0.5) < 0.03


def test_what_can_not_be_compared(path):
    log = RankingLog(path)
    log.rank("a", [1, 2])
    with pytest.raises(ValueError, match=r"No item has two rankings to compare yet.*repeat="):
        log.agreement("rank")
    log.rank("a", [1, 2, 3], round=1)
    with pytest.raises(ValueError, match="Item 'a' was ranked with 2 answers and with 3: it has changed"):
        log.agreement("rank")
    with pytest.raises(ValueError, match="Item 0 of those judged twice has 2 and 3 answers"):
        agreement("rate", [([1, 2], [1, 2, 3])])
    with pytest.raises(ValueError, match='"rank" or "rate"'):
        agreement("score", [([1, 2], [1, 2])])
