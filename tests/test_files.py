"""Writing files whole, and the folders that everything is kept in."""

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from workbook import files


@pytest.mark.parametrize("content, stored", [("Grüße\n", "Grüße\n".encode()), (b"\x00\r\n", b"\x00\r\n"), ("", b"")])
def test_what_is_written_is_what_is_read(tmp_path, content, stored):
    path = files.write_whole(tmp_path / "new" / "folder" / "f.txt", content)
    assert path.read_bytes() == stored
    assert os.listdir(path.parent) == ["f.txt"]
    files.write_whole(str(path), "after")  # type: ignore[arg-type]  (a plain string will do)
    assert path.read_text() == "after"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_a_failure_in_the_middle_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch, step, error):
    path = files.write_whole(tmp_path / "f.txt", "before")

    def fail(*_):
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        files.write_whole(path, "after")
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["f.txt"]


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    steps, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append("fsync") or fsync(handle))
    monkeypatch.setattr(os, "replace", lambda old, new: steps.append("replace") or replace(old, new))
    files.write_whole(tmp_path / "f.txt", "x")
    assert steps == ["fsync", "replace"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions otherwise")
def test_others_may_read_it_as_any_other_file(tmp_path):
    (tmp_path / "plain").write_text("x")
    path = files.write_whole(tmp_path / "whole", "x")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        files.write_whole(tmp_path / "file" / "f.txt", "x")


def test_home(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    assert files.home() == tmp_path
    monkeypatch.setenv("WORKBOOK_HOME", "~/elsewhere")
    assert files.home() == Path.home() / "elsewhere"
    for unset in (lambda: monkeypatch.setenv("WORKBOOK_HOME", ""), lambda: monkeypatch.delenv("WORKBOOK_HOME")):
        unset()
        assert files.home() == Path.home() / ".workbook"


def test_root(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBOOK_ROOT", "")
    assert (files.root() / "lib" / "workbook" / "files.py").samefile(files.__file__)
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="set WORKBOOK_ROOT to the checkout"):
        files.root()
    (tmp_path / "data").mkdir()
    assert files.root() == tmp_path


def test_sha256(tmp_path):
    path = files.write_whole(tmp_path / "f", b"abc" * 100_000)
    assert files.sha256(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
