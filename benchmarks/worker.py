"""One library in one long-lived process: reads requests from its input, times, answers in JSON."""

import gc
import importlib
import itertools
import json
import os
import re
import resource
import sys
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.case import Build, Call, Case
from benchmarks.cases import BY_NAME

WARM_CALLS = 3
MEMORY_SHARE = 0.6


class Library:
    """A library's modules and functions under JAX's names; `np` is its NumPy."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = importlib.import_module(name)
        self.np = self.root if name == "numpy" else importlib.import_module(f"{name}.numpy")

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self.root, name):
            importlib.import_module(f"{self.name}.{name}")
        found = getattr(self.root, name)
        setattr(self, name, found)  # so that a call that is timed does not search again
        return found


def warm_up(xp: Library) -> None:
    """Start what a library starts once, so that a first call measures its own program."""
    if xp.name != "numpy":
        xp.jit(lambda x: x + 1)(xp.np.array(1.0)).block_until_ready()


def seconds(call: Call, loops: int) -> float:
    """The mean time of a call."""
    gc.collect()
    gc.disable()
    start = perf_counter()
    for _ in itertools.repeat(None, loops):
        call()
    total = perf_counter() - start
    gc.enable()
    return total / loops


def resident(field: str) -> int:
    """A field of this process's memory account, in bytes."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found, f"no {field} in /proc/self/status"
    return int(found[1]) * 1024


def peak_bytes(call: Call) -> int:
    """By how much a call raises the resident memory at its highest; 0 where unknown."""
    if not sys.platform.startswith("linux"):
        return 0
    Path("/proc/self/clear_refs").write_text("5")  # sets the high-water mark back
    before = resident("VmRSS")
    call()
    return resident("VmHWM") - before


def build_of(case: Case, rival: str | None) -> Build:
    """The builder to run: the case's own, or its rival's."""
    builds = {r.name: r.build or case.build for r in case.rivals}
    return case.build if rival is None else builds[rival]


class Worker:
    """The calls that have been built, by case and rival."""

    def __init__(self, library: str, *member: str) -> None:
        self.xp = Library(library)
        if member:
            address, count, number = member
            self.xp.distributed.initialize(address, int(count), int(number))
        self.calls: dict[tuple[str, str | None], Any] = {}
        warm_up(self.xp)

    def prepare(self, case: str, rival: str | None) -> dict[str, Any]:
        """Build a call; the time of its first run."""
        call = build_of(BY_NAME[case], rival)(self.xp)
        first = seconds(call, 1)
        seconds(call, WARM_CALLS)
        self.calls[case, rival] = call
        return {"first": first}

    def sample(self, case: str, rival: str | None, loops: int) -> dict[str, Any]:
        """One sample of a prepared call."""
        return {"seconds": seconds(self.calls[case, rival], loops)}

    def first(self, case: str, rival: str | None) -> dict[str, Any]:
        """The first run of a call built now."""
        return {"seconds": seconds(build_of(BY_NAME[case], rival)(self.xp), 1)}

    def memory(self, case: str, rival: str | None) -> dict[str, Any]:
        """The rise of memory by the first run of a call built now, its compilation included."""
        return {"bytes": peak_bytes(build_of(BY_NAME[case], rival)(self.xp))}

    def device_bytes(self, case: str, rival: str | None) -> dict[str, Any]:
        """What a prepared call holds on each device."""
        return {"bytes": self.calls[case, rival].device_bytes()}

    def drop(self, case: str, rival: str | None) -> dict[str, Any]:
        """Forget a call and what it holds."""
        del self.calls[case, rival]
        return {}


def limit_memory() -> None:
    """Let this process die before the machine has no memory left for the others."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(total * MEMORY_SHARE), most))


def serve(library: str, *member: str) -> None:
    """Answer requests until the input ends; `member` says which of several processes this is."""
    limit_memory()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    worker: Worker | None = None
    for line in sys.stdin:
        try:
            worker = worker or Worker(library, *member)
            request = json.loads(line)
            do = {
                "prepare": worker.prepare,
                "sample": worker.sample,
                "first": worker.first,
                "memory": worker.memory,
                "device_bytes": worker.device_bytes,
                "drop": worker.drop,
            }
            answer = do[request.pop("do")](**request)
        except Exception as error:  # whatever a library raises becomes the case's result
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
