"""Compiled programs over several devices: how they are divided, and what they compute."""

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding as JaxSharding
from jax.sharding import PartitionSpec as JaxP

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp
from pullback.sharding import NamedSharding, with_sharding_constraint

RNG = np.random.default_rng(1)
A = RNG.normal(size=(16, 8)).astype(np.float32)
B = RNG.normal(size=(8, 16)).astype(np.float32)


def close(got, wanted, tol=2e-5):
    """Equal types and nearly equal values."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=tol, atol=tol * max(1, np.abs(wanted).max()))


PROGRAMS = {
    "matmul": lambda n, k, x, y: n.tanh(x @ y).sum(1),
    "sort": lambda n, k, x, y: n.sort(x, axis=0) + n.argsort(x, axis=1),
    "cumsum": lambda n, k, x, y: n.cumsum(x, axis=0),
    "fft": lambda n, k, x, y: n.abs(n.fft.fft(x, axis=0)),
    "softmax": lambda n, k, x, y: n.exp(x - x.max(1, keepdims=True)) @ y,
    "scan": lambda n, k, x, y: k.scan(lambda c, r: (c * 0.5 + r, c.sum()), x[0], x)[1],
    "cholesky": lambda n, k, x, y: n.linalg.cholesky(x.T @ x + n.eye(8)),
    "gather": lambda n, k, x, y: x[n.array([3, 1, 7])] * 2,
    "while": lambda n, k, x, y: k.while_loop(lambda v: v.sum() < 1e3, lambda v: v * 1.5 + 1, x),
    "cond": lambda n, k, x, y: k.cond(x.sum() > 0, lambda v: v * 2, lambda v: -v, x),
    "dynamic": lambda n, k, x, y: k.dynamic_slice(x, (n.int32(3), n.int32(1)), (8, 4)),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("spec", [("x", "y"), (("x", "y"),)], ids=str)
def test_programs_and_gradients_against_jax(mesh, jax_mesh, name, spec):
    """Values of programs on divided arguments, and their gradients but through while loops."""
    f = PROGRAMS[name]
    ours = [pb.device_put(v, NamedSharding(mesh, P(*spec))) for v in (A, B)]
    theirs = [jax.device_put(v, JaxSharding(jax_mesh, JaxP(*spec))) for v in (A, B)]
    got = pb.jit(lambda x, y: f(pnp, lax, x, y))(*ours)
    wanted = jax.jit(lambda x, y: f(jax.numpy, jax.lax, x, y))(*theirs)
    close(got, wanted)
    assert got.sharding.num_devices == 8
    if name == "while":
        return
    grad = pb.jit(pb.grad(lambda x, y: f(pnp, lax, x, y).sum() ** 2))(*ours)
    theirs_grad = jax.jit(jax.grad(lambda x, y: f(jax.numpy, jax.lax, x, y).sum() ** 2))(*theirs)
    close(grad, theirs_grad, 1e-4)
    one = pb.jit(pb.grad(lambda x, y: f(pnp, lax, x, y).sum() ** 2))(A, B)
    close(grad, one, 1e-4)


def test_results_have_the_sharding_that_xla_chose(mesh):
    x = pb.device_put(A, NamedSharding(mesh, P("x", "y")))
    assert pb.jit(lambda v: v * 2)(x).sharding == x.sharding
    assert pb.jit(lambda v: v.T)(x).sharding.spec == P("y", "x")
    assert pb.jit(lambda v: v.sum(1))(x).sharding.spec == P("x")
    assert pb.jit(lambda v: v.sum())(x).sharding.spec == P()
    # No argument says which mesh it is, but the program does.
    wanted = NamedSharding(mesh, P("x"))
    assert pb.jit(lambda v: lax.with_sharding_constraint(v * 2, wanted))(A).sharding == wanted


def test_in_and_out_shardings(mesh):
    rows, columns = NamedSharding(mesh, P("x")), NamedSharding(mesh, P(None, "y"))
    f = pb.jit(lambda a, b: a @ b, in_shardings=(rows, None), out_shardings=columns)
    out = f(A, B)
    assert out.sharding == columns
    close(out, A @ B)
    x = pb.device_put(A, rows)
    close(f(x, B), A @ B)
    with pytest.raises(ValueError, match=r"argument 0 .* must be divided as"):
        f(pb.device_put(A, columns), B)
    with pytest.raises(ValueError, match="cannot be cut into 4 equal parts"):
        pb.jit(lambda a: a, in_shardings=rows)(np.ones((6, 2)))
    with pytest.raises(ValueError, match="cannot be cut into 4 equal parts"):
        pb.jit(lambda a: a[:6], out_shardings=rows)(A)
    with pytest.raises(ValueError, match="pass all arguments by position"):
        pb.jit(lambda a: a, in_shardings=rows)(a=A)
    with pytest.raises(TypeError, match="wants a NamedSharding"):
        pb.jit(lambda a: a, in_shardings="x")(A)
    with pytest.raises(ValueError):
        pb.jit(lambda a, b: a, in_shardings=(rows,))(A, B)


def test_shardings_are_prefixes_of_trees(mesh):
    rows, whole = NamedSharding(mesh, P("x")), NamedSharding(mesh, P())

    @pb.jit(in_shardings=({"w": rows, "b": whole},), out_shardings=(rows, None))
    def f(p):
        return {"a": p["w"] * 2, "c": p["w"] + p["b"]}, p["b"]

    out, rest = f({"w": A, "b": np.float32(3)})
    assert out["a"].sharding == out["c"].sharding == rows and rest.sharding.is_fully_replicated
    close(out["c"], A + np.float32(3))


def test_a_mesh_in_context(mesh):
    f = pb.jit(lambda a: a * 2, in_shardings=P("x"), out_shardings=P(None, "y"))
    with pytest.raises(RuntimeError, match="needs a mesh"):
        f(A)
    with pb.set_mesh(mesh):
        assert f(A).sharding == NamedSharding(mesh, P(None, "y"))
        assert with_sharding_constraint(A, P("y")).sharding == NamedSharding(mesh, P("y"))


def test_constraints_inside(mesh):
    rows = NamedSharding(mesh, P("x"))

    @pb.jit
    def f(a):
        return with_sharding_constraint(a * 2, rows) + 1

    assert f(A).sharding == rows == f(pb.device_put(A, NamedSharding(mesh, P()))).sharding
    close(f(A), A * 2 + 1)
    assert "sharding_constraint" in str(pb.make_jaxpr(f)(A))
    text = f.lower(A).as_text()
    assert "sdy.mesh" in text and "sdy.sharding_constraint" in text
    with pytest.raises(ValueError, match="argument lies on"):
        f(pb.device_put(A, pb.devices("xla")[1]))
    with pytest.raises(ValueError, match="cannot be cut into 4"):
        f(np.ones((6, 2)))
    half = pb.make_mesh((4,), ("x",), devices=pb.devices("xla"))
    with pytest.raises(ValueError, match="one set of devices in all its meshes"):
        pb.jit(lambda a: with_sharding_constraint(f(a), NamedSharding(half, P("x"))))(A)


def test_constraints_under_transformations(mesh):
    rows = NamedSharding(mesh, P("x"))

    def f(a):
        return (with_sharding_constraint(a * a, rows) ** 2).sum()

    for g in (pb.grad(f), pb.jit(pb.grad(f)), pb.grad(pb.jit(f))):
        close(g(A), 4 * A**3)
    close(pb.jvp(pb.jit(f), (A,), (A,))[1], (4 * A**4).sum(), 1e-4)
    batch = np.stack([A, 2 * A])
    close(pb.jit(pb.vmap(pb.grad(f)))(batch), 4 * batch**3)
    close(pb.vmap(pb.jit(f))(batch), np.array([(A**4).sum(), 16 * (A**4).sum()]), 1e-4)
    hessian = pb.jit(pb.hessian(lambda v: (with_sharding_constraint(v, rows) ** 3).sum()))
    close(hessian(A[:, 0][:8]), np.diag(6 * A[:8, 0]))


def test_unconstrained_dimensions(mesh):
    s = NamedSharding(mesh, P("x", P.UNCONSTRAINED))
    x = pb.device_put(B, NamedSharding(mesh, P(None, "y")))
    out = pb.jit(lambda v: with_sharding_constraint(v * 2, s))(x)
    assert out.sharding.spec.names(0) == ("x",)
    close(out, 2 * B)


def test_gradients_of_divided_calls(mesh):
    rows, whole = NamedSharding(mesh, P(("x", "y"))), NamedSharding(mesh, P())
    f = pb.jit(lambda w, x: pnp.tanh(x @ w).sum(), in_shardings=(whole, rows))
    w = B[:, :4]
    got = pb.jit(pb.grad(f))(w, A)
    t = np.tanh(A @ w)
    close(got, A.T @ (1 - t * t))
    close(pb.grad(f)(w, A), A.T @ (1 - t * t))


def test_donation(mesh):
    s = NamedSharding(mesh, P("x", "y"))
    f = pb.jit(lambda a: a + 1, donate_argnums=0, in_shardings=s, out_shardings=s)
    x = pb.device_put(A, s)
    y = f(x)
    assert x.is_deleted() and y.sharding == s
    close(y, A + 1)
    mine = A.copy()
    close(f(mine), A + 1)
    np.testing.assert_array_equal(mine, A)


def test_effects_and_callbacks(mesh):
    s = NamedSharding(mesh, P("x"))
    f = pb.jit(
        lambda a: pb.pure_callback(lambda v: v * 2, a, a), in_shardings=NamedSharding(mesh, P())
    )
    close(f(A), A * 2)
    x = pb.device_put(A, s)
    seen = []

    @pb.jit
    def told(a):
        pb.debug.callback(lambda v: seen.append(v.shape), a)
        return a * 2

    close(told(x), A * 2)
    pb.effects_barrier()
    assert seen == [(16, 8)]
    close(pb.jit(lambda a: pnp.linalg.svd(a, full_matrices=False)[1])(x), np.linalg.svd(A)[1], 1e-4)


def test_stages(mesh):
    s = NamedSharding(mesh, P("x"))
    lowered = pb.jit(lambda a: a.sum(0), in_shardings=s).lower(A)
    assert '#sdy.sharding<@mesh_0, [{"x"}, {}]>' in lowered.as_text()
    compiled = lowered.compile()
    assert "all-reduce" in compiled.as_text()
    close(compiled(A), A.sum(0))
    close(compiled(pb.device_put(A, s)), A.sum(0))


def test_random_numbers_do_not_depend_on_how_they_are_divided(mesh):
    s = NamedSharding(mesh, P("x", "y"))
    f = pb.jit(lambda key: pb.random.normal(key, (16, 8)), out_shardings=s)
    got = f(pb.random.key(0))
    assert got.sharding == s
    close(got, pb.random.normal(pb.random.key(0), (16, 8)), 1e-6)


def test_captured_arrays_lie_as_they_do(mesh):
    w = pb.device_put(B, NamedSharding(mesh, P(None, "x")))
    f = pb.jit(lambda a: a @ w)
    close(f(A), A @ B)
    assert f(A).sharding.spec == P(None, "x")


def test_programs_are_found_on_disk(mesh, tmp_path, monkeypatch):
    s = NamedSharding(mesh, P("x"))
    f = pb.jit(lambda a: pnp.cos(a) * 17, in_shardings=s)
    first = np.asarray(f(A))
    pb.clear_caches()
    np.testing.assert_array_equal(f(A), first)
    assert f(A).sharding == s
