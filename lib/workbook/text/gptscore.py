"""GPTScore: how likely a judge, a causal language model, finds a text after a prompt that says what to look for.

    GPTScore = 1/m Σ log p(token t of the hypothesis | template filled in, tokens before t)

Fu et al. 2023 (arXiv 2302.04166), with equal weights. All m tokens count. The published code leaves out the first one
where the tokenizer adds no BOS, because nothing in the scored row stands before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.text.generation import pad_id

HYPOTHESIS, CONTEXT = "{hypothesis}", "{context}"


def mean_log_probability(logits: Tensor, tokens: Tensor, begin: int) -> Tensor:
    """The mean of log p(token | all before it) over tokens begin … T − 1.

    logits: (T, V), a causal model's for `tokens` (T,). begin: at least 1, the first token that is scored. Returns ().
    """
    log_probabilities = logits.log_softmax(-1)  # (T, V)
    # row t − 1 is what the model expected at t
    chosen = log_probabilities[begin - 1 : -1].gather(-1, tokens[begin:, None])  # (T − begin, 1)
    return chosen.mean()


def gptscore(judge: nn.Module, tokenizer: Any, context: str, hypothesis: str, template: str) -> float:
    """The mean log-probability of the hypothesis's tokens in the filled template, in nats; at most 0.

    template: text that ends in {hypothesis}, with {context} once or not at all before it. What conditions the first
    token of the hypothesis: the template's last token; where the template has none (a bare "{hypothesis}", or an empty
    context), the BOS token; and the end token for a tokenizer that has no BOS.

    Template and hypothesis are tokenized together, as the judge reads text, so a hypothesis that follows a word needs a
    space before it in the template, or in itself. A token that has letters of both belongs to the hypothesis.
    Raises ValueError for an empty hypothesis, another template, and for more tokens than the judge can read.
    """
    return float(gptscores(judge, tokenizer, [context], [hypothesis], template)[0])


@torch.no_grad()
def gptscores(
    judge: nn.Module,
    tokenizer: Any,
    contexts: Sequence[str],
    hypotheses: Sequence[str],
    template: str,
    *,
    batch_size: int = 16,
) -> np.ndarray:
    """`gptscore` of many pairs, (N,), in batches of similar length."""
    if isinstance(contexts, str) or isinstance(hypotheses, str) or len(contexts) != len(hypotheses) or not contexts:
        raise ValueError("Expected two lists of the same length, at least 1: one context for each hypothesis.")
    rows = [encode(tokenizer, *pair, template) for pair in zip(contexts, hypotheses, strict=True)]
    room = getattr(judge.config, "max_position_embeddings", None)
    for number, (ids, _) in enumerate(rows):
        if room and len(ids) > room:
            raise ValueError(f"Pair {number} has {len(ids)} tokens, the judge reads {room}: shorten the context.")
    device, training = next(judge.parameters()).device, judge.training
    judge.eval()
    scores = np.empty(len(rows))
    order = sorted(range(len(rows)), key=lambda i: -len(rows[i][0]))
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        ids = torch.full((len(part), len(rows[part[0]][0])), pad_id(tokenizer))
        mask = torch.zeros_like(ids)
        for place, row in enumerate(part):  # padded on the right, where no token that counts looks
            ids[place, : len(rows[row][0])] = torch.tensor(rows[row][0])
            mask[place, : len(rows[row][0])] = 1
        logits = judge(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False).logits
        for place, row in enumerate(part):
            tokens, begin = rows[row]
            score = mean_log_probability(
                logits[place, : len(tokens)].float(), ids[place, : len(tokens)].to(device), begin
            )
            scores[row] = score.item()
    judge.train(training)
    if np.isnan(scores).any():
        raise ValueError(
            f"The judge's score of pair {np.flatnonzero(np.isnan(scores))[0]} is NaN: look at its weights."
        )
    return scores


def encode(tokenizer: Any, context: str, hypothesis: str, template: str) -> tuple[list[int], int]:
    """The tokens of a filled template, and the place of the first that belongs to the hypothesis, at least 1."""
    if template.count(HYPOTHESIS) != 1 or not template.endswith(HYPOTHESIS) or template.count(CONTEXT) > 1:
        raise ValueError(
            f"A template ends in {HYPOTHESIS}, and has {CONTEXT} once or not at all before it; got {template!r}."
        )
    if not hypothesis:
        raise ValueError("The hypothesis is empty: there is no token to score.")
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError("GPTScore needs a fast tokenizer, which says where in the text each token stands.")
    # replace, and not format: a context may have braces of its own
    before = template.removesuffix(HYPOTHESIS).replace(CONTEXT, context)
    encoded = tokenizer(before + hypothesis, return_offsets_mapping=True)
    ids, ends = list(encoded["input_ids"]), [end for _, end in encoded["offset_mapping"]]
    begin = next((i for i, end in enumerate(ends) if end > len(before)), len(ids))
    special = tokenizer.all_special_ids
    while len(ids) > begin and ids[-1] in special and ends[-1] == 0:
        ids.pop(), ends.pop()  # an end token that the tokenizer adds is not the hypothesis's
    if begin == len(ids):
        raise ValueError(f"The tokenizer makes no token of the hypothesis {hypothesis!r}.")
    if begin > 0:
        return ids, begin
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if start is None:
        raise ValueError("Nothing stands before the hypothesis, and the tokenizer has neither a BOS nor an end token.")
    return [start, *ids], 1
