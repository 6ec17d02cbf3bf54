"""What `multihost_utils` exchanges, in every process."""

import numpy as np
import pytest

import pullback as pb
from pullback import P
from pullback.experimental import multihost_utils as utils

pb.distributed.initialize()
me, count = pb.process_index(), pb.process_count()
mine = pb.local_devices(backend="xla")
each = len(mine)
everyone = range(count)

# All have what one has, to the last bit.
odd = {
    "float": np.array([-0.0, np.nan, np.inf, 1e-45, me], np.float32),
    "half": pb.numpy.arange(3, dtype=pb.numpy.bfloat16) + me,
    "bytes": np.arange(5, dtype=np.int8) - me,
    "truth": me == 0,
    "complex": np.complex64(1 + me * 1j),
    "none": np.zeros((0, 2), np.float32),
    "key": pb.random.key(me),
}


def bits(x):
    """The memory of an array, whatever its dtype."""
    return np.asarray(pb.random.key_data(x) if isinstance(x, pb.Array) else x).tobytes()


def of(process):
    """`odd` as another process has it."""
    return odd | {
        "float": np.array([-0.0, np.nan, np.inf, 1e-45, process], np.float32),
        "half": np.asarray(pb.numpy.arange(3, dtype=pb.numpy.bfloat16) + process),
        "bytes": np.arange(5, dtype=np.int8) - process,
        "truth": np.asarray(process == 0),
        "complex": np.complex64(1 + process * 1j),
        "key": pb.random.key(process),
    }


for source, given in ((0, None), (count - 1, me == count - 1)):
    sent = utils.broadcast_one_to_all(odd, given)
    assert {k: bits(v) for k, v in sent.items()} == {k: bits(v) for k, v in of(source).items()}
    assert [v.dtype for v in sent.values()] == [np.asarray(v).dtype for v in of(source).values()]
with pytest.raises(ValueError, match="one process must be the source, these are: \\[\\]"):
    utils.broadcast_one_to_all(1.0, False)
with pytest.raises(ValueError, match="structure, shapes and dtypes"):
    utils.broadcast_one_to_all(np.zeros(me + 1))

# All have what all have.
np.testing.assert_array_equal(utils.process_allgather(np.float32(me)), np.arange(count))
pair = np.array([me, 10 + me], np.int32)
stacked = utils.process_allgather({"a": pair, "b": me})
np.testing.assert_array_equal(stacked["a"], [[k, 10 + k] for k in everyone])
np.testing.assert_array_equal(stacked["b"], [*everyone])
tiled = utils.process_allgather(pair, tiled=True)
np.testing.assert_array_equal(tiled, [v for k in everyone for v in (k, 10 + k)])
mesh = pb.sharding.Mesh(np.array(pb.devices("xla")).reshape(count, each), ("process", "device"))
values = np.arange(4.0 * count * each, dtype=np.float32)
parted = pb.NamedSharding(mesh, P(("process", "device")))
x = pb.make_array_from_process_local_data(parted, np.split(values, count)[me])
np.testing.assert_array_equal(utils.process_allgather(x, tiled=True), values)
with pytest.raises(ValueError, match="tiled=True"):
    utils.process_allgather(x)

# All are at one place, with the same values.
utils.sync_global_devices("here")
with pytest.raises(AssertionError, match="sync_global_devices: not all at 'step"):
    utils.sync_global_devices(f"step {me}")
utils.assert_equal({"x": np.array([1.0, np.nan]), "all": values})
wrong = list(everyone[1:])
with pytest.raises(AssertionError, match=f"processes \\{wrong} have not what process 0 has"):
    utils.assert_equal([1, me], "settings")
with pytest.raises(AssertionError, match="settings: processes"):
    utils.assert_equal([0] * me, "settings")

# Arrays of one process are parts of those of all, and the other way.
local = np.arange(6.0, dtype=np.float32).reshape(2, 3) + 100 * me
glob = utils.host_local_array_to_global_array(local, mesh, P("process"))
assert glob.shape == (2 * count, 3) and not glob.is_fully_addressable
np.testing.assert_array_equal(
    utils.process_allgather(glob, tiled=True),
    np.concatenate([local + 100 * (k - me) for k in everyone]),
)
back = utils.global_array_to_host_local_array(glob, mesh, P("process"))
assert back.is_fully_addressable
np.testing.assert_array_equal(back, local)
same, more = utils.host_local_array_to_global_array(
    (np.arange(2 * each), local), mesh, (P("device"), P())
)
assert same.shape == (2 * each,) and more.shape == (2, 3)
np.testing.assert_array_equal(
    utils.global_array_to_host_local_array(same, mesh, P("device")), np.arange(2 * each)
)
moved = utils.global_array_to_host_local_array(glob, mesh, P(None, None))
assert moved.shape == glob.shape and moved.is_fully_addressable
assert utils.host_local_array_to_global_array(glob, mesh, P("process")) is glob
assert utils.global_array_to_host_local_array(back, mesh, P("process")) is back
with pytest.raises(ValueError, match="got None"):
    utils.host_local_array_to_global_array(local, mesh, None)
print("fine")
