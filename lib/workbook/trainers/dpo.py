"""Direct preference optimisation: a language model learns from pairs of answers, without a reward model.

    history = dpo(model, encode_pairs(tokenizer, prompts, chosen, rejected), pad_id(tokenizer), steps=200)

The best policy under a reward r and a KL penalty β is π(y|x) ∝ reference(y|x) · exp(r(x, y) / β). Solved for r,

    r(x, y) = β · (log π(y|x) − log reference(y|x)) + something that depends on x alone,

which put into the loss of a reward model, −log σ(r(chosen) − r(rejected)), leaves a loss of the policy itself. Rafailov
et al. 2023 (arXiv 2305.18290), equation 7. log π(y|x) is the *sum* over the answer's tokens, its end token included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbook.profiles import device
from workbook.trainers.classic import set_dropout
from workbook.trainers.history import History
from workbook.trainers.instruction import collate, response_only_labels
from workbook.trainers.loop import fit

Pair = dict[str, dict[str, list[int]]]  # {"chosen": {"input_ids", "labels"}, "rejected": the same}
SIDES = ("chosen", "rejected")


def dpo_loss(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    beta: float = 0.1,
) -> Tensor:
    """The mean over pairs of −log σ(β · ((log π − log ref)(chosen) − (log π − log ref)(rejected))).

    All four: (B,), the summed log-probabilities of the answers in nats. beta: how dear it is to leave the reference;
    the smaller, the further the policy goes. Returns (). It is log 2 while policy and reference are the same.
    """
    chosen = policy_chosen - reference_chosen  # (B,), the reward over β
    rejected = policy_rejected - reference_rejected
    return -torch.nn.functional.logsigmoid(beta * (chosen - rejected)).mean()


def answer_log_probabilities(logits: Tensor, labels: Tensor) -> Tensor:
    """log p(answer | prompt) of every row: the sum over the tokens that have a label, (B,), in nats.

    logits: (B, T, V), a causal model's. labels: (B, T), the answer's tokens, −100 for prompt and padding. A token is
    foretold by the place before it, so a label in the first column does not count. A row without labels has the sum 0.
    """
    logits, labels = logits[:, :-1], labels[:, 1:]
    asked = labels != -100  # (B, T − 1)
    # only the places that count: the vocabulary's many columns are dear
    log_probabilities = logits[asked].float().log_softmax(-1)  # (tokens, V)
    chosen = log_probabilities.gather(-1, labels[asked][:, None])[:, 0]  # (tokens,)
    return chosen.new_zeros(labels.shape).masked_scatter(asked, chosen).sum(1)


def sequence_log_probabilities(model: nn.Module, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> Tensor:
    """`answer_log_probabilities` by a pass of the model, (B,). All three: (B, T), padded on the right."""
    logits = model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits  # (B, T, V)
    return answer_log_probabilities(logits, labels)


class DPOObjective:
    """The objective for `loop.fit`: objective(model, batch) → the mean loss over the batch's pairs.

    batch: input_ids, attention_mask and labels, (B, 2, T) with the chosen answer first; reference, (B, 2), what the
    reference gives both. Raises ValueError unless beta is above 0.
    """

    def __init__(self, beta: float = 0.1) -> None:
        if not beta > 0:
            raise ValueError(f"beta must be above 0, not {beta!r}: with 0 the loss is the same for all policies.")
        self.beta = beta

    def __call__(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        policy = pair_log_probabilities(model, batch)  # (B, 2)
        reference = batch["reference"]
        return dpo_loss(policy[:, 0], policy[:, 1], reference[:, 0], reference[:, 1], self.beta)


def pair_log_probabilities(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """`sequence_log_probabilities` of both answers of every pair by one pass, (B, 2); the batch as DPOObjective's."""
    columns = (batch[name].flatten(0, 1) for name in ("input_ids", "attention_mask", "labels"))
    return sequence_log_probabilities(model, *columns).view(-1, 2)


def encode_pairs(
    tokenizer: Any, prompts: Sequence[str], chosen: Sequence[str], rejected: Sequence[str], *, max_length: int = 512
) -> list[Pair]:
    """Pairs of answers as token numbers and labels; an end token is added to each answer.

    An answer is joined to its prompt as it is: begin it with a space where the prompt asks for one. Raises ValueError,
    naming the pair, for lists of different lengths, an empty prompt or answer, two equal answers (there is nothing to
    prefer), and for what goes beyond max_length tokens.
    """
    if not len(prompts) == len(chosen) == len(rejected):
        raise ValueError(
            f"Expected as many chosen and rejected answers as prompts, got {len(prompts)} prompts, {len(chosen)} "
            f"chosen and {len(rejected)} rejected ones."
        )
    pairs = []
    for number, (prompt, *answers) in enumerate(zip(prompts, chosen, rejected, strict=True)):
        if answers[0].strip() == answers[1].strip():
            raise ValueError(f"Pair {number}: both answers are {answers[0]!r}. Leave ties out: they prefer nothing.")
        pair = {}
        for side, answer in zip(SIDES, answers, strict=True):
            for what, text in (("prompt", prompt), (f"{side} answer", answer)):
                if not text.strip():
                    raise ValueError(f"Pair {number}: the {what} is empty. Leave the pair out.")
            asked, told = tokenizer(prompt)["input_ids"], tokenizer(answer)["input_ids"]
            ids = [*asked, *told, tokenizer.eos_token_id]
            if len(ids) > max_length:
                raise ValueError(
                    f"Pair {number}: prompt and {side} answer have {len(ids)} tokens, and the window is {max_length}. "
                    "Shorten the prompt or leave the pair out; an answer that is cut would be another one."
                )
            pair[side] = {"input_ids": ids, "labels": response_only_labels(ids, len(asked))}
        pairs.append(pair)
    return pairs


def collate_pairs(pairs: Sequence[Pair], pad: int) -> dict[str, Tensor]:
    """Pairs as one batch, padded on the right: input_ids, attention_mask and labels, (B, 2, T)."""
    batch = collate([pair[side] for pair in pairs for side in SIDES], pad)
    return {name: column.unflatten(0, (-1, 2)) for name, column in batch.items()}


class PairBatches:
    """Pairs as shuffled batches, each with what the reference gives its answers."""

    def __init__(self, pairs: Sequence[Pair], reference: Tensor, batch_size: int, pad: int) -> None:
        if not pairs or reference.shape != (len(pairs), 2):
            raise ValueError(f"Expected pairs, and a reference ({len(pairs)}, 2), got {tuple(reference.shape)}.")
        self.pairs, self.reference, self.batch_size, self.pad = list(pairs), reference, batch_size, pad

    def __len__(self) -> int:
        return -(-len(self.pairs) // self.batch_size)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for rows in torch.randperm(len(self.pairs)).split(self.batch_size):
            batch = collate_pairs([self.pairs[row] for row in rows.tolist()], self.pad)
            yield {**batch, "reference": self.reference[rows]}


@torch.no_grad()
def reference_log_probabilities(model: nn.Module, pairs: Sequence[Pair], pad: int, batch_size: int = 32) -> Tensor:
    """What the model, as it is now and without dropout, gives both answers of every pair, (N, 2), on the CPU.

    Computed once before the training, it takes the place of a second model in memory. Raises ValueError where it is
    not finite, naming the pair.
    """
    where, training = next(model.parameters()).device, model.training
    model.eval()
    parts = []
    for begin in range(0, len(pairs), batch_size):
        batch = collate_pairs(pairs[begin : begin + batch_size], pad)
        parts.append(pair_log_probabilities(model, {name: column.to(where) for name, column in batch.items()}).cpu())
    model.train(training)
    found = torch.cat(parts)  # (N, 2)
    broken = (~found.isfinite()).any(1).nonzero()
    if len(broken):
        raise ValueError(f"The reference gives pair {int(broken[0])} {found[int(broken[0])].tolist()}: not finite.")
    return found


def dpo(
    model: nn.Module,
    pairs: Sequence[Pair],
    pad: int,
    *,
    steps: int,
    beta: float = 0.1,
    batch_size: int = 16,
    learning_rate: float = 1e-4,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: str | None = "preferences",
    **options: Any,
) -> History:
    """Train the model in place; the reference is the model as it comes in.

    pairs: of `encode_pairs`. pad: the token to pad with. options: further ones of `fit`. After a crash give the same
    model as at first: the checkpoint holds the weights that the run had reached, and the reference is made anew. Runs
    without dropout, whose noise would stand beside a reference that has none.
    """
    if not pairs:
        raise ValueError("There are no pairs to learn from.")
    set_dropout(model, 0.0)
    model.to(device())
    reference = reference_log_probabilities(model, pairs, pad)
    batches = PairBatches(pairs, reference, batch_size, pad)
    return fit(
        model, batches, DPOObjective(beta), steps=steps, learning_rate=learning_rate, seed=seed,
        checkpoint=checkpoint, progress=progress, **options,
    )  # fmt: skip


@torch.no_grad()
def reward_margins(model: nn.Module, pairs: Sequence[Pair], reference: Tensor, pad: int, beta: float = 0.1) -> Tensor:
    """The margin of the implicit reward of every pair, (N,): β · ((log π − log ref)(chosen) − (…)(rejected)).

    Above 0 the model prefers the chosen answer more than the reference does; the share of these is the pair accuracy.
    """
    gained = reference_log_probabilities(model, pairs, pad) - reference  # (N, 2)
    return beta * (gained[:, 0] - gained[:, 1])
