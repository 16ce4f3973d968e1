"""Stable Diffusion 1's architecture with random weights: for measuring memory and speed where there is no hub."""

from __future__ import annotations

from typing import Any

# The noise of Stable Diffusion 1. A scheduler that is made from nothing clips the predicted latents at ±1, which is
# right for pixels and ruins latents: the loss falls, and the samples ignore their prompts.
NOISE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False, "steps_offset": 1,
}  # fmt: skip


def stable_diffusion(tokenizer: Any) -> Any:
    """A StableDiffusionPipeline of version 1.5's sizes: UNet 860 M parameters, autoencoder 84 M, text encoder 123 M.

    tokenizer: any whose numbers are below 49,408. It has no safety checker: with random weights that would be noise.
    """
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from workbook.zoo.entries import PIPELINE
    from workbook.zoo.loading import class_of

    widths = (128, 256, 512, 512)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=widths, layers_per_block=2, latent_channels=4, sample_size=512, scaling_factor=0.18215,
    )  # fmt: skip
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768)  # the rest is the class's own default
    text = CLIPTextConfig(
        vocab_size=49_408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        projection_dim=768, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    parts = {"vae": vae, "unet": unet, "text_encoder": CLIPTextModel(text)}
    return class_of(PIPELINE)(
        **{name: part.eval() for name, part in parts.items()}, tokenizer=tokenizer,
        scheduler=DDIMScheduler(set_alpha_to_one=False, **NOISE), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
