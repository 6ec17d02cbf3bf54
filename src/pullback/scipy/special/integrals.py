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
from ...primitives import fits
from ...primitives.fitted import fitted
from .functions import at_least_single, floats, strong

# Terms of Weideman's series and of power series.
WOFZ_TERMS, SERIES_TERMS = 48, 14
# The positive points of Gauss's quadrature on [-1, 1] at 40 points and their weights, from 40-digit
# values.
POINTS = (
    0.03877241750605082, 0.11608407067525521, 0.1926975807013711, 0.2681521850072537,
    0.3419940908257585, 0.413779204371605, 0.4830758016861787, 0.5494671250951282,
    0.6125538896679802, 0.6719566846141796, 0.7273182551899271, 0.7783056514265194,
    0.8246122308333117, 0.8659595032122595, 0.9020988069688743, 0.9328128082786765,
    0.9579168192137917, 0.9772599499837743, 0.990726238699457, 0.9982377097105593,
)  # fmt: skip
WEIGHTS = (
    0.0775059479784248, 0.07703981816424797, 0.07611036190062624, 0.07472316905796826,
    0.07288658239580406, 0.07061164739128678, 0.0679120458152339, 0.06480401345660104,
    0.06130624249292894, 0.05743976909939155, 0.05322784698393682, 0.04869580763507223,
    0.04387090818567327, 0.038782167974472016, 0.033460195282547844, 0.0279370069800234,
    0.02224584919416696, 0.01642105838190789, 0.010498284531152813, 0.004521277098533191,
)  # fmt: skip


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
    """By power series up to 5/4, by S = 1/2 - f cos p - g sin p, C = 1/2 + f sin p - g cos p on."""
    size = pnp.abs(x)
    near = size < 1.25
    small, large = pnp.where(near, size, 1), pnp.where(near, 2, size)
    terms = range(SERIES_TERMS)
    h = pi / 2
    sines = [(-1) ** k * h ** (2 * k + 1) / (factorial(2 * k + 1) * (4 * k + 3)) for k in terms]
    cosines = [(-1) ** k * h ** (2 * k) / (factorial(2 * k) * (4 * k + 1)) for k in terms]
    fourth = small**4
    near_s, near_c = small**3 * _sum(sines, fourth), small * _sum(cosines, fourth)
    sine, cosine = _quarters(_square_of_four(large))
    inverse = 1 / (pi * large)
    square = large * large
    f = fitted(fits.FRESNEL_F, square) * inverse
    g = fitted(fits.FRESNEL_G, square) * inverse * inverse / large
    s = pnp.where(near, near_s, 0.5 - (f * cosine + g * sine))
    c = pnp.where(near, near_c, 0.5 + (f * sine - g * cosine))
    return pnp.sign(x) * s, pnp.sign(x) * c


def _square_of_four(x: Any) -> Any:
    """x^2 less a multiple of 4, by parts of x whose products are exact."""
    # Numbers of this size are multiples of 4.
    x = pnp.where(pnp.abs(x) < 4 / pnp.finfo(x.dtype).eps, x, 0)
    exponent = 8 if x.dtype == np.float32 else 11
    high = lax.reduce_precision(x, exponent, (pnp.finfo(x.dtype).nmant - 1) // 2)
    low = x - high
    return high * high % 4 + 2 * high * low % 4 + low * low % 4


def _quarters(x: Any) -> tuple[Any, Any]:
    """Sine and cosine of so many quarters of a turn, at least 0."""
    nearest = pnp.round(x)
    angle = (x - nearest) * (pi / 2)
    sine, cosine = pnp.sin(angle), pnp.cos(angle)
    odd = nearest % 2 == 1
    sine, cosine = pnp.where(odd, cosine, sine), pnp.where(odd, sine, cosine)
    quarter = nearest % 4
    return (
        pnp.where(quarter >= 2, -sine, sine),
        pnp.where((quarter == 1) | (quarter == 2), -cosine, cosine),
    )


@_fresnel.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    sine, cosine = _quarters(_square_of_four(x))
    return _fresnel(x), (t * sine, t * cosine)


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
    """By power series up to 2, by Si = pi / 2 - f cos x - g sin x, Ci = f sin x - g cos x on."""
    size = pnp.abs(x)
    near = size <= 2
    small, large = pnp.where(near & (size > 0), size, 1), pnp.where(near, 2, size)
    terms = range(SERIES_TERMS)
    sines = [(-1) ** k / (factorial(2 * k + 1) * (2 * k + 1)) for k in terms]
    cosines = [0, *[(-1) ** k / (factorial(2 * k) * 2 * k) for k in terms[1:]]]
    square = small * small
    near_s = small * _sum(sines, square)
    near_c = np.euler_gamma + pnp.log(small) + _sum(cosines, square)
    angle = pnp.where(pnp.isinf(large), 0, large)
    sine, cosine = pnp.sin(angle), pnp.cos(angle)
    f = fitted(fits.SICI_F, large) / large
    g = fitted(fits.SICI_G, large) / large / large
    si = pnp.where(near, near_s, pi / 2 - (f * cosine + g * sine))
    ci = pnp.where(near, near_c, f * sine - g * cosine)
    ci = pnp.where(size == 0, -np.inf, ci)
    return pnp.sign(x) * si, pnp.where(x == -np.inf, np.nan, ci)


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
    values = []
    for point, weight in zip(POINTS, WEIGHTS, strict=True):
        for node in ((1 - point) / 2, (1 + point) / 2):
            s = (b * node) ** 2
            values.append(weight / (4 * pi) * pnp.exp(-0.5 * g * g * s) / (1 + s))
    part = b * _bell(g) * _pairwise(values)
    low, high = (lax.erfc(v * sqrt(0.5)) for v in (h, size * h))
    whole = pnp.where(
        size * h <= 0.67, 0.25 - 0.25 * (1 - low) * (1 - high), 0.25 * (low + high - low * high)
    )
    return pnp.sign(a) * pnp.where(far, whole - part, part)


def _pairwise(values: list[Any]) -> Any:
    """The sum of arrays, in pairs: fewer roundings lie on the way of each."""
    half = len(values) // 2
    return _pairwise(values[:half]) + _pairwise(values[half:]) if half else values[0]


def _bell(x: Any) -> Any:
    """exp(-x^2 / 2), over a few leading digits of x and over the rest."""
    leading = pnp.floor(x * 32) / 32
    rest = pnp.where(pnp.isinf(x), 0, x - leading) * (x + leading)
    return pnp.exp(-0.5 * leading * leading) * pnp.exp(-0.5 * rest)


@_owens_t.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (h, a), (th, ta) = primals, tangents
    in_h = -pnp.exp(-0.5 * h * h) * lax.erf(a * h * sqrt(0.5)) / (2 * sqrt(2 * pi))
    in_a = pnp.exp(-0.5 * (1 + a * a) * h * h) / (2 * pi * (1 + a * a))
    return _owens_t(h, a), th * in_h + ta * in_a


def owens_t(h: Any, a: Any) -> Any:
    """The probability that a normal number exceeds h and another lies between 0 and a times it.

    The result has the default floating dtype, as in JAX.

    Source: Owen, Ann. Math. Statist. 27 (1956).

    >>> pb.scipy.special.owens_t(0.0, 1.0).round(4)
    Array(0.125, dtype=float32)
    """
    wide = [x.astype(float) for x in floats("owens_t", h, a)]
    return strong(_owens_t(*wide))


__all__ = ["fresnel", "owens_t", "sici", "wofz"]
