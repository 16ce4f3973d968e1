"""Training a detector: scenes as batches, and the objective: focal loss for what is where, GIoU for the boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.datasets.scenes import Scene
from workbook.vision.detector import Found, TinyDetector, as_published, places, to_boxes, to_pixels

NEAR = 0.3  # a place learns an object's box where the object's bump is higher than this
BOX_WEIGHT = 2.0
Batch = dict[str, Tensor]


def batches(scenes: Sequence[Scene], size: int = 32) -> Callable[[int], list[Batch]]:
    """A function of the epoch that gives batches for `fit`, in a new order each time, half of the pictures mirrored.

    A batch holds pixel_values (B, 3, S, S) in [0, 1], boxes (B, M, 4) in pixels, and labels (B, M), padded with −1.
    What is left over at the end of an epoch is left out, unless it is all there is.
    """
    pixels = to_pixels([scene.image for scene in scenes])
    most = max(len(scene.labels) for scene in scenes)
    boxes, labels = torch.zeros(len(scenes), most, 4), torch.full((len(scenes), most), -1)
    for row, scene in enumerate(scenes):
        boxes[row, : len(scene.boxes)] = torch.from_numpy(scene.boxes).float()
        labels[row, : len(scene.labels)] = torch.from_numpy(scene.labels)
    size = min(size, len(scenes))

    def of_epoch(epoch: int) -> list[Batch]:
        order = torch.randperm(len(scenes))  # `fit` seeds this at every epoch
        groups = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
        return [mirrored(pixels[g], boxes[g], labels[g], torch.rand(size) < 0.5) for g in groups]

    return of_epoch


def mirrored(pixels: Tensor, boxes: Tensor, labels: Tensor, which: Tensor) -> Batch:
    """A batch in which the pictures `which` (B,) are turned left to right, and their boxes with them."""
    x1, y1, x2, y2 = boxes.unbind(-1)
    turned = torch.stack([pixels.shape[-1] - x2, y1, pixels.shape[-1] - x1, y2], -1)
    return {
        "pixel_values": torch.where(which[:, None, None, None], pixels.flip(-1), pixels),
        "boxes": torch.where(which[:, None, None], turned, boxes),
        "labels": labels,
    }


def detection_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The objective of TinyDetector, as (total, number of objects): centres by focal loss, boxes by GIoU."""
    heat, sides = model(pixel_values=batch["pixel_values"])
    boxes, labels = batch["boxes"], batch["labels"]
    there = (labels >= 0).float()  # (B, M)
    bump = bumps(boxes, heat.shape[-2:]) * there[..., None]  # (B, M, P), 1 at each object's centre
    kinds = functional.one_hot(labels.clamp(min=0), heat.shape[1]).float()  # (B, M, K)
    wanted = (bump[:, :, None] * kinds[..., None]).amax(1)  # (B, K, P)
    focal = focal_loss(heat.float().flatten(2), wanted)
    # Where two objects are near, a place belongs to the one whose bump is higher.
    mine = bump * ((bump > NEAR) & (bump >= bump.amax(1, keepdim=True)))
    share = mine / mine.sum(-1, keepdim=True).clamp(min=1e-6)  # (B, M, P), every object counts as one
    overlap = giou(to_boxes(sides.float())[:, None], boxes[:, :, None])  # (B, M, P)
    return focal + BOX_WEIGHT * (share * (1 - overlap)).sum(), there.sum()


def bumps(boxes: Tensor, grid: tuple[int, int]) -> Tensor:
    """A bell around the place where each object is centred: (B, M, 4) → (B, M, P) in [0, 1], 1 at that place.

    Its deviation is a sixth of the box's sides, so that it ends about where the object does.
    """
    middle = places(*grid).to(boxes)  # (P, 2)
    stride = middle[0, 0] * 2
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    centre = (centre / stride).floor().clamp(min=0) * stride + stride / 2  # the middle of the place that holds it
    deviation = ((boxes[..., 2:] - boxes[..., :2]) / 6).clamp(min=stride / 4)
    apart = (middle - centre[:, :, None]) / deviation[:, :, None]  # (B, M, P, 2)
    return torch.exp(-apart.square().sum(-1) / 2)


def focal_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """The sum over all places of CenterNet's focal loss (Zhou et al. 2019, equation 1; α = 2, β = 4).

    logits, wanted: equal shapes; wanted is 1 at a centre, and lower around it, where a false alarm costs less.
    """
    probability = logits.sigmoid()
    found = -((1 - probability) ** 2) * functional.logsigmoid(logits)
    alarm = -((1 - wanted) ** 4) * probability**2 * functional.logsigmoid(-logits)
    return torch.where(wanted == 1, found, alarm).sum()


def giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU of boxes that broadcast against each other: (..., 4), (..., 4) → (...) in (−1, 1].

    IoU − the share of the smallest box around both that neither covers: it has a slope where the two are apart.
    Source: Rezatofighi et al. 2019, algorithm 1.
    """
    shared = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - shared
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    return shared / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


def query_loss(model: nn.Module, batch: Batch) -> Tensor:
    """The objective of transformers' DETR-like models, which bring their own: the mean loss of a batch."""
    size = batch["pixel_values"].shape[-1]
    wanted = []
    for boxes, labels in zip(batch["boxes"], batch["labels"], strict=True):
        boxes, labels = boxes[labels >= 0] / size, labels[labels >= 0]
        centred = torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], -1)
        wanted.append({"class_labels": labels, "boxes": centred})
    return model(pixel_values=as_published(batch["pixel_values"]), labels=wanted).loss


def objective_of(model: nn.Module) -> Callable[[nn.Module, Batch], Tensor | tuple[Tensor, Tensor]]:
    """The objective by which a detector learns."""
    return detection_loss if isinstance(model, TinyDetector) else query_loss


def as_coco(scenes: Sequence[Scene], names: Sequence[str], scale: float = 1.0) -> dict:
    """Scenes as COCO's ground truth: picture i has the id i, class k the id k + 1; areas are those of the masks.

    scale: as if the pictures were so many times as wide and high; give `as_results` the same.
    """
    annotations = [
        {
            "id": 1000 * image + number, "image_id": image, "category_id": int(label) + 1, "iscrowd": 0,
            "bbox": _corner_and_size(box, scale), "area": float(mask.sum()) * scale**2,
        }
        for image, scene in enumerate(scenes)
        for number, (label, box, mask) in enumerate(zip(scene.labels, scene.boxes, scene.masks, strict=True))
    ]  # fmt: skip
    height, width = (int(scale * side) for side in scenes[0].image.shape[:2])
    images = [{"id": image, "height": height, "width": width} for image in range(len(scenes))]
    categories = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
    return {"images": images, "categories": categories, "annotations": annotations}


def as_results(found: Sequence[Found], scale: float = 1.0) -> list[dict]:
    """What `detect` found in pictures 0, 1, ... as COCO's results."""
    return [
        {
            "image_id": image, "category_id": int(label) + 1, "score": float(score),
            "bbox": _corner_and_size(box, scale),
        }
        for image, one in enumerate(found)
        for box, score, label in zip(one.boxes, one.scores, one.labels, strict=True)
    ]  # fmt: skip


def _corner_and_size(box: np.ndarray, scale: float) -> list[float]:
    """Corners x1 y1 x2 y2 as COCO's x, y, width, height."""
    x1, y1, x2, y2 = (scale * float(side) for side in box)
    return [x1, y1, x2 - x1, y2 - y1]
