"""The small detector: its grid, its boxes, its losses against slow ones, loading, and the slider."""

import json
import math

import numpy as np
import pytest
import torch
import transformers
from torch.nn import functional

from workbook.datasets.scenes import KINDS, scenes
from workbook.trainers import detection
from workbook.trainers.loop import fit
from workbook.vision import detector
from workbook.vision.boxes import box_iou
from workbook.vision.detection import evaluate_coco
from workbook.vision.detector import Found, TinyDetector, TinyDetectorConfig, detect
from workbook.vision.resampling import resampled_ap
from workbook.widgets.threshold_slider import ThresholdSlider
from workbook.zoo import loading, tiny_detector
from workbook.zoo.entries import ENTRIES


@pytest.fixture(autouse=True)
def quiet_cpu(monkeypatch):
    monkeypatch.setenv("WORKBOOK_DEVICE", "cpu")
    monkeypatch.setenv("TQDM_DISABLE", "1")


def tiny(seed=0, **config):
    torch.manual_seed(seed)
    return TinyDetector(TinyDetectorConfig(**{"width": 16, "deep_width": 16, **config})).eval()


@pytest.fixture(scope="module")
def some():
    return list(scenes(6, 3, domain="studio", size=32))


class Says(torch.nn.Module):
    """A stand-in for TinyDetector that says what it is told."""

    def __init__(self, heat, sides):
        super().__init__()
        self.answer = heat, sides

    def forward(self, pixel_values):
        return self.answer


# --------------------------------------------------------------------------------------------- the grid and its boxes


def test_a_place_is_the_middle_of_its_pixels():
    middles = detector.places(2, 3)
    assert middles.tolist() == [[2, 2], [6, 2], [10, 2], [2, 6], [6, 6], [10, 6]]


def test_sides_become_boxes_around_the_place():
    sides = torch.arange(1.0, 25.0).reshape(1, 4, 2, 3)  # left, top, right, bottom of six places
    boxes = detector.to_boxes(sides)
    assert boxes.shape == (1, 6, 4)
    assert boxes[0, 1].tolist() == [6 - 2, 2 - 8, 6 + 14, 2 + 20]
    assert boxes[0, 3].tolist() == [2 - 4, 6 - 10, 2 + 16, 6 + 22]


def test_the_model_answers_on_a_grid_of_stride_four():
    heat, sides = tiny()(torch.rand(2, 3, 32, 48))
    assert heat.shape == (2, 8, 8, 12) and sides.shape == (2, 4, 8, 12)
    assert (sides > 0).all() and heat.sigmoid().mean() < 0.1  # it begins by saying that places are empty


# --------------------------------------------------------------------------------------------- detecting


def answer(places_and_scores, sides=(6.0, 4.0, 2.0, 8.0)):
    """Heat and sides of one picture of 32 x 32: a score at some (class, row, column), and the same sides everywhere."""
    heat = torch.full((1, 8, 8, 8), -20.0)
    for (kind, row, column), score in places_and_scores.items():
        heat[0, kind, row, column] = math.log(score / (1 - score))
    return heat, torch.tensor(sides)[None, :, None, None].expand(1, 4, 8, 8)


def found_in(places_and_scores, **how):
    model = tiny()
    model.forward = lambda pixel_values: answer(places_and_scores)
    return detect(model, np.zeros((1, 32, 32, 3), np.uint8), **how)[0]


def test_boxes_come_best_first_and_are_cut_at_the_edge():
    found = found_in({(3, 0, 0): 0.6, (5, 4, 4): 0.9})
    assert found.labels.tolist() == [5, 3] and found.scores == pytest.approx([0.9, 0.6], abs=1e-6)
    assert found.boxes.tolist() == [[12, 14, 20, 26], [0, 0, 4, 10]]  # the second would begin at −4, −2


def test_a_candidate_beside_a_surer_one_of_its_class_goes_and_of_another_stays():
    near = {(3, 4, 4): 0.9, (3, 4, 5): 0.8, (2, 4, 5): 0.7}
    assert found_in(near, overlap=0.3).labels.tolist() == [3, 2]
    assert found_in(near, overlap=0.9).labels.tolist() == [3, 3, 2]


def test_the_threshold_decides_what_is_kept():
    both = {(1, 1, 1): 0.5, (1, 6, 6): 0.2}
    assert len(found_in(both, threshold=0.1).scores) == 2
    assert len(found_in(both, threshold=0.3).scores) == 1
    assert found_in(both, threshold=0.8).boxes.shape == (0, 4)


def test_no_more_than_a_hundred_are_kept():
    found = found_in(
        {(k, r, c): 0.2 + 0.001 * (8 * r + c) for k in range(8) for r in range(8) for c in range(8)}, overlap=1.0
    )
    assert len(found.scores) == 100 and (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        (np.zeros((1, 32, 32, 3)), "uint8"),
        (np.zeros((32, 32, 3), np.uint8), r"\(B, S, S, 3\)"),
        (np.zeros((1, 32, 32, 1), np.uint8), r"\(1, 32, 32, 1\)"),
        (np.zeros((1, 30, 30, 3), np.uint8), "multiple of 8"),
        ([np.zeros((32, 32, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)], "differ in size"),
    ],
)
def test_other_pictures_are_refused(images, complaint):
    with pytest.raises(ValueError, match=complaint):
        detect(tiny(), images)


def yolos(labels=8):
    torch.manual_seed(0)
    config = transformers.YolosConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=[32, 32],
        num_detection_tokens=5, num_labels=labels, use_mid_position_embeddings=False,
    )  # fmt: skip
    return transformers.YolosForObjectDetection(config).eval()


def test_models_of_the_hub_answer_in_the_same_way(some):
    model = yolos()
    found = detect(model, [scene.image for scene in some], threshold=0.0, overlap=1.0)
    pixels = detector.as_published(detector.to_pixels([scene.image for scene in some]))
    with torch.no_grad():
        output = model(pixel_values=pixels)
    scores = output.logits.softmax(-1)[0, :, :8]
    wanted_scores = scores.flatten().sort(descending=True).values.numpy()  # of all classes but "nothing", the last
    assert len(found) == 6 and found[0].scores == pytest.approx(wanted_scores, abs=1e-6)
    best = scores.amax(1).argmax()
    x, y, width, height = (output.pred_boxes[0, best] * 32).tolist()
    wanted = np.clip([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 0, 32)
    assert found[0].boxes[0] == pytest.approx(wanted, abs=1e-4)


def test_a_published_model_gets_a_last_layer_for_other_classes(some):
    model = detector.for_classes(yolos(91), 8)
    assert model(torch.rand(1, 3, 32, 32)).logits.shape == (1, 5, 9)
    history = fit(model, detection.batches(some, 6), detection.objective_of(model), steps=2, progress=None)
    assert history.steps == 2 and detection.objective_of(model) is detection.query_loss
    same = tiny()
    head = same.heat[-1]
    assert detector.for_classes(same, 8).heat[-1] is head
    assert detection.objective_of(same) is detection.detection_loss


def test_boxes_reach_the_models_of_the_hub_as_shares_of_the_picture(some):
    handed = {}

    def model(pixel_values, labels):
        handed.update(labels=labels, pixels=pixel_values)
        return type("Output", (), {"loss": pixel_values.sum()})

    batch = detection.batches(some[:1], 1)(0)[0]
    detection.query_loss(model, batch)
    wanted = handed["labels"][0]
    count = len(some[0].boxes)
    corners = batch["boxes"][0, :count] / 32
    middle, size = wanted["boxes"].split(2, -1)
    torch.testing.assert_close(torch.cat([middle - size / 2, middle + size / 2], 1), corners)
    assert wanted["class_labels"].tolist() == some[0].labels.tolist()


# --------------------------------------------------------------------------------------------- training


def test_batches_hold_every_scene_once_and_mirror_boxes_with_pictures(some):
    batches = detection.batches(some, 2)
    torch.manual_seed(0)
    seen, turned = [], 0
    for batch in batches(0):
        for pixels, boxes, labels in zip(batch["pixel_values"], batch["boxes"], batch["labels"], strict=True):
            image = (pixels.permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)
            straight = [i for i, scene in enumerate(some) if (scene.image == image).all()]
            mirrored = [i for i, scene in enumerate(some) if (scene.image[:, ::-1] == image).all()]
            (number,) = straight + mirrored
            expected = some[number].boxes.copy()
            if mirrored:
                expected[:, [0, 2]] = 32 - expected[:, [2, 0]]
            turned += bool(mirrored)
            seen.append(number)
            count = len(expected)
            np.testing.assert_allclose(boxes[:count], expected)
            assert labels[:count].tolist() == some[number].labels.tolist() and (labels[count:] == -1).all()
    assert sorted(seen) == list(range(6)) and 0 < turned < 6
    assert len(detection.batches(some, 4)(0)) == 1 and len(detection.batches(some, 50)(0)) == 1


def test_a_bump_is_one_at_the_place_that_holds_the_middle():
    boxes = torch.tensor([[[2.0, 4.0, 14.0, 20.0], [0.0, 0.0, 1.0, 1.0]]])  # middles 8, 12 and 0.5, 0.5
    bumps = detection.bumps(boxes, (8, 8)).reshape(1, 2, 8, 8)
    assert bumps[0, 0, 3, 2] == 1 and bumps[0, 1, 0, 0] == 1 and (bumps == 1).sum() == 2
    assert bumps[0, 0, 3, 3] == pytest.approx(math.exp(-((4 / (12 / 6)) ** 2) / 2))  # a place is 4 pixels
    assert bumps[0, 0, 4, 2] == pytest.approx(math.exp(-((4 / (16 / 6)) ** 2) / 2))
    assert bumps[0, 1, 0, 1] == pytest.approx(math.exp(-((4 / 1) ** 2) / 2))  # the deviation is at least a pixel


def test_focal_loss_is_the_papers():
    torch.manual_seed(1)
    logits, wanted = torch.randn(2, 3, 5, dtype=torch.float64), torch.rand(2, 3, 5, dtype=torch.float64)
    wanted[0, 1, 2] = wanted[1, 0, 0] = 1.0
    total = 0.0
    for x, y in zip(logits.flatten().tolist(), wanted.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-x))
        total -= (1 - p) ** 2 * math.log(p) if y == 1 else (1 - y) ** 4 * p**2 * math.log(1 - p)
    assert detection.focal_loss(logits, wanted).item() == pytest.approx(total, rel=1e-9)
    assert detection.focal_loss(torch.tensor([200.0, -200.0]), torch.tensor([0.0, 1.0])).isfinite()


def test_giou_is_the_papers():
    a, b = torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 1, 3, 3], [4.0, 0, 6, 2], [0.0, 0, 2, 2]])
    expected = [1 / 7 - 2 / 9, 0 - 4 / 12, 1.0]  # hulls of 9 and 12 square pixels
    assert detection.giou(a, b).tolist() == pytest.approx(expected, abs=1e-6)
    assert detection.giou(a, b).add(0).ge(box_iou(a, b)[0].float() - 1).all()


def test_the_loss_is_that_of_a_slow_loop():
    torch.manual_seed(2)
    heat, sides = torch.randn(2, 3, 8, 8), torch.rand(2, 4, 8, 8) * 8
    boxes = torch.tensor([[[2.0, 2, 26, 24], [8.0, 6, 32, 30]], [[2.0, 6, 12, 12], [0.0, 0, 0, 0]]])
    labels = torch.tensor([[0, 2], [1, -1]])
    batch = {"pixel_values": torch.zeros(2, 3, 32, 32), "boxes": boxes, "labels": labels}
    total, count = detection.detection_loss(Says(heat, sides), batch)
    bumps, predicted = detection.bumps(boxes, (8, 8)), detection.to_boxes(sides)
    assert ((bumps[0] > 0.3).sum(0) == 2).any()  # some places are near both objects
    expected = 0.0
    for picture in range(2):
        objects = [m for m in range(2) if labels[picture, m] >= 0]
        wanted = torch.zeros(3, 64)
        for m in objects:
            wanted[labels[picture, m]] = torch.maximum(wanted[labels[picture, m]], bumps[picture, m])
        expected += detection.focal_loss(heat[picture].flatten(1), wanted).item()
        for m in objects:
            weights = [0.0] * 64
            for place in range(64):
                mine = bumps[picture, m, place]
                if mine > 0.3 and all(mine >= bumps[picture, other, place] for other in objects):
                    weights[place] = mine.item()
            for place in range(64):
                loss = 1 - detection.giou(predicted[picture, place], boxes[picture, m]).item()
                expected += 2.0 * weights[place] / sum(weights) * loss
    assert count == 3 and total.item() == pytest.approx(expected, rel=1e-5)


def test_the_padding_has_no_say():
    torch.manual_seed(3)
    heat, sides = torch.randn(1, 3, 4, 4), torch.rand(1, 4, 4, 4) * 8
    box, label = torch.tensor([[[1.0, 1, 9, 9]]]), torch.tensor([[0]])
    pixels = torch.zeros(1, 3, 16, 16)
    alone = detection.detection_loss(Says(heat, sides), {"pixel_values": pixels, "boxes": box, "labels": label})
    padded = {
        "pixel_values": pixels,
        "boxes": functional.pad(box, (0, 0, 0, 2)),
        "labels": functional.pad(label, (0, 2), value=-1),
    }
    both = detection.detection_loss(Says(heat, sides), padded)
    assert alone[1] == both[1] == 1 and alone[0].item() == pytest.approx(both[0].item(), rel=1e-6)


def test_it_learns_a_few_scenes_by_heart(some):
    model = tiny(width=32, deep_width=32)
    before = tiny_detector.measure(model, some)["AP50"]
    history = fit(
        model, detection.batches(some, 6), detection.detection_loss, steps=60, learning_rate=1e-2, progress=None
    )
    assert np.mean(history.losses[-5:]) < history.losses[0] / 4
    assert tiny_detector.measure(model, some)["AP50"] > before + 0.5


# --------------------------------------------------------------------------------------------- COCO's format


def test_perfect_detections_score_one_at_any_scale(some):
    found = [Found(scene.boxes, np.ones(len(scene.boxes)), scene.labels) for scene in some]
    for scale in (1.0, 4.0):
        truth, results = detection.as_coco(some, KINDS, scale), detection.as_results(found, scale)
        assert evaluate_coco(truth, results).statistics["AP"] == pytest.approx(1.0)
        assert truth["images"][0]["width"] == int(32 * scale)
        assert truth["annotations"][0]["area"] == some[0].masks[0].sum() * scale**2
        x1, y1, x2, y2 = some[0].boxes[0] * scale
        assert truth["annotations"][0]["bbox"] == results[0]["bbox"] == [x1, y1, x2 - x1, y2 - y1]
    assert truth["categories"][2] == {"id": 3, "name": "triangle"}
    json.dumps([truth, results])  # plain numbers, which can be written to a file


def resampled(truth, results, drawn):
    """The slow way: ground truth and results of the drawn pictures, numbered anew."""
    annotations = [
        {**one, "image_id": new}
        for new, old in enumerate(drawn)
        for one in truth["annotations"]
        if one["image_id"] == old
    ]
    annotations = [{**one, "id": number} for number, one in enumerate(annotations)]
    images = [{**truth["images"][old], "id": new} for new, old in enumerate(drawn)]
    detections = [
        {**one, "image_id": new} for new, old in enumerate(drawn) for one in results if one["image_id"] == old
    ]
    return {**truth, "images": images, "annotations": annotations}, detections


def guessed(some, rng, count=8):
    """Detections near and far of the objects, with scores that all differ."""
    found = []
    for scene in some:
        near = scene.boxes[rng.integers(0, len(scene.boxes), count)] + rng.integers(-3, 4, (count, 4))
        corners = np.concatenate([near[:, :2], np.maximum(near[:, :2] + 1, near[:, 2:])], 1)
        found.append(Found(corners, rng.random(count), rng.choice(scene.labels, count)))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_resampled_ap_is_that_of_the_resampled_pictures(some, seed):
    rng = np.random.default_rng(seed)
    truth, results = detection.as_coco(some, KINDS), detection.as_results(guessed(some, rng))
    truth["annotations"][0]["iscrowd"] = 1
    draws = np.vstack([np.arange(6), rng.integers(0, 6, (5, 6)), np.full(6, 2)])
    expected = [evaluate_coco(*resampled(truth, results, row)).statistics["AP"] for row in draws]
    assert resampled_ap(truth, results, draws) == pytest.approx(expected, abs=1e-9)
    assert 0 < expected[0] < 1


def test_a_draw_without_an_object_has_no_ap(some):
    truth = detection.as_coco(some, KINDS)
    truth["annotations"] = [one for one in truth["annotations"] if one["image_id"] != 3]
    aps = resampled_ap(truth, [], np.array([[3, 3], [1, 3]]))
    assert np.isnan(aps[0]) and aps[1] == 0.0


@pytest.mark.parametrize("draws", [[0, 1], [[0.5]], [[6]], [[-1]]])
def test_draws_are_positions_of_pictures(some, draws):
    with pytest.raises(ValueError, match=r"whole numbers from 0 to 5"):
        resampled_ap(detection.as_coco(some, KINDS), [], np.array(draws))


# --------------------------------------------------------------------------------------------- loading


def test_it_comes_back_from_its_folder_as_it_was(tmp_path):
    model = tiny(seed=5)
    model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    entry = ENTRIES["detector"][0]
    again, processor = loading._read(tmp_path, entry)
    assert type(again) is TinyDetector and processor is None and not again.training
    pixels = torch.rand(1, 3, 32, 32)
    for one, other in zip(model(pixels), again(pixels), strict=True):
        torch.testing.assert_close(one, other)


def test_an_entrys_class_may_be_of_transformers_or_of_the_workbook():
    assert loading.class_of("BertModel") is transformers.BertModel
    assert loading.class_of("workbook.vision.detector:TinyDetector") is TinyDetector
    with pytest.raises(AttributeError):
        loading.class_of("NoSuchModel")


def test_the_full_size_architecture_is_yolos_tiny():
    small = ENTRIES["detector"][1]
    with torch.device("meta"):
        model = loading.class_of(small.auto_class)(transformers.YolosConfig(**small.config))
    assert sum(p.numel() for p in model.parameters()) == 6_488_736


# --------------------------------------------------------------------------------------------- the slider


def slider(**settings):
    return ThresholdSlider([0.9, 0.7, 0.7, 0.2], [0.5, 0.5, 1.0, 1.0], [1.0, 0.5, 2 / 3, 0.5], **settings)


def test_the_point_is_that_of_all_detections_that_pass():
    shown = slider()
    assert shown.point(0.7) == (3, 1.0, pytest.approx(2 / 3))  # equal scores pass together
    assert shown.point(0.71) == (1, 0.5, 1.0)
    assert shown.point(0.0) == (4, 1.0, 0.5)
    passing, recall, precision = shown.point(0.95)
    assert passing == 0 and recall == 0.0 and math.isnan(precision)
    assert shown.words(0.95) == "threshold 0.95, 0 detections"
    assert shown.words(0.8) == "threshold 0.80, 1 detections: 100% of them right, 50% of the objects found"


def test_the_picture_follows_the_slider():
    shown = slider()
    before = shown.picture.value
    shown.slider.value = 0.1
    assert shown.picture.value != before and before[:4] == shown.picture.value[:4] == b"\x89PNG"


def test_without_a_kernel_there_is_a_picture_with_words(monkeypatch):
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle))
    shown = slider(alt='A curve & a "point".')
    shown._ipython_display_()
    (bundle,) = bundles
    assert bundle["text/plain"] == '[widget: A curve & a "point".]'
    assert bundle["text/html"].startswith('<img alt="A curve &amp; a &quot;point&quot;." src="data:image/png;base64,')
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (([0.9, 0.8], [0.5], [1.0]), "of one length"),
        (([0.1, 0.9], [0.5, 1.0], [1.0, 1.0]), "The scores rise"),
    ],
)
def test_a_slider_for_something_else_is_refused(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        ThresholdSlider(*arguments)
