"""Reward models: a number for every answer, learnt from what people prefer.

    model = RewardModel(language_model.base_model)
    fit(model, batches, pairwise_objective, steps=100)

Stiennon et al. 2020 and InstructGPT (Ouyang et al. 2022), section 3.5. A batch holds whole rankings: the K answers of
a prompt are scored in one pass, and all their pairs count as one element (see `ranking_loss`).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.datasets.requests import Request, chat_prompt
from workbook.humans.annotators import Ranked
from workbook.metrics.agreement import kendall
from workbook.text.generation import left_padded, pad_id
from workbook.trainers.instruction import Encoded, response_only_labels

GOOD = 5  # the lowest rating that counts as good

# ---------------------------------------------------------------------------------------- texts


def encode_chat(tokenizer: Any, request_text: str, answer: str, window: int = 512) -> Encoded:
    """A request and its answer as token numbers, the end token last; labels are −100 in front of the answer.

    An empty answer is the end token alone: a model may well say nothing, and that is to be scored, too. Raises
    ValueError for an empty request, or one that leaves no room in the window for one token and the end.
    """
    asked = tokenizer(chat_prompt(request_text))["input_ids"]
    said = tokenizer(f" {answer.strip()}")["input_ids"] if answer.strip() else []
    if len(asked) + 2 > window:
        raise ValueError(
            f"The prompt has {len(asked)} tokens, and the window is {window}: no room is left for an answer and its "
            f"end. Shorten the request {request_text[:60]!r}..."
        )
    ids = [*asked, *said[: window - len(asked) - 1], tokenizer.eos_token_id]
    return {"input_ids": ids, "labels": response_only_labels(ids, len(asked))}


def encode_demonstrations(tokenizer: Any, demonstrations: Sequence[Any], window: int = 512) -> list[Encoded]:
    """Demonstrations (with the fields text and answer) as examples for supervised fine-tuning.

    Raises ValueError for an empty answer, by the demonstration's id: there is nothing to imitate.
    """
    for one in demonstrations:
        if not one.answer.strip():
            raise ValueError(f"The demonstration {one.id!r} has an empty answer: write one, or leave it out.")
    return [encode_chat(tokenizer, one.text, one.answer, window) for one in demonstrations]


# ---------------------------------------------------------------------------------------- from rankings to a loss


def pairs_of(ranking: Sequence[int]) -> list[tuple[int, int]]:
    """The pairs (better, worse) of a ranking, as places in it; tied answers make none.

    ranking: the rank of each answer, 1 the best. All C(K, 2) pairs if there is no tie, in the order of combinations.
    """
    pairs = []
    for one, other in combinations(range(len(ranking)), 2):
        if ranking[one] < ranking[other]:
            pairs.append((one, other))
        elif ranking[one] > ranking[other]:
            pairs.append((other, one))
    return pairs


def pairwise_reward_loss(chosen: Tensor, rejected: Tensor, margin: float | Tensor = 0.0) -> Tensor:
    """−log σ(r_chosen − r_rejected − margin), on average over the pairs.

    chosen, rejected: (P,) scores. margin: by how much the chosen one is to lead, a number or one for each pair (P,).
    Raises ValueError for no pair, different lengths, or a score that is NaN or infinite. InstructGPT, equation 1;
    the margin is that of Llama 2 (Touvron et al. 2023, section 3.2.2).
    """
    if chosen.shape != rejected.shape or not chosen.numel():
        raise ValueError(
            f"Expected as many chosen as rejected scores, at least one, got {tuple(chosen.shape)} and "
            f"{tuple(rejected.shape)}. Rankings in which all answers are tied have no pair: leave them out."
        )
    _require_finite(chosen, "chosen")
    _require_finite(rejected, "rejected")
    # log σ(x) from logsigmoid, not as log of sigmoid: for x far below 0 that would be log 0
    return -nn.functional.logsigmoid(chosen - rejected - margin).mean()


def ranking_loss(scores: Tensor, ranking: Tensor | Sequence[Sequence[int]]) -> Tensor:
    """The pairwise loss over all pairs of each prompt's K answers; the mean over pairs first, then over prompts.

    scores: (B, K). ranking: (B, K), 1 the best, ties allowed. A prompt counts once, however many of its pairs are not
    tied; one whose answers are all tied says nothing and is left out. Raises ValueError for shapes that differ, NaN, or
    where no prompt has a pair. InstructGPT, section 3.5: the pairs of a prompt are one element of the batch, for they
    are far from independent: taken apart over an epoch each answer would be seen K − 1 times.
    """
    if scores.dim() != 2 or len(ranking) != len(scores) or len(ranking[0]) != scores.shape[1]:
        raise ValueError(f"Expected scores and a ranking of the shape (prompts, answers), got {tuple(scores.shape)}.")
    losses = []
    for row, ranks in zip(scores, ranking, strict=True):
        pairs = pairs_of([int(rank) for rank in ranks])
        if pairs:
            better, worse = zip(*pairs, strict=True)
            losses.append(pairwise_reward_loss(row[list(better)], row[list(worse)]))
    if not losses:
        raise ValueError("In every ranking all answers are tied: there is no pair to learn from. Leave them out.")
    return torch.stack(losses).mean()


def strengths(wins: Tensor, prior: float = 0.1, steps: int = 200) -> Tensor:
    """Scores from comparisons, by Zermelo's iteration: P(i beats j) = σ(s_i − s_j), with the mean 0; (N,).

    wins: (N, N), how often i (row) beat j (column). prior: wins and losses against an imagined rival of strength 1.
    With p = exp(s), each step sets p_i = wins of i / Σ_j games of i and j / (p_i + p_j). Bradley and Terry 1952;
    `metrics.agreement.bradley_terry` finds the same scores by a faster way.
    """
    strength = torch.ones(len(wins), dtype=torch.float64)
    games, won = (wins + wins.T).double(), wins.double().sum(1) + prior
    for _ in range(steps):
        against = (games / (strength[:, None] + strength[None, :])).sum(1)  # (N,)
        strength = won / (against + 2 * prior / (strength + 1))
    scores = strength.log()
    return scores - scores.mean()


# ---------------------------------------------------------------------------------------- the model


def last_token_index(attention_mask: Tensor) -> Tensor:
    """The place of the last real token of each row, (B,), wherever the padding is.

    attention_mask: (B, T), 1 or true for tokens and 0 for padding. Raises ValueError for a row of padding alone: an
    empty answer, which needs its end token at least to carry a score.
    """
    if not bool((attention_mask.sum(1) > 0).all()):
        raise ValueError(
            f"Row {int(attention_mask.sum(1).argmin())} has no token: an answer needs at least its end token, to carry "
            "a score. Leave such rows out."
        )
    places = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    return (attention_mask * places).argmax(1)


class RewardModel(nn.Module):
    """A language model's body with a head of one number, read at the last real token.

    backbone: a body of transformers (`model.base_model` of a language model). The head begins as
    N(0, 1 / √(d + 1)) with bias 0 (Stiennon et al. 2020, appendix B.4), so that first scores are about as large as 1.
    """

    def __init__(self, backbone: nn.Module, seed: int = 0) -> None:
        super().__init__()
        self.backbone, self.config = backbone, backbone.config
        width = self.config.hidden_size
        self.head = nn.Linear(width, 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            nn.init.normal_(self.head.weight, std=(width + 1) ** -0.5)
        nn.init.zeros_(self.head.bias)
        self._takes_positions = "position_ids" in inspect.signature(backbone.forward).parameters

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The score of every row, (B,). input_ids, attention_mask: (B, T), padded on either side."""
        more = {}
        if self._takes_positions:  # else padding on the left would move the texts to other places
            more["position_ids"] = (attention_mask.cumsum(1) - 1).clamp(min=0)
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask, **more).last_hidden_state
        rows = torch.arange(len(states), device=states.device)
        return self.head(states[rows, last_token_index(attention_mask)]).squeeze(-1)  # (B, T, d) → (B, d) → (B,)

    score = forward

    @torch.no_grad()
    def normalise(self, reference_scores: Tensor) -> None:
        """Move and stretch the head so that these scores would have the mean 0 and the deviation 1.

        A loss of differences leaves the mean open, and PPO wants rewards of a known size. Raises ValueError for fewer
        than two scores, scores that are all alike, or not finite.
        """
        _require_finite(reference_scores, "reference")
        if reference_scores.numel() < 2 or not reference_scores.std() > 0:
            raise ValueError("Normalising needs at least two reference scores that differ.")
        mean, deviation = reference_scores.mean(), reference_scores.std()
        self.head.bias.copy_((self.head.bias - mean) / deviation)
        self.head.weight.div_(deviation)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write config.json of the body and model.safetensors of body and head; the normalisation is in the head."""
        from safetensors.torch import save_file

        Path(folder).mkdir(parents=True, exist_ok=True)
        self.config.save_pretrained(folder)
        state = {name: value.contiguous() for name, value in self.state_dict().items()}
        save_file(state, Path(folder) / "model.safetensors")

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: Any) -> RewardModel:
        """The model that `save_pretrained` wrote. Raises RuntimeError where weights and architecture differ."""
        from safetensors.torch import load_file
        from transformers import AutoConfig, AutoModel

        model = cls(AutoModel.from_config(AutoConfig.from_pretrained(folder, local_files_only=True)))
        model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
        return model.float().eval()


# ---------------------------------------------------------------------------------------- training and using it


class RankingBatches:
    """Rankings as shuffled batches: input_ids and attention_mask (B, K, T), ranks and ratings (B, K).

    Rankings in which all answers are tied are left out. Raises ValueError where none is left, or K differs.
    """

    def __init__(self, tokenizer: Any, rankings: Sequence[Ranked], batch_size: int = 16) -> None:
        kept = [one for one in rankings if len(set(one.ranks)) > 1]
        if not kept:
            raise ValueError("There is no ranking with a pair to learn from: all answers are tied, or there are none.")
        if len({len(one.answers) for one in kept}) > 1:
            raise ValueError("All rankings of a training need the same number of answers.")
        self.batch_size, self.pad = batch_size, pad_id(tokenizer)
        self.ids = [[encode_chat(tokenizer, one.request.text, a)["input_ids"] for a in one.answers] for one in kept]
        self.ranks = torch.tensor([one.ranks for one in kept])
        self.ratings = torch.tensor([one.ratings for one in kept], dtype=torch.float)

    def __len__(self) -> int:
        return -(-len(self.ids) // self.batch_size)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for rows in torch.randperm(len(self.ids)).split(self.batch_size):
            flat = [ids for row in rows.tolist() for ids in self.ids[row]]
            inputs = right_padded(flat, self.pad)
            batch = {name: value.view(len(rows), -1, value.shape[1]) for name, value in inputs.items()}
            yield {**batch, "ranks": self.ranks[rows], "ratings": self.ratings[rows]}


def right_padded(encoded: Sequence[Sequence[int]], pad: int) -> dict[str, Tensor]:
    """Token lists as input_ids and attention_mask (B, T), filled up on the right."""
    return {name: value.flip(1) for name, value in left_padded([ids[::-1] for ids in encoded], pad).items()}


def batch_scores(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """The scores of a batch of rankings, (B, K): all K answers of all prompts in one pass."""
    ids = batch["input_ids"]
    return model(ids.flatten(0, 1), batch["attention_mask"].flatten(0, 1)).view(ids.shape[:2]).float()


def pairwise_objective(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """For `fit`: which of two answers is better?"""
    return ranking_loss(batch_scores(model, batch), batch["ranks"])


def regression_objective(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """For `fit`: how was it rated? The squared error, of ratings moved to about mean 0 and deviation 1."""
    return (batch_scores(model, batch) - (batch["ratings"] - 4) / 2).square().mean()


def classification_objective(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """For `fit`: is it good? A rating of GOOD or more counts as good; the score is the log-odds."""
    good = (batch["ratings"] >= GOOD).float()
    return nn.functional.binary_cross_entropy_with_logits(batch_scores(model, batch), good)


OBJECTIVES = {
    "pairwise": pairwise_objective,
    "regression": regression_objective,
    "good or bad": classification_objective,
}


@torch.no_grad()
def score_answers(
    model: nn.Module, tokenizer: Any, requests: Sequence[Request], answers: Sequence[Sequence[str]], batch: int = 256
) -> Tensor:
    """The scores of K answers to each of N requests, (N, K). Raises ValueError for a score that is NaN or infinite."""
    ids = [
        encode_chat(tokenizer, request.text, text)["input_ids"]
        for request, texts in zip(requests, answers, strict=True)
        for text in texts
    ]
    device, pad = next(model.parameters()).device, pad_id(tokenizer)
    model.eval()
    parts = [model(**{name: v.to(device) for name, v in right_padded(ids[i : i + batch], pad).items()})
             for i in range(0, len(ids), batch)]  # fmt: skip
    scores = torch.cat(parts).float().cpu().view(len(requests), -1)
    _require_finite(scores, "computed")
    return scores


def pair_accuracy(scores: Tensor, rankings: Sequence[Sequence[int]]) -> float:
    """The share of all pairs that are not tied in which the better answer has the higher score. (N, K) each."""
    right = [row[a] > row[b] for row, ranks in zip(scores.tolist(), rankings, strict=True) for a, b in pairs_of(ranks)]
    if not right:
        raise ValueError("All answers are tied: there is no pair to measure the accuracy on.")
    return sum(right) / len(right)


def mean_tau(scores: np.ndarray, ranks: Sequence[Sequence[int]]) -> float:
    """The mean over prompts of Kendall's τ-b between scores and ranks, (N, K) each, where neither is all alike."""
    pairs = zip(np.asarray(scores), ranks, strict=True)
    return float(np.mean([kendall(row, -np.array(order)) for row, order in pairs if np.ptp(row) and np.ptp(order)]))


def _require_finite(scores: Tensor, name: str) -> None:
    bad = (~torch.isfinite(scores)).nonzero()
    if len(bad):
        raise ValueError(
            f"The {name} score at {tuple(bad[0].tolist())} is {scores[tuple(bad[0])].item()}: scores must be finite. "
            "Usual reasons: a learning rate too high, or weights that were damaged."
        )
