"""A small synthesiser: seven instruments, chords and scales, tempo, swing and mood, in short clips that loop.

    samples = render(Riff("guitar", "fast", "happy", "melody"), rate=16_000)

A clip lasts a whole number of beats, and what sounds on beyond its end comes in again at its start: played in a circle,
it has no seam. Everything is drawn from the riff's own seed, so that one riff is one clip, on every computer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

SECONDS = 2.56  # of a clip: 64 frames of 40 ms
TEMPI = {"slow": 3, "medium slow": 4, "medium": 6, "medium fast": 8, "fast": 12}  # beats in a clip
FORMS = ("melody", "arpeggio", "chords", "beat")  # "beat" is for drums, and drums are for "beat"
RHYTHMS = ("straight", "swing")
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}  # semitones above the key's note
# chords by their place in the scale, from 0; a clip goes once through all four
PROGRESSIONS = (
    (0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4), (0, 3, 0, 4), (5, 3, 0, 4), (0, 1, 4, 0), (0, 4, 0, 3), (0, 2, 3, 4),
    (0, 5, 1, 4), (3, 0, 4, 5), (0, 4, 3, 0), (0, 2, 5, 4), (5, 0, 3, 1),
)  # fmt: skip


@dataclass(frozen=True)
class Mood:
    """What a mood does to the music. shift: semitones; dullness: 0 lets all overtones through, 1 few; attack: s."""

    scale: str
    shift: int
    dullness: float
    attack: float
    loudness: float


MOODS = {
    "happy": Mood("major", 4, 0.2, 0.004, 0.9),
    "sad": Mood("minor", -2, 0.5, 0.02, 0.7),
    "calm": Mood("major", 0, 0.7, 0.05, 0.5),
    "dark": Mood("minor", -5, 0.8, 0.01, 0.8),
    "bright": Mood("major", 7, 0.0, 0.004, 0.9),
}


@dataclass(frozen=True)
class Riff:
    """All that makes a clip. progression: a place in PROGRESSIONS; key: semitones above C, 0 to 11.

    Raises ValueError for an instrument, tempo, mood, form or rhythm that there is not, naming those that there are.
    """

    instrument: str
    tempo: str
    mood: str
    form: str
    rhythm: str = "straight"
    progression: int = 0
    key: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        known = {"instrument": INSTRUMENTS, "tempo": TEMPI, "mood": MOODS, "form": FORMS, "rhythm": RHYTHMS}
        for field in fields(self):
            value, choices = getattr(self, field.name), known.get(field.name)
            if choices and value not in choices:
                raise ValueError(f"There is no {field.name} {value!r}; choose one of {', '.join(choices)}.")
        if (self.instrument == "drums") != (self.form == "beat"):
            raise ValueError(
                f"A {self.form} of {self.instrument} makes no sense: drums play a beat, and nothing else does."
            )
        if not (0 <= self.progression < len(PROGRESSIONS) and 0 <= self.key < 12 and self.seed >= 0):
            raise ValueError(
                f"progression is {self.progression}, key {self.key}, seed {self.seed}: expected a progression from 0 "
                f"to {len(PROGRESSIONS) - 1}, a key from 0 to 11, a seed of 0 or more."
            )


def frequency(pitch: float | np.ndarray) -> float | np.ndarray:
    """Hertz of a MIDI pitch: 69 is the concert pitch of 440 Hz, 12 more are an octave."""
    return 440.0 * 2.0 ** ((np.asarray(pitch, float) - 69) / 12)


def _times(seconds: float, rate: int) -> np.ndarray:
    return np.arange(max(1, round(seconds * rate))) / rate


def _envelope(time: np.ndarray, attack: float, decay: float) -> np.ndarray:
    """Rises in `attack` seconds, then falls to 1/e in `decay` seconds."""
    return np.minimum(1.0, time / max(attack, 1e-4)) * np.exp(-np.maximum(0.0, time - attack) / decay)


def _partials(hertz: float, time: np.ndarray, rate: int, strengths: np.ndarray) -> np.ndarray:
    """A sum of sines at the multiples of `hertz`; those above 0.45 of the rate are left out, as they would fold back.

    Σ s_k sin(k ω t) is the imaginary part of a polynomial in z = exp(i ω t): one sine in all, instead of one each.
    """
    heard = strengths[: int(0.45 * rate / hertz)]
    return np.polyval([*heard[::-1], 0.0], np.exp(2j * np.pi * hertz * time)).imag


def pluck(hertz: float, seconds: float, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """A plucked string after Karplus and Strong (1983): noise runs round a delay line and is averaged at each turn.

    y[n] = x[n] + g (y[n − N] + y[n − N − 1]) / 2, where N + 1/2 samples are one period; here a part of a sample is
    shared between two places, so that the string is in tune. What leaves the line comes back N samples later at the
    earliest: a whole turn is computed at once. Returns (samples,).
    """
    period = rate / hertz - 0.5
    turn = int(period)
    part = period - turn
    taps = 0.5 * 0.996 * np.convolve([1.0, 1.0], [1 - part, part])  # for y[n − N], y[n − N − 1], y[n − N − 2]
    length = len(_times(seconds, rate))
    noise = rng.uniform(-1, 1, turn)
    noise += dullness * (np.roll(noise, 1) - noise)  # a soft finger
    string = np.zeros(length + 2 * turn + 2)
    start = turn + 2
    string[start : start + turn] = noise
    for at in range(start + turn, start + length, turn):
        before = string[at - turn - 2 : at]
        string[at : at + turn] = taps[0] * before[2:] + taps[1] * before[1:-1] + taps[2] * before[:-2]
    return string[start : start + length]


def bell(hertz: float, seconds: float, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """A bell by frequency modulation (Chowning 1973): one sine bends the phase of another, 1.4 times as high."""
    time = _times(seconds, rate)
    depth = (5.0 - 3.5 * dullness) * np.exp(-time / 0.35)
    bent = 2 * np.pi * hertz * time + depth * np.sin(2 * np.pi * 1.4 * hertz * time)
    return np.sin(bent) * _envelope(time, 0.002, 0.5)


def flute(hertz: float, seconds: float, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """Few overtones, a vibrato of 5.5 Hz, and some breath."""
    time = _times(seconds, rate)
    wobble = 0.006 * np.sin(2 * np.pi * 5.5 * time) / (2 * np.pi * 5.5)
    tone = _partials(hertz, time + wobble, rate, np.array([1.0, 0.35 - 0.25 * dullness, 0.12 - 0.1 * dullness]))
    breath = np.diff(rng.normal(0, 0.035, len(time) + 1))
    return (tone + breath) * np.minimum(1.0, time / 0.04) * np.minimum(1.0, (time[-1] - time) / 0.04 + 1e-3)


def organ(hertz: float, seconds: float, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """Additive: the pipes of an organ, 1, 2, 3, 4, 6, 8 times the pitch, at full strength until the key is let go."""
    time = _times(seconds, rate)
    pipes = np.array([1, 0.9, 0.6, 0.7, 0, 0.45, 0, 0.4]) * (1 - 0.6 * dullness) ** np.arange(8)
    return _partials(hertz, time, rate, pipes) * np.minimum(1, time / 0.01) * np.minimum(1, (time[-1] - time) / 0.01)


def synth(hertz: float, seconds: float, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """Two saws a little out of tune, as 1/k sums of sines, that lose their overtones as they fade."""
    time = _times(seconds, rate)
    numbers = np.arange(1, 25)
    strengths = (1 / numbers) * (1 - 0.18 * dullness) ** numbers
    saws = _partials(hertz * 0.994, time, rate, strengths) + _partials(hertz * 1.006, time, rate, strengths)
    low = _partials(hertz, time, rate, strengths[:3])
    fade = np.exp(-time / 0.3)
    return (saws * fade + low * (1 - fade)) * _envelope(time, 0.02, 0.8)


def bass(hertz: float, seconds: float, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """Low, with few overtones that die away quickly."""
    time = _times(seconds, rate)
    strengths = np.array([1.0, 0.6, 0.3, 0.15]) * (1 - 0.5 * dullness) ** np.arange(4)
    return _partials(hertz, time, rate, strengths) * _envelope(time, 0.006, 0.28)


Instrument = Callable[[float, float, int, np.random.Generator, float], np.ndarray]
# the instrument, the MIDI pitch of its middle, and how many beats a note lasts
INSTRUMENTS: dict[str, tuple[Instrument | None, int, float]] = {
    "guitar": (pluck, 55, 1.0),
    "flute": (flute, 76, 0.9),
    "bell": (bell, 74, 1.5),
    "bass": (bass, 36, 0.9),
    "drums": (None, 0, 1.0),
    "organ": (organ, 60, 0.8),
    "synth": (synth, 52, 0.9),
}


def drum(kind: str, rate: int, rng: np.random.Generator, dullness: float = 0.3) -> np.ndarray:
    """One hit of a drum machine: "kick" (a sine that falls), "snare" (noise and a tone), "hat" (high noise)."""
    if kind == "kick":
        time = _times(0.25, rate)
        phase = 2 * np.pi * (50 * time + 110 * 0.04 * (1 - np.exp(-time / 0.04)))
        return 1.2 * np.sin(phase) * _envelope(time, 0.001, 0.09)
    if kind == "snare":
        time = _times(0.2, rate)
        noise = rng.normal(0, 0.5, len(time))
        return (noise + 0.5 * np.sin(2 * np.pi * 190 * time)) * _envelope(time, 0.001, 0.05)
    if kind == "hat":
        time = _times(0.08, rate)
        noise = np.diff(rng.normal(0, 0.35, len(time) + 2), 2)
        return (1 - 0.6 * dullness) * noise * _envelope(time, 0.001, 0.018)
    raise ValueError(f"There is no drum {kind!r}; choose kick, snare or hat.")


def pitches(scale: str, degree: int, key: int = 0, base: int = 60) -> np.ndarray:
    """The triad on a place of the scale, as three MIDI pitches: degree 0 is the key's own chord."""
    steps = SCALES[scale]
    places = degree + np.array([0, 2, 4])
    return base + key + np.array([steps[place % 7] + 12 * (place // 7) for place in places])


def score(riff: Riff, seconds: float = SECONDS) -> list[tuple[float, float, float, list[float]]]:
    """What is played: (start in s, length in s, loudness, pitches) for each event; of drums, no pitches.

    One event for each beat; swing adds a softer one at two thirds of it.
    """
    mood, rng = MOODS[riff.mood], np.random.default_rng([riff.seed, 1])
    beats = TEMPI[riff.tempo]
    beat = seconds / beats
    _, base, length = INSTRUMENTS[riff.instrument]
    key = riff.key if riff.key <= 5 else riff.key - 12  # within half an octave of the instrument's middle
    offsets, strengths = ([0.0, 2 / 3], [1.0, 0.4]) if riff.rhythm == "swing" else ([0.0], [1.0])
    place, events = int(rng.integers(0, 3)), []
    for number in range(beats):
        chord = pitches(mood.scale, PROGRESSIONS[riff.progression][4 * number // beats], key, base + mood.shift)
        chord = np.where(chord > base + mood.shift + 12, chord - 12, chord)
        for offset, strength in zip(offsets, strengths, strict=True):
            if riff.form == "melody":
                place = int(np.clip(place + rng.integers(-1, 2), 0, 5))
                notes = [sorted([*chord, *(chord + 12)])[place]]
            elif riff.form == "arpeggio":
                notes = [sorted(chord)[(number + (offset > 0)) % 3]]
            else:
                notes = list(chord) if riff.form == "chords" else []
            accent = 1.0 if number % 4 == 0 else 0.85
            loudness = accent * strength * rng.uniform(0.9, 1.0)
            events.append(((number + offset) * beat, length * beat, loudness, [float(note) for note in notes]))
    return events


def render(riff: Riff, rate: int = 16_000, seconds: float = SECONDS) -> np.ndarray:
    """The clip of a riff: mono float32 (seconds · rate,), its highest peak at the mood's loudness, below 1.

    Raises ValueError for a rate below 8,000 Hz, at which bells fold back, or a length that is not above 0.
    """
    if not (rate >= 8_000 and 0 < seconds <= 60):
        raise ValueError(f"rate is {rate} Hz, seconds {seconds}: expected at least 8,000 Hz and up to 60 seconds.")
    mood, rng = MOODS[riff.mood], np.random.default_rng([riff.seed, 2])
    clip = np.zeros(round(seconds * rate))
    play = INSTRUMENTS[riff.instrument][0]
    for number, (start, length, loudness, notes) in enumerate(score(riff, seconds)):
        if play is None:
            sounds = _drum_hits(number, riff, rate, rng)
        else:
            sounds = [play(float(frequency(note)), length, rate, rng, mood.dullness) for note in notes]
            time = _times(length, rate)
            fade = np.minimum(1, time / mood.attack) * np.minimum(1, (length - time) / 0.01)
            sounds = [fade * sound / np.sqrt(len(sounds)) for sound in sounds]
        for sound in sounds:
            # what rings beyond the end comes in at the start: the clip is a circle
            places = (round(start * rate) + np.arange(len(sound))) % len(clip)
            np.add.at(clip, places, loudness * sound)
    return (0.95 * mood.loudness * clip / max(np.abs(clip).max(), 1e-9)).astype(np.float32)


def _drum_hits(number: int, riff: Riff, rate: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The hits of one event of a beat: a hat always, kick and snare in turns on the beats."""
    dullness = MOODS[riff.mood].dullness
    hits = [drum("hat", rate, rng, dullness)]
    step = 2 if riff.rhythm == "swing" else 1  # every second event of a swing lies between beats
    if number % step == 0:
        hits.append(drum("snare" if (number // step) % 2 else "kick", rate, rng, dullness))
    return hits
