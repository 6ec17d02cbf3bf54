"""`disable_jit`: loops and branches run in Python, as JAX's do, and functions see values."""

import jax
import numpy as np
import pytest
from both import JAX, PULLBACK

import pullback as pb

pytestmark = pytest.mark.usefixtures("loops_in_python")

X = np.arange(3, dtype=np.float32)


def mixed(c, x):
    """A step that tests its values in Python."""
    return (c * 2 if c < 3 else c + float(x)), {"y": c + x, "n": None}


PROGRAMS = {
    "scan": lambda s: s.lax.scan(mixed, 1.0, X),
    "reversed": lambda s: s.lax.scan(mixed, 1.0, X, reverse=True),
    "no xs": lambda s: s.lax.scan(lambda c, _: (c + int(c), None), 1, None, length=3),
    "trees": lambda s: s.lax.scan(
        lambda c, x: ((c[0] + x["a"], c[1]), x["b"].sum()), (X[0], 7), {"a": X, "b": np.eye(3)}
    ),
    "map": lambda s: s.lax.map(lambda x: s.np.sin(x) if x > 1 else -x, X),
    "fori_loop": lambda s: s.lax.fori_loop(0, 4, lambda i, c: c + (int(i) if i % 2 else 0), 0),
    "fori_loop of arrays": lambda s: s.lax.fori_loop(
        s.np.int32(1), s.np.int32(3), lambda i, c: c + float(c) * i, s.np.float32(2)
    ),
    "while_loop": lambda s: s.lax.while_loop(lambda c: float(c) < 9, lambda c: c + int(c), 1),
    "cond": lambda s: s.lax.cond(s.np.asarray(True), lambda x: float(x), lambda x: x, 2.0),
    "switch": lambda s: s.lax.switch(5, [lambda x: x, lambda x: x if x > 0 else -x], -2.0),
    "compiled": lambda s: s.jit(lambda x: s.lax.scan(mixed, x, X))(1.0),
    "derivative": lambda s: s.grad(lambda x: s.lax.scan(mixed, x, X)[0])(1.0),
    "of a while_loop": lambda s: s.jvp(
        lambda x: s.lax.while_loop(lambda c: bool(c < 9), lambda c: c * c, x), (2.0,), (1.0,)
    ),
    "mapped": lambda s: s.vmap(lambda x: s.lax.scan(lambda c, y: (c * y, c), x, X))(X),
    "mapped condition": lambda s: s.vmap(
        lambda x: s.lax.while_loop(lambda c: c < 5, lambda c: c + 2, x)
    )(X),
    "mapped branch": lambda s: s.vmap(lambda x: s.lax.cond(x > 1, lambda: x, lambda: -x))(X),
}


def values(x):
    return jax.tree.map(np.asarray, x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_functions_see_values(name):
    with jax.disable_jit():
        wanted = values(PROGRAMS[name](JAX))
    with pb.disable_jit():
        got = pb.tree.map(np.asarray, PROGRAMS[name](PULLBACK))
    assert jax.tree.structure(got) == jax.tree.structure(wanted)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), got, wanted)


def test_no_step_and_programs():
    """Without a step the types are those of the program; one that is written has its loops."""
    with pb.disable_jit():
        last, ys = pb.lax.scan(lambda c, x: (c + x, c), 0.0, np.zeros((0, 2), np.float32)[:, 0])
        assert float(last) == 0 and ys.shape == (0,)
        assert "scan" in str(pb.make_jaxpr(lambda x: pb.lax.scan(lambda c, y: (c, y), x, X))(1.0))


def test_mutable_arrays_in_loops():
    total = pb.new_ref(np.zeros(3, np.float32))

    def step(i, _):
        total[i] += float(i)

    with pb.disable_jit():
        pb.lax.fori_loop(0, 3, step, None)
    np.testing.assert_array_equal(total[...], X)
