"""A content filter: words of a prompt, and pictures whose embedding lies near that of a forbidden concept.

    check = ContentFilter(words=["knife"], concepts={"a knife": clip_texts(["a knife"])[0]})
    check.calibrate(clip(ordinary_pictures), most_false_alarms=0.05)
    check.prompt("a red knife").passed, check.pictures(clip(generated))

Stable Diffusion's safety checker works like this: cosines of a picture's CLIP embedding with some fixed concepts, each
with a threshold (Rando et al. 2022, Red-Teaming the Stable Diffusion Safety Filter, arXiv 2210.04610, section 3).

What it can't do. The words are compared as they are spelt: "kn1fe", another language and "a blade" pass. The pictures
are judged by one number per concept: what CLIP can't tell apart the filter can't, a small object in a corner moves the
embedding little, and a concept that nobody listed is never found. It says nothing about whom a picture shows or whether
they agreed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Verdict:
    """Whether something passes, and the reasons if not."""

    passed: bool
    reasons: tuple[str, ...] = ()


class ContentFilter:
    """Forbidden words, and forbidden concepts by their text embedding.

    words: compared with a prompt's words, upper or lower case, singular or with a plural s. concepts: name → text
    embedding (D,). A picture is refused where its cosine with a concept is above the concept's threshold; `calibrate`
    sets the thresholds.
    """

    def __init__(self, words: Sequence[str] = (), concepts: Mapping[str, Tensor] | None = None) -> None:
        if any(not word.strip() for word in words):
            raise ValueError("A forbidden word is empty: it would match nothing, or everything.")
        self.words = tuple(word.lower() for word in words)
        self.names = tuple(concepts or {})
        self._concepts = (
            functional.normalize(torch.stack(list(concepts.values())), dim=1) if concepts else None
        )  # (K, D)
        self.thresholds: Tensor | None = None  # (K,)

    def prompt(self, text: str) -> Verdict:
        """Judge a prompt by its words."""
        if not isinstance(text, str):
            raise ValueError(f"Expected a prompt, got {type(text).__name__}.")
        written = re.findall(r"[^\W_]+", text.lower())
        forms = {form for word in written for form in (word, word.removesuffix("s"), word.removesuffix("es"))}
        found = [word for word in self.words if word in forms]
        return Verdict(not found, tuple(f"the prompt has the word {word!r}" for word in found))

    def scores(self, embeddings: Tensor) -> Tensor:
        """The cosine of every picture (N, D) with every concept, (N, K)."""
        if self._concepts is None:
            return torch.zeros(len(embeddings), 0)
        if embeddings.ndim != 2 or embeddings.shape[1] != self._concepts.shape[1]:
            raise ValueError(
                f"Expected embeddings (N, {self._concepts.shape[1]}) of the network that embedded the concepts, got "
                f"{tuple(embeddings.shape)}."
            )
        return functional.normalize(embeddings, dim=1) @ self._concepts.T

    def calibrate(self, ordinary: Tensor, most_false_alarms: float = 0.05) -> Tensor:
        """Set each concept's threshold so that at most this share of ordinary pictures (N, D) is refused by it; returns
        them (K,).

        Use pictures that show none of the concepts, and others than those that the filter is measured on.
        """
        if not 0 <= most_false_alarms < 1 or len(ordinary) == 0:
            raise ValueError(
                f"Expected a share from 0 to below 1 and some pictures, got {most_false_alarms!r}, {len(ordinary)}."
            )
        scores = self.scores(ordinary).sort(0).values  # (N, K)
        passing = math.ceil((1 - most_false_alarms) * len(ordinary) - 1e-9)  # so many must not lie above
        self.thresholds = scores[passing - 1]
        return self.thresholds

    def pictures(self, embeddings: Tensor) -> list[Verdict]:
        """Judge pictures by their embeddings (N, D). Raises ValueError before `calibrate`."""
        if self.names and self.thresholds is None:
            raise ValueError("The filter has no thresholds yet: call `calibrate` with embeddings of ordinary pictures.")
        verdicts = []
        for row in self.scores(embeddings).tolist():
            near = [
                f"near {name!r}: {score:.2f}, allowed up to {limit:.2f}"
                for name, score, limit in zip(
                    self.names, row, self.thresholds.tolist() if self.names else (), strict=True
                )
                if score > limit
            ]
            verdicts.append(Verdict(not near, tuple(near)))
        return verdicts


def checked_by_pipeline(pipeline: object, pictures: Sequence) -> list[Verdict]:
    """The verdicts of a pipeline's own safety checker, where it has one (Stable Diffusion's at full size), on PIL
    pictures.

    Without one everything passes, and each verdict says that nobody looked.
    """
    checker = getattr(pipeline, "safety_checker", None)
    if checker is None:
        return [Verdict(True, ("not checked: the pipeline has no safety checker",)) for _ in pictures]
    import numpy as np

    inputs = pipeline.feature_extractor(list(pictures), return_tensors="pt")
    arrays = np.stack([np.asarray(picture, dtype=np.float32) / 255 for picture in pictures])
    _, refused = checker(images=arrays, clip_input=inputs.pixel_values.to(next(checker.parameters()).dtype))
    return [Verdict(not bad, ("the pipeline's safety checker",) if bad else ()) for bad in refused]
