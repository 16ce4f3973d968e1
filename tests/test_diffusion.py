"""Latent diffusion: pictures equal to diffusers' own, the objective's formulas, batches, judge, parts of the recipe."""

import copy
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTextConfig, CLIPTextModel
from transformers.utils import logging

from workbook.datasets.pictures import GROUNDS, pictures
from workbook.diffusion import adherence, clip
from workbook.diffusion import generate as generating
from workbook.diffusion.generate import decode, generate, noise_of
from workbook.trainers.diffusion import (
    encode_pictures,
    encode_prompts,
    latent_batches,
    min_snr_weights,
    noise_loss,
    target_of,
)
from workbook.trainers.loop import fit
from workbook.trainers.muon_conv import ConvMuonAdamW, orthogonal
from workbook.zoo import tiny_vae
from workbook.zoo.entries import TINY_CLIP
from workbook.zoo.loading import _tokenizer
from workbook.zoo.untrained import NOISE

logging.set_verbosity_error()
PROMPTS = ["a red cat", "a blue car at night", "a star"]


@pytest.fixture(scope="module")
def pipeline():
    """A whole pipeline of a few thousand weights, random ones."""
    torch.manual_seed(0)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1,
        block_out_channels=(8, 8), latent_channels=4, norm_num_groups=4, sample_size=16, scaling_factor=0.5,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=8, down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, attention_head_dim=2, cross_attention_dim=16,
    )  # fmt: skip
    tokenizer = _tokenizer(TINY_CLIP)
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=32, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    ))  # fmt: skip
    return StableDiffusionPipeline(
        vae=vae.eval(), unet=unet.eval(), text_encoder=text.eval(), tokenizer=tokenizer,
        scheduler=DDIMScheduler(set_alpha_to_one=False, **NOISE), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


def largest_step(a, b):
    """The largest difference of two pictures, in grey levels."""
    return abs(a.astype(int) - b.astype(int)).max()


# ------------------------------------------------------------------------------------------------ generation


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_the_same_pictures_as_diffusers_own_pipeline(pipeline, guidance):
    noise = noise_of(pipeline, range(3))
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        PROMPTS,
        latents=noise.clone(),
        num_inference_steps=4,
        guidance_scale=guidance,
        output_type="np",
        height=16,
        width=16,
    ).images
    ours = generate(pipeline, PROMPTS, latents=noise, steps=4, guidance=guidance)
    assert ours.shape == (3, 16, 16, 3) and ours.dtype == np.uint8
    assert largest_step(ours, (theirs * 255).round()) <= 1


def test_the_same_picture_whatever_its_batch(pipeline):
    together = generate(pipeline, PROMPTS, steps=3)
    assert largest_step(together, generate(pipeline, PROMPTS, steps=3, batch=2)) <= 1
    assert largest_step(together[:1], generate(pipeline, PROMPTS[0], steps=3)) <= 1


def test_seeds_and_numbers_give_noise_of_their_own(pipeline):
    noise = noise_of(pipeline, [0, 1, 5])
    assert noise.shape == (3, 4, 8, 8) and abs(noise.std() - 1) < 0.1
    assert torch.equal(noise[2], noise_of(pipeline, [5])[0])
    assert not torch.equal(noise[0], noise[1]) and not torch.equal(noise, noise_of(pipeline, [0, 1, 5], seed=1))
    assert largest_step(*(generate(pipeline, "a star", steps=2, seed=seed) for seed in (0, 1))) > 5


def test_prompt_matters_and_embeddings_are_as_good_as_texts(pipeline):
    noise = noise_of(pipeline, [0, 0, 0])
    told = generate(pipeline, PROMPTS, steps=3, latents=noise, guidance=30)
    assert largest_step(told[0], told[1]) > 0
    assert np.array_equal(
        told, generate(pipeline, encode_prompts(pipeline, PROMPTS), steps=3, latents=noise, guidance=30)
    )
    other = generate(pipeline, PROMPTS, steps=3, latents=noise, guidance=30, negative="a blue car")
    assert largest_step(told, other) > 0


def test_guidance_of_one_leaves_the_second_pass_out(pipeline, monkeypatch):
    sizes = []
    forward = pipeline.unet.forward
    monkeypatch.setattr(pipeline.unet, "forward", lambda x, *a, **k: sizes.append(len(x)) or forward(x, *a, **k))
    generate(pipeline, PROMPTS, steps=2, guidance=1.0)
    generate(pipeline, PROMPTS, steps=1, guidance=1.1)
    assert sizes == [3, 3, 6]


@pytest.mark.parametrize("size", [(16, 32), (16, 18), (32, 16)])
def test_other_sizes(pipeline, size):
    assert generate(pipeline, "a star", steps=1, size=size).shape == (1, *size, 3)


def test_callback_sees_every_step_and_can_change_the_latents(pipeline):
    seen = []

    def callback(latents, step, level, rows):
        seen.append((len(latents), step, level, rows.start, rows.stop))
        return torch.zeros_like(latents) if step == 1 else None

    shown = generate(pipeline, PROMPTS, steps=2, batch=2, callback=callback)
    assert seen == [(2, 0, 501, 0, 2), (2, 1, 1, 0, 2), (1, 0, 501, 2, 3), (1, 1, 1, 2, 3)]
    assert np.array_equal(shown[0], decode(pipeline, torch.zeros(1, 4, 8, 8))[0])


def test_start_and_strength(pipeline):
    made = np.stack([one.image[:16, :16] for one in pictures(3, 0)])
    start, steps = encode_pictures(pipeline, made), []
    count = lambda latents, step, level, rows: steps.append(level)  # noqa: E731
    noise = noise_of(pipeline, range(3))
    generate(pipeline, PROMPTS, start=start, steps=10, strength=0.35, callback=count)
    assert len(steps) == 3 and steps == sorted(steps, reverse=True) and steps[0] < 350
    first = []
    generate(
        pipeline, PROMPTS, start=start, steps=1000, strength=0.001, callback=lambda latents, *_: first.append(latents)
    )
    alpha = pipeline.scheduler.alphas_cumprod[1]
    noisy = alpha.sqrt() * start + (1 - alpha).sqrt() * noise
    assert (first[0] - noisy).abs().max() < 0.2  # one step from the level with the least noise


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 0}, "steps >= 1"), ({"strength": 0.0}, "0 < strength"), ({"batch": 0}, "batch >= 1"),
        ({"steps": 2000}, "more than the 1000"), ({"size": (15, 16)}, "multiples of 2"),
        ({"latents": torch.zeros(2, 4, 8, 8)}, "one row per prompt"),
        ({"start": torch.zeros(2, 4, 8, 8)}, "one row per prompt"), ({"prompts": []}, "at least one prompt"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense(pipeline, wrong, message):
    with pytest.raises(ValueError, match=message):
        generate(pipeline, **{"prompts": PROMPTS, **wrong})


def test_a_bar_appears_only_where_it_takes_above_three_seconds(monkeypatch):
    clock, made = [0.0], []
    monkeypatch.setattr(generating.time, "perf_counter", lambda: clock[0])
    bar = SimpleNamespace(update=lambda: made.append("step"), close=lambda: made.append("closed"))
    monkeypatch.setattr(generating.show, "progress_bar", lambda total, label, start: made.append((total, start)) or bar)
    for seconds in (0.29, 0.31):
        watched, clock[0] = generating._Bar("pictures", 10), 0.0
        watched.began = 0.0
        for _ in range(3):
            clock[0] += seconds
            watched.update()
        watched.close()
    assert made == [(10, 1), "step", "step", "closed"]


# ------------------------------------------------------------------------------------------------ encoding


def test_latents_are_the_means_scaled(pipeline):
    made = np.stack([one.image[:16, :16] for one in pictures(3, 0)])
    pixels = torch.from_numpy(made).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        expected = pipeline.vae.encode(pixels).latent_dist.mean * 0.5
    torch.testing.assert_close(encode_pictures(pipeline, made, batch=2), expected)
    torch.testing.assert_close(encode_pictures(pipeline, [Image.fromarray(one) for one in made]), expected)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 16, 16, 3)), np.zeros((2, 3, 16, 16), np.uint8), np.zeros((16, 16, 3), np.uint8),
              np.zeros((2, 15, 16, 3), np.uint8)],
)  # fmt: skip
def test_pictures_of_another_kind(pipeline, wrong):
    with pytest.raises(ValueError, match=r"uint8|multiples of 2"):
        encode_pictures(pipeline, wrong)


def test_prompts_are_encoded_as_diffusers_does(pipeline):
    long = "a red cat " * 20
    theirs = pipeline.encode_prompt([*PROMPTS, long], "cpu", 1, False)[0]
    torch.testing.assert_close(encode_prompts(pipeline, [*PROMPTS, long], batch=3), theirs)


@pytest.mark.parametrize("wrong", ["a cat", []])
def test_a_single_string_is_no_list_of_prompts(pipeline, wrong):
    with pytest.raises(ValueError, match="list of at least one prompt"):
        encode_prompts(pipeline, wrong)


# ------------------------------------------------------------------------------------------------ the objective


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_min_snr_weights_are_the_papers(kind):
    scheduler, steps = DDIMScheduler(**NOISE), torch.tensor([0, 100, 500, 999])
    for weight, step in zip(min_snr_weights(scheduler, steps, 5.0, kind), steps, strict=True):
        alpha = scheduler.alphas_cumprod[step].item()
        snr = alpha / (1 - alpha)
        expected = {"epsilon": min(snr, 5) / snr, "v_prediction": min(snr, 5) / (snr + 1), "sample": min(snr, 5)}[kind]
        assert weight.item() == pytest.approx(expected, rel=1e-4)


def test_min_snr_weights_of_noise_are_one_where_there_is_much_of_it():
    scheduler = DDIMScheduler(**NOISE)
    weights = min_snr_weights(scheduler, torch.arange(1000))
    assert weights[0] < 0.01 and (weights.diff() >= -1e-6).all()
    torch.testing.assert_close(weights[-500:], torch.ones(500))


@pytest.mark.parametrize("wrong", [{"gamma": 0.0}, {"gamma": float("nan")}, {"prediction_type": "flow"}])
def test_min_snr_weights_of_nonsense(wrong):
    with pytest.raises(ValueError, match=r"gamma must be above 0|epsilon, v_prediction, sample"):
        min_snr_weights(DDIMScheduler(**NOISE), torch.tensor([3]), **wrong)


class Silent(torch.nn.Module):
    """A UNet that always guesses 0, and remembers what it was given."""

    def forward(self, noisy, steps, encoder_hidden_states, return_dict):
        self.seen = (noisy, steps, encoder_hidden_states)
        return (torch.zeros_like(noisy),)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("gamma", [None, 5.0])
def test_noise_loss(kind, gamma):
    scheduler, unet = DDIMScheduler(prediction_type=kind, **NOISE), Silent()
    latents, states = torch.randn(6, 4, 8, 8), torch.randn(6, 32, 16)
    torch.manual_seed(1)
    loss = noise_loss(scheduler, gamma)(unet, {"latents": latents, "states": states})
    torch.manual_seed(1)
    noise, steps = torch.randn(6, 4, 8, 8), torch.randint(1000, (6,))
    alpha = scheduler.alphas_cumprod[steps].view(-1, 1, 1, 1)
    torch.testing.assert_close(unet.seen[0], alpha.sqrt() * latents + (1 - alpha).sqrt() * noise)
    assert torch.equal(unet.seen[1], steps) and unet.seen[2] is states
    target = noise if kind == "epsilon" else alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
    snr = scheduler.alphas_cumprod[steps] / (1 - scheduler.alphas_cumprod[steps])
    weights = torch.ones(6) if gamma is None else snr.clamp(max=5) / (snr if kind == "epsilon" else snr + 1)
    torch.testing.assert_close(loss, (weights * target.square().mean((1, 2, 3))).mean())


def test_a_scheduler_that_wants_the_picture_is_refused():
    scheduler = DDIMScheduler(prediction_type="sample", **NOISE)
    with pytest.raises(ValueError, match=r"epsilon.*v_prediction.*not 'sample'"):
        target_of(scheduler, torch.zeros(1), torch.zeros(1), torch.zeros(1))


def test_adapters_can_be_trained_alone(pipeline):
    from peft import LoraConfig

    unet = copy.deepcopy(pipeline.unet).requires_grad_(False)
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    batches = latent_batches(torch.randn(8, 4, 8, 8), torch.randn(8, 32, 16), torch.zeros(1, 32, 16), size=4)
    history = fit(unet, batches, noise_loss(pipeline.scheduler, 5.0), steps=3, progress=None)
    assert history.steps == 3
    changed = [name for name, value in unet.named_parameters() if "lora_B" in name and value.abs().sum() > 0]
    assert len(changed) == 7 * 2 * 4  # blocks: down 2, middle 1, up 4; self and cross attention; four matrices


# ------------------------------------------------------------------------------------------------ batches


def test_batches_hold_every_picture_once_with_its_prompt():
    latents = torch.arange(10.0).view(10, 1, 1, 1)
    states = torch.arange(10.0).view(10, 1, 1) + 1
    batches = latent_batches(latents, [states, states + 100], torch.zeros(1, 1, 1), size=3, drop=0.0)
    for epoch, more in ((0, 1), (1, 101), (2, 1)):
        parts = list(batches(epoch))
        rows = torch.cat([part["latents"].flatten() for part in parts])
        assert len(parts) == 3 and len(set(rows.tolist())) == 9
        assert torch.equal(torch.cat([part["states"].flatten() for part in parts]), rows + more)
    first = [next(iter(batches(epoch)))["latents"] for epoch in (0, 2, 2)]
    assert not torch.equal(first[0], first[1]) and torch.equal(first[1], first[2])


def test_a_tenth_of_the_prompts_is_dropped():
    states = torch.ones(4000, 2, 3, dtype=torch.half)
    empty = torch.full((1, 2, 3), -1.0)
    parts = list(latent_batches(torch.zeros(4000, 1, 1, 1), states, empty, size=100)(0))
    said = torch.cat([part["states"] for part in parts])
    assert said.dtype == torch.float32 and set(said.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(said.amin((1, 2)), said.amax((1, 2)))  # a prompt is dropped as a whole
    assert (said[:, 0, 0] < 0).float().mean().item() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("prompts", "size", "message"), [(9, 2, "10 pictures and 9 prompts"), (10, 11, "smaller `size`")]
)
def test_batches_that_cannot_be(prompts, size, message):
    with pytest.raises(ValueError, match=message):
        latent_batches(torch.zeros(10, 1, 1, 1), torch.zeros(prompts, 1, 1), torch.zeros(1, 1, 1), size=size)


# ------------------------------------------------------------------------------------------------ CLIP


def test_pictures_are_prepared_as_transformers_does():
    made = np.stack([one.image for one in pictures(3, 0)])
    theirs = CLIPImageProcessorPil()(list(made), return_tensors="pt").pixel_values
    ours = clip.prepare(made, 224)
    assert ours.shape == theirs.shape == (3, 3, 224, 224)
    assert (ours - theirs).abs().mean() < 0.01  # theirs resizes whole numbers, and rounds
    large = np.random.default_rng(0).integers(0, 256, (1, 448, 448, 3), dtype=np.uint8)
    theirs = CLIPImageProcessorPil()(list(large), return_tensors="pt").pixel_values
    assert (clip.prepare(large, 224) - theirs).abs().mean() < 0.01  # made smaller without grain
    torch.testing.assert_close(clip.prepare(made, 64), clip.prepare([Image.fromarray(one) for one in made], 64))


def test_embeddings_are_the_models_own_as_unit_vectors():
    torch.manual_seed(0)
    tokenizer = _tokenizer(TINY_CLIP)
    tiny = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = CLIPModel(CLIPConfig(
        text_config={**tiny, "vocab_size": len(tokenizer), "max_position_embeddings": 32,
                     "eos_token_id": tokenizer.eos_token_id, "bos_token_id": tokenizer.bos_token_id},
        vision_config={**tiny, "image_size": 64, "patch_size": 16}, projection_dim=8,
    )).eval()  # fmt: skip
    made = np.stack([one.image for one in pictures(3, 0)])
    seen, read = clip.embed_pictures(model, made, batch=2), clip.embed_texts(model, tokenizer, PROMPTS, batch=2)
    inputs = tokenizer(PROMPTS, padding="max_length", return_tensors="pt")
    with torch.no_grad():
        both = model(**inputs, pixel_values=clip.prepare(made, 64))
    torch.testing.assert_close(seen, both.image_embeds)
    torch.testing.assert_close(read, both.text_embeds)


# ------------------------------------------------------------------------------------------------ the judge


def test_prompts_name_what_they_ask_for():
    asked = adherence.prompts(60, seed=1)
    assert asked == adherence.prompts(60, seed=1) != adherence.prompts(60, seed=2)
    for prompt in asked:
        assert re.search(rf"\ban? {prompt.colour} {prompt.kind}\b", prompt.text) and prompt.ground != prompt.colour
        assert prompt.ground in adherence.ASPECTS["ground"]
    assert len({prompt.kind for prompt in asked}) > 8
    with pytest.raises(ValueError, match="at least one prompt"):
        adherence.prompts(0)


class Oracle(torch.nn.Module):
    """A judge that reads its answers from the first pixel of a picture: kind, colour and ground."""

    def forward(self, pixels):
        sizes = {name: len(names) for name, names in adherence.ASPECTS.items()}
        return {
            name: torch.nn.functional.one_hot(pixels[:, 0, 0, at].long() % size, size).float()
            for at, (name, size) in enumerate(sizes.items())
        }


def test_right_and_shares():
    asked = adherence.prompts(4, seed=3)
    labels = adherence.labels_of(asked)
    shown = np.zeros((4, 8, 8, 3), np.uint8)
    for at, name in enumerate(adherence.ASPECTS):
        shown[:, 0, 0, at] = labels[name]
    shown[0, 0, 0, 0] = (shown[0, 0, 0, 0] + 1) % 14  # one wrong kind
    found = adherence.right(Oracle(), shown, asked)
    assert found["kind"].tolist() == [False, True, True, True] and found["colour"].all() and found["ground"].all()
    whole = adherence.Adherence(found, shown, asked)
    assert whole.shares == {"kind": 0.75, "colour": 1.0, "ground": 1.0}
    assert whole.chance == {"kind": 1 / 14, "colour": 1 / 8, "ground": 1 / 16}
    with pytest.raises(ValueError, match="3 pictures for 4 prompts"):
        adherence.right(Oracle(), shown[:3], asked)


def test_labels_of_real_pictures_and_of_prompts_agree():
    one = next(pictures(1, 0, two=0.0))
    thing = one.things[0]
    prompt = adherence.Prompt("", thing.kind, thing.colour, one.ground, one.style)
    assert adherence.labels_of([one]) == adherence.labels_of([prompt])
    assert GROUNDS[adherence.labels_of([one])["ground"][0]] == one.ground


def test_a_judge_learns():
    judge = adherence.train_judge(32, 25, batch=16, progress=None)
    made = list(pictures(16, 1_000, two=0.0))  # the first half of what it learnt from
    shown = np.stack([one.image for one in made])
    assert adherence.right(judge, shown, made)["ground"].float().mean() > 0.5
    assert set(adherence.accuracy(judge, 10)) == {"kind", "colour", "ground"}


def test_adherence_asks_for_every_prompt(pipeline):
    asked = adherence.prompts(3)
    found = adherence.adherence(pipeline, Oracle(), asked, steps=1, seed=4)
    assert np.array_equal(found.pictures, generate(pipeline, [one.text for one in asked], steps=1, seed=4))


# ------------------------------------------------------------------------------------------------ the recipe's parts


def test_orthogonal():
    torch.manual_seed(0)
    for shape in ((6, 20), (20, 6)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
        assert values.min() > 0.5 and values.max() < 1.3


class Small(torch.nn.Module):
    """A convolution between two others."""

    def __init__(self):
        super().__init__()
        self.conv_in, self.hidden = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 3)

    def forward(self, x):
        return self.hidden(self.conv_in(x))


def test_muon_moves_hidden_weights_by_a_fixed_amount_and_leaves_the_rest_to_adam():
    torch.manual_seed(0)
    model = Small()
    before = copy.deepcopy(model.state_dict())
    optimizer = ConvMuonAdamW(model, 0.01, 0.001, ("conv_in",))
    model(torch.randn(2, 3, 8, 8)).square().mean().backward()
    optimizer.step()
    moved = {name: (value - before[name]) for name, value in model.state_dict().items()}
    assert moved["hidden.weight"].square().mean().sqrt() == pytest.approx(0.01 * 0.2, rel=0.2)
    torch.testing.assert_close(moved["conv_in.weight"].abs(), torch.full((4, 3, 3, 3), 0.001), rtol=1e-3, atol=0)
    torch.testing.assert_close(moved["hidden.bias"].abs(), torch.full((4,), 0.001), rtol=1e-3, atol=0)


def test_muon_goes_on_where_it_was(tmp_path):
    def run(steps, **options):
        torch.manual_seed(0)
        model = Small()
        optimizer = ConvMuonAdamW(model, 0.01, 0.001, ("conv_in",))
        batches = [torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(n)) for n in range(3)]

        def objective(model, batch):
            if options.get("stop") == len(seen):
                raise KeyboardInterrupt
            seen.append(1)
            return model(batch).square().mean()

        seen = []
        fit(model, batches, objective, steps=steps, optimizer=optimizer, progress=None,
            checkpoint=options.get("checkpoint"), checkpoint_every=2)  # fmt: skip
        return model.state_dict()

    whole = run(6)
    with pytest.raises(KeyboardInterrupt):
        run(6, checkpoint=tmp_path / "run.pt", stop=3)
    again = run(6, checkpoint=tmp_path / "run.pt")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_muon_without_hidden_weights():
    with pytest.raises(ValueError, match="no trainable weight"):
        ConvMuonAdamW(Small(), 0.01, 0.001, ("conv_in", "hidden"))


def test_standardised_latents_and_the_same_reconstruction():
    torch.manual_seed(0)
    vae = tiny_vae.network().eval()
    made = torch.from_numpy(np.stack([one.image for one in pictures(6, 0)]))
    pixels = made.permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        before = vae.encode(pixels).latent_dist
        expected = vae.decode(before.mean).sample
        tiny_vae.standardise(vae, made, batch=4)
        after = vae.encode(pixels).latent_dist
        torch.testing.assert_close(vae.decode(after.mean).sample, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after.mean.mean((0, 2, 3)), torch.zeros(8), atol=1e-4, rtol=0)
    torch.testing.assert_close(after.mean.std((0, 2, 3)), torch.ones(8), atol=1e-3, rtol=0)
    scale = before.mean.std((0, 2, 3)).view(1, -1, 1, 1)
    torch.testing.assert_close(after.std * scale, before.std, atol=1e-4, rtol=1e-3)


def test_sound_pictures_are_grey_and_vary():
    made = tiny_vae.sound_pictures(5, 0)
    assert made.shape == (5, 64, 64, 3) and made.dtype == np.uint8
    assert np.array_equal(made[..., 0], made[..., 2]) and made.std((1, 2, 3)).min() > 2
    assert np.array_equal(made, tiny_vae.sound_pictures(5, 0)) and not np.array_equal(
        made, tiny_vae.sound_pictures(5, 1)
    )


def test_autoencoder_objectives_are_zero_for_a_perfect_picture():
    made = torch.full((2, 8, 8, 3), 255, dtype=torch.uint8)
    perfect = lambda pixels: (torch.ones(2, 3, 8, 8), torch.zeros(2, 8, 1, 1), torch.zeros(2, 8, 1, 1))  # noqa: E731
    assert tiny_vae.picture_loss(perfect, made) == 0
    far = lambda pixels: (torch.zeros(2, 3, 8, 8), torch.ones(2, 8, 1, 1), torch.zeros(2, 8, 1, 1))  # noqa: E731
    assert tiny_vae.picture_loss(far, made).item() == pytest.approx(1 + 2 + tiny_vae.KL_WEIGHT / 2)
    batch = {"latents": torch.zeros(2, 8, 1, 1), "pixels": made}
    assert tiny_vae.decoder_loss(lambda latents: torch.ones(2, 3, 8, 8), batch) == 0
    striped = torch.ones(2, 3, 8, 8)
    striped[..., ::2] = -1  # half of the pixels are wrong by 2, all neighbours in a row differ by 2
    assert tiny_vae.decoder_loss(lambda latents: striped, batch).item() == pytest.approx(1 + 2 * 2 + 0.5 * 2)
