"""The widgets of lesson 07 without a browser: the player of riffs, and the sliders of window and mel bands."""

import numpy as np
import pytest
import torch

from test_widgets import Front
from workbook.audio.spectrogram import mel_amplitudes
from workbook.widgets.play_riffs import PlayRiffs
from workbook.widgets.resolution_sliders import ResolutionSliders, resolved

RIFFS = [np.sin(np.arange(800) / slower) for slower in (3, 4, 5)]  # 0.1 s each at 8,000 Hz
PICTURES = np.arange(3 * 6 * 9, dtype=np.uint8).reshape(3, 6, 9)


def riffs(**changes):
    made = {"clips": RIFFS, "pictures": PICTURES, "rate": 8_000, "names": ["guitar", "between", "flute"]}
    return PlayRiffs(**made | changes)


def test_the_page_gets_the_clips_and_chooses_one():
    player, seen = riffs(), []
    player.observe(lambda change: seen.append(change.new), names="position")
    whole = np.frombuffer(player.sound, "<i2").reshape(3, 800) / 32767
    np.testing.assert_allclose(whole, RIFFS, atol=0.51 / 32767)
    assert (player.count, player.rate, player.position) == (3, 8_000, 0)
    Front(player).send(position=2)
    assert player.position == 2 and seen == [2]
    np.testing.assert_allclose(player.clip, RIFFS[2], atol=1e-6)


def test_pictures_stand_in_a_row_and_the_chosen_one_has_a_box():
    player = riffs(position=1)
    assert player.image.shape == (6, 3 * 9 + 4, 3)
    for place in range(3):
        assert (player.image[:, place * 11 : place * 11 + 9, 0] == PICTURES[place]).all()
    assert (player.image[:, 9:11] == 255).all()
    assert player._overlays() == {"boxes": [(11, 0, 20, 6)]}


def test_clips_have_names():
    assert riffs(names=None).names == ["clip 1", "clip 2", "clip 3"] and riffs().names[1] == "between"


@pytest.mark.parametrize("position", [3, -1, 0.5, "1", None, True, float("nan"), [1]])
def test_a_clip_that_there_is_not_is_refused(position):
    player = riffs(position=1)
    front = Front(player)
    front.send(position=position)
    assert player.message.startswith("Refused: position is") and player.position == 1 == front.seen["position"]
    for choose in (lambda: riffs(position=position), lambda: setattr(player, "position", position)):
        with pytest.raises(ValueError, match="expected a whole number from 0 to 2"):
            choose()


@pytest.mark.parametrize(
    "changes, says",
    [
        (dict(clips=[]), "Got 0 clips .* expected 1 to 64 mono clips"),
        (dict(clips=[RIFFS[0], RIFFS[1][:5], RIFFS[2]]), "all of one length"),
        (dict(clips=np.zeros((3, 5, 2))), "expected 1 to 64 mono clips"),
        (dict(clips=[RIFFS[0], 2 * RIFFS[1], RIFFS[2]]), "Clip 1 reaches .* expected samples between -1 and 1"),
        (dict(clips=[RIFFS[0], RIFFS[1], np.nan * RIFFS[2]]), "Clip 2 reaches nan"),
        (dict(clips=np.zeros((3, 0))), "0 samples together"),
        (dict(clips=np.zeros((3, 3_000_000), np.float32)), "9,000,000 samples together: expected 1 to"),
        (dict(rate=3), "rate is 3: expected samples per second"),
        (dict(rate=16_000.0), "a whole number from 8,000"),
        (dict(pictures=PICTURES[0]), r"expected uint8 \(3, H, W\), a grey one for each clip"),
        (dict(pictures=PICTURES[:2]), r"uint8 \(2, 6, 9\): expected uint8 \(3, H, W\)"),
        (dict(pictures=PICTURES / 255), "The pictures are float64"),
        (dict(names=["a"]), "3 clips and 1 names"),
        (dict(alt=" "), "needs alt text"),
    ],
)
def test_riffs_that_can_not_be_played(changes, says):
    with pytest.raises(ValueError, match=says):
        riffs(**changes)


# ------------------------------------------------------------------------------------------------ two sliders


def test_sliders_change_picture_and_sound():
    sliders = ResolutionSliders(np.sin(np.arange(6_000) / 3) * 0.5, 16_000)
    picture, player = sliders.picture.value, sliders.player.value
    assert sliders.converted().image.size == (38, 64)  # 375 ms in steps of 10
    sliders.bands.value = 16
    assert sliders.converted().image.size == (38, 16)
    assert sliders.picture.value != picture and sliders.player.value != player
    assert 'aria-label="the sound that comes back from this picture"' in player and "data:audio/wav;base64," in player


def test_a_long_window_tells_two_near_tones_apart_and_a_short_one_two_clicks():
    time = torch.arange(16_000) / 16_000
    tones = torch.sin(2 * torch.pi * 1000 * time) + torch.sin(2 * torch.pi * 1150 * time)
    clicks = torch.zeros(16_000)
    clicks[[8_000, 8_800]] = 1.0  # 50 ms apart
    dips = {}
    for window in (20, 320):
        params = resolved(window, 128, 16_000)
        bands = mel_amplitudes(tones, params)[:, 30:70].mean(1)
        first, last = (round(2595 * np.log10(1 + hertz / 700) / (2840 / 129)) - 1 for hertz in (1000, 1150))
        between = bands[first : last + 1]
        columns = mel_amplitudes(clicks, params).mean(0)
        dips[window] = (between.min() / bands.max(), columns[50:56].min() / columns[50:56].max())
    assert dips[320][0] < 0.2 < 0.3 < dips[20][0]
    assert dips[20][1] < 0.2 < 0.3 < dips[320][1]


def test_sliders_show_a_picture_where_there_is_no_kernel(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    for _ in range(2):
        ResolutionSliders(np.sin(np.arange(4_000) / 3), 16_000, alt="A tone.")._ipython_display_()
    assert shown[0]["text/plain"] == "[widget: A tone.]" and '<img alt="A tone." src="data:' in shown[0]["text/html"]
    assert shown[0]["text/html"] == shown[1]["text/html"]


@pytest.mark.parametrize("options", [dict(window=30), dict(bands=65), dict(alt="")])
def test_sliders_that_make_no_sense(options):
    with pytest.raises(ValueError, match=r"expected one of|needs alt text"):
        ResolutionSliders(np.zeros(4_000), 16_000, **options)
