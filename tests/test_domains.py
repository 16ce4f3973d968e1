"""Pictures, the folder layout domain/class/picture, and the drawings."""

import numpy as np
import pytest
import torch
from PIL import Image

from workbook.datasets import domains, drawings
from workbook.datasets.domains import Pictures, local_folder, read_domain, write_domain
from workbook.datasets.drawings import DOMAINS, KINDS, draw
from workbook.datasets.pairs import load_pair


def pictures(count=12, classes=("cup", "fish", "tree"), domain="Art", size=32, seed=0):
    pixels = torch.randint(0, 256, (count, 3, size, size), generator=torch.Generator().manual_seed(seed))
    return Pictures(domain, classes, pixels.to(torch.uint8), torch.arange(count) % len(classes))


# ------------------------------------------------------------------------------------------------ pictures


@pytest.mark.parametrize(
    ("pixels", "labels", "message"),
    [
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), [0, 1], r"expected pixels \(N, 3, H, W\) .* got \(2, 1, 8, 8\)"),
        (torch.zeros(2, 3, 8, 8), [0, 1], "of type torch.float32"),
        (torch.zeros(2, 3, 8, 8, dtype=torch.uint8), [0], r"got 2 pictures and labels of shape \(1,\)"),
        (
            torch.zeros(2, 3, 8, 8, dtype=torch.uint8),
            [0, 2],
            "picture 1 has the label 2; with 2 classes .* from 0 to 1",
        ),
        (torch.zeros(2, 3, 8, 8, dtype=torch.uint8), [-1, 0], "picture 0 has the label -1"),
    ],
)
def test_pictures_that_do_not_fit_together_are_refused(pixels, labels, message):
    with pytest.raises(ValueError, match=f"Art: .*{message}"):
        Pictures("Art", ("cup", "fish"), pixels, torch.tensor(labels))


def test_few_draws_so_many_of_every_class():
    there = pictures(30)
    few = there.few(9, seed=1)
    assert torch.equal(few.labels, torch.arange(3).repeat_interleave(9))
    assert len(few.pixels.flatten(1).unique(dim=0)) == 27  # none twice
    assert torch.equal(few.pixels, there.few(9, seed=1).pixels)
    assert not torch.equal(few.pixels, there.few(9, seed=2).pixels)
    with pytest.raises(ValueError, match="class 'cup' has 10 pictures, 11 were asked for"):
        there.few(11)


# ---------------------------------------------------------------------------------------------- the layout


def test_what_is_written_is_read_back(tmp_path):
    there = pictures()
    assert write_domain(there, tmp_path) == tmp_path / "Art"
    read = read_domain(tmp_path, "Art")
    assert read.classes == there.classes and read.domain == "Art" and len(read) == 12
    for label in range(3):
        ours, theirs = (one.pixels[one.labels == label].flatten(1).sort(0).values for one in (there, read))
        assert torch.equal(ours, theirs)
    with pytest.raises(FileExistsError, match="is not empty"):
        write_domain(there, tmp_path)


def test_splits_are_disjoint_and_of_every_class(tmp_path):
    write_domain(pictures(90), tmp_path)
    parts = {split: read_domain(tmp_path, "Art", split=split) for split in ("train", "validation", "test")}
    assert [part.labels.bincount().tolist() for part in parts.values()] == [[18] * 3, [3] * 3, [9] * 3]
    every = torch.cat([part.pixels for part in parts.values()]).flatten(1)
    assert len(every.unique(dim=0)) == 90
    names = [one.name for one in domains._pictures_of(tmp_path / "Art", "cup", "train")]
    assert names != sorted(names)  # neighbours in the folder are often alike, and must not share a split


def test_the_target_gets_the_sources_numbers(tmp_path):
    write_domain(pictures(classes=("cup", "fish", "tree"), domain="Art"), tmp_path)
    write_domain(pictures(classes=("boat", "cup", "fish"), domain="Photo", seed=1), tmp_path)
    target = read_domain(tmp_path, "Photo", classes=("fish", "cup"))
    assert target.classes == ("fish", "cup") and target.labels.bincount().tolist() == [4, 4]
    with pytest.raises(FileNotFoundError, match=r"'Photo' has no class 'tree'. Its classes are: boat, cup, fish"):
        read_domain(tmp_path, "Photo", classes=("cup", "tree"))


def test_pictures_of_any_size_and_kind_are_cut_to_squares(tmp_path):
    folder = tmp_path / "Real World" / "Alarm_Clock"
    folder.mkdir(parents=True)
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = 255  # the middle square is white, all else black
    Image.fromarray(wide).save(folder / "00001.JPG", format="JPEG", quality=95)
    Image.fromarray(wide[..., 0]).save(folder / "grey.png")
    Image.fromarray(wide[:, 20:30]).save(folder / "narrow.jpeg", quality=95)  # 10 wide, 40 high
    (folder / "readme.txt").write_text("not a picture")
    (folder / ".hidden.png").write_text("nor this")
    read = read_domain(tmp_path, "Real World", size=16)
    assert read.pixels.shape == (3, 3, 16, 16) and read.classes == ("Alarm_Clock",)
    assert read.pixels[..., 2:-2].min() > 230
    assert len(read_domain(tmp_path, "Real World", size=16, per_class=2)) == 2


def test_a_damaged_picture_is_named(tmp_path):
    write_domain(pictures(), tmp_path)
    (tmp_path / "Art" / "fish" / "00001.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ValueError, match=r"fish/00001.png can't be read as a picture .*Replace the file, or delete it"):
        read_domain(tmp_path, "Art")


def test_missing_folders_say_what_is_there(tmp_path):
    write_domain(pictures(), tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no domain 'Product'. Its domains are: Art"):
        read_domain(tmp_path, "Product")
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*elsewhere"):
        read_domain(tmp_path / "elsewhere", "Art")
    (tmp_path / "Art" / "empty").mkdir()
    with pytest.raises(ValueError, match="empty has no picture"):
        read_domain(tmp_path, "Art")
    (tmp_path / "Bare").mkdir()
    with pytest.raises(ValueError, match="has no folders of classes"):
        read_domain(tmp_path, "Bare")
    with pytest.raises(ValueError, match="split must be"):
        read_domain(tmp_path, "Art", split="dev")


def test_a_folder_of_ones_own_is_named_by_a_variable(tmp_path, monkeypatch):
    monkeypatch.delenv("WORKBOOK_OFFICEHOME", raising=False)
    with pytest.raises(
        FileNotFoundError, match=r"WORKBOOK_OFFICEHOME is not set. Download it .* one folder per domain"
    ):
        local_folder("WORKBOOK_OFFICEHOME", "OfficeHome")
    monkeypatch.setenv("WORKBOOK_OFFICEHOME", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"names '.*nowhere', which is no folder"):
        local_folder("WORKBOOK_OFFICEHOME", "OfficeHome")
    monkeypatch.setenv("WORKBOOK_OFFICEHOME", str(tmp_path))
    assert local_folder("WORKBOOK_OFFICEHOME", "OfficeHome") == tmp_path


# ------------------------------------------------------------------------------------------------ drawings


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_kind_is_drawn_in_every_domain(domain):
    drawn = draw(domain, 20, seed=4)
    assert drawn.pixels.shape == (20, 3, 32, 32) and drawn.classes == tuple(KINDS) and drawn.domain == domain
    assert torch.equal(drawn.labels.bincount(), torch.full((10,), 2))
    assert torch.equal(drawn.pixels, draw(domain, 20, seed=4).pixels)
    assert not torch.equal(drawn.pixels, draw(domain, 20, seed=5).pixels)
    assert drawn.pixels.float().std((1, 2, 3)).min() > 5  # something is on it


def test_the_domains_look_as_they_should():
    means = {domain: draw(domain, 30).pixels.float() for domain in DOMAINS}
    assert torch.equal(means["sketch"][:, 0], means["sketch"][:, 1]) and means["sketch"].mean() > 200
    assert means["noisy"].mean() < means["photo"].mean() - 20
    assert (means["clipart"] > 250).float().mean() > 0.4
    assert not torch.equal(means["photo"][:, 0], means["photo"][:, 1])
    parts = drawings._placed(KINDS["fish"](np.random.default_rng(0)), np.random.default_rng(0))
    photo, negative = (make(parts, np.random.default_rng(1)) for make in (drawings._photo, drawings._negative))
    assert np.allclose(np.clip(photo, 0, 255) + negative, 255)


def test_objects_stay_on_their_canvas():
    rng = np.random.default_rng(0)
    for make in KINDS.values():
        for _ in range(20):
            points = np.concatenate([part.points for part in drawings._placed(make(rng), rng)])
            assert points.min() > -3 and points.max() < drawings.SIZE * drawings.FINE + 3


@pytest.mark.parametrize(
    ("domain", "count", "message"),
    [("painting", 3, "no domain 'painting'; there are photo, sketch"), ("photo", 0, "count must be at least 1")],
)
def test_drawings_that_do_not_exist(domain, count, message):
    with pytest.raises(ValueError, match=message):
        draw(domain, count)


# --------------------------------------------------------------------------------------------------- pairs


def test_pairs_have_disjoint_splits_and_the_same_classes(tmp_path, monkeypatch):
    write_domain(pictures(60), tmp_path)
    write_domain(pictures(60, domain="Photo", seed=1), tmp_path)
    monkeypatch.setenv("WORKBOOK_OFFICEHOME", str(tmp_path))
    for pair, name in [
        (load_pair("digits", count=20, held_out=20), "fonts → handwritten"),
        (load_pair("objects", "photo", "sketch", count=10, held_out=10), "photo → sketch"),
        (load_pair("WORKBOOK_OFFICEHOME", "Art", "Photo", size=16), "Art → Photo"),
    ]:
        parts = [pair.train, pair.source_test, pair.pool, pair.validation, pair.test]
        assert pair.name == name and {part.classes for part in parts} == {pair.classes}
        for one, other in [(pair.train, pair.source_test), (pair.pool, pair.test), (pair.validation, pair.test)]:
            both = torch.cat([one.pixels, other.pixels]).flatten(1)
            assert len(both.unique(dim=0)) == len(both)


@pytest.mark.parametrize("count", [1, 7, 23, 40])
def test_balanced_labels_differ_in_number_by_one_at_most_and_are_mixed(count):
    labels = domains.balanced_labels(count, 10, np.random.default_rng(0))
    assert len(labels) == count and np.ptp(np.bincount(labels, minlength=10)) <= 1
    assert count < 10 or (np.diff(labels) < 0).any()
