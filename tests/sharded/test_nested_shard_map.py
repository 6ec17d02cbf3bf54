"""A shard_map inside another, held against one of JAX's along the axes of both."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp

RNG = np.random.default_rng(3)
X = RNG.normal(size=16).astype(np.float32)
W = np.float32(1.5)
SHIFT = [(k, (k + 1) % 4) for k in range(4)]

# name: function of (w, a part of x), spec along "y", specs of the result along "x" and along both
CASES = {
    "elementwise": (lambda n, k, t, w, v: n.sin(w * v), P("y"), P("x"), P(("x", "y"))),
    "psum": (lambda n, k, t, w, v: k.psum(w * v * v, "y"), P(), P("x"), P("x")),
    "psum of both": (lambda n, k, t, w, v: k.psum(w * v * v, ("x", "y")), P(), P(), P()),
    "along the outer axis": (lambda n, k, t, w, v: k.psum(w * v, "x"), P("y"), P(), P("y")),
    "exchange": (
        lambda n, k, t, w, v: k.ppermute(v * v, "x", SHIFT) + k.all_gather(v, "y").sum() * w,
        P("y"), P("x"), P(("x", "y")),
    ),
    "places": (
        lambda n, k, t, w, v: v * w + k.axis_index("x") * 10 + k.axis_index(("x", "y")),
        P("y"), P("x"), P(("x", "y")),
    ),
    "checkpoint": (
        lambda n, k, t, w, v: t.checkpoint(lambda u: n.sin(u) * k.pmean(u, "y"))(w * v),
        P("y"), P("x"), P(("x", "y")),
    ),
    "gradient inside": (
        lambda n, k, t, w, v: t.grad(lambda u: n.sin(u * v).sum())(w), P(), P(), P(),
    ),
    "gradient of its own": (
        lambda n, k, t, w, v: t.grad(lambda u: n.sin(u * v).sum())(
            k.pcast(w, ("x", "y"), to="varying")
        )[None],
        P("y"), P("x"), P(("x", "y")),
    ),
}  # fmt: skip


def nested(f, mesh, inner_out, outer_out):
    """It stands along "y" in one along "x"."""

    def inside(w, v):
        inner = pb.shard_map(
            f, in_specs=(P(), P("y")), out_specs=inner_out, axis_names=frozenset({"y"})
        )
        return inner(w, v)

    return pb.shard_map(
        inside, mesh=mesh, in_specs=(P(), P("x")), out_specs=outer_out, axis_names={"x"}
    )


def jax_flat(f, mesh, out):
    specs = (jax.P(), jax.P(("x", "y")))
    return jax.shard_map(f, mesh=mesh, in_specs=specs, out_specs=jax.P(*out))


def close(got, wanted):
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-4)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_one_along_both(mesh, jax_mesh, name):
    f, inner, outer, both = CASES[name]
    ours = nested(lambda w, v: f(pnp, lax, pb, w, v), mesh, inner, outer)
    theirs = jax_flat(lambda w, v: f(jnp, jax.lax, jax, w, v), jax_mesh, both)
    close(pb.jit(ours)(W, X), jax.jit(theirs)(W, X))
    got = pb.jit(pb.grad(lambda w, x: (ours(w, x) ** 2).sum(), (0, 1)))(W, X)
    wanted = jax.jit(jax.grad(lambda w, x: (theirs(w, x) ** 2).sum(), (0, 1)))(W, X)
    for g, w in zip(got, wanted, strict=True):
        close(g, w)


@pytest.mark.parametrize("total", ["y", ("x", "y")])
def test_gradients_between_the_two(mesh, jax_mesh, total):
    """Of a value that all devices hold they are summed over all."""

    def f(n, k, w, v):
        return k.psum(n.sin(w * v).sum(), total)

    def inside(w, v):
        g = pb.shard_map(
            lambda w, v: f(pnp, lax, w, v), in_specs=(P(), P("y")), out_specs=P(),
            axis_names={"y"},
        )  # fmt: skip
        return pb.grad(g)(w, v)

    ours = pb.shard_map(inside, mesh=mesh, in_specs=(P(), P("x")), out_specs=P(), axis_names={"x"})
    theirs = jax_flat(lambda w, v: jax.grad(lambda u: f(jnp, jax.lax, u, v))(w), jax_mesh, ())
    close(pb.jit(ours)(W, X), jax.jit(theirs)(W, X))


def test_in_loops_and_batches(mesh):
    """The axes that are left are the inner one's, the mesh the one around."""

    def inside(v):
        half = pb.shard_map(lambda u: lax.pmean(u, "y") + u / 2, in_specs=P("y"), out_specs=P("y"))
        return lax.scan(lambda c, _: (half(c), None), v, None, length=2)[0]

    f = pb.shard_map(inside, mesh=mesh, in_specs=P("x"), out_specs=P("x"), axis_names={"x"})
    parts = X.reshape(4, 2, 2)
    for _ in range(2):
        parts = parts.mean(1, keepdims=True) + parts / 2
    close(pb.jit(f)(X), parts.reshape(16))
    close(pb.vmap(f)(np.stack([X, 2 * X])), np.stack([parts, 2 * parts]).reshape(2, 16))


def test_three_and_what_is_refused(mesh):
    cube = pb.sharding.Mesh(mesh.devices.reshape(2, 2, 2), ("x", "y", "z"))

    def run(f, axis, v):
        return pb.shard_map(f, in_specs=P(axis), out_specs=P(axis), axis_names={axis})(v)

    def innermost(v):
        return v + 100 * lax.axis_index("x") + 10 * lax.axis_index("y") + lax.axis_index("z")

    with pb.set_mesh(cube):
        out = run(lambda v: run(lambda u: run(innermost, "z", u), "y", v), "x", np.zeros(8))
        with pytest.raises(ValueError, match="axis_names must be others"):
            run(lambda v: run(lambda u: u, "x", v), "x", X)
        with pytest.raises(ValueError, match="the same mesh"):
            run(
                lambda v: pb.shard_map(
                    lambda u: u, mesh=mesh, in_specs=P(), out_specs=P(), axis_names={"y"}
                )(v),
                "x", X,
            )  # fmt: skip
    np.testing.assert_array_equal(np.asarray(out), [0, 1, 10, 11, 100, 101, 110, 111])
