"""Pictures from prompts, many at a time: DDIM with classifier-free guidance, the same picture whatever its batch.

    pictures = generate(pipeline, ["a red cat on grass", "a blue car at night"], seed=0)      # (2, 64, 64, 3) uint8

diffusers' own pipeline does the same; here each picture has a noise of its own number, batches are cut to size, latents
can be given and changed on the way, and the answer is one array.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook import show
from workbook.trainers.diffusion import encode_prompts

# callback(latents, step, level, rows) → latents to go on with, or None for the same. rows: which pictures these are
Callback = Callable[[Tensor, int, int, slice], "Tensor | None"]
PATIENCE = 3.0  # seconds: what takes longer has a progress bar


def noise_of(pipeline: Any, numbers: Sequence[int], seed: int = 0, size: tuple[int, int] | None = None) -> Tensor:
    """The noise that pictures begin as, one of its own for each number: (N, C, h, w).

    size: height and width of the pictures in pixels, those that the model was trained on unless given. Raises
    ValueError for sides that the autoencoder can't halve often enough.
    """
    down = 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
    side = pipeline.unet.config.sample_size
    height, width = (side * down, side * down) if size is None else size
    if height % down or width % down or min(height, width) < down:
        raise ValueError(f"A picture of {height} x {width} pixels is not possible: both must be multiples of {down}.")
    shape = (pipeline.unet.config.in_channels, height // down, width // down)
    return torch.stack([
        torch.randn(shape, generator=torch.Generator().manual_seed(1_000_003 * seed + number)) for number in numbers
    ])  # fmt: skip


@torch.inference_mode()
def generate(
    pipeline: Any,
    prompts: str | Sequence[str] | Tensor,
    *,
    seed: int = 0,
    steps: int = 25,
    guidance: float = 3.0,
    batch: int = 50,
    size: tuple[int, int] | None = None,
    latents: Tensor | None = None,
    start: Tensor | None = None,
    strength: float = 0.75,
    negative: str = "",
    callback: Callback | None = None,
    progress: str | None = "pictures",
) -> np.ndarray:
    """A picture for every prompt: (N, H, W, 3) uint8.

    prompts:  texts, or what the text encoder made of them (N, L, D).
    guidance: how far the guess with the prompt is followed beyond the one without; 1 or less leaves the latter out.
    size:     height and width in pixels, those that the model was trained on unless given.
    latents:  the noise to begin with (N, C, h, w), unit deviation; that of `noise_of` unless given.
    start:    latents of pictures (N, C, h, w), as `encode_pictures` gives them: they are covered with noise up to the
              level int(steps * strength) and go on from there, so that a small strength changes little.
    callback: called after every step; see Callback. What it returns takes the latents' place.
    progress: the label of a bar, which appears where the whole takes above 3 s; None for none.

    Source: DDIM, Song et al. 2021, equation 12 with η = 0; guidance, Ho & Salimans 2022, equation 6. Raises ValueError
    for no prompt, numbers that make no sense, or latents of another shape.
    """
    if steps < 1 or batch < 1 or not 0 < strength <= 1:
        raise ValueError(f"Expected steps >= 1, batch >= 1 and 0 < strength <= 1, got {steps}, {batch}, {strength}.")
    states = prompts if isinstance(prompts, Tensor) else encode_prompts(pipeline, _listed(prompts))
    count = len(states)
    noise = noise_of(pipeline, range(count), seed, _size_of(pipeline, start, size)) if latents is None else latents
    if len(noise) != count or (start is not None and start.shape != noise.shape):
        given = "nothing" if start is None else tuple(start.shape)
        raise ValueError(f"{count} prompts, latents {tuple(noise.shape)}, start {given}: expected one row per prompt.")
    nothing = encode_prompts(pipeline, [negative]) if guidance > 1 else None
    scheduler, levels = _schedule(pipeline, steps, 1.0 if start is None else strength)
    bar, pictures = _Bar(progress, len(levels) * -(-count // batch)), []
    try:
        for first in range(0, count, batch):
            rows = slice(first, min(first + batch, count))
            part = noise[rows].float()
            if start is not None:
                part = scheduler.add_noise(start[rows].float(), part, levels[:1])
            for step, level in enumerate(levels):
                guess = _guess(pipeline.unet, part, level, states[rows], nothing, guidance)
                part = scheduler.step(guess, level, part, return_dict=False)[0]
                changed = callback(part, step, int(level), rows) if callback else None
                part = part if changed is None else changed
                bar.update()
            pictures.append(decode(pipeline, part))
    finally:
        bar.close()
    return np.concatenate(pictures)


def _listed(prompts: str | Sequence[str]) -> list[str]:
    return [prompts] if isinstance(prompts, str) else list(prompts)


def _size_of(pipeline: Any, start: Tensor | None, size: tuple[int, int] | None) -> tuple[int, int] | None:
    """The pictures' size in pixels, where `start` or `size` says it."""
    down = 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
    return size if start is None else (start.shape[-2] * down, start.shape[-1] * down)


def _schedule(pipeline: Any, steps: int, strength: float) -> tuple[Any, Tensor]:
    """A DDIM scheduler with the pipeline's noise, and the levels to go through, from much noise to little."""
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    if steps > scheduler.config.num_train_timesteps:
        raise ValueError(f"{steps} steps are more than the {scheduler.config.num_train_timesteps} of the training.")
    scheduler.set_timesteps(steps)
    return scheduler, scheduler.timesteps[-max(1, int(steps * strength)) :]


def _guess(
    unet: Any, latents: Tensor, level: Tensor, states: Tensor, nothing: Tensor | None, guidance: float
) -> Tensor:
    """The guided guess (B, C, h, w): with and without the prompt in one pass, and a step from the latter past the
    former."""
    inputs, states = latents.to(unet.device, unet.dtype), states.to(unet.device, unet.dtype)
    if nothing is None:
        return unet(inputs, level, encoder_hidden_states=states, return_dict=False)[0].float().cpu()
    both = torch.cat([nothing.to(states).expand_as(states), states])
    without, told = unet(torch.cat([inputs, inputs]), level, encoder_hidden_states=both, return_dict=False)[0].chunk(2)
    # ε = ε_without + g (ε_with - ε_without)
    return (without + guidance * (told - without)).float().cpu()


@torch.inference_mode()
def decode(pipeline: Any, latents: Tensor) -> np.ndarray:
    """The pictures of latents (N, C, h, w), scaled as the UNet sees them: (N, H, W, 3) uint8."""
    vae = pipeline.vae
    pixels = vae.decode(latents.to(vae.device, vae.dtype) / vae.config.scaling_factor, return_dict=False)[0]
    return (pixels.float().clamp(-1, 1) * 127.5 + 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


class _Bar:
    """A progress bar that appears as soon as it is clear that the whole will take above PATIENCE seconds."""

    def __init__(self, label: str | None, total: int) -> None:
        self.label, self.total, self.done, self.bar = label, total, 0, None
        self.began = time.perf_counter()

    def update(self) -> None:
        """One more step is done."""
        self.done += 1
        expected = (time.perf_counter() - self.began) / self.done * self.total
        if self.bar is not None:
            self.bar.update()
        elif self.label and expected > PATIENCE:
            self.bar = show.progress_bar(self.total, self.label, start=self.done)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
