"""Between noises, prompts and sounds: slerp, cross-fades, loops, and clips drawn from a seed picture with a mask."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from PIL import Image

from workbook.audio.interpolation import close_loop, crossfade, interpolate, join, lerp, mask_for, positions, slerp
from workbook.diffusion.generate import noise_of

pytestmark = pytest.mark.usefixtures("one_thread")


def test_slerp_keeps_the_length_of_noise():
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(4, 64, 64, generator=generator) for _ in range(2))
    middle = slerp(0.5, a, b)
    assert middle.std() == pytest.approx(1, abs=0.02) and lerp(0.5, a, b).std() == pytest.approx(0.5**0.5, abs=0.02)
    torch.testing.assert_close(slerp(0.0, a, b), a)
    torch.testing.assert_close(slerp(1.0, a, b), b)
    torch.testing.assert_close(slerp(0.3, a, b), slerp(0.7, b, a))


def test_slerp_by_hand():
    east, north = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    torch.testing.assert_close(slerp(1 / 3, east, north), torch.tensor([3**0.5, 1.0]))  # 30 degrees


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 1.001])
def test_slerp_of_parallel_vectors_is_the_straight_line(factor):
    a = torch.tensor([1.0, 2.0, -1.0])
    torch.testing.assert_close(slerp(0.25, a, factor * a), (0.75 + 0.25 * factor) * a)


def test_positions():
    assert positions(3).tolist() == [0, 0.5, 1]
    assert positions(4, loop=True).tolist() == [0, 0.5, 1, 0.5]
    for count in (2, 5, 8):
        loop = positions(count, loop=True)
        assert np.allclose(np.abs(np.diff(np.append(loop, loop[0]))), 2 / count) or count % 2
    with pytest.raises(ValueError, match="at least 2 clips, got 1"):
        positions(1)


def test_crossfade_keeps_the_power_of_unlike_sounds():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 400, 500))
    faded = crossfade(first, second, 300)
    assert faded.shape == (400, 700)
    assert np.sqrt((faded**2).mean(0)) == pytest.approx(np.ones(700), abs=0.15)
    assert np.sqrt((faded**2).mean()) == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(faded[:, :200], first[:, :200])
    np.testing.assert_array_equal(faded[:, -200:], second[:, -200:])


@pytest.mark.parametrize("overlap", [0, -1, 6])
def test_crossfade_needs_an_overlap_that_fits(overlap):
    with pytest.raises(ValueError, match="overlap from 1 to the length of the shorter sound"):
        crossfade(np.zeros(5), np.zeros(9), overlap)


def test_join():
    clips = [np.full((2, 10), value, np.float32) for value in (1, 2, 3)]
    sound = join(clips, 4)
    assert sound.shape == (2, 22) and sound.dtype == np.float32
    np.testing.assert_array_equal(sound[0, [0, 5, 10, 11, 16, 21]], [1, 1, 2, 2, 3, 3])
    np.testing.assert_array_equal(join(clips, 0), np.concatenate(clips, axis=1))
    with pytest.raises(ValueError, match="Clip 1 has 7 samples, too few for a cross-fade of 4 at each end"):
        join([clips[0][0], np.zeros(7)], 4)
    with pytest.raises(ValueError, match="no clips"):
        join([], 4)


def test_a_loop_closes_on_itself():
    """Where the player jumps back, the step is as small as between any two neighbours, and nothing else changes."""
    time = np.arange(4000) / 4000
    sound = np.sin(2 * np.pi * 3.37 * time).astype(np.float32)  # begins at 0, ends far from it
    loop = close_loop(sound, 500)
    assert loop.shape == (3500,) and loop.dtype == np.float32
    around = np.append(loop, loop[0])
    assert np.abs(np.diff(around)).max() < 2 * np.abs(np.diff(sound)).max()
    assert abs(sound[0] - sound[-1]) > 50 * np.abs(np.diff(sound)).max()
    np.testing.assert_array_equal(loop[500:], sound[500:3500])
    for overlap in (0, 2001):
        with pytest.raises(ValueError, match="from 1 to half its 4,000 samples"):
            close_loop(sound, overlap)


# ---------------------------------------------------- a model small enough to know what it must draw, exactly

SCALE = 0.5


class Vae:
    """Latents are the mean colours of 8 x 8 pixels, times SCALE."""

    config = SimpleNamespace(block_out_channels=(1, 1, 1, 1), scaling_factor=SCALE)
    device, dtype = torch.device("cpu"), torch.float32

    def encode(self, pixels):
        return SimpleNamespace(latent_dist=SimpleNamespace(mean=torch.nn.functional.avg_pool2d(pixels, 8)))

    def decode(self, latents, return_dict):
        return (torch.nn.functional.interpolate(latents, scale_factor=8),)


class Unet:
    """Predicts the noise as if the picture were of the one colour that the prompt says; or no noise at all."""

    config = SimpleNamespace(in_channels=3, sample_size=4)
    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, scheduler, blind=False):
        self.signal, self.blind = scheduler.alphas_cumprod, blind

    def __call__(self, latents, level, encoder_hidden_states, return_dict):
        clean = SCALE * encoder_hidden_states[:, 0, 0].view(-1, 1, 1, 1)
        signal = self.signal[level]
        noise = (latents - signal.sqrt() * clean) / (1 - signal).sqrt()
        return (0 * noise if self.blind else noise,)


def pipeline(blind=False):
    """A prompt is a number, the brightness from -1 to 1."""
    scheduler = DDIMScheduler(clip_sample=False)

    def tokenizer(prompts, **_):
        return SimpleNamespace(input_ids=torch.tensor([[float(prompt or 0)] for prompt in prompts]))

    def encoder(ids):
        return (ids[:, :, None],)

    encoder.device = torch.device("cpu")
    return SimpleNamespace(
        vae=Vae(), unet=Unet(scheduler, blind), scheduler=scheduler, tokenizer=tokenizer, text_encoder=encoder
    )


def checks(height=16, width=32):
    """A picture with a colour of its own in every 8 x 8 pixels."""
    rng = np.random.default_rng(1)
    return rng.integers(60, 200, (height // 8, width // 8, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)


@pytest.mark.parametrize("batch", [1, 2, 50])
def test_prompts_are_mixed(batch):
    drawn = interpolate(pipeline(), ["-0.8", "0.8"], [0, 0.25, 1], checks(), guidance=1.0, steps=10, batch=batch)
    assert drawn.shape == (3, 16, 32, 3) and drawn.dtype == np.uint8
    for picture, brightness in zip(drawn, (-0.8, -0.4, 0.8), strict=True):
        assert np.abs(picture - (brightness * 127.5 + 127.5)).max() <= 1


def test_guidance_goes_beyond_the_prompt():
    drawn = interpolate(pipeline(), ["0.2", "0.3"], [0.0], checks(), guidance=3.0, steps=10)
    assert np.abs(drawn - (0.6 * 127.5 + 127.5)).max() <= 1  # 0 + 3 (0.2 − 0)


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.75])
def test_seed_picture_and_mixed_noise(strength):
    """A model that sees no noise leaves √((1 − ᾱ) / ᾱ) of it on the seed picture, ᾱ of the level where it began."""
    pipe, picture = pipeline(blind=True), checks()
    drawn = interpolate(pipe, ["0", "0"], [0.3], picture, seeds=(5, 6), strength=strength, guidance=1.0, steps=20)
    ends = [noise_of(pipe, [0], seed, (16, 32)) for seed in (5, 6)]
    signal = pipe.scheduler.alphas_cumprod[(int(20 * strength) - 1) * 50]
    noise = (1 / signal - 1).sqrt() / SCALE * slerp(0.3, *ends)[0]  # (3, 2, 4)
    expected = picture / 127.5 - 1 + noise.permute(1, 2, 0).numpy().repeat(8, 0).repeat(8, 1)
    assert np.abs(drawn[0] - (expected.clip(-1, 1) * 127.5 + 127.5)).max() <= 1


@pytest.mark.parametrize("batch", [1, 50])
def test_mask(batch):
    """White is painted anew; black is the seed picture to the pixel, whatever the model draws."""
    mask = np.zeros((16, 32), np.uint8)
    mask[:, :16] = 255
    picture = checks()
    for given in (mask, Image.fromarray(mask)):
        settings = {"mask": given, "guidance": 1.0, "steps": 10, "batch": batch}
        drawn = interpolate(pipeline(), ["-0.8", "0.8"], [0, 1], Image.fromarray(picture), **settings)
        assert np.abs(drawn[:, :, 16:].astype(int) - picture[:, 16:]).max() <= 1
        assert np.abs(drawn[0, :, :16] - 25.5).max() <= 1 and np.abs(drawn[1, :, :16] - 229.5).max() <= 1


@pytest.mark.parametrize("batch", [1, 50])
def test_what_is_kept_is_as_noisy_as_the_rest(monkeypatch, batch):
    """At every step the model must see the kept part at the level of that step, each clip under its own noise."""
    seen, pipe, picture = [], pipeline(), checks()
    inner = type(pipe.unet).__call__

    def watched(self, latents, level, **rest):
        seen.append((latents, int(level)))
        return inner(self, latents, level, **rest)

    monkeypatch.setattr(type(pipe.unet), "__call__", watched)
    mask = np.zeros((16, 32), np.uint8)
    interpolate(pipe, ["0", "1"], [0.0, 1.0], picture, mask=mask, guidance=1.0, steps=10, batch=batch)
    noises = torch.cat([noise_of(pipe, [0], seed, (16, 32)) for seed in (0, 1)])
    clean = SCALE * (torch.from_numpy(picture[::8, ::8] / 127.5) - 1).float()
    levels = [600, 500, 400, 300, 200, 100, 0]
    assert [level for _, level in seen] == (levels * 2 if batch == 1 else levels)
    for number, (latents, level) in enumerate(seen):
        noise = noises[number // len(levels)][None] if batch == 1 else noises
        signal = pipe.scheduler.alphas_cumprod[level]
        expected = signal.sqrt() * clean.permute(2, 0, 1) + (1 - signal).sqrt() * noise
        torch.testing.assert_close(latents, expected, rtol=1e-4, atol=1e-4)


def test_a_mask_under_both_colours_is_a_mixture():
    mask = np.zeros((16, 16), np.uint8)
    mask[:, :4] = 255
    assert mask_for(mask, torch.zeros(1, 4, 2, 2), (16, 16)).flatten().tolist() == pytest.approx([0.5, 0] * 2, abs=0.01)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"prompts": "one"}, "two prompts"),
        ({"prompts": ["1", "0", "1"]}, "two prompts"),
        ({"at": []}, "at least one position"),
        ({"at": [0, 1.1]}, "between 0 and 1"),
        ({"at": [float("nan")]}, "between 0 and 1"),
        ({"strength": 0}, "0 < strength <= 1"),
        ({"steps": 0}, "steps >= 1"),
        ({"picture": np.zeros((15, 32, 3), np.uint8)}, "15 x 32 pixels: both must be multiples of 8"),
        ({"mask": np.zeros((8, 32), np.uint8)}, "The mask has 8 x 32 pixels, the picture 16 x 32"),
    ],
    ids=str,
)
def test_settings_that_can_t_be(change, says):
    settings = {"prompts": ["0", "1"], "at": [0.5], "picture": checks()} | change
    with pytest.raises(ValueError, match=says):
        interpolate(pipeline(), **settings)
