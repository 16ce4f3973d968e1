"""Exercises of lesson 04: a stream and its rows, bits per byte, rows for new words, BERT's masking."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.trainers.domain import mask_tokens, new_rows
from workbook.trainers.language import bits_per_byte, chunk, stream

END = 0


class Letters:
    """A tokenizer small enough to be read: letters are 1 to 26, all else is 27; the end token is 0."""

    eos_token_id = END

    def __call__(self, texts: list[str] | str) -> dict[str, list]:
        if isinstance(texts, str):
            return {"input_ids": [ord(c) - 96 if "a" <= c <= "z" else 27 for c in texts.lower()]}
        return {"input_ids": [self(text)["input_ids"] for text in texts]}

    def __repr__(self) -> str:
        return "tokenizer"


# ------------------------------------------------------------------------------------------ one stream of all texts


def _stream_cases(rng: np.random.Generator) -> list[Case]:
    def ask(*texts: str) -> Callable:
        return lambda f: f(Letters(), list(texts))

    return [
        Case('stream(tokenizer, ["abc"]): letters are 1 to 26, the end token is 0', use=ask("abc")),
        Case('stream(tokenizer, ["abc", "de"])', use=ask("abc", "de")),
        Case('stream(tokenizer, ["so", "it", "ends"])', use=ask("so", "it", "ends")),
    ]


def _joined(tokenizer, texts, before=(), after=(), between=(), last=()):
    ids = tokenizer(list(texts))["input_ids"]
    parts = [[*before, *row, *after, *(between if i < len(ids) - 1 else last)] for i, row in enumerate(ids)]
    return torch.tensor([token for part in parts for token in part])


def _no_end(tokenizer, texts):
    return _joined(tokenizer, texts)


def _one_end(tokenizer, texts):
    return _joined(tokenizer, texts, last=[END])


def _ends_between(tokenizer, texts):
    return _joined(tokenizer, texts, between=[END])


def _ends_before(tokenizer, texts):
    return _joined(tokenizer, texts, before=[END])


def _no_tensor(tokenizer, texts):
    return _joined(tokenizer, texts, after=[END]).tolist()


practice(
    stream,
    difficulty=1,
    minutes=6,
    cases=_stream_cases,
    mistakes=[
        Mistake(_no_end, "no end tokens: the model could not tell where one text stops and an unrelated one begins."),
        Mistake(_one_end, "only the whole stream has an end token: every text needs its own."),
        Mistake(_ends_between, "the last text has no end token: the end comes after each text, not between two."),
        Mistake(_ends_before, "the end token stands in front of each text: it belongs after it."),
        Mistake(_no_tensor, "the numbers are right, but a list: make a tensor of it, rows are cut from that."),
    ],
    hints=[
        "A tokenizer can be called on a list of texts; under the key input_ids it gives one list of numbers per text.",
        "Go through these lists, and put tokenizer.eos_token_id after each.",
        "One flat list (a comprehension with two `for`), then torch.tensor of it.",
    ],
)

# --------------------------------------------------------------------------------------------- rows of a stream


def _chunk_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("ten tokens in rows of five", (torch.arange(1, 11), 5)),
        Case("eleven tokens in rows of four: three are left over", (torch.arange(1, 12), 4)),
        Case("exactly one row", (torch.arange(1, 4), 3)),
        Case("a longer stream", (torch.tensor(rng.integers(0, 100, 29)), 8)),
    ]


def _columns(tokens, length):
    rows = len(tokens) // length
    return tokens[: rows * length].view(length, rows).T


def _last_ones(tokens, length):
    rows = len(tokens) // length
    return tokens[len(tokens) - rows * length :].view(rows, length)


def _overlapping(tokens, length):
    return tokens.unfold(0, length, 1)


def _filled_up(tokens, length):
    rows = -(-len(tokens) // length)
    return torch.cat([tokens, tokens.new_zeros(rows * length - len(tokens))]).view(rows, length)


def _one_less(tokens, length):
    rows = (len(tokens) - 1) // length
    return tokens[: rows * length].view(rows, length)


practice(
    chunk,
    difficulty=1,
    minutes=5,
    cases=_chunk_cases,
    mistakes=[
        Mistake(_columns, "the text runs down the columns: neighbouring tokens must stand side by side in a row."),
        Mistake(_last_ones, "you leave out the beginning; leave out what is too little for a row at the end."),
        Mistake(_overlapping, "a row for every token: rows must not overlap, or each token is learnt many times."),
        Mistake(_filled_up, "the rest is padded to a row; the padding would be learnt. Leave the rest out."),
        Mistake(_one_less, "a row too few: the next token is found by shifting *inside* the row, none is kept back."),
    ],
    hints=[
        "How many whole rows are there? Whole-number division tells.",
        "Keep so many tokens that they fill these rows exactly: a slice from the beginning.",
        "tensor.view(rows, length) makes rows of neighbours.",
    ],
)

# ------------------------------------------------------------------------------------------------ bits per byte


def _bits_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one bit per token, one token per byte", (math.log(2), 4, ["abcd"])),
        Case("two tokens for four bytes, two bits each", (2 * math.log(2), 2, ["abcd"])),
        Case("two texts", (3.0, 5, ["Return the sum.", "Never raises."])),
        Case("letters of more than one byte", (2.5, 6, ["naïve café", "α ≤ β"])),
    ]


def _in_nats(mean_loss, tokens, texts):
    return mean_loss * tokens / sum(len(text.encode()) for text in texts)


def _per_letter(mean_loss, tokens, texts):
    return mean_loss * tokens / (math.log(2) * sum(map(len, texts)))


def _per_token(mean_loss, tokens, texts):
    return mean_loss / math.log(2)


def _upside_down(mean_loss, tokens, texts):
    return mean_loss * sum(len(text.encode()) for text in texts) / (math.log(2) * tokens)


def _times_log(mean_loss, tokens, texts):
    return mean_loss * tokens * math.log(2) / sum(len(text.encode()) for text in texts)


def _first_text(mean_loss, tokens, texts):
    return mean_loss * tokens / (math.log(2) * len(texts[0].encode()))


practice(
    bits_per_byte,
    difficulty=1,
    minutes=6,
    cases=_bits_cases,
    mistakes=[
        Mistake(_in_nats, "these are nats per byte: a bit is ln 2 nats."),
        Mistake(_per_letter, "you count letters; an ï has two bytes. text.encode() gives the bytes."),
        Mistake(
            _per_token, "these are bits per *token*, which depend on how the tokenizer cuts: spread them over bytes."
        ),
        Mistake(_upside_down, "tokens and bytes are exchanged: more tokens for the same text must cost more."),
        Mistake(_times_log, "you multiply by ln 2; from nats to bits one divides."),
        Mistake(_first_text, "only the first text's bytes are counted."),
    ],
    hints=[
        "How many nats does the model need for *all* tokens together?",
        "A bit is math.log(2) nats; so that is how many bits?",
        "Divide by the number of bytes of all texts: sum of len(text.encode()).",
    ],
)

# ---------------------------------------------------------------------------------------- rows for new words


def _rows_cases(rng: np.random.Generator) -> list[Case]:
    def weight(rows: int, width: int) -> torch.Tensor:
        return torch.tensor(rng.integers(-4, 5, (rows, width)), dtype=torch.float32)

    return [
        Case("one word of two pieces", (weight(4, 3), [[0, 2]])),
        Case("two words of three and two pieces", (weight(5, 3), [[4, 1, 2], [3, 0]])),
        Case("a piece that occurs twice in a word", (weight(4, 2), [[1, 1, 3]])),
        Case("many words", (weight(30, 8), [rng.integers(0, 30, n).tolist() for n in (2, 3, 4, 5, 2)])),
    ]


def _sums(weight, pieces):
    return torch.stack([weight[ids].sum(0) for ids in pieces])


def _first_piece(weight, pieces):
    return torch.stack([weight[ids[0]] for ids in pieces])


def _last_piece(weight, pieces):
    return torch.stack([weight[ids[-1]] for ids in pieces])


def _one_number(weight, pieces):
    return torch.stack([weight[ids].mean() for ids in pieces])


def _everything(weight, pieces):
    return weight.mean(0).expand(len(pieces), -1)


def _each_once(weight, pieces):
    return torch.stack([weight[sorted(set(ids))].mean(0) for ids in pieces])


practice(
    new_rows,
    difficulty=1,
    minutes=6,
    cases=_rows_cases,
    mistakes=[
        Mistake(_sums, "you add the pieces up: a row of three pieces would be three times as long as any other."),
        Mistake(_first_piece, "only the first piece counts: all words that begin alike would be the same."),
        Mistake(_last_piece, "only the last piece counts: all words that end alike would be the same."),
        Mistake(
            _one_number, "the mean went over the features, too: a row has D numbers. Which dimension are the pieces?"
        ),
        Mistake(_everything, "that is the mean of the whole vocabulary, and knows nothing of the word."),
        Mistake(_each_once, "a piece that occurs twice in the word counts twice."),
    ],
    hints=[
        "weight[ids] with a list of numbers gives their rows, one under the other.",
        "The mean over the pieces is the mean over dimension 0.",
        "torch.stack puts the rows of all words together.",
    ],
)

# -------------------------------------------------------------------------------------------- BERT's masking

MASK, SPECIAL, VOCABULARY = 4, [0, 1, 2, 3, 4], 50


def _ids(rows: int, length: int, lowest: int = 5) -> torch.Tensor:
    return torch.randint(lowest, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(1))


def _call(f: Callable, ids: torch.Tensor, share: float = 0.15, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    return f(ids.clone(), VOCABULARY, MASK, SPECIAL, torch.Generator().manual_seed(seed), share)


def _percent(part: torch.Tensor, whole: torch.Tensor) -> str:
    """A share to the nearest 5 %: as close as 100,000 tokens tell for sure."""
    share = part.sum().item() / max(1, whole.sum().item())
    return f"about {5 * round(20 * share)} %"


def _fates(share: float) -> Callable:
    """What becomes of 200,000 ordinary tokens."""

    def use(f: Callable) -> dict:
        ids = _ids(400, 500)
        inputs, labels = _call(f, ids, share)
        asked = labels != -100
        return {
            "asked for": _percent(asked, torch.ones_like(asked)),
            "of these [MASK]": _percent(asked & (inputs == MASK), asked),
            "of these another token": _percent(asked & (inputs != MASK) & (inputs != ids), asked),
            "of these unchanged": _percent(asked & (inputs == ids), asked),
        }

    return use


def _kept(f: Callable) -> dict:
    ids = _ids(100, 500)
    inputs, labels = _call(f, ids)
    asked = labels != -100
    return {
        "labels are the original tokens": torch.equal(labels[asked], ids[asked]),
        "other tokens are left alone": torch.equal(inputs[~asked], ids[~asked]),
    }


def _special_tokens(f: Callable) -> dict:
    ids = _ids(100, 500, lowest=0)
    inputs, labels = _call(f, ids)
    special = ids <= MASK
    changed = (inputs != ids) & (inputs != MASK)
    return {
        "a special token is asked for": bool((labels[special] != -100).any()),
        "a special token is put in, other than [MASK]": bool((inputs[changed] < MASK).any()),
    }


def _repeated(f: Callable) -> dict:
    ids = _ids(20, 50)
    first, second, other = (_call(f, ids, seed=seed) for seed in (3, 3, 4))
    return {
        "the same generator gives the same masks": all(map(torch.equal, first, second)),
        "another generator gives the same masks": all(map(torch.equal, first, other)),
    }


def _mask_cases(rng: np.random.Generator) -> list[Case]:
    small = torch.tensor([[1, 12, 30, 7, 2, 0, 0]])
    return [
        Case("share=0: nothing is asked for, nothing changes", use=lambda f: _call(f, small, 0.0)),
        Case(
            "share=1: the labels of [1, 12, 30, 7, 2, 0, 0], special are 0 to 4", use=lambda f: _call(f, small, 1.0)[1]
        ),
        Case("200,000 tokens, share=0.15", use=_fates(0.15)),
        Case("200,000 tokens, share=0.4", use=_fates(0.4)),
        Case("50,000 ordinary tokens", use=_kept),
        Case("50,000 tokens, a tenth of them special", use=_special_tokens),
        Case("the generator decides", use=_repeated),
    ]


def _masked(
    ids, vocabulary, mask_id, special, generator, share, *, mask=0.8, replace=0.1, ask_special=False, pool=None,
    asks=lambda chosen, kept: chosen, original=True,
):  # fmt: skip
    """A wrong version per switch that is turned."""
    ordinary = ~torch.isin(ids, torch.tensor(list(special)))
    chosen = (torch.rand(ids.shape, generator=generator) < share) & (ordinary | ask_special)
    fate = torch.rand(ids.shape, generator=generator)
    pool = torch.tensor(pool or sorted(set(range(vocabulary)) - set(special)))
    others = pool[torch.randint(len(pool), ids.shape, generator=generator)]
    inputs = torch.where(chosen & (fate < mask), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 1 - replace), others, inputs)
    kept = chosen & (fate >= mask) & (fate < 1 - replace)
    return inputs, torch.where(asks(chosen, kept), ids if original else inputs, -100)


def _always_masked(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, mask=1.0, replace=0.0)


def _tenth_of_the_rest(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, replace=0.02)


def _never_kept(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, replace=0.2)


def _kept_not_asked(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, asks=lambda chosen, kept: chosen & ~kept)


def _all_asked(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, asks=lambda c, _: torch.ones_like(c))


def _labels_after_masking(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, original=False)


def _padding_asked(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, ask_special=True)


def _any_put_in(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, share, pool=list(range(vocabulary)))


def _own_dice(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, None, share)


def _always_fifteen(ids, vocabulary, mask_id, special, generator=None, share=0.15):
    return _masked(ids, vocabulary, mask_id, special, generator, 0.15)


practice(
    mask_tokens,
    difficulty=3,
    minutes=20,
    cases=_mask_cases,
    mistakes=[
        Mistake(_always_masked, "all become [MASK], which the model will never meet in use: 80 %, 10 %, 10 %."),
        Mistake(_tenth_of_the_rest, "a random token for 10 % of what is *left* is 2 %: all shares are of the chosen."),
        Mistake(_never_kept, "no chosen token stays as it is: the last 10 % keep their token, and are asked for."),
        Mistake(_kept_not_asked, "the 10 % that stay have no label: the model is asked for them, too."),
        Mistake(_all_asked, "every token has a label: those that were not chosen get -100."),
        Mistake(_labels_after_masking, "the labels are the masked tokens: take them from the ids before masking."),
        Mistake(_padding_asked, "special tokens are chosen, too: there is nothing to learn from guessing padding."),
        Mistake(_any_put_in, "padding and other special tokens are put in: draw from the ordinary ones only."),
        Mistake(_own_dice, "you draw without `generator`: the same masks could not be had again."),
        Mistake(_always_fifteen, "you take 15 % whatever `share` says."),
    ],
    hints=[
        "Three draws of ids' shape: is it chosen, what becomes of it (torch.rand), which random token (torch.randint)?",
        "chosen = (rand < share) & ~torch.isin(ids, special); labels = torch.where(chosen, ids, -100).",
        "With fate = rand: [MASK] where chosen & (fate < 0.8), a random token where chosen & (fate >= 0.9), else ids.",
    ],
)  # fmt: skip
