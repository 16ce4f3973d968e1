"""A translation to take apart: how many of its words are kept, one of them repeated, and what BLEU makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from workbook.text.bleu import brevity_penalty, clipped_matches, closest_length, corpus_bleu
from workbook.text.matches import judge_ngrams, matches_html, matches_plain

ALT = (
    "A translation whose matching n-grams are marked, and two sliders: one cuts its end off, one repeats a word of it."
)


class NgramSliders:
    """Shows three sliders and the marked translation; without a kernel, the translation as it is.

    hypothesis, references: texts in words parted by spaces. words: how many of the hypothesis's first words are kept.
    repeats: how often the last kept word is said once more. order: up to which n. Raises ValueError for an empty
    hypothesis, no reference, or values outside the sliders.
    """

    def __init__(
        self, hypothesis: str, references: Sequence[str], words: int | None = None, repeats: int = 0, order: int = 2,
        alt: str = ALT,
    ) -> None:  # fmt: skip
        import ipywidgets

        self.tokens, self.references = hypothesis.split(), [reference.split() for reference in references]
        words = len(self.tokens) if words is None else words
        if not self.tokens or not self.references or not alt.strip():
            raise ValueError("Expected a hypothesis of at least one word, at least one reference, and an alt text.")
        if not (1 <= words <= len(self.tokens) and 0 <= repeats <= 6 and 1 <= order <= 4):
            raise ValueError(
                f"words {words}, repeats {repeats}, order {order}: expected 1 to {len(self.tokens)}, 0 to 6 and 1 to 4."
            )
        self.alt = alt
        style = {"description_width": "initial"}
        self.words = ipywidgets.IntSlider(words, 1, len(self.tokens), description="words kept", style=style)
        self.repeats = ipywidgets.IntSlider(repeats, 0, 6, description="last word repeated", style=style)
        self.order = ipywidgets.IntSlider(order, 1, 4, description="n-grams up to n", style=style)
        self.page = ipywidgets.HTML()
        for slider in (self.words, self.repeats, self.order):
            slider.observe(self._draw, names="value")
        self._draw()

    def changed(self) -> list[str]:
        """The translation as the sliders make it."""
        kept = self.tokens[: self.words.value]
        return kept + kept[-1:] * self.repeats.value

    def figures(self) -> dict[str, str]:
        """What BLEU makes of it, step by step, as text."""
        tokens, lines = self.changed(), {}
        for n in range(1, self.order.value + 1):
            matches, total = clipped_matches(tokens, self.references, n)
            unclipped = total - judge_ngrams(tokens, self.references, n).count("missing")
            lines[f"precision of {n}-grams"] = f"{matches} of {total} (without clipping {unclipped})"
        reference = closest_length(len(tokens), [len(other) for other in self.references])
        penalty = brevity_penalty(len(tokens), reference)
        lines["brevity penalty"] = f"{penalty:.2f} ({len(tokens)} words, closest reference {reference})"
        texts = [" ".join(tokens)], [[" ".join(other) for other in self.references]]
        lines["BLEU"] = f"{corpus_bleu(*texts, tokenize='none', effective_order=True).score:.1f}"
        return lines

    def _draw(self, change: object = None) -> None:
        """Put the marked translation and its figures into their place."""
        orders = range(1, self.order.value + 1)
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th><td style="text-align:left">{text}</td></tr>'
            for name, text in self.figures().items()
        )
        self.page.value = (
            matches_html(self.changed(), self.references, orders) + f"<table><tbody>{rows}</tbody></table>"
        )

    def _ipython_display_(self) -> None:
        """Sliders and page; the page alone without a kernel; lines of text where there is no HTML."""
        import ipywidgets
        from IPython.display import display

        bundle = dict(
            ipywidgets.VBox([ipywidgets.HBox([self.words, self.repeats, self.order]), self.page])._repr_mimebundle_()
        )
        plain = [matches_plain(self.changed(), self.references, range(1, self.order.value + 1))]
        plain += [f"{name}: {text}" for name, text in self.figures().items()]
        bundle["text/html"] = self.page.value
        bundle["text/plain"] = "\n".join([f"[widget: {self.alt}]", *plain])
        display(bundle, raw=True)
