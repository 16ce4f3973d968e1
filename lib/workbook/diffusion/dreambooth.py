"""DreamBooth's loss and batches: a subject's photos, and beside them the model's own pictures of its class.

A batch has two halves. The first holds photos of the subject under a prompt with a rare token ("a photo of a sks cat"),
the second the model's own samples of the class ("a photo of a cat"). The first half teaches the token, the second keeps
the class as it was.

Source: Ruiz et al. 2023, DreamBooth (arXiv 2208.12242), section 3.3 and equation 2.
"""

from __future__ import annotations

import torch
from torch import Tensor


def check_halves(prediction: Tensor, target: Tensor, weights: Tensor | None = None) -> None:
    """Raise ValueError, in words, unless these can be the two halves of a batch: (2B, ...), (2B, ...) and (2B,)."""
    if prediction.shape != target.shape or prediction.ndim < 2:
        raise ValueError(
            f"Expected prediction and target of one shape (2B, ...), got {tuple(prediction.shape)} and "
            f"{tuple(target.shape)}. "
            "Both hold the subject's half and the class's half, in this order."
        )
    rows = len(prediction)
    if rows == 0 or rows % 2:
        raise ValueError(
            f"A batch of {rows} has no two equal halves. Put as many class samples behind the subject's photos as "
            "there are photos in the batch, or train without the prior term."
        )
    if weights is not None and weights.shape != (rows,):
        raise ValueError(
            f"Expected one weight for each of the {rows} rows, both halves, got weights of shape "
            f"{tuple(weights.shape)}: "
            "compute them from the time steps of the whole batch."
        )
    for name, values in (("prediction", prediction), ("target", target), ("weights", weights)):
        if values is not None and not torch.isfinite(values).all():
            bad = (
                (~torch.isfinite(values.flatten(1) if values.ndim > 1 else values[:, None])).any(1).nonzero()[0].item()
            )
            raise ValueError(
                f"The {name} of row {bad} holds NaN or infinity: lower the learning rate, or look at that picture."
            )


def errors_of(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean squared error of every row, in single precision: (N, ...) and (N, ...) → (N,)."""
    return (prediction.float() - target.float()).square().flatten(1).mean(1)


def prior_preservation_loss(
    prediction: Tensor, target: Tensor, prior_weight: float = 1.0, weights: Tensor | None = None
) -> Tensor:
    """The subject's denoising loss plus prior_weight times that of the class samples, a scalar.

    prediction, target: (2B, ...), what the model predicts and what it should; rows 0 to B - 1 are the subject's, rows B
    to 2B - 1 the class's. weights: (2B,), one factor per row, for example min-SNR weights of the rows' time steps; each
    half takes its own. Raises ValueError for an odd batch, unequal shapes, NaN. Source: arXiv 2208.12242, equation 2,
    with noise in the place of pictures.
    """
    check_halves(prediction, target, weights)
    errors = (prediction.float() - target.float()).square().flatten(1).mean(1)  # (2B,)
    if weights is not None:
        errors = errors * weights  # before the split: a row's weight belongs to its own time step
    subject, prior = errors.chunk(2)  # (B,), (B,)
    # E[w_t ‖x̂(α_t x + σ_t ε, c) - x‖²] + λ E[w_t' ‖x̂(α_t' x_pr + σ_t' ε', c_pr) - x_pr‖²]
    return subject.mean() + prior_weight * prior.mean()


def dreambooth_batch(
    photos: Tensor, samples: Tensor, prompt: Tensor, class_prompt: Tensor, step: int, size: int
) -> tuple[Tensor, Tensor]:
    """The batch of a step: latents (2·size, C, h, w) and prompt embeddings (2·size, L, D), the subject's half first.

    photos: (N, C, h, w), samples: (M, C, h, w), latents of the subject's photos and of the class samples. Step after
    step both are gone through in order, `size` at a time, each from its own beginning again when it ends. prompt,
    class_prompt: (1, L, D).
    """
    rows = step * size + torch.arange(size)
    latents = torch.cat([photos[rows % len(photos)], samples[rows % len(samples)]])
    embeddings = torch.cat([prompt.expand(size, -1, -1), class_prompt.expand(size, -1, -1)])
    return latents, embeddings
