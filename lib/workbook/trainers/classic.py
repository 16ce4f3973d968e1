"""Classic fine-tuning: a pretrained encoder, a new head, labelled examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def mean_pool(states: Tensor, attention_mask: Tensor) -> Tensor:
    """The mean of a sentence's token vectors, padding left out: (B, T, D), (B, T) → (B, D)."""
    weights = attention_mask[..., None].to(states.dtype)  # (B, T, 1)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


class Classifier(nn.Module):
    """An encoder, the mean of its token vectors, and a linear head.

    encoder: a transformers model with `last_hidden_state`. The head begins at zero: every class is equally likely.
    """

    def __init__(self, encoder: nn.Module, num_classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def embed(self, input_ids: Tensor, attention_mask: Tensor, **others: Tensor) -> Tensor:
        """Sentence vectors of length 1: (B, T) token numbers → (B, D)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **others).last_hidden_state
        return nn.functional.normalize(mean_pool(states, attention_mask), dim=-1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **others: Tensor) -> Tensor:
        """Logits (B, num_classes). Vectors of length 1 would keep the logits small, so they are scaled by √D first."""
        vectors = self.embed(input_ids, attention_mask, **others)
        return self.head(vectors * vectors.shape[-1] ** 0.5)


def set_trainable(model: nn.Module, part: str | int) -> int:
    """Choose which parameters of a Classifier learn, and return how many numbers that are.

    part: "head", only the new head; an integer k, the head and the encoder's last k layers (k = 0 is "head"); "all".
    Every parameter's requires_grad is set, so that calls can follow each other in any order. Raises ValueError for
    another `part`, or for more layers than there are.
    """
    layers = model.encoder.encoder.layer
    number = isinstance(part, int) and not isinstance(part, bool)  # Python takes True for 1
    if part not in ("head", "all") and not (number and 0 <= part <= len(layers)):
        raise ValueError(f'part must be "head", "all", or a number of layers from 0 to {len(layers)}, not {part!r}.')
    model.requires_grad_(part == "all")
    model.head.requires_grad_(True)
    if isinstance(part, int):
        for layer in layers[len(layers) - part :]:
            layer.requires_grad_(True)
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def set_dropout(model: nn.Module, probability: float) -> None:
    """Set the probability of all of a model's dropout layers, in place.

    Dropout keeps a model from learning examples by heart. Where it sees each example once there is nothing to learn by
    heart, and without dropout a training step on a CPU takes a third less time. Raises ValueError outside [0, 1).
    """
    if not 0 <= probability < 1:
        raise ValueError(f"The dropout probability must be at least 0 and below 1, not {probability!r}.")
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability


def classification_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of a batch with input_ids, attention_mask and labels (B,)."""
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    return nn.functional.cross_entropy(model(**inputs), batch["labels"])


class TextBatches:
    """Labelled texts as batches, shuffled anew in every epoch, with texts of similar length together.

    Shorter batches are padded less, which saves about half of the time on messages of mixed length. Gives dicts of
    input_ids (B, T), attention_mask (B, T), labels (B,).
    """

    def __init__(
        self, tokenizer: Any, texts: Sequence[str], labels: Sequence[int], batch_size: int = 16, max_length: int = 64
    ) -> None:
        if len(texts) != len(labels) or not texts:
            raise ValueError(f"Expected as many labels as texts, and at least one, got {len(texts)} and {len(labels)}.")
        self.tokenizer, self.labels, self.batch_size = tokenizer, torch.as_tensor(labels), batch_size
        self.encoded = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]

    def __len__(self) -> int:
        return -(-len(self.encoded) // self.batch_size)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        order = torch.randperm(len(self.encoded)).tolist()
        window = 8 * self.batch_size  # sorted by length within windows only, so that batches stay mixed
        for begin in range(0, len(order), window):
            order[begin : begin + window] = sorted(order[begin : begin + window], key=lambda i: len(self.encoded[i]))
        groups = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        for number in torch.randperm(len(groups)).tolist():
            yield self.batch(groups[number])

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The texts with these numbers, padded to the longest of them."""
        padded = self.tokenizer.pad({"input_ids": [self.encoded[row] for row in rows]}, return_tensors="pt")
        return {**padded, "labels": self.labels[list(rows)]}


@torch.no_grad()
def encode(
    model: Classifier, tokenizer: Any, texts: Sequence[str], batch_size: int = 64, max_length: int = 64
) -> Tensor:
    """Sentence vectors (N, D) of many texts, on the CPU, in the order given."""
    from workbook.show import progress_bar

    texts = list(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = torch.empty(len(texts), model.head.in_features)
    device = model.head.weight.device
    model.eval()
    bar = progress_bar(len(texts), "encoding", "text") if len(texts) > 500 else None  # a few take no time
    for begin in range(0, len(order), batch_size):
        rows = order[begin : begin + batch_size]
        inputs = tokenizer(
            [texts[row] for row in rows], truncation=True, max_length=max_length, padding=True, return_tensors="pt"
        ).to(device)
        vectors[rows] = model.embed(inputs["input_ids"], inputs["attention_mask"]).cpu()
        if bar is not None:
            bar.update(len(rows))
    if bar is not None:
        bar.close()
    return vectors


@torch.no_grad()
def predict(model: Classifier, tokenizer: Any, texts: Sequence[str]) -> Tensor:
    """Class probabilities (N, C) of many texts."""
    return head_probabilities(model, encode(model, tokenizer, texts))


@torch.no_grad()
def head_probabilities(model: Classifier, vectors: Tensor) -> Tensor:
    """Class probabilities (N, C) from sentence vectors (N, D) that were computed before."""
    vectors = vectors.to(model.head.weight.device)
    return model.head(vectors * vectors.shape[-1] ** 0.5).softmax(-1).cpu()


def train_head(
    model: Classifier,
    vectors: Tensor,
    labels: Tensor,
    *,
    steps: int = 300,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.1,
    seed: int = 0,
) -> None:
    """Train only the head of a Classifier, in place, on sentence vectors (N, D) that were computed once.

    The encoder does not change while the head learns, so its output need not be computed again and again: a head takes
    a second where a forward pass per step would take minutes.
    """
    from workbook.trainers.loop import fit

    scaled = vectors * vectors.shape[-1] ** 0.5

    def objective(head: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return nn.functional.cross_entropy(head(batch[0]), batch[1])

    model.head.requires_grad_(True)
    fit(
        model.head, [(scaled, labels)], objective, steps=steps, learning_rate=learning_rate, weight_decay=weight_decay,
        seed=seed, progress=None,
    )  # fmt: skip
    # the loop leaves the head on its own device, say the GPU: back to where the encoder is
    model.head.to(next(model.encoder.parameters()).device)


def paraphrase_accuracy(model: Classifier, tokenizer: Any, pairs: Sequence[Any]) -> float:
    """How often a sentence is nearest to its own paraphrase among all paraphrases of all pairs, and its own distractor.

    A test of what the encoder knew before: nothing in it has to do with the labels it was fine-tuned on.
    """
    sentences = encode(model, tokenizer, [pair.sentence for pair in pairs])
    paraphrases = encode(model, tokenizer, [pair.paraphrase for pair in pairs])
    similarity = sentences @ paraphrases.T  # (N, N), cosine: all vectors have length 1
    return (similarity.argmax(1) == torch.arange(len(pairs))).float().mean().item()
