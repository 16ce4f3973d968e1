"""From one prompt to another as music: interpolated noise and prompts, a seed picture, clips joined without a gap.

As Riffusion does it: every clip of a transition begins with the same seed picture, made noisy, so that all clips share
its rhythm; noise and prompt move from the first to the second. Where the original joins clips end to end, here they
are cross-faded, and a loop closes on itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

# ----------------------------------------------------------------------------------------- between two points


def lerp(t: float, a: Tensor, b: Tensor) -> Tensor:
    """(1 − t) a + t b: the straight line, for prompt embeddings, guidance and strength."""
    return (1 - t) * a + t * b


def slerp(t: float, a: Tensor, b: Tensor) -> Tensor:
    """Along the arc from a to b, tensors of one shape taken as vectors: sin((1−t) θ)/sin θ · a + sin(t θ)/sin θ · b.

    θ is the angle between them (Shoemake 1985). Noise needs it: halfway on the straight line between two noises
    the deviation is 0.71 instead of 1, and a denoiser has never seen such noise. Where a and b are nearly parallel,
    |cos θ| > 0.9995, sin θ is next to 0, and the straight line is taken.
    """
    cosine = (a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-12)
    if cosine.abs() > 0.9995:
        return (1 - t) * a + t * b
    angle = torch.arccos(cosine)
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def positions(count: int, loop: bool = False) -> np.ndarray:
    """Where `count` clips of a transition stand between 0 and 1.

    Without a loop evenly from 0 to 1. With one, to 1 and back, so that the last is as far from the first as every
    other from its neighbour: for 4 clips 0, ½, 1, ½. Raises ValueError for fewer than 2 clips.
    """
    if count < 2:
        raise ValueError(f"A transition needs at least 2 clips, got {count}.")
    if not loop:
        return np.linspace(0, 1, count)
    return 1 - np.abs(1 - 2 * np.arange(count) / count)


# ------------------------------------------------------------------------------------------- clips as sound


def crossfade(first: np.ndarray, second: np.ndarray, overlap: int) -> np.ndarray:
    """Two sounds joined by an equal-power cross-fade, (..., N) and (..., M) → (..., N + M − overlap).

    Over the last `overlap` samples of the first it is multiplied by cos φ and the second by sin φ, φ from 0 to π/2:
    cos² φ + sin² φ = 1, so two sounds that have nothing to do with each other stay as loud as they are. (Straight
    ramps would make them 3 dB quieter in the middle. Two sounds that are alike become up to 3 dB louder.)
    """
    if not 1 <= overlap <= min(first.shape[-1], second.shape[-1]):
        raise ValueError(f"Expected an overlap from 1 to the length of the shorter sound, got {overlap:,}.")
    angle = (np.arange(overlap) + 0.5) / overlap * (np.pi / 2)
    blend = first[..., -overlap:] * np.cos(angle) + second[..., :overlap] * np.sin(angle)
    return np.concatenate([first[..., :-overlap], blend, second[..., overlap:]], axis=-1)


def join(clips: Sequence[np.ndarray], overlap: int) -> np.ndarray:
    """Clips (..., N) one after the other, each cross-faded into the next. Raises ValueError where one is too short."""
    if not clips:
        raise ValueError("There are no clips to join.")
    for number, clip in enumerate(clips):
        if not 0 <= 2 * overlap <= clip.shape[-1]:
            raise ValueError(
                f"Clip {number} has {clip.shape[-1]:,} samples, too few for a cross-fade of {overlap:,} at each end: "
                "use an overlap of at most half the shortest clip, and not below 0."
            )
    kind = np.result_type(*clips)
    if overlap == 0:
        return np.concatenate(clips, axis=-1)
    return functools.reduce(lambda sound, clip: crossfade(sound, clip, overlap), clips).astype(kind)


def close_loop(sound: np.ndarray, overlap: int) -> np.ndarray:
    """A loop that closes on itself, (..., N) → (..., N − overlap): its end runs into its beginning.

    The last `overlap` samples are cross-faded into the first ones, so that where the player jumps back, neighbouring
    samples are those that were neighbours before. Raises ValueError where two overlaps don't fit.
    """
    if not 1 <= overlap <= sound.shape[-1] // 2:
        raise ValueError(
            f"The overlap of a loop must be from 1 to half its {sound.shape[-1]:,} samples, got {overlap:,}."
        )
    rest, tail = sound[..., :-overlap], sound[..., -overlap:]
    return crossfade(tail, rest, overlap).astype(sound.dtype)


# ------------------------------------------------------------------------------------------ clips as pictures


def interpolate(
    pipeline: Any,
    prompts: Sequence[str],
    at: Sequence[float],
    picture: Any,
    *,
    seeds: tuple[int, int] = (0, 1),
    strength: float = 0.75,
    mask: Any = None,
    steps: int = 50,
    guidance: float = 7.0,
    batch: int = 50,
) -> np.ndarray:
    """Pictures between two prompts, one per position of `at`, uint8 (N, H, W, 3): 0 is the first prompt, 1 the second.

    pipeline: a StableDiffusionPipeline. picture: the seed picture, PIL or uint8 (H, W, 3), with which all begin, under
    noise up to the level int(steps · strength): strength 1 leaves next to nothing of it. seeds: of the noises at either
    end. mask: a picture of the same size, white is painted anew, black stays as in the seed picture. The defaults are
    Riffusion's. Raises ValueError for settings out of range, and for sizes that the model can't draw.
    """
    from workbook.diffusion.generate import generate, noise_of
    from workbook.trainers.diffusion import encode_pictures, encode_prompts

    if isinstance(prompts, str) or len(prompts) != 2:
        raise ValueError(f"Expected two prompts, the first and the second, got {prompts!r}.")
    if len(at) == 0 or not all(0 <= t <= 1 for t in at):
        raise ValueError(f"Expected at least one position, all between 0 and 1, got {list(at)}.")
    pixels = np.array(picture.convert("RGB") if isinstance(picture, Image.Image) else picture)
    original = encode_pictures(pipeline, pixels[None])  # (1, C, h, w)
    ends = [noise_of(pipeline, [0], seed, pixels.shape[:2]) for seed in seeds]
    first, second = encode_prompts(pipeline, list(prompts))
    noises = torch.cat([slerp(t, *ends) for t in at])  # (N, C, h, w)
    keep = None
    if mask is not None:
        keep = keep_outside(pipeline, mask_for(mask, original, pixels.shape[:2]), original, noises, steps)
    return generate(
        pipeline,
        torch.stack([lerp(t, first, second) for t in at]),
        steps=steps,
        guidance=guidance,
        batch=batch,
        latents=noises,
        start=original.expand_as(noises),
        strength=strength,
        callback=keep,
        progress="clips",
    )


def mask_for(mask: Any, latents: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask picture of the size (height, width) as numbers of the latents' size, (1, 1, h, w): 1 is painted anew.

    A latent under white and black pixels is a mixture. Raises ValueError for a mask of another size.
    """
    picture = (mask if isinstance(mask, Image.Image) else Image.fromarray(np.asarray(mask))).convert("L")
    if (picture.height, picture.width) != tuple(size):
        raise ValueError(f"The mask has {picture.height} x {picture.width} pixels, the picture {size[0]} x {size[1]}.")
    small = picture.resize((latents.shape[-1], latents.shape[-2]), Image.Resampling.BOX)
    return (torch.from_numpy(np.array(small, dtype=np.float32)) / 255)[None, None]


def keep_outside(pipeline: Any, mask: Tensor, original: Tensor, noises: Tensor, steps: int) -> Callable[..., Tensor]:
    """A callback for `generate` that puts the original back where the mask is 0, as noisy as the rest then is.

    mask: (1, 1, h, w); original: (1, C, h, w); noises: (N, C, h, w), those that the pictures began with. After the last
    step the original is put back without noise. (Riffusion puts it back at the noise of the step before, and leaves
    the last of it in the picture.)
    """
    signal = pipeline.scheduler.alphas_cumprod
    stride = pipeline.scheduler.config.num_train_timesteps // steps

    def callback(latents: Tensor, step: int, level: int, rows: slice) -> Tensor:
        left = signal[level - stride] if level >= stride else torch.tensor(1.0)  # ᾱ of the level just reached
        kept = left.sqrt() * original + (1 - left).sqrt() * noises[rows]
        return mask * latents + (1 - mask) * kept

    return callback
