"""Where a model comes from. `zoo.load("sentence-encoder")` gives the model and tokenizer for a role.

The profile decides which: models that ship with the workbook or with a pinned package under `small` and `smoke`, the
hub's public models under `full`. Everything is read from safetensors and checked against a known SHA-256; nothing is
ever unpickled.
"""

from workbook.zoo.entries import ENTRIES, Embedded, Hub, Packaged, entry
from workbook.zoo.loading import Loaded, WeightsError, card, load, verify

__all__ = ["ENTRIES", "Embedded", "Hub", "Loaded", "Packaged", "WeightsError", "card", "entry", "load", "verify"]
