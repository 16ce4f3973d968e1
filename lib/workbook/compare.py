"""Are two answers the same? Used wherever a learner's result is set beside the library's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np


def difference(expected: Any, got: Any, tolerance: float = 1e-6, where: str = "the result") -> str | None:
    """What distinguishes `got` from `expected`, in words, or None where they agree.

    Numbers agree within `tolerance`, absolute or relative; NaN agrees with NaN. Arrays and tensors must be of the same
    kind and shape, whatever their precision. Lists, tuples, dicts and dataclasses are compared member by member.
    """
    if isinstance(expected, Number) and isinstance(got, (Number, np.ndarray)) or _is_scalar_tensor(expected, got):
        expected, got = np.asarray(_plain(expected)), np.asarray(_plain(got))
    elif (a := _kind(expected)) != (b := _kind(got)):
        return f"{where} should be {a}, and is {b}"
    if _is_tensor(expected):
        expected, got = _plain(expected), _plain(got)
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got, tolerance, where)
    if isinstance(expected, Mapping):
        if expected.keys() != got.keys():
            return f"{where} should have the keys {sorted(map(str, expected))}, and has {sorted(map(str, got))}"
        return _first(difference(expected[key], got[key], tolerance, f"{where}[{key!r}]") for key in expected)
    if dataclasses.is_dataclass(expected) and not isinstance(expected, type):
        names = [field.name for field in dataclasses.fields(expected)]
        pairs = ((getattr(expected, name), getattr(got, name), f"{where}.{name}") for name in names)
        return _first(difference(a, b, tolerance, name) for a, b, name in pairs)
    if isinstance(expected, Sequence) and not isinstance(expected, (str, bytes)):
        if len(expected) != len(got):
            return f"{where} should have {len(expected)} members, and has {len(got)}"
        pairs = enumerate(zip(expected, got, strict=True))
        return _first(difference(a, b, tolerance, f"{where}[{i}]") for i, (a, b) in pairs)
    return None if expected == got else f"{where} should be {short(expected)}, and is {short(got)}"


def short(value: Any, limit: int = 300) -> str:
    """A value as text of at most `limit` characters, numbers to six digits."""
    with np.printoptions(precision=6, suppress=True, threshold=60):
        if _is_tensor(value):
            text = f"tensor{tuple(value.shape)} {np.array2string(_plain(value), separator=', ')}"
        elif isinstance(value, np.ndarray):
            text = f"array{value.shape} {np.array2string(value, separator=', ')}"
        elif isinstance(value, float):
            text = f"{value:.6g}"
        else:
            text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _array_difference(expected: np.ndarray, got: np.ndarray, tolerance: float, where: str) -> str | None:
    if expected.shape != got.shape:
        return f"{where} should have the shape {expected.shape}, and has {got.shape}"
    numeric = np.issubdtype(expected.dtype, np.number) and np.issubdtype(got.dtype, np.number)
    close = np.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True) if numeric else got == expected
    if np.all(close):
        return None
    index = tuple(int(i) for i in np.argwhere(~np.asarray(close))[0])
    place = f"{where}{list(index)}" if index else where
    return f"{place} should be {short(expected[index].item())}, and is {short(got[index].item())}"


def _first(differences: Any) -> str | None:
    return next((found for found in differences if found), None)


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def _is_scalar_tensor(expected: Any, got: Any) -> bool:
    return isinstance(expected, Number) and _is_tensor(got) and got.ndim == 0


def _plain(value: Any) -> Any:
    return value.detach().cpu().double().numpy() if _is_tensor(value) else value


def _kind(value: Any) -> str:
    if isinstance(value, Number):
        return "a number"
    if _is_tensor(value):
        return "a torch tensor"
    if isinstance(value, np.ndarray):
        return "a numpy array"
    return "None" if value is None else f"a {type(value).__name__}"
