"""The synthesiser: its notes are the notes asked for, its clips are circles; and the data set that it plays."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from workbook.audio import music, synthesis
from workbook.audio.synthesis import INSTRUMENTS, MOODS, PROGRESSIONS, SECONDS, TEMPI, Riff, render, score

RATE = 16_000
RNG = np.random.default_rng


def spectrum(sound, rate=RATE):
    """Frequencies and amplitudes of a whole sound, in steps below 0.1 Hz."""
    size = 2**18
    return np.fft.rfftfreq(size, 1 / rate), np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))


def peak_near(sound, hertz):
    """The strongest frequency within 8 % of `hertz`."""
    lines, amplitudes = spectrum(sound)
    near = (lines > 0.92 * hertz) & (lines < 1.08 * hertz)
    return lines[near][amplitudes[near].argmax()]


# ------------------------------------------------------------------------------------------------ instruments


@pytest.mark.parametrize("pitch, hertz", [(69, 440), (57, 220), (60, 261.6256)])
def test_concert_pitch(pitch, hertz):
    assert synthesis.frequency(pitch) == pytest.approx(hertz, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in INSTRUMENTS if name != "drums"])
@pytest.mark.parametrize("hertz", [110.0, 329.63, 700.0])
def test_every_instrument_is_in_tune(name, hertz):
    """Within a twentieth of a semitone; a synth's two saws beat around the pitch."""
    sound = INSTRUMENTS[name][0](hertz, 1.5, RATE, RNG(0), 0.3)
    assert len(sound) == 1.5 * RATE and np.isfinite(sound).all()
    assert peak_near(sound, hertz) == pytest.approx(hertz, rel=0.007 if name == "synth" else 0.003)


@pytest.mark.parametrize("hertz", [82.41, 440.0, 987.77])
def test_a_string_is_in_tune_between_two_samples(hertz):
    sound = synthesis.pluck(hertz, 2, RATE, RNG(0))
    assert peak_near(sound, hertz) == pytest.approx(hertz, rel=5e-4)


def test_a_string_obeys_its_recursion_and_dies_away():
    """y[n] = taps · y[n − N], y[n − N − 1], y[n − N − 2], sample by sample."""
    hertz, dullness = 200.0, 0.3
    sound = synthesis.pluck(hertz, 1, RATE, RNG(3), dullness)
    turn, part = int(RATE / hertz - 0.5), (RATE / hertz - 0.5) % 1
    taps = 0.498 * np.array([1 - part, 1.0, part])
    slow = list(np.concatenate([np.zeros(turn + 2), sound[:turn]]))
    for _ in range(500):
        slow.append(sum(tap * slow[-turn - place] for place, tap in enumerate(taps)))
    np.testing.assert_allclose(sound[: turn + 500], slow[turn + 2 :], atol=1e-12)
    assert np.square(sound[-2000:]).mean() < 0.2 * np.square(sound[:2000]).mean()


def test_an_organ_has_the_overtones_of_its_pipes_alone():
    lines, amplitudes = spectrum(synthesis.organ(200.0, 2, RATE, RNG(0), 0.0))
    strength = [amplitudes[np.abs(lines - 200 * number).argmin()] for number in range(1, 9)]
    np.testing.assert_allclose(np.array(strength) / strength[0], [1, 0.9, 0.6, 0.7, 0, 0.45, 0, 0.4], atol=0.01)


def test_overtones_that_would_fold_back_are_left_out():
    lines, amplitudes = spectrum(synthesis.synth(3000.0, 1, RATE, RNG(0), 0.0))
    loud = lines[amplitudes > 0.01 * amplitudes.max()]
    assert np.abs(loud / 3000 - (loud / 3000).round()).max() < 0.03 and loud.max() < 0.45 * RATE


def test_a_bell_has_side_bands_1_4_apart():
    lines, amplitudes = spectrum(synthesis.bell(500.0, 1, RATE, RNG(0), 0.0))
    at = {ratio: amplitudes[np.abs(lines - 500 * ratio).argmin()] for ratio in (1.0, 2.4, 3.8, 1.7)}
    assert min(at[1.0], at[2.4], at[3.8]) > 10 * at[1.7]


def test_a_dull_sound_has_fewer_overtones():
    for name in ("flute", "organ", "synth", "bass", "bell"):
        centre = []
        for dullness in (0.0, 0.8):
            lines, amplitudes = spectrum(INSTRUMENTS[name][0](220.0, 1, RATE, RNG(0), dullness))
            centre.append((lines * amplitudes**2).sum() / (amplitudes**2).sum())
        assert centre[1] < centre[0], name


def test_drums_are_low_middle_and_high():
    centres = []
    for kind in ("kick", "snare", "hat"):
        lines, amplitudes = spectrum(synthesis.drum(kind, RATE, RNG(0)))
        centres.append((lines * amplitudes**2).sum() / (amplitudes**2).sum())
    assert centres[0] < 300 < centres[1] < centres[2]
    with pytest.raises(ValueError, match="no drum 'gong'; choose kick, snare or hat"):
        synthesis.drum("gong", RATE, RNG(0))


# ------------------------------------------------------------------------------------------------ music


def test_triads():
    assert synthesis.pitches("major", 0).tolist() == [60, 64, 67]  # C E G
    assert synthesis.pitches("major", 4).tolist() == [67, 71, 74]  # G B D
    assert synthesis.pitches("minor", 0, key=9, base=48).tolist() == [57, 60, 64]  # A C E


@pytest.mark.parametrize("tempo", TEMPI)
def test_one_event_for_each_beat(tempo):
    events = score(Riff("flute", tempo, "happy", "chords"))
    assert len(events) == TEMPI[tempo]
    np.testing.assert_allclose([event[0] for event in events], np.arange(TEMPI[tempo]) * SECONDS / TEMPI[tempo])
    assert {len(event[3]) for event in events} == {3}


def test_swing_adds_a_softer_note_at_two_thirds():
    straight, swing = (score(Riff("flute", "slow", "happy", "chords", rhythm)) for rhythm in ("straight", "swing"))
    beat = SECONDS / TEMPI["slow"]
    assert len(swing) == 2 * len(straight)
    np.testing.assert_allclose([b[0] - a[0] for a, b in zip(swing[::2], swing[1::2], strict=True)], 2 / 3 * beat)
    assert all(b[2] < 0.6 * a[2] for a, b in zip(swing[::2], swing[1::2], strict=True))


def test_chords_go_through_the_progression():
    riff = Riff("organ", "medium fast", "happy", "chords", progression=2)
    played = [tuple(sorted(int(note) % 12 for note in event[3])) for event in score(riff)]
    shift = MOODS["happy"].shift
    wanted = [tuple(sorted((p + shift) % 12 for p in synthesis.pitches("major", d, 0, 0))) for d in PROGRESSIONS[2]]
    assert played[::2] == wanted and played[1::2] == wanted


def test_moods_choose_scale_height_and_loudness():
    clips = {mood: Riff("organ", "slow", mood, "chords") for mood in MOODS}
    height = {mood: np.mean([event[3] for event in score(riff)]) for mood, riff in clips.items()}
    assert height["bright"] > height["happy"] > height["calm"] > height["sad"] > height["dark"]
    peaks = {mood: np.abs(render(riff)).max() for mood, riff in clips.items()}
    for mood, peak in peaks.items():
        assert peak == pytest.approx(0.95 * MOODS[mood].loudness, rel=1e-5)


# ------------------------------------------------------------------------------------------------ clips


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_riff_is_one_clip(name):
    riff = Riff(name, "medium", "happy", "beat" if name == "drums" else "melody", "swing", 1, 2, 3)
    clip = render(riff)
    assert clip.dtype == np.float32 and clip.shape == (round(SECONDS * RATE),) and np.isfinite(clip).all()
    np.testing.assert_array_equal(clip, render(riff))
    if name != "bell":  # it has nothing random but the melody
        assert not np.array_equal(clip, render(replace(riff, seed=4)))
    assert render(riff, 44_100).shape == (round(SECONDS * 44_100),)


def test_what_rings_beyond_the_end_comes_in_at_the_start():
    """A bell rings for one and a half beats: the last note's end is heard in the first half beat."""
    riff = Riff("bell", "slow", "calm", "arpeggio", progression=0)
    whole = _unscaled(riff)
    np.testing.assert_allclose(render(riff), 0.95 * MOODS["calm"].loudness * whole / np.abs(whole).max(), atol=1e-6)
    cut = _unscaled(riff, circle=False)
    assert np.abs(whole - cut)[:1000].max() > 0.05 and np.array_equal(whole[-1000:], cut[-1000:])


def _unscaled(riff, circle=True):
    """The clip before its peak is set, put together event by event."""
    clip = np.zeros(round(SECONDS * RATE) + 2 * RATE)
    mood = MOODS[riff.mood]
    for start, length, loudness, (note,) in score(riff):
        sound = INSTRUMENTS[riff.instrument][0](synthesis.frequency(note), length, RATE, RNG(0), mood.dullness)
        time = np.arange(len(sound)) / RATE
        sound = sound * np.minimum(1, time / mood.attack) * np.minimum(1, (length - time) / 0.01)
        at = round(start * RATE)
        clip[at : at + len(sound)] += loudness * sound
    size = round(SECONDS * RATE)
    if circle:
        clip[: len(clip) - size] += clip[size:]
    return clip[:size]


@pytest.mark.parametrize("tempo", TEMPI)
def test_the_tempo_is_heard(tempo):
    """The onsets' strength lies at multiples of the beat, and not at those of a faster tempo alone."""
    clip = render(Riff("guitar", tempo, "happy", "chords", key=2))
    frames = np.square(clip[: len(clip) // 160 * 160]).reshape(-1, 160).mean(1)  # 10 ms
    onsets = np.maximum(0, np.diff(np.log(frames + 1e-6), prepend=np.log(frames[-1] + 1e-6)))
    power = np.abs(np.fft.rfft(onsets))[1:49] ** 2  # of 1, 2 ... 48 times in a clip
    share = {name: power[beats - 1 :: beats].sum() / power.sum() for name, beats in TEMPI.items()}
    assert max((name for name in TEMPI if share[name] > 0.6), key=list(TEMPI).index) == tempo


@pytest.mark.parametrize(
    "change, says",
    [
        (dict(instrument="violin"), "no instrument 'violin'; choose one of guitar, flute"),
        (dict(tempo="allegro"), "no tempo 'allegro'; choose one of slow, medium slow"),
        (dict(mood="angry"), "no mood 'angry'; choose one of happy"),
        (dict(form="fugue"), "no form 'fugue'; choose one of melody"),
        (dict(rhythm="waltz"), "no rhythm 'waltz'; choose one of straight, swing"),
        (dict(form="beat"), "beat of guitar makes no sense"),
        (dict(instrument="drums"), "melody of drums makes no sense"),
        (dict(progression=99), "expected a progression from 0 to 12"),
        (dict(key=12), "a key from 0 to 11"),
        (dict(seed=-1), "a seed of 0 or more"),
    ],
)
def test_a_riff_that_makes_no_sense(change, says):
    with pytest.raises(ValueError, match=says):
        Riff(**{"instrument": "guitar", "tempo": "slow", "mood": "sad", "form": "melody", **change})


@pytest.mark.parametrize("rate, seconds", [(4_000, 1), (RATE, 0), (RATE, float("nan")), (RATE, 100)])
def test_a_clip_that_makes_no_sense(rate, seconds):
    with pytest.raises(ValueError, match=r"expected at least 8,000 Hz and up to 60 seconds"):
        render(Riff("guitar", "slow", "sad", "melody"), rate, seconds)


# ------------------------------------------------------------------------------------------------ the data set

WORDS = set(
    "plucked guitar flute bell bass drums organ synth slow fast medium happy sad calm dark bright major minor melody "
    "arpeggio chord chords beat swing straight tempo loop quiet loud low high playing music".split()
)


def test_splits_differ_by_progressions_and_pairs():
    clips = {split: music.generate(split, 140) for split in ("train", "validation", "test")}
    used = {split: {clip.riff.progression for clip in some} for split, some in clips.items()}
    assert not used["train"] & used["validation"] and not used["test"] & (used["train"] | used["validation"])
    assert set().union(*used.values()) == set(range(len(PROGRESSIONS)))
    unseen = {split: [music.UNSEEN[c.riff.instrument] == c.riff.tempo for c in some] for split, some in clips.items()}
    assert not any(unseen["train"]) and not any(unseen["validation"]) and sum(unseen["test"]) == 70


def test_pairs():
    assert len(music.pairs()) == 35 and len(music.pairs(unseen=True)) == 7 == len(INSTRUMENTS)
    assert sorted(music.pairs(True) + music.pairs(False)) == sorted(music.pairs())
    assert {instrument for instrument, _ in music.pairs(True)} == set(INSTRUMENTS)


def test_clips_are_even_and_the_same_for_one_seed():
    clips = music.generate("train", 280)
    counts = Counter((clip.riff.instrument, clip.riff.tempo) for clip in clips)
    assert set(counts.values()) == {10} and len(counts) == 28
    assert clips == music.generate("train", 280) and clips[:5] == music.generate("train", 5)
    assert clips != music.generate("train", 280, seed=1)
    judged = Counter((clip.riff.instrument, clip.riff.tempo) for clip in music.generate("judge", 70))
    assert set(judged) == set(music.pairs()) and set(judged.values()) == {2}
    assert len({clip.riff for clip in clips}) == 280


def test_captions_say_what_is_played_in_known_words():
    for clip in music.generate("test", 200):
        words = clip.caption.split()
        assert set(words) <= WORDS
        assert clip.riff.instrument in words and clip.riff.tempo in clip.caption
        assert ("swing" in words) == (clip.riff.rhythm == "swing")
        if clip.riff.tempo == "medium":
            assert not {"slow", "fast"} & set(words)
    riff = Riff("flute", "medium slow", "sad", "melody", "swing")
    assert music.prompt(riff) == "medium slow swing sad flute melody"


def test_labels_are_places_in_the_lists():
    riffs = [Riff("bell", "fast", "sad", "melody"), Riff("guitar", "slow", "sad", "chords")]
    clips = [music.Clip(riff, music.prompt(riff)) for riff in riffs]
    found = music.labels(clips)
    assert found["instrument"].tolist() == [2, 0] and found["tempo"].tolist() == [4, 0]


def test_what_models_are_asked_for():
    some = music.asked(2)
    assert [(clip.riff.instrument, clip.riff.tempo) for clip in some[::2]] == music.pairs() and len(some) == 70
    assert {clip.riff.rhythm for clip in some} == {"straight"} and len({clip.caption for clip in some}) > 60
    assert all(clip.caption == music.prompt(clip.riff) for clip in some) and some == music.asked(2) != music.asked(2, 1)
    with pytest.raises(ValueError, match="per_pair is 0: expected at least one prompt"):
        music.asked(0)


@pytest.mark.parametrize("split, count", [("dev", 3), ("train", 0)])
def test_a_split_that_there_is_not(split, count):
    with pytest.raises(ValueError, match="expected one of train, validation, test, judge, and at least 1 clip"):
        music.generate(split, count)
