"""What every recipe of an embedded model ends with: weights in half precision, tokenizer and card, in one folder."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from workbook import files


def store(name: str, model: Any, tokenizer: Any, facts: dict[str, Any], story: str) -> Path:
    """Write data/models/NAME: model.safetensors (fp16), configuration, tokenizer, card.json and README.md.

    facts: figures for the card (seed, steps, seconds, quality ...). story: the card's text, in Markdown. The folder is
    completed under a temporary name and then takes the old one's place.
    """
    final = files.root() / "data" / "models" / name
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{name}."))
    try:
        model.half().save_pretrained(draft)
        if tokenizer is not None:
            tokenizer.save_pretrained(draft)
        facts = {
            "name": name,
            "sha256": files.sha256(draft / "model.safetensors"),
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "made_on": time.strftime("%Y-%m-%d"),
            **facts,
        }
        (draft / "card.json").write_text(json.dumps(facts, indent=1) + "\n")
        table = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
        (draft / "README.md").write_text(f"# {name}\n\n{story}\n\n| fact | value |\n| --- | --- |\n{table}\n")
        draft.chmod(0o755)
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final
