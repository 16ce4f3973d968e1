"""Pictures of the same classes in several domains, and the folder layout in which such data sets come.

    FOLDER / domain / class / picture.jpg        OfficeHome, DomainNet, Office-31 and PACS all lie like this on a disk

`read_domain` reads one domain of such a folder, `write_domain` writes one. This project's own second pair of domains is
drawn by `workbook.datasets.drawings`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Pictures:
    """Labelled pictures of one domain.

    pixels: (N, 3, H, W), uint8, red green blue from 0 to 255. labels: (N,), int64, numbers into `classes`.
    Raises ValueError where shapes, types or labels do not fit together.
    """

    domain: str
    classes: tuple[str, ...]
    pixels: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if self.pixels.ndim != 4 or self.pixels.shape[1] != 3 or self.pixels.dtype != torch.uint8:
            raise ValueError(
                f"{self.domain}: expected pixels (N, 3, H, W) of type uint8, got {tuple(self.pixels.shape)} of type "
                f"{self.pixels.dtype}. Repeat a grey picture's one channel three times."
            )
        if self.labels.shape != self.pixels.shape[:1]:
            raise ValueError(
                f"{self.domain}: expected one label per picture, got {len(self.pixels)} pictures and labels of shape "
                f"{tuple(self.labels.shape)}."
            )
        wrong = ((self.labels < 0) | (self.labels >= len(self.classes))).nonzero()
        if len(wrong):
            first = wrong[0].item()
            raise ValueError(
                f"{self.domain}: picture {first} has the label {self.labels[first].item()}; with {len(self.classes)} "
                f"classes labels go from 0 to {len(self.classes) - 1}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Sequence[int] | Tensor) -> Pictures:
        """The pictures with these numbers, in this order."""
        rows = torch.as_tensor(rows, dtype=torch.long)
        return Pictures(self.domain, self.classes, self.pixels[rows], self.labels[rows])

    def few(self, per_class: int, seed: int = 0) -> Pictures:
        """`per_class` pictures of every class, drawn by the seed. Raises ValueError for a class that has fewer."""
        rng = np.random.default_rng(seed)
        rows: list[int] = []
        for number, name in enumerate(self.classes):
            there = (self.labels == number).nonzero().flatten().numpy()
            if len(there) < per_class:
                raise ValueError(
                    f"{self.domain}: class {name!r} has {len(there)} pictures, {per_class} were asked for. Ask for "
                    "fewer, or take a larger split."
                )
            rows += rng.choice(there, per_class, replace=False).tolist()
        return self.take(rows)


def balanced_labels(count: int, classes: int, rng: np.random.Generator) -> np.ndarray:
    """`count` class numbers in random order, as many of each class as possible: (count,). ValueError for none."""
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count!r}.")
    return rng.permutation(np.arange(count) % classes)


def read_domain(
    folder: str | Path,
    domain: str,
    *,
    size: int = 32,
    classes: Sequence[str] | None = None,
    split: str = "all",
    per_class: int | None = None,
) -> Pictures:
    """Read FOLDER/DOMAIN/CLASS/picture as Pictures of size × size pixels.

    A picture is scaled so that its shorter side fits, and cut in the middle. classes: which ones, and in which order
    (all that are there, by name, unless given); give the source's classes when you read the target, so that their
    numbers agree. split: "all", or "train", "validation", "test": 60, 10 and 30 % of every class, in an order
    that the pictures' names decide (by their hash), so that it is the same on every computer. per_class: at most so
    many of each class. Hidden files and files of other kinds are passed over.

    Raises FileNotFoundError for a missing folder, domain or class, naming what is there; ValueError for an empty class,
    an unknown split or a damaged picture, naming the file.
    """
    if split not in ("all", "train", "validation", "test"):
        raise ValueError(f'split must be "all", "train", "validation" or "test", not {split!r}.')
    where = _existing(Path(folder).expanduser(), domain)
    names = tuple(classes) if classes is not None else tuple(_folders(where))
    if not names:
        raise ValueError(f"{where} has no folders of classes. Expected {where / 'CLASS' / 'picture.jpg'}.")
    pixels, labels = [], []
    for number, name in enumerate(names):
        files = _pictures_of(where, name, split)[:per_class]
        if not files:
            raise ValueError(
                f"{where / name} has no picture ({', '.join(ENDINGS)}) for the split {split!r}. Fill the folder, or "
                "leave the class out by `classes`."
            )
        pixels += [_read_picture(file, size) for file in files]
        labels += [number] * len(files)
    return Pictures(domain, names, torch.from_numpy(np.stack(pixels)), torch.tensor(labels))


def write_domain(pictures: Pictures, folder: str | Path) -> Path:
    """Write Pictures as FOLDER/DOMAIN/CLASS/00000.png ...; returns the domain's folder.

    Raises FileExistsError where the domain's folder is not empty: two data sets in one folder would become a third.
    """
    from PIL import Image

    where = Path(folder).expanduser() / pictures.domain
    if where.is_dir() and any(where.iterdir()):
        raise FileExistsError(f"{where} is not empty. Give another folder, or empty this one first.")
    for name in pictures.classes:
        (where / name).mkdir(parents=True, exist_ok=True)
    arrays = pictures.pixels.permute(0, 2, 3, 1).numpy()  # (N, H, W, 3)
    for number, (array, label) in enumerate(zip(arrays, pictures.labels.tolist(), strict=True)):
        Image.fromarray(np.ascontiguousarray(array)).save(where / pictures.classes[label] / f"{number:05d}.png")
    return where


def local_folder(variable: str, data_set: str) -> Path:
    """The folder of a data set that can't be shipped, named by an environment variable.

    Raises FileNotFoundError that says which variable to set, and to what.
    """
    value = os.environ.get(variable)
    if value and Path(value).expanduser().is_dir():
        return Path(value).expanduser()
    problem = f"{variable} names {value!r}, which is no folder" if value else f"{variable} is not set"
    raise FileNotFoundError(
        f"{data_set} is read from a folder of yours, and {problem}. Download it from its authors, unpack it, and set "
        f"{variable} to the folder that holds one folder per domain (Art, Clipart, Product, Real World), before the "
        "notebook's kernel starts. WORKBOOK_PROFILE=small needs none."
    )


def _folders(where: Path) -> list[str]:
    return sorted(one.name for one in where.iterdir() if one.is_dir() and not one.name.startswith("."))


def _existing(folder: Path, domain: str) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. Expected {folder / 'DOMAIN' / 'CLASS' / 'picture.jpg'}.")
    if not (folder / domain).is_dir():
        there = ", ".join(_folders(folder)) or "none"
        raise FileNotFoundError(f"{folder} has no domain {domain!r}. Its domains are: {there}.")
    return folder / domain


def _pictures_of(where: Path, name: str, split: str) -> list[Path]:
    if not (where / name).is_dir():
        there = ", ".join(_folders(where)) or "none"
        raise FileNotFoundError(f"The domain {where.name!r} has no class {name!r}. Its classes are: {there}.")
    files = [one for one in (where / name).iterdir() if one.suffix.lower() in ENDINGS and not one.name.startswith(".")]
    ordered = sorted(files, key=lambda one: (hashlib.sha256(one.name.encode()).digest(), one.name))
    ends = {part: round(share * len(ordered)) for part, share in (("train", 0.6), ("validation", 0.7), ("test", 1.0))}
    begins = {"all": 0, "train": 0, "validation": ends["train"], "test": ends["validation"]}
    return ordered[begins[split] : ends.get(split)]


def _read_picture(file: Path, size: int) -> Any:
    """A picture as (3, size, size), uint8."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"{file} can't be read as a picture ({error}). Replace the file, or delete it.") from error
    scale = size / min(picture.size)
    width, height = (max(size, round(side * scale)) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    return np.asarray(picture.crop((left, top, left + size, top + size))).transpose(2, 0, 1)
