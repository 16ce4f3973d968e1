"""Likeness to a subject, to a prompt, and the class's drift: against loops written out, and the discriminator as a
judge."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from workbook.diffusion import fidelity, judge


def rows(count, width=5, seed=0):
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def cosine(a, b):
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


@settings(deadline=None)
@given(some.integers(1, 6), some.integers(1, 6), some.integers(0, 99))
def test_similarities_are_means_over_all_pairs(n, m, seed):
    a, b = rows(n, seed=seed), rows(m, seed=seed + 1000)
    pairs = np.mean([cosine(x, y) for x in a.numpy() for y in b.numpy()])
    assert fidelity.image_similarity(a, b) == pytest.approx(pairs, abs=1e-6)
    assert fidelity.pres(a, b).item() == pytest.approx(pairs, abs=1e-6)


def test_pres_of_a_class_that_has_become_the_subject_is_one():
    a = rows(1)
    assert fidelity.pres(a.repeat(3, 1) * 7, a).item() == pytest.approx(1)


@settings(deadline=None)
@given(some.integers(2, 6), some.integers(0, 99))
def test_real_pictures_are_not_compared_with_themselves(m, seed):
    b = rows(m, seed=seed)
    pairs = [cosine(x, y) for x, y in itertools.permutations(b.numpy(), 2)]
    assert fidelity.among_real(b) == pytest.approx(np.mean(pairs), abs=1e-5)


def test_text_similarity_takes_every_picture_with_its_own_prompt():
    a, b = rows(4), rows(4, seed=1)
    assert fidelity.text_similarity(a, b) == pytest.approx(
        np.mean([cosine(x, y) for x, y in zip(a.numpy(), b.numpy(), strict=True)]), abs=1e-6
    )


@settings(deadline=None)
@given(some.integers(2, 5), some.integers(0, 99))
def test_perceptual_distances_equal_the_loop(n, seed):
    draw = torch.Generator().manual_seed(seed)
    layers = [torch.randn(n, 3, 4, 2, generator=draw), torch.randn(n, 5, 2, 2, generator=draw)]
    wanted = torch.zeros(n, n)
    for features in layers:
        unit = features / features.norm(dim=1, keepdim=True)
        for i, j in itertools.product(range(n), range(n)):
            wanted[i, j] += (unit[i] - unit[j]).square().sum(0).mean()
    torch.testing.assert_close(fidelity.perceptual_distances(layers), wanted, rtol=1e-4, atol=1e-5)


def test_div_compares_pictures_of_one_prompt():
    layers = [torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(0))]
    apart = fidelity.perceptual_distances(layers)
    wanted = (apart[0, 2] + apart[1, 3] + apart[1, 4] + apart[3, 4]) / 4
    assert fidelity.div(layers, ["a", "b", "a", "b", "b"]) == pytest.approx(wanted.item(), abs=1e-6)


def test_div_of_copies_is_zero():
    layers = [torch.randn(1, 3, 2, 2).repeat(4, 1, 1, 1)]
    assert fidelity.div(layers, ["a"] * 4) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fidelity.image_similarity(rows(0), rows(2)), "at least one picture"),
        (lambda: fidelity.image_similarity(rows(2)[0], rows(2)), "embeddings \\(N, D\\)"),
        (lambda: fidelity.image_similarity(rows(2), rows(3) * torch.tensor([[1], [torch.nan], [1]])), "Row 1 of real"),
        (lambda: fidelity.among_real(rows(1)), "at least two"),
        (lambda: fidelity.text_similarity(rows(2), rows(3)), "one prompt per picture"),
        (lambda: fidelity.div([torch.randn(2, 3, 2, 2)], ["a", "b"]), "No prompt has two"),
        (lambda: fidelity.div([torch.randn(2, 3, 2, 2)], ["a"] * 3), "features of 3 pictures"),
        (lambda: fidelity.div([], ["a"] * 3), "features of 3 pictures"),
        (lambda: fidelity.as_pixels([], 8), "no picture"),
        (lambda: fidelity.as_pixels([np.zeros((4, 4, 3))], 8), "of uint8"),
        (
            lambda: fidelity.as_pixels([np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)], 8),
            "differ in size",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_pixels_are_scaled_and_resized():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 0] = 255
    pixels = fidelity.as_pixels([picture, picture], 4)
    assert pixels.shape == (2, 3, 4, 4)
    torch.testing.assert_close(pixels[1, 0], torch.ones(4, 4))
    assert not pixels[:, 1:].any()


# ------------------------------------------------------------------------------------------------------- the judge


def two_kinds(count, seed):
    """Grey pictures with noise, and the same with a checkerboard that nobody's eye would see."""
    draw = torch.Generator().manual_seed(seed)
    board = 0.08 * (-1.0) ** (torch.arange(16)[:, None] + torch.arange(16))
    real = 0.5 + 0.05 * torch.randn(count, 3, 16, 16, generator=draw)
    return real, 0.5 + 0.05 * torch.randn(count, 3, 16, 16, generator=draw) + board


def test_a_judge_finds_a_trace_and_not_what_is_not_there():
    real, generated = two_kinds(64, 0)
    model, _ = judge.train_judge(real, generated, steps=60, progress=None)
    unseen, made = two_kinds(64, 1)
    assert judge.balanced_accuracy(model, unseen, made) > 0.9
    assert judge.balanced_accuracy(model, unseen, unseen) == pytest.approx(0.5)
    assert (judge.looks_real(model, unseen) > 0.5).float().mean() > 0.9  # real is the label 1


def test_the_same_seed_trains_the_same_judge():
    real, generated = two_kinds(8, 0)
    one, other = (judge.train_judge(real, generated, steps=3, progress=None, seed=5)[1].losses for _ in range(2))
    assert one == other


def test_a_judge_needs_both_kinds():
    real, _ = two_kinds(4, 0)
    with pytest.raises(ValueError, match="at least two pictures of each kind"):
        judge.train_judge(real, real[:1])
    with pytest.raises(ValueError, match="one size"):
        judge.train_judge(real, real[..., :8])


# ------------------------------------------------------------------------------------------------- the two networks


def backbones():
    import transformers

    torch.manual_seed(0)
    convnext = transformers.ConvNextConfig(
        patch_size=4, num_stages=2, hidden_sizes=[4, 8], depths=[1, 1], image_size=16
    )
    vit = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=6, num_attention_heads=2, intermediate_size=8, patch_size=4, image_size=16
    )
    return {
        "convnext": (transformers.ConvNextModel(convnext).eval(), [(4, 4, 4), (8, 2, 2)]),
        "vit": (transformers.ViTModel(vit, add_pooling_layer=False).eval(), [(8, 16, 1), (8, 16, 1)]),
    }


@pytest.mark.parametrize("name", ["convnext", "vit"])
def test_embeddings_and_layers_of_either_backbone(name):
    backbone, shapes = backbones()[name]
    judges = fidelity.Judges(None, None, backbone)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    embeddings, layers = judges.dino(pictures), judges.layers(pictures)
    assert embeddings.shape == (3, 8) and [tuple(layer.shape[1:]) for layer in layers] == shapes
    alone = judges.dino(pictures[1:2])
    torch.testing.assert_close(alone[0], embeddings[1], rtol=1e-4, atol=1e-5)
    mean, deviation = fidelity.IMAGENET if name == "vit" else fidelity.PLAIN
    pixels = fidelity.as_pixels(pictures, 16)
    scaled = torch.stack([(pixels[:, c] - mean[c]) / deviation[c] for c in range(3)], 1)
    with torch.no_grad():
        output = backbone(pixel_values=scaled)
    wanted = output.last_hidden_state[:, 0] if name == "vit" else output.pooler_output.flatten(1)
    torch.testing.assert_close(embeddings, wanted)
