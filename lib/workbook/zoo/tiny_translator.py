"""The recipe of tiny-translator: a Marian that learns German from an endless toy grammar, and nothing else.

    python -m workbook.zoo build tiny-translator

Marian is the encoder-decoder of the hub's opus-mt models, here with 3 + 3 layers of 160 dimensions. Its pairs come from
`workbook.datasets.toy_german`: right in both languages, drawn at random, often without sense, from some 1,200 English
word forms. Nothing is read twice. No sentence that a person wrote is among them, so that the lesson can measure what a
small set of those adds. In a quarter of the pairs the tokenizer leaves some of its merges out (BPE dropout, Provilkov
et al. 2020): the model learns to read and to spell a word by its parts too, as it must with words that it hasn't met.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

from workbook import files
from workbook.datasets.toy_german import generate
from workbook.text.bleu import corpus_bleu
from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.trainers.translation import TranslationBatches, mean_translation_loss, translate, translation_loss
from workbook.zoo.building import store

SEED, VOCABULARY, WIDTH, LAYERS, HEADS, LENGTH = 0, 3_000, 160, 3, 5, 128
PAIRS, BATCH, STEPS = 32_000, 128, 2_600  # PAIRS: in an epoch, each of which reads new ones
DROPPED, MERGES_DROPPED = 4, 0.15  # every fourth pair is cut with BPE dropout
HELD_OUT = 10_000  # the seed of pairs that no epoch reads
END, PAD = "</s>", "<pad>"


def train_tokenizer(texts: list[str]) -> Any:
    """A byte-level BPE for both languages, with VOCABULARY pieces; a space before the first word, as before any."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    pieces = ByteLevelBPETokenizer(add_prefix_space=True)
    pieces.train_from_iterator(texts, vocab_size=VOCABULARY, special_tokens=[END, PAD], show_progress=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer, model_max_length=LENGTH, eos_token=END, pad_token=PAD
    )


def network(tokenizer: Any, width: int = WIDTH, layers: int = LAYERS, heads: int = HEADS) -> Any:
    """An untrained Marian. Without dropout: nothing is read twice, so there is nothing to learn by heart."""
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=len(tokenizer), decoder_vocab_size=len(tokenizer), d_model=width, encoder_layers=layers,
        decoder_layers=layers, encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=3 * width,
        decoder_ffn_dim=3 * width, max_position_embeddings=LENGTH, activation_function="silu", scale_embedding=True,
        dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=None, decoder_start_token_id=tokenizer.pad_token_id,
        forced_eos_token_id=None,
    )  # fmt: skip
    model = MarianMTModel(config)
    model.generation_config.suppress_tokens = [tokenizer.pad_token_id]  # it only begins a sentence, and fills
    model.set_attn_implementation("eager")  # PyTorch's fused attention is slower here: its backward pass above all
    return model


def batches(tokenizer: Any, epoch: int, pairs: int = PAIRS, size: int = BATCH) -> list[dict[str, Tensor]]:
    """An epoch's batches, every DROPPED-th pair of them cut with BPE dropout."""
    made = list(generate(pairs, seed=SEED + epoch))
    plain = [pair for number, pair in enumerate(made) if number % DROPPED]
    pieces = tokenizer.backend_tokenizer.model
    # one object for both: the other pairs' numbers join those that are there already
    together = TranslationBatches(tokenizer, plain, size)
    pieces.dropout = MERGES_DROPPED
    try:
        spelt = TranslationBatches(tokenizer, made[::DROPPED], size)
    finally:
        pieces.dropout = None
    together.sources += spelt.sources
    together.targets += spelt.targets
    return [batch for batch in together if len(batch["labels"]) == size]


def build(name: str = "tiny-translator") -> None:
    """Train and store it."""
    tokenizer = train_tokenizer([text for pair in generate(PAIRS, seed=SEED) for text in pair])
    torch.manual_seed(SEED)
    model = network(tokenizer)
    precision = os.environ.get("WORKBOOK_PRECISION", "no")
    history = fit(
        model, lambda epoch: batches(tokenizer, epoch), translation_loss, steps=STEPS, precision=precision, seed=SEED,
        optimizer=MuonAdamW(model, ("model.encoder.layers.", "model.decoder.layers."), 2e-2, 4e-3),
        schedule=warmup_linear(40, STEPS), checkpoint=files.home() / "checkpoints" / f"{name}.pt", progress=name,
    )  # fmt: skip
    facts = {
        "seed": SEED, "steps": STEPS, "pairs_per_step": BATCH, "precision": precision, **measure(model, tokenizer),
        "seconds_of_training": round(history.seconds), "licence": "that of the workbook",
    }  # fmt: skip
    print(store(name, model, tokenizer, facts, f"{__doc__.strip()}\n\n{samples(model, tokenizer)}"), facts)


def measure(model: Any, tokenizer: Any, count: int = 1_000) -> dict[str, Any]:
    """Loss and BLEU on toy pairs that it hasn't read."""
    held_out = list(generate(count, seed=HELD_OUT))
    sources, targets = [source for source, _ in held_out], [target for _, target in held_out]
    return {
        "held_out_loss": round(mean_translation_loss(model, list(TranslationBatches(tokenizer, held_out, BATCH))), 4),
        "held_out_bleu": round(corpus_bleu(translate(model, tokenizer, sources), targets).score, 2),
    }


def samples(model: Any, tokenizer: Any, count: int = 12) -> str:
    """Translations of held-out toy sentences, not picked, as a table in Markdown."""
    held_out = list(generate(count, seed=HELD_OUT + 1))
    made = translate(model, tokenizer, [source for source, _ in held_out])
    rows = [f"| {source} | {text} | {target} |" for (source, target), text in zip(held_out, made, strict=True)]
    head = f"## {count} sentences, not picked\n\n| English | tiny-translator | the grammar |\n| --- | --- | --- |"
    return "\n".join([head, *rows])
