"""Arrays, programs and derivatives over several processes, against NumPy."""

import pickle

import numpy as np

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp

pb.distributed.initialize()
assert pb.distributed.is_initialized()
me, count = pb.process_index(), pb.process_count()
devices = pb.devices("xla")
mine = pb.local_devices(backend="xla")
each = len(mine)
assert len(devices) == pb.device_count("xla") == count * each
assert pb.local_device_count("xla") == each
assert mine == [d for d in devices if d.process_index == me] == pb.local_devices(me, "xla")
assert pb.process_indices() == list(range(count))
assert [d.process_index for d in devices] == [k for k in range(count) for _ in range(each)]

mesh = pb.make_mesh((len(devices),), ("i",), devices=devices)
assert mesh.is_multi_process and mesh.local_devices == mine
rows, whole = pb.NamedSharding(mesh, P("i")), pb.NamedSharding(mesh, P())
n = 2 * len(devices)
values = np.arange(3.0 * n, dtype=np.float32).reshape(n, 3) / n
x = pb.make_array_from_callback(values.shape, rows, lambda index: values[index])


def parts(array):
    """The values of this process, and where they lie."""
    return [(s.index, np.asarray(s.data)) for s in array.addressable_shards]


def check(array, wanted):
    """Compare what this process has of an array."""
    assert array.shape == wanted.shape
    for index, part in parts(array):
        np.testing.assert_allclose(part, wanted[index], rtol=1e-5)


# Arrays know what is here.
assert not x.is_fully_addressable and not x.is_fully_replicated
assert len(x.addressable_shards) == each and len(x.global_shards) == len(devices)
assert [s.data is None for s in x.global_shards] == [d not in mine for d in devices]
check(x, values)
assert repr(x) == f"Array(shape=({n}, 3), dtype=float32)", repr(x)
for read in (np.asarray, lambda a: a.tolist(), pickle.dumps):
    try:
        read(x)
    except RuntimeError as error:
        assert "process_allgather" in str(error), error
    else:
        raise AssertionError("values of other processes were read")
other = next(d for d in devices if d not in mine)
try:
    pb.device_put(1.0, other)
except ValueError as error:
    assert "belongs to process" in str(error)
else:
    raise AssertionError("an array was put on a device of another process")

# They are made of what each process has.
local = values[me * 2 * each : (me + 1) * 2 * each]
check(pb.make_array_from_process_local_data(rows, local), values)
check(pb.make_array_from_process_local_data(rows, local, values.shape), values)
check(pb.make_array_from_process_local_data(whole, values), values)
check(pb.device_put(values, rows), values)
own = [pb.device_put(values[s.index], s.device) for s in x.addressable_shards]
check(pb.make_array_from_single_device_arrays(values.shape, rows, own), values)
away = pb.sharding.Mesh([other], "j")
nothing = pb.make_array_from_callback(
    (4,), pb.NamedSharding(away, P()), lambda index: np.ones(4), dtype=np.float32
)
assert nothing.shape == (4,) and not nothing.addressable_shards

# Programs run everywhere; what is the same everywhere can be read.
y = pb.jit(lambda v: pnp.tanh(v) @ v.T)(x)
check(y, np.tanh(values) @ values.T)
total = pb.jit(lambda v: (v * v).sum())(x)
np.testing.assert_allclose(total, (values * values).sum(), rtol=1e-5)
np.testing.assert_allclose((x * 2 + 1).sum(0), (values * 2 + 1).sum(0), rtol=1e-5)
np.testing.assert_allclose(pnp.sort(x, 0).mean(), values.mean(), rtol=1e-5)
swapped = pb.jit(lambda v: v[::-1], out_shardings=rows)(x)
check(swapped, values[::-1])
check(pb.device_put(x, whole), values)

# Exchanges by hand, and their gradients; the same said on one device.
D = len(devices)


def blocks(v):
    """The parts of all devices."""
    return v.reshape(D, -1, 3)


EXCHANGES = {
    "psum": (P(), lambda v: lax.psum(v, "i"), lambda v: blocks(v).sum(0)),
    "all_gather": (
        P("i"),
        lambda v: lax.all_gather(v, "i", tiled=True) * (1 + lax.axis_index("i")),
        lambda v: pnp.concatenate([v * (1 + k) for k in range(D)]),
    ),
    "psum_scatter": (
        P("i"),
        lambda v: lax.psum_scatter(pnp.tile(v, (D, 1)), "i", tiled=True),
        lambda v: pnp.tile(blocks(v).sum(0), (D, 1)),
    ),
    "ppermute": (
        P("i"),
        lambda v: lax.ppermute(v, "i", [(k, (k + 1) % D) for k in range(D)]),
        lambda v: pnp.roll(v, n // D, 0),
    ),
}


def loss(f, v):
    """Weights tell the elements apart."""
    out = f(v)
    return (pnp.sin(out) * pnp.arange(out.size).reshape(out.shape)).sum()


for name, (spec, exchange, whole_thing) in EXCHANGES.items():
    over = pb.shard_map(exchange, mesh=mesh, in_specs=P("i"), out_specs=spec)
    found, gradient = pb.jit(pb.value_and_grad(lambda v, f=over: loss(f, v)))(x)
    expected, slope = pb.value_and_grad(lambda v, f=whole_thing: loss(f, v))(pnp.asarray(values))
    np.testing.assert_allclose(found, expected, rtol=1e-4, err_msg=name)
    for index, part in parts(gradient):
        np.testing.assert_allclose(part, slope[index], rtol=1e-3, atol=1e-3, err_msg=name)
print("fine")
