"""Instruction tuning: a causal language model learns to answer, from examples of instruction, input and output.

The template is Alpaca's idea (Taori et al. 2023) with shorter markers; the loss counts the response only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from workbook.text.generation import left_padded, pad_id
from workbook.trainers.language import IGNORE

Encoded = dict[str, list[int]]  # {"input_ids": [...], "labels": [...]}, of one example


def prompt(instruction: str, input: str = "") -> str:
    """The text that the model is given, up to where its response begins.

    input: what the instruction is about, a passage say; many instructions have none. Raises ValueError for an empty
    instruction.
    """
    if not instruction.strip():
        raise ValueError("The instruction is empty: an example needs to say what is to be done.")
    middle = f"Text: {input.strip()}\n" if input.strip() else ""
    return f"Task: {instruction.strip()}\n{middle}Answer:"


def encode_example(
    tokenizer: Any, instruction: str, input: str, output: str, *, max_length: int = 512, response_only: bool = True
) -> Encoded:
    """One example as token numbers and labels: the prompt, a space and the response, the end token.

    response_only: the labels of the prompt are −100, so that the model learns to answer and not to ask. A response that
    goes beyond max_length tokens is cut there, and has no end token then: the model must not learn to stop in the
    middle. Raises ValueError for an empty instruction or output, or a prompt that leaves no room for an answer.
    """
    if not output.strip():
        raise ValueError(f"The output is empty: there is nothing to learn from {instruction[:60]!r}.")
    asked = tokenizer(prompt(instruction, input))["input_ids"]
    answer = [*tokenizer(f" {output.strip()}")["input_ids"], tokenizer.eos_token_id]
    if len(asked) >= max_length:
        raise ValueError(
            f"The prompt has {len(asked)} tokens, and the window is {max_length}: no room is left for an answer. "
            f"Shorten the input of {instruction[:60]!r}."
        )
    ids = [*asked, *answer][:max_length]
    return {"input_ids": ids, "labels": response_only_labels(ids, len(asked)) if response_only else list(ids)}


def response_only_labels(input_ids: Sequence[int], prompt_length: int) -> list[int]:
    """The labels of an example: its tokens, with −100 for the first `prompt_length` of them."""
    if not 0 <= prompt_length <= len(input_ids):
        raise ValueError(f"A prompt of {prompt_length} tokens in an example of {len(input_ids)}?")
    return [IGNORE] * prompt_length + list(input_ids[prompt_length:])


def collate(examples: Sequence[Encoded], pad: int, side: str = "right") -> dict[str, Tensor]:
    """Examples of different length as one batch: input_ids, attention_mask and labels, (B, T) each.

    side: "right" for training. "left" for generation, where all texts must end at the same place: the next token
    follows the last column. Padding has attention 0 and label −100. Raises ValueError for another side, or no example.
    """
    if side not in ("left", "right"):
        raise ValueError(f'side must be "left" or "right", not {side!r}')
    if not examples:
        raise ValueError("There are no examples to make a batch of.")
    length = max(len(example["input_ids"]) for example in examples)

    def padded(values: Sequence[int], filler: int) -> list[int]:
        fill = [filler] * (length - len(values))
        return [*fill, *values] if side == "left" else [*values, *fill]

    return {
        "input_ids": torch.tensor([padded(example["input_ids"], pad) for example in examples]),
        # not "every token but the pad": with GPT-2 that is the end token, which has to be learnt
        "attention_mask": torch.tensor([padded([1] * len(example["input_ids"]), 0) for example in examples]),
        "labels": torch.tensor([padded(example["labels"], IGNORE) for example in examples]),
    }


def packed_row(examples: Sequence[Encoded], length: int, pad: int) -> dict[str, Tensor]:
    """Short examples one after the other in one row: input_ids, labels and position_ids, (length,) each.

    The positions begin again at 0 with every example. From that transformers sees the boundaries, and lets no token
    attend to another example. The first label of every example is −100: nothing before it could foretell it. What is
    left of the row is padding, with label −100 and positions of its own. Raises ValueError where the row is too short.
    """
    used = sum(len(example["input_ids"]) for example in examples)
    if used > length:
        raise ValueError(f"Examples of {used} tokens do not fit into a row of {length}.")
    left = length - used
    ids, labels, positions = [], [], []
    for example in [*examples, {"input_ids": [pad] * left, "labels": [IGNORE] * left}]:
        ids += example["input_ids"]
        labels += [IGNORE, *example["labels"][1:]][: len(example["labels"])]
        positions += range(len(example["input_ids"]))
    return {"input_ids": torch.tensor(ids), "labels": torch.tensor(labels), "position_ids": torch.tensor(positions)}


def pack(examples: Sequence[Encoded], length: int, pad: int) -> list[dict[str, Tensor]]:
    """Rows of `length` tokens with several examples each, instead of one example and much padding; see `packed_row`.

    Examples go, in their order, into the first of the last 64 rows that has room: of many examples, looking at all rows
    would take the square of their number. Raises ValueError for one longer than a row.
    """
    rows: list[list[Encoded]] = []
    room: list[int] = []
    for example in examples:
        size = len(example["input_ids"])
        if size > length:
            raise ValueError(f"An example of {size} tokens does not fit into a row of {length}.")
        row = next((i for i in range(max(0, len(rows) - 64), len(rows)) if room[i] >= size), None)
        if row is None:
            rows.append([])
            room.append(length)
            row = len(rows) - 1
        rows[row].append(example)
        room[row] -= size
    return [packed_row(row, length, pad) for row in rows]


class PaddedBatches:
    """Examples as shuffled batches, padded on the right, those of similar length together."""

    def __init__(self, examples: Sequence[Encoded], batch_size: int, pad: int) -> None:
        if not examples:
            raise ValueError("There are no examples to train on.")
        self.examples, self.batch_size, self.pad = list(examples), batch_size, pad

    def __len__(self) -> int:
        return -(-len(self.examples) // self.batch_size)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        order = torch.randperm(len(self.examples)).tolist()
        window = 8 * self.batch_size  # sorted within windows only, so that batches stay mixed
        for begin in range(0, len(order), window):
            part = order[begin : begin + window]
            order[begin : begin + window] = sorted(part, key=lambda i: len(self.examples[i]["input_ids"]))
        groups = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        for number in torch.randperm(len(groups)).tolist():
            yield collate([self.examples[i] for i in groups[number]], self.pad)


def encode_prompts(tokenizer: Any, prompts: Sequence[str]) -> dict[str, Tensor]:
    """Prompts as one batch for generation, padded on the left."""
    return left_padded(tokenizer(list(prompts))["input_ids"], pad_id(tokenizer))


def few_shot_prompt(shots: Sequence[tuple[str, str, str]], instruction: str, input: str = "") -> str:
    """Solved examples (instruction, input, output) one after the other, then the prompt: what a base model needs."""
    solved = [f"{prompt(asked, given)} {output.strip()}\n\n" for asked, given, output in shots]
    return "".join(solved) + prompt(instruction, input)


def encode_all(
    tokenizer: Any, examples: Sequence[Any], max_length: int = 512, response_only: bool = True
) -> list[Encoded]:
    """Every example (with the fields instruction, input, output) as tokens and labels."""
    return [
        encode_example(
            tokenizer, example.instruction, example.input, example.output, max_length=max_length,
            response_only=response_only,
        )
        for example in examples
    ]  # fmt: skip


class PackedBatches:
    """Examples as shuffled batches of packed rows: packed anew in every epoch, so that neighbours change."""

    def __init__(self, examples: Sequence[Encoded], batch_size: int, length: int, pad: int) -> None:
        if not examples:
            raise ValueError("There are no examples to train on.")
        self.examples, self.batch_size, self.length, self.pad = list(examples), batch_size, length, pad

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        order = torch.randperm(len(self.examples)).tolist()
        rows = pack([self.examples[i] for i in order], self.length, self.pad)
        for begin in range(0, len(rows), self.batch_size):
            part = rows[begin : begin + self.batch_size]
            yield {name: torch.stack([row[name] for row in part]) for name in part[0]}
