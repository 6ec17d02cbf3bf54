"""One process ends in the midst of the work; the others learn which, and go on without it."""

import os
import signal
import sys
import time

import numpy as np

import pullback as pb
from pullback import P

pb.distributed.initialize(heartbeat_timeout_seconds=10)
me, how, victim = pb.process_index(), sys.argv[1], int(sys.argv[2])


def total(devices):
    """A sum over these devices."""
    rows = pb.NamedSharding(pb.sharding.Mesh(devices, "i"), P("i"))
    shape = (12 * len(devices),)
    x = pb.make_array_from_callback(shape, rows, lambda index: np.ones(shape, np.float32)[index])
    return pb.jit(lambda v: (v * 2).sum())(x), 24.0 * len(devices)


devices = pb.devices("xla")
found, wanted = total(devices)
assert float(found) == wanted
if me == victim:
    time.sleep(0.3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "error":
        raise ValueError("bad data")
    sys.exit(7 if how == "exit" else 0)
start = time.monotonic()
try:
    total(devices)[0].block_until_ready()
except pb.errors.DistributedError as error:
    assert time.monotonic() - start < 10, "within the time of a heartbeat"
    print(error.processes, str(error).partition("gone: ")[2])
else:
    raise AssertionError("a sum of all without one of them")
try:
    total(devices)
except pb.errors.DistributedError as error:
    assert victim in error.processes
else:
    raise AssertionError("a sum of all without one of them")
if pb.local_device_count("xla") == 1:
    # Of several devices in a process, some may wait for ever.
    found, wanted = total([d for d in devices if d.process_index != victim])
    assert float(found) == wanted
print("fine")
