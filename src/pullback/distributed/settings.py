"""What a process must know to join others: from arguments, the environment, or a scheduler."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..backends.processes import Plan, split


class Found(NamedTuple):
    """What is known of a run; None where it is not."""

    address: str | None = None
    count: int | None = None
    index: int | None = None
    devices: tuple[int, ...] | None = None

    def over(self, other: "Found") -> "Found":
        """This, and from the other what is missing."""
        return self._replace(
            **{k: v for k, v in other._asdict().items() if getattr(self, k) is None}
        )


# The environment's names, after PULLBACK_ or JAX_.
ADDRESS, COUNT, INDEX = "COORDINATOR_ADDRESS", "NUM_PROCESSES", "PROCESS_ID"
DEVICES, BIND, PARTITION = "LOCAL_DEVICE_IDS", "COORDINATOR_BIND_ADDRESS", "PARTITION_INDEX"
# Set by a launcher that runs the coordinator itself.
SERVED = "COORDINATOR_RUNS"
# The limits of a run, in seconds, where the launcher was told any.
START, PATIENCE = "INITIALIZATION_TIMEOUT", "HEARTBEAT_TIMEOUT_SECONDS"


def variable(name: str) -> str | None:
    """A setting in the environment."""
    return os.environ.get(f"PULLBACK_{name}", os.environ.get(f"JAX_{name}"))


def _whole(name: str) -> int | None:
    text = variable(name)
    if text is not None and not text.isdecimal():
        raise ValueError(f"distributed.initialize: PULLBACK_{name} must be a number, got {text!r}")
    return None if text is None else int(text)


def numbers(text: str) -> tuple[int, ...]:
    """The numbers of "0,1"."""
    return tuple([int(part) for part in text.split(",")])


def from_environment() -> Found:
    """What the launcher has set."""
    devices = variable(DEVICES)
    return Found(
        variable(ADDRESS), _whole(COUNT), _whole(INDEX), numbers(devices) if devices else None
    )


def from_slurm(environment: Mapping[str, str]) -> Found:
    """A step of Slurm's: a process a task, each with one of its node's devices."""
    job, hosts = environment["SLURM_JOB_ID"], environment["SLURM_STEP_NODELIST"]
    return Found(
        f"{first_host(hosts)}:{_port(job)}",
        int(environment["SLURM_NTASKS"]),
        int(environment["SLURM_PROCID"]),
        (int(environment["SLURM_LOCALID"]),),
    )


def from_open_mpi(environment: Mapping[str, str]) -> Found:
    """What mpirun of Open MPI tells its processes."""
    uri = environment["OMPI_MCA_orte_hnp_uri"]
    hosts = re.search(r"tcp://([^:/]+)[:/]", uri)
    if hosts is None:
        raise ValueError(f"distributed.initialize: no address in OMPI_MCA_orte_hnp_uri, {uri!r}")
    return Found(
        f"{hosts[1].split(',')[0]}:{_port(uri.partition('.')[0])}",
        int(environment["OMPI_COMM_WORLD_SIZE"]),
        int(environment["OMPI_COMM_WORLD_RANK"]),
        (int(environment["OMPI_COMM_WORLD_LOCAL_RANK"]),),
    )


def _port(job: str) -> int:
    """A port that is likely free, the same for all processes of a job."""
    return int(job) % 4096 + 61440


def first_host(hosts: str) -> str:
    """The first of "node[003-007,9],other"."""
    head, bracket, rest = hosts.partition("[")
    if not bracket or "," in head:
        return hosts.split(",")[0]
    return head + re.split(r"[],-]", rest)[0]


class Scheduler(NamedTuple):
    """Who else may have started the processes: by which variable it is known, and what it says."""

    sign: str
    read: Callable[[Mapping[str, str]], Found]


SCHEDULERS = {
    "slurm": Scheduler("SLURM_STEP_NODELIST", from_slurm),
    "ompi": Scheduler("OMPI_MCA_orte_hnp_uri", from_open_mpi),
}


def _detected(method: str | None) -> Found:
    if method == "deactivate":
        return Found()
    if method is not None and method not in SCHEDULERS:
        raise NotImplementedError(
            f"distributed.initialize: cluster_detection_method must be one of {[*SCHEDULERS]},"
            f' "deactivate" or None, got {method!r}'
        )
    for name, scheduler in SCHEDULERS.items():
        if method in (None, name) and scheduler.sign in os.environ:
            return scheduler.read(os.environ)
    return Found()


def settings(
    address: str | None,
    count: int | None,
    index: int | None,
    devices: int | Sequence[int] | None,
    method: str | None,
    bind_address: str | None,
    **limits: Any,
) -> Plan:
    """What was given, completed."""
    ids = (devices,) if isinstance(devices, int) else devices if devices is None else tuple(devices)
    known = Found(address, count, index, ids).over(from_environment())
    if None in known[:3]:
        known = known.over(_detected(method))
    place, number, total = known.address, known.index, known.count
    if place is None or number is None or total is None:
        raise ValueError(
            f"distributed.initialize: coordinator_address={place!r}, num_processes={total},"
            f" process_id={number}: give what is missing, or start the program with"
            " `python -m pullback.distributed run -n 4 script.py`"
        )
    for name, value in (("num_processes", total), ("process_id", number)):
        if type(value) is not int:
            raise TypeError(f"distributed.initialize: {name} must be an integer, got {value!r}")
    if not 0 <= number < total:
        raise ValueError(
            f"distributed.initialize: process_id must be from 0 to num_processes - 1 ="
            f" {total - 1}, got {number}"
        )
    _, port = split(place)
    serves = number == 0 and variable(SERVED) is None
    bind = bind_address or variable(BIND) or f"[::]:{port}"
    return Plan(place, number, total, serves, bind, known.devices, **_limits(limits))


def _limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """The limits; what the launcher was told holds for the whole run."""
    named = {"start_timeout": _whole(START), "patience": _whole(PATIENCE)}
    partition = given["partition"]
    return {
        **given,
        **{k: v for k, v in named.items() if v is not None},
        "partition": _whole(PARTITION) if partition is None else partition,
    }
