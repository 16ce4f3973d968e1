"""COCO's AP on resampled pictures: for bootstrap intervals, without matching anew at every draw."""

from __future__ import annotations

import numpy as np

from workbook.vision.coco import Source, read_detections, read_ground_truth
from workbook.vision.coco_matching import match_all
from workbook.vision.detection import curves

MOST = 100  # detections a picture and class, as COCO counts them


def resampled_ap(ground_truth: Source, detections: Source, draws: np.ndarray) -> np.ndarray:
    """COCO's AP of every draw of pictures: (R, n) positions in the sorted picture ids → (R,).

    A picture that is drawn twice counts as two, with its objects and its detections. Matching stays within a picture,
    so it is done once; a draw only says how often each detection counts. NaN where a draw has no object at all. Raises
    ValueError for bad input as `evaluate_coco` does, and for positions that are none.
    Source: Efron 1979, on pictures as the units, since what is found in one picture hangs together.
    """
    truth = read_ground_truth(ground_truth)
    found = read_detections(detections, truth)
    pictures = len(truth.image_ids)
    draws = np.asarray(draws)
    if draws.ndim != 2 or not np.issubdtype(draws.dtype, np.integer) or not ((draws >= 0) & (draws < pictures)).all():
        raise ValueError(f"Expected draws (R, n) of whole numbers from 0 to {pictures - 1}, one row a draw.")
    times = np.array([np.bincount(row, minlength=pictures) for row in draws])  # (R, pictures)
    matches, object_ignored = match_all(truth, found, MOST)
    aps = []
    for k in range(len(truth.category_ids)):
        counting = (truth.category == k) & ~object_ignored[0]
        objects = times[:, truth.image[counting]].sum(1)  # (R,)
        mine = np.flatnonzero(matches.category == k)
        mine = mine[np.argsort(-matches.scores[mine], kind="stable")]
        aps.append(_aps(times[:, matches.image[mine]], matches.hit[0, mine].T, matches.ignored[0, mine].T, objects))
    aps = np.array(aps)  # (K, R)
    present = ~np.isnan(aps)
    return np.divide(np.nansum(aps, 0), present.sum(0), out=np.full(len(draws), np.nan), where=present.any(0))


def _aps(times: np.ndarray, hit: np.ndarray, ignored: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """AP of one class in every draw (R,). times: (R, D), best score first; hit, ignored: (T, D); objects: (R,)."""
    aps = np.full(len(times), np.nan)  # NaN: a draw without an object of the class
    for draw in np.flatnonzero(objects):
        aps[draw] = curves(hit, ignored, objects[draw], times[draw])[0].mean()
    return aps
