"""The listener: what it learns, what it hears, its features; sounds of pictures; players with labels."""

import base64
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from workbook.audio import listening, music
from workbook.audio.image import audio_to_image, image_to_audio
from workbook.audio.listening import Listener
from workbook.audio.spectrogram import mel_amplitudes
from workbook.audio.wave import wave_bytes

PARAMS = music.PARAMS
CLIPS = music.generate("train", 28)


@pytest.fixture(scope="module")
def pictures():
    return music.pictures(CLIPS)


# ------------------------------------------------------------------------------------------------ the listener


def test_it_learns_what_it_is_shown_and_not_more(pictures):
    """28 clips by heart; with the labels of another clip it is as good as wrong."""
    labels = music.labels(CLIPS)
    before = listening.recognised(Listener(), pictures, labels)
    listener, history = listening.train_listener(pictures, labels, steps=60, progress=None)
    after = listening.recognised(listener, pictures, labels)
    assert min(after.values()) > 0.9 > max(before.values()) and history.losses[-1] < history.losses[0]
    others = {name: (values + 1) % len(listening.HEADS[name]) for name, values in labels.items()}
    assert max(listening.recognised(listener, pictures, others).values()) < 0.1
    features, guesses = listening.listen(listener, pictures)
    assert features.shape == (28, listening.FEATURES) and (guesses["tempo"] == labels["tempo"]).mean() == after["tempo"]


def test_training_is_the_same_for_one_seed(pictures):
    first, second, other = (
        listening.train_listener(pictures, music.labels(CLIPS), 3, seed, progress=None)[1].losses for seed in (0, 0, 1)
    )
    assert first == second != other


def test_instrument_and_tempo_both_count(pictures):
    """Each head has its own part of the loss: a perfect guess of one leaves that of the other."""

    class Sure(torch.nn.Module):
        def forward(self, loudness):
            return None, {"instrument": torch.eye(7)[[2]] * 100, "tempo": torch.zeros(1, 5)}

    batch = (torch.zeros(1, 1, 64, 64), torch.tensor([2]), torch.tensor([0]))
    assert listening.listening_loss(Sure(), batch).item() == pytest.approx(np.log(5), rel=1e-5)


def test_chance():
    assert listening.chance("instrument") == pytest.approx(1 / 7) and listening.chance("tempo") == pytest.approx(1 / 5)


def test_disturbing_keeps_the_clip(pictures):
    loudness = listening.loudness_of(pictures)
    torch.manual_seed(0)
    other = listening.disturbed(loudness)
    assert other.shape == loudness.shape and 0 <= other.min() and other.max() <= 1 and not torch.equal(other, loudness)
    for clean, noisy in zip(loudness, other, strict=True):
        means = clean.mean((0, 1)), noisy.mean((0, 1))  # over frequency: the rhythm stays where it is
        assert np.corrcoef(*means)[0, 1] > 0.9


def test_loudness_of_pictures():
    picture = np.full((1, 64, 64), 255, np.uint8)
    picture[0, 3, 5] = 0
    loudness = listening.loudness_of(picture)
    assert loudness.shape == (1, 1, 64, 64) and loudness[0, 0, 3, 5] == 1 and loudness.sum() == 1
    large = np.kron(picture, np.ones((1, 8, 8), np.uint8))
    torch.testing.assert_close(listening.loudness_of(large), loudness)


@pytest.mark.parametrize(
    "pictures", [np.zeros((64, 64), np.uint8), np.zeros((1, 64, 64)), np.zeros((0, 64, 64), np.uint8)]
)
def test_pictures_of_another_kind(pictures):
    for call in (listening.loudness_of, lambda p: listening.sounds_of(p, PARAMS)):
        with pytest.raises(ValueError, match=r"expected uint8 \(N, H, W\), one grey picture for each clip"):
            call(pictures)


# ------------------------------------------------------------------------------------------------ sounds of pictures


def test_pictures_equal_those_of_audio_to_image(pictures):
    sounds = music.sounds(CLIPS[:3])
    assert sounds.shape == (3, PARAMS.samples(64)) and pictures.shape == (28, 64, 64)
    for place in range(3):
        one = np.asarray(audio_to_image(sounds[place], PARAMS).convert("L"))
        assert np.abs(one.astype(int) - pictures[place]).max() <= 1


def test_sounds_of_pictures_as_image_to_audio_makes_them(pictures):
    """Other phases, but the same amplitudes."""
    from PIL import Image

    sounds = listening.sounds_of(pictures[:2], PARAMS)
    assert sounds.shape == (2, PARAMS.samples(64))
    np.testing.assert_allclose(np.abs(sounds).max(1), 0.9, rtol=1e-5)
    for place in range(2):
        one = image_to_audio(Image.fromarray(pictures[place]), PARAMS)
        mels = [mel_amplitudes(torch.from_numpy(sound), PARAMS) for sound in (one, sounds[place])]
        mels = [mel / mel.norm() for mel in mels]
        assert (mels[0] - mels[1]).norm() < 0.25


def test_what_was_heard_looks_like_the_picture(pictures):
    again = listening.heard(pictures[:4], PARAMS)
    assert again.shape == pictures[:4].shape and again.dtype == np.uint8
    near = np.abs(again.astype(int) - pictures[:4]).mean()
    assert near < 8 < np.abs(again[::-1].astype(int) - pictures[:4]).mean()


def test_silence_is_no_division_by_zero():
    white = np.full((1, 64, 64), 255, np.uint8)
    sounds = listening.sounds_of(white, PARAMS)
    assert np.isfinite(sounds).all() and np.isfinite(listening.heard(white, PARAMS)).all()


def test_a_loop_is_as_long_as_its_columns(pictures):
    loops = listening.loops_of(pictures[:2], PARAMS)
    assert loops.shape == (2, 64 * PARAMS.hop_length)
    assert loops.shape[1] == len(CLIPS[0].samples())  # as long as the clip, so it stays in time


def test_a_longer_picture_goes_round_again():
    clip = CLIPS[0]
    sounds = music.sounds([clip], PARAMS, frames=129)
    assert sounds.shape == (1, 128 * PARAMS.hop_length)
    np.testing.assert_array_equal(sounds[0, : len(clip.samples())], sounds[0, len(clip.samples()) :])
    full = replace(PARAMS, sample_rate=22_050)
    assert music.sounds([clip], full).shape == (1, full.samples(64))


# ------------------------------------------------------------------------------------------------ an even path


def _stripe(level):
    """A picture whose lower half is as loud as `level`, 0 to 1, its upper half always loud."""
    picture = np.full((64, 64), 30, np.uint8)
    picture[32:] = 255 - round(225 * level)
    return picture


def _jumping(places):
    """Nothing happens but between 0.6 and 0.7, where everything does."""
    return np.stack([_stripe(np.interp(place, [0.6, 0.7], [0.2, 1.0])) for place in places])


def test_a_walk_puts_clips_where_the_sound_jumps():
    asked = []

    def paint(places):
        asked.append(list(places))
        return _jumping(places)

    places, pictures = listening.walk(paint, PARAMS, count=25, start=5, enough=0.4)
    assert asked[0] == [0, 0.25, 0.5, 0.75, 1] and asked[1] == [0.625] and all(len(one) == 1 for one in asked[1:])
    assert places == sorted(places) and sum(0.5 < place < 0.75 for place in places) == len(places) - 5
    np.testing.assert_array_equal(pictures, _jumping(places))
    levels = listening.levels_of(listening.loops_of(pictures, PARAMS), PARAMS)
    steps = np.sqrt(np.square(np.diff(levels, axis=0)).mean(1))
    whole = np.sqrt(np.square(levels[0] - levels[-1]).mean())
    assert len(places) < 25 and steps.max() <= 0.4 * whole


def test_a_walk_ends_where_it_may_take_no_more_clips():
    places, pictures = listening.walk(_jumping, PARAMS, count=7, start=2, enough=0.0)
    assert len(places) == len(pictures) == 7
    for start, count in ((1, 5), (6, 5)):
        with pytest.raises(ValueError, match="expected 2 <= start <= count"):
            listening.walk(_jumping, PARAMS, count=count, start=start)


def test_levels_are_in_db_below_the_loudest(pictures):
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(40_960) / 16_000)
    levels = listening.levels_of(np.stack([tone, 0.01 * tone]), PARAMS)
    assert levels.shape == (2, 64)
    np.testing.assert_allclose(levels[0], levels[1], atol=1e-3)  # loudness as a whole is no difference
    assert levels.max() == pytest.approx(0, abs=2) and levels.min() < -55  # the ends are reflected, and softer
    assert levels[0].argmax() == round(2595 * np.log10(1 + 1000 / 700) / (2840 / 65)) - 1


# ------------------------------------------------------------------------------------------------ players


def test_players_have_labels(monkeypatch):
    shown = []
    monkeypatch.setattr("workbook.show.both", lambda plain, rich: shown.append((plain, rich)))
    listening.players({'a "slow" flute': np.zeros(16_000), "drums": np.zeros(8_000)}, 16_000)
    listening.player(np.zeros(16_000), 16_000, "an organ")
    (plain, rich), (single, _) = shown
    assert plain == '[sound: a "slow" flute, 1.00 s]\n[sound: drums, 0.50 s]' and single == "[sound: an organ, 1.00 s]"
    assert re.findall('<audio controls aria-label="([^"]+)"', rich) == ["a &quot;slow&quot; flute", "drums"]
    source = re.findall('src="data:audio/wav;base64,([^"]+)"', rich)
    assert base64.b64decode(source[1]) == wave_bytes(np.zeros(8_000), 16_000, "uint8")
    with pytest.raises(ValueError, match="Every player needs a label"):
        listening.player(np.zeros(10), 16_000, " ")
    with pytest.raises(ValueError, match="Every player needs a label"):
        listening.players({}, 16_000)
