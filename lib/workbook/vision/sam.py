"""What training and asking a Segment Anything Model have in common: pixels in, masks for prompts out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MEAN = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)  # of ImageNet's pixels, as SAM takes them
DEVIATION = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)


def normalised(images: Tensor) -> Tensor:
    """Pixels of 0 ... 255 as SAM's encoder takes them: (..., 3, H, W)."""
    return (images - MEAN.to(images.device)) / DEVIATION.to(images.device)


def decode(
    sam: Any,
    embedding: Tensor,
    points: Tensor,
    labels: Tensor,
    boxes: Tensor | None,
    masks: Tensor | None,
    several: bool,
) -> tuple[Tensor, Tensor]:
    """Masks for prompts whose picture is encoded already: ((R, K, H, W) logits, (R, K) predicted IoU); K is 3 or 1.

    embedding: (R, C, h, w), the picture's once per prompt. points: (R, 1, N, 2). labels: (R, 1, N), 1 inside, 0
    outside. boxes: (R, 1, 4). masks: (R, 1, 4 h, 4 w) logits of an earlier answer.
    """
    some = points.shape[2] > 0
    answer = sam(
        image_embeddings=embedding, input_points=points if some else None, input_labels=labels if some else None,
        input_boxes=boxes, input_masks=masks, multimask_output=several,
    )  # fmt: skip
    return answer.pred_masks[:, 0], answer.iou_scores[:, 0]


def choose_mask(masks: Tensor, predicted_iou: Tensor) -> Tensor:
    """Of each prompt's masks the one that is predicted to be best: (P, K, H, W), (P, K) → (P, H, W)."""
    best = predicted_iou.argmax(dim=1)  # (P,): no truth is needed for it
    return masks[torch.arange(len(masks)), best]
