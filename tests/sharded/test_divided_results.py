"""Functions that take `out_sharding` give results that are divided so, compiled or not."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp

MESH = pb.make_mesh((2, 4), ("x", "y"), devices=pb.devices("xla"))
ROWS = pb.NamedSharding(MESH, P("x"))
X = np.arange(16.0, dtype="float32").reshape(8, 2)
KEY = pb.random.key(0)
# Each gives 8 rows.
CALLS: dict[str, Callable[[Any], Any]] = {
    "array": lambda how: pnp.array(X, out_sharding=how),
    "asarray": lambda how: pnp.asarray(X, out_sharding=how),
    "zeros": lambda how: pnp.zeros((8, 2), out_sharding=how),
    "ones": lambda how: pnp.ones(8, out_sharding=how),
    "empty": lambda how: pnp.empty(8, out_sharding=how),
    "full": lambda how: pnp.full((8, 2), 3, out_sharding=how),
    "zeros_like": lambda how: pnp.zeros_like(X, out_sharding=how),
    "ones_like": lambda how: pnp.ones_like(X, out_sharding=how),
    "full_like": lambda how: pnp.full_like(X, 3, out_sharding=how),
    "arange": lambda how: pnp.arange(8, out_sharding=how),
    "reshape": lambda how: pnp.reshape(X, (8, 1, 2), out_sharding=how),
    "ravel": lambda how: pnp.ravel(X, out_sharding=how),
    "broadcast_to": lambda how: pnp.broadcast_to(X[0], (8, 2), out_sharding=how),
    "repeat": lambda how: pnp.repeat(X[0], 4, out_sharding=how),
    "bincount": lambda how: pnp.bincount(np.array([1, 3]), length=8, out_sharding=how),
    "percentile": lambda how: pnp.percentile(X, np.linspace(0, 100, 8), out_sharding=how),
    "at.get": lambda how: pnp.array(X).at[::-1].get(out_sharding=how),
    "normal": lambda how: pb.random.normal(KEY, (8,), out_sharding=how),
    "bits": lambda how: pb.random.bits(KEY, (8,), out_sharding=how),
    "gamma": lambda how: pb.random.gamma(KEY, 2.0, (8,), out_sharding=how),
    "permutation": lambda how: pb.random.permutation(KEY, 8, out_sharding=how),
    "cauchy": lambda how: pb.random.cauchy(KEY, (8,), out_sharding=how),
    "initializers": lambda how: pb.nn.initializers.he_normal()(KEY, (8, 2), "float32", how),
    "lax.reshape": lambda how: lax.reshape(X, (8, 2, 1), out_sharding=how),
    "lax.broadcast": lambda how: lax.broadcast(X[0], (8,), out_sharding=how),
    "lax.dot": lambda how: lax.dot(X, X.T, out_sharding=how),
    "lax.reduce_sum": lambda how: lax.reduce_sum(X, (1,), out_sharding=how),
    "lax.reduce": lambda how: lax.reduce(X, 0.0, lax.add, (1,), how),
    "lax.iota": lambda how: lax.broadcasted_iota("int32", (8, 2), 0, out_sharding=how),
    "lax.full": lambda how: lax.full((8,), 1.0, sharding=how),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_results_are_divided(name: str, compiled: bool) -> None:
    call = CALLS[name]
    found = pb.jit(lambda: call(ROWS))() if compiled else call(ROWS)
    assert found.sharding.is_equivalent_to(ROWS, found.ndim)
    np.testing.assert_allclose(found, call(None), 1e-6)


@pytest.mark.parametrize("name", CALLS)
def test_shardings_of_types_choose_nothing(name: str) -> None:
    call, whole = CALLS[name], jax.typeof(X).sharding
    assert repr(pb.typeof(X).sharding) == repr(whole)
    wanted = call(None)
    found = [call(pb.typeof(wanted).sharding), pb.jit(lambda: call(pb.typeof(wanted).sharding))()]
    with pb.set_mesh(MESH):
        found += [pb.jit(lambda: call(pb.typeof(wanted).sharding))()]
    for x in found:
        np.testing.assert_allclose(x, wanted, 1e-6)


def test_devices_of_types_choose_nothing() -> None:
    f = jax.jit(lambda x: jax.device_put(2 * x, jax.typeof(x).sharding))
    g = pb.jit(lambda x: pb.device_put(2 * x, pb.typeof(x).sharding))
    np.testing.assert_array_equal(g(X), f(X))
    places = (s.numpy.zeros(3, device=s.typeof(s.numpy.ones(3)).sharding) for s in (pb, jax))
    assert [x.devices() for x in places] == [{pb.devices()[0]}, {jax.devices()[0]}]


def test_the_spec_of_a_mesh_in_context() -> None:
    with pb.set_mesh(MESH):
        assert pnp.zeros(8, out_sharding=P("x")).sharding.is_equivalent_to(ROWS, 1)
