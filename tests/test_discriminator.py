"""Lesson 14's texts from four sources, the judge of one number, and what is trained on frozen and free encoders."""

import numpy as np
import pytest
import torch
import transformers

from workbook.datasets.authors import Text
from workbook.text import discriminator
from workbook.text.discriminator import GENERATED, HUMAN, matched, opening, planted, probe, right_alone, surface
from workbook.trainers import discriminator_training as training

pytestmark = pytest.mark.usefixtures("one_thread")


def test_opening():
    assert opening("It rained on  Monday.", 2) == "It rained"
    for words in (0, 4):
        with pytest.raises(ValueError, match="1 to 2"):
            opening("It rained on Monday.".replace("on ", ""), words)


def test_continued_is_one_paragraph_by_the_source(monkeypatch):
    monkeypatch.setattr(discriminator, "generate", lambda model, tokenizer, prompts, **_: [" and\n\nso  on"] * 2)
    texts = [Text(f"t{i}", "keel", "rain", f"It rained {i} days long.") for i in range(2)]
    made = discriminator.continued(None, None, texts, "base", words=3)
    assert [text.text for text in made] == ["It rained 0 and so on", "It rained 1 and so on"]
    assert made[1] == Text("t1_base", "base", "rain", "It rained 1 and so on")


def test_matched_leaves_neither_length_nor_end():
    human, generated = matched(
        ["One two three. Four five.", 'He said "no"'], ["One two three four", "He said yes, yes,"]
    )
    assert human == ["One two three. Four.", "He said no.".replace("no", '"no')]
    assert generated == ["One two three four.", "He said yes."]
    counts = [surface(side)["words"].tolist() for side in (human, generated)]
    assert counts[0] == counts[1] == [4, 3]
    assert not surface([*human, *generated])["last sentence open"].any()


@pytest.mark.parametrize(
    ("human", "generated", "says"),
    [([], [], "at least 1"), (["a b"], [], "got 1, 0"), (["a b", " "], ["a", "b"], "pair 1 is empty")],
)
def test_matched_refuses(human, generated, says):
    with pytest.raises(ValueError, match=says):
        matched(human, generated)


def test_planted_marks_one_side_only():
    texts, labels = ["many words " * 20] * 4, [HUMAN, GENERATED, HUMAN, GENERATED]
    short = planted(texts, labels, "length", GENERATED)
    assert [len(text.split()) for text in short] == [40, 25, 40, 25]
    typos = planted(texts, labels, "typos", HUMAN)
    assert [text == texts[0] for text in typos] == [False, True, False, True]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((["a"], [0], "smell", 0), "no mark 'smell'"),
        ((["a"], [0, 1], "typos", 0), "one label per text"),
        ((["a"], [0], "typos", 2), "the side 2"),
    ],
)
def test_planted_refuses(arguments, says):
    with pytest.raises(ValueError, match=says):
        planted(*arguments)


def test_surface_counts():
    counts = surface(['She said: "Go, now!"', "and then he"])
    assert {name: values.tolist() for name, values in counts.items()} == {
        "words": [4, 3],
        "characters": [20, 11],
        "letters per word": [12 / 4, 9 / 3],
        "last sentence open": [0, 1],
        "quotation marks": [2, 0],
        "commas": [1, 0],
    }
    for bad in ([], "one text"):
        with pytest.raises(ValueError, match="list of texts"):
            surface(bad)


def test_probe_by_hand():
    values, labels = np.array([12.0, 14.0, 18.0, 20.0]), np.array([1, 1, 0, 0])
    assert probe(values, labels, np.array([10.0, 15.9, 16.1, 30.0])).tolist() == [1, 1, 0, 0]
    # nothing to be learnt: the more frequent label
    assert probe(np.array([5.0, 5.0, 5.0]), np.array([1, 1, 0]), np.array([1.0, 9.0])).tolist() == [1, 1]


def test_probe_is_the_best_of_all_cuts():
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, labels = rng.integers(0, 8, 15).astype(float), rng.integers(0, 2, 15)
        rules = [(values > cut) == up for cut in np.arange(-0.5, 8) for up in (True, False)]
        best = max(np.mean(rule == (labels == 1)) for rule in rules)
        assert np.mean(probe(values, labels, values) == labels) == pytest.approx(best)


def test_right_alone_weighs_sides_alike():
    taught = np.array([1.0, 2.0]), np.array([8.0, 9.0])
    assert right_alone(probe, taught, (np.array([1.0, 1.0, 1.0]), np.array([1.0]))) == 0.5
    assert right_alone(probe, taught, taught) == 1
    for bad in (np.array([]), np.array([np.nan])):
        with pytest.raises(ValueError, match="at least one number"):
            right_alone(probe, taught, (bad, bad))


# ------------------------------------------------------------------------------------------------ training


def encoder(layers=1):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=8, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=8
    )
    return transformers.BertModel(config)


def two_sides(count, shift, seed):
    """Vectors (count, 8) of people, and of a model that differs in the first component."""
    rng = torch.Generator().manual_seed(seed)
    human, generated = (torch.randn(count, 8, generator=rng) for _ in range(2))
    generated[:, 0] += shift
    return tuple(torch.nn.functional.normalize(side, dim=-1) for side in (human, generated))


def test_head_finds_a_difference_and_none_where_there_is_none():
    body = encoder()
    assert np.mean(training.head_accuracy(body, two_sides(60, 8, 0), two_sides(60, 8, 1), steps=100)) > 0.85
    assert np.mean(training.head_accuracy(body, two_sides(60, 0, 0), two_sides(60, 0, 1), steps=100)) == pytest.approx(
        0.5, abs=0.15
    )


def test_head_accuracy_tells_the_sides_apart():
    # all test texts look human
    human, generated = two_sides(40, 8, 0)
    right = training.head_accuracy(encoder(), (human, generated), (human, human))
    assert right[0] > 0.9
    assert right[1] == pytest.approx(1 - right[0])


def test_head_refuses_labels_of_one_kind():
    with pytest.raises(ValueError, match="both labels"):
        training.head_scores(encoder(), torch.randn(3, 8), [0, 0, 0], torch.randn(1, 8))
    for vectors, tested in (
        (torch.full((2, 8), torch.nan), torch.ones(1, 8)),
        (torch.ones(2, 8), torch.full((1, 8), torch.inf)),
    ):
        with pytest.raises(ValueError, match="NaN or infinity"):
            training.head_scores(encoder(), vectors, [0, 1], tested)


def test_caught_by_mark():
    plain, marked = two_sides(80, 0, 0), tuple(side.flip(0) + torch.eye(8)[1] * 3 for side in two_sides(80, 0, 0))
    marked = tuple(torch.nn.functional.normalize(side, dim=-1) for side in marked)
    found = training.caught_by_mark(encoder(), plain, marked, np.arange(80) % 4 == 0, steps=30)
    assert list(found) == list(training.ARRANGEMENTS)
    first, gone, turned = found.values()
    assert first > 0.85
    assert 0.3 < gone < 0.7
    assert turned < 0.25


def test_caught_by_topic():
    # texts of one half of the topics lie on one side of the first component, whoever wrote them
    first = np.arange(80) % 2 == 0
    plain = two_sides(80, 0, 3)
    for side in plain:
        side[:, 0] = torch.where(torch.from_numpy(first), 2.0, -2.0)
    plain = tuple(torch.nn.functional.normalize(side, dim=-1) for side in plain)
    found = training.caught_by_topic(encoder(), plain, first, np.arange(80) % 8 < 2, steps=30)
    straight, even, turned = found.values()
    assert straight > 0.9
    assert even == pytest.approx(0.5, abs=0.15)
    assert turned < 0.1


class Tokens:
    """A word is a token; the numbers are those of its first letter."""

    is_fast, pad_token_id, eos_token_id, all_special_ids = True, 0, 1, [0, 1]

    def __call__(self, texts, **options):
        rows = [[2 + ord(word[0].lower()) % 30 for word in text.split()] for text in texts]
        limit = options.get("max_length") or 10**6
        encoded = {"input_ids": [row[:limit] for row in rows]}
        return self.pad(encoded) if options.get("padding") else encoded

    def pad(self, encoded, **_):
        longest = max(map(len, encoded["input_ids"]))
        rows = [row + [0] * (longest - len(row)) for row in encoded["input_ids"]]
        ids = torch.tensor(rows)
        return transformers.BatchEncoding({"input_ids": ids, "attention_mask": (ids != 0).long()})


def test_fine_tune_learns_on_a_copy():
    body, tokens = encoder(), Tokens()
    before = {name: value.clone() for name, value in body.state_dict().items()}
    human, generated = ["apples are all around"] * 16, ["zebras zig zag"] * 16
    model = training.fine_tune(
        body, tokens, human + generated, [0] * 16 + [1] * 16, layers=1, epochs=15, learning_rate=0.02
    )
    suspicion = training.generated_probability(model, tokens, [human[0], generated[0]])
    assert suspicion[0] < 0.3
    assert suspicion[1] > 0.7
    assert all(torch.equal(value, before[name]) for name, value in body.state_dict().items())
    changed = [n for n, value in model.encoder.state_dict().items() if not torch.equal(value, before[n])]
    assert changed
    assert all(name.startswith("encoder.layer.0") for name in changed)


def test_imitate_keeps_the_best_held_out_weights():
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=40, n_positions=32, n_embd=8, n_layer=1, n_head=2)
    model = transformers.GPT2LMHeadModel(config)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    texts = ["apples bring cold days every fall " * 3] * 16
    made, history = training.imitate(
        model, Tokens(), texts, steps=12, learning_rate=0.05, length=12, batch_size=2, seed=1
    )
    losses = [one["held_out"] for one in history.evaluations]
    assert len(losses) == 6
    assert min(losses) < losses[0] - 0.1
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    asked = training.language.chunk(training.language.stream(Tokens(), texts[:1] * 2), 12)
    assert training.language.mean_loss(made, [{"input_ids": asked}]) == pytest.approx(min(losses), rel=1e-4)
    with pytest.raises(ValueError, match="16 needed"):
        training.imitate(model, Tokens(), texts[:15], steps=1)
