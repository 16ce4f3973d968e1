"""The recipe of tiny-clip: a CLIP that learns which caption belongs to which picture of the made world.

    python -m workbook.zoo build tiny-clip

Radford et al. 2021, section 2.3: the embeddings of a picture and of its own caption are to be more alike than those of
all other pairs of a batch. tiny-sd reads its prompts with this model's text encoder; the whole of it judges how well a
picture fits a prompt, or another picture.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook import files
from workbook.datasets.pictures import Picture, pictures, vocabulary
from workbook.diffusion.clip import embed_pictures, embed_texts, prepare
from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.building import store

SEED, STEPS, BATCH, PICTURES = 0, 360, 128, 10_000
LENGTH = 32  # tokens of a prompt, with its begin and end
HELD_OUT, AMONG = 1_000, 100  # pictures of the test split; each caption is to be found among so many
START, END = "<|startoftext|>", "<|endoftext|>"


def make_tokenizer() -> Any:
    """CLIP's own kind of tokenizer, in which every word of the world is one token, and any other is spelt out.

    START and END are the last two numbers, as in CLIP's. END must not be 2: that number makes transformers' CLIP pool
    at the largest token of a text instead of at its end, as its first, wrong configuration demanded.
    """
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens, merges = [*letters, *(f"{letter}</w>" for letter in letters)], []

    def tokenizer() -> Any:
        numbers = {token: number for number, token in enumerate([*dict.fromkeys(tokens), START, END])}
        return CLIPTokenizer(vocab=numbers, merges=merges, model_max_length=LENGTH)

    while True:  # where a word is still in pieces, its first two become one
        pieces = [made for word in vocabulary() if len(made := tokenizer().tokenize(word)) > 1]
        if not pieces:
            return tokenizer()
        new = dict.fromkeys((made[0], made[1]) for made in pieces)
        merges += list(new)
        tokens += ["".join(pair) for pair in new]


def network(tokenizer: Any) -> Any:
    """An untrained CLIP for pictures of 64 x 64."""
    from transformers import CLIPConfig, CLIPModel

    ends = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    return CLIPModel(CLIPConfig(
        text_config={
            "vocab_size": len(tokenizer), "hidden_size": 96, "intermediate_size": 384, "num_hidden_layers": 3,
            "num_attention_heads": 4, "max_position_embeddings": LENGTH, **ends,
        },
        vision_config={
            "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4,
            "image_size": 64, "patch_size": 8,
        },
        projection_dim=96,
    ))  # fmt: skip


def contrastive_loss(model: Any, batch: dict[str, Tensor]) -> Tensor:
    """The mean of both directions' cross entropy: each caption's picture, each picture's caption (CLIP, figure 3)."""
    return model(**batch, return_loss=True).loss


def caption_batches(tokenizer: Any, made: list[Picture], batch_size: int, seed: int) -> list[dict[str, Tensor]]:
    """Pictures and captions in random order, `batch_size` together; what is left over is left out."""
    order = torch.randperm(len(made), generator=torch.Generator().manual_seed(seed))
    pixels = torch.from_numpy(np.stack([picture.image for picture in made]))
    texts = tokenizer([picture.caption for picture in made], padding="max_length", truncation=True, return_tensors="pt")
    return [
        {"pixel_values": prepare(pixels[rows], 64), **{name: values[rows] for name, values in texts.items()}}
        for rows in order.split(batch_size)
        if len(rows) == batch_size
    ]  # fmt: skip


def build(name: str = "tiny-clip") -> None:
    """Train and store the model."""
    tokenizer = make_tokenizer()
    torch.manual_seed(SEED)
    model = network(tokenizer)
    made = list(pictures(PICTURES, SEED))
    precision = os.environ.get("WORKBOOK_PRECISION", "no")
    history = fit(
        model,
        lambda epoch: caption_batches(tokenizer, made, BATCH, seed=epoch),
        contrastive_loss,
        steps=STEPS, optimizer=MuonAdamW(model, ("vision_model.encoder.", "text_model.encoder."), 8e-3, 1e-3),
        schedule=cooling, seed=SEED, precision=precision,
        checkpoint=files.home() / "checkpoints" / f"{name}.pt", progress=name,
    )  # fmt: skip
    model = model.half().float()  # what is stored is what is measured
    facts = {
        "seed": SEED, "pictures": PICTURES, "steps": STEPS, "pictures_per_step": BATCH, "precision": precision,
        "seconds_of_training": round(history.seconds), **retrieval(model, tokenizer),
        "licence": "that of the workbook",
    }  # fmt: skip
    print(store(name, model, tokenizer, facts, __doc__.strip()), facts)


def cooling(step: int) -> float:
    """The learning rate's factor: up in 50 steps, slowly down, and over the last 160 faster, to 0."""
    return min(warmup_linear(50, 800)(step), 0.8 * (STEPS - step) / 160)


def retrieval(model: Any, tokenizer: Any) -> dict[str, float]:
    """How often a held-out caption finds its own picture first (or among the first five) among AMONG, and the reverse.

    The captions are as they come: one in ten doesn't name its ground, and there is more than one picture that fits.
    """
    made = list(pictures(HELD_OUT, SEED + 1, split="test"))
    seen = embed_pictures(model, np.stack([picture.image for picture in made]))
    read = embed_texts(model, tokenizer, [picture.caption for picture in made])
    ranks = {"picture_of_caption": [], "caption_of_picture": []}
    for pictures_, texts in zip(seen.split(AMONG), read.split(AMONG), strict=True):
        scores = texts @ pictures_.T  # (AMONG, AMONG)
        for direction, table in (("picture_of_caption", scores), ("caption_of_picture", scores.T)):
            ranks[direction].append((table > table.diagonal()[:, None]).sum(1))
    found = {name: torch.cat(parts) for name, parts in ranks.items()}
    return {
        f"held_out_{name}_top{best}_of_{AMONG}": round((rank < best).float().mean().item(), 3)
        for name, rank in found.items()
        for best in (1, 5)
    }
