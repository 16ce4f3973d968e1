"""Batches: rows and columns, one process's share, and a stream of them without end."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook.trainers.history import TrainingError


def _columns(batch: Any) -> list[Any] | None:
    """What a batch holds side by side, each with the same rows; None where it is rows itself, or a single value."""
    if isinstance(batch, Mapping):
        return list(batch.values())
    if isinstance(batch, tuple) or (isinstance(batch, list) and any(isinstance(value, Tensor) for value in batch)):
        return list(batch)  # a DataLoader makes a list of tensors from a dataset of pairs
    return None


def count_rows(batch: Any) -> int | None:
    """The number of rows of a batch, by the first column that has any; None where there is none."""
    columns = _columns(batch)
    if columns is not None:
        return next((rows for column in columns if (rows := count_rows(column))), None)
    return len(batch) if isinstance(batch, list) or getattr(batch, "ndim", 0) else None


def share(batch: Any, accelerator: Any) -> Any:
    """This process's rows of a batch; values without rows, such as a number or None, go to every process."""
    from accelerate.utils import honor_type

    if accelerator.num_processes == 1:
        return batch
    if isinstance(batch, Mapping):
        return type(batch)({key: share(value, accelerator) for key, value in batch.items()})
    if _columns(batch) is not None:
        return honor_type(batch, (share(column, accelerator) for column in batch))
    rows = count_rows(batch)
    if rows is None:
        return batch
    if rows < accelerator.num_processes:
        raise TrainingError(
            f"A batch of {rows} can't be shared by {accelerator.num_processes} processes. If it is the last of an "
            "epoch, leave it out (a DataLoader does with drop_last=True)."
        )
    return batch[accelerator.process_index :: accelerator.num_processes]


def endless(batches: Any, seed: int, skip: int) -> Iterator[Any]:
    """Batches epoch after epoch; the first `skip` are passed over, as a run before this one used them."""
    stream = _epochs(batches, seed)
    for _ in range(skip):  # exactly so many: drawing the next one already would use up random numbers too early
        next(stream)
    return stream


def _epochs(batches: Any, seed: int) -> Iterator[Any]:
    for epoch in itertools.count():
        for set_seed in (random.seed, np.random.seed, torch.manual_seed):
            set_seed(seed + epoch)  # the order within an epoch depends on these two numbers alone
        length = 0
        for length, batch in enumerate(batches(epoch) if callable(batches) else batches, 1):  # noqa: B007
            yield batch
        if not length:
            raise TrainingError(
                f"There are no batches in epoch {epoch}. An iterator can be gone through only once: give a list, a "
                "DataLoader, or a function of the epoch's number."
            )
