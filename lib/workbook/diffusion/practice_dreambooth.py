"""Exercises of lesson 16: a batch of two halves, the loss with the prior term, min-SNR weights, PRES."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch.nn import functional

from workbook.diffusion.dreambooth import dreambooth_batch, prior_preservation_loss
from workbook.diffusion.fidelity import pres
from workbook.exercises import Case, Mistake, practice
from workbook.trainers.diffusion import min_snr_weights


def _numbers(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Small whole numbers, so that a person can check the result."""
    return torch.tensor(rng.integers(-3, 4, shape), dtype=torch.float32)


# ----------------------------------------------------------------------------------------------- a batch of two halves


def _batch_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, photos: int, samples: int, step: int, size: int) -> Case:
        tensors = (_numbers(rng, photos, 1, 1, 2), 10 + _numbers(rng, samples, 1, 1, 2))
        prompts = (_numbers(rng, 1, 2, 1), 10 + _numbers(rng, 1, 2, 1))
        return Case(name, (*tensors, *prompts, step, size))

    return [
        case("two photos, two samples, the first step", 2, 2, 0, 2),
        case("the second step goes on where the first ended", 4, 6, 1, 2),
        case("three photos come round again, samples do not yet", 3, 8, 1, 2),
        case("a batch larger than the number of photos", 3, 7, 0, 4),
        case("far on: both have come round, at different steps", 3, 5, 7, 4),
        case("one photo", 1, 4, 2, 3),
    ]


def _class_first(photos, samples, prompt, class_prompt, step, size):
    latents, embeddings = dreambooth_batch(photos, samples, prompt, class_prompt, step, size)
    return latents.roll(size, 0), embeddings.roll(size, 0)


def _one_prompt(photos, samples, prompt, class_prompt, step, size):
    latents, _ = dreambooth_batch(photos, samples, prompt, class_prompt, step, size)
    return latents, prompt.expand(2 * size, -1, -1)


def _prompts_swapped(photos, samples, prompt, class_prompt, step, size):
    return dreambooth_batch(photos, samples, class_prompt, prompt, step, size)


def _always_the_first(photos, samples, prompt, class_prompt, step, size):
    return dreambooth_batch(photos, samples, prompt, class_prompt, 0, size)


def _one_row_a_step(photos, samples, prompt, class_prompt, step, size):
    rows = step + torch.arange(size)
    latents = torch.cat([photos[rows % len(photos)], samples[rows % len(samples)]])
    return latents, dreambooth_batch(photos, samples, prompt, class_prompt, step, size)[1]


def _samples_by_photos(photos, samples, prompt, class_prompt, step, size):
    rows = (step * size + torch.arange(size)) % len(photos)
    latents = torch.cat([photos[rows], samples[rows % len(samples)]])
    return latents, dreambooth_batch(photos, samples, prompt, class_prompt, step, size)[1]


def _alternating(photos, samples, prompt, class_prompt, step, size):
    return tuple(
        torch.stack(part.chunk(2), 1).flatten(0, 1)
        for part in dreambooth_batch(photos, samples, prompt, class_prompt, step, size)
    )


practice(
    dreambooth_batch,
    difficulty=1,
    minutes=10,
    cases=_batch_cases,
    mistakes=[
        Mistake(_class_first, "the class's half comes first; the loss takes the first half for the subject's."),
        Mistake(
            _one_prompt,
            "the class samples stand under the subject's prompt: the class itself would learn the rare token.",
        ),
        Mistake(_prompts_swapped, "the two prompts are exchanged: the photos belong to the rare token."),
        Mistake(_always_the_first, "every step begins with row 0: what lies behind the first batch is never seen."),
        Mistake(
            _one_row_a_step, "a step moves on by one row; it moves on by `size`, the rows that the last step used."
        ),
        Mistake(
            _samples_by_photos, "you go round the samples at the number of *photos*: the other samples are never seen."
        ),
        Mistake(_alternating, "photos and samples alternate; the loss expects two halves, one behind the other."),
    ],
    hints=[
        "The rows of this step are step · size, step · size + 1, ... Both kinds use them, each modulo its own number.",
        "torch.cat([photos of these rows, samples of these rows]) are the latents.",
        "prompt.expand(size, -1, -1) repeats an embedding without copying; concatenate both in the same order.",
    ],
)

# ------------------------------------------------------------------------------------------- the loss of both halves


def _loss_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, rows: int, *rest: object, shape: tuple[int, ...] = (2,)) -> Case:
        return Case(name, (_numbers(rng, rows, *shape), _numbers(rng, rows, *shape), *rest))

    zero = Case("the class's half is predicted perfectly", (torch.tensor([[2.0], [5.0]]), torch.tensor([[0.0], [5.0]])))
    return [
        zero,
        Case(
            "only the class's half is wrong, λ = 0.5", (torch.tensor([[1.0], [4.0]]), torch.tensor([[1.0], [0.0]]), 0.5)
        ),
        case("two photos and two samples", 4),
        case("λ = 0.25", 6, 0.25),
        case("λ = 0: the class does not count", 4, 0.0),
        case("latents (2B, C, h, w)", 4, 2.0, shape=(2, 2, 3)),
        case("a weight for every row", 4, 1.0, torch.tensor([1.0, 0.5, 2.0, 0.25])),
        case("weights and λ = 3", 6, 3.0, torch.tensor([1.0, 0.0, 2.0, 0.5, 1.5, 0.25])),
    ]


def _row_errors(prediction, target):
    return (prediction - target).square().flatten(1).mean(1)


def _weighted_on_subject(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = (_row_errors(prediction, target) * (1 if weights is None else weights)).chunk(2)
    return prior_weight * subject.mean() + prior.mean()


def _weight_on_both(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = (_row_errors(prediction, target) * (1 if weights is None else weights)).chunk(2)
    return prior_weight * (subject.mean() + prior.mean())


def _mean_of_all(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = (_row_errors(prediction, target) * (1 if weights is None else weights)).chunk(2)
    return torch.cat([subject, prior_weight * prior]).mean()


def _sum_over_rows(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = (_row_errors(prediction, target) * (1 if weights is None else weights)).chunk(2)
    return subject.sum() + prior_weight * prior.sum()


def _first_weights_for_both(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = _row_errors(prediction, target).chunk(2)
    first = 1 if weights is None else weights.chunk(2)[0]
    return (subject * first).mean() + prior_weight * (prior * first).mean()


def _weights_on_subject_only(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = _row_errors(prediction, target).chunk(2)
    first = 1 if weights is None else weights.chunk(2)[0]
    return (subject * first).mean() + prior_weight * prior.mean()


def _weights_of_the_batch(prediction, target, prior_weight=1.0, weights=None):
    subject, prior = _row_errors(prediction, target).chunk(2)
    return (subject.mean() + prior_weight * prior.mean()) * (1 if weights is None else weights.mean())


def _alternate_rows(prediction, target, prior_weight=1.0, weights=None):
    errors = _row_errors(prediction, target) * (1 if weights is None else weights)
    return errors[::2].mean() + prior_weight * errors[1::2].mean()


practice(
    prior_preservation_loss,
    difficulty=2,
    minutes=12,
    cases=_loss_cases,
    mistakes=[
        Mistake(_weighted_on_subject, "λ stands before the subject's half; it belongs to the class's, the second one."),
        Mistake(_weight_on_both, "λ multiplies the whole loss; it belongs to the class's half alone."),
        Mistake(_mean_of_all, "you average over both halves together, which is half of the sum of the two means."),
        Mistake(
            _sum_over_rows, "you add up the rows of each half; take their mean, so that the batch size does not matter."
        ),
        Mistake(
            _first_weights_for_both,
            "both halves take the first half's weights; the class's rows have time steps, and so weights, of their "
            "own.",
        ),
        Mistake(_weights_on_subject_only, "the class's half is not weighted."),
        Mistake(
            _weights_of_the_batch, "you weight the means; every row's error is to be weighted before the mean is taken."
        ),
        Mistake(
            _alternate_rows, "you take every other row; the subject's rows are the first half, the class's the second."
        ),
    ],
    hints=[
        "First one squared error per row: the mean over everything but the first dimension, (2B,).",
        "Then the weights, if there are any, row by row; only then `chunk(2)`.",
        "The mean of the first half plus prior_weight times the mean of the second.",
    ],
)

# ------------------------------------------------------------------------------------------------- min-SNR weights


def _scheduler(*alphas: float) -> SimpleNamespace:
    """As much of a scheduler as the weights need: how much of a picture's power is left at each level."""
    return SimpleNamespace(alphas_cumprod=torch.tensor(alphas))


def _snr_cases(rng: np.random.Generator) -> list[Case]:
    few, many = _scheduler(0.5, 0.9, 0.2), _scheduler(*np.linspace(0.999, 0.002, 20).tolist())
    steps = torch.tensor(rng.permutation(20)[:6])
    return [
        Case("as much noise as signal, then SNR 9, then 0.25", (few, torch.tensor([0, 1, 2]))),
        Case("γ = 1", (few, torch.tensor([0, 1, 2]), 1.0)),
        Case("the model guesses the velocity", (few, torch.tensor([2, 1]), 5.0, "v_prediction")),
        Case("the model guesses the picture", (few, torch.tensor([2, 1]), 5.0, "sample")),
        Case("steps in any order, one of them twice", (many, torch.cat([steps, steps[:1]]))),
        Case("γ = 20, velocity", (many, steps, 20.0, "v_prediction")),
    ]


def _snr(scheduler, steps):
    alphas = scheduler.alphas_cumprod[steps]
    return alphas / (1 - alphas)


def _weights(snr, gamma, kind, clipped=None):
    clipped = snr.clamp(max=gamma) if clipped is None else clipped
    return clipped / {"epsilon": snr, "v_prediction": snr + 1, "sample": torch.ones_like(snr)}[kind]


def _not_divided(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    return _snr(scheduler, steps).clamp(max=gamma)


def _at_least_gamma(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    snr = _snr(scheduler, steps)
    return _weights(snr, gamma, prediction_type, snr.clamp(min=gamma))


def _upside_down(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    return _weights(1 / _snr(scheduler, steps), gamma, prediction_type)


def _alphas_for_snr(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    return _weights(scheduler.alphas_cumprod[steps], gamma, prediction_type)


def _always_noise(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    return _weights(_snr(scheduler, steps), gamma, "epsilon")


def _always_five(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    return _weights(_snr(scheduler, steps), 5.0, prediction_type)


def _amplitudes(scheduler, steps, gamma=5.0, prediction_type="epsilon"):
    return _weights(_snr(scheduler, steps).sqrt(), gamma, prediction_type)


practice(
    min_snr_weights,
    difficulty=2,
    minutes=10,
    cases=_snr_cases,
    mistakes=[
        Mistake(
            _not_divided, "min(SNR, γ) is the weight of the *picture's* error; the noise's error is SNR times as large."
        ),
        Mistake(
            _at_least_gamma, "you take the larger of SNR and γ; the weight is cut off *at* γ, so it is the smaller."
        ),
        Mistake(_upside_down, "this is noise by signal; SNR is ᾱ / (1 - ᾱ), large where there is little noise."),
        Mistake(_alphas_for_snr, "you use ᾱ itself; the signal-to-noise ratio is ᾱ / (1 - ᾱ)."),
        Mistake(_always_noise, "you divide by SNR whatever the model predicts; look at `prediction_type`."),
        Mistake(_always_five, "you cut off at 5 whatever gamma says."),
        Mistake(_amplitudes, "you take the ratio of amplitudes; SNR is a ratio of powers, without the root."),
    ],
    hints=[
        "scheduler.alphas_cumprod[steps] is ᾱ of each row: the share of the picture's power that is left.",
        "SNR = ᾱ / (1 - ᾱ). In terms of the clean picture the weight is min(SNR, γ).",
        'Divide it by SNR for "epsilon", by SNR + 1 for "v_prediction", by 1 for "sample".',
    ],
)

# ----------------------------------------------------------------------------------------------------------- PRES


def _pres_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("the same direction, another length", (torch.tensor([[2.0, 0.0]]), torch.tensor([[5.0, 0.0]]))),
        Case(
            "one like the subject, one at a right angle",
            (torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([[1.0, 0.0]])),
        ),
        Case("the opposite direction", (torch.tensor([[1.0, 1.0]]), torch.tensor([[-2.0, -2.0]]))),
        Case("three pictures, two of the subject", (_numbers(rng, 3, 4) + 0.5, _numbers(rng, 2, 4) + 0.5)),
        Case("as many of each", (_numbers(rng, 3, 4) + 0.5, _numbers(rng, 3, 4) + 0.5)),
    ]


def _dot_products(class_pictures, subject):
    return (class_pictures @ subject.T).mean()


def _own_partner(class_pictures, subject):
    count = min(len(class_pictures), len(subject))
    return functional.cosine_similarity(class_pictures[:count], subject[:count]).mean()


def _nearest(class_pictures, subject):
    a, b = functional.normalize(class_pictures), functional.normalize(subject)
    return (a @ b.T).max(1).values.mean()


def _of_the_means(class_pictures, subject):
    return functional.cosine_similarity(class_pictures.mean(0), subject.mean(0), dim=0)


def _distance(class_pictures, subject):
    return 1 - pres(class_pictures, subject)


def _among_class(class_pictures, subject):
    return pres(class_pictures, class_pictures)


def _one_side_scaled(class_pictures, subject):
    return (functional.normalize(class_pictures) @ subject.T).mean()


practice(
    pres,
    difficulty=1,
    minutes=8,
    cases=_pres_cases,
    mistakes=[
        Mistake(_dot_products, "these are dot products: bring every embedding to length 1 first."),
        Mistake(_one_side_scaled, "only one side has length 1; the subject's embeddings need it as well."),
        Mistake(
            _own_partner, "you compare the first with the first and so on; every class picture meets every real one."
        ),
        Mistake(_nearest, "you take the nearest real picture of each; PRES is the mean over all pairs."),
        Mistake(
            _of_the_means,
            "you average the embeddings first; the mean of cosines is something else than the cosine of means.",
        ),
        Mistake(_distance, "this is a distance; PRES is the similarity itself, and low is good."),
        Mistake(_among_class, "you compare class pictures with each other; the subject's pictures are the other side."),
    ],
    hints=[
        "The cosine of two vectors is their dot product when both have length 1.",
        "x / x.norm(dim=1, keepdim=True) brings every row to length 1.",
        "a @ b.T holds all pairs; take its mean.",
    ],
)
