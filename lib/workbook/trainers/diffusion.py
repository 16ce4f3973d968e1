"""Training a latent diffusion model: pictures and prompts encoded once, noise drawn anew for the UNet to guess.

    latents, states = encode_pictures(pipeline, pictures), encode_prompts(pipeline, captions)
    batches = latent_batches(latents, states, encode_prompts(pipeline, [""]))
    fit(pipeline.unet, batches, noise_loss(pipeline.scheduler), steps=1000)

The autoencoder and the text encoder stay as they are, so that a step is one pass through the UNet and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.diffusion.clip import as_tensor

Batch = dict[str, Tensor]


@torch.no_grad()
def encode_pictures(pipeline: Any, pictures: Any, batch: int = 50) -> Tensor:
    """The latents of pictures, scaled as the UNet sees them: (N, H, W, 3) uint8 or PIL pictures → (N, C, h, w).

    They are the means of the encoder's distribution. Raises ValueError for another shape or another type of numbers, or
    for sides that the autoencoder can't halve often enough.
    """
    pixels, vae = as_tensor(pictures), pipeline.vae
    down = 2 ** (len(vae.config.block_out_channels) - 1)
    if pixels.shape[1] % down or pixels.shape[2] % down:
        raise ValueError(f"Pictures of {pixels.shape[1]} x {pixels.shape[2]} pixels: both must be multiples of {down}.")
    parts = []
    for part in pixels.split(batch):
        values = part.permute(0, 3, 1, 2).to(vae.device, vae.dtype) / 127.5 - 1
        parts.append(vae.encode(values).latent_dist.mean.float().cpu() * vae.config.scaling_factor)
    return torch.cat(parts)


@torch.no_grad()
def encode_prompts(pipeline: Any, prompts: Sequence[str], batch: int = 200) -> Tensor:
    """What the UNet reads of prompts: the text encoder's last states (N, L, D). "" is the prompt that says nothing.

    What is longer than the encoder can read is cut off. Raises ValueError for a single string, or for none at all.
    """
    if isinstance(prompts, str) or not prompts:
        raise ValueError(f"Expected a list of at least one prompt, got {prompts!r}.")
    encoder = pipeline.text_encoder
    parts = []
    for start in range(0, len(prompts), batch):
        ids = token_ids(pipeline, prompts[start : start + batch])
        parts.append(encoder(ids.to(encoder.device))[0].float().cpu())
    return torch.cat(parts)


def token_ids(pipeline: Any, prompts: Sequence[str]) -> Tensor:
    """Prompts as token ids (N, L), cut or filled up to the text encoder's length."""
    return pipeline.tokenizer(list(prompts), padding="max_length", truncation=True, return_tensors="pt").input_ids


def latent_batches(
    latents: Tensor,
    states: Tensor | Sequence[Tensor],
    empty: Tensor,
    *,
    size: int = 32,
    drop: float = 0.1,
    seed: int = 0,
) -> Callable[[int], Iterator[Batch]]:
    """For `fit`: a function of the epoch's number that gives batches of latents and prompts in random order.

    latents: (N, C, h, w). states: the prompts' (N, L, D), or several such, of which the epochs take turns. empty: (1,
    L, D), which takes the place of a share `drop` of all prompts, so that the model also learns to go without: that is
    what guidance needs (Ho & Salimans 2022, algorithm 1). What is left over at an epoch's end is left out. Raises
    ValueError where the numbers don't match, or there are fewer pictures than a batch holds.
    """
    told = [states] if isinstance(states, Tensor) else list(states)
    if wrong := [len(one) for one in told if len(one) != len(latents)]:
        raise ValueError(f"There are {len(latents)} pictures and {wrong[0]} prompts: expected one for each.")
    if len(latents) < size:
        raise ValueError(f"A batch holds {size} pictures, and there are {len(latents)}. Take a smaller `size`.")

    def batches(epoch: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
        for rows in torch.randperm(len(latents), generator=generator).split(size):
            if len(rows) == size:
                dropped = torch.rand(size, generator=generator) < drop
                prompts = torch.where(dropped[:, None, None], empty.to(told[0]), told[epoch % len(told)][rows])
                yield {"latents": latents[rows].float(), "states": prompts.float()}

    return batches


def min_snr_weights(scheduler: Any, steps: Tensor, gamma: float = 5.0, prediction_type: str = "epsilon") -> Tensor:
    """The weight of each example's loss by its level of noise: (B,) time steps → (B,).

    SNR = ᾱ / (1 - ᾱ). In terms of the clean picture the weight is min(SNR, γ): levels with hardly any noise, which
    teach next to nothing, do not outweigh the others. The loss of a guessed noise is SNR times that of the picture, the
    loss of a guessed velocity SNR + 1 times, and the weight is divided by that. Hang et al. 2023 (arXiv 2303.09556),
    section 3.4. Raises ValueError for a γ that is not above 0, or an unknown kind of prediction.
    """
    if not gamma > 0:
        raise ValueError(f"gamma must be above 0, not {gamma!r}; the paper's is 5.")
    alphas = scheduler.alphas_cumprod.to(steps.device)[steps]
    snr = alphas / (1 - alphas)
    # w = min(SNR, γ) / SNR for the noise, min(SNR, γ) / (SNR + 1) for the velocity, min(SNR, γ) for the picture itself
    per = {"epsilon": snr, "v_prediction": snr + 1, "sample": torch.ones_like(snr)}
    if prediction_type not in per:
        raise ValueError(f"prediction_type is one of {', '.join(per)}, not {prediction_type!r}.")
    return snr.clamp(max=gamma) / per[prediction_type]


def target_of(scheduler: Any, latents: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
    """What the UNet is to say: the noise, or the velocity √ᾱ ε - √(1 - ᾱ) x₀, by the scheduler's configuration.

    Salimans & Ho 2022, appendix D. Raises ValueError for a scheduler that wants something else.
    """
    kind = scheduler.config.prediction_type
    if kind not in ("epsilon", "v_prediction"):
        raise ValueError(f'Expected a scheduler with prediction_type "epsilon" or "v_prediction", not {kind!r}.')
    return noise if kind == "epsilon" else scheduler.get_velocity(latents, noise, steps)


def noise_loss(scheduler: Any, gamma: float | None = None) -> Callable[[nn.Module, Batch], Tensor]:
    """The objective of `fit` for a UNet: the mean squared error of the guessed noise (Ho et al. 2020, equation 14).

    gamma: of min-SNR weights, None for equal ones. The batch has `latents` (B, C, h, w), and `states` (B, L, D). Noise
    and time steps are drawn anew at each call, from torch's own generator.
    """

    def objective(unet: nn.Module, batch: Batch) -> Tensor:
        latents, states = batch["latents"], batch["states"]
        noise = torch.randn_like(latents)
        steps = torch.randint(scheduler.config.num_train_timesteps, (len(latents),), device=latents.device)
        # x_t = √ᾱ x₀ + √(1 - ᾱ) ε
        noisy = scheduler.add_noise(latents, noise, steps)
        guess = unet(noisy, steps, encoder_hidden_states=states, return_dict=False)[0]
        target = target_of(scheduler, latents, noise, steps)
        losses = functional.mse_loss(guess.float(), target, reduction="none").mean((1, 2, 3))  # (B,)
        if gamma is not None:
            losses = losses * min_snr_weights(scheduler, steps, gamma, scheduler.config.prediction_type)
        return losses.mean()

    return objective
