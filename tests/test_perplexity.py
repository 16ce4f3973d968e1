"""Perplexity: windows, the procedure that transformers documents, words and bytes, masked loss."""

import math

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as some

from workbook.text.perplexity import (
    Perplexity,
    masked_loss,
    perplexity,
    sliding_windows,
    strided_perplexity,
)
from workbook.trainers.language import bits_per_byte, masked_lm_loss

WINDOW = 16


class Letters:
    """A tokenizer of single letters: a is 1, b is 2 ..., a space 27, the end 0."""

    bos_token_id, eos_token_id, pad_token_id = 0, 0, None

    def __call__(self, texts, **options):
        return {"input_ids": [[27 if letter == " " else ord(letter) - 96 for letter in text] for text in texts]}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=28, n_positions=WINDOW, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # a freshly made model finds all letters about alike
    return model


def text_of(length, seed=0):
    letters = torch.randint(0, 27, (length,), generator=torch.Generator().manual_seed(seed))
    return "".join("abcdefghijklmnopqrstuvwxyz "[letter] for letter in letters)


def tokens_of(text, bos=True):
    return [0] * bos + Letters()([text])["input_ids"][0]


def log_p(model, ids):
    """log p of every token but the first, each given all before it."""
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].log_softmax(-1)[:-1].gather(-1, torch.tensor(ids)[1:, None])[:, 0]


def slow_nats(model, ids, window, stride):
    """One forward pass per token, with the context that its window gives it."""
    total = 0.0
    for place in range(1, len(ids)):
        # the first window that reaches this token is the first whose end is beyond it
        begin = max(0, math.ceil((place + 1 - window) / stride)) * stride
        total -= float(log_p(model, ids[begin : place + 1])[-1])
    return total


# ------------------------------------------------------------------------------------------------ windows


@settings(max_examples=80, deadline=None, derandomize=True)
@given(some.integers(0, 60), some.integers(2, 12), some.data())
def test_every_token_but_the_first_is_scored_once(length, window, data):
    stride = data.draw(some.integers(1, window - 1))
    windows = sliding_windows(length, window, stride)
    scored = [token for begin, end, first in windows for token in range(first, end)]
    assert scored == list(range(1, length))
    for number, (begin, end, first) in enumerate(windows):
        assert begin == number * stride and begin < first < end <= begin + window
        assert number == 0 or first - begin >= window - stride  # the context that was promised


def test_windows_by_hand():
    assert sliding_windows(10, 4, 2) == [(0, 4, 1), (2, 6, 4), (4, 8, 6), (6, 10, 8)]
    assert sliding_windows(9, 4, 3) == [(0, 4, 1), (3, 7, 4), (6, 9, 7)]
    assert sliding_windows(3, 4, 2) == [(0, 3, 1)]
    assert sliding_windows(1, 4, 2) == sliding_windows(0, 4, 2) == []


@pytest.mark.parametrize("stride", [0, -1, 4, 5])
def test_strides_are_refused(stride):
    with pytest.raises(ValueError, match="below the window of 4"):
        sliding_windows(10, 4, stride)


def test_strided_perplexity_by_hand():
    # the loss of a token is 1 / its number of tokens of context: one window of 3, then windows that score one each
    seen = []

    def losses(begin, end):
        seen.append((begin, end))
        return 1 / torch.arange(1, end - begin).double()

    # contexts 1, 2 of the first window; then 2, 2
    assert strided_perplexity(losses, 5, 3, 1) == pytest.approx(math.exp((1 + 1 / 2 + 1 / 2 + 1 / 2) / 4))
    assert seen == [(0, 3), (1, 4), (2, 5)]


# ------------------------------------------------------------------------------------------------ a model's perplexity


@pytest.mark.parametrize("stride", [1, 5, 8, WINDOW - 1])
def test_perplexity_is_that_of_one_pass_per_token(model, stride):
    texts = [text_of(n, n) for n in (1, 7, 15, 16, 40, 61)]
    figure = perplexity(model, Letters(), texts, stride=stride, batch_size=3)
    assert figure.tokens == sum(map(len, texts))
    assert figure.nats == pytest.approx(
        sum(slow_nats(model, tokens_of(text), WINDOW, stride) for text in texts), rel=1e-5
    )


def test_default_stride_is_half_the_window(model):
    texts = [text_of(50)]
    assert perplexity(model, Letters(), texts) == perplexity(model, Letters(), texts, stride=8, window=WINDOW)


def test_strided_perplexity_agrees(model):
    text = text_of(50)
    ids = tokens_of(text)
    ours = strided_perplexity(lambda begin, end: -log_p(model, ids[begin:end]), len(ids), WINDOW, 6)
    assert perplexity(model, Letters(), [text], stride=6).per_token == pytest.approx(ours, rel=1e-5)


def documented(model, ids, window, stride, exact):
    """The loop of transformers' page on fixed-length models, written anew. exact: weigh windows by what they score."""
    ids, previous, nats, count = torch.tensor([ids]), 0, 0.0, 0
    for begin in range(0, ids.shape[1], stride):
        end = min(begin + window, ids.shape[1])
        target = ids[:, begin:end].clone()
        target[:, : target.shape[1] - (end - previous)] = -100
        with torch.no_grad():
            mean = model(ids[:, begin:end], labels=target).loss.item()
        labels = int((target != -100).sum())
        number = labels if exact and begin > 0 else labels - 1
        nats, count, previous = nats + mean * number, count + number, end
        if end == ids.shape[1]:
            break
    return nats / count, count


@pytest.mark.parametrize("stride", [4, 8, 13])
def test_windows_are_the_documented_ones(model, stride):
    """Equal once its windows are weighed by the tokens they score; as it stands it is near, and counts fewer."""
    text = text_of(16 + 8 * stride)
    ids = tokens_of(text, bos=False)
    ours = perplexity(model, Letters(), [text], stride=stride, bos=False)
    loss, count = documented(model, ids, WINDOW, stride, exact=True)
    assert ours.tokens == count == len(ids) - 1
    assert ours.loss == pytest.approx(loss, rel=1e-5)
    approximate, fewer = documented(model, ids, WINDOW, stride, exact=False)
    assert fewer < count
    assert approximate != pytest.approx(ours.loss, rel=1e-5)
    assert approximate == pytest.approx(ours.loss, rel=0.1)


def test_documented_procedure_on_a_text_of_one_window(model):
    ids = tokens_of(text_of(12), bos=False)
    loss, _ = documented(model, ids, WINDOW, 8, exact=False)
    assert perplexity(model, Letters(), [text_of(12)], bos=False).loss == pytest.approx(loss, rel=1e-5)


def test_a_tokenizer_that_adds_bos_itself_gets_no_second(model):
    class WithBos(Letters):
        def __call__(self, texts, **options):
            return {"input_ids": [[0, *ids] for ids in super().__call__(texts, **options)["input_ids"]]}

    texts = [text_of(30), text_of(5)]
    assert perplexity(model, WithBos(), texts) == perplexity(model, Letters(), texts)


def test_words_and_bytes():
    figure = Perplexity(nats=8 * math.log(2), tokens=4, words=2, bytes=16)
    assert figure.loss == pytest.approx(2 * math.log(2))
    assert figure.per_token == pytest.approx(4)
    assert figure.per_word == pytest.approx(16)
    assert figure.bits_per_byte == pytest.approx(0.5)
    assert figure.bits_per_byte == pytest.approx(bits_per_byte(figure.loss, 4, ["a" * 16]))
    assert math.isnan(Perplexity(1.0, 1, 0, 1).per_word)
    assert Perplexity(1e6, 1, 1, 1).per_token == math.inf


def test_words_and_bytes_are_those_of_the_texts(model):
    class Bytes(Letters):
        def __call__(self, texts, **options):
            return {"input_ids": [[1 + byte % 26 for byte in text.encode()] for text in texts]}

    figure = perplexity(model, Bytes(), ["naïve  café", "\n"])
    assert (figure.tokens, figure.words, figure.bytes) == (14, 2, 14)


def test_model_keeps_its_mode(model):
    model.train()
    first = perplexity(model, Letters(), [text_of(30)])
    assert model.training and first == perplexity(model, Letters(), [text_of(30)])
    model.eval()


@pytest.mark.parametrize(
    ("texts", "options", "says"),
    [
        ([], {}, "no texts"),
        ("abc", {}, "list of texts"),
        (["abc", ""], {}, "Text 1 is empty"),
        (["a", "b"], {"bos": False}, "no token to score"),
        (["abc"], {"stride": WINDOW}, "below the window"),
        (["abc"], {"window": 1}, "below the window"),
    ],
)
def test_perplexity_refuses(model, texts, options, says):
    with pytest.raises(ValueError, match=says):
        perplexity(model, Letters(), texts, **options)


def test_perplexity_needs_a_bos_a_window_and_numbers(model):
    class NoBos(Letters):
        bos_token_id = None

    with pytest.raises(ValueError, match="bos=False"):
        perplexity(model, NoBos(), ["abc"])
    assert perplexity(model, NoBos(), ["abc"], bos=False).tokens == 2
    broken = transformers.GPT2LMHeadModel(model.config)
    with torch.no_grad():
        broken.transformer.wte.weight.fill_(math.nan)
    with pytest.raises(ValueError, match="NaN"):
        perplexity(broken, Letters(), ["abc"])

    class NoWindow(torch.nn.Module):
        config = None

    with pytest.raises(ValueError, match="window="):
        perplexity(NoWindow(), Letters(), ["abc"])


# ------------------------------------------------------------------------------------------------ masked models


def test_masked_loss_counts_masked_places_only():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    bert = transformers.BertForMaskedLM(config).eval()
    ids = torch.randint(0, 30, (3, 8))
    labels = torch.full_like(ids, -100)
    labels[0, 2], labels[2, 0], labels[2, 7] = 4, 0, 29
    with torch.no_grad():
        output = bert(ids, labels=labels)
        total, count = masked_lm_loss(
            bert, {"input_ids": ids, "labels": labels, "attention_mask": torch.ones_like(ids)}
        )
    torch.testing.assert_close(masked_loss(output.logits, labels), output.loss)
    torch.testing.assert_close(masked_loss(output.logits, labels), total / count)
    assert masked_loss(output.logits, torch.full_like(ids, -100)) == 0
