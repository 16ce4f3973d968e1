"""Riffusion's recipe on a pipeline of a few thousand weights: what learns, from what, and how it is judged."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from workbook.audio import listening, music
from workbook.trainers import riffusion
from workbook.trainers.diffusion import token_ids
from workbook.zoo.tiny_clip import make_tokenizer

CLIPS = music.generate("train", 8)
CAPTIONS = [clip.caption for clip in CLIPS]


def tiny_pipeline(seed=0):
    """A complete pipeline for pictures of 16 x 16, with random weights."""
    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    ends = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    text = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=32, **ends,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16, attention_head_dim=4,
    )  # fmt: skip
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4,
        block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4, sample_size=16, scaling_factor=0.5,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, steps_offset=1
    )
    return StableDiffusionPipeline(
        vae=vae.eval(), text_encoder=CLIPTextModel(text).eval(), tokenizer=tokenizer, unet=unet.eval(),
        scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


PICTURES = np.random.default_rng(0).integers(0, 256, (8, 16, 16), dtype=np.uint8)


def test_latents_are_scaled_means_and_captions_tokens(pipeline):
    latents, ids = riffusion.encode(pipeline, PICTURES, CAPTIONS)
    assert latents.shape == (8, 4, 8, 8) and ids.shape == (8, 32)
    pixels = torch.from_numpy(PICTURES[4]).float().expand(1, 3, 16, 16) / 127.5 - 1
    with torch.no_grad():
        torch.testing.assert_close(latents[4:5], 0.5 * pipeline.vae.encode(pixels).latent_dist.mean)
    assert pipeline.tokenizer.decode(ids[3], skip_special_tokens=True).strip() == CAPTIONS[3]
    with pytest.raises(ValueError, match="8 pictures and 2 captions"):
        riffusion.encode(pipeline, PICTURES, CAPTIONS[:2])


def test_grey_there_and_back():
    assert (riffusion.grey(riffusion.coloured(PICTURES)) == PICTURES).all()
    colour = np.array([10, 20, 60], np.uint8).reshape(1, 1, 1, 3)
    assert riffusion.grey(colour).tolist() == [[[30]]]


def test_some_captions_are_left_out_and_none_is_mixed_up():
    latents = torch.arange(400.0).view(400, 1, 1, 1)
    ids = torch.arange(400)[:, None].repeat(1, 5) + 1000
    empty = torch.zeros(1, 5, dtype=torch.long)
    torch.manual_seed(0)
    rows = list(riffusion.batches_of(latents, ids, empty, 32)(0))
    assert len(rows) == 12 and all(len(batch["latents"]) == 32 for batch in rows)
    kept, words = (torch.cat([batch[name] for batch in rows]) for name in ("latents", "states"))
    kept = kept.flatten()
    bare = (words == 0).all(1)
    assert (words[~bare, 0] == kept[~bare] + 1000).all() and 0.05 < bare.float().mean() < 0.16
    assert len(set(kept.tolist())) == 384
    assert len(list(riffusion.batches_of(latents[:3], ids[:3], empty, 32)(0))) == 1  # fewer than one batch


def test_unet_and_text_encoder_learn_and_the_autoencoder_does_not():
    pipeline = tiny_pipeline()
    before = {name: _weights(getattr(pipeline, name)) for name in ("unet", "text_encoder", "vae")}
    latents, ids = riffusion.encode(pipeline, PICTURES, CAPTIONS)
    history = riffusion.tune(pipeline, latents, ids, 12, batch=8, rates=(3e-2, 1e-2), progress=None)
    moved = {name: not torch.equal(before[name], _weights(getattr(pipeline, name))) for name in before}
    assert moved == {"unet": True, "text_encoder": True, "vae": False}
    assert np.mean(history.losses[-3:]) < np.mean(history.losses[:3])
    again = riffusion.tune(tiny_pipeline(), latents, ids, 2, batch=8, progress=None)
    other = riffusion.tune(tiny_pipeline(), latents, ids, 2, batch=8, progress=None, seed=1)
    assert again.losses != other.losses


def _weights(module):
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def test_the_prompt_reaches_the_noise(pipeline):
    painter = riffusion.Painter(pipeline)
    noisy, steps = torch.randn(2, 4, 8, 8), torch.tensor([500, 500])
    ids = token_ids(pipeline, ["slow guitar", "fast drums"])
    with torch.no_grad():
        (same,), (other,) = painter(noisy, steps, ids), painter(noisy, steps, ids.flip(0))
        states = pipeline.text_encoder(ids)[0]
        torch.testing.assert_close(same, pipeline.unet(noisy, steps, states).sample)
    assert same.shape == noisy.shape and (same - other).abs().max() > 1e-6


def test_adherence_listens_to_the_sound(monkeypatch):
    """What counts is what is heard: a picture that sounds like another clip's is wrong, whatever it looks like."""
    clips, pictures, shown = music.asked(1)[:4], np.zeros((4, 64, 64), np.uint8), []
    monkeypatch.setattr(listening, "heard", lambda painted, params: painted + 1)

    def listen(listener, heard):
        shown.append(heard)
        return None, {"instrument": np.array([0, 0, 0, 3]), "tempo": np.array([0, 1, 9, 9])}

    monkeypatch.setattr(listening, "listen", listen)
    assert riffusion.adherence(None, clips, pictures, music.PARAMS) == {"instrument": 0.75, "tempo": 0.5}
    assert (shown[0] == 1).all()


def test_paintings_are_grey_and_follow_their_seed(pipeline):
    first, second = (riffusion.paint(pipeline, CAPTIONS[:2], seed=seed, steps=2, progress=None) for seed in (0, 1))
    assert first.shape == (2, 16, 16) and first.dtype == np.uint8 and (first != second).any()


def test_reconstruction_is_decoding_the_latents(pipeline):
    made = riffusion.reconstructed(pipeline, PICTURES, batch=3)
    assert made.shape == PICTURES.shape and made.dtype == np.uint8
    latents, _ = riffusion.encode(pipeline, PICTURES[5:6], CAPTIONS[5:6])
    with torch.no_grad():
        pixels = pipeline.vae.decode(latents / 0.5).sample.clamp(-1, 1).mean((0, 1))
    np.testing.assert_allclose(made[5], (pixels + 1) * 127.5, atol=1.1)


def test_the_autoencoder_learns_and_its_latents_are_standardised():
    pipeline = tiny_pipeline()
    before, kept = riffusion.reconstructed(pipeline, PICTURES), _weights(pipeline.unet)
    riffusion.tune_autoencoder(pipeline, PICTURES, 20, batch=8, rates=(1e-2, 5e-3), progress=None)
    after = riffusion.reconstructed(pipeline, PICTURES)
    errors = [np.abs(made.astype(int) - PICTURES).mean() for made in (before, after)]
    assert errors[1] < errors[0] and torch.equal(kept, _weights(pipeline.unet))
    latents = riffusion.encode(pipeline, PICTURES, CAPTIONS)[0] / 0.5
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-3, rtol=0)


def test_the_autoencoder_s_loss():
    """Perfect and sure of a standard normal: nothing. One level of grey off everywhere: the error, and no edges."""

    class Perfect(torch.nn.Module):
        off = 0.0

        def forward(self, wanted):
            latents = torch.zeros(len(wanted), 4, 2, 2)
            return wanted + self.off, latents, latents

    perfect, pixels = Perfect(), torch.from_numpy(PICTURES)
    assert riffusion.autoencoder_loss(perfect, pixels).item() == 0
    perfect.off = 0.25
    assert riffusion.autoencoder_loss(perfect, pixels).item() == pytest.approx(0.25, abs=1e-5)
    perfect.off = 0.25 * (torch.arange(16) % 2)  # every second column too bright: half the error, but edges everywhere
    assert riffusion.autoencoder_loss(perfect, pixels).item() == pytest.approx(0.125 + 0.5 * 0.25, abs=1e-5)
