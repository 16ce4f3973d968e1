"""GPTScore: all tokens of the hypothesis count, the first too, and nothing of the template does."""

import math

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from workbook import zoo
from workbook.text.gptscore import encode, gptscore, gptscores, mean_log_probability

MERGES = [("l", "o"), ("lo", "w"), ("Ġ", "n"), ("e", "w")]
LETTERS = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in MERGES)]
VOCABULARY = {token: i for i, token in enumerate(["<end>", "<start>", *LETTERS])}


def tokenizer_of(adds="", bos="<start>", eos="<end>"):
    """Bytes and four merges; `adds` are the special tokens that it adds by itself."""
    tokens = Tokenizer(models.BPE(VOCABULARY, MERGES))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    if adds:
        special = [("<start>", 1), ("<end>", 0)]
        tokens.post_processor = processors.TemplateProcessing(single=adds, special_tokens=special)
    names = {name: token for name, token in (("bos_token", bos), ("eos_token", eos)) if token}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokens, **names)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(VOCABULARY), n_positions=64, n_embd=16, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # a freshly made model finds all tokens about alike
    return model


def slow_score(judge, before, scored):
    """One forward pass per token."""
    total, ids = 0.0, list(before)
    for token in scored:
        with torch.no_grad():
            logits = judge(torch.tensor([ids])).logits[0, -1].double()
        total += float(logits.log_softmax(-1)[token])
        ids.append(token)
    return total / len(scored)


def plain(text):
    return tokenizer_of()(text)["input_ids"]


def test_mean_log_probability_by_hand():
    # three tokens of a vocabulary of two; row t − 1 speaks about token t
    p = torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]])
    tokens = torch.tensor([0, 1, 0])
    assert mean_log_probability(p.log(), tokens, 1) == pytest.approx((math.log(0.75) + math.log(0.5)) / 2)
    assert mean_log_probability(p.log() + 7, tokens, 2) == pytest.approx(math.log(0.5))


def test_score_is_that_of_one_pass_per_token(judge):
    ours = gptscore(judge, tokenizer_of(), "a low", "new town", "{context}. So: {hypothesis}")
    # the space goes into the first token of the hypothesis
    assert ours == pytest.approx(slow_score(judge, plain("a low. So:"), plain(" new town")), rel=1e-5)
    assert plain(" new")[0] == VOCABULARY["Ġn"]


def test_first_token_is_conditioned_on_bos_where_nothing_else_stands_before_it(judge):
    low = plain("low key")
    bare = "{hypothesis}"
    expected = slow_score(judge, [1], low)
    assert gptscore(judge, tokenizer_of(), "", "low key", bare) == pytest.approx(expected, rel=1e-5)
    assert gptscore(judge, tokenizer_of(), "", "low key", "{context}{hypothesis}") == pytest.approx(expected, rel=1e-5)
    # a tokenizer that adds BOS itself gives the same, and no second one
    assert encode(tokenizer_of("<start> $A"), "", "low key", bare) == ([1, *low], 1)
    # without a BOS token it is the end token
    assert gptscore(judge, tokenizer_of(bos=""), "", "low key", bare) == pytest.approx(
        slow_score(judge, [0], low), rel=1e-5
    )
    with pytest.raises(ValueError, match="neither a BOS nor an end token"):
        gptscore(judge, tokenizer_of(bos="", eos=""), "", "low key", bare)


def test_tokens_that_the_tokenizer_adds_are_not_scored():
    before, hypothesis = plain("so:"), plain("low")
    for adds, start in (("$A", []), ("<start> $A <end>", [1]), ("<start> $A", [1]), ("$A <end>", [])):
        ids, begin = encode(tokenizer_of(adds), "so", "low", "{context}:{hypothesis}")
        assert ids == [*start, *before, *hypothesis] and begin == len(start) + len(before)


def test_a_token_of_both_belongs_to_the_hypothesis():
    ids, begin = encode(tokenizer_of(), "slo", "w", "{context}{hypothesis}")
    assert ids == [VOCABULARY["s"], VOCABULARY["low"]] and begin == 1


def test_letters_of_several_tokens_and_braces_in_a_context():
    ids, begin = encode(tokenizer_of(), "{x} {hypothesis}", "é猫", "{context}:{hypothesis}")
    assert ids[begin:] == plain("é猫") and len(ids) - begin == 5
    assert tokenizer_of().decode(ids[:begin]) == "{x} {hypothesis}:"


def test_batches_give_the_same(judge):
    contexts = ["a", "", "low " * 10, "new", "é"]
    hypotheses = ["x", "low", "new town", "a longer text than the others", "?"]
    template = "{context}? {hypothesis}"
    scores = gptscores(judge, tokenizer_of(), contexts, hypotheses, template, batch_size=2)
    one_by_one = [gptscore(judge, tokenizer_of(), *pair, template) for pair in zip(contexts, hypotheses, strict=True)]
    np.testing.assert_allclose(scores, one_by_one, rtol=1e-5)
    assert (scores < 0).all()
    judge.train()
    np.testing.assert_array_equal(
        gptscores(judge, tokenizer_of(), contexts, hypotheses, template, batch_size=2), scores
    )
    assert judge.training
    judge.eval()


@pytest.mark.parametrize(
    ("contexts", "hypotheses", "template", "says"),
    [
        (["a"], [], "{hypothesis}", "same length"),
        ([], [], "{hypothesis}", "at least 1"),
        ("a", ["b"], "{hypothesis}", "two lists"),
        (["a"], [""], "{hypothesis}", "hypothesis is empty"),
        (["a"], ["b"], "{context}", "ends in"),
        (["a"], ["b"], "{hypothesis} {context}", "ends in"),
        (["a"], ["b"], "{hypothesis}{hypothesis}", "ends in"),
        (["a"], ["b"], "{context}{context}{hypothesis}", "ends in"),
        (["a", "a" * 64], ["b", "b"], "{context}{hypothesis}", "Pair 1 has 65 tokens, the judge reads 64"),
    ],
)
def test_bad_input_is_refused(judge, contexts, hypotheses, template, says):
    with pytest.raises(ValueError, match=says):
        gptscores(judge, tokenizer_of(), contexts, hypotheses, template)


def test_judges_and_tokenizers_are_refused(judge):
    class Slow:
        is_fast = False

    with pytest.raises(ValueError, match="fast tokenizer"):
        gptscore(judge, Slow(), "a", "b", "{hypothesis}")
    broken = transformers.GPT2LMHeadModel(judge.config)
    with torch.no_grad():
        broken.transformer.wte.weight.fill_(math.nan)
    with pytest.raises(ValueError, match="pair 0 is NaN"):
        gptscore(broken, tokenizer_of(), "a", "b", "{context}{hypothesis}")


def test_tiny_gpt_prefers_text_to_its_words_in_another_order():
    model, tokenizer = zoo.load("causal-lm")
    good, bad = "they went home and had hot cocoa.", "cocoa hot and home they had went."
    scores = gptscores(
        model, tokenizer, ["In the night it had snowed."] * 2, [good, bad], "{context} Then {hypothesis}"
    )
    assert scores[0] > scores[1] + 1
