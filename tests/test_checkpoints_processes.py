"""Checkpoints that several processes write together, and what becomes of them when one fails."""

import subprocess
import sys

import numpy as np
import pytest

import pullback as pb
from pullback.checkpoints import restore, save

PRELUDE = """
import os, signal, sys
import numpy as np
import pullback as pb
from pullback import P
from pullback.checkpoints import restore, save, store, writing

pb.distributed.initialize()
folder, me = sys.argv[1], pb.process_index()
mesh = pb.make_mesh((2, 2), ("x", "y"), devices=pb.devices("xla"))
values = np.arange(64, dtype=np.float32).reshape(8, 8)

def divided(values, *spec):
    sharding = pb.NamedSharding(mesh, P(*spec))
    return pb.make_array_from_callback(values.shape, sharding, values.__getitem__)

def tree(k):
    return {
        "cut": divided(values + k, "x", "y"), "rows": divided(values + k, "x"),
        "columns": divided(values + k, None, "x"), "whole": [divided(values + k)] * 4,
        "numpy": values + k, "key": pb.random.key(k), "k": k,
    }

def check(got, k):
    for name in ("cut", "rows", "columns"):
        for shard in got[name].addressable_shards:
            assert np.array_equal(shard.data, (values + k)[shard.index]), name
    assert np.array_equal(got["whole"][1], values + k) and np.array_equal(got["numpy"], values + k)
    assert got["k"] == k

def raised(f, *args):
    try:
        f(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""
WRITTEN = """
written = []
def results(tasks):
    for task in tasks:
        written.append(task.name.split()[2])
        yield from whole([task])
whole, store.results = store.results, results
save(folder, tree(1))
counts = [sum(name.startswith(f"['{k}'") for name in written) for k in tree(1)]
print("wrote", *counts, flush=True)
store.results = whole
check(restore(folder, tree(0)), 1)
other = pb.make_mesh((4,), ("i",), devices=pb.devices("xla")[::-1])
places = {**dict.fromkeys(tree(0)), "whole": pb.NamedSharding(other, P(None, "i"))}
for shard in restore(folder, shardings=places)["whole"][0].addressable_shards:
    assert shard.data.shape == (8, 2) and np.array_equal(shard.data, (values + 1)[shard.index])

def full(*args):
    raise OSError("no space left")

fill = writing._fill
writing._fill = full if me == 1 else fill
print(raised(save, folder, tree(2)), flush=True)
writing._fill = fill
check(restore(folder, tree(0)), 1)
print(raised(save, folder, {"a": values[:me]}), flush=True)
print(raised(save, folder, {"a": object() if me else 1}).split(" at 0x")[0], flush=True)
check(restore(folder, tree(0)), 1)
save(folder, tree(3))
check(restore(folder, tree(0)), 3)
"""
KILLED = """
save(folder, tree(4))
if me == 1:
    writing._fill = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
print(raised(save, folder, tree(5)), flush=True)
"""


def run(program, folder, code=0):
    """What each of two processes with two devices each prints."""
    (folder / "program.py").write_text(PRELUDE + program)
    command = "-m pullback.distributed run -n 2 --devices 2 --grace 30".split()
    done = subprocess.run(
        [sys.executable, *command, folder / "program.py", folder / "kept"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    lines = [x for x in done.stdout.splitlines() if "[Gloo]" not in x]
    return [[x[4:] for x in lines if x.startswith(f"[{i}]")] for i in range(2)]


def test_written_and_read_together(tmp_path):
    first, second = run(WRITTEN, tmp_path)
    # cut, rows, columns, whole, numpy, key: of four whole arrays each process writes two.
    assert first[0] == "wrote 2 1 1 2 1 1 0" and second[0] == "wrote 2 1 1 2 0 0 0"
    assert second[1] == "OSError: no space left"
    assert first[1] == "DistributedError: checkpoints.save: process 1: OSError: no space left"
    wanted = "ValueError: checkpoints.save: process 1 saves another tree than process 0"
    assert first[2] == second[2] == wanted
    assert second[3].startswith("TypeError: checkpoints.save: leaf ['a'] is <object object")
    assert first[3].startswith("DistributedError: checkpoints.save: process 1: TypeError: ")
    # Here there is one process.
    got = restore(tmp_path / "kept")
    for name in ("cut", "rows", "columns", "numpy"):
        np.testing.assert_array_equal(got[name], np.arange(64.0).reshape(8, 8) + 3)
    assert (pb.random.key_data(got["key"]) == pb.random.key_data(pb.random.key(3))).all()
    save(tmp_path / "kept", {"w": got["cut"]})
    assert restore(tmp_path / "kept")["w"].shape == (8, 8)


def test_a_process_that_is_killed_while_it_writes(tmp_path):
    first, second = run(KILLED, tmp_path, code=137)
    assert first[0].startswith("DistributedError: ") and "process 1 is gone" in first[0]
    assert not second
    assert restore(tmp_path / "kept")["k"] == 4
    with pytest.raises(ValueError, match="`like` has not"):
        restore(tmp_path / "kept", {"k": 4})
