"""Equal to pycocotools on small data sets that are made to be hostile: ties, crowds, empty and exact ends."""

from __future__ import annotations

import contextlib
import copy
import io

import numpy as np
import pytest

from detection_sets import hostile_set
from workbook.vision.detection import evaluate_coco

pycocotools = pytest.importorskip("pycocotools.coco")
from pycocotools.cocoeval import COCOeval  # noqa: E402


def by_pycocotools(truth: dict, detections: list[dict], limits: tuple[int, ...] = (1, 10, 100)) -> COCOeval:
    """The reference's evaluation; its accumulated arrays, and its statistics where the limits are its own."""
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = pycocotools.COCO()
        theirs.dataset = copy.deepcopy(truth)
        theirs.createIndex()
        if detections:
            found = theirs.loadRes(copy.deepcopy(detections))
        else:  # loadRes cannot do with an empty list
            found = pycocotools.COCO()
            found.dataset = {**theirs.dataset, "annotations": []}
            found.createIndex()
        evaluation = COCOeval(theirs, found, "bbox")
        evaluation.params.maxDets = list(limits)
        evaluation.evaluate()
        evaluation.accumulate()
        if limits == (1, 10, 100):
            evaluation.summarize()
    return evaluation


@pytest.mark.parametrize("first", range(0, 210, 35))
def test_equal_to_pycocotools(first: int) -> None:
    """All twelve statistics, the AP of every class, and every point of every curve, to 1e-9."""
    for seed in range(first, first + 35):
        truth, detections = hostile_set(seed)
        ours, theirs = evaluate_coco(truth, detections), by_pycocotools(truth, detections)
        where = f"seed {seed}"
        np.testing.assert_allclose(list(ours.statistics.values()), theirs.stats, rtol=0, atol=1e-9, err_msg=where)
        np.testing.assert_allclose(ours.precision, theirs.eval["precision"], rtol=0, atol=1e-9, err_msg=where)
        np.testing.assert_allclose(ours.recall, theirs.eval["recall"], rtol=0, atol=1e-9, err_msg=where)
        for place, key in enumerate(sorted(ours.per_class)):
            curve = theirs.eval["precision"][:, :, place, 0, -1]
            expected = curve[curve > -1].mean() if (curve > -1).any() else -1
            assert ours.per_class[key] == pytest.approx(expected, abs=1e-9), where


@pytest.mark.parametrize("limits", [(1, 2, 3), (100,), (2, 7), (5, 50, 500)])
def test_other_limits_equal_to_pycocotools(limits: tuple[int, ...]) -> None:
    """With other limits the curves are right there, too, though the statistics made of them are not."""
    for seed in range(1000, 1010):
        truth, detections = hostile_set(seed)
        ours, theirs = evaluate_coco(truth, detections, limits), by_pycocotools(truth, detections, limits)
        np.testing.assert_allclose(ours.precision, theirs.eval["precision"], rtol=0, atol=1e-9, err_msg=f"seed {seed}")
        np.testing.assert_allclose(ours.recall, theirs.eval["recall"], rtol=0, atol=1e-9, err_msg=f"seed {seed}")


def test_one_crowded_group_equal_to_pycocotools() -> None:
    """More than 100 detections of one class in one picture, with many equal scores, so that the limit cuts a tie."""
    rng = np.random.default_rng(0)
    boxes = np.concatenate([rng.integers(0, 60, (40, 2)), rng.integers(20, 60, (40, 2))], 1).tolist()
    truth = {
        "images": [{"id": 1}], "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {"id": i + 1, "image_id": 1, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": int(i > 36)}
            for i, box in enumerate(boxes)
        ],
    }  # fmt: skip
    moved = [[v + int(rng.integers(0, 4)) for v in boxes[i % 40]] for i in range(260)]
    scores = rng.integers(0, 6, 260) / 6
    detections = [
        {"image_id": 1, "category_id": 1, "bbox": box, "score": float(score)}
        for box, score in zip(moved, scores, strict=True)
    ]
    ours, theirs = evaluate_coco(truth, detections), by_pycocotools(truth, detections)
    np.testing.assert_allclose(list(ours.statistics.values()), theirs.stats, rtol=0, atol=1e-9)
    assert 0.1 < ours.statistics["AP"] < 0.9


@pytest.mark.parametrize(("left", "expected"), [(0, 2), (1, 1)])
def test_equal_overlaps_take_the_later_object(left: int, expected: int) -> None:
    """A detection halfway between two objects takes the later; only if that is the right one, the left is still free
    for the second detection, which fits the left one alone."""
    boxes = [[0, 0, 10, 10], [4, 0, 10, 10]]
    truth = {
        "images": [{"id": 1}], "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 1, "bbox": boxes[place], "area": 100, "iscrowd": 0}
            for n, place in ((1, left), (2, 1 - left))
        ],
    }  # fmt: skip
    found = [
        {"image_id": 1, "category_id": 1, "bbox": box, "score": score}
        for box, score in (([2, 0, 10, 10], 0.9), (boxes[0], 0.8))
    ]
    ours, theirs = evaluate_coco(truth, found), by_pycocotools(truth, found)
    np.testing.assert_allclose(ours.recall, theirs.eval["recall"], rtol=0, atol=1e-9)
    assert ours.recall[0, 0, 0, -1] == expected / 2


def test_the_hostile_sets_are_hostile() -> None:
    """The hard cases do occur, each in many of the sets."""
    sets = [hostile_set(seed) for seed in range(210)]
    kinds = {
        "no detection": [not d for _, d in sets],
        "one detection": [len(d) == 1 for _, d in sets],
        "no object": [not t["annotations"] for t, _ in sets],
        "equal scores": [len({x["score"] for x in d}) < len(d) for _, d in sets],
        "equal boxes": [len({tuple(a["bbox"]) for a in t["annotations"]}) < len(t["annotations"]) for t, _ in sets],
        "crowds": [any(a["iscrowd"] for a in t["annotations"]) for t, _ in sets],
        "no area": [any(0 in a["bbox"][2:] for a in t["annotations"]) for t, _ in sets],
        "end of a range": [any(a["area"] in (1024, 9216) for a in t["annotations"]) for t, _ in sets],
        "empty picture": [{a["image_id"] for a in t["annotations"]} != {i["id"] for i in t["images"]} for t, _ in sets],
    }
    assert min(sum(found) for found in kinds.values()) >= 10, {kind: sum(found) for kind, found in kinds.items()}
    assert 10 < sum(0.1 < evaluate_coco(t, d).statistics["AP"] < 0.9 for t, d in sets[:40])
