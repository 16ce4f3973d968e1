"""Domain adaptation: more pretraining on a domain's text, with its words in the vocabulary and without forgetting.

Gururangan et al. 2020, "Don't Stop Pretraining".
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbook.trainers.classic import TextBatches
from workbook.trainers.language import IGNORE, chunk, mean_loss


def mask_tokens(
    ids: Tensor, vocabulary: int, mask_id: int, special: Sequence[int], generator: torch.Generator | None = None,
    share: float = 0.15,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """BERT's masking: of `share` of the tokens 80 % become [MASK], 10 % a random token, 10 % stay.

    ids: (B, T). special: tokens that are never asked for and never put in, such as padding. Returns the masked ids, and
    the labels: the original token where one is asked for, −100 elsewhere. Devlin et al. 2019, section 3.1.
    """
    chosen = (torch.rand(ids.shape, generator=generator) < share) & ~torch.isin(ids, torch.tensor(list(special)))
    labels = torch.where(chosen, ids, IGNORE)
    fate = torch.rand(ids.shape, generator=generator)
    ordinary = torch.tensor(sorted(set(range(vocabulary)) - set(special)))
    random_ids = ordinary[torch.randint(len(ordinary), ids.shape, generator=generator)]
    masked = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), random_ids, masked), labels


def fragmentation(tokenizer: Any, texts: Sequence[str]) -> tuple[float, list[tuple[str, int, int]]]:
    """How a tokenizer cuts the words of a domain: tokens per word, and the words that cost most.

    Returns the mean number of tokens per word, and (word, tokens, occurrences), the largest loss first: the loss of a
    word is (tokens − 1) · occurrences. Words are what stands between white space, as it occurs inside a text.
    """
    counts = Counter(word for text in texts for word in text.split())
    if not counts:
        raise ValueError("There are no words in the texts.")
    words = list(counts)
    pieces = {word: len(ids) for word, ids in zip(words, _inside(tokenizer, words), strict=True)}
    total = sum(counts.values())
    mean = sum(pieces[word] * count for word, count in counts.items()) / total
    worst = sorted(counts, key=lambda word: (-(pieces[word] - 1) * counts[word], word))
    return mean, [(word, pieces[word], counts[word]) for word in worst if pieces[word] > 1]


def _inside(tokenizer: Any, words: Sequence[str]) -> list[list[int]]:
    """The tokens of words as they stand within a text: behind a space, for a tokenizer to which that matters."""
    return tokenizer([f" {word}" for word in words], add_special_tokens=False)["input_ids"]


def new_rows(weight: Tensor, pieces: Sequence[Sequence[int]]) -> Tensor:
    """Rows for new words: each is the mean of the rows of the pieces that the word was cut into so far.

    weight: (V, D), one row per token. pieces: for each of N words the numbers of its tokens. Returns (N, D).
    """
    rows = [weight[list(ids)].mean(dim=0) for ids in pieces]
    return torch.stack(rows) if rows else weight[:0]


@torch.no_grad()
def extend_vocabulary(
    model: nn.Module, tokenizer: Any, words: Sequence[str], rows: Callable[..., Tensor] = new_rows
) -> int:
    """Give words a token of their own, in model and tokenizer; returns how many had none before.

    rows(weight, pieces) makes the new words' rows of the embedding (and of the output, where that is another matrix).
    By default each is the mean of its pieces' rows: the model then knows about as much of the word as before.
    A new token takes in the white space in front of it, whatever it is: count bits on texts with single spaces.
    Raises ValueError for an empty word or one with white space.
    """
    if bad := [word for word in words if [word] != word.split()]:
        raise ValueError(f"A word for the vocabulary has no white space and at least one letter, unlike {bad[0]!r}.")
    from tokenizers import AddedToken

    cut = zip(words, _inside(tokenizer, list(words)), strict=True) if words else ()
    pieces = {word: ids for word, ids in cut if len(ids) > 1}
    # as whole words only: "over" must not be found in "overturn"
    added = tokenizer.add_tokens([AddedToken(word, single_word=True, lstrip=True, normalized=False) for word in pieces])
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    matrices = {id(m.weight): m.weight for m in (model.get_input_embeddings(), model.get_output_embeddings()) if m}
    for weight in matrices.values():
        weight[tokenizer.convert_tokens_to_ids(list(pieces))] = rows(weight, list(pieces.values()))
    return added


def with_replay(domain: Sequence[Any], general: Sequence[Any], every: int = 4) -> Iterator[Any]:
    """The batches of a domain, and after each `every` of them a general one, so that the general is not forgotten.

    Raises ValueError without general batches, or for every < 1.
    """
    if every < 1 or not general:
        raise ValueError(f"Expected general batches, and every >= 1, got {len(general)} and {every!r}.")
    for number, batch in enumerate(domain):
        yield batch
        if (number + 1) % every == 0:
            yield general[(number // every) % len(general)]


# ------------------------------------------------------------------------------- masked pretraining of an encoder


def masked_language_model(encoder: nn.Module) -> nn.Module:
    """A BertForMaskedLM around a BERT-like encoder that came without its masked-LM head, such as MiniLM.

    The body *is* the encoder, so training one trains the other; the decoder's weight is the word embeddings, as in
    Devlin et al. 2019. New are a small dense layer with its norm, and a bias per token.
    """
    from transformers import BertForMaskedLM

    model = BertForMaskedLM(encoder.config)
    model.bert = encoder
    model.tie_weights()
    if encoder.pooler is not None:
        encoder.pooler.requires_grad_(False)  # nothing here reads it
    return model.eval()


def masked_optimizer(model: nn.Module, body_rate: float, head_rate: float) -> torch.optim.Optimizer:
    """AdamW with two learning rates: the pretrained body moves with care, the new parts of the head have to hurry."""
    body = [parameter for parameter in model.bert.parameters() if parameter.requires_grad]
    held = set(body)  # the decoder's weight belongs to the body
    head = [parameter for parameter in model.cls.parameters() if parameter.requires_grad and parameter not in held]
    groups = [{"params": body, "lr": body_rate}, {"params": head, "lr": head_rate}]
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=fused)


class MaskedBatches(TextBatches):
    """Texts as batches for masked_lm_loss: in every epoch shuffled and masked anew, texts of similar length together.

    mask: as mask_tokens; called with the ids (B, T), the vocabulary's size, the mask's number and the special ones.
    """

    def __init__(
        self, tokenizer: Any, texts: Sequence[str], batch_size: int = 16, max_length: int = 64,
        mask: Callable[..., tuple[Tensor, Tensor]] = mask_tokens,
    ) -> None:  # fmt: skip
        super().__init__(tokenizer, texts, [0] * len(texts), batch_size, max_length)
        self.mask = mask

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The texts with these numbers, padded and masked."""
        padded = self.tokenizer.pad({"input_ids": [self.encoded[row] for row in rows]}, return_tensors="pt")
        special = self.tokenizer.all_special_ids
        ids, labels = self.mask(padded["input_ids"], len(self.tokenizer), self.tokenizer.mask_token_id, special)
        return {"input_ids": ids, "attention_mask": padded["attention_mask"], "labels": labels}


class AskedOnly(nn.Module):
    """A BertForMaskedLM that gives logits (asked, V) of the masked places only, and their labels (asked,).

    To decode a place costs about as much as all of MiniLM's layers: leaving out the 85 % that nobody asks for halves
    the time of a training step.
    """

    def __init__(self, masked: nn.Module) -> None:
        super().__init__()
        self.masked = masked

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """All arguments (B, T); labels are −100 where nothing is asked."""
        states = self.masked.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        asked = labels != IGNORE
        return self.masked.cls(states[asked]), labels[asked]


def asked_lm_loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """language.masked_lm_loss for a model in AskedOnly: the same −Σ log p(token | the others), and their number."""
    logits, labels = model(**batch)
    return nn.functional.cross_entropy(logits.float(), labels, reduction="sum"), torch.tensor(len(labels))


def masked_loss(model: nn.Module, batches: Iterable[dict[str, Tensor]], seed: int = 0) -> float:
    """A BertForMaskedLM's mean loss per masked token, in nats; for the same seed the same tokens are masked."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return mean_loss(AskedOnly(model).train(model.training), batches, asked_lm_loss)


# --------------------------------------------------------------------------- how well are single words foretold?


@dataclass(frozen=True)
class WordScore:
    """How well a causal model foretells a group of words: bits per word, share completed, number of words.

    A word is completed if each piece after its first is the likeliest one, given all that stands before it. Words of
    one piece have nothing to complete and don't count in the share; it is NaN where there are no others.
    """

    bits: float
    completed: float
    count: int


def word_scores(
    model: nn.Module, tokenizer: Any, texts: Sequence[str], words: Sequence[str], length: int = 128, batch_size: int = 8
) -> tuple[WordScore, WordScore]:
    """The scores of the given words, and of all other words of letters, wherever they stand in the texts.

    The texts are read as one stream in rows of `length` tokens; a word at the edge of a row is left out. What a word is
    the tokenizer's first step decides, so it must be a fast one of byte-level BPE, as GPT-2's.
    """
    ids, owner, names = _stream_of_words(tokenizer, texts)
    losses, right = _foretold(model, ids, length, batch_size)
    first = torch.cat([torch.tensor([True]), owner[1:] != owner[:-1]])
    inside = owner >= 0
    zeros = torch.zeros(len(names))
    nats = zeros.index_add(0, owner[inside], losses[inside])  # NaN where a piece was not asked for
    pieces = zeros.index_add(0, owner[inside], torch.ones(int(inside.sum())))
    missed = zeros.index_add(0, owner[inside], (~right & ~first)[inside].float())
    wanted = set(words)
    given = torch.tensor([name in wanted for name in names])
    asked = torch.tensor([name.isalpha() for name in names]) & ~nats.isnan()
    return tuple(_score(nats[group], pieces[group], missed[group]) for group in (asked & given, asked & ~given))


def _score(nats: Tensor, pieces: Tensor, missed: Tensor) -> WordScore:
    """The score of a group of words from their losses, numbers of pieces and of pieces that were not the likeliest."""
    if not len(nats):
        raise ValueError("There are no such words in the texts to be scored.")
    completed = (missed == 0)[pieces > 1].float().mean().item()
    return WordScore(nats.mean().item() / math.log(2), completed, len(nats))


def _stream_of_words(tokenizer: Any, texts: Sequence[str]) -> tuple[Tensor, Tensor, list[str]]:
    """The stream's tokens (N,), the number of the word that each belongs to (−1 for the end token), and the words."""
    ids, owner, names = [], [], []
    encoded = tokenizer(list(texts), return_offsets_mapping=True)
    for number, text in enumerate(texts):
        columns = encoded["input_ids"][number], encoded.word_ids(number), encoded["offset_mapping"][number]
        tokens = zip(*columns, strict=True)
        for _, group in itertools.groupby(tokens, key=lambda token: token[1]):
            pieces, _, places = zip(*group, strict=True)
            ids += pieces
            owner += [len(names)] * len(pieces)
            names.append(text[places[0][0] : places[-1][1]].strip())
        ids.append(tokenizer.eos_token_id)
        owner.append(-1)
    return torch.tensor(ids), torch.tensor(owner), names


@torch.no_grad()
def _foretold(model: nn.Module, ids: Tensor, length: int, batch_size: int) -> tuple[Tensor, Tensor]:
    """For each token of a stream (N,) its loss in nats, NaN where it begins a row, and if it was foretold."""
    losses, right = torch.full(ids.shape, torch.nan), torch.zeros(ids.shape, dtype=torch.bool)
    device, training = next(model.parameters()).device, model.training
    model.eval()
    places = chunk(torch.arange(len(ids)), length)
    for place in places.split(batch_size):
        row, after = ids[place].to(device), place[:, 1:].flatten()
        logits = model(input_ids=row, use_cache=False).logits[:, :-1].flatten(0, 1).float()
        targets = row[:, 1:].flatten()
        losses[after] = nn.functional.cross_entropy(logits, targets, reduction="none").cpu()
        right[after] = (logits.argmax(-1) == targets).cpu()
    model.train(training)
    return losses, right
