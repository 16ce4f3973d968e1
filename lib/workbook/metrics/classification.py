"""Accuracy, confusion matrix, precision, recall, F1. Equal to scikit-learn's with zero_division=0."""

from __future__ import annotations

import numpy as np


def confusion_matrix(targets: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """How often class i (row) was predicted as class j (column): (num_classes, num_classes) integers.

    targets, predictions: (N,) integers from 0 to num_classes - 1. Raises ValueError for other shapes, other numbers, or
    no examples at all.
    """
    targets, predictions = np.asarray(targets), np.asarray(predictions)
    if targets.shape != predictions.shape or targets.ndim != 1 or not len(targets):
        raise ValueError(f"Expected two equally long, not empty lists, got {targets.shape} and {predictions.shape}.")
    for name, values in (("targets", targets), ("predictions", predictions)):
        if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() >= num_classes:
            raise ValueError(f"The {name} must be integers from 0 to {num_classes - 1}.")
    targets, predictions = targets.astype(np.int64), predictions.astype(np.int64)  # bytes would overflow below
    # every pair (i, j) becomes one number, which bincount counts: no loop
    return np.bincount(targets * num_classes + predictions, minlength=num_classes**2).reshape(num_classes, num_classes)


def accuracy(confusion: np.ndarray) -> float:
    """The share of examples on the diagonal of a confusion matrix."""
    return float(np.trace(confusion) / confusion.sum())


def precision_recall_f1(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 of every class, (C,) each; 0 where a class was never predicted or never occurs."""
    hits = np.diagonal(confusion).astype(float)
    predicted, present = confusion.sum(0), confusion.sum(1)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, present, out=np.zeros_like(hits), where=present > 0)
    both = predicted + present
    f1 = np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)
    return precision, recall, f1


def macro_f1(confusion: np.ndarray) -> float:
    """The mean of the classes' F1: every class counts the same, however rare.

    confusion: (C, C), rows are true classes, columns predictions. A class that is never predicted has F1 = 0. A class
    that neither occurs nor is predicted is left out of the mean, as scikit-learn does.
    """
    hits = np.diagonal(confusion)
    both = confusion.sum(0) + confusion.sum(1)  # (C,) times predicted + times present
    seen = both > 0
    # F1 = 2 TP / (2 TP + FP + FN), and the denominator is predicted + present
    return float(np.mean(2 * hits[seen] / both[seen]))
