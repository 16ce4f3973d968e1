"""The widgets without a browser: messages go in as a front end sends them, hostile ones too."""

import base64
import io
import shutil
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbook.widgets import base, fallback
from workbook.widgets.box_pair import BoxPair
from workbook.widgets.click_mask import ClickMask
from workbook.widgets.paint_mask import PaintMask
from workbook.widgets.play_riffs import PlayRiffs
from workbook.widgets.rank_answers import rank_answers
from workbook.widgets.upload_photos import MOST, UploadPhotos

ROOT = Path(__file__).resolve().parents[1]
HEIGHT, WIDTH = 6, 9  # 54 pixels: the last byte of the packed mask is not full
IMAGE = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3)
MASK = np.zeros((HEIGHT, WIDTH), bool)
MASK[1:3, 2:6] = True


class Front:
    """What a page does with a widget: it sends changes, and takes note of what the kernel sends."""

    def __init__(self, widget):
        self.widget, self.seen = widget, {}
        widget.comm.publish_msg = self._receive

    def _receive(self, kind, data=None, metadata=None, buffers=None, **_):
        if (data or {}).get("method") == "update":
            self.seen |= data["state"]
            self.seen |= {path[0]: bytes(part) for path, part in zip(data["buffer_paths"], buffers or [], strict=True)}

    def send(self, **state):
        buffers = {name: value for name, value in state.items() if isinstance(value, bytes)}
        data = {
            "method": "update",
            "state": {name: value for name, value in state.items() if name not in buffers},
            "buffer_paths": [[name] for name in buffers],
        }
        views = [memoryview(value) for value in buffers.values()]
        self.widget._handle_msg({"content": {"data": data}, "buffers": views})


def predict(points, labels, box):
    """A mask of the pixels clicked on."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for (x, y), label in zip(points, labels, strict=True):
        mask[int(y), int(x)] = label
    if box is not None:
        x1, y1, x2, y2 = box.astype(int)
        mask[y1:y2, x1:x2] = True
    return mask, 0.75


MAKERS = {
    "box_pair": lambda: BoxPair(IMAGE, (0, 0, 4, 4), (2, 2, 8, 6)),
    "click_mask": lambda: ClickMask(IMAGE, predict),
    "paint_mask": lambda: PaintMask(IMAGE, MASK),
    "play_riffs": lambda: PlayRiffs(np.zeros((3, 800)), IMAGE.transpose(2, 0, 1), 8_000),
    "rank_answers": lambda: rank_answers([{"id": 1, "prompt": "Why?", "answers": ["so", "no"]}], "not/written.jsonl"),
    "upload_photos": lambda: UploadPhotos([IMAGE]),
}

# ------------------------------------------------------------------------------------------------ all widgets


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_one_output_for_live_and_stored_notebooks(make):
    """Two runs give the same text, and only the view, which nbval does not compare and storing drops, differs."""
    (one, _), (other, _) = make()._repr_mimebundle_(), make()._repr_mimebundle_()
    view = "application/vnd.jupyter.widget-view+json"
    assert set(one) == {"text/plain", "text/html", view}
    assert one.pop(view) != other.pop(view)
    assert one == other
    assert one["text/plain"] == f"[widget: {make().alt}]" == repr(make())


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_front_end_sets_what_is_its_own_and_nothing_else(make):
    widget = make()
    sent = {"alt": "x", "width": 1, "height": 1, "picture": b"x", "showing": {}, "_esm": "x", "message": "x"}
    before = {name: getattr(widget, name) for name in sent if widget.has_trait(name)}
    Front(widget).send(**sent, no_such_trait=1)
    assert before == {name: getattr(widget, name) for name in before}


@pytest.mark.parametrize("name", MAKERS)
def test_the_script_is_valid_and_needs_no_network(name, tmp_path):
    source = base.script(name)
    assert "import " not in source and "http" not in source
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    (tmp_path / "widget.mjs").write_text(source)
    subprocess.run([node, "--check", tmp_path / "widget.mjs"], check=True, capture_output=True)


def test_the_scripts_are_installed():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["tool"]["setuptools"]["package-data"]
    assert {"widgets/*.js", "widgets/*.css"} <= set(patterns["workbook"])


@pytest.mark.parametrize("make", [BoxPair, lambda i: ClickMask(i, predict), lambda i: PaintMask(i, MASK)])
@pytest.mark.parametrize("image", [IMAGE / 255, IMAGE[None], IMAGE.transpose(2, 0, 1), IMAGE[:0], IMAGE.astype(int)])
def test_an_image_of_another_kind_is_an_error(make, image):
    with pytest.raises(ValueError, match=r"^The image .*(takes uint8 \(H, W\) or \(H, W, 3\)|has no pixels)"):
        make(image)


def test_a_widget_needs_alt_text():
    with pytest.raises(ValueError, match="needs alt text"):
        BoxPair(alt=" ")


@pytest.mark.parametrize("shape", [(1, 1), (6, 9), (8, 8), (1, 17)])
def test_packing_and_unpacking(shape):
    mask = np.random.default_rng(0).random(shape) > 0.5
    assert (base.unpack(base.pack(mask), *shape) == mask).all()


# ------------------------------------------------------------------------------------------------ the static picture


def test_the_picture_shades_what_two_boxes_share_and_writes_the_caption():
    image = np.full((400, 400), 255, np.uint8)
    drawn = fallback.draw(image, [(100, 100, 200, 200), (150, 150, 250, 250)], caption="IoU 0.14")
    np.testing.assert_allclose(drawn[175, 175], 0.7 * 255 + 0.3 * np.array(fallback.SHARED), atol=1)
    assert (drawn[130, 130] == 255).all() and (drawn[230, 230] == 255).all()
    assert (drawn[370:, :120] == 0).any() and (fallback.draw(image)[370:, :120] == 255).all()
    apart = fallback.draw(image, [(100, 100, 140, 140), (200, 200, 250, 250)])
    assert (apart[170, 170] == 255).all() and (apart[120, 120] == 255).all()


def test_the_still_picture_of_two_boxes_says_their_iou():
    pair = BoxPair(a=(0, 0, 100, 100), b=(50, 0, 150, 100))
    assert pair._overlays()["caption"] == "IoU 0.33"


def test_the_picture_shows_boxes_mask_and_points():
    image = np.full((400, 400), 128, np.uint8)
    mask = np.zeros((400, 400), bool)
    mask[100:200, 100:200] = True
    drawn = fallback.draw(image, [(300, 300, 390, 390)], mask, [(50, 50), (50, 350)], [1, 0])
    assert drawn.shape == (400, 400, 3) and (image == 128).all()
    assert tuple(drawn[100, 100]) == fallback.OVERLAY  # the outline
    np.testing.assert_allclose(drawn[150, 150], 0.55 * 128 + 0.45 * np.array(fallback.OVERLAY), atol=1)  # inside
    assert tuple(drawn[200, 200]) == (128, 128, 128)
    assert tuple(drawn[345, 300]) == fallback.BOXES[0]
    assert (drawn[48:53, 48:53] == 255).any() and not (drawn[53, 50] == drawn[353, 50]).all()  # plus and minus


def test_a_small_picture_is_enlarged_and_its_overlays_with_it():
    drawn = fallback.draw(np.zeros((10, 20, 3), np.uint8), mask=np.eye(10, 20, dtype=bool))
    assert drawn.shape == (160, 320, 3) and tuple(drawn[8, 8]) == fallback.OVERLAY and not drawn[8, 24].any()


def test_the_static_picture_has_alt_text(monkeypatch):
    shown = []
    monkeypatch.setattr("workbook.show.both", lambda plain, rich: shown.append((plain, rich)))
    fallback.static(IMAGE, 'two "coins" & more', mask=MASK)
    ((plain, rich),) = shown
    assert plain == '[figure: two "coins" & more]' and 'alt="two &quot;coins&quot; &amp; more"' in rich
    picture = Image.open(io.BytesIO(base64.b64decode(rich.split("base64,")[1].split('"')[0])))
    assert (np.asarray(picture) == fallback.draw(IMAGE, mask=MASK)).all()
    with pytest.raises(ValueError, match="needs alt text"):
        fallback.static(IMAGE, "")


# ------------------------------------------------------------------------------------------------ two boxes


def test_boxes_come_back_at_the_end_of_a_gesture():
    pair, seen = BoxPair(), []
    pair.observe(lambda change: seen.append((change.name, change.new)), names=["a", "b"])
    Front(pair).send(b=[10, 20, 30.5, 40])
    assert pair.b == (10.0, 20.0, 30.5, 40.0) and seen == [("b", pair.b)] and pair.a == (40, 40, 200, 160)


def test_iou_of_the_boxes():
    pair = BoxPair(a=(0, 0, 20, 10), b=(10, 0, 30, 10))
    assert pair.iou == pytest.approx(1 / 3)
    pair.b = (100, 100, 120, 110)
    assert pair.iou == 0


BAD_BOXES = [
    ((0, 0, float("nan"), 4), "expected four finite numbers"),
    ((0, 0, 4), "expected four numbers"),
    ("abcd", "expected four numbers"),
    (None, "expected four numbers"),
    ((5, 0, 4, 4), "x1 <= x2 and y1 <= y2"),
    ((0, 0, 4, 10_000), "inside the picture, which is 320 wide and 240 high"),
    ((-1, 0, 4, 4), "inside the picture"),
]


@pytest.mark.parametrize("box, says", BAD_BOXES)
def test_a_bad_box_is_an_error_in_python_and_a_message_from_a_page(box, says):
    with pytest.raises(ValueError, match=f"^a is .*{says}"):
        BoxPair(a=box)
    pair = BoxPair()
    with pytest.raises(ValueError, match=f"^b is .*{says}"):
        pair.b = box
    front = Front(pair)
    front.send(a=[1, 2, 3, 4], b=box)
    assert pair.message.startswith("Refused: b is") and says in pair.message
    assert pair.a == (40, 40, 200, 160) and pair.b == (120, 80, 280, 200)  # all of a message, or none
    assert front.seen["b"] == pair.b and front.seen["message"] == pair.message  # the page is put right
    front.send(a=[1, 2, 3, 4])
    assert pair.message == "" and pair.a == (1, 2, 3, 4)


@pytest.mark.parametrize("size", [(0, 5), (5,), "no", (9999, 5)])
def test_a_bad_size_is_an_error(size):
    with pytest.raises(ValueError, match=r"^size is .*expected \(width, height\)"):
        BoxPair(size=size)


# ------------------------------------------------------------------------------------------------ clicks


def test_clicks_reach_predict_and_its_mask_comes_back():
    calls = []
    clicks = ClickMask(IMAGE, lambda *prompt: calls.append(prompt) or predict(*prompt))
    front = Front(clicks)
    front.send(prompts=[["point", 2, 3, 1], ["point", 4.5, 1, 0], ["box", 0, 0, 2, 2]])
    ((points, labels, box),) = calls
    assert points.dtype == np.float32 and points.tolist() == [[2, 3], [4.5, 1]]
    assert labels.dtype == np.int64 and labels.tolist() == [1, 0]
    assert box.dtype == np.float32 and box.tolist() == [0, 0, 2, 2]
    assert clicks.mask.dtype == bool and clicks.mask[3, 2] and clicks.mask.sum() == 5
    assert clicks.predicted_iou == 0.75 == front.seen["score"]
    assert front.seen["bits"] == base.pack(clicks.mask) and front.seen["answered"] == 1


def test_gestures_from_a_cell():
    clicks = ClickMask(IMAGE, predict)
    assert clicks.box is None and clicks.points.shape == (0, 2)
    clicks.drag(1, 1, 3, 3)
    clicks.click(5, 5)
    clicks.click(1, 1, label=0)
    assert clicks.mask.sum() == 5 and clicks.labels.tolist() == [1, 0]
    clicks.undo()
    assert len(clicks.prompts) == 2
    clicks.clear()
    assert not clicks.mask.any() and clicks.predicted_iou is None and clicks.prompts == []


def test_a_mask_from_torch():
    import torch

    clicks = ClickMask(IMAGE, lambda *_: (torch.from_numpy(MASK), torch.tensor(0.5)))
    clicks.click(1, 1)
    assert (clicks.mask == MASK).all() and clicks.predicted_iou == 0.5


def test_the_static_picture_holds_the_clicks():
    clicks = ClickMask(IMAGE, predict)
    without = clicks._repr_mimebundle_()[0]
    clicks.click(5, 5)
    clicks.drag(0, 0, 3, 3)
    assert clicks._repr_mimebundle_()[0]["text/html"] != without["text/html"]


def _raises(*_):
    raise RuntimeError("out of memory")


@pytest.mark.parametrize(
    "answer, says",
    [
        (_raises, "RuntimeError: out of memory"),
        (lambda *_: None, "it returned NoneType: expected a mask and its predicted IoU"),
        (lambda *_: (MASK.T, 0.5), r"the shape \(9, 6\).*expected \(6, 9\)"),
        (lambda *_: (MASK * 0.3, 0.5), "other values than 0 and 1: threshold it first"),
        (lambda *_: (MASK, float("nan")), "the predicted IoU is nan"),
        (lambda *_: (MASK, "high"), "ValueError: could not convert"),
    ],
)
def test_what_predict_does_wrong_is_said_in_words(answer, says):
    answers = [predict, answer]
    clicks = ClickMask(IMAGE, lambda *prompt: answers[len(prompt[0]) - 1](*prompt))
    front = Front(clicks)
    front.send(prompts=[["point", 2, 3, 1]])
    before = clicks.mask
    front.send(prompts=[["point", 2, 3, 1], ["point", 1, 1, 1]])
    with pytest.raises(AssertionError, match=f"predict failed: .*{says}"):
        raise AssertionError(clicks.message)
    assert (clicks.mask == before).all() and front.seen["answered"] == 2
    front.send(prompts=[["point", 2, 3, 1]])
    assert clicks.message == ""


@pytest.mark.parametrize(
    "prompts, says",
    [
        (5, "must be a list of at most"),
        ([["point", 1, 1, 1]] * 201, "must be a list of at most 200"),
        ([["point", 1, 1]], "is no prompt"),
        ([["point", 1, 1, 2]], "is no prompt"),
        ([["circle", 1, 1, 1]], "is no prompt"),
        (["point"], "is no prompt"),
        ([["point", 99, 1, 1]], "the point is .*inside the picture"),
        ([["point", "1px", 1, 1]], "the point is .*expected four numbers"),
        ([["box", 3, 3, 1, 1]], "the box is .*x1 <= x2"),
        ([["box", 1, 1, 2]], "the box is .*expected four numbers"),
        ([["point", None, 1, 1]], "the point is"),
    ],
)
def test_malformed_prompts_are_refused(prompts, says):
    calls = []
    clicks = ClickMask(IMAGE, lambda *prompt: calls.append(prompt) or predict(*prompt))
    Front(clicks).send(prompts=prompts)
    with pytest.raises(AssertionError, match=f"^Refused: .*{says}"):
        raise AssertionError(clicks.message)
    assert clicks.prompts == [] and not calls
    with pytest.raises(Exception, match=says if prompts != 5 else "list"):
        clicks.prompts = prompts


def test_predict_must_be_a_function():
    with pytest.raises(ValueError, match="predict is 'sam': expected a function"):
        ClickMask(IMAGE, "sam")


# ------------------------------------------------------------------------------------------------ brush and eraser


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    return tmp_path


def stroke(mask=MASK, row=5):
    """A mask with one more row painted."""
    painted = mask.copy()
    painted[row] = True
    return painted


def test_a_stroke_reaches_the_kernel_and_the_disk(home):
    paint, seen = PaintMask(IMAGE, MASK, "11/coin.npz"), []
    paint.observe(lambda change: seen.append(change.name), names="bits")
    assert paint.saved is None and paint.iou == 1 and list(home.iterdir()) == []
    Front(paint).send(bits=base.pack(stroke()))
    assert (paint.mask == stroke()).all() and seen == ["bits"]
    assert paint.iou == 8 / 17 and (paint.original == MASK).all()
    assert paint.saved == home / "11" / "coin.npz" and paint.note == f"Saved in {paint.saved}"
    again = PaintMask(IMAGE, MASK, "11/coin.npz")
    assert (again.mask == stroke()).all() and again.iou == 8 / 17 and again.note.startswith("Went on with")


def test_every_stroke_is_saved_and_reset_forgets_them(home):
    paint = PaintMask(IMAGE, MASK, home / "coin.npz")
    for row in (0, 4):
        paint.mask = stroke(row=row)
        assert (PaintMask(IMAGE, MASK, home / "coin.npz").mask == stroke(row=row)).all()
    paint.reset()
    assert (paint.mask == MASK).all() and paint.saved is None and list(home.iterdir()) == []


def test_without_a_file_nothing_is_saved(home):
    paint = PaintMask(IMAGE, MASK)
    paint.mask = stroke()
    assert paint.saved is None and list(home.iterdir()) == []
    paint.reset()
    assert (paint.mask == MASK).all()


def test_iou_against_another_original():
    paint = PaintMask(IMAGE, MASK, original=stroke())
    assert paint.iou == 8 / 17 and (paint.mask == MASK).all()
    empty = PaintMask(IMAGE, np.zeros_like(MASK))
    assert empty.iou == 1
    empty.mask = MASK
    assert empty.iou == 0


def _cut_short(path):
    path.write_bytes(path.read_bytes()[:-40])


def _a_byte_changed(path):
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)


def _pickled(path):
    np.savez(path, mask=np.array([{}], dtype=object), image="x")


@pytest.mark.parametrize(
    "spoil",
    [
        _cut_short,
        _a_byte_changed,
        _pickled,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a mask"),
        lambda path: np.savez(path, other=1),
        lambda path: np.savez(path, mask=MASK, image="of another picture"),
    ],
)
def test_a_damaged_file_is_kept_aside_and_said(home, spoil, capsys):
    PaintMask(IMAGE, MASK, "coin.npz").mask = stroke()
    spoil(home / "coin.npz")
    content = (home / "coin.npz").read_bytes()
    paint = PaintMask(IMAGE, MASK, "coin.npz")
    assert (paint.mask == MASK).all()
    (aside,) = home.iterdir()
    assert aside.read_bytes() == content and aside.name in paint.message and "can't be used" in paint.message
    assert capsys.readouterr().out.count("✗ A saved mask can't be used") == 1
    paint.mask = stroke()
    assert (PaintMask(IMAGE, MASK, "coin.npz").mask == stroke()).all()


def test_a_mask_of_another_size_in_the_file(home):
    paint = PaintMask(IMAGE, MASK, "coin.npz")
    np.savez(home / "coin.npz", mask=MASK.T, image=paint._digest)
    assert "shape (9, 6)" in PaintMask(IMAGE, MASK, "coin.npz").message


def test_a_mask_of_another_picture_is_not_taken(home):
    PaintMask(IMAGE, MASK, "coin.npz").mask = stroke()
    assert "another picture" in PaintMask(255 - IMAGE, MASK, "coin.npz").message


def test_a_folder_that_can_not_be_written_costs_no_stroke(home):
    (home / "file").write_text("a file where a folder should be")
    paint = PaintMask(IMAGE, MASK, "file/coin.npz")
    front = Front(paint)
    front.send(bits=base.pack(stroke()))
    assert (paint.mask == stroke()).all() and paint.saved is None and paint.note == "Not saved"
    assert "could not be saved" in front.seen["message"] and "set WORKBOOK_HOME" in paint.message


@pytest.mark.parametrize(
    "bits, says",
    [
        (b"", "a mask of 0 bytes does not fit a picture 9 wide and 6 high: expected 7 bytes"),
        (bytes(8), "a mask of 8 bytes does not fit"),
        ("AAAAAAA", "a mask came as str: expected bytes"),
        ([0] * 7, "a mask came as list"),
        (None, "a mask came as NoneType"),
    ],
)
def test_a_malformed_mask_is_refused(home, bits, says):
    paint = PaintMask(IMAGE, MASK, "coin.npz")
    front = Front(paint)
    front.send(bits=bits)
    assert paint.message.startswith(f"Refused: {says}") and (paint.mask == MASK).all() and paint.saved is None
    assert front.seen["bits"] == base.pack(MASK)  # the page is put right
    with pytest.raises(ValueError, match=says):
        paint.bits = bits


def test_bits_after_the_last_pixel_are_dropped():
    paint = PaintMask(IMAGE, MASK)
    front = Front(paint)
    front.send(bits=b"\xff" * 7)
    assert paint.mask.all() and paint.bits == base.pack(np.ones_like(MASK)) != b"\xff" * 7


@pytest.mark.parametrize("which", ["mask", "original"])
@pytest.mark.parametrize("wrong, says", [(MASK.T, r"the shape \(9, 6\)"), (MASK * 2, "other values than 0 and 1")])
def test_a_mask_that_does_not_fit_is_an_error(which, wrong, says):
    with pytest.raises(ValueError, match=says):
        PaintMask(IMAGE, **({"mask": MASK} | {which: wrong}))


def test_a_wrong_mask_set_later_is_an_error():
    paint = PaintMask(IMAGE, MASK)
    with pytest.raises(ValueError, match="the shape"):
        paint.mask = MASK.T
    assert (paint.mask == MASK).all()


def test_the_file_must_be_an_npz():
    with pytest.raises(ValueError, match=r"save_to is 'coin\.png': expected .*\.npz"):
        PaintMask(IMAGE, MASK, "coin.png")


# ---------------------------------------------------------------------------------------------------- own photos


def photo(colour, kind="png", size=(30, 20), **options):
    """The bytes of a picture file of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind, **options)
    return buffer.getvalue()


def upload(widget, *photos):
    """What the page sends when photos were chosen: names, and bytes as buffers inside the list."""
    data = {
        "method": "update",
        "state": {"uploads": [[name, None] for name, _ in photos]},
        "buffer_paths": [["uploads", number, 1] for number in range(len(photos))],
    }
    widget._handle_msg({"content": {"data": data}, "buffers": [memoryview(data) for _, data in photos]})


def test_uploaded_photos_take_the_place_of_the_examples():
    widget = UploadPhotos([IMAGE, IMAGE])
    assert not widget.own and len(widget.photos) == 2
    before = widget.picture
    upload(widget, ("a.png", photo("red")), ("b.jpg", photo("blue", "jpeg")), ("c.webp", photo("lime", "webp")))
    assert widget.own and widget.message == "" and widget.picture != before
    assert [picture.getpixel((3, 3)) for picture in widget.photos][::2] == [(255, 0, 0), (0, 255, 0)]
    assert np.asarray(Image.open(io.BytesIO(widget.picture)))[50, 50].tolist() == [255, 0, 0]
    widget.clear()
    assert not widget.own and widget.picture == before and len(widget.photos) == 2


def test_photos_of_a_person_never_reach_the_stored_notebook():
    widget = UploadPhotos([IMAGE])
    stored = widget._repr_mimebundle_()[0]["text/html"]
    upload(widget, ("me.png", photo("red")))
    assert widget._repr_mimebundle_()[0]["text/html"] == stored


def test_a_photo_is_turned_upright():
    exif = Image.Exif()
    exif[274] = 6  # the camera was held upright
    widget = UploadPhotos([IMAGE])
    upload(widget, ("a.jpg", photo("red", "jpeg", exif=exif)))
    assert widget.photos[0].size == (20, 30)


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        ([("notes.txt", b"no picture at all")], "'notes.txt' is no picture"),
        ([("a.png", photo("red")), ("cut.png", photo("red")[:60])], "'cut.png' is no picture"),
        ([("empty.png", b"")], "'empty.png' is no picture"),
        ([("huge.png", b"x" * 4_000_001)], "expected at most 4,000,000"),
        ([("a.png", photo("red"))] * (MOST + 1), "51 photos are too many"),
    ],
)
def test_uploads_that_are_refused(photos, words):
    widget = UploadPhotos([IMAGE])
    upload(widget, ("a.png", photo("lime")))
    upload(widget, *photos)
    assert widget.message.startswith("Refused: ") and words in widget.message
    assert [picture.getpixel((0, 0)) for picture in widget.photos] == [(0, 255, 0)]  # what was there stays


@pytest.mark.parametrize("value", [3, "x", [3], [["a.png"]], [[3, b""]], [["a.png", "text"]], None])
def test_malformed_uploads_are_refused(value):
    widget = UploadPhotos([IMAGE])
    widget.set_state({"uploads": value})
    assert widget.message.startswith("Refused: ") and not widget.own
    with pytest.raises(ValueError):
        widget.uploads = value


def test_fifty_photos_fit_and_no_example_does_not():
    widget = UploadPhotos([IMAGE])
    upload(widget, *[(f"{number}.png", photo("red")) for number in range(MOST)])
    assert len(widget.photos) == MOST
    with pytest.raises(ValueError, match="at least one example"):
        UploadPhotos([])
