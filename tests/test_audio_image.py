"""Pictures of sound: built here from Riffusion's formula and tags, and decoded by it; hostile pictures and sounds."""

from dataclasses import replace

import librosa
import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from workbook.audio.image import (
    MAX_VALUE,
    TAGS,
    amplitudes_from_pixels,
    audio_to_image,
    image_to_audio,
    mel_from_image,
    params_from_image,
    pixels_from_amplitudes,
    save_picture,
    with_tags,
)
from workbook.audio.measure import picture_errors, sound_errors
from workbook.audio.spectrogram import SMALL, SpectrogramParams, mel_amplitudes

pytestmark = pytest.mark.usefixtures("one_thread")
FULL = SpectrogramParams()
STEREO = replace(SMALL, stereo=True)


def sound(params, seconds=1.0, seed=0):
    """Plucked notes, float32, (N,) or (2, N), of a loudness of 0.4, all of them 16-bit numbers / 32,768."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * params.sample_rate)) / params.sample_rate
    channels = []
    for _ in range(2 if params.stereo else 1):
        signal = 1e-4 * rng.normal(size=len(time))
        for begin in np.arange(0, seconds, 0.25):
            pitch, since = 110 * 2 ** (rng.integers(24) / 12), np.clip(time - begin, 0, None)
            for harmonic in range(1, 6):
                signal += (time >= begin) * np.exp(-6 * since) * np.sin(2 * np.pi * pitch * harmonic * since) / harmonic
        channels.append(0.4 * signal / np.abs(signal).max())
    return (np.round(32768 * np.array(channels if params.stereo else channels[0])) / 32768).astype(np.float32)


# ------------------------------------------------- Riffusion's own way, as its formula and its tags say, in numpy


def riffusion_mel(samples, params):
    """Mel amplitudes of 16-bit samples (N,) or (2, N), as that program has them: not divided by 32,768."""
    whole = np.atleast_2d(samples * 32768).astype(np.int16).astype(np.float32)
    return np.stack([
        librosa.feature.melspectrogram(
            y=channel, sr=params.sample_rate, n_fft=params.n_fft, hop_length=params.hop_length, power=1.0, htk=True,
            win_length=params.win_length, n_mels=params.num_frequencies, fmin=params.min_frequency, norm=None,
            fmax=params.max_frequency, center=True, pad_mode="reflect",
        )
        for channel in whole
    ])  # fmt: skip


def riffusion_picture(samples, params):
    """uint8(255 − 255 (S / max)^0.25), truncated, the lowest band at the bottom; left and right are green and blue."""
    mel = riffusion_mel(samples, params)
    pixels = (255 - (mel / mel.max()) ** 0.25 * 255).astype(np.uint8)
    planes = [np.zeros_like(pixels[0]), pixels[0], pixels[1]] if len(pixels) == 2 else [pixels[0]] * 3
    image = ImageOps.flip(Image.fromarray(np.stack(planes, axis=-1)))
    image.getexif().update({
        11000: params.sample_rate, 11005: params.stereo, 11010: params.step_size_ms, 11020: params.window_duration_ms,
        11030: params.padded_duration_ms, 11040: params.num_frequencies, 11050: params.min_frequency,
        11060: params.max_frequency, 11070: 0.25, 11080: float(mel.max()),
    })  # fmt: skip
    return image


def riffusion_decoded(image, stereo, maximum):
    """max · ((255 − p) / 255)^4 of the flipped picture, (channels, bands, frames)."""
    planes = np.asarray(ImageOps.flip(image)).transpose(2, 0, 1).astype(np.float32)
    return maximum * ((255 - (planes[1:] if stereo else planes[:1])) / 255) ** 4


# ----------------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("params", [FULL, SMALL, STEREO], ids=["full", "small", "stereo"])
def test_riffusion_s_pictures_become_the_same_sound(params, tmp_path):
    samples = sound(params, 0.5 if params is FULL else 1.0)
    picture = riffusion_picture(samples, params)
    picture.save(tmp_path / "riff.png", exif=picture.getexif())
    picture = Image.open(tmp_path / "riff.png")
    mel, read, maximum = mel_from_image(picture)
    assert read == params
    np.testing.assert_allclose(
        mel, riffusion_decoded(picture, params.stereo, maximum), rtol=1e-5, atol=1e-6 * mel.max()
    )
    assert maximum * 32768 == pytest.approx(riffusion_mel(samples, params).max(), rel=1e-5)
    back = image_to_audio(picture)
    own = image_to_audio(audio_to_image(samples, params))
    # the same sound, as loud, and about as near to the original as through a picture of our own
    assert back.shape == own.shape == (*samples.shape[:-1], params.samples(picture.width))
    assert np.sqrt((back**2).mean() / (samples**2).mean()) == pytest.approx(1, abs=0.1)
    theirs, ours = (sound_errors(samples, decoded, params) for decoded in (back, own))
    assert theirs.spectral_convergence < 0.35 and theirs.log_mel_distance < 4
    assert theirs.spectral_convergence == pytest.approx(ours.spectral_convergence, abs=0.05)
    assert picture_errors(back, picture).spectral_convergence < 0.1


@pytest.mark.parametrize("params", [FULL, SMALL, STEREO], ids=["full", "small", "stereo"])
def test_our_pictures_decode_by_riffusion_s_formula(params, tmp_path):
    samples = sound(params, seed=1)
    picture = Image.open(save_picture(audio_to_image(samples, params), tmp_path / "ours.png"))
    tags = picture.getexif()
    expected = riffusion_mel(samples, params)
    assert tags[11080] == pytest.approx(expected.max(), rel=1e-5)  # in units of 16-bit samples
    assert [tags[tag] for tag in (11000, 11005, 11010, 11020, 11030, 11040, 11050, 11060, 11070)] == [
        params.sample_rate, int(params.stereo), params.step_size_ms, params.window_duration_ms,
        params.padded_duration_ms, params.num_frequencies, 0, params.max_frequency, 0.25,
    ]  # fmt: skip
    decoded = riffusion_decoded(picture, params.stereo, tags[11080])
    # rounding to whole pixels moves the fourth root by half a step at most
    np.testing.assert_allclose(
        (decoded / expected.max()) ** 0.25, (expected / expected.max()) ** 0.25, atol=0.505 / 255
    )
    loud = expected > 0.001 * expected.max()
    assert np.mean(decoded[loud] / expected[loud]) == pytest.approx(1, abs=0.003)  # truncated pixels: 1.02 and more


def test_stereo_keeps_its_channels_apart():
    left = sound(SMALL)
    image = audio_to_image(np.stack([left, 0 * left]), STEREO)
    red, green, blue = np.asarray(image).transpose(2, 0, 1)
    assert not red.any() and green.min() == 0 and (blue == 255).all()
    back = image_to_audio(image)
    assert back.shape[0] == 2 and np.abs(back[0]).max() > 0.2 and np.abs(back[1]).max() < 1e-3


def test_low_notes_are_at_the_bottom_and_late_ones_at_the_right():
    time = np.arange(16_000) / 16_000
    image = np.asarray(audio_to_image(np.where(time < 0.5, np.sin(2 * np.pi * 100 * time), 0), SMALL))
    dark = np.argwhere(image[..., 0] < 64)
    assert dark[:, 0].min() > 55 and dark[:, 1].max() < 30 and image.shape == (64, 51, 3)


def test_pixels_by_hand():
    pixels = pixels_from_amplitudes(np.array([0, 1 / 16, 0.4, 1, 2]), 1.0)
    assert pixels.dtype == np.uint8 and pixels.tolist() == [255, 128, 52, 0, 0]  # 255 − 127.5, and 255 − 202.8
    assert amplitudes_from_pixels(np.array([255, 127.5, 0]), 3.0).tolist() == [0, 3 / 16, 3]


def test_every_pixel_survives_the_way_there_and_back():
    pixels = np.arange(256).astype(np.uint8)
    for maximum, power in ((1.0, 0.25), (37.5, 0.5), (1e6, 1.0), (1e-3, 0.25)):
        assert (pixels_from_amplitudes(amplitudes_from_pixels(pixels, maximum, power), maximum, power) == pixels).all()


def test_silence():
    image = audio_to_image(np.zeros(16_000, np.int16), SMALL)
    assert (np.asarray(image) == 255).all() and params_from_image(image) == (SMALL, 0.0)
    back = image_to_audio(image)
    assert back.shape == (16_000,) and not back.any()
    assert not image_to_audio(Image.new("L", (51, 64), 255), SMALL).any()  # without tags, too


def test_loudness_comes_back_with_the_tag_of_the_maximum():
    samples = sound(SMALL)
    loud, quiet = (image_to_audio(audio_to_image(scale * samples, SMALL)) for scale in (1, 0.1))
    np.testing.assert_allclose(quiet, 0.1 * loud, atol=1e-4)
    beyond = image_to_audio(audio_to_image(10 * samples, SMALL))
    assert np.abs(beyond).max() == pytest.approx(1)


def test_a_picture_without_a_maximum_has_a_peak_of_nine_tenths():
    image = Image.fromarray(np.asarray(audio_to_image(0.01 * sound(SMALL), SMALL)))
    assert np.abs(image_to_audio(image, SMALL)).max() == pytest.approx(0.9, rel=1e-5)
    assert params_from_image(with_tags(image, SMALL)) == (SMALL, None)
    assert np.abs(image_to_audio(with_tags(image, SMALL))).max() == pytest.approx(0.9, rel=1e-5)
    with pytest.raises(ValueError, match="no tag of its maximum"):
        picture_errors(sound(SMALL), image, SMALL)


def test_integers_and_floats_give_the_same_picture():
    whole = (sound(SMALL) * 32768).astype(np.int16)
    expected = np.asarray(audio_to_image(whole / 32768, SMALL))
    for samples in (whole, whole.astype(np.int32) * 65536, torch.from_numpy(whole)):
        np.testing.assert_array_equal(audio_to_image(samples, SMALL), expected)


def test_channels():
    left, right = sound(STEREO)
    np.testing.assert_array_equal(
        audio_to_image(np.stack([left, right]), SMALL), audio_to_image((left + right) / 2, SMALL)
    )
    eight = np.stack([left] * 8)
    np.testing.assert_allclose(audio_to_image(eight, SMALL), audio_to_image(left, SMALL), atol=1)  # a sum is rounded
    np.testing.assert_array_equal(audio_to_image(left, STEREO), audio_to_image(np.stack([left, left]), STEREO))
    with pytest.raises(ValueError, match="two channels, the sound has 8: choose two"):
        audio_to_image(eight, STEREO)


@pytest.mark.parametrize("samples", [[], [0.5], np.zeros(512)], ids=["none", "one", "half a window"])
def test_too_short(samples):
    with pytest.raises(ValueError, match="too short"):
        audio_to_image(np.array(samples), SMALL)


def test_not_a_number():
    samples = sound(SMALL)
    samples[77] = np.nan
    with pytest.raises(ValueError, match="Sample 77 is NaN"):
        audio_to_image(samples, SMALL)


def test_without_tags_or_with_some():
    image = audio_to_image(sound(SMALL), SMALL)
    bare = Image.fromarray(np.asarray(image))
    with pytest.raises(ValueError, match=r"lacks all of Riffusion's tags .*pass the parameters"):
        image_to_audio(bare)
    some = image.copy()
    del some.getexif()[TAGS["step_size_ms"]]
    with pytest.raises(ValueError, match=r"lacks some of Riffusion's tags \(step_size_ms \(11010\)\)"):
        image_to_audio(some)


@pytest.mark.parametrize(
    ("tag", "value", "says"),
    [
        (11000, 10**9, "sample_rate must be a number from"),
        (11000, "CD", "tag of sample_rate must be a number, got 'CD'"),
        (11040, 63.5, "num_frequencies must be a whole number"),
        (11070, float("nan"), "power_for_image must be"),
        (MAX_VALUE, -1.0, "the maximum value, must be 0 or more"),
        (MAX_VALUE, float("inf"), "the maximum value, must be 0 or more"),
        (MAX_VALUE, "loud", "tag of the maximum value must be a number"),
    ],
    ids=str,
)
def test_tags_that_make_no_sense(tag, value, says):
    image = audio_to_image(sound(SMALL), SMALL)
    image.getexif()[tag] = value
    with pytest.raises(ValueError, match=says):
        image_to_audio(image)


def test_parts_of_a_picture():
    """In time a part is a shorter sound, with its tags; in height it is none."""
    image = audio_to_image(sound(SMALL, 2), SMALL)
    part = image.crop((20, 0, 60, 64))
    assert image_to_audio(part).shape == (39 * 320,)
    with pytest.raises(ValueError, match="50 pixels high, and its parameters say 64 mel bands"):
        image_to_audio(image.crop((0, 0, 101, 50)))
    with pytest.raises(ValueError, match="128 pixels high"):
        image_to_audio(image.resize((202, 128)))
    with pytest.raises(ValueError, match="2 columns is too short to become sound: it needs at least 3"):
        image_to_audio(image.crop((0, 0, 2, 64)))
    assert image_to_audio(image.crop((0, 0, 3, 64))).shape == (640,)


@pytest.mark.parametrize(("params", "limit"), [(SMALL, 0.3), (STEREO, 0.8)], ids=["mono", "stereo"])
def test_jpeg(params, limit, tmp_path):
    """JPEG keeps the tags and blurs the pixels, colours at half the resolution: stereo suffers more."""
    samples = sound(params, 2)
    image = audio_to_image(samples, params)
    image.save(tmp_path / "riff.jpg", exif=image.getexif(), quality=90)
    picture = Image.open(tmp_path / "riff.jpg")
    assert params_from_image(picture)[0] == params
    exact, blurred = picture_errors(samples, image), picture_errors(samples, picture)
    assert exact.spectral_convergence < 0.02 and exact.log_mel_distance < 0.5
    assert 3 * exact.spectral_convergence < blurred.spectral_convergence < limit
    assert np.isfinite(image_to_audio(picture)).all()
    with pytest.raises(ValueError, match=r"Save the picture as \.png, not riff\.jpg"):
        save_picture(image, tmp_path / "riff.jpg")


def test_modes():
    image = audio_to_image(sound(SMALL), SMALL)
    expected = image_to_audio(image)
    for mode in ("L", "RGBA"):
        np.testing.assert_allclose(image_to_audio(image.convert(mode)), expected, atol=1e-6)
    for wrong in (Image.new("F", (51, 64)), Image.new("I;16", (51, 64)), Image.new("CMYK", (51, 64))):
        with pytest.raises(ValueError, match="8-bit grey or RGB, got mode"):
            image_to_audio(wrong, SMALL)
    with pytest.raises(ValueError, match="Expected a PIL image, got ndarray"):
        image_to_audio(np.asarray(image), SMALL)


def test_a_stereo_picture_taken_for_mono():
    image = audio_to_image(sound(STEREO), STEREO)
    with pytest.raises(ValueError, match="next to no red, as stereo pictures have"):
        image_to_audio(image, SMALL)


def test_colours_of_a_generated_picture_are_averaged():
    grey = np.asarray(audio_to_image(sound(SMALL), SMALL)).astype(int)
    tinted = np.clip(grey + np.array([6, 0, -6]), 0, 255).astype(np.uint8)
    mel, _, maximum = mel_from_image(Image.fromarray(tinted), SMALL)
    expected, _, _ = mel_from_image(Image.fromarray(grey.astype(np.uint8)), SMALL)
    assert maximum is None
    np.testing.assert_allclose(mel, expected, atol=0.1)
    middle = (grey[..., 0] > 6) & (grey[..., 0] < 249)
    np.testing.assert_allclose(mel[0][::-1][middle], expected[0][::-1][middle], rtol=1e-4)


def test_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "riff.png"
    image = audio_to_image(sound(SMALL), SMALL)
    save_picture(image, path)
    before = path.read_bytes()

    def broken(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        save_picture(image.crop((0, 0, 5, 64)), path)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["riff.png"]


def test_with_tags_leaves_the_given_picture_alone():
    image = Image.new("RGB", (10, 64))
    with_tags(image, SMALL, 2.0)
    assert not image.getexif()


def test_tags_of_unusual_figures(tmp_path):
    params = replace(STEREO, power_for_image=0.3, step_size_ms=12.5, sample_rate=np.int64(16_000), min_frequency=20)
    samples = 0.123 * sound(SMALL)
    save_picture(audio_to_image(samples, params), tmp_path / "riff.png")
    with Image.open(tmp_path / "riff.png") as image:
        read, maximum = params_from_image(image)
    assert read == params
    assert maximum == pytest.approx(float(mel_amplitudes(torch.from_numpy(samples), params).max()), rel=1e-6)


def test_the_same_seed_gives_the_same_sound():
    image = audio_to_image(sound(SMALL), SMALL)
    np.testing.assert_array_equal(image_to_audio(image, seed=3), image_to_audio(image, seed=3))
    assert np.abs(image_to_audio(image, seed=3) - image_to_audio(image, seed=4)).max() > 0.01


def test_columns_follow_from_samples():
    for count in (1000, 1279, 1280, 1281, 5000):
        image = audio_to_image(np.zeros(count), SMALL)
        assert image.size == (1 + count // 320, 64)
        assert mel_amplitudes(torch.zeros(count), SMALL).shape[-1] == image.width
