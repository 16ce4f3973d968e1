"""DreamBooth training steps: the workbook's trainer against a plain loop with the structure of diffusers' example.

    python benchmarks/bench_dreambooth.py            # two minutes on one core, tiny-sd
    python benchmarks/bench_dreambooth.py --full     # Stable Diffusion 1.5's architecture, random weights: a GPU

The example encodes the pictures and the prompts of a batch at every step; the trainer encodes them once. All train the
same UNet in full on the same photos and class samples, batch and precision, prior term included: noise, time steps,
UNet, two halves, backward, gradients clipped to norm 1, AdamW. The example takes torch's AdamW as it is, the trainer
the fused one; the second row gives the plain loop the fused one as well, so that what is left is the encoding alone.
Short runs alternate, and every round gives a ratio. The table shows medians; "once per call" is what comes before the
first step. Target: 1.5 times as many steps a second as the example's structure.
"""

from __future__ import annotations

import argparse
import copy
import functools
import os
import statistics
import time
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from workbook import show, zoo
from workbook.datasets.subjects import load_subject
from workbook.profiles import device
from workbook.trainers.dreambooth import Recipe, dreambooth, read_photos


def by_hand(
    pipeline: Any, photos: list, samples: list, prompts: tuple[str, str], recipe: Recipe, fused: bool | None = None
) -> tuple[float, float]:
    """The plain loop: seconds of the steps, seconds of the whole call."""
    called = time.perf_counter()
    where = torch.device(device())
    unet = copy.deepcopy(pipeline.unet).requires_grad_(True).train().to(where)
    vae, text_encoder, scheduler = pipeline.vae.to(where), pipeline.text_encoder.to(where), pipeline.scheduler
    optimizer = torch.optim.AdamW(unet.parameters(), lr=recipe.rate, weight_decay=0.01, fused=fused)
    kinds = [
        torch.from_numpy(np.stack([np.asarray(one) for one in part])).permute(0, 3, 1, 2).float() / 127.5 - 1
        for part in (photos, samples)
    ]
    ids = [pipeline.tokenizer([text], padding="max_length", return_tensors="pt").input_ids for text in prompts]
    _wait()
    began = time.perf_counter()
    for step in range(recipe.steps):
        rows = step * recipe.size + torch.arange(recipe.size)
        pixels = torch.cat([part[rows % len(part)] for part in kinds]).to(where)
        tokens = torch.cat([one.expand(recipe.size, -1) for one in ids]).to(where)
        with torch.no_grad():
            latents = vae.encode(pixels).latent_dist.sample() * vae.config.scaling_factor
            states = text_encoder(tokens)[0]
        noise = torch.randn_like(latents)
        times = torch.randint(scheduler.config.num_train_timesteps, (len(latents),), device=where)
        noisy = scheduler.add_noise(latents, noise, times)
        guess, prior = unet(noisy, times, states, return_dict=False)[0].chunk(2)
        target, prior_target = noise.chunk(2)
        loss = functional.mse_loss(guess, target) + recipe.prior_weight * functional.mse_loss(prior, prior_target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
    _wait()
    ended = time.perf_counter()
    return ended - began, ended - called


def by_trainer(
    pipeline: Any, photos: list, samples: list, prompts: tuple[str, str], recipe: Recipe
) -> tuple[float, float]:
    """The same by the workbook's trainer."""
    called = time.perf_counter()
    taught = dreambooth(pipeline, photos, *prompts, recipe, samples=samples, progress=None)
    _wait()
    return taught.history.seconds, time.perf_counter() - called


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def compare(pipeline: Any, recipe: Recipe, repeats: int) -> list[list[str]]:
    """The table's rows."""
    subject, side = load_subject("toy"), pipeline.unet.config.sample_size
    side *= 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
    photos, samples = (read_photos(some, side) for some in (subject.photos, load_subject("boat").held_out))
    arguments = (pipeline, photos, samples, (subject.prompt, subject.class_prompt), recipe)
    loops = {
        "plain loop": by_hand,
        "plain loop, fused AdamW": functools.partial(by_hand, fused=True),
        "trainer": by_trainer,
    }
    steps, once, memory = ({name: [] for name in loops} for _ in range(3))
    for repeat in range(-1, repeats):
        for name in loops if repeat % 2 else reversed(loops):  # who goes first changes, too
            if torch.cuda.is_available():
                torch.cuda.reset_peak_memory_stats()
            seconds, whole = loops[name](*arguments)
            if repeat >= 0:  # the first round warms up
                steps[name].append(seconds / recipe.steps)
                once[name].append(whole - seconds)
                memory[name].append(torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0)
    rows = []
    for name in loops:
        peak = f"{max(memory[name]):.1f} GB" if torch.cuda.is_available() else "not measured"
        times = [f"{1 / statistics.median(steps[name]):.2f}", f"{statistics.median(once[name]):.2f} s", peak]
        ratios = [slow / ours for slow, ours in zip(steps[name], steps["trainer"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        gain = ["", ""] if name == "trainer" else [f"{middle:.2f}", f"{low:.2f} … {high:.2f}"]
        rows.append([name, *times, *gain])
    return rows


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=20, help="steps of each short run (default 20)")
    parser.add_argument("--repeats", type=int, default=10, help="rounds of runs (default 10)")
    parser.add_argument("--size", type=int, default=4, help="photos in a batch, and as many class samples (default 4)")
    parser.add_argument(
        "--threads", type=int, default=1, help="torch's threads (default 1: the least disturbed by others)"
    )
    parser.add_argument("--full", action="store_true", help="Stable Diffusion 1.5's architecture with random weights")
    arguments = parser.parse_args()
    os.environ["TQDM_DISABLE"] = "1"
    torch.set_num_threads(arguments.threads)
    if arguments.full:
        os.environ["WORKBOOK_WEIGHTS"] = "random"
    pipeline = zoo.load("text-to-image", "full" if arguments.full else "small").model
    began = time.perf_counter()
    rows = compare(pipeline, Recipe(arguments.steps, 1e-4, arguments.size), arguments.repeats)
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {arguments.threads} thread(s)"
    show.table(
        rows,
        ["loop", "steps a second", "once per call", "peak GPU memory", "the trainer is times as fast", "quartiles"],
        f"{'Stable Diffusion 1.5, random weights' if arguments.full else 'tiny-sd'}, batch {2 * arguments.size}, "
        "float32, "
        f"{where}, torch {torch.__version__}: {arguments.repeats} rounds of {arguments.steps} steps in "
        f"{time.perf_counter() - began:.0f} s",
    )


if __name__ == "__main__":
    main()
