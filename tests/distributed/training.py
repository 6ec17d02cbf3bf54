"""The small transformer of `tests/sharded`, trained by several processes, as on one device.

The arguments: in which way, and the losses that are wanted.
"""

import json
import sys
from pathlib import Path

import numpy as np

import pullback as pb
from pullback import P

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sharded"))
from test_sharded_training import MATRICES, named, parameters, step, train

pb.distributed.initialize()
devices = np.array(pb.devices("xla"))
way, wanted = sys.argv[1:]

# Matrices are divided along x, data along y.
line = pb.sharding.Mesh(devices, "i")
mesh = pb.sharding.Mesh(devices.reshape(2, -1), ("x", "y"))
rows, whole = pb.NamedSharding(line, P("i")), pb.NamedSharding(line, P())


def own_part(tokens):
    """The batch, of which this process reads its own rows."""
    per = len(tokens) // pb.process_count()
    mine = tokens[per * pb.process_index() :][:per]
    return pb.make_array_from_process_local_data(rows, mine)


def data():
    """The data divided by the compiler: each process gives its part."""
    run = pb.jit(step, donate_argnums=0)
    return train(run, pb.device_put(parameters(), whole), own_part)


def matrices():
    """Heads and hidden units divided too."""
    shardings = named(mesh, MATRICES)
    run = pb.jit(
        step,
        in_shardings=(shardings, pb.NamedSharding(mesh, P("y"))),
        out_shardings=(shardings, pb.NamedSharding(mesh, P())),
    )
    return train(run, pb.device_put(parameters(), shardings))


WAYS = {"data": data, "matrices": matrices}
np.testing.assert_allclose(WAYS[way](), json.loads(wanted), rtol=1e-5)
print("fine")
