"""Numbers and functions by recurrence: Bernoulli numbers, Bessel functions, spherical harmonics."""

import operator
from fractions import Fraction
from math import comb, pi, sqrt
from typing import Any

import numpy as np

from ... import dtypes, lax
from ... import numpy as pnp
from ...numpy.elementwise import as_inexact
from ...numpy.values import as_array


def bernoulli(n: int) -> Any:
    """The Bernoulli numbers B_0 to B_n, with B_1 = -1/2.

    >>> import pullback as pb
    >>> pb.scipy.special.bernoulli(2).round(3)
    Array([ 1.   , -0.5  ,  0.167], dtype=float32)
    """
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"bernoulli: n must be a non-negative integer, got {n}.")
    exact = [Fraction(1)]
    for m in range(1, n + 1):
        odd = m % 2 and m > 1
        total = 0 if odd else sum(comb(m + 1, k) * b for k, b in enumerate(exact) if b)
        exact.append(Fraction(-total) / (m + 1))
    dtype = dtypes.default_dtype(float)
    limit = float(np.finfo(dtype).max)
    values = [float(b) if abs(b) <= limit else np.inf * (1 if b > 0 else -1) for b in exact]
    return pnp.asarray(np.array(values, dtype))


def bessel_jn(z: Any, *, v: int, n_iter: int = 50) -> Any:
    """The Bessel functions J_0 to J_v of real z, along a new first axis.

    By Miller's recurrence downward from order `n_iter`, which must exceed v and |z|.

    >>> pb.scipy.special.bessel_jn(pnp.array([0.0, 1.0]), v=1).round(4)
    Array([[1.    , 0.7652],
           [0.    , 0.4401]], dtype=float32)
    """
    x = as_inexact("bessel_jn", z)
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError("bessel_jn: complex input not supported.")
    v, n_iter = operator.index(v), operator.index(n_iter)
    zero = x == 0
    safe = pnp.where(zero, 1, x)

    def step(state: Any, k: Any) -> Any:
        before, last, total, kept = state
        now = 2 * (k + 1) * last / safe - before
        total = total + pnp.where(k % 2 == 0, 2 * now, 0)
        kept = pnp.where((orders == k), now, kept)
        # The recurrence is linear: what grows large is made small again.
        scale = pnp.where(pnp.abs(now) > 1e10, x.dtype.type(1e-10), 1)
        return (last * scale, now * scale, total * scale, kept * scale), None

    orders = pnp.arange(v + 1, dtype=x.dtype).reshape((-1,) + (1,) * x.ndim)
    none = pnp.zeros_like(x)
    start = (none, pnp.full_like(x, 1e-16), none, pnp.zeros((v + 1, *x.shape), x.dtype))
    ks = pnp.arange(n_iter, -1, -1, dtype=x.dtype)
    _, first, total, kept = lax.scan(step, start, ks)[0]
    return pnp.where(zero, (orders == 0).astype(x.dtype), kept / (total - first))


def sph_harm_y(
    n: Any, m: Any, theta: Any, phi: Any, diff_n: None = None, n_max: int | None = None
) -> Any:
    """Spherical harmonics of degree n and order m at polar angle theta and azimuth phi.

    `n_max`, the largest degree, must be given where n is traced. The associated Legendre functions
    are computed by the recurrence in n, normalized.

    >>> n, m = pnp.array([1]), pnp.array([0])
    >>> pb.scipy.special.sph_harm_y(n, m, pnp.array([0.0]), pnp.array([0.0])).real.round(4)
    Array([0.4886], dtype=float32)
    """
    if diff_n is not None:
        raise NotImplementedError("sph_harm_y: diff_n is not supported: use jvp or jacfwd")
    n, m = as_array("sph_harm_y", n), as_array("sph_harm_y", m)
    most = int(np.max(np.asarray(n))) if n_max is None else operator.index(n_max)
    theta, phi = (as_inexact("sph_harm_y", x) for x in (theta, phi))
    n, m, theta, phi = pnp.broadcast_arrays(n, m, theta, phi)
    order = pnp.abs(m)
    legendre = _legendre(n, order, pnp.cos(theta), pnp.sin(theta), most)
    angle = order * phi
    out = lax.complex(legendre * pnp.cos(angle), legendre * pnp.sin(angle))
    sign = pnp.where(order % 2 == 1, -1, 1).astype(legendre.dtype)
    return pnp.where(m < 0, sign * pnp.conj(out), out)


def _legendre(n: Any, m: Any, x: Any, sine: Any, most: int) -> Any:
    """The normalized function of degree n, order m: along the diagonal to (m, m), then up in n."""
    diagonal = pnp.full_like(x, 1 / sqrt(4 * pi))
    before, now = pnp.zeros_like(x), pnp.where(m == 0, diagonal, 0)
    found = pnp.where(n == 0, now, 0)
    order = m.astype(x.dtype)
    for k in range(1, most + 1):
        diagonal = diagonal * sine * (-sqrt((2 * k + 1) / (2 * k)))
        above = k > m
        gap = pnp.where(above, k * k - order * order, 1)
        past = pnp.where(above, (k - 1) ** 2 - order * order, 0)
        factor = pnp.sqrt((4 * k * k - 1) / gap)
        past = pnp.sqrt(pnp.maximum(past, 0) / max(4 * (k - 1) ** 2 - 1, 1))
        up = factor * (x * now - past * before)
        before, now = now, pnp.where(above, up, pnp.where(m == k, diagonal, 0))
        found = pnp.where(n == k, now, found)
    return found


__all__ = ["bernoulli", "bessel_jn", "sph_harm_y"]
