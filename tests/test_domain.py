"""Domain adaptation: masking, words that fall to pieces, new words, replay, a masked-LM head, and scores of words."""

import math

import pytest
import torch
import transformers

from workbook import zoo
from workbook.trainers import domain
from workbook.trainers.language import masked_lm_loss
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


def test_new_rows_are_means():
    weight = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]])
    torch.testing.assert_close(
        domain.new_rows(weight, [[0, 1], [2, 2, 0]]), torch.tensor([[2.0, 3.0], [11 / 3, 20 / 3]])
    )
    assert domain.new_rows(weight, []).shape == (0, 2)


def test_rows_can_be_made_in_another_way(tokenizer):
    model = small_bert(tokenizer)
    asked = []

    def zeros(weight, pieces):
        asked.append(pieces)
        return torch.zeros(len(pieces), weight.shape[1])

    before = len(tokenizer)
    assert domain.extend_vocabulary(model, tokenizer, ["memoryview", "the", "tokenizer"], zeros) == 2
    assert len(asked) == 1 and [len(ids) > 1 for ids in asked[0]] == [True, True]  # tied: one matrix
    assert model.get_input_embeddings().weight[before:].abs().sum() == 0


def test_an_output_of_its_own_gets_its_own_means(tokenizer):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        tie_word_embeddings=False,
    )  # fmt: skip
    model = transformers.BertForMaskedLM(config)
    inputs, outputs = (m.weight.detach().clone() for m in (model.get_input_embeddings(), model.get_output_embeddings()))
    pieces = tokenizer("memoryview", add_special_tokens=False)["input_ids"]
    domain.extend_vocabulary(model, tokenizer, ["memoryview"])
    torch.testing.assert_close(model.get_input_embeddings().weight[-1], inputs[pieces].mean(0))
    torch.testing.assert_close(model.get_output_embeddings().weight[-1], outputs[pieces].mean(0))


# --------------------------------------------------------------------------------------------- a masked-LM head


def test_the_masked_model_is_minilm_with_a_tied_decoder():
    encoder, tokenizer = zoo.load("sentence-encoder")
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    model = domain.masked_language_model(encoder)
    assert model.bert is encoder
    assert all(torch.equal(value, before[name]) for name, value in model.bert.state_dict().items())
    assert model.cls.predictions.decoder.weight is encoder.embeddings.word_embeddings.weight
    ids = tokenizer(["A [MASK] of words."], return_tensors="pt")
    assert model(**ids).logits.shape[-1] == len(tokenizer)
    torch.testing.assert_close(
        model(**ids, output_hidden_states=True).hidden_states[-1], encoder(**ids).last_hidden_state
    )


def test_training_the_masked_model_trains_the_body(tokenizer):
    model = domain.masked_language_model(transformers.BertModel(small_bert(tokenizer).config))
    optimizer = domain.masked_optimizer(model, body_rate=1e-3, head_rate=1e-2)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    learns = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert sorted(rates) == sorted(map(id, learns))  # each once
    words = model.bert.embeddings.word_embeddings.weight
    assert rates[id(words)] == 1e-3 and rates[id(model.cls.predictions.bias)] == 1e-2
    assert not any(parameter.requires_grad for parameter in model.bert.pooler.parameters())
    unused = int(tokenizer("memoryview", add_special_tokens=False)["input_ids"][0])
    before = words[unused].clone()
    batch = next(iter(domain.MaskedBatches(tokenizer, ["a text of some words"] * 8, 8)))
    total, _ = masked_lm_loss(model, batch)
    total.backward()
    optimizer.step()
    assert not torch.equal(words[unused], before)  # a word that is not in the text learns as an *output*


def test_decoding_only_what_is_asked_changes_nothing(tokenizer):
    model = domain.masked_language_model(transformers.BertModel(small_bert(tokenizer).config))
    torch.manual_seed(1)
    batch = next(
        iter(domain.MaskedBatches(tokenizer, ["a text of some words", "and a longer one, with a few more"] * 8, 16))
    )
    gradients = []
    for wrapped, objective in [(model, masked_lm_loss), (domain.AskedOnly(model), domain.asked_lm_loss)]:
        model.zero_grad()
        total, count = objective(wrapped, batch)
        (total / count).backward()
        gradients.append([total.detach(), count, *(p.grad.clone() for p in model.parameters() if p.grad is not None)])
    assert len(gradients[0]) == len(gradients[1])
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b)


def test_masked_batches_hold_texts_and_no_padding(tokenizer):
    texts = ["one", "two words", "three words here", "a text of many more words than the others have"]
    torch.manual_seed(0)
    batches = list(domain.MaskedBatches(tokenizer, texts, batch_size=2, max_length=8))
    assert sum(len(batch["labels"]) for batch in batches) == 4
    assert max(batch["input_ids"].shape[1] for batch in batches) == 8
    for batch in batches:
        assert (batch["labels"][batch["attention_mask"] == 0] == -100).all()
    masks = domain.MaskedBatches(tokenizer, texts, mask=lambda ids, *rest: (ids, rest))
    assert masks.batch([0])["labels"] == (len(tokenizer), tokenizer.mask_token_id, tokenizer.all_special_ids)


def test_the_masked_loss_is_the_same_each_time(tokenizer):
    model = small_bert(tokenizer)
    batches = domain.MaskedBatches(tokenizer, ["one two three four five six seven eight"] * 20, 4)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = domain.masked_loss(model, batches)
    assert torch.equal(torch.get_rng_state(), state)  # measuring does not disturb the training
    torch.rand(3)
    assert domain.masked_loss(model, batches) == first != domain.masked_loss(model, batches, seed=1)
    assert first == pytest.approx(math.log(len(tokenizer)), rel=0.05)  # untrained: all words alike


# ------------------------------------------------------------------------------------------- scores of words


class Oracle(torch.nn.Module):
    """Foretells each next token of a row with the same certainty, all or only every second."""

    def __init__(self, vocabulary, certainty, wrong=()):
        super().__init__()
        self.vocabulary, self.certainty, self.wrong = vocabulary, certainty, set(wrong)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, input_ids, use_cache):
        following = input_ids.roll(-1, dims=1)
        logits = torch.nn.functional.one_hot(following, self.vocabulary) * self.certainty
        for token in self.wrong:
            logits[following == token] = 0.0
        return type("Output", (), {"logits": logits.float()})


@pytest.fixture(scope="module")
def pieces():
    """A byte-level tokenizer that knows few words."""
    from workbook.zoo.tiny_gpt import train_tokenizer

    return train_tokenizer(["the cat sat on the mat and the cat ran"] * 50)


def test_words_that_are_foretold_cost_nothing(pieces):
    texts = ["the cat sat on the memoryview", "the tokenizer sat on the cat"] * 4
    given, others = domain.word_scores(Oracle(len(pieces), 100.0), pieces, texts, ["memoryview", "tokenizer"], 16, 2)
    assert given.bits == pytest.approx(0, abs=1e-4) and others.bits == pytest.approx(0, abs=1e-4)
    assert given.completed == 1 and 0 < given.count < 8 < others.count  # those at the rows' edges are left out


def test_words_cost_their_pieces(pieces):
    """A model that knows nothing needs log2(V) bits for each piece."""
    word, texts = "memoryview", ["the cat saw a memoryview", "the mat"] * 6
    given, _ = domain.word_scores(Oracle(len(pieces), 0.0), pieces, texts, [word], 32)
    number = len(pieces(f" {word}")["input_ids"])
    assert number > 3
    assert given.bits == pytest.approx(number * math.log2(len(pieces)), rel=1e-4)
    assert given.completed == 0


def test_the_first_piece_need_not_be_foretold_and_the_last_must(pieces):
    ids = pieces(" memoryview")["input_ids"]
    for wrong, completed in [(ids[0], 1.0), (ids[-1], 0.0)]:
        assert ids.count(wrong) == 1
        model = Oracle(len(pieces), 100.0, [wrong])
        score, others = domain.word_scores(model, pieces, ["the cat sat on the memoryview"] * 8, ["memoryview"], 48)
        assert score.completed == completed
        assert score.bits > 5 and others.bits == pytest.approx(0, abs=1e-3)  # each word is in one group only


def test_words_that_do_not_occur_are_no_score(pieces):
    with pytest.raises(ValueError, match="no such words"):
        domain.word_scores(Oracle(len(pieces), 1.0), pieces, ["the cat sat on the mat"] * 8, ["dog"], 16)
    with pytest.raises(ValueError, match="can't be cut into rows of 64"):
        domain.word_scores(Oracle(len(pieces), 1.0), pieces, ["the cat"], ["cat"], 64)
