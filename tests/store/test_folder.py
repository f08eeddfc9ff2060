"""The folder of runs: what is found, refused and removed, and that nothing is ever half there."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from goodoffices.core.diagnostics import Refusal
from goodoffices.store import RunCard, Shard, open_store
from goodoffices.store.files import STALE, remove_stale, write_whole
from goodoffices.store.folder import MARKER

CARD = RunCard("0123456789abcdef", "A test", "test.yaml", 1, 8, {"rounds": 2}, "1")
SHARD = Shard({"status": (("draw",), np.zeros(3, np.int8))})


def code(raised) -> str:
    return raised.value.diagnostics[0].code


def test_a_run_is_listed_found_by_the_beginning_of_its_name_and_removed(tmp_path):
    store = open_store(tmp_path / "store")
    run = store.open(CARD)
    run.write("key", SHARD)
    run.close()
    (kept,) = store.runs()
    assert (kept.card.title, kept.card.draws, kept.shards) == ("A test", 8, 1)
    assert kept.bytes == sum(p.stat().st_size for p in run.folder.glob("*.nc"))
    assert store.find("0123").card == kept.card
    assert store.remove("0123").card.id == CARD.id
    assert store.runs() == []
    assert [p.name for p in store.path.iterdir()] == [MARKER]


@pytest.mark.parametrize("name", ["", "012", "9999", "../x"])
def test_a_name_that_is_no_runs_is_refused(tmp_path, name):
    store = open_store(tmp_path)
    store.open(CARD).close()
    with pytest.raises(Refusal) as raised:
        store.remove(name)
    assert code(raised) == "unknown-run"
    assert CARD.id in raised.value.diagnostics[0].hint


def test_a_name_that_two_runs_share_is_refused(tmp_path):
    store = open_store(tmp_path)
    store.open(CARD).close()
    store.open(RunCard("0123456789abcdee", "", "", 1, 8)).close()
    with pytest.raises(Refusal, match="several"):
        store.find("0123456789")


def test_a_run_in_use_by_another_process_is_not_removed(tmp_path):
    store = open_store(tmp_path)
    store.open(CARD).close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pathlib import Path\nfrom goodoffices.store import open_store, RunCard\n"
            f"run = open_store(Path({str(tmp_path)!r})).open(RunCard({CARD.id!r}, '', '', 1, 8))\n"
            "print('open', flush=True)\nsys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(Refusal) as raised:
            store.remove(CARD.id)
        assert code(raised) == "run-in-use"
    finally:
        holder.kill()
        holder.communicate()
    store.remove(CARD.id)


def test_a_store_of_a_newer_format_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / MARKER).write_text('{"format": 99}')
    with pytest.raises(Refusal) as raised:
        open_store(tmp_path)
    assert code(raised) == "store-newer"
    assert [p.name for p in tmp_path.iterdir()] == [MARKER]
    assert (tmp_path / MARKER).read_text() == '{"format": 99}'


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal) as raised:
        open_store(tmp_path / "file" / "store")
    assert code(raised) == "store-unwritable"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_folder_that_can_only_be_read_is_read(tmp_path):
    store = open_store(tmp_path / "store")
    run = store.open(CARD)
    run.write("key", SHARD)
    run.close()
    run.folder.chmod(0o500)
    store.path.chmod(0o500)
    try:
        found = open_store(store.path)
        assert not found.writable
        assert found.open(CARD).read("key") is not None
        with pytest.raises(Refusal):
            open_store(store.path, must_write=True)
        with pytest.raises(Refusal):
            found.remove(CARD.id)
    finally:
        store.path.chmod(0o700)
        run.folder.chmod(0o700)


def test_a_description_that_was_damaged_is_mended(tmp_path):
    store = open_store(tmp_path)
    run = store.open(CARD)
    run.write("key", SHARD)
    run.close()
    (run.folder / "run.json").write_text("{")
    assert store.runs()[0].shards == 1
    again = store.open(CARD)
    assert again.read("key") is not None
    assert json.loads((run.folder / "run.json").read_text())["title"] == "A test"


@pytest.mark.parametrize("fails", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch, fails):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fails, full)
    with pytest.raises(OSError, match="space"):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_writer_left_is_removed_once_it_is_old(tmp_path):
    old, new = tmp_path / ".a.tmp", tmp_path / ".b.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - STALE - 60
    os.utime(old, (long_ago, long_ago))
    remove_stale(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".b.tmp"]


def test_another_processes_shards_are_seen(tmp_path):
    store = open_store(tmp_path)
    one, two = store.open(CARD), store.open(CARD)
    assert two.read("key") is None
    one.write("key", SHARD)
    # The clock of the file system may be too coarse to tell two changes apart.
    os.utime(Path(one.folder), ns=(1, 1))
    assert two.read("key") is not None
