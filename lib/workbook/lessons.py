"""The map of the lessons, and `start`, the first cell of each."""

from __future__ import annotations

import platform
import random
import re
from dataclasses import dataclass
from typing import Any

from workbook import files, profiles, progress, show


@dataclass(frozen=True)
class Planned:
    """One lesson of the chapter: its notebook's name, title, and section of the chapter."""

    slug: str
    title: str
    section: str


LESSONS = (
    Planned("00_start_here", "Start here", "how the workbook works"),
    Planned("01_classic_fine_tuning", "Classic fine-tuning", "A1 · language"),
    Planned("02_instruction_tuning", "Instruction tuning", "A1 · language"),
    Planned("03_lora", "LoRA", "A1 · language"),
    Planned("04_domain_adaptation", "Domain adaptation", "A1 · language"),
    Planned("05_distribution_shift", "Distribution shift", "A2 · vision"),
    Planned("07_riffusion", "Riffusion", "A3 · vision and language"),
    Planned("09_pretraining_metrics", "Pretraining metrics", "B · evaluation"),
    Planned("10_detection_metrics", "Detection metrics", "B1 · vision metrics"),
    Planned("11_segment_anything", "Segment Anything", "B1 · vision metrics"),
    Planned("12_bleu_and_rouge", "BLEU and ROUGE", "B2 · language metrics"),
    Planned("13_question_answering", "Question answering", "B2 · language metrics"),
    Planned("14_judging_generated_text", "Judging generated text", "B2 · language metrics"),
    Planned("16_dreambooth", "DreamBooth", "B3 · joint metrics"),
    Planned("18_preferences_and_reward", "Preferences and reward", "C · human feedback"),
    Planned("19_ppo", "PPO", "C · human feedback"),
)
_active = "no_lesson"


@dataclass(frozen=True)
class Session:
    """What `start` set up: the lesson, its profile ("small", "full", "smoke"), device and seed."""

    lesson: str
    profile: str
    device: str
    seed: int

    def settings(self, **columns: dict[str, Any]) -> dict[str, Any]:
        """The lesson's settings under this profile, shown beside those of the other profiles.

        columns: small={...}, full={...}, smoke={...} with the same keys.
        """
        chosen = profiles.choose(columns, self.profile)
        header = ["setting", *(f"{name} (in use)" if name == self.profile else name for name in profiles.PROFILES)]
        show.table([[key, *(columns[name][key] for name in profiles.PROFILES)] for key in chosen], header)
        return chosen


def start(lesson: str, profile: str | None = None, seed: int = 0, threads: int | None = None) -> Session:
    """Begin a lesson: choose the profile and the device, seed all generators, and show what is in use.

    lesson:  the notebook's name without its ending, for example "01_classic_fine_tuning".
    profile: "small", "full" or "smoke"; by default WORKBOOK_PROFILE, else "small".
    threads: torch's threads for the small models, all cores by default. Networks of a few million weights are no faster
             on two cores than on one, and slower where one of the two is busy. Under "full" nothing is changed.
    Raises ProfileError for an unknown profile or a device that is not there, ValueError for an unknown lesson.
    """
    global _active
    if lesson not in [known.slug for known in LESSONS]:
        raise ValueError(
            f"There is no lesson {lesson!r}; the lessons are {', '.join(known.slug for known in LESSONS)}."
        )
    session = Session(lesson, profiles.use(profile), profiles.device(), seed)
    _active = lesson
    seed_everything(seed)
    if threads is not None and session.profile != "full":
        import torch

        torch.set_num_threads(threads)
    show.table(_facts(session), ["", "in use"])
    return session


def active() -> str:
    """The lesson that `start` was last called for in this process."""
    return _active


def seed_everything(seed: int) -> None:
    """Seed the generators of random, numpy and torch (on every device)."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (libraries that the lessons call still draw from it)
    torch.manual_seed(seed)


def _facts(session: Session) -> list[tuple[str, str]]:
    """The rows of the table that `start` shows."""
    import psutil
    import torch
    import transformers

    computer = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB of memory"
    if session.device.startswith("cuda"):
        gigabytes = torch.cuda.get_device_properties(session.device).total_memory / 2**30
        computer += f", {torch.cuda.get_device_name(session.device)} with {gigabytes:.0f} GB"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, transformers {transformers.__version__}"
    return [
        ("lesson", session.lesson),
        ("profile", f"{session.profile}: {profiles.PROFILES[session.profile]}"),
        ("device", session.device),
        ("computer", computer),
        ("versions", versions),
        ("seed", str(session.seed)),
    ]


def is_written(slug: str) -> bool:
    """Whether the lesson's notebook exists in this checkout."""
    return (files.root() / "notebooks" / f"{slug}.ipynb").exists()


def exercises_of(slug: str) -> list[str]:
    """The names of a lesson's exercises, in the order of its notebook; none where it is not written yet."""
    if not is_written(slug):
        return []
    import json

    notebook = json.loads((files.root() / "notebooks" / f"{slug}.ipynb").read_text("utf8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    return re.findall(r"^@exercise\(.+\)\n(?:def|class) (\w+)", code, flags=re.M)


def progress_table() -> None:
    """Show the map of the chapter: every lesson, its exercises, and how many of them are passed."""
    rows = []
    for lesson in LESSONS:
        names = exercises_of(lesson.slug)
        passed = [name for name in names if progress.read(lesson.slug, name).state == "passed"]
        bar = "●" * len(passed) + "○" * (len(names) - len(passed))
        done = f"{bar} {len(passed)} of {len(names)}" if names else "in preparation"
        rows.append((lesson.slug, lesson.title, lesson.section, done))
    show.table(rows, ["notebook", "lesson", "section of the chapter", "exercises passed"])
