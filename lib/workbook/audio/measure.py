"""How much a conversion loses, and how smoothly one sound becomes another.

Two figures for a loss: spectral convergence, which the loud parts decide, and the log-mel distance in dB, in which
quiet parts count as much. Neither is zero for a sound that a person can't tell from the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from workbook.audio.image import audio_to_image, device, image_to_audio, mel_from_image
from workbook.audio.interpolation import crossfade
from workbook.audio.spectrogram import SpectrogramParams, amplitudes, as_sound, mel_amplitudes

FLOOR_DB = 60.0  # what lies further below the loudest band counts as silence


@dataclass(frozen=True)
class Errors:
    """A loss in two figures. spectral_convergence: 0 is perfect, 1 as bad as silence. log_mel_distance: in dB."""

    spectral_convergence: float
    log_mel_distance: float


@dataclass(frozen=True)
class RoundTrip:
    """A sound that became a picture and a sound again. picture: the loss of the pixels; sound: of all the way."""

    image: Image.Image
    samples: np.ndarray
    picture: Errors
    sound: Errors


def spectral_convergence(reference: Tensor, estimate: Tensor) -> float:
    """‖S − Ŝ‖ / ‖S‖ (Frobenius) of amplitudes of one shape (Arik et al. 2019, equation 2).

    Against a silent reference: 0 for silence, infinite for anything else.
    """
    _same_shape(reference, estimate)
    size, distance = float(reference.norm()), float((reference - estimate).norm())
    if size == 0:
        return 0.0 if distance == 0 else float("inf")
    return distance / size


def log_mel_distance(reference: Tensor, estimate: Tensor) -> float:
    """Mean of |20 log₁₀ (S / Ŝ)| in dB over mel amplitudes of one shape, both not below 60 dB under S's loudest."""
    _same_shape(reference, estimate)
    loudest = float(reference.amax())
    return float((decibels(reference, loudest) - decibels(estimate, loudest)).abs().mean())


def decibels(mel: Tensor, loudest: float | None = None) -> Tensor:
    """20 log₁₀ (S / loudest), not below −60. loudest: S's own largest where it is None. Silence is −60 everywhere."""
    loudest = float(mel.amax()) if loudest is None else loudest
    floor = 10 ** (-FLOOR_DB / 20)
    relative = mel / max(loudest, torch.finfo(mel.dtype).tiny)
    return 20 * torch.log10(relative.clamp(min=floor))


def sound_errors(reference: Any, samples: Any, params: SpectrogramParams | None = None) -> Errors:
    """What a sound lost against the one it was made from: spectral convergence of the full STFT, log-mel distance.

    Both (N,) or (channels, N), of as many channels; the longer one is cut. A sound that isn't as loud is further away.
    """
    params = params or SpectrogramParams()
    first, second = (as_sound(given).to(device()) for given in (reference, samples))
    if first.shape[:-1] != second.shape[:-1]:
        raise ValueError(f"Expected sounds with as many channels, got shapes {_shapes(first, second)}.")
    length = min(first.shape[-1], second.shape[-1])
    first, second = first[..., :length], second[..., :length]
    return Errors(
        spectral_convergence(amplitudes(first, params), amplitudes(second, params)),
        log_mel_distance(mel_amplitudes(first, params), mel_amplitudes(second, params)),
    )


def picture_errors(samples: Any, image: Image.Image, params: SpectrogramParams | None = None) -> Errors:
    """How far a picture's mel amplitudes are from those of a sound: the loss of the pixels, or of the way back.

    samples: (N,), of a stereo picture (2, N), at the rate of its parameters. Of sound and picture, the longer is cut.
    The picture needs a tag of its maximum, or its loudness is unknown (ValueError).
    """
    sound = as_sound(samples).to(device())
    drawn, params, known = mel_from_image(image, params)
    if known is None:
        raise ValueError(
            "The picture has no tag of its maximum, so that its loudness is unknown: compare sounds, by sound_errors."
        )
    heard = mel_amplitudes(sound.reshape(-1, sound.shape[-1]), params).cpu()
    columns = min(heard.shape[-1], drawn.shape[-1])
    drawn, heard = torch.from_numpy(drawn)[..., :columns], heard[..., :columns]
    return Errors(spectral_convergence(drawn, heard), log_mel_distance(drawn, heard))


def round_trip(samples: Any, params: SpectrogramParams | None = None, seed: int = 0) -> RoundTrip:
    """Sound to picture to sound, with the loss on the way. samples: one channel, or two for stereo parameters."""
    image = audio_to_image(samples, params)
    back = image_to_audio(image, params, seed)
    return RoundTrip(image, back, picture_errors(samples, image, params), sound_errors(samples, back, params))


# --------------------------------------------------------------------------------------------- transitions


def steps_between(samples: Any, params: SpectrogramParams, seconds: float = 0.5) -> np.ndarray:
    """How different a sound is before and after each moment, in dB, one number per hop, w frames in `seconds`.

    The step at a frame is the root mean square, over the mel bands, of the difference between the mean log-mel of the w
    frames before it and that of the w frames from it on. The first step is that at frame w + e, where e frames at each
    end are left out because their windows reach beyond the sound. w should hold a bar, or a beat at least: a shorter
    one measures drums, and not the transition. Raises ValueError for sound of less than two windows.
    """
    sound = as_sound(samples).to(device())
    sound = sound.reshape(-1, sound.shape[-1]).mean(0)
    window = max(round(seconds * params.sample_rate / params.hop_length), 1)
    ends = _ends(params)
    levels = decibels(mel_amplitudes(sound, params))[:, ends:-ends].double()  # (bands, frames − 2 e)
    if levels.shape[-1] < 2 * window:
        raise ValueError(
            f"Two windows of {seconds} s don't fit into {sound.shape[-1] / params.sample_rate:.2f} s of sound: use "
            "shorter windows or a longer sound."
        )
    sums = torch.nn.functional.pad(levels.cumsum(-1), (1, 0))
    means = (sums[:, window:] - sums[:, :-window]) / window  # (bands, frames − 2 e − w + 1)
    return (means[:, window:] - means[:, :-window]).pow(2).mean(0).sqrt().cpu().numpy()


def _ends(params: SpectrogramParams) -> int:
    """Frames at each end that see a mirror image of the sound: a click, where it doesn't begin with silence."""
    return -(-params.win_length // (2 * params.hop_length))


def largest_step(samples: Any, params: SpectrogramParams, seconds: float = 0.5) -> float:
    """The largest of `steps_between`, in dB: how rough the roughest place of a sound is."""
    return float(steps_between(samples, params, seconds).max())


def transition_steps(
    first: np.ndarray, second: np.ndarray, transition: np.ndarray, params: SpectrogramParams, seconds: float = 0.5
) -> dict[str, float]:
    """The largest step, in dB, of a transition beside the two that anybody can make: a hard cut, a plain cross-fade.

    first, second: the sounds (N,) at either end; transition: the whole sound from the first to the second. The plain
    cross-fade is of equal power, over half of the shorter sound.
    """
    overlap = min(first.shape[-1], second.shape[-1]) // 2
    sounds = {
        "hard cut": np.concatenate([first, second], axis=-1),
        "plain cross-fade": crossfade(first, second, overlap),
        "transition": transition,
    }
    return {name: largest_step(sound, params, seconds) for name, sound in sounds.items()}


def _same_shape(reference: Tensor, estimate: Tensor) -> None:
    if reference.shape != estimate.shape or reference.numel() == 0:
        raise ValueError(f"Expected amplitudes of one shape, and not empty, got {_shapes(reference, estimate)}.")


def _shapes(*tensors: Tensor) -> str:
    return " and ".join(str(tuple(tensor.shape)) for tensor in tensors)
