"""Domain adaptation: masking, words that fall to pieces, new words, and replay."""

import pytest
import torch
import transformers

from workbook.trainers import domain
from workbook.zoo.entries import MINILM
from workbook.zoo.loading import folder


@pytest.fixture
def tokenizer():
    return transformers.AutoTokenizer.from_pretrained(folder(MINILM), local_files_only=True)


def masked(ids, seed=0, share=0.15):
    generator = torch.Generator().manual_seed(seed)
    return domain.mask_tokens(ids, 50, 4, range(5), generator, share)


def test_masking_follows_the_80_10_10_rule():
    ids = torch.randint(5, 50, (200, 500), generator=torch.Generator().manual_seed(1))
    inputs, labels = masked(ids)
    asked = labels != -100
    assert asked.float().mean().item() == pytest.approx(0.15, abs=0.005)
    assert torch.equal(labels[asked], ids[asked]) and torch.equal(inputs[~asked], ids[~asked])
    assert (inputs[asked] == 4).float().mean().item() == pytest.approx(0.8, abs=0.01)
    changed = asked & (inputs != 4) & (inputs != ids)
    # a random token may be the right one by chance, in one of 45 cases
    assert changed.sum().item() / asked.sum().item() == pytest.approx(0.1 * 44 / 45, abs=0.01)
    assert inputs[changed].min() >= 5


def test_special_tokens_are_never_asked_for():
    ids = torch.randint(0, 5, (20, 50))
    inputs, labels = masked(ids, share=1.0)
    assert torch.equal(inputs, ids) and (labels == -100).all()


def test_masking_depends_on_the_seed():
    ids = torch.arange(5, 45)[None]
    assert torch.equal(masked(ids, 3)[0], masked(ids, 3)[0])
    assert not torch.equal(masked(ids, 3)[1], masked(ids, 4)[1])


def test_fragmentation_names_the_dearest_words_first(tokenizer):
    mean, worst = domain.fragmentation(tokenizer, ["the memoryview is the the tokenizer", "memoryview"])
    pieces = {word: len(tokenizer.tokenize(word)) for word in ("memoryview", "tokenizer")}
    assert mean == pytest.approx((4 + 2 * pieces["memoryview"] + pieces["tokenizer"]) / 7)
    assert [(word, count) for word, _, count in worst] == [("memoryview", 2), ("tokenizer", 1)]
    with pytest.raises(ValueError, match="no words"):
        domain.fragmentation(tokenizer, ["", "  "])


def small_bert(tokenizer):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    return transformers.BertForMaskedLM(config).eval()


def test_a_new_word_begins_as_the_mean_of_its_pieces(tokenizer):
    model = small_bert(tokenizer)
    before = model.get_input_embeddings().weight.clone()
    pieces = tokenizer("memoryview", add_special_tokens=False)["input_ids"]
    assert len(pieces) > 1
    assert domain.extend_vocabulary(model, tokenizer, ["memoryview", "the"]) == 1  # "the" was there
    new = tokenizer.convert_tokens_to_ids("memoryview")
    weight = model.get_input_embeddings().weight
    torch.testing.assert_close(weight[new], before[pieces].mean(0))
    torch.testing.assert_close(weight[: len(before)], before)
    assert model.get_output_embeddings().weight is weight  # still tied
    assert tokenizer("a memoryview of it", add_special_tokens=False)["input_ids"].count(new) == 1
    assert new not in tokenizer("memoryviews", add_special_tokens=False)["input_ids"]
    ids = tokenizer("a memoryview", return_tensors="pt")
    assert model(**ids).logits.shape[-1] == len(tokenizer)


@pytest.mark.parametrize("word", ["", "two words", " space"])
def test_a_new_word_is_one_word(tokenizer, word):
    with pytest.raises(ValueError, match="no white space and at least one letter"):
        domain.extend_vocabulary(small_bert(tokenizer), tokenizer, ["fine", word])


def test_replay_comes_after_every_few_batches():
    assert list(domain.with_replay(range(5), ["a", "b"], every=2)) == [0, 1, "a", 2, 3, "b", 4]
    assert list(domain.with_replay(range(3), ["a"], every=1)) == [0, "a", 1, "a", 2, "a"]
    for general, every in [([], 2), (["a"], 0)]:
        with pytest.raises(ValueError, match="Expected general batches"):
            list(domain.with_replay([1], general, every))
