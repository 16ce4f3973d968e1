"""Language models: their objectives, the stream of text, generation, and a trigram baseline."""

import itertools
import math

import pytest
import torch
import transformers

from workbook.text.generation import generate, left_padded, pad_id
from workbook.text.ngrams import Trigram
from workbook.trainers import language
from workbook.trainers.language import bits_per_byte, causal_lm_loss, chunk, masked_lm_loss, mean_loss, stream

VOCABULARY = 40


class Letters:
    """A tokenizer of single letters: a is 1, b is 2 ..., the end is 0."""

    eos_token_id, pad_token_id = 0, None

    def __call__(self, texts):
        return {"input_ids": [[ord(letter) - 96 for letter in text] for text in texts]}

    def batch_decode(self, rows, skip_special_tokens):
        return ["".join(chr(96 + int(token)) for token in row if token) for row in rows]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    return transformers.GPT2LMHeadModel(config).eval()


# ------------------------------------------------------------------------------------------------ objectives


def test_causal_loss_is_that_of_transformers(model):
    ids = torch.randint(1, VOCABULARY, (3, 9))
    total, count = causal_lm_loss(model, {"input_ids": ids})
    assert count == 3 * 8
    torch.testing.assert_close(total / count, model(ids, labels=ids).loss)


def test_causal_loss_asks_for_labels_only(model):
    ids = torch.randint(1, VOCABULARY, (2, 6))
    labels = ids.clone()
    labels[0, :4] = labels[1, 5] = -100
    total, count = causal_lm_loss(model, {"input_ids": ids, "labels": labels})
    log_p = model(ids).logits.log_softmax(-1)
    wanted = [(0, 4), (0, 5), *((1, t) for t in range(1, 5))]
    assert count == len(wanted)
    torch.testing.assert_close(total, -sum(log_p[row, t - 1, ids[row, t]] for row, t in wanted))


def test_padding_on_either_side_changes_nothing(model):
    ids = torch.randint(1, VOCABULARY, (1, 5))
    alone, _ = causal_lm_loss(model, {"input_ids": ids})
    pad, ones, zeros = torch.zeros(1, 3, dtype=int), torch.ones(1, 5, dtype=int), torch.zeros(1, 3, dtype=int)
    right = {"input_ids": torch.cat([ids, pad], 1), "attention_mask": torch.cat([ones, zeros], 1)}
    total, count = causal_lm_loss(model, right)
    assert count == 4
    torch.testing.assert_close(total, alone)
    left = {
        "input_ids": torch.cat([pad, ids], 1),
        "attention_mask": torch.cat([zeros, ones], 1),
        "position_ids": torch.tensor([[0, 0, 0, 0, 1, 2, 3, 4]]),
        "labels": torch.cat([pad - 100, torch.tensor([[-100]]), ids[:, 1:]], 1),
    }
    torch.testing.assert_close(causal_lm_loss(model, left)[0], alone)


def test_packed_examples_do_not_see_each_other(model):
    first, second = torch.randint(1, VOCABULARY, (1, 4)), torch.randint(1, VOCABULARY, (1, 5))
    apart = sum(causal_lm_loss(model, {"input_ids": ids})[0] for ids in (first, second))
    ids = torch.cat([first, second], 1)
    labels = ids.clone()
    labels[0, 4] = -100
    positions = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3, 4]])
    total, count = causal_lm_loss(model, {"input_ids": ids, "labels": labels, "position_ids": positions})
    assert count == 3 + 4
    torch.testing.assert_close(total, apart)


def test_masked_loss_is_that_of_transformers():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    bert = transformers.BertForMaskedLM(config).eval()
    ids = torch.randint(1, VOCABULARY, (2, 7))
    labels = torch.full_like(ids, -100)
    labels[0, 2], labels[1, 5] = 3, 4
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    total, count = masked_lm_loss(bert, batch)
    assert count == 2
    torch.testing.assert_close(total / count, bert(**batch).loss)


def test_mean_loss_weighs_tokens_and_not_batches(model):
    long, short = torch.randint(1, VOCABULARY, (1, 20)), torch.randint(1, VOCABULARY, (1, 3))
    sums = [causal_lm_loss(model, {"input_ids": ids})[0].item() for ids in (long, short)]
    model.train()
    assert mean_loss(model, [{"input_ids": long}, {"input_ids": short}]) == pytest.approx(sum(sums) / 21, rel=1e-6)
    assert model.training  # as it was
    model.eval()


def test_mean_loss_of_nothing_is_an_error(model):
    with pytest.raises(ValueError, match="no token to measure"):
        mean_loss(model, [])


# ------------------------------------------------------------------------------------------------ text as a stream


def test_stream_ends_every_text():
    assert stream(Letters(), ["ab", "", "c"]).tolist() == [1, 2, 0, 0, 3, 0]


def test_chunk_cuts_rows_and_leaves_the_rest():
    assert chunk(torch.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert chunk(torch.arange(6), 3).shape == (2, 3)


@pytest.mark.parametrize("tokens, length", [(0, 4), (3, 4), (10, 1), (10, 0)])
def test_chunk_refuses(tokens, length):
    with pytest.raises(ValueError, match=f"stream of {tokens} tokens can't be cut into rows of {length}"):
        chunk(torch.arange(tokens), length)


def test_row_batches_are_full_and_shuffled():
    torch.manual_seed(0)
    rows = torch.arange(100)[:, None].expand(100, 2)
    batches = [batch["input_ids"][:, 0].tolist() for batch in language.row_batches(rows, 8)]
    assert [len(batch) for batch in batches] == [8] * 12
    assert batches[0] != list(range(8))
    with pytest.raises(ValueError, match="3 rows don't fill a batch of 8"):
        language.row_batches(rows[:3], 8)


def test_bits_per_byte_do_not_depend_on_the_tokenizer():
    # a model that gives every byte 1/256 needs 8 bits per byte, whether its tokens are one byte long or two
    text = "žlutý kůň"
    length = len(text.encode())
    assert bits_per_byte(math.log(256), length, [text]) == pytest.approx(8)
    assert bits_per_byte(2 * math.log(256), length // 2, [text[:-1]]) == pytest.approx(
        8 * 2 * (length // 2) / len(text[:-1].encode())
    )
    for tokens, texts in [(0, ["a"]), (3, []), (3, [""])]:
        with pytest.raises(ValueError, match="at least one byte and one token"):
            bits_per_byte(1.0, tokens, texts)


# ------------------------------------------------------------------------------------------------ generation


def test_a_batch_generates_what_each_prompt_does_alone(model):
    prompts = ["a", "bcdefg", "hij", "kl", "mnopqrstu"]
    together = generate(model, Letters(), prompts, max_new_tokens=6)
    assert together == [generate(model, Letters(), [prompt], max_new_tokens=6)[0] for prompt in prompts]
    assert together == generate(model, Letters(), prompts, max_new_tokens=6, batch_size=2)


def test_greedy_generation_takes_the_likeliest_token(model):
    ids = [1, 2, 3]
    for _ in range(5):
        ids.append(model(torch.tensor([ids])).logits[0, -1].argmax().item())
    expected = "".join(chr(96 + token) for token in itertools.takewhile(bool, ids[3:]))
    assert generate(model, Letters(), ["abc"], max_new_tokens=5) == [expected]


def test_drawing_depends_on_the_seed_alone(model):
    def draw(seed):
        return generate(model, Letters(), ["abc", "d"], max_new_tokens=8, temperature=1.0, seed=seed)

    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    assert draw(1) == draw(1) != draw(2)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_generation_refuses_what_cannot_be_continued(model):
    with pytest.raises(ValueError, match="A prompt is empty"):
        generate(model, Letters(), ["a", ""], max_new_tokens=4)
    with pytest.raises(ValueError, match="prompt of 5 tokens and 30 new ones exceed the model's window of 32: 'abcde'"):
        generate(model, Letters(), ["abcde"], max_new_tokens=30)
    assert generate(model, Letters(), []) == []


def test_padding_goes_to_the_left():
    padded = left_padded([[1, 2, 3], [4]], pad=9)
    assert padded["input_ids"].tolist() == [[1, 2, 3], [9, 9, 4]]
    assert padded["attention_mask"].tolist() == [[1, 1, 1], [0, 0, 1]]


def test_a_tokenizer_without_a_pad_token_pads_with_its_end():
    assert pad_id(Letters()) == 0
    without = Letters()
    without.eos_token_id = None
    with pytest.raises(ValueError, match="neither a pad token nor an end token"):
        pad_id(without)


# ------------------------------------------------------------------------------------------------ trigrams


@pytest.mark.parametrize("context", [(), (1,), (1, 2), (2, 1), (3, 3), (4, 9)])
def test_trigram_probabilities_sum_to_one(context):
    generator = torch.Generator().manual_seed(0)
    trigram = Trigram(torch.randint(0, 5, (300,), generator=generator).tolist(), 10)
    assert sum(trigram.probability(token, context) for token in range(10)) == pytest.approx(1)


def test_trigram_by_hand():
    trigram = Trigram([0, 1, 2, 0, 1, 3], 4, discount=0.5)
    # unigrams: 0 and 1 twice, 2 and 3 once; four different tokens
    p2 = (1 - 0.5) / 6 + 0.5 * 4 / 6 / 4
    # after 1: 2 once and 3 once
    p2_after_1 = (1 - 0.5) / 2 + 0.5 * 2 / 2 * p2
    assert trigram.probability(2, (1,)) == pytest.approx(p2_after_1)
    assert trigram.probability(2, (0, 1)) == pytest.approx((1 - 0.5) / 2 + 0.5 * 2 / 2 * p2_after_1)


def test_trigram_learns_a_cycle():
    trigram = Trigram([0, 1, 2] * 100, 3)
    assert trigram.mean_loss([0, 1, 2] * 10) < 0.02
    assert trigram.mean_loss([2, 1, 0] * 10) > 3
    for tokens in ([], [1, 2]):
        with pytest.raises(ValueError, match="at least three tokens"):
            Trigram(tokens, 3)
        with pytest.raises(ValueError, match="at least three tokens"):
            trigram.mean_loss(tokens)
