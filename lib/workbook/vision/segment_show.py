"""Pictures with what was asked and what was answered, on Matplotlib axes; and the architecture in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

COLOURS = ("#00e5ff", "#ff4fd8", "#ffe600", "#7cff6b", "#ff8a3d", "#b59bff")


def overlay(
    axis: Any,
    image: np.ndarray,
    masks: Sequence[Any] = (),
    points: Sequence[Any] = (),
    labels: Sequence[int] | None = None,
    boxes: Sequence[Any] = (),
    title: str = "",
) -> None:
    """A picture, its masks tinted and outlined, and the prompts: + a point inside, x one outside, dashed a box.

    image: (H, W) or (H, W, 3) uint8. masks: N of (H, W) bool. points: N of x, y. labels: 1 or 0, one each; without
    them all points are inside. boxes: N of x1 y1 x2 y2.
    """
    axis.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for number, mask in enumerate(masks):
        mask, colour = np.asarray(mask, dtype=bool), COLOURS[number % len(COLOURS)]
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        tint = np.zeros((*mask.shape, 4))
        tint[mask] = red, green, blue, 0.35
        axis.imshow(tint, interpolation="nearest")
        if mask.any() and not mask.all():
            axis.contour(np.pad(mask, 1).astype(float)[1:-1, 1:-1], levels=[0.5], colors=[colour], linewidths=1.5)
    for (x, y), label in zip(points, [1] * len(points) if labels is None else labels, strict=True):
        axis.plot(x, y, marker="+" if label else "x", markersize=13, markeredgewidth=4.5, color="black")
        axis.plot(x, y, marker="+" if label else "x", markersize=12, markeredgewidth=2, color="white")
    for x1, y1, x2, y2 in boxes:
        line = ([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1])
        axis.plot(*(np.array(side) - 0.5 for side in line), color="white", linestyle="--", linewidth=1.5)
    axis.set_title(title, fontsize=10)
    axis.axis("off")


def architecture(size: int, grid: int) -> Any:
    """A Matplotlib figure of SAM's parts, for pictures of `size` pixels and an embedding of `grid` x `grid` vectors."""
    import matplotlib.pyplot as plt

    parts = {  # name: (x, y, what)
        "image": (0, 2, f"picture\n{size} x {size}"),
        "encoder": (2.4, 2, "image encoder\n(once per picture)"),
        "embedding": (4.8, 2, f"embedding\n{grid} x {grid} vectors"),
        "prompt": (0, 0, "points, boxes,\nearlier mask"),
        "prompts": (2.4, 0, "prompt encoder"),
        "tokens": (4.8, 0, "a vector per point\nor corner"),
        "decoder": (7.2, 1, "mask decoder\n(once per prompt)"),
        "masks": (9.6, 1, "3 masks,\n3 predicted IoU"),
    }
    arrows = (
        "image>encoder encoder>embedding embedding>decoder prompt>prompts prompts>tokens tokens>decoder decoder>masks"
    )
    fig, axis = plt.subplots(figsize=(10.5, 2.8))
    for name, (x, y, what) in parts.items():
        shade = "#cfe3f5" if name in ("encoder", "prompts", "decoder") else "#f4f4f4"
        axis.add_patch(plt.Rectangle((x - 0.95, y - 0.38), 1.9, 0.76, facecolor=shade, edgecolor="#444444"))
        axis.text(x, y, what, ha="center", va="center", fontsize=9)
    for arrow in arrows.split():
        (x1, y1, _), (x2, y2, _) = (parts[name] for name in arrow.split(">"))
        style = dict(arrowstyle="->", color="#444444", shrinkA=0, shrinkB=0)
        axis.annotate("", (x2 - 0.98, y2), (x1 + 0.98, y1), arrowprops=style)
    axis.set(
        xlim=(-1, 10.6), ylim=(-0.6, 2.6), title="The picture is encoded once; only the rest runs for every prompt"
    )
    axis.axis("off")
    return fig
