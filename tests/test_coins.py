"""The coins: the photo, and outlines that fit it."""

import json

import numpy as np
import pytest
import skimage

from workbook import files
from workbook.datasets import coins
from workbook.datasets.jsonl import DataError


@pytest.fixture(scope="module")
def loaded():
    return coins.load()


def test_there_are_24_coins_that_do_not_overlap(loaded):
    image, masks, boxes = loaded
    assert image.shape == (303, 384) and image.dtype == np.uint8
    assert masks.shape == (24, 303, 384) and masks.dtype == bool and boxes.shape == (24, 4)
    assert masks.sum(0).max() == 1
    assert ((masks.sum((1, 2)) > 1000) & (masks.sum((1, 2)) < 3200)).all()


def test_boxes_end_where_the_masks_do(loaded):
    _, masks, boxes = loaded
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.astype(int), strict=True):
        inside = mask[y1:y2, x1:x2]
        assert inside.sum() == mask.sum()
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_the_file_says_of_boxes_and_areas_what_the_masks_do(loaded):
    _, masks, boxes = loaded
    truth = coins.ground_truth()
    stored = np.array([record["bbox"] for record in truth["annotations"]])
    np.testing.assert_array_equal(np.column_stack([stored[:, :2], stored[:, :2] + stored[:, 2:]]), boxes)
    assert [record["area"] for record in truth["annotations"]] == masks.sum((1, 2)).tolist()
    assert [record["id"] for record in truth["annotations"]] == list(range(1, 25))


def test_coins_are_numbered_row_by_row(loaded):
    middles = (loaded[2][:, :2] + loaded[2][:, 2:]) / 2
    rows = middles.reshape(4, 6, 2)
    assert (np.diff(rows[..., 0], axis=1) > 0).all() and (rows[1:, :, 1].min(1) > rows[:-1, :, 1].max(1)).all()


def test_a_pixel_counts_by_its_middle():
    square = [[1.0, 2.0, 4.0, 2.0, 4.0, 3.6, 1.0, 3.6]]  # x from 1 to 4, y from 2 to 3.6
    mask = coins._fill(square, (6, 6))
    expected = np.zeros((6, 6), bool)
    expected[2:4, 1:4] = True  # row 3 has its middle at 3.5
    np.testing.assert_array_equal(mask, expected)


def test_outlines_lie_on_the_rims(loaded):
    """Just inside every outline the photo is brighter than just outside: a shift by some pixels would show."""
    image, masks, _ = loaded
    for number, mask in enumerate(masks, 1):
        inner = mask & ~skimage.morphology.erosion(mask, np.ones((3, 3)))
        wide = skimage.morphology.dilation(mask, np.ones((7, 7)))
        outer = wide & ~skimage.morphology.dilation(mask, np.ones((3, 3)))
        assert image[inner].mean() > image[outer].mean() + 15, f"coin {number}"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("no json", "holds no ground truth of coins .*JSONDecodeError"),
        ("[]", "holds no ground truth of coins"),
        (json.dumps({"annotations": [{"segmentation": [[1, 1, 2, 2]]}]}), r"annotations\[0\] of .* has no outline"),
        (json.dumps({"annotations": [{"segmentation": [[1, 1, 2, 2, 3, 3, 4]]}]}), r"annotations\[0\].* no outline"),
        (json.dumps({"annotations": [{"segmentation": [[1, 1, 2, 2, 3, "x"]]}]}), r"annotations\[0\].* no outline"),
        (json.dumps({"annotations": [{"id": 1}]}), r"annotations\[0\].* no outline"),
    ],
)
def test_a_broken_file_is_named(content, complaint, tmp_path):
    where = tmp_path / "annotations.json"
    where.write_text(content)
    with pytest.raises(DataError, match=complaint):
        coins.load(where)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json holds no ground truth .*git checkout -- data/coins"):
        coins.load(tmp_path / "nowhere.json")


def test_the_card_is_there():
    card = (files.root() / "data" / "coins" / "README.md").read_text()
    assert "by eye" in card and "licence" in card
