"""The library behind the notebooks: fine-tuning and evaluation of foundation models, one small module per idea.

Every notebook begins with `from workbook import start, exercise, claim`. Nothing heavy is imported here: torch,
transformers and matplotlib load when a function first needs them, so that `import workbook` takes milliseconds.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# torch's threads wait for each other many times in every step. By default they wait by spinning, and where another
# program needs the core, a small model becomes three times as slow. It counts only if torch is not loaded yet.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_WHERE = {"start": "lessons", "exercise": "exercises", "claim": "claims"}
_MODULES = (
    "audio",
    "datasets",
    "diffusion",
    "humans",
    "metrics",
    "profiles",
    "show",
    "text",
    "trainers",
    "vision",
    "widgets",
    "zoo",
)
__all__ = [*_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name in _WHERE:
        return getattr(import_module(f"workbook.{_WHERE[name]}"), name)
    if name in _MODULES:
        return import_module(f"workbook.{name}")
    raise AttributeError(f"module 'workbook' has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
