"""A small anchor-free detector: every place of a coarse grid says what is centred there, and how far its sides are.

    model, _ = zoo.load("detector")
    found = detect(model, images)             # one Found per picture: boxes, scores, labels

In the manner of CenterNet (Zhou et al. 2019, Objects as Points: a map of centres per class) and FCOS (Tian et al. 2019:
the distances to the four sides). `detect` takes transformers' DETR-like models as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel

from workbook.vision.boxes import nms

MOST = 100  # detections a picture, as COCO counts them


class TinyDetectorConfig(PreTrainedConfig):
    """width: channels of the fine grid; deep_width: of the coarse one, which sees more of the picture."""

    model_type = "tiny-detector"

    def __init__(self, width: int = 64, deep_width: int = 96, num_labels: int = 8, **rest: Any) -> None:
        self.width, self.deep_width = width, deep_width
        super().__init__(num_labels=num_labels, **rest)


def layer(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3 × 3 convolution, its norm and its nonlinearity. Group norm does not mind a small batch, or another domain."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, outputs), nn.SiLU())


class Residual(nn.Module):
    """Two layers, and what came in added to what comes out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(layer(width, width), layer(width, width))

    def forward(self, features: Tensor) -> Tensor:
        """(B, width, h, w) → the same shape."""
        return features + self.layers(features)


class TinyDetector(PreTrainedModel):
    """Pictures (B, 3, S, S), floats in [0, 1], S a multiple of 8 → (heat, sides) on a grid of stride 4.

    heat: (B, K, S/4, S/4) logits, how surely an object of class k is centred there. sides: (B, 4, S/4, S/4) above 0,
    pixels from the middle of the place to the left, upper, right and lower side of its box.
    """

    config_class = TinyDetectorConfig
    main_input_name = "pixel_values"
    stride = 4

    def __init__(self, config: TinyDetectorConfig) -> None:
        super().__init__(config)
        width, deep = config.width, config.deep_width
        self.fine = nn.Sequential(layer(3, width // 2, 2), layer(width // 2, width, 2), Residual(width))  # stride 4
        self.coarse = nn.Sequential(layer(width, deep, 2), Residual(deep), nn.Conv2d(deep, width, 1))  # stride 8
        self.joined = Residual(width)
        self.heat = nn.Sequential(layer(width, width), nn.Conv2d(width, config.num_labels, 1))
        self.sides = nn.Sequential(layer(width, width), nn.Conv2d(width, 4, 1))
        # Almost every place is empty: begin by saying so, or the first steps learn nothing else (Lin et al. 2017, 4.1).
        nn.init.constant_(self.heat[-1].bias, -4.0)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: PyTorch's own start is kept, and so is the bias above."""

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        fine = self.fine(pixel_values - 0.5)  # (B, width, S/4, S/4)
        coarse = self.coarse(fine)  # (B, width, S/8, S/8)
        features = self.joined(fine + functional.interpolate(coarse, scale_factor=2.0))
        return self.heat(features), functional.softplus(self.sides(features)) * self.stride


def places(height: int, width: int, stride: int = TinyDetector.stride) -> Tensor:
    """The middle of every place of a grid, in pixels: (height · width, 2) as x, y, row by row."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (torch.stack([x, y], -1).flatten(0, 1) + 0.5) * stride


def to_boxes(sides: Tensor) -> Tensor:
    """Distances to the sides as corner boxes in pixels: (B, 4, h, w) → (B, h · w, 4)."""
    middle = places(*sides.shape[-2:]).to(sides)  # (h·w, 2)
    left_top, right_bottom = sides.flatten(2).transpose(1, 2).split(2, -1)  # (B, h·w, 2) each
    return torch.cat([middle - left_top, middle + right_bottom], -1)


@dataclass(frozen=True)
class Found:
    """What was found in a picture, best first: boxes (D, 4) x1 y1 x2 y2 in pixels, scores (D,), labels (D,)."""

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


@torch.no_grad()
def detect(
    model: PreTrainedModel, images: np.ndarray | Sequence[np.ndarray], threshold: float = 0.05, overlap: float = 0.6
) -> list[Found]:
    """Find objects in pictures of one size.

    images: (B, S, S, 3) uint8. threshold: candidates with a lower score are dropped; keep it low where a
    precision-recall curve is to be drawn. overlap: of two candidates *of one class* whose IoU is above it, the surer
    one stays. Raises ValueError for other pictures.
    """
    pixels = to_pixels(images)
    model.eval()
    found = []
    for chunk in pixels.split(64):
        boxes, scores = _candidates(model, chunk.to(model.device))  # (B, P, 4), (B, P, K)
        size = pixels.shape[-1]
        found += [_choose(*one, threshold, overlap, size) for one in zip(boxes.cpu(), scores.cpu(), strict=True)]
    return found


def to_pixels(images: np.ndarray | Sequence[np.ndarray]) -> Tensor:
    """Pictures (B, S, S, 3) uint8 as the models take them: (B, 3, S, S) floats in [0, 1]. ValueError for others."""
    try:
        pictures = np.asarray(images if isinstance(images, np.ndarray) else np.stack(images))
    except ValueError as error:
        raise ValueError("The pictures differ in size; expected (B, S, S, 3), all of one size.") from error
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8 or pictures.shape[1] % 8:
        raise ValueError(
            f"Expected pictures (B, S, S, 3) of uint8 with S a multiple of 8, got {pictures.shape} of {pictures.dtype}."
        )
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 255


def as_published(pixels: Tensor) -> Tensor:
    """Pictures in [0, 1] as the hub's models were shown them: with ImageNet's mean and deviation taken out."""
    mean, deviation = pixels.new_tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[:, :, None, None]
    return (pixels - mean) / deviation


def for_classes(model: PreTrainedModel, number: int) -> PreTrainedModel:
    """A model that knows so many classes: itself if it does already, else with a new last layer, untrained."""
    if model.config.num_labels != number:
        model.config.num_labels = number
        last = model.class_labels_classifier.layers[-1]
        model.class_labels_classifier.layers[-1] = nn.Linear(last.in_features, number + 1)  # and "nothing"
    return model


def _candidates(model: PreTrainedModel, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Every place's (or query's) box in pixels (B, P, 4), and its score for every class (B, P, K)."""
    if isinstance(model, TinyDetector):
        heat, sides = model(pixel_values=pixels)
        return to_boxes(sides.float()), heat.float().sigmoid().flatten(2).transpose(1, 2)
    output = model(pixel_values=as_published(pixels))
    middle, size = output.pred_boxes.float().split(2, -1)  # shares of the picture
    boxes = torch.cat([middle - size / 2, middle + size / 2], -1) * pixels.shape[-1]
    return boxes, output.logits.float().softmax(-1)[..., :-1]  # the last class is "nothing"


def _choose(boxes: Tensor, scores: Tensor, threshold: float, overlap: float, size: int) -> Found:
    """The candidates of one picture that stay: above the threshold, not suppressed by a surer one of their class."""
    place, label = (scores >= threshold).nonzero(as_tuple=True)
    surest = scores[place, label].argsort(descending=True, stable=True)[: 4 * MOST]
    place, label = place[surest], label[surest]
    boxes, scores = boxes[place].clamp(0, size), scores[place, label]
    # Classes are moved far apart, so that one call suppresses within each of them.
    kept = nms(boxes + 2 * size * label[:, None], scores, overlap)[:MOST]
    return Found(boxes[kept].numpy(), scores[kept].numpy(), label[kept].numpy())
