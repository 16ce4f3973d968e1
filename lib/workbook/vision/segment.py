"""Asking a Segment Anything Model: points, boxes or an earlier mask go in, masks and their predicted IoU come out.

    picture = segment.encode(model, image)                       # the slow part, once per picture
    answer = segment.prompt(picture, points=[[20, 30]])          # milliseconds, as often as you like
    answer.masks, answer.predicted_iou, answer.best

Works for SAM at any size: pictures are scaled to the model's own and masks back. Source: Kirillov et al. 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.vision.boxes import nms
from workbook.vision.masks import tight_boxes
from workbook.vision.sam import choose_mask, decode, normalised

TOGETHER = 64  # prompts that are decoded at once: memory grows with them


@dataclass(frozen=True)
class Picture:
    """A picture that a model has looked at. embedding: (1, C, h, w). size: its height and width.

    scale: the model's pixels for each of the picture's.
    """

    model: Any
    embedding: Tensor
    size: tuple[int, int]
    scale: float


@dataclass(frozen=True)
class Answer:
    """What came out for P prompts, K masks for each: K is 3 for one point or one box, which may mean several things.

    masks: (P, K, H, W) bool. predicted_iou: (P, K). logits: (P, K, h, w) at the model's own resolution: what an
    earlier answer is given back as, and what stability is measured on.
    """

    masks: Tensor
    predicted_iou: Tensor
    logits: Tensor

    @property
    def best(self) -> Tensor:
        """Of each prompt's masks the one that is predicted to be best: (P, H, W) bool."""
        return choose_mask(self.masks, self.predicted_iou)

    @property
    def best_logits(self) -> Tensor:
        """The logits of `best`: (P, h, w)."""
        return choose_mask(self.logits, self.predicted_iou)


def encode(model: Any, image: np.ndarray) -> Picture:
    """Run the picture through the image encoder: (H, W, 3) or grey (H, W), uint8 → Picture.

    The longer side is scaled to the model's size; what is missing on the shorter is filled up at the right or below.
    Raises ValueError for another shape or kind of number.
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, 2)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(
            f"Expected a picture (H, W, 3) or (H, W) of uint8, got {image.shape} of {image.dtype}. Pixels between 0 "
            "and 1 are turned by (255 * image).astype(np.uint8)."
        )
    side, device = model.config.vision_config.image_size, next(model.parameters()).device
    height, width = image.shape[:2]
    scale = side / max(height, width)
    pixels = torch.tensor(image, device=device).permute(2, 0, 1)[None].float()  # (1, 3, H, W)
    if scale != 1:
        new = (max(1, round(height * scale)), max(1, round(width * scale)))
        pixels = F.interpolate(pixels, new, mode="bilinear", antialias=True).clamp(0, 255)
    pixels = normalised(pixels)
    pixels = F.pad(pixels, (0, side - pixels.shape[3], 0, side - pixels.shape[2]))
    with torch.no_grad():
        return Picture(model, model.vision_encoder(pixels).last_hidden_state, (height, width), scale)


def prompt(
    picture: Picture,
    points: Any = None,
    labels: Any = None,
    boxes: Any = None,
    previous: Tensor | None = None,
    several: bool | None = None,
) -> Answer:
    """Masks for P prompts.

    points:   (N, 2), the points of one prompt, or (P, N, 2); x and y in the picture's pixels, counted from 0.
    labels:   (N,) or (P, N): 1 for a point inside what is meant, 0 for one outside. Without them all are inside.
    boxes:    (4,) or (P, 4): x1 y1 x2 y2. Points and boxes together describe the same object.
    previous: (P, h, w), the logits of an earlier answer (`best_logits`): a mask to be improved.
    several:  three masks (True) or one (False); by itself three for one point or one box, one for more.
    Raises ValueError, naming the prompt, where they make no sense.
    """
    points, labels, boxes, previous = _checked(picture, points, labels, boxes, previous)
    several = points.shape[1] + (boxes is not None) == 1 and previous is None if several is None else several
    parts = []
    for start in range(0, len(points), TOGETHER):
        rows = slice(start, start + TOGETHER)
        embedding = picture.embedding.expand(len(points[rows]), -1, -1, -1)
        with torch.no_grad():
            parts.append(
                decode(
                    picture.model, embedding, points[rows, None] * picture.scale, labels[rows, None],
                    None if boxes is None else boxes[rows, None] * picture.scale,
                    None if previous is None else previous[rows, None], several,
                )
            )  # fmt: skip
    logits, predicted = (torch.cat(column) for column in zip(*parts, strict=True))
    return Answer(_full_size(logits, picture) > 0, predicted, logits)


def _full_size(logits: Tensor, picture: Picture) -> Tensor:
    """Logits in the picture's own resolution, without what was filled up: (P, K, h, w) → (P, K, H, W)."""
    side = picture.model.config.vision_config.image_size
    if logits.shape[-1] != side:
        logits = F.interpolate(logits, (side, side), mode="bilinear")
    height, width = (max(1, round(length * picture.scale)) for length in picture.size)
    logits = logits[..., :height, :width]
    return logits if picture.scale == 1 else F.interpolate(logits, picture.size, mode="bilinear")


def _checked(picture: Picture, points: Any, labels: Any, boxes: Any, previous: Any) -> tuple[Any, ...]:
    """The prompts as tensors: points (P, N, 2), labels (P, N), boxes (P, 4) or None, previous (P, h, w) or None."""
    if points is None and boxes is None:
        raise ValueError("A prompt needs points or boxes: say where the object is.")
    boxes = None if boxes is None else _checked_boxes(boxes, picture.embedding.device)
    points = _checked_points(np.zeros((len(boxes), 0, 2)) if points is None else points, picture)
    labels = _checked_labels(labels, points)
    given = {"points": points, "boxes": boxes, "previous": previous}
    numbers = {name: len(value) for name, value in given.items() if value is not None}
    if len(set(numbers.values())) > 1:
        raise ValueError(f"As many prompts of each sort are needed, got {numbers}.")
    side = 4 * picture.embedding.shape[-1]
    if previous is not None and previous.shape[1:] != (side, side):
        raise ValueError(
            f"previous is (P, {side}, {side}), the logits of an earlier answer (`best_logits`), not "
            f"{tuple(previous.shape)}."
        )
    return points, labels, boxes, previous


def _checked_boxes(boxes: Any, device: torch.device) -> Tensor:
    """Boxes (4,) or (P, 4) as (P, 4)."""
    boxes = torch.as_tensor(np.asarray(boxes), dtype=torch.float32, device=device)
    boxes = boxes[None] if boxes.ndim == 1 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes are (4,) or (P, 4), x1 y1 x2 y2, not {tuple(boxes.shape)}.")
    for number, box in enumerate(boxes.tolist()):
        if not (box[2] > box[0] and box[3] > box[1]):
            raise ValueError(f"Box {number} is {box}: expected x1 < x2 and y1 < y2, in pixels.")
    return boxes


def _checked_points(points: Any, picture: Picture) -> Tensor:
    """Points (N, 2) or (P, N, 2) as (P, N, 2)."""
    points = torch.as_tensor(np.asarray(points), dtype=torch.float32, device=picture.embedding.device)
    points = points[None] if points.ndim == 2 else points
    if points.ndim != 3 or points.shape[2] != 2:
        raise ValueError(f"points are (N, 2) or (P, N, 2), x and y, not {tuple(points.shape)}.")
    height, width = picture.size
    far = torch.tensor([width, height], device=points.device)
    for number, place in enumerate(points):
        if not bool(((place >= 0) & (place <= far)).all()):
            raise ValueError(
                f"Prompt {number} has the points {place.tolist()}: outside of a picture {width} x {height}."
            )
    return points


def _checked_labels(labels: Any, points: Tensor) -> Tensor:
    """Labels (N,) or (P, N), or None for "all inside", as (P, N)."""
    labels = torch.ones(points.shape[:2]) if labels is None else torch.as_tensor(np.asarray(labels))
    labels = (labels[None] if labels.ndim == 1 else labels).long().to(points.device)
    if labels.shape != points.shape[:2] or not bool(((labels == 0) | (labels == 1)).all()):
        raise ValueError(
            f"labels are 1 (inside) or 0 (outside), one for each of {tuple(points.shape[:2])} points, not "
            f"{labels.tolist()}."
        )
    return labels


@dataclass(frozen=True)
class Found:
    """A mask that nobody asked for. mask: (H, W) bool. box: (4,), x1 y1 x2 y2. predicted_iou, stability: in [0, 1].

    point: (2,), the point of the grid that led to it.
    """

    mask: np.ndarray
    box: np.ndarray
    predicted_iou: float
    stability: float
    point: np.ndarray


@dataclass(frozen=True)
class Automatic:
    """The masks of `automatic`, best first, and how many were left after each step, by name."""

    found: list[Found]
    counts: dict[str, int]


def automatic(
    picture: Picture,
    points_per_side: int = 16,
    iou_threshold: float = 0.88,
    stability_threshold: float = 0.95,
    nms_threshold: float = 0.7,
    smallest: int = 0,
) -> Automatic:
    """Every mask in a picture: a grid of points asks, filters and non-maximum suppression choose.

    Each point gives three masks. Those stay whose predicted IoU and stability are at least the thresholds, and which
    have more than `smallest` pixels; of masks whose boxes overlap by more than `nms_threshold` the best predicted one.
    The thresholds are the paper's. Raises ValueError for a grid without points.
    Source: Kirillov et al. 2023, section 5 and appendix B.
    """
    if points_per_side < 1:
        raise ValueError(f"A grid needs at least one point per side, not {points_per_side}.")
    height, width = picture.size
    middles = (np.arange(points_per_side) + 0.5) / points_per_side
    x, y = np.meshgrid(middles * width, middles * height)
    points = np.stack([x.ravel(), y.ravel()], 1)  # (P, 2)
    answer = prompt(picture, points[:, None], several=True)
    masks, predicted = answer.masks.flatten(0, 1), answer.predicted_iou.flatten()  # (3 P, H, W), (3 P,)
    stability = stability_score(answer.logits.flatten(0, 1))
    left = masks.sum((1, 2)) > smallest
    counts = {"three masks per point": len(masks), "large enough": int(left.sum())}
    left &= predicted >= iou_threshold
    counts["predicted to be good"] = int(left.sum())
    left &= stability >= stability_threshold
    counts["stable"] = int(left.sum())
    left = left.nonzero()[:, 0]
    boxes = tight_boxes(masks[left])
    kept = nms(boxes.cpu(), predicted[left].cpu(), nms_threshold).tolist()
    counts["after non-maximum suppression"] = len(kept)
    rows = [(int(left[i]), boxes[i].cpu().numpy()) for i in kept]
    found = [
        Found(masks[i].cpu().numpy(), b, float(predicted[i]), float(stability[i]), points[i // 3]) for i, b in rows
    ]
    return Automatic(found, counts)


def stability_score(logits: Tensor, offset: float = 1.0) -> Tensor:
    """How little a mask changes when its threshold moves: IoU of the masks above +offset and above -offset.

    (..., h, w) logits → (...) in [0, 1]; a mask that is empty at -offset has 0. A sharp edge keeps its place, a guess
    does not. Source: Kirillov et al. 2023, section 5 and appendix B ("stable mask").
    """
    strict = (logits > offset).sum((-2, -1))
    # the generous mask holds all of the strict one: it is their union, and the strict one is what they share
    generous = (logits > -offset).sum((-2, -1))
    return torch.where(generous > 0, strict / generous.clamp(min=1), 0.0)


def share_above(
    original: np.ndarray, corrected: np.ndarray, thresholds: tuple[float, ...] = (0.9, 0.75)
) -> list[float]:
    """The data engine's check: the share of masks that overlap with their correction by more than each threshold.

    original, corrected: (N, H, W) bool. Returns one share per threshold. Two empty masks agree (IoU 1).
    Raises ValueError where the shapes differ or there is no mask. Source: Kirillov et al. 2023, section 5.
    """
    original, corrected = np.asarray(original, dtype=bool), np.asarray(corrected, dtype=bool)
    if original.shape != corrected.shape or original.ndim != 3 or not len(original):
        raise ValueError(f"Expected two stacks of masks (N, H, W), got {original.shape} and {corrected.shape}.")
    shared = (original & corrected).sum((1, 2))  # (N,)
    union = (original | corrected).sum((1, 2))  # (N,)
    iou = np.where(union > 0, shared / np.maximum(union, 1), 1.0)
    return [float((iou > threshold).mean()) for threshold in thresholds]


@dataclass(frozen=True)
class Bin:
    """Masks with a similar predicted IoU: what was predicted and what came out, on average, and how many they are."""

    predicted: float
    actual: float
    number: int


def calibration(predicted: np.ndarray, actual: np.ndarray, bins: int = 10) -> tuple[list[Bin], float]:
    """Does a predicted IoU of 0.8 mean 0.8? Bins of equal number by prediction: (N,), (N,) → bins, error.

    The error is the mean distance between the two over the masks' bins (expected calibration error, Guo et al. 2017,
    equation 3, with bins of equal number). Raises ValueError where the lengths differ or are below `bins`.
    """
    predicted, actual = np.asarray(predicted, dtype=float), np.asarray(actual, dtype=float)
    if predicted.shape != actual.shape or predicted.ndim != 1 or len(predicted) < bins:
        raise ValueError(f"Expected two lists of at least {bins} figures, got {predicted.shape} and {actual.shape}.")
    parts = np.array_split(np.argsort(predicted, kind="stable"), bins)
    rows = [Bin(float(predicted[part].mean()), float(actual[part].mean()), len(part)) for part in parts]
    return rows, sum(row.number * abs(row.predicted - row.actual) for row in rows) / len(predicted)
