"""The encyclopaedia of Lirrane, a country that does not exist, and questions about it (data/encyclopaedia).

    passages = load_passages()
    questions = load_questions("train")
    links(passages)                               # page → pages it links to, as workbook.text.pagerank wants it

Because the country is invented, no model can have read about it: an answer was found in a passage, or made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import files
from workbook.datasets.instructions.words import STOP_WORDS, words
from workbook.datasets.jsonl import DataError, once, read_jsonl
from workbook.text.stemmer import stem

FIELDS = ("places", "weather", "animals", "plants", "food", "buildings", "music", "sport", "history", "crafts")
KINDS = ("who", "when", "where", "what", "how many", "how", "why")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Passage:
    """One article. links: the ids of the passages whose titles its text names, in the order of the text."""

    id: str
    title: str
    field: str
    text: str
    links: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("title", "text"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise ValueError(f"passage {self.id} has no {name}")
        if self.field not in FIELDS:
            raise ValueError(f"passage {self.id} has the unknown field {self.field!r}")


@dataclass(frozen=True)
class Answer:
    """An answer as it stands in its passage: text == passage.text[start : start + len(text)]. start: in characters."""

    text: str
    start: int


@dataclass(frozen=True)
class Question:
    """A question about one passage. answers: all that count as right, the best first; none if it can't be answered.

    kind: what is asked for. split: that of the passage; no passage has questions in two splits.
    """

    id: str
    passage: str
    question: str
    answers: tuple[Answer, ...]
    kind: str
    split: str

    def __post_init__(self) -> None:
        if not isinstance(self.question, str) or not self.question.strip().endswith("?"):
            raise ValueError(f"question {self.id} is no question: {self.question!r}")
        if self.kind not in KINDS:
            raise ValueError(f"question {self.id} has the unknown kind {self.kind!r}")
        if self.split not in SPLITS:
            raise ValueError(f"question {self.id} has the unknown split {self.split!r}")

    @property
    def answerable(self) -> bool:
        """Whether the passage, or any other, tells."""
        return bool(self.answers)

    @property
    def texts(self) -> list[str]:
        """The right answers as texts, [] for none: the references of workbook.text.answers."""
        return [answer.text for answer in self.answers]


def load_passages(folder: Path | None = None) -> list[Passage]:
    """All passages, field by field. Raises DataError for a corrupt file, naming the line; so for a link to nowhere."""
    where = _folder(folder) / "passages.jsonl"

    def make(line: dict) -> Passage:
        return Passage(**{**line, "links": tuple(line["links"])})

    def linked(line: dict) -> Passage:
        passage = passages[line["id"]]
        _check_links(passage, passages)
        return passage

    passages = {
        passage.id: passage for passage in read_jsonl(where, once(make, lambda passage: f"passage {passage.id}"))
    }
    return read_jsonl(where, linked)  # once more, since a link may lead to a later line


def load_questions(split: str, folder: Path | None = None) -> list[Question]:
    """The questions of a split, "train", "validation" or "test", answerable or not, passage by passage.

    Raises DataError for another split, and for a corrupt file, naming the line: so where an answer does not stand at
    its place in its passage.
    """
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    texts = {passage.id: passage.text for passage in load_passages(folder)}

    def make(line: dict) -> Question:
        question = Question(**{**line, "answers": tuple(Answer(**answer) for answer in line["answers"])})
        _check_answers(question, texts)
        return question

    read = read_jsonl(_folder(folder) / "questions.jsonl", once(make, lambda question: f"question {question.id}"))
    return [question for question in read if question.split == split]


def links(passages: Sequence[Passage]) -> dict[str, list[str]]:
    """Page → pages that it links to, by id, [] for a page without links."""
    return {passage.id: list(passage.links) for passage in passages}


def overlap(question: str, text: str) -> float:
    """The share of a question's content words that stand in a text too, in [0, 1]; 0 for a question without any.

    Compared are stems (Porter's), so that "painted" finds "paint"; words such as "the" and "which" don't count. What a
    search by words can use at most: a low figure says that the question was put in other words.
    """
    asked, there = content(question), content(text)
    return len(asked & there) / len(asked) if asked else 0.0


def content(text: str) -> set[str]:
    """The stems of a text's words that carry meaning."""
    return {stem(word.removesuffix("'s")) for word in words(text) if word not in STOP_WORDS}


def _folder(folder: Path | None) -> Path:
    return files.root() / "data" / "encyclopaedia" if folder is None else Path(folder)


def _check_links(passage: Passage, passages: Mapping[str, Passage]) -> None:
    """Raise ValueError unless every link leads to another passage whose title the text names."""
    for link in passage.links:
        if link not in passages or link == passage.id:
            raise ValueError(f"passage {passage.id} links to {link!r}, which is no other passage")
        if passages[link].title.lower() not in passage.text.lower():
            raise ValueError(f"passage {passage.id} links to {passages[link].title!r}, which its text does not name")


def _check_answers(question: Question, texts: Mapping[str, str]) -> None:
    """Raise ValueError unless every answer stands where it says it does."""
    if question.passage not in texts:
        raise ValueError(f"question {question.id} is about {question.passage!r}, which is no passage")
    text = texts[question.passage]
    for answer in question.answers:
        if not isinstance(answer.start, int) or answer.start < 0 or not answer.text:
            raise ValueError(f"question {question.id} has an answer without a place: {answer}")
        found = text[answer.start : answer.start + len(answer.text)]
        if found != answer.text:
            raise ValueError(
                f"question {question.id} expects {answer.text!r} at character {answer.start} of {question.passage}, "
                f"where {found!r} stands"
            )
