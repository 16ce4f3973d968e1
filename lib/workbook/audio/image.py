"""Sound as a picture and back, in Riffusion's format: either program reads the other's pictures.

A pixel is 255 − 255 (S / max)^0.25 for the mel amplitude S: silence is white. The lowest band is the lowest row. A mono
picture is grey; a stereo picture has left in green, right in blue, and no red. The figures that made it stand in the
EXIF tags 11000 to 11080. Where the original is weak this differs: pixels are rounded and not truncated (which made
amplitudes 3 % too large on average), the tag of the maximum gives the sound its loudness back, and silence is a
picture, too.
"""

from __future__ import annotations

import io
import math
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from workbook import files, profiles
from workbook.audio.inverse import griffin_lim, lines_from_mel
from workbook.audio.spectrogram import SpectrogramParams, as_sound, mel_amplitudes

TAGS = {
    "sample_rate": 11000,
    "stereo": 11005,
    "step_size_ms": 11010,
    "window_duration_ms": 11020,
    "padded_duration_ms": 11030,
    "num_frequencies": 11040,
    "min_frequency": 11050,
    "max_frequency": 11060,
    "power_for_image": 11070,
}
MAX_VALUE = 11080  # the largest mel amplitude, in units of 16-bit samples as in the original
FULL_SCALE = 32768.0
PEAK = 0.9  # of a sound whose loudness is not known


def pixels_from_amplitudes(amplitudes: np.ndarray, maximum: float, power: float = 0.25) -> np.ndarray:
    """Pixels 255 − 255 (S / maximum)^power of amplitudes S of any shape, rounded, uint8: 0 is loud, 255 is silent.

    What is above the maximum is 0. With a maximum of 0, of silence, all is 255.
    """
    if maximum <= 0:
        return np.full(amplitudes.shape, 255, dtype=np.uint8)
    relative = (amplitudes / maximum).clip(0, 1)
    return np.round(255 - 255 * relative**power).astype(np.uint8)


def amplitudes_from_pixels(pixels: np.ndarray, maximum: float, power: float = 0.25) -> np.ndarray:
    """Amplitudes maximum · ((255 − p) / 255)^(1 / power) of pixels p, the inverse of `pixels_from_amplitudes`."""
    return maximum * ((255.0 - pixels) / 255.0) ** (1 / power)


def audio_to_image(samples: Any, params: SpectrogramParams | None = None) -> Image.Image:
    """The picture of a sound, num_frequencies high and one column per hop wide, with its tags.

    samples: (N,) or (channels, N), floats between -1 and 1 or integers of 8, 16 or 32 bits, at params.sample_rate. For
    a mono picture channels are averaged; for a stereo one a single channel is taken for both. Raises ValueError for
    NaN, for sound shorter than half a window, for a stereo picture of more than two channels.
    """
    params = params or SpectrogramParams()
    sound = _channels(as_sound(samples), params).to(device())
    mel = mel_amplitudes(sound, params).cpu().numpy()  # (channels, bands, frames)
    maximum = float(mel.max())
    pixels = pixels_from_amplitudes(mel, maximum, params.power_for_image)[:, ::-1]
    silent = np.zeros_like(pixels[0])
    image = Image.fromarray(np.stack([silent, *pixels] if params.stereo else [pixels[0]] * 3, axis=-1))
    return with_tags(image, params, maximum)


def image_to_audio(image: Image.Image, params: SpectrogramParams | None = None, seed: int = 0) -> np.ndarray:
    """The sound of a picture, float32, (N,), of a stereo picture (2, N), N = hop · (columns − 1), between -1 and 1.

    params: None takes them from the picture's tags. The loudness is that of the tag of the maximum; a picture without
    one, a generated one for instance, gives a sound with a peak of 0.9. A sound beyond 1 is made quieter as a whole. A
    grey picture is the mean of red, green and blue. seed: of the random phases. Raises ValueError for a picture
    without tags if there are no params, of another height than num_frequencies, or too narrow.
    """
    mel, params, maximum = mel_from_image(image, params)
    mel = torch.from_numpy(mel).to(device())
    with torch.no_grad():
        sound = griffin_lim(lines_from_mel(mel, params), params, seed=seed).cpu().numpy()
    peak = float(np.abs(sound).max())
    if maximum is None and peak > 0:
        sound = sound * (PEAK / peak)
    elif peak > 1:
        sound = sound / peak
    return sound if params.stereo else sound[0]


def mel_from_image(
    image: Image.Image, params: SpectrogramParams | None = None
) -> tuple[np.ndarray, SpectrogramParams, float | None]:
    """Mel amplitudes of a picture, float32, (1 or 2, num_frequencies, columns); its parameters; its maximum.

    params: None takes them from the tags. The amplitudes belong to samples between -1 and 1. Where no tag has a
    maximum, it is None, and the amplitudes are fractions of it. Raises ValueError as `image_to_audio`.
    """
    params, maximum = _read(image, params)
    red, green, blue = np.asarray(image.convert("RGB"), dtype=np.float32).transpose(2, 0, 1)[:, ::-1]
    if not params.stereo and red.mean() < 0.25 * min(green.mean(), blue.mean()):
        raise ValueError(
            "This picture has next to no red, as stereo pictures have, and the parameters say mono: use "
            "dataclasses.replace(params, stereo=True)."
        )
    pixels = np.stack([green, blue]) if params.stereo else np.mean([red, green, blue], axis=0)[None]
    mel = amplitudes_from_pixels(pixels, 1.0 if maximum is None else maximum, params.power_for_image)
    return mel.astype(np.float32), params, maximum


def with_tags(image: Image.Image, params: SpectrogramParams, maximum: float | None = None) -> Image.Image:
    """The same picture with the tags of these parameters, for example one that a model drew.

    maximum: its largest mel amplitude, for samples between -1 and 1; None where nobody knows.
    """
    image = image.copy()
    tags = image.getexif()
    for name, tag in TAGS.items():
        tags[tag] = _number(getattr(params, name), name)
    tags[TAGS["power_for_image"]] = float(params.power_for_image)
    tags.pop(MAX_VALUE, None)
    if maximum is not None:
        tags[MAX_VALUE] = float(maximum * FULL_SCALE)
    image.info["exif"] = tags.tobytes()  # so that copies and cut-outs have them
    return image


def params_from_image(image: Image.Image) -> tuple[SpectrogramParams, float | None]:
    """Parameters and maximum from a picture's tags. Raises ValueError where tags are missing or make no sense."""
    tags = image.getexif()
    missing = [f"{name} ({tag})" for name, tag in TAGS.items() if tag not in tags]
    if missing:
        raise ValueError(
            f"The picture lacks {'all' if len(missing) == len(TAGS) else 'some'} of Riffusion's tags "
            f"({', '.join(missing)}): pass the parameters it was made with, params=SpectrogramParams(...). Programs "
            "that convert or edit pictures often drop such tags."
        )
    values = {name: _number(tags[tag], name) for name, tag in TAGS.items()}
    params = SpectrogramParams(**{**values, "stereo": bool(values["stereo"])})
    return params, _maximum(image)


def save_picture(image: Image.Image, path: str | Path) -> Path:
    """Write a picture with its tags, whole or not at all. Raises ValueError for another format than PNG."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(
            f"Save the picture as .png, not {path.name}: other formats change the pixels, and so the sound."
        )
    content = io.BytesIO()
    image.save(content, format="PNG", exif=image.getexif())
    return files.write_whole(path, content.getvalue())


def device() -> str:
    """Where sound is computed: the GPU where there is one from NVIDIA or AMD, else the processor.

    Apple's lacks sparse matrices.
    """
    found = profiles.device()
    return "cpu" if found == "mps" else found


def _channels(sound: Tensor, params: SpectrogramParams) -> Tensor:
    """Sound as (1, N), or (2, N) for a stereo picture."""
    sound = sound.reshape(-1, sound.shape[-1])
    if not params.stereo:
        return sound.mean(0, keepdim=True)
    if len(sound) > 2:
        raise ValueError(
            f"A stereo picture has two channels, the sound has {len(sound)}: choose two of them, or average all for a "
            "mono picture (stereo=False)."
        )
    return sound.expand(2, -1)


def _read(image: Image.Image, params: SpectrogramParams | None) -> tuple[SpectrogramParams, float | None]:
    """The parameters to use and the maximum, None where it isn't known, of a picture that fits them."""
    if not isinstance(image, Image.Image):
        raise ValueError(f"Expected a PIL image, got {type(image).__name__}: open files by PIL.Image.open(path).")
    if image.mode not in ("1", "L", "P", "RGB", "RGBA", "LA"):
        raise ValueError(f"Expected a picture of 8-bit grey or RGB, got mode {image.mode!r}: image.convert('RGB').")
    params, maximum = params_from_image(image) if params is None else (params, _maximum(image))
    if image.height != params.num_frequencies:
        raise ValueError(
            f"The picture is {image.height} pixels high, and its parameters say {params.num_frequencies} mel bands: "
            "one row is one band, so a picture that was cropped or resized in height can't become sound."
        )
    return params, maximum


def _maximum(image: Image.Image) -> float | None:
    value = image.getexif().get(MAX_VALUE)
    if value is None:
        return None
    maximum = _number(value, "the maximum value")
    if not 0 <= maximum < math.inf:
        raise ValueError(f"The picture's tag {MAX_VALUE}, the maximum value, must be 0 or more, got {maximum}.")
    return maximum / FULL_SCALE


def _number(value: Any, name: str) -> int | float:
    """A tag's value as a Python number: EXIF also has fractions, and tuples of one."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Real):
        raise ValueError(f"The picture's tag of {name} must be a number, got {value!r}.")
    number = float(value)
    return int(number) if number.is_integer() else number
