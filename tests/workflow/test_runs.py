"""Runs: the numbers do not depend on what was kept, nothing that was finished is lost, and no bad file is believed."""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import goodoffices
from goodoffices.claims.worlds import World
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.scenario import Note
from goodoffices.reports.data import study_data
from goodoffices.workflow import addresses, remembering, runs, sharding, shards
from goodoffices.workflow.forms import choose_form

DRAWS = 40
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


def numbers(study) -> str:
    """Everything that a study found, but how long it took."""
    data = study_data(study)
    del data["statistics"]
    return json.dumps(data)


def quiet(sentence: str) -> None:
    raise AssertionError(f"an unexpected remark: {sentence}")


def study(scenario, store, *, notice=quiet, **settings):
    settings = {"draws": DRAWS, "seed": 3, "workers": 1} | settings
    return goodoffices.study(scenario, store=store, notice=notice, **settings)


@pytest.fixture(scope="module")
def scenario():
    return goodoffices.load("crisis-signalling")


@pytest.fixture(scope="module")
def plain(scenario):
    return numbers(study(scenario, None))


@pytest.fixture
def solves(monkeypatch):
    """[] of how many draws each call of the solver had."""
    import goodoffices.solvers

    calls = []
    own = goodoffices.solvers.solve_batch

    def counted(game, data, **settings):
        calls.append(data.payoff.shape[-1])
        return own(game, data, **settings)

    monkeypatch.setattr(goodoffices.solvers, "solve_batch", counted)
    return calls


def code(raised) -> str:
    return raised.value.diagnostics[0].code


# ---------------------------------------------------------------- what is solved again
def test_a_study_again_solves_nothing_and_finds_the_same(scenario, plain, tmp_path, solves):
    assert numbers(study(scenario, tmp_path)) == plain
    assert solves
    solves.clear()
    assert numbers(study(scenario, tmp_path, resume=True)) == plain
    assert not solves


def test_more_draws_solve_only_what_is_new(tmp_path, solves):
    scenario = goodoffices.load("beer-quiche")
    study(scenario, tmp_path, draws=2 * shards.SHARD)
    tips = sum(solves) - (2 * shards.SHARD + 1) * len(worlds(scenario))
    solves.clear()
    whole = study(scenario, tmp_path, draws=4 * shards.SHARD)
    # The last part had a point more than a shard, and is cut otherwise now; tipping values are there.
    assert sum(solves) == (3 * shards.SHARD + 1) * len(worlds(scenario))
    assert tips > 0
    assert numbers(whole) == numbers(study(scenario, None, draws=4 * shards.SHARD))


def worlds(scenario):
    from goodoffices.claims.survey import wanted

    return {World(), *(world for world, _ in wanted(choose_form(scenario).form, scenario.claims))}


def test_what_people_read_does_not_change_the_address(scenario):
    claims = tuple(replace(c, text=c.text + "!", note=Note("because")) for c in scenario.claims[:-1])
    parties = tuple(replace(p, label=p.label.upper(), note=Note("because")) for p in scenario.parties)
    parameters = tuple(replace(p, note=Note("because")) for p in scenario.parameters)
    other = replace(
        scenario,
        title="Another",
        summary=("Another.",),
        claims=claims,
        parties=parties,
        parameters=parameters,
        source="x",
    )
    assert addresses.game_part(other) == addresses.game_part(scenario)


def test_what_makes_the_game_changes_the_address(scenario):
    first = scenario.parameters[0]
    others = [
        replace(scenario, parameters=(replace(first, prior=replace(first.prior, arguments=(0.25, 0.5))), *scenario.parameters[1:])),
        replace(scenario, factors=tuple(replace(f, start=f.levels[-1]) for f in scenario.factors)),
        replace(scenario, turns=scenario.turns[::-1]),
        replace(scenario, values=dict(list(scenario.values.items())[:1])),
        replace(scenario, imposed=("x.y",)),
    ]  # fmt: skip
    assert len({addresses.game_part(s) for s in [scenario, *others]}) == 1 + len(others)


def test_seed_rounds_tolerance_and_version_change_the_run(scenario, monkeypatch):
    tree = choose_form(scenario).form
    seen = {
        addresses.card_of(tree, seed=1, draws=8, tolerance=1e-9).id,
        addresses.card_of(tree, seed=2, draws=8, tolerance=1e-9).id,
        addresses.card_of(tree, seed=1, draws=8, tolerance=1e-8).id,
        addresses.card_of(choose_form(scenario, rounds=2).form, seed=1, draws=8, tolerance=1e-9).id,
    }
    assert addresses.card_of(tree, seed=1, draws=999, tolerance=1e-9).id in seen
    monkeypatch.setattr(addresses, "code_version", lambda method: "another")
    assert addresses.card_of(tree, seed=1, draws=8, tolerance=1e-9).id not in seen
    assert len(seen) == 4


def test_a_new_what_if_solves_its_own_world_only(scenario, tmp_path, solves):
    few = replace(scenario, claims=scenario.claims[:1])
    study(few, tmp_path)
    solves.clear()
    study(scenario, tmp_path)
    extra = worlds(scenario) - worlds(few)
    assert extra
    asked = [n for n in solves if n == DRAWS + 1]
    # A world that is shifted starts from its base, which is kept.
    assert len(asked) == len(extra)


# ---------------------------------------------------------------- the same bits
def test_a_shard_does_not_depend_on_which_other_worlds_are_solved(scenario):
    from goodoffices.claims.sharded import base_of
    from goodoffices.language.sampling import sample
    from goodoffices.workflow.engines import TreeWork, Worlds

    tree = choose_form(scenario).form
    points = sample(scenario, 9, seed=1)
    work = TreeWork(tree, 1e-9)

    def solve(base, worlds, known=None):
        return work.solve(Worlds(1, points, base, dict.fromkeys(worlds, ()), known))

    every = sorted(worlds(scenario), key=repr)
    alone = {w: solve(base_of(w), (w,))[w] for w in every}
    for base in {base_of(w) for w in every}:
        family = tuple(w for w in every if base_of(w) == base)
        known = solve(base, (base,))[base]
        for found in (solve(base, family), solve(base, family[::-1], known)):
            for world, solved in found.items():
                assert solved.log_choice.tobytes() == alone[world].log_choice.tobytes()


@pytest.mark.parametrize("together", [1, 100])
def test_how_many_worlds_go_into_a_task_does_not_change_a_bit(scenario, plain, monkeypatch, together):
    monkeypatch.setattr(sharding, "TOGETHER", together)
    assert numbers(study(scenario, None)) == plain


def test_points_are_cut_the_same_way_whatever_their_number():
    for width in (1, 63, 64, 65, 191, 192, 500, 513):
        parts = shards.cut(width, 128)
        assert parts[0].start == 0
        assert parts[-1].stop == width
        assert all(a.stop == b.start for a, b in itertools.pairwise(parts))
        assert all(p.stop - p.start == 128 for p in parts[:-1])
        assert parts[-1].stop - parts[-1].start < 192


def test_a_solved_world_comes_back_from_its_shard_bit_for_bit(scenario):
    from goodoffices.language.sampling import sample
    from goodoffices.store import decode, encode
    from goodoffices.workflow.engines import TreeWork, Worlds

    tree, points = choose_form(scenario).form, sample(scenario, 9, seed=1)
    points[next(iter(points))][4] = np.nan  # a draw that cannot be solved
    found = TreeWork(tree, 1e-9).solve(Worlds(1, points, World(), {World(): ()}, None))[World()]
    assert found.status[4] == 3
    kind = shards.ShardsOfTrees(tree)
    back = kind.read(decode(encode(kind.write(World(), points, found, None))), ())
    assert back.log_choice.tobytes() == found.log_choice.tobytes()
    assert back.status.tolist() == found.status.tolist()
    assert back.unknowns == found.unknowns
    for name, values in found.certificate.items():
        assert np.array_equal(back.certificate[name], values, equal_nan=True)


# ---------------------------------------------------------------- what goes wrong
def forget_answers(store):
    """Leave strategies only, so that they have to be read."""
    for path in store.glob(f"*/{remembering.PREFIX}*"):
        path.unlink()


def test_answers_are_the_same_read_off_anew_and_remembered(scenario, plain, tmp_path, monkeypatch):
    study(scenario, tmp_path)
    monkeypatch.setattr(sharding.Sharding, "over", lambda *_: pytest.fail("a shard was read"))
    assert numbers(study(scenario, tmp_path)) == plain
    monkeypatch.undo()
    forget_answers(tmp_path)
    assert numbers(study(scenario, tmp_path)) == plain


def test_fewer_claims_with_other_words_and_thresholds_find_their_answers(scenario, tmp_path, monkeypatch):
    whole = study(scenario, tmp_path)
    some = replace(scenario, claims=tuple(replace(c, note=Note()) for c in scenario.claims[::2]))
    monkeypatch.setattr(sharding.Sharding, "over", lambda *_: pytest.fail("a shard was read"))
    again = study(some, tmp_path)
    assert [v.share for v in again.verdicts] == [v.share for v in whole.verdicts[::2]]


def test_answers_that_other_code_read_off_are_not_believed(scenario, tmp_path, monkeypatch):
    study(scenario, tmp_path)
    own = addresses.code_version
    monkeypatch.setattr(remembering, "code_version", lambda method: own(method) + "x")
    seen = []
    over = sharding.Sharding.over
    monkeypatch.setattr(sharding.Sharding, "over", lambda *a: seen.append(1) or over(*a))
    study(scenario, tmp_path)
    assert seen


def test_damaged_answers_are_noticed_and_read_off_anew(scenario, plain, tmp_path, solves):
    study(scenario, tmp_path)
    solves.clear()
    for path in tmp_path.glob(f"*/{remembering.PREFIX}*"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    heard = []
    assert numbers(study(scenario, tmp_path, notice=heard.append)) == plain
    assert heard
    assert all("damaged" in sentence for sentence in heard)
    assert not solves


def test_a_damaged_shard_is_noticed_and_solved_again(scenario, plain, tmp_path, solves):
    study(scenario, tmp_path)
    solves.clear()
    forget_answers(tmp_path)
    paths = sorted(tmp_path.glob("*/*.nc"))
    broken = bytearray(paths[0].read_bytes())
    broken[-20] ^= 1
    paths[0].write_bytes(broken)
    paths[1].write_bytes(b"")
    heard = []
    assert numbers(study(scenario, tmp_path, notice=heard.append)) == plain
    assert len(heard) == 2
    assert all("damaged" in sentence for sentence in heard)
    assert len(solves) in (2, 3)  # a shifted world is solved from its base, which may be the other one
    solves.clear()
    assert numbers(study(scenario, tmp_path)) == plain
    assert not solves


def test_a_full_disk_ends_keeping_and_not_the_study(scenario, plain, tmp_path, monkeypatch, solves):
    own, written = runs.Run.write, []

    def write(run, key, shard):
        if len(written) >= 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(key)
        return own(run, key, shard)

    monkeypatch.setattr(runs.Run, "write", write)
    heard = []
    assert numbers(study(scenario, tmp_path, notice=heard.append)) == plain
    assert len(heard) == 1
    assert "No space left" in heard[0]
    monkeypatch.setattr(runs.Run, "write", own)
    before = len(solves)
    assert numbers(study(scenario, tmp_path)) == plain
    assert len(solves) - before < before
    assert len(list(tmp_path.glob("*/*.nc"))) > 5


@POSIX
def test_a_real_limit_of_the_file_system_is_met_without_a_traceback(tmp_path):
    program = (
        "import resource, goodoffices\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "s = goodoffices.load('crisis-signalling')\n"
        f"found = goodoffices.study(s, draws={DRAWS}, seed=3, workers=1, store={str(tmp_path)!r}, notice=print)\n"
        "print(len(found.verdicts))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be kept any more" in done.stdout.splitlines()[0]
    assert not list(tmp_path.glob("*/.*.tmp"))


def test_a_folder_that_can_only_be_read_is_used_and_said(scenario, plain, tmp_path, monkeypatch, solves):
    study(scenario, tmp_path)
    files = sorted(tmp_path.rglob("*"))
    solves.clear()
    monkeypatch.setattr("goodoffices.store.folder.is_writable", lambda _: False)
    heard = []
    assert numbers(study(scenario, tmp_path, notice=heard.append)) == plain
    assert not solves
    assert len(heard) == 1
    assert "only be read" in heard[0]
    study(scenario, tmp_path, seed=4, notice=heard.append)
    assert sorted(tmp_path.rglob("*")) == files


def test_there_must_be_something_to_resume(scenario, tmp_path):
    study(scenario, tmp_path, seed=1)
    with pytest.raises(Refusal) as raised:
        study(scenario, tmp_path, seed=2, resume=True)
    assert code(raised) == "nothing-to-resume"
    assert "seed 1" in raised.value.diagnostics[0].hint
    with pytest.raises(Refusal) as raised:
        study(scenario, None, resume=True)
    assert code(raised) == "nothing-to-resume"


# ---------------------------------------------------------------- the command
def long_study(folder: Path, *more: str, out="out") -> list[str]:
    program = str(Path(sys.executable).with_name("goodoffices"))
    settings = ["--draws", "1200", "--seed", "5", "--store", str(folder / "store")]
    return [program, "study", "crisis-signalling", *settings, "--out", str(folder / out), "--quiet", *more]


def found_in(folder: Path) -> dict:
    data = json.loads((folder / "study.json").read_text())
    del data["statistics"]
    return data


def stopped_early(folder: Path, how: int, *more: str) -> subprocess.Popen:
    """A study that is stopped once it has kept a few shards."""
    process = subprocess.Popen(long_study(folder, *more), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(list(folder.glob("store/*/*.nc"))) < 6:
        assert process.poll() is None, "the study was over before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate(timeout=60)
    return process


@POSIX
def test_a_study_killed_at_any_moment_is_resumed_with_the_same_numbers(tmp_path):
    process = stopped_early(tmp_path, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    kept = {p.name for p in tmp_path.glob("store/*/*.nc")}
    assert not (tmp_path / "out" / "study.json").exists()
    again = stopped_early(tmp_path, signal.SIGKILL, "--resume")
    assert again.returncode == -signal.SIGKILL
    resumed = subprocess.run(long_study(tmp_path, "--resume"), capture_output=True, text=True, check=False)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert kept <= {p.name for p in tmp_path.glob("store/*/*.nc")}
    whole = subprocess.run(
        long_study(tmp_path, "--resume", out="o2"), capture_output=True, text=True, check=False
    )
    assert whole.returncode == 0
    fresh = long_study(tmp_path, out="fresh")
    fresh[fresh.index("--store") : fresh.index("--store") + 2] = ["--no-store"]
    assert subprocess.run(fresh, check=False).returncode == 0
    assert found_in(tmp_path / "out") == found_in(tmp_path / "o2") == found_in(tmp_path / "fresh")


@POSIX
def test_an_interrupted_study_keeps_its_shards(tmp_path):
    process = stopped_early(tmp_path, signal.SIGINT)
    assert process.returncode == 130
    kept = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("store/*/*.nc")}
    assert len(kept) >= 6
    done = subprocess.run(long_study(tmp_path, "--resume"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    now = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("store/*/*.nc")}
    assert {name: now[name] for name in kept} == kept


def test_two_processes_on_one_run_both_end_well(tmp_path):
    both = [
        subprocess.Popen(long_study(tmp_path, out=out), stderr=subprocess.PIPE, text=True) for out in "ab"
    ]
    said = [process.communicate(timeout=300)[1] for process in both]
    assert said == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    assert found_in(tmp_path / "a") == found_in(tmp_path / "b")
    keys = [p.name.split(".")[0] for p in tmp_path.glob("store/*/*.nc")]
    assert len(keys) == len(set(keys))
    assert not list(tmp_path.glob("store/*/.*.tmp"))


def test_runs_are_listed_shown_and_removed(goodoffices, tmp_path):
    store = tmp_path / "kept"
    empty = goodoffices("runs", "list", "--store", store)
    assert (empty.returncode, empty.stdout) == (0, f"No runs in {store}.\n")
    goodoffices("study", "crisis-signalling", "--draws", "8", "--store", store, "--quiet")
    listed = json.loads(goodoffices("runs", "list", "--store", store, "--json").stdout)
    assert [(run["draws"], run["seed"]) for run in listed] == [(8, 1)]
    name = listed[0]["id"]
    assert name in goodoffices("runs", "list", "--store", store).stdout
    shown = goodoffices("runs", "show", name[:6], "--store", store)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "method tree, rounds" in shown.stdout
    assert json.loads(goodoffices("runs", "show", name, "--store", store, "--json").stdout) == listed[0]
    removed = goodoffices("runs", "remove", name, "--store", store)
    assert (removed.returncode, removed.stdout.startswith(f"Removed {name}")) == (0, True)
    again = goodoffices("runs", "remove", name, "--store", store)
    assert again.returncode == 1
    assert "error[unknown-run]" in again.stderr


def test_the_cache_is_bounded_and_other_folders_are_left_alone(goodoffices, tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    own = tmp_path / "own"
    for where in ([], ["--store", own]):
        run = goodoffices("study", "beer-quiche", "--draws", "2", "--quiet", *where, env=environment)
        assert run.returncode == 0
    young = goodoffices("runs", "remove", "--older-than", "30d", env=environment)
    assert (young.returncode, young.stdout.startswith("0 runs removed")) == (0, True)
    small = goodoffices("runs", "remove", "--keep-under", "1 kB", "--json", env=environment)
    done = json.loads(small.stdout)
    assert (len(done["removed"]), done["in_use"], done["left"]) == (1, [], 0)
    assert json.loads(goodoffices("runs", "list", "--json", env=environment).stdout) == []
    assert len(json.loads(goodoffices("runs", "list", "--json", "--store", own).stdout)) == 1


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["abcd", "--older-than", "3d"],
        ["--older-than", "3"],
        ["--older-than", "-3d"],
        ["--keep-under", "much"],
    ],
)
def test_a_removal_that_is_not_clear_is_misuse(goodoffices, tmp_path, options):
    done = goodoffices("runs", "remove", *options, "--store", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_runs_are_kept_in_the_users_cache_unless_that_is_not_wanted(goodoffices, tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    run = ["study", "crisis-signalling", "--draws", "8", "--quiet"]
    assert goodoffices(*run, "--no-store", env=environment).returncode == 0
    assert not list(tmp_path.glob("cache/goodoffices/runs/*"))
    assert goodoffices(*run, env=environment).returncode == 0
    assert len(json.loads(goodoffices("runs", "list", "--json", env=environment).stdout)) == 1
    wrong = goodoffices(*run, "--no-store", "--resume", env=environment)
    assert (wrong.returncode, "--no-store" in wrong.stderr) == (2, True)


def test_a_store_that_cannot_be_used_is_refused_before_the_work(goodoffices, tmp_path):
    (tmp_path / "file").write_text("")
    for store in ("file", "file/store"):
        done = goodoffices("study", "crisis-signalling", "--store", tmp_path / store)
        assert done.returncode == 1
        assert "error[store-unwritable]" in done.stderr
        assert "hint: " in done.stderr
        assert "Traceback" not in done.stderr
