"""Meshes, shardings, and arrays over several devices, held against JAX's."""

import pickle

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding as JaxSharding
from jax.sharding import PartitionSpec as JaxP

import pullback as pb
from pullback import P
from pullback import numpy as pnp
from pullback.backends.xla.shardy import named, tiles
from pullback.sharding import AxisType, Mesh, NamedSharding, SingleDeviceSharding

SPECS = [
    (), ("x",), (None, "x"), ("y", "x"), (("x", "y"),), (("y", "x"), None), (None, ("x", "y")),
]  # fmt: skip


def test_meshes(mesh, jax_mesh):
    devices = pb.devices("xla")
    assert len(devices) == 8 and mesh.size == 8 and not mesh.empty
    assert dict(mesh.shape) == {"x": 4, "y": 2} and mesh.axis_sizes == (4, 2)
    assert mesh.shape_tuple == jax_mesh.shape_tuple and mesh.axis_names == jax_mesh.axis_names
    assert mesh.device_ids.tolist() == jax_mesh.device_ids.tolist()
    assert mesh.local_devices == devices and not mesh.is_multi_process
    plain = Mesh(np.array(devices).reshape(4, 2), ("x", "y"))
    assert (str(plain), repr(plain)) == (str(jax_mesh), repr(jax_mesh))
    assert str(mesh) == str(jax.make_mesh((4, 2), ("x", "y")))
    assert plain == Mesh(plain.devices, ("x", "y"), (AxisType.Auto,) * 2) != mesh
    assert hash(plain) == hash(Mesh(plain.devices, ("x", "y")))
    assert not plain.devices.flags.writeable


def test_meshes_that_are_refused():
    devices = pb.devices("xla")
    with pytest.raises(ValueError, match="2 axes need as many axis names, got"):
        Mesh(np.array(devices).reshape(4, 2), ("x",))
    with pytest.raises(ValueError, match="axis name 'x' is there twice"):
        Mesh(np.array(devices).reshape(4, 2), ("x", "x"))
    with pytest.raises(ValueError, match=r"device XlaDevice\(id=0\) is there twice"):
        Mesh([devices[0], devices[0]], "x")
    with pytest.raises(TypeError, match="array of devices, got 3"):
        Mesh([3], "x")
    with pytest.raises(ValueError, match="one platform"):
        Mesh([pb.devices("cpu")[0], devices[0]], "x")
    with pytest.raises(ValueError, match=r"needs 16 devices, and there are 8"):
        pb.make_mesh((16,), ("x",), devices=devices)
    with pytest.raises(ValueError, match="axis_types must be an AxisType"):
        Mesh(devices, "x", ("Auto",))
    with pytest.raises(RuntimeError, match="devices have been made"):
        pb.config.update("jax_num_cpu_devices", 3)


def test_partition_specs():
    for args in [(), ("x",), (("x",),), (("x", "y"), None), ((),), (None, "y"), (P.UNCONSTRAINED,)]:
        given = [JaxP.UNCONSTRAINED if a is P.UNCONSTRAINED else a for a in args]
        assert repr(P(*args)) == repr(JaxP(*given))
        assert list(map(str, P(*args))) == list(map(str, JaxP(*given)))
    assert P("x") != P("x", None) and P(("x",)) == P("x") and len({P("x"), P("x")}) == 1
    assert P("x") + P("y") == P("x", "y")
    assert P("y").__radd__(("x",)) == P("x", "y")
    assert P("x", "y").index("y") == 1 and P(None, None).count(None) == 2
    assert pickle.loads(pickle.dumps(P("x", ("y", "z")))) == P("x", ("y", "z"))
    with pytest.raises(NotImplementedError, match="unreduced"):
        P("x", unreduced={"y"})


def test_shardings_that_are_refused(mesh):
    with pytest.raises(ValueError, match="names 'z', which is no axis of the mesh"):
        NamedSharding(mesh, P("z"))
    with pytest.raises(ValueError, match="names 'x' more than once"):
        NamedSharding(mesh, P("x", "x"))
    with pytest.raises(TypeError, match="a Mesh and a PartitionSpec"):
        NamedSharding(mesh, "x")
    with pytest.raises(NotImplementedError, match="memory kind"):
        NamedSharding(mesh, P("x"), memory_kind="pinned_host")
    s = NamedSharding(mesh, P("x"))
    with pytest.raises(ValueError, match=r"axis 0 of size 6 .* cannot be cut into 4 equal parts"):
        pb.device_put(np.zeros((6, 4)), s)
    with pytest.raises(ValueError, match=r"for arrays of 1 axes at least"):
        pb.device_put(0.0, s)
    with pytest.raises(RuntimeError, match=r"needs a mesh: give NamedSharding"):
        pb.device_put(np.zeros(8), P("x"))


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_arrays_lie_as_in_jax(mesh, jax_mesh, spec):
    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    s, t = NamedSharding(mesh, P(*spec)), JaxSharding(jax_mesh, JaxP(*spec))
    x, y = pb.device_put(values, s), jax.device_put(values, t)
    assert repr(s).replace("Explicit", "Auto") == repr(t)
    assert x.sharding == s == x.device and x.committed and x.devices() == set(pb.devices("xla"))
    assert (s.is_fully_replicated, s.is_fully_addressable) == (t.is_fully_replicated, True)
    assert s.shard_shape((8, 8)) == t.shard_shape((8, 8)) and s.num_devices == 8
    mine = s.devices_indices_map((8, 8))
    assert {d.id: i for d, i in mine.items()} == {
        d.id: i for d, i in t.devices_indices_map((8, 8)).items()
    }
    np.testing.assert_array_equal(x, values)
    assert (repr(x), str(x)) == (repr(y), str(y))
    for a, b in zip(x.addressable_shards, y.addressable_shards, strict=True):
        assert (a.device.id, a.index, a.replica_id) == (b.device.id, b.index, b.replica_id)
        np.testing.assert_array_equal(a.data, b.data)
        assert a.data.device is a.device
    np.testing.assert_array_equal(x.addressable_data(3), y.addressable_data(3))


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_what_xla_says_becomes_a_spec_again(mesh, spec):
    s = NamedSharding(mesh, P(*spec))
    back = named(tiles(s, 2, pb.devices("xla")), [mesh], pb.devices("xla"))
    assert back.is_equivalent_to(s, 2) and back.mesh is mesh
    assert [back.spec.names(d) for d in range(2)] == [s.spec.names(d) for d in range(2)]


def test_what_no_axes_say_has_a_mesh_of_its_own(mesh, line):
    s = NamedSharding(mesh, P("y", "x"))
    back = named(tiles(s, 2, pb.devices("xla")), [line], pb.devices("xla"))
    assert back.is_equivalent_to(s, 2) and back.mesh not in (line, mesh)
    x = pb.device_put(np.arange(16.0).reshape(4, 4), back)
    np.testing.assert_array_equal(x @ x, np.asarray(x) @ np.asarray(x))


def test_devices_in_any_order(mesh):
    turned = Mesh(mesh.devices.T[::-1], ("a", "b"))
    values = np.arange(32, dtype=np.float32).reshape(8, 4)
    x = pb.device_put(values, NamedSharding(turned, P("b", "a")))
    y = pb.device_put(values, NamedSharding(mesh, P("x", "y")))
    for shard in x.addressable_shards:
        np.testing.assert_array_equal(shard.data, values[shard.index])
    np.testing.assert_array_equal(x + y, 2 * values)
    assert pb.jit(lambda v: v * 2)(x).sharding == x.sharding


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint16", "float16", "bfloat16", "complex64", "int4", "float8_e4m3fn"]
)
def test_dtypes(mesh, dtype):
    values = pnp.asarray(np.arange(32).reshape(8, 4) % 5).astype(dtype)
    x = pb.device_put(values, NamedSharding(mesh, P("x", "y")))
    assert x.dtype == values.dtype
    np.testing.assert_array_equal(np.asarray(x), np.asarray(values))


def test_random_keys(mesh):
    keys = pb.random.split(pb.random.key(3), 8)
    x = pb.device_put(keys, NamedSharding(mesh, P("x")))
    got = pb.vmap(pb.random.uniform)(x)
    np.testing.assert_array_equal(got, pb.vmap(pb.random.uniform)(keys))
    assert pb.jit(lambda k: k)(x).sharding.is_equivalent_to(x.sharding, 1)
    assert (pb.random.key_data(x) == pb.random.key_data(keys)).all()


def test_moving(mesh, line):
    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    x = pb.device_put(values, NamedSharding(mesh, P("x", "y")))
    y = pb.device_put(x, NamedSharding(line, P(None, "i")))
    assert y.sharding == NamedSharding(line, P(None, "i"))
    np.testing.assert_array_equal(y, values)
    one = pb.device_put(y, pb.devices("xla")[5])
    assert one.sharding == SingleDeviceSharding(pb.devices("xla")[5]) != y.sharding
    np.testing.assert_array_equal(one, values)
    np.testing.assert_array_equal(pb.device_put(one, x.sharding), values)
    assert type(pb.device_put(x, "cpu")) is type(pnp.ones(3))
    tree = pb.device_put({"a": values, "b": [values]}, {"a": x.sharding, "b": None})
    assert tree["a"].sharding == x.sharding and tree["b"][0].device.platform == "cpu"
    with pb.set_mesh(mesh):
        assert pb.sharding.get_mesh() is mesh
        assert pb.device_put(values, P("y")).sharding == NamedSharding(mesh, P("y"))
    assert pb.sharding.get_mesh() is None
    copy = x.__copy__()
    x.delete()
    assert x.is_deleted() and "deleted" in repr(x)
    np.testing.assert_array_equal(copy, values)


def test_what_lies_apart_does_not_meet(mesh):
    x = pb.device_put(np.ones(8, np.float32), NamedSharding(mesh, P("x")))
    y = pb.device_put(np.ones(8, np.float32), pb.devices("xla")[0])
    with pytest.raises(ValueError, match="different devices"):
        x + y
    half = pb.make_mesh((4,), ("x",), devices=pb.devices("xla"))
    with pytest.raises(ValueError, match="different devices"):
        x + pb.device_put(np.ones(8, np.float32), NamedSharding(half, P("x")))
    np.testing.assert_array_equal(x + np.ones(8, np.float32), 2 * np.ones(8))
    np.testing.assert_array_equal(x + pnp.ones(8), 2 * np.ones(8))


def test_operations_one_by_one(mesh, jax_mesh):
    values = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    x = pb.device_put(values, NamedSharding(mesh, P("x", "y")))
    y = jax.device_put(values, JaxSharding(jax_mesh, JaxP("x", "y")))
    for f in (
        lambda n, v: v + 1, lambda n, v: v.T, lambda n, v: n.sin(v), lambda n, v: v * v,
        lambda n, v: v.sum(0), lambda n, v: v @ v.T, lambda n, v: n.where(v > 0, v, -v),
    ):  # fmt: skip
        got, wanted = f(pnp, x), f(jax.numpy, y)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
        assert repr(got.sharding.spec) == repr(wanted.sharding.spec)
    for index in (0, -1, slice(1, 3), (slice(None), 2), (slice(None, None, -1),), np.array([1, 5])):
        np.testing.assert_array_equal(x[index], values[index])
    np.testing.assert_array_equal(x.at[2].set(7.0)[2], np.full(4, 7.0, np.float32))
    assert float(x[3, 1]) == values[3, 1] and len(list(x)) == 8


def test_arrays_from_parts(mesh, line):
    values = np.arange(64, dtype=np.int32).reshape(8, 8)
    for spec in (P("x", "y"), P(None, "y"), P()):
        s = NamedSharding(mesh, spec)
        seen = []
        x = pb.make_array_from_callback((8, 8), s, lambda i, seen=seen: seen.append(i) or values[i])
        np.testing.assert_array_equal(x, values)
        assert x.sharding == s and len(seen) == (1 if spec == P() else 8)
        parts = [shard.data for shard in reversed(x.addressable_shards)]
        y = pb.make_array_from_single_device_arrays((8, 8), s, parts)
        np.testing.assert_array_equal(y + 1, values + 1)
        z = pb.make_array_from_process_local_data(s, values)
        np.testing.assert_array_equal(z, values)
        assert z.sharding == s
    two = pb.make_array_from_process_local_data(s, {"a": values, "b": values[0]})
    assert two["b"].sharding == s
    floats = pb.make_array_from_callback((8, 8), s, lambda i: values[i], dtype=np.float32)
    assert floats.dtype == np.float32
    with pytest.raises(ValueError, match=r"each part must be of shape \(2, 4\)"):
        pb.make_array_from_callback((8, 8), NamedSharding(mesh, P("x", "y")), lambda i: values)
    with pytest.raises(ValueError, match="one array on each of"):
        pb.make_array_from_single_device_arrays((8, 8), s, parts[:3])
    with pytest.raises(ValueError, match="cannot be cut into 8"):
        pb.make_array_from_callback((4,), NamedSharding(line, P("i")), lambda i: values[i])


def test_one_device_is_a_mesh_too():
    mesh = pb.make_mesh((1, 1), ("x", "y"), devices=pb.devices("xla"))
    x = pb.device_put(np.ones((3, 5), np.float32), NamedSharding(mesh, P("x", "y")))
    assert x.sharding.is_equivalent_to(NamedSharding(mesh, P("x", "y")), 2)
    assert x.addressable_shards[0].data is x
    y = pb.jit(lambda v: pb.lax.with_sharding_constraint(v * 2, NamedSharding(mesh, P("x"))))(x)
    np.testing.assert_array_equal(y, 2 * np.ones((3, 5)))
    host = pb.make_mesh((1,), ("x",))
    z = pb.device_put(np.ones(3), NamedSharding(host, P("x")))
    assert z.device.platform == "cpu" and len(z.addressable_shards) == 1


def test_dlpack_is_refused(mesh):
    x = pb.device_put(np.ones(8, np.float32), NamedSharding(mesh, P("x")))
    with pytest.raises(BufferError, match="divided among devices"):
        np.from_dlpack(x)


def test_arrays_are_pickled_by_value(mesh):
    x = pb.device_put(np.arange(8, dtype=np.float32), NamedSharding(mesh, P("x")))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(x)), np.arange(8))


def test_the_number_of_devices_is_in_the_live_arrays(mesh):
    x = pb.device_put(np.ones(8, np.float32), NamedSharding(mesh, P("x")))
    assert any(v is x for v in pb.live_arrays("xla"))
