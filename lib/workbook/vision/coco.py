"""Reading COCO's JSON into arrays, with an error that names the record where something is wrong.

Ground truth: {"images": [{"id"}], "categories": [{"id", "name"}], "annotations": [{"id", "image_id", "category_id",
"bbox": [x, y, width, height], "area", "iscrowd"}]}. Detections: [{"image_id", "category_id", "bbox", "score"}].
Source: cocodataset.org, "Data format" and "Results format".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Source = Mapping | Sequence | str | Path


@dataclass(frozen=True)
class GroundTruth:
    """N objects in I images, of K categories. `image` and `category` are positions in the sorted lists of ids."""

    image_ids: np.ndarray  # (I,) rising
    category_ids: np.ndarray  # (K,) rising
    category_names: list[str]  # in the order of category_ids
    image: np.ndarray  # (N,) 0 to I − 1
    category: np.ndarray  # (N,) 0 to K − 1
    boxes: np.ndarray  # (N, 4) x, y, width, height in pixels
    area: np.ndarray  # (N,) square pixels of the object itself, which its box is larger than
    crowd: np.ndarray  # (N,) bool: a region of many objects, not told apart
    difficult: np.ndarray  # (N,) bool: VOC's mark for what need not be found


@dataclass(frozen=True)
class Detections:
    """D boxes that a detector proposes; `image` and `category` as in GroundTruth."""

    image: np.ndarray  # (D,)
    category: np.ndarray  # (D,)
    boxes: np.ndarray  # (D, 4) x, y, width, height in pixels
    scores: np.ndarray  # (D,) higher is surer


def read_ground_truth(source: Source) -> GroundTruth:
    """Ground truth from a COCO dict, or the path of its JSON file.

    Raises ValueError, naming the record, for what is no JSON, no COCO ground truth, or has a field missing or of the
    wrong kind, an id twice, an image or category that is not listed, a negative width, height or area, or a NaN.
    """
    content = _content(source)
    if not isinstance(content, Mapping) or not {"images", "categories", "annotations"} <= set(content):
        raise ValueError(
            f"{_named(source)} is no COCO ground truth: expected an object with the lists images, categories and "
            f"annotations, and got {_kind(content)}."
        )
    for name in ("images", "categories", "annotations"):
        _check_list(content[name], name)
    image_ids = np.sort(_ids(content["images"], "images"))
    category_ids = np.sort(_ids(content["categories"], "categories"))
    records, name = content["annotations"], "annotations"
    _ids(records, name)
    area = _numbers(records, name, "area")
    _refuse(area < 0, area, name, "has the area {}; expected square pixels, 0 or more")
    names = {entry["id"]: str(entry.get("name", entry["id"])) for entry in content["categories"]}
    return GroundTruth(
        image_ids, category_ids, [names[key] for key in category_ids.tolist()],
        *_places(records, name, image_ids, category_ids), _boxes(records, name), area,
        crowd=_flags(records, name, "iscrowd"),
        difficult=_flags(records, name, "difficult"),
    )  # fmt: skip


def read_detections(source: Source, truth: GroundTruth) -> Detections:
    """Detections from a list of COCO results, or the path of its JSON file; errors as in `read_ground_truth`."""
    records, name = _content(source), "detections"
    if isinstance(records, Mapping) or not isinstance(records, Sequence):
        raise ValueError(
            f"{_named(source)} holds no detections: expected a list of {{image_id, category_id, bbox, score}}, and got "
            f"{_kind(records)}."
        )
    scores = _numbers(records, name, "score", finite=False)
    places = _places(records, name, truth.image_ids, truth.category_ids)
    return Detections(*places, _boxes(records, name), scores)


def _content(source: Source) -> Any:
    """What a path's file holds; anything else as it is."""
    if not isinstance(source, (str, Path)):
        return source
    try:
        return json.loads(Path(source).read_bytes())
    except ValueError as error:  # of the decoder: text that is no UTF-8, or no JSON
        raise ValueError(f"{source} is no JSON file ({error}); expected COCO's JSON.") from error


def _named(source: Source) -> str:
    return str(source) if isinstance(source, (str, Path)) else "What was given"


def _kind(content: Any) -> str:
    keys = f" with the keys {sorted(map(str, content))[:6]}" if isinstance(content, Mapping) else ""
    return f"a {type(content).__name__}{keys}"


def _check_list(records: Any, name: str) -> None:
    if not isinstance(records, Sequence) or isinstance(records, str):
        raise ValueError(f"{name} is {_kind(records)}; expected a list of objects.")


def _column(records: Sequence, name: str, field: str) -> list:
    """One field of all records."""
    try:
        return [record[field] for record in records]
    except (KeyError, TypeError):
        broken = next(i for i, r in enumerate(records) if not isinstance(r, Mapping) or field not in r)
        if not isinstance(records[broken], Mapping):
            raise ValueError(f"{name}[{broken}] is no object but {records[broken]!r:.100}.") from None
        has = ", ".join(map(str, records[broken])) or "nothing"
        raise ValueError(f"{name}[{broken}] lacks the field {field!r}; it has {has}.") from None


def _refuse(broken: np.ndarray, values: Any, name: str, says: str) -> None:
    """Raise ValueError about the first broken record; {} in the sentence stands for its value."""
    if broken.any():
        first = int(np.argmax(broken))
        raise ValueError(f"{name}[{first}] {says.format(values[first])}.")


def _whole_numbers(records: Sequence, name: str, field: str) -> np.ndarray:
    """A column of whole numbers that fit into 64 bits."""
    values = _column(records, name, field)
    if set(map(type, values)) - {int}:  # bool is another type, and is refused
        _refuse(
            np.array([type(v) is not int and not isinstance(v, np.integer) for v in values]), values, name,
            f"has the {field} {{!r}}; expected a whole number",
        )  # fmt: skip
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        _refuse(np.array([abs(v) >= 2**63 for v in values]), values, name, f"has the {field} {{}}, beyond 64 bits")
        raise


def _flags(records: Sequence, name: str, field: str) -> np.ndarray:
    """A column of 0 and 1, or false and true, which may be left out where it is 0; as bool."""
    values = [record.get(field, 0) for record in records]
    _refuse(np.array([v not in (0, 1) for v in values]), values, name, f"has the {field} {{!r}}; expected 0 or 1")
    return np.array(values, dtype=bool)


def _numbers(records: Sequence, name: str, field: str, finite: bool = True) -> np.ndarray:
    """A column of numbers, none of them NaN, nor infinite unless that is allowed."""
    values = _column(records, name, field)
    if not set(map(type, values)) <= {int, float}:
        _refuse(
            np.array([not _is_number(v) for v in values]), values, name, f"has the {field} {{!r}}; expected a number"
        )
    array = np.array(values, dtype=float)
    _refuse(
        ~np.isfinite(array) if finite else np.isnan(array), values, name, f"has the {field} {{}}; expected a number"
    )
    return array


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _ids(records: Sequence, name: str) -> np.ndarray:
    """The ids of records, which differ."""
    ids = _whole_numbers(records, name, "id")
    _, first = np.unique(ids, return_index=True)
    again = np.ones(len(ids), dtype=bool)
    again[first] = False
    _refuse(again, ids, name, "has the id {}, which an earlier one has already; ids must differ")
    return ids


def _places(records: Sequence, name: str, *known: np.ndarray) -> list[np.ndarray]:
    """Where each record's image and category stand in the sorted ids."""
    places = []
    for field, ids in zip(("image_id", "category_id"), known, strict=True):
        values = _whole_numbers(records, name, field)
        _refuse(~np.isin(values, ids), values, name, f"has the {field} {{}}, which the ground truth does not list")
        places.append(np.searchsorted(ids, values))
    return places


def _boxes(records: Sequence, name: str) -> np.ndarray:
    """The boxes (N, 4): x, y, width, height."""
    values = _column(records, name, "bbox")
    try:
        boxes = np.array(values) if values else np.zeros((0, 4))
        proper = boxes.shape == (len(values), 4) and boxes.dtype.kind in "iuf"
    except ValueError:  # some are longer than others
        proper = False
    if not proper:
        wrong = [np.shape(box) != (4,) or not all(map(_is_number, box)) for box in map(_as_list, values)]
        _refuse(np.array(wrong), values, name, "has the bbox {!r}; expected four numbers [x, y, width, height]")
    boxes = boxes.astype(float)
    _refuse(~np.isfinite(boxes).all(1), values, name, "has the bbox {}; expected four finite numbers")
    _refuse(
        (boxes[:, 2:] < 0).any(1), values, name,
        "has the bbox {}, whose width or height is negative; expected [x, y, width, height] and not two corners",
    )  # fmt: skip
    return boxes


def _as_list(box: Any) -> Any:
    return box.tolist() if hasattr(box, "tolist") else box
