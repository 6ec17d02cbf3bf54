"""Recurrences for operations on power series. u, w are operands' coefficients, v the result's."""

from collections.abc import Callable
from typing import Any

from ... import dtypes
from ...core.primitive import Primitive
from ...core.trace import get_aval
from ...primitives.arithmetic import div, mul, mul_p, neg, sub
from ...primitives.compare import lt
from ...primitives.contract import dot_general_p
from ...primitives.conv import conv_general_dilated_p
from ...primitives.elementwise import (
    cos,
    cosh,
    exp,
    expm1,
    integer_pow,
    log,
    log1p,
    logistic,
    pow,
    sin,
    sinh,
    sqrt,
    tanh,
)
from ...primitives.gather import gather_p
from ...primitives.magnitude import abs_p
from ...primitives.rules import const
from ...primitives.select import select_n
from ...primitives.shape import full_like
from .series import Series, along, product, scale, total
from .trace import compose, derived, rule


def _bilinear(primitive: Primitive) -> None:
    """v = a b: v_k = sum_j a_j b_(k-j)."""

    @rule(primitive.name)
    def _(order: int, a: Series, b: Series, **params: Any) -> Series:
        def multiply(x: Any, y: Any) -> Any:
            return primitive.bind(x, y, **params)

        return [product(multiply, a, b, k) for k in range(order + 1)]


for _primitive in (mul_p, dot_general_p, conv_general_dilated_p):
    _bilinear(_primitive)


@rule("square")
def _(order: int, u: Series) -> Series:
    return [product(mul, u, u, k) for k in range(order + 1)]


@rule("div")
def _(order: int, u: Series, w: Series) -> Series:
    """v w = u: v_k = (u_k - sum_(j<k) v_j w_(k-j)) / w_0."""
    v = [div(u[0], w[0])]
    for k in range(1, order + 1):
        terms = [mul(v[j], w[k - j]) for j in range(k)] if len(w) > 1 else []
        top = u[k] if len(u) > 1 else None
        v.append(div(_minus(top, total(terms)), w[0]))
    return v


def _minus(x: Any, y: Any) -> Any:
    """x - y, either of which may be None for zero."""
    if x is None:
        return neg(y)
    return x if y is None else sub(x, y)


@rule("integer_pow")
def _(order: int, u: Series, *, y: int) -> Series:
    v = compose(lambda x: _power(x, abs(y)), order, u)
    if y < 0:
        v = compose(lambda x: div(const(x, 1), x), order, v)
    return [integer_pow(u[0], y), *v[1:]]


def _power(x: Any, n: int) -> Any:
    """x^n by repeated squaring."""
    if n == 0:
        return full_like(x, 1)
    if n == 1:
        return x
    half = _power(mul(x, x), n // 2)
    return mul(x, half) if n % 2 else half


@rule("sqrt")
def _(order: int, u: Series) -> Series:
    """v v = u: v_k = (u_k - sum_(0<j<k) v_j v_(k-j)) / (2 v_0)."""
    v = [sqrt(u[0])]
    for k in range(1, order + 1):
        inner = total([mul(v[j], v[k - j]) for j in range(1, k)])
        v.append(div(_minus(u[k], inner), scale(v[0], 2)))
    return v


@rule("pow")
def _(order: int, u: Series, w: Series) -> Series:
    """u v' = w u' v for constant w; else v = exp(w log u)."""
    v = [pow(u[0], w[0])]
    if len(w) == 1:
        for k in range(1, order + 1):
            terms = [
                mul(sub(mul(w[0], float(j)), const(w[0], k - j)), mul(u[j], v[k - j]))
                for j in range(1, k + 1)
            ]
            v.append(div(scale(total(terms), 1 / k), u[0]))
        return v
    exponent = compose(lambda x, y: mul(y, log(x)), order, u, w)
    for k in range(1, order + 1):
        v.append(along(v, exponent, k))
    return v


@rule("exp")
def _(order: int, u: Series) -> Series:
    """v' = v u'."""
    v = [exp(u[0])]
    for k in range(1, order + 1):
        v.append(along(v, u, k))
    return v


@rule("expm1")
def _(order: int, u: Series) -> Series:
    return [expm1(u[0]), *compose(exp, order, u)[1:]]


def _logarithm(v0: Any, u: Series, order: int) -> Series:
    """u v' = u': v_k = (u_k - (1/k) sum_(j<k) j v_j u_(k-j)) / u_0."""
    v = [v0]
    for k in range(1, order + 1):
        inner = total([scale(mul(v[j], u[k - j]), j / k) for j in range(1, k)])
        v.append(div(_minus(u[k], inner), u[0]))
    return v


@rule("log")
def _(order: int, u: Series) -> Series:
    return _logarithm(log(u[0]), u, order)


@rule("log1p")
def _(order: int, u: Series) -> Series:
    shifted = sub(u[0], const(u[0], -1))
    return _logarithm(log1p(u[0]), [shifted, *u[1:]], order)


@rule("logistic")
def _(order: int, u: Series) -> Series:
    """v' = (v - v^2) u'."""
    v = [logistic(u[0])]
    slope: Series = []
    for k in range(1, order + 1):
        slope.append(sub(v[k - 1], product(mul, v, v, k - 1)))
        v.append(along(slope, u, k))
    return v


@rule("tanh")
def _(order: int, u: Series) -> Series:
    """v' = (1 - v^2) u'."""
    v = [tanh(u[0])]
    slope: Series = []
    for k in range(1, order + 1):
        square = neg(product(mul, v, v, k - 1))
        slope.append(sub(square, const(square, -1)) if k == 1 else square)
        v.append(along(slope, u, k))
    return v


def _pair(
    first: Callable[[Any], Any], second: Callable[[Any], Any], sign: float
) -> Callable[[int, Series], tuple[Series, Series]]:
    """s' = c u', c' = sign s u'."""

    def run(order: int, u: Series) -> tuple[Series, Series]:
        s, c = [first(u[0])], [second(u[0])]
        for k in range(1, order + 1):
            next_s, next_c = along(c, u, k), along(s, u, k)
            s.append(next_s)
            c.append(scale(next_c, sign))
        return s, c

    return run


_circle, _hyperbola = _pair(sin, cos, -1), _pair(sinh, cosh, 1)
rule("sin")(lambda order, u: _circle(order, u)[0])
rule("cos")(lambda order, u: _circle(order, u)[1])
rule("sinh")(lambda order, u: _hyperbola(order, u)[0])
rule("cosh")(lambda order, u: _hyperbola(order, u)[1])


@rule("gather")
def _(order: int, u: Series, indices: Series, *, fill_value: Any, **params: Any) -> Series:
    """What lies outside is a constant."""
    v = [gather_p.bind(u[0], indices[0], fill_value=fill_value, **params)]
    inside = {**params, "fill_value": None if fill_value is None else 0}
    return [*v, *[gather_p.bind(c, indices[0], **inside) for c in u[1:]]]


@rule("abs")
def _(order: int, u: Series) -> Series:
    """As in JAX the derivative at 0 is that from the right."""
    if dtypes.kind(get_aval(u[0]).dtype) == "complex":
        return derived(abs_p, order, [u], {})
    below = lt(u[0], const(u[0], 0))
    return [select_n(below, c, neg(c)) for c in u]
