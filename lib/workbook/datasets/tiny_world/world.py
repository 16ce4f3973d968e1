"""One text's world: who and what it is about. A slot is drawn when a template first asks for it, and then stays."""

from __future__ import annotations

from random import Random

from workbook.datasets.tiny_world import grammar, slots
from workbook.datasets.tiny_world.lexicon import Lexicon
from workbook.datasets.tiny_world.phrases import POOLS
from workbook.datasets.tiny_world.templates import fill


class World(dict):
    """The slots of one text. A name of POOLS gives a new phrase every time; every other slot is drawn once."""

    def __init__(self, lexicon: Lexicon, rng: Random) -> None:
        super().__init__()
        self.lexicon, self.rng = lexicon, rng

    def __missing__(self, slot: str) -> str:
        if slot in POOLS:
            return self.fill(self.rng.choice(POOLS[slot]))
        slots.DRAW[slot](self)
        return self[slot]

    def fill(self, template: str) -> str:
        """The template with this world's slots."""
        return fill(template, self, self.rng)

    def sentences(self, *templates: str) -> str:
        """Templates, each one or more whole sentences, filled and joined. An empty result is left out."""
        filled = (self.fill(template).strip() for template in templates)
        return grammar.polish(" ".join(grammar.capital(text) for text in filled if text))

    def text(self, title: str, *templates: str) -> str:
        """A text: the title on a line of its own, then the sentences."""
        return f"{grammar.title_case(grammar.polish(self.fill(title)))}\n{self.sentences(*templates)}"

    def draw(self, table: str, **wanted: str | tuple[str, ...]) -> dict:
        """An entry of one of the lexicon's tables."""
        return self.rng.choice(self.lexicon.where(table, **wanted) if wanted else self.lexicon[table])

    def several(self, table: str, count: int, **wanted: str | tuple[str, ...]) -> list[dict]:
        """Different entries of a table."""
        entries = self.lexicon.where(table, **wanted) if wanted else self.lexicon[table]
        return self.rng.sample(entries, min(count, len(entries)))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability
