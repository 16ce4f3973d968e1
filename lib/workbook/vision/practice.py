"""Exercises on vision. Those of each lesson stand in a module of their own, which registers them on import."""

from __future__ import annotations

from workbook.vision import practice_detection, practice_frechet, practice_segment, practice_shift  # noqa: F401
