"""Adapting a picture classifier: the classifier, batches, Deep CORAL, recipes, backbones and the stored study."""

import json
import re

import pytest
import torch
import transformers

from workbook import files, studies, zoo
from workbook.datasets.domains import Pictures
from workbook.trainers import adaptation, adaptation_study
from workbook.trainers.adaptation import (
    PictureBatches,
    PictureClassifier,
    Recipe,
    WithFeatures,
    accuracy_of,
    adapt,
    deep_coral,
    features_of,
    guesses_of,
    parameters_of,
)
from workbook.vision.shift import coral_loss
from workbook.zoo import tiny_vision
from workbook.zoo.entries import VISION
from workbook.zoo.tiny_vision import SIZES, Size, network

CONVNEXT = Size("ConvNext", {**SIZES["tiny-convnext"].config, "hidden_sizes": [4, 8, 16], "depths": [1, 1, 1]})


def two_colours(count=24, shift=0, domain="a"):
    """Pictures that are red or blue, as easy as can be; `shift` makes another domain of them."""
    labels = torch.arange(count) % 2
    pixels = torch.full((count, 3, 32, 32), shift, dtype=torch.uint8)
    pixels[labels == 0, 0] += 100
    pixels[labels == 1, 2] += 100
    return Pictures(domain, ("red", "blue"), pixels, labels)


def small(seed=0, classes=2):
    torch.manual_seed(seed)
    return PictureClassifier(network(CONVNEXT, 3), None, classes).eval()


# -------------------------------------------------------------------------------------------- the classifier

FAMILIES = [CONVNEXT, SIZES["tiny-deit"], SIZES["tiny-swin"]]


@pytest.mark.parametrize("size", FAMILIES, ids=lambda size: size.family)
def test_features_are_what_the_familys_own_head_is_given(size):
    torch.manual_seed(0)
    theirs = network(size, 5).eval()
    ours = PictureClassifier(theirs, None, 5).eval()
    ours.head.load_state_dict(theirs.classifier.state_dict())
    pictures = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(pictures), theirs(pixel_values=2 * pictures - 1).logits)
    assert ours.embed(pictures).shape == (3, adaptation.feature_size(theirs.config))


def test_a_vit_as_the_hubs_deit_and_a_processors_mean_and_spread():
    config = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    theirs = transformers.ViTForImageClassification(
        transformers.ViTConfig(**config, image_size=32, patch_size=8, num_labels=4)
    ).eval()
    processor = transformers.ViTImageProcessorPil(image_mean=[0.1, 0.2, 0.3], image_std=[0.5, 0.6, 0.7])
    ours = PictureClassifier(theirs, processor, 4).eval()
    ours.head.load_state_dict(theirs.classifier.state_dict())
    pictures = torch.rand(2, 3, 32, 32)
    sizes = dict(do_resize=False, do_rescale=False, return_tensors="pt")
    with torch.no_grad():
        expected = theirs(**processor(list(pictures.numpy()), input_data_format="channels_first", **sizes)).logits
        torch.testing.assert_close(ours(pictures), expected, rtol=1e-4, atol=1e-5)


def test_a_new_head_finds_every_class_equally_likely():
    model = small(classes=4)
    assert torch.equal(model(torch.rand(2, 3, 32, 32)), torch.zeros(2, 4))
    assert parameters_of(model.head) == 4 * 16 + 4


def test_guesses_do_not_depend_on_the_batch():
    model, pictures = small(), two_colours(10)
    torch.nn.init.normal_(model.head.weight)
    whole, parts = features_of(model, pictures), features_of(model, pictures, batch_size=3)
    torch.testing.assert_close(whole, parts)
    assert whole.shape == (10, 16) and not whole.requires_grad
    guesses = guesses_of(model, pictures)
    assert accuracy_of(model, pictures) == (guesses == pictures.labels).float().mean().item()


# ----------------------------------------------------------------------------------------------- the batches


def test_an_epoch_shows_every_picture_once_and_then_in_another_order():
    pixels = torch.arange(10, dtype=torch.uint8)[:, None, None, None].repeat(1, 3, 4, 4)
    pictures = Pictures("a", ("x",), pixels, torch.zeros(10, dtype=torch.long))
    batches = PictureBatches(pictures, 5, "none")

    def order():
        return [round(255 * value) for batch in batches for value in batch["pictures"][:, 0, 0, 0].tolist()]

    torch.manual_seed(0)
    first, second = order(), order()
    assert sorted(first) == sorted(second) == list(range(10)) and first != second
    assert len(batches) == 2 and len(PictureBatches(pictures, 4)) == 2 and len(PictureBatches(pictures, 64)) == 1


def test_a_partners_pictures_come_along_without_labels():
    batch = next(iter(PictureBatches(two_colours(8), 4, "none", partner=two_colours(3, shift=100))))
    assert set(batch) == {"pictures", "labels", "others"} and batch["others"].shape == batch["pictures"].shape
    assert batch["others"].min() > 0.3 and batch["pictures"].min() == 0
    assert "others" not in next(iter(PictureBatches(two_colours(8), 4)))


# --------------------------------------------------------------------------------------------------- CORAL


def test_deep_coral_is_cross_entropy_and_the_loss_between_features():
    model = small()
    torch.nn.init.normal_(model.head.weight)
    batch = next(iter(PictureBatches(two_colours(8), 4, "light", partner=two_colours(6, 100))))
    source, target = model.embed(batch["pictures"]), model.embed(batch["others"])
    plain = torch.nn.functional.cross_entropy(model.head(source), batch["labels"])
    for weight in (0.0, 3.0):
        expected = plain + weight * coral_loss(source, target)
        torch.testing.assert_close(deep_coral(weight)(WithFeatures(model), batch), expected)


def test_deep_coral_brings_the_domains_together_and_still_learns_the_source():
    source, target = two_colours(), two_colours(shift=120, domain="b")
    source.pixels[:, :, :16] //= torch.arange(1, 25)[:, None, None, None]  # of many kinds, unlike the target
    plain, close = (adapt(small(), Recipe(40, 3e-3, 24, "light", coral=w), source, target)[0] for w in (1e-6, 1e4))
    apart = [coral_loss(features_of(model, source), features_of(model, target)).item() for model in (plain, close)]
    assert apart[1] < 0.5 * apart[0]
    assert accuracy_of(close, source) == 1.0


# ----------------------------------------------------------------------------------------------- the recipes


def test_a_copy_is_trained_and_the_start_stays():
    start, source = small(), two_colours()
    before = {name: value.clone() for name, value in start.state_dict().items()}
    model, history = adapt(start, Recipe(20, 3e-3, 12, "none"), source)
    assert all(torch.equal(value, before[name]) for name, value in start.state_dict().items())
    assert accuracy_of(model, source) == 1.0 and len(history.losses) == 20
    again, _ = adapt(start, Recipe(20, 3e-3, 12, "none"), source)
    assert torch.equal(again.head.weight, model.head.weight)
    other, _ = adapt(start, Recipe(20, 3e-3, 12, "none"), source, seed=1)
    assert not torch.equal(other.head.weight, model.head.weight)


def test_a_linear_probe_leaves_the_backbone_alone():
    start = small()
    model, _ = adapt(start, Recipe(5, 1e-2, learns="head"), two_colours())
    changed = [
        name
        for (name, value), before in zip(model.named_parameters(), start.parameters(), strict=True)
        if not torch.equal(value, before)
    ]
    assert changed == ["head.weight", "head.bias"]
    assert all(parameter.requires_grad for parameter in model.parameters())  # ready for what comes next


def test_figures_can_be_watched_on_the_way():
    source, target = two_colours(), two_colours(shift=120, domain="b")
    model, history = adapt(
        small(), Recipe(4, 3e-3), source, evaluate=adaptation.watch(seen=source, other=target), evaluate_every=2
    )
    assert [row["step"] for row in history.evaluations] == [2, 4]
    last = history.evaluations[-1]
    assert last["seen"] == accuracy_of(model, source) and last["other"] == accuracy_of(model, target)
    expected = torch.nn.functional.cross_entropy(model.head(features_of(model, target)), target.labels).item()
    assert last["other_loss"] == pytest.approx(expected, rel=1e-5) and last["seen_loss"] != last["other_loss"]


def test_recipes_that_make_no_sense():
    with pytest.raises(ValueError, match="give the target's pictures as `unlabelled`"):
        adapt(small(), Recipe(coral=1.0), two_colours())
    with pytest.raises(ValueError, match='learns must be "all" or "head", not \'body\''):
        adapt(small(), Recipe(learns="body"), two_colours())


# ---------------------------------------------------------------------------------------------- the backbones


@pytest.mark.parametrize("role", VISION)
def test_the_stored_backbones_are_what_their_cards_say(role):
    model, processor = zoo.load(role, "small")
    name = zoo.entry(role, "small").name
    card = json.loads((files.root() / "data" / "models" / name / "card.json").read_text())
    assert processor is None and not model.training
    assert parameters_of(model) == card["parameters"] and model.config.num_labels == card["classes"]
    assert [model.config.id2label[number] for number in range(10)] == list("0123456789")
    size = (files.root() / "data" / "models" / name / "model.safetensors").stat().st_size
    assert size < 12e6 and size / 1e6 == pytest.approx(2 * card["parameters"] / 1e6, abs=0.1)


def test_a_backbone_and_its_head_recognise_what_they_were_pretrained_on():
    stored, _ = zoo.load("vision-backbone", "small")
    unseen = tiny_vision.digits.rendered_digits("test", 40, seed=9)
    with torch.no_grad():
        guesses = stored(pixel_values=unseen.pixels.float() / 127.5 - 1).logits.argmax(1)
    assert (guesses == unseen.labels).float().mean() > 0.9


def test_the_sizes_are_as_far_apart_as_they_should_be():
    numbers = [parameters_of(zoo.load(role, "small").model) for role in adaptation_study.CONVNEXTS]
    assert numbers[0] < 0.15e6 < 3 * numbers[0] < numbers[1] < numbers[1] * 3 < numbers[2]


@pytest.mark.parametrize("role", VISION)
def test_the_hubs_backbones_can_be_built_without_the_hub(role, monkeypatch):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    with torch.device("meta"):
        model, _ = zoo.load(role, "full")
    millions = float(re.search(r"([\d.]+) M parameters", zoo.entry(role, "full").about)[1])
    assert parameters_of(model) / 1e6 == pytest.approx(millions, rel=0.1)  # the head is another's


def test_the_pretraining_pictures_have_the_classes_of_all_parts(monkeypatch):
    monkeypatch.setattr(
        tiny_vision.digits, "rendered_digits", lambda split, count, seed, classes=("0", "1"): two(classes)
    )
    monkeypatch.setattr(tiny_vision, "draw", lambda domain, count, seed: two(("cup", "fish")))

    def two(classes):
        return Pictures("x", classes, two_colours(4).pixels, torch.tensor([0, 1, 1, 0]))

    plain, modern = tiny_vision.corpus(0), tiny_vision.corpus(0, modern=True)
    assert plain.classes == ("0", "1", "cup", "fish") and plain.labels.tolist() == [0, 1, 1, 0, 2, 3, 3, 2]
    assert modern.classes[:4] == plain.classes and modern.classes[4:] == tiny_vision.digits.LETTERS
    assert modern.labels.tolist()[-4:] == [2, 3, 3, 2]  # clip art has the photos' classes


# -------------------------------------------------------------------------------------------------- the study


def test_the_best_candidate_is_that_of_validation():
    rows = [
        dict(part="tuning", way="source only", labels=None, candidate=number, validation=validation)
        for number, validation in enumerate([0.5, 0.6])
    ]
    assert adaptation_study.best(rows, "source only") == adaptation_study.CANDIDATES["source only"][1]
    rows[0]["validation"] = 0.6
    assert adaptation_study.best(rows, "source only") == adaptation_study.CANDIDATES["source only"][0]
    with pytest.raises(LookupError, match="has not tried every candidate of 'source only'"):
        adaptation_study.best(rows[:1], "source only")


def test_the_stored_study_is_complete():
    study = studies.load("05_distribution_shift")
    rows, seeds = study["rows"], study["seeds"]

    def those(part, **wanted):
        return [row for row in rows if row["part"] == part and all(row[key] == value for key, value in wanted.items())]

    assert len(seeds) >= 3
    for way in adaptation_study.WITHOUT_LABELS:
        for part in ("methods", "second"):
            assert [row["seed"] for row in those(part, way=way)] == seeds
    for labels in adaptation_study.LABELS:
        for way in ("linear probe", "from scratch"):
            assert [row["seed"] for row in those("methods", way=way, labels=labels)] == seeds
        tuned = those("methods", way="fine-tuning", labels=labels, start="source only")
        assert [row["seed"] for row in tuned] == seeds and all(len(row["curve"]) == 10 for row in tuned)
    for pair in ("first", "second"):
        assert [row["seed"] for row in those("modern", pair=pair)] == seeds
        for role in adaptation_study.CONVNEXTS:
            assert [row["seed"] for row in those("sizes", pair=pair, role=role)] == seeds
            assert [row["pretraining"] for row in those("pretrainings", pair=pair, role=role)] == seeds[1:]
    for family in ("deit", "swin"):
        assert [row["seed"] for row in those(family, role=f"vision-{family}")] == seeds


def test_the_study_keeps_to_the_settings_that_were_chosen():
    rows = studies.load("05_distribution_shift")["rows"]
    for way in adaptation_study.WITHOUT_LABELS:
        assert adaptation_study.best(rows, way) in adaptation_study.CANDIDATES[way]
