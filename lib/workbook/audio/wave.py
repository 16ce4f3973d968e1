"""Wave files: read with any usual sample format, written whole or not at all.

Python's own `wave` leaves 24-bit samples packed and refuses floats; here every format becomes floats between -1 and 1.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from workbook import files
from workbook.audio.spectrogram import as_sound

INTEGER, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE  # format codes of the chunk "fmt "
OTHERS = {2: "ADPCM", 6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3"}
MOST_CHANNELS = 8
KINDS = {"uint8": (INTEGER, 8), "int16": (INTEGER, 16), "int24": (INTEGER, 24), "int32": (INTEGER, 32),
         "float32": (FLOAT, 32)}  # fmt: skip


def read_wave(path: str | Path) -> tuple[np.ndarray, int]:
    """Samples, float32 between -1 and 1, (N,) of one channel or (channels, N) of 2 to 8, and the sample rate in Hz.

    Reads integers of 8, 16, 24 and 32 bits, and floats of 32 and 64 bits, which may go beyond 1. Raises ValueError for
    a file that is no wave file, is compressed, cut off, empty, or holds a NaN, and says which; FileNotFoundError where
    there is none.
    """
    content = Path(path).read_bytes()
    try:
        return _decoded(content)
    except (ValueError, struct.error) as error:
        raise ValueError(f"{Path(path).name} can't be read as a wave file: {error}") from error


def write_wave(path: str | Path, samples: Any, sample_rate: int, kind: str = "int16") -> Path:
    """Write samples (N,) or (channels, N) between -1 and 1 as a wave file; see `wave_bytes`. Returns the path."""
    return files.write_whole(Path(path), wave_bytes(samples, sample_rate, kind))


def wave_bytes(samples: Any, sample_rate: int, kind: str = "int16") -> bytes:
    """A wave file as bytes, for a file or a player in a page.

    kind: uint8, int16, int24, int32 or float32. Samples are rounded; 1.0 becomes the largest whole number. Raises
    ValueError for samples beyond ±1 (but as float32), for NaN, no samples, more than 8 channels or another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"Expected one of {', '.join(KINDS)} as the kind of samples, got {kind!r}.")
    if not 1 <= int(sample_rate) <= 768_000:
        raise ValueError(f"Expected a sample rate from 1 to 768,000 Hz, got {sample_rate}.")
    sound = np.atleast_2d(as_sound(samples).cpu().numpy().astype(np.float64))  # (channels, N)
    if len(sound) > MOST_CHANNELS:
        raise ValueError(f"A wave file has at most {MOST_CHANNELS} channels here, got {len(sound)}.")
    code, bits = KINDS[kind]
    peak = float(np.abs(sound).max())
    if code == INTEGER and peak > 1:
        raise ValueError(
            f"The loudest sample is {peak:.3g}, and whole numbers go to ±1: divide by the peak, or write float32."
        )
    data = _encoded(sound.T, kind)
    block = len(sound) * bits // 8
    layout = struct.pack("<HHIIHH", code, len(sound), int(sample_rate), int(sample_rate) * block, block, bits)
    body = b"WAVE" + _chunk(b"fmt ", layout) + _chunk(b"data", data)
    return _chunk(b"RIFF", body)


def resampled(samples: np.ndarray, sample_rate: int, wanted: int) -> np.ndarray:
    """The sound at another sample rate, (..., N) → (..., about N · wanted / sample_rate), without aliasing."""
    if sample_rate == wanted:
        return np.asarray(samples)
    from scipy.signal import resample_poly

    shared = int(np.gcd(sample_rate, wanted))
    return resample_poly(samples, wanted // shared, sample_rate // shared, axis=-1).astype(np.float32)


def _decoded(content: bytes) -> tuple[np.ndarray, int]:
    chunks = _chunks(content)
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise ValueError("it lacks the chunk that says the format, or the one with the samples.")
    code, channels, rate, _, block, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    if code == EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        (code,) = struct.unpack("<H", chunks[b"fmt "][24:26])
    if (code, bits) not in [*KINDS.values(), (FLOAT, 64)]:
        name = OTHERS.get(
            code, {INTEGER: f"{bits}-bit integers", FLOAT: f"{bits}-bit floats"}.get(code, f"code {code}")
        )
        raise ValueError(f"its samples are {name}; expected integers of 8, 16, 24 or 32 bits, or floats. Convert it.")
    if not 1 <= channels <= MOST_CHANNELS or not 1 <= rate <= 768_000 or block != channels * bits // 8:
        raise ValueError(
            f"its header says {channels} channels at {rate} Hz in blocks of {block} bytes; expected 1 to "
            f"{MOST_CHANNELS} channels, 1 to 768,000 Hz and blocks of channels times bytes."
        )
    data = chunks[b"data"]
    count = len(data) // block
    if count == 0:
        raise ValueError("it holds no samples.")
    samples = _numbers(data[: count * block], code, bits).reshape(count, channels).T
    if not np.isfinite(samples).all():
        raise ValueError(f"{int((~np.isfinite(samples)).sum()):,} of its samples are NaN or infinite.")
    return np.ascontiguousarray(samples[0] if channels == 1 else samples, dtype=np.float32), rate


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file by name; of several with one name the first."""
    if content[:4] in (b"RIFX", b"RF64"):
        raise ValueError(f"it is of the kind {content[:4].decode()}, which isn't supported. Convert it to WAV.")
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("it doesn't begin as one does (RIFF ... WAVE). Convert it to WAV first.")
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(content):
        name, size = content[position : position + 4], struct.unpack_from("<I", content, position + 4)[0]
        there = len(content) - position - 8
        if size > there and not (
            name == b"data" and size >= 0xFFFFFF00
        ):  # so written by programs that didn't know the end
            raise ValueError(f"it is cut off: a part of {size:,} bytes has only {there:,}.")
        chunks.setdefault(name, content[position + 8 : position + 8 + size])
        position += 8 + size + size % 2
    return chunks


def _numbers(data: bytes, code: int, bits: int) -> np.ndarray:
    """Samples as floats between -1 and 1, in the order of the file."""
    if code == FLOAT:
        return np.frombuffer(data, dtype=f"<f{bits // 8}")
    if bits == 8:
        return (np.frombuffer(data, dtype=np.uint8) - 128.0) / 128
    if bits == 24:  # three bytes become the upper three of four, which keeps the sign
        wide = np.zeros((len(data) // 3, 4), dtype=np.uint8)
        wide[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0] / 2.0**31
    return np.frombuffer(data, dtype=f"<i{bits // 8}") / 2.0 ** (bits - 1)


def _encoded(sound: np.ndarray, kind: str) -> bytes:
    """Samples (N, channels) as the bytes of the file."""
    code, bits = KINDS[kind]
    if code == FLOAT:
        return sound.astype("<f4").tobytes()
    scale = 2 ** (bits - 1)
    whole = np.round(sound * scale).clip(-scale, scale - 1).astype("<i8")
    if bits == 8:
        return (whole + 128).astype(np.uint8).tobytes()
    return np.ascontiguousarray(whole[..., None]).view(np.uint8)[..., : bits // 8].tobytes()


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
