"""The transform and the mel bands against librosa, scipy and the specification; samples of all kinds."""

from dataclasses import replace

import librosa
import numpy as np
import pytest
import scipy.signal
import torch

from workbook.audio import spectrogram
from workbook.audio.spectrogram import (
    SMALL,
    SpectrogramParams,
    amplitudes,
    as_sound,
    hann,
    istft,
    mel_amplitudes,
    mel_bank,
    sparse_bank,
    stft,
    stft_magnitude,
    times,
)

pytestmark = pytest.mark.usefixtures("one_thread")
FULL = SpectrogramParams()
ODD = SpectrogramParams(22_050, num_frequencies=100)  # a window of 2,205 samples and a hop of 220
SETTINGS = {"full": FULL, "small": SMALL, "odd window": ODD, "bands from 200 Hz": replace(SMALL, min_frequency=200)}
every_setting = pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)


def sound(params, seconds=0.7, seed=0):
    """A chord with noise, float32."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * params.sample_rate)) / params.sample_rate
    chord = sum(np.sin(2 * np.pi * f * time + f) for f in (55, 220, 277.2, 1318.5))
    return (0.2 * chord + 0.02 * rng.normal(size=len(time))).astype(np.float32)


def by_librosa(samples, params):
    return librosa.feature.melspectrogram(
        y=samples, sr=params.sample_rate, n_fft=params.n_fft, hop_length=params.hop_length, power=1.0, htk=True,
        win_length=params.win_length, n_mels=params.num_frequencies, fmin=params.min_frequency, norm=None,
        fmax=params.max_frequency, center=True, pad_mode="reflect",
    )  # fmt: skip


def test_riffusion_s_figures():
    assert (FULL.hop_length, FULL.win_length, FULL.n_fft) == (441, 4410, 17640)
    assert (FULL.sample_rate, FULL.num_frequencies, FULL.max_frequency, FULL.power_for_image) == (
        44100,
        512,
        10000,
        0.25,
    )
    assert FULL.frames(44100) == 101 and FULL.samples(101) == 44100
    assert SMALL.samples(128) / SMALL.sample_rate == pytest.approx(2.54)


@every_setting
def test_mel_equals_librosa(params):
    samples = sound(params)
    mel = mel_amplitudes(torch.from_numpy(samples), params).numpy()
    expected = by_librosa(samples, params)
    assert mel.shape == expected.shape
    # relative to each number, but for those that are rounding against the loudest
    np.testing.assert_allclose(mel, expected, rtol=1e-4, atol=1e-6 * expected.max())


@every_setting
def test_transform_equals_librosa(params):
    samples = sound(params, seed=1)
    expected = np.abs(librosa.stft(
        samples, n_fft=params.n_fft, hop_length=params.hop_length, win_length=params.win_length, pad_mode="reflect"
    ))  # fmt: skip
    np.testing.assert_allclose(
        amplitudes(torch.from_numpy(samples), params), expected, rtol=1e-4, atol=1e-6 * expected.max()
    )


@every_setting
def test_bank_equals_librosa(params):
    bank = mel_bank(params).numpy()
    expected = librosa.filters.mel(
        sr=params.sample_rate, n_fft=params.n_fft, n_mels=params.num_frequencies, fmin=params.min_frequency,
        fmax=params.max_frequency, htk=True, norm=None,
    )  # fmt: skip
    np.testing.assert_allclose(bank, expected[:, : bank.shape[1]], atol=1e-6)
    assert not expected[:, bank.shape[1] :].any()
    for dense, sparse in zip((bank, bank.T), sparse_bank(params), strict=True):
        np.testing.assert_array_equal(sparse.to_dense(), dense)


@pytest.mark.parametrize(("window", "hop", "count"), [(8, 2, 30), (8, 3, 31), (16, 8, 64), (10, 10, 45)])
def test_fast_transform_equals_its_specification(window, hop, count):
    samples = torch.from_numpy(np.random.default_rng(0).normal(size=count)).float()
    expected = stft_magnitude(samples, hann(window), hop)
    assert expected.shape == (window // 2 + 1, 1 + count // hop)
    torch.testing.assert_close(stft(samples, hann(window), hop).abs(), expected, rtol=1e-5, atol=1e-5)


def test_transform_of_a_sine_by_hand():
    # a sine in the middle of line 4: half of the window's sum; a Hann window gives the neighbours half of that
    samples = torch.sin(2 * torch.pi * 4 / 32 * torch.arange(320.0))
    column = stft(samples, hann(32), 8).abs()[:, 20]
    torch.testing.assert_close(column[3:6], torch.tensor([4.0, 8.0, 4.0]), rtol=1e-4, atol=1e-4)
    assert column[7:].max() < 1e-4


@pytest.mark.parametrize("n_fft", [64, 128, 256])
@pytest.mark.parametrize(("window", "hop"), [(64, 16), (64, 24), (63, 16), (50, 11)])
def test_inverse_gives_the_sound_back(window, hop, n_fft):
    samples = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 20 * hop))).float()
    back = istft(stft(samples, hann(window), hop, n_fft), hann(window), hop)
    assert back.shape == samples.shape
    torch.testing.assert_close(back, samples, rtol=1e-4, atol=1e-4)


def test_inverse_of_what_is_no_spectrum_equals_scipy():
    """Least squares: scipy's inverse divides by the same sum of squares."""
    rng = np.random.default_rng(2)
    spectrum = rng.normal(size=(33, 12)) + 1j * rng.normal(size=(33, 12))
    _, expected = scipy.signal.istft(
        spectrum, window="hann", nperseg=64, noverlap=48, boundary=True, input_onesided=True
    )
    back = istft(torch.from_numpy(spectrum).to(torch.complex64), hann(64), 16)
    np.testing.assert_allclose(back, expected / 32, rtol=1e-3, atol=1e-4)  # scipy scales by the window's sum


def test_batches_and_parts_change_nothing(monkeypatch):
    samples = torch.stack([torch.from_numpy(sound(SMALL, seed=seed)) for seed in range(4)]).unflatten(0, (2, 2))
    whole = mel_amplitudes(samples, SMALL)
    assert whole.shape == (2, 2, 64, SMALL.frames(samples.shape[-1]))
    torch.testing.assert_close(whole[1, 0], mel_amplitudes(samples[1, 0], SMALL))
    monkeypatch.setattr(spectrogram, "FRAMES_AT_ONCE", 5)
    torch.testing.assert_close(mel_amplitudes(samples, SMALL), whole)


def test_sparse_product_of_batches():
    bank, _ = sparse_bank(SMALL)
    columns = torch.rand(2, 3, bank.shape[1], 5)
    torch.testing.assert_close(times(bank, columns), mel_bank(SMALL) @ columns, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (np.int16, [-32768, 0, 16384], [-1, 0, 0.5]),
        (np.int32, [-(2**31), 0, 2**30], [-1, 0, 0.5]),
        (np.uint8, [0, 128, 192], [-1, 0, 0.5]),
        (np.int8, [-128, 0, 64], [-1, 0, 0.5]),
        (np.float64, [-1, 0, 1.5], [-1, 0, 1.5]),
        (">i2", [-32768, 0, 16384], [-1, 0, 0.5]),
    ],
    ids=str,
)
def test_samples_of_all_kinds_are_scaled(kind, given, expected):
    sound = as_sound(np.array(given).astype(kind))
    assert sound.dtype == torch.float32 and sound.tolist() == expected


def test_views_and_read_only_samples():
    samples = np.arange(6, dtype=np.float32) / 8
    for view in (samples[::-1], samples[::2], np.broadcast_to(samples, (2, 6)), samples.reshape(3, 2).T):
        view.flags.writeable = False
        assert as_sound(view).tolist() == view.tolist()
    assert as_sound([0.5, -0.5]).tolist() == [0.5, -0.5]


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(0), "too short"),
        (np.zeros((2, 0)), "too short"),
        (np.array([0.0, np.nan, np.inf]), "Sample 1 is NaN or infinite \\(2 such samples\\)"),
        (np.zeros((100, 2)).repeat(5, 1), "transpose it"),
        (np.zeros((1, 1, 9)), r"\(channels, N\), got \(1, 1, 9\)"),
        (np.array([1, 2, 3]), "got int64"),
        (np.array([True, False]), "got bool"),
        ("a sound", "array of numbers, got str"),
        (None, "array of numbers, got NoneType"),
        ([[1.0, 2.0], [3.0]], "array of numbers, got list"),
        (np.zeros(4, complex), "got complex128"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_samples_that_are_none(samples, says):
    with pytest.raises(ValueError, match=says):
        as_sound(samples)


@pytest.mark.parametrize("count", [1, 2, 2205])
def test_too_short_for_a_window(count):
    with pytest.raises(ValueError, match=f"Sound of {count:,} samples is too short.*at least 2,206"):
        mel_amplitudes(torch.zeros(count), FULL)


def test_as_short_as_can_be():
    assert mel_amplitudes(torch.zeros(2206), FULL).shape == (512, 6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sample_rate": 0}, "sample_rate must be a number from 1,000"),
        ({"sample_rate": 10**9}, "sample_rate must be"),
        ({"sample_rate": 22050.5}, "sample_rate must be a whole number"),
        ({"num_griffin_lim_iters": 2.5}, "num_griffin_lim_iters must be a whole number, got 2.5"),
        ({"num_frequencies": 0}, "num_frequencies must be"),
        ({"num_frequencies": float("nan")}, "num_frequencies must be a number"),
        ({"power_for_image": 0}, "power_for_image must be"),
        ({"max_frequency": 30_000}, "half the sample rate \\(22,050 Hz\\)"),
        ({"min_frequency": 10_000}, "expected min_frequency < max_frequency"),
        ({"step_size_ms": 60}, "a step of at most half the window"),
        ({"padded_duration_ms": 50}, "at most the padded duration, got 10, 100 and 50 ms"),
        ({"padded_duration_ms": 105.7}, "an even number of samples, got 4661"),
        ({"padded_duration_ms": 10_000, "num_frequencies": 8192}, "8,192 mel bands of a transform of 441,000 samples"),
        ({"step_size_ms": "10"}, "step_size_ms must be a number"),
    ],
    ids=str,
)
def test_parameters_that_can_t_be(change, says):
    with pytest.raises(ValueError, match=says):
        replace(FULL, **change)


def test_bands_too_narrow_for_the_transform():
    with pytest.raises(ValueError, match="mel bands lie between two lines"):
        mel_bank(replace(SMALL, num_frequencies=512))
