"""Losses and transitions, by hand and on sounds of which the answer is known."""

import numpy as np
import pytest
import torch

from workbook.audio.image import audio_to_image
from workbook.audio.interpolation import crossfade
from workbook.audio.measure import (
    decibels,
    largest_step,
    log_mel_distance,
    picture_errors,
    round_trip,
    sound_errors,
    spectral_convergence,
    steps_between,
    transition_steps,
)
from workbook.audio.spectrogram import SMALL

pytestmark = pytest.mark.usefixtures("one_thread")


def tone(hertz, seconds=2.0, loudness=0.3):
    time = np.arange(int(seconds * SMALL.sample_rate)) / SMALL.sample_rate
    return (loudness * sum(np.sin(2 * np.pi * f * time) for f in np.atleast_1d(hertz))).astype(np.float32)


def test_spectral_convergence_by_hand():
    reference = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    assert spectral_convergence(reference, reference) == 0
    assert spectral_convergence(reference, 0 * reference) == 1
    assert spectral_convergence(reference, torch.tensor([[3.0, 0.0], [3.0, 0.0]])) == pytest.approx(1)  # √(9 + 16) / 5
    assert spectral_convergence(0 * reference, 0 * reference) == 0
    assert spectral_convergence(0 * reference, reference) == float("inf")


def test_log_mel_distance_by_hand():
    reference = torch.tensor([1.0, 0.1, 0.01, 0.0])
    assert log_mel_distance(reference, reference) == 0
    # 6.02 dB each where both are audible; 0.005 is 46 dB down; nothing is at the floor, 60 dB down
    assert log_mel_distance(reference, 0.5 * reference) == pytest.approx(0.75 * 6.0206, rel=1e-4)
    assert log_mel_distance(reference, 0 * reference) == pytest.approx((60 + 40 + 20 + 0) / 4)
    assert log_mel_distance(0 * reference, 0 * reference) == 0


def test_decibels():
    assert decibels(torch.tensor([2.0, 0.2, 2e-6, 0.0])).tolist() == pytest.approx([0, -20, -60, -60], abs=1e-4)
    assert decibels(torch.zeros(3)).tolist() == [-60] * 3


@pytest.mark.parametrize("shape", [(2, 3), (0,)])
def test_shapes_that_do_not_fit(shape):
    for measure in (spectral_convergence, log_mel_distance):
        with pytest.raises(ValueError, match="Expected amplitudes of one shape"):
            measure(torch.zeros(shape), torch.zeros(shape if shape == (0,) else (2, 4)))


def test_errors_of_sounds():
    samples = tone([220, 440])
    same = sound_errors(samples, samples, SMALL)
    assert same.spectral_convergence == same.log_mel_distance == 0
    assert sound_errors(samples, -samples, SMALL).spectral_convergence < 1e-6  # heard alike
    half = sound_errors(samples, 0.5 * samples[:-500], SMALL)
    assert half.spectral_convergence == pytest.approx(0.5, abs=0.01)
    assert half.log_mel_distance < 6.1
    assert sound_errors(samples, tone([220, 880]), SMALL).spectral_convergence > 0.7
    with pytest.raises(ValueError, match="as many channels"):
        sound_errors(samples, np.stack([samples, samples]), SMALL)


def test_errors_of_a_picture_are_those_of_its_pixels():
    samples = tone([220, 440])
    image = audio_to_image(samples, SMALL)
    exact = picture_errors(samples, image)
    assert 0 < exact.spectral_convergence < 0.02 and exact.log_mel_distance < 0.5
    assert picture_errors(tone([220, 880]), image).spectral_convergence > 0.5
    assert picture_errors(samples[:9000], image).spectral_convergence < 0.15  # the new end is mirrored


def test_round_trip():
    samples = tone([220, 440, 1000])
    trip = round_trip(samples, SMALL)
    assert trip.samples.shape == samples.shape and trip.image.size == (101, 64)
    assert trip.picture.spectral_convergence < 0.02 < trip.sound.spectral_convergence < 0.6
    assert trip.sound == sound_errors(samples, trip.samples, SMALL)


# --------------------------------------------------------------------------------------------- transitions


def test_steps_by_hand():
    """A tone that becomes 20 dB quieter: a step of 20 dB in its band, and of nothing where there is nothing."""
    samples = np.concatenate([tone(1000, 1), tone(1000, 1, 0.03)])
    steps = steps_between(samples, SMALL, seconds=0.4)
    assert steps.shape == (SMALL.frames(len(samples)) - 2 * 2 - 2 * 20 + 1,)
    assert abs(int(steps.argmax()) + 20 + 2 - 50) <= 2  # frame 50 is at 1 s
    assert steps[:8].max() < 0.1 and steps[-8:].max() < 0.1
    assert 20 / 8 < steps.max() < 20  # root mean square over 64 bands, of which some hold the tone's skirts


def test_a_step_is_as_large_wherever_the_cut_is():
    cuts = [largest_step(np.concatenate([tone(300, first), tone(2000, 2)]), SMALL, 0.5) for first in (1, 1.13, 1.37)]
    assert cuts == pytest.approx([cuts[0]] * 3, rel=0.03)


def test_transitions_are_told_apart():
    first, second = tone([200, 300], 1.5), tone([900, 1900], 1.5)
    middle = [tone([200 + 700 * t, 300 + 1600 * t], 1.5) for t in np.linspace(0, 1, 7)]
    slow = middle[0]
    for clip in middle[1:]:
        slow = crossfade(slow, clip, 4000)
    steps = transition_steps(first, second, slow, SMALL)
    assert list(steps) == ["hard cut", "plain cross-fade", "transition"]
    assert steps["hard cut"] > steps["plain cross-fade"] > 0
    assert steps["hard cut"] == pytest.approx(largest_step(np.concatenate([first, second]), SMALL))
    assert transition_steps(first, second, np.concatenate([first, second]), SMALL)["transition"] == steps["hard cut"]
    same = transition_steps(first, second, np.concatenate([first, first]), SMALL)["transition"]
    assert same < 0.1 * steps["hard cut"]


def test_too_short_for_two_windows():
    with pytest.raises(ValueError, match=r"Two windows of 1\.5 s don't fit into 2\.00 s"):
        steps_between(tone(440), SMALL, seconds=1.5)
