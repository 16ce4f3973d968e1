"""The recipe of tiny-riffusion: tiny-sd, taught to paint spectrograms of music that the workbook's synthesiser plays.

    python -m workbook.zoo build tiny-riffusion          (after tiny-sd)

First the autoencoder learns along: it has seen drawings, and loses the fine lines of which a spectrogram consists. Then
UNet and text encoder learn to paint the clips of the training split for their captions. The lesson takes 150 such
steps; here they are more, and every so often the validation judge listens: that curve is kept in
data/results/07_riffusion.json.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from workbook import files, studies, zoo
from workbook.audio import listening, music
from workbook.trainers import riffusion
from workbook.zoo.building import store_pipeline

SEED, CLIPS, HELD_OUT, JUDGE_CLIPS, JUDGE_STEPS = 0, 3_000, 140, 1_000, 250
VAE_STEPS, VAE_BATCH = 300, 16
STEPS, BATCH, EVERY = 1_000, 32, 100
STUDY, COMMAND = "07_riffusion", "python -m workbook.zoo build tiny-riffusion"


def build(name: str = "tiny-riffusion") -> None:
    """Train and store the pipeline and its curve."""
    precision = os.environ.get("WORKBOOK_PRECISION", "no")  # "bf16" is faster where the processor can
    pipeline = zoo.load("text-to-image", "small").model
    clips, held_out = music.generate("train", CLIPS, SEED), music.generate("validation", HELD_OUT, SEED)
    pictures, validation = music.pictures(clips), music.pictures(held_out)
    lessons = music.generate("judge", JUDGE_CLIPS, SEED)
    judge, _ = listening.train_listener(
        music.pictures(lessons), music.labels(lessons), JUDGE_STEPS, SEED, f"{name}, judge"
    )

    losses = {"pixel_error_before": pixel_error(pipeline, validation)}
    history = riffusion.tune_autoencoder(
        pipeline, pictures, VAE_STEPS, VAE_BATCH, precision=precision, seed=SEED,
        checkpoint=files.home() / "checkpoints" / f"{name}-vae.pt", progress=f"{name}, autoencoder",
    )  # fmt: skip
    seconds = {"autoencoder": round(history.seconds)}
    losses["pixel_error_after"] = pixel_error(pipeline, validation)

    latents, ids = riffusion.encode(pipeline, pictures, [clip.caption for clip in clips])
    asked = music.asked(1, SEED + 1)  # the lesson asks with another seed
    rows: list[dict[str, Any]] = [{"step": 0, **heard(pipeline, judge, asked)}]
    history = riffusion.tune(
        pipeline, latents, ids, STEPS, BATCH, seed=SEED,
        evaluate=lambda painter: heard(pipeline, judge, asked), evaluate_every=EVERY,
        checkpoint=files.home() / "checkpoints" / f"{name}-unet.pt", progress=name,
    )  # fmt: skip
    seconds["unet and text encoder"] = round(history.seconds)
    rows += [{**figures, "loss": mean_loss(history.losses, figures["step"])} for figures in history.evaluations]
    studies.store(STUDY, rows, COMMAND, [SEED], history.seconds)
    for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        part.half().float()  # what is stored is what is measured
    facts = {
        "seed": SEED, "clips": CLIPS, "autoencoder_steps": VAE_STEPS, "steps": STEPS, "batch": BATCH,
        "rates": riffusion.RATES, "min_snr_gamma": riffusion.GAMMA, "autoencoder_precision": precision,
        "seconds_of_training": seconds, **losses,
        **{f"validation_{head}_recognised": round(share, 3) for head, share in heard(pipeline, judge, asked).items()},
        "licence": "that of the workbook",
    }  # fmt: skip
    print(store_pipeline(name, pipeline, facts, __doc__.strip()), facts)


def heard(pipeline: Any, judge: listening.Listener, asked: list[music.Clip]) -> dict[str, float]:
    """How often the judge recognises what was asked for in the sound of what is painted."""
    painted = riffusion.paint(pipeline, [clip.caption for clip in asked], seed=SEED, progress=None)
    return riffusion.adherence(judge, asked, painted, music.PARAMS)


def pixel_error(pipeline: Any, pictures: np.ndarray) -> float:
    """The mean absolute error of pictures, 0 to 255, after the autoencoder's way there and back."""
    made = riffusion.reconstructed(pipeline, pictures)
    return round(float(np.abs(made.astype(float) - pictures).mean()), 2)


def mean_loss(losses: list[float], step: int, over: int = 100) -> float:
    """The mean of the `over` losses up to a step."""
    return float(np.mean(losses[max(0, step - over) : step]))
