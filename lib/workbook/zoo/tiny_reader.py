"""The recipe of tiny-reader: MiniLM with adapters beside every layer, which points at the answer in a passage.

    python -m workbook.zoo build tiny-reader

604 questions are few to learn pointing from. So it first answers questions that nobody asked: thousands of sentences
with a phrase taken out (trainers/cloze.py). Both stages are kept, the first as cloze.safetensors, from where a lesson
can go on; what is stored are the adapters and the head alone, since MiniLM itself is in its package.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from workbook.datasets.encyclopaedia import Passage, Question, load_passages, load_questions
from workbook.text.answers import best_threshold, score_answers
from workbook.text.reader import Reader, document
from workbook.trainers.cloze import cloze_examples, make_clozes, sources
from workbook.trainers.loop import fit
from workbook.trainers.lora import inject_lora, merge_lora
from workbook.trainers.reader import batches, examples, span_loss, span_reader
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.building import store
from workbook.zoo.entries import MINILM, TINY_READER
from workbook.zoo.loading import _read, folder, verify

LAYERS, RANK, ALPHA = ("query", "key", "value", "dense"), 16, 32.0
RATE, CLOZE_STEPS, STEPS, EPOCH = 1.5e-3, 320, 222, 37  # EPOCH: steps between two looks at the validation questions


def adapted(encoder: Any) -> Any:
    """A reader on a copy of MiniLM in which the adapters and the head learn, and nothing else."""
    model = span_reader(encoder)
    inject_lora(model.bert, LAYERS, rank=RANK, alpha=ALPHA)
    model.qa_outputs.requires_grad_(True)
    return model


def learnt(model: Any) -> dict[str, Tensor]:
    """What training changed: the adapters and the head, by name."""
    return {name: value.detach().clone() for name, value in model.named_parameters() if value.requires_grad}


def put_back(model: Any, state: dict[str, Tensor]) -> Any:
    """Load what `learnt` gave into a model of `adapted`. Raises ValueError where the names differ."""
    wanted = {name for name, value in model.named_parameters() if value.requires_grad}
    if wanted != set(state):
        odd = sorted(wanted ^ set(state))[:3]
        raise ValueError(f"These are not the adapters of this reader: {', '.join(odd)} ... are on one side only.")
    model.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
    return model.eval()


def pointer() -> Any:
    """The reader after its first stage: it has seen no question that a person wrote. Its adapters can learn on."""
    verify(TINY_READER)
    model = adapted(_read(folder(MINILM), MINILM).model)
    return put_back(model, load_file(folder(TINY_READER) / "cloze.safetensors"))


def merged(model: Any) -> Any:
    """The same reader without adapters, as any program on transformers can load it. The model itself is changed."""
    merge_lora(model.bert)
    return model.requires_grad_(False)


class AdaptedReader:
    """How the zoo loads tiny-reader: MiniLM from its package, and the adapters of a folder added to its weights."""

    @staticmethod
    def from_pretrained(where: Path, **_: Any) -> Any:
        """The finished reader, a BertForQuestionAnswering."""
        model = adapted(_read(folder(MINILM), MINILM).model)
        return merged(put_back(model, load_file(Path(where) / "model.safetensors")))


class Adapters:
    """Both stages' adapters, as `building.store` expects a model."""

    def __init__(self, finished: dict[str, Tensor], cloze: dict[str, Tensor]) -> None:
        self.files = {"model.safetensors": finished, "cloze.safetensors": cloze}

    def half(self) -> Adapters:
        """In half precision."""
        self.files = {
            file: {name: value.half().contiguous() for name, value in state.items()}
            for file, state in self.files.items()
        }
        return self

    def parameters(self) -> Iterator[Tensor]:
        """The numbers of one stage."""
        return iter(self.files["model.safetensors"].values())

    def save_pretrained(self, where: Path) -> None:
        """A file per stage."""
        for name, state in self.files.items():
            save_file(state, Path(where) / name, metadata={"format": "pt"})


def quality(model: Any, tokenizer: Any, questions: list[Question], passages: list[Passage]) -> dict[str, float]:
    """Exact match and F1 on the answerable questions, each with its own passage; F1 of all at the best threshold."""
    texts = {passage.id: document(passage) for passage in passages}
    read = Reader(model, tokenizer, half=True).read(
        [question.question for question in questions], [texts[question.passage] for question in questions]
    )
    scores = score_answers([one.text for one in read], [question.texts for question in questions])
    silent = np.array([one.no_answer for one in read])
    _, best = best_threshold(scores.f1, silent, scores.answerable)
    asked = scores.answerable
    return {"em": float(scores.exact[asked].mean()), "f1": float(scores.f1[asked].mean()), "v2": best}


def train(
    model: nn.Module, tokenizer: Any, cloze_steps: int = CLOZE_STEPS, steps: int = STEPS, progress: str | None = None
) -> tuple[dict[str, Tensor], list[dict[str, float]]]:
    """Both stages, in place. Returns what the first one learnt, and the validation figures of the second."""
    passages, questions, held_out = load_passages(), load_questions("train"), load_questions("validation")
    known = {question.passage for question in questions}
    texts = sources([passage for passage in passages if passage.id in known])  # of the other splits not a word is read
    made = make_clozes(texts)
    precision, first = os.environ.get("WORKBOOK_PRECISION", "no"), {}
    stages = (
        (cloze_examples(tokenizer, made), cloze_steps, "cloze"),
        (examples(tokenizer, questions, passages), steps, "questions"),
    )
    for rows, number, stage in stages:
        history = fit(
            model, batches(rows, tokenizer), span_loss, steps=number, learning_rate=RATE, precision=precision,
            schedule=warmup_linear(number // 10, number), progress=progress and stage,
            evaluate=lambda model: quality(model, tokenizer, held_out, passages),
            evaluate_every=EPOCH if stage == "questions" else number,
        )  # fmt: skip
        first = first or learnt(model)
    return first, history.evaluations


def build(name: str) -> Path:
    """Train tiny-reader and store it."""
    began = time.perf_counter()
    encoder, tokenizer = _read(folder(MINILM), MINILM)
    model = adapted(encoder)
    cloze, curve = train(model, tokenizer, progress="tiny-reader")
    return keep(name, model, tokenizer, cloze, curve, time.perf_counter() - began)


def keep(
    name: str, model: Any, tokenizer: Any, cloze: dict[str, Tensor], curve: list[dict[str, float]], seconds: float
) -> Path:
    """Write the folder in data/models: both stages' adapters, the tokenizer, and a card with the validation curve."""
    facts = {
        "seed": 0, "cloze_steps": CLOZE_STEPS, "steps": STEPS, "seconds": round(seconds), "precision": "bf16",
        "validation": [{key: round(value, 3) for key, value in row.items()} for row in curve],
    }  # fmt: skip
    story = (
        "all-MiniLM-L6-v2 (Apache-2.0, from its package) with LoRA adapters of rank 16 beside every layer and a span "
        "head: it points at the answer to a question in a passage. First stage (`cloze.safetensors`): made-up "
        "questions about the training passages and the workbook's other texts. Second stage (`model.safetensors`): "
        "the 604 training questions of data/encyclopaedia. The figures are those on its validation questions, whose "
        "passages it has not seen: exact match and F1 where there is an answer, and F1 of all at the best threshold."
    )
    return store(name, Adapters(learnt(model), cloze), tokenizer, facts, story)
