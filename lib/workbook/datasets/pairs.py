"""A source domain and a target domain, with the splits that lesson 05 needs of either."""

from __future__ import annotations

from dataclasses import dataclass

from workbook.datasets import digits, drawings
from workbook.datasets.domains import Pictures, local_folder, read_domain


@dataclass(frozen=True)
class Pair:
    """Two domains with the same classes.

    train: the source's labelled pictures. source_test: others of the source. pool: the target's pictures, to draw a few
    labels from or to use without labels. validation: the target's, for choosing settings. test: the target's, for the
    figures that are reported.
    """

    train: Pictures
    source_test: Pictures
    pool: Pictures
    validation: Pictures
    test: Pictures

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, the same in both domains."""
        return self.train.classes

    @property
    def name(self) -> str:
        """The two domains."""
        return f"{self.train.domain} → {self.test.domain}"


def load_pair(
    kind: str, source: str = "", target: str = "", *, size: int = 32, count: int = 3000, held_out: int = 800
) -> Pair:
    """The pair "digits" (fonts and handwriting), "objects" (two domains of the drawings), or two of a folder on disk.

    kind: "digits", "objects", or the name of an environment variable that holds a folder's path, such as
    "WORKBOOK_OFFICEHOME". source, target: the domains, but for digits. count: source pictures for training; held_out:
    for the tests that are drawn or read. size: of pictures from a folder, in pixels; those made here have 32.
    Raises ValueError for an unknown domain, FileNotFoundError where the folder is missing.
    """
    if kind == "digits":
        return Pair(
            digits.rendered_digits("train", count, seed=1000),  # other pictures than the backbones were pretrained on
            digits.rendered_digits("test", held_out, seed=1000),
            *(digits.real_digits(split) for split in ("pool", "validation", "test")),
        )
    if kind == "objects":
        return Pair(
            drawings.draw(source, count, seed=1000),
            drawings.draw(source, held_out, seed=1001),
            drawings.draw(target, 700, seed=1002),
            drawings.draw(target, 300, seed=1003),
            drawings.draw(target, held_out, seed=1004),
        )
    folder = local_folder(kind, f"The pair {source} → {target}")
    train = read_domain(folder, source, size=size, split="train")

    def read(domain: str, split: str) -> Pictures:
        return read_domain(folder, domain, size=size, classes=train.classes, split=split)

    targets = [read(target, split) for split in ("train", "validation", "test")]
    return Pair(train, read(source, "test"), *targets)
