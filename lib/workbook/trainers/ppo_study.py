"""The study behind lesson 19: PPO over seeds, what goes wrong, and what else a reward model is good for.

    python -m workbook.trainers.ppo_study             all parts
    python -m workbook.trainers.ppo_study seeds       one part

Part "seeds": PPO as the lesson trains it, three times. Part "free": without a KL term, and twice as long. Part
"step": a learning rate ten times as large. Part "weak": a reward model that learnt from few rankings. Part "beside":
best of n, DPO on the same comparisons, and the larger model without any training, shown examples. Settings were chosen
on requests that are neither trained on nor tested: learning rates from 3e-4 to 1e-3, β from 0.05 to 0.2, 40 to 60
updates, one and two epochs; of DPO three pairs of β and rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch

from workbook import studies, zoo
from workbook.datasets.requests import Request, chat_prompt, load_requests
from workbook.humans.preference import hidden_preference, is_good
from workbook.metrics.bootstrap import bootstrap_interval
from workbook.trainers.advantage import kl_estimate
from workbook.trainers.best_of_n import best_of_n, best_of_n_kl, drawn
from workbook.trainers.dpo import dpo, encode_pairs
from workbook.trainers.ppo import ppo
from workbook.trainers.ppo_settings import PPOHistory, Settings
from workbook.trainers.rollout import ValueModel, answer_log_probs, by_reward_model
from workbook.zoo.tiny_chat import for_training, labelled, reward_model, trusted

NAME = "19_ppo"
SEEDS = [0, 1, 2]
VALIDATION = 70  # of the requests for PPO, to choose settings by
DRAWS = 2  # answers to each request that is measured on
CHOSEN = Settings(updates=40, batch=64, epochs=2, kl=0.15, learning_rate=6e-4)
NS = [4, 16]
FREE = 80  # updates without a KL term
STEP = 10  # times the learning rate: too large
FEW = 40  # rankings of the reward model that learnt too little
EXAMPLES, COOLER = 6, 0.3  # shown to the larger model, which answers better at a lower temperature
DPO_BETA, DPO_RATE, DPO_STEPS = 0.1, 5e-5, 80


@dataclass(frozen=True)
class Spoken:
    """Answers to requests, DRAWS to each in turn: their words, true worth, score, and KL to the reference."""

    texts: list[str]
    worth: np.ndarray  # (N, DRAWS), by the hidden preference
    good: np.ndarray  # (N, DRAWS)
    score: float = float("nan")
    kl: float = float("nan")

    def figures(self) -> dict[str, float]:
        """Their means; score and KL only where they were measured."""
        means = {"worth": float(self.worth.mean()), "good": float(self.good.mean())}
        measured = {"score": self.score, "kl": self.kl}
        return means | {name: value for name, value in measured.items() if not np.isnan(value)}


def requests(part: str) -> tuple[Request, ...]:
    """The requests to train on, to choose settings by ("validation"), or to test on."""
    both = load_requests("ppo")
    parts = {"train": both[:-VALIDATION], "validation": both[-VALIDATION:], "test": load_requests("test")}
    return tuple(parts[part])


def judged(asked: Sequence[Request], texts: Sequence[str], **figures: float) -> Spoken:
    """Answers, equally many to each request in turn, with what they are worth."""
    each = len(texts) // len(asked)
    pairs = [(asked[number // each], text) for number, text in enumerate(texts)]
    worth = np.array([hidden_preference(*pair) for pair in pairs]).reshape(-1, each)
    return Spoken(list(texts), worth, np.array([is_good(*pair) for pair in pairs]).reshape(-1, each), **figures)


@torch.no_grad()
def speak(
    policy: Any, tokenizer: Any, asked: Sequence[Request], reward: Any, reference: Any = None, *, seed: int = 1000,
    settings: Settings = CHOSEN, draws: int = DRAWS,
) -> Spoken:  # fmt: skip
    """A policy's sampled answers, judged; the KL, by k1 per answer, is 0 without a reference."""
    prompts = [chat_prompt(one.text) for one in asked for _ in range(draws)]
    how = dict(max_new_tokens=settings.max_new_tokens, temperature=settings.temperature)
    parts = drawn(policy, tokenizer, prompts, seed=seed, **how)
    scores = torch.cat([by_reward_model(reward)(part) for part in parts])
    kls = [torch.zeros(len(scores))]
    if reference is not None:
        kls = [
            torch.where(
                part.mask, kl_estimate(part.log_probs, answer_log_probs(reference, part, settings.temperature)), 0.0
            ).sum(1)
            for part in parts
        ]
    texts = [text for part in parts for text in part.texts(tokenizer)]
    return judged(asked, texts, score=scores.mean().item(), kl=torch.cat(kls).mean().item())


def outcomes(ours: Spoken, theirs: Spoken) -> np.ndarray:
    """For each request (N,) the share of pairs, one answer of each, that ours win; a tie is half a win."""
    a, b = ours.worth[:, :, None], theirs.worth[:, None, :]
    return ((a > b) + 0.5 * (a == b)).mean(axis=(1, 2))


def win_rate(ours: Spoken, theirs: Spoken) -> dict[str, Any]:
    """The win rate by the hidden preference, its interval over requests, and the share of ties."""
    won = outcomes(ours, theirs)
    ties = (ours.worth[:, :, None] == theirs.worth[:, None, :]).mean()
    low, high = bootstrap_interval(won, np.random.default_rng(0))
    return {"win_rate": float(won.mean()), "low": low, "high": high, "ties": float(ties)}


@cache
def material() -> tuple[Any, Any, Any]:
    """tiny-chat, its tokenizer and tiny-reward: never trained here, only copied."""
    chat, tokenizer = zoo.load("chat", "small")
    return chat, tokenizer, zoo.load("reward", "small").model


@cache
def supervised(part: str) -> Spoken:
    """tiny-chat's own answers: what all others are compared with."""
    chat, tokenizer, reward = material()
    return speak(chat, tokenizer, requests(part), reward, seed=2000)


def train(settings: Settings = CHOSEN, seed: int = 0, reward: Any = None, **options: Any) -> tuple[Any, PPOHistory]:
    """A copy of tiny-chat after PPO, and its history. reward: tiny-reward unless given."""
    chat, tokenizer, own = material()
    reward = own if reward is None else reward
    policy = zoo.load("chat", "small").model
    prompts = [chat_prompt(one.text) for one in requests("train")]
    history = ppo(
        policy, tokenizer, prompts, by_reward_model(reward), settings, reference=chat,
        value_model=ValueModel(reward.backbone), seed=seed, **options,
    )  # fmt: skip
    return policy, history


def watch(part: str = "validation") -> Callable[[Any], dict[str, Any]]:
    """For `ppo`: worth, score, KL and win rate of a policy, and what it answers to the first requests."""
    chat, tokenizer, reward = material()

    def evaluate(policy: Any) -> dict[str, Any]:
        said = speak(policy, tokenizer, requests(part), reward, chat)
        return {**said.figures(), **win_rate(said, supervised(part)), "texts": said.texts[: 8 * DRAWS : DRAWS]}

    return evaluate


def tested(policy: Any, **options: Any) -> dict[str, Any]:
    """The same on the test requests, without the texts."""
    figures = watch("test")(policy)
    figures.pop("texts")
    return figures


def _run(note: Callable[..., None], settings: Settings, at: Sequence[int], seed: int = 0, **options: Any) -> None:
    """One training with its curves, evaluations on the way and the test at its end."""
    began = time.process_time()
    evaluate = watch()
    policy, history = train(settings, seed, progress=None, evaluate=evaluate, evaluate_at=at, **options)
    seconds = time.process_time() - began
    for row in history.evaluations:
        note(kind="evaluation", seed=seed, **row)
    names = ("score", "kl", "entropy", "clip_fraction", "value_error", "length", "ended")
    note(kind="curves", seed=seed, **{name: history.curve(name) for name in names})
    note(kind="test", seed=seed, seconds=seconds, **tested(policy))


def seed_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """PPO as the lesson trains it, three times."""
    note(kind="supervised", **supervised("test").figures())
    for seed in SEEDS:
        _run(note, CHOSEN, [CHOSEN.updates // 2, CHOSEN.updates], seed)


def free_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """β = 0, for FREE updates: reward and true worth over the KL."""
    _run(note, replace(CHOSEN, kl=0.0, updates=FREE), [10, 20, 30, 40, 60, FREE])


def step_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Everything as chosen, but for a learning rate STEP times as large, and half as many updates."""
    _run(note, replace(CHOSEN, learning_rate=STEP * CHOSEN.learning_rate, updates=20), [20])


def weak_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The same training with a reward model that learnt from FEW rankings."""
    chat, tokenizer, _ = material()
    few = labelled(chat, tokenizer, for_training()[0][:FEW], trusted(), seed=400)
    weak, _ = reward_model(chat, tokenizer, few, epochs=8, progress=None)
    _run(note, CHOSEN, [CHOSEN.updates], reward=weak)


def beside_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Best of n, DPO, and the larger untuned model, on the test requests. seconds: of training, or of the answers."""
    chat, tokenizer, reward = material()
    asked, theirs = requests("test"), supervised("test")
    how = dict(max_new_tokens=CHOSEN.max_new_tokens, temperature=CHOSEN.temperature, seed=3000)
    for n in NS:
        began = time.process_time()
        prompts = [chat_prompt(one.text) for one in asked]
        texts, scores = best_of_n(chat, tokenizer, prompts, by_reward_model(reward), n, **how)
        said = judged(asked, texts, score=scores.mean().item(), kl=best_of_n_kl(n))
        seconds = time.process_time() - began
        note(kind="best of n", n=n, seconds=seconds, **said.figures(), **win_rate(said, theirs))
    began = time.process_time()
    policy = by_dpo()
    note(kind="DPO", seconds=time.process_time() - began, **tested(policy))
    said = larger_untuned(asked)
    note(kind="larger, untuned", **said.figures(), **win_rate(said, theirs))


def by_dpo(seed: int = 0) -> Any:
    """tiny-chat after DPO on the best and the worst answer of rankings by the same people, one round of them."""
    chat, tokenizer, _ = material()
    policy = zoo.load("chat", "small").model
    rankings = labelled(chat, tokenizer, for_training()[0], trusted(), seed=seed)
    kept = [one for one in rankings if len(set(one.ranks)) > 1]
    sides = [
        [one.answers[choose(range(len(one.ranks)), key=one.ranks.__getitem__)] for one in kept] for choose in (min, max)
    ]
    usable = [i for i, (a, b) in enumerate(zip(*sides, strict=True)) if a.strip() and b.strip()]
    prompts = [chat_prompt(kept[i].request.text) for i in usable]
    chosen, rejected = ([f" {side[i].strip()}" for i in usable] for side in sides)
    pairs = encode_pairs(tokenizer, prompts, chosen, rejected)
    dpo(
        policy, pairs, tokenizer.pad_token_id, steps=DPO_STEPS, beta=DPO_BETA, learning_rate=DPO_RATE, batch_size=16,
        seed=seed, progress=None,
    )  # fmt: skip
    return policy.eval()


def few_shot_prompt(request: Request) -> str:
    """A request for a model that knows no markers: good demonstrations as the dialogues of its own world."""
    shown: dict[str, Request] = {}
    for one in load_requests("demonstrations"):
        if one.style == "good":
            shown.setdefault(one.kind, one)
    lines = [f"Ada: {one.text}\nBen: {one.answer}" for one in list(shown.values())[:EXAMPLES]]
    return "\n".join([*lines, f"Ada: {request.text}\nBen:"])


def larger_untuned(asked: Sequence[Request], draws: int = DRAWS) -> Spoken:
    """tiny-gpt's answers after EXAMPLES examples: all that it writes up to the end of the line."""
    model, tokenizer = zoo.load("causal-lm", "small")
    prompts = [few_shot_prompt(one) for one in asked for _ in range(draws)]
    how = dict(max_new_tokens=CHOSEN.max_new_tokens, temperature=COOLER, seed=4000)
    texts = [text for part in drawn(model, tokenizer, prompts, **how) for text in part.texts(tokenizer)]
    return judged(asked, [text.split("\n")[0].strip() for text in texts])


PARTS = {"seeds": seed_rows, "free": free_rows, "beside": beside_rows, "weak": weak_rows, "step": step_rows}

if __name__ == "__main__":
    studies.run_parts(NAME, "python -m workbook.trainers.ppo_study", SEEDS, PARTS)
