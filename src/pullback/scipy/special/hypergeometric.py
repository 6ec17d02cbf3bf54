"""Hypergeometric functions of real numbers, as power series where they converge well.

Source: Pearson, Olver and Porter, Numer. Algorithms 74 (2017), doi 10.1007/s11075-016-0173-0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import dtypes, lax
from ... import numpy as pnp
from ...numpy.values import describe
from ...transforms.stop import stop_gradient
from .functions import at_least_single, floats
from .gammas import gamma

# Most terms of a series.
TERMS = 20000
Ratio = Callable[[Any], Any]


def _real(name: str, *values: Any) -> list[Any]:
    arrays = floats(name, *values)
    if dtypes.kind(arrays[0].dtype) == "complex":
        raise ValueError(
            f"{name} does not support complex-valued inputs, got {describe(arrays[0])}"
        )
    return arrays


def _series(ratio: Ratio, one: Any) -> Any:
    """1 + r(0) + r(0) r(1) + ..., until no term counts any more, nor does its derivative."""
    small = pnp.finfo(one.dtype).eps * 1e-3

    def unfinished(state: Any) -> Any:
        k, _, total, size = state
        return (k < TERMS) & pnp.any(size > small * pnp.abs(total))

    def step(state: Any) -> Any:
        k, term, total, size = state
        r = ratio(k.astype(one.dtype))
        term = term * r
        # Where the series ends its derivative in the parameters goes on.
        bound = pnp.abs(stop_gradient(r))
        return k + 1, term, total + term, size * pnp.where(bound == 0, 1, bound)

    return lax.while_loop(unfinished, step, (pnp.int32(0), one, one, one))[2]


def hyp1f1(a: Any, b: Any, x: Any) -> Any:
    """Kummer's function: the sum of (a)_k x^k / ((b)_k k!).

    >>> import pullback as pb
    >>> round(float(pb.scipy.special.hyp1f1(1.0, 1.0, 1.0)), 4)
    2.7183
    """
    return at_least_single(_hyp1f1, *_real("hyp1f1", a, b, x))


def _hyp1f1(a: Any, b: Any, x: Any) -> Any:
    pole = (b == 0) & (a != 0)
    safe = pnp.where(b == 0, 1, b)
    # Terms of one sign do not cancel: exp(x) M(b - a, b, -x) for negative x.
    left = x < 0
    first, z = pnp.where(left, safe - a, a), pnp.abs(x)
    series = _series(lambda k: (first + k) / (safe + k) * z / (k + 1), pnp.ones_like(x))
    found = series * pnp.exp(pnp.where(left, x, 0))
    found = pnp.where(a == b, pnp.exp(x), found)
    return pnp.where(a == 0, 1, pnp.where(pole, np.inf, found))


def _polynomial(a: Any) -> Any:
    """Whether the series ends."""
    return (a <= 0) & (pnp.round(a) == a)


def hyp2f1(a: Any, b: Any, c: Any, x: Any) -> Any:
    """Gauss's function: the sum of (a)_k (b)_k x^k / ((c)_k k!), for x < 1 or where it ends.

    Infinity for x > 1 elsewhere. Near 1 up to 20000 terms are added.

    >>> pb.scipy.special.hyp2f1(1.0, 1.0, 2.0, 0.5).round(4)
    Array(1.3863, dtype=float32)
    """
    return at_least_single(_hyp2f1, *_real("hyp2f1", a, b, c, x))


def _hyp2f1(a: Any, b: Any, c: Any, x: Any) -> Any:
    whole = _polynomial(a) | _polynomial(b)
    bad = _polynomial(c) & ~((_polynomial(a) & (a > c)) | (_polynomial(b) & (b > c)))
    inside = (x < 1) & ~bad
    c_safe = pnp.where(bad, 1, c)
    z = pnp.where(inside | (whole & ~bad), x, 0)
    # Pfaff's form for negative x, Euler's for a sum that grows near 1.
    left = (z < 0) & ~whole
    steep = ~left & ~whole & (c - a - b < -1)
    p, q = pnp.where(steep, c - a, a), pnp.where(left | steep, c - b, b)
    rest = pnp.where(left | steep, 1 - z, 1)
    power = pnp.where(left, -a, pnp.where(steep, c - a - b, 0))
    w = pnp.where(left, z / (z - 1), z)
    series = _series(lambda k: (p + k) * (q + k) / ((c_safe + k) * (k + 1)) * w, pnp.ones_like(x))
    found = pnp.where(inside | whole, rest**power * series, np.inf)
    one = (x == 1) & ~whole
    at_one = _at_one(*[pnp.where(one, v, s) for v, s in ((a, 0), (b, 0), (c_safe, 1))])
    found = pnp.where(one, at_one, found)
    trivial = (x == 0) | (((a == 0) | (b == 0)) & (c != 0))
    return pnp.where(trivial, 1, pnp.where(bad, np.inf, found))


def _at_one(a: Any, b: Any, c: Any) -> Any:
    """Gauss's theorem; infinity where the sum diverges."""
    d = c - a - b
    safe = pnp.where(d > 0, d, 1)
    value = gamma(c) * gamma(safe) / (gamma(c - a) * gamma(c - b))
    return pnp.where(d > 0, value, np.inf)


__all__ = ["hyp1f1", "hyp2f1"]
