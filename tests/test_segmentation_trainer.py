"""Training a promptable segmenter: losses, prompts, targets, the two rounds, and one fit that learns."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from workbook.datasets.scenes import Scene, scenes
from workbook.trainers import segmentation
from workbook.trainers.loop import fit
from workbook.vision.mask_losses import dice_loss, focal_loss, mask_loss
from workbook.vision.masks import paired_iou
from workbook.zoo import tiny_sam


@pytest.fixture(scope="module")
def drawn() -> list[Scene]:
    """Six scenes of the studio."""
    return list(scenes(6, 0, domain="studio", objects=(2, 3)))


def square(top: int, left: int, side: int, size: int = 16) -> torch.Tensor:
    """One square as a mask (size, size) bool."""
    mask = torch.zeros(size, size, dtype=torch.bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_losses_by_hand() -> None:
    """Two pixels, one true: p = 0.5 everywhere. Focal: (1/2)² log 2; dice: 1 - (2 · 0.5 + 1) / (1 + 1 + 1)."""
    logits, target = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
    assert focal_loss(logits, target).item() == pytest.approx(0.25 * np.log(2))
    assert dice_loss(logits, target).item() == pytest.approx(1 / 3)
    assert mask_loss(logits, target).item() == pytest.approx(5 * np.log(2) + 1 / 3)


def test_focal_loss_has_a_gradient_where_the_model_is_certain_and_wrong() -> None:
    """A probability of exactly 0 in float32 gives neither infinity nor NaN."""
    logits = torch.full((2, 2), -150.0, requires_grad=True)
    focal_loss(logits, torch.ones(2, 2)).backward()
    assert torch.isfinite(logits.grad).all() and (logits.grad < 0).all()


def test_dice_by_hand() -> None:
    """Of masks of one row, given by their probabilities: equal, both empty, opposite, half, and undecided ones."""

    def dice(probabilities: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        return dice_loss(probabilities.logit()[..., None, :], truth[..., None, :])

    truth = torch.tensor([1.0, 1, 0, 0])
    assert dice(truth, truth) == 0
    assert dice(torch.zeros(4), torch.zeros(4)) == 0
    torch.testing.assert_close(dice(1 - truth, truth), torch.tensor(1 - 1 / 5))
    torch.testing.assert_close(dice(torch.tensor([1.0, 0, 0, 0]), truth), torch.tensor(1 - 3 / 4))
    torch.testing.assert_close(dice(torch.full((2, 4), 0.5), truth.repeat(2, 1)), torch.tensor([0.4, 0.4]))


def test_iou_of_pairs() -> None:
    """Overlap 4 of union 12; two empty masks have 0."""
    a, b = square(0, 0, 4).float() * 2 - 1, square(0, 2, 4)
    assert paired_iou(a > 0, b).item() == pytest.approx(8 / 24)
    assert paired_iou(torch.zeros(3, 3, dtype=bool), torch.zeros(3, 3, dtype=bool)).item() == 0


def test_only_the_best_mask_is_compared() -> None:
    """The gradient of the mask loss reaches the best of three masks and no other; the IoU's reaches all three."""
    target = square(4, 4, 6)[None].float()
    logits = torch.stack([target * 0.2, target * 4 - 2, -target], 1).requires_grad_()
    predicted = torch.zeros(1, 3, requires_grad=True)
    segmentation.round_loss(logits, predicted, target).backward()
    assert [bool(grad.any()) for grad in logits.grad[0]] == [False, True, False]
    assert predicted.grad[0, 1] < 0  # the IoU of the second is 1, and 0 was predicted
    assert predicted.grad[0, 2] == 0  # the third is empty: 0 is right


def test_round_loss_is_a_mean_over_prompts() -> None:
    """Two prompts with the same masks lose as much as one."""
    target = square(4, 4, 6)[None].float()
    logits, predicted = torch.randn(1, 3, 16, 16), torch.rand(1, 3)
    once = segmentation.round_loss(logits, predicted, target)
    twice = segmentation.round_loss(logits.repeat(2, 1, 1, 1), predicted.repeat(2, 1), target.repeat(2, 1, 1))
    torch.testing.assert_close(once, twice)
    best = mask_loss(logits[0], target.expand(3, -1, -1)).min()
    error = (predicted[0] - paired_iou(logits[0] > 0, target.expand(3, -1, -1) > 0.5)).square().mean()
    torch.testing.assert_close(once, best + error)


def test_random_pixels_lie_inside_and_reach_everything() -> None:
    """Every pixel of a mask comes up, none outside; x is the column."""
    torch.manual_seed(0)
    mask = torch.zeros(5, 7, dtype=torch.bool)
    mask[1, 6] = mask[3, 0] = mask[3, 1] = True
    points = segmentation.random_pixels(mask.expand(200, -1, -1)).long()
    assert {tuple(point) for point in points.tolist()} == {(6, 1), (0, 3), (1, 3)}
    anywhere = segmentation.random_pixels(torch.zeros(200, 5, 7, dtype=torch.bool))
    assert len({tuple(point) for point in anywhere.tolist()}) > 20


def test_corrections_show_what_is_wrong() -> None:
    """A missing pixel gets a positive point, a surplus one a negative; a perfect mask a point inside."""
    wanted = torch.stack([square(4, 4, 6)] * 3)
    predicted = wanted.clone()
    predicted[0, 5, 7] = False
    predicted[1, 0, 2] = True
    points, labels = segmentation.correcting_points(predicted, wanted)
    assert points[:2].tolist() == [[7, 5], [2, 0]] and labels.tolist() == [1, 0, 1]
    assert wanted[2, points[2, 1].long(), points[2, 0].long()]


def test_tight_boxes() -> None:
    """The same as the scenes' own; an empty mask has zeros."""
    masks = torch.stack([square(2, 5, 4), torch.zeros(16, 16, dtype=torch.bool)])
    assert segmentation.tight_boxes(masks).tolist() == [[5, 2, 9, 6], [0, 0, 0, 0]]


def test_jitter_grows_with_the_side_and_has_a_limit() -> None:
    """A tenth of each side: x by the width, y by the height, and never more than the limit."""
    torch.manual_seed(0)
    boxes = torch.tensor([10.0, 20.0, 14.0, 28.0]).repeat(4000, 1)
    moved = segmentation.jitter(boxes, most=9) - boxes
    np.testing.assert_allclose(moved.std(0), [0.4, 0.8, 0.4, 0.8], rtol=0.06)
    assert (segmentation.jitter(boxes * 10) - boxes * 10).abs().max() == 1.5


def test_clusters() -> None:
    """Two that touch are one cluster; the third is alone, and is none."""
    masks = torch.stack([square(0, 0, 3), square(0, 3, 3), square(10, 10, 3)]).numpy()
    (cluster,) = segmentation.clusters_of(masks)
    assert np.array_equal(cluster, masks[0] | masks[1])
    assert segmentation.clusters_of(masks[1:]).shape == (0, 16, 16)


def test_pool_holds_objects_clusters_and_ground(drawn: list[Scene]) -> None:
    """Every target has its share; the ground is what no object covers."""
    pool = segmentation.pool(drawn)
    for scene, targets, shares in zip(drawn, pool.targets, pool.shares, strict=True):
        number = len(scene.masks)
        assert np.array_equal(targets[:number], scene.masks) and np.array_equal(targets[-1], ~scene.masks.any(0))
        assert shares.tolist() == [1.0] * number + [0.4] * (len(targets) - number - 1) + [0.2]
    with pytest.raises(ValueError, match="at least one scene"):
        segmentation.pool([])


def test_only_what_has_a_share_is_asked_for(drawn: list[Scene]) -> None:
    """With shares for objects alone, every target of a batch is one of the scene's objects, turned with its picture."""
    torch.manual_seed(0)
    only = segmentation.pool(drawn, {"object": 1.0, "cluster": 0.0, "ground": 0.0})
    areas = {int(mask.sum()) for scene in drawn for mask in scene.masks}
    for batch in segmentation.prompted(only, 3):
        assert {int(area) for area in batch["targets"].sum((2, 3)).flatten()} <= areas


def test_crowded_boxes_are_asked_for_more_often() -> None:
    """By hand: a square of 4 x 4 has 4 of its box's 16 pixels covered by the one in front, that one none."""
    front, behind, apart = (
        square(row, column, side).numpy() for row, column, side in ((2, 2, 2), (0, 0, 4), (9, 9, 3))
    )
    masks = np.stack([behind & ~front, front, apart])
    assert segmentation.others_in_box(masks).tolist() == [4 / 16, 0, 0]
    assert segmentation.others_in_box(np.zeros((1, 16, 16), dtype=bool)).tolist() == [0]
    scene = Scene(np.zeros((16, 16, 3), np.uint8), masks, np.zeros((3, 4)), *[("disc",) * 3] * 3, domain="studio")
    assert segmentation.pool([scene], crowded=10).shares[0][:3].tolist() == [3.5, 1, 1]


def test_pictures_turn_with_their_targets(drawn: list[Scene]) -> None:
    """Where the picture is painted in the target's colour, the batch's is, too."""
    torch.manual_seed(1)
    painted = [
        dataclasses.replace(scene, image=np.uint8(255 * scene.masks[0])[..., None].repeat(3, 2), masks=scene.masks[:1])
        for scene in drawn
    ]
    pool = segmentation.pool(painted, {"object": 1.0, "cluster": 0.0, "ground": 0.0})
    for batch in (batch for _ in range(6) for batch in segmentation.prompted(pool, 2, prompts=1, colour=False)):
        bright = batch["pixel_values"].mean(1, keepdim=True) > 0
        assert torch.equal(bright, batch["targets"] > 0.5)


def test_prompts_of_every_kind() -> None:
    """Points lie inside, the third outside; a box surrounds its target within the jitter; another kind is refused."""
    targets = torch.stack([square(4, 4, 6), square(8, 2, 5)])[None]
    drawn = {kind: segmentation.prompts_for(targets, kind) for kind in segmentation.KINDS}
    assert drawn["point"]["points"].shape == (1, 2, 1, 2) and drawn["box"]["points"].shape == (1, 2, 0, 2)
    for kind in ("point", "points"):
        for target, points, labels in zip(targets[0], drawn[kind]["points"][0], drawn[kind]["labels"][0], strict=True):
            inside = [int(target[int(y), int(x)]) for x, y in points.tolist()]
            assert inside == labels.tolist() == [1, 1, 0][: len(points)]
    assert (drawn["box"]["boxes"][0] - segmentation.tight_boxes(targets[0])).abs().max() <= 1.5
    assert "boxes" not in drawn["point"]
    with pytest.raises(ValueError, match="'line'"):
        segmentation.prompts_for(targets, "line")


def test_recolouring_keeps_the_range_and_the_places() -> None:
    """Pixels stay between 0 and 255; what was one colour stays one, and pictures differ from each other."""
    torch.manual_seed(0)
    images = torch.full((40, 3, 8, 8), 100.0)
    images[..., 4:] = 180
    changed = segmentation.recoloured(images)
    assert changed.min() >= 0 and changed.max() <= 255
    assert (changed[..., :3] == changed[..., :1]).all() and (changed[..., 5:] == changed[..., -1:]).all()
    assert len({round(value, 3) for value in changed[:, 0, 0, 0].tolist()}) > 30


@pytest.fixture(scope="module")
def rounds() -> segmentation.Rounds:
    """An untrained tiny-sam."""
    torch.manual_seed(0)
    return segmentation.Rounds(tiny_sam.network())


@pytest.mark.parametrize(("kind", "several"), [("point", 3), ("points", 1), ("box", 3)])
def test_both_rounds(rounds: segmentation.Rounds, drawn: list[Scene], kind: str, several: int) -> None:
    """Three masks where one prompt is ambiguous, one where it is not, one in the second round; gradients everywhere."""
    (batch,) = segmentation.prompted(segmentation.pool(drawn[:2]), 2, prompts=2, kinds=[kind])
    first, second, _ = rounds(**batch)
    assert first[0].shape == (4, several, 64, 64) and second[0].shape == (4, 1, 64, 64)
    segmentation.segmentation_loss(rounds, batch).backward()
    still = {
        name for name, parameter in rounds.named_parameters() if parameter.requires_grad and parameter.grad is None
    }
    assert not {name for name in still if "vision_encoder" in name or "transformer" in name or "mask_embed" in name}
    rounds.zero_grad()


def test_masks_coarser_than_the_picture(drawn: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    """SAM's own masks are: they are compared and corrected in the picture's pixels, and go back as they came."""
    monkeypatch.setattr(tiny_sam, "PATCH", 8)
    torch.manual_seed(0)
    rounds, calls, decode = segmentation.Rounds(tiny_sam.network()), [], segmentation.decode
    monkeypatch.setattr(segmentation, "decode", lambda *args: calls.append((args, decode(*args))) or calls[-1][1])
    (batch,) = segmentation.prompted(segmentation.pool(drawn[:2]), 2, prompts=2, kinds=["box"])
    first, second, _ = rounds(**batch)
    assert calls[0][1][0].shape == (4, 3, 32, 32) and calls[1][0][5].shape == (4, 1, 32, 32)
    assert first[0].shape == (4, 3, 64, 64) and second[0].shape == (4, 1, 64, 64)
    corners = torch.nn.functional.interpolate(calls[0][1][0], (64, 64), mode="bilinear")
    torch.testing.assert_close(first[0], corners)
    x, y = calls[1][0][2][:, 0, 0].long().T
    wrong = (segmentation.choose_mask(*first) > 0) ^ (batch["targets"].flatten(0, 1) > 0.5)
    assert wrong[torch.arange(4), y, x].all()


def test_the_second_round_gets_mask_and_correction(
    rounds: segmentation.Rounds, drawn: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call of the decoder has one point more, and the best of the first masks, without its gradient."""
    calls = []
    decode = segmentation.decode
    monkeypatch.setattr(segmentation, "decode", lambda *args: calls.append(args) or decode(*args))
    (batch,) = segmentation.prompted(segmentation.pool(drawn[:2]), 2, prompts=2, kinds=["box"])
    first, _, _ = rounds(**batch)
    (*_, none, several), (_, _, points, labels, boxes, masks, again) = calls
    assert none is None and several and not again
    assert points.shape == (4, 1, 1, 2) and labels.shape == (4, 1, 1) and torch.equal(boxes, calls[0][4])
    assert torch.equal(masks[:, 0], segmentation.choose_mask(*first)) and not masks.requires_grad


def true_sketch(objects: torch.Tensor) -> torch.Tensor:
    """What a perfect head would draw, from the definition: objects (B, N, S, S) bool → (B, 5, S, S)."""
    size = objects.shape[-1]
    drawn = torch.zeros(len(objects), 5, size, size)
    drawn[:, 0] = objects.any(1) * 40.0 - 20
    for b, n, y, x in objects.nonzero().tolist():
        rows, columns = (objects[b, n].any(axis).nonzero() for axis in (1, 0))
        sides = [columns.min() - x, rows.min() - y, columns.max() + 1 - x, rows.max() + 1 - y]
        drawn[b, 1:, y, x] = torch.stack(sides) / size
    return drawn


def test_sketch_loss() -> None:
    """A perfect sketch loses nothing; sides off by 0.1 lose 0.4 on objects and nothing on the ground."""
    objects = torch.stack([square(2, 3, 5), square(9, 8, 4), torch.zeros(16, 16, dtype=torch.bool)])[None]
    perfect = true_sketch(objects)
    assert segmentation.sketch_loss(perfect, objects).item() < 1e-6
    off = perfect.clone()
    off[:, 1:] += 0.1
    assert segmentation.sketch_loss(off, objects).item() == pytest.approx(0.4, abs=1e-4)
    off = torch.where(objects.any(1)[:, None], perfect, off)
    assert segmentation.sketch_loss(off, objects).item() < 1e-6
    off[:, 0] = -off[:, 0]
    assert segmentation.sketch_loss(off, objects).item() == pytest.approx(20, rel=1e-3)


def test_the_head_draws_at_full_resolution() -> None:
    """Five figures for each of the 4 x 4 pixels of a place in the grid."""
    assert segmentation.Sketch(8, 4)(torch.zeros(2, 8, 16, 16)).shape == (2, 5, 64, 64)


def test_the_sketch_adds_to_the_loss(rounds: segmentation.Rounds, drawn: list[Scene]) -> None:
    """With a head the loss has its part, and the encoder a gradient from it alone."""
    torch.manual_seed(0)
    (batch,) = segmentation.prompted(segmentation.pool(drawn[:2]), 2, prompts=2, kinds=["box"])
    both = segmentation.Rounds(rounds.sam, segmentation.Sketch(tiny_sam.CHANNELS, 4))
    sketch = both(**batch).sketch
    torch.manual_seed(1)
    more = segmentation.segmentation_loss(both, batch)
    torch.manual_seed(1)  # the same correcting points
    less = segmentation.segmentation_loss(rounds, batch)
    torch.testing.assert_close(more - less, segmentation.sketch_loss(sketch, batch["objects"]), rtol=1e-3, atol=1e-4)
    tiny_sam.sketch_alone(both, batch).backward()
    assert rounds.sam.vision_encoder.patch_embed.projection.weight.grad.abs().sum() > 0
    assert rounds.sam.mask_decoder.iou_token.weight.grad is None
    both.zero_grad()


def test_objects_of_a_batch_turn_with_it(drawn: list[Scene]) -> None:
    """Whatever is asked for alone is among the objects of its picture, turned with it."""
    torch.manual_seed(0)
    pool = segmentation.pool(drawn, {"object": 1.0, "cluster": 0.0, "ground": 0.0})
    for batch in segmentation.prompted(pool, 3):
        for targets, objects in zip(batch["targets"] > 0.5, batch["objects"], strict=True):
            assert all(any(torch.equal(target, one) for one in objects) for target in targets)


def test_networks_start_as_the_recipe_says() -> None:
    """Places are encoded by waves of deviation 1, as in SAM, and stay; queries and keys begin alike across the two."""
    torch.manual_seed(0)
    model = tiny_sam.network()
    waves = model.shared_image_embedding.positional_embedding
    assert 0.7 < waves.std() < 1.3 and not waves.requires_grad
    assert model.prompt_encoder.shared_embedding.positional_embedding is waves
    across = model.mask_decoder.transformer.layers[0].cross_attn_token_to_image
    within = model.mask_decoder.transformer.layers[0].self_attn
    assert torch.equal(across.q_proj.weight, across.k_proj.weight)
    assert not torch.equal(within.q_proj.weight, within.k_proj.weight)


def test_deeper_changes_nothing_at_first_and_then_learns() -> None:
    """Layers that are added to the encoder leave the embedding as it was, and get gradients of their own."""
    torch.manual_seed(0)
    before = segmentation.Rounds(tiny_sam.network(2), segmentation.Sketch(tiny_sam.CHANNELS, 4))
    deeper = tiny_sam.deepened(before, 4)
    pixels = torch.randn(2, 3, 64, 64)
    answers = [one.sam.vision_encoder(pixels).last_hidden_state for one in (before, deeper)]
    torch.testing.assert_close(*answers, rtol=0, atol=0)
    answers[1].square().sum().backward()
    last = deeper.sam.vision_encoder.layers[3]
    assert last.attn.proj.weight.grad.any() and last.mlp.lin2.weight.grad.any()
    assert deeper.sam.config.vision_config.num_hidden_layers == len(deeper.sam.vision_encoder.layers) == 4
    rest = before.state_dict()
    assert all(torch.equal(rest[name], value) for name, value in deeper.state_dict().items() if name in rest)


def test_it_learns(rounds: segmentation.Rounds, drawn: list[Scene]) -> None:
    """Twelve steps on one batch bring the loss down by a third."""
    torch.manual_seed(0)
    (batch,) = segmentation.prompted(segmentation.pool(drawn[:2]), 2, prompts=2, kinds=["box"], colour=False)
    history = fit(rounds, [batch], segmentation.segmentation_loss, steps=12, learning_rate=2e-3, progress=None)
    assert history.losses[-1] < 0.67 * history.losses[0]


def test_measure_is_fair(drawn: list[Scene]) -> None:
    """A model that answers with the truth has an IoU of 1 for every kind of prompt, always for the same prompts."""

    class Knows(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen = []

        def forward(self, pixel_values, targets, points, labels, boxes=None, objects=None):
            self.seen.append(points)
            answer = (targets.flatten(0, 1)[:, None] * 8 - 4, torch.ones(targets.shape[0] * targets.shape[1], 1))
            return segmentation.Answers(answer, answer, None)

    pool = segmentation.pool(list(scenes(90, 1, domain="studio", objects=(1, 1))))
    knows = Knows()
    figures = [tiny_sam.measure(knows, pool) for _ in range(2)]
    assert figures[0] == {f"{kind}{more}": 1.0 for kind in segmentation.KINDS for more in ("", "_corrected")}
    assert all(torch.equal(a, b) for a, b in zip(knows.seen[:3], knows.seen[3:], strict=True))
