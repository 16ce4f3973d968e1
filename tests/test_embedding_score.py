"""BERTScore's formula, its encoder's vectors, and the cosine of whole sentences."""

import pytest
import torch

from workbook import zoo
from workbook.text.embedding_score import embedding_scores, encode, greedy_match


@pytest.fixture(scope="module")
def encoder():
    return zoo.load("sentence-encoder", "small")


def unit(*rows):
    return torch.nn.functional.normalize(torch.tensor(rows, dtype=torch.float), dim=-1)


def test_greedy_match_by_hand():
    """Two candidate tokens, one of them exactly the reference's first; the reference's second is at 45° to both."""
    score = greedy_match(unit([1, 0], [0, 1]), unit([1, 0], [1, 1], [1, 1]))
    half = 2**-0.5
    assert score.precision == pytest.approx((1 + half) / 2)
    assert score.recall == pytest.approx((1 + 2 * half) / 3)
    assert score.fmeasure == pytest.approx(2 * score.precision * score.recall / (score.precision + score.recall))


def test_no_similarity_and_no_tokens():
    assert greedy_match(unit([1, 0]), unit([0, 1])).fmeasure == 0
    assert greedy_match(unit([1, 0]), unit([-1, 0])).fmeasure == 0
    with pytest.raises(ValueError, match="at least one token, got 0 and 1"):
        greedy_match(torch.zeros(0, 2), unit([1, 0]))


def test_the_vectors_are_the_encoders_without_the_special_tokens(encoder):
    model, tokenizer = encoder
    texts = ["A dog.", "A much longer sentence about a sleeping dog in the garden.", "A dog."]
    known = encode(model, tokenizer, texts)
    assert len(known) == 2
    inputs = tokenizer(texts[0], return_tensors="pt")
    with torch.no_grad():
        hidden = model(**inputs).last_hidden_state[0]
    vectors, mean = known[texts[0]]
    assert vectors.shape[0] == inputs["input_ids"].shape[1] - 2
    assert torch.allclose(vectors, torch.nn.functional.normalize(hidden[1:-1], dim=-1), atol=1e-5)
    assert torch.allclose(mean, torch.nn.functional.normalize(hidden.mean(0), dim=0), atol=1e-5)


def test_scores_take_the_best_reference(encoder):
    hypothesis = "The dog sleeps."
    scores, cosines = embedding_scores(
        *encoder,
        [hypothesis] * 3,
        ["My tax return is late.", ["My tax return is late.", hypothesis], "The cat sleeps."],
    )
    assert scores[1].fmeasure == pytest.approx(1, abs=1e-5) and cosines[1] == pytest.approx(1, abs=1e-5)
    assert scores[0].fmeasure < scores[2].fmeasure < 1 and cosines[0] < cosines[2] < 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([""], ["a"]), "empty text"),
        ((["a"], [" "]), "empty text"),
        ((["a"], []), "Expected as many"),
        (([], []), "nothing"),
    ],
)
def test_what_it_refuses(encoder, arguments, said):
    with pytest.raises(ValueError, match=said):
        embedding_scores(*encoder, *arguments)
