"""Exercises on diffusion. Those of each lesson stand in a module of their own, which registers them on import."""

from __future__ import annotations

from workbook.diffusion import practice_dreambooth  # noqa: F401
