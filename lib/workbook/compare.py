"""Are two answers the same? Used wherever a learner's result is set beside the library's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np


def difference(expected: Any, got: Any, tolerance: float = 1e-6, where: str = "the result") -> str | None:
    """What distinguishes `got` from `expected`, in words, or None where they agree.

    Numbers agree within `tolerance`, absolute or relative; NaN agrees with NaN. Arrays and tensors must be of the same
    kind and shape, whatever their precision. Lists, tuples, dicts and dataclasses are compared member by member.
    Never raises: what cannot be compared is different.
    """
    try:
        return _difference(expected, got, tolerance, where)
    except Exception as error:
        return f"{where} cannot be compared with {short(expected)} ({type(error).__name__})"


def _difference(expected: Any, got: Any, tolerance: float, where: str) -> str | None:
    if _is_number(expected) and (_is_number(got) or (_is_array(got) and got.ndim == 0)):
        return _array_difference(np.asarray(expected), np.asarray(_plain(got)), tolerance, where)
    if (a := _kind(expected)) != (b := _kind(got)):
        shape = f" of shape {tuple(got.shape)}" if _is_array(got) else ""
        return f"{where} should be {a}, and is {b}{shape}"
    if _is_array(expected):
        return _array_difference(_plain(expected), _plain(got), tolerance, where)
    if isinstance(expected, Mapping):
        if lacking := [key for key in expected if key not in got]:
            return f"{where} lacks the key {short(lacking[0])}" + _more(lacking)
        if surplus := [key for key in got if key not in expected]:
            return f"{where} should not have the key {short(surplus[0])}" + _more(surplus)
        return _first(_difference(expected[key], got[key], tolerance, f"{where}[{key!r}]") for key in expected)
    if dataclasses.is_dataclass(expected) and not isinstance(expected, type):
        names = [field.name for field in dataclasses.fields(expected)]
        pairs = ((getattr(expected, name), getattr(got, name), f"{where}.{name}") for name in names)
        return _first(_difference(a, b, tolerance, name) for a, b, name in pairs)
    if isinstance(expected, Sequence) and not isinstance(expected, (str, bytes)):
        if len(expected) != len(got):
            return f"{where} should have {len(expected)} members, and has {len(got)}"
        pairs = enumerate(zip(expected, got, strict=True))
        return _first(_difference(a, b, tolerance, f"{where}[{i}]") for i, (a, b) in pairs)
    return None if expected == got else f"{where} should be {short(expected)}, and is {short(got)}"


def short(value: Any, limit: int = 300) -> str:
    """A value as text of at most `limit` characters, numbers to six digits. Never raises."""
    try:
        return clip(_text(value), limit)
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"


def clip(text: str, limit: int) -> str:
    """The text, cut to `limit` characters where it is longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text(value: Any) -> str:
    if _is_array(value):
        return _array_text(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        text = f"{value:.6g}"
        return text if set(text) & set(".en") else f"{text}.0"
    if type(value) in (list, tuple):
        inside = ", ".join(_text(member) for member in value[:100])  # more would be cut off anyway
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {_text(member)}" for key, member in list(value.items())[:100]) + "}"
    return repr(value)


def _array_text(array: Any, threshold: int = 60) -> str:
    """An array or tensor as its own library writes it, with the shape where the numbers do not show it."""
    values, word = _plain(array), "array" if isinstance(array, np.ndarray) else "tensor"
    with np.printoptions(precision=6, suppress=True, threshold=threshold):
        numbers = np.array2string(values, separator=", ", prefix=f"{word}(")
    shape = f", shape={values.shape}" if values.size == 0 or values.size > threshold else ""
    return f"{word}({numbers}{shape})"


def _array_difference(expected: np.ndarray, got: np.ndarray, tolerance: float, where: str) -> str | None:
    if expected.shape != got.shape:
        return f"{where} should have the shape {expected.shape}, and has {got.shape}"
    numeric = np.issubdtype(expected.dtype, np.number) and np.issubdtype(got.dtype, np.number)
    close = np.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True) if numeric else got == expected
    if np.all(close):
        return None
    wrong = np.argwhere(~np.asarray(close))
    index = tuple(int(i) for i in wrong[0])
    right, mine = short(expected[index]), short(got[index])
    if right == mine:  # they differ beyond the sixth digit
        right, mine = (repr(np.asarray(values[index]).item()) for values in (expected, got))
    count = f" ({len(wrong)} of {expected.size} entries differ)" if len(wrong) > 1 else ""
    return f"{where}{list(index) if index else ''} should be {right}, and is {mine}{count}"


def _first(differences: Iterable[str | None]) -> str | None:
    return next((found for found in differences if found), None)


def _more(keys: list[Any]) -> str:
    return f", and {len(keys) - 1} more" if len(keys) > 1 else ""


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or _is_tensor(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (Number, np.bool_))


def _plain(value: Any) -> Any:
    """A tensor as a numpy array, whatever its device and precision; anything else as it is."""
    if not _is_tensor(value):
        return value
    value = value.detach().cpu()
    if value.is_floating_point():
        value = value.double()  # numpy has no bfloat16
    return value.resolve_conj().resolve_neg().numpy()


def _kind(value: Any) -> str:
    if _is_number(value):
        return "a number"
    if _is_tensor(value):
        return "a torch tensor"
    if isinstance(value, np.ndarray):
        return "a numpy array"
    if isinstance(value, dict):
        return "a dict"  # a Counter or defaultdict will do
    return "None" if value is None else f"a {type(value).__name__}"
