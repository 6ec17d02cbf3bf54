"""Gamma functions and their ratios as programs."""

from typing import Any

from ...primitives.arithmetic import add, mul, sub
from ...primitives.compare import eq, gt, lt
from ...primitives.exponential import exp
from ...primitives.rounding import floor
from ...primitives.shape import full_like
from ...primitives.special import lgamma
from .series import both, choose


def poch(z: Any, m: Any) -> Any:
    """Gamma(z + m) / Gamma(z)."""
    top = add(z, m)
    size = exp(sub(lgamma(top), lgamma(z)))
    out = mul(size, mul(_gamma_sign(top), _gamma_sign(z)))
    return choose(eq(m, 0), 1.0, out)


def _gamma_sign(x: Any) -> Any:
    """The sign of Gamma(x): that of (-1)^floor(x) below 0."""
    half = mul(floor(x), 0.5)
    return choose(both(lt(x, 0), gt(half, floor(half))), -1.0, full_like(x, 1))
