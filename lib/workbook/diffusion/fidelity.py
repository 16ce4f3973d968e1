"""How good is a personalised model? Likeness to the subject, likeness to the prompt, and what became of the class.

    judges = Judges.load()
    clip_i = image_similarity(judges.clip(generated), judges.clip(real))

Source: Ruiz et al. 2023, DreamBooth (arXiv 2208.12242), section 4.1 (DINO, CLIP-I, CLIP-T) and 4.3 (PRES, DIV).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from workbook.diffusion import clip

# Tables 1, 3 and 4 of the paper, for pictures of 30 subjects: DINO, CLIP-I, CLIP-T; then PRES, DIV, DINO for Imagen
PAPER = {
    "real pictures": {"dino": 0.774, "clip_i": 0.885},
    "DreamBooth, Imagen": {"dino": 0.696, "clip_i": 0.812, "clip_t": 0.306},
    "DreamBooth, Stable Diffusion": {"dino": 0.668, "clip_i": 0.803, "clip_t": 0.305},
    "Textual Inversion, Stable Diffusion": {"dino": 0.569, "clip_i": 0.780, "clip_t": 0.255},
    "Imagen, with the prior term": {"pres": 0.493, "div": 0.391, "dino": 0.684},
    "Imagen, without it": {"pres": 0.664, "div": 0.371, "dino": 0.712},
}


def _check(name: str, embeddings: Tensor) -> None:
    """Raise ValueError unless these are finite embeddings (N, D), N at least 1."""
    if embeddings.ndim != 2 or len(embeddings) == 0:
        raise ValueError(
            f"Expected {name} as embeddings (N, D) of at least one picture, got {tuple(embeddings.shape)}."
        )
    if not torch.isfinite(embeddings).all():
        row = (~torch.isfinite(embeddings)).any(1).nonzero()[0].item()
        raise ValueError(f"Row {row} of {name} holds NaN or infinity: look at that picture.")


def cosines(a: Tensor, b: Tensor) -> Tensor:
    """The cosine of the angle between every row of a (N, D) and every row of b (M, D) → (N, M)."""
    return functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T


def image_similarity(generated: Tensor, real: Tensor) -> float:
    """Mean cosine over all pairs of a generated and a real picture: CLIP-I or DINO, by whose embeddings these are.

    generated: (N, D), real: (M, D). Higher is a better likeness of the subject. Raises ValueError for other shapes or
    NaN.
    """
    _check("generated", generated), _check("real", real)
    return cosines(generated, real).mean().item()


def among_real(real: Tensor) -> float:
    """The same between different real pictures: the paper's row "real images". real: (M, D), M at least 2."""
    _check("real", real)
    if len(real) < 2:
        raise ValueError("One picture has no other to be compared with: give at least two.")
    count = len(real)
    return (
        (cosines(real, real).sum() - count) / (count * (count - 1))
    ).item()  # without each picture's likeness to itself


def text_similarity(images: Tensor, texts: Tensor) -> float:
    """CLIP-T: mean cosine of every picture with its own prompt, rows of (N, D) and (N, D)."""
    _check("images", images), _check("texts", texts)
    if images.shape != texts.shape:
        raise ValueError(f"Expected one prompt per picture, got {tuple(images.shape)} and {tuple(texts.shape)}.")
    return functional.cosine_similarity(images, texts).mean().item()


def pres(class_pictures: Tensor, subject: Tensor) -> Tensor:
    """PRES: how much generated pictures of the *class* look like the subject, a scalar; lower is better.

    class_pictures: (N, D), subject: (M, D), self-supervised embeddings of pictures generated from the class prompt, and
    of the subject's real pictures. The mean cosine over all N · M pairs. Source: arXiv 2208.12242, section 4.3.
    """
    a = class_pictures / class_pictures.norm(dim=1, keepdim=True)
    b = subject / subject.norm(dim=1, keepdim=True)
    return (a @ b.T).mean()


def perceptual_distances(layers: Sequence[Tensor]) -> Tensor:
    """The perceptual distance between every two of N pictures, (N, N), from features of several layers, each (N, C, h,
    w).

    At every place the features are scaled to length 1; the squared distance is averaged over places and summed over
    layers. That is LPIPS (Zhang et al. 2018, equation 1) without its learnt weights; one matrix product a layer does
    all pairs.
    """
    total = torch.zeros(())
    for features in layers:
        places = features.shape[2:].numel()
        flat = functional.normalize(features.float(), dim=1).flatten(1)  # (N, C·h·w)
        # ‖a - b‖² = ‖a‖² + ‖b‖² - 2 a·b, and each place of a and of b has length 1
        total = total + (2 - 2 * (flat @ flat.T) / places).clamp(min=0)
    return total


def div(layers: Sequence[Tensor], prompts: Sequence[str]) -> float:
    """DIV: the mean perceptual distance between different pictures of one prompt; higher is better.

    layers: as for perceptual_distances; prompts: N, the prompt that each picture was made from. Pictures of different
    prompts are not compared. Raises ValueError where no prompt has two pictures.
    """
    numbers = {prompt: number for number, prompt in enumerate(dict.fromkeys(prompts))}
    group = torch.tensor([numbers[prompt] for prompt in prompts])
    if any(len(features) != len(group) for features in layers) or not layers:
        raise ValueError(
            f"Expected features of {len(group)} pictures, one per prompt, got {[len(features) for features in layers]}."
        )
    pairs = (group[:, None] == group[None, :]) & ~torch.eye(len(group), dtype=torch.bool)
    if not pairs.any():
        raise ValueError("No prompt has two pictures: DIV compares pictures of one prompt with each other.")
    return perceptual_distances(layers)[pairs].mean().item()


# ------------------------------------------------------------------------------------------------- the two networks


def as_pixels(pictures: Any, size: int | None = None) -> Tensor:
    """Pictures (PIL, arrays, or as clip.as_tensor takes them) as (N, 3, H, W), values from 0 to 1, resized if a size is
    given.

    Raises ValueError for none, for pictures of different sizes, or of another type.
    """
    if isinstance(pictures, Sequence):
        shapes = {np.asarray(picture).shape for picture in pictures}
        if len(shapes) != 1:
            what = "There is no picture" if not shapes else f"The pictures differ in size or channels: {sorted(shapes)}"
            raise ValueError(f"{what}. Bring them to one size first (see trainers.dreambooth.read_photos).")
    pixels = clip.as_tensor(pictures).permute(0, 3, 1, 2).float() / 255  # (N, 3, H, W)
    if size is None or pixels.shape[-2:] == (size, size):
        return pixels
    return functional.interpolate(pixels, (size, size), mode="bicubic", antialias=True).clamp(0, 1)


IMAGENET = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # mean and deviation of the pixels that DINO's own weights know
PLAIN = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # and tiny-dino's: from -1 to 1


@dataclass(frozen=True)
class Judges:
    """The two networks that the measures look through: CLIP for pictures and texts, a self-supervised one for
    pictures."""

    clip_model: Any
    tokenizer: Any
    backbone: Any

    @classmethod
    def load(cls) -> Judges:
        """Those of the current profile: tiny-clip and tiny-dino; openai/clip-vit-base-patch32 and
        facebook/dino-vits16."""
        from workbook import zoo

        return cls(*zoo.load("picture-and-text"), zoo.load("self-supervised").model)

    def clip(self, pictures: Any) -> Tensor:
        """CLIP's embeddings (N, D) of pictures."""
        return clip.embed_pictures(self.clip_model, pictures)

    def texts(self, prompts: Sequence[str]) -> Tensor:
        """CLIP's embeddings (N, D) of prompts."""
        return clip.embed_texts(self.clip_model, self.tokenizer, prompts)

    def dino(self, pictures: Any) -> Tensor:
        """The self-supervised embeddings (N, D) of pictures."""
        return self._look(pictures)[0]

    def layers(self, pictures: Any) -> list[Tensor]:
        """Features of several depths of the self-supervised network, each (N, C, h, w): what DIV is measured on."""
        return self._look(pictures)[1]

    @torch.no_grad()
    def _look(self, pictures: Any) -> tuple[Tensor, list[Tensor]]:
        config = self.backbone.config
        vit = config.model_type == "vit"
        mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET if vit else PLAIN))
        pixels = (as_pixels(pictures, config.image_size) - mean) / deviation
        device = next(self.backbone.parameters()).device
        embeddings, depths = [], []
        for part in pixels.split(100):
            output = self.backbone(pixel_values=part.to(device), output_hidden_states=True)
            # a ViT has a token of its own for the whole picture, ConvNeXt averages over all places
            embeddings.append(output.last_hidden_state[:, 0] if vit else output.pooler_output.flatten(1))
            states = output.hidden_states[3::3] if vit else output.hidden_states[1:]
            depths.append([state[:, 1:].transpose(1, 2)[..., None] if vit else state for state in states])
        return torch.cat(embeddings).cpu(), [torch.cat(depth).cpu() for depth in zip(*depths, strict=True)]
