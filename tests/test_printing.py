"""make_jaxpr prints what JAX's prints, for the same function of the same operations."""

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from jax import lax

import pullback as pb
from pullback.control.call import jit_p
from pullback.control.cond import cond
from pullback.control.custom_jvp import custom_jvp
from pullback.control.custom_vjp import custom_vjp
from pullback.control.loop import scan, while_loop
from pullback.core.check import check
from pullback.core.parse import parse
from pullback.core.show import show
from pullback.core.structure import structure
from pullback.jit.api import jit
from pullback.primitives import (
    arithmetic,
    compare,
    contract,
    convert,
    dynamic,
    exponential,
    gather,
    index,
    pieces,
    reduce,
    rounding,
    select,
    shape,
    sort,
    trigonometric,
)
from pullback.transforms.make_jaxpr import make_jaxpr

families = (arithmetic, compare, contract, convert, dynamic, exponential, gather, index, pieces)
families += (reduce, rounding, select, shape, sort, trigonometric)
OURS = SimpleNamespace()
for module in families:
    vars(OURS).update(vars(module))
vars(OURS).update(cond=cond, scan=scan, while_loop=while_loop, jit=jit)
vars(OURS).update(custom_jvp=custom_jvp, custom_vjp=custom_vjp)
JAX = SimpleNamespace(
    **vars(lax), jit=jax.jit, custom_jvp=jax.custom_jvp, custom_vjp=jax.custom_vjp
)

X = np.ones((2, 3), np.float32)
V = np.ones(3, np.float32)
ROWS = np.arange(2, dtype=np.int32)[:, None]


def _twice(m: Any, x: Any) -> Any:
    f = m.jit(m.sin)
    return m.add(f(x), f(f(x)))


def _custom_jvp(m: Any, x: Any) -> Any:
    @m.custom_jvp
    def wave(x: Any) -> Any:
        return m.sin(x)

    @wave.defjvp
    def slope(primals: Any, tangents: Any) -> Any:
        return m.sin(*primals), tangents[0]

    return wave(x)


def _custom_vjp(m: Any, x: Any) -> Any:
    @m.custom_vjp
    def wave(x: Any) -> Any:
        return m.sin(x)

    def forward(x: Any) -> Any:
        return m.sin(x), None

    def backward(residuals: Any, ct: Any) -> Any:
        return (ct,)

    wave.defvjp(forward, backward)
    return wave(x)


def _gathered(m: Any, x: Any) -> Any:
    numbers = m.GatherDimensionNumbers((1,), (0,), (0,))
    return m.gather(x, ROWS, numbers, (1, 3), mode=m.GatherScatterMode.CLIP)


def _while_loop(m: Any, x: Any) -> Any:
    return m.while_loop(lambda c: m.lt(c, np.float32(3)), m.sin, x)


def _dot(m: Any, x: Any) -> Any:
    return m.dot_general(x, x, (((1,), (1,)), ((), ())))


PROGRAMS: dict[str, tuple[Any, ...]] = {
    "elementwise": (lambda m, x: m.neg(m.exp(m.mul(m.sin(x), x))), X),
    "constant": (lambda m, x: m.mul(x, np.float32(2.5)), X),
    "broadcast": (lambda m, x: m.broadcast_in_dim(x, (2, 3), (1,)), V),
    "broadcast of a scalar": (lambda m, x: m.broadcast_in_dim(x, (2,), ()), np.float32(1)),
    "reduce_sum": (lambda m, x: m.reduce_sum(x, (1,)), X),
    "argmax": (lambda m, x: m.argmax(x, 1, np.int32), X),
    "reshape": (lambda m, x: m.reshape(x, (3, 2)), X),
    "transpose": (lambda m, x: m.transpose(x, (1, 0)), X),
    "iota": (lambda m, x: m.add(x, m.convert_element_type(m.indices(), np.float32)), V),
    "slice": (lambda m, x: m.slice(x, (0, 1), (2, 3)), X),
    "pad": (lambda m, x: m.pad(x, np.float32(0), ((0, 1, 0), (1, 0, 2))), X),
    "concatenate": (lambda m, x: m.concatenate([x, x], 0), X),
    "rev": (lambda m, x: m.rev(x, (0,)), X),
    "dot_general": (_dot, X),
    "gather": (_gathered, X),
    "sort": (lambda m, x: m.sort((x, x), dimension=1, num_keys=1), X),
    "round": (lambda m, x: m.round(x, m.RoundingMethod.TO_NEAREST_EVEN), X),
    "jit": (lambda m, x: m.jit(lambda y: m.sin(m.cos(y)))(x), X),
    "jit of one program": (_twice, X),
    "custom_jvp": (_custom_jvp, X),
    "custom_vjp": (_custom_vjp, X),
    "scan": (lambda m, x: m.scan(lambda c, y: (m.add(c, y), m.mul(c, y)), x, m.neg(X)), V),
    "while_loop": (
        lambda m, x: m.while_loop(lambda c: m.lt(c, np.float32(3)), m.sin, x),
        np.float32(0),
    ),
    "cond": (lambda m, x: m.cond(m.is_finite(x), m.sin, m.cos, x), np.float32(0)),
}
OURS.indices = lambda: shape.iota(np.int32, (3,))
JAX.indices = lambda: lax.iota(np.int32, 3)


@pytest.mark.parametrize("name", PROGRAMS)
def test_text_is_jax_text(name: str) -> None:
    f, *args = PROGRAMS[name]
    closed = make_jaxpr(lambda *a: f(OURS, *a))(*args)
    check(closed)
    assert str(closed) == str(jax.make_jaxpr(lambda *a: f(JAX, *a))(*args))


@pytest.mark.parametrize("name", [n for n in PROGRAMS if "custom" not in n])
def test_exact_text_is_read_back(name: str) -> None:
    f, *args = PROGRAMS[name]
    closed = make_jaxpr(lambda *a: f(OURS, *a))(*args)
    assert structure(parse(show(closed, exact=True))) == structure(closed.jaxpr)


def test_call_is_printed_by_its_own_rule() -> None:
    assert jit_p.show is not None


@pytest.mark.parametrize("width", [20, 80, 200])
def test_text_of_some_width(width: int) -> None:
    def f(lib: Any) -> Any:
        sin, cos = lib.lax.sin, lib.lax.cos
        return lambda x: lib.lax.scan(lambda c, _: (sin(c), cos(c)), x, None, length=2)

    ours, theirs = pb.make_jaxpr(f(pb))(1.0), jax.make_jaxpr(f(jax))(1.0)
    wanted = theirs.pretty_print(use_color=False, width=width)
    assert ours.pretty_print(use_color=False, width=width) == wanted
    assert ours.jaxpr.pretty_print(width=width) == wanted
