"""Instructions about the tiny world with reference answers, and a checker of answers per family (data/instructions)."""

from workbook.datasets.instructions.checkers import Verdict, check
from workbook.datasets.instructions.example import SPLITS, Example, load_instructions
from workbook.datasets.instructions.phrasings import FAMILIES

__all__ = ["FAMILIES", "SPLITS", "Example", "Verdict", "check", "load_instructions"]
