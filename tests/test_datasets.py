"""Data sets: what they hold, what happens when a file is damaged, and the tools to look at them."""

import json
import sys
import sysconfig
from collections import Counter
from itertools import islice

import pytest
import torch

from workbook.datasets.analysis import class_centroids, label_support, near_duplicates
from workbook.datasets.docstrings import library_docstrings
from workbook.datasets.general import load_general
from workbook.datasets.jsonl import DataError
from workbook.datasets.support import INTENTS, SPLITS, load_support

GOOD = {
    "id": "m1", "text": "Where is it?", "label": "where_is_my_order", "gold": "where_is_my_order", "also": None,
    "author": "brief", "split": "train",
}  # fmt: skip

# ------------------------------------------------------------------------------------------------ what they hold


@pytest.fixture(scope="module")
def support():
    return {split: load_support(split) for split in SPLITS}


def test_support_is_large_enough(support):
    assert sum(map(len, support.values())) >= 1200
    assert len(support["train"]) > len(support["test"]) > len(support["validation"]) >= 200
    assert len(INTENTS) == len(set(INTENTS)) >= 10


@pytest.mark.parametrize("split", SPLITS)
def test_every_intent_occurs_in_every_split(support, split):
    counts = Counter(message.gold for message in support[split])
    assert set(counts) == set(INTENTS)
    assert min(counts.values()) >= 10


def test_no_message_is_in_twice(support):
    messages = [message for split in SPLITS for message in support[split]]
    assert len({message.id for message in messages}) == len({message.text for message in messages}) == len(messages)


def words(message):
    return set(message.text.lower().split())


def test_the_test_split_has_authors_of_its_own(support):
    """The test asks what happens with people who write in other ways. Only "plain" is in both: those few messages are
    near copies of training messages, put there for the lesson's search for leaks."""
    trained, tested = ({message.author for message in support[split]} for split in ("train", "test"))
    assert trained & tested == {"plain"}
    train = [words(message) for message in support["train"]]
    copies = [words(message) for message in support["test"] if message.author == "plain"]
    assert len(copies) < 0.1 * len(support["test"])
    for copy in copies:
        assert max(len(copy & known) / len(copy | known) for known in train) > 0.6


def test_only_training_labels_are_wrong(support):
    """A held-out split is there to be trusted."""
    wrong = {split: sum(message.label != message.gold for message in support[split]) for split in SPLITS}
    assert 0 < wrong["train"] < 0.1 * len(support["train"])
    assert wrong["validation"] == wrong["test"] == 0


def test_target_is_the_place_in_intents(support):
    for message in support["train"]:
        assert INTENTS[message.target] == message.label


def test_general_pairs():
    pairs = load_general()
    assert len(pairs) == len({pair.id for pair in pairs}) == 200
    for pair in pairs:
        sentences = {pair.sentence, pair.paraphrase, pair.distractor}
        assert len(sentences) == 3
        assert all(sentence.strip() for sentence in sentences)


# ------------------------------------------------------------------------------------------------ damaged files


def line_with(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def line_without(name):
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "m2", "text": ', "Expecting value"),
        (b'["m2", "Hello"]', "must be a mapping"),
        (line_without("gold"), "'gold'"),
        (line_with(colour="red"), "'colour'"),
        (line_with(label="world_peace"), "unknown intent 'world_peace'"),
        (line_with(gold="world_peace"), "unknown intent 'world_peace'"),
        (line_with(also="world_peace"), "unknown intent 'world_peace'"),
        (line_with(also=""), "unknown intent ''"),
        (line_with(split="holdout"), "unknown split 'holdout'"),
        (line_with(text=" \t"), "has no text"),
        (line_with(text=None), "has no text"),
        (line_with(text="caf?").replace(b"?", b"\xe9"), "utf-8"),
    ],
    ids=["cut off", "no object", "missing field", "unknown field", "unknown label", "unknown gold", "unknown also",
         "empty also", "unknown split", "blank text", "no text", "not UTF-8"],
)  # fmt: skip
def test_corrupt_line_is_named(tmp_path, line, reason):
    path = tmp_path / "messages.jsonl"
    path.write_bytes(b"\n".join([line_with(), b"", line, line_with()]))
    with pytest.raises(DataError) as caught:
        load_support("train", path)
    assert f"{path}, line 3: " in str(caught.value)
    assert reason in str(caught.value)
    assert "git checkout -- data" in str(caught.value)


def test_blank_lines_and_windows_line_ends_are_fine(tmp_path):
    path = tmp_path / "messages.jsonl"
    path.write_bytes(line_with() + b"\r\n\r\n" + line_with(id="m2", split="test") + b"\r\n")
    assert [message.id for message in load_support("train", path)] == ["m1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "is missing"), (b"", "is empty"), (b"\n \n", "is empty")],
    ids=["missing", "empty", "blank"],
)
def test_no_data_at_all(tmp_path, content, reason):
    path = tmp_path / "messages.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        load_support("train", path)
    assert str(path) in str(caught.value)


def test_unknown_split():
    with pytest.raises(DataError, match=r"no split 'dev'.*train, validation, test"):
        load_support("dev")


def test_corrupt_general_pair_is_named(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"id": "g1", "topic": "tea"}\n')
    with pytest.raises(DataError, match=r"pairs\.jsonl, line 1: .*sentence"):
        load_general(path)


@pytest.mark.parametrize("paraphrase", ["", "  ", None])
def test_general_pair_without_text_is_named(tmp_path, paraphrase):
    path = tmp_path / "pairs.jsonl"
    pair = {"id": "g1", "topic": "tea", "sentence": "a", "paraphrase": paraphrase, "distractor": "b"}
    path.write_text(json.dumps(pair) + "\n")
    with pytest.raises(DataError, match=r"line 1: pair g1 has no paraphrase"):
        load_general(path)


# ------------------------------------------------------------------------------------------------ analysis


def unit(*degrees):
    """Vectors in the plane at these angles."""
    angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([angles.cos(), angles.sin()], dim=1).float()


def test_near_duplicates_most_similar_first():
    pairs = near_duplicates(unit(0, 90, 200), unit(8, 91, 10), threshold=0.98)  # cos 11° = 0.982
    assert [(i, j) for i, j, _ in pairs] == [(1, 1), (0, 0), (0, 2)]
    assert pairs[0][2] == pytest.approx(0.99985, abs=1e-4)


def test_near_duplicates_threshold_counts_as_reached():
    same = torch.eye(2)
    assert near_duplicates(same, same, threshold=1.0) == [(0, 0, 1.0), (1, 1, 1.0)]
    assert near_duplicates(unit(0), unit(90), threshold=0.5) == []


def test_label_support_finds_the_wrong_label():
    vectors = unit(0, 1, 2, 3, 90, 91, 92)
    support = label_support(vectors, torch.tensor([0, 0, 0, 1, 1, 1, 1]), neighbours=2)
    assert support[3] == 0
    assert support[:1].item() == 1
    assert support[4:].tolist() == [1, 1, 1]


def test_label_support_leaves_the_row_itself_out_and_weighs_by_similarity():
    support = label_support(unit(0, 0, 60), torch.tensor([0, 0, 1]), neighbours=2)
    # neighbours of row 0: its copy with weight 1, which agrees, and the other with weight cos 60° = 1/2
    assert support.tolist() == pytest.approx([1 / 1.5, 1 / 1.5, 0], abs=1e-6)


def test_label_support_of_a_lonely_row_is_zero():
    assert label_support(unit(0), torch.tensor([0])).tolist() == [0]
    assert label_support(unit(0, 180), torch.tensor([0, 0])).tolist() == [0, 0]  # nothing similar at all


def test_class_centroids():
    centroids = class_centroids(unit(0, 60, 180), torch.tensor([0, 0, 2]), 4)
    torch.testing.assert_close(centroids[[0, 2]], unit(30, 180))
    assert centroids[[1, 3]].abs().sum() == 0  # no examples: no direction


# ------------------------------------------------------------------------------------------------ docstrings


def test_library_docstrings_are_plenty_and_import_nothing():
    sysconfig.get_paths()  # this does import a module, on its first call
    before = set(sys.modules)
    found = list(islice(library_docstrings(), 500))  # all of them would take seconds
    assert len(found) == 500
    assert all(len(text.split()) >= 8 for _, text in found)
    assert len({module for module, _ in found}) > 20
    assert set(sys.modules) == before


def test_library_docstrings_parse_without_running(tmp_path, monkeypatch):
    """A file that would do harm, one that is no Python, one that is no UTF-8, and folders that are passed over."""
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    (tmp_path / "b.py").write_text(
        '"""A module of more than four words."""\nraise SystemExit\n'
        'class A:\n    """A class of more than four words."""\n    async def f(self):\n        """Too short."""\n'
    )
    (tmp_path / "a.py").write_text("def f():\n    '''Says what it does,\n\n        indented.'''\n")
    (tmp_path / "broken.py").write_text("def :")
    (tmp_path / "latin.py").write_bytes(b'"""Un caf\xe9 au lait, s il vous plait."""')
    for folder in ("test", "site-packages"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.py").write_text('"""A module of more than four words."""')
    assert list(library_docstrings(min_words=5)) == [
        ("a", "Says what it does,\n\nindented."),
        ("b", "A module of more than four words."),
        ("b", "A class of more than four words."),
    ]
    assert "b" not in sys.modules
