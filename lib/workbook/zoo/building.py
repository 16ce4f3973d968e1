"""What every recipe of an embedded model ends with: weights in half precision, tokenizer and card, in one folder."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook import files


def store(name: str, model: Any, tokenizer: Any, facts: dict[str, Any], story: str) -> Path:
    """Write data/models/NAME: model.safetensors (fp16), configuration, tokenizer, card.json and README.md.

    facts: figures for the card (seed, steps, seconds, quality ...). story: the card's text, in Markdown. The folder is
    completed under a temporary name and then takes the old one's place.
    """

    def save(draft: Path) -> int:
        model.half().save_pretrained(draft)
        if tokenizer is not None:
            tokenizer.save_pretrained(draft)
        return sum(parameter.numel() for parameter in model.parameters())

    return _store(name, save, facts, story)


def store_pipeline(
    name: str, pipeline: Any, facts: dict[str, Any], story: str, extra: dict[str, bytes] | None = None
) -> Path:
    """The same for a pipeline of diffusers, whose parts have folders of their own. extra: further files, by name."""

    def save(draft: Path) -> int:
        parts = [part for part in pipeline.components.values() if hasattr(part, "parameters")]
        for part in parts:
            part.half()
        pipeline.save_pretrained(draft)
        for file, content in (extra or {}).items():
            (draft / file).write_bytes(content)
        return sum(parameter.numel() for part in parts for parameter in part.parameters())

    return _store(name, save, facts, story)


def _store(name: str, save: Callable[[Path], int], facts: dict[str, Any], story: str) -> Path:
    """A folder of what `save` writes, and a card with each weights file's SHA-256: whole or not at all."""
    final = files.root() / "data" / "models" / name
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{name}."))
    try:
        parameters = save(draft)
        hashes = {
            path.relative_to(draft).as_posix(): files.sha256(path) for path in sorted(draft.rglob("*.safetensors"))
        }
        alone = hashes.get("model.safetensors") if len(hashes) == 1 else None
        facts = {
            "name": name, "sha256": alone or hashes, "parameters": parameters, "made_on": time.strftime("%Y-%m-%d"),
            **facts,
        }  # fmt: skip
        (draft / "card.json").write_text(json.dumps(facts, indent=1) + "\n")
        table = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
        (draft / "README.md").write_text(f"# {name}\n\n{story}\n\n| fact | value |\n| --- | --- |\n{table}\n")
        draft.chmod(0o755)
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final
