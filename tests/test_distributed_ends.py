"""Programs that end while what they have begun with other processes still runs."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
import pullback as pb
from pullback import P

pb.distributed.initialize()
mesh = pb.make_mesh((2,), ("i",), devices=pb.devices("xla"))
rows = pb.NamedSharding(mesh, P("i"))
values = np.eye(256, dtype=np.float32)

@pb.jit
def step(w):
    for _ in range(20):
        w = w @ w.T
    return w, w.sum()

def main():
    w = pb.make_array_from_callback(values.shape, rows, values.__getitem__)
    for i in range(30):
        w, value = step(w)
        if pb.process_index() == 0:
            assert float(value) == 256.0
    return w

END
"""
ENDS = {"held": "w = main()", "dropped": "main()", "told": "main()\npb.distributed.shutdown()"}


@pytest.mark.parametrize("end", ENDS)
def test_the_others_get_what_was_begun(tmp_path, end):
    """Process 1 waits for nothing, and is at its end long before process 0."""
    (tmp_path / "program.py").write_text(PROGRAM.replace("END", ENDS[end]))
    command = [sys.executable, "-m", "pullback.distributed", "run", "-n", "2", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
