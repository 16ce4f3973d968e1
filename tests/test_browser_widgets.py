"""The widgets under a real mouse and a real keyboard, with the values read back from the kernel."""

from __future__ import annotations

import pytest

import browser

pytestmark = [pytest.mark.browser, pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))]

CELLS = {
    "make": """
        import numpy as np
        from workbook.widgets.box_pair import BoxPair
        from workbook.widgets.click_mask import ClickMask
        from workbook.widgets.paint_mask import PaintMask
        from workbook.widgets.play_riffs import PlayRiffs
        from workbook.widgets.upload_photos import UploadPhotos
        image = np.full((60, 80), 90, np.uint8)
        image[20:40, 20:60] = 200
        start = np.zeros((60, 80), bool)
        start[20:40, 20:40] = True
        def predict(points, labels, box):
            if len(points) == 3:
                raise RuntimeError("too many points")
            mask = np.zeros(image.shape, bool)
            for (x, y), label in zip(points, labels):
                mask[int(y) - 5:int(y) + 5, int(x) - 5:int(x) + 5] = label
            return mask, 0.875""",
    "pair": "pair = BoxPair(a=(20, 20, 120, 120), b=(120, 20, 220, 120)); pair",
    "clicks": "clicks = ClickMask(image, predict); clicks",
    "paint": 'paint = PaintMask(image, start, "11/coin.npz"); paint',
    "photos": "photos = UploadPhotos([image]); photos",
    "riffs": "riffs = PlayRiffs(np.zeros((4, 800)), np.full((4, 64, 64), 90, np.uint8), 8_000, list('abcd')); riffs",
    "read-pair": "print(pair.a, pair.b, round(pair.iou, 3))",
    "read-clicks": """
        box = None if clicks.box is None else clicks.box.round().tolist()
        print(clicks.points.astype(int).tolist(), clicks.labels, box, clicks.mask.sum())""",
    "read-photos": "print(photos.own, [(photo.size, photo.getpixel((9, 9))) for photo in photos.photos])",
    "read-riffs": "print(riffs.position)",
    "read-paint": "print(paint.mask.sum(), round(paint.iou, 3), paint.saved and paint.saved.name)",
}


class Canvas:
    """A widget's canvas: gestures in pixels of its picture."""

    def __init__(self, notebook: browser.Notebook, cell: str, width: int) -> None:
        self.notebook, self.page, self.width = notebook, notebook.page, width
        self.output = notebook.output(cell)
        self.locator = self.output.locator("canvas")
        self.locator.wait_for()

    def drag(self, *points: tuple[float, float]) -> None:
        """Press the left button at the first point, pass the others, let go at the last; one point is a click."""
        self.locator.scroll_into_view_if_needed()
        seen = self.locator.bounding_box()
        scale = seen["width"] / self.width
        for number, (x, y) in enumerate(points):
            self.page.mouse.move(seen["x"] + x * scale, seen["y"] + y * scale, steps=4 if number else 1)
            if number == 0:
                self.page.mouse.down()
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        """Press keys while the canvas has the focus."""
        for key in keys:
            self.locator.press(key)

    def shows(self, where: str, text: str) -> None:
        """Wait until the element of class `where` contains this text."""
        from playwright.sync_api import expect

        expect(self.output.locator(f".{where}")).to_contain_text(text, timeout=10_000)


def read(notebook: browser.Notebook, cell: str) -> str:
    """What a cell prints, once the page's messages have arrived.

    The widget manager holds a message back while the kernel is busy with the one before, and sends it afterwards.
    """
    notebook.page.wait_for_timeout(500)
    notebook.run(cell)
    return notebook.output(cell).inner_text().strip()


def number_of_cells(notebook: browser.Notebook) -> int:
    return notebook.page.locator(".jp-Notebook .jp-Cell").count()


def test_mouse_and_keyboard() -> None:
    """Boxes are dragged, a mask is clicked for, painted, erased and found again by a fresh kernel."""
    with browser.running(height=1000, cells=CELLS) as lab:
        notebook = lab.open("cells")
        notebook.run_all()
        cells = number_of_cells(notebook)
        _boxes(notebook)
        _clicks(notebook)
        _brush(notebook)
        _riffs(notebook)
        _photos(notebook)
        assert number_of_cells(notebook) == cells  # a and b are JupyterLab's commands for a new cell
        _fresh_kernel(notebook)
        assert not notebook.images_without_alt()
        assert not lab.blocked
        assert not lab.errors


def _boxes(notebook: browser.Notebook) -> None:
    pair = Canvas(notebook, "pair", 320)
    pair.drag((170, 70), (150, 90), (120, 70))  # b moves 50 to the left
    pair.shows("wb-iou", "0.333")
    assert read(notebook, "read-pair") == "(20.0, 20.0, 120.0, 120.0) (70.0, 20.0, 170.0, 120.0) 0.333"
    pair.drag((170, 120), (120, 120))  # its corner: b is the right half of a
    assert read(notebook, "read-pair") == "(20.0, 20.0, 120.0, 120.0) (70.0, 20.0, 120.0, 120.0) 0.5"
    pair.press("1", "ArrowRight", "ArrowDown", "Tab", "Shift+ArrowLeft", "Shift+ArrowLeft")
    assert read(notebook, "read-pair") == "(21.0, 21.0, 121.0, 121.0) (70.0, 20.0, 118.0, 120.0) 0.473"


def _clicks(notebook: browser.Notebook) -> None:
    clicks = Canvas(notebook, "clicks", 80)
    clicks.drag((30.4, 30.4))
    clicks.shows("wb-score", "predicted IoU 0.875")
    notebook.page.keyboard.down("Shift")
    clicks.drag((28.4, 30.4))
    notebook.page.keyboard.up("Shift")
    clicks.shows("wb-figures", "1 positive, 1 negative")
    assert read(notebook, "read-clicks") == "[[30, 30], [28, 30]] [1 0] None 20"
    clicks.press("Enter")
    clicks.shows("wb-message", "predict failed: RuntimeError: too many points")
    clicks.press("Backspace", "Backspace")
    clicks.shows("wb-figures", "1 positive, 0 negative")
    clicks.drag((10.2, 10.2), (30.2, 40.2))
    clicks.shows("wb-figures", "a box")
    clicks.press("ArrowRight", "Shift+ArrowUp", "n")
    clicks.shows("wb-figures", "1 negative")
    assert read(notebook, "read-clicks") == "[[30, 30], [31, 30]] [1 0] [10.0, 10.0, 30.0, 40.0] 10"
    clicks.output.get_by_role("button", name="Clear").click()
    clicks.shows("wb-score", "no mask yet")


def _brush(notebook: browser.Notebook) -> None:
    paint = Canvas(notebook, "paint", 80)
    assert read(notebook, "read-paint") == "400 1.0 None"
    paint.press("[")  # size 1: a single pixel
    paint.drag((40.5, 30.5), (49.5, 30.5))
    assert read(notebook, "read-paint") == "410 0.976 coin.npz"  # saved after the first stroke
    paint.press("e", "]")
    paint.drag((25.5, 25.5))  # size 2 is three by three
    paint.shows("wb-iou", "0.954")
    assert read(notebook, "read-paint") == "401 0.954 coin.npz"
    paint.press("z", "z", "y")
    assert read(notebook, "read-paint") == "410 0.976 coin.npz"
    paint.press("b", "[", "Shift+ArrowUp", "Shift+ArrowUp", " ", "Enter", "ArrowRight", "ArrowRight", "Enter")
    assert read(notebook, "read-paint") == "413 0.969 coin.npz"
    paint.press("+", "+")
    notebook.page.mouse.wheel(0, -100)
    paint.shows("wb-figures", "zoom 2.8×")
    paint.press("0", "a")
    paint.shows("wb-figures", "zoom 1.0×")
    paint.output.get_by_role("button", name="Brush").press("b")


def _photos(notebook: browser.Notebook) -> None:
    photos = Canvas(notebook, "photos", 528)
    photos.shows("wb-figures", "the lesson's examples")
    chooser = photos.output.locator("input[type=file]")
    red = picture_file("me.jpg", "red", (1200, 900))
    chooser.set_input_files([red, picture_file("small.png", "lime", (40, 60))])
    photos.shows("wb-figures", "2 photos of yours")
    assert read(notebook, "read-photos") == "True [((512, 384), (255, 0, 0)), ((40, 60), (0, 255, 0))]"
    chooser.set_input_files([red, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}])
    photos.shows("wb-message", "Refused: 'notes.txt' is no picture")
    assert read(notebook, "read-photos").startswith("True [((512, 384)")
    with notebook.page.expect_file_chooser():  # the keyboard opens the choice, too
        photos.press("Enter")
    photos.press("Delete")
    photos.shows("wb-figures", "the lesson's examples")
    assert read(notebook, "read-photos") == "False [((80, 60), (90, 90, 90))]"


def picture_file(name: str, colour: str, size: tuple[int, int]) -> dict:
    """A file of one colour, as Playwright puts it into a file input; PNG, so that the colour stays exact."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "png")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def _riffs(notebook: browser.Notebook) -> None:
    riffs = Canvas(notebook, "riffs", 4 * 64 + 3 * 2)
    riffs.shows("wb-place", "clip 1 of 4")
    riffs.drag((150, 30))  # the third picture
    riffs.shows("wb-name", "c")
    riffs.press(" ")
    riffs.shows("wb-state", "playing")
    riffs.press("ArrowRight", "ArrowLeft", "ArrowLeft")  # faster than a cross-fade takes
    riffs.shows("wb-place", "clip 2 of 4")
    assert read(notebook, "read-riffs") == "1"
    riffs.press("End")
    riffs.output.get_by_role("button", name="Stop").click()
    riffs.shows("wb-state", "stopped")
    assert read(notebook, "read-riffs") == "3"
    riffs.output.locator("input[type=range]").fill("0")
    riffs.shows("wb-name", "a")
    assert read(notebook, "read-riffs") == "0"


def _fresh_kernel(notebook: browser.Notebook) -> None:
    notebook.restart()
    notebook.run_all()
    paint = Canvas(notebook, "paint", 80)
    paint.shows("wb-iou", "0.969")
    paint.shows("wb-note >> nth=1", "Went on with the mask saved in")
    assert read(notebook, "read-paint") == "413 0.969 coin.npz"
