"""The recipe of tiny-sam: a Segment Anything Model in small, trained from scratch on made scenes.

    python -m workbook.zoo build tiny-sam

The parts are SAM's: a vision transformer whose layers look through windows and, twice, at the whole picture; a prompt
encoder; a mask decoder of two layers with three masks, one more for several prompts, and their predicted IoU. SAM
saw 1.1 billion masks; this one sees some thousand scenes, turned and recoloured at every epoch. Most of them lie on
crops of five photos; the photos of the test split, and a part of the pairs of colour and kind, are kept for lesson 11.

Two things shorten the way. A head, thrown away in the end, draws from the encoder's grid what belongs to an object and
where that object's sides are: it teaches the encoder at every pixel, and for the first steps it teaches alone. Then
boxes around single objects come first: with all kinds of prompts from the start a model has found after 100 steps
nothing better than empty masks. Then all kinds take turns, while the learning rate falls to 0, and again from half as
high. What such a model does worst is to keep neighbours apart: so then, as long as everything before, new and fuller
scenes, in which objects are asked for the more often the more of their box others cover. And last the encoder becomes
deeper by two layers, which change nothing at first, and learns from new scenes and larger batches once more; a quarter
of the objects there have the light and dark of a photo on them, and every second batch asks with boxes. For the stored
weights that last stage ran in two processes, each with half of every batch (`fit` shares it out); with one it takes
longer, and draws other correcting points.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from workbook import files
from workbook.datasets.scenes import Scene, scenes
from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.trainers.segmentation import (
    KINDS,
    Pool,
    Rounds,
    Sketch,
    pool,
    prompted,
    segmentation_loss,
    sketch_loss,
)
from workbook.vision.masks import paired_iou
from workbook.vision.sam import choose_mask
from workbook.zoo.building import store

SEED, BATCH = 0, 12  # BATCH: pictures; each has three prompts, in two rounds
DRAWING, BOXES, PROMPTS, AGAIN = 1300, 200, 1800, 2000  # steps: sketch (16 pictures each), boxes, all kinds, twice
APART = 7000  # steps: crowded scenes
DEEPER = 10_000  # steps with the deeper encoder, of twice as many pictures
SCENES = {"photo": 4500, "night": 2500, "studio": 2000}  # by domain
VALIDATION = 9_000  # the seed of scenes that no epoch shows, with the photos of training
SIZE, PATCH, WIDTH, LAYERS, CHANNELS = 64, 4, 128, 4, 96  # LAYERS: at first


def network(layers: int = LAYERS) -> Any:
    """An untrained SamModel for pictures of 64 x 64 pixels, whose masks have the picture's own resolution.

    Two starts differ from transformers', which are meant for weights that are loaded. The random waves that encode a
    place have deviation 1, as in SAM's code, and stay as they are: half of the width would tell no neighbour from a
    stranger. And where prompts look at the picture, or it at them, queries and keys begin alike, so that a prompt's
    first glance falls on its own place.
    """
    from transformers import SamConfig, SamModel
    from transformers.models.sam.modeling_sam import SamAttention

    shared = {"image_size": SIZE, "patch_size": PATCH}
    config = SamConfig(
        vision_config={
            **shared, "hidden_size": WIDTH, "num_hidden_layers": layers, "num_attention_heads": 4, "mlp_ratio": 3.0,
            "window_size": 8, "global_attn_indexes": list(range(1, layers, 2)), "output_channels": CHANNELS,
            "num_pos_feats": CHANNELS // 2, "initializer_range": 0.05,
        },
        prompt_encoder_config={**shared, "hidden_size": CHANNELS},
        mask_decoder_config={
            "hidden_size": CHANNELS, "mlp_dim": 2 * CHANNELS, "num_attention_heads": 4, "iou_head_hidden_dim": CHANNELS,
        },
        initializer_range=0.1,
    )  # fmt: skip
    config._attn_implementation = "eager"  # in bf16 on a CPU a third faster than torch's fused attention
    model = SamModel(config)
    places = model.shared_image_embedding.positional_embedding.requires_grad_(False)
    places.data.normal_()
    for part in model.mask_decoder.modules():
        if isinstance(part, SamAttention) and part.internal_dim < part.hidden_size:  # between prompts and picture
            part.q_proj.weight.data.normal_(std=0.15)
            part.k_proj.weight.data.copy_(part.q_proj.weight)
    return model


def deepened(rounds: Rounds, layers: int) -> Rounds:
    """The same model with an encoder of `layers` layers. The new ones, at its end, add 0 to what they are given."""
    deeper = Rounds(network(layers), rounds.sketch)
    for layer in deeper.sam.vision_encoder.layers[len(rounds.sam.vision_encoder.layers) :]:
        for last in (layer.attn.proj, layer.mlp.lin2):
            last.weight.data.zero_()
            last.bias.data.zero_()
    deeper.load_state_dict(rounds.state_dict(), strict=False)  # what it lacks are the new layers
    return deeper


def drawn(seed: int, share: float = 1.0, objects: tuple[int, int] = (1, 4), grained: float = 0.0) -> list[Scene]:
    """Scenes of all domains in the recipe's proportion."""
    numbers = {domain: int(share * number) for domain, number in SCENES.items()}
    return [
        scene
        for domain, number in numbers.items()
        for scene in scenes(number, seed, domain=domain, objects=objects, grained=grained)
    ]


def build(name: str = "tiny-sam") -> None:
    """Train and store it, in stages: encoder alone, single boxes, all prompts, crowded scenes, a deeper encoder."""
    held_out = pool(drawn(VALIDATION, 0.03))
    first = cache(lambda: drawn(SEED))  # drawn when asked for: a run that goes on does not need the earlier stages'
    pictures = cache(lambda: pool(first()))
    objects = cache(lambda: pool(first()[::6], {"object": 1.0, "cluster": 0.0, "ground": 0.0}))
    full = cache(lambda: pool(drawn(SEED + 1, 2.0, objects=(1, 5)), crowded=10))
    grained = cache(lambda: pool(drawn(SEED + 2, 3.0, objects=(1, 5), grained=0.25), crowded=10))
    torch.manual_seed(SEED)
    rounds = Rounds(network(), Sketch(CHANNELS, PATCH))
    stages = {
        # true colours first: with foreign ones the encoder needs far longer to tell objects from the ground
        "sketch": (DRAWING, lambda epoch: prompted(pictures(), 16, colour=False), sketch_alone, warm),
        "boxes": (BOXES, lambda epoch: prompted(objects(), BATCH, kinds=["box"]), segmentation_loss, warm),
        "prompts": (PROMPTS, lambda epoch: prompted(pictures(), BATCH), segmentation_loss, warmup_linear(30, PROMPTS)),
        "again": (AGAIN, lambda epoch: prompted(pictures(), BATCH), segmentation_loss, from_half(AGAIN)),
        "apart": (APART, lambda epoch: prompted(full(), BATCH), segmentation_loss, from_half(APART)),
    }
    seconds = train(name, rounds, stages, held_out, SEED)
    torch.manual_seed(SEED + len(stages))
    rounds, often_boxes = deepened(rounds, LAYERS + 2), ("box", "point", "box", "points")
    last = (
        DEEPER,
        lambda epoch: prompted(grained(), 2 * BATCH, kinds=often_boxes),
        segmentation_loss,
        from_half(DEEPER),
    )
    seconds += train(name, rounds, {"deeper": last}, held_out, SEED + len(stages))
    if int(os.environ.get("RANK", 0)):
        return  # of several processes the first one stores
    steps = DRAWING + BOXES + PROMPTS + AGAIN + APART + DEEPER
    facts = {"seed": SEED, "scenes": 6 * sum(SCENES.values()), "steps": steps}
    precision = os.environ.get("WORKBOOK_PRECISION", "no")
    facts |= {"pictures_per_step": [BATCH, 2 * BATCH], "prompts_per_picture": 3, "precision": precision}
    facts |= {f"validation_iou_{kind}": round(value, 3) for kind, value in measure(rounds, held_out).items()}
    facts |= {"seconds_of_training": round(seconds), "licence": "that of the workbook"}
    print(store(name, rounds.sam, None, facts, __doc__.strip()), facts)


def train(name: str, rounds: Rounds, stages: dict[str, tuple], held_out: Pool, seed: int) -> float:
    """Go through stages of (steps, batches, objective, schedule) with one optimizer; returns the seconds it took.

    A stage that was cut off goes on from its checkpoint, and one that is done is loaded from it.
    """
    optimizer = MuonAdamW(rounds, "sam.vision_encoder.layers.", 1e-2, 2e-3)
    precision = os.environ.get("WORKBOOK_PRECISION", "no")  # "bf16" is faster where the processor can
    seconds = 0.0
    for number, (stage, (steps, batches, objective, schedule)) in enumerate(stages.items()):
        history = fit(
            rounds, batches, objective, steps=steps, schedule=schedule, seed=seed + number, progress=f"{name}, {stage}",
            checkpoint=files.home() / "checkpoints" / f"{name}-{stage}.pt", optimizer=optimizer, precision=precision,
            evaluate=lambda rounds: measure(rounds, held_out), evaluate_every=250,
        )  # fmt: skip
        seconds += history.seconds
        print(stage, *history.evaluations, sep="\n", flush=True)
    return seconds


def warm(step: int) -> float:
    """The learning rate's factor: up in 30 steps, and no change after."""
    return min(1.0, (step + 1) / 30)


def from_half(steps: int) -> Callable[[int], float]:
    """The same for later stages: from half of it down to 0."""
    return lambda step: 0.5 * (1 - step / steps)


def sketch_alone(rounds: Rounds, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The objective of the first steps: the encoder and the head, without any prompt."""
    embedding = rounds.sam.vision_encoder(batch["pixel_values"]).last_hidden_state
    return sketch_loss(rounds.sketch(embedding).float(), batch["objects"])


def measure(rounds: Rounds, held_out: Pool) -> dict[str, float]:
    """Mean IoU of the masks that are predicted to be best, by kind of prompt, without and with a correction.

    Prompts are drawn as in training: boxes as a hand draws them, clusters and the ground among the targets.
    """
    figures: dict[str, list[float]] = {}
    torch.manual_seed(VALIDATION)
    with torch.no_grad():
        for number, batch in enumerate(prompted(held_out, 30, colour=False)):
            answers, targets = rounds(**batch), batch["targets"].flatten(0, 1)
            kind = KINDS[number % len(KINDS)]
            for label, answer in zip((kind, f"{kind}_corrected"), answers[:2], strict=True):
                figures.setdefault(label, []).append(paired_iou(choose_mask(*answer) > 0, targets > 0.5).mean().item())
    return {label: sum(values) / len(values) for label, values in figures.items()}
