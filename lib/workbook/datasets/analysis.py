"""Looking at a labelled data set before training on it: copies that leak, labels that look wrong."""

from __future__ import annotations

import torch
from torch import Tensor


def near_duplicates(a: Tensor, b: Tensor, threshold: float) -> list[tuple[int, int, float]]:
    """Pairs of rows (i of a, j of b) whose cosine similarity is at least `threshold`, the most similar first.

    a: (N, D), b: (M, D), rows of length 1.
    """
    similarity = a @ b.T  # (N, M)
    pairs = (similarity >= threshold).nonzero().tolist()
    return sorted(((i, j, similarity[i, j].item()) for i, j in pairs), key=lambda pair: -pair[2])


def label_support(vectors: Tensor, labels: Tensor, neighbours: int = 15) -> Tensor:
    """How much of a row's neighbourhood carries its label: (N,), from 0 (none of it, suspicious) to 1.

    vectors: (N, D), rows of length 1; labels: (N,). Neighbours count by similarity; none is its own.
    """
    similarity = vectors @ vectors.T
    similarity.fill_diagonal_(-1)
    nearest = similarity.topk(min(neighbours, len(labels) - 1), dim=1)  # (N, k)
    weights = nearest.values.clamp(min=0)
    agrees = (labels[nearest.indices] == labels[:, None]).float()
    return (agrees * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def class_centroids(vectors: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """The mean vector of every class, scaled to length 1: (N, D), (N,) → (C, D)."""
    sums = torch.zeros(num_classes, vectors.shape[1]).index_add_(0, labels, vectors)
    return torch.nn.functional.normalize(sums, dim=-1)  # the length of the sum does not matter
