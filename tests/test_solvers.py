"""custom_linear_solve and custom_root: derivatives of solutions are JAX's."""

import numpy as np
import pytest
from both import Pair, compare, sample

import pullback as pb
from pullback import numpy as pnp

MATRIX = sample(3, 3) + 4 * np.eye(3)


def dense(s, a, b, **options):
    """a x = b by a direct solver."""

    def solve(f, b):
        return s.np.linalg.solve(a, b)

    def transpose_solve(f, b):
        return s.np.linalg.solve(a.T, b)

    given = {"transpose_solve": transpose_solve, **options}
    return s.lax.custom_linear_solve(lambda x: a @ x, b, solve, **given)


def descent(s, f, b, steps=60):
    """A solution of f(x) = b, f symmetric, by conjugate gradients in a loop of unknown length."""

    def step(state):
        x, r, p, _ = state
        q = f(p)
        alpha = s.np.vdot(r, r) / s.np.vdot(p, q)
        new = r - alpha * q
        beta = s.np.vdot(new, new) / s.np.vdot(r, r)
        return x + alpha * p, new, new + beta * p, state[3] + 1

    def go(state):
        return (s.np.vdot(state[1], state[1]) > 1e-30) & (state[3] < steps)

    x, _, _, count = s.lax.while_loop(go, step, (s.np.zeros_like(b), b, b, 0))
    return x, count


def symmetric(s, a, b):
    """(a + a') x = b without a transposed solver."""

    def solve(f, b):
        return descent(s, f, b)[0]

    return s.lax.custom_linear_solve(lambda x: (a + a.T) @ x, b, solve, symmetric=True)


def total(s, solve):
    """A scalar of the solution."""
    return lambda a, b: s.np.sum(s.np.sin(solve(s, a, b)))


TRANSFORMED = {
    "value": lambda s, f, t, a, b: (f(a, b), s.jit(f)(a, b)),
    "jvp": lambda s, f, t, a, b: s.jvp(f, (a, b), (b * a, a @ b)),
    "grad": lambda s, f, t, a, b: s.grad(t, (0, 1))(a, b),
    "jacobians": lambda s, f, t, a, b: (s.jacfwd(f)(a, b), s.jacrev(f)(a, b)),
    "hessian": lambda s, f, t, a, b: s.hessian(t, (0, 1))(a, b),
    "jit": lambda s, f, t, a, b: s.jit(s.value_and_grad(t))(a, b),
    "grad of jit": lambda s, f, t, a, b: s.grad(s.jit(t))(a, b),
    "vmap b": lambda s, f, t, a, b: s.vmap(s.grad(t), (None, 0))(a, s.np.stack([b, 2 * b])),
    "vmap a": lambda s, f, t, a, b: s.vmap(s.grad(t), (0, None))(s.np.stack([a, 2 * a]), b),
    "vmap both": lambda s, f, t, a, b: s.vmap(f, (2, 1), 1)(
        s.np.stack([a, 2 * a], 2), s.np.stack([b, 2 * b], 1)
    ),
    "grad of vmap": lambda s, f, t, a, b: s.grad(lambda a: s.np.sum(s.vmap(t, (0, None))(a, b)))(
        s.np.stack([a, 2 * a])
    ),
    "scan": lambda s, f, t, a, b: s.grad(
        lambda a: s.np.sum(s.lax.scan(lambda c, k: (f(a, c), k * c), b, b)[1])
    )(a),
    "fori": lambda s, f, t, a, b: s.lax.fori_loop(0, 2, lambda i, c: f(a, c), b),
    "cond": lambda s, f, t, a, b: s.grad(
        lambda a: s.lax.cond(b[0] > 0, lambda: t(a, b), lambda: t(2 * a, b))
    )(a),
    "checkpoint": lambda s, f, t, a, b: s.grad(s.checkpoint(t))(a, b),
    "linear_transpose": lambda s, f, t, a, b: s.linear_transpose(lambda b: f(a, b), b)(b),
}


@pytest.mark.parametrize("solve", [dense, symmetric])
@pytest.mark.parametrize("name", TRANSFORMED)
def test_linear_solve(name, solve):
    def program(s, a, b):
        return TRANSFORMED[name](s, lambda a, b: solve(s, a, b), total(s, solve), a, b)

    compare(program, MATRIX @ MATRIX.T, sample(3), tol=1e-8)


def test_trees_and_aux():
    def program(s, a, b, c):
        def solve(a, f, b):
            x = {"u": s.np.linalg.solve(a, b["u"]), "v": b["v"] / c}
            return x, {"largest": s.np.max(b["u"]), "positive": b["u"] > 0}

        def run(a, b):
            x, aux = s.lax.custom_linear_solve(
                lambda x: {"u": a @ x["u"], "v": c * x["v"]},
                b,
                lambda f, b: solve(a, f, b),
                lambda f, b: solve(a.T, f, b),
                has_aux=True,
            )
            return s.np.sum(x["u"] ** 2) * s.np.sum(x["v"]), (x, aux)

        right = {"u": b, "v": s.np.stack([b, c * b])}
        many = {"u": s.np.stack([b, c * b]), "v": s.np.stack([right["v"], right["v"]])}
        return (
            s.value_and_grad(run, (0, 1), has_aux=True)(a, right),
            s.vmap(lambda r: run(a, r))(many),
            s.jit(s.grad(run, 1, has_aux=True))(a, right),
        )

    compare(program, MATRIX, sample(3), np.asarray(2.5))


def test_solver_with_auxiliary_loop_count():
    def program(s, a, b):
        def run(b):
            x, count = s.lax.custom_linear_solve(
                lambda x: a @ x, b, lambda f, b: descent(s, f, b), symmetric=True, has_aux=True
            )
            return s.np.sum(x**2), count > 0

        return s.value_and_grad(run, has_aux=True)(b), s.vmap(run)(s.np.stack([b, 3 * b]))

    compare(program, MATRIX @ MATRIX.T, sample(3), tol=1e-8)


def test_forward_mode_needs_no_transpose():
    def program(s, a, b):
        return s.jacfwd(lambda b: dense(s, a, b, transpose_solve=None))(b)

    compare(program, MATRIX, sample(3))


def newton(s, f, x, steps=20):
    """A root of a function of one number."""
    return s.lax.fori_loop(0, steps, lambda _, x: x - f(x) / s.grad(f)(x), x)


def scalar_root(s, a, b):
    """x with x^3 + b x = a."""
    return s.lax.custom_root(
        lambda x: x**3 + b * x - a,
        s.np.ones_like(a),
        lambda f, x: newton(s, f, x),
        lambda g, y: y / g(s.np.ones_like(y)),
    )


ROOTS = {
    "value": lambda s, f, a, b: (f(a, b), s.jit(f)(a, b)),
    "jvp": lambda s, f, a, b: s.jvp(f, (a, b), (b, a)),
    "grad": lambda s, f, a, b: s.grad(f, (0, 1))(a, b),
    "hessian": lambda s, f, a, b: s.hessian(f, (0, 1))(a, b),
    "third": lambda s, f, a, b: s.grad(s.grad(s.grad(f)))(a, b),
    "jit": lambda s, f, a, b: s.jit(s.value_and_grad(f, (0, 1)))(a, b),
    "grad of jit": lambda s, f, a, b: s.grad(s.jit(f), 1)(a, b),
    "vmap": lambda s, f, a, b: s.vmap(s.grad(f), (0, None))(s.np.stack([a, 2 * a]), b),
    "grad of vmap": lambda s, f, a, b: s.grad(
        lambda b: s.np.sum(s.vmap(f, (0, None))(s.np.stack([a, 2 * a]), b))
    )(b),
    "scan": lambda s, f, a, b: s.grad(
        lambda b: s.lax.scan(lambda c, _: (f(c, b), c), a, None, length=3)[0]
    )(b),
    "cond": lambda s, f, a, b: s.grad(
        lambda a: s.lax.cond(b > 0, lambda: f(a, b), lambda: f(b, a))
    )(a),
    "linearize": lambda s, f, a, b: s.linearize(lambda a: f(a, b), a)[1](b),
}


@pytest.mark.parametrize("name", ROOTS)
def test_root(name):
    def program(s, a, b):
        return ROOTS[name](s, lambda a, b: scalar_root(s, a, b), a, b)

    compare(program, np.asarray(3.0), np.asarray(1.5), tol=1e-8)


def test_root_of_a_tree_with_aux():
    def program(s, a, b):
        def f(a, p):
            return Pair(p.a**3 + p.b - a, p.b - s.np.sin(p.a) * a)

        def solve(g, p):
            for _ in range(30):
                jac = s.jacfwd(lambda v: s.np.stack(g(Pair(*v))))(s.np.stack(p))
                p = Pair(*(s.np.stack(p) - s.np.linalg.solve(jac, s.np.stack(g(p)))))
            return p, {"error": s.np.abs(g(p).a)}

        def tangent_solve(g, y):
            jac = s.jacfwd(lambda v: s.np.stack(g(Pair(*v))))(s.np.stack(y))
            return Pair(*s.np.linalg.solve(jac, s.np.stack(y)))

        def run(a):
            guess = Pair(s.np.ones_like(a), s.np.ones_like(a))
            p, aux = s.lax.custom_root(lambda p: f(a, p), guess, solve, tangent_solve, has_aux=True)
            return p.a * p.b + b, (p, aux)

        return (
            s.value_and_grad(run, has_aux=True)(a),
            s.vmap(run)(s.np.stack([a, 1.5 * a])),
            s.jit(s.jacfwd(lambda a: run(a)[0]))(a),
        )

    compare(program, np.asarray(2.0), np.asarray(0.5), tol=1e-8)


def test_root_by_linear_solve():
    def program(s, a, b):
        def solve(f, x):
            for _ in range(20):
                x = x - s.np.linalg.solve(s.jacfwd(f)(x), f(x))
            return x

        def tangent_solve(g, y):
            return s.lax.custom_linear_solve(
                g,
                y,
                lambda g, y: s.np.linalg.solve(s.jacfwd(g)(y), y),
                lambda g, y: s.np.linalg.solve(s.jacfwd(g)(y), y),
            )

        def run(a, b):
            return s.np.sum(
                s.lax.custom_root(lambda x: a @ x + 0.1 * x**3 - b, b, solve, tangent_solve) ** 2
            )

        return s.grad(run, (0, 1))(a, b), s.jit(s.hessian(run, 1))(a, b)

    compare(program, MATRIX, sample(3), tol=1e-8)


def test_no_derivative_of_the_guess():
    def program(s, a):
        def run(x):
            return s.lax.custom_root(
                lambda x: x**2 - 2.0, x, lambda f, x: newton(s, f, x), lambda g, y: y / g(1.0)
            )

        return s.value_and_grad(run)(a)

    compare(program, np.asarray(1.0))


def linear(matvec=None, solve=None, **options):
    """A small system, some of whose functions are wrong."""

    def run(b):
        return pb.lax.custom_linear_solve(
            matvec or (lambda x: 2 * x), b, solve or (lambda f, b: b / 2), **options
        )

    return lambda: run(pnp.ones(3))


def root(f=None, solve=None, tangent=None, **options):
    """A small root, some of whose functions are wrong."""
    return lambda: pb.lax.custom_root(
        f or (lambda x: x - 1),
        pnp.ones(3),
        solve or (lambda f, x: x - f(x)),
        tangent or (lambda g, y: y),
        **options,
    )


ERRORS = [
    (linear(lambda x: (x, x)), TypeError, "custom_linear_solve: matvec must return .* structure"),
    (linear(lambda x: x[:2]), ValueError, r"matvec must return shapes like float32\[3\], got"),
    (linear(None, lambda f, b: b[0]), ValueError, "custom_linear_solve: solve must return shapes"),
    (
        linear(None, lambda f, b: b, has_aux=True),
        TypeError,
        "solve must return a pair .solution, aux. with has_aux=True",
    ),
    (
        linear(None, None, transpose_solve=lambda f, b: (b,)),
        TypeError,
        "custom_linear_solve: transpose_solve must return",
    ),
    (
        lambda: pb.grad(lambda b: dense_without_transpose(b).sum())(pnp.ones(3)),
        TypeError,
        "reverse mode needs the solution of the transposed equation: give transpose_solve",
    ),
    (root(lambda x: (x,)), TypeError, "custom_root: f must return a value of structure"),
    (root(None, lambda f, x: x[:1]), ValueError, "custom_root: solve must return shapes"),
    (root(None, None, lambda g, y: [y]), TypeError, "custom_root: tangent_solve must return"),
    (root(None, None, has_aux=True), TypeError, "custom_root: solve must return a pair"),
]


def dense_without_transpose(b):
    return pb.lax.custom_linear_solve(lambda x: 2 * x, b, lambda f, b: b / 2)


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, kind, wanted = ERRORS[case]
    with pytest.raises(kind, match=f"(?s){wanted}"):
        f()
