"""How to do something, as numbered steps, and summaries: a short story and the same in one sentence."""

from __future__ import annotations

from workbook.datasets.tiny_world.grammar import ing, join, number, result_past, step_past, title_case
from workbook.datasets.tiny_world.slots import ROUTINE
from workbook.datasets.tiny_world.world import World

TIPS = (
    "Take your time.", "Ask somebody for help if it is too hard.", "It is more fun together with a friend.",
    "Do not worry if it goes wrong the first time.", "Clean up afterwards.", "Read all the steps before you begin.",
    "{h} (does it|likes to do it) (every {weekday}|in {month}|with {elder}).", "Work slowly and carefully.",
    "The second time, it is easier.", "Small children should do this with a grown-up.", "{elder} taught {h} how "
        "to do it.",
    "{f} can do it with closed eyes.",
    "Practise it until it feels easy.", "Do not skip a step.", "Keep everything ready before you start.",
)  # fmt: skip


def how_to(world: World) -> str:
    """Instructions: what one needs, the steps, what comes of it."""
    entry = world.draw("activities")
    world["a"], world["doing"], world["result"] = entry["name"], ing(entry["name"]), entry["result"]
    world["needs"], world["count"] = join(entry["needs"]), number(len(entry["steps"]))
    intro = world.sentences(
        "(|{h} shows how to {a}.|{h} likes {doing}.|{doing} is not hard.|Do you want to {a}?|Here is how to {a}.|"
        "{h} has written down how to {a}.|Anyone can learn how to {a}.|This is how {h} and {f} {a}.)",
        "(You need|For this, you need|Get) {needs}. (|There are {count} steps.|Follow these steps:|Then do this:)",
    )
    ends = [world.fill(tip) for tip in world.rng.sample(TIPS, world.rng.randint(1, 3))]
    end = world.sentences("(Now you have|The result is|In the end you have) {result}.", *ends)
    steps = entry["steps"]
    if world.chance(0.2):
        first, *middle, last = (step[0].lower() + step[1:] for step in steps)
        told = [f"First {first}", *(f"{world.rng.choice(('Then', 'Next', 'After that,'))} {step}" for step in middle)]
        lines = [" ".join([*told, f"Finally, {last}"])]
    else:
        lines = [f"{place}. {step}" for place, step in enumerate(steps, 1)]
    return "\n".join([title_case(f"how to {entry['name']}"), intro, *lines, end])


def summary(world: World) -> str:
    """What happened, and then the same in short."""
    return world.rng.choice((_problem, _problem, _trip, _activity))(world)


SHORT = "(In short|In a few words|To sum up|In one sentence|In other words)"


def _problem(world: World) -> str:
    told = [
        "{when}, {h} {problem}.",
        "(That was bad luck.|{h} did not like that at all.|It made {him} sad.|{elder} shook {ehis} head.) (|{h} "
        "wore a {colour} hat that day.)",
        "First {he} {attempt}, (and that was no use|and nothing changed).",
        "(Then|After a while|In the end) {he} {solution}. (|{f} was glad, too.|{elder} praised {him}.|{happy})",
        SHORT + ", {h} {problem}, and (in the end|then) {he} {solution}.",
        '(|What can be learnt from it? {lesson}|{lesson}|{h} says: "{lesson}")',
    ]
    return world.text("{problem_title}", *told)


def _trip(world: World) -> str:
    told = [
        "{when}, {h} and {f} were {at}.",
        "They saw {see} and {see2}. First they {did}, and then they {did2}.",
        "(On the way home it rained|They ate {treat} on a bench|{f} lost a glove, but {h} found it|They met {g} "
        "there).",
        "In the evening they were (tired|hungry|happy).",
        SHORT + ", {h} and {f} spent (a|the) day {at}, where they {did} and {did2}.",
    ]
    return world.text("{h} and {f} {at}", *told)


def _activity(world: World) -> str:
    while (entry := world.draw("activities"))["name"] in ROUTINE:
        pass
    name = entry["name"]
    world["act"], world["acted"] = name, step_past(name, world["his"])
    world["result"], world["needs"] = result_past(entry["result"]), join(entry["needs"])
    told = [
        "{h} wanted to {act}. (For that {he} needed|{he} got) {needs}.",
        *(f"(Then|Next|After that) {{he}} {step_past(step, world['his'])}." for step in entry["steps"]),
        "In the end {he} had {result}. (|{f} came to look at it.|{elder} was pleased.|It had taken {n} minutes.)",
        SHORT + ", {h} {acted}(.| and was (proud|pleased).| and had {result}.)",
    ]
    told[1] = told[1].replace("(Then|Next|After that)", "First")
    return world.text("{h} {acted}", *told)
