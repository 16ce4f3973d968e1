"""Scores that compare meanings in place of words: each token's vector with the nearest one of the other text.

BERTScore (Zhang et al. 2020): for every token of the reference the most similar token of the candidate, and back.

    R = mean over reference tokens of max cos,   P = mean over candidate tokens of max cos,   F = 2 P R / (P + R)

The vectors come from an encoder that reads the whole sentence, so that a word's vector depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from workbook.text.pairs import check_corpus
from workbook.text.rouge import Score
from workbook.trainers.classic import mean_pool


def greedy_match(candidate: Tensor, reference: Tensor) -> Score:
    """BERTScore of two texts, given their tokens' vectors of length 1: (N, D), (M, D), at least one each.

    Each token is matched with the most similar one of the other side, whether or not another token has that one too.
    Returns Score(precision, recall, fmeasure), each at most 1; F is 0 where P + R is not above 0.
    Source: Zhang et al. 2020, section 3, without weights for rare words and without rescaling.
    """
    if not len(candidate) or not len(reference):
        raise ValueError(f"Each text needs at least one token, got {len(candidate)} and {len(reference)}.")
    similarity = candidate @ reference.T  # (N, M) cosines
    precision, recall = similarity.amax(1).mean().item(), similarity.amax(0).mean().item()
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both > 0 else 0.0)


@torch.no_grad()
def encode(model: Any, tokenizer: Any, texts: Sequence[str], batch_size: int = 64) -> dict[str, tuple[Tensor, Tensor]]:
    """For each different text (vectors, mean): the encoder's last layer as (tokens, D), and as one vector (D,).

    All have length 1. The special tokens at both ends count for the mean, as sentence encoders are trained, and are
    left out of the tokens: every text has them. Raises ValueError for an empty text.
    """
    different = sorted(set(texts), key=len)  # those of like length together, so that little is padded
    for text in different:
        if not text.strip():
            raise ValueError("An empty text has no tokens to compare: leave it out, or give it the score 0 yourself.")
    found = {}
    for start in range(0, len(different), batch_size):
        part = different[start : start + batch_size]
        inputs = tokenizer(part, padding=True, truncation=True, return_special_tokens_mask=True, return_tensors="pt")
        special = inputs.pop("special_tokens_mask").bool()  # true for padding, too
        hidden = model(**inputs.to(model.device)).last_hidden_state.float().cpu()  # (B, T, D)
        means = normalize(mean_pool(hidden, inputs["attention_mask"].cpu()), dim=-1)  # (B, D)
        for row, text in enumerate(part):
            found[text] = normalize(hidden[row][~special[row]], dim=-1), means[row]
    return found


def embedding_scores(
    model: Any, tokenizer: Any, hypotheses: Sequence[str], references: Sequence[str | Sequence[str]]
) -> tuple[list[Score], list[float]]:
    """Of each hypothesis its BERTScore, and the cosine of its mean vector with the reference's.

    references[i]: one text, or a list of them, for hypotheses[i]; each score takes the reference that is best for it,
    BERTScore the one with the highest F. Raises ValueError for no hypotheses, lists of different lengths, and an empty
    text.
    """
    hypotheses, references = check_corpus(hypotheses, references)
    known = encode(model, tokenizer, [*hypotheses, *(text for own in references for text in own)])
    scores, cosines = [], []
    for hypothesis, own in zip(hypotheses, references, strict=True):
        vectors, mean = known[hypothesis]
        scores.append(max((greedy_match(vectors, known[text][0]) for text in own), key=lambda score: score.fmeasure))
        cosines.append(max(float(mean @ known[text][1]) for text in own))
    return scores, cosines
