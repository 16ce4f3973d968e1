"""Exercises on sound. Those of each lesson stand in a module of their own, which registers them on import."""

from __future__ import annotations

from workbook.audio import practice_audio, practice_interpolation  # noqa: F401
