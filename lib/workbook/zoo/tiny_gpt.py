"""The recipe of tiny-gpt and of its small sibling: GPT-2s that learn to write from a generated tiny world.

    python -m workbook.zoo build tiny-gpt
    python -m workbook.zoo build tiny-gpt-small

Three batches of four hold whole texts that don't see each other, so that a name is to be looked up in its own text, in
rows half as long as the window: attention over rows twice as long takes a fifth more time. The fourth is cut from one
long stream, for what is longer than a text. Every epoch reads new texts, so nothing is read twice, and a
run that was stopped goes on where it was. Three things save most of the steps: Muon; position embeddings that begin as
waves, in which "the token before" looks the same everywhere; and a first lesson of round games alone, where a few names
come again and again. Without it, 1,300 steps of stories had taught a model to avoid a name that it had read.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from workbook import files
from workbook.datasets.tiny_world import generate as tell
from workbook.text.generation import generate
from workbook.text.ngrams import Trigram
from workbook.trainers.instruction import pack
from workbook.trainers.language import causal_lm_loss, chunk, mean_loss, stream
from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.building import store

SEED, LENGTH, VOCABULARY, TOKENS = 0, 512, 4096, 4096  # LENGTH: the window. TOKENS: in a batch
ROW = LENGTH // 2  # of packed texts; one in thousands is longer, and is left out
TEXTS = 37_000  # per epoch
GAMES, GAME_STEPS = 4_500, 160  # texts and steps of the first lesson
HELD_OUT = 10_000  # the seed of texts that no epoch reads
END = "<|endoftext|>"


@dataclass(frozen=True)
class Size:
    """A member of the family."""

    name: str
    width: int
    layers: int
    heads: int
    steps: int


SIZES = {size.name: size for size in (Size("tiny-gpt", 192, 6, 6, 2600), Size("tiny-gpt-small", 96, 4, 4, 2000))}


def train_tokenizer(texts: list[str]) -> Any:
    """GPT-2's byte-level BPE, with VOCABULARY pieces. Like GPT-2's it has an end token and no pad token."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator(texts, vocab_size=VOCABULARY, special_tokens=[END], show_progress=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer, model_max_length=LENGTH, bos_token=END, eos_token=END
    )


def network(size: Size, tokenizer: Any) -> Any:
    """An untrained GPT-2 of a size. Without dropout: no text is read twice, so there is nothing to learn by heart."""
    from transformers import GPT2Config, GPT2LMHeadModel

    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=LENGTH, n_embd=size.width, n_layer=size.layers, n_head=size.heads,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=end, eos_token_id=end,
        activation_function="gelu_pytorch_tanh",  # GPT-2's own formula, in one operation
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    model.transformer.wpe.weight.data = waves(LENGTH, size.width)
    return model


def waves(positions: int, width: int, size: float = 0.028) -> torch.Tensor:
    """Sines and cosines of growing wave length (positions, width), as large as GPT-2's embeddings: 0.02 on average.

    Vaswani et al. 2017, section 3.5. They are learnt further.
    """
    frequencies = torch.exp(-math.log(10_000) * torch.arange(0, width, 2) / width)
    angles = torch.arange(positions)[:, None] * frequencies
    return size * torch.stack([angles.sin(), angles.cos()], dim=2).view(positions, width)


def build(name: str = "tiny-gpt") -> None:
    """Train and store a member of the family."""
    size = SIZES[name]
    first = list(tell(TEXTS, seed=SEED))
    tokenizer = train_tokenizer(first)  # the same for all sizes: it comes from the same texts
    torch.manual_seed(SEED)
    model = network(size, tokenizer)
    precision = os.environ.get("WORKBOOK_PRECISION", "no")  # "bf16" is faster where the processor can

    def batches(epoch: int) -> list[dict[str, torch.Tensor]]:
        return mixed(tokenizer, first if epoch == 0 else list(tell(TEXTS, seed=SEED + epoch)))

    def train(part: str, batches: Any, steps: int, schedule: Any) -> float:
        place = files.home() / "checkpoints" / f"{name}-{part}.pt"
        optimizer = MuonAdamW(model, "transformer.h.", 2e-2, 4e-3)
        history = fit(
            model, batches, causal_lm_loss, steps=steps, optimizer=optimizer, schedule=schedule, precision=precision,
            seed=SEED, checkpoint=place, progress=f"{name}, {part}",
        )  # fmt: skip
        return history.seconds  # those before it was stopped and taken up again included

    games = list(tell(GAMES, seed=SEED, kinds=["games"]))
    seconds = train("games", lambda epoch: mixed(tokenizer, games), GAME_STEPS, lambda step: min(1.0, (step + 1) / 20))
    seconds += train("everything", batches, size.steps, cooling(size.steps))
    facts = {"seed": SEED, "texts_per_epoch": TEXTS, "steps_of_games": GAME_STEPS, "steps": size.steps}
    facts |= {"tokens_per_batch": TOKENS, "window": LENGTH, "precision": precision, **measure(model, tokenizer, first)}
    facts |= {"seconds_of_training": round(seconds), "licence": "that of the workbook"}
    print(store(name, model, tokenizer, facts, f"{__doc__.strip()}\n\n{samples(model, tokenizer)}"), facts)


def cooling(steps: int) -> Callable[[int], float]:
    """The learning rate's factor: up in 20 steps, slowly down, and from about a third of the way on faster, to 0."""
    slow = warmup_linear(20, 20 * steps // 13)
    return lambda step: min(slow(step), 1.162 * (1 - step / steps))


def mixed(tokenizer: Any, texts: list[str]) -> list[dict[str, torch.Tensor]]:
    """Batches of TOKENS tokens in random order: three quarters of the texts packed, the last quarter as one stream."""
    cut = 3 * len(texts) // 4
    encoded = [[*ids, tokenizer.eos_token_id] for ids in tokenizer(texts[:cut])["input_ids"]]
    short = [{"input_ids": ids, "labels": ids} for ids in encoded if len(ids) <= ROW]
    packed = pack(short, ROW, tokenizer.eos_token_id)
    places = torch.arange(LENGTH)
    rows = chunk(stream(tokenizer, texts[cut:]), LENGTH)
    long = [{"input_ids": row, "labels": row, "position_ids": places} for row in rows]
    batches = grouped(packed, TOKENS // ROW) + grouped(long, TOKENS // LENGTH)
    return [batches[i] for i in torch.randperm(len(batches)).tolist()]


def grouped(rows: list[dict[str, torch.Tensor]], size: int) -> list[dict[str, torch.Tensor]]:
    """Rows as batches of `size`, in random order; what is left over is left out."""
    order = torch.randperm(len(rows)).tolist()
    groups = [order[i : i + size] for i in range(0, len(rows) - size + 1, size)]
    return [{name: torch.stack([rows[i][name] for i in group]) for name in rows[0]} for group in groups]


def measure(model: Any, tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    """Held-out perplexity of the model, and of a trigram model of the first epoch's tokens, on the same stream."""
    train = stream(tokenizer, texts)
    held_out = chunk(stream(tokenizer, list(tell(1_000, seed=HELD_OUT))), LENGTH)
    trigram = Trigram(train.tolist(), len(tokenizer))
    ours = mean_loss(model, [{"input_ids": part} for part in held_out.split(TOKENS // LENGTH)])
    return {
        "tokens_per_epoch": train.numel(),
        "held_out_tokens": held_out.numel(),
        "held_out_perplexity": round(math.exp(ours), 2),
        "trigram_perplexity": round(math.exp(trigram.mean_loss(held_out.flatten().tolist())), 2),
    }


def samples(model: Any, tokenizer: Any, count: int = 20) -> str:
    """Continuations of the first words of held-out texts, not picked, as Markdown."""
    beginnings = [re.match(r"(\s*\S+){12}", text)[0] for text in tell(count, seed=HELD_OUT + 1)]
    continued = generate(model, tokenizer, beginnings, max_new_tokens=120, temperature=0.7, top_p=0.95, seed=SEED)
    parts = [f"> **{a}**{b}".replace("\n", "\n> ") for a, b in zip(beginnings, continued, strict=True)]
    return f"## {count} samples, not picked (the beginning is given)\n\n" + "\n\n".join(parts)
