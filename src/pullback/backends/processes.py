"""The processes that compute together: how one joins them, what it knows of them, how it leaves."""

import os
import socket
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

from ..core.device import host as here
from ..errors import DistributedError
from ..lazy import LazyModule
from .aside import aside
from .ring import News, Ring, reach, read

runtime: Any = LazyModule("jaxlib._jax")

# A time-out of the runtime's that is never reached, in seconds.
NEVER = 10**6
# Where each process writes how the others reach it, and its farewell in the end.
ADDRESSES = "pullback/processes/"


@dataclass(frozen=True)
class Plan:
    """What a process needs to know to join others.

    address: of the coordinator, "host:port". serves: whether this process is the coordinator.
    bind_address: where it listens then. devices: the numbers of the devices that are this
    process' own, None: all there are. patience: seconds after which a process that cannot be
    reached is lost. start_timeout, end_timeout: how long to wait for others at either end.
    """

    address: str
    index: int
    count: int
    serves: bool
    bind_address: str
    devices: tuple[int, ...] | None
    start_timeout: float
    end_timeout: float
    patience: int
    partition: int | None = None


@dataclass(frozen=True)
class Processes:
    """The processes of a run, as one of them knows them.

    host: the address under which the others reach this one. client, service: the connection to the
    coordinator, and the coordinator if it is here. ring: tells of those that are there no more.
    """

    plan: Plan
    host: str
    client: Any
    service: Any
    ring: Ring
    open: bool = True


_joined: Processes | None = None


def joined() -> Processes | None:
    """What this process has joined, even if it has left since; None: it is alone."""
    return _joined


def index() -> int:
    """The number of this process."""
    return _joined.plan.index if _joined else 0


def count() -> int:
    """How many processes compute together."""
    return _joined.plan.count if _joined else 1


def everyone() -> frozenset[int]:
    """The numbers of the processes that compute together; none where this one is alone."""
    return frozenset(range(_joined.plan.count)) if _joined else frozenset()


def join(plan: Plan) -> None:
    """Join the others; returns when all are there. DistributedError where that takes too long."""
    global _joined
    deadline = time.monotonic() + plan.start_timeout
    service = _serve(plan) if plan.serves else None
    host = _reach(plan)
    client = _client(plan, service, deadline)
    ring = Ring(plan.index, plan.count, host, plan.patience)
    client.key_value_set(f"{ADDRESSES}{plan.index}", f"{host} {ring.port}")
    _meet(plan, client, deadline)
    ring.start(lambda process: _find(client, process))
    ring.wait_until_watching()
    _joined = Processes(plan, host, client, service, ring)
    here.process_index = plan.index


def serve(address: str, processes: int, patience: int, end_timeout: float) -> Any:
    """The coordinator, listening at an address, for so many processes.

    It tolerates that processes die: those that remain decide themselves what becomes of the run.
    """
    host, port = split(address)
    _check_free(host, port)
    return runtime.get_distributed_runtime_service(
        address,
        processes,
        heartbeat_timeout=patience,
        cluster_register_timeout=NEVER,
        shutdown_timeout=max(1, int(end_timeout)),
        recoverable=True,
    )


def split(address: str) -> tuple[str, int]:
    """Host and port of "host:port"."""
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ValueError(f'the address of a coordinator is "host:port", got {address!r}')
    return host.strip("[]"), int(port)


def _check_free(host: str, port: int) -> None:
    """Raise where nobody can listen at an address: the runtime would end the process."""
    every = host == "::"
    both = every and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or (":" in host and not every) else socket.AF_INET
    place = ("" if every else host, port)
    try:
        socket.create_server(place, family=family, dualstack_ipv6=both).close()
    except OSError as error:
        raise DistributedError(
            f"distributed: the coordinator cannot listen at {host}:{port}: {error}"
        ) from error


def _serve(plan: Plan) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    return serve(plan.bind_address, plan.count, plan.patience, plan.end_timeout)


def _reach(plan: Plan) -> str:
    """Wait until the coordinator answers: without it the runtime would end the process."""
    try:
        return reach(*split(plan.address), plan.start_timeout)
    except OSError as error:
        raise DistributedError(
            f"distributed.initialize: process {plan.index} finds no coordinator at"
            f" {plan.address} within {plan.start_timeout:g} s ({error}). Is process 0, or the"
            " launcher, running, and can its port be reached from here?"
        ) from error


def _client(plan: Plan, service: Any, deadline: float) -> Any:
    """The connection to the coordinator, which has one when all have come.

    The runtime ends the process where that takes too long, so it is told that nothing does.
    """
    client = runtime.get_distributed_runtime_client(
        plan.address,
        plan.index,
        init_timeout=NEVER,
        shutdown_timeout=max(1, int(plan.end_timeout)),
        heartbeat_timeout=plan.patience,
        shutdown_on_destruction=False,
        use_compression=True,
    )

    def check() -> None:
        if time.monotonic() > deadline:
            raise DistributedError(
                f"distributed.initialize: process {plan.index} found the coordinator at"
                f" {plan.address}, but not all {plan.count} processes came there within"
                f" {plan.start_timeout:g} s"
            )

    try:
        aside(_connect, (client, service), check)
    except runtime.JaxRuntimeError as error:
        raise DistributedError(
            f"distributed.initialize: the coordinator at {plan.address} does not take process"
            f" {plan.index} of {plan.count}: {error}"
        ) from error
    return client


def _connect(given: tuple[Any, Any]) -> None:
    """Connect a client. The coordinator, if it is here, must live as long as one that tries."""
    client, _ = given
    client.connect()


def _meet(plan: Plan, client: Any, deadline: float) -> None:
    """Wait until all have written how they are reached."""
    left = max(1, int(deadline - time.monotonic()))
    try:
        client.wait_at_barrier(f"{ADDRESSES}all", 1000 * left)
    except runtime.JaxRuntimeError as error:
        came = {int(k.rpartition("/")[2]) for k, _ in client.key_value_dir_get(ADDRESSES)}
        missing = [i for i in range(plan.count) if i not in came]
        raise DistributedError(
            f"distributed.initialize: processes {missing} of {plan.count} did not come within"
            f" {plan.start_timeout:g} s",
            missing,
        ) from error


def _find(client: Any, process: int) -> tuple[str, int] | News:
    """The address of a process, or its farewell."""
    text = client.key_value_try_get(f"{ADDRESSES}{process}")
    host, _, port = text.partition(" ")
    return (host, int(port)) if port.isdecimal() else read(text.encode())


def leave() -> None:
    """Take leave of the others. Where the coordinator is here, wait until they have left too."""
    global _joined
    run = _joined
    if run is None or not run.open:
        return
    _joined = replace(run, open=False)
    farewell = _farewell(run.plan.index)
    name = f"{ADDRESSES}{run.plan.index}"
    run.client.key_value_set(name, farewell.line().decode(), allow_overwrite=True)
    run.ring.announce(farewell)
    if run.service is not None:
        others = {*range(run.plan.count)} - {run.plan.index}
        run.ring.wait_for(others, run.plan.end_timeout)
    run.ring.close()
    run.client.shutdown()
    if run.service is not None:
        run.service.shutdown()


def _farewell(index: int) -> News:
    """What the others are told: where an error ends this process, that it does."""
    error = getattr(sys, "last_value", None)
    if error is None:
        return News(index, True, "it has left, being at its end")
    return News(index, False, f"it ended with {type(error).__name__}: {error}")


def _news(processes: frozenset[int]) -> list[News]:
    """Which of these processes are lost, or where none is, which have left."""
    known = _joined.ring.news() if _joined else {}
    news = [n for p, n in sorted(known.items()) if p in processes]
    return [n for n in news if not n.left] or news


def patience(processes: frozenset[int], lost: float) -> float:
    """The seconds to wait for what these processes do together, when some are there no more.

    lost: those where one is lost. One that has left had done its part, and others may be slower.
    """
    assert _joined is not None
    only_left = all(n.left for n in _news(processes))
    return _joined.plan.patience if only_left else lost


def gone(processes: frozenset[int]) -> DistributedError | None:
    """The error that says which of these processes are there no more, if any."""
    news = _news(processes)
    if not news:
        return None
    told = "; ".join([f"process {n.process} is gone: {n.why}" for n in news])
    return DistributedError(
        f"a computation of the processes {sorted(processes)} cannot be done, {told}",
        [n.process for n in news],
    )
