"""Exercises of lesson 11: two losses of a mask, choosing among three, stability, the data engine's check."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from workbook.exercises import Case, Mistake, practice
from workbook.vision.mask_losses import dice_loss, focal_loss
from workbook.vision.segment import choose_mask, share_above, stability_score


def _square(size: int, top: int, left: int, side: int) -> torch.Tensor:
    """A mask (size, size) with one square in it."""
    mask = torch.zeros(size, size)
    mask[top : top + side, left : left + side] = 1
    return mask


def _logits(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Logits with one digit after the point, so that a person can compute with them."""
    return torch.tensor(rng.integers(-30, 31, shape) / 10, dtype=torch.float32)


def _bools(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.tensor(rng.random(shape) < 0.5)


# ------------------------------------------------------------------------------------------------- dice loss


def _dice_cases(rng: np.random.Generator) -> list[Case]:
    target = _square(4, 1, 1, 2)
    return [
        Case("right, and rather sure", (8 * target - 4, target)),
        Case("a guess of one half everywhere", (torch.zeros(4, 4), target)),
        Case("wrong everywhere", (4 - 8 * target, target)),
        Case("an empty mask and an empty answer", (torch.full((3, 3), -20.0), torch.zeros(3, 3))),
        Case("several masks at once: one figure for each", (_logits(rng, 2, 3, 4), _bools(rng, 2, 3, 4).float())),
    ]


def _dice_thresholded(logits, targets):
    predicted = (logits > 0).float()
    overlap = (predicted * targets).sum((-2, -1))
    return 1 - (2 * overlap + 1) / (predicted.sum((-2, -1)) + targets.sum((-2, -1)) + 1)


def _dice_of_logits(logits, targets):
    overlap = (logits * targets).sum((-2, -1))
    return 1 - (2 * overlap + 1) / (logits.sum((-2, -1)) + targets.sum((-2, -1)) + 1)


def _dice_is_iou(logits, targets):
    p = logits.sigmoid()
    overlap = (p * targets).sum((-2, -1))
    return 1 - (overlap + 1) / (p.sum((-2, -1)) + targets.sum((-2, -1)) - overlap + 1)


def _dice_without_two(logits, targets):
    p = logits.sigmoid()
    return 1 - ((p * targets).sum((-2, -1)) + 1) / (p.sum((-2, -1)) + targets.sum((-2, -1)) + 1)


def _dice_itself(logits, targets):
    return 1 - dice_loss(logits, targets)


def _dice_not_smoothed(logits, targets):
    p = logits.sigmoid()
    return 1 - 2 * (p * targets).sum((-2, -1)) / (p.sum((-2, -1)) + targets.sum((-2, -1)))


def _dice_of_all(logits, targets):
    p = logits.sigmoid()
    return 1 - (2 * (p * targets).sum() + 1) / (p.sum() + targets.sum() + 1)


practice(
    dice_loss,
    difficulty=1,
    minutes=8,
    cases=_dice_cases,
    mistakes=[
        Mistake(_dice_thresholded, "you count pixels above 0: that has no gradient. Sum probabilities instead."),
        Mistake(_dice_of_logits, "logits can be negative: take their sigmoid first."),
        Mistake(_dice_is_iou, "that is the IoU: dice divides by |A| + |B|, in which the overlap counts twice."),
        Mistake(_dice_without_two, "the 2 before the overlap is missing: a perfect mask would lose one half."),
        Mistake(_dice_itself, "that is the dice score; the loss is 1 minus it."),
        Mistake(_dice_not_smoothed, "the 1 in numerator and denominator is missing: empty masks divide by (almost) 0."),
        Mistake(_dice_of_all, "you sum over all masks together: sum over the last two dimensions only."),
    ],
    hints=[
        "Probabilities first: logits.sigmoid(). |A n B| is the sum of their product with the targets.",
        "Sum over the last two dimensions, .sum((-2, -1)), so that several masks give several figures.",
        "1 - (2 * overlap + 1) / (sum of probabilities + sum of targets + 1).",
    ],
    tolerance=1e-5,
)

# ------------------------------------------------------------------------------------------------ focal loss


def _focal_cases(rng: np.random.Generator) -> list[Case]:
    target = _square(4, 1, 1, 2)
    return [
        Case("right, and rather sure", (4 * target - 2, target, 2.0)),
        Case("wrong, and rather sure", (2 - 4 * target, target, 2.0)),
        Case("gamma 0 is plain cross-entropy", (_logits(rng, 3, 3), _square(3, 0, 0, 2), 0.0)),
        Case("several masks at once, gamma 3", (_logits(rng, 2, 2, 3), _bools(rng, 2, 2, 3).float(), 3.0)),
        Case("so wrong that the probability is 0 in float32", (torch.full((2, 2), -200.0), torch.ones(2, 2), 2.0)),
    ]


def _focal_plain(logits, targets, gamma=2.0):
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean((-2, -1))


def _focal_turned_round(logits, targets, gamma=2.0):
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (torch.exp(-entropy) ** gamma * entropy).mean((-2, -1))


def _focal_of_object(logits, targets, gamma=2.0):
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return ((1 - logits.sigmoid()) ** gamma * entropy).mean((-2, -1))


def _focal_sum(logits, targets, gamma=2.0):
    return focal_loss(logits, targets, gamma) * logits.shape[-1] * logits.shape[-2]


def _focal_of_all(logits, targets, gamma=2.0):
    return focal_loss(logits, targets, gamma).mean()


def _focal_by_hand(logits, targets, gamma=2.0):
    p = torch.where(targets > 0.5, logits.sigmoid(), 1 - logits.sigmoid())
    return (-((1 - p) ** gamma) * p.log()).mean((-2, -1))


practice(
    focal_loss,
    difficulty=2,
    minutes=10,
    cases=_focal_cases,
    mistakes=[
        Mistake(_focal_plain, "that is plain cross-entropy: the factor (1 - p)^γ is missing."),
        Mistake(_focal_turned_round, "the factor is p^γ: it fades where the model is *wrong*. Take (1 - p)^γ."),
        Mistake(_focal_of_object, "p is the probability of the *true* class: 1 - sigmoid where the target is 0."),
        Mistake(_focal_sum, "average over the pixels instead of summing, or larger pictures lose more."),
        Mistake(_focal_of_all, "one figure per mask: average over the last two dimensions only."),
        Mistake(_focal_by_hand, "log of a probability that is 0 in float32 is infinite: start from the logits."),
    ],
    hints=[
        "F.binary_cross_entropy_with_logits(logits, targets, reduction='none') is -log p per pixel, and safe.",
        "From it p = exp(-entropy): the probability of whatever is true at that pixel.",
        "((1 - p) ** gamma * entropy).mean((-2, -1))",
    ],
    tolerance=1e-5,
)

# ------------------------------------------------------------------------------------------ the best of three


def _choose_cases(rng: np.random.Generator) -> list[Case]:
    growing = torch.stack([_square(4, 0, 0, side).bool() for side in (1, 2, 3)])
    two, scores = growing.repeat(2, 1, 1, 1), torch.tensor([[0.1, 0.2, 0.7], [0.8, 0.2, 0.1]])
    random = torch.tensor(rng.random((5, 3)), dtype=torch.float32)
    return [
        Case("one prompt, the second mask is best", (growing[None], torch.tensor([[0.3, 0.9, 0.5]]))),
        Case("two prompts, another choice for each", (two, scores)),
        Case("one mask per prompt: nothing to choose", (growing[:, None], torch.tensor([[0.2], [0.4], [0.9]]))),
        Case("more prompts than masks", (_bools(rng, 5, 3, 2, 4), random)),
    ]


def _always_first(masks, predicted_iou):
    return masks[:, 0]


def _the_worst(masks, predicted_iou):
    return masks[torch.arange(len(masks)), predicted_iou.argmin(1)]


def _best_for_all(masks, predicted_iou):
    return masks[:, predicted_iou.mean(0).argmax()]


def _largest(masks, predicted_iou):
    return masks[torch.arange(len(masks)), masks.sum((2, 3)).argmax(1)]


def _best_prompt(masks, predicted_iou):
    return masks[predicted_iou.max(1).values.argmax()]


practice(
    choose_mask,
    difficulty=1,
    minutes=5,
    cases=_choose_cases,
    mistakes=[
        Mistake(_always_first, "you always take the first mask: which is best, predicted_iou says."),
        Mistake(_the_worst, "that is the mask predicted to be worst: argmax, not argmin."),
        Mistake(_best_for_all, "you choose the same number for all prompts: each has a best mask of its own."),
        Mistake(_largest, "you take the largest mask; large is not good. The scores are in predicted_iou."),
        Mistake(_best_prompt, "you return all masks of the best prompt; wanted is the best mask of every prompt."),
    ],
    hints=[
        "Which of the K is best for each prompt? predicted_iou.argmax(dim=1) is (P,).",
        "Indexing with two lists pairs them: masks[[0, 1], [2, 0]] is mask 2 of prompt 0 and mask 0 of prompt 1.",
        "masks[torch.arange(len(masks)), best]",
    ],
)

# --------------------------------------------------------------------------------------------- stability score


def _stability_cases(rng: np.random.Generator) -> list[Case]:
    slope = torch.linspace(-3, 3, 7).repeat(2, 1)
    return [
        Case("a sharp edge", (20 * _square(4, 1, 1, 2) - 10, 1.0)),
        Case("a slope: every threshold another mask", (slope, 1.0)),
        Case("a slope, and a larger offset", (slope, 2.5)),
        Case("empty at both thresholds", (torch.full((2, 2), -9.0), 1.0)),
        Case("several masks at once", (_logits(rng, 2, 3, 3, 3), 1.0)),
    ]


def _not_a_ratio(logits, offset=1.0):
    return ((logits > offset).sum((-2, -1)) - (logits > -offset).sum((-2, -1))).float()


def _upside_down(logits, offset=1.0):
    strict, generous = (logits > offset).sum((-2, -1)), (logits > -offset).sum((-2, -1))
    return torch.where(strict > 0, generous / strict.clamp(min=1), 0.0)


def _against_zero(logits, offset=1.0):
    strict, middle = (logits > offset).sum((-2, -1)), (logits > 0).sum((-2, -1))
    return torch.where(middle > 0, strict / middle.clamp(min=1), 0.0)


def _of_probabilities(logits, offset=1.0):
    return stability_score(logits.sigmoid(), offset)


def _share_of_picture(logits, offset=1.0):
    return 1 - (logits.abs() <= offset).float().mean((-2, -1))


def _divides_by_nothing(logits, offset=1.0):
    return (logits > offset).sum((-2, -1)) / (logits > -offset).sum((-2, -1))


practice(
    stability_score,
    difficulty=2,
    minutes=10,
    cases=_stability_cases,
    mistakes=[
        Mistake(_not_a_ratio, "that is a difference in pixels; the score is a ratio, an IoU."),
        Mistake(_upside_down, "the ratio is upside down: the strict mask is the smaller one, its size stands above."),
        Mistake(_against_zero, "you compare with the mask at 0; it is the one at -offset, the other way out."),
        Mistake(_of_probabilities, "the thresholds are logits: do not take the sigmoid."),
        Mistake(
            _share_of_picture, "you count pixels of the picture, so that small objects seem stable: compare masks."
        ),
        Mistake(_divides_by_nothing, "an empty mask divides 0 by 0: give it the score 0."),
    ],
    hints=[
        "Two masks: logits > offset is strict, logits > -offset generous.",
        "The strict one lies inside the generous one: their intersection is the first, their union the second.",
        "Divide the sizes, and where the generous one is empty put 0: torch.where, with clamp(min=1) below the line.",
    ],
)

# ----------------------------------------------------------------------------------------- share above threshold


def _share_cases(rng: np.random.Generator) -> list[Case]:
    ten = np.zeros((1, 2, 10), dtype=bool)
    ten[:, 0] = True
    nine, larger = ten.copy(), ten.copy()
    nine[:, 0, 0] = False  # IoU exactly 9 / 10
    larger[:, 1, :2] = True  # IoU 10 / 12
    random = rng.random((6, 4, 4)) < 0.7
    noisy = random ^ (rng.random((6, 4, 4)) < 0.1)
    empty = np.zeros((1, 2, 10), dtype=bool)
    return [
        Case("nothing was corrected", (ten, ten, (0.9, 0.75))),
        Case("an IoU of exactly 0.9 is not above it", (ten, nine, (0.9, 0.75))),
        Case("the correction added pixels", (ten, larger, (0.9, 0.75))),
        Case("the correction removed pixels", (larger, ten, (0.9, 0.75))),
        Case("two empty masks agree", (empty, empty, (0.9, 0.75))),
        Case("six masks and three thresholds", (random, noisy, (0.9, 0.8, 0.5))),
    ]


def _at_least(original, corrected, thresholds=(0.9, 0.75)):
    shared, union = (original & corrected).sum((1, 2)), (original | corrected).sum((1, 2))
    iou = np.where(union > 0, shared / np.maximum(union, 1), 1.0)
    return [float((iou >= threshold).mean()) for threshold in thresholds]


def _of_original(original, corrected, thresholds=(0.9, 0.75)):
    shared, size = (original & corrected).sum((1, 2)), original.sum((1, 2))
    iou = np.where(size > 0, shared / np.maximum(size, 1), 1.0)
    return [float((iou > threshold).mean()) for threshold in thresholds]


def _of_corrected(original, corrected, thresholds=(0.9, 0.75)):
    return _of_original(corrected, original, thresholds)


def _of_pixels(original, corrected, thresholds=(0.9, 0.75)):
    same = (original == corrected).mean((1, 2))
    return [float((same > threshold).mean()) for threshold in thresholds]


def _numbers(original, corrected, thresholds=(0.9, 0.75)):
    return [float(share * len(original)) for share in share_above(original, corrected, thresholds)]


def _empty_is_zero(original, corrected, thresholds=(0.9, 0.75)):
    shared, union = (original & corrected).sum((1, 2)), (original | corrected).sum((1, 2))
    return [float((shared / np.maximum(union, 1) > threshold).mean()) for threshold in thresholds]


practice(
    share_above,
    difficulty=1,
    minutes=8,
    cases=_share_cases,
    mistakes=[
        Mistake(_at_least, "a mask at exactly the threshold is not above it: > instead of >=."),
        Mistake(_of_original, "you divide by the original's size, so that what the correction added costs nothing."),
        Mistake(_of_corrected, "you divide by the correction's size, so that what it removed costs nothing."),
        Mistake(_of_pixels, "you count equal pixels; the ground, which nobody disputes, makes every mask look good."),
        Mistake(_numbers, "that is how many masks; wanted is their share."),
        Mistake(_empty_is_zero, "two empty masks agree: their IoU counts as 1 here."),
    ],
    hints=[
        "Per pair of masks: (original & corrected).sum((1, 2)) over (original | corrected).sum((1, 2)).",
        "np.where(union > 0, shared / np.maximum(union, 1), 1.0) takes care of two empty masks.",
        "The share above a threshold is the mean of a comparison: (iou > threshold).mean().",
    ],
)
