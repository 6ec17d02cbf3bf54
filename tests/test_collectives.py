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
    (lambda x: lax.psum(x, "i", axis_index_groups=[[0]]), "axis_index_groups is not supported"),
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
