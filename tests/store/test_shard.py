"""Shards and addresses: the same contents come to the same bytes, and back, and no change of a byte goes unnoticed."""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass, field

import numpy as np
import pytest

from goodoffices.store import Damaged, RunCard, Shard, canonical, decode, digest, encode
from goodoffices.store.run import open_run


def some_shard(seed=0):
    rng = np.random.default_rng(seed)
    logs = rng.normal(size=(5, 7))
    logs[0, 0], logs[1, 1], logs[2, 2] = np.nan, -np.inf, -0.0
    return Shard(
        {
            "log_choice": (("choice", "draw"), logs),
            "status": (("draw",), np.arange(7, dtype=np.int8)),
            "nothing": (("none", "draw"), np.zeros((0, 7))),
        },
        {"scenario": "Überblick 談判"},
    )


def test_a_shard_comes_back_bit_for_bit():
    shard = some_shard()
    back = decode(encode(shard))
    assert back["log_choice"].tobytes() == shard["log_choice"].tobytes()
    assert back["status"].dtype == np.int8
    assert back["status"].tolist() == list(range(7))
    assert back.attributes == shard.attributes
    assert "nothing" not in back.arrays


def test_the_same_contents_are_the_same_bytes():
    assert encode(some_shard()) == encode(some_shard())
    assert encode(some_shard()) != encode(some_shard(1))


def test_scipy_reads_the_same_from_a_shard():
    from scipy.io import netcdf_file

    contents = encode(some_shard())
    found = decode(contents)
    with netcdf_file(io.BytesIO(contents), "r", mmap=False) as file:
        assert list(file.variables) == list(found.arrays)
        for name, variable in file.variables.items():
            assert variable.dimensions == found.arrays[name][0]
            assert variable[:].astype(found[name].dtype).tobytes() == found[name].tobytes()
        assert file.scenario.decode() == found.attributes["scenario"]


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_a_file_that_ends_early_is_damaged(length):
    with pytest.raises(Damaged):
        decode(encode(some_shard())[:length])


def test_bytes_that_are_no_header_are_damaged():
    good = encode(some_shard())
    random = np.random.default_rng(1)
    for _ in range(300):
        bad = bytearray(good)
        for place in random.integers(0, 150, 3):
            bad[place] = random.integers(0, 256)
        try:
            decode(bytes(bad))
        except Damaged:
            continue


def test_xarray_opens_a_shard():
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(io.BytesIO(encode(some_shard())), engine="scipy") as found:
        assert dict(found.sizes) == {"choice": 5, "draw": 7}
        assert np.array_equal(found["log_choice"].values, some_shard()["log_choice"], equal_nan=True)


def test_no_changed_byte_goes_unnoticed(tmp_path):
    run = open_run(tmp_path / "run", RunCard("run", "", "", 1, 8), writable=True)
    run.write("key", some_shard())
    (path,) = run.folder.glob("*.nc")
    good = path.read_bytes()
    for place in range(0, len(good), 3):
        bad = bytearray(good)
        bad[place] ^= 4
        path.write_bytes(bad)
        with pytest.raises(Damaged):
            run.read("key")
    for cut in (0, 1, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:cut])
        with pytest.raises(Damaged):
            run.read("key")
    path.write_bytes(good)
    assert run.read("key") is not None


@pytest.mark.parametrize(
    "contents", [b"", b"CDF", b"CDF\x02" + bytes(40), b"not netCDF at all", encode(Shard({}))[:20]]
)
def test_what_is_no_shard_is_damaged_and_no_bug(contents):
    with pytest.raises(Damaged):
        decode(contents)


def test_a_shard_of_another_format_is_not_read(monkeypatch):
    monkeypatch.setattr("goodoffices.store.shard.FORMAT", 2)
    newer = encode(some_shard())
    monkeypatch.undo()
    with pytest.raises(Damaged, match="format"):
        decode(newer)


@dataclass(frozen=True)
class Thing:
    name: str
    number: float
    span: int = field(default=0, compare=False)


def test_an_address_does_not_depend_on_order_or_on_what_is_left_out():
    one = {"b": frozenset({"x", "y"}), "a": Thing("t", 0.1, span=1)}
    two = {"a": Thing("t", 0.1, span=2), "b": frozenset({"y", "x"})}
    assert digest(one, leave_out=["span"]) == digest(two, leave_out=["span"])
    assert digest(one) != digest(two)


def test_an_address_tells_apart_what_differs():
    values = [
        0.1, np.nextafter(0.1, 1), 1, 1.0, "1", True, None, (1, 2), (2, 1), ((1,), 2), Thing("t", 1.0), ("t", 1.0),
        {"t": 1.0}, {1, 2}, datetime.date(2025, 4, 19), "2025-04-19", np.array([1.0]), np.array([[1.0]]), np.array([1]),
        -0.0, 0.0, float("inf"), float("nan"),
    ]  # fmt: skip
    assert len({canonical(value) for value in values}) == len(values)


def test_an_address_of_an_array_does_not_depend_on_its_layout():
    array = np.arange(12.0).reshape(3, 4)
    assert digest(array) == digest(np.asfortranarray(array)) == digest(array.astype(">f8"))


def test_no_address_is_made_of_what_has_no_contents():
    with pytest.raises(TypeError):
        digest(object())
