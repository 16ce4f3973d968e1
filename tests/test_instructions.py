"""The instruction data: what the splits promise, and what the checkers accept and refuse."""

import json
from collections import Counter
from random import Random

import pytest

from workbook.datasets.instructions import FAMILIES, SPLITS, Example, check, load_instructions
from workbook.datasets.instructions.__main__ import main
from workbook.datasets.instructions.build import SIZES, TRAINED_FAMILIES, UNSEEN_FAMILY, build
from workbook.datasets.instructions.phrasings import HELD_OUT, SEEN
from workbook.datasets.instructions.words import mentioned, mentions, normal, words
from workbook.datasets.jsonl import DataError
from workbook.files import root


@pytest.fixture(scope="module")
def splits():
    return {split: load_instructions(split) for split in SPLITS}


@pytest.fixture(scope="module")
def everything(splits):
    return [example for split in SPLITS for example in splits[split]]


def asked(example):
    return normal(f"{example.instruction} {example.input}")


# ------------------------------------------------------------------------------------------------ the splits


def test_sizes(splits):
    least = {"train": 1800, "validation": 140, "unseen_phrasings": 120, "unseen_entities": 120, "unseen_family": 60}
    assert {split: len(splits[split]) for split in SPLITS if len(splits[split]) < least[split]} == {}


def test_every_split_has_each_of_its_families_equally_often(splits):
    for split in SPLITS:
        counts = Counter(example.family for example in splits[split])
        assert set(counts) == ({UNSEEN_FAMILY} if split == "unseen_family" else set(TRAINED_FAMILIES)), split
        assert len(set(counts.values())) == 1, split
    assert len(TRAINED_FAMILIES) >= 13
    assert set(FAMILIES) == {*TRAINED_FAMILIES, UNSEEN_FAMILY}


def test_every_family_is_phrased_in_many_ways():
    for family in FAMILIES:
        assert len({*SEEN[family], *HELD_OUT[family]}) == len(SEEN[family]) + len(HELD_OUT[family]) >= 12, family
        assert len(HELD_OUT[family]) >= 4, family


def test_no_prompt_comes_twice(everything):
    """So no held-out prompt occurs in training."""
    prompts = Counter(map(asked, everything))
    assert [prompt for prompt, times in prompts.items() if times > 1] == []


def test_phrasings_keep_to_their_split(splits):
    for split in SPLITS:
        allowed = HELD_OUT if split in ("unseen_phrasings", "unseen_family") else SEEN
        assert [e.phrasing for e in splits[split] if e.phrasing not in allowed[e.family]] == [], split


def test_training_uses_every_phrasing(splits):
    assert {e.phrasing for e in splits["train"]} == {text for family in TRAINED_FAMILIES for text in SEEN[family]}


def test_unseen_entities_occur_nowhere_in_training(splits):
    unseen = {entity for example in splits["unseen_entities"] for entity in example.entities}
    assert len(unseen) > 100
    text = "\n".join(f"{e.instruction} | {e.input} | {e.output} | {' '.join(e.entities)}" for e in splits["train"])
    assert mentioned(text, unseen) == []


def test_held_out_phrasings_and_validation_are_about_entities_of_training(splits):
    known = {entity for example in splits["train"] for entity in example.entities}
    for split in ("validation", "unseen_phrasings"):
        assert [e.entities for e in splits[split] if not set(e.entities) <= known] == []


def test_every_example_names_its_entities(everything):
    assert [e.instruction for e in everything if not e.entities] == []


def test_lengths(everything):
    """The prompt with its template, and the answer, must fit tiny-gpt's 256 tokens; the template has some 30 words."""
    assert max(len(words(f"{e.instruction} {e.input} {e.output}")) for e in everything) <= 100


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_are_typed_cleanly(everything, family):
    for e in everything:
        for text in (e.instruction, e.output, e.input) if e.family == family else ():
            assert "{" not in text and "|" not in text and "  " not in text, text
            assert text == text.strip(), text
            assert not text or text[0].isupper() or text[0] in "-1" or family in ("classify", "mood"), text
            assert "None" not in text, text


def test_articles(everything):
    """ "a owl" and "an hammer" occur only where the learner is to correct them."""
    wrong = [f"{word} {after}" for e in everything for text in (e.instruction, e.output)
             for word, after in zip(words(text), words(text)[1:], strict=False)
             if (word == "a" and after[0] in "aeio") or (word == "an" and after[0] not in "aeiouh")]  # fmt: skip
    assert wrong == []


# ------------------------------------------------------------------------------------------------ files


def test_the_stored_files_are_what_the_generator_writes(tmp_path, capsys):
    """Fails where the lexicon or a maker changed: renew with `python -m workbook.datasets.instructions`."""
    main(["--folder", str(tmp_path)])
    assert "train:  5200 examples" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {f"{split}.jsonl" for split in SPLITS}
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (root() / "data" / "instructions" / path.name).read_bytes(), path.name


def test_the_seed_decides(monkeypatch):
    for split in SPLITS:
        monkeypatch.setitem(SIZES, split, 4 if split in ("train", "unseen_entities") else 0)
    one, again, other = build(1), build(1), build(2)
    assert one == again
    for split in ("train", "unseen_entities"):
        assert not {asked(e) for e in one[split]} <= {asked(e) for e in other[split]}


GOOD = {
    "instruction": "Describe a fox.", "input": "", "output": "A fox is a mammal.", "family": "describe",
    "phrasing": "Describe {thing}.", "entities": ["fox"], "facts": {"subject": "fox"},
}  # fmt: skip


def stored(folder, *lines):
    (folder / "train.jsonl").write_text("\n".join(lines), encoding="utf8")
    return folder


def test_a_good_line_is_read(tmp_path):
    (example,) = load_instructions("train", stored(tmp_path, json.dumps(GOOD)))
    assert example.entities == ("fox",) and example.split == "train"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "line 2"),
        (json.dumps(GOOD | {"instruction": " "}), "line 2: the instruction is empty"),
        (json.dumps(GOOD | {"output": ""}), "line 2: the output is empty"),
        (json.dumps(GOOD | {"input": None}), "line 2: the input must be a text"),
        (json.dumps(GOOD | {"family": "dance"}), "line 2: there is no family 'dance'"),
        (json.dumps(GOOD | {"facts": []}), "line 2: the facts must be an object"),
        (json.dumps({key: GOOD[key] for key in GOOD if key != "facts"}), "line 2: .*facts"),
        (json.dumps(["a list"]), "line 2"),
    ],
)
def test_a_corrupt_line_is_named(tmp_path, line, reason):
    with pytest.raises(DataError, match=reason):
        load_instructions("train", stored(tmp_path, json.dumps(GOOD), line))


def test_a_missing_file_and_an_unknown_split_are_named(tmp_path):
    with pytest.raises(DataError, match=r"train\.jsonl is missing"):
        load_instructions("train", tmp_path)
    with pytest.raises(DataError, match="no split 'test'; the splits are train, validation"):
        load_instructions("test")


def test_an_empty_instruction_is_refused():
    with pytest.raises(ValueError, match=r"^the instruction is empty$"):
        Example(**GOOD | {"instruction": "\n"}, split="train")
    with pytest.raises(ValueError, match="no split 'test'"):
        Example(**GOOD, split="test")


# ------------------------------------------------------------------------------------------------ the checkers

BEGINNING = "One day Emma lost the key to the shed. She looked in all her pockets."
SOURCE = (
    f"It was a cold Monday. {BEGINNING} She was sad. Then she looked under the mat and found it there. She laughed."
)
PASSAGE = "On Monday Emma was at the lake. She saw a red door and drew an owl. Then she ate a pear."
TWO = "Emma was at the lake. She ate a pear and drew an owl. Tom was in the park. He drew a fox and ate a plum."
CAKE = [
    "bake a cake",
    "flour",
    "eggs",
    "Mix the butter and the sugar.",
    "Stir in the eggs.",
    "Bake the cake.",
    "a soft cake",
]
FOX_STORY = "A fox lived in the wood. One day it was hungry. It looked for mice and found a friend."
NO_FOX = "I do not know what a mouse wants. The house was big. We saw the long river and it rained all day."

# Per family: instruction, input, facts; answers that follow it; answers that do not, each with a part of the reason.
CASES = {
    "story": (
        "Write a short story about a fox.",
        "",
        {"subject": "fox"},
        [
            FOX_STORY,
            FOX_STORY.replace("A fox", "Two foxes"),
            "Once upon a time there was a girl. She heard a noise in the garden. It was the fox's little son, and he "
            "said hello!",
        ],
        [
            (FOX_STORY.replace("fox", "hen"), "does not mention the fox"),
            (FOX_STORY.replace("fox", "foxglove"), "mention the fox"),
            ("Fox.", "too few words for a story: 1"),
            (
                "A fox is red. It lives in the wood and likes mice. It can run fast and hear very well.",
                "told in the past",
            ),
            (
                "The fox was in the wood and saw a hen there. Then it ran home to its children.",
                "at least three sentences",
            ),
            (FOX_STORY[:-1], "the last sentence has no end"),
            (FOX_STORY + " It was sad. It was sad.", "same sentence comes twice"),
            (
                "It was a fox. It was a day. It was a red and quick fox. Then it was a night, and the fox slept.",
                "the same three words come more than three times",
            ),
            ("A fox lived in the the the wood. It saw a hen there. It ran home.", "three times in a row"),
            (NO_FOX, "does not mention the fox"),
        ],
    ),
    "plan": (
        "Make a plan in three steps: bake a cake.",
        "",
        {"count": 3, "activity": "bake a cake", "known": CAKE},
        [
            "1. Mix the butter and the sugar.\n2. Stir in the eggs.\n3. Bake the cake.",
            "This is the plan:\n1) Get flour and eggs.\n2) Mix them.\n3) Bake the cake for an hour.",
            "1. Take sugar and butter. 2. Stir them well. 3. Bake your cake.",
        ],
        [
            ("1. Mix flour and eggs.\n2. Bake the cake.", "3 steps were asked for, 2 found"),
            (
                "1. Mix flour.\n2. Mix eggs.\n3. Mix sugar.\n4. Mix butter.\n5. Bake the cake.",
                "3 steps were asked for, 5 found",
            ),
            ("1. Mix the eggs.\n3. Stir the flour.\n2. Bake the cake.", "not numbered 1, 2, 3"),
            ("1. Mix the eggs.\n2. Mix the eggs.\n3. Bake the cake.", "the same sentence comes twice"),
            ("1) Mix the eggs\n2) Mix the eggs\n3) Bake the cake", "two steps are the same"),
            ("1. Dig a hole.\n2. Water the tree.\n3. Look at the leaves.", "little to do with 'bake a cake'"),
            ("1. Mix.\n2. Stir.\n3. Bake the cake.", "fewer than two words"),
            ("Mix flour and eggs and bake the cake.", "3 steps were asked for, 0 found"),
            ("1. Mix flour.\n2. Stir in eggs.\n3. Bake the cake.\nI like cake.", "no numbered step"),
        ],
    ),
    "summary": (
        "Sum up the text in one sentence.",
        SOURCE,
        {
            "protagonist": "Emma",
            "problem": "lost the key to the shed",
            "solution": "looked under the mat and found it there",
            "source": SOURCE,
        },
        [
            "Emma lost the key to the shed, but in the end she found it under the mat.",
            "Emma finds her lost key under a mat.",
            "The story is about Emma, who could not find a key and looked under the mat.",
        ],
        [
            (SOURCE, "repeats the input"),
            ("One day Emma lost the key to the shed.", "a sentence copied from its source"),
            ("She lost the key, but in the end she found it under the mat.", "does not mention Emma"),
            ("Emma lost the key. She found it under the mat.", "one sentence was asked for, 2 found"),
            ("Emma lost the key, but in the end she found it under the", "no end"),
            ("Emma lost and found it.", "too few words for a summary: 5"),
            ("In the end Emma found a cake under the mat.", "does not say what the problem was"),
            ("Emma lost the key to the shed and was very sad.", "does not say how it ended"),
            ("Emma saw a fox in the garden and was very happy.", "does not say what the problem was"),
            (
                SOURCE.replace(". ", ", and then ") + " This was the story that I wanted to tell you now.",
                "longer than its source",
            ),
            (
                "Emma lost the key to the shed, and she looked in all her pockets and was very sad, and then she "
                "looked under the mat, too.",
                "two thirds of its source",
            ),
        ],
    ),
    "list": (
        "List three birds.",
        "",
        {"count": 3, "category": "birds", "members": ["owl", "swan", "goose", "robin", "crow"]},
        ["Owl, swan and goose.", "- robin\n- crow\n- an owl", "1. Swans\n2. Geese\n3. Owls"],
        [
            ("Owl and swan.", "3 items were asked for, 2 found"),
            ("Owl, swan, crow and robin.", "3 items were asked for, 4 found"),
            ("Owl, swan and fox.", "'fox' is not one of the birds"),
            ("Owl, owls and swan.", "an item comes twice"),
            ("I like the owl, swan and crow.", "'i like the owl' is not one"),
            ("Birds.", "not one of the birds"),
        ],
    ),
    "polite": (
        "Say this more politely.",
        "Give me the hammer, you fool!",
        {"keep": "hammer", "verbs": ["give", "bring", "pass", "have"], "rude_words": ["now", "fool", "stupid"]},
        ["Could you please give me the hammer?", "May I have that hammer?", "Would you mind passing me the hammer?"],
        [
            ("Give me the hammer, you fool!", "repeats the input"),
            ("Give me the hammer.", "no polite word"),
            ("Please give me the saw.", "no longer about the hammer"),
            ("Please give me the hammer now!", "'now' is rude"),
            ("Could you please clean the hammer?", "no longer asks for the same thing: give"),
            (
                "Please "
                + "give me the hammer that is on the table in the kitchen, because I have to mend the old chair that "
                "my little sister broke today.",
                "words is too long",
            ),
        ],
    ),
    "extract": (
        "Find the animal in the text.",
        PASSAGE,
        {"wanted": "animal", "value": "owl", "others": ["Emma", "lake", "red", "pear", "Monday"]},
        ["Owl", "An owl.", "It is the owl."],
        [
            ("Fox", "the right answer is owl"),
            ("Emma drew an owl", "names Emma"),
            ("Pear", "the right answer is owl"),
            ("The animal in the text is an owl.", "5 are enough"),
            (PASSAGE, "repeats the input"),
        ],
    ),
    "answer": (
        "Where was Emma?",
        TWO,
        {"value": "lake", "others": ["Tom", "park", "plum", "fox"]},
        ["At the lake.", "Emma was at the lake.", "She was at the lake and drew an owl."],
        [
            ("In the park.", "the right answer is lake"),
            ("Emma was at the lake and Tom was not.", "names Tom"),
            ("Yes.", "the right answer is lake"),
            ("At the lake or in the park.", "names park"),
            ("Emma was at the lake, and she ate a pear there and drew an owl with her pencil.", "15 are enough"),
        ],
    ),
    "classify": (
        "Is this an animal, a food or a tool?",
        "fox",
        {"label": "animal", "labels": ["animal", "food", "tool"]},
        ["animal", "An animal.", "It is an animal."],
        [
            ("food", "the right label is animal, not food"),
            ("An animal or a food.", "2 labels were given"),
            ("fox", "none of the labels"),
            ("An animal with red fur.", "more than the label"),
        ],
    ),
    "mood": (
        "Is the person happy, sad, angry or afraid?",
        "Tom lost his kite. He cried.",
        {"label": "sad", "labels": ["afraid", "angry", "happy", "sad"]},
        ["sad", "Sad.", "He is sad."],
        [
            ("happy", "the right label is sad, not happy"),
            ("Sad and angry.", "2 labels were given"),
            ("Tom cried.", "none of the labels"),
            ("Sad, because he lost his kite.", "more than the label"),
        ],
    ),
    "continue": (
        "Continue the story.",
        BEGINNING,
        {"protagonist": "Emma", "pronoun": "she", "about": "key", "beginning": BEGINNING},
        [
            "Then Emma looked under the mat and found it there.",
            "After a while she found the key in the grass. She laughed!",
            "At last Emma asked her brother. He had the key.",
        ],
        [
            ("She looked in all her pockets. Then Emma found the key.", "repeats the beginning"),
            (BEGINNING, "repeats the input"),
            ("Then Tom looked under the mat and found it there.", "does not mention Emma"),
            ("Then Gina rubbed the lost pockets, and she smiled again.", "does not mention Emma"),
            ("Then she danced with a horse in the town all night.", "does not mention Emma"),
            ("Emma found it.", "too few"),
            ("Then Emma looked under the mat and", "no end"),
            ("Emma likes the old red mat in the hall.", "told in the past"),
        ],
    ),
    "correct": (
        "Correct the sentence.",
        "The fox have red fur.",
        {"wrong": "The fox have red fur.", "right": ["The fox has red fur.", "The fox had red fur."]},
        ["The fox has red fur.", "the fox has red fur", "The fox had red fur!"],
        [
            ("The fox have red fur", "the sentence still has its mistake"),
            ("The fox has fur.", "the right sentence is"),
            ("A fox has red fur.", "the right sentence is"),
            ("The right sentence: The fox has red fur.", "the right sentence is"),
        ],
    ),
    "compare": (
        "Compare a fox and a hen.",
        "",
        {
            "first": "fox",
            "second": "hen",
            "larger": "fox",
            "of_first": ["red fur", "mice and berries", "in a den", "mammal"],
            "of_second": ["brown feathers", "grain and worms", "in a coop", "bird"],
        },
        [
            "A fox has red fur, but a hen has brown feathers.",
            "Foxes eat mice, and hens eat grain. Both are animals.",
            "A hen is smaller than a fox.",
            "Only the fox is a mammal. The hen is not.",
            "A fox has no brown feathers, but a hen does not have fur.",
            "A hen eats grain, and a fox eats mice. Both can find worms.",
        ],
        [
            ("A fox has red fur and lives in a den.", "does not mention the hen"),
            ("A fox has brown feathers, but a hen has red fur.", "says of the fox what is true of the hen"),
            ("A fox has red fur, but a hen has brown", "no end"),
            ("A hen is bigger than a fox.", "the hen is not the bigger one"),
            ("A fox and a hen are both very nice animals.", "no right difference"),
            ("A fox is a fox, but a hen is a hen today.", "no right difference"),
            ("Fox, hen.", "too few"),
        ],
    ),
    "describe": (
        "Describe a fox.",
        "",
        {
            "subject": "fox",
            "known": ["mammal", "red fur", "in a den", "in woods", "mice and berries"],
            "wrong_kinds": ["bird", "tool", "place"],
        },
        [
            "A fox is a mammal with red fur.",
            "Foxes live in woods and eat mice and berries.",
            "The fox is an animal. It has a den and a red coat.",
        ],
        [
            ("A hen is a mammal with red fur.", "does not mention the fox"),
            ("A fox is a bird with red fur in a den.", "is no bird"),
            ("A fox is very nice and I like it.", "too little that is true"),
            ("A fox.", "too few"),
            ("A fox is a mammal with red", "no end"),
        ],
    ),
    "letter": (
        "Write a letter to Emma about a fox.",
        "",
        {"recipient": "Emma", "subject": "fox"},
        [
            "Dear Emma,\nYesterday I saw a fox in the garden. It was red.\nYour friend,\nTom",
            "Hello Emma,\nguess what: we have foxes in our street, and they eat everything! Love, Tom",
            "Dear Emma, I have seen a fox in the park.\nIt ran away.\nMany greetings from Tom",
        ],
        [
            ("Dear Tom,\nYesterday I saw a fox in the garden.\nYour friend,\nEmma", "not to Emma"),
            (
                "Dear Emma,\nYesterday I saw a hen in the garden. It was red.\nYour friend,\nTom",
                "does not mention the fox",
            ),
            ("Yesterday I saw a fox. Emma saw it, too.\nYour friend,\nTom", "no greeting"),
            ("Dear Emma,\nYesterday I saw a fox in the garden. It was red and nice.", "no closing"),
            ("Dear Emma,\nFox.\nLove,\nTom", "too few"),
        ],
    ),
}


def example_of(family):
    instruction, given, facts, *_ = CASES[family]
    return Example(instruction, given, "-", family, "-", ("-",), "train", facts)


def test_every_family_has_enough_cases():
    assert set(CASES) == set(FAMILIES)
    assert all(len(right) >= 3 and len(wrong) >= 4 for *_, right, wrong in CASES.values())


@pytest.mark.parametrize(("family", "response"), [(f, response) for f in CASES for response in CASES[f][3]])
def test_right_answers_are_accepted(family, response):
    verdict = check(example_of(family), response)
    assert verdict.followed, verdict.reason


@pytest.mark.parametrize(("family", "response", "reason"), [(f, *case) for f in CASES for case in CASES[f][4]])
def test_wrong_answers_are_refused_for_the_right_reason(family, response, reason):
    verdict = check(example_of(family), response)
    assert not verdict.followed
    assert reason in verdict.reason


@pytest.mark.parametrize("family", FAMILIES)
def test_degenerate_answers_are_refused(everything, family):
    for e in [e for e in everything if e.family == family][:20]:
        assert check(e, " \n").reason == "the response is empty"
        loop = " ".join([e.output] * 2) if len(words(e.output)) > 3 else " ".join([e.output] * 4)
        for response in ("", "...", e.instruction, f"{e.instruction} {e.output}", e.input or "-", loop):
            assert not check(e, response).followed, (response, e)


def test_every_reference_passes_its_own_checker(everything):
    assert [(e.family, e.output) for e in everything if not check(e, e.output).followed] == []


def refused(example, response):
    return not check(example, response).followed


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_to_other_prompts_are_refused(everything, family):
    """Nine in ten answers about something else, and nearly all of another family."""
    rng = Random(family)
    own = [e for e in everything if e.family == family]
    strangers = [e for e in everything if e.family != family]
    pairs = [(e, rng.choice(own)) for e in own for _ in range(2)]
    told_apart = [
        (e, other)
        for e, other in pairs
        if normal(e.output) != normal(other.output) and not set(e.entities) & set(other.entities)
    ]
    assert len(told_apart) > 100
    same = [refused(e, other.output) for e, other in told_apart]
    foreign = [refused(e, rng.choice(strangers).output) for e in own for _ in range(2)]
    assert sum(same) / len(same) >= 0.98, "of the same family"
    assert sum(foreign) / len(foreign) >= 0.98, "of other families"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [("Two foxes ran.", "fox", True), ("The foxglove grew.", "fox", False), ("a watering can", "watering can", True),
     ("Three mice", "mouse", True), ("the FOX'S den", "fox", True), ("watering the can", "watering can", False),
     ("the café", "café", True), ("", "fox", False)],
)  # fmt: skip
def test_mentions(text, name, expected):
    assert mentions(text, name) is expected
