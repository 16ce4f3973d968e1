"""Training a promptable segmenter: which prompts to show, what to compare its three masks with, a second round.

    rounds = Rounds(model)
    history = fit(rounds, lambda epoch: prompted(pool(scenes), 16), segmentation_loss, steps=2000)

Source of the recipe: Kirillov et al. 2023, "Segment Anything", appendix A, "Training algorithm" and "Losses".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.vision.mask_losses import mask_loss
from workbook.vision.masks import box_masks, paired_iou, tight_boxes
from workbook.vision.sam import choose_mask, decode, normalised

KINDS = ("point", "points", "box")  # of prompts, in turn
SHARES = {"object": 1.0, "cluster": 0.4, "ground": 0.2}  # how often each sort of target is asked for


def round_loss(logits: Tensor, predicted_iou: Tensor, targets: Tensor) -> Tensor:
    """The loss of one round, averaged over the prompts.

    logits: (R, K, H, W), K masks for each of R prompts. predicted_iou: (R, K). targets: (R, H, W) in {0, 1}.
    Of K masks only the best one's mask loss counts, so that the others are free to mean something else: a mean over
    all three would teach each of them the same blurred compromise. How good each is, all have to predict.
    """
    targets = targets[:, None].expand_as(logits)
    best = mask_loss(logits, targets).min(1).values
    return (best + F.mse_loss(predicted_iou, paired_iou(logits > 0, targets > 0.5), reduction="none").mean(1)).mean()


class Answers(NamedTuple):
    """What `Rounds` returns. first, second: logits (R, K, S, S) and predicted IoU (R, K) of each round.

    sketch: (B, 5, S, S), or None where nothing draws one.
    """

    first: tuple[Tensor, Tensor]
    second: tuple[Tensor, Tensor]
    sketch: Tensor | None


class Sketch(nn.Module):
    """A head that draws from the embedding alone what lies where: five figures per pixel. Only training needs it.

    The logit of "belongs to an object", and how far it is to the left, upper, right and lower side of that object's
    box, in widths of the picture. It teaches the encoder at every pixel, while a mask teaches it one object.
    """

    def __init__(self, channels: int, patch: int) -> None:
        super().__init__()
        self.drawn = nn.Conv2d(channels, 5 * patch * patch, 1)
        self.patch = patch

    def forward(self, embedding: Tensor) -> Tensor:
        """(B, C, h, w) → (B, 5, h patch, w patch)."""
        return F.pixel_shuffle(self.drawn(embedding), self.patch)


class Rounds(nn.Module):
    """A SamModel and the user it trains with: a first prompt, then a correcting point and its own mask as a prompt.

    The picture is encoded once. The first round has three masks, unless it has several points, which leave little
    doubt: then it has one, as the second has. (SAM keeps a fourth mask for that.)
    sketch: a head that is trained beside it, if any.
    """

    def __init__(self, model: Any, sketch: Sketch | None = None) -> None:
        super().__init__()
        self.sam, self.sketch = model, sketch

    def forward(
        self,
        pixel_values: Tensor,
        targets: Tensor,
        points: Tensor,
        labels: Tensor,
        boxes: Tensor | None = None,
        objects: Tensor | None = None,
    ) -> Answers:
        """The answers to a batch of `prompted`; R is B times P.

        pixel_values: (B, 3, S, S). targets: (B, P, S, S). points: (B, P, N, 2), N may be 0. labels: (B, P, N). boxes:
        (B, P, 4). objects: not looked at; they are what a sketch is compared with.
        """
        embedding = self.sam.vision_encoder(pixel_values).last_hidden_state
        sketch = None if self.sketch is None else self.sketch(embedding)
        embedding = embedding.repeat_interleave(targets.shape[1], 0)
        points, labels = points.flatten(0, 1)[:, None], labels.flatten(0, 1)[:, None]  # (R, 1, N, 2), (R, 1, N)
        boxes = None if boxes is None else boxes.flatten(0, 1)[:, None]
        ambiguous = points.shape[2] + (boxes is not None) == 1
        first = decode(self.sam, embedding, points, labels, boxes, None, ambiguous)
        best = choose_mask(*(part.detach() for part in first))  # as the decoder takes it back, however coarse
        first = _as_large(first, targets)
        shown = choose_mask(*(part.detach() for part in first))
        correction, sign = correcting_points(shown > 0, targets.flatten(0, 1) > 0.5)
        points = torch.cat([points, correction[:, None, None]], 2)
        labels = torch.cat([labels, sign[:, None, None]], 2)
        second = decode(self.sam, embedding, points, labels, boxes, best[:, None], False)
        return Answers(first, _as_large(second, targets), sketch)


def _as_large(answer: tuple[Tensor, Tensor], targets: Tensor) -> tuple[Tensor, Tensor]:
    """The answer with masks as large as the targets: SAM's own are a quarter as wide as its pictures."""
    masks, predicted_iou = answer
    if masks.shape[-2:] != targets.shape[-2:]:
        masks = F.interpolate(masks, targets.shape[-2:], mode="bilinear")
    return masks, predicted_iou


def correcting_points(predicted: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """A random pixel where the mask is wrong, and whether it belongs to the object: what a user would click next.

    predicted, wanted: (R, H, W) bool → points (R, 2) as x, y, and labels (R,). Where nothing is wrong: a pixel inside.
    """
    wrong = predicted ^ wanted
    chosen = torch.where(wrong.any(-1).any(-1)[:, None, None], wrong, wanted)
    points = random_pixels(chosen)
    return points, wanted[torch.arange(len(points)), points[:, 1].long(), points[:, 0].long()].long()


def random_pixels(masks: Tensor) -> Tensor:
    """One pixel of each mask, all equally likely: (R, H, W) bool → (R, 2) as x, y; of an empty mask, any pixel."""
    flat = masks.flatten(1).float()
    flat = torch.where(flat.any(1, keepdim=True), flat, 1.0)
    chosen = flat.multinomial(1)[:, 0]
    return torch.stack([chosen % masks.shape[2], chosen // masks.shape[2]], 1).float()


def jitter(boxes: Tensor, share: float = 0.1, most: float = 1.5) -> Tensor:
    """Boxes as a hand draws them: each coordinate off by `share` of the side (one deviation), by at most `most` pixels.

    SAM's most is 20 of 1,024 pixels, which is 1.25 of 64.
    """
    sides = (boxes[..., 2:] - boxes[..., :2]).repeat_interleave(2, -1)[..., [0, 2, 1, 3]]
    return boxes + (torch.randn_like(boxes) * share * sides).clamp(-most, most)


@dataclass(frozen=True)
class Pool:
    """Pictures and what may be asked for in each. images: (N, S, S, 3) uint8. targets: N arrays (T, S, S) bool.

    shares: N arrays (T,), how often each target is asked for. objects: how many of the targets, the first ones, are
    single objects, for each picture.
    """

    images: np.ndarray
    targets: list[np.ndarray]
    shares: list[np.ndarray]
    objects: list[int]


def pool(scenes: Sequence[Any], shares: dict[str, float] = SHARES, crowded: float = 0.0) -> Pool:
    """The objects of each scene; what touches, as one; and the ground. Two answers to a point on two discs that touch.

    scenes: with `image` and `masks`. shares: how often an object, a cluster and the ground are asked for; 0 for never.
    crowded: how much more often an object is asked for whose box holds others, times their share of the box: with 10,
    an object in half of whose box others lie comes 6 times as often as one that stands alone.
    Raises ValueError where there are no scenes.
    """
    if not len(scenes):
        raise ValueError("A pool needs at least one scene, and there is none.")
    images = np.stack([scene.image for scene in scenes])
    targets, weights = [], []
    for scene in scenes:
        clusters = clusters_of(scene.masks)
        ground = ~scene.masks.any(0, keepdims=True)
        targets.append(np.concatenate([scene.masks, clusters, ground]))
        counts = {"object": len(scene.masks), "cluster": len(clusters), "ground": 1}
        weight = np.concatenate([np.full(counts[kind], float(shares[kind])) for kind in counts])
        weight[: len(scene.masks)] *= 1 + crowded * others_in_box(scene.masks)
        weights.append(weight)
    return Pool(images, targets, weights, [len(scene.masks) for scene in scenes])


def others_in_box(masks: np.ndarray) -> np.ndarray:
    """What share of each mask's tight box is covered by the other masks: (N, H, W) bool → (N,), 0 for an empty one."""
    boxes = box_masks(tight_boxes(torch.from_numpy(masks)), *masks.shape[1:]).numpy()
    others = masks.any(0) & ~masks
    return (boxes & others).sum((1, 2)) / boxes.sum((1, 2)).clip(min=1)


def clusters_of(masks: np.ndarray) -> np.ndarray:
    """The groups of masks that touch, each as one mask: (N, H, W) bool → (M, H, W) bool, M from 0 to N / 2."""
    from scipy.ndimage import binary_dilation, label

    together, number = label(binary_dilation(masks.any(0)))
    where = [set(together[mask]) - {0} for mask in masks]
    members = [[masks[i] for i, places in enumerate(where) if one in places] for one in range(1, number + 1)]
    groups = [np.any(group, 0) for group in members if len(group) > 1]
    return np.array(groups, dtype=bool).reshape(-1, *masks.shape[1:])


def prompted(
    pool: Pool, size: int, prompts: int = 3, kinds: Sequence[str] = KINDS, colour: bool = True
) -> Iterator[dict[str, Tensor]]:
    """Batches of `size` pictures in random order, turned and recoloured, with `prompts` prompts each of one kind.

    The kinds take turns: one point inside; two inside and one outside; a box as a hand draws it. `objects` of a batch
    are all objects of its pictures, (B, N, S, S) bool, with empty ones at the end.
    """
    order = torch.randperm(len(pool.images)).tolist()
    rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
    for number, start in enumerate(range(0, len(order) - size + 1, size)):
        chosen = order[start : start + size]
        images = torch.tensor(pool.images[chosen]).permute(0, 3, 1, 2).float()  # (B, 3, S, S)
        picks = [rng.choice(len(p), prompts, p=p / p.sum()) for p in (pool.shares[i] for i in chosen)]
        targets = torch.tensor(np.stack([pool.targets[i][pick] for i, pick in zip(chosen, picks, strict=True)]))
        objects = np.zeros((size, max(pool.objects[i] for i in chosen), *targets.shape[2:]), dtype=bool)
        for row, i in zip(objects, chosen, strict=True):
            row[: pool.objects[i]] = pool.targets[i][: pool.objects[i]]
        images, targets, objects = turned(images, targets, torch.tensor(objects))
        batch = {"pixel_values": normalised(recoloured(images) if colour else images), "targets": targets.float()}
        yield batch | {"objects": objects} | prompts_for(targets, kinds[number % len(kinds)])


def prompts_for(targets: Tensor, kind: str) -> dict[str, Tensor]:
    """Random prompts of a kind for targets (B, P, S, S) bool: points (B, P, N, 2), labels (B, P, N), perhaps boxes.

    kind: one of KINDS. Raises ValueError for another.
    """
    flat, shape = targets.flatten(0, 1), targets.shape[:2]
    wanted = {"point": [1], "points": [1, 1, 0], "box": []}
    if kind not in wanted:
        raise ValueError(f"A kind of prompt is one of {', '.join(KINDS)}, not {kind!r}.")
    drawn = [random_pixels(flat if sign else ~flat) for sign in wanted[kind]]
    points = torch.stack(drawn, 1) if drawn else torch.zeros(len(flat), 0, 2)
    labels = torch.tensor(wanted[kind], dtype=torch.long).expand(len(flat), -1)
    batch = {"points": points.unflatten(0, shape), "labels": labels.unflatten(0, shape)}
    return batch | ({"boxes": jitter(tight_boxes(flat)).unflatten(0, shape)} if kind == "box" else {})


def turned(*pixels: Tensor) -> tuple[Tensor, ...]:
    """All of them mirrored and turned alike, by a random number of quarters: (..., S, S) each."""
    quarters, mirrored = int(torch.randint(4, (1,))), bool(torch.rand(1) < 0.5)
    quarter_turned = [part.rot90(quarters, (-2, -1)) for part in pixels]
    return tuple(part.flip(-1) if mirrored else part for part in quarter_turned)


def recoloured(images: Tensor) -> Tensor:
    """Other colours and other light for the same shapes, each picture by itself: (B, 3, S, S) in 0 ... 255, the same.

    A quarter turn grey, a quarter swap their channels, some are negatives, some lose their finest detail; all change
    in contrast and brightness. A model that has seen discs in eight colours only would take colour for the object.
    """
    number = len(images)

    def some(share: float) -> Tensor:
        return (torch.rand(number) < share)[:, None, None, None]

    images = torch.where(some(0.25), images[:, torch.randperm(3)], images)
    images = torch.where(some(0.25), images.mean(1, keepdim=True), images)
    images = torch.where(some(0.1), 255 - images, images)
    images = torch.where(some(0.15), F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1), images)
    middle = images.mean((1, 2, 3), keepdim=True)
    contrast, light = 0.6 + 0.8 * torch.rand(number, 1, 1, 1), 50 * torch.rand(number, 1, 1, 1) - 25
    return (middle + contrast * (images - middle) + light).clamp(0, 255)


def segmentation_loss(rounds: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """The objective for `fit`: the mean loss of both rounds of a batch, and the sketch's if one is drawn."""
    targets = batch["targets"].flatten(0, 1)
    first, second, sketch = rounds(**batch)
    loss = torch.stack([round_loss(logits.float(), iou.float(), targets) for logits, iou in (first, second)]).mean()
    return loss if sketch is None else loss + sketch_loss(sketch.float(), batch["objects"])


def sketch_loss(sketch: Tensor, objects: Tensor) -> Tensor:
    """Cross-entropy of object or ground at every pixel, and on objects the distance of the four sides: a mean each.

    sketch: (B, 5, S, S) as `Sketch` draws it. objects: (B, N, S, S) bool, which do not overlap.
    """
    covered = objects.any(1)  # (B, S, S)
    loss = F.binary_cross_entropy_with_logits(sketch[:, 0], covered.float())
    size = objects.shape[-1]
    boxes = tight_boxes(objects.flatten(0, 1)).view(*objects.shape[:2], 4)
    own = torch.einsum("bnyx,bnc->bcyx", objects.float(), boxes)  # each pixel's object's box
    column, row = torch.arange(size), torch.arange(size)[:, None]
    place = torch.stack([column.expand(size, size), row.expand(size, size)] * 2).to(own)  # x, y, x, y
    apart = (sketch[:, 1:] - (own - place) / size).abs().mean(1)  # (B, S, S)
    return loss + 4 * (apart * covered).sum() / covered.sum().clamp(min=1)
