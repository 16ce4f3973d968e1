"""The recipe of tiny-clipseg: a CLIPSeg that learns its words from made scenes.

    python -m workbook.zoo build tiny-clipseg        (about 7 minutes on one core)

CLIPSeg takes both towers from CLIP and leaves them as they are: only its decoder learns (Lüddecke & Ecker 2022, section
3). There is no tiny CLIP to take them from, so all of it is trained here, from random weights, on nothing but the
question "which pixels is this true of?". The 19 words of the scenes are the whole language; 64 pairs of a colour and a
kind can be named with them, of which 8 are never shown and never named in training.
"""

from __future__ import annotations

import os
from typing import Any

import torch

from workbook import files
from workbook.datasets.scenes import Scene, scenes
from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.trainers.word_segmentation import EndToEnd, query_batches, union_mask_loss
from workbook.vision.queries import WORDS
from workbook.vision.words import Figure, measure
from workbook.zoo.building import store

SPECIAL = ["[PAD]", "[UNK]", "[START]", "[END]"]


def make_tokenizer() -> Any:
    """A token for each of the scenes' words, and a START and an END around a query.

    END is number 3. It must not be 2: that number makes transformers' CLIP and CLIPSeg pool at the largest token of a
    query instead of at its end, as their first, wrong configurations demanded.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *WORDS])}
    pieces = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    pieces.normalizer = normalizers.Lowercase()
    pieces.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = [(token, vocabulary[token]) for token in ("[START]", "[END]")]
    pieces.post_processor = processors.TemplateProcessing(single="[START] $A [END]", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces, model_max_length=8,
        pad_token="[PAD]", unk_token="[UNK]", bos_token="[START]", eos_token="[END]",
    )  # fmt: skip


def network(tokenizer: Any, patch: int = 8) -> Any:
    """An untrained CLIPSeg for pictures of 64 x 64."""
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    ends = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    model = CLIPSegForImageSegmentation(CLIPSegConfig(
        text_config={
            "vocab_size": len(tokenizer), "hidden_size": 96, "intermediate_size": 384, "num_hidden_layers": 3,
            "num_attention_heads": 4, "max_position_embeddings": 8, **ends,
        },
        vision_config={
            "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4,
            "image_size": 64, "patch_size": patch,
        },
        projection_dim=96, extract_layers=[1, 2, 3], conditional_layer=0,
        reduce_dim=64, decoder_num_attention_heads=4, decoder_intermediate_size=256,
    ))  # fmt: skip
    begin_small(model.decoder)
    return model


@torch.no_grad()
def begin_small(decoder: Any) -> None:
    """Weights for the decoder's own layers that it can start from.

    transformers draws them with deviation 1: it takes the configuration's `initializer_factor` for a deviation. Then
    the features are ten times too large, and after 200 steps the words still had no influence at all.
    """
    for layer in (*decoder.reduces, decoder.film_mul, decoder.film_add):
        torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    decoder.film_mul.bias.fill_(1)  # words begin as a change to the features, not as a factor around 0
    torch.nn.init.normal_(decoder.transposed_convolution.weight, std=0.02)
    decoder.transposed_convolution.bias.fill_(-2)  # about one pixel in eight is part of an answer


SEED, STEPS, BATCH, QUERIES = 0, 800, 32, 4
POOL = {"photo": 9_000, "studio": 6_000}  # scenes by domain, all from the training split
HELD_OUT = {"photo": 300, "studio": 200, "night": 200}  # scenes of the test split for the card; no night in training


def pool(numbers: dict[str, int], seed: int, split: str = "train") -> list[Scene]:
    """Scenes of several domains."""
    return [scene for domain, number in numbers.items() for scene in scenes(number, seed, domain=domain, split=split)]


def build(name: str = "tiny-clipseg") -> None:
    """Train and store the model."""
    tokenizer = make_tokenizer()
    torch.manual_seed(SEED)
    model = EndToEnd(network(tokenizer))
    training = pool(POOL, SEED)
    hidden = ("model.clip.vision_model.encoder.", "model.clip.text_model.encoder.", "model.decoder.layers.")
    precision = os.environ.get("WORKBOOK_PRECISION", "no")
    history = fit(
        model,
        lambda epoch: query_batches(training, tokenizer, epoch, batch_size=BATCH, queries=QUERIES, seed=SEED),
        union_mask_loss,
        steps=STEPS, optimizer=MuonAdamW(model, hidden, 8e-3, 1e-3), schedule=cooling, seed=SEED,
        precision=precision, checkpoint=files.home() / "checkpoints" / f"{name}.pt", progress=name,
    )  # fmt: skip
    facts = {
        "seed": SEED, "scenes": POOL, "steps": STEPS, "scenes_per_step": BATCH, "queries_per_scene": QUERIES,
        "precision": precision, "seconds_of_training": round(history.seconds), "licence": "that of the workbook",
    }  # fmt: skip
    clipseg = model.model.half().float()  # what is stored is what is measured
    measured = quality(clipseg, tokenizer)
    facts |= {
        f"{key}_{domain}": round(measured[domain][figure].mean, 3)
        for domain in HELD_OUT
        for key, figure in {"iou": "full descriptions", "false_answers": "false answers"}.items()
    }
    print(store(name, clipseg, tokenizer, facts, f"{__doc__.strip()}\n\n{table(measured)}"), facts)


def cooling(step: int) -> float:
    """The learning rate's factor: up in 100 steps, slowly down, and over the last 200 faster, to 0."""
    return min(warmup_linear(100, 1500)(step), (STEPS - step) / 311)


def quality(model: Any, tokenizer: Any) -> dict[str, dict[str, Figure]]:
    """The figures of each domain's test split: {domain: {figure's name: figure}}."""
    parts = {domain: pool({domain: number}, SEED, "test") for domain, number in HELD_OUT.items()}
    return {domain: measure(model, tokenizer, part, seed=SEED).figures for domain, part in parts.items()}


def table(measured: dict[str, dict[str, Figure]]) -> str:
    """Figures by domain, as Markdown."""
    names = list(next(iter(measured.values())))
    heads = [f"{domain} ({figures[names[0]].scenes} scenes)" for domain, figures in measured.items()]
    lines = [["test split: mean over scenes, 95 % interval", *heads], ["---"] * (1 + len(heads))]
    lines += [[name, *(_written(figures[name]) for figures in measured.values())] for name in names]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _written(figure: Figure) -> str:
    return f"{figure.mean:.3f} ({figure.low:.3f} to {figure.high:.3f})"
