"""Which detection found which object, in one picture and one class: the rule of COCO, and the rule of VOC.

These are the rules as one would carry them out by hand, on numpy arrays. `coco_matching` does the first for all
pictures at once, and knows crowds and area ranges, too.
"""

from __future__ import annotations

import numpy as np


def match_greedy(iou: np.ndarray, scores: np.ndarray, iou_threshold: float = 0.5) -> np.ndarray:
    """COCO's rule: best score first, each detection takes the object that it overlaps most of those still free.

    iou: (D, G), every detection with every object; scores: (D,). Returns (D,) integers: the object that each detection
    takes, or −1. An overlap equal to the threshold is enough; of equal scores the earlier detection chooses first; of
    equal overlaps it takes the later object.
    """
    taken = np.full(len(scores), -1)
    free = np.ones(iou.shape[1], dtype=bool)
    for detection in np.argsort(-scores, kind="stable"):
        best = -1
        for i in np.flatnonzero(free & (iou[detection] >= iou_threshold)):
            if best == -1 or iou[detection, i] >= iou[detection, best]:
                best = i
        if best != -1:
            taken[detection], free[best] = best, False
    return taken


def match_voc(
    iou: np.ndarray, scores: np.ndarray, iou_threshold: float = 0.5, difficult: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """VOC's rule: a detection claims the object that it overlaps most, free or not; if that is taken, it found nothing.

    iou: (D, G); scores: (D,); difficult: (G,) bool, objects that count neither for nor against anyone. Returns two
    arrays (D,): the object taken, or −1, and whether the detection is to be left out, since its object is difficult.
    Of equal overlaps the first object counts.
    Source: Everingham et al. 2010, section 4.2.
    """
    taken, ignored = np.full(len(scores), -1), np.zeros(len(scores), dtype=bool)
    if iou.shape[1] == 0:
        return taken, ignored
    difficult = np.zeros(iou.shape[1], dtype=bool) if difficult is None else difficult
    free = np.ones(iou.shape[1], dtype=bool)
    for detection in np.argsort(-scores, kind="stable"):
        best = iou[detection].argmax()
        if iou[detection, best] < iou_threshold:
            continue
        if difficult[best]:
            ignored[detection] = True
        elif free[best]:
            taken[detection], free[best] = best, False
    return taken, ignored
