"""The loss of a diffusion model, level of noise by level of noise, and what it would be without any knowledge.

A picture x₀ is mixed with noise ε: x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε, and the model guesses ε (Ho et al. 2020, equation 14).
Its loss is a mean over all levels t, some of which are easy for anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


@torch.no_grad()
def loss_per_level(
    guess: Callable[[Tensor, Tensor], Tensor], clean: Tensor, alphas: Tensor, levels: Sequence[int], seed: int = 0
) -> Tensor:
    """The mean squared error of a guessed noise at each level, (L,).

    guess(noisy, level): noisy pictures (N, ...) and their level (N,) → the guessed noise (N, ...). clean: (N, ...),
    pictures, or the latents of pictures, as the model was trained on. alphas: (T,), ᾱ of every level, a scheduler's
    `alphas_cumprod`. levels: whole numbers below T. The same seed gives the same noise, which all levels share.
    Raises ValueError for a level that does not exist, or a guess of another shape.
    """
    if wrong := [level for level in levels if not 0 <= level < len(alphas)]:
        raise ValueError(f"The levels of noise are 0 to {len(alphas) - 1}, not {wrong[0]}.")
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed)).to(clean)
    losses = []
    for level in levels:
        share = alphas[level].to(clean)
        # x_t = √ᾱ x₀ + √(1 − ᾱ) ε
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        guessed = guess(noisy, torch.full((len(clean),), level, device=clean.device))
        if guessed.shape != noise.shape:
            raise ValueError(f"The guessed noise has the shape {tuple(guessed.shape)}, not {tuple(noise.shape)}.")
        losses.append((guessed - noise).square().mean())
    return torch.stack(losses).cpu()


def know_nothing(alphas: Tensor, power: float) -> Tensor:
    """The loss at every level (T,) of the best multiple of x_t: of a model that knows only how large pictures are.

    power: the mean of x₀² over all pictures and places. Of x_t's power, ᾱ · power + 1 − ᾱ, the share 1 − ᾱ is noise, so
    that the best guess is √(1 − ᾱ) x_t / (ᾱ · power + 1 − ᾱ), and its error ᾱ · power / (ᾱ · power + 1 − ᾱ).
    Raises ValueError for a power below 0.
    """
    if power < 0:
        raise ValueError(f"A mean of squares is not below 0, as {power} is.")
    signal = alphas * power
    return signal / (signal + 1 - alphas)


def noise_guess(pipeline: Any, states: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """For `loss_per_level`: the noise that a latent diffusion pipeline guesses with these prompts (N, L, D).

    A UNet that tells the velocity v = √ᾱ ε − √(1 − ᾱ) x₀ tells the noise as well: ε = √ᾱ v + √(1 − ᾱ) x_t (Salimans &
    Ho 2022, appendix D). Raises ValueError for a scheduler that wants something else.
    """
    kind = pipeline.scheduler.config.prediction_type
    if kind not in ("epsilon", "v_prediction"):
        raise ValueError(f'Expected a scheduler with prediction_type "epsilon" or "v_prediction", not {kind!r}.')

    def guess(noisy: Tensor, level: Tensor) -> Tensor:
        unet = pipeline.unet
        told = unet(noisy.to(unet.device, unet.dtype), level, encoder_hidden_states=states.to(unet.device, unet.dtype))
        guessed = told.sample.to(noisy)
        if kind == "epsilon":
            return guessed
        share = pipeline.scheduler.alphas_cumprod.to(noisy)[level].view(-1, *[1] * (noisy.ndim - 1))
        return share.sqrt() * guessed + (1 - share).sqrt() * noisy

    return guess
