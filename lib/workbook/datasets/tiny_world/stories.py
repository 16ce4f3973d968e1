"""Stories: somebody with a goal or a problem, attempts, a solution, an ending. The plots stand in plots_*."""

from __future__ import annotations

from dataclasses import dataclass

from workbook.datasets.tiny_world import plots_animals, plots_home, plots_problems, plots_town, plots_wonder
from workbook.datasets.tiny_world.grammar import polish, title_case
from workbook.datasets.tiny_world.world import World

WARM = ("The Boat Trip", "The Picnic of {h} and {f}", "{h} and the Hurt Bird")  # not for a winter's day
OPTIONAL = 0.5  # how often a beat that may be left out is told


@dataclass(frozen=True)
class Beat:
    """One step of a plot in all its wordings."""

    wordings: tuple[str, ...]
    optional: bool


@dataclass(frozen=True)
class Plot:
    """A title and the beats of a story, in their order."""

    title: str
    beats: tuple[Beat, ...]


def read_plots(text: str) -> list[Plot]:
    """Plots from their written form, which plots_home describes."""
    plots = []
    for block in text.strip().split("\n\n"):
        title, *lines = block.split("\n")
        beats: list[Beat] = []
        for line in lines:
            if line.startswith("| "):
                beats[-1] = Beat((*beats[-1].wordings, line[2:]), beats[-1].optional)
            else:
                beats.append(Beat((line.removeprefix("? "),), line.startswith("? ")))
        plots.append(Plot(title, tuple(beats)))
    return plots


PLOTS = read_plots(
    "\n\n".join(module.PLOTS.strip() for module in (plots_home, plots_town, plots_animals, plots_wonder))
)
PROBLEMS = read_plots(plots_problems.PLOTS)
ACTIVITIES = read_plots(plots_problems.ACTIVITIES)


def story(world: World) -> str:
    """A story with its title: from one of the plots, around one of the lexicon's problems, or about making "
    "something."""
    plot = world.rng.choice(world.rng.choices((PLOTS, PROBLEMS, ACTIVITIES), (68, 18, 14))[0])
    return tell(world, plot)


def tell(world: World, plot: Plot) -> str:
    """The plot as a text: the title, then the sentences, sometimes with the ending as a paragraph of its own."""
    if plot.title in WARM:
        world["season"], world["month"] = world.rng.choice(
            (("spring", "May"), ("summer", "June"), ("summer", "August"))
        )
    title = title_case(polish(world.fill(plot.title)))
    told = [beat for beat in plot.beats if not beat.optional or world.chance(OPTIONAL)]
    sentences = [world.sentences(world.rng.choice(beat.wordings)) for beat in told]
    sentences = [sentence for sentence in sentences if sentence]
    cut = len(sentences) - 2 if world.chance(0.3) else len(sentences)
    paragraphs = [" ".join(part) for part in (sentences[:cut], sentences[cut:]) if part]
    return "\n".join([title, *paragraphs])
