"""Sums of products over the steps of a loop, which the CPU compiler computes after it."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.backends.cpu.summed import HELD, summed
from pullback.backends.cpu.turned import turned
from pullback.core.ir import Jaxpr, JaxprEqn
from pullback.core.rewrite import simplify

RNG = np.random.default_rng(0)


def normal(*shape: int, dtype: str = "float32") -> np.ndarray:
    return RNG.standard_normal(shape).astype(dtype)


def loops(jaxpr: Jaxpr) -> list[JaxprEqn]:
    return [e for e in jaxpr.eqns if e.primitive.name == "scan"]


def carried(f: Callable[..., Any], *args: Any) -> list[int]:
    """How many values the loops carry after the pass."""
    jaxpr = simplify(summed(turned(simplify(pb.make_jaxpr(f)(*args).jaxpr))))
    return [e.params["num_carry"] for e in loops(jaxpr)]


def outer(x: Any, y: Any) -> Any:
    return pnp.einsum("i,j->ij", x, y)


def close(f: Callable[..., Any], *args: Any, rtol: float = 2e-5) -> None:
    """Assert that compiled code and NumPy's values agree."""
    with pb.disable_jit():
        expected = f(*args)
    for x, y in zip(pb.tree.leaves(pb.jit(f)(*args)), pb.tree.leaves(expected), strict=True):
        x, y = (np.asarray(v, np.float64) for v in (x, y))
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol * np.abs(y).max(initial=0))


FORMS = ("i,j->ij", "bi,bj->ij", "bi,bj->bij", "bij,bjk->bik", "i,i->", "ij,ji->", "bi,ib->b")
SIZES = {"b": 3, "i": 4, "j": 5, "k": 2}


def operands(form: str, length: int, dtype: str = "float32") -> list[np.ndarray]:
    return [
        normal(length, *[SIZES[c] for c in term], dtype=dtype)
        for term in form.split("->")[0].split(",")
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reverse", [False, True])
def test_products_of_slices(form: str, reverse: bool) -> None:
    def f(start: Any, x: Any, y: Any) -> Any:
        def step(c: Any, xy: Any) -> Any:
            return c + pnp.einsum(form, *xy), None

        return lax.scan(step, start, (x, y), reverse=reverse)[0]

    x, y = operands(form, 7)
    start = normal(*[SIZES[c] for c in form.split("->")[1]])
    assert carried(f, start, x, y) == []
    close(f, start, x, y)


@pytest.mark.parametrize("dtype", ["int32", "float16", "bfloat16", "float64", "complex64"])
def test_products_of_any_type(dtype: str) -> None:
    def f(x: Any, y: Any) -> Any:
        def step(c: Any, xy: Any) -> Any:
            return c + outer(*xy), None

        return lax.scan(step, pnp.zeros((4, 5), x.dtype), (x, y))[0]

    with pb.enable_x64():
        x, y = (pnp.asarray(3 * v).astype(dtype) for v in operands("i,j", 6, "float64"))
        assert carried(f, x, y) == []
        rtol = {"bfloat16": 3e-2, "float16": 3e-3}.get(dtype, 1e-5)
        close(lambda x, y: abs(f(x, y)).astype("float64"), x, y, rtol=rtol)


def test_a_loop_of_no_steps() -> None:
    def f(c: Any, x: Any) -> Any:
        return lax.scan(lambda c, v: (c + outer(v, v), None), c, x)[0]

    close(f, normal(3, 3), normal(0, 3))


def cell(x: Any, w: Any, u: Any, np_: Any = pnp, lax_: Any = lax) -> Any:
    """The sum over the states of a recurrent network of x[time, batch, n]."""

    def step(h: Any, v: Any) -> Any:
        h = np_.tanh(v @ w + h @ u)
        return h, h

    return np_.sum(lax_.scan(step, np_.zeros((x.shape[1], 8), x.dtype), x)[1] ** 2)


def test_gradients_of_weights_of_a_recurrent_network() -> None:
    x, w, u = normal(9, 3, 4), normal(4, 8) / 4, normal(8, 8) / 4
    grad = pb.grad(cell, argnums=(0, 1, 2))
    # States and cotangents of states are carried, gradients of weights are not.
    assert carried(grad, x, w, u) == [1, 1]
    expected = jax.grad(lambda *a: cell(*a, jax.numpy, jax.lax), argnums=(0, 1, 2))(x, w, u)
    for got, want in zip(pb.jit(grad)(x, w, u), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    close(pb.vmap(grad, (None, 0, None)), x, normal(3, 4, 8) / 4, u)


def test_gradients_through_nested_loops() -> None:
    def f(x: Any, w: Any) -> Any:
        def row(c: Any, v: Any) -> Any:
            return lax.scan(lambda c, s: (pnp.sin(c + w @ s), None), c, v)[0], None

        return lax.scan(row, pnp.zeros(8, x.dtype), x)[0].sum()

    x, w = normal(5, 6, 8), normal(8, 8)
    assert carried(pb.grad(f, argnums=1), x, w) == [1, 1]
    close(pb.grad(f, argnums=(0, 1)), x, w)


def test_several_terms_and_several_sums() -> None:
    def f(a: Any, b: Any, x: Any, y: Any) -> Any:
        def step(c: Any, xy: Any) -> Any:
            (a, b, n), (x, y) = c, xy
            n = n + 1
            return (outer(x, y) + (a + outer(x * n, x)), b + x @ y, n), x * n

        return lax.scan(step, (a, b, 0), (x, y))

    args = normal(4, 4), np.float32(1), normal(6, 4), normal(6, 4)
    assert carried(f, *args) == [1]
    close(f, *args)


LEFT: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "read": lambda c, w, x, y: (c + outer(x, y), c[0]),
    "stacked": lambda c, w, x, y: (c + outer(x, y), c),
    "stacked when done": lambda c, w, x, y: ((d := c + outer(x, y)), d),
    "twice": lambda c, w, x, y: (c + (c + outer(x, y)), None),
    "of itself": lambda c, w, x, y: (c + c @ w, None),
    "of constants": lambda c, w, x, y: (c + w @ w, None),
    "by a constant": lambda c, w, x, y: (c + outer(x, y) @ w, None),
    "no product": lambda c, w, x, y: (c + x, None),
    "no sum": lambda c, w, x, y: (c * outer(x, y), None),
    "another use": lambda c, w, x, y: (c + (p := outer(x, y)), p),
    "overwritten": lambda c, w, x, y: (outer(x, y) + outer(y, x), None),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_stays_in_the_loop(name: str) -> None:
    def f(c: Any, w: Any, x: Any, y: Any) -> Any:
        return lax.scan(lambda c, xy: LEFT[name](c, w, *xy), c, (x, y))

    args = normal(4, 4), normal(4, 4) / 4, normal(5, 4), normal(5, 4)
    assert carried(f, *args) == [1]
    close(f, *args)


def test_stacks_are_bounded() -> None:
    def f(c: Any, x: Any) -> Any:
        def step(c: Any, v: Any) -> Any:
            return c + outer(pnp.sin(v), pnp.cos(v)), None

        return lax.scan(step, c, x)[0]

    c, rows = normal(64, 64), HELD // (2 * 64 * 4)
    assert carried(f, c, np.zeros((rows, 64), np.float32)) == [0]
    assert carried(f, c, np.zeros((rows + 1, 64), np.float32)) == [1]


def test_operands_larger_than_the_sum_are_not_stacked() -> None:
    def f(c: Any, x: Any) -> Any:
        return lax.scan(lambda c, v: (c + pnp.sin(v) @ pnp.cos(v).T, None), c, x)[0]

    c, x = normal(2, 2), normal(4, 2, 30)
    assert carried(f, c, x) == [1]
    close(f, c, x)
