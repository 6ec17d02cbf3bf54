"""How a program joins the other processes that run it."""

import atexit
import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from ..backends import processes
from ..errors import DistributedError
from ..lazy import LazyModule
from .settings import settings

client: Any = LazyModule(f"{__name__.partition('.')[0]}.backends.xla.client")
group: Any = LazyModule(f"{__name__.partition('.')[0]}.backends.xla.group")


def initialize(
    coordinator_address: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    local_device_ids: int | Sequence[int] | None = None,
    cluster_detection_method: str | None = None,
    initialization_timeout: int = 300,
    heartbeat_timeout_seconds: int = 100,
    shutdown_timeout_seconds: int = 300,
    coordinator_bind_address: str | None = None,
    slice_index: int | None = None,
    partition_index: int | None = None,
) -> None:
    """Join the other processes of a run; returns when all are there.

    Then `devices` are those of all processes, and every process runs the same program: a mesh,
    `jit`, `shard_map` and arrays may span them. It must be called before any device of XLA is used.

    What is not given comes from the environment, as `python -m pullback.distributed run` sets it:
    PULLBACK_COORDINATOR_ADDRESS, PULLBACK_NUM_PROCESSES, PULLBACK_PROCESS_ID,
    PULLBACK_LOCAL_DEVICE_IDS (or the same with JAX_); else from Slurm or Open MPI.

    Args:
      coordinator_address: "host:port" of process 0, which listens there unless the launcher does.
      num_processes: how many there are.
      process_id: the number of this one, from 0.
      local_device_ids: the GPUs that belong to this process, by number; by default all it sees.
      cluster_detection_method: "slurm" or "ompi": look there only; "deactivate": nowhere.
      initialization_timeout: seconds in which all must have come.
      heartbeat_timeout_seconds: seconds after which a process that does not answer is lost. One
        that ends is noticed at once.
      shutdown_timeout_seconds: how long process 0 waits at its end for the others to leave.
      coordinator_bind_address: where process 0 listens, if not at the coordinator's port of all
        its addresses.
      partition_index: of this process' devices, where their network has partitions.
      slice_index: another name of `partition_index`.

    Raises:
      DistributedError: no coordinator answers, or processes are missing, within the time.
      ValueError: something is neither given nor found.
      RuntimeError: it was called before, or devices have been used.

    >>> import pullback as pb
    >>> pb.distributed.is_initialized()
    False
    """
    if is_initialized():
        raise RuntimeError("distributed.initialize: this process has joined others already")
    if client.started():
        names = ", ".join([f'"{c.platform}"' for c in client.started()])
        raise RuntimeError(
            f"distributed.initialize: the devices of platform {names} have been used, and belong to"
            " this process alone: call it before anything else"
        )
    plan = settings(
        coordinator_address,
        num_processes,
        process_id,
        local_device_ids,
        cluster_detection_method,
        coordinator_bind_address,
        start_timeout=initialization_timeout,
        end_timeout=shutdown_timeout_seconds,
        patience=heartbeat_timeout_seconds,
        partition=slice_index if partition_index is None else partition_index,
    )
    processes.join(plan)
    atexit.register(shutdown)


def is_initialized() -> bool:
    """Whether this process has joined others.

    >>> pb.distributed.is_initialized()
    False
    """
    run = processes.joined()
    return run is not None and run.open


def shutdown() -> None:
    """Leave the other processes. It happens by itself when the program ends.

    Unless an error ends it, what it has begun with the others is done first: they need it too.

    >>> pb.distributed.shutdown()  # of a process that is alone: nothing
    """
    if is_initialized() and client.started() and getattr(sys, "last_value", None) is None:
        with contextlib.suppress(DistributedError):
            group.finish()
    processes.leave()
