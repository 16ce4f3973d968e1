"""A data set of short pieces of music with captions, played by the workbook's own synthesiser.

    clips = generate("train", 700)
    clips[0].caption, clips[0].samples(), pictures(clips[:1])

The splits differ by more than the seed. Training, validation and test have chord progressions of their own, and seven
pairs of instrument and tempo (`UNSEEN`, one for each instrument) are in the test split alone: whoever plays them has
put two things together that were never heard together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbook.audio import synthesis
from workbook.audio.spectrogram import SMALL, SpectrogramParams
from workbook.audio.synthesis import INSTRUMENTS, MOODS, TEMPI, Riff

# The lessons' pictures: 64 columns of 40 ms are a clip of 2.56 s. A model of 64 x 64 pixels then sees all of it.
PARAMS = replace(SMALL, step_size_ms=40, window_duration_ms=80, padded_duration_ms=80)
FRAMES = 64
UNSEEN = {
    "guitar": "fast", "flute": "medium slow", "bell": "slow", "bass": "medium fast", "drums": "medium",
    "organ": "medium fast", "synth": "medium slow",
}  # fmt: skip
SPLITS = {  # the progressions of each split, and its own number in the seed
    "train": (range(0, 8), 0),
    "validation": (range(8, 10), 1),
    "test": (range(10, 13), 2),
    "judge": (range(0, 8), 4),  # for whoever listens: all pairs, or it would take a new pair for one that it knows
}
TEMPLATES = (  # the first one makes the prompts by which models are judged
    "{tempo} {mood} {instrument} {form}",
    "{mood} {instrument} {form} {tempo} tempo",
    "{instrument} playing {tempo} {mood} {form}",
    "{tempo} {instrument} {form}",
    "{tempo} {mood} {instrument} music",
    "{mood} {instrument} {form} loop {tempo}",
)


@dataclass(frozen=True)
class Clip:
    """A riff and the words about it."""

    riff: Riff
    caption: str

    def samples(self, rate: int = 16_000) -> np.ndarray:
        """The sound: mono float32, 2.56 seconds."""
        return synthesis.render(self.riff, rate)


def pairs(unseen: bool | None = None) -> list[tuple[str, str]]:
    """(instrument, tempo): all 35 pairs, or those that training never has (True), or those that it has (False)."""
    every = [(instrument, tempo) for instrument in INSTRUMENTS for tempo in TEMPI]
    return [pair for pair in every if unseen is None or (UNSEEN[pair[0]] == pair[1]) == unseen]


def prompt(riff: Riff) -> str:
    """The plainest caption: 'medium slow sad flute melody'."""
    return caption(riff, TEMPLATES[0])


def caption(riff: Riff, template: str) -> str:
    """A riff in words. Swing is always said, a straight rhythm never: it is what one expects."""
    tempo = f"{riff.tempo} swing" if riff.rhythm == "swing" else riff.tempo
    return template.format(tempo=tempo, mood=riff.mood, instrument=riff.instrument, form=riff.form)


def generate(split: str, count: int, seed: int = 0) -> list[Clip]:
    """`count` clips of a split, the same for the same seed; instrument and tempo are as even as they can be.

    Half of the test split are pairs that training never has; "judge" has all pairs alike. Raises ValueError for an
    unknown split or a count below 1.
    """
    if split not in SPLITS or count < 1:
        raise ValueError(
            f"split is {split!r}, count {count}: expected one of {', '.join(SPLITS)}, and at least 1 clip."
        )
    progressions, number = SPLITS[split]
    rng = np.random.default_rng([seed, number])
    seen, unseen = (_endless(pairs(which), rng) for which in (False, True))
    sources = {"test": [seen, unseen], "judge": [_endless(pairs(), rng)]}.get(split, [seen])
    return [_clip(*next(sources[at % len(sources)]), progressions, rng) for at in range(count)]


def asked(per_pair: int, seed: int = 0) -> list[Clip]:
    """What models are asked for when they are judged: plain prompts, `per_pair` for each of all 35 pairs, in order.

    Mood and form vary; the rhythm is straight. The clips can be played, too: so would the synthesiser answer.
    """
    if per_pair < 1:
        raise ValueError(f"per_pair is {per_pair}: expected at least one prompt for each pair of instrument and tempo.")
    rng = np.random.default_rng([seed, 3])
    some = [_clip(*pair, SPLITS["test"][0], rng).riff for pair in pairs() for _ in range(per_pair)]
    some = [replace(riff, rhythm="straight") for riff in some]
    return [Clip(riff, prompt(riff)) for riff in some]


def _endless(choices: list[tuple[str, str]], rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """All choices in a drawn order, again and again, each time in another."""
    while True:
        yield from (choices[place] for place in rng.permutation(len(choices)))


def _clip(instrument: str, tempo: str, progressions: range, rng: np.random.Generator) -> Clip:
    forms = ["beat"] if instrument == "drums" else ["melody", "arpeggio", "chords"]
    riff = Riff(
        instrument,
        tempo,
        mood=str(rng.choice(list(MOODS))),
        form=str(rng.choice(forms)),
        rhythm="swing" if rng.random() < 0.2 else "straight",
        progression=int(rng.choice(progressions)),
        key=int(rng.integers(12)),
        seed=int(rng.integers(2**31)),
    )
    words = caption(riff, str(rng.choice(TEMPLATES)))
    if instrument == "guitar" and rng.random() < 0.3:
        words = words.replace("guitar", "plucked guitar")
    return Clip(riff, words)


def sounds(clips: Sequence[Clip], params: SpectrogramParams = PARAMS, frames: int = FRAMES) -> np.ndarray:
    """The sounds that fill pictures of so many columns, float32 (N, samples).

    A clip is a circle: where the picture is longer than the clip, it goes round again.
    """
    length = params.samples(frames)
    return np.stack([np.resize(clip.samples(params.sample_rate), length) for clip in clips])


def pictures(clips: Sequence[Clip], params: SpectrogramParams = PARAMS, frames: int = FRAMES) -> np.ndarray:
    """The clips' log-mel pictures, uint8 (N, mels, frames), as `audio_to_image` draws them: dark is loud."""
    from workbook.audio.listening import pictures_of

    parts = range(0, len(clips), 32)  # not all at once: a hundred transforms take some memory
    return np.concatenate([pictures_of(sounds(clips[at : at + 32], params, frames), params) for at in parts])


def labels(clips: Sequence[Clip]) -> dict[str, np.ndarray]:
    """What a listener should recognise: the places of instrument and tempo in INSTRUMENTS and TEMPI, each (N,)."""
    return {
        "instrument": np.array([list(INSTRUMENTS).index(clip.riff.instrument) for clip in clips]),
        "tempo": np.array([list(TEMPI).index(clip.riff.tempo) for clip in clips]),
    }
