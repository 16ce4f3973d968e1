"""Classic fine-tuning on a BERT too small to need pretraining: batches, encoding, what learns and what stays."""

import itertools
from dataclasses import dataclass

import pytest
import torch
import transformers

from workbook.trainers import classic, loop
from workbook.trainers.schedule import warmup_linear
from workbook.trainers.search import Features, best_so_far, head_trial, search
from workbook.zoo.entries import MINILM
from workbook.zoo.loading import folder

CLASSES, WIDTH, LAYERS = 3, 32, 2
TEXTS = [
    " ".join(["parcel", "kettle", "refund", "late", "thanks"][(i + j) % 5] for j in range(1 + 7 * i % 23))
    for i in range(50)
]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def tokenizer():
    return transformers.AutoTokenizer.from_pretrained(folder(MINILM), local_files_only=True)


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    return classic.Classifier(transformers.BertModel(config, add_pooling_layer=False), CLASSES).eval()


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def numbers_in(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


# ------------------------------------------------------------------------------------------------ the classifier


def test_mean_pool_ignores_padding():
    states = torch.tensor([[[1.0, 2], [3, 4], [1e6, -1e6]], [[5, 6], [1e6, 1e6], [1e6, 1e6]]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    assert classic.mean_pool(states, mask).tolist() == [[2, 3], [5, 6]]


def test_mean_pool_of_nothing_is_zero():
    assert classic.mean_pool(torch.ones(1, 2, 3), torch.zeros(1, 2)).tolist() == [[0, 0, 0]]


def test_without_dropout_training_mode_changes_nothing(model, tokenizer):
    inputs = tokenizer(TEXTS[:4], padding=True, return_tensors="pt")
    vectors = model.embed(**inputs)
    model.train()
    assert not torch.allclose(model.embed(**inputs), vectors)
    classic.set_dropout(model, 0.0)
    torch.testing.assert_close(model.embed(**inputs), vectors)
    classic.set_dropout(model, 0.5)
    assert not torch.allclose(model.embed(**inputs), vectors)


@pytest.mark.parametrize("probability", [-0.1, 1.0, float("nan")])
def test_dropout_is_a_probability(model, probability):
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        classic.set_dropout(model, probability)


def test_predictions_come_from_the_vectors(model, tokenizer):
    torch.nn.init.normal_(model.head.weight)
    inputs = tokenizer(TEXTS[:4], padding=True, truncation=True, max_length=64, return_tensors="pt")
    expected = model(**inputs).softmax(-1)
    torch.testing.assert_close(classic.predict(model, tokenizer, TEXTS[:4]), expected)
    torch.testing.assert_close(classic.head_probabilities(model, model.embed(**inputs)), expected)


def test_classifier_shapes(model, tokenizer):
    inputs = tokenizer(TEXTS[:4], padding=True, return_tensors="pt")  # token_type_ids among them
    vectors, logits = model.embed(**inputs), model(**inputs)
    assert vectors.shape == (4, WIDTH)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    assert logits.shape == (4, CLASSES)
    assert logits.abs().sum() == 0  # at first, every class is equally likely


def test_logits_are_of_vectors_of_length_root_d(model, tokenizer):
    torch.nn.init.normal_(model.head.weight)
    inputs = tokenizer(TEXTS[:4], padding=True, return_tensors="pt")
    torch.testing.assert_close(model(**inputs), model.embed(**inputs) * WIDTH**0.5 @ model.head.weight.T)


@pytest.mark.parametrize("part", ["head", 0, 1, 2, "all"])
def test_set_trainable_counts(model, part):
    layers = model.encoder.encoder.layer
    expected = {
        "head": numbers_in(model.head), 0: numbers_in(model.head), 1: numbers_in(model.head, layers[1]),
        2: numbers_in(model.head, *layers), "all": numbers_in(model),
    }[part]  # fmt: skip
    for earlier in ("all", "head"):  # whatever was chosen before
        classic.set_trainable(model, earlier)
        assert classic.set_trainable(model, part) == expected
        assert expected == sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_the_last_layers_learn_first(model):
    classic.set_trainable(model, 1)
    first, last = model.encoder.encoder.layer
    assert all(parameter.requires_grad for parameter in last.parameters())
    assert not any(
        parameter.requires_grad for parameter in [*first.parameters(), *model.encoder.embeddings.parameters()]
    )


@pytest.mark.parametrize("part", ["heads", -1, 3, 1.0, True, None])
def test_set_trainable_refuses(model, part):
    with pytest.raises(ValueError, match=r'"head", "all", or a number of layers from 0 to 2'):
        classic.set_trainable(model, part)


def test_classification_loss(model, tokenizer):
    torch.nn.init.normal_(model.head.weight)
    batch = classic.TextBatches(tokenizer, TEXTS, [0, 1] * 25).batch([0, 3, 5])
    logits = model(batch["input_ids"], batch["attention_mask"])
    expected = -logits.log_softmax(-1)[range(3), [0, 1, 1]].mean()
    torch.testing.assert_close(classic.classification_loss(model, batch), expected)


# ------------------------------------------------------------------------------------------------ batches


def rows_of(batches):
    """One pass: the labels in the order they come. As labels are the examples' numbers, they tell the examples."""
    return [batch["labels"].tolist() for batch in batches]


@pytest.mark.parametrize("batch_size", [1, 4, 7, 50, 64])
def test_batches_hold_every_example_once(tokenizer, batch_size):
    batches = classic.TextBatches(tokenizer, TEXTS, range(50), batch_size)
    rows = rows_of(batches)
    assert sorted(itertools.chain(*rows)) == list(range(50))
    assert len(rows) == len(batches) == -(-50 // batch_size)
    assert max(map(len, rows)) <= batch_size


def test_batches_are_shuffled_between_epochs_and_repeat_with_the_seed(tokenizer):
    batches = classic.TextBatches(tokenizer, TEXTS, range(50), 4)
    torch.manual_seed(0)
    first, second = rows_of(batches), rows_of(batches)
    torch.manual_seed(0)
    assert rows_of(batches) == first != second
    assert sorted(map(sorted, first)) != sorted(map(sorted, second))  # who is with whom changes, too


def test_batches_are_padded_to_their_longest_text(tokenizer):
    batches = classic.TextBatches(tokenizer, TEXTS, range(50), 4, max_length=16)
    for batch in batches:
        encoded = [
            tokenizer(TEXTS[row], truncation=True, max_length=16)["input_ids"] for row in batch["labels"].tolist()
        ]
        assert batch["input_ids"].shape == batch["attention_mask"].shape == (len(encoded), max(map(len, encoded)))
        for ids, mask, expected in zip(
            batch["input_ids"].tolist(), batch["attention_mask"].tolist(), encoded, strict=True
        ):
            padding = len(ids) - len(expected)
            assert ids == expected + padding * [tokenizer.pad_token_id]
            assert mask == len(expected) * [1] + padding * [0]


def test_similar_lengths_come_together(tokenizer):
    batches = classic.TextBatches(tokenizer, TEXTS, range(50), 5)
    padded = sum(batch["input_ids"].numel() for batch in batches)
    unsorted = sum(batches.batch(rows)["input_ids"].numel() for rows in [range(i, i + 5) for i in range(0, 50, 5)])
    needed = sum(map(len, batches.encoded))
    assert padded - needed < 0.5 * (unsorted - needed)


@pytest.mark.parametrize(("texts", "labels"), [([], []), (["a"], []), (["a"], [0, 1])])
def test_batches_refuse(tokenizer, texts, labels):
    with pytest.raises(ValueError, match="as many labels as texts"):
        classic.TextBatches(tokenizer, texts, labels)


# ------------------------------------------------------------------------------------------------ encoding


def test_encode_keeps_the_order(model, tokenizer):
    together = classic.encode(model, tokenizer, TEXTS, batch_size=8)
    alone = torch.cat([model.embed(**tokenizer([text], return_tensors="pt")) for text in TEXTS[:12]])
    torch.testing.assert_close(together[:12], alone, atol=1e-5, rtol=0)
    shuffled = classic.encode(model, tokenizer, TEXTS[::-1], batch_size=8)
    torch.testing.assert_close(together, shuffled.flip(0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("batch_size", [1, 3, 50, 1000])
def test_encode_does_not_depend_on_the_batch_size(model, tokenizer, batch_size):
    expected = classic.encode(model, tokenizer, TEXTS)
    torch.testing.assert_close(classic.encode(model, tokenizer, TEXTS, batch_size), expected, atol=1e-5, rtol=0)


def test_encode_switches_dropout_off_and_keeps_no_gradient(model, tokenizer):
    expected = classic.encode(model, tokenizer, TEXTS)
    again = classic.encode(model.train(), tokenizer, TEXTS)
    torch.testing.assert_close(again, expected)
    assert not again.requires_grad


def test_encode_nothing(model, tokenizer):
    assert classic.encode(model, tokenizer, []).shape == (0, WIDTH)


def test_predict_gives_the_models_own_probabilities(model, tokenizer):
    torch.nn.init.normal_(model.head.weight)
    probabilities = classic.predict(model, tokenizer, TEXTS)
    assert probabilities.shape == (50, CLASSES)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(50))
    expected = model(**tokenizer(TEXTS, padding=True, return_tensors="pt")).softmax(-1)
    torch.testing.assert_close(probabilities, expected, atol=1e-5, rtol=0)


@dataclass
class Pair:
    sentence: str
    paraphrase: str


def test_paraphrase_accuracy(model, tokenizer, monkeypatch):
    directions = {"a": [1.0, 0], "A": [0.9, 0.1], "b": [0, 1.0], "B": [0.1, 0.9]}
    monkeypatch.setattr(classic, "encode", lambda _, __, texts: torch.tensor([directions[text] for text in texts]))
    score = classic.paraphrase_accuracy
    assert score(model, tokenizer, [Pair("a", "A"), Pair("b", "B")]) == 1
    assert score(model, tokenizer, [Pair("a", "B"), Pair("b", "A")]) == 0
    assert score(model, tokenizer, [Pair("a", "A"), Pair("A", "B")]) == 0.5  # A is nearer to A than to B


def test_a_sentence_is_its_own_best_paraphrase(model, tokenizer):
    words = ["kettle", "parcel arrived", "please refund me at once", "thank you"]
    assert classic.paraphrase_accuracy(model, tokenizer, [Pair(text, text) for text in words]) == 1


# ------------------------------------------------------------------------------------------------ training


@pytest.fixture
def separable():
    """Vectors of length 1 around three directions, and which direction each belongs to."""
    torch.manual_seed(0)
    labels = torch.arange(90) % CLASSES
    vectors = torch.eye(WIDTH)[labels] + 0.05 * torch.randn(90, WIDTH)
    return torch.nn.functional.normalize(vectors, dim=1), labels


def test_train_head_learns_and_leaves_the_encoder_alone(model, separable):
    classic.set_trainable(model, "all")
    vectors, labels = separable
    before = state(model.encoder)
    classic.train_head(model, vectors, labels, steps=60, learning_rate=1e-2)
    assert (model.head(vectors * WIDTH**0.5).argmax(1) == labels).all()
    assert all(torch.equal(value, before[name]) for name, value in model.encoder.state_dict().items())


def test_train_head_leaves_head_and_encoder_on_one_device(model, tokenizer, separable, monkeypatch):
    """The loop moves what it trains to the GPU, here only the head: the whole model must work afterwards."""
    moves = []
    monkeypatch.setattr(loop, "fit", lambda head, *_, **__: moves.append("to the GPU"))
    monkeypatch.setattr(model.head, "to", lambda device: moves.append(str(device)))
    classic.train_head(model, *separable)
    assert moves == ["to the GPU", str(next(model.encoder.parameters()).device)]


def test_fine_tuning_lowers_the_loss(model, tokenizer):
    """Two words, two classes: encoder, head, batches and loop together."""
    texts, labels = ["kettle", "refund"] * 16, [0, 1] * 16
    classic.set_trainable(model, "all")
    batches = classic.TextBatches(tokenizer, texts, labels, 8)
    history = loop.fit(model, batches, classic.classification_loss, steps=25, learning_rate=5e-3, progress=None)
    assert history.losses[0] == pytest.approx(torch.tensor(3.0).log().item(), abs=1e-3)  # nothing known: log 3
    assert history.losses[-1] < 0.3
    assert classic.predict(model, tokenizer, ["kettle", "refund"]).argmax(1).tolist() == [0, 1]


# ------------------------------------------------------------------------------------------------ schedule


@pytest.mark.parametrize(
    ("warmup", "total", "expected"),
    [
        (2, 6, [0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0]),
        (0, 4, [1, 0.75, 0.5, 0.25, 0, 0]),
        (3, 3, [1 / 3, 2 / 3, 1, 0, 0]),
        (0, 1, [1, 0]),
    ],
)
def test_warmup_linear(warmup, total, expected):
    factor = warmup_linear(warmup, total)
    assert [factor(step) for step in range(len(expected))] == pytest.approx(expected)


@pytest.mark.parametrize(("warmup", "total"), [(-1, 3), (4, 3), (0, 0)])
def test_warmup_linear_refuses(warmup, total):
    with pytest.raises(ValueError, match="0 <= warmup <= total"):
        warmup_linear(warmup, total)


# ------------------------------------------------------------------------------------------------ search


def hill(trial):
    return -((trial.suggest_float("x", -10, 10) - 3) ** 2)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_search_finds_the_top_and_repeats_with_the_seed(sampler):
    study, again, other = (search(hill, 25, sampler, seed) for seed in (0, 0, 1))
    assert len(study.trials) == 25
    assert study.best_value > -2
    assert study.best_params == again.best_params != other.best_params


def test_search_needs_a_known_sampler():
    with pytest.raises(ValueError, match='"tpe" or "random", not \'grid\''):
        search(hill, 1, "grid")


def test_random_search_never_prunes_and_tpe_does():
    def hopeless_after_the_first(trial):
        import optuna

        for step in range(1, 6):
            trial.report(1.0 if trial.number < 6 else 0.0, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return trial.suggest_float("x", 0, 1)

    states = {s: [t.state.name for t in search(hopeless_after_the_first, 8, s).trials] for s in ("tpe", "random")}
    assert states == {"tpe": ["COMPLETE"] * 6 + ["PRUNED"] * 2, "random": ["COMPLETE"] * 8}


def test_best_so_far_counts_pruned_trials_with_nothing():
    values = [None, 2.0, 1.0, None, 5.0]

    def objective(trial):
        import optuna

        trial.report(9.0, 1)  # what a pruned trial reported must not count
        if values[trial.number] is None:
            raise optuna.TrialPruned
        return values[trial.number]

    assert best_so_far(search(objective, 5, "random")) == [float("-inf"), 2, 2, 2, 5]


def test_head_trial_learns(separable):
    import optuna

    vectors, labels = separable
    fixed = {"learning_rate": 1e-2, "weight_decay": 1e-3, "batch_size": 32, "dropout": 0.0, "hidden": 64}
    score = head_trial(optuna.trial.FixedTrial(fixed), Features(vectors, labels, vectors, labels), CLASSES, epochs=4)
    assert score == 1
