"""Training a segmenter that takes words: both towers and the decoder together, on unions of masks.

    fit(EndToEnd(model), lambda epoch: query_batches(pool, tokenizer, epoch), union_mask_loss, steps=2000)

The target of a query is the union of the masks of all objects that it is true of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workbook.datasets.scenes import Scene
from workbook.vision.mask_losses import dice_loss
from workbook.vision.queries import near_miss, phrases, target
from workbook.vision.words import encode, to_pixel_values


class EndToEnd(nn.Module):
    """CLIPSeg with gradients in all of it.

    The forward pass of transformers' CLIPSegForImageSegmentation puts both towers under `torch.no_grad()`: there they
    are CLIP's, trained on 400 million pairs, and only the decoder learns (Lüddecke & Ecker 2022, section 3). Ours have
    learnt nothing yet. The logits are the same, and a picture goes through its tower once for all of its queries.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """pixel_values (B, 3, S, S), and Q queries a picture as input_ids, attention_mask (B, Q, T) → (B, Q, S, S)."""
        clip, queries = self.model.clip, input_ids.shape[1]
        states = clip.vision_model(pixel_values, output_hidden_states=True).hidden_states
        # states[0] is what enters the first layer, so layer i's output is states[i + 1]; (B·Q, patches + 1, width)
        activations = [states[layer + 1].repeat_interleave(queries, 0) for layer in self.model.extract_layers]
        words = clip.get_text_features(input_ids.flatten(0, 1), attention_mask=attention_mask.flatten(0, 1))
        logits = self.model.decoder(activations, words.pooler_output).logits  # (B·Q, S, S)
        return logits.view(-1, queries, *logits.shape[1:])


def union_mask_loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, int]:
    """Cross-entropy of the pixels plus dice, summed over the queries; and the number of queries.

    batch: pixel_values (B, 3, S, S), input_ids and attention_mask (B, Q, T), targets (B, Q, S, S) bool. A query with
    an empty target asks for nothing: dice is 1 there for whatever isn't exactly empty, so it is left out of that part.
    """
    logits = model(batch["pixel_values"], batch["input_ids"], batch["attention_mask"]).float()  # (B, Q, S, S)
    targets = batch["targets"].to(logits.dtype)
    entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean((2, 3))  # (B, Q)
    loss = entropy + dice_loss(logits, targets) * targets.any(-1).any(-1)
    return loss.sum(), loss.numel()


def draw_query(rng: np.random.Generator, scene: Scene, absent: float) -> str:
    """A query for training: with probability `absent` one that is true of nothing, one word beside the truth.

    Otherwise an object's description or a phrase of it, half and half. Pairs of colour and kind that are kept for the
    test split are never named.
    """
    if rng.random() < absent:
        return near_miss(rng, scene, known_pairs=True, specific=rng.random() < 0.5)
    description = scene.words[rng.integers(len(scene.words))]
    options = phrases(description)
    return description if rng.random() < 0.5 else options[rng.integers(len(options))]


def query_batches(
    pool: Sequence[Scene],
    tokenizer: Any,
    epoch: int,
    *,
    batch_size: int = 32,
    queries: int = 6,
    absent: float = 0.3,
    seed: int = 0,
) -> Iterator[dict[str, Tensor]]:
    """One epoch: every scene once, in random order, half of them mirrored, each with newly drawn queries.

    Yields batches for `union_mask_loss`; the last scenes that don't fill one are left out. Raises ValueError where
    none is filled.
    """
    if not 1 <= batch_size <= len(pool) or queries < 1 or not 0 <= absent <= 1:
        raise ValueError(
            f"Expected 1 <= batch_size <= {len(pool)} scenes, at least one query and absent between 0 and 1, got "
            f"batch_size {batch_size}, queries {queries}, absent {absent}."
        )
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(pool))
    for first in range(0, len(pool) - batch_size + 1, batch_size):
        scenes = [pool[i] for i in order[first : first + batch_size]]
        asked = [[draw_query(rng, scene, absent) for _ in range(queries)] for scene in scenes]
        images = np.stack([scene.image for scene in scenes])  # (B, S, S, 3)
        targets = np.stack([[target(q, scene) for q in row] for scene, row in zip(scenes, asked, strict=True)])
        mirrored = rng.random(batch_size) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        targets[mirrored] = targets[mirrored, ..., ::-1]
        encoded = encode(tokenizer, [query for row in asked for query in row])
        yield {
            "pixel_values": to_pixel_values(images),
            "targets": torch.from_numpy(targets),
            **{name: ids.view(batch_size, queries, -1) for name, ids in encoded.items()},
        }
