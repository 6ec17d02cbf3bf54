"""The page about several devices; users' rules and other transformations in shard_map."""

import re
from pathlib import Path

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp

PAGE = Path(__file__).resolve().parents[2] / "docs" / "devices.md"
A = np.random.default_rng(3).normal(size=(16, 8)).astype(np.float32)
XY = ("x", "y")


def close(got, wanted, tol=2e-5):
    """Nearly equal values."""
    wanted = np.asarray(wanted)
    bound = tol * max(1, np.abs(wanted).max())
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=tol, atol=bound)


def test_the_page_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 9
    exec(compile("\n".join(blocks), str(PAGE), "exec"), {})
    assert "P(None, 'model') (16, 16)" in capsys.readouterr().out


@pb.custom_vjp
def square(v):
    return v * v


square.defvjp(lambda v: (v * v, v), lambda v, ct: (2 * v * ct,))


@pb.custom_jvp
def cube(v):
    return v**3


@cube.defjvp
def _(primals, tangents):
    return cube(primals[0]), 3 * primals[0] ** 2 * tangents[0]


def test_users_rules(mesh):
    def f(v):
        g = pb.shard_map(
            lambda u: lax.psum(square(u) + cube(u), "x"), mesh=mesh, in_specs=P("x"), out_specs=P()
        )
        return g(v).sum()

    close(pb.jit(pb.grad(f))(A), 2 * A + 3 * A**2)
    close(pb.grad(f)(A), 2 * A + 3 * A**2)
    inside = pb.shard_map(
        lambda w, u: pb.grad(lambda w: lax.pmean((cube(w) * u).sum(), XY))(w),
        mesh=mesh, in_specs=(P(), P(XY)), out_specs=P(),
    )  # fmt: skip
    close(pb.jit(inside)(np.float32(2), A), 12 * A.sum() / 8, 1e-4)


@pytest.mark.parametrize("wrap", [lambda f: f, pb.jit], ids=["eager", "jit"])
def test_control_and_gradients_inside(mesh, wrap):
    def loss(w, u):
        return lax.pmean((w**2 * u).sum(), XY)

    def choose(w, u):
        positive = lax.psum((u**2).sum(), XY) > 0
        return lax.cond(positive, lambda w: pb.grad(loss)(w, u), lambda w: w, w)

    def pulled(w, u):
        f_vjp = pb.jit(lambda w: pb.vjp(lambda w: loss(w, u), w)[1])(w)
        return f_vjp(np.float32(1))[0]

    for f in (choose, pulled):
        mapped = pb.shard_map(f, mesh=mesh, in_specs=(P(), P(XY)), out_specs=P())
        close(wrap(mapped)(np.float32(2), A), 4 * A.sum() / 8, 1e-4)


def test_loops_from_outside(mesh):
    def doubled(u):
        return lax.while_loop(lambda c: (c**2).sum() < 1e4, lambda c: 2 * c, u)

    f = pb.shard_map(doubled, mesh=mesh, in_specs=P("x"), out_specs=P("x"))
    wanted = np.concatenate(
        [np.asarray(pb.grad(lambda v: doubled(v).sum())(a)) for a in np.split(A, 4)]
    )
    close(pb.jit(pb.grad(lambda v: f(v).sum()))(A), wanted)

    def steps(u):
        def body(c, _):
            return pnp.sin(c) + lax.pmean(c, "x"), None

        return lax.scan(pb.checkpoint(body), u, None, length=3)[0]

    def plain(v):
        c = v.reshape(4, 4, 8)
        for _ in range(3):
            c = pnp.sin(c) + c.mean(0)
        return c.sum()

    g = pb.shard_map(steps, mesh=mesh, in_specs=P("x"), out_specs=P("x"))
    close(pb.jit(pb.grad(lambda v: g(v).sum()))(A), pb.grad(plain)(A), 1e-4)


def test_random_numbers_of_each_device(line):
    def draw(key):
        return pb.random.normal(pb.random.fold_in(key, lax.axis_index("i")), (2,))

    f = pb.shard_map(draw, mesh=line, in_specs=P(), out_specs=P("i"))
    key = pb.random.key(5)
    wanted = [pb.random.normal(pb.random.fold_in(key, i), (2,)) for i in range(8)]
    close(pb.jit(f)(key), np.concatenate(wanted), 1e-6)
    keys = pb.random.split(key, 8)
    g = pb.shard_map(pb.vmap(pb.random.uniform), mesh=line, in_specs=P("i"), out_specs=P("i"))
    close(pb.jit(g)(keys), pb.vmap(pb.random.uniform)(keys), 0)


def test_eager_control_on_divided_arrays(mesh):
    x = pb.device_put(A, pb.NamedSharding(mesh, P("x", "y")))
    total, _ = lax.scan(lambda c, r: (c + r, None), pnp.zeros(8), x)
    close(total, A.sum(0))
    assert total.sharding.spec == P("y")
    assert lax.cond(True, lambda v: 2 * v, lambda v: v, x).sharding == x.sharding
    inner = pb.jit(lambda v: 2 * v, out_shardings=pb.NamedSharding(mesh, P("y")))
    close(pb.jit(lambda v: inner(v) + 1)(x), 2 * A + 1)
    with pb.debug_nans(), pytest.raises(FloatingPointError, match="nan"):
        pb.jit(lambda v: pnp.log(-pnp.abs(v)))(x)


@pytest.mark.filterwarnings("ignore:.*with mesh.*:DeprecationWarning")
def test_with_mesh(mesh, jax_mesh):
    """In `with mesh:` a PartitionSpec names its axes, blocks nest, and functions may be wrapped."""
    x = np.arange(32.0, dtype=np.float32).reshape(8, 4)

    def run(m, mesh):
        P, constrained = m.sharding.PartitionSpec, m.lax.with_sharding_constraint
        with mesh as entered:
            assert entered is mesh
            with mesh:
                inner = m.jit(lambda x: constrained(x, P("x")))(x)
            outer = m.jit(lambda x: 2 * constrained(x, P(None, "y")))(x)
        wrapped = mesh(lambda x: constrained(m.numpy.asarray(x), P("y", "x")))(x)
        return [(tuple(y.sharding.spec), np.asarray(y)) for y in (inner, outer, wrapped)]

    for (spec, got), (wanted_spec, wanted) in zip(run(pb, mesh), run(jax, jax_mesh), strict=True):
        assert spec == wanted_spec
        np.testing.assert_array_equal(got, wanted)
    with pytest.raises(RuntimeError, match="needs a mesh"):
        pb.jit(lambda x: pb.lax.with_sharding_constraint(x, pb.P("x")))(x)


def described(x):
    """A sharding, or trees of them, as text; those of both libraries read the same."""
    return jax.tree.map(lambda s: (type(s).__name__, str(s.spec)), x, is_leaf=lambda s: s is None)


def test_shardings_of_compiled_functions(mesh, jax_mesh):
    def run(m, mesh):
        P, struct = m.sharding.PartitionSpec, m.ShapeDtypeStruct
        x = np.arange(32.0, dtype=np.float32).reshape(8, 4)

        def lies(*spec):
            return m.NamedSharding(mesh, P(*spec))

        typed = struct((8, 4), "float32", sharding=lies("x"))
        stages = [
            m.jit(lambda x: 2 * x, in_shardings=lies("x", "y"), out_shardings=lies("y")).lower(x),
            m.jit(lambda x, *, k: {"a": 2 * x, "b": k}).lower(typed, k=typed),
            m.jit(lambda x: 2 * x).lower(m.device_put(x, lies(None, "x"))),
        ]
        compiled = [s.compile() for s in stages]
        y = compiled[1](m.device_put(x, lies("x")), k=m.device_put(2 * x, lies("x")))
        return [(c.input_shardings, c.output_shardings) for c in compiled], y

    (ours, y), (theirs, z) = run(pb, mesh), run(jax, jax_mesh)
    got = [[described(args), described(kwargs), described(outs)] for (args, kwargs), outs in ours]
    wanted = [[described(a), described(k), described(outs)] for (a, k), outs in theirs]
    assert got == wanted
    for name in "ab":
        np.testing.assert_array_equal(y[name], z[name])
        assert str(y[name].sharding.spec) == str(z[name].sharding.spec)


def test_types_alone_may_be_divided(mesh):
    """By in_shardings, or as they say, whatever the default device is."""
    x = np.arange(16.0, dtype=np.float32).reshape(8, 2)
    typed = pb.ShapeDtypeStruct(x.shape, x.dtype)
    divided = pb.NamedSharding(mesh, P("x"))
    f = pb.jit(lambda v: v * 2, in_shardings=divided)
    assert f.eval_shape(typed).shape == x.shape
    compiled = f.lower(typed).compile()
    assert compiled.input_shardings[0][0].spec == P("x")
    np.testing.assert_array_equal(np.asarray(compiled(x)), 2 * x)
    with pb.default_device(pb.devices("xla")[0]):
        said = pb.ShapeDtypeStruct(x.shape, x.dtype, sharding=divided)
        compiled = pb.jit(lambda v, w: v + w).lower(said, x).compile()
        got = compiled(pb.device_put(x, divided), x)
    np.testing.assert_array_equal(np.asarray(got), 2 * x)


def test_types_that_lie_on_different_devices(mesh):
    one = pb.ShapeDtypeStruct((8,), "float32", sharding=pb.NamedSharding(mesh, P("x")))
    other = pb.device_put(np.ones(8, np.float32), pb.devices("xla")[3])
    with pytest.raises(ValueError, match="the arguments lie on different devices"):
        pb.jit(lambda x, y: x + y).lower(one, other)


def test_with_mesh_warns(mesh, jax_mesh):
    for m in (mesh, jax_mesh):
        with pytest.warns(DeprecationWarning, match="set_mesh"), m:
            pass


def test_constraints_of_batches_at_once(mesh, jax_mesh):
    x = np.arange(32.0, dtype=np.float32).reshape(8, 4)
    for m, at in ((pb, mesh), (jax, jax_mesh)):
        lies = m.NamedSharding(at, m.sharding.PartitionSpec("y"))
        y = m.vmap(lambda x, s=lies, m=m: m.lax.with_sharding_constraint(x, s))(x)
        assert str(y.sharding.spec) == "P(None, 'y')"
        np.testing.assert_array_equal(y, x)


LIKE = {
    "zeros_like": lambda p, x, **kw: p.numpy.zeros_like(x, **kw),
    "ones_like": lambda p, x, **kw: p.numpy.ones_like(x, **kw),
    "empty_like": lambda p, x, **kw: p.numpy.empty_like(x, **kw),
    "full_like": lambda p, x, **kw: p.numpy.full_like(x, 2, **kw),
    "lax.full_like": lambda p, x, **kw: p.lax.full_like(x, 2, **kw),
}


@pytest.mark.parametrize("name", LIKE)
def test_what_is_made_like_an_array_lies_beside_it(name, line, jax_line):
    found = []
    for p, axis, devices in ((pb, line, pb.devices("xla")), (jax, jax_line, jax.devices())):
        divided = p.NamedSharding(axis, p.P("i"))
        whole = p.NamedSharding(axis, p.P())
        given = np.ones((8, 2), np.float32)
        likes = [p.device_put(given, where) for where in (divided, whole, devices[3])]
        likes.append(p.ShapeDtypeStruct((8, 2), np.float32, sharding=divided))
        lies = []
        for like in likes:
            for options in ({}, {"dtype": np.int32}, {"shape": (5,)}):
                y = LIKE[name](p, like, **options)
                lies.append((y.committed, sorted(d.id for d in y.devices()), y.shape, str(y.dtype)))
                lies.append(y.addressable_shards[0].data.shape)
        found.append(lies)
    assert found[0] == found[1]


def test_results_of_calls_that_say_where_are_committed(line, jax_line):
    found = []
    for p, axis, devices in ((pb, line, pb.devices("xla")), (jax, jax_line, jax.devices())):
        places = p.NamedSharding(axis, p.P("i")), p.sharding.SingleDeviceSharding(devices[2])
        lies = []
        for where in places:
            for f in (lambda x: x, lambda x: (x * 2, x)):
                y = p.jit(f, out_shardings=where)(np.ones(8, np.float32))
                z = p.jit(f, in_shardings=where)(np.ones(8, np.float32))
                for leaf in p.tree.leaves((y, z)):
                    lies.append((leaf.committed, sorted(d.id for d in leaf.devices())))
        found.append(lies)
    assert found[0] == found[1]
