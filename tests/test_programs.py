"""Every transformation of every kind of program is well formed, simplifies to the same, and its
text reads back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pullback.control.cond import cond
from pullback.control.custom_jvp import custom_jvp
from pullback.control.custom_vjp import custom_vjp
from pullback.control.loop import fori_loop, scan, while_loop
from pullback.control.remat import checkpoint
from pullback.core.check import check
from pullback.core.parse import parse
from pullback.core.rewrite import simplify
from pullback.core.show import show
from pullback.core.stage import eval_jaxpr
from pullback.core.structure import structure
from pullback.jit.api import jit
from pullback.primitives.arithmetic import add, div, mul, sub
from pullback.primitives.compare import lt
from pullback.primitives.contract import dot_general
from pullback.primitives.exponential import exp
from pullback.primitives.reduce import reduce_max
from pullback.primitives.shape import broadcast_in_dim, reduce_sum
from pullback.primitives.trigonometric import cos, sin, tanh
from pullback.transforms.grad import grad, jvp, value_and_grad
from pullback.transforms.jacobian import hessian
from pullback.transforms.make_jaxpr import make_jaxpr
from pullback.transforms.vmap import vmap

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
V = np.array([0.3, -0.2, 0.5], np.float32)


def total(x: Any) -> Any:
    """The sum of all elements."""
    return reduce_sum(x, range(len(x.shape)))


def softmax(x: Any) -> Any:
    e = exp(sub(x, broadcast_in_dim(reduce_max(x, (1,)), (2, 3), (0,))))
    return total(mul(x, div(e, broadcast_in_dim(reduce_sum(e, (1,)), (2, 3), (0,)))))


def product(x: Any) -> Any:
    return total(tanh(dot_general(x, x, (((1,), (1,)), ((), ())))))


def scanned(y: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        t, y = c
        return (add(t, 1.0), add(y, mul(0.1, sin(mul(y, t))))), cos(y)

    (_, last), _ = scan(step, (0.0, y), None, length=5)
    return total(last)


def looped(x: Any) -> Any:
    return total(fori_loop(0, 3, lambda i, c: mul(c, cos(c)), x))


def while_looped(x: Any) -> Any:
    return total(while_loop(lambda c: lt(c[0], 3), lambda c: (add(c[0], 1), sin(c[1])), (0, x))[1])


def branched(x: Any) -> Any:
    return total(cond(lt(total(x), 0.0), sin, lambda x: mul(x, 2.0), x))


def called(x: Any) -> Any:
    return total(jit(lambda y: mul(sin(y), 2.0))(mul(jit(cos)(x), 3.0)))


def checkpointed(x: Any) -> Any:
    return total(checkpoint(lambda y: sin(sin(y)))(x))


@custom_jvp
def own_jvp(x: Any) -> Any:
    return sin(x)


@own_jvp.defjvp
def _(primals: Any, tangents: Any) -> Any:
    return sin(*primals), mul(tangents[0], cos(primals[0]))


@custom_vjp
def own_vjp(x: Any) -> Any:
    return sin(x)


own_vjp.defvjp(lambda x: (sin(x), x), lambda x, ct: (mul(ct, cos(x)),))

FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "softmax": (softmax, X),
    "product": (product, X),
    "scan": (scanned, V),
    "fori_loop": (looped, V),
    "while_loop": (while_looped, V),
    "cond": (branched, V),
    "jit": (called, V),
    "checkpoint": (checkpointed, V),
    "custom_jvp": (lambda x: total(own_jvp(x)), V),
    "custom_vjp": (lambda x: total(own_vjp(x)), V),
}


def stacked(x: Any) -> Any:
    """A batch of four."""
    return broadcast_in_dim(x, (4, *x.shape), range(1, 1 + len(x.shape)))


TRANSFORMS: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    "none": lambda f: f,
    "grad": grad,
    "value_and_grad": value_and_grad,
    "jvp": lambda f: lambda x: jvp(f, (x,), (x,)),
    "jit(grad)": lambda f: jit(grad(f)),
    "grad(jit)": lambda f: grad(jit(f)),
    "vmap": lambda f: lambda x: vmap(f)(stacked(x)),
    "vmap(grad)": lambda f: lambda x: vmap(grad(f))(stacked(x)),
    "grad(grad)": lambda f: grad(lambda x: total(grad(f)(x))),
    "hessian": hessian,
}
# A reverse rule alone has no forward derivative, and a loop of unknown length no reverse one.
FORWARD = ("jvp", "hessian")
REVERSE = tuple(name for name in TRANSFORMS if name not in ("none", "jvp", "vmap"))
WITHOUT = {"custom_vjp": FORWARD, "while_loop": REVERSE}
CASES = [(f, t) for f in FUNCTIONS for t in TRANSFORMS if t not in WITHOUT.get(f, ())]


@pytest.mark.parametrize(("function", "transform"), CASES)
def test_program(function: str, transform: str) -> None:
    f, x = FUNCTIONS[function]
    closed = make_jaxpr(TRANSFORMS[transform](f))(x)
    check(closed)
    simple = simplify(closed.jaxpr)
    check(simple)
    assert simple.out_avals == closed.out_avals
    assert structure(parse(show(simple, exact=True))) == structure(simple)
    wanted = eval_jaxpr(closed.jaxpr, closed.consts, x)
    got = eval_jaxpr(simple, closed.consts, x)
    for a, b in zip(got, wanted, strict=True):
        # Calls run compiled, where sums are ordered differently.
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-6)
