"""Drives the workers in alternation and reduces their samples to one row a comparison."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

from benchmarks.case import Case, Place, Rival

OURS = "pullback"
SAMPLE_SECONDS = 0.1  # one sample repeats its call for about this long
# Threads of OpenBLAS spin for some 30 ms after a call: samples of the other library wait for that.
SETTLING_SECONDS = 0.05
# The same ground for every library: its own defaults, no compiled program read from disk.
ENVIRONMENT = {
    "JAX_ENABLE_COMPILATION_CACHE": "0",
    "PULLBACK_CACHE": "0",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


# Threads of XLA for each device of the processor: programs that exchange data need one each.
THREADS = 2
# The same hardware for both sides: what ours calls it, and what JAX does.
PLATFORMS = {"cpu": "cpu", "xla": "cpu", "cuda": "cuda", "tpu": "tpu"}


def on_platform(name: str) -> dict[str, str]:
    """What makes workers compute on a platform."""
    return {"PULLBACK_PLATFORMS": f"{name},cpu", "JAX_PLATFORMS": PLATFORMS[name]}


class WorkerError(Exception):
    """A worker raised or died; the message is the row's result."""


class WorkerDied(WorkerError):
    """A worker is no more: it crashed, or took more memory than there is."""

    def __init__(self, library: str, code: int) -> None:
        super().__init__(f"{library}: died, exit code {code}")
        self.library = library


def environment(place: Place) -> dict[str, str]:
    """What a library's processes are told by their environment, and both libraries alike."""
    found = os.environ | ENVIRONMENT | {"JAX_ENABLE_X64": str(int(place.x64))}
    if place.devices and found.get("JAX_PLATFORMS", "cpu") == "cpu":
        found |= on_platform("xla") | {
            "PULLBACK_NUM_CPU_DEVICES": str(place.devices),
            "JAX_NUM_CPU_DEVICES": str(place.devices),
            "PJRT_NPROC": str(max(THREADS * place.devices, os.cpu_count() or 1)),
        }
    return found


class Process:
    """A worker process of one library."""

    def __init__(self, library: str, place: Place, member: list[str]) -> None:
        self.library = library
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library, *member],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(place),
        )

    def send(self, request: dict[str, Any]) -> None:
        """Send a request."""
        assert self.popen.stdin
        self.popen.stdin.write(json.dumps(request) + "\n")
        self.popen.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer."""
        assert self.popen.stdout
        line = self.popen.stdout.readline()
        if not line:
            raise WorkerDied(self.library, self.popen.wait())
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.library}: {answer['error']}")
        return answer


class Worker:
    """One library at one place: a process, or several that compute together."""

    def __init__(self, library: str, place: Place) -> None:
        members = range(place.processes)
        shared = [f"127.0.0.1:{free_port()}", str(place.processes)] if len(members) > 1 else []
        told = [[*shared, str(i)] if shared else [] for i in members]
        self.processes = [Process(library, place, member) for member in told]

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Send a request to all and wait for their answers; of each number the largest."""
        for process in self.processes:
            process.send({"do": do, **request})
        answers = [process.answer() for process in self.processes]
        return {name: max(answer[name] for answer in answers) for name in answers[0]}

    @property
    def is_alive(self) -> bool:
        """Whether all processes are there."""
        return all(process.popen.poll() is None for process in self.processes)

    def close(self) -> None:
        """End the processes."""
        for process in reversed(self.processes):
            process.popen.kill()
            process.popen.communicate()


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def fresh(library: str, place: Place) -> Iterator[Worker]:
    """A worker for one sample."""
    worker = Worker(library, place)
    try:
        yield worker
    finally:
        worker.close()


class Pool:
    """The long-lived workers: one for each library and place, started when first needed."""

    def __init__(self) -> None:
        self.workers: dict[tuple[str, Place], Worker] = {}

    def get(self, library: str, place: Place) -> Worker:
        """The worker, started again if it, or what it is waited for with, died."""
        worker = self.workers.get((library, place))
        if worker is None or not worker.is_alive:
            self.drop(library, place)
            worker = self.workers[library, place] = Worker(library, place)
        return worker

    def drop(self, library: str, place: Place) -> None:
        """End a worker, whatever it is doing."""
        worker = self.workers.pop((library, place), None)
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End all workers."""
        for library, place in list(self.workers):
            self.drop(library, place)


@dataclass(frozen=True)
class Side:
    """One of the two programs compared: a library and whose builder it runs."""

    library: str
    rival: str | None


@dataclass(frozen=True)
class Times:
    """What was measured of one side: samples and first call in seconds, memory in bytes."""

    samples: tuple[float, ...]
    first: float | None = None
    memory: int = 0

    @property
    def typical(self) -> float:
        return median(self.samples)


@dataclass(frozen=True)
class Row:
    """One line of the table: a case against one rival.

    An error with our times beside it is the death of the rival.
    """

    case: Case
    rival: Rival
    ours: Times | None = None
    theirs: Times | None = None
    error: str | None = None

    @property
    def ratio(self) -> float | None:
        """The median over the rounds of our time over theirs."""
        if self.ours is None or self.theirs is None:
            return None
        pairs = zip(self.ours.samples, self.theirs.samples, strict=True)
        return median(a / b for a, b in pairs)

    @property
    def verdict(self) -> str:
        """`ok` or `miss` where a ratio is wanted and known; a rival that died has lost."""
        if self.error:
            return "ok" if self.ours else "error"
        if self.ratio is None or self.rival.at_most is None:
            return ""
        return "ok" if self.ratio <= self.rival.at_most else "miss"


def in_turn(sides: list[Side], rounds: int, sample: Callable[[Side], float]) -> list[list[float]]:
    """Samples of each side, taken A B A B, so that a noisy machine disturbs both alike."""
    samples: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for taken, side in zip(samples, sides, strict=True):
            taken.append(sample(side))
    return samples


def first_calls(case: Case, sides: list[Side], rounds: int) -> list[Times]:
    """The case's first call, each in a process of its own."""

    def sample(side: Side) -> float:
        with fresh(side.library, case.place) as worker:
            return worker.ask("first", case=case.name, rival=side.rival)["seconds"]

    return [Times(tuple(taken)) for taken in in_turn(sides, rounds, sample)]


def peak_memory(case: Case, side: Side) -> int:
    """What the case's first call adds to a fresh process, in bytes; 0 where it is not asked for."""
    if not case.memory:
        return 0
    with fresh(side.library, case.place) as worker:
        return worker.ask("memory", case=case.name, rival=side.rival)["bytes"]


def enough_loops(sample: Callable[[int], float]) -> int:
    """How many calls fill one sample, found by doubling."""
    loops = 1
    while (total := sample(loops) * loops) < SAMPLE_SECONDS / 4:
        loops *= 2
    return max(1, round(loops * SAMPLE_SECONDS / total))


def steady_calls(case: Case, sides: list[Side], rounds: int, pool: Pool) -> list[Times]:
    """The case's warm calls, by the long-lived workers."""

    def ask(side: Side, do: str, **request: Any) -> dict[str, Any]:
        worker = pool.get(side.library, case.place)
        return worker.ask(do, case=case.name, rival=side.rival, **request)

    def sample(side: Side, loops: int) -> float:
        time.sleep(SETTLING_SECONDS)
        return ask(side, "sample", loops=loops)["seconds"]

    first = {side: ask(side, "prepare")["first"] for side in sides}
    loops = {side: enough_loops(partial(sample, side)) for side in sides}
    taken = in_turn(sides, rounds, lambda side: sample(side, loops[side]))
    divided = {side: ask(side, "device_bytes")["bytes"] for side in sides if case.device_bytes}
    for side in sides:
        ask(side, "drop")
    return [
        Times(tuple(samples), first[side], divided.get(side) or peak_memory(case, side))
        for side, samples in zip(sides, taken, strict=True)
    ]


def measure(case: Case, rival: Rival, only: str | None, rounds: int, pool: Pool) -> Row | None:
    """One row; None if `only` leaves nothing of it to measure."""
    both = {"ours": Side(OURS, None), "theirs": Side(rival.library, rival.name)}
    sides = {who: side for who, side in both.items() if only in (None, side.library)}
    if not sides:
        return None
    try:
        if case.first:
            times = first_calls(case, list(sides.values()), rounds)
        else:
            times = steady_calls(case, list(sides.values()), rounds, pool)
    except WorkerError as error:
        for side in sides.values():
            pool.drop(side.library, case.place)
        lost = isinstance(error, WorkerDied) and error.library != OURS and only is None
        alone = measure(case, rival, OURS, rounds, pool) if lost else None
        return replace(alone or Row(case, rival), error=str(error))
    return Row(case, rival, **dict(zip(sides, times, strict=True)))
