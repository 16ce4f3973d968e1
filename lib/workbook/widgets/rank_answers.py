"""Rank answers by drag and drop or by keys, or rate them one at a time; every judgement is saved at once.

    judging = rank_answers(items, "18/me.jsonl"); judging

Some items come again later, their answers in another order, so that one can measure how far one agrees with oneself:
`judging.judgements.agreement("rank")`.
"""

from __future__ import annotations

import html
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import traitlets

from workbook.humans.consistency import check_mode
from workbook.humans.ranking import HIGHEST, LOWEST, RankingLog, Record, whole
from workbook.humans.showings import Item, Showing, as_item, showings
from workbook.widgets import base


def rank_answers(
    items: Iterable[Any],
    path: str | Path,
    mode: str = "rank",
    repeat: float = 0.2,
    seed: int = 0,
    annotator: str = "me",
    scale: int = HIGHEST,
) -> RankAnswers:
    """A widget that asks for judgements of these items, and goes on where the log at `path` ends.

    items: mappings or objects with id, prompt and answers (2 to 9 texts; to be rated, also one). path: a file *.jsonl,
    relative to WORKBOOK_HOME or absolute. mode: "rank" shows all answers of an item, "rate" one at a time. repeat: the
    share of items that comes a second time. seed: of the order of the answers, and of what comes again. annotator:
    whose judgements these are; several people, and both modes, may share a log. scale: ratings go from 1 (very bad) to
    this (very good), which is 2 to 7; the log does not keep it, so give every log one scale.

    Raises ValueError for items that can't be judged, naming them, and where the log holds judgements of an item of this
    name with another prompt or other answers.
    """
    return RankAnswers(items, RankingLog(path), mode, repeat, seed, annotator, scale)


class RankAnswers(base.Spoken):
    """The widget of `rank_answers`. `judgements` is its RankingLog, `current` what is on the screen: None at the end.

    `answer`, `skip` and `undo` do from a cell what the page does. The trait `showing` changes after each judgement:
    `judging.observe(callback, names="showing")`.
    """

    _esm = base.script("rank_answers")
    mode = traitlets.Unicode().tag(sync=True)
    scale = traitlets.Int(HIGHEST).tag(sync=True)  # the best rating
    showing = traitlets.Dict().tag(sync=True)  # what the page shows
    note = traitlets.Unicode().tag(sync=True)  # where the judgements are saved
    action = base.Checked(None).tag(sync=True, echo_update=False)  # what was done on the page
    written = ("action",)

    def __init__(
        self,
        items: Iterable[Any],
        log: RankingLog,
        mode: str = "rank",
        repeat: float = 0.2,
        seed: int = 0,
        annotator: str = "me",
        scale: int = HIGHEST,
    ) -> None:
        least = 2 if check_mode(mode) == "rank" else 1
        whole("scale", scale, 2, HIGHEST)
        self.items = [as_item(number, item, least) for number, item in enumerate(items)]
        self.judgements, self.annotator = log, annotator
        self._showings = showings(self.items, mode, repeat, seed)
        _check_log(self.items, log, annotator)
        self._number, self._since, self._draft, self._said = 0, time.monotonic(), None, ""
        self._place = self._next()
        went_on = "" if self._place == 0 else f"Went on with what is saved in {log.path}"
        alt = {
            "rank": "A prompt and its answers, to be put in order from the best to the worst.",
            "rate": f"A prompt and an answer, to be rated from {LOWEST}, very bad, to {scale}, very good.",
        }[mode]
        super().__init__(alt, mode=mode, scale=scale, note=went_on, message=log.note, showing=self._screen())

    @property
    def current(self) -> Showing | None:
        """What is to be judged now; None when all is done."""
        return None if self._place is None else self._showings[self._place]

    @property
    def progress(self) -> tuple[int, int]:
        """How many showings are judged or skipped, and how many there are."""
        done = sum(self.judgements.said(self._key(showing)) is not None for showing in self._showings)
        return done, len(self._showings)

    def answer(self, value: Any) -> None:
        """Judge what is on the screen: ranks in the item's own order, 1 the best; or a rating."""
        now, answers = self._now(), len(self._now().item.answers)
        about = {"annotator": self.annotator, "round": now.round, "content": now.item.content}
        about["seconds"] = time.monotonic() - self._since
        if self.mode == "rate":
            whole(f"the rating of item {now.item.id!r}", value, LOWEST, self.scale)
            self.judgements.rate(now.item.id, now.answer, value, **about)
        elif hasattr(value, "__len__") and len(value) == answers:
            self.judgements.rank(now.item.id, value, order=now.order, **about)
        else:
            raise ValueError(f"The ranks of item {now.item.id!r} are {value!r}: expected {answers}, one per answer.")
        self._go_on("Saved.")

    def skip(self) -> None:
        """Pass over what is on the screen."""
        now = self._now()
        about = {"annotator": self.annotator, "round": now.round, "content": now.item.content}
        self.judgements.skip(now.item.id, now.answer, **about)
        self._go_on("Skipped.")

    def undo(self) -> Record:
        """Take back the last judgement or skip in this mode; it is asked again, as it was left."""
        record = self.judgements.undo(self.annotator, self.mode)
        self._go_on("Taken back.", record)
        return record

    def _go_on(self, said: str, draft: Record | None = None) -> None:
        self._place, self._since = self._next(), time.monotonic()
        self._said, self._draft = said, draft
        self._number += 1
        if said:
            self.note = f"Saved in {self.judgements.path}"
        self.showing = self._screen()

    def _key(self, showing: Showing) -> tuple:
        return self.annotator, showing.item.id, showing.round, showing.answer

    def _next(self) -> int | None:
        """The place of the first showing that nothing was said about."""
        return next(
            (place for place, showing in enumerate(self._showings) if self.judgements.said(self._key(showing)) is None),
            None,
        )

    def _now(self) -> Showing:
        if self.current is None:
            raise ValueError("All is judged: there is nothing on the screen. Undo takes the last one back.")
        return self.current

    def _screen(self) -> dict[str, Any]:
        """What the page needs to show; answers, and ranks of a judgement that was undone, as they stand there."""
        total, now = len(self._showings), self.current
        screen = {"number": self._number, "said": self._said, "total": total, "place": total, "answers": []}
        screen["undo"] = bool(self.judgements.records(annotator=self.annotator, mode=self.mode))
        if now is None:
            return screen
        screen |= {"place": self._place + 1, "prompt": now.item.prompt}
        screen["answers"] = [now.item.answers[number] for number in now.order]
        draft = self._draft
        if draft is not None and (draft.item, draft.round, draft.answer) == (now.item.id, now.round, now.answer):
            screen["ranks"] = [draft.ranks[number] for number in now.order] if draft.ranks else []
            screen["rating"] = draft.rating
        return screen

    # -------------------------------------------------------------------------------------- what the page sends

    def _accept(self, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or value.get("do") not in ("save", "skip", "undo"):
            raise ValueError(f"{name} is {value!r}: expected what was done: save, skip or undo. Run the cell again.")
        if value.get("number") != self._number:
            raise ValueError("that page showed another item, which has been judged meanwhile. It shows the next now.")
        if value["do"] != "undo":
            self._now()
        if value["do"] == "save" and self.mode == "rank":
            ranks = value.get("ranks")
            if not isinstance(ranks, list) or len(ranks) != len(self._now().order):
                raise ValueError(f"the ranks are {ranks!r}: expected one for each of {len(self._now().order)} answers.")
        return value

    @traitlets.validate("action")
    def _valid(self, proposal: Any) -> Any:
        if proposal.value is None:
            return None
        try:
            return self._accept("action", proposal.value)
        except ValueError as error:
            raise base.Refused(str(error)) from None

    @traitlets.observe("action")
    def _act(self, change: Any) -> None:
        if change.new is None:
            return
        do = change.new["do"]
        try:
            if do == "save":
                self.answer(change.new.get("rating") if self.mode == "rate" else self._own_order(change.new["ranks"]))
            else:
                (self.skip if do == "skip" else self.undo)()
        except ValueError as error:  # said in another tab meanwhile, say
            self._go_on("")
            self.message = f"Refused: {error}"
        except OSError as error:
            self.message = (
                f"This could not be saved in {self.judgements.path} ({error.strerror or error}), and is asked again. "
                "Set WORKBOOK_HOME to a folder that can be written, and restart JupyterLab."
            )

    def _own_order(self, ranks: list[int]) -> list[int]:
        """Ranks as the answers stand on the screen, in the item's own order."""
        return [rank for _, rank in sorted(zip(self._now().order, ranks, strict=True))]

    def _static(self) -> dict[str, str]:
        """The first item, as it is first shown: the same in every run, whatever has been judged."""
        first = self._showings[0]
        answers = "".join(f"<li>{html.escape(first.item.answers[number])}</li>" for number in first.order)
        body = f"<p><b>{html.escape(first.item.prompt)}</b></p><ul>{answers}</ul>"
        label = html.escape(self.alt, quote=True)
        return {
            "text/plain": repr(self),
            "text/html": f'<div role="group" aria-label="{label}"><p>{label}</p>{body}</div>',
        }


def _check_log(items: list[Item], log: RankingLog, annotator: str) -> None:
    content = {item.id: item.content for item in items}
    for record in log.records(annotator=annotator):
        if record.content and content.get(record.item, record.content) != record.content:
            raise ValueError(
                f"Item {record.item!r} was judged in {log.path} with another prompt or other answers. Give another "
                "path, or other ids."
            )
