"""Metrics of classification, and intervals around any metric."""

from workbook.metrics.bootstrap import bootstrap_interval, paired_difference
from workbook.metrics.classification import accuracy, confusion_matrix, macro_f1, precision_recall_f1

__all__ = [
    "accuracy", "bootstrap_interval", "confusion_matrix", "macro_f1", "paired_difference", "precision_recall_f1",
]  # fmt: skip
