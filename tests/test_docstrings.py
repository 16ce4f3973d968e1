"""The docstrings as a data set: areas, splits without leaks, the task, and folders of one's own texts."""

import sys
import sysconfig
from collections import Counter

import pytest

from workbook.datasets import docstrings
from workbook.datasets.docstrings import AREAS, SPLITS, area_task, load_docstrings, place, running_texts, spread
from workbook.datasets.jsonl import DataError

# Gone from the library in 3.12 (PEP 632 and others) or 3.13 (PEP 594).
REMOVED = set(
    "asynchat asyncore distutils imp smtpd aifc audioop cgi cgitb chunk crypt imghdr mailcap msilib nis nntplib "
    "ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib lib2to3".split()
)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A standard library of a few files, in a folder."""
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    load_docstrings.cache_clear()
    yield tmp_path
    load_docstrings.cache_clear()


def module(text):
    return f'"""{text}"""\n'


# ---------------------------------------------------------------------------------------------- the table


def test_every_area_has_modules_of_its_own_in_every_split():
    names = [name for row in AREAS.values() for split in SPLITS for name in getattr(row, split).split()]
    assert all(count == 1 for count in Counter(names).values())
    assert all(getattr(row, split).split() for row in AREAS.values() for split in SPLITS)
    assert all(len(row.about.split()) >= 8 for row in AREAS.values())


def test_what_is_held_out_exists_in_every_version():
    held_out = {name for row in AREAS.values() for name in f"{row.validation} {row.test}".split()}
    assert held_out <= sys.stdlib_module_names
    assert not held_out & REMOVED


@pytest.mark.parametrize(
    ("name", "area", "split"),
    [
        ("statistics", "numbers", "test"),
        ("concurrent.futures.thread", "concurrency", "test"),
        ("_pydecimal", "numbers", "train"),
        ("ntpath", "files", "train"),
        ("threading", "concurrency", "train"),
        ("_threading_local", "concurrency", "train"),
        ("json.decoder", "internet", "validation"),
    ],
)
def test_place(name, area, split):
    assert place(name) == (area, split)


def test_a_module_without_area_stays_where_it_is():
    """Its split hangs on its name alone, the same in every process and for every part of it."""
    assert place("logging.handlers") == place("logging") == (None, "test")
    assert place("ctypes") == (None, "train")
    share = [place(f"module{i}")[1] for i in range(1000)].count("test") / 1000
    assert 0.07 < share < 0.13


# ---------------------------------------------------------------------------------------------- the texts


def test_no_package_and_no_text_is_in_two_splits():  # first of three that read the whole library: it is kept
    rows = load_docstrings()
    assert len(rows) > 3000 and load_docstrings() is rows
    packages = {(row.module.split(".")[0], row.split) for row in rows}
    assert len(packages) == len({name for name, _ in packages})
    assert len({row.text for row in rows}) == len(rows)
    sizes = Counter(row.split for row in rows)
    assert sizes["train"] > 2 * sizes["test"] > 1000 and sizes["validation"] > 150


def test_the_task_has_every_area_and_no_flood():
    for split in SPLITS:
        rows = area_task(split)
        assert {row.area for row in rows} == set(AREAS)
        assert {row.split for row in rows} == {split}
        assert max(Counter(row.module.split(".")[0] for row in rows).values()) <= 60
    assert len(area_task("test", per_module=5)) < len(area_task("test"))
    for split, per_module in [("tests", 60), ("test", 0)]:
        with pytest.raises(ValueError, match="Expected a split of train, validation, test and per_module >= 1"):
            area_task(split, per_module)


def test_without_a_folder_the_domain_is_the_docstrings():
    assert docstrings.corpus() == {split: running_texts(split) for split in SPLITS}


def test_a_text_of_two_splits_counts_for_training_only(library):
    shared = "Return the same eight words in several places here."
    (library / "statistics.py").write_text(module(shared))
    (library / "random.py").write_text(module(shared))
    (library / "enum.py").write_text(module("A text that stands in no other module of all."))
    rows = load_docstrings()
    assert [(row.module, row.split) for row in rows] == [("random", "train"), ("enum", "test")]


def test_a_python_without_sources_is_named(library):
    with pytest.raises(DataError, match=r"no docstrings in .*its library's sources"):
        load_docstrings()


def test_running_texts_have_single_spaces(library):
    (library / "enum.py").write_text(module("Two lines,\n\n    indented, with a tab\\tand some more words."))
    assert running_texts("test") == ["Two lines, indented, with a tab and some more words."]
    with pytest.raises(ValueError, match="train, validation, test, not 'dev'"):
        running_texts("dev")


def test_spread():
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread("abc", 5) == ["a", "b", "c"]


# --------------------------------------------------------------------------------------- texts of one's own


def test_a_folder_of_texts(tmp_path):
    (tmp_path / "b.txt").write_text("second\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "deep.txt").write_text("  first é ", encoding="utf8")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "c.md").write_text("not asked for")
    assert docstrings.folder_texts(tmp_path) == {"a/deep.txt": "first é", "b.txt": "second"}
    assert docstrings.folder_texts(tmp_path, "*.md") == {"c.md": "not asked for"}


def test_a_domain_of_ones_own_is_split_by_file(tmp_path):
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text(f"text\n number {number}")
    texts = docstrings.corpus(tmp_path)
    assert list(texts) == list(SPLITS) and sum(map(len, texts.values())) == 60
    assert len(texts["train"]) > 30 and 4 < len(texts["test"]) < 20
    assert all(text.startswith("text number ") for rows in texts.values() for text in rows)
    before = set(texts["test"])
    (tmp_path / "new.txt").write_text("text number 61")
    assert before <= set(docstrings.corpus(tmp_path)["test"])  # a new file moves no other


def test_a_folder_too_small_to_split_is_named(tmp_path):
    (tmp_path / "only.txt").write_text("one text")
    with pytest.raises(DataError, match=r"falls into .*about twenty files or more"):
        docstrings.corpus(tmp_path)


@pytest.mark.parametrize("content", [None, ""])
def test_a_folder_without_text_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "a.txt").write_text(content)
    with pytest.raises(DataError, match=r"no text in .* that matches \*\*/\*\.txt"):
        docstrings.folder_texts(tmp_path if content is not None else tmp_path / "nowhere")


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 au lait")
    with pytest.raises(DataError, match=r"latin\.txt is no UTF-8 text .* at byte 3"):
        docstrings.folder_texts(tmp_path)
