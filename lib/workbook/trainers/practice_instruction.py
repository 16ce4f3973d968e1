"""Exercises of lesson 02: examples with masked prompts, batches padded on either side, packed rows."""

from __future__ import annotations

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.trainers.instruction import collate, encode_example, packed_row, prompt

PAD = END = 0  # the same token, as with GPT-2


class Letters:
    """A tokenizer small enough to be read: letters are 1 to 26, all else is 27; the end token is 0."""

    eos_token_id = END
    pad_token_id = None

    def __call__(self, text: str) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) - 96 if "a" <= c <= "z" else 27 for c in text.lower()]}

    def __repr__(self) -> str:
        return "tokenizer"


# --------------------------------------------------------------------------------------- one example as tokens


def _example_cases(rng: np.random.Generator) -> list[Case]:
    def ask(*texts: str, **options: int):
        return lambda f: f(Letters(), *texts, **options)

    return [
        Case("an instruction without input", use=ask("Say a.", "", "a")),
        Case("an instruction with input", use=ask("Who ran?", "Tom ran.", "Tom")),
        Case("a longer response", use=ask("Sing a song.", "", "la la la, la la la")),
        Case("a response that goes beyond the window of 30 tokens", use=ask("Sing.", "", "la " * 30, max_length=30)),
    ]


def _encoded(tokenizer, instruction, input, output, max_length=512, *, end=True, labels=None, space=" ", cut=True):
    """A wrong version per switch that is turned; `labels` makes them from the tokens and the prompt's length."""
    asked = tokenizer(prompt(instruction, input))["input_ids"]
    answer = tokenizer(space + output.strip())["input_ids"] + [tokenizer.eos_token_id] * end
    ids = asked + answer
    ids = ids[:max_length] if cut else ids
    made = labels(ids, len(asked)) if labels else [-100] * len(asked) + ids[len(asked) :]
    return {"input_ids": ids, "labels": made}


def _no_end(tokenizer, instruction, input, output, max_length=512):
    return _encoded(tokenizer, instruction, input, output, max_length, end=False)


def _nothing_masked(tokenizer, instruction, input, output, max_length=512):
    return _encoded(tokenizer, instruction, input, output, max_length, labels=lambda ids, n: list(ids))


def _response_masked(tokenizer, instruction, input, output, max_length=512):
    return _encoded(
        tokenizer, instruction, input, output, max_length, labels=lambda ids, n: ids[:n] + [-100] * (len(ids) - n)
    )


def _shifted(tokenizer, instruction, input, output, max_length=512):
    return _encoded(
        tokenizer, instruction, input, output, max_length,
        labels=lambda ids, n: [-100] * (n - 1) + ids[n:] + [-100],
    )  # fmt: skip


def _end_masked(tokenizer, instruction, input, output, max_length=512):
    return _encoded(
        tokenizer, instruction, input, output, max_length,
        labels=lambda ids, n: [-100] * n + [-100 if token == tokenizer.eos_token_id else token for token in ids[n:]],
    )  # fmt: skip


def _zero_for_masked(tokenizer, instruction, input, output, max_length=512):
    return _encoded(tokenizer, instruction, input, output, max_length, labels=lambda ids, n: [0] * n + ids[n:])


def _no_space(tokenizer, instruction, input, output, max_length=512):
    return _encoded(tokenizer, instruction, input, output, max_length, space="")


def _not_cut(tokenizer, instruction, input, output, max_length=512):
    return _encoded(tokenizer, instruction, input, output, max_length, cut=False)


practice(
    encode_example,
    difficulty=2,
    minutes=10,
    cases=_example_cases,
    mistakes=[
        Mistake(_no_end, "the end token is missing: the model would never learn to stop."),
        Mistake(_nothing_masked, "the prompt has labels, too, so the model learns to ask: make them -100."),
        Mistake(_response_masked, "the wrong part is masked: the response is to be learnt, and the prompt is not."),
        Mistake(_shifted, "don't shift the labels: the loss does that, and twice is once too often."),
        Mistake(_end_masked, "the end token has no label, so it is never learnt, and the model won't stop."),
        Mistake(_zero_for_masked, "masked labels are -100; 0 is a token, and would be learnt."),
        Mistake(
            _no_space, "between the prompt and the response there is one space: in the text it will be there, too."
        ),
        Mistake(_not_cut, "a response beyond max_length tokens is cut there, labels as well as tokens."),
    ],
    hints=[
        'Two lists of tokens: those of prompt(instruction, input), and those of " " + the response, each from '
        'tokenizer(text)["input_ids"].',
        "Add tokenizer.eos_token_id at the end of the response, join the lists, cut the whole at max_length.",
        "labels: as many -100 as the prompt has tokens, then the same tokens as in input_ids.",
    ],
)

# ---------------------------------------------------------------------------------------- batches with padding


def _batch(rng: np.random.Generator, *lengths: int) -> list[dict[str, list[int]]]:
    examples = []
    for length in lengths:
        ids = [*rng.integers(1, 27, length - 1).tolist(), END]
        examples.append({"input_ids": ids, "labels": [-100] * (length // 2) + ids[length // 2 :]})
    return examples


def _collate_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("two examples, padded on the right", (_batch(rng, 4, 2), PAD)),
        Case("two examples, padded on the left", (_batch(rng, 2, 4), PAD, "left")),
        Case("equally long examples", (_batch(rng, 3, 3), PAD)),
        Case("another pad token", (_batch(rng, 5, 1, 3), 99, "left")),
    ]


def _collated(examples, pad, side="right", *, label=-100, mask=None, shortest=False, sides=("left",)):
    lengths = [len(e["input_ids"]) for e in examples]
    length = min(lengths) if shortest else max(lengths)

    def padded(values, filler):
        fill = [filler] * (length - len(values))
        return fill + list(values)[:length] if side in sides else list(values)[:length] + fill

    ids = torch.tensor([padded(e["input_ids"], pad) for e in examples])
    ones = torch.tensor([padded([1] * n, 0) for n in lengths])
    labels = torch.tensor([padded(e["labels"], pad if label is None else label) for e in examples])
    return {"input_ids": ids, "attention_mask": ones if mask is None else mask(ids, pad), "labels": labels}


def _labels_of_padding(examples, pad, side="right"):
    return _collated(examples, pad, side, label=None)


def _mask_by_token(examples, pad, side="right"):
    return _collated(examples, pad, side, mask=lambda ids, token: (ids != token).long())


def _all_attended(examples, pad, side="right"):
    return _collated(examples, pad, side, mask=lambda ids, token: torch.ones_like(ids))


def _always_right(examples, pad, side="right"):
    return _collated(examples, pad, side, sides=())


def _always_left(examples, pad, side="right"):
    return _collated(examples, pad, side, sides=("left", "right"))


def _to_the_shortest(examples, pad, side="right"):
    return _collated(examples, pad, side, shortest=True)


practice(
    collate,
    difficulty=2,
    minutes=10,
    cases=_collate_cases,
    mistakes=[
        Mistake(_labels_of_padding, "padding has a label and would be learnt: its label is -100."),
        Mistake(
            _mask_by_token,
            "you take every token equal to pad for padding; with GPT-2 that is the end token, too. Go by the length.",
        ),
        Mistake(_all_attended, "the attention mask is 1 everywhere: padding must have 0."),
        Mistake(_always_right, 'side="left" puts the padding on the right, too: generation would go on after padding.'),
        Mistake(_always_left, "the padding is on the left even where the right was asked for."),
        Mistake(_to_the_shortest, "the texts are cut to the shortest: pad to the longest, nothing may be lost."),
    ],
    hints=[
        "The longest example decides the length; of every other one you know how much is missing.",
        "Three columns, three fillers: pad for input_ids, 0 for attention_mask (1 where a token is), -100 for labels.",
        "One small function, values → padded values, does it for all three; then torch.tensor of the lists.",
    ],
)

# -------------------------------------------------------------------------------------------------- packed rows


def _packed_cases(rng: np.random.Generator) -> list[Case]:
    whole = {"input_ids": [5, 6, 7], "labels": [5, 6, 7]}  # an example without a prompt: every token has a label
    return [
        Case("two examples that fill the row", ([whole, {"input_ids": [8, 9], "labels": [8, 9]}], 5, PAD)),
        Case("two examples and some padding", ([whole, {"input_ids": [8, 9], "labels": [-100, 9]}], 8, PAD)),
        Case("one example", ([whole], 3, PAD)),
        Case("three examples", (_batch(rng, 4, 6, 3), 16, PAD)),
    ]


def _row(examples, length, pad, *, positions=None, first=True, label=-100, fill=True):
    ids = [token for e in examples for token in e["input_ids"]]
    labels = [-100 if first and i == 0 else token for e in examples for i, token in enumerate(e["labels"])]
    places = [i for e in examples for i in range(len(e["input_ids"]))]
    left = length - len(ids) if fill else 0
    ids, labels, places = ids + [pad] * left, labels + [label] * left, places + list(range(left))
    if positions:
        places = positions(examples, len(ids))
    return {
        "input_ids": torch.tensor(ids), "labels": torch.tensor(labels), "position_ids": torch.tensor(places)
    }  # fmt: skip


def _runs_on(examples, length, pad):
    return _row(examples, length, pad, positions=lambda parts, n: list(range(n)))


def _first_label(examples, length, pad):
    return _row(examples, length, pad, first=False)


def _padding_learnt(examples, length, pad):
    return _row(examples, length, pad, label=pad)


def _not_filled(examples, length, pad):
    return _row(examples, length, pad, fill=False)


def _from_one(examples, length, pad):
    row = _row(examples, length, pad)
    return {**row, "position_ids": row["position_ids"] + 1}


practice(
    packed_row,
    difficulty=2,
    minutes=12,
    cases=_packed_cases,
    mistakes=[
        Mistake(
            _runs_on,
            "the positions run on across the examples, so that each would attend to those before it.",
        ),
        Mistake(
            _first_label,
            "the first token of an example has a label: it would have to be foretold from another example.",
        ),
        Mistake(_padding_learnt, "the padding has labels and would be learnt: make them -100."),
        Mistake(_not_filled, "the row is not filled up to `length`: rows of different length make no batch."),
        Mistake(_from_one, "positions begin at 0."),
    ],
    hints=[
        "Go through the examples and append to three lists: tokens, labels, positions.",
        "The positions of n tokens are range(n); the labels are the example's own, but the first is -100.",
        "What is left of the row can be treated as one more example, of pad tokens with labels -100.",
    ],
)
