"""Checkpoints of divided arrays, read under every other sharding."""

import json

import numpy as np
import pytest

import pullback as pb
from pullback import P
from pullback import numpy as pnp
from pullback.checkpoints import describe, restore, save, store
from pullback.sharding import NamedSharding, SingleDeviceSharding

SPECS = [(), ("x",), (None, "x"), ("y", "x"), (("x", "y"),), (None, ("y", "x"))]
VALUES = np.random.default_rng(0).normal(size=(8, 16)).astype(np.float32)


def same(got, wanted):
    """Equal to the last bit."""
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    assert np.asarray(got).tobytes() == np.asarray(wanted).tobytes()


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_written_one_way_and_read_in_all_others(tmp_path, mesh, line, spec):
    save(tmp_path, [pb.device_put(VALUES, NamedSharding(mesh, P(*spec)))])
    half = pb.make_mesh((2, 2), ("x", "y"), devices=pb.devices("xla")[4:])
    places = [NamedSharding(m, P(*s)) for s in SPECS for m in (mesh, half)]
    places += [NamedSharding(line, P("i")), NamedSharding(line, P(None, "i"))]
    places += [SingleDeviceSharding(pb.devices("xla")[3])]
    for place in places:
        (got,) = restore(tmp_path, shardings=place)
        assert got.sharding == place
        same(got, VALUES)
    (host,) = restore(tmp_path)
    assert host.device.platform == "cpu"
    same(host, VALUES)


@pytest.mark.parametrize("dtype", sorted(pb.dtypes.KINDS, key=str), ids=pb.dtypes.long_name)
def test_every_dtype(tmp_path, mesh, dtype):
    """From bytes at random: NaNs of every kind, numbers out of range of nothing."""
    if dtype == pb.float0:
        return
    bits = np.random.default_rng(1).integers(0, 256, (8, 4 * dtype.itemsize), np.uint8)
    if "int2" in dtype.name or dtype.kind == "b":
        bits %= 2
    elif "4" in dtype.name[-8:] and dtype.itemsize == 1:
        bits %= 8
    values = bits.view(dtype)
    with pb.enable_x64(True):
        x = pb.device_put(values, NamedSharding(mesh, P("x", "y")))
        written = np.array(x)  # through XLA, whose NaNs are all one NaN
        tree = {"divided": x, "numpy": values, "one": values[0, 0], "none": values[:0]}
        save(tmp_path, tree)
    got = restore(tmp_path, like=tree)
    assert got["divided"].sharding == x.sharding
    same(got["divided"], written)
    same(got["numpy"], values)
    same(got["one"], values[0, 0])
    same(got["none"], values[:0])


def test_keys(tmp_path, mesh):
    for impl in ("threefry2x32", "rbg", "unsafe_rbg"):
        key = pb.random.key(3, impl=impl)
        keys = pb.device_put(pb.random.split(key, 8), NamedSharding(mesh, P(("y", "x"))))
        save(tmp_path, (key, keys))
        one, several = restore(tmp_path, (key, keys))
        assert several.sharding == keys.sharding
        same(pb.random.key_data(one), pb.random.key_data(key))
        same(pb.random.key_data(several), pb.random.key_data(keys))


def test_only_what_a_device_needs_is_read(tmp_path, mesh, line, monkeypatch):
    save(tmp_path, pb.device_put(VALUES, NamedSharding(mesh, P("x", "y"))))
    read = []
    monkeypatch.setattr(store, "results", lambda tasks: _noted(read, tasks, store_results))
    restore(tmp_path, shardings=NamedSharding(line, P(None, "i")))
    assert [task.size for task in read] == [8 * 2 * 4] * 8
    read.clear()
    restore(tmp_path, shardings=NamedSharding(mesh, P("y")))
    assert [task.size for task in read] == [4 * 16 * 4] * 2
    read.clear()
    restore(tmp_path, shardings=NamedSharding(mesh, P()))
    assert [task.size for task in read] == [VALUES.nbytes]


store_results = store.results


def _noted(read, tasks, results):
    for task in tasks:
        read.append(task)
        yield from results([task])


def test_copies_are_written_once_and_by_turns(tmp_path, mesh, monkeypatch):
    written = []
    monkeypatch.setattr(store, "results", lambda tasks: _noted(written, tasks, store_results))
    whole, rows = NamedSharding(mesh, P()), NamedSharding(mesh, P("x"))
    tree = [pb.device_put(VALUES, s) for s in (whole, whole, rows, rows)]
    save(tmp_path, tree)
    assert [task.size for task in written] == [VALUES.nbytes] * 2 + [VALUES.nbytes // 4] * 8
    shards = [shard for x in tree for shard in x.addressable_shards]
    values = [task.begin.args[1].values.args[0] for task in written]
    places = [next(s.device.id for s in shards if s.data.device is v.device) for v in values]
    assert len({*places[:2]}) == 2 and {*places[2:6]}.isdisjoint(places[6:])
    files = sorted(p.name for p in tmp_path.glob("arrays.0/*/c.*"))
    assert files == ["c.0.0"] * 4 + [f"c.{i}.0" for i in (1, 1, 2, 2, 3, 3)]


def test_large_parts_are_read_in_pieces(tmp_path, mesh):
    """A file for each part; within it pieces of some MiB that are read alone."""
    values = np.arange(8 << 20, dtype=np.float32).reshape(4096, 2048)
    save(tmp_path, pb.device_put(values, NamedSharding(mesh, P("y"))))
    about = json.loads((tmp_path / "arrays.0" / "0" / "zarr.json").read_text())
    assert about["chunk_grid"]["configuration"]["chunk_shape"] == [2048, 2048]
    pieces = about["codecs"][0]["configuration"]["chunk_shape"]
    assert pieces == [512, 2048]
    same(restore(tmp_path, shardings=NamedSharding(mesh, P("x", "y"))), values)


def test_restored_state_trains_on(tmp_path, mesh, line):
    """Three steps, a file, and three more on other devices, are six steps."""

    @pb.jit
    def step(state, x):
        slope = pb.grad(lambda w: (pnp.tanh(x @ w) ** 2).mean())(state["w"])
        m = 0.9 * state["m"] + slope
        return {"w": state["w"] - 0.1 * m, "m": m, "key": pb.random.split(state["key"])[0]}

    def start(place):
        w = pb.device_put(VALUES, place)
        return {"w": w, "m": 0 * w, "key": pb.random.key(0)}

    x = VALUES[:, :8]
    wanted = start(NamedSharding(mesh, P("x", "y")))
    for i in range(6):
        if i == 3:
            save(tmp_path, wanted)
        wanted = step(wanted, x)
    columns = NamedSharding(line, P(None, "i"))
    got = restore(tmp_path, shardings={"w": columns, "m": columns, "key": None})
    for _ in range(3):
        got = step(got, x)
    np.testing.assert_allclose(got["w"], wanted["w"], rtol=1e-6)
    same(pb.random.key_data(got["key"]), pb.random.key_data(wanted["key"]))


def test_structs_say_where_arrays_are_to_lie(tmp_path, mesh):
    save(tmp_path, {"w": VALUES, "step": 3})
    types = describe(tmp_path)
    assert types["w"].shape == (8, 16) and types["step"] == 3
    like = {"w": types["w"].update(sharding=NamedSharding(mesh, P("x"))), "step": 0}
    got = restore(tmp_path, like)
    assert got["w"].sharding == like["w"].sharding and got["step"] == 3
    same(got["w"], VALUES)
    with pb.set_mesh(mesh):
        assert restore(tmp_path, shardings=P("y"))["w"].sharding == NamedSharding(mesh, P("y"))


def test_what_cannot_be_divided_is_named(tmp_path, mesh):
    save(tmp_path, {"w": np.zeros((6, 4), np.float32)})
    with pytest.raises(ValueError, match=r"leaf \['w'\]: axis 0 of size 6 .* into 4 equal parts"):
        restore(tmp_path, shardings=NamedSharding(mesh, P("x")))


def test_deleted_arrays_are_named(tmp_path, mesh):
    x = pb.device_put(VALUES, NamedSharding(mesh, P("x")))
    x.delete()
    with pytest.raises(RuntimeError, match=r"leaf \['a'\] has been deleted"):
        save(tmp_path, {"a": x})
    assert not (tmp_path / "checkpoint.json").exists()
