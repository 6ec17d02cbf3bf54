"""Polynomials by their coefficients, the highest power first."""

import math
import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..control.loop import scan
from ..lazy import LazyModule
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..primitives.conv import ConvDimensionNumbers, conv_general_dilated
from . import binary
from .creation import asarray
from .elementwise import as_inexact
from .joining import concatenate
from .powers import power as raised
from .shapes import atleast_1d
from .values import as_array, convert, describe, promote_arrays, promote_arrays_inexact
from .worth import compiled_at_once, compiled_when_repeated

linalg: Any = LazyModule(f"{__package__}.linalg")

# Longer polynomials are summed by a loop, others are written out.
LONG = 64


@compiled_when_repeated("unroll")
def polyval(p: Any, x: Any, *, unroll: int = 16) -> Any:
    """The value of a polynomial at x, by Horner's rule.

    unroll: how many steps are written out in the loop that sums a long polynomial.

    >>> pnp.polyval(pnp.array([1, 0, -1]), pnp.array([2, 3]))
    Array([3, 8], dtype=int32)
    """
    p, x = promote_arrays("polyval", p, x)

    def step(out: Any, c: Any) -> tuple[Any, None]:
        return binary.add(binary.multiply(out, x), c), None

    out = sh.full_like(x, 0)
    if p.shape[0] > LONG:
        return scan(step, out, p, unroll=unroll)[0]
    for k in range(p.shape[0]):
        out, _ = step(out, p[k])
    return out


def _aligned(name: str, a1: Any, a2: Any) -> tuple[Any, Any]:
    x, y = promote_arrays(name, a1, a2)
    n = max(x.shape[0], y.shape[0])
    zero = x.dtype.type(0)
    x, y = (pc.pad(v, zero, [(n - v.shape[0], 0, 0)]) for v in (x, y))
    return x, y


@compiled_when_repeated()
def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials.

    >>> pnp.polyadd(pnp.array([1, 2]), pnp.array([1]))
    Array([1, 3], dtype=int32)
    """
    return ew.add(*_aligned("polyadd", a1, a2))


@compiled_when_repeated()
def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials.

    >>> pnp.polysub(pnp.array([1, 2]), pnp.array([1]))
    Array([1, 1], dtype=int32)
    """
    return ew.sub(*_aligned("polysub", a1, a2))


def polymul(a1: Any, a2: Any, *, trim_leading_zeros: bool = False) -> Any:
    """The product of two polynomials.

    >>> pnp.polymul(pnp.array([1, 1]), pnp.array([1, -1]))
    Array([ 1.,  0., -1.], dtype=float32)
    """
    x, y = promote_arrays_inexact("polymul", a1, a2)
    if trim_leading_zeros and (x.size > 1 or y.size > 1):
        x, y = _trimmed(x), _trimmed(y)
    x = x if x.size else asarray([0.0], y.dtype)
    y = y if y.size else asarray([0.0], x.dtype)
    return convolve(x, y)


def _trimmed(x: Any, tolerance: float = 0.0) -> Any:
    """Without leading coefficients that are zero, or nearly."""
    there = (np.abs(np.asarray(x)) > tolerance).nonzero()[0]
    return x[int(there[0]) if there.size else x.shape[0] :]


def polydiv(u: Any, v: Any, *, trim_leading_zeros: bool = False) -> tuple[Any, Any]:
    """The quotient and the remainder of two polynomials.

    >>> pnp.polydiv(pnp.array([1.0, 3.0, 2.0]), pnp.array([1.0, 1.0]))
    (Array([1., 2.], dtype=float32), Array([0., 0., 0.], dtype=float32))
    """
    u, v = promote_arrays_inexact("polydiv", u, v)
    m, n = u.shape[0] - 1, v.shape[0] - 1
    quotient = []
    for k in range(max(m - n + 1, 1)):
        if m < n:
            quotient.append(sh.full((), 0, u.dtype))
            break
        q = u[k] / v[0]
        quotient.append(q)
        u = u.at[k : k + n + 1].add(-q * v)
    if trim_leading_zeros:
        u = _trimmed(u, math.sqrt(dtypes.info(u.dtype).eps))
    return concatenate([q[None] for q in quotient]), u


def polyder(p: Any, m: int = 1) -> Any:
    """The m-th derivative.

    >>> pnp.polyder(pnp.array([1, 0, 0]))
    Array([2., 0.], dtype=float32)
    """
    m = operator.index(m)
    if m < 0:
        raise ValueError("Order of derivative must be positive")
    p = as_inexact("polyder", p)
    for _ in range(m):
        n = p.shape[0] - 1
        factors = np.arange(n, 0, -1).astype(p.dtype)
        p = p[:-1] * asarray(factors)
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """The m-th integral, with constants k.

    >>> pnp.polyint(pnp.array([2.0, 0.0]))
    Array([1., 0., 0.], dtype=float32)
    """
    m = operator.index(m)
    if m < 0:
        raise ValueError("Order of integral must be positive")
    p, constants = promote_arrays_inexact("polyint", p, 0 if k is None else k)
    constants = atleast_1d(constants)
    if constants.shape[0] == 1:
        constants = sh.broadcast_in_dim(constants, (m,), (0,))
    if constants.shape[0] != m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or m.")
    for i in range(m):
        factors = np.arange(p.shape[0], 0, -1).astype(p.dtype)
        p = concatenate([p / asarray(factors), convert(constants[i : i + 1], p.dtype)])
    return p


@compiled_at_once()
def poly(seq_of_zeros: Any) -> Any:
    """The polynomial with these roots, or the characteristic polynomial of a matrix.

    >>> pnp.poly(pnp.array([1.0, 2.0]))
    Array([ 1., -3.,  2.], dtype=float32)
    """
    z = as_inexact("poly", seq_of_zeros)
    if z.ndim == 2 and z.shape[0] == z.shape[1] and z.shape[0]:
        z = linalg.eigvals(z)
    if z.ndim != 1:
        raise ValueError(f"poly: wants a vector of roots or a square matrix, got {describe(z)}")
    out = sh.full((1,), 1, z.dtype)
    for k in range(z.shape[0]):
        step = concatenate([sh.full((1,), 1, z.dtype), -z[k : k + 1]])
        out = convolve(out, step)
    return out


@compiled_at_once("N", "increasing")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The matrix of powers of a vector's elements, one row each.

    >>> pnp.vander(pnp.array([2, 3]), 3)
    Array([[4, 2, 1],
           [9, 3, 1]], dtype=int32)
    """
    v = as_array("vander", x)
    if v.ndim != 1:
        raise ValueError("x must be a one-dimensional array")
    n = v.shape[0] if N is None else operator.index(N)
    if n < 0:
        raise ValueError("N must be nonnegative")
    powers = np.arange(n) if increasing else np.arange(n)[::-1]
    whole = v.dtype if dtypes.is_integer(v.dtype) else dtypes.int32
    return raised(v[:, None], asarray(powers.astype(whole))[None, :])


ALONG_ONE_AXIS = ConvDimensionNumbers((0, 1, 2), (0, 1, 2), (0, 1, 2))


def _convolution(name: str, a: Any, v: Any, mode: str, precision: Any, preferred: Any) -> Any:
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"{name}: mode must be one of ['full', 'same', 'valid'], got {mode!r}")
    x, y = promote_arrays_inexact(name, a, v)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"{name}() only support 1-dimensional inputs.")
    if not x.size or not y.size:
        raise ValueError(f"{name}: inputs cannot be empty, got shapes {x.shape} and {y.shape}.")
    if x.size < y.size:
        x, y = y, x
    m = y.size
    pads = {"full": (m - 1, m - 1), "same": (m // 2, (m - 1) // 2), "valid": (0, 0)}[mode]
    out = conv_general_dilated(
        sh.reshape(x, (1, 1, x.size)),
        sh.reshape(pc.rev(y, (0,)), (1, 1, m)),
        *((1,), (pads,), (1,), (1,), ALONG_ONE_AXIS),
        precision=precision,
        preferred_element_type=preferred,
    )
    return sh.reshape(out, (out.size,))


@compiled_at_once("mode", "precision", "preferred_element_type")
def convolve(
    a: Any, v: Any, mode: str = "full", *, precision: Any = None, preferred_element_type: Any = None
) -> Any:
    """The convolution of two vectors.

    Args:
      a, v: vectors.
      mode: "full" for all places where they overlap, "same" for as many as the longer one has,
        "valid" for those where they overlap wholly.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result.

    >>> pnp.convolve(pnp.array([1, 2, 3]), pnp.array([1, 10]))
    Array([ 1., 12., 23., 30.], dtype=float32)
    """
    return _convolution("convolve", a, v, mode, precision, preferred_element_type)


@compiled_at_once("mode", "precision", "preferred_element_type")
def correlate(
    a: Any,
    v: Any,
    mode: str = "valid",
    *,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """The correlation of two vectors: sums of products with the second one moved along.

    Arguments are those of `convolve`.

    >>> pnp.correlate(pnp.array([1, 2, 3]), pnp.array([1, 10]))
    Array([21., 32.], dtype=float32)
    """
    x, y = promote_arrays_inexact("correlate", a, v)
    turned = pc.rev(ew.conj(y) if dtypes.kind(y.dtype) == "complex" else y, (0,))
    out = _convolution("correlate", x, turned, mode, precision, preferred_element_type)
    if mode == "same" and x.size < y.size and (y.size - x.size) % 2:
        full = _convolution("correlate", x, turned, "full", precision, preferred_element_type)
        start = x.size // 2
        out = full[start : start + y.size]
    return out
