"""The card of tiny-sd: 32 samples that nobody picked, and how often a judge finds in them what the prompts ask for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from workbook.datasets.pictures import held_out_pair
from workbook.diffusion.adherence import Adherence, Judge, accuracy, adherence, prompts, train_judge

PROMPTS, SHOWN, ACROSS = 200, 32, 8


def card_of(pipeline: Any, judge: Judge | None = None) -> tuple[dict[str, Any], str, bytes]:
    """Figures, text in Markdown, and the samples as a PNG file. judge: one that is trained already."""
    judge = judge or train_judge()
    asked = prompts(PROMPTS, seed=0)
    found = adherence(pipeline, judge, asked)
    real = accuracy(judge)
    new = [held_out_pair(prompt.colour, prompt.kind) for prompt in asked]
    facts = {
        "prompts": PROMPTS,
        **{f"{name}_right": round(share, 3) for name, share in found.shares.items()},
        **{f"{name}_right_by_chance": round(share, 3) for name, share in found.chance.items()},
        **{f"judge_right_about_real_{name}": round(share, 3) for name, share in real.items()},
        "prompts_of_unseen_pairs": sum(new),
        **{
            f"{name}_right_of_unseen_pairs": round(values[new].float().mean().item(), 3)
            for name, values in found.right.items()
        },
    }  # fmt: skip
    return facts, _story(found, real), sheet(found.pictures[:SHOWN], ACROSS)


def _story(found: Adherence, real: dict[str, float]) -> str:
    lines = ["| in the picture | right | by chance | the judge about real pictures |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {found.shares[name]:.1%} | {found.chance[name]:.1%} | {real[name]:.1%} |" for name in real]
    captions = "\n".join(f"{number}. {prompt.text}" for number, prompt in enumerate(found.prompts[:SHOWN], 1))
    return (
        f"{len(found.prompts)} prompts, one picture each, none picked; 25 steps, guidance 3:\n\n" + "\n".join(lines)
        + f"\n\nThe first {SHOWN}, row by row:\n\n![{SHOWN} samples](samples.png)\n\n{captions}"
    )  # fmt: skip


def sheet(pictures: np.ndarray, across: int) -> bytes:
    """Pictures (N, H, W, 3) uint8 side by side, `across` in a row, as a PNG file; N must be a multiple of `across`."""
    from PIL import Image

    rows = [np.concatenate(list(pictures[first : first + across]), 1) for first in range(0, len(pictures), across)]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).quantize(256).save(buffer, "png", optimize=True)  # a third of the size
    return buffer.getvalue()
