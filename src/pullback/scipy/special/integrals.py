"""Integrals of exponentials and of oscillations: wofz, fresnel, sici, owens_t."""

from functools import cache
from math import factorial, pi, sqrt
from typing import Any

import numpy as np

from ... import dtypes, lax
from ... import numpy as pnp
from ...control.custom_jvp import custom_jvp
from ...numpy.elementwise import as_inexact
from ...numpy.values import convert
from .functions import at_least_single, floats

# Terms of Weideman's series, of power series, of continued fractions, and points of quadrature.
WOFZ_TERMS, SERIES_TERMS, FRACTION_TERMS, POINTS = 48, 24, 60, 40


def _sum(coefficients: Any, x: Any) -> Any:
    """The polynomial with these coefficients, lowest power first."""
    out: Any = 0
    for c in reversed(coefficients):
        out = out * x + x.dtype.type(c)
    return out


@cache
def _weideman() -> tuple[float, tuple[float, ...]]:
    """The scale and the coefficients of Weideman, SIAM J. Numer. Anal. 31 (1994)."""
    n = WOFZ_TERMS
    scale = sqrt(n / sqrt(2))
    t = scale * np.tan(np.arange(-2 * n + 1, 2 * n) * pi / (4 * n))
    f = np.concatenate([[0.0], np.exp(-t * t) * (scale**2 + t * t)])
    return scale, tuple(np.fft.fft(np.fft.fftshift(f)).real[1 : n + 1] / (4 * n))


@custom_jvp
def _wofz(z: Any) -> Any:
    """By a rational series above the real axis, by reflection below."""
    scale, coefficients = _weideman()
    below = pnp.imag(z) < 0
    up = pnp.where(below, -z, z)
    iz = up * z.dtype.type(1j)
    ratio = (scale + iz) / (scale - iz)
    series = 2 * _sum(coefficients, ratio) / (scale - iz) ** 2
    w = series + z.dtype.type(1 / sqrt(pi)) / (scale - iz)
    return pnp.where(below, 2 * pnp.exp(-(pnp.where(below, z, 0) ** 2)) - w, w)


@_wofz.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (z,), (t,) = primals, tangents
    w = _wofz(z)
    return w, t * (z.dtype.type(2j / sqrt(pi)) - 2 * z * w)


def wofz(z: Any) -> Any:
    """Faddeeva's function exp(-z^2) erfc(-i z), of complex numbers.

    >>> import pullback as pb
    >>> pb.scipy.special.wofz(0.0).round(3)
    Array(1.+0.j, dtype=complex64)
    """
    x = as_inexact("wofz", z)
    return _wofz(convert(x, dtypes.promote_types(x.dtype, dtypes.complex64)))


@custom_jvp
def _fresnel(x: Any) -> tuple[Any, Any]:
    """C + i S = (1 + i) / 2 erf((1 - i) u): by power series near 0, by w on a diagonal beyond."""
    size = pnp.abs(x)
    near = size < 1.5
    small, large = pnp.where(near, size, 1), pnp.where(near, 2, size)
    beyond = size > 1 / pnp.finfo(x.dtype).eps ** 2
    large = pnp.where(beyond, 1e4, large)
    terms = range(SERIES_TERMS)
    h = pi / 2
    sines = [(-1) ** k * h ** (2 * k + 1) / (factorial(2 * k + 1) * (4 * k + 3)) for k in terms]
    cosines = [(-1) ** k * h ** (2 * k) / (factorial(2 * k) * (4 * k + 1)) for k in terms]
    fourth = small**4
    near_s, near_c = small**3 * _sum(sines, fourth), small * _sum(cosines, fourth)
    phase = h * large * large
    u = large * (sqrt(pi) / 2)
    wave = lax.complex(pnp.cos(phase), pnp.sin(phase)) * _wofz(lax.complex(u, u))
    whole = wave.dtype.type(0.5 + 0.5j) * (1 - wave)
    s = pnp.where(beyond, 0.5, pnp.where(near, near_s, pnp.imag(whole)))
    c = pnp.where(beyond, 0.5, pnp.where(near, near_c, pnp.real(whole)))
    return pnp.sign(x) * s, pnp.sign(x) * c


@_fresnel.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    phase = pi / 2 * x * x
    return _fresnel(x), (t * pnp.sin(phase), t * pnp.cos(phase))


def _real(name: str, x: Any) -> Any:
    x = as_inexact(name, x)
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(f"Argument `x` to {name} must be real-valued. Got dtype {x.dtype}.")
    return x


def fresnel(x: Any) -> tuple[Any, Any]:
    """The integrals of sin(pi t^2 / 2) and of cos(pi t^2 / 2) from 0 to x.

    >>> s, c = pb.scipy.special.fresnel(pnp.array([0.0, 1.0]))
    >>> s.round(4)
    Array([0.    , 0.4383], dtype=float32)
    """
    return at_least_single(_fresnel, _real("fresnel", x))


@custom_jvp
def _sici(x: Any) -> tuple[Any, Any]:
    """By power series up to 4, by the continued fraction of E1(i x) beyond."""
    size = pnp.abs(x)
    near = size <= 4
    small, large = pnp.where(near & (size > 0), size, 1), pnp.where(near, 8, size)
    large = pnp.where(pnp.isinf(large), 8, large)
    terms = range(SERIES_TERMS)
    sines = [(-1) ** k / (factorial(2 * k + 1) * (2 * k + 1)) for k in terms]
    cosines = [0, *[(-1) ** k / (factorial(2 * k) * 2 * k) for k in terms[1:]]]
    square = small * small
    near_s = small * _sum(sines, square)
    near_c = np.euler_gamma + pnp.log(small) + _sum(cosines, square)
    e1 = lax.complex(pnp.cos(large), -pnp.sin(large)) * _fraction(large)
    si = pnp.where(near, near_s, pi / 2 + pnp.imag(e1))
    ci = pnp.where(near, near_c, -pnp.real(e1))
    si = pnp.where(size == 0, 0, pnp.where(pnp.isinf(x), pi / 2, si))
    ci = pnp.where(size == 0, -np.inf, pnp.where(pnp.isinf(x), 0, ci))
    return pnp.sign(x) * si, pnp.where(x == -np.inf, np.nan, ci)


def _fraction(x: Any) -> Any:
    """exp(z) E1(z) at z = i x: 1 / (z + 1 - 1 / (z + 3 - 4 / (z + 5 - ...)))."""
    z = lax.complex(pnp.zeros_like(x), x)

    def step(j: Any, tail: Any) -> Any:
        k = (FRACTION_TERMS - j).astype(x.dtype)
        return z + (2 * k - 1) - k * k / tail

    return 1 / lax.fori_loop(0, FRACTION_TERMS, step, z + (2 * FRACTION_TERMS + 1))


@_sici.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return _sici(x), (t * pnp.sinc(x / pi), t * (pnp.cos(x) / x))


def sici(x: Any) -> tuple[Any, Any]:
    """The sine and cosine integrals: of sin(t) / t from 0 to x, and -cos(t) / t from x on.

    >>> si, ci = pb.scipy.special.sici(pnp.array([1.0, 2.0]))
    >>> si.round(4)
    Array([0.9461, 1.6054], dtype=float32)
    """
    return at_least_single(_sici, _real("sici", x))


@custom_jvp
def _owens_t(h: Any, a: Any) -> Any:
    """By quadrature for |a| <= 1; larger a by symmetry in h and a h."""
    h, size = pnp.abs(h), pnp.abs(a)
    far = size > 1
    g, b = pnp.where(far, size * h, h), pnp.where(far, 1 / pnp.where(far, size, 1), size)
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    total: Any = 0
    for node, weight in zip((nodes + 1) / 2, weights / (4 * pi), strict=True):
        s = 1 + (b * node) ** 2
        total = total + weight * pnp.exp(-0.5 * g * g * s) / s
    part = b * total
    low, high = (lax.erfc(v * sqrt(0.5)) for v in (h, size * h))
    whole = pnp.where(
        size * h <= 0.67, 0.25 - 0.25 * (1 - low) * (1 - high), 0.25 * (low + high - low * high)
    )
    return pnp.sign(a) * pnp.where(far, whole - part, part)


@_owens_t.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (h, a), (th, ta) = primals, tangents
    in_h = -pnp.exp(-0.5 * h * h) * lax.erf(a * h * sqrt(0.5)) / (2 * sqrt(2 * pi))
    in_a = pnp.exp(-0.5 * (1 + a * a) * h * h) / (2 * pi * (1 + a * a))
    return _owens_t(h, a), th * in_h + ta * in_a


def owens_t(h: Any, a: Any) -> Any:
    """The probability that a normal number exceeds h and another lies between 0 and a times it.

    Source: Owen, Ann. Math. Statist. 27 (1956).

    >>> pb.scipy.special.owens_t(0.0, 1.0).round(4)
    Array(0.125, dtype=float32)
    """
    return _owens_t(*floats("owens_t", h, a))


__all__ = ["fresnel", "owens_t", "sici", "wofz"]
