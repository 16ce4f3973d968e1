"""Asking a SamModel: scaling there and back, one call for every sort of prompt, filters, stability, calibration."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from workbook.datasets.scenes import scenes
from workbook.vision import segment, segment_measure, threshold, tiles
from workbook.zoo import tiny_sam

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (64, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def model():
    """An untrained tiny-sam whose masks are neither empty nor full."""
    torch.manual_seed(0)
    return tiny_sam.network().eval()


@pytest.fixture(scope="module")
def picture(model) -> segment.Picture:
    """A picture of noise, as the model sees it."""
    return segment.encode(model, IMAGE)


def test_encoding_is_the_models_own(model) -> None:
    """At the model's size nothing is scaled: the embedding is that of the normalised pixels."""
    pixels = torch.tensor(IMAGE).permute(2, 0, 1).float()
    mean, deviation = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    expected = model.get_image_embeddings(((pixels - mean[:, None, None]) / deviation[:, None, None])[None])
    found = segment.encode(model, IMAGE)
    torch.testing.assert_close(found.embedding, expected)
    assert found.scale == 1 and found.size == (64, 64)


def test_grey_is_three_equal_channels(model) -> None:
    """A grey picture needs no preparation."""
    grey = IMAGE[..., 0]
    torch.testing.assert_close(
        segment.encode(model, grey).embedding, segment.encode(model, np.stack([grey] * 3, 2)).embedding
    )


def test_encoding_fills_up_at_the_right(model) -> None:
    """A picture twice as high as wide is scaled by its height; the right half is filled with zeros, the mean colour."""
    flat = np.full((128, 64, 3), 200, dtype=np.uint8)
    seen = {}
    model.vision_encoder.register_forward_pre_hook(lambda module, args: seen.setdefault("pixels", args[0]))
    found = segment.encode(model, flat)
    model.vision_encoder._forward_pre_hooks.clear()
    assert found.scale == 0.5 and found.size == (128, 64)
    assert (seen["pixels"][..., 32:] == 0).all() and (seen["pixels"][..., :32] != 0).all()


@pytest.mark.parametrize("image", [IMAGE / 255, IMAGE[:, :, :2], IMAGE[0, 0], np.zeros((0, 5, 3), np.uint8)])
def test_wrong_pictures_are_refused(model, image: np.ndarray) -> None:
    """Floats, other numbers of channels, lines and nothing."""
    with pytest.raises(ValueError, match="Expected a picture"):
        segment.encode(model, image)


def test_one_call_equals_the_model(model, picture: segment.Picture) -> None:
    """Points and labels give what transformers' own forward gives with the picture itself."""
    points, labels = [[20, 30], [40, 10]], [1, 0]
    answer = segment.prompt(picture, points=points, labels=labels)
    with torch.no_grad():
        expected = model(
            image_embeddings=picture.embedding, input_points=torch.tensor([[points]], dtype=torch.float32),
            input_labels=torch.tensor([[labels]]), multimask_output=False,
        )  # fmt: skip
    torch.testing.assert_close(answer.logits, expected.pred_masks[0])
    torch.testing.assert_close(answer.predicted_iou, expected.iou_scores[0])
    assert torch.equal(answer.masks, answer.logits > 0) and answer.masks.shape == (1, 1, 64, 64)
    assert 0 < answer.masks.float().mean() < 1


def test_many_prompts_are_as_many_single_ones(picture: segment.Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven boxes, decoded three at a time, each as if alone."""
    monkeypatch.setattr(segment, "TOGETHER", 3)
    boxes = [[i, 2 * i, 30 + i, 40] for i in range(7)]
    together = segment.prompt(picture, boxes=boxes)
    assert together.masks.shape == (7, 3, 64, 64) and together.predicted_iou.shape == (7, 3)
    for number, box in enumerate(boxes):
        alone = segment.prompt(picture, boxes=box)
        torch.testing.assert_close(together.logits[number], alone.logits[0], rtol=1e-4, atol=1e-4)


def test_three_masks_only_where_it_is_ambiguous(picture: segment.Picture) -> None:
    """One point or one box: three. Two points, a point in a box, or an earlier mask: one."""
    first = segment.prompt(picture, points=[[5, 5]])
    number = {
        "point": first,
        "box": segment.prompt(picture, boxes=[1, 1, 9, 9]),
        "points": segment.prompt(picture, points=[[5, 5], [6, 6]]),
        "both": segment.prompt(picture, points=[[[5, 5]]], boxes=[[1, 1, 9, 9]]),
        "previous": segment.prompt(picture, points=[[5, 5]], previous=first.best_logits),
        "asked": segment.prompt(picture, points=[[5, 5], [6, 6]], several=True),
    }
    expected = {"point": 3, "box": 3, "points": 1, "both": 1, "previous": 1, "asked": 3}
    assert {name: answer.masks.shape[1] for name, answer in number.items()} == expected


def test_the_previous_mask_matters(picture: segment.Picture) -> None:
    """The same point with two different earlier masks gives two answers."""
    full, empty = torch.full((1, 64, 64), 9.0), torch.full((1, 64, 64), -9.0)
    a, b = (segment.prompt(picture, points=[[5, 5]], previous=mask).logits for mask in (full, empty))
    assert (a - b).abs().max() > 1e-3


def test_coordinates_follow_the_picture(model) -> None:
    """The same plain picture twice as large, with the prompt twice as far: the same logits, masks of its own size."""
    a, b = (segment.encode(model, np.full((side, side, 3), 90, dtype=np.uint8)) for side in (128, 64))
    large = segment.prompt(a, points=[[80, 40]], boxes=[20, 20, 100, 90])
    small = segment.prompt(b, points=[[40, 20]], boxes=[10, 10, 50, 45])
    torch.testing.assert_close(large.logits, small.logits, rtol=1e-4, atol=1e-4)
    assert large.masks.shape == (1, 1, 128, 128) and 0 < small.masks.float().mean() < 1
    doubled = torch.nn.functional.interpolate(small.logits, (128, 128), mode="bilinear")
    assert torch.equal(large.masks, doubled > 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "needs points or boxes"),
        ({"boxes": [10, 10, 5, 20]}, r"Box 0 is \[10.0, 10.0, 5.0, 20.0\]"),
        ({"boxes": [[1, 1, 5, 5], [1, 5, 5, 5]]}, "Box 1"),
        ({"boxes": [1, 2, 3]}, r"not \(1, 3\)"),
        ({"boxes": [1, 2, float("nan"), 4]}, "Box 0"),
        ({"points": [5, 5]}, r"not \(2,\)"),
        ({"points": [[5, 70]]}, "Prompt 0 .* 64 x 64"),
        ({"points": [[[5, 5]], [[5, -1]]]}, "Prompt 1"),
        ({"points": [[5, 5]], "labels": [2]}, r"not \[\[2\]\]"),
        ({"points": [[5, 5]], "labels": [1, 0]}, "one for each"),
        ({"points": [[[5, 5]], [[6, 6]]], "boxes": [1, 1, 9, 9]}, "'points': 2, 'boxes': 1"),
        ({"points": [[5, 5]], "previous": torch.zeros(1, 32, 32)}, r"\(P, 64, 64\)"),
        ({"points": [[5, 5]], "previous": torch.zeros(2, 64, 64)}, "'previous': 2"),
    ],
)
def test_prompts_that_make_no_sense(picture: segment.Picture, arguments: dict, says: str) -> None:
    """One clear error each, that names the prompt."""
    with pytest.raises(ValueError, match=says):
        segment.prompt(picture, **arguments)


def test_best_is_the_highest_predicted() -> None:
    """Masks and logits are chosen alike."""
    logits = torch.arange(2 * 3 * 2 * 2).view(2, 3, 2, 2).float() - 12
    predicted = torch.tensor([[0.1, 0.9, 0.5], [0.7, 0.2, 0.6]])
    answer = segment.Answer(logits > 0, predicted, logits)
    assert torch.equal(answer.best_logits, torch.stack([logits[0, 1], logits[1, 0]]))
    assert torch.equal(answer.best, answer.best_logits > 0)


def squares(sides: list[int]) -> torch.Tensor:
    """Logits (N, 64, 64) of squares in the corner, +9 inside and -9 outside."""
    logits = torch.full((len(sides), 64, 64), -9.0)
    for row, side in zip(logits, sides, strict=True):
        row[:side, :side] = 9
    return logits


def faked(monkeypatch: pytest.MonkeyPatch, logits: torch.Tensor, predicted: list[float]) -> segment.Picture:
    """A picture whose every grid point gets these three masks and scores."""

    def answer(picture, points, several):
        assert several
        rows = logits.expand(len(points), -1, -1, -1)
        return segment.Answer(rows > 0, torch.tensor(predicted).expand(len(points), -1), rows)

    monkeypatch.setattr(segment, "prompt", answer)
    return SimpleNamespace(size=(64, 64))


def test_automatic_filters_and_removes_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three masks one is predicted bad and one unsteady; the third is left once. Every step is counted."""
    logits = squares([10, 20, 30])
    logits[1] *= 0.1  # logits of ±0.9: at a threshold of 1 the mask is empty
    found = segment.automatic(faked(monkeypatch, logits, [0.5, 0.95, 0.9]), points_per_side=2)
    assert found.counts == {
        "three masks per point": 12,
        "large enough": 12,
        "predicted to be good": 8,
        "stable": 4,
        "after non-maximum suppression": 1,
    }
    (only,) = found.found
    assert only.mask.sum() == 900 and only.box.tolist() == [0, 0, 30, 30] and only.stability == 1
    assert only.predicted_iou == pytest.approx(0.9)
    assert only.point.tolist() == [16, 16]


def test_automatic_keeps_the_better_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes of 30 and 28 pixels overlap by 0.87: the better predicted stays; a small one inside stays beside it."""
    picture = faked(monkeypatch, squares([28, 30, 6]), [0.97, 0.92, 0.9])
    sizes = [found.mask.sum() for found in segment.automatic(picture, 1).found]
    assert sizes == [28 * 28, 6 * 6]
    assert [found.mask.sum() for found in segment.automatic(picture, 1, smallest=36).found] == [28 * 28]


def test_automatic_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No mask is an answer, too; no grid is none."""
    picture = faked(monkeypatch, squares([0, 0, 0]), [0.9, 0.9, 0.9])
    assert segment.automatic(picture, 2).found == []
    with pytest.raises(ValueError, match="not 0"):
        segment.automatic(picture, 0)


def test_stability_by_hand() -> None:
    """Four pixels at 2, two between -1 and 1, the rest far below: 4 / 6."""
    logits = torch.full((3, 4), -5.0)
    logits[0] = 2
    logits[1, :2] = torch.tensor([0.5, -0.5])
    assert segment.stability_score(logits).item() == pytest.approx(4 / 6)
    assert segment.stability_score(logits, 0.4).item() == pytest.approx(5 / 5)
    assert segment.stability_score(torch.full((2, 2), -5.0)).item() == 0


def test_share_above_refuses_what_is_no_pair() -> None:
    """Other sizes, single masks, and none at all."""
    for a, b in (((2, 3, 3), (3, 3, 3)), ((3, 3), (3, 3)), ((0, 3, 3), (0, 3, 3))):
        with pytest.raises(ValueError, match="two stacks of masks"):
            segment.share_above(np.zeros(a, bool), np.zeros(b, bool))


def test_calibration() -> None:
    """Right predictions have no error; predictions 0.1 too high have one of 0.1, in every bin."""
    actual = np.linspace(0.2, 0.9, 40)
    rows, error = segment.calibration(actual, actual, 4)
    assert error == 0 and [row.number for row in rows] == [10] * 4
    rows, error = segment.calibration(actual + 0.1, actual, 4)
    assert error == pytest.approx(0.1)
    assert all(row.predicted == pytest.approx(row.actual + 0.1) for row in rows)
    assert rows[0].predicted < rows[-1].predicted


def test_calibration_weighs_bins_by_their_number() -> None:
    """Three masks in two bins: two with no error, one off by 0.3."""
    rows, error = segment.calibration(np.array([0.9, 0.1, 0.2]), np.array([0.6, 0.1, 0.2]), 2)
    assert [row.number for row in rows] == [2, 1] and error == pytest.approx(0.1)
    with pytest.raises(ValueError, match="at least 5"):
        segment.calibration(actual := np.zeros(4), actual, 5)


def test_measure_asks_for_every_object(picture: segment.Picture, model) -> None:
    """One row per object and kind; the oracle is never worse than the choice; same seed, same figures."""
    made = list(scenes(2, 3, domain="studio", objects=(2, 3)))
    found = segment_measure.measure(model, made, seed=1, progress=None)
    number = [len(scene.masks) for scene in made]
    assert set(found.iou) == set(segment_measure.KINDS) and found.scene.tolist() == [0] * number[0] + [1] * number[1]
    assert all(values.shape == (sum(number),) for values in found.iou.values())
    assert (found.iou["one point, best of three by the truth"] >= found.iou["one point"]).all()
    assert found.predicted.shape == found.actual.shape == (6 * sum(number),)
    truths = torch.tensor(np.concatenate([scene.masks for scene in made]))
    np.testing.assert_allclose(segment_measure.paired_iou(torch.tensor(found.masks), truths), found.iou["a box"])
    assert found.by_scene("a box")[0] == pytest.approx(found.iou["a box"][: number[0]].mean())
    low, high = found.interval("a box")
    assert low <= found.by_scene("a box").mean() <= high
    again = segment_measure.measure(model, made, seed=1, progress=None)
    assert all(np.array_equal(again.iou[kind], found.iou[kind]) for kind in segment_measure.KINDS)
    with pytest.raises(ValueError, match="no scene"):
        segment_measure.measure(model, [])


def test_zoom_asks_in_cut_outs_of_every_side_that_fits(model) -> None:
    """The share is that of the box's longer side; the IoU that of the cut-out's mask; too large ones are left out."""
    (scene,) = scenes(1, 4, domain="studio", objects=(1, 1), size=96)
    longer = max(scene.boxes[0, 2:] - scene.boxes[0, :2])
    shares, ious = segment_measure.by_zoom(model, [scene], [int(longer), 64, 96], progress=None)
    np.testing.assert_allclose(shares, [longer / 64, longer / 96])
    tile = tiles.around(scene.image, scene.masks, 0, 64)
    answer = segment.prompt(segment.encode(model, tile.image), boxes=tile.local(scene.boxes[0]))
    assert ious[0] == pytest.approx(float(segment_measure.paired_iou(answer.best, torch.tensor(tile.masks[:1]))))


def test_filled_boxes() -> None:
    """x across, y down; a pixel belongs by its middle."""
    (mask,) = segment_measure.box_masks(torch.tensor([[1.0, 2.0, 4.0, 3.6]]), 5, 5)
    assert mask.nonzero().tolist() == [[2, 1], [2, 2], [2, 3], [3, 1], [3, 2], [3, 3]]


def test_boxes_stay_boxes() -> None:
    """A narrow box whose sides the hand has swapped keeps a pixel."""
    boxes = segment_measure._kept_in_order(torch.tensor([[5.0, 5.0, 4.5, 9.0]]))
    assert boxes.tolist() == [[5, 5, 6, 9]]


def coin() -> tuple[np.ndarray, np.ndarray]:
    """A bright disc on a ground that grows brighter to the right, and its mask."""
    y, x = np.indices((60, 80))
    mask = np.hypot(x - 40, y - 30) <= 12
    grain = np.random.default_rng(0).integers(-3, 4, mask.shape)
    return (40 + x // 2 + 90 * mask + grain).astype(np.uint8), mask


def test_thresholds_find_a_bright_disc() -> None:
    """Both find it, and nothing outside of the box; the stronger one fills a hole and leaves a speck."""
    image, mask = coin()
    box = np.array([27, 17, 54, 44])
    assert np.array_equal(threshold.otsu_in_box(image, box), mask)
    image[28:32, 38:42] = 20  # a hole
    image[18, 28] = 250  # a speck in the box's corner
    y, x = np.indices(image.shape) + 0.5
    outside = (x < 27) | (x > 54) | (y < 17) | (y > 44)
    plain, strong = threshold.otsu_in_box(image, box), threshold.local_in_box(image, box, blur=0)
    assert not (plain | strong)[outside].any()
    assert (plain != mask).sum() == 17 and np.array_equal(strong, mask)


def test_thresholds_of_nothing() -> None:
    """An even picture has no object; colours and boxes outside of the picture are refused."""
    even = np.full((20, 20), 7, dtype=np.uint8)
    for method in (threshold.otsu_in_box, threshold.local_in_box):
        assert not method(even, np.array([2, 2, 9, 9])).any()
        with pytest.raises(ValueError, match="grey"):
            method(np.zeros((5, 5, 3), np.uint8), np.array([0, 0, 3, 3]))
        with pytest.raises(ValueError, match="no pixel of a picture 20 x 20"):
            method(even, np.array([30, 2, 40, 9]))


def test_tiles_cut_around_an_object() -> None:
    """The object lies in the middle, or as far from it as asked for; at the rim the tile is moved inside."""
    image, mask = coin()
    corner = np.zeros_like(mask)
    corner[2:6, 3:9] = True
    masks = np.stack([mask, corner])
    tile = tiles.around(image, masks, 0, 40)
    assert tile.corner == (20, 10) and tile.image.shape == (40, 40, 3) and len(tile.masks) == 1
    assert np.array_equal(tile.masks[0], mask[10:50, 20:60]) and np.array_equal(tile.image[..., 0], image[10:50, 20:60])
    assert tiles.around(image, masks, 0, 40, shift=(5, -3)).corner == (25, 7)
    assert tiles.around(image, masks, 1, 20).corner == (0, 0)
    both = tiles.around(image, masks, 1, 60)
    assert len(both.masks) == 2 and np.array_equal(both.masks[0], corner[:, :60])
    assert tile.local([27, 17, 54, 44]).tolist() == [7, 7, 34, 34]


def test_tiles_can_be_smaller() -> None:
    """Scaled as `encode` scales a picture; the mask follows by the majority of what a pixel covers."""
    image, mask = coin()
    whole, same, half = (tiles.around(image, mask[None], 0, 40, size=size) for size in (None, 40, 20))
    assert np.array_equal(whole.image, same.image) and np.array_equal(whole.masks, same.masks)
    assert half.image.shape == (20, 20, 3) and half.masks.shape == (1, 20, 20)
    assert half.masks[0].sum() == pytest.approx(mask.sum() / 4, rel=0.1)
    assert half.local([27, 17, 54, 44]).tolist() == [7, 7, 34, 34]  # in the photo's pixels, whatever the size
    pixels = torch.tensor(whole.image).permute(2, 0, 1)[None].float()
    expected = torch.nn.functional.interpolate(pixels, (20, 20), mode="bilinear", antialias=True)
    assert abs(half.image[..., 0] - expected[0, 0].numpy()).max() <= 0.5
    for wrong in (
        dict(number=1, side=40),
        dict(number=0, side=61),
        dict(number=0, side=0),
        dict(number=0, side=9, size=0),
    ):
        with pytest.raises(ValueError, match="a side up to 60 and a size of at least 1"):
            tiles.around(image, mask[None], **wrong)
