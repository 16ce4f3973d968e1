"""Seconds and errors of the way from a mel spectrogram back to sound: this library against librosa.

    python benchmarks/bench_audio.py

Both get the same mel spectrograms of the same clips, with the same parameters and as many iterations of Griffin and
Lim, and take turns. Compared with the sound that the spectrogram was made from are, for both, the amplitudes of the
full transform (spectral convergence) and the mel bands (mean distance in dB); the table shows means over the clips,
and medians of the seconds. Target: at least 10 times faster at errors no higher.

librosa.feature.inverse.mel_to_audio gives its solver a memory of as many steps as there are lines: at Riffusion's
figures that is 155 GB, and it stops. There it gets scipy's usual ten steps instead.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from unittest import mock

import librosa
import numpy as np
import scipy.optimize

from workbook import show  # before torch is loaded: it says how torch's threads wait
from workbook.audio.image import audio_to_image, device, image_to_audio
from workbook.audio.inverse import griffin_lim, lines_from_mel
from workbook.audio.measure import Errors, sound_errors
from workbook.audio.music import generate
from workbook.audio.spectrogram import SMALL, SpectrogramParams, as_sound, mel_amplitudes

Way = Callable[[np.ndarray], np.ndarray]
SETTINGS = {"the lessons', 64 bands": SMALL, "Riffusion's, 512 bands": SpectrogramParams()}


@contextlib.contextmanager
def less_memory(params: SpectrogramParams) -> Iterator[None]:
    """scipy's solver with ten steps of memory, where librosa would ask for more than a computer has."""
    solver = scipy.optimize.fmin_l_bfgs_b
    limit = 10 if params.n_fft > 4096 else params.n_fft
    with mock.patch.object(
        scipy.optimize, "fmin_l_bfgs_b", lambda *args, m=10, **options: solver(*args, m=min(m, limit), **options)
    ):
        yield


def theirs(params: SpectrogramParams) -> Way:
    """librosa's way."""

    def way(mel: np.ndarray) -> np.ndarray:
        with less_memory(params):
            return librosa.feature.inverse.mel_to_audio(
                mel,
                sr=params.sample_rate,
                n_fft=params.n_fft,
                hop_length=params.hop_length,
                win_length=params.win_length,
                power=1.0,
                n_iter=params.num_griffin_lim_iters,
                fmin=params.min_frequency,
                fmax=params.max_frequency,
                htk=True,
                norm=None,
            )

    return way


def ours(params: SpectrogramParams) -> Way:
    """This library's way."""
    import torch

    def way(mel: np.ndarray) -> np.ndarray:
        return griffin_lim(lines_from_mel(torch.from_numpy(mel).to(device()), params), params).cpu().numpy()

    return way


def clips_of(params: SpectrogramParams, count: int, seconds: float) -> list[np.ndarray]:
    """Clips of the workbook's synthesiser at the parameters' rate, `seconds` long, with a little noise on them."""
    rng = np.random.default_rng(0)
    length = int(seconds * params.sample_rate) // params.hop_length * params.hop_length
    sounds = [np.resize(clip.samples(params.sample_rate), length) for clip in generate("test", count)]
    return [(sound + 1e-4 * rng.normal(size=length)).astype(np.float32) for sound in sounds]


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, tuple[float, float]]:
    """What `work` returns, and its seconds by the clock and of the processor."""
    began = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - began[0], time.process_time() - began[1])


def compare(name: str, params: SpectrogramParams, clips: list[np.ndarray]) -> list[list[str]]:
    """Two rows of the table."""
    ways = {"librosa": theirs(params), "this library": ours(params)}
    seconds: dict[str, list[tuple[float, float]]] = {who: [] for who in ways}
    errors: dict[str, list[Errors]] = {who: [] for who in ways}
    short = clips[0][: len(clips[0]) // 4]  # the first pair warms up
    for number, clip in enumerate([short, *clips]):
        mel = mel_amplitudes(as_sound(clip), params).numpy()
        for who, way in ways.items():
            sound, spent = timed(lambda: way(mel))  # noqa: B023  (called at once)
            if number:
                seconds[who].append(spent)
                errors[who].append(sound_errors(clip, sound, params))
    ratios = np.median(np.array(seconds["librosa"]) / np.array(seconds["this library"]), axis=0)
    length = len(clips[0]) / params.sample_rate
    rows = []
    for who in ways:
        clock, processor = np.median(seconds[who], axis=0)
        cells = [f"{clock:.2f}", f"{processor:.2f}", f"{clock / length:.3f}"]
        cells.append(f"{np.mean([error.spectral_convergence for error in errors[who]]):.4f}")
        cells.append(f"{np.mean([error.log_mel_distance for error in errors[who]]):.3f}")
        rows.append([f"{name}, {who}", *cells, *([f"{ratio:.1f}" for ratio in ratios] if rows else ["", ""])])
    return rows


def round_trips(params: SpectrogramParams, clips: list[np.ndarray]) -> list[list[str]]:
    """Seconds of whole conversions, both ways."""
    images = [audio_to_image(clip, params) for clip in clips]
    rows = []
    for name, works in (
        ("sound to picture", [lambda clip=clip: audio_to_image(clip, params) for clip in clips]),
        ("picture to sound", [lambda image=image: image_to_audio(image) for image in images]),
    ):
        clock, processor = np.median([timed(work)[1] for work in works], axis=0)
        rows.append([name, f"{clock:.2f}", f"{processor:.2f}", f"{clock * params.sample_rate / len(clips[0]):.3f}"])
    return rows


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2.56)
    arguments = parser.parse_args()
    began = time.perf_counter()
    rows = []
    for name, params in SETTINGS.items():
        rows += compare(name, params, clips_of(params, arguments.clips, arguments.seconds))
    import torch

    where = f"{torch.get_num_threads()} threads, {device()}"
    header = ["what", "s, clock", "s, processor", "of real time", "spectral conv.", "log-mel, dB"]
    show.table(
        rows,
        [*header, "ratio, clock", "ratio, processor"],
        f"{arguments.clips} clips of {arguments.seconds} s, {where}, librosa {librosa.__version__}",
    )
    full = SpectrogramParams()
    show.table(
        round_trips(full, clips_of(full, arguments.clips, arguments.seconds)),
        header[:4],
        f"Whole conversions at Riffusion's figures, 32 iterations, {where}",
    )
    print(f"{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()
