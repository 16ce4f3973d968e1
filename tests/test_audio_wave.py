"""Wave files of all kinds against soundfile and Python's own module; broken ones; written whole or not at all."""

import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from workbook.audio.wave import KINDS, read_wave, resampled, wave_bytes, write_wave

SUBTYPES = {"uint8": "PCM_U8", "int16": "PCM_16", "int24": "PCM_24", "int32": "PCM_32", "float32": "FLOAT"}
STEPS = {"uint8": 2**-7, "int16": 2**-15, "int24": 2**-23, "int32": 2**-23, "float32": 2**-23}  # float32 has 24 bits


def sound(channels=1, count=1001):
    samples = np.random.default_rng(0).uniform(-1, 1, (channels, count)).astype(np.float32)
    samples[:, :3] = [-1, 0, 1]
    return samples if channels > 1 else samples[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_soundfile_reads_what_we_write(kind, channels, tmp_path):
    samples = sound(channels)
    path = write_wave(tmp_path / "a.wav", samples, 44_100, kind)
    read, rate = soundfile.read(path, always_2d=True)
    assert rate == 44_100 and soundfile.info(path).subtype == SUBTYPES[kind]
    np.testing.assert_allclose(read.T, np.atleast_2d(samples), atol=1.01 * STEPS[kind])


@pytest.mark.parametrize("kind", [*KINDS, "double"])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
@pytest.mark.parametrize("format", ["WAV", "WAVEX"])
def test_we_read_what_soundfile_writes(kind, channels, format, tmp_path):
    samples = sound(channels)
    soundfile.write(tmp_path / "a.wav", samples.T, 22_050, subtype=SUBTYPES.get(kind, "DOUBLE"), format=format)
    read, rate = read_wave(tmp_path / "a.wav")
    assert rate == 22_050 and read.dtype == np.float32 and read.shape == samples.shape
    np.testing.assert_allclose(read, samples, atol=1.01 * STEPS.get(kind, 2**-23))


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_is_exact_after_the_first_time(kind, tmp_path):
    first, _ = read_wave(write_wave(tmp_path / "a.wav", sound(2), 8000, kind))
    second, rate = read_wave(write_wave(tmp_path / "b.wav", first, 8000, kind))
    np.testing.assert_array_equal(first, second)
    assert rate == 8000
    np.testing.assert_allclose(first, sound(2), atol=1.01 * STEPS[kind])


def test_sixteen_bit_samples_come_through_unchanged():
    whole = np.arange(-32768, 32768, 7).astype(np.int16)
    with wave.open(io.BytesIO(wave_bytes(whole, 8000))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        np.testing.assert_array_equal(np.frombuffer(file.readframes(10**6), "<i2"), whole)


def test_rounded_and_at_the_top_limited():
    samples = np.array([0.6, -0.6, 0.4, 1 - 2**-16, 1.0, -1.0]) * [2**-15, 2**-15, 2**-15, 1, 1, 1]
    with wave.open(io.BytesIO(wave_bytes(samples, 8000))) as file:
        assert np.frombuffer(file.readframes(9), "<i2").tolist() == [1, -1, 0, 32767, 32767, -32768]


@pytest.mark.parametrize(
    ("samples", "kind", "says"),
    [
        (np.array([0.0, 1.5]), "int16", "The loudest sample is 1.5, and whole numbers go to ±1"),
        (np.array([0.0, np.nan]), "int16", "Sample 1 is NaN"),
        (np.zeros(0), "int16", "too short"),
        (np.zeros((9, 100)), "int16", "at most 8 channels here, got 9"),
        (np.zeros(5), "int12", "Expected one of uint8, int16, int24, int32, float32 .*'int12'"),
    ],
    ids=["too loud", "NaN", "empty", "nine channels", "kind"],
)
def test_samples_that_can_t_be_written(samples, kind, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        write_wave(tmp_path / "a.wav", samples, 8000, kind)
    assert not list(tmp_path.iterdir())


def test_rate_that_can_t_be():
    with pytest.raises(ValueError, match="sample rate from 1 to 768,000 Hz, got 0"):
        wave_bytes(np.zeros(5), 0)


def test_floats_may_be_louder(tmp_path):
    read, _ = read_wave(write_wave(tmp_path / "a.wav", np.array([0.0, 1.5]), 8000, "float32"))
    assert read.tolist() == [0, 1.5]


def test_an_earlier_file_survives_a_failure(tmp_path, monkeypatch):
    path = write_wave(tmp_path / "a.wav", np.zeros(10), 8000)
    before = path.read_bytes()
    with pytest.raises(ValueError):
        write_wave(path, np.full(10, 2.0), 8000)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_wave(path, np.ones(10), 8000)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


GOOD = wave_bytes(np.linspace(-1, 1, 100), 8000)


def patched(position, layout, *values):
    content = bytearray(GOOD)
    struct.pack_into(layout, content, position, *values)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "doesn't begin as one does"),
        (b"ID3" + b"\0" * 100, "doesn't begin as one does"),
        (b"RIFX" + GOOD[4:], "of the kind RIFX"),
        (b"RIFF\4\0\0\0WAVE", "lacks the chunk"),
        (GOOD[:36], "lacks the chunk"),
        (GOOD[:-20], "cut off: a part of 200 bytes has only 180"),
        (patched(20, "<H", 85), "its samples are MP3"),
        (patched(20, "<H", 6), "its samples are A-law"),
        (patched(34, "<H", 12), "its samples are 12-bit integers"),
        (patched(22, "<H", 0), "its header says 0 channels"),
        (patched(22, "<HIIH", 9, 8000, 0, 18), "its header says 9 channels"),
        (patched(24, "<I", 0), "at 0 Hz"),
        (patched(32, "<H", 3), "blocks of 3 bytes"),
        (GOOD[:40] + struct.pack("<I", 0), "holds no samples"),
    ],
    ids=range(14),
)
def test_files_that_are_none(content, says, tmp_path):
    (tmp_path / "broken.wav").write_bytes(content)
    with pytest.raises(ValueError, match=rf"broken\.wav can't be read as a wave file: .*{says}"):
        read_wave(tmp_path / "broken.wav")


def test_a_file_with_a_nan(tmp_path):
    content = bytearray(wave_bytes(np.zeros(4), 8000, "float32"))
    struct.pack_into("<f", content, len(content) - 8, float("nan"))
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ValueError, match="1 of its samples are NaN"):
        read_wave(tmp_path / "a.wav")


def test_other_chunks_and_an_unknown_length(tmp_path):
    """Odd chunks are padded; programs that write into a pipe can't know the length and say so by all ones."""
    odd = GOOD[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + GOOD[36:]
    (tmp_path / "a.wav").write_bytes(odd)
    endless = bytearray(odd)
    struct.pack_into("<I", endless, 52, 0xFFFFFFFF)
    (tmp_path / "b.wav").write_bytes(endless)
    for name in "ab":
        read, _ = read_wave(tmp_path / f"{name}.wav")
        np.testing.assert_allclose(read, np.linspace(-1, 1, 100), atol=2**-15)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_wave(tmp_path / "nothing.wav")


def test_resampling_keeps_a_tone_and_drops_what_does_not_fit():
    time = np.arange(44_100) / 44_100
    low, high = np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 15_000 * time)
    small = resampled(np.stack([low, high]), 44_100, 16_000)
    assert small.shape == (2, 16_000)
    np.testing.assert_allclose(
        small[0, 500:-500], np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)[500:-500], atol=0.01
    )
    assert np.abs(small[1, 500:-500]).max() < 0.01
    assert resampled(low, 44_100, 44_100) is low
