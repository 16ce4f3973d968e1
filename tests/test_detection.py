"""Detection metrics: curves, the three conventions, both matching rules, COCO's faults left out, VOC, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

from detection_sets import hostile_set
from workbook.vision import coco_matching
from workbook.vision.coco import read_detections, read_ground_truth
from workbook.vision.coco_matching import IOU_THRESHOLDS, match_all
from workbook.vision.detection import (
    average_precision,
    evaluate_coco,
    evaluate_voc,
    match_greedy,
    match_voc,
    precision_recall,
)

# ------------------------------------------------------------------------------------------ curves and areas


def test_curve_by_hand() -> None:
    """Right, wrong, right among four objects."""
    recall, precision = precision_recall([0.1, 0.9, 0.5], [True, True, False], 4)
    np.testing.assert_allclose(recall, [1 / 4, 1 / 4, 2 / 4])
    np.testing.assert_allclose(precision, [1, 1 / 2, 2 / 3])


def test_curve_equal_to_scikit_learn() -> None:
    """With all objects among the candidates and no equal scores, it is scikit-learn's curve."""
    rng = np.random.default_rng(0)
    scores, flags = rng.permutation(40) / 40, rng.random(40) < 0.4
    recall, precision = precision_recall(scores, flags, int(flags.sum()))
    theirs, their_recall, _ = precision_recall_curve(flags, scores, drop_intermediate=False)
    np.testing.assert_allclose(precision, theirs[-2::-1])
    np.testing.assert_allclose(recall, their_recall[-2::-1])
    raw = np.sum(np.diff(recall, prepend=0) * precision)
    assert raw == pytest.approx(average_precision_score(flags, scores))
    assert average_precision(recall, precision) >= raw  # the envelope is never lower


def test_conventions_by_hand() -> None:
    """Right, wrong, right of two objects: the envelope is 1 up to recall 0.5, and 2 / 3 from there to 1."""
    curve = precision_recall([0.9, 0.8, 0.7], [1, 0, 1], 2)
    assert average_precision(*curve) == average_precision(*curve, "all") == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(*curve, 11) == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)
    assert average_precision(*curve, 101) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_half_found_and_nothing_found() -> None:
    """Beyond the last recall the precision is 0; no detection is no precision at all."""
    half = precision_recall([0.9], [1], 2)
    assert [average_precision(*half, points) for points in ("all", 11, 101)] == pytest.approx([1 / 2, 6 / 11, 51 / 101])
    assert [average_precision([], [], points) for points in ("all", 11, 101)] == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 5))
def test_conventions_against_their_definitions(flags: list[bool], missed: int) -> None:
    """Each as a loop over its definition: the best precision at a recall of at least r."""
    objects = sum(flags) + missed
    if objects == 0:
        return
    recall, precision = precision_recall(-np.arange(len(flags)), flags, objects)

    def best(r: float) -> float:
        return max([p for p, x in zip(precision, recall, strict=True) if x >= r], default=0.0)

    for points in (11, 101):
        expected = np.mean([best(r) for r in np.linspace(0, 1, points)])
        assert average_precision(recall, precision, points) == pytest.approx(expected)
    # each object that is found adds a step of 1 / objects
    expected = sum(best(r) for r in sorted(set(recall)) if r > 0) / objects
    assert average_precision(recall, precision) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.5, np.nan], [1, 1], 2), "score of detection 1 is NaN"),
        (([0.5], [1, 1], 2), "one score and one flag"),
        (([0.5], [1], 0), "no recall"),
        (([0.5, 0.4], [1, 1], 1), "2 detections are true positives of only 1"),
    ],
)
def test_bad_curves_are_refused(arguments: tuple, says: str) -> None:
    """precision_recall says what is wrong."""
    with pytest.raises(ValueError, match=says):
        precision_recall(*arguments)


@pytest.mark.parametrize(
    ("recall", "precision", "points", "says"),
    [
        ([0.5], [1.0], 12, r"points=12; expected \"all\", 11 or 101"),
        ([0.5, 1.0], [1.0], "all", "two equally long"),
        ([0.5, 0.4], [1.0, 1.0], "all", "recall falls at entry 1"),
        ([0.5], [1.5], "all", "Entry 0 of the precision is 1.5"),
        ([np.nan], [1.0], 11, "Entry 0 of the recall is nan"),
    ],
)
def test_bad_average_precision_is_refused(recall: list, precision: list, points: Any, says: str) -> None:
    """average_precision says what is wrong."""
    with pytest.raises(ValueError, match=says):
        average_precision(recall, precision, points)


# -------------------------------------------------------------------------------------------------- matching


def test_the_two_rules_differ() -> None:
    """The second detection's best object is taken: COCO gives it the other one, VOC gives it nothing."""
    iou, scores = np.array([[0.9, 0.2], [0.8, 0.6]]), np.array([0.9, 0.8])
    assert match_greedy(iou, scores).tolist() == [0, 1]
    assert match_voc(iou, scores)[0].tolist() == [0, -1]


def test_greedy_order_ties_and_threshold() -> None:
    """The surest first, the earlier of equals first, the later of equal objects, and the threshold included."""
    assert match_greedy(np.array([[0.9], [0.6]]), np.array([0.3, 0.8])).tolist() == [-1, 0]
    assert match_greedy(np.array([[0.6], [0.9]]), np.array([0.5, 0.5])).tolist() == [0, -1]
    assert match_greedy(np.array([[0.75, 0.75]]), np.array([0.5])).tolist() == [1]
    assert match_greedy(np.array([[0.5]]), np.array([0.5])).tolist() == [0]
    assert match_greedy(np.array([[0.5]]), np.array([0.5]), 0.51).tolist() == [-1]
    assert match_greedy(np.zeros((2, 0)), np.zeros(2)).tolist() == [-1, -1]


def test_voc_difficult_objects() -> None:
    """A difficult object may be met by many, who are all left out; it is not passed over for an easy one."""
    iou, scores = np.array([[0.9, 0.6], [0.8, 0.1], [0.1, 0.7]]), np.array([0.9, 0.8, 0.7])
    taken, ignored = match_voc(iou, scores, difficult=np.array([True, False]))
    assert taken.tolist() == [-1, -1, 1] and ignored.tolist() == [True, True, False]
    assert match_voc(np.array([[0.7, 0.7]]), np.array([1.0]))[0].tolist() == [0]


@pytest.mark.parametrize("seed", range(10))
def test_all_at_once_like_one_at_a_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`match_all` gives, group by group, what the readable loop gives; also when the pairs come in small parts."""
    truth, detections = hostile_set(seed)
    for annotation in truth["annotations"]:
        annotation.update(iscrowd=0, area=50.0)
    objects = read_ground_truth(truth)
    found = read_detections(detections, objects)
    monkeypatch.setattr(coco_matching, "_PAIRS_AT_ONCE", 7)
    matches, _ = match_all(objects, found, 100)
    hits, count = matches.hit[0].sum(0), np.zeros(10, dtype=int)
    for group in {(c, i) for c, i in zip(found.category, found.image, strict=True)}:
        ours = [np.flatnonzero((x.category == group[0]) & (x.image == group[1])) for x in (found, objects)]
        boxes, others = found.boxes[ours[0]], objects.boxes[ours[1]]
        pairs = [
            np.repeat(boxes, len(others), 0),
            np.tile(others, (len(boxes), 1)),
            np.zeros(len(boxes) * len(others), bool),
        ]
        iou = coco_matching._iou(*pairs).reshape(len(boxes), len(others))
        count += [(match_greedy(iou, found.scores[ours[0]], t) >= 0).sum() for t in IOU_THRESHOLDS]
    np.testing.assert_array_equal(hits, count)


# ------------------------------------------------------------------------------------------------------ COCO


def scene(boxes: list[list[float]], **more: Any) -> dict[str, Any]:
    """Ground truth of one picture and one class; `more` goes to every annotation."""
    return {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0, **more}
            for i, box in enumerate(boxes)
        ],
    }


def detection(box: list[float], score: float = 0.9, **more: Any) -> dict[str, Any]:
    """One detection of that class in that picture."""
    return {"image_id": 1, "category_id": 1, "bbox": box, "score": score, **more}


def test_annotation_zero_is_matched() -> None:
    """An id is a name, and 0 is one: a perfect detector gets 1, and not −1 or 0."""
    result = evaluate_coco(scene([[0, 0, 50, 50]]), [detection([0, 0, 50, 50])])
    assert [result.statistics[name] for name in ("AP", "AP50", "AP_medium", "AR@1")] == [1.0] * 4
    assert result.statistics["AP_small"] == result.statistics["AR_large"] == -1
    assert result.per_class == {1: 1.0} and result.category_names == {1: "cat"}


def test_other_limits_give_numbers() -> None:
    """Limits of 1, 2 and 3: the AP allows three detections, and each recall its own number."""
    boxes = [[60.0 * i, 0, 50, 50] for i in range(4)]
    found = [detection(box, 0.9 - i / 10) for i, box in enumerate(boxes)]
    result = evaluate_coco(scene(boxes), found, max_detections=(1, 2, 3))
    names = [name for name in result.statistics if name.startswith("AR@")]
    assert names == ["AR@1", "AR@2", "AR@3"]
    assert [result.statistics[name] for name in names] == [1 / 4, 2 / 4, 3 / 4]
    assert result.statistics["AP"] == pytest.approx(76 / 101)  # the recalls 0, 0.01 ... 0.75
    assert evaluate_coco(scene(boxes), found, (500,)).statistics["AP"] == pytest.approx(1)


def test_twelve_names_in_order() -> None:
    """The order of COCO's own list."""
    names = list(evaluate_coco(scene([[0, 0, 5, 5]]), []).statistics)
    assert names == ("AP AP50 AP75 AP_small AP_medium AP_large AR@1 AR@10 AR@100 AR_small AR_medium AR_large".split())


def test_nothing_found_and_nothing_there() -> None:
    """No detection of an object is 0; no object is −1, whatever was detected."""
    assert evaluate_coco(scene([[0, 0, 5, 5]]), []).statistics["AP"] == 0
    assert set(evaluate_coco(scene([]), [detection([0, 0, 5, 5])]).statistics.values()) == {-1}
    empty = {"images": [], "categories": [], "annotations": []}
    assert set(evaluate_coco(empty, []).statistics.values()) == {-1}


def test_crowds_take_many() -> None:
    """Two detections inside a crowd are no mistakes, and the crowd need not be found."""
    truth = scene([[0, 0, 200, 200], [300, 0, 50, 50]])
    truth["annotations"][0]["iscrowd"] = 1
    found = [detection([10, 10, 50, 50], 0.9), detection([90, 90, 50, 50], 0.8), detection([300, 0, 50, 50], 0.7)]
    assert evaluate_coco(truth, found).statistics["AP"] == pytest.approx(1)
    truth["annotations"][0]["iscrowd"] = 0
    assert evaluate_coco(truth, found).statistics["AP"] == pytest.approx(51 / 101 / 3)


def test_area_ranges_include_both_ends() -> None:
    """An object of exactly 32² is small and medium; a miss of that size is a mistake in both."""
    result = evaluate_coco(scene([[0, 0, 32, 32]]), [detection([0, 0, 32, 32])]).statistics
    assert (result["AP_small"], result["AP_medium"], result["AP_large"]) == (1, 1, -1)
    result = evaluate_coco(scene([[0, 0, 96, 96]]), [detection([200, 0, 96, 96], 0.9), detection([0, 0, 96, 96], 0.8)])
    assert result.statistics["AP_medium"] == result.statistics["AP_large"] == pytest.approx(1 / 2)


def test_the_curve_of_a_class() -> None:
    """Found at 0.5 and not at 0.95."""
    result = evaluate_coco(scene([[0, 0, 50, 50]]), [detection([0, 0, 50, 40])])
    recall, precision = result.curve(1)
    assert recall.shape == (101,) and set(precision) == {1.0}
    assert set(result.curve(1, 0.95)[1]) == {0.0} and set(result.curve(1, 0.75, "small")[1]) == {-1.0}
    for arguments, says in (((7,), "No category 7"), ((1, 0.5, "tiny"), "'tiny'"), ((1, 0.3), "0.3 is no threshold")):
        with pytest.raises(ValueError, match=says):
            result.curve(*arguments)


def test_input_stays_as_it_was(tmp_path: Path) -> None:
    """Nothing is written into the dicts; paths of JSON files give the same."""
    truth, found = hostile_set(7)
    before = json.dumps([truth, found])
    result = evaluate_coco(truth, found)
    assert json.dumps([truth, found]) == before
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(found))
    assert evaluate_coco(tmp_path / "truth.json", str(tmp_path / "found.json")).statistics == result.statistics


@pytest.mark.parametrize("limits", [(), (10, 1), (0, 1), (1, 1), (1.5,)])
def test_bad_limits(limits: tuple) -> None:
    """They rise, and are whole."""
    with pytest.raises(ValueError, match="rising whole numbers"):
        evaluate_coco(scene([]), [], limits)


# ------------------------------------------------------------------------------------------------------- VOC


def slow_voc(truth: dict, detections: list[dict], threshold: float, points: Any, extra: float) -> dict[int, float]:
    """VOC's rule written down once more: per class, one detection after the other over all pictures."""
    result = {}
    for category in sorted(c["id"] for c in truth["categories"]):
        objects = [a for a in truth["annotations"] if a["category_id"] == category]
        counted = sum(not (a.get("difficult", 0) or a["iscrowd"]) for a in objects)
        claimed, flags = set(), []
        mine = [d for d in detections if d["category_id"] == category]
        for d in sorted(mine, key=lambda d: d["score"], reverse=True):
            best, highest = None, -1.0
            for a in objects:
                if a["image_id"] == d["image_id"] and (overlap := slow_iou(d["bbox"], a["bbox"], extra)) > highest:
                    best, highest = a, overlap
            if best is None or highest < threshold:
                flags.append(0)
            elif not (best.get("difficult", 0) or best["iscrowd"]):
                flags.append(int(best["id"] not in claimed))
                claimed.add(best["id"])
        result[category] = slow_area(flags, counted, points) if counted else float("nan")
    return result


def slow_iou(a: list[float], b: list[float], extra: float) -> float:
    """Overlap of two boxes x, y, width, height."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]) + extra
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]) + extra
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / ((a[2] + extra) * (a[3] + extra) + (b[2] + extra) * (b[3] + extra) - wide * high)


def slow_area(flags: list[int], objects: int, points: Any) -> float:
    """AP from its definition."""
    curve = [(sum(flags[: i + 1]) / objects, sum(flags[: i + 1]) / (i + 1)) for i in range(len(flags))]
    recalls = [(k + 1) / objects for k in range(objects)] if points == "all" else np.linspace(0, 1, points)
    return float(np.mean([max([p for r, p in curve if r >= at], default=0.0) for at in recalls]))


@pytest.mark.parametrize("seed", range(40))
def test_voc_against_the_slow_way(seed: int) -> None:
    """Hostile data sets, with some objects difficult, by all conventions, with and without the extra pixel."""
    truth, detections = hostile_set(seed)
    rng = np.random.default_rng(seed)
    for annotation in truth["annotations"]:
        annotation["difficult"] = int(rng.random() < 0.2)
    for points, plus_one, threshold in (("all", False, 0.5), (11, True, 0.5), (101, False, 0.3)):
        result = evaluate_voc(truth, detections, threshold, points, plus_one)
        expected = slow_voc(truth, detections, threshold, points, float(plus_one))
        np.testing.assert_allclose(list(result.per_class.values()), list(expected.values()), atol=1e-12)
        present = [value for value in expected.values() if value == value]
        assert result.mean_ap == pytest.approx(np.mean(present) if present else np.nan, nan_ok=True)


def test_voc_second_detection_is_wrong() -> None:
    """Two detections of one object: the second is a false positive, before the other object is found."""
    truth = scene([[0, 0, 50, 50], [100, 0, 50, 50]])
    found = [detection([0, 0, 50, 50], 0.9), detection([0, 0, 50, 49], 0.8), detection([100, 0, 50, 50], 0.7)]
    result = evaluate_voc(truth, found)
    assert result.per_class == {1: pytest.approx((1 + 2 / 3) / 2)} and result.mean_ap == result.per_class[1]
    np.testing.assert_allclose(result.curves[1], [[0.5, 0.5, 1], [1, 1 / 2, 2 / 3]])


def test_voc_plus_one_can_decide() -> None:
    """Two boxes of 10 x 10 that are 4 apart: 60 / 140 in plain numbers, 77 / 165 with the extra pixel."""
    truth, found = scene([[0, 0, 10, 10]]), [detection([4, 0, 10, 10])]
    assert evaluate_voc(truth, found, 0.46).mean_ap == 0
    assert evaluate_voc(truth, found, 0.46, plus_one=True).mean_ap == 1


def test_voc_threshold() -> None:
    """A share, and not per cent."""
    with pytest.raises(ValueError, match="above 0 and at most 1, and is 50"):
        evaluate_voc(scene([]), [], 50)
    with pytest.raises(ValueError, match="points=7"):
        evaluate_voc(scene([[0, 0, 5, 5]]), [], points=7)


# ------------------------------------------------------------------------------------------------- bad input


def edited(part: str, **fields: Any) -> dict[str, Any]:
    """A good ground truth of two objects, whose last entry of a part is spoilt; None removes a field."""
    truth = scene([[0, 0, 5, 5], [9, 9, 5, 5]])
    entry = truth[part][-1]
    entry.update(fields)
    truth[part][-1] = {key: value for key, value in entry.items() if value is not None}
    return truth


@pytest.mark.parametrize(
    ("truth", "says"),
    [
        ({"images": []}, r"no COCO ground truth.*a dict with the keys \['images'\]"),
        ([1, 2], "no COCO ground truth.*a list"),
        ({**scene([]), "annotations": {}}, "annotations is a dict.*expected a list"),
        ({**scene([]), "images": ["a.jpg"]}, r"images\[0\] is no object but 'a.jpg'"),
        (edited("annotations", bbox=[0, 0, -5, 5]), r"annotations\[1\] has the bbox \[0, 0, -5, 5\].*negative"),
        (edited("annotations", bbox=[0, 0, 5]), r"annotations\[1\] has the bbox \[0, 0, 5\]; expected four"),
        (edited("annotations", bbox=[0, 0, "5", 5]), r"annotations\[1\] has the bbox .*expected four numbers"),
        (edited("annotations", bbox=[0, 0, float("nan"), 5]), r"annotations\[1\] .*four finite numbers"),
        (edited("annotations", bbox=None), r"annotations\[1\] lacks the field 'bbox'; it has id, image_id"),
        (edited("annotations", area=None), r"annotations\[1\] lacks the field 'area'"),
        (edited("annotations", area=-1), r"annotations\[1\] has the area -1"),
        (edited("annotations", area="big"), r"annotations\[1\] has the area 'big'; expected a number"),
        (edited("annotations", id=0), r"annotations\[1\] has the id 0, which an earlier one has"),
        (edited("annotations", image_id=8), r"annotations\[1\] has the image_id 8, which the ground truth does not"),
        (edited("annotations", category_id=9), r"annotations\[1\] has the category_id 9, which"),
        (edited("annotations", category_id="cat"), r"annotations\[1\] has the category_id 'cat'; expected a whole"),
        (edited("annotations", category_id=1.0), r"annotations\[1\] has the category_id 1.0; expected a whole"),
        (edited("annotations", category_id=True), r"annotations\[1\] has the category_id True; expected a whole"),
        (edited("annotations", iscrowd="no"), r"annotations\[1\] has the iscrowd 'no'; expected 0 or 1"),
        (edited("annotations", difficult=2), r"annotations\[1\] has the difficult 2; expected 0 or 1"),
        (edited("annotations", id=2**70), r"annotations\[1\] has the id .*beyond 64 bits"),
        ({**scene([]), "images": [{"id": 3}, {"id": 3}]}, r"images\[1\] has the id 3"),
        ({**scene([]), "categories": [{"id": 3}, {"id": 3}]}, r"categories\[1\] has the id 3"),
    ],
)
def test_bad_ground_truth_is_named(truth: Any, says: str) -> None:
    """Both evaluations refuse it with the same words, which name the record."""
    for evaluate in (evaluate_coco, evaluate_voc):
        with pytest.raises(ValueError, match=says):
            evaluate(truth, [])


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (detection([0, 0, 5, 5], float("nan")), r"detections\[1\] has the score nan"),
        (detection([0, 0, 5, 5], "0.9"), r"detections\[1\] has the score '0.9'; expected a number"),
        (detection([0, 0, 5, -5]), r"detections\[1\] .*negative.*two corners"),
        (detection([0, 0, 5, 5], category_id=2), r"detections\[1\] has the category_id 2"),
        (detection([0, 0, 5, 5], image_id=2), r"detections\[1\] has the image_id 2"),
        ({"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}, r"detections\[1\] lacks the field 'score'"),
        ("a box", r"detections\[1\] is no object but 'a box'"),
    ],
)
def test_bad_detections_are_named(second: Any, says: str) -> None:
    """The first detection is good."""
    for evaluate in (evaluate_coco, evaluate_voc):
        with pytest.raises(ValueError, match=says):
            evaluate(scene([[0, 0, 5, 5]]), [detection([0, 0, 5, 5]), second])


def test_bad_files(tmp_path: Path) -> None:
    """No JSON, no text, another JSON, the two files exchanged, and no file at all."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(scene([])))
    for content in (b"<xml>", b"", b"\xff\xfe\x00"):
        bad.write_bytes(content)
        with pytest.raises(ValueError, match=r"bad\.json is no JSON file"):
            evaluate_coco(bad, [])
    bad.write_text('{"boxes": []}')
    with pytest.raises(ValueError, match=r"bad\.json is no COCO ground truth.*'boxes'"):
        evaluate_coco(bad, [])
    with pytest.raises(ValueError, match=r"good\.json holds no detections.*annotations"):
        evaluate_coco(good, good)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        evaluate_coco(tmp_path / "nowhere.json", [])


def test_numpy_numbers_are_numbers() -> None:
    """What a detector gives, not yet turned into plain Python."""
    found = [
        detection(np.array([0, 0, 50, 50], np.float32), np.float32(0.5), image_id=np.int64(1)),
        detection(np.array([9, 9, 5, 5], np.float32), 0.25),
    ]
    assert evaluate_coco(scene([[0, 0, 50, 50]]), found).statistics["AP"] == pytest.approx(1)
