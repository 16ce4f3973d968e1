"""The generated pretraining corpus: the same for a seed, varied, correct English, right sums; and its lexicon."""

import json
import operator
import re
from collections import Counter
from itertools import islice
from random import Random

import pytest

from workbook import files
from workbook.datasets.jsonl import DataError
from workbook.datasets.tiny_world import KINDS, MAKERS, World, generate, grammar, load_lexicon, stories
from workbook.datasets.tiny_world.templates import fill, parse

PATH = files.root() / "data" / "tiny_world" / "lexicon.json"
SAMPLE = 3000
ENTRIES = {
    "names": 150, "animals": 120, "objects": 300, "foods": 80, "places": 70, "jobs": 60, "problems": 60,
    "activities": 60,
}  # fmt: skip


@pytest.fixture(scope="module")
def texts():
    return list(generate(SAMPLE, seed=0))


@pytest.fixture(scope="module")
def by_kind():
    return {kind: list(generate(120, seed=2, kinds=[kind])) for kind in KINDS}


# ------------------------------------------------------------------------------------------------ the corpus


def test_a_seed_gives_the_same_texts(texts):
    assert list(generate(200, seed=0)) == texts[:200]
    assert list(islice(generate(10**9, seed=0), 200)) == texts[:200]  # nothing is made before it is asked for


def test_texts_are_not_repeated(texts):
    held_out = list(generate(1000, seed=1))
    assert len(set(texts)) > 0.998 * len(texts)
    assert sum(text in set(texts) for text in held_out) < 0.005 * len(held_out)


def test_lengths(texts):
    lengths = [len(text.split()) for text in texts]
    assert 30 <= min(lengths) and max(lengths) <= 200
    assert sum(50 <= length <= 135 for length in lengths) > 0.75 * len(texts)
    # 37,000 texts of this length are more than 3 million tokens, at 1.25 tokens a word.
    assert sum(lengths) / len(texts) * 1.25 * 37_000 > 3_000_000


def test_vocabulary(texts):
    """A sample of a twelfth: the whole corpus has over 3,000 words that occur ten times and more."""
    counts = Counter(re.findall(r"[a-z]+", " ".join(texts).lower()))
    assert len(counts) > 3300
    assert sum(count >= 5 for count in counts.values()) > 2300


def test_kinds_are_mixed_by_their_shares():
    assert sum(KINDS.values()) == pytest.approx(1)
    assert set(KINDS) == set(MAKERS)
    drawn = Counter(text.split("\n")[0].split()[0] for text in generate(300, kinds=["how_to"]))
    assert drawn == {"How": 300}
    for kinds in (["novels"], ["stories", "novels"], []):
        with pytest.raises(ValueError, match=r"stories, descriptions"):
            generate(1, kinds=kinds)


# ------------------------------------------------------------------------------------------------ the English


BLEMISHES = {
    "template": r"[{}|()]|\bNone\b",
    "spaces": r"  | [.,!?;:](?!\d)|[ \t]$|^ ",
    "punctuation": r",,|\.\.|[.!?],|,[.!?]|[.!?:][.!?]",
    "repeated word": r"\b([A-Za-z]+) \1\b",
    "a for an": r"\b[Aa] (?!uni|one\b|use)[aeiou]",
    "an for a": r"\b[Aa]n (?!hour|honest)[bcdfghjklmnpqrstvwxyz]",
    "small letter": r"(?<=[.!?] )[a-z]|(?m:^[a-z])",
}


@pytest.mark.parametrize("blemish", BLEMISHES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_blemishes(by_kind, kind, blemish):
    for text in by_kind[kind]:
        if blemish in ("a for an", "an for a") and kind == "language":
            continue  # the corrections quote such mistakes
        assert not re.search(BLEMISHES[blemish], text, re.MULTILINE), text


@pytest.mark.parametrize("kind", KINDS)
def test_title_and_last_marks(by_kind, kind):
    """A title has no full stop; the lines after it end a sentence, but for items, sums, and a letter's ends."""
    for text in by_kind[kind]:
        title, *lines = text.split("\n")
        assert title[0].isupper() and title[-1] not in ".!?:", text
        if kind == "letters":
            assert lines[0].endswith(",") and lines[-2].endswith(","), text
            lines = lines[1:-2]
        assert lines
        for line in lines:
            assert re.match(r'["A-Z]|- [A-Za-z]|\d', line), text
            assert re.search(r'[.!?:]"?$', line) or re.match(r"- |\d+ [-+x] \d+ = \d+$", line), text


OPERATIONS = {"+": operator.add, "-": operator.sub, "x": operator.mul}
WORDS = {"plus": operator.add, "minus": operator.sub, "times": operator.mul}
VALUES = {grammar.number(n): n for n in range(101)}


def test_sums_are_right(by_kind):
    digits = words = 0
    for text in by_kind["arithmetic"] + by_kind["dialogues"]:
        for a, sign, b, result in re.findall(r"(\d+) ([-+x]) (\d+) = (\d+)", text):
            assert OPERATIONS[sign](int(a), int(b)) == int(result), text
            digits += 1
        for a, name, b, result in re.findall(r"([\w-]+) (plus|minus|times) ([\w-]+) is ([\w-]+)", text.lower()):
            assert WORDS[name](VALUES[a], VALUES[b]) == VALUES[result], text
            words += 1
    assert digits > 200 and words > 100


def test_counts_within_sums_are_right(by_kind):
    """What the little stories with numbers say in words agrees with their digits."""
    told = [text for text in by_kind["arithmetic"] if "so now" in text]
    assert len(told) > 10
    for text in told:
        (first,), (last,) = (re.findall(pattern, text) for pattern in (r"\+ \d+ = (\d+)", r"- \d+ = (\d+)"))
        assert f"now {'he' if ' he ' in text else 'she'} had {grammar.number(int(first))} " in text, text
        assert f"so {grammar.number(int(last))} w" in text, text


# ------------------------------------------------------------------------------------------------ the stories


@pytest.fixture(scope="module")
def told():
    """Stories with the worlds that they were told from, and two tellings of every plot."""
    rng, lexicon = Random(4), load_lexicon()
    worlds = [World(lexicon, rng) for _ in range(400)]
    random = [(world, stories.story(world)) for world in worlds]
    worlds = [(World(lexicon, rng), plot) for plot in (*stories.PLOTS, *stories.PROBLEMS) for _ in range(4)]
    return random + [(world, stories.tell(world, plot)) for world, plot in worlds]


def test_there_are_many_plots():
    assert len({plot.title for plot in (*stories.PLOTS, *stories.ACTIVITIES)}) + len(stories.PROBLEMS) >= 25
    for plot in (*stories.PLOTS, *stories.PROBLEMS, *stories.ACTIVITIES):
        assert len(plot.beats) >= 5
        assert sum(len(beat.wordings) > 1 or beat.optional for beat in plot.beats) >= 2


def test_the_protagonist_is_there_from_the_beginning_to_the_end(told):
    for world, text in told:
        title, body = text.split("\n", 1)
        first = re.split(r"(?<=[.!?]) ", body)[0]
        assert re.search(rf"\b{world['h']}\b", f"{title} {first}"), text
        assert len(re.findall(rf"\b{world['h']}\b", text)) >= 2, text
        half = len(body) // 2
        assert re.search(rf"\b({world['h']}|{world['he']}|{world['him']}|{world['his']}|they)\b", body[half:], re.I), (
            text
        )


PRONOUNS = {"she": r"\b([Hh]e|[Hh]im|[Hh]is|himself|boy)\b", "he": r"\b([Ss]he|[Hh]ers?|herself|girl)\b"}


def test_pronouns_agree_with_the_names(told):
    """Where everyone in a story has the same pronoun, the other one doesn't occur."""
    pronoun = {entry["name"]: entry["pronoun"] for entry in load_lexicon()["names"]}
    checked = Counter()
    for world, text in told:
        assert pronoun[world["h"]] == world["he"]
        present = {dict.get(world, slot) for slot in ("he", "fhe", "ghe", "ehe", "jhe")} - {None}
        if len(present) == 1 and "old woman" not in text and "her mother" not in text:
            assert not re.search(PRONOUNS[world["he"]], text), text
            checked[world["he"]] += 1
    assert min(checked["she"], checked["he"]) >= 20


def test_names_of_a_story_differ(told):
    for world, _ in told:
        names = [dict.get(world, slot) for slot in ("h", "f", "g") if dict.get(world, slot)]
        assert len(names) == len(set(names))


# ------------------------------------------------------------------------------------------------ the grammar


@pytest.mark.parametrize(
    ("text", "polished"),
    [
        ("a apple and a pear", "an apple and a pear"), ("A hour ago", "An hour ago"), ("a uniform", "a uniform"),
        ("It rains. he  stays .", "It rains. He stays."), ('"Yes!" said Tom.', '"Yes!" said Tom.'),
    ],
)  # fmt: skip
def test_polish(text, polished):
    assert grammar.polish(text) == polished


def test_forms_of_verbs():
    assert grammar.past("bake bread and sell it") == "baked bread and sold it"
    assert grammar.ing("go to the lake and swim") == "going to the lake and swimming"
    assert grammar.third("cut and sell meat") == "cuts and sells meat"
    assert grammar.past("add milk and water") == "added milk and water"
    assert grammar.step_past("Write your name until it is dry.", "her") == "wrote her name until it was dry"


def test_numbers_and_lists():
    assert [grammar.number(n) for n in (0, 12, 20, 45, 100)] == [
        "zero",
        "twelve",
        "twenty",
        "forty-five",
        "one hundred",
    ]
    assert grammar.join(["a"]) == "a"
    assert grammar.join(["a", "b", "c"]) == "a, b and c"
    assert grammar.title_case("the kite of tom") == "The Kite of Tom"


def test_templates():
    assert {fill("(a|b{x}|)c", {"x": "!"}, Random(seed)) for seed in range(30)} == {"ac", "b!c", "c"}
    for broken in ("(a|b", "a|b)"):
        with pytest.raises(ValueError, match="bracket"):
            parse(broken)


# ------------------------------------------------------------------------------------------------ the lexicon


def test_lexicon_is_large_enough():
    lexicon = load_lexicon()
    for table, least in ENTRIES.items():
        names = [entry.get("name", entry.get("title")) for entry in lexicon[table]]
        assert len(names) == len(set(names)) >= least
    assert len(lexicon.verbs) >= 300
    assert sum(map(len, lexicon["adjectives"].values())) >= 250
    assert sum(map(len, lexicon["facts"].values())) >= 300


def test_every_phrase_begins_with_a_known_verb():
    """Or else its past would be its base: "he pour the milk"."""
    lexicon = load_lexicon()
    phrases = [activity["name"] for activity in lexicon["activities"]]
    phrases += [step for activity in lexicon["activities"] for step in activity["steps"]]
    phrases += [phrase for table, field in (("places", "do"), ("animals", "can")) for entry in lexicon[table]
                for phrase in entry[field]]  # fmt: skip
    phrases += [entry[field] for table, field in (("objects", "use"), ("jobs", "task")) for entry in lexicon[table]]
    phrases += [animal["sound"] for animal in lexicon["animals"] if animal["sound"]]
    assert {phrase.rstrip(".").split()[0].lower() for phrase in phrases} <= set(lexicon.verbs)


def changed(**changes):
    return json.dumps({**json.loads(PATH.read_text("utf8")), **changes}).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: None, "is missing"),
        (lambda: b"", "Expecting value"),
        (lambda: b"[]", "one JSON object"),
        (lambda: PATH.read_bytes()[:5000], "Expecting"),
        (lambda: changed(animals=[]), "'animals' is missing or empty"),
        (lambda: changed(names=[{"name": "Tom"}]), r"names, entry 1: .*'pronoun'"),
        (lambda: changed(names=[{"name": "Tom", "pronoun": "it"}]), "'Tom' has the pronoun 'it'"),
        (lambda: changed(verbs={"moving": [{"base": "walk"}]}), "verbs: moving, entry 1"),
        (lambda: changed(jobs="baker"), "'jobs' is no list"),
        (lambda: PATH.read_bytes().replace(b"{his}", b"{their}", 1), "unknown slots"),
        (lambda: PATH.read_bytes().replace(b"Ada", b"Ad\xe9", 1), "utf-8"),
    ],
    ids=["missing", "empty", "no object", "cut off", "empty table", "missing field", "wrong pronoun", "missing form",
         "no list", "unknown slot", "not UTF-8"],
)  # fmt: skip
def test_corrupt_lexicon_gives_one_clear_error(tmp_path, content, reason):
    path = tmp_path / "lexicon.json"
    if (data := content()) is not None:
        path.write_bytes(data)
    with pytest.raises(DataError, match=reason) as caught:
        load_lexicon(path)
    assert str(path) in str(caught.value)
    assert "git checkout -- data" in str(caught.value)
