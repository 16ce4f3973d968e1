"""The learner's own reader behind a search engine, as a pipeline of haystack that needs no network.

    folder = save_reader(model, tokenizer, files.home() / "reader")
    pipeline = build(passages, folder)
    ask(pipeline, "Who built the light?")        # [Found(text="Ane Brock", title="Tolm Light", ...), ...]

haystack counts its users over the network unless it is told not to before it is imported; here it is told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.datasets.encyclopaedia import Passage
from workbook.text.reader import document

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"


@dataclass(frozen=True)
class Found:
    """An answer of the pipeline. title: of its passage, "" for none. score: haystack's, in [0, 1].

    text is "" for the answer that none of the others is right.
    """

    text: str
    title: str
    score: float


def save_reader(model: Any, tokenizer: Any, folder: Path) -> Path:
    """Write a reader, weights and tokenizer, where haystack or any other program on transformers can load it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _without_bars():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


@contextmanager
def _without_bars() -> Iterator[None]:
    """transformers without its progress bars: writing and loading take a fraction of a second."""
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            logging.enable_progress_bar()


def build(passages: Sequence[Passage], folder: Path, passages_read: int = 5, longest: int = 192) -> Any:
    """A haystack Pipeline: a store in memory, BM25, and the extractive reader of `folder`.

    passages_read: how many of the passages found are read. longest: tokens per window. Raises ValueError where there
    are no passages, or no reader in `folder`: a name alone would be looked up on the hub.
    """
    if not passages:
        raise ValueError("There are no passages: expected those of load_passages().")
    if not (Path(folder) / "config.json").is_file():
        raise ValueError(f"There is no reader in {folder}: write one with save_reader(model, tokenizer, folder).")
    from haystack import Document, Pipeline
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack.utils import ComponentDevice
    from haystack_integrations.components.readers.transformers import TransformersExtractiveReader

    store = InMemoryDocumentStore()
    store.write_documents(
        [Document(id=page.id, content=document(page), meta={"title": page.title}) for page in passages]
    )
    reader = TransformersExtractiveReader(
        str(folder), device=ComponentDevice.from_str("cpu"), token=None, top_k=3, max_seq_length=longest,
        stride=longest // 3, model_kwargs={"local_files_only": True},
    )  # fmt: skip
    with _without_bars():
        reader.warm_up()  # it would load its weights with the first question
    pipeline = Pipeline()
    pipeline.add_component("retriever", InMemoryBM25Retriever(store, top_k=passages_read))
    pipeline.add_component("reader", reader)
    pipeline.connect("retriever.documents", "reader.documents")
    return pipeline


def ask(pipeline: Any, question: str) -> list[Found]:
    """The pipeline's answers to a question, the best first. Raises ValueError for an empty question."""
    if not question.strip():
        raise ValueError("Expected a question, got an empty text.")
    answers = pipeline.run({"retriever": {"query": question}, "reader": {"query": question}})["reader"]["answers"]
    return [
        Found(answer.data or "", answer.document.meta["title"] if answer.document else "", float(answer.score))
        for answer in answers
    ]
