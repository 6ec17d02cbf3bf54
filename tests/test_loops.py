"""scan, fori_loop, while_loop, map: the same program on JAX gives the same result."""

import jax
import numpy as np
import pytest
from both import JAX, PULLBACK, Pair, Record, compare, sample
from jax._src.ad_checkpoint import saved_residuals as jax_residuals

from pullback import lax
from pullback import numpy as pnp
from pullback.ad_checkpoint import saved_residuals


def cell(s, w):
    """A recurrent cell."""
    return lambda c, x: (s.np.tanh(s.np.dot(w, c) + x), s.np.sum(c * x))


@pytest.mark.parametrize("reverse", [False, True])
def test_scan(reverse):
    def program(s, w, c, xs):
        return s.lax.scan(cell(s, w), c, xs, reverse=reverse)

    compare(program, sample(3, 3), sample(3), sample(5, 3))


def test_scan_of_pytrees():
    def program(s, a, xs):
        def body(c, x):
            new = {"p": Pair(c["p"].a * x[0], None), "r": Record(c["r"].w + 1, x[1]["y"])}
            return new, [c["p"].a, (x[1]["y"], None)]

        init = {"p": Pair(a, None), "r": Record(a, a)}
        return s.lax.scan(body, init, (xs, {"y": xs}))

    compare(program, sample(), sample(4))


def test_scan_without_xs():
    def program(s, x):
        first = s.lax.scan(lambda c, x: (c * 2, c), x, None, length=3)
        second = s.lax.scan(lambda c, _: (c * 2, None), x, length=3)
        return first, second, s.lax.scan(lambda c, x: (c, None), (), x)

    compare(program, sample(2))


@pytest.mark.parametrize("unroll", [1, 2, True])
def test_scan_of_no_steps(unroll):
    def program(s, c, xs):
        def f(c):
            last, ys = s.lax.scan(lambda c, x: (c * x, s.np.sin(c)), c, xs, unroll=unroll)
            return s.np.sum(last) + s.np.sum(ys)

        return s.lax.scan(lambda c, x: (c + x, c), c, xs), s.grad(f)(c)

    compare(program, sample(2), np.zeros((0, 2)))


@pytest.mark.parametrize("init", [0, 0.0, 1, True, np.float32(2), np.int32(3)])
def test_weak_carries(init):
    def program(s, init, xs):
        if s.np.asarray(init).dtype == bool:
            return s.lax.scan(lambda c, x: (c & (x > 0), c), init, xs)
        if isinstance(init, (int, np.integer)):
            return s.lax.scan(lambda c, x: (c + 1, c * x), init, xs)
        return s.lax.scan(lambda c, x: (c + x, c), init, xs)

    compare(program, init, sample(3, dtype=np.float32), x64=False, eager=True)


def test_weak_ints_become_what_the_body_makes():
    def program(s, xs):
        return s.lax.scan(lambda c, x: (c + x, x), 0, xs), s.lax.fori_loop(
            0, 3, lambda i, c: c * i, 2
        )

    compare(program, np.arange(3, dtype=np.int32), x64=False)


def test_scan_derivatives():
    def program(s, w, c, xs):
        def f(w, c, xs):
            last, ys = s.lax.scan(cell(s, w), c, xs)
            return s.np.sum(last**2) + s.np.sum(ys * ys)

        args = (w, c, xs)
        first = s.value_and_grad(f, (0, 1, 2))(*args)
        second = s.grad(lambda w: s.np.sum(s.grad(f)(w, c, xs) ** 2))(w)
        forward = s.jvp(f, args, args)
        mixed = s.jvp(lambda w: s.grad(f)(w, c, xs), (w,), (w,))
        return first, second, forward, mixed

    compare(program, sample(2, 2), sample(2), sample(4, 2))


@pytest.mark.parametrize("argnum", [0, 1, 2])
def test_scan_derivatives_by_one_argument(argnum):
    def program(s, w, c, xs):
        def f(*args):
            w, c, xs = args
            last, ys = s.lax.scan(cell(s, w), c, xs, reverse=True)
            return s.np.sum(last) * s.np.sum(ys)

        return s.grad(f, argnum)(w, c, xs), s.jacfwd(f, argnum)(w, c, xs)

    compare(program, sample(2, 2), sample(2), sample(3, 2))


@pytest.mark.parametrize("batched", ["w", "c", "xs", "w c", "w xs", "c xs", "w c xs"])
def test_scan_batched(batched):
    def program(s, w, c, xs):
        axes = tuple(0 if name in batched.split() else None for name in ("w", "c", "xs"))
        args = [a if d == 0 else a[0] for a, d in zip((w, c, xs), axes, strict=True)]

        def f(w, c, xs):
            return s.lax.scan(cell(s, w), c, xs)

        def g(w, c, xs):
            last, ys = f(w, c, xs)
            return s.np.sum(last) + s.np.sum(ys**2)

        return s.vmap(f, axes)(*args), s.vmap(s.grad(g, (0, 1, 2)), axes)(*args)

    compare(program, sample(2, 2, 2), sample(2, 2), sample(2, 3, 2))


def test_scan_with_integers_and_bools_in_the_carry():
    def program(s, x):
        def body(c, x):
            i, y, flag = c
            return (i + 1, s.np.sin(y) * x, ~flag), (i, flag)

        def f(x):
            (_i, y, _flag), _ = s.lax.scan(body, (0, x[0], False), x)
            return y

        return s.lax.scan(body, (0, x[0], False), x), s.grad(f)(x), s.jvp(f, (x,), (x,))

    compare(program, sample(4))


def test_scan_closes_over_outer_values():
    def program(s, x, xs):
        def f(x):
            y = s.np.sin(x)
            return s.np.sum(s.lax.scan(lambda c, z: (c * y + z * x, y), x, xs)[0])

        return s.value_and_grad(f)(x), s.vmap(s.grad(f))(s.np.stack([x, x + 1])), s.hessian(f)(x)

    compare(program, sample(), sample(3))


def test_scan_in_grad_of_its_closure_twice():
    def program(s, x, xs):
        def f(x):
            def body(c, z):
                return s.np.sin(c * x), s.grad(lambda u: u * x * z)(c)

            return s.np.sum(s.lax.scan(body, x, xs)[1])

        return s.grad(f)(x), s.grad(s.grad(f))(x)

    compare(program, sample(), sample(3))


@pytest.mark.parametrize("bounds", [(0, 5), (2, 5), (5, 2), (-2, 2), (3, 3)])
def test_fori_loop(bounds):
    def program(s, x):
        def f(x):
            return s.lax.fori_loop(*bounds, lambda i, c: s.np.sin(c) + i, x)

        return f(x), s.jvp(f, (x,), (x,)), s.vmap(f)(x), s.vmap(s.grad(f))(x)

    compare(program, sample(2))


def test_fori_loop_with_traced_bounds():
    def program(s, n, x):
        def f(x, n):
            return s.lax.fori_loop(0, n, lambda i, c: (c[0] * c[1] + i, c[1]), (x, x))

        return (
            f(x, n),
            s.jit(f)(x, n),
            s.jvp(lambda x: s.jit(f)(x, n), (x,), (x,)),
            s.vmap(f, (None, 0))(x, s.np.arange(4)),
        )

    compare(program, np.asarray(3), sample())


def test_fori_loop_with_bounds_that_are_floats():
    def program(s, n, x):
        def f(x, n):
            return s.lax.fori_loop(s.np.float32(0), n, lambda i, c: c * x + i, x)

        return (
            s.lax.fori_loop(0.5, 3.7, lambda i, c: c * x + i, x),
            s.jit(f)(x, n),
            s.vmap(f, (None, 0))(x, s.np.asarray([0, 2.5], s.np.float32)),
        )

    compare(program, np.float32(3), sample())


def test_fori_loop_index_dtype():
    def program(s, n, k):
        return (
            s.lax.fori_loop(0, 3, lambda i, c: i, 0),
            s.lax.fori_loop(n, n + 3, lambda i, c: i, n),
            s.lax.fori_loop(k, k + k, lambda i, c: i, k),
        )

    compare(program, np.int32(1), np.uint8(3), x64=False)


def test_while_loop():
    def program(s, x, n):
        def f(x, n):
            def body(c):
                return {"x": c["x"] * x, "i": c["i"] + 1}

            return s.lax.while_loop(lambda c: c["i"] < n, body, {"x": x, "i": 0})

        ns = s.np.arange(4)
        return (
            f(x, n),
            s.jvp(lambda x: f(x, n), (x,), (x,)),
            s.vmap(f, (None, 0))(x, ns),
            s.vmap(f, (0, None))(s.np.stack([x, x + 1]), n),
            s.vmap(f)(s.np.stack([x, x, x, x + 1]), ns),
            s.vmap(s.vmap(f, (None, 0)), (0, None))(s.np.stack([x, x + 1]), ns),
            s.jvp(lambda x: s.vmap(f, (None, 0))(x, ns)["x"], (x,), (x,)),
        )

    compare(program, sample(), np.asarray(3))


def test_while_loop_with_a_batched_condition_that_captures():
    def program(s, x, ts):
        def f(t, x):
            return s.lax.while_loop(
                lambda c: s.np.sum(c[0]) < t, lambda c: (c[0] + s.np.exp(t), c[1]), (x, 3)
            )

        return s.vmap(f, (0, None))(ts, x), s.vmap(f)(ts, s.np.stack([x, x]))

    compare(program, sample(2), np.asarray([1.0, 20.0]))


def test_reverse_mode_where_the_loop_is_not_differentiated():
    def program(s, x):
        def f(x):
            n = s.lax.while_loop(lambda n: n < 5, lambda n: n + 2, 0)
            return x * n

        return s.grad(f)(x)

    compare(program, sample())


def test_map():
    def program(s, xs):
        def f(p):
            return {"y": s.np.sin(p["a"]) * p["b"], "n": None}

        def g(xs):
            return s.np.sum(s.lax.map(lambda x: s.np.sin(x) * x, xs))

        return (
            s.lax.map(f, {"a": xs, "b": xs}),
            s.grad(g)(xs),
            s.vmap(lambda x: s.lax.map(s.np.sin, x))(xs),
        )

    compare(program, sample(3, 2))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_map_in_batches(size):
    def program(s, xs):
        return s.lax.map(lambda x: (s.np.sum(x), x * 2), xs, batch_size=size)

    compare(program, sample(5, 2))


def test_ode_by_rk4():
    def program(s, x):
        def field(x):
            return s.np.stack(
                [10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]]
            )

        def step(x, _):
            k1 = field(x)
            k2 = field(x + 0.005 * k1)
            k3 = field(x + 0.005 * k2)
            k4 = field(x + 0.01 * k3)
            x = x + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            return x, x

        def f(x):
            return s.np.sum(s.lax.scan(step, x, None, length=20)[1])

        return s.value_and_grad(f)(x), s.hessian(f)(x)

    compare(program, np.asarray([1.0, 2.0, 20.0]), tol=1e-8)


def one(*shape, dtype="float32"):
    return pnp.ones(shape, dtype)


ERRORS = [
    (lambda: lax.scan(3, 0.0), "scan: the first argument must be a function, got 3"),
    (
        lambda: lax.scan(lambda c, x: c, 0.0, one(3)),
        "<lambda> must return a pair .*return .carry, None.",
    ),
    (lambda: lax.scan(lambda c, x: (c, x), 0.0), "give xs with a leading axis, or length"),
    (lambda: lax.scan(lambda c, x: (c, x), 0.0, 1.0), r"xs is a scalar, float32\[\]"),
    (
        lambda: lax.scan(lambda c, x: (c, x), 0.0, (one(3), one(4))),
        r"leading sizes differ: xs\[0\].*\[3\], xs\[1\]",
    ),
    (
        lambda: lax.scan(lambda c, x: (c, x), 0.0, one(3), length=4),
        r"differ: xs of type .*\[3\], length=4",
    ),
    (
        lambda: lax.scan(lambda c, x: (c, x), 0.0, None, length=1.5),
        "length must be an integer, got 1.5",
    ),
    (lambda: lax.scan(lambda c, x: ((c, c), x), 0.0, one(3)), "carry of the structure of init"),
    (
        lambda: lax.scan(
            lambda c, x: ({"a": c["a"], "b": c["b"][None]}, x), {"a": 1.0, "b": one(2)}, one(3)
        ),
        r"types of init:\n  carry\['b'\] must be float32\[2\] as in init, got float32\[1,2\]$",
    ),
    (
        lambda: lax.scan(lambda c, x: (c * 1.5, x), pnp.asarray(np.int32(1)), one(3)),
        r"carry must be int32\[\] .* got float32\[\]",
    ),
    (
        lambda: lax.while_loop(lambda c: c < 3, lambda c: (c, c), 0),
        "while_loop: the body must return a carry of the structure",
    ),
    (
        lambda: lax.while_loop(
            lambda c: c["n"] < 3, lambda c: {"n": c["n"] + one(2)}, {"n": one()}
        ),
        r"carry\['n'\] must be float32\[\]",
    ),
    (
        lambda: lax.while_loop(lambda c: c, lambda c: c, 0),
        r"must return one boolean scalar, got int32\[\]",
    ),
    (
        lambda: lax.while_loop(lambda c: (c > 0, c > 0), lambda c: c, 0),
        r"one boolean scalar, got bool\[\], bool\[\]",
    ),
    (lambda: lax.while_loop(lambda c: None, lambda c: c, 0), "one boolean scalar, got nothing"),
    (lambda: lax.while_loop(1, 2, 0), "write while_loop.cond_fun, body_fun, init_val."),
    (lambda: lax.fori_loop(0, 3, 1.0, 0), "write fori_loop.lower, upper, body_fun, init_val."),
    (
        lambda: lax.fori_loop(0, 2.5, lambda i, c: c, 0),
        r"must be of one dtype, got int32\[\] and float32\[\]",
    ),
    (
        lambda: lax.fori_loop(one(2), 3, lambda i, c: c, 0),
        r"lower must be a real scalar, got float32\[2\]",
    ),
    (
        lambda: lax.fori_loop(0, 3, lambda i, c: c[None], one(2)),
        r"carry\S* must be float32\[2\] .* float32\[1,2\]",
    ),
    (lambda: lax.scan(lambda c, x: (c, "a"), 0.0, one(3)), "scan: .* returned 'a' of type str"),
    (lambda: lax.scan(lambda c, x: (c, x), "a", one(3)), "scan: argument.* is 'a' of type str"),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, wanted = ERRORS[case]
    with pytest.raises((TypeError, ValueError, NotImplementedError), match=f"(?s){wanted}"):
        f()


def test_residuals_that_no_step_changes_are_kept_once():
    def program(s, w, x):
        def f(w, b, x):
            def step(c, x):
                c, k = c
                h = s.np.tanh(s.np.exp(w) * s.np.cos(k) * c + s.jit(s.np.exp)(b))
                return (s.np.sin(w) * h, k), s.np.ones(3) * h * x * k

            (last, _), ys = s.lax.scan(step, (x, x), s.np.arange(5.0))
            return s.np.sum(last) + s.np.sum(ys)

        def twice(w):
            return s.np.sum(s.grad(f)(w, w, x) ** 2)

        return (
            s.grad(f, (0, 1, 2))(w, w, x),
            s.grad(twice)(w),
            s.vmap(s.grad(f), (0, None, None))(s.np.stack([w, -w]), w, x),
        )

    compare(program, sample(3), sample(3, seed=1))


def test_what_no_step_changes_is_kept_as_in_jax():
    def shapes(s, residuals):
        def f(w, x):
            def step(c, _):
                w, v, x = c
                return (w, v, s.np.sin(s.np.dot(w, s.np.exp(v) * x))), None

            return s.np.sum(s.lax.scan(step, (w, x, x), None, length=5)[0][2])

        found = residuals(f, s.np.ones((3, 3)), s.np.ones(3))
        return sorted(a.shape for a, _ in found if a.shape)

    assert shapes(PULLBACK, saved_residuals) == shapes(JAX, jax_residuals)


@pytest.mark.parametrize(
    "program",
    [
        lambda s: s.lax.while_loop(lambda c: c < 3, lambda c: c + 1.5, 0),
        lambda s: s.lax.fori_loop(0, 3, lambda i, c: c + 1.0, 0),
        lambda s: s.lax.scan(lambda c, x: (c + 1.0, c), 0, None, length=2),
        lambda s: s.lax.map(lambda x: x * 2, s.np.arange(5), batch_size=0),
    ],
)
def test_numbers_that_become_floats_are_strong(program):
    compare(program)


def test_bounds_of_two_dtypes():
    for s in (PULLBACK, JAX):
        with pytest.raises(TypeError, match="lower and upper"):
            s.lax.fori_loop(np.int16(0), s.np.int32(10), lambda i, c: c, 7.0)
        with pytest.raises(TypeError):
            s.lax.cond(1j, lambda: 1, lambda: 2)


@pytest.mark.parametrize("length", [3.0, np.float32(3.0), np.int8(3)], ids=repr)
def test_lengths_may_be_whole_floats(length):
    ours, theirs = (p.scan(lambda c, _: (c + 1, c), 0, None, length=length) for p in (lax, jax.lax))
    np.testing.assert_array_equal(ours[1], theirs[1])
    with pytest.raises(TypeError, match=r"length must be an integer, got 2\.5"):
        lax.scan(lambda c, _: (c + 1, c), 0, None, length=2.5)


def test_batched_loops_that_choose_among_what_they_compute():
    """Distances to centres, and the least of them, read where the index says."""

    def program(s, points, centres):
        def nearest(c):
            d = s.np.sum((points[:, None] - c[None]) ** 2, -1)
            return d[s.np.arange(20), s.np.argmin(d, axis=1)]

        def step(state):
            c, _, i = state
            return c + 0.0 * c, nearest(c), i + 1

        def loop(c):
            start = c, s.np.zeros(20), 0
            return s.lax.while_loop(lambda state: state[2] < 1, step, start)[1]

        return s.vmap(loop)(centres)

    compare(program, sample(20, 2), sample(7, 3, 2))
