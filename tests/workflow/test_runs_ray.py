"""A Ray cluster: the same bits as on this machine, also where a worker and a whole node are killed in mid-run.

Starts real clusters of two nodes, on the loopback interface only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.forecast_records import TALKS, WORDS, history, write_csv

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc"),
]

COMMON = """
import json, logging, os, re, signal, sys, threading, time
from pathlib import Path
import goodoffices
from goodoffices.reports.data import study_data

# Ray takes 127.0.0.1 for a name of the machine and looks its address on the network up; this one stays as it is.
LOOPBACK = "127.0.0.2"

def numbers(study):
    data = study_data(study)
    del data["statistics"]
    return data

def start(*cpus):
    from ray.cluster_utils import Cluster
    import ray
    cluster = Cluster(initialize_head=True, head_node_args=dict(
        num_cpus=cpus[0], include_dashboard=False, node_ip_address=LOOPBACK))
    nodes = [cluster.add_node(num_cpus=n, node_ip_address=LOOPBACK) for n in cpus[1:]]
    ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
    return cluster, nodes

def actors():
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::Actor"):
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found

def elsewhere():
    # Sockets of this test's processes whose other end is not on the loopback interface.
    inodes = {}
    for kind in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            inodes[fields[9]] = fields[2].split(":")[0]
    loopback = re.compile("0+|[0-9A-F]{6}7F|0+01000000|0+FFFF0000[0-9A-F]{6}7F")
    out = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"ray" not in (process / "cmdline").read_bytes():
                continue
            for fd in (process / "fd").iterdir():
                target = os.readlink(fd)
                if target.startswith("socket:["):
                    other = inodes.get(target[8:-1])
                    if other is not None and not loopback.fullmatch(other):
                        out.add(other)
        except OSError:
            pass
    return sorted(out)

def shards():
    return len(list(store.glob("*/*.nc")))

def wait_for(true):
    deadline = time.monotonic() + 150
    while not true():
        if time.monotonic() > deadline:
            os._exit(9)
        time.sleep(0.02)

store = Path(sys.argv[1])
scenario = goodoffices.load("budapest-2025")
settings = dict(rounds=1, draws=1000, seed=2, store=store, engine="ray", notice=print)
"""

LOSSES = (
    COMMON
    + """
cluster, (second,) = start(1, 2)
seen = {}

def harm():
    wait_for(lambda: shards() >= 10)
    seen["elsewhere"] = elsewhere()
    victims = actors()
    seen["actors"] = len(victims)
    os.kill(victims[0], signal.SIGKILL)
    seen["worker_killed_at"] = shards()
    wait_for(lambda: shards() >= seen["worker_killed_at"] + 20)
    cluster.remove_node(second, allow_graceful=False)
    seen["node_killed_at"] = shards()

thread = threading.Thread(target=harm, daemon=True)
thread.start()
found = goodoffices.study(scenario, workers=3, **settings)
thread.join()
seen["shards"] = shards()
seen["study"] = numbers(found)
Path(sys.argv[2]).write_text(json.dumps(seen))
import ray
ray.shutdown()
cluster.shutdown()
"""
)

PLAIN = (
    COMMON
    + """
settings |= dict(engine="local", store=None)
Path(sys.argv[2]).write_text(json.dumps(numbers(goodoffices.study(scenario, workers=1, **settings))))
"""
)

OWN = (
    COMMON
    + """
settings["draws"] = 64
by_ray = numbers(goodoffices.study(scenario, workers=2, **settings))
import ray
seen = {"still": ray.is_initialized(), "actors": len(actors()), "usage": os.environ["RAY_USAGE_STATS_ENABLED"]}
here = numbers(goodoffices.study(scenario, **settings | dict(engine="local", workers=1, store=None)))
again = numbers(goodoffices.study(scenario, **settings | dict(engine="local", workers=1, resume=True)))
seen["same"] = by_ray == here == again
Path(sys.argv[2]).write_text(json.dumps(seen))
"""
)

FIT = (
    COMMON
    + """
from goodoffices.inference.posterior_fitting import FitSettings
from goodoffices.workflow import likelihoods
from goodoffices.workflow.fitting import learn

likelihoods.TOGETHER = 8
few = dict(settings=FitSettings(effective=40, batch=24, repeats=2), nodes=(2, 3), replicas=0)
talks = store.parent / "talks.yaml"
by_ray = learn(talks, engine="ray", workers=2, **few).posterior
here = learn(talks, workers=1, **few).posterior
same = (by_ray.points == here.points).all() and by_ray.log_evidence == here.log_evidence
Path(sys.argv[2]).write_text(json.dumps([bool(same), len(actors())]))
"""
)

OTHER_CODE = (
    COMMON
    + """
from goodoffices.core.diagnostics import Refusal
from goodoffices.workflow import addresses
own = addresses.code_version()
addresses.code_version = lambda method: "9.9"
try:
    goodoffices.study(scenario, workers=1, **settings)
except Refusal as refusal:
    Path(sys.argv[2]).write_text(json.dumps([refusal.diagnostics[0].code, refusal.diagnostics[0].message, own]))
"""
)


def ran(program: str, folder: Path, name: str):
    out = folder / f"{name}.json"
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder / "store"), str(out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


def test_a_killed_worker_and_a_killed_node_cost_time_and_no_bit(tmp_path):
    found = ran(LOSSES, tmp_path, "losses")
    assert found["actors"] == 3
    assert found["worker_killed_at"] < found["node_killed_at"] < found["shards"]
    assert found["elsewhere"] == []
    assert found["study"] == ran(PLAIN, tmp_path, "plain")


def test_a_cluster_that_a_study_starts_ends_with_it(tmp_path):
    assert ran(OWN, tmp_path, "own") == {"still": False, "actors": 0, "usage": "0", "same": True}


def test_a_posterior_has_the_same_bits_on_a_cluster(tmp_path):
    write_csv(history(*WORDS), tmp_path / "events.csv")
    (tmp_path / "talks.yaml").write_text(TALKS, encoding="utf-8")
    assert ran(FIT, tmp_path, "fit") == [True, 0]


def test_workers_with_other_code_are_refused(tmp_path):
    code, message, own = ran(OTHER_CODE, tmp_path, "other")
    assert code == "cluster-differs"
    assert own in message
    assert "9.9" in message


def test_a_cluster_that_is_not_there_is_refused(goodoffices):
    done = goodoffices("study", "beer-quiche", "--engine", "ray", "--address", "127.0.0.2:1", "--no-store")
    assert done.returncode == 1
    assert "error[no-cluster]" in done.stderr
    assert "Traceback" not in done.stderr
