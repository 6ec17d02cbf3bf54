"""Several processes on this machine: the programs of `tests/distributed`, and what goes wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jax.experimental import multihost_utils as jax_utils
from sharded import test_sharded_training as transformer
from test_surface_modules import parameters

import pullback as pb
from pullback.distributed import settings
from pullback.experimental import multihost_utils

FOLDER = Path(__file__).parent / "distributed"
RUN = [sys.executable, "-m", "pullback.distributed", "run"]
LIMIT = 120


def launched(*arguments: object, code: int = 0, **environment: str) -> list[str]:
    """What the processes write to their standard output, line by line."""
    done = subprocess.run(
        [*RUN, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout.splitlines()


def fine(lines: list[str]) -> int:
    """How many processes came to their end."""
    return sum([line.endswith("] fine") for line in lines])


def last_lines(commands: Iterable[Sequence[Any]]) -> list[str]:
    """What processes that run at once, and end well, print last."""
    processes = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
    try:
        told = [p.communicate(timeout=LIMIT)[0].splitlines()[-1] for p in processes]
    finally:
        for p in processes:
            p.kill()
    assert not any(p.returncode for p in processes)
    return told


@pytest.mark.parametrize(("count", "each"), [(4, 1), (2, 2)])
def test_arrays_programs_and_exchanges(count: int, each: int) -> None:
    assert fine(launched("-n", count, "--devices", each, FOLDER / "arrays.py")) == count


def test_utilities() -> None:
    assert fine(launched("-n", 2, "--devices", 2, FOLDER / "utilities.py")) == 2


@pytest.fixture(scope="module")
def losses() -> str:
    """What training on one device gives, by Pullback's own compiler."""
    found = transformer.train(pb.jit(transformer.step), transformer.parameters())
    assert found[-1] < found[0]
    return json.dumps(found)


@pytest.mark.parametrize(("way", "each"), [("data", 1), ("matrices", 2)])
def test_training_is_as_on_one_device(losses: str, way: str, each: int) -> None:
    assert fine(launched("-n", 2, "--devices", each, FOLDER / "training.py", way, losses)) == 2


# How a process ends, the exit code of the run, and what the others are told.
ENDS = {
    "kill": (128 + signal.SIGKILL, "its connection has ended"),
    "error": (1, "it ended with ValueError: bad data"),
    "exit": (7, "it has left, being at its end"),
}


@pytest.mark.parametrize(
    ("how", "count", "each"), [("kill", 4, 1), ("error", 2, 2), ("exit", 3, 1)]
)
def test_the_others_learn_which_process_is_gone(how: str, count: int, each: int) -> None:
    code, why = ENDS[how]
    command = ["-n", count, "--devices", each, "--grace", 30, FOLDER / "losing.py", how, 1]
    lines = launched(*command, code=code)
    assert fine(lines) == count - 1, lines
    for k in {*range(count)} - {1}:
        assert f"[{k}] (1,) {why}" in lines


def wrong(text: str, **environment: str) -> str:
    """What a program says that ends with an error of its own, never by a signal."""
    done = subprocess.run(
        [sys.executable, "-c", "import pullback as pb\n" + text],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 1, (done.returncode, done.stderr)
    return done.stderr.splitlines()[-1]


def test_a_missing_coordinator_or_process_is_an_error_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"127.0.0.1:{server.getsockname()[1]}"
    start = time.monotonic()
    said = wrong(f"pb.distributed.initialize({free!r}, 2, 1, initialization_timeout=2)")
    assert time.monotonic() - start < 20
    assert f"process 1 finds no coordinator at {free} within 2 s" in said
    said = wrong(
        f"pb.distributed.initialize({free!r}, 3, 0, initialization_timeout=2,"
        " shutdown_timeout_seconds=1)"
    )
    assert "but not all 3 processes came there within 2 s" in said
    with socket.create_server(("", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        said = wrong(f"pb.distributed.initialize({place!r}, 2, 0, initialization_timeout=2)")
    assert "the coordinator cannot listen at" in said


def test_one_process_alone_may_join_itself() -> None:
    lines = launched("-n", 1, "--devices", 2, "-m", "pullback.distributed.hello")
    assert lines == ["[0] process 0 of 1 has 2 of 2 devices"]


def test_the_coordinator_may_be_process_0(tmp_path: Path) -> None:
    """Without the launcher, with nothing but arguments."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
    text = f"""
import sys
import numpy as np
import pullback as pb
from pullback.experimental import multihost_utils
me = int(sys.argv[1])
pb.distributed.initialize({place!r}, 2, me, shutdown_timeout_seconds=20)
print(multihost_utils.process_allgather(np.int32(me)).tolist())
"""
    told = last_lines([sys.executable, "-c", text, str(k)] for k in (0, 1))
    assert told == ["[0, 1]"] * 2


SLEEPER = """
import signal, sys, time
def asked(number, frame):
    print("asked", signal.Signals(number).name)
    sys.exit(5)
signal.signal(signal.SIGUSR1, asked)
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which the end of the other one brings
print("ready", sys.argv[1:])
time.sleep(100)
"""


def test_signals_are_passed_on(tmp_path: Path) -> None:
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    command = [*RUN, "-n", "2", script, "--steps", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        ready = [run.stdout.readline().strip() for _ in range(2)]
        assert sorted(ready) == [f"[{k}] ready ['--steps', '3']" for k in (0, 1)]
        run.send_signal(signal.SIGUSR1)
        out, _ = run.communicate(timeout=LIMIT)
    assert sorted(out.splitlines()) == [f"[{k}] asked SIGUSR1" for k in (0, 1)]
    assert run.returncode == 5


def test_those_that_outlive_a_failure_are_ended(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, time\n"
        "if os.environ['PULLBACK_PROCESS_ID'] == '1': sys.exit(3)\n"
        "time.sleep(100)\n"
    )
    start = time.monotonic()
    assert launched("-n", 2, "--grace", 0.5, script, code=3) == []
    assert time.monotonic() - start < 60


def test_several_machines_differ_in_the_arguments_alone(tmp_path: Path) -> None:
    """Two launchers on this machine, as if on two."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
    command = [*RUN, "-n", "1", "--devices", "1", "--hosts", "2", "--coordinator", place]
    hello = ["-m", "pullback.distributed.hello"]
    told = last_lines([*command, "--host", str(k), *hello] for k in (0, 1))
    assert told == [f"[{k}] process {k} of 2 has 1 of 2 devices" for k in (0, 1)]


def test_settings_from_schedulers(monkeypatch: pytest.MonkeyPatch) -> None:
    slurm = {
        "SLURM_JOB_ID": "4097",
        "SLURM_STEP_NODELIST": "node[003-007,9],other",
        "SLURM_NTASKS": "4",
        "SLURM_PROCID": "2",
        "SLURM_LOCALID": "1",
    }
    assert settings.from_slurm(slurm) == ("node003:61441", 4, 2, (1,))
    for hosts, first in {"a": "a", "a,b": "a", "a1,b[2-3]": "a1", "n[1,2]": "n1"}.items():
        assert settings.first_host(hosts) == first
    mpi = {
        "OMPI_MCA_orte_hnp_uri": "4098.0;tcp://10.0.0.1,10.96.0.1:34911",
        "OMPI_COMM_WORLD_SIZE": "2",
        "OMPI_COMM_WORLD_RANK": "1",
        "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    }
    assert settings.from_open_mpi(mpi) == ("10.0.0.1:61442", 2, 1, (1,))
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    limits = {"start_timeout": 1, "end_timeout": 1, "patience": 1, "partition": None}
    plan = settings.settings(None, None, None, None, None, None, **limits)
    assert (plan.address, plan.index, plan.count, plan.devices) == ("node003:61441", 2, 4, (1,))
    monkeypatch.setenv("JAX_PROCESS_ID", "3")
    assert settings.settings(None, None, None, None, None, None, **limits).index == 3
    monkeypatch.setenv("PULLBACK_PROCESS_ID", "0")
    plan = settings.settings("h:1", None, None, 1, "slurm", None, **limits)
    assert (plan.address, plan.index, plan.devices, plan.serves) == ("h:1", 0, (1,), True)
    with pytest.raises(NotImplementedError, match="must be one of"):
        settings.settings(None, None, None, None, "mpi4py", None, **limits)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "python -m pullback.distributed run"),
        ({"coordinator_address": "here"}, ValueError, '"host:port"'),
        ({"process_id": 2}, ValueError, "from 0 to num_processes - 1 = 1, got 2"),
        ({"process_id": 0.0}, TypeError, "process_id must be an integer, got 0.0"),
        ({"num_processes": None}, ValueError, "num_processes=None"),
    ],
)
def test_wrong_arguments(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    full = {"coordinator_address": "h:1", "num_processes": 2, "process_id": 1} if arguments else {}
    with pytest.raises(error, match=message):
        settings.settings(
            **names({**full, **arguments}),
            start_timeout=1,
            end_timeout=1,
            patience=1,
            partition=None,
        )


def names(given: dict[str, object]) -> dict[str, object]:
    """The arguments of `settings` by the names of `initialize`."""
    asked = ("coordinator_address", "num_processes", "process_id")
    values = dict(zip(("address", "count", "index"), map(given.get, asked), strict=True))
    return {**values, "devices": None, "method": "deactivate", "bind_address": None}


def test_it_comes_before_any_device() -> None:
    pb.devices("xla")
    with pytest.raises(RuntimeError, match='"xla" have been used'):
        pb.distributed.initialize("127.0.0.1:1", 1, 0)
    assert not pb.distributed.is_initialized()
    pb.distributed.shutdown()


@pytest.mark.parametrize("name", multihost_utils.__all__)
def test_signatures_of_the_utilities(name: str) -> None:
    ours, theirs = (getattr(m, name) for m in (multihost_utils, jax_utils))
    assert parameters(ours) == parameters(theirs)


def test_utilities_of_one_process() -> None:
    values = {"a": np.arange(3.0), "b": 2}
    for name in ("broadcast_one_to_all", "process_allgather"):
        ours, theirs = (getattr(m, name)(values) for m in (multihost_utils, jax_utils))
        assert {k: (v.shape, v.tolist()) for k, v in ours.items()} == {
            k: (v.shape, v.tolist()) for k, v in theirs.items()
        }
    tiled = multihost_utils.process_allgather(values, tiled=True)
    assert tiled["a"].tolist() == [0.0, 1.0, 2.0]
    multihost_utils.sync_global_devices("alone")
    for m in (multihost_utils, jax_utils):
        assert m.reached_preemption_sync_point(3) is False
