"""What every metric of texts is given: each text with the references that it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def check_text(text: object, name: str) -> str:
    """The text itself. Raises ValueError, which says `name`, for anything but a str (None, bytes, a list)."""
    if not isinstance(text, str):
        raise ValueError(f"{name} should be a text (str), and is {_a(text)}. Write '' where a system gave no text.")
    return text


def check_references(references: object, name: str) -> list[str]:
    """One or several references as a list of texts: "a" gives ["a"]. Raises ValueError for none, or what is no text."""
    if isinstance(references, str):
        return [references]
    if not isinstance(references, Iterable) or isinstance(references, (bytes, dict)):
        raise ValueError(f"{name} should be a text or a list of texts, and is {_a(references)}.")
    texts = [check_text(text, f"{name}[{number}]") for number, text in enumerate(references)]
    if not texts:
        raise ValueError(f"{name} is an empty list. Every text needs at least one reference to be compared with.")
    return texts


def check_corpus(
    texts: Sequence[str],
    references: Sequence[str | Sequence[str]],
    names: tuple[str, str] = ("hypotheses", "references"),
) -> tuple[list[str], list[list[str]]]:
    """The texts, and for each of them its list of references: references[i], one or several, belong to texts[i].

    Raises ValueError for no texts, for lists of different lengths, and for what is no text, naming its place.
    """
    for name, given in zip(names, (texts, references), strict=True):
        if isinstance(given, (str, bytes, dict)) or not isinstance(given, Iterable):
            raise ValueError(f"{name} should be a list with one entry per text, and is {_a(given)}.")
    texts, references = list(texts), list(references)
    if not texts:
        raise ValueError(f"There is nothing to score: {names[0]} is an empty list.")
    if len(texts) != len(references):
        raise ValueError(
            f"Expected as many {names[1]} as {names[0]}, got {len(references)} and {len(texts)}. {names[1]}[i] holds "
            f"what {names[0]}[i] is compared with, one text or a list of texts; sacrebleu's lists, one per set of "
            "references, become this by list(zip(*lists))."
        )
    checked = [check_text(text, f"{names[0]}[{number}]") for number, text in enumerate(texts)]
    return checked, [check_references(entry, f"{names[1]}[{number}]") for number, entry in enumerate(references)]


def _a(thing: object) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
