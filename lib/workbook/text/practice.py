"""Exercises on texts and their metrics; those of each lesson stand in a module of their own."""

from workbook.text import (  # noqa: F401  (they register their exercises)
    practice_answers,
    practice_bleu,
    practice_discriminator,
    practice_judging,
    practice_pretraining,
)
