"""Pictures and texts as CLIP sees them: unit vectors whose dot product says how well they fit.

The same calls serve tiny-clip and OpenAI's CLIP; the pictures are prepared here, since transformers' own image
processor for CLIP wants torchvision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of CLIP's training data


def as_tensor(pictures: Any) -> Tensor:
    """Pictures as (N, H, W, 3) uint8: from an array or tensor of that shape, or a sequence of PIL pictures or arrays.

    Raises ValueError for another shape or another type of numbers.
    """
    if not isinstance(pictures, (np.ndarray, Tensor)):
        pictures = np.stack([np.asarray(p.convert("RGB") if hasattr(p, "convert") else p) for p in pictures])
    made = torch.as_tensor(pictures)
    if made.ndim != 4 or made.shape[-1] != 3 or made.dtype != torch.uint8:
        raise ValueError(
            f"Expected pictures as (N, height, width, 3) of uint8, got {tuple(made.shape)} of {made.dtype}. "
            "Scale to 0 to 255, and put the three colours last."
        )
    return made


def prepare(pictures: Any, size: int) -> Tensor:
    """CLIP's pixel values (N, 3, size, size) of pictures (N, H, W, 3) uint8: resized and normalised as in its
    training."""
    pixels = as_tensor(pictures).permute(0, 3, 1, 2).float() / 255
    if pixels.shape[-2:] != (size, size):
        pixels = functional.interpolate(pixels, size=(size, size), mode="bicubic", antialias=True).clamp(0, 1)
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (pixels - mean) / deviation


@torch.no_grad()
def embed_pictures(model: Any, pictures: Any, batch: int = 100) -> Tensor:
    """Unit vectors (N, D) of pictures."""
    pixels = prepare(pictures, model.config.vision_config.image_size)
    device = next(model.parameters()).device
    outputs = [model.get_image_features(pixel_values=part.to(device)) for part in pixels.split(batch)]
    return functional.normalize(torch.cat([_vectors(output) for output in outputs]).float().cpu(), dim=-1)


@torch.no_grad()
def embed_texts(model: Any, tokenizer: Any, texts: Sequence[str], batch: int = 200) -> Tensor:
    """Unit vectors (N, D) of texts; what is longer than the model can read is cut off."""
    device = next(model.parameters()).device
    length = model.config.text_config.max_position_embeddings
    parts = []
    for start in range(0, len(texts), batch):
        inputs = tokenizer(
            list(texts[start : start + batch]),
            padding="max_length",
            truncation=True,
            max_length=length,
            return_tensors="pt",
        ).to(device)
        parts.append(
            _vectors(model.get_text_features(input_ids=inputs.input_ids, attention_mask=inputs.attention_mask))
        )
    return functional.normalize(torch.cat(parts).float().cpu(), dim=-1)


def _vectors(output: Any) -> Tensor:
    """The projected vectors, which newer transformers give as `pooler_output`."""
    return output if isinstance(output, Tensor) else output.pooler_output
