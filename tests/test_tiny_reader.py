"""The recipe of tiny-reader: made-up questions with answers in place, and adapters that come back as they were."""

import re

import pytest
import torch
from transformers import BertConfig, BertModel

from workbook import zoo
from workbook.datasets.encyclopaedia import load_passages, load_questions
from workbook.text.reader import document
from workbook.trainers.cloze import PHRASES, Cloze, cloze_examples, make_clozes, sources
from workbook.zoo import tiny_reader
from workbook.zoo.entries import MINILM
from workbook.zoo.loading import _tokenizer

TEXT = (
    "Saltry",
    "Saltry climbs in seven terraces from its harbour. Ane Brock ran the tower in 1871, so that ships came home.",
)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return BertModel(BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32))


# ------------------------------------------------------------------------------------------------ made-up questions


def test_answers_stand_where_they_are_said_to():
    made = make_clozes(sources(load_passages()[:20])[:40])
    assert len(made) > 200
    for cloze in made:
        assert cloze.text[cloze.start :].startswith(cloze.answer)
        assert cloze.question.endswith("?")
        assert cloze.question[0].isupper()


def test_every_kind_of_phrase_is_found():
    made = [cloze for seed in range(20) for cloze in make_clozes([TEXT], seed=seed)]
    assert {"seven", "seven terraces", "1871", "in 1871", "so that ships came home", "the tower"} <= {
        cloze.answer for cloze in made
    }
    assert {kind for kind, _, _ in PHRASES} == {"when", "how many", "who", "where", "why", "how", "what"}


def test_a_question_does_not_say_its_answer():
    for seed in range(30):
        for cloze in make_clozes([TEXT], seed=seed):
            words = re.findall(r"\w+", cloze.question)
            assert cloze.answer.split()[-1] not in words or cloze.question.startswith("How many")


def test_the_same_seed_makes_the_same_questions():
    assert make_clozes([TEXT], seed=3) == make_clozes([TEXT], seed=3)
    assert make_clozes([TEXT] * 3, seed=3) != make_clozes([TEXT] * 3, seed=4)


def test_at_most_so_many_and_two_of_a_kind():
    assert len(make_clozes([TEXT], per_text=2)) <= 2
    twos = "It has two doors. It has three cats. It has four dogs. It has five cows. It has six old hens."
    assert len(make_clozes([("Farm", twos)])) <= 2


def test_pieces_hold_the_answer():
    tokenizer = _tokenizer(MINILM)
    long = "The old bell rang over the sea. " * 30 + "Ane Brock built the tower in 1871. " + "It rained again. " * 30
    made = Cloze("Tower", long, "Who the tower?", "Ane Brock", long.index("Ane"))
    rows = cloze_examples(tokenizer, [made] * 5, around=380)
    assert len(rows) == 5
    for row in rows:
        assert tokenizer.decode(row.window.ids[row.start : row.end + 1]) == "ane brock"
        assert len(row.window.ids) < 150
    assert len({tuple(row.window.ids) for row in rows}) > 1  # cut elsewhere each time


def test_no_word_of_the_held_out_passages_is_read():
    passages = load_passages()
    known = {question.passage for question in load_questions("train")}
    texts = {text for _, text in sources([passage for passage in passages if passage.id in known])}
    assert not texts & {passage.text for passage in passages if passage.id not in known}


# ------------------------------------------------------------------------------------------------ adapters


def test_adapters_come_back(encoder):
    model = tiny_reader.adapted(encoder)
    for value in model.parameters():
        if value.requires_grad:
            torch.nn.init.normal_(value)
    ids = torch.tensor([[101, 2040, 102, 14263, 102]])
    wanted = model.eval()(input_ids=ids).start_logits
    state = tiny_reader.learnt(model)
    assert all(name.endswith((".A", ".B")) or name.startswith("qa_outputs.") for name in state)
    other = tiny_reader.put_back(tiny_reader.adapted(encoder), state)
    assert torch.equal(other(input_ids=ids).start_logits, wanted)
    plain = tiny_reader.merged(other)
    assert torch.allclose(plain(input_ids=ids).start_logits, wanted, rtol=1e-3, atol=1e-3)
    assert not any(name.endswith((".A", ".B")) for name, _ in plain.named_parameters())


def test_other_adapters_are_refused(encoder):
    model = tiny_reader.adapted(encoder)
    state = tiny_reader.learnt(model)
    del state["qa_outputs.bias"]
    with pytest.raises(ValueError, match=r"not the adapters of this reader: qa_outputs\.bias"):
        tiny_reader.put_back(model, state)


def test_both_stages_are_stored_in_half_precision(encoder, tmp_path):
    from safetensors.torch import load_file

    state = tiny_reader.learnt(tiny_reader.adapted(encoder))
    first = {name: torch.zeros_like(value) for name, value in state.items()}
    both = tiny_reader.Adapters(state, first).half()
    both.save_pretrained(tmp_path)
    stored, cloze = (load_file(tmp_path / name) for name in ("model.safetensors", "cloze.safetensors"))
    assert {value.dtype for value in stored.values()} == {torch.float16}
    assert torch.allclose(stored["qa_outputs.weight"].float(), state["qa_outputs.weight"], atol=1e-3)
    assert not any(value.any() for value in cloze.values())
    assert sum(value.numel() for value in both.parameters()) == sum(value.numel() for value in state.values())


@pytest.mark.notebook
def test_tiny_reader_reads():
    model, tokenizer = zoo.load("reader", "small")
    passages = load_passages()
    questions = [question for question in load_questions("validation") if question.answerable][::6]
    figures = tiny_reader.quality(model, tokenizer, questions, passages)
    untaught = tiny_reader.quality(tiny_reader.pointer(), tokenizer, questions, passages)
    assert figures["f1"] > 0.4 > untaught["f1"]
    assert document(passages[0]).startswith("Lirrane\n")
