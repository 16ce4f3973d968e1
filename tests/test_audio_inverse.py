"""The way back to sound: non-negative least squares against scipy, and Griffin and Lim's iterations converge."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import torch

from workbook.audio import inverse
from workbook.audio.inverse import griffin_lim, griffin_lim_step, lines_from_mel
from workbook.audio.measure import spectral_convergence
from workbook.audio.spectrogram import SMALL, SpectrogramParams, amplitudes, hann, mel_amplitudes, mel_bank, stft

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = replace(SMALL, sample_rate=4000, num_frequencies=12, max_frequency=2000)  # 256 samples, padded to 512


def sound(params, seconds=0.6, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * params.sample_rate)) / params.sample_rate
    signal = sum(np.exp(-2 * time) * np.sin(2 * np.pi * f * time) for f in (110, 220, 330.5, 880))
    return torch.from_numpy(0.2 * signal + 0.01 * rng.normal(size=len(time))).float()


def test_lines_are_the_non_negative_least_squares(monkeypatch):
    """scipy's solver finds the same distance, for mel amplitudes that no spectrum has, too."""
    monkeypatch.setattr(inverse, "TOLERANCE", 0.0)
    bank = mel_bank(TINY).double().numpy()
    mel = np.random.default_rng(0).random((12, 6)) * [1, 10, 0.1, 1, 1, 1] * (np.arange(12)[:, None] != 5)
    lines = lines_from_mel(torch.from_numpy(mel).float(), TINY, updates=3000).double().numpy()
    assert lines.shape == (257, 6) and lines.min() >= 0 and not lines[bank.shape[1] :].any()
    for column in range(6):
        _, expected = scipy.optimize.nnls(bank, mel[:, column])
        found = np.linalg.norm(bank @ lines[: bank.shape[1], column] - mel[:, column])
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-4 * mel.max())


@pytest.mark.parametrize("params", [TINY, SMALL], ids=["tiny", "small"])
def test_lines_meet_the_mel_amplitudes(params):
    mel = mel_amplitudes(sound(params), params)
    lines = lines_from_mel(mel, params)
    assert torch.linalg.norm(mel_bank(params) @ lines[: mel_bank(params).shape[1]] - mel) < 1e-3 * mel.norm()
    # better than the start, which is plain least squares cut off at 0
    start = lines_from_mel(mel, params, updates=0)
    true = amplitudes(sound(params), params)
    assert spectral_convergence(true, lines) < spectral_convergence(true, start)


def test_loudness_and_silence_make_no_difference():
    mel = mel_amplitudes(sound(SMALL), SMALL)
    expected = lines_from_mel(mel, SMALL)
    for scale in (1e-6, 1e6):
        torch.testing.assert_close(lines_from_mel(scale * mel, SMALL) / scale, expected, rtol=1e-3, atol=1e-4)
    assert not lines_from_mel(0 * mel, SMALL).any()
    with_silence = torch.cat([mel, torch.zeros(64, 3)], dim=1)
    assert torch.isfinite(lines_from_mel(with_silence, SMALL)).all()


def test_batches_change_little():
    mels = torch.stack([mel_amplitudes(sound(SMALL, seed=seed), SMALL) for seed in range(4)]).unflatten(0, (2, 2))
    lines = lines_from_mel(mels, SMALL)
    assert lines.shape == (2, 2, 1025, mels.shape[-1])
    single = lines_from_mel(mels[1, 0], SMALL)
    assert spectral_convergence(single, lines[1, 0]) < 0.02
    assert griffin_lim(lines, SMALL, iterations=1).shape == (2, 2, SMALL.samples(mels.shape[-1]))


# ------------------------------------------------------------------------------------------ Griffin and Lim


def distance(samples, params, wanted):
    """How far a sound's amplitudes are from the wanted ones."""
    return spectral_convergence(wanted, amplitudes(samples, params))


def test_plain_iterations_never_get_worse():
    """Griffin and Lim 1984 proved it for α = 0, of the distance between the wanted spectrum and the sound's own."""
    wanted = amplitudes(sound(SMALL), SMALL)
    window, hop = hann(SMALL.win_length), SMALL.hop_length
    angles = torch.rand(wanted.shape, generator=torch.Generator().manual_seed(0)) * 2 * torch.pi
    phases, spectrum = torch.polar(torch.ones_like(angles), angles), torch.zeros(())
    distances = []
    for _ in range(20):
        phases, spectrum = griffin_lim_step(phases, spectrum, wanted, window, hop, momentum=0.0)
        distances.append(float((spectrum.abs() - wanted)[:, 4:-4].norm()))  # the ends are reflected
    assert all(after < before * 1.001 for before, after in itertools.pairwise(distances))
    assert distances[-1] < 0.5 * distances[0]


def test_momentum_and_iterations_help():
    wanted = amplitudes(sound(SMALL), SMALL)
    errors = {
        (count, momentum): distance(griffin_lim(wanted, SMALL, count, momentum), SMALL, wanted)
        for count, momentum in [(1, 0.99), (8, 0.99), (32, 0.99), (32, 0.0)]
    }
    assert errors[1, 0.99] > 1.3 * errors[8, 0.99] > 1.3 * errors[32, 0.99]
    assert errors[32, 0.99] < 0.9 * errors[32, 0.0] and errors[32, 0.99] < 0.15


def test_true_phases_stay():
    """The spectrum of a sound is where the iterations end: one more changes nothing."""
    samples = sound(SMALL)[: 30 * SMALL.hop_length]
    spectrum = stft(samples, hann(SMALL.win_length), SMALL.hop_length, SMALL.n_fft)
    wanted, before = spectrum.abs(), spectrum
    phases, after = griffin_lim_step(
        spectrum / wanted.clamp(min=1e-12), before, wanted, hann(SMALL.win_length), SMALL.hop_length
    )
    torch.testing.assert_close(after, spectrum, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close((phases * wanted), spectrum, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    ("params", "stride"),
    [
        (SpectrogramParams(), 2),
        (SMALL, 1),
        (replace(SMALL, padded_duration_ms=64), 1),
        (replace(SMALL, padded_duration_ms=512), 4),
        (replace(SMALL, padded_duration_ms=200), 1),
        (SpectrogramParams(22_050), 2),
    ],
    ids=range(6),
)
def test_lines_that_follow_from_others_are_left_out(params, stride):
    assert inverse._stride(params) == stride
    n_fft = params.n_fft // stride
    assert n_fft % 2 == 0 and n_fft * stride == params.n_fft and n_fft >= min(2 * params.win_length, params.n_fft)


def test_fewer_lines_are_as_good():
    padded = replace(SMALL, padded_duration_ms=512)
    samples = sound(SMALL)
    errors = []
    for params in (SMALL, padded):
        wanted = amplitudes(samples, params)
        errors.append(distance(griffin_lim(wanted, params), SMALL, amplitudes(samples, SMALL)))
    assert errors[1] == pytest.approx(errors[0], abs=0.03)


def test_the_seed_decides():
    wanted = amplitudes(sound(SMALL), SMALL)
    first, again, other = (griffin_lim(wanted, SMALL, 3, seed=seed) for seed in (0, 0, 1))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert (first - other).abs().max() > 0.01


def test_iterations_come_from_the_parameters():
    wanted = amplitudes(sound(SMALL), SMALL)
    torch.testing.assert_close(
        griffin_lim(wanted, replace(SMALL, num_griffin_lim_iters=5)), griffin_lim(wanted, SMALL, iterations=5)
    )


def test_too_few_columns():
    with pytest.raises(ValueError, match="2 columns is too short to become sound: it needs at least 3"):
        griffin_lim(torch.ones(1025, 2), SMALL)
    assert griffin_lim(torch.ones(1025, 3), SMALL).shape == (640,)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_gpu_finds_the_same_sound():
    mel = mel_amplitudes(sound(SMALL), SMALL)
    here, there = (griffin_lim(lines_from_mel(mel.to(where), SMALL), SMALL).cpu() for where in ("cpu", "cuda"))
    torch.testing.assert_close(mel_amplitudes(there, SMALL), mel_amplitudes(here, SMALL), rtol=0.1, atol=0.1)
