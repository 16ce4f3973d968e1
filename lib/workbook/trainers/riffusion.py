"""Riffusion's recipe: a text-to-image model that goes on learning, from pictures of music and their captions.

    latents, ids = encode(pipeline, pictures, captions)
    history = tune(pipeline, latents, ids, steps=200)
    painted = paint(pipeline, ["fast happy flute melody"])

As in Riffusion the UNet learns to remove noise from the pictures' latents (Forsgren and Martiros 2022, who fine-tuned
Stable Diffusion). A small model needs more: its text encoder has never met a word of music, so it learns along, and its
autoencoder has seen few pictures with such fine lines (`tune_autoencoder`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook.audio import listening
from workbook.audio.listening import Listener
from workbook.audio.music import Clip, labels
from workbook.audio.spectrogram import SpectrogramParams
from workbook.diffusion.generate import decode, generate
from workbook.trainers.diffusion import Batch, encode_pictures, noise_loss, token_ids
from workbook.trainers.history import History
from workbook.trainers.loop import fit
from workbook.trainers.muon_conv import ConvMuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.tiny_vae import WithPosterior, standardise

RATES = (2e-3, 1e-3)  # of Muon and of AdamW
PAINTER_ENDS = ("unet.conv_in", "unet.conv_out", "text_encoder.embeddings", "text_encoder.text_model.embeddings")
AUTOENCODER_ENDS = ("vae.encoder.conv_in", "vae.decoder.conv_out", "vae.quant_conv", "vae.post_quant_conv")
GAMMA = 5.0  # of min-SNR weights, as tiny-sd was trained with
DIVERGENCE = 3e-5  # weight of the latents' distance from a normal distribution, beside the pixels' error
UNCAPTIONED = 0.1  # the share of examples without a caption, from which guidance takes its direction


class Painter(nn.Module):
    """UNet and text encoder of a pipeline as one module, which stands in a UNet's place and reads token ids."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__()
        self.unet, self.text_encoder = pipeline.unet, pipeline.text_encoder

    def forward(
        self, noisy: Tensor, steps: Tensor, encoder_hidden_states: Tensor, return_dict: bool = False
    ) -> tuple[Tensor]:
        """noisy (B, C, h, w), steps (B,), token ids (B, length) → what the scheduler wants guessed, (B, C, h, w)."""
        states = self.text_encoder(encoder_hidden_states)[0]  # (B, length, D)
        return self.unet(noisy, steps, encoder_hidden_states=states, return_dict=False)


def encode(pipeline: Any, pictures: np.ndarray, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Latents (N, C, h, w) and token ids (N, length) of grey pictures, uint8 (N, H, W), and their captions.

    Latents don't change while the UNet learns, so they are computed once. Raises ValueError unless there are as many
    captions as pictures.
    """
    if len(pictures) != len(captions):
        raise ValueError(f"There are {len(pictures)} pictures and {len(captions)} captions: expected one for each.")
    return encode_pictures(pipeline, coloured(pictures)), token_ids(pipeline, captions)


def coloured(pictures: np.ndarray) -> np.ndarray:
    """Grey pictures (N, H, W) as a model of colour pictures takes them: (N, H, W, 3)."""
    return np.repeat(pictures[..., None], 3, axis=-1)


def grey(painted: np.ndarray) -> np.ndarray:
    """Colour pictures, uint8 (N, H, W, 3), as grey ones, uint8 (N, H, W): the mean of the three colours."""
    return painted.astype(np.float32).mean(-1).round().astype(np.uint8)


def paint(pipeline: Any, prompts: Sequence[str] | Tensor, **options: Any) -> np.ndarray:
    """The grey pictures that a pipeline paints for prompts, uint8 (N, H, W); options: as `generate` takes them."""
    return grey(generate(pipeline, prompts, **options))


def batches_of(latents: Tensor, ids: Tensor, empty: Tensor, size: int) -> Callable[[int], Iterator[Batch]]:
    """A function of the epoch: all examples in a drawn order, `size` at a time, some of them without their caption."""

    def epoch(number: int) -> Iterator[Batch]:
        for rows in torch.randperm(len(latents)).split(size):
            if len(rows) < min(size, len(latents)):
                continue
            bare = torch.rand(len(rows), 1) < UNCAPTIONED
            yield {"latents": latents[rows], "states": torch.where(bare, empty, ids[rows])}

    return epoch


def tune(
    pipeline: Any,
    latents: Tensor,
    ids: Tensor,
    steps: int,
    batch: int = 32,
    rates: tuple[float, float] = RATES,
    gamma: float | None = GAMMA,
    **options: Any,
) -> History:
    """Fine-tune the pipeline's UNet and text encoder in place on latents and captions as `encode` gives them.

    rates: of Muon, for hidden weights, and of AdamW, for all others. gamma: of min-SNR weights, None for equal ones.
    options: further ones of `fit`. The autoencoder stays as it is.
    """
    painter = Painter(pipeline)
    painter.requires_grad_(True)
    batches = batches_of(latents, ids, token_ids(pipeline, [""]), batch)
    options = {"schedule": warmup_linear(steps // 20 + 1, steps), "progress": "fine-tuning", **options}
    optimizer = ConvMuonAdamW(painter, *rates, PAINTER_ENDS)
    return fit(painter, batches, noise_loss(pipeline.scheduler, gamma), steps=steps, optimizer=optimizer, **options)


def autoencoder_loss(model: WithPosterior, pixels: Tensor) -> Tensor:
    """Absolute error of pixels and of the differences between neighbours, and a little of the latents' divergence.

    pixels: uint8 (B, H, W), grey. A spectrogram is full of fine lines, so edges count, and latents must not be noisy.
    """
    wanted = (pixels.float() / 127.5 - 1)[:, None].expand(-1, 3, -1, -1)
    made, mean, log_variance = (value.float() for value in model(wanted))
    error = made - wanted
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    return error.abs().mean() + 0.5 * edges + DIVERGENCE * divergence


def tune_autoencoder(
    pipeline: Any, pictures: np.ndarray, steps: int, batch: int = 16, rates: tuple[float, float] = RATES, **options: Any
) -> History:
    """Fine-tune the pipeline's autoencoder in place on grey pictures, uint8 (N, H, W), and standardise its latents.

    rates, options: as in `tune`.
    """
    pixels = torch.from_numpy(pictures)

    def batches(epoch: int) -> Iterator[Tensor]:
        return (pixels[rows] for rows in torch.randperm(len(pixels)).split(batch) if len(rows) == batch)

    pipeline.vae.requires_grad_(True)
    model = WithPosterior(pipeline.vae)
    options = {"schedule": warmup_linear(steps // 20 + 1, steps), "progress": "autoencoder", **options}
    optimizer = ConvMuonAdamW(model, *rates, AUTOENCODER_ENDS)
    history = fit(model, batches, autoencoder_loss, steps=steps, optimizer=optimizer, **options)
    standardise(pipeline.vae, torch.from_numpy(coloured(pictures[:1000])))
    return history


def adherence(
    listener: Listener, clips: Sequence[Clip], painted: np.ndarray, params: SpectrogramParams
) -> dict[str, float]:
    """How often instrument and tempo of the clips are recognised in the *sound* of what was painted for them."""
    return listening.recognised(listener, listening.heard(painted, params), labels(clips))


def reconstructed(pipeline: Any, pictures: np.ndarray, batch: int = 50) -> np.ndarray:
    """Grey pictures, uint8 (N, H, W), after the autoencoder's way there and back."""
    latents = encode_pictures(pipeline, coloured(pictures), batch)
    return np.concatenate([grey(decode(pipeline, part)) for part in latents.split(batch)])
