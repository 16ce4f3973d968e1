"""The recipe of tiny-bert: a small BERT, pretrained by guessing masked words.

    python -m workbook.zoo build tiny-bert        (about 7 minutes on one core)

Its text is what lies at hand: docstrings of Python's standard library, and the training messages of lesson 01 without
their labels. It is the counterpart to MiniLM: the same kind of network, minutes of pretraining in place of days.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from workbook.datasets.docstrings import library_docstrings
from workbook.datasets.support import load_support
from workbook.trainers.domain import mask_tokens
from workbook.trainers.loop import fit
from workbook.trainers.schedule import warmup_linear
from workbook.zoo.building import store

SEED, STEPS, BATCH, LENGTH, VOCABULARY = 0, 2000, 32, 64, 6000
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def corpus() -> list[str]:
    """Docstrings cut into paragraphs, and the unlabelled training messages four times over."""
    paragraphs = [" ".join(part.split()) for _, text in library_docstrings() for part in text.split("\n\n")]
    messages = [message.text for message in load_support("train")]
    return [text for text in paragraphs if len(text.split()) >= 6] + 4 * messages


def train_tokenizer(texts: list[str]) -> Any:
    """A lower-casing WordPiece tokenizer of VOCABULARY pieces, as BERT's."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=VOCABULARY, special_tokens=SPECIAL, show_progress=False)
    names = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL, strict=True))
    pieces.post_processor = _bert_template(pieces)
    return PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=LENGTH * 2, **names)


def _bert_template(pieces: Any) -> Any:
    from tokenizers.processors import TemplateProcessing

    ends = [(token, pieces.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    return TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)


def build(name: str = "tiny-bert") -> None:
    """Train and store the model."""
    from transformers import BertConfig, BertForMaskedLM, BertModel

    began = time.time()
    torch.manual_seed(SEED)
    texts = corpus()
    tokenizer = train_tokenizer(texts)
    encoded = tokenizer(texts, truncation=True, max_length=LENGTH)["input_ids"]
    held_out, train = encoded[::50], [ids for i, ids in enumerate(encoded) if i % 50]
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512,
        max_position_embeddings=128, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = BertForMaskedLM(config)

    def batch_of(rows: list[list[int]], rng: torch.Generator) -> dict[str, Tensor]:
        padded = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
        special, mask_id = range(len(SPECIAL)), tokenizer.mask_token_id
        padded["input_ids"], padded["labels"] = mask_tokens(padded["input_ids"], len(tokenizer), mask_id, special, rng)
        return dict(padded)

    def batches(epoch: int) -> Iterator[dict[str, Tensor]]:
        rng = torch.Generator().manual_seed(SEED + epoch)
        order = torch.randperm(len(train), generator=rng).tolist()
        # similar lengths together, within windows of 20 batches: less padding, still mixed
        wide = 20 * BATCH
        windows = (sorted(order[i : i + wide], key=lambda j: len(train[j])) for i in range(0, len(order), wide))
        flat = list(itertools.chain(*windows))
        groups = [flat[i : i + BATCH] for i in range(0, len(flat) - BATCH + 1, BATCH)]
        for number in torch.randperm(len(groups), generator=rng).tolist():
            yield batch_of([train[j] for j in groups[number]], rng)

    def objective(model: Any, batch: dict[str, Tensor]) -> Tensor:
        return model(**batch).loss

    schedule = warmup_linear(STEPS // 10, STEPS)
    fit(model, batches, objective, steps=STEPS, learning_rate=2e-3, schedule=schedule, seed=SEED, progress="tiny-bert")
    held_out_batch = batch_of(held_out[:500], torch.Generator().manual_seed(SEED))
    with torch.no_grad():
        output = model(**held_out_batch)
    asked = held_out_batch["labels"] != -100
    right = (output.logits.argmax(-1) == held_out_batch["labels"])[asked].float().mean().item()
    facts = {
        "seed": SEED, "steps": STEPS, "batch": BATCH, "seconds": round(time.time() - began), "texts": len(texts),
        "held_out_masked_lm_loss": round(output.loss.item(), 3), "held_out_masked_words_right": round(right, 3),
        "licence": "that of the workbook; the docstrings are under the Python Software Foundation's licence",
    }  # fmt: skip
    encoder = BertModel(config)  # with the pooling layer that transformers expects: nothing here uses it, so it is 0
    encoder.load_state_dict(model.bert.state_dict(), strict=False)
    encoder.pooler.requires_grad_(False).dense.weight.zero_()
    where = store(name, encoder, tokenizer, facts, __doc__.strip())
    print(where, facts)
