"""Drives the workers in alternation and reduces their samples to one row a comparison."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.case import Case, Rival

OURS = "pullback"
# The same ground for every library: its own defaults, no compiled program read from disk.
ENVIRONMENT = {
    "JAX_ENABLE_COMPILATION_CACHE": "0",
    "PULLBACK_CACHE": "0",
}


# The same hardware for both sides: what ours calls it, and what JAX does.
PLATFORMS = {"cpu": "cpu", "xla": "cpu", "cuda": "cuda", "tpu": "tpu"}


def on_platform(name: str) -> dict[str, str]:
    """What makes workers compute on a platform."""
    return {"PULLBACK_PLATFORMS": f"{name},cpu", "JAX_PLATFORMS": PLATFORMS[name]}


class WorkerError(Exception):
    """A worker raised or died; the message is the row's result."""


class Process:
    """A worker process of one library and one float width."""

    def __init__(self, library: str, x64: bool) -> None:
        self.library = library
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ENVIRONMENT | {"JAX_ENABLE_X64": str(int(x64))},
        )

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        assert self.popen.stdin and self.popen.stdout
        self.popen.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        if not line:
            raise WorkerError(f"the {self.library} worker died, exit code {self.popen.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.library}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        self.popen.kill()
        self.popen.communicate()


@contextmanager
def fresh(library: str, x64: bool) -> Iterator[Process]:
    """A worker for one sample."""
    process = Process(library, x64)
    try:
        yield process
    finally:
        process.close()


class Pool:
    """The long-lived workers: one for each library and float width, started when first needed."""

    def __init__(self) -> None:
        self.processes: dict[tuple[str, bool], Process] = {}

    def get(self, library: str, x64: bool) -> Process:
        """The worker, started again if it died."""
        process = self.processes.get((library, x64))
        if process is None or process.popen.poll() is not None:
            process = self.processes[library, x64] = Process(library, x64)
        return process

    def close(self) -> None:
        """End all workers."""
        for process in self.processes.values():
            process.close()


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
    """One line of the table: a case against one rival."""

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
        """`ok` or `miss` where a ratio is wanted and known."""
        if self.error:
            return "error"
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
        with fresh(side.library, case.x64) as process:
            return process.ask("first", case=case.name, rival=side.rival)["seconds"]

    return [Times(tuple(taken)) for taken in in_turn(sides, rounds, sample)]


def peak_memory(case: Case, side: Side) -> int:
    """What the case's first call adds to a fresh process, in bytes; 0 where it is not asked for."""
    if not case.memory:
        return 0
    with fresh(side.library, case.x64) as process:
        return process.ask("memory", case=case.name, rival=side.rival)["bytes"]


def steady_calls(case: Case, sides: list[Side], rounds: int, pool: Pool) -> list[Times]:
    """The case's warm calls, by the long-lived workers."""

    def ask(side: Side, do: str, **request: Any) -> dict[str, Any]:
        worker = pool.get(side.library, case.x64)
        return worker.ask(do, case=case.name, rival=side.rival, **request)

    def sample(side: Side) -> float:
        return ask(side, "sample", loops=prepared[side]["loops"])["seconds"]

    prepared = {side: ask(side, "prepare") for side in sides}
    taken = in_turn(sides, rounds, sample)
    for side in sides:
        ask(side, "drop")
    return [
        Times(tuple(samples), prepared[side]["first"], peak_memory(case, side))
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
        return Row(case, rival, error=str(error))
    return Row(case, rival, **dict(zip(sides, times, strict=True)))
