"""The beta function and its logarithm as programs without loops."""

import math
from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.compare import gt, lt
from ...primitives.exponential import exp, log, log1p
from ...primitives.magnitude import max, min
from ...primitives.shape import full_like
from ...primitives.special import lgamma
from .exact import lost
from .gamma import gamma_sign, near_gamma, slope
from .series import both, choose
from .stirling import FAR, remainder


def betaln(a: Any, b: Any) -> Any:
    """log |Beta(a, b)|, of large arguments by what Stirling's formula leaves.

    Source: Didonato and Morris, ACM Trans. Math. Softw. 18 (1992).
    """
    good, near, over, under, logarithm = _parts(a, b)
    found = choose(near, sub(log(over), log(under)), logarithm)
    return choose(good, found, _by_gammas(a, b))


def beta(a: Any, b: Any) -> Any:
    """Gamma(a) Gamma(b) / Gamma(a + b)."""
    good, near, over, under, logarithm = _parts(a, b)
    signs = mul(mul(gamma_sign(a), gamma_sign(b)), gamma_sign(add(a, b)))
    far = mul(signs, exp(choose(good, logarithm, _by_gammas(a, b))))
    return choose(both(good, near), div(over, under), far)


def _by_gammas(a: Any, b: Any) -> Any:
    """log |Beta(a, b)| of any numbers, with the error of its parts."""
    return sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)))


def _parts(a: Any, b: Any) -> tuple[Any, ...]:
    """Where both are positive, and where both are below `FAR`; there numbers of which the quotient
    is the beta function, elsewhere its logarithm."""
    p, q = min(a, b), max(a, b)
    good = both(gt(p, 0), lt(q, math.inf))
    p, q = choose(good, p, 1), choose(good, q, 1)
    near = lt(q, FAR)
    logarithm = choose(lt(p, FAR), _mixed(p, q), _far(p, q))
    over, under = near_parts(choose(near, p, 1), choose(near, q, 1))
    return good, near, over, under, logarithm


def near_parts(p: Any, q: Any) -> tuple[Any, Any]:
    """Numbers of which the quotient is the beta function, for p and q below `FAR`."""
    low, s = lt(p, 1), add(p, q)
    first = near_gamma(choose(low, add(p, 1), p), FAR)
    over = div(mul(first, near_gamma(q, FAR)), near_gamma(s, 2 * FAR))
    over = sub(over, mul(over, mul(slope(s), lost(p, q, s))))
    return over, choose(low, p, 1)


def _mixed(p: Any, q: Any) -> Any:
    """Of any p and a large q."""
    s = add(p, q)
    left = add(lgamma(p), sub(rest(q), rest(s)))
    most = sub(add(left, p), mul(p, log(s)))
    return add(most, mul(sub(q, 0.5), log1p(neg(div(p, s)))))


def _far(p: Any, q: Any) -> Any:
    """Of two large numbers."""
    s = add(p, q)
    left = sub(add(rest(p), rest(q)), rest(s))
    left = add(left, sub(math.log(2 * math.pi) / 2, mul(log(q), 0.5)))
    tail = mul(q, log1p(neg(div(p, s))))
    return add(add(left, mul(sub(p, 0.5), log(div(p, s)))), tail)


def rest(x: Any) -> Any:
    """`remainder` of large numbers, some number of others."""
    return remainder(max(x, full_like(x, FAR)))
