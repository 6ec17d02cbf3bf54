"""The tests of `tests/sharded`, each file in a process with eight devices of the processor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "sharded"
ENVIRONMENT = {
    "PULLBACK_NUM_CPU_DEVICES": "8",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
    "PJRT_NPROC": "16",
    "TF_CPP_MIN_LOG_LEVEL": "1",
}


QUEUED = """
import numpy as np, pullback as pb
from pullback import P, lax
mesh = pb.make_mesh((8,), ("i",), devices=pb.devices("xla"))
f = pb.jit(pb.shard_map(lambda v: v / 2 + lax.pmean(v, "i") / 2, mesh=mesh, in_specs=P("i"),
                        out_specs=P("i")))
x = pb.device_put(np.ones(64, "f"), pb.NamedSharding(mesh, P("i")))
ys = [f(x) for _ in range(200)]
for _ in range(200):
    x = f(x)
assert float(x.sum()) == float(ys[-1].sum()) == 64
"""


@pytest.mark.parametrize(
    "setting",
    [{"PULLBACK_NUM_CPU_DEVICES": "8"}, {"XLA_FLAGS": ENVIRONMENT["XLA_FLAGS"]}],
    ids=["option", "XLA's flag"],
)
def test_programs_that_wait_for_one_another_may_be_queued(setting: dict[str, str]) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PJRT_NPROC"}
    command = [sys.executable, "-c", QUEUED]
    done = subprocess.run(
        command, env={**environment, **setting}, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
def test_on_eight_devices(path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
