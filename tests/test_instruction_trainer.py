"""Instruction tuning: the template, what counts for the loss, batches padded and packed."""

import pytest
import torch
import transformers

from workbook.trainers import instruction
from workbook.trainers.instruction import collate, encode_example, pack, prompt, response_only_labels
from workbook.trainers.language import causal_lm_loss

VOCABULARY = 300


class Bytes:
    """A tokenizer of single bytes, the end is 256."""

    eos_token_id, pad_token_id = 256, None

    def __call__(self, text):
        return {"input_ids": list(text.encode()) if isinstance(text, str) else [list(t.encode()) for t in text]}


def text_of(ids):
    return bytes(token for token in ids if token < 256).decode()


def example(length, first=1):
    ids = list(range(first, first + length))
    return {"input_ids": ids, "labels": [-100] * (length // 2) + ids[length // 2 :]}


def test_prompt():
    assert prompt("Name a bird.") == "Task: Name a bird.\nAnswer:"
    assert prompt(" Who ran? ", "Tom ran.\n") == "Task: Who ran?\nText: Tom ran.\nAnswer:"


@pytest.mark.parametrize("empty", ["", " \n"])
def test_an_empty_instruction_is_an_error(empty):
    with pytest.raises(ValueError, match="The instruction is empty"):
        prompt(empty, "Tom ran.")
    with pytest.raises(ValueError, match="The output is empty"):
        encode_example(Bytes(), "Name a bird.", "", empty)


def test_the_response_alone_is_learnt():
    encoded = encode_example(Bytes(), "Who ran?", "Tom ran.", "Tom.")
    assert text_of(encoded["input_ids"]) == "Task: Who ran?\nText: Tom ran.\nAnswer: Tom."
    learnt = [token for token in encoded["labels"] if token != -100]
    assert text_of(learnt) == " Tom." and learnt[-1] == 256
    assert encoded["labels"][-len(learnt) :] == learnt
    everything = encode_example(Bytes(), "Who ran?", "Tom ran.", "Tom.", response_only=False)
    assert everything["labels"] == everything["input_ids"] == encoded["input_ids"]


def test_a_response_beyond_the_window_is_cut_and_has_no_end():
    encoded = encode_example(Bytes(), "Sing.", "", "la " * 50, max_length=40)
    assert len(encoded["input_ids"]) == len(encoded["labels"]) == 40
    assert 256 not in encoded["input_ids"]


def test_a_prompt_that_fills_the_window_is_an_error():
    with pytest.raises(ValueError, match=r"prompt has 19 tokens, and the window is 19: no room .*'Sing.'"):
        encode_example(Bytes(), "Sing.", "", "la", max_length=19)


def test_response_only_labels():
    assert response_only_labels([5, 6, 7, 8], 3) == [-100, -100, -100, 8]
    assert response_only_labels([5, 6], 0) == [5, 6]
    for length in (-1, 3):
        with pytest.raises(ValueError, match=f"A prompt of {length} tokens in an example of 2"):
            response_only_labels([5, 6], length)


def test_collate_on_both_sides():
    right = collate([example(4), example(2, 9)], pad=0)
    assert right["input_ids"].tolist() == [[1, 2, 3, 4], [9, 10, 0, 0]]
    assert right["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert right["labels"].tolist() == [[-100, -100, 3, 4], [-100, 10, -100, -100]]
    left = collate([example(4), example(2, 9)], pad=0, side="left")
    assert left["input_ids"].tolist() == [[1, 2, 3, 4], [0, 0, 9, 10]]
    assert left["attention_mask"].tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]
    assert left["labels"].tolist() == [[-100, -100, 3, 4], [-100, -100, -100, 10]]


def test_collate_refuses():
    with pytest.raises(ValueError, match='"left" or "right", not \'both\''):
        collate([example(2)], 0, "both")
    with pytest.raises(ValueError, match="no examples"):
        collate([], 0)


def test_pack_by_hand():
    rows = pack([example(3), example(4, 11), example(2, 21), example(1, 31)], length=6, pad=0)
    assert [row["input_ids"].tolist() for row in rows] == [[1, 2, 3, 21, 22, 31], [11, 12, 13, 14, 0, 0]]
    assert rows[0]["position_ids"].tolist() == [0, 1, 2, 0, 1, 0]
    assert rows[1]["position_ids"].tolist() == [0, 1, 2, 3, 0, 1]
    assert rows[0]["labels"].tolist() == [-100, 2, 3, -100, 22, -100]
    assert rows[1]["labels"].tolist() == [-100, -100, 13, 14, -100, -100]
    with pytest.raises(ValueError, match="example of 7 tokens does not fit into a row of 6"):
        pack([example(7)], 6, 0)
    assert pack([], 6, 0) == []


def test_packed_and_padded_give_the_same_loss():
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=VOCABULARY, n_positions=64, n_embd=16, n_layer=2, n_head=2)
    model = transformers.GPT2LMHeadModel(config).eval()
    examples = [example(length, 3 * length) for length in (7, 12, 3, 9, 5, 2)]
    rows = pack(examples, 16, pad=0)
    packed = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
    assert len(rows) < len(examples)
    total, count = causal_lm_loss(model, packed)
    expected, expected_count = causal_lm_loss(model, collate(examples, pad=0))
    assert count == expected_count
    torch.testing.assert_close(total, expected)


def test_padded_batches_hold_every_example_once():
    examples = [example(2 + i % 9, 1 + 10 * i) for i in range(23)]
    batches = instruction.PaddedBatches(examples, 5, pad=0)
    firsts = [row[0] for batch in batches for row in batch["input_ids"].tolist()]
    assert len(batches) == 5 and sorted(firsts) == [1 + 10 * i for i in range(23)]
    with pytest.raises(ValueError, match="no examples"):
        instruction.PaddedBatches([], 5, 0)


def test_few_shot_prompt():
    text = instruction.few_shot_prompt([("Add.", "1 and 2", "3")], "Add.", "2 and 2")
    assert text == "Task: Add.\nText: 1 and 2\nAnswer: 3\n\nTask: Add.\nText: 2 and 2\nAnswer:"
    assert instruction.few_shot_prompt([], "Add.") == prompt("Add.")
