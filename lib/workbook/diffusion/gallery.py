"""Generated pictures on one sheet, and saved with the prompts that they were made from."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbook import files


def contact_sheet(
    rows: Mapping[str, Sequence[Any]], title: str, columns: Sequence[str] = (), side: float = 0.75
) -> Any:
    """A Matplotlib figure of pictures: a row per key, its name at the left. Show it by `show.figure`.

    columns: names above the columns, if any. side: a picture's side in inches. Rows may differ in length. Raises
    ValueError where there is no picture.
    """
    import matplotlib.pyplot as plt

    most = max((len(row) for row in rows.values()), default=0)
    if most == 0:
        raise ValueError("There is no picture to show.")
    fig, axes = plt.subplots(len(rows), most, figsize=(side * most + 1.2, side * len(rows) + 0.5), squeeze=False)
    for line, (name, row) in zip(axes, rows.items(), strict=True):
        line[0].text(-0.12, 0.5, name, transform=line[0].transAxes, ha="right", va="center", fontsize=8)
        for axis, picture in zip(line, row, strict=False):
            axis.imshow(np.asarray(picture), interpolation="nearest")
        for axis in line:
            axis.axis("off")
    for axis, name in zip(axes[0], columns, strict=False):
        axis.set_title(name, fontsize=7)
    fig.suptitle(title, fontsize=11)
    fig.subplots_adjust(wspace=0.04, hspace=0.04, top=1 - 0.45 / fig.get_figheight())  # room for both kinds of titles
    return fig


def save_gallery(pictures: Mapping[str, Any], folder: str | Path, facts: Mapping[str, Any] | None = None) -> Path:
    """Save pictures by their prompts as 00_WORDS.png ..., with gallery.json, which says what each was made from;
    returns the folder.

    pictures: prompt → picture (PIL, or uint8 (H, W, 3)). facts: goes into gallery.json, too. The folder is relative to
    WORKBOOK_HOME or absolute; files of the same name are replaced.
    """
    from PIL import Image

    where = Path(folder)
    where = where if where.is_absolute() else files.home() / where
    listed = []
    for number, (prompt, picture) in enumerate(pictures.items()):
        words = re.sub(r"[^a-z0-9]+", "_", prompt.lower()).strip("_")[:60]
        buffer = io.BytesIO()
        made = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))
        made.save(buffer, "png")
        listed.append(
            {"file": files.write_whole(where / f"{number:02d}_{words}.png", buffer.getvalue()).name, "prompt": prompt}
        )
    files.write_whole(where / "gallery.json", json.dumps({"pictures": listed, **(facts or {})}, indent=1) + "\n")
    return where
