"""What the CPU compiler makes of programs before it builds loops: products the other way round,
values that leave loops, and what is kept in memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.backends.cpu import pipeline
from pullback.backends.cpu.hoisted import hoisted
from pullback.backends.cpu.loops import Block, For, Nest, Stmt, statements, writes
from pullback.backends.cpu.schedule import points
from pullback.backends.cpu.stacked import stacked
from pullback.backends.cpu.turned import turned
from pullback.core.ir import Jaxpr
from pullback.core.rewrite import simplify


def staged(f: Callable[..., Any], *args: Any) -> Jaxpr:
    return simplify(pb.make_jaxpr(f)(*args).jaxpr)


def names(jaxpr: Jaxpr) -> list[str]:
    return [e.primitive.name for e in jaxpr.eqns]


def close(f: Callable[..., Any], *args: Any) -> None:
    """Assert that compiled code and NumPy's values agree."""
    with pb.disable_jit():
        expected = f(*args)
    for x, y in zip(pb.tree.leaves(pb.jit(f)(*args)), pb.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-5, atol=2e-5)


def compiled(f: Callable[..., Any], *args: Any) -> Block:
    """The statements that a function becomes."""
    return pipeline.lowered(pb.make_jaxpr(f)(*args).jaxpr, ()).body


def nests(stmt: Stmt) -> list[Nest]:
    return [s for s in statements([stmt]) if isinstance(s, Nest)]


RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


# Products


@pytest.mark.parametrize("form", ["bij,bjk->bki", "bij,bjk->kbi", "ij,jk->ki", "abij,bakj->baki"])
def test_products_transposed_alone(form):
    shapes = {"bij": (3, 4, 5), "bjk": (3, 5, 6), "ij": (4, 5), "jk": (5, 6)}
    shapes |= {"abij": (2, 3, 4, 5), "bakj": (3, 2, 6, 5)}
    x, y = (normal(*shapes[s]) for s in form.split("->")[0].split(","))
    close(lambda x, y: pnp.einsum(form, x, y), x, y)


def test_gradients_of_weights_are_not_moved():
    x, w = normal(7, 5), normal(5, 3)
    jaxpr = staged(pb.grad(lambda w: pnp.sum(pnp.tanh(x @ w))), w)
    assert "transpose" in names(jaxpr)
    assert "transpose" not in names(turned(jaxpr))
    close(pb.grad(lambda w: pnp.sum(pnp.tanh(x @ w))), w)


def test_a_product_with_another_use_stays():
    x, y = normal(4, 5), normal(5, 4)
    jaxpr = staged(lambda x, y: (x @ y) + (x @ y).T, x, y)
    assert names(turned(jaxpr)) == names(jaxpr)


# Loops


def in_loop(jaxpr: Jaxpr) -> list[str]:
    (loop,) = [e for e in hoisted(jaxpr).eqns if e.primitive.name in ("scan", "while")]
    return names(loop.params["jaxpr" if "jaxpr" in loop.params else "body_jaxpr"])


def test_what_no_step_changes_leaves_a_scan():
    def f(a, x):
        return lax.scan(lambda c, x: (c * x + pnp.exp(a).sum(), None), 0.0, x)[0]

    assert in_loop(staged(f, normal(5), normal(3))) == ["mul", "add"]
    close(f, normal(5), normal(3))


def test_what_no_step_changes_leaves_nested_loops():
    def f(a, x):
        def row(c, x):
            return lax.fori_loop(0, 3, lambda i, c: c * x + pnp.sin(a), c), pnp.cos(a)

        return lax.scan(row, pnp.zeros(4), x)

    jaxpr = hoisted(staged(f, normal(4), normal(5)))
    assert names(jaxpr).count("sin") == 1 and names(jaxpr).count("cos") == 1
    close(f, normal(4), normal(5))


def test_a_while_loop_of_no_steps():
    def f(a, n):
        return lax.while_loop(
            lambda s: s[0] < n + a.sum(), lambda s: (s[0] + pnp.max(a), s[1] + 1 / a), (0.0, a)
        )

    assert in_loop(staged(f, normal(5) ** 2, -100.0)) == ["add", "add"]
    close(f, normal(5) ** 2, -100.0)
    close(f, normal(5) ** 2 + 1, 10.0)


def test_what_is_carried_as_it_is_leaves_too():
    def f(a, x):
        return lax.scan(lambda c, x: ((c[0], c[1] + x * pnp.log(c[0])), None), (a, a), x)[0]

    assert in_loop(staged(f, normal(4) ** 2 + 1, normal(3))) == ["mul", "add"]
    close(f, normal(4) ** 2 + 1, normal(3))


def test_what_is_cheap_and_large_stays_in_a_loop():
    def f(a, x):
        def step(c, x):
            return c + ((a[:, None] - a) * x).max(), None

        return lax.scan(step, 0.0, x)[0]

    assert "sub" in in_loop(staged(f, normal(500), normal(3)))
    close(f, normal(50), normal(3))


def test_what_acts_stays_in_a_loop():
    seen: list[float] = []

    def f(a):
        def step(c, _):
            pb.debug.callback(lambda s: seen.append(float(s)), a.sum())
            return c + 1, None

        return lax.scan(step, 0, None, length=3)[0]

    a = normal(3)
    assert pb.jit(f)(a) == 3
    pb.effects_barrier()
    np.testing.assert_allclose(seen, [a.sum()] * 3, rtol=1e-6)


def stacks(jaxpr: Jaxpr) -> list[int]:
    """How many stacks each loop makes."""
    loops = [e for e in jaxpr.eqns if e.primitive.name == "scan"]
    return [len(e.outvars) - e.params["num_carry"] for e in loops]


def test_residuals_are_stacked_once():
    def f(u, v):
        def step(s, _):
            u, v = s
            return (u + 0.1 * u * u * v, v - 0.1 * u * u * v), None

        u, v = lax.scan(step, (u, v), None, length=4)[0]
        return (u * u + v).sum()

    gradient = pb.grad(f, (0, 1))
    jaxpr = staged(gradient, normal(6), normal(6))
    assert stacks(jaxpr)[0] > 2 and stacks(simplify(stacked(jaxpr)))[0] == 2
    close(gradient, normal(6), normal(6))


def test_stacks_that_are_results_stay():
    def f(x):
        return lax.scan(lambda c, x: (c * x, (c, c, c * 2)), 1.0, x)[1]

    jaxpr = staged(lambda x: (f(x), f(x[::-1])), normal(5))
    assert stacks(stacked(jaxpr)) == stacks(jaxpr)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_stacks_follow_from_slices_constants_and_scalars(shape):
    def f(x, y, a, reverse):
        def first(c, xy):
            x, y = xy
            c = pnp.sin(c)
            return c, (c, c * x, x * a + y, 2.0 - c, x)

        def second(c, z):
            return c + (z[0] * z[1] - z[2] + z[3]) * z[4], None

        c, z = lax.scan(first, a, (x, y), reverse=reverse)
        return lax.scan(second, c, z, reverse=not reverse)[0]

    def one(*args):
        return f(*args, False)

    def other(*args):
        return f(*args, True)

    args = normal(5), normal(5, *shape), normal(*shape)
    for g in (one, other):
        jaxpr = staged(g, *args)
        assert stacks(jaxpr)[0] > stacks(simplify(stacked(jaxpr)))[0] == 1
        close(g, *args)
    close(pb.grad(lambda *args: (one(*args) + other(*args)).sum(), (0, 1, 2)), *args)


# What is kept


def test_a_loop_reads_what_was_computed_before_it():
    def f(a, b):
        s = (a + a.T) / 2
        return lax.fori_loop(0, 5, lambda i, b: s @ b, b)

    a, b = normal(40, 40) / 10, normal(40)
    close(f, a, b)
    program = pipeline.lowered(staged(f, a, b), ())
    assert sum(buffer.size >= 1600 for buffer in program.buffers.values()) == 2


def test_a_loop_computes_masks_again():
    def f(x):
        mask = pnp.arange(60)[:, None] >= pnp.arange(60)
        return lax.fori_loop(0, 3, lambda i, x: pnp.where(mask, x, 0.5 * x) @ x, x)

    x = normal(60, 60) / 8
    close(f, x)
    program = pipeline.lowered(staged(f, x), ())
    assert not any(buffer.dtype == "bool" for buffer in program.buffers.values())


def test_cheap_functions_of_results_are_not_kept():
    def f(a, u, x):
        b = a + pnp.outer(u, u)
        return b, (2.0 * b) @ x

    a, u, x = normal(50, 50), normal(50), normal(50)
    close(f, a, u, x)
    program = pipeline.lowered(staged(f, a, u, x), ())
    assert sum(buffer.size >= 2500 for buffer in program.buffers.values()) == 2


def test_products_read_transposes_as_they_lie():
    def f(a):
        b = a - a.mean(0)
        return b.T @ b

    a = normal(70, 60)
    close(f, a)
    program = pipeline.lowered(staged(f, a), ())
    assert sum(buffer.size == a.size for buffer in program.buffers.values()) == 2


# What is selected


@pytest.mark.parametrize("steps", [0, 2, 5])
def test_a_state_that_stays_as_it_is(steps):
    def f(x, n):
        def step(s, t):
            new = pnp.tanh(s * x + pnp.roll(s, 1) * t)
            s = pnp.where(t < n, new, s)
            return s, s.sum()

        return lax.scan(step, x, pnp.arange(5))

    x = normal(700)
    close(f, x, np.int32(steps))
    close(pb.grad(lambda x, n: f(x, n)[1].sum()), x, np.int32(steps))


@pytest.mark.parametrize("accepted", [False, True])
def test_one_of_two_computations(accepted):
    def f(x, y, c):
        z = pnp.where(c, pnp.exp(x) / y, pnp.log(y) * x)
        return z, z.sum(), pnp.where(c, x, z).max(0)

    close(f, normal(60, 50), normal(60, 50) ** 2 + 1, accepted)


# Cotangents


def reads_in_branches(table: Any, ts: Any) -> Any:
    """A loop whose branches read few elements, all, or none."""

    def step(c: Any, t: Any) -> Any:
        i = (t * 90).astype(int)
        few = [
            lambda: table[i] * t,
            lambda: table[i + 3] - lax.cond(t > 0.6, lambda: table[2 * i], lambda: t),
            lambda: t * c,
        ]
        c = 0.9 * c + lax.switch((t * 3).astype(int), few)
        return c, pnp.sin(c)

    return (lax.scan(step, 0.0, ts)[1] ** 2).sum()


def test_branches_add_what_they_read() -> None:
    table, ts = normal(400), RNG.random(30).astype(np.float32)
    gradient = pb.grad(reads_in_branches)
    close(gradient, table, ts)
    loops = [s for s in compiled(gradient, table, ts) if isinstance(s, For)]
    (backward,) = [s for s in loops if "o0" in writes(s)]
    assert all(points(k) < 400 for n in nests(backward) for k in n.kernels)


def test_branches_that_read_everything_add_it_too() -> None:
    def f(x: Any, ts: Any) -> Any:
        def step(c: Any, t: Any) -> Any:
            return c + lax.cond(t > 0.5, lambda: (x * t).sum(), lambda: x[3] * t), None

        return lax.scan(step, 0.0, ts)[0] ** 2

    close(pb.grad(f), normal(50), RNG.random(20).astype(np.float32))
    close(pb.hessian(f), normal(9), RNG.random(20).astype(np.float32))
