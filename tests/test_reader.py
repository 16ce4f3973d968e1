"""Reading: windows that lose nothing, spans that are the best of all allowed ones, a loss by the book."""

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from workbook.datasets.encyclopaedia import Answer, Passage, Question, load_passages, load_questions
from workbook.text.reader import NOWHERE, Reader, Window, best_spans, collate, document, span_logits, windows
from workbook.trainers.reader import batches, examples, span_loss, span_reader, token_span
from workbook.zoo.entries import MINILM
from workbook.zoo.loading import _tokenizer

PAGE = Passage("p1", "Tolm Light", "buildings", "Ane Brock built it in 1871. It has nine steps, and a bell.", ())
LONG = " ".join(f"Keeper {number} came in {1700 + number}." for number in range(60))


def asked(question="Who built the light?", *answers):
    """A question about PAGE; answers as texts."""
    spans = tuple(Answer(text, PAGE.text.index(text)) for text in answers)
    return Question("q1", "p1", question, spans, "who", "train")


@pytest.fixture(scope="module")
def tokenizer():
    return _tokenizer(MINILM)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return BertModel(
        BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    ).eval()


class Pointer(torch.nn.Module):
    """A reader that gives one token number a high start and end score, and [CLS] a set one, larger by 1 without it."""

    def __init__(self, token, cls=0.0):
        super().__init__()
        self.token, self.cls, self.weight = token, cls, torch.nn.Parameter(torch.zeros(1))

    def forward(self, input_ids, attention_mask):
        scores = 5.0 * (input_ids == self.token)
        scores[:, 0] = torch.where((input_ids == self.token).any(1), self.cls, self.cls + 1.0)  # emptier without it
        return SimpleNamespace(start_logits=scores, end_logits=scores)


# ------------------------------------------------------------------------------------------------ windows


def test_a_window_holds_question_and_passage(tokenizer):
    (row,) = windows(tokenizer, ["Who built it?"], [document(PAGE)])
    assert tokenizer.decode(row.ids) == (
        "[CLS] who built it? [SEP] tolm light ane brock built it in 1871. it has nine steps, and a bell. [SEP]"
    )
    text = document(PAGE)
    inside = [text[a:b] for a, b in row.offsets if (a, b) != NOWHERE]
    assert inside[:6] == ["To", "lm", "Light", "An", "e", "Brock"]
    begin = len(row.ids) - 1 - len(inside)  # [CLS], the question, [SEP]
    assert row.offsets[:begin] == [NOWHERE] * begin
    assert row.offsets[-1] == NOWHERE


def test_windows_overlap_by_the_stride_and_lose_nothing(tokenizer):
    rows = windows(tokenizer, ["Who came?", "When?"], [LONG, "Today."], length=64, stride=16)
    assert [row.pair for row in rows] == [0] * (len(rows) - 1) + [1]
    assert max(len(row.ids) for row in rows) == 64
    inside = [[place for place in row.offsets if place != NOWHERE] for row in rows[:-1]]
    for one, other in pairwise(inside):
        assert one[-16:] == other[:16]
    whole = tokenizer(LONG, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert {place for places in inside for place in places} == set(whole)


@pytest.mark.parametrize(
    ("questions", "texts", "length", "complaint"),
    [
        (["Who?"], [], 192, "got 1 and 0"),
        ([], [], 192, "got 0 and 0"),
        ("Who?", ["a", "b", "c", "d"], 192, "got 4 and 4"),
        (["Who built it, and when?"], ["Ane Brock"], 74, "leave no room in windows of 74: take length > 74"),
    ],
)
def test_windows_refuse(tokenizer, questions, texts, length, complaint):
    with pytest.raises(ValueError, match=complaint):
        windows(tokenizer, questions, texts, length=length)


def test_collate(tokenizer):
    rows = windows(tokenizer, ["Who?", "When?"], ["Ane.", "In the year 1871."])
    batch = collate(rows, tokenizer.pad_token_id)
    short, long = len(rows[0].ids), len(rows[1].ids)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == batch["allowed"].shape == (2, long)
    assert batch["attention_mask"].sum(1).tolist() == [short, long]
    assert (batch["input_ids"][0, short:] == tokenizer.pad_token_id).all()
    for row, allowed in zip(rows, batch["allowed"].tolist(), strict=True):
        inside = [place != NOWHERE for place in row.offsets]
        assert allowed == [True, *inside[1:], *[False] * (long - len(inside))]


# ------------------------------------------------------------------------------------------------ spans


def brute_force(start, end, longest):
    """Every allowed span, the best first."""
    places = range(1, len(start))
    found = [(i, j, start[i] + end[j]) for i in places for j in places if i <= j < i + longest]
    return sorted((span for span in found if span[2] > -np.inf), key=lambda span: -span[2])


@pytest.mark.parametrize("longest", [1, 3, 30])
def test_best_spans_are_those_of_a_slow_loop(longest):
    rng = np.random.default_rng(longest)
    for _ in range(20):
        start, end = rng.normal(size=(2, 9))
        start[rng.integers(1, 9, 2)] = end[rng.integers(1, 9, 2)] = -np.inf
        slow = brute_force(start, end, longest)
        assert best_spans(start, end, longest, n=5) == [(i, j, pytest.approx(s)) for i, j, s in slow[:5]]


def test_the_best_ends_may_lie_the_wrong_way_round():
    start, end = np.array([9, 0, 1, 5.0]), np.array([9, 4.0, 1, 0])
    assert best_spans(start, end)[0] == (3, 3, 5.0)  # not from 3 to 1, and not [CLS]


def test_fewer_spans_than_asked_for():
    start = np.array([0.0, -np.inf, 2.0])
    assert best_spans(start, start, n=5) == [(2, 2, 4.0)]


def test_no_span_at_all():
    with pytest.raises(ValueError, match="no span to choose"):
        best_spans(np.array([0.0, -np.inf]), np.array([0.0, -np.inf]))


# ------------------------------------------------------------------------------------------------ the reader


def test_reads_what_the_model_points_at(tokenizer):
    token = tokenizer.convert_tokens_to_ids("nine")
    found = Reader(Pointer(token, cls=3.0), tokenizer).read(["How many steps?"], [document(PAGE)])
    (reading,) = found
    assert reading.text == "nine"
    assert document(PAGE)[reading.start :].startswith("nine steps")
    assert reading.score == 10
    assert reading.no_answer == 6 - 10


def test_reads_the_best_of_several_windows(tokenizer):
    wanted = LONG + " The last was Ane in spring."
    token = tokenizer.convert_tokens_to_ids("spring")
    readers = Reader(Pointer(token, cls=-1.0), tokenizer, length=64, stride=16, batch=3)
    first, second = readers.read(["When?", "When was it?"], [wanted, "In spring or later."])
    assert (first.text, second.text) == ("spring", "spring")
    assert first.start == wanted.index("spring")
    assert first.no_answer == -2 - 10


def test_the_order_of_windows_is_kept(tokenizer, encoder):
    model = span_reader(encoder)
    texts = [LONG[:200], "Short.", LONG[:90]]
    together = Reader(model, tokenizer, batch=2).read(["Who?"] * 3, texts)
    for text, reading in zip(texts, together, strict=True):
        (alone,) = Reader(model, tokenizer).read(["Who?"], [text])
        assert (alone.text, alone.start) == (reading.text, reading.start)
        assert alone.score == pytest.approx(reading.score, abs=1e-4)
        assert text[reading.start :].startswith(reading.text)


# ------------------------------------------------------------------------------------------------ training


def test_the_body_is_copied_and_the_head_is_seeded(encoder):
    one, same, other = span_reader(encoder), span_reader(encoder), span_reader(encoder, seed=1)
    weight = one.bert.encoder.layer[0].attention.self.query.weight
    assert weight.equal(encoder.encoder.layer[0].attention.self.query.weight)
    assert weight.data_ptr() != encoder.encoder.layer[0].attention.self.query.weight.data_ptr()
    assert one.qa_outputs.weight.equal(same.qa_outputs.weight)
    assert not one.qa_outputs.weight.equal(other.qa_outputs.weight)


def test_making_a_head_draws_no_random_numbers(encoder):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    span_reader(encoder)
    assert torch.get_rng_state().equal(before)


def test_answers_are_found_behind_the_title(tokenizer):
    question = asked("How many steps has it?", "nine steps")
    (row,) = examples(tokenizer, [question], [PAGE])
    assert tokenizer.decode(row.window.ids[row.start : row.end + 1]) == "nine steps"
    (nothing,) = examples(tokenizer, [asked()], [PAGE])
    assert (nothing.start, nothing.end) == (0, 0)


def test_the_first_answer_is_learnt(tokenizer):
    (row,) = examples(tokenizer, [asked("Who?", "Brock", "Ane Brock")], [PAGE])
    assert tokenizer.decode(row.window.ids[row.start : row.end + 1]) == "brock"


def test_a_window_without_the_answer_has_none(tokenizer):
    row = Window(0, [1, 2, 3, 4], [NOWHERE, (0, 3), (4, 9), NOWHERE])
    assert token_span(row, 4, 5) == (2, 2)
    assert token_span(row, 0, 9) == (1, 2)
    assert token_span(row, 4, 8) == (0, 0)  # it goes on behind the window
    assert token_span(row, 20, 2) == (0, 0)
    assert token_span(row, 5, 2) == (2, 2)  # part of a token: the whole of it


def test_every_answer_of_the_encyclopaedia_survives_the_tokens(tokenizer):
    questions = [question for question in load_questions("validation") if question.answerable][:60]
    passages = load_passages()
    texts = {passage.id: document(passage) for passage in passages}
    for row, question in zip(examples(tokenizer, questions, passages), questions, strict=True):
        first, last = row.window.offsets[row.start][0], row.window.offsets[row.end][1]
        assert texts[question.passage][first:last] == question.answers[0].text


def test_a_question_about_no_passage(tokenizer):
    with pytest.raises(ValueError, match="q1 is about 'p1', which is not among the passages"):
        examples(tokenizer, [asked()], [])


def test_batches_are_shuffled_anew_and_alike_in_every_run(tokenizer):
    rows = examples(tokenizer, [asked(f"Who was number {n}?", "Ane Brock") for n in range(7)], [PAGE])
    epoch = batches(rows, tokenizer, size=3)
    first, again, second = ([batch["input_ids"] for batch in epoch(n)] for n in (0, 0, 1))
    assert len(first) == 2
    assert all(one.equal(other) for one, other in zip(first, again, strict=True))
    assert not all(one.equal(other) for one, other in zip(first, second, strict=True))


def test_span_loss_is_that_of_the_formula(tokenizer, encoder):
    rows = examples(tokenizer, [asked("Who?", "Ane Brock"), asked("What is its price?")], [PAGE])
    batch = next(batches(rows, tokenizer, size=2)(0))
    model = span_reader(encoder)
    start, end = span_logits(model, batch)
    total = 0.0
    for row in range(2):
        for scores, place in ((start[row], batch["start"][row]), (end[row], batch["end"][row])):
            allowed = [math.exp(score) for score in scores.tolist() if score > -math.inf]
            total -= (scores[place] - math.log(sum(allowed))).item() / 2
    assert span_loss(model, batch).item() == pytest.approx(total / 2, rel=1e-5)
    assert (start == -torch.inf).equal(~batch["allowed"])


def test_training_teaches_it(tokenizer, encoder):
    from workbook.trainers.loop import fit

    rows = examples(tokenizer, [asked("Who?", "Ane Brock"), asked("When?", "1871")], [PAGE])
    model = span_reader(encoder)
    history = fit(model, batches(rows, tokenizer, 2), span_loss, steps=30, learning_rate=2e-2, progress=None)
    assert history.losses[-1] < 0.3 * history.losses[0]
    found = Reader(model, tokenizer).read(["Who?", "When?"], [document(PAGE)] * 2)
    assert [reading.text for reading in found] == ["Ane Brock", "1871"]
