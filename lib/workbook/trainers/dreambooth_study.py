"""The study behind lesson 16: what the prior term prevents and costs, how many photos and iterations it takes.

python -m workbook.trainers.dreambooth_study                    (writes data/results/16_dreambooth.json)
python -m workbook.trainers.dreambooth_study rates | prior | curve | lora | real

`rates` chooses the learning rates: on another subject, the boat, and on prompts of a list of their own. Everything else
is measured on the toy and the cat, with the test prompts. Every model is asked with the same noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from workbook import studies, zoo
from workbook.datasets.subjects import TEST_PROMPTS, VALIDATION_PROMPTS, Subject, load_subject
from workbook.diffusion import fidelity
from workbook.diffusion.fidelity import Judges
from workbook.diffusion.generate import generate
from workbook.trainers.dreambooth import Recipe, class_samples, dreambooth, personal

NAME, SEEDS = "16_dreambooth", [0, 1, 2]
SUBJECTS = ("toy", "cat")
STEPS, SIZE, CLASS_SAMPLES = 200, 4, 64
RATES = {"full": (1e-4, 3e-4, 1e-3), "LoRA": (1e-3, 3e-3, 1e-2)}
RANK = 8
LAMBDAS = (0.0, 0.3, 1.0, 3.0)
PHOTOS, AT = (1, 3, 5), (25, 50, 100, 200)  # of the curve: photos, and iterations at which it is measured
LONGEST, ON_THE_WAY = 400, "toy"  # iterations of the curve of five photos; whose curve it is
PER_PROMPT, CLASS_PICTURES = 2, 24
SAMPLING = {"steps": 20, "guidance": 3.0}
NOISE = 777  # the seed of the noise that all models are asked with


@cache
def base() -> Any:
    """The model that everything begins from."""
    return zoo.load("text-to-image").model


@cache
def judges() -> Judges:
    """The networks that measure."""
    return Judges.load()


@cache
def samples(kind: str) -> tuple[Any, ...]:
    """The base's own pictures of a class, those that the prior term learns from."""
    return tuple(class_samples(base(), f"a {kind}", CLASS_SAMPLES, progress=None, **SAMPLING))


def recipe(way: str, rate: float, prior_weight: float = 1.0, steps: int = STEPS) -> Recipe:
    """How one run of the study is trained."""
    rank = RANK if way == "LoRA" else 0
    return Recipe(steps, rate, SIZE, prior_weight, CLASS_SAMPLES, rank)


def ask(pipeline: Any, prompts: Sequence[str], seed: int = NOISE) -> np.ndarray:
    """A picture for every prompt, always from the same noise."""
    return generate(pipeline, list(prompts), seed=seed, progress=None, **SAMPLING)


def measure(
    pipeline: Any, subject: Subject, judges: Judges, prompts: Sequence[str] = TEST_PROMPTS, *,
    per_prompt: int = PER_PROMPT, class_pictures: int = CLASS_PICTURES, words: str | None = None,
) -> dict[str, float]:  # fmt: skip
    """The five measures of a personalised pipeline, on pictures of every prompt and of the class.

    words: how the prompts name the subject, by default with its token.
    """
    texts = [prompt for prompt in prompts for _ in range(per_prompt)]
    generated = ask(pipeline, [text.format(subject.words if words is None else words) for text in texts])
    of_class = ask(pipeline, [subject.class_prompt] * class_pictures, NOISE + 1) if class_pictures else None
    return measure_pictures(generated, texts, of_class, subject, judges)


def measure_pictures(
    generated: Any, texts: Sequence[str], of_class: Any | None, subject: Subject, judges: Judges
) -> dict[str, float]:
    """The measures of pictures of a subject, each made from its text (with {} for the subject), and of its class.

    dino, clip_i: likeness to the subject's held-out pictures. clip_t: likeness to the prompt, which CLIP reads without
    the rare token: it has never seen it. pres, div: of the pictures of the class alone, left out where there are none.
    """
    real = list(subject.held_out)
    real_dino, seen = judges.dino(real), judges.clip(generated)
    figures = {
        "dino": fidelity.image_similarity(judges.dino(generated), real_dino),
        "clip_i": fidelity.image_similarity(seen, judges.clip(real)),
        "clip_t": fidelity.text_similarity(seen, judges.texts([text.format(subject.kind) for text in texts])),
    }
    if of_class is None:
        return figures
    return figures | {
        "pres": fidelity.pres(judges.dino(of_class), real_dino).item(),
        "div": fidelity.div(judges.layers(of_class), [subject.class_prompt] * len(of_class)),
    }


def score(row: dict[str, Any]) -> float:
    """What a learning rate is chosen by: likeness to the subject and to the prompt, equally."""
    return row["dino"] + row["clip_t"]


def best_rate(rows: Sequence[dict[str, Any]], way: str) -> float:
    """The learning rate of the best validation score. Raises LookupError before `rates` has run."""
    tried = [row for row in rows if row["part"] == "rates" and row["way"] == way]
    if not tried:
        raise LookupError("The study has no rates yet: run its part `rates` first.")
    return max(tried, key=score)["rate"]


def rates_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The boat with the validation prompts, at every rate."""
    subject = load_subject("boat")
    for way, rates in RATES.items():
        for rate in rates:
            taught = teach(subject, recipe(way, rate), seed=0)
            note(way=way, rate=rate, **measure(taught.pipeline, subject, judges(), VALIDATION_PROMPTS))


def teach(subject: Subject, how: Recipe, seed: int, **options: Any) -> Any:
    """One training of the study."""
    return dreambooth(
        base(), subject.photos, subject.prompt, subject.class_prompt, how, seed=seed,
        samples=samples(subject.kind) if how.prior_weight else None, progress=None, **options,
    )  # fmt: skip


def prior_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """With and without the prior term, and λ in between and beyond."""
    rate = best_rate(rows, "full")
    for seed in SEEDS:
        for name in SUBJECTS:
            subject = load_subject(name)
            for prior_weight in LAMBDAS:
                taught = teach(subject, recipe("full", rate, prior_weight), seed)
                figures = measure(taught.pipeline, subject, judges())
                note(subject=name, seed=seed, rate=rate, prior_weight=prior_weight, **figures)


def curve_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """One, three and five photos, measured on the way."""
    rate = best_rate(rows, "full")
    for seed in SEEDS:
        for photos in PHOTOS:
            subject = load_subject(ON_THE_WAY, photos)
            steps = LONGEST if photos == max(PHOTOS) else max(AT)
            for step, figures in _on_the_way(subject, recipe("full", rate, steps=steps), seed):
                note(subject=ON_THE_WAY, seed=seed, photos=photos, step=step, **figures)


def _on_the_way(subject: Subject, how: Recipe, seed: int) -> list[tuple[int, dict[str, float]]]:
    """The measures at the iterations AT, and at the last, of one training."""
    every, done, found = min(AT), [0], []

    def evaluate(learner: Any) -> dict[str, float]:
        done[0] += every
        if done[0] in (*AT, how.steps):
            found.append((done[0], measure(personal(base(), learner), subject, judges(), class_pictures=0)))
        return {}

    teach(subject, how, seed, evaluate=evaluate, evaluate_every=every)
    return found


def lora_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """The same with adapters of rank RANK, and the prior term."""
    rate = best_rate(rows, "LoRA")
    for seed in SEEDS:
        for name in SUBJECTS:
            subject = load_subject(name)
            taught = teach(subject, recipe("LoRA", rate), seed)
            note(subject=name, seed=seed, rate=rate, **measure(taught.pipeline, subject, judges()))


def real_rows(note: Callable[..., None], rows: list[dict[str, Any]]) -> None:
    """What to hold the figures against: real pictures of a subject among themselves, and the model before any
    training."""
    for name in (*SUBJECTS, "boat"):
        subject = load_subject(name)
        real = list(subject.held_out)
        dino, clip = (fidelity.among_real(look(real)) for look in (judges().dino, judges().clip))
        note(subject=name, what="real", dino=dino, clip_i=clip, clip_t=None, pres=None, div=None)
        # without a token the untrained model is asked for the class
        note(subject=name, what="base", **measure(base(), subject, judges(), words=subject.kind))


PARTS = {"rates": rates_rows, "real": real_rows, "prior": prior_rows, "curve": curve_rows, "lora": lora_rows}


if __name__ == "__main__":
    torch.set_num_threads(1)
    studies.run_parts(NAME, "python -m workbook.trainers.dreambooth_study", SEEDS, PARTS)
