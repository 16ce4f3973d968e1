"""Exercises of lesson 07 on sound and pictures: the STFT, the pixels and back, one iteration of Griffin and Lim."""

from __future__ import annotations

import numpy as np
import torch

from workbook.audio.image import amplitudes_from_pixels, pixels_from_amplitudes
from workbook.audio.inverse import griffin_lim_step
from workbook.audio.spectrogram import istft, stft, stft_magnitude
from workbook.exercises import Case, Mistake, practice

# -------------------------------------------------------------------------------------- amplitudes of frames


def _stft_cases(rng: np.random.Generator) -> list[Case]:
    def sound(count: int) -> torch.Tensor:
        return torch.tensor(rng.integers(-5, 6, count), dtype=torch.float32)

    return [
        Case("eight samples, a window of four", (torch.arange(1.0, 9.0), torch.tensor([0.0, 0.5, 1.0, 0.5]), 2)),
        Case("a window of ones", (sound(8), torch.ones(4), 2)),
        Case("a hop that doesn't divide the length", (sound(23), torch.hann_window(8), 3)),
        Case("a hop of half a window", (sound(40), torch.hann_window(8), 4)),
        Case("a hop as long as the window", (sound(40), torch.hann_window(8), 8)),
        Case("silence", (torch.zeros(12), torch.hann_window(4), 2)),
    ]


def _columns(padded, window, hop, transform=torch.fft.rfft):
    frames = padded.unfold(0, len(window), hop) * window
    return transform(frames).T


def _reflected(samples, half):
    return torch.cat([samples[1 : half + 1].flip(0), samples, samples[-half - 1 : -1].flip(0)])


def _no_padding(samples, window, hop):
    return _columns(samples, window, hop).abs()


def _padded_with_zeros(samples, window, hop):
    return _columns(torch.nn.functional.pad(samples, [len(window) // 2] * 2), window, hop).abs()


def _ends_twice(samples, window, hop):
    half = len(window) // 2
    padded = torch.cat([samples[:half].flip(0), samples, samples[-half:].flip(0)])
    return _columns(padded, window, hop).abs()


def _no_window(samples, window, hop):
    return _columns(_reflected(samples, len(window) // 2), torch.ones_like(window), hop).abs()


def _power(samples, window, hop):
    return _columns(_reflected(samples, len(window) // 2), window, hop).abs() ** 2


def _all_lines(samples, window, hop):
    return _columns(_reflected(samples, len(window) // 2), window, hop, torch.fft.fft).abs()


def _complex(samples, window, hop):
    return _columns(_reflected(samples, len(window) // 2), window, hop)


def _rows(samples, window, hop):
    return _columns(_reflected(samples, len(window) // 2), window, hop).abs().T


def _half_window_hop(samples, window, hop):
    return _columns(_reflected(samples, len(window) // 2), window, len(window) // 2).abs()


practice(
    stft_magnitude,
    difficulty=2,
    minutes=15,
    cases=_stft_cases,
    tolerance=1e-4,
    mistakes=[
        Mistake(_no_padding, "the sound isn't continued at its ends: frame 0 must be centred on sample 0."),
        Mistake(_padded_with_zeros, "you continue the sound by zeros; its mirror image makes no jump at the ends."),
        Mistake(_ends_twice, "the mirror image begins with the first sample again; it begins with the second."),
        Mistake(_no_window, "the window is missing: frames cut out with sharp edges smear over all lines."),
        Mistake(_power, "this is the power, |STFT|²; the picture shows the amplitude."),
        Mistake(
            _all_lines, "these are all W lines; the upper half mirrors the lower for real samples, so rfft suffices."
        ),
        Mistake(_complex, "these are the complex numbers; take their absolute values."),
        Mistake(_rows, "time runs down your table; it runs along the last dimension: (W / 2 + 1, frames)."),
        Mistake(_half_window_hop, "you step by half a window whatever hop says."),
    ],
    hints=[
        "Continue the sound by half a window at both ends: samples[1 : half + 1].flip(0) is the part before it.",
        "From every start in range(0, len(padded) − len(window) + 1, hop) cut a frame, and multiply it by the window.",
        "torch.fft.rfft(frame).abs() is one column; torch.stack(columns, dim=1) puts them side by side.",
    ],
)

# --------------------------------------------------------------------------------------- amplitudes to pixels


def _pixel_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("silence, a sixteenth, the maximum", (np.array([0.0, 1 / 16, 1.0]), 1.0)),
        Case("a maximum of 8 that nothing reaches", (np.array([[0.5, 1.0], [2.0, 4.0]]), 8.0)),
        Case("an exponent of ½", (rng.random((3, 5)), 1.0, 0.5)),
        Case("many small amplitudes", (rng.random((8, 8)) ** 6, 1.0)),
        Case("louder than the maximum", (np.array([0.2, 0.9, 1.2, 7.0]), 1.0)),
        Case("a silent picture", (np.zeros((2, 3)), 0.0)),
    ]


def _drawn(amplitudes, maximum, power=0.25, *, whole=np.round, limit=True, invert=True, relative=None):
    """A wrong version per switch that is turned."""
    if maximum <= 0:
        return np.full(amplitudes.shape, 255, dtype=np.uint8)
    if relative is None:
        relative = amplitudes / maximum
    relative = relative.clip(0, 1) if limit else relative
    level = 255 * relative**power
    return (whole(255 - level if invert else level).astype(np.int64) % 256).astype(np.uint8)


def _truncated(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, power, whole=np.trunc)


def _not_inverted(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, power, invert=False)


def _no_exponent(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, 1.0)


def _fixed_exponent(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, 0.25)


def _inverse_exponent(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, 1 / power)


def _own_maximum(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, amplitudes.max(), power)


def _overflowing(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, power, limit=False)


def _not_a_picture(amplitudes, maximum, power=0.25):
    return _drawn(amplitudes, maximum, power) / 255.0


def _silence_divided(amplitudes, maximum, power=0.25):
    with np.errstate(all="ignore"):
        relative = np.nan_to_num(amplitudes / maximum, nan=1.0).clip(0, 1)
    return np.round(255 - 255 * relative**power).astype(np.uint8)


practice(
    pixels_from_amplitudes,
    difficulty=1,
    minutes=8,
    cases=_pixel_cases,
    mistakes=[
        Mistake(_truncated, "astype cuts the fraction off, which makes every sound 3 % too loud: round first."),
        Mistake(_not_inverted, "silence is black in your picture; it is white: 255 − ..."),
        Mistake(_no_exponent, "without the exponent all but the loudest is white."),
        Mistake(_fixed_exponent, "you use 0.25 whatever `power` says."),
        Mistake(_inverse_exponent, "you raise to 1 / power; that is the way back."),
        Mistake(_own_maximum, "you divide by the largest amplitude there is; divide by `maximum`."),
        Mistake(_overflowing, "above the maximum your pixels fall below 0 and start again at 255: limit them."),
        Mistake(_not_a_picture, "a picture holds whole numbers from 0 to 255, of type uint8."),
        Mistake(_silence_divided, "0 / 0 makes a black picture of silence: look at the maximum first."),
    ],
    hints=[
        "amplitudes / maximum lies between 0 and 1, unless something is louder than the maximum: .clip(0, 1).",
        "255 − 255 · relative**power; then np.round, then .astype(np.uint8).",
        "A maximum of 0 is silence: np.full(amplitudes.shape, 255, dtype=np.uint8), before anything is divided.",
    ],
)

# --------------------------------------------------------------------------------------- pixels to amplitudes


def _amplitude_cases(rng: np.random.Generator) -> list[Case]:
    pixels = rng.integers(0, 256, (4, 6)).astype(np.uint8)
    return [
        Case("white, grey, black", (np.array([255, 204, 0], dtype=np.uint8), 1.0)),
        Case("a maximum of 16", (np.array([255, 128, 0], dtype=np.uint8), 16.0)),
        Case("many pixels", (pixels, 1.0)),
        Case("an exponent of ½", (pixels, 1.0, 0.5)),
        Case("a maximum of 0", (pixels, 0.0)),
    ]


def _white_is_loud(pixels, maximum, power=0.25):
    return maximum * (pixels / 255.0) ** (1 / power)


def _same_exponent(pixels, maximum, power=0.25):
    return maximum * ((255.0 - pixels) / 255.0) ** power


def _always_four(pixels, maximum, power=0.25):
    return maximum * ((255.0 - pixels) / 255.0) ** 4


def _maximum_inside(pixels, maximum, power=0.25):
    return (maximum * (255.0 - pixels) / 255.0) ** (1 / power)


def _maximum_forgotten(pixels, maximum, power=0.25):
    return ((255.0 - pixels) / 255.0) ** (1 / power)


def _not_a_fraction(pixels, maximum, power=0.25):
    return maximum * (255.0 - pixels) ** (1 / power)


practice(
    amplitudes_from_pixels,
    difficulty=1,
    minutes=5,
    cases=_amplitude_cases,
    mistakes=[
        Mistake(_white_is_loud, "white is loud in your version; it is silence: 255 − p."),
        Mistake(_same_exponent, "you raise to `power` again; the inverse of x^power is x^(1 / power)."),
        Mistake(_always_four, "you raise to 4 whatever `power` says."),
        Mistake(_maximum_inside, "the maximum was divided by before the exponent: multiply by it after its inverse."),
        Mistake(_maximum_forgotten, "the maximum is missing: all sounds would be equally loud."),
        Mistake(_not_a_fraction, "divide by 255 before you raise to a power."),
    ],
    hints=[
        "Undo the formula's steps in reverse: first the 255 −, then the 255 ·, then the exponent, then the division.",
        "(255 − p) / 255 is (S / max)^power.",
        "maximum * ((255.0 − pixels) / 255.0) ** (1 / power)",
    ],
)

# ------------------------------------------------------------------------------------------- Griffin and Lim


def _griffin_lim_cases(rng: np.random.Generator) -> list[Case]:
    def spectrum(window: int, columns: int) -> torch.Tensor:
        shape = (window // 2 + 1, columns)
        return torch.complex(*(torch.tensor(rng.normal(size=shape), dtype=torch.float32) for _ in range(2)))

    def question(window: int, hop: int, columns: int, *momentum: float, n_fft: int = 0, first: bool = False) -> tuple:
        phases, before = (spectrum(n_fft or window, columns) for _ in range(2))
        amplitudes = torch.tensor(rng.random(phases.shape), dtype=torch.float32) + 0.1
        return (phases / phases.abs(), before * (not first), amplitudes, torch.hann_window(window), hop, *momentum)

    return [
        Case("the first iteration: nothing before it", question(8, 2, 6, first=True)),
        Case("a later iteration", question(8, 2, 6)),
        Case("a longer window", question(16, 4, 9)),
        Case("a momentum of ½", question(8, 2, 7, 0.5)),
        Case("no momentum: the plain algorithm of 1984", question(8, 2, 7, 0.0)),
        Case("a window of 8 padded to 16: 9 lines instead of 5", question(8, 2, 7, n_fft=16)),
    ]


def _iteration(phases, previous, amplitudes, window, hop, momentum=0.99, *, shaped=True, ahead=None, unit=True, keep=0):
    """A wrong version per switch that is turned."""
    n_fft = 2 * (phases.shape[-2] - 1)
    spectrum = stft(istft(amplitudes * phases if shaped else phases, window, hop), window, hop, n_fft)
    far = spectrum + momentum * (spectrum - previous) if ahead is None else ahead(spectrum)
    new = far / far.abs().clamp(min=1e-12)
    return (new if unit else far), (spectrum, far, new)[keep]


def _amplitudes_forgotten(*question):
    return _iteration(*question, shaped=False)


def _plain(*question):
    return _iteration(*question, ahead=lambda spectrum: spectrum)


def _backwards(phases, previous, amplitudes, window, hop, momentum=0.99):
    def ahead(spectrum):
        return spectrum - momentum * (spectrum - previous)

    return _iteration(phases, previous, amplitudes, window, hop, momentum, ahead=ahead)


def _minus_previous(phases, previous, amplitudes, window, hop, momentum=0.99):
    def ahead(spectrum):
        return spectrum - momentum * previous

    return _iteration(phases, previous, amplitudes, window, hop, momentum, ahead=ahead)


def _padding_forgotten(phases, previous, amplitudes, window, hop, momentum=0.99):
    spectrum = stft(istft(amplitudes * phases, window, hop), window, hop)
    ahead = spectrum + momentum * (spectrum - previous)
    return ahead / ahead.abs().clamp(min=1e-12), spectrum


def _not_unit(*question):
    return _iteration(*question, unit=False)


def _keeps_ahead(*question):
    return _iteration(*question, keep=1)


def _keeps_phases(*question):
    return _iteration(*question, keep=2)


practice(
    griffin_lim_step,
    difficulty=3,
    minutes=15,
    cases=_griffin_lim_cases,
    tolerance=1e-3,  # a phase turns far where its amplitude is next to 0
    mistakes=[
        Mistake(_amplitudes_forgotten, "the sound is made of amplitudes · phases, and not of the phases alone."),
        Mistake(_plain, "the momentum is missing: go on in the direction in which the spectrum has just changed."),
        Mistake(_backwards, "the momentum points back: add momentum · (spectrum − previous)."),
        Mistake(_minus_previous, "momentum multiplies the change, spectrum − previous, and not `previous` alone."),
        Mistake(_padding_forgotten, "the window may be padded: give stft the n_fft that `amplitudes` has."),
        Mistake(_not_unit, "phases have the absolute value 1: divide by it."),
        Mistake(_keeps_ahead, "the second result is the sound's own spectrum, without the momentum."),
        Mistake(
            _keeps_phases, "the second result is the sound's spectrum with its own amplitudes, and not the phases."
        ),
    ],
    hints=[
        "istft(amplitudes * phases, window, hop) is the sound that comes closest, and stft(sound, window, hop, n_fft) "
        "its own spectrum. n_fft is twice the number of lines less one: 2 * (amplitudes.shape[-2] - 1).",
        "ahead = spectrum + momentum * (spectrum - previous).",
        "Return ahead / ahead.abs(), which has only phases left (.clamp(min=1e-12) against 0 / 0), and the spectrum.",
    ],
)
