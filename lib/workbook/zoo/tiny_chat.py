"""The recipes of tiny-chat and tiny-reward: steps 1 and 2 of learning from human feedback, on tiny-gpt-small.

    python -m workbook.zoo build tiny-chat
    python -m workbook.zoo build tiny-reward

tiny-chat answers requests as the demonstrations in data/requests do, which are a mixed bag: it is polite and right at
times, and at other times curt, rude, wrong, long-winded, evasive, or says the same thing twice. tiny-reward has its
body, and a head that tells the answers of tiny-chat apart as simulated people do.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from workbook import zoo
from workbook.datasets.requests import MARKERS, PAD, PERSON, Request, chat_prompt, load_requests
from workbook.humans.annotators import Annotator, Ranked, annotate, crowd, ranks_of
from workbook.humans.preference import hidden_preference, is_good
from workbook.text.generation import generate
from workbook.trainers.instruction import PaddedBatches
from workbook.trainers.language import causal_lm_loss
from workbook.trainers.loop import fit
from workbook.trainers.reward import (
    RankingBatches,
    RewardModel,
    encode_demonstrations,
    pair_accuracy,
    pairwise_objective,
    score_answers,
)
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.building import store

SEED, BATCH, STEPS, RATE = 0, 64, 900, 2e-3
EPOCHS, REWARD_RATE, ROUNDS, VALIDATION = 2, 5e-4, 3, 100  # of tiny-reward
NEW_TOKENS, TEMPERATURE = 32, 0.8  # of sampled answers


def with_markers(model: Any, tokenizer: Any) -> None:
    """Add the chat markers and a pad token to a model and its tokenizer, in place.

    A new token's embedding is the mean of all others: no likelier than another at first.
    """
    tokenizer.add_special_tokens({"pad_token": PAD, "additional_special_tokens": list(MARKERS[:2])})
    old = model.config.vocab_size
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    weights = model.get_input_embeddings().weight.data
    weights[old:] = weights[:old].mean(0)
    # not in model.config: transformers would then warn of padding where equally long prompts need no mask
    model.generation_config.pad_token_id = tokenizer.pad_token_id


def sample_answers(
    model: Any, tokenizer: Any, requests: Sequence[Request], count: int = 4, *, temperature: float = TEMPERATURE,
    seed: int = SEED, max_new_tokens: int = NEW_TOKENS, label: str | None = "answering",
) -> list[list[str]]:  # fmt: skip
    """`count` sampled answers to each request."""
    prompts = [chat_prompt(request.text) for request in requests for _ in range(count)]
    texts = generate(
        model, tokenizer, prompts, max_new_tokens=max_new_tokens, batch_size=256, temperature=temperature, seed=seed,
        label=label,
    )  # fmt: skip
    return [[text.strip() for text in texts[i : i + count]] for i in range(0, len(texts), count)]


def fine_tuned(
    model: Any, tokenizer: Any, *, steps: int = STEPS, rate: float = RATE, batch: int = BATCH,
    progress: str | None = "supervised fine-tuning",
) -> float:  # fmt: skip
    """Add the markers and fine-tune a language model on the demonstrations, in place; returns the seconds it took.

    A model whose tokenizer has the markers has been through this already, and is left as it is.
    """
    if PERSON in tokenizer.get_vocab():
        return 0.0
    torch.manual_seed(SEED)
    with_markers(model, tokenizer)
    examples = encode_demonstrations(tokenizer, load_requests("demonstrations"))
    return fit(
        model, PaddedBatches(examples, batch, tokenizer.pad_token_id), causal_lm_loss, steps=steps, learning_rate=rate,
        schedule=warmup_linear(max(1, steps // 10), steps), precision=os.environ.get("WORKBOOK_PRECISION", "no"),
        seed=SEED, progress=progress,
    ).seconds  # fmt: skip


def good_share(model: Any, tokenizer: Any, requests: Sequence[Request], seed: int = SEED) -> float:
    """The share of sampled answers that are good by the hidden preference."""
    answers = sample_answers(model, tokenizer, requests, seed=seed)
    return float(np.mean([is_good(one, text) for one, texts in zip(requests, answers, strict=True) for text in texts]))


def trusted() -> list[Annotator]:
    """The crowd without Eve, whose choices go against everybody else's: three careful people and a careless one."""
    return [one for one in crowd(SEED) if one.name != "Eve"]


def labelled(
    model: Any, tokenizer: Any, requests: Sequence[Request], people: Sequence[Annotator], rounds: int = 1,
    seed: int = SEED,
) -> list[Ranked]:  # fmt: skip
    """In every round four sampled answers to each request, ranked and rated by one of the people."""
    found = []
    for number in range(seed, seed + rounds):
        found += annotate(requests, sample_answers(model, tokenizer, requests, seed=number), people, number)
    return found


def for_training() -> tuple[tuple[Request, ...], tuple[Request, ...]]:
    """The requests of the comparisons to learn from, and the last VALIDATION of them to choose settings by."""
    requests = load_requests("comparisons")
    return requests[:-VALIDATION], requests[-VALIDATION:]


def reward_model(
    body: Any, tokenizer: Any, rankings: Sequence[Ranked], *, objective: Any = pairwise_objective,
    epochs: int = EPOCHS, rate: float = REWARD_RATE, seed: int = SEED, progress: str | None = "reward model",
) -> tuple[RewardModel, float]:  # fmt: skip
    """A reward model on a copy of a language model's body, normalised on what it learnt from, and its seconds."""
    model = RewardModel(copy.deepcopy(body.base_model), seed=seed)
    batches = RankingBatches(tokenizer, rankings, 16)
    steps = epochs * len(batches)
    history = fit(
        model, batches, objective, steps=steps, learning_rate=rate, schedule=warmup_linear(max(1, steps // 10), steps),
        precision=os.environ.get("WORKBOOK_PRECISION", "no"), seed=seed, progress=progress,
    )  # fmt: skip
    model.normalise(
        score_answers(model, tokenizer, *zip(*((one.request, one.answers) for one in rankings), strict=True))
    )
    return model, history.seconds


def build(name: str = "tiny-chat") -> None:
    """Train and store one of the two."""
    {"tiny-chat": _build_chat, "tiny-reward": _build_reward}[name]()


def _build_chat() -> None:
    model, tokenizer = zoo.load("second-causal-lm", "small")
    seconds = fine_tuned(model, tokenizer)
    test = load_requests("test")
    facts = {
        "seed": SEED, "demonstrations": len(load_requests("demonstrations")), "steps": STEPS, "batch": BATCH,
        "learning_rate": RATE, "precision": os.environ.get("WORKBOOK_PRECISION", "no"),
        "temperature_of_samples": TEMPERATURE,
    }  # fmt: skip
    for why in ("phrasing", "thing"):
        part = [one for one in test if one.held_out == why]
        facts[f"good_answers_where_the_{why}_is_held_out"] = round(good_share(model, tokenizer, part), 3)
    facts["good_answers_to_requests_for_ppo"] = round(good_share(model, tokenizer, load_requests("ppo")), 3)
    facts |= {"seconds_of_training": round(seconds), "licence": "that of the workbook"}
    print(store("tiny-chat", model, tokenizer, facts, __doc__.strip()), facts)


def _build_reward() -> None:
    chat, tokenizer = zoo.load("chat", "small")
    train, validation = for_training()
    rankings = labelled(chat, tokenizer, train, trusted(), ROUNDS)
    model, seconds = reward_model(chat, tokenizer, rankings)
    facts = {
        "seed": SEED, "rankings": len(rankings), "answers_each": 4, "epochs": EPOCHS, "learning_rate": REWARD_RATE,
        "precision": os.environ.get("WORKBOOK_PRECISION", "no"),
        "annotators": "three careful ones and a careless one",
    }  # fmt: skip
    for name, part in (("validation", validation), ("test", load_requests("test"))):
        answers = sample_answers(chat, tokenizer, part, seed=100)
        scores = score_answers(model, tokenizer, part, answers)
        careful = [one.ranks for one in annotate(part, answers, crowd(100)[:1])]
        facts[f"pair_accuracy_{name}_hidden_preference"] = round(pair_accuracy(scores, true_ranks(part, answers)), 3)
        facts[f"pair_accuracy_{name}_one_careful_person"] = round(pair_accuracy(scores, careful), 3)
    facts |= {"normalised_on": "the answers that it learnt from", "seconds_of_training": round(seconds)}
    facts["licence"] = "that of the workbook"
    print(store("tiny-reward", model, tokenizer, facts, __doc__.strip()), facts)


def true_ranks(requests: Sequence[Request], answers: Sequence[Sequence[str]]) -> list[list[int]]:
    """The ranks by the hidden preference, for measuring only."""
    worth = [[hidden_preference(one, text) for text in texts] for one, texts in zip(requests, answers, strict=True)]
    return [ranks_of(np.array(row), texts, tie=0.0) for row, texts in zip(worth, answers, strict=True)]
