"""From mel amplitudes back to sound: least squares finds the lines, Griffin and Lim's iterations find the phases.

Both are approximate. A mel band is the sum of several lines, and the least-squares answer spreads it over them; a
picture holds no phases, and those found belong to a sound that looks alike. `measure` says how large the errors are.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from workbook.audio.spectrogram import (
    SpectrogramParams,
    hann,
    istft,
    mel_bank,
    sparse_bank,
    stft,
    times,
)

UPDATES = 200  # of the non-negative least squares, at most
TOLERANCE = 5e-4  # it ends where ‖B x − m‖ is below this part of ‖m‖: a hundredth of what the phases cost later


def lines_from_mel(mel: Tensor, params: SpectrogramParams, updates: int = UPDATES) -> Tensor:
    """Amplitudes of the lines that give these mel amplitudes, (..., bands, T) → (..., n_fft / 2 + 1, T), none negative.

    There are more lines than bands, so the mel amplitudes can nearly be met. The start is the smallest x with B x = m,
    x = Bᵀ (B Bᵀ)⁻¹ m, its negative entries cut off. Each update goes against the gradient of ‖B x − m‖² / 2, cuts
    negative entries off again, and has Nesterov's momentum (Beck and Teboulle 2009). Lines above max_frequency are
    0: the picture says nothing about them.
    """
    bank, transposed = sparse_bank(params, str(mel.device))
    inverse, curvature = _gram(params, str(mel.device))
    scale = mel.amax().clamp(min=torch.finfo(mel.dtype).tiny)
    wanted = mel / scale
    lines = times(transposed, inverse @ wanted).clamp(min=0)
    ahead, speed = lines, 1.0
    for update in range(updates):
        missing = times(bank, ahead) - wanted  # (..., bands, T)
        if update % 10 == 0 and _small(missing, wanted):
            break
        after = (ahead - times(transposed, missing) / curvature).clamp(min=0)
        faster = (1 + (1 + 4 * speed**2) ** 0.5) / 2
        ahead = after + (speed - 1) / faster * (after - lines)
        lines, speed = after, faster
    whole = lines.new_zeros(*lines.shape[:-2], params.n_fft // 2 + 1, lines.shape[-1])
    whole[..., : lines.shape[-2], :] = lines * scale
    return whole


def _small(missing: Tensor, wanted: Tensor) -> bool:
    """Whether the rest is below the tolerance for every sound of the batch."""
    return bool((missing.norm(dim=(-2, -1)) <= TOLERANCE * wanted.norm(dim=(-2, -1))).all())


@functools.lru_cache(maxsize=32)
def _gram(params: SpectrogramParams, device: str) -> tuple[Tensor, float]:
    """(B Bᵀ)⁻¹, (bands, bands), computed in double precision, and the largest eigenvalue of B Bᵀ."""
    bank = mel_bank(params).double()
    gram = bank @ bank.T
    return torch.linalg.inv(gram).float().to(device), float(torch.linalg.eigvalsh(gram)[-1])


def griffin_lim_step(
    phases: Tensor, previous: Tensor, amplitudes: Tensor, window: Tensor, hop: int, momentum: float = 0.99
) -> tuple[Tensor, Tensor]:
    """One iteration of the fast Griffin-Lim algorithm: better phases, and the spectrum for the next call's `previous`.

    phases: (..., F, T), complex numbers of modulus 1; previous: the spectrum of the iteration before, zeros at first;
    amplitudes: (..., F, T), window: (W,). The sound closest to the wanted spectrum has a spectrum of its own,
    c; the phases are those of t = c + α (c − previous), Perraudin, Balazs and Søndergaard 2013, algorithm 2.
    """
    sound = istft(amplitudes * phases, window, hop)
    spectrum = stft(sound, window, hop, n_fft=2 * (amplitudes.shape[-2] - 1))
    ahead = spectrum + momentum * (spectrum - previous)
    return ahead / ahead.abs().clamp(min=1e-12), spectrum


def griffin_lim(
    amplitudes: Tensor,
    params: SpectrogramParams,
    iterations: int | None = None,
    momentum: float = 0.99,
    seed: int = 0,
) -> Tensor:
    """A sound with these amplitudes, (..., n_fft / 2 + 1, T) → (..., hop · (T − 1)), by iterations from random phases.

    iterations: params.num_griffin_lim_iters where it is None. Padding a window with zeros beyond twice its length adds
    lines that follow from the others, so the iterations leave them out: at Riffusion's figures every second line, for
    half the time and the same error. Runs where `amplitudes` are; the random phases are the same on every device.
    Raises ValueError for fewer than the frames that one window overlaps.
    """
    stride = _stride(params)
    window = hann(params.win_length, str(amplitudes.device))
    hop = params.hop_length
    some = amplitudes[..., ::stride, :]
    if params.samples(some.shape[-1]) <= params.win_length // 2 + 1:
        raise ValueError(
            f"A picture of {some.shape[-1]} columns is too short to become sound: it needs at least "
            f"{2 + (params.win_length // 2 + 1) // hop}, so that the sound is longer than half a window."
        )
    angles = torch.rand(some.shape, generator=torch.Generator().manual_seed(seed)).to(some) * (2 * torch.pi)
    phases, spectrum = torch.polar(torch.ones_like(angles), angles), 0 * angles
    for _ in range(params.num_griffin_lim_iters if iterations is None else iterations):
        phases, spectrum = griffin_lim_step(phases, spectrum, some, window, hop, momentum)
    return istft(some * phases, window, hop)


def _stride(params: SpectrogramParams) -> int:
    """Every how many lines of the padded transform are enough: those of a transform of at least twice the window."""
    strides = range(max(params.n_fft // (2 * params.win_length), 1), 0, -1)
    return next(k for k in strides if params.n_fft % (2 * k) == 0)
