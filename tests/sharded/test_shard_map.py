"""shard_map and pmap: values and derivatives against JAX's, and against their own meaning."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as JaxP

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp
from pullback.control.call import interpret
from pullback.control.shard_map import mapped
from pullback.core.check import check

RNG = np.random.default_rng(2)
A = RNG.normal(size=(16, 8)).astype(np.float32)
W = RNG.normal(size=(8, 4)).astype(np.float32)


def close(got, wanted, tol=2e-5):
    """Equal types and nearly equal values."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=tol, atol=tol * max(1, np.abs(wanted).max()))


def both(f, in_specs, out_specs, meshes, **options):
    """A function of (numpy, lax, *arguments), mapped here and by JAX."""
    mesh, jax_mesh = meshes
    ours = pb.shard_map(
        lambda *xs: f(pnp, lax, *xs),
        mesh=mesh,
        in_specs=tuple([P(*s) for s in in_specs]),
        out_specs=P(*out_specs),
        **options,
    )
    theirs = jax.shard_map(
        lambda *xs: f(jnp, jax.lax, *xs),
        mesh=jax_mesh,
        in_specs=tuple([JaxP(*s) for s in in_specs]),
        out_specs=JaxP(*out_specs),
        **options,
    )
    return ours, theirs


XY = ("x", "y")
# name: function, in_specs, out_specs, arguments
CASES = {
    "elementwise": (lambda n, k, v: n.sin(v) * 2, [XY], XY, [A]),
    "psum": (lambda n, k, v: k.psum(v, "x"), [XY], (None, "y"), [A]),
    "psum of two": (lambda n, k, v: k.psum(n.exp(v), XY), [XY], (), [A]),
    "pmean": (lambda n, k, v: v - k.pmean(v, "y"), [XY], XY, [A]),
    "pmax": (
        lambda n, k, v: k.pmax(k.stop_gradient(v), "x") + k.psum(v, "x"),
        [XY], (None, "y"), [A],
    ),
    "all_gather": (
        lambda n, k, v: k.all_gather(v, "y", axis=1, tiled=True) * v.sum(),
        [XY], (XY,), [A],
    ),
    "all_gather stacked": (
        lambda n, k, v: k.all_gather(v, "x").sum((1, 2)) * v[0, 0],
        [XY], (XY,), [A],
    ),
    "psum_scatter": (lambda n, k, v: k.psum_scatter(v * v, "x", tiled=True), [XY], XY, [A]),
    "psum_scatter untiled": (
        lambda n, k, v: k.psum_scatter(v * v, "x", scatter_dimension=1),
        [(None, "y")], (XY,), [A],
    ),
    "all_to_all": (
        lambda n, k, v: k.all_to_all(v, "x", 1, 0, tiled=True) * 3,
        [("x",)], (None, "x"), [A],
    ),
    "all_to_all untiled": (
        lambda n, k, v: k.all_to_all(v.reshape(1, 4, 4), "x", 1, 0) ** 2,
        [("x", "y")], (None, "x", "y"), [A],
    ),
    "ppermute": (
        lambda n, k, v: k.ppermute(v, "x", [(i, (i + 1) % 4) for i in range(4)]) * v, [XY], XY, [A],
    ),
    "ppermute with gaps": (lambda n, k, v: k.ppermute(v, "x", [(0, 2), (3, 1)]) + v, [XY], XY, [A]),
    "axis_index": (lambda n, k, v: v * (k.axis_index("x") * 10 + k.axis_index(XY)), [XY], XY, [A]),
    "matmul": (lambda n, k, v, w: k.psum(v @ w, "y"), [XY, ("y",)], ("x",), [A, W]),
    "closed over": (lambda n, k, v: v @ n.asarray(W[:4]), [XY], XY, [A]),
    "scan": (
        lambda n, k, v: k.scan(lambda c, r: (c * 0.5 + k.psum(r, "x"), c), k.psum(v[0], "x"), v)[0],
        [XY], ("y",), [A],
    ),
    "while": (
        lambda n, k, v: k.fori_loop(0, 3, lambda i, c: n.tanh(c) + k.pmean(c, "x"), v),
        [XY], XY, [A],
    ),
    "cond": (
        lambda n, k, v: k.cond(k.psum(v.sum(), XY) > 0, n.sin, n.cos, v), [XY], XY, [A],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_against_jax(mesh, jax_mesh, name):
    f, in_specs, out_specs, args = CASES[name]
    ours, theirs = both(f, in_specs, out_specs, (mesh, jax_mesh))
    got = pb.jit(ours)(*args)
    close(got, jax.jit(theirs)(*args))
    jaxpr = pb.make_jaxpr(ours)(*args).jaxpr
    check(jaxpr)
    (eqn,) = [e for e in jaxpr.eqns if e.primitive.name == "shard_map"]
    if len(eqn.invars) == len(args):
        (meaning,) = eqn.primitive.value(*args, **eqn.params)
        close(got, meaning)
    argnums = tuple(range(len(args)))
    grads = pb.jit(pb.grad(lambda *xs: (ours(*xs) ** 2).sum(), argnums))(*args)
    wanted = jax.jit(jax.grad(lambda *xs: (theirs(*xs) ** 2).sum(), argnums))(*args)
    for g, w in zip(grads, wanted, strict=True):
        close(g, w, 1e-4)


def test_eagerly_and_under_transformations(mesh):
    f = pb.shard_map(
        lambda v, w: lax.psum(pnp.tanh(v @ w), "y"), mesh=mesh, in_specs=(P("x", "y"), P("y")),
        out_specs=P("x"),
    )  # fmt: skip

    def plain(v, w):
        return pnp.tanh(v[:, :4] @ w[:4]) + pnp.tanh(v[:, 4:] @ w[4:])

    close(f(A, W), plain(A, W))
    for ours, theirs in (
        (pb.grad(lambda v, w: f(v, w).sum(), 1), pb.grad(lambda v, w: plain(v, w).sum(), 1)),
        (lambda v, w: pb.jvp(f, (v, w), (v, w))[1], lambda v, w: pb.jvp(plain, (v, w), (v, w))[1]),
        (
            lambda v, w: pb.vmap(f, (None, 0))(v, pnp.stack([w, 2 * w])),
            lambda v, w: pb.vmap(plain, (None, 0))(v, pnp.stack([w, 2 * w])),
        ),
        (
            lambda v, w: pb.jvp(pb.grad(lambda u: (f(v, u) ** 2).sum()), (w,), (w,))[1],
            lambda v, w: pb.jvp(pb.grad(lambda u: (plain(v, u) ** 2).sum()), (w,), (w,))[1],
        ),
        (
            pb.grad(pb.checkpoint(lambda v, w: f(v, w).sum()), 0),
            pb.grad(lambda v, w: plain(v, w).sum(), 0),
        ),
    ):
        close(pb.jit(ours)(A, W), theirs(A, W), 1e-4)


def test_vmap_of_a_gradient(mesh):
    f = pb.shard_map(lambda v: lax.psum(v**3, "x"), mesh=mesh, in_specs=P("x"), out_specs=P())
    batch = np.stack([A, -A, 2 * A])
    got = pb.jit(pb.vmap(pb.grad(lambda v: f(v).sum())))(batch)
    close(got, 3 * batch**2)
    inner = pb.shard_map(
        lambda v: pb.vmap(lambda r: lax.psum(r, ("x", "b")), axis_name="b")(v), mesh=mesh,
        in_specs=P(None, "x"), out_specs=P(),
    )  # fmt: skip
    close(inner(A)[0], A.reshape(16, 4, 2).sum((0, 1)))


def loss(n, k, w, v):
    """A loss over all parts, with a part that is the same on all devices."""
    return k.pmean((n.tanh(v @ w) ** 2).mean(), XY) + 0.1 * (w**2).sum()


INNER = {
    "grad": lambda n, k, t, w, v: t.grad(lambda u: loss(n, k, u, v))(w),
    "jit of grad": lambda n, k, t, w, v: t.jit(t.grad(lambda u: loss(n, k, u, v)))(w),
    "grad of jit": lambda n, k, t, w, v: t.grad(t.jit(lambda u: loss(n, k, u, v)))(w),
    "local loss": lambda n, k, t, w, v: t.grad(lambda u: k.pmean((v @ u).sum() ** 2, XY))(w),
    "steps": lambda n, k, t, w, v: k.scan(
        lambda u, _: (u - 0.1 * t.grad(lambda z: loss(n, k, z, v))(u), None), w, None, length=3
    )[0],
    "second order": lambda n, k, t, w, v: t.grad(
        lambda u: (t.grad(lambda z: loss(n, k, z, v))(u) ** 2).sum()
    )(w),
    "jacobian": lambda n, k, t, w, v: t.jacrev(lambda u: k.pmean(n.sin(v @ u).sum(0), XY))(w),
    "vjp": lambda n, k, t, w, v: t.vjp(lambda u: k.psum(n.sin(v @ u).sum(0), XY), w)[1](
        n.arange(4.0, dtype=n.float32)
    )[0],
    "jvp": lambda n, k, t, w, v: t.jvp(lambda u: k.psum(n.sin(v @ u).sum(0), XY), (w,), (w,))[1],
    "checkpoint": lambda n, k, t, w, v: t.grad(t.checkpoint(lambda u: loss(n, k, u, v)))(w),
}


@pytest.mark.parametrize("name", INNER)
def test_derivatives_inside(mesh, jax_mesh, name):
    """Gradients of what all devices hold alike are sums over the devices, as in JAX."""
    f = INNER[name]
    ours = pb.shard_map(
        lambda w, v: f(pnp, lax, pb, w, v), mesh=mesh, in_specs=(P(), P(XY)), out_specs=P()
    )
    theirs = jax.shard_map(
        lambda w, v: f(jnp, jax.lax, jax, w, v), mesh=jax_mesh, in_specs=(JaxP(), JaxP(XY)),
        out_specs=JaxP(),
    )  # fmt: skip
    wanted = jax.jit(theirs)(W, A)
    close(pb.jit(ours)(W, A), wanted, 1e-4)
    outer = pb.jit(pb.grad(lambda w: (ours(w, A) ** 2).sum()))(W)
    close(outer, jax.jit(jax.grad(lambda w: (theirs(w, A) ** 2).sum()))(W), 1e-3)


def test_gradients_of_parts_of_their_own(mesh, jax_mesh):
    """What differs from device to device has a gradient for each."""
    for checked in (True, False):
        ours, theirs = both(
            lambda n, k, v: (pb if n is pnp else jax).grad(lambda u: (u**3).sum())(v),
            [XY], XY, (mesh, jax_mesh), check_vma=checked,
        )  # fmt: skip
        close(ours(A), jax.jit(theirs)(A))


def test_unchecked_gradients_are_each_devices_own(mesh, jax_mesh):
    def f(n, k, w, v):
        g = (pb if n is pnp else jax).grad(lambda u: (n.tanh(v @ u) ** 2).mean())(w)
        return k.pmean(g, XY)

    ours, theirs = both(f, [(), (XY,)], (), (mesh, jax_mesh), check_vma=False)
    close(pb.jit(ours)(W, A), jax.jit(theirs)(W, A))


def test_sums_of_copies_need_no_exchange(mesh):
    f = pb.shard_map(
        lambda v, w: lax.psum(v @ w, "y"), mesh=mesh, in_specs=(P("x", "y"), P("y")),
        out_specs=P("x"),
    )  # fmt: skip
    text = str(pb.make_jaxpr(pb.grad(lambda v, w: f(v, w).sum(), 0))(A, W))
    assert text.count("psum[") == 1
    lowered = pb.jit(f).lower(A, W).as_text()
    assert "sdy.manual_computation" in lowered and "stablehlo.all_reduce" in lowered


def test_axes_left_to_the_compiler(mesh, jax_mesh):
    ours, theirs = both(
        lambda n, k, v: k.psum(n.sin(v), "x") * (k.axis_index("x") >= 0), [("x",)], (),
        (mesh, jax_mesh), axis_names={"x"}, check_vma=False,
    )  # fmt: skip
    x = pb.device_put(A, pb.NamedSharding(mesh, P("x", "y")))
    out = pb.jit(ours)(x)
    close(out, jax.jit(theirs)(A))
    assert out.sharding.spec == P(None, "y")


def test_what_varies_by_pcast_has_gradients_of_its_own(mesh, jax_mesh):
    ours, theirs = both(
        lambda n, k, w, v: (pb if n is pnp else jax).grad(lambda u: n.sin(v @ u).sum())(
            k.pcast(w, XY, to="varying")
        ),
        [(), (XY,)], (XY,), (mesh, jax_mesh),
    )  # fmt: skip
    close(pb.jit(ours)(W, A), jax.jit(theirs)(W, A))
    with pytest.raises(ValueError, match="may differ there"):
        pb.shard_map(lambda w: lax.pcast(w, "x", to="varying"), mesh=mesh, in_specs=P(),
                     out_specs=P())(W)  # fmt: skip


def test_arguments_without_specs_and_sums_of_numbers(mesh, jax_mesh):
    """They are given as they are, shapes for example."""
    for k, s, p, m in ((lax, pb, P, mesh), (jax.lax, jax, JaxP, jax_mesh)):
        f = s.shard_map(
            lambda v, shape, k=k: v.reshape(shape) * k.psum(2.0, "x"), mesh=m,
            in_specs=(p("x"), None), out_specs=p("x"),
        )  # fmt: skip
        close(f(A, (2, 16)), 8 * A.reshape(8, 16))


def test_the_mesh_of_the_arguments_stands_for_an_abstract_one(mesh):
    x = pb.device_put(A, pb.NamedSharding(mesh, P("x")))
    f = pb.shard_map(lambda v: v * 2, mesh=mesh.abstract_mesh, in_specs=P("x"), out_specs=P("x"))
    close(f(x), 2 * A)
    with pytest.raises(ValueError, match="has no devices"):
        f(A)


def test_keys_of_rbg(mesh):
    """Its bits are those of one device."""
    keys = pb.random.split(pb.random.key(0, impl="rbg"), 4)
    f = pb.shard_map(
        lambda k: pb.random.bits(k[0], (2,))[None], mesh=mesh, in_specs=P("x"), out_specs=P("x")
    )
    wanted = [np.asarray(pb.random.bits(k, (2,))) for k in keys]
    np.testing.assert_array_equal(np.asarray(f(keys)), wanted)


def test_a_mesh_in_another_order(mesh):
    turned = pb.sharding.Mesh(mesh.devices.T[::-1], ("a", "b"))
    f = pb.shard_map(
        lambda v: lax.ppermute(v, "a", [(0, 1), (1, 0)]) + lax.axis_index("b"), mesh=turned,
        in_specs=P("a", "b"), out_specs=P("a", "b"),
    )  # fmt: skip
    wanted = np.concatenate([A[8:], A[:8]]) + np.repeat(np.arange(4), 2).astype(np.float32)
    close(f(A), wanted)


def test_it_runs_on_the_host_too(mesh):
    """Where there is one device, the program is mapped over the axes."""
    f = pb.shard_map(
        lambda v, w: lax.psum(v @ w, "y"), mesh=mesh, in_specs=(P("x", "y"), P("y")),
        out_specs=P("x"),
    )  # fmt: skip
    (eqn,) = pb.make_jaxpr(f)(A, W).jaxpr.eqns
    p = eqn.params
    avals = tuple([v.aval for v in eqn.invars])
    whole = mapped(p["jaxpr"], mesh, p["in_specs"], p["out_specs"], p["axes"], avals)
    check(whole)
    (out,) = interpret(whole, A, W)
    close(out, A @ W)
    one = pb.make_mesh((1,), ("x",))
    g = pb.shard_map(lambda v: lax.psum(v, "x") * 2, mesh=one, in_specs=P("x"), out_specs=P())
    close(pb.jit(g)(A), 2 * A)
    close(pb.grad(lambda v: g(v).sum())(A), np.full_like(A, 2))


def test_what_is_refused(mesh):
    def run(f, ins, outs, *args, **options):
        return pb.shard_map(f, mesh=mesh, in_specs=ins, out_specs=outs, **options)(*args)

    with pytest.raises(ValueError, match=r"may differ there"):
        run(lambda v: v, P("x"), P(), A)
    close(run(lambda v: v, P("x"), P(), A, check_vma=False), A[:4])
    with pytest.raises(ValueError, match=r"axis 0 of size 6 .* into 4 equal parts"):
        run(lambda v: v, P("x"), P("x"), A[:6])
    with pytest.raises(ValueError, match="no axis of the mesh"):
        run(lambda v: v, P("z"), P(), A)
    with pytest.raises(ValueError, match="for arrays of 2 axes at least"):
        run(lambda v: v.sum(), P("x"), P(None, "x"), A, check_vma=False)
    with pytest.raises(TypeError, match="must hold PartitionSpecs"):
        run(lambda v: v, "x", P("x"), A)
    with pytest.raises(ValueError, match="not in axis_names"):
        run(lambda v: v, P("y"), P("y"), A, axis_names={"x"})
    with pytest.raises(ValueError, match="are not among"):
        run(lambda v: v, P("x"), P("x"), A, axis_names={"z"})
    with pytest.raises(NameError, match="unbound axis name: z"):
        run(lambda v: lax.psum(v, "z"), P("x"), P("x"), A)
    with pytest.raises(ValueError, match="inside another"):
        run(lambda v: run(lambda u: u, P(), P(), v), P("x"), P("x"), A)
    with pytest.raises(ValueError, match="wants a Mesh"):
        pb.shard_map(lambda v: v, in_specs=P("x"), out_specs=P("x"))(A)
    with pytest.raises(NotImplementedError, match="give in_specs"):
        pb.shard_map(lambda v: v, mesh=mesh, out_specs=P("x"))
    with pb.set_mesh(mesh):
        close(pb.shard_map(lambda v: v * 2, in_specs=P("x"), out_specs=P("x"))(A), A * 2)


def test_prints_tell_of_each_device(mesh):
    seen = []

    @pb.jit
    @pb.shard_map(mesh=mesh, in_specs=P("x", "y"), out_specs=P("x", "y"))
    def f(v):
        pb.debug.callback(lambda s: seen.append(s.shape), v)
        return v * 2

    close(f(A), A * 2)
    pb.effects_barrier()
    assert seen == [(4, 4)] * 8


def test_pmap_as_in_jax():
    devices = pb.devices("xla")
    cases = [
        (lambda t, n, k: t.pmap(lambda v: v * 2, **devs(t)), (A[:8],)),
        (lambda t, n, k: t.pmap(lambda v: v - k.pmean(v, "i"), "i", **devs(t)), (A[:8],)),
        (lambda t, n, k: t.pmap(lambda v, w: v @ w, in_axes=(0, None), **devs(t)), (A[:8], W)),
        (lambda t, n, k: t.pmap(lambda v: v + 1, in_axes=1, out_axes=1, **devs(t)), (A,)),
        (lambda t, n, k: t.pmap(lambda v: k.psum(v, "i"), "i", out_axes=None, **devs(t)), (A[:8],)),
        (lambda t, n, k: t.pmap(t.grad(lambda v: (v**3).sum()), **devs(t)), (A[:4],)),
    ]

    def devs(t):
        return {"devices": devices} if t is pb else {}

    for make, args in cases:
        close(make(pb, pnp, lax)(*args), make(jax, jnp, jax.lax)(*args))
    out = pb.pmap(lambda d: {"a": d["a"] + 1, "b": d["b"].sum()}, devices=devices)(
        {"a": A[:8], "b": A[:8]}
    )
    close(out["b"], A[:8].sum(1))
    f = pb.pmap(lambda v, k: v * k, static_broadcasted_argnums=1, devices=devices)
    close(f(A[:8], 3), A[:8] * 3)
    g = pb.grad(lambda v: pb.pmap(lambda u: (u**2).sum(), devices=devices)(v).sum())
    close(g(A[:8]), 2 * A[:8])
    with pytest.raises(ValueError, match="16 elements need as many devices"):
        pb.pmap(lambda v: v, devices=devices)(A)
    with pytest.raises(ValueError, match="must have one size"):
        pb.pmap(lambda v, w: v, devices=devices)(A[:8], W[:4])
