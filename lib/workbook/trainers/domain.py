"""Domain adaptation: more pretraining on a domain's text, with its words in the vocabulary and without forgetting.

Gururangan et al. 2020, "Don't Stop Pretraining".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from workbook.trainers.language import IGNORE


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


@torch.no_grad()
def extend_vocabulary(model: nn.Module, tokenizer: Any, words: Sequence[str]) -> int:
    """Give words a token of their own, in model and tokenizer; returns how many had none before.

    A new word's row of the embedding begins as the mean of the rows of the pieces that it was cut into (and so does its
    row of the output, where that is another matrix): the model then knows about as much of it as before.
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
    for word, ids in pieces.items():
        row = tokenizer.convert_tokens_to_ids(word)
        for weight in matrices.values():
            weight[row] = weight[ids].mean(0)
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
