"""Translation: pairs as batches, the loss that the decoder learns from, greedy translation, and the recipe's data."""

import math

import pytest
import torch

from workbook import zoo
from workbook.trainers import translation
from workbook.trainers.loop import fit
from workbook.trainers.translation import TranslationBatches, collate, encode, translate, translation_loss
from workbook.zoo import tiny_translator

PAIRS = [("The dog sleeps.", "Der Hund schläft."), ("The cat is on the big table.", "Die Katze liegt auf dem Tisch.")]


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_translator.train_tokenizer([text for pair in PAIRS for text in pair] * 3)


@pytest.fixture
def model(tokenizer):
    torch.manual_seed(0)
    return tiny_translator.network(tokenizer, width=32, layers=1, heads=2)


def test_encode_ends_every_text_once(tokenizer):
    rows = encode(tokenizer, ["The dog", "The dog</s>"])
    assert rows[0] == rows[1] and rows[0][-1] == tokenizer.eos_token_id and rows[0].count(tokenizer.eos_token_id) == 1
    assert tokenizer.decode(rows[0][:-1]).strip() == "The dog"


@pytest.mark.parametrize(("text", "said"), [(" ", "empty"), ("dog " * 200, "tokens, where the model takes 128")])
def test_encode_refuses(tokenizer, text, said):
    with pytest.raises(ValueError, match=said):
        encode(tokenizer, [text])


def test_a_target_is_cut_by_the_target_tokenizer():
    class Two:
        eos_token_id, model_max_length = 0, 9

        def __call__(self, texts=None, text_target=None):
            return {"input_ids": [[1]] if texts else [[2]]}

    assert encode(Two(), ["a"]) == [[1, 0]] and encode(Two(), ["a"], as_target=True) == [[2, 0]]


def test_collate():
    batch = collate([[5, 0], [5, 6, 0]], [[7, 8, 0], [0]], pad_token=1)
    assert batch["input_ids"].tolist() == [[5, 0, 1], [5, 6, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0], [1, 1, 1]]
    assert batch["labels"].tolist() == [[7, 8, 0], [0, -100, -100]]
    with pytest.raises(ValueError, match="One target for each source"):
        collate([[1]], [], 0)


def test_batches_hold_every_pair_once_in_a_new_order(tokenizer):
    pairs = [(f"dog {'big ' * (number % 7)}", f"Hund {'der ' * number}") for number in range(20)]
    batches = TranslationBatches(tokenizer, pairs, batch_size=6)
    torch.manual_seed(0)
    first, second = list(batches), list(batches)
    assert len(first) == len(batches) == 4
    lengths = sorted(int((row != -100).sum()) for batch in first for row in batch["labels"])
    assert lengths == sorted(len(row) for row in batches.targets)
    assert any(a["labels"].shape != b["labels"].shape for a, b in zip(first, second, strict=True))
    # neighbours in length share a batch: little is padded
    assert sum((batch["labels"] == -100).sum() for batch in first) < 120
    with pytest.raises(ValueError, match="no pairs"):
        TranslationBatches(tokenizer, [], 6)


def test_the_loss_is_that_of_transformers(tokenizer, model):
    batch = next(iter(TranslationBatches(tokenizer, PAIRS, 2)))
    with torch.no_grad():
        total, count = translation_loss(model, batch)
        theirs = model(**batch).loss
    assert count == (batch["labels"] != -100).sum()
    assert torch.allclose(total / count, theirs, rtol=1e-5)
    assert translation.mean_translation_loss(model, [batch]) == pytest.approx(float(total / count))


def test_smoothing_costs_a_sure_model_more(tokenizer, model):
    batch = next(iter(TranslationBatches(tokenizer, PAIRS, 2)))
    with torch.no_grad():
        logits = model(**batch).logits[batch["labels"] != -100]
        plain, smoothed = (float(translation_loss(model, batch, smoothing=share)[0]) for share in (0.0, 0.1))
    assert smoothed == pytest.approx(0.9 * plain - 0.1 * float(logits.log_softmax(-1).mean(-1).sum()), rel=1e-4)


def test_padding_changes_nothing(tokenizer, model):
    with torch.no_grad():
        alone = [translation_loss(model, next(iter(TranslationBatches(tokenizer, [pair], 1))))[0] for pair in PAIRS]
        together, _ = translation_loss(model, next(iter(TranslationBatches(tokenizer, PAIRS, 2))))
    assert math.isclose(float(sum(alone)), float(together), rel_tol=1e-4)


def test_two_sentences_are_learnt_by_heart_and_come_back_in_order(tokenizer, model):
    fit(model, TranslationBatches(tokenizer, PAIRS, 2), translation_loss, steps=60, learning_rate=1e-2, progress=None)
    english = [source for source, _ in PAIRS]
    assert translate(model, tokenizer, english[::-1], batch_size=1) == [target for _, target in PAIRS][::-1]
    model.train()
    assert translate(model, tokenizer, english) == [target for _, target in PAIRS]
    assert model.training


def test_the_recipes_batches_spell_a_quarter_of_the_pairs(tokenizer):
    torch.manual_seed(0)
    made = tiny_translator.batches(tokenizer, epoch=0, pairs=80, size=8)
    assert len(made) == 10 and tokenizer.backend_tokenizer.model.dropout is None
    assert tiny_translator.batches(tokenizer, 1, 80, 8)[0]["labels"].tolist() != made[0]["labels"].tolist()


def test_the_embedded_translator_knows_its_grammar_and_not_our_words():
    model, tokenizer = zoo.load("translator", "small")
    assert translate(model, tokenizer, ["The dog sleeps in the garden."]) == ["Der Hund schläft im Garten."]
    assert sum(parameter.numel() for parameter in model.parameters()) < 3e6
