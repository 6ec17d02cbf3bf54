"""What programs may say to a compiler, and which changes no result."""

import functools

import jax
import numpy as np
import pytest
import scripts
from jax.experimental import compute_on as _compute_on
from jax.experimental import custom_partitioning as _custom_partitioning
from jax.experimental import shard_alike as _shard_alike
from jax.experimental import topologies as _topologies
from jax.experimental import xla_metadata as _xla_metadata

import pullback as pb
from pullback.experimental import (
    compute_on,
    custom_partitioning,
    shard_alike,
    topologies,
    xla_metadata,
)

X = np.arange(3, dtype=np.float32)


def same(program, ours, theirs):
    for got, want in zip(program(pb, ours), program(jax, theirs), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_metadata():
    def program(p, m):
        @m.set_xla_metadata(where="decorated")
        def decorated(x):
            return p.numpy.sin(x)

        def f(x):
            with m.set_xla_metadata(a=1, b="two"):
                y = x * 2
            return m.set_xla_metadata({"y": y + x}, c="three")["y"] * decorated(x)

        return p.jit(f)(X), p.grad(lambda x: f(x).sum())(X), p.vmap(f)(X)

    same(program, xla_metadata, _xla_metadata)


def test_compute_on():
    def program(p, m):
        @m.compute_on("device_host")
        def g(x):
            return x * 3

        def f(x):
            with m.compute_on("device_host"):
                y = x * 2
            return y + g(x)

        return p.jit(f)(X), p.grad(lambda x: f(x).sum())(X)

    same(program, compute_on, _compute_on)
    twice = compute_on.compute_on2(compute_type="device_host", out_memory_spaces=None)
    np.testing.assert_array_equal(pb.jit(twice(lambda x: x * 2))(X), X * 2)


@pytest.mark.parametrize(("error", "name"), [(ValueError, "nowhere"), (TypeError, 3)])
def test_places_that_are_not(error, name):
    for m in (compute_on, _compute_on):
        with pytest.raises(error), m.compute_on(name):
            pass
        with pytest.raises(error):
            m.compute_on2(lambda x: x, compute_type=name, out_memory_spaces=None)


def test_shard_alike():
    def program(p, m):
        def f(x, y):
            a, b = m.shard_alike({"v": x}, {"v": y})
            return a["v"] * b["v"]

        return p.jit(f)(X, X), *p.grad(lambda x, y: f(x, y).sum(), (0, 1))(X, X + 1)

    same(program, shard_alike, _shard_alike)
    for m in (shard_alike, _shard_alike):
        for wrong in ({"b": X}, X[:2]):
            with pytest.raises(ValueError):
                m.shard_alike(X, wrong)


def test_custom_partitioning():
    def program(p, m):
        @m.custom_partitioning
        def f(x, y):
            return {"out": p.numpy.sin(x) * y}

        @f.def_partition
        def partition(mesh, arg_shapes, result_shape):
            raise AssertionError("there is nothing to divide")

        powers = functools.partial(m.custom_partitioning, static_argnums=(1,))(lambda x, n: x**n)
        powers.def_partition(partition, sharding_rule="i -> i")
        with pytest.raises(ValueError):
            f.def_partition(partition, reduction_factors=("i",))
        return (
            f(X, y=X)["out"],
            p.jit(f)(X, X)["out"],
            powers(X, 2),
            p.jit(powers, static_argnums=1)(X, 3),
        )

    same(program, custom_partitioning, _custom_partitioning)
    gradient = pb.vmap(pb.grad(custom_partitioning.custom_partitioning(pb.numpy.sin)))(X)
    np.testing.assert_allclose(gradient, np.cos(X), rtol=1e-6)


def test_topologies():
    found = topologies.get_attached_topology("cpu")
    assert found.devices == pb.devices("cpu")
    mesh = topologies.make_mesh(found, (1, 1), ("x", "y"))
    theirs = _topologies.make_mesh(_topologies.get_attached_topology("cpu"), (1, 1), ("x", "y"))
    assert dict(mesh.shape) == dict(theirs.shape)
    with pytest.raises(NotImplementedError, match="get_attached_topology"):
        topologies.get_topology_desc(platform="tpu")


def test_the_folder_of_the_cache(tmp_path):
    text = f"""
    from pullback.experimental.compilation_cache import compilation_cache
    compilation_cache.set_cache_dir({str(tmp_path)!r})
    compilation_cache.reset_cache()
    print(pb.jit(lambda x: x * 7 + 13)(1.0))
    """
    assert scripts.run(text, {"PULLBACK_CACHE": "1"}) == "20.0"
    assert any(path.is_file() for path in tmp_path.rglob("*"))
