"""Proximal policy optimisation for language models: the losses and the loop. The library's second loop, and its last.

    history = ppo(policy, tokenizer, prompts, by_reward_model(reward), Settings(updates=60))

Every update: answer prompts (rollout.py), score the answers, turn scores into rewards and advantages per token
(advantage.py), and improve policy and values on them for a few epochs of minibatches. Then the answers are dropped.

The published details ("The N implementation details of RLHF with PPO", Huang et al. 2024) as a checklist:

| detail | here |
| --- | --- |
| reward and value heads read prompt and answer | done: rollout.by_reward_model, rollout.ValueModel |
| position ids adjusted to left padding | done: rollout.rollout, rollout._inputs |
| pad token outside the vocabulary | left out: masks say what is padding, so that pad may equal the end token |
| answers of a fixed length, sampled past the end token | left out: wasted work; sampling stops when all have ended |
| learning rate annealed to 0 | done: Settings.anneal |
| reward head N(0, 1/√(d + 1)); scores of mean 0, deviation 1 | done where it is trained: trainers/reward.py |
| value head begins at 0, its trunk as the reward model's | done: rollout.ValueModel |
| logits divided by the temperature, in sampling and in learning | done: rollout.rollout, answer_log_probs |
| no dropout | done: everything stays in evaluation mode |
| −1 for an answer without end token (as a score; TRL: subtracted) | done: Settings.missing_end_penalty, subtracted |
| γ = 1, λ = 0.95 | done: Settings |
| KL to the reference per token, inside the reward | done: advantage.token_rewards, k1 or k3 |
| score at the end token | done: advantage.token_rewards. TRL puts it one place later where there is room |
| rewards whitened without shifting the mean | done: Settings.whiten_rewards (off: scores are normalised) |
| advantages whitened, biased variance | done: Settings.unbiased chooses the variance; padding doesn't count |
| value loss clipped around the old values | done: ppo_losses.value_loss |
| adaptive KL coefficient (0.15, target 6, horizon 10,000, error ±0.2) | done: ppo_losses.next_coefficient |
| Adam's ε as TensorFlow places it | left out: PyTorch's differs only while the second moment is tiny |
| pretraining loss mixed in (PPO-ptx; InstructGPT) | done: Settings.ptx_weight |
| gradients clipped (TRL) | done: policy's and values' each by itself: they share no weight |
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbook import show
from workbook.trainers import checkpoints
from workbook.trainers.advantage import gae, kl_estimate, masked_mean, token_rewards, whiten
from workbook.trainers.history import TrainingError
from workbook.trainers.language import causal_lm_loss
from workbook.trainers.ppo_losses import next_coefficient, policy_loss, value_loss
from workbook.trainers.ppo_settings import PPOHistory, Settings
from workbook.trainers.rollout import Rollout, Score, ValueModel, answer_log_probs, encode_prompts, rollout


@dataclass(frozen=True)
class Experience:
    """A rollout with all that PPO computes of it before it learns; (B, T) but for `scores` (B,)."""

    rollout: Rollout
    reference: Tensor  # log-probabilities under the reference
    scores: Tensor  # the reward model's, less the penalty
    values: Tensor
    rewards: Tensor
    advantages: Tensor  # whitened
    returns: Tensor


def ppo(
    policy: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    score: Score,
    settings: Settings,
    *,
    reference: Any = None,
    value_model: nn.Module | None = None,
    pretraining: Sequence[dict[str, Tensor]] = (),
    evaluate: Callable[[Any], dict[str, Any]] | None = None,
    evaluate_at: Sequence[int] = (),
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 20,
    seed: int = 0,
    progress: str | None = "PPO",
) -> PPOHistory:
    """Train the policy in place, on one device, to answer so that it scores well and stays near the reference.

    policy:       a causal language model of transformers. Dropout is never used.
    prompts:      what is to be answered; every pass through them has an order of its own.
    score:        one number per answer: by_reward_model(...), by_texts(...), or any function of a Rollout.
    reference:    what the KL is measured from; a frozen copy of the policy as it is unless given.
    value_model:  by default a ValueModel on a copy of the policy's trunk. Better: ValueModel(the reward model's trunk).
    pretraining:  batches for the loss that ptx_weight mixes in, one per minibatch, again and again.
    evaluate:     evaluate(policy) → figures, before the first update and after those that `evaluate_at` names.
    checkpoint:   a file, written every `checkpoint_every` updates and at the end. The same call after a crash goes on
                  from there, with the very curves that an undisturbed run would have.

    Raises ValueError for a prompt that is empty or too long for the window; TrainingError where scores or losses are
    not finite: it names the batch, and the checkpoint stays what it was.
    """
    if settings.ptx_weight and not pretraining:
        raise ValueError("`ptx_weight` is above 0 and there are no `pretraining` batches to mix in.")
    encoded = encode_prompts(tokenizer, prompts, policy.config.max_position_embeddings, settings.max_new_tokens)
    device = next(policy.parameters()).device
    reference = (copy.deepcopy(policy) if reference is None else reference).to(device).requires_grad_(False).eval()
    value_model = (ValueModel(policy.base_model) if value_model is None else value_model).to(device).eval()
    policy.eval()
    learner = nn.ModuleDict({"policy": policy, "value": value_model})
    optimizer = torch.optim.Adam(
        [
            {"params": list(policy.parameters()), "lr": settings.learning_rate},
            {"params": list(value_model.parameters()), "lr": settings.value_rate},
        ],
        eps=1e-5, fused=device.type in ("cpu", "cuda"),
    )  # fmt: skip
    rates = [group["lr"] for group in optimizer.param_groups]
    history = PPOHistory()
    run = checkpoints.Run(learner, optimizer, history, checkpoints.Best(None, True), _accelerator())
    description = {**asdict(settings), "seed": seed, "prompts": len(prompts)}
    if checkpoint and run.load(Path(checkpoint), description):
        history.resumed_from = history.updates
    elif evaluate:
        history.evaluations.append({"update": 0, **evaluate(policy)})
    bar = show.progress_bar(settings.updates, progress, "update", start=history.updates) if progress else None
    began = time.perf_counter() - history.seconds
    try:
        while history.updates < settings.updates:
            update = history.updates
            generator = torch.Generator(device).manual_seed(1_000_003 * seed + update)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - update / settings.updates if settings.anneal else 1.0)
            rows = rows_of(update, settings.batch, len(encoded), seed)
            answers = rollout(
                policy, tokenizer, [encoded[row] for row in rows], max_new_tokens=settings.max_new_tokens,
                temperature=settings.temperature, generator=generator, rows=rows,
            )  # fmt: skip
            coefficient = history.rows[-1]["next_coefficient"] if history.rows else settings.kl
            batch = experience(answers, score, reference, value_model, coefficient, settings)
            where = f"update {update + 1}, prompts {_listed(rows)}"
            _require_finite(batch.scores, "scores", where, lambda row: _shown(row, answers, prompts, tokenizer))  # noqa: B023
            row = {"update": update + 1, **summary(batch), "coefficient": coefficient}
            row["next_coefficient"] = next_coefficient(coefficient, row["kl"], settings.batch, settings)
            row |= _learn(learner, optimizer, batch, pretraining, settings, generator, update, where)
            history.rows.append(row)
            history.seconds = time.perf_counter() - began
            if evaluate and history.updates in evaluate_at:
                history.evaluations.append({"update": history.updates, **evaluate(policy)})
            if bar is not None:
                bar.update()
                bar.set_postfix(score=f"{row['score']:.2f}", kl=f"{row['kl']:.1f}")
            if checkpoint and (history.updates % checkpoint_every == 0 or history.updates == settings.updates):
                run.save(Path(checkpoint), description)
    finally:
        if bar is not None:
            bar.close()
    return history


def rows_of(update: int, size: int, prompts: int, seed: int) -> list[int]:
    """The prompts of an update: consecutive parts of endless passes, each in a random order of its own."""
    places = range(update * size, (update + 1) * size)
    orders = {
        number: torch.randperm(prompts, generator=torch.Generator().manual_seed(7_919 * seed + number)).tolist()
        for number in {place // prompts for place in places}
    }
    return [orders[place // prompts][place % prompts] for place in places]


@torch.no_grad()
def experience(
    answers: Rollout, score: Score, reference: Any, value_model: nn.Module, coefficient: float, settings: Settings
) -> Experience:
    """Score a rollout, compare it with the reference, and compute rewards, advantages and returns."""
    scores = score(answers) - settings.missing_end_penalty * (~answers.ended).float()
    under_reference = answer_log_probs(reference, answers, settings.temperature)
    values, mask = value_model(answers), answers.mask
    rewards = token_rewards(scores, answers.log_probs, under_reference, mask, coefficient, settings.estimator)
    if settings.whiten_rewards:
        rewards = whiten(rewards, mask, shift_mean=False, unbiased=settings.unbiased)
    advantages, returns = gae(rewards, values, mask, settings.gamma, settings.lam)
    advantages = whiten(advantages, mask, unbiased=settings.unbiased)
    return Experience(answers, under_reference, scores, values, rewards, advantages, returns)


def summary(batch: Experience) -> dict[str, float]:
    """The figures of an update's answers, before it learns from them. kl is per answer, entropy per token, in nats."""
    answers = batch.rollout
    mask = answers.mask
    k1 = torch.where(mask, kl_estimate(answers.log_probs, batch.reference), 0.0)
    error = masked_mean((batch.returns - batch.values) ** 2, mask)
    return {
        "score": batch.scores.mean().item(),
        "reward": batch.rewards.sum(1).mean().item(),
        "kl": k1.sum(1).mean().item(),
        "entropy": masked_mean(answers.entropy, mask).item(),
        "value_error": error.item(),
        "length": mask.sum(1).float().mean().item(),
        "ended": answers.ended.float().mean().item(),
    }


def _learn(
    learner: nn.ModuleDict,
    optimizer: torch.optim.Optimizer,
    batch: Experience,
    pretraining: Sequence[dict[str, Tensor]],
    settings: Settings,
    generator: torch.Generator,
    update: int,
    where: str,
) -> dict[str, float]:
    """Some epochs of minibatches on one batch; returns the figures, averaged over the minibatches."""
    policy, value_model = learner["policy"], learner["value"]
    figures: list[dict[str, Tensor]] = []
    for epoch in range(settings.epochs):
        order = torch.randperm(settings.batch, generator=generator, device=generator.device)
        for number, rows in enumerate(order.chunk(settings.minibatches)):
            part = batch.rollout[rows]
            new = answer_log_probs(policy, part, settings.temperature)
            policy_part, clipped = policy_loss(new, part.log_probs, batch.advantages[rows], part.mask, settings.clip)
            value_part, value_clipped = value_loss(
                value_model(part), batch.values[rows], batch.returns[rows], part.mask, settings.value_clip
            )
            loss = policy_part + settings.value_weight * value_part
            if settings.ptx_weight:
                step = (update * settings.epochs + epoch) * settings.minibatches + number
                total, count = causal_lm_loss(policy, pretraining[step % len(pretraining)])
                loss = loss + settings.ptx_weight * total / count
            _require_finite(loss.detach()[None], "losses", where)
            optimizer.zero_grad()
            loss.backward()
            for model in (policy, value_model):
                norm = nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
                _require_finite(norm[None], "gradients", where)
            optimizer.step()
            drift = (new - part.log_probs).detach()
            figures.append({
                "policy_loss": policy_part, "value_loss": value_part, "clip_fraction": clipped,
                "value_clip_fraction": value_clipped, "approximate_kl": 0.5 * masked_mean(drift**2, part.mask),
                "ratio": masked_mean(drift.exp(), part.mask),
            })  # fmt: skip
    optimizer.zero_grad()
    return {name: float(torch.stack([row[name].detach() for row in figures]).mean()) for name in figures[0]}


def _accelerator() -> Any:
    """What a checkpoint asks for the device and the processes."""
    from accelerate import Accelerator

    from workbook.profiles import device

    return Accelerator(cpu=device() == "cpu")


def _require_finite(numbers: Tensor, name: str, where: str, describe: Callable[[int], str] = lambda row: "") -> None:
    odd = (~torch.isfinite(numbers)).nonzero().flatten().tolist()
    if odd:
        raise TrainingError(
            f"The {name} of {where} are not finite: {numbers[odd[0]].item()}{describe(odd[0])}. Training stopped "
            "before it could spoil the policy's weights; the last checkpoint, if there is one, was left as it was."
        )


def _listed(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:8])) + (f" ... ({len(rows)} in all)" if len(rows) > 8 else "")


def _shown(row: int, answers: Rollout, prompts: Sequence[str], tokenizer: Any) -> str:
    prompt = prompts[int(answers.rows[row])]
    return f" for prompt {int(answers.rows[row])}, {prompt!r}, answered {answers.texts(tokenizer)[row]!r}"
