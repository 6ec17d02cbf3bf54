"""smap: as JAX's, along one axis of a mesh of two."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as pnp

A = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)


@pytest.fixture
def meshes():
    ours = pb.make_mesh((4, 2), ("x", "y"), devices=pb.devices("xla"))
    types = (jax.sharding.AxisType.Auto,) * 2
    theirs = jax.make_mesh((4, 2), ("x", "y"), axis_types=types)
    with pb.set_mesh(ours), jax.set_mesh(theirs):
        yield


CASES = {
    "rows": (lambda n, k: lambda a: a * k.axis_index("x"), 0, 0, "x"),
    "columns": (lambda n, k: lambda a: a - k.pmean(a, "y"), 1, 1, "y"),
    "sums": (lambda n, k: lambda a: k.psum(a.sum(0), "x"), 0, None, "x"),
    "turned": (lambda n, k: lambda a: a.T, 0, 1, "x"),
    "trees": (
        lambda n, k: lambda a: {"a": n.sin(a), "b": k.psum(a, "x")},
        (0,),
        {"a": 0, "b": None},
        "x",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_jax(name, meshes):
    f, in_axes, out_axes, axis = CASES[name]
    options = {"in_axes": in_axes, "out_axes": out_axes, "axis_name": axis}

    def run(s, g):
        mapped = s.smap(g, **options)

        def loss(a):
            return sum((k + 1) * (x**2).sum() for k, x in enumerate(s.tree.leaves(mapped(a))))

        return s.tree.leaves((s.jit(mapped)(A), s.jit(s.grad(loss))(A)))

    found, wanted = run(pb, f(pnp, lax)), run(jax, f(jnp, jax.lax))
    for x, y in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=2e-5, atol=1e-5)


def test_as_a_decorator_and_errors(meshes):
    @pb.smap(in_axes=(0, None), out_axes=0, axis_name="x")
    def scaled(a, k):
        return a * k

    np.testing.assert_allclose(np.asarray(scaled(A, 2.0)), 2 * A)
    cases = [
        ({"in_axes": 0, "axis_name": ("x", "y")}, TypeError, "name of one axis"),
        ({"in_axes": "x", "axis_name": "x"}, TypeError, "in_axes must be None, numbers"),
        ({"in_axes": -1, "axis_name": "x"}, ValueError, "counts axes from 0"),
        ({"axis_name": "x"}, NotImplementedError, "give in_axes"),
    ]
    for options, error, message in cases:
        with pytest.raises(error, match=message):
            pb.smap(lambda a: a, out_axes=0, **options)
