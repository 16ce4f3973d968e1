"""What lesson 09 does with language models, and the same over seeds and more steps than a lesson has time for.

python -m workbook.trainers.pretraining_study                          (writes data/results/09_pretraining_metrics.json)
python -m workbook.trainers.pretraining_study language | small_part    (only this part anew)
"""

from __future__ import annotations

import copy
import functools
import itertools
import lzma
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from workbook import studies, zoo
from workbook.datasets.docstrings import running_texts, spread
from workbook.datasets.tiny_world import generate as tell
from workbook.text import probes
from workbook.text.perplexity import perplexity
from workbook.trainers.language import causal_lm_loss, chunk, row_batches, stream
from workbook.trainers.loop import fit
from workbook.trainers.muon import MuonAdamW
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.tiny_gpt import END, Size, network

NAME, SEEDS = "09_pretraining_metrics", [0, 1]
SIZE = Size("watched", 96, 4, 4, 300)  # tiny-gpt-small's, 0.9 M parameters
LENGTH, BATCH = 128, 16  # tokens of a row, rows of a step
WATCHED = [0, 25, 50, 100, 200, 300]  # steps
TEXTS = 6_000  # to learn from
HELD_OUT, DOCSTRINGS, CHOICES = 80, 60, 100  # texts, texts, questions of each test
# lesson 04's settings, which were chosen on validation modules
TUNE = dict(batch=8, rate=1e-3)
TUNE_STEPS = 24  # for a model on its way
PARTS_OF_TEXT = [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4]
SHORT = 1 / 8  # the second seed's largest part


# ------------------------------------------------------------------------------------------- language: what is measured


@functools.cache
def tests() -> dict[str, list[probes.Choice]]:
    """The three tests of held-out text."""
    return {
        "order": probes.word_order(CHOICES, 30_001),
        "name": probes.which_name(CHOICES, 40_001),
        "holder": probes.who_has_it(CHOICES, 30),
    }


@functools.cache
def held_out() -> dict[str, list[str]]:
    """Texts that nothing was trained on: of the tiny world, and docstrings of unseen modules."""
    return {"world": list(tell(HELD_OUT, seed=20_009)), "docs": spread(running_texts("test"), DOCSTRINGS)}


def paid(model: nn.Module, tokenizer: Any, texts: Sequence[str]) -> Any:
    """The perplexity of texts in windows as long as the rows of training."""
    return perplexity(model, tokenizer, texts, window=LENGTH)


def measure(model: nn.Module, tokenizer: Any) -> dict[str, float]:
    """What a model pays for held-out text, at home and abroad, and how many questions of each test it gets right."""
    world = paid(model, tokenizer, held_out()["world"])
    figures = {"loss": world.loss, "bits_per_byte": world.bits_per_byte}
    figures["docs"] = paid(model, tokenizer, held_out()["docs"]).bits_per_byte
    return figures | {name: probes.accuracy(model, tokenizer, choices) for name, choices in tests().items()}


def tuned(model: nn.Module, rows: Tensor, steps: int, seed: int, progress: str | None = None) -> nn.Module:
    """A copy of a model after so many steps of more pretraining on rows (N, T) of docstrings. progress: as in `fit`."""
    model = copy.deepcopy(model)
    schedule = warmup_linear(max(1, steps // 10), steps)
    batches = row_batches(rows, TUNE["batch"])
    fit(
        model, batches, causal_lm_loss, steps=steps, learning_rate=TUNE["rate"], schedule=schedule, seed=seed,
        progress=progress,
    )  # fmt: skip
    return model


def finer(texts: Sequence[str], pieces: int = 512) -> Any:
    """A byte-level BPE tokenizer of so few pieces that most words fall apart; its end token also begins a text."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    cutter = ByteLevelBPETokenizer()
    cutter.train_from_iterator(texts, vocab_size=pieces, special_tokens=[END], show_progress=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=cutter._tokenizer, model_max_length=10**6, bos_token=END, eos_token=END
    )


@functools.cache
def tokenizer_of() -> Any:
    """The tokenizer of the tiny-gpt family, which may cut a stream longer than the model's window."""
    tokenizer = zoo.load("second-causal-lm").tokenizer
    tokenizer.model_max_length = 10**6
    return tokenizer


@functools.cache
def docstring_rows() -> Tensor:
    """The training modules as rows of tokens (N, LENGTH)."""
    return chunk(stream(tokenizer_of(), running_texts("train")), LENGTH)


# ------------------------------------------------------------------------------------------------- language: the parts


def pretrain(texts: list[str], steps: int, watched: Sequence[int], seed: int) -> dict[int, nn.Module]:
    """The model as it was after each of the watched steps, multiples of 25, and before the first."""
    tokenizer = tokenizer_of()
    torch.manual_seed(seed)
    model = network(SIZE, tokenizer)
    seen, every = {0: copy.deepcopy(model)}, 25
    stops = itertools.count(every, every)

    def keep(model: nn.Module) -> dict[str, float]:
        step = next(stops)
        if step in watched:
            seen[step] = network(SIZE, tokenizer)
            seen[step].load_state_dict(model.state_dict())
        return {}

    fit(
        model, row_batches(chunk(stream(tokenizer, texts), LENGTH), BATCH), causal_lm_loss, steps=steps,
        optimizer=MuonAdamW(model, "transformer.h.", 2e-2, 4e-3), schedule=warmup_linear(20, steps), seed=seed,
        evaluate=keep, evaluate_every=every, progress=None,
    )  # fmt: skip
    return seen


def language(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """Pretraining from scratch, watched; and the two models of the zoo, which went on for much longer."""
    tokenizer = tokenizer_of()
    for seed in SEEDS:
        seen = pretrain(list(tell(TEXTS, seed=seed)), SIZE.steps, WATCHED, seed)
        for step, model in seen.items():
            after = tuned(model, docstring_rows(), TUNE_STEPS, seed)
            docs = paid(after, tokenizer, held_out()["docs"]).bits_per_byte
            note(model="watched", step=step, seed=seed, **measure(model, tokenizer), docs_tuned=docs)
    for role in ("second-causal-lm", "causal-lm"):
        model, name = zoo.load(role).model, zoo.entry(role).name
        docs = paid(tuned(model, docstring_rows(), TUNE_STEPS, 0), tokenizer, held_out()["docs"])
        note(model=name, step=-1, seed=0, **measure(model, tokenizer), docs_tuned=docs.bits_per_byte)


def goal(train: str, test: str) -> float:
    """Bits per byte of a general compressor, xz, that has read the training text: what a model should beat."""
    size = {text: len(lzma.compress(text.encode(), preset=9)) for text in (train, train + "\n" + test)}
    return 8 * (size[train + "\n" + test] - size[train]) / len(test.encode())


def small_part(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The chapter's four steps: the open model on docstrings, its gap to the goal, and what parts of the text do."""
    test, tokenizer = held_out()["docs"], tokenizer_of()
    note(part_of_text=0.0, seed=0, goal=goal("\n".join(running_texts("train")), "\n".join(test)), steps=0,
         docs=paid(zoo.load("causal-lm").model, tokenizer, test).bits_per_byte)  # fmt: skip
    for seed in SEEDS:
        order = torch.randperm(len(docstring_rows()), generator=torch.Generator().manual_seed(seed))
        for part in PARTS_OF_TEXT:
            if seed and part > SHORT:
                continue
            chosen = docstring_rows()[order[: int(part * len(order))]]
            steps = len(chosen) // TUNE["batch"]  # each row once
            model = tuned(zoo.load("causal-lm").model, chosen, steps, seed)
            note(part_of_text=part, seed=seed, steps=steps, docs=paid(model, tokenizer, test).bits_per_byte)


PARTS = {"language": language, "small_part": small_part}


if __name__ == "__main__":
    studies.run_parts(NAME, "python -m workbook.trainers.pretraining_study", SEEDS, PARTS)
