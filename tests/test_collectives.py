"""Operations over named axes: the same program on JAX gives the same result."""

import numpy as np
import pytest
from both import compare, sample

import pullback as pb
from pullback import lax
from pullback import numpy as pnp

REDUCTIONS = ["psum", "pmean", "pmax", "pmin"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    def program(s, x):
        f = getattr(s.lax, name)
        one = s.vmap(lambda x: f(x, "i"), axis_name="i")(x)
        tree = s.vmap(lambda x: f({"a": x, "b": (x, 2.0 * x)}, "i"), axis_name="i", in_axes=1)(x)
        constant = s.vmap(lambda x: f(s.np.asarray(3.0), "i"), axis_name="i")(x)
        return one, tree, constant

    compare(program, sample(4, 3))


@pytest.mark.parametrize("name", REDUCTIONS)
def test_several_axes(name):
    def program(s, x):
        def f(x):
            g = getattr(s.lax, name)
            return g(x, "i"), g(x, "j"), g(x, ("i", "j")), g(x, ("j", "i"))

        return s.vmap(s.vmap(f, axis_name="j"), axis_name="i")(x)

    compare(program, sample(4, 3))


def test_positions_and_sizes():
    def program(s, x):
        def f(x):
            return s.lax.axis_index("i"), s.lax.axis_index(("i", "j")), x * s.lax.axis_index("j")

        indices = s.vmap(s.vmap(f, axis_name="j"), axis_name="i")(x)
        sizes = s.vmap(lambda x: x * s.lax.axis_size("i") + s.lax.psum(1, "i"), axis_name="i")(x)
        return indices, sizes

    compare(program, sample(4, 3))


def test_the_inner_of_two_equal_names():
    def program(s, x):
        f = s.vmap(lambda x: s.lax.psum(x, "i"), axis_name="i")
        return s.vmap(f, axis_name="i")(x)

    compare(program, sample(4, 3))


def test_inside_everything():
    def program(s, x):
        def norm(x):
            return x / s.lax.psum(s.np.exp(x), "i")

        def scanned(x):
            return s.lax.scan(lambda c, _: (norm(c), s.lax.axis_index("i")), x, None, length=2)

        def branch(x):
            return s.lax.cond(s.lax.axis_index("i") > 1, lambda x: x * 2, lambda x: x, x)

        def loop(x):
            return s.lax.fori_loop(0, 2, lambda i, c: norm(c) + i, x)

        functions = norm, scanned, branch, loop, s.jit(norm), s.checkpoint(norm), s.jit(scanned)
        return [s.vmap(f, axis_name="i")(x) for f in functions]

    compare(program, sample(4))


@pytest.mark.parametrize("name", ["psum", "pmean"])
def test_derivatives(name):
    def program(s, x):
        f = getattr(s.lax, name)

        def g(x):
            return s.np.sum(s.vmap(lambda x: s.np.sin(x) * f(x * x, "i"), axis_name="i")(x))

        def scanned(x):
            def body(c, _):
                return (s.np.sin(f(c, "i")) * c, c)

            run = s.vmap(lambda x: s.lax.scan(body, x, None, length=2)[0], axis_name="i")
            return s.np.sum(run(x))

        return [(s.grad(h)(x), s.jvp(h, (x,), (x,)), s.hessian(h)(x)) for h in (g, scanned)]

    compare(program, sample(3))


def test_gradients_inside():
    def program(s, x):
        def f(x):
            return s.grad(lambda y: s.np.sin(y) * s.lax.stop_gradient(s.lax.psum(y, "i")))(x)

        return s.vmap(f, axis_name="i")(x)

    compare(program, sample(3))


def test_batches_of_collectives():
    def program(s, x):
        f = s.vmap(lambda x: x - s.lax.pmean(x, "i"), axis_name="i")
        return s.vmap(f)(x), s.vmap(f, in_axes=1, out_axes=1)(x)

    compare(program, sample(4, 3))


def test_all_gather():
    def program(s, x):
        def f(x):
            g = s.lax.all_gather
            return g(x, "i"), g(x, "i", axis=1), g(x, "i", tiled=True), g({"a": x}, "i")

        def total(x):
            return s.np.sum(
                s.vmap(lambda x: x[0] * s.lax.all_gather(x, "i") ** 2, axis_name="i")(x)
            )

        return s.vmap(f, axis_name="i")(x), s.grad(total)(x)

    compare(program, sample(4, 3))


def test_ppermute():
    def program(s, x):
        def f(x):
            ring = [(i, (i + 1) % 4) for i in range(4)]
            return (
                s.lax.ppermute(x, "i", ring),
                s.lax.pshuffle(x, "i", [3, 1, 0, 2]),
            )

        def total(x):
            return s.np.sum(
                s.vmap(
                    lambda x: s.lax.ppermute(x, "i", [(0, 2), (3, 1), (1, 3), (2, 0)]) * x,
                    axis_name="i",
                )(x)
            )

        return s.vmap(f, axis_name="i")(x), s.grad(total)(x)

    compare(program, sample(4, 3))


def test_all_to_all():
    def program(s, x):
        def f(x):
            a = s.lax.all_to_all
            return a(x, "i", 0, 0), a(x, "i", 0, 1), a(x, "i", 1, 0), a(x, "i", 0, 1, tiled=True)

        def total(x):
            return s.np.sum(s.vmap(lambda x: s.lax.all_to_all(x, "i", 0, 1) * x, axis_name="i")(x))

        return s.vmap(f, axis_name="i")(x), s.grad(total)(x)

    compare(program, sample(4, 4, 4))


def test_psum_scatter():
    def program(s, x):
        def f(x):
            g = s.lax.psum_scatter
            return g(x, "i"), g(x, "i", scatter_dimension=1), g(x, "i", tiled=True)

        def total(x):
            return s.np.sum(s.vmap(lambda x: s.lax.psum_scatter(x, "i") * x, axis_name="i")(x))

        return s.vmap(f, axis_name="i")(x), s.grad(total)(x)

    compare(program, sample(4, 4, 4))


def test_a_part_of_a_permutation_leaves_zeros():
    sent = pb.vmap(lambda x: lax.ppermute(x, "i", [(0, 2), (3, 1)]), axis_name="i")
    np.testing.assert_array_equal(sent(pnp.asarray([1.0, 2.0, 3.0, 4.0])), [0.0, 4.0, 1.0, 0.0])


EXCHANGE_ERRORS = [
    (lambda x: lax.ppermute(x, "i", [(0, 1), (0, 2)]), "ppermute: sources .* must be unique"),
    (lambda x: lax.ppermute(x, "i", [(0, 4)]), "ppermute: positions must be below 4"),
    (lambda x: lax.pshuffle(x, "i", [0, 0, 1, 2]), "pshuffle: perm must be a permutation"),
    (lambda x: lax.psum_scatter(x, "i"), "psum_scatter: dimension 0 must have size 4.* got 3"),
    (lambda x: lax.psum_scatter(x, "i", tiled=True), "of size 3 cannot be cut into 4 parts"),
    (lambda x: lax.all_to_all(x, "i", 0, 0), "all_to_all: split_axis 0 must have size 4.* got 3"),
    (lambda x: lax.all_gather(x, "i", axis=2), "all_gather: axis 2 is out of bounds"),
    (lambda x: lax.psum(x, "i", axis_index_groups=[[0]]), "psum: axis_index_groups must hold each"),
    (lambda x: lax.all_gather(x, "i", axis_index_groups=[[0], [1, 2, 3]]), "of one size, got"),
    (lambda x: lax.pbroadcast(x, "i", 4), "pbroadcast: source must be below 4"),
    (lambda x: lax.pcast(x, "i", to="nowhere"), "pcast: to must be"),
]


@pytest.mark.parametrize("case", range(len(EXCHANGE_ERRORS)))
def test_errors(case):
    f, wanted = EXCHANGE_ERRORS[case]
    with pytest.raises((ValueError, NotImplementedError), match=wanted):
        pb.vmap(f, axis_name="i")(pnp.ones((4, 3)))


@pytest.mark.parametrize("name", [*REDUCTIONS, "axis_index", "axis_size"])
def test_unbound_names(name):
    f = getattr(lax, name)
    args = () if name.startswith("axis") else (pnp.ones(3),)
    with pytest.raises(NameError, match=r"unbound axis name: i.*vmap.f, axis_name='i'."):
        f(*args, "i")
    with pytest.raises(NameError, match="unbound axis name: i"):
        pb.vmap(lambda _: f(*args, "i"), axis_name="j")(pnp.ones(2))
    with pytest.raises(NameError, match="unbound axis name: i"):
        pb.jit(lambda: f(*args, "i"))()


GROUPS = [[0, 3], [1, 5], [4, 2]]
UNEQUAL = [[2], [0, 5, 1], [4, 3]]


def own(groups):
    """The group of each position."""
    return [next(g for g in groups if i in g) for i in range(6)]


@pytest.mark.parametrize("groups", [GROUPS, UNEQUAL])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_in_groups(name, groups):
    """JAX has none under vmap."""
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    plain = {"psum": np.sum, "pmean": np.mean, "pmax": np.max, "pmin": np.min}[name]
    want = np.stack([plain(x[g], 0) for g in own(groups)])

    def f(x):
        return getattr(lax, name)(x, "i", axis_index_groups=groups)

    for g in (pb.vmap(f, axis_name="i"), pb.jit(pb.vmap(f, axis_name="i"))):
        np.testing.assert_allclose(g(x), want, rtol=1e-6)


def test_exchange_in_groups():
    x = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    groups, mine = own(GROUPS), [g.index(i) for i, g in enumerate(own(GROUPS))]

    def run(f):
        return pb.jit(pb.vmap(f, axis_name="i"))(x)

    some = {"axis_index_groups": GROUPS}
    gathered = run(lambda x: lax.all_gather(x, "i", axis=1, **some))
    np.testing.assert_array_equal(gathered, np.stack([x[g].swapaxes(0, 1) for g in groups]))
    scattered = run(lambda x: lax.psum_scatter(x, "i", **some))
    want = np.stack([x[g].sum(0)[k] for g, k in zip(groups, mine, strict=True)])
    np.testing.assert_allclose(scattered, want, rtol=1e-6)
    swapped = run(lambda x: lax.pswapaxes(x, "i", 0, **some))
    want = np.stack([x[g][:, k] for g, k in zip(groups, mine, strict=True)])
    np.testing.assert_array_equal(swapped, want)
    tiled = run(lambda x: lax.all_to_all(x, "i", 0, 1, tiled=True, **some))
    parts = [x[g][:, k : k + 1] for g, k in zip(groups, mine, strict=True)]
    np.testing.assert_array_equal(tiled, np.stack([np.concatenate(list(p), 1) for p in parts]))


@pytest.mark.parametrize("groups", [GROUPS, UNEQUAL])
def test_groups_transpose(groups):
    x, u = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32)
    f = pb.vmap(lambda x: lax.pmean(x, "i", axis_index_groups=groups), axis_name="i")
    y, pull = pb.vjp(f, x)
    assert float(pnp.sum(y * u)) == pytest.approx(float(pnp.sum(pull(u)[0] * x)), rel=1e-5)


def test_several_axes_at_once():
    """JAX has all_to_all and ppermute over one axis at a time, and all_gather of none but one."""
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 4)).astype(np.float32)

    def run(f):
        return np.asarray(pb.vmap(pb.vmap(f, axis_name="j"), axis_name="i")(x))

    flat = x.reshape(6, 6, 4)
    gathered = run(lambda x: lax.all_gather(x, ("i", "j")))
    np.testing.assert_array_equal(gathered, np.broadcast_to(flat, (2, 3, 6, 6, 4)))
    turned = run(lambda x: lax.all_gather(x, ("j", "i")))
    np.testing.assert_array_equal(turned[0, 0], x.swapaxes(0, 1).reshape(6, 6, 4))
    swapped = run(lambda x: lax.all_to_all(x, ("i", "j"), 0, 0))
    np.testing.assert_array_equal(swapped.reshape(6, 6, 4), flat.swapaxes(0, 1))
    shifted = run(lambda x: lax.pshuffle(x, ("i", "j"), [1, 2, 3, 4, 5, 0]))
    np.testing.assert_array_equal(shifted.reshape(6, 6, 4), np.roll(flat, -1, 0))
    parts = run(lambda x: lax.psum_scatter(x, ("i", "j")))
    np.testing.assert_allclose(parts.reshape(6, 4), flat.sum(0), rtol=1e-5)


def test_broadcasts_swaps_and_casts():
    def broadcast(s, x):
        """JAX's documentation says what it means; under vmap JAX's fails."""
        if s.name == "pullback":
            return s.lax.pbroadcast(x, "i", 2)
        return s.lax.psum(s.np.where(s.lax.axis_index("i") == 2, x, 0 * x), "i")

    def program(s, x):
        def f(x):
            return broadcast(s, x), s.lax.pswapaxes(x, "i", 0), s.lax.axis_size("i")

        return s.vmap(f, axis_name="i")(x), s.grad(
            lambda x: s.np.sum(s.vmap(lambda x: f(x)[0] * x, axis_name="i")(x))
        )(x)

    compare(program, sample(4, 4))
    x = pnp.ones((2, 3))
    assert pb.vmap(lambda x: lax.pcast(x, "i", to="varying"), axis_name="i")(x).shape == (2, 3)


# Programs over an axis that are applied to values which are the same for all elements.
UNMAPPED = {
    "call": lambda s, x: s.jit(lambda x: s.lax.psum(x, "i"))(x),
    "no operands": lambda s, x: s.jit(lambda: s.lax.axis_index("i"))(),
    "custom_jvp": lambda s, x: s.jit(by_rule(s))(x),
    "custom_vjp": lambda s, x: s.jit(by_reverse_rule(s))(x),
    "loop": lambda s, x: s.lax.scan(lambda c, _: (s.lax.pmean(c, "i") + 1, c), x, None, length=2),
    "indices": lambda s, x: s.lax.fori_loop(0, 3, lambda i, c: c + s.lax.axis_index("i"), 1),
    "branch": lambda s, x: s.lax.cond(s.lax.axis_index("i") > 1, lambda: x, lambda: 2 * x),
    "branch inside": lambda s, x: s.lax.cond(
        x > 0, lambda: s.lax.axis_index("i"), lambda: s.lax.axis_index("i") * 2
    ),
    "while": lambda s, x: s.lax.while_loop(
        lambda c: c < 20, lambda c: c + 1 + s.lax.axis_index("i"), s.np.int32(1)
    ),
    "checkpoint": lambda s, x: s.grad(s.checkpoint(lambda x: s.np.sin(s.lax.psum(x, "i"))))(x),
}


def by_rule(s):
    """A sum over the axis whose derivative is given."""
    f = s.custom_jvp(lambda x: s.lax.psum(x, "i"))
    f.defjvp(lambda p, t: (s.lax.psum(p[0], "i"), t[0]))
    return f


def by_reverse_rule(s):
    """The same with a reverse rule."""
    f = s.custom_vjp(lambda x: s.lax.psum(x, "i"))
    f.defvjp(lambda x: (s.lax.psum(x, "i"), None), lambda _, ct: (ct,))
    return f


@pytest.mark.parametrize("name", UNMAPPED)
def test_programs_of_values_that_are_not_mapped(name):
    def program(s, x, y):
        return s.vmap(lambda y: (UNMAPPED[name](s, x), y), axis_name="i")(y)

    compare(program, np.float32(2), sample(4))
