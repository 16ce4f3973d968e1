"""Sound as amplitudes: the short-time Fourier transform and the mel scale, with Riffusion's figures or smaller ones.

Sound is a float tensor (N,) or (channels, N) between -1 and 1. A spectrogram is (..., frequencies, frames): the lowest
frequency first, one frame per hop, the first of them centred on the first sample.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

FRAMES_AT_ONCE = 512  # a longer sound is transformed in parts: a minute's padded transform would take 400 MB
LARGEST_BANK = 2**26  # mel bands times samples of the transform, 7 times Riffusion's: a table of 270 MB
SCALES = {"uint8": 128.0, "int8": 128.0, "int16": 32768.0, "int32": 2147483648.0}


@dataclass(frozen=True)
class SpectrogramParams:
    """How a sound becomes a picture. The defaults are Riffusion's (riffusion-hobby, its parameters of version 1).

    sample_rate in Hz; step_size_ms from one frame to the next; window_duration_ms of each Hann window, which is padded
    with zeros to padded_duration_ms before the Fourier transform; num_frequencies mel bands from min_frequency to
    max_frequency in Hz, spaced as HTK does, triangles of height 1; power_for_image is the exponent between amplitude
    and pixel; num_griffin_lim_iters counts the iterations of the way back. Raises ValueError for figures that can't be.
    """

    sample_rate: int = 44_100
    stereo: bool = False
    step_size_ms: int = 10
    window_duration_ms: int = 100
    padded_duration_ms: int = 400
    num_frequencies: int = 512
    min_frequency: int = 0
    max_frequency: int = 10_000
    power_for_image: float = 0.25
    num_griffin_lim_iters: int = 32

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, Real) or not low <= value <= high:  # a NaN is in no range
                raise ValueError(f"SpectrogramParams: {name} must be a number from {low:,} to {high:,}, got {value!r}.")
        for name in ("sample_rate", "num_frequencies", "num_griffin_lim_iters"):
            if getattr(self, name) != int(getattr(self, name)):
                raise ValueError(f"SpectrogramParams: {name} must be a whole number, got {getattr(self, name)!r}.")
        if not self.min_frequency < self.max_frequency <= self.sample_rate / 2:
            raise ValueError(
                f"SpectrogramParams: expected min_frequency < max_frequency <= half the sample rate "
                f"({self.sample_rate / 2:,.0f} Hz), got {self.min_frequency} and {self.max_frequency}."
            )
        if not 1 <= self.hop_length <= self.win_length // 2 or self.win_length > self.n_fft:
            raise ValueError(
                "SpectrogramParams: expected a step of at most half the window, and a window of at most the padded "
                f"duration, got {self.step_size_ms}, {self.window_duration_ms} and {self.padded_duration_ms} ms."
            )
        if self.n_fft % 2:
            raise ValueError(
                f"SpectrogramParams: expected a padded duration of an even number of samples, got {self.n_fft} "
                f"({self.padded_duration_ms} ms at {self.sample_rate} Hz)."
            )
        if self.num_frequencies * self.n_fft > LARGEST_BANK:
            raise ValueError(
                f"SpectrogramParams: {self.num_frequencies:,} mel bands of a transform of {self.n_fft:,} samples would "
                "take more memory than a sound is worth: use fewer bands or a shorter padded_duration_ms."
            )

    @property
    def hop_length(self) -> int:
        """Samples from one frame to the next."""
        return int(self.step_size_ms / 1000 * self.sample_rate)

    @property
    def win_length(self) -> int:
        """Samples of a window."""
        return int(self.window_duration_ms / 1000 * self.sample_rate)

    @property
    def n_fft(self) -> int:
        """Samples of a window with its padding."""
        return int(self.padded_duration_ms / 1000 * self.sample_rate)

    def frames(self, samples: int) -> int:
        """Frames, that is columns of the picture, of a sound of so many samples."""
        return 1 + samples // self.hop_length

    def samples(self, frames: int) -> int:
        """Samples of the sound that a picture with so many columns gives."""
        return self.hop_length * (frames - 1)


_LIMITS = {  # wide enough for any sound, and narrow enough for a broken file
    "sample_rate": (1000, 768_000),
    "step_size_ms": (1, 10_000),
    "window_duration_ms": (1, 10_000),
    "padded_duration_ms": (1, 10_000),
    "num_frequencies": (1, 8192),
    "min_frequency": (0, 384_000),
    "max_frequency": (1, 384_000),
    "power_for_image": (0.01, 10),
    "num_griffin_lim_iters": (0, 10_000),
}

# The lessons' small pictures: 64 bands, and 128 columns are 2.54 s. A window of 64 ms is short enough for a drum, and
# its padded transform has a line every 8 Hz where the lowest mel bands lie 27 Hz apart.
SMALL = SpectrogramParams(
    sample_rate=16_000,
    step_size_ms=20,
    window_duration_ms=64,
    padded_duration_ms=128,
    num_frequencies=64,
    max_frequency=8_000,
)


def as_sound(samples: Any) -> Tensor:
    """Samples of any usual kind as a float32 tensor between -1 and 1, (N,) or (channels, N).

    8-bit samples are unsigned (128 is silence) unless they are int8; 16-bit and 32-bit ones are divided by 2¹⁵ and 2³¹.
    Floats stay as they are, and may go beyond 1. Raises ValueError for other kinds and shapes, for no samples at all,
    and for NaN or infinite ones.
    """
    sound = samples if isinstance(samples, Tensor) else torch.from_numpy(_array(samples))
    name = str(sound.dtype).removeprefix("torch.")
    if name not in SCALES and not sound.is_floating_point():
        raise ValueError(
            f"Samples must be floats between -1 and 1, or integers of 8, 16 or 32 bits, got {name}: whole numbers of "
            "that kind have no known full scale. Divide by it, or convert to int16."
        )
    if sound.ndim not in (1, 2):
        raise ValueError(f"Sound must have the shape (N,) or (channels, N), got {tuple(sound.shape)}.")
    if sound.ndim == 2 and sound.shape[0] > 8 and sound.shape[0] > sound.shape[1]:
        raise ValueError(
            f"Sound must have the shape (channels, N), got {tuple(sound.shape)}, more channels than samples: "
            "transpose it."
        )
    if sound.numel() == 0:
        raise ValueError(f"Sound of shape {tuple(sound.shape)} is too short: it has no samples.")
    if name in SCALES:
        return (sound.float() - (128.0 if name == "uint8" else 0.0)) / SCALES[name]
    broken = ~torch.isfinite(sound)
    if broken.any():
        where = int(broken.reshape(-1, sound.shape[-1]).any(0).nonzero()[0])
        raise ValueError(
            f"Sample {where:,} is NaN or infinite ({int(broken.sum()):,} such samples): replace them, for "
            "example by np.nan_to_num, or look for a division by zero where the sound was made."
        )
    return sound.float()


def stft_magnitude(samples: Tensor, window: Tensor, hop: int) -> Tensor:
    """Amplitudes |STFT| of one sound, written as one reads it: the specification of `stft`, and slow.

    samples: (N,), N > W / 2; window: (W,), W even. Returns (W / 2 + 1, 1 + N // hop). At both ends the sound is
    continued by its mirror image, without the first or last sample twice, so that frame t is centred on sample t · hop.
    """
    half = len(window) // 2
    before, after = samples[1 : half + 1].flip(0), samples[-half - 1 : -1].flip(0)
    padded = torch.cat([before, samples, after])  # (N + W,)
    columns = []
    for start in range(0, len(padded) - len(window) + 1, hop):
        frame = padded[start : start + len(window)] * window
        columns.append(torch.fft.rfft(frame).abs())  # (W / 2 + 1,)
    return torch.stack(columns, dim=1)


def stft(samples: Tensor, window: Tensor, hop: int, n_fft: int | None = None) -> Tensor:
    """Short-time Fourier transform, (..., N) → (..., n_fft // 2 + 1, 1 + N // hop), complex.

    window: (W,), N > W / 2 + 1. n_fft >= W pads each frame with zeros, which only puts the lines closer together. The
    amplitudes equal librosa's and torch's (centred, reflected); the phases count from the window's first sample.
    Raises ValueError where the sound is too short to be reflected.
    """
    frames = _framed(samples, len(window), hop, n_fft or len(window))  # (..., frames, W)
    return torch.fft.rfft(frames * window, n=n_fft).mT


def istft(spectrum: Tensor, window: Tensor, hop: int) -> Tensor:
    """The sound whose STFT comes closest to `spectrum` by least squares: the inverse of `stft` for an even n_fft.

    spectrum: (..., n_fft / 2 + 1, frames), complex; window: (W,), W <= n_fft. Returns (..., hop · (frames − 1)). Each
    frame is multiplied by the window again, added where it belongs, and the sum is divided by that of the squared
    windows (Griffin and Lim 1984, equation 6).
    """
    bins, count = spectrum.shape[-2:]
    frames = torch.fft.irfft(spectrum.mT, n=2 * (bins - 1))[..., : len(window)] * window  # (..., frames, W)
    total = _overlap_add(frames, hop)
    weight = _overlap_add((window**2).expand(count, -1), hop)
    start = _before(len(window), 2 * (bins - 1))  # the first frame is centred on the first sample
    return (total / weight.clamp(min=1e-8))[..., start : start + hop * (count - 1)]


def _before(width: int, n_fft: int) -> int:
    """Samples of a window before its frame's centre: half of them; of an odd window in an even transform one more."""
    return n_fft // 2 - (n_fft - width) // 2


def _framed(samples: Tensor, width: int, hop: int, n_fft: int) -> Tensor:
    """The reflected sound cut into frames, (..., N) → (..., frames, width): a view, which costs no memory."""
    left = _before(width, n_fft)
    right = width - left
    if samples.shape[-1] <= max(left, right):
        raise ValueError(
            f"Sound of {samples.shape[-1]:,} samples is too short: a window of {width:,} samples, reflected at "
            f"the ends, needs at least {max(left, right) + 1:,}. Use a longer sound or a shorter window."
        )
    flat = samples.reshape(-1, samples.shape[-1])
    padded = F.pad(flat, (left, right), mode="reflect").reshape(*samples.shape[:-1], -1)
    return padded.unfold(-1, width, hop)


def _overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Frames (..., T, W) added where they overlap, (..., (T + ceil(W / hop)) · hop): W / hop long additions, not T."""
    count, width = frames.shape[-2:]
    parts = -(-width // hop)
    pieces = F.pad(frames, (0, parts * hop - width)).unflatten(-1, (parts, hop))  # (..., T, parts, hop)
    total = frames.new_zeros(*frames.shape[:-2], count + parts, hop)
    for part in range(parts):
        total[..., part : part + count, :] += pieces[..., part, :]
    return total.flatten(-2)


@functools.lru_cache(maxsize=32)
def hann(length: int, device: str = "cpu") -> Tensor:
    """The periodic Hann window, (length,): shared, so don't change it."""
    return torch.hann_window(length, periodic=True, dtype=torch.float64).float().to(device)


@functools.lru_cache(maxsize=32)
def mel_bank(params: SpectrogramParams, device: str = "cpu") -> Tensor:
    """Weights of the mel bands, (num_frequencies, lines up to max_frequency): shared, so don't change it.

    mel(f) = 2595 log₁₀(1 + f / 700) (O'Shaughnessy 1987, HTK). Band k is a triangle of height 1 from
    the mel point k over k + 1 to k + 2, straight in Hz, as in librosa with htk=True and norm=None. Lines above
    max_frequency have no weight and are left out. Raises ValueError where a band falls between two lines of the
    transform: it would always be silent, and the picture could not be turned back.
    """
    low, high = (2595 * np.log10(1 + np.array(f) / 700) for f in (params.min_frequency, params.max_frequency))
    points = 700 * (10 ** (np.linspace(low, high, params.num_frequencies + 2) / 2595) - 1)  # (bands + 2,), in Hz
    lines = np.arange(params.n_fft // 2 + 1) * params.sample_rate / params.n_fft
    lines = lines[lines <= params.max_frequency]
    rising = (lines - points[:-2, None]) / np.diff(points)[:-1, None]
    falling = (points[2:, None] - lines) / np.diff(points)[1:, None]
    bank = np.minimum(rising, falling).clip(min=0)
    if (silent := np.flatnonzero(bank.sum(1) == 0)).size:
        raise ValueError(
            f"{silent.size} of {params.num_frequencies} mel bands lie between two lines of the transform and would "
            f"always be silent (the first is band {silent[0]}): use fewer bands or a longer padded_duration_ms."
        )
    return torch.from_numpy(bank).float().to(device)


@functools.lru_cache(maxsize=32)
def sparse_bank(params: SpectrogramParams, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """`mel_bank` and its transpose as sparse matrices: a line belongs to two bands at most, so 99 % of it is zeros."""
    bank = mel_bank(params)
    return tuple(matrix.to_sparse_coo().coalesce().to(device) for matrix in (bank, bank.T))


def amplitudes(sound: Tensor, params: SpectrogramParams) -> Tensor:
    """|STFT| at full resolution, (..., N) → (..., n_fft / 2 + 1, frames)."""
    return stft(sound, hann(params.win_length, str(sound.device)), params.hop_length, params.n_fft).abs()


def mel_amplitudes(sound: Tensor, params: SpectrogramParams) -> Tensor:
    """Amplitudes in mel bands, (..., N) → (..., num_frequencies, frames): amplitudes are added, not their squares."""
    bank, _ = sparse_bank(params, str(sound.device))  # (bands, lines)
    window = hann(params.win_length, str(sound.device))
    frames = _framed(sound, params.win_length, params.hop_length, params.n_fft)  # (..., frames, W)
    parts = []
    for some in frames.split(FRAMES_AT_ONCE, dim=-2):
        spectrum = torch.fft.rfft(some * window, n=params.n_fft)[..., : bank.shape[1]]  # (..., some, lines)
        parts.append(times(bank, spectrum.abs().mT))
    return torch.cat(parts, dim=-1)


def times(matrix: Tensor, columns: Tensor) -> Tensor:
    """A sparse matrix (M, L) times dense columns (..., L, T) → (..., M, T)."""
    if columns.ndim == 2:
        return torch.sparse.mm(matrix, columns)
    flat = columns.movedim(-2, 0)  # (L, ..., T)
    return torch.sparse.mm(matrix, flat.flatten(1)).unflatten(1, flat.shape[1:]).movedim(0, -2)


def _array(samples: Any) -> np.ndarray:
    """A copy that torch can take: in this computer's byte order, in one piece, writable."""
    try:
        array = np.array(samples, order="C")
        array = array.astype(array.dtype.newbyteorder("="))
        torch.from_numpy(array)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Samples must be an array of numbers, got {type(samples).__name__}.") from error
    return array
