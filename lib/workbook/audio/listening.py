"""Listening by machine, and for people: a classifier of instrument and tempo, its features, and a player with a label.

The classifier hears what a person hears: not the picture that a model has painted, but the sound that this picture
gives. `heard` turns pictures into sound and that into pictures again.
"""

from __future__ import annotations

import base64
import html
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook import show
from workbook.audio.image import amplitudes_from_pixels, device, pixels_from_amplitudes
from workbook.audio.inverse import griffin_lim, lines_from_mel
from workbook.audio.measure import decibels
from workbook.audio.spectrogram import SpectrogramParams, mel_amplitudes
from workbook.audio.synthesis import INSTRUMENTS, TEMPI
from workbook.audio.wave import wave_bytes
from workbook.trainers.history import History
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear

HEADS = {"instrument": tuple(INSTRUMENTS), "tempo": tuple(TEMPI)}
FEATURES = 24  # few, because a Fréchet distance of N clips wants several times fewer features than N


class Listener(nn.Module):
    """Tells instrument and tempo from a log-mel picture of 64 x 64 pixels."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        sizes = [1, width, 2 * width, 3 * width]
        self.blocks = nn.Sequential(*(
            part
            for before, after in itertools.pairwise(sizes)
            for part in (nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU())
        ))  # fmt: skip
        self.features = nn.Sequential(nn.Dropout(0.2), nn.Linear(sizes[-1] * 8 * 8, FEATURES), nn.Tanh())
        self.heads = nn.ModuleDict({name: nn.Linear(FEATURES, len(words)) for name, words in HEADS.items()})

    def forward(self, loudness: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """loudness (N, 1, 64, 64), 0 is silence and 1 the loudest → features (N, 24) and the logits of each head."""
        features = self.features(self.blocks(loudness).flatten(1))
        return features, {name: head(features) for name, head in self.heads.items()}


def loudness_of(pictures: np.ndarray | Tensor) -> Tensor:
    """Pictures, uint8 (N, H, W), dark is loud → (N, 1, 64, 64) between 0 and 1. Larger ones are made smaller.

    Raises ValueError for another type or shape.
    """
    array = np.asarray(pictures)
    if array.dtype != np.uint8 or array.ndim != 3 or array.size == 0:
        raise ValueError(
            f"The pictures are {array.dtype} {array.shape}: expected uint8 (N, H, W), one grey picture for each clip. "
            "A colour picture becomes grey by .convert('L')."
        )
    loudness = 1 - torch.from_numpy(np.ascontiguousarray(array)).float()[:, None] / 255
    return loudness if array.shape[1:] == (64, 64) else F.adaptive_avg_pool2d(loudness, (64, 64))


def disturbed(loudness: Tensor) -> Tensor:
    """The same clips a little different: louder or softer, a band higher or lower, with noise.

    Else the listener would find fault with what every way back from a picture to sound does, and not with the music.
    """
    count = len(loudness)
    gain = torch.empty(count, 1, 1, 1).uniform_(0.8, 1.1)
    noise = torch.randn_like(loudness) * torch.empty(count, 1, 1, 1).uniform_(0.0, 0.08)
    shift = int(torch.randint(-2, 3, ()))
    return (torch.roll(loudness, shift, dims=2) * gain + noise).clamp(0, 1)


def listening_loss(listener: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Cross-entropy of the instrument plus that of the tempo; batch: loudness, instruments, tempi."""
    loudness, *labels = batch
    _, logits = listener(disturbed(loudness))
    return sum(F.cross_entropy(logits[name], label) for name, label in zip(HEADS, labels, strict=True))


def train_listener(
    pictures: np.ndarray, labels: dict[str, np.ndarray], steps: int = 300, seed: int = 0, progress: str | None = "judge"
) -> tuple[Listener, History]:
    """A listener that has learnt from the pictures of real clips, uint8 (N, H, W), and their labels, each (N,)."""
    torch.manual_seed(seed)
    loudness = loudness_of(pictures)
    targets = [torch.as_tensor(labels[name], dtype=torch.long) for name in HEADS]
    rows = torch.utils.data.TensorDataset(loudness, *targets)
    batches = torch.utils.data.DataLoader(rows, batch_size=32, shuffle=True, drop_last=len(rows) >= 32)
    listener, schedule = Listener(), warmup_linear(steps // 10 + 1, steps)
    history = fit(
        listener, batches, listening_loss, steps=steps, learning_rate=2e-3, schedule=schedule, seed=seed,
        progress=progress,
    )  # fmt: skip
    return listener, history


@torch.no_grad()
def listen(listener: Listener, pictures: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Features (N, 24), and for each head the place of what was recognised, (N,)."""
    where = next(listener.parameters()).device
    features, logits = listener(loudness_of(pictures).to(where))
    return features.cpu().numpy(), {name: values.argmax(1).cpu().numpy() for name, values in logits.items()}


def recognised(listener: Listener, pictures: np.ndarray, labels: dict[str, np.ndarray]) -> dict[str, float]:
    """The share of clips whose instrument and tempo are recognised as what the labels say."""
    _, guesses = listen(listener, pictures)
    return {name: float((guesses[name] == labels[name]).mean()) for name in HEADS}


def chance(name: str) -> float:
    """What guessing gives: one in the number of instruments, or of tempi."""
    return 1 / len(HEADS[name])


def sounds_of(pictures: np.ndarray, params: SpectrogramParams, seed: int = 0) -> np.ndarray:
    """The sounds of grey pictures, uint8 (N, H, W), all at once: float32 (N, samples), each with its peak at 0.9.

    What `image_to_audio` does for one picture without a maximum in its tags. seed: of the random phases.
    """
    loudness_of(pictures[:1])  # says what is wrong with them, if anything is
    mel = amplitudes_from_pixels(pictures[:, ::-1].astype(np.float32), 1.0, params.power_for_image)
    with torch.no_grad():
        lines = lines_from_mel(torch.from_numpy(np.ascontiguousarray(mel, np.float32)).to(device()), params)
        sounds = griffin_lim(lines, params, seed=seed).cpu().numpy()
    return 0.9 * sounds / np.abs(sounds).max(1, keepdims=True).clip(1e-9)


def pictures_of(sounds: np.ndarray, params: SpectrogramParams) -> np.ndarray:
    """The pictures of sounds (N, samples), all at once: uint8 (N, mels, frames), as `audio_to_image` draws each."""
    mel = mel_amplitudes(torch.from_numpy(sounds).float().to(device()), params).cpu().numpy()[:, ::-1]
    power = params.power_for_image
    return np.stack([pixels_from_amplitudes(one, float(one.max()), power) for one in mel])


def heard(pictures: np.ndarray, params: SpectrogramParams, seed: int = 0) -> np.ndarray:
    """The pictures of the sounds that these pictures give, uint8 (N, H, W)."""
    return pictures_of(sounds_of(pictures, params, seed), params)


def loops_of(pictures: np.ndarray, params: SpectrogramParams, seed: int = 0) -> np.ndarray:
    """The sounds of pictures that are to be played in a circle: the first column comes once more after the last.

    A picture of T columns is then a sound of T steps; without it, it would be T − 1, and each round a step too short.
    Returns float32 (N, samples).
    """
    return sounds_of(np.concatenate([pictures, pictures[:, :, :1]], axis=2), params, seed)


def levels_of(loops: np.ndarray, params: SpectrogramParams) -> np.ndarray:
    """The mean level of every mel band of each loop, (N, samples) → (N, bands), in dB below its loudest band."""
    mels = mel_amplitudes(torch.from_numpy(loops).float().to(device()), params)
    return torch.stack([decibels(mel).mean(-1) for mel in mels]).cpu().numpy()


def walk(
    paint: Callable[[list[float]], np.ndarray],
    params: SpectrogramParams,
    count: int = 17,
    start: int = 5,
    enough: float = 1 / 3,
) -> tuple[list[float], np.ndarray]:
    """A path from 0 to 1 in steps that sound alike: wherever the sound jumps, another clip is put in the middle.

    paint: places between 0 and 1 → their pictures, uint8 (N, H, W). It begins with `start` places, evenly, and ends
    with `count`, or as soon as no step is above `enough` of the way from the first to the last. A step is the root mean
    square, over the mel bands, of the difference between the mean levels. Returns places and pictures, in order.
    Raises ValueError for fewer than 2 places, or a count below the start.
    """
    if not 2 <= start <= count:
        raise ValueError(f"start is {start}, count {count}: expected 2 <= start <= count.")

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(np.square(a - b).mean()))

    places = [float(place) for place in np.linspace(0, 1, start)]
    pictures = list(paint(places))
    levels = list(levels_of(loops_of(np.stack(pictures), params), params))
    while len(places) < count:
        steps = [distance(*pair) for pair in itertools.pairwise(levels)]
        widest = int(np.argmax(steps))
        if steps[widest] <= enough * distance(levels[0], levels[-1]):
            break
        middle = (places[widest] + places[widest + 1]) / 2
        picture = paint([middle])
        places.insert(widest + 1, middle)
        pictures.insert(widest + 1, picture[0])
        levels.insert(widest + 1, levels_of(loops_of(picture, params), params)[0])
    return places, np.stack(pictures)


def player(samples: np.ndarray, rate: int, label: str, kind: str = "uint8") -> None:
    """Show a player for one clip. label: says what is heard, beside the player and to a screen reader."""
    players({label: samples}, rate, kind)


def players(clips: dict[str, np.ndarray] | Sequence[tuple[str, np.ndarray]], rate: int, kind: str = "uint8") -> None:
    """Show players under each other, one for each label and its samples (N,).

    The sound is part of the page, and so of the stored notebook: a clip of 2.5 s at 16 kHz and 8 bits takes 55 kB.
    kind: of samples, as in a wave file; "int16" is cleaner, and twice as large.
    """
    rows: list[Any] = list(clips.items() if isinstance(clips, dict) else clips)
    if not rows or any(not label.strip() for label, _ in rows):
        raise ValueError("Every player needs a label: say in a few words what is heard.")
    parts = []
    for label, samples in rows:
        source = base64.b64encode(wave_bytes(samples, rate, kind)).decode()
        said = html.escape(label, quote=True)
        parts.append(
            '<figure style="margin:4px 0;display:flex;gap:12px;align-items:center"><audio controls '
            f'aria-label="{said}" src="data:audio/wav;base64,{source}"></audio><figcaption>{said}</figcaption></figure>'
        )
    lines = [f"[sound: {label}, {len(samples) / rate:.2f} s]" for label, samples in rows]
    show.both("\n".join(lines), "".join(parts))
