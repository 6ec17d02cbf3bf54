"""Several processes on this machine: the programs of `tests/distributed`, and what goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "distributed"
RUN = [sys.executable, "-m", "pullback.distributed", "run"]
LIMIT = 120


def launched(*arguments: object, code: int = 0, **environment: str) -> list[str]:
    """What the processes write to their standard output, line by line."""
    known = {k: v for k, v in os.environ.items() if not k.startswith(("PULLBACK_", "JAX_"))}
    done = subprocess.run(
        [*RUN, *map(str, arguments)],
        env={**known, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout.splitlines()


@pytest.mark.parametrize(("count", "each"), [(2, 1), (4, 1), (2, 2)])
def test_arrays_programs_and_exchanges(count: int, each: int) -> None:
    lines = launched("-n", count, "--devices", each, FOLDER / "arrays.py")
    assert sorted(x for x in lines if x.endswith("fine")) == [f"[{k}] fine" for k in range(count)]
