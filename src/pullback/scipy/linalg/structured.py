"""Matrices made of vectors or of a size: block_diag, toeplitz, circulant, hilbert and others."""

import operator
from math import comb
from typing import Any

import numpy as np

from ... import dtypes
from ...numpy.creation import array, asarray, filled, requested_dtype
from ...numpy.diagonals import eye
from ...numpy.elementwise import abs, as_inexact, conj
from ...numpy.joining import concatenate
from ...numpy.shapes import atleast_1d, atleast_2d, broadcast_shapes, flip
from ...numpy.values import as_array, describe, expand, promote_arrays
from ...numpy.worth import compiled_when_repeated
from ...primitives import pieces as pc
from ...primitives.rules import const


@compiled_when_repeated()
def block_diag(*arrs: Any) -> Any:
    """The matrices along the diagonal of one, zeros elsewhere.

    >>> pb.scipy.linalg.block_diag(pnp.array([[1, 2]]), pnp.array([[3]]))
    Array([[1, 2, 0],
           [0, 0, 3]], dtype=int32)
    """
    if not arrs:
        return filled((1, 0), 0, dtypes.default_dtype(float))
    blocks = [atleast_2d(x) for x in promote_arrays("block_diag", *arrs)]
    for k, x in enumerate(blocks):
        if x.ndim > 2:
            raise ValueError(
                "Arguments to jax.scipy.linalg.block_diag must have at most 2 dimensions, got"
                f" {describe(x)} at argument {k}."
            )
    width = sum(x.shape[1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        after = width - before - x.shape[1]
        rows.append(pc.pad(x, const(x, 0), [(0, 0, 0), (before, after, 0)]))
        before += x.shape[1]
    return concatenate(rows)


def _vector(name: str, x: Any) -> Any:
    return atleast_1d(as_array(name, x))


def _joined(first: Any, second: Any) -> Any:
    """Vectors one after another, over leading axes that broadcast."""
    lead = broadcast_shapes(first.shape[:-1], second.shape[:-1])
    return concatenate([expand(v, lead + v.shape[-1:]) for v in (first, second)], axis=-1)


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix with first column c and first row r, constant along diagonals.

    >>> pb.scipy.linalg.toeplitz(pnp.array([1, 2, 3]))
    Array([[1, 2, 3],
           [2, 1, 2],
           [3, 2, 1]], dtype=int32)
    """
    column = _vector("toeplitz", c)
    row = conj(column) if r is None else _vector("toeplitz", r)
    m, n = column.shape[-1], row.shape[-1]
    values = _joined(flip(column, -1), row[..., 1:])
    return values[..., np.arange(n) - np.arange(m)[:, None] + m - 1]


def hankel(c: Any, r: Any = None) -> Any:
    """The matrix with first column c and last row r, constant along antidiagonals.

    >>> pb.scipy.linalg.hankel(pnp.array([1, 2, 3]))
    Array([[1, 2, 3],
           [2, 3, 0],
           [3, 0, 0]], dtype=int32)
    """
    column = as_array("hankel", c)
    row = column * 0 if r is None else as_array("hankel", r)
    for name, x in (("c", column), ("r", row)):
        if x.ndim == 0:
            raise ValueError(f"hankel: {name} must be at least 1-dimensional, got a scalar.")
    m, n = column.shape[-1], row.shape[-1]
    return _joined(column, row[..., 1:])[..., np.arange(m)[:, None] + np.arange(n)]


def circulant(c: Any) -> Any:
    """The matrix whose columns are c, each turned once more.

    >>> pb.scipy.linalg.circulant(pnp.array([1, 2, 3]))
    Array([[1, 3, 2],
           [2, 1, 3],
           [3, 2, 1]], dtype=int32)
    """
    x = _vector("circulant", c)
    n = x.shape[-1]
    return x[..., (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)]


def leslie(f: Any, s: Any) -> Any:
    """The matrix with first row f and s below the diagonal.

    >>> pb.scipy.linalg.leslie(pnp.array([0.1, 2.0]), pnp.array([0.5]))
    Array([[0.1, 2. ],
           [0.5, 0. ]], dtype=float32)
    """
    first, below = (atleast_1d(x) for x in promote_arrays("leslie", f, s))
    n = first.shape[-1]
    if n < 2 or below.shape[-1] != n - 1:
        raise ValueError(
            "leslie: f of a length of at least 2 and s of one less are wanted, got"
            f" {describe(first)} and {describe(below)}"
        )
    lead = broadcast_shapes(first.shape[:-1], below.shape[:-1])
    first, below = expand(first, (*lead, n)), expand(below, (*lead, n - 1))
    rest = below[..., None] * eye(n - 1, n, dtype=below.dtype)
    return concatenate([first[..., None, :], rest], axis=-2)


def companion(a: Any) -> Any:
    """The matrix whose eigenvalues are the roots of a polynomial, highest power first.

    >>> pb.scipy.linalg.companion(pnp.array([1.0, -3.0, 2.0]))
    Array([[ 3., -2.],
           [ 1.,  0.]], dtype=float32)
    """
    x = atleast_1d(as_inexact("companion", a))
    n = x.shape[-1]
    if n < 2:
        raise ValueError(
            f"The length of `a` along the last axis must be at least 2; got {describe(x)}."
        )
    first = (-x[..., 1:] / x[..., :1])[..., None, :]
    rest = expand(eye(n - 2, n - 1, dtype=x.dtype), (*x.shape[:-1], n - 2, n - 1))
    return concatenate([first, rest], axis=-2)


def fiedler_companion(a: Any) -> Any:
    """The companion matrix of a polynomial with five diagonals (Fiedler, 2003).

    >>> pb.scipy.linalg.fiedler_companion(pnp.array([1.0, -3.0, 2.0]))
    Array([[ 3., -2.],
           [ 1.,  0.]], dtype=float32)
    """
    x = atleast_1d(as_inexact("fiedler_companion", a))
    if not x.shape[-1]:
        raise ValueError(
            f"fiedler_companion requires the last axis of 'a' to have nonzero length, got {x.shape}"
        )
    n = x.shape[-1] - 1
    c = -x[..., 1:] / x[..., :1]
    if n <= 1:
        return c.reshape(*x.shape[:-1], n, n)
    k = np.arange(n)
    odd, even = k[1::2], k[: n - 2 : 2]
    ones = np.zeros((n, n))
    ones[odd, np.maximum(odd - 2, 0)] = 1
    ones[even, even + 2] = 1
    out = expand(asarray(ones.astype(x.dtype)), (*x.shape[:-1], n, n))
    return out.at[..., k // 2 * 2, np.maximum((k + 1) // 2 * 2 - 1, 0)].set(c)


def fiedler(a: Any) -> Any:
    """Distances of all pairs of elements.

    >>> pb.scipy.linalg.fiedler(pnp.array([1, 4, 12]))
    Array([[ 0,  3, 11],
           [ 3,  0,  8],
           [11,  8,  0]], dtype=int32)
    """
    x = _vector("fiedler", a)
    return abs(x[..., :, None] - x[..., None, :])


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    """The matrix m with m v = convolve(a, v, mode) for vectors v of length n.

    >>> pb.scipy.linalg.convolution_matrix(pnp.array([1, 2]), 3)
    Array([[1, 0, 0],
           [2, 1, 0],
           [0, 2, 1],
           [0, 0, 2]], dtype=int32)
    """
    n, x = operator.index(n), as_array("convolution_matrix", a)
    if n <= 0:
        raise ValueError(f"n must be a positive integer; got {n}.")
    if x.ndim == 0 or not x.shape[-1]:
        raise ValueError(f"convolution_matrix: a vector is wanted, got {describe(x)}")
    if mode not in ("full", "valid", "same"):
        raise ValueError(f"mode must be one of 'full', 'valid', 'same'; got {mode!r}.")
    m = x.shape[-1]
    config = [(0, 0, 0)] * (x.ndim - 1) + [(n - 1, n - 1, 0)]
    values = pc.pad(x, const(x, 0), config)
    cut = min(n, m) - 1
    before = {"full": 0, "same": cut // 2, "valid": cut}[mode]
    after = {"full": 0, "same": cut - cut // 2, "valid": cut}[mode]
    rows = np.arange(before, m + n - 1 - after)
    return values[..., rows[:, None] - np.arange(n) + n - 1]


def _constant(x: np.ndarray, dtype: Any = None) -> Any:
    return asarray(x.astype(dtypes.default_dtype(float) if dtype is None else dtype))


def hilbert(n: int) -> Any:
    """1 / (i + j + 1).

    >>> pb.scipy.linalg.hilbert(2)
    Array([[1.        , 0.5       ],
           [0.5       , 0.33333334]], dtype=float32)
    """
    k = np.arange(n)
    return _constant(1 / (k[:, None] + k + 1))


def invhilbert(n: int) -> Any:
    """The inverse of hilbert(n), whose elements are integers.

    >>> pb.scipy.linalg.invhilbert(2)
    Array([[ 4., -6.],
           [-6., 12.]], dtype=float32)
    """
    rows = [[_inverse_hilbert(n, i, j) for j in range(n)] for i in range(n)]
    return _constant(np.array(rows, float).reshape(n, n))


def _inverse_hilbert(n: int, i: int, j: int) -> int:
    size = comb(n + i, n - j - 1) * comb(n + j, n - i - 1) * comb(i + j, i) ** 2
    return (-1) ** (i + j) * (i + j + 1) * size


KINDS = ("symmetric", "lower", "upper")


def _of_kind(lower: np.ndarray, symmetric: np.ndarray, kind: str | None) -> np.ndarray:
    if kind is not None and kind not in KINDS:
        raise ValueError(f"Expected kind to be one of: {list(KINDS)}; got {kind}")
    return {"lower": lower, "upper": lower.T}.get(kind or "", symmetric)


def _binomials(n: int) -> np.ndarray:
    return np.array([[comb(i, j) for j in range(n)] for i in range(n)], float).reshape(n, n)


def pascal(n: int, kind: str | None = None) -> Any:
    """Binomial coefficients: comb(i, j), or comb(i + j, i) where symmetric.

    >>> pb.scipy.linalg.pascal(3)
    Array([[1., 1., 1.],
           [1., 2., 3.],
           [1., 3., 6.]], dtype=float32)
    """
    lower = _binomials(n)
    return _constant(_of_kind(lower, lower @ lower.T, kind), dtypes.float32)


def invpascal(n: int, kind: str | None = None) -> Any:
    """The inverse of pascal(n).

    >>> pb.scipy.linalg.invpascal(3)
    Array([[ 3., -3.,  1.],
           [-3.,  5., -2.],
           [ 1., -2.,  1.]], dtype=float32)
    """
    k = np.arange(n)
    lower = (-1.0) ** (k[:, None] - k) * _binomials(n)
    return _constant(_of_kind(lower, lower.T @ lower, kind))


def helmert(n: int, full: bool = False) -> Any:
    """Orthonormal rows, each the mean of the first ones against the next.

    >>> pb.scipy.linalg.helmert(3).round(3)
    Array([[ 0.707, -0.707,  0.   ],
           [ 0.408,  0.408, -0.816]], dtype=float32)
    """
    if n < 1:
        raise ValueError(f"n must be a positive integer; got {n}.")
    j, k = np.arange(n), np.arange(1, n)[:, None]
    rows = ((j < k) - k * (j == k)) / np.sqrt(k * (k + 1.0))
    return _constant(np.concatenate([np.full((1, n), n**-0.5), rows]) if full else rows)


def hadamard(n: int, dtype: Any = int) -> Any:
    """Orthogonal rows of 1 and -1.

    >>> pb.scipy.linalg.hadamard(2)
    Array([[ 1,  1],
           [ 1, -1]], dtype=int32)
    """
    if n < 1 or n & (n - 1):
        raise ValueError(f"n must be a positive power of 2; got {n}.")
    k = np.arange(n)
    signs = 1 - 2 * (np.bitwise_count(k[:, None] & k) % 2).astype(np.int64)
    return array(signs, dtype=requested_dtype("hadamard", dtype))


def dft(n: int, scale: str | None = None, *, dtype: Any = None) -> Any:
    """The matrix of the discrete Fourier transform.

    >>> pb.scipy.linalg.dft(2).round(3)
    Array([[ 1.+0.j,  1.+0.j],
           [ 1.+0.j, -1.+0.j]], dtype=complex64)
    """
    if scale not in (None, "sqrtn", "n"):
        raise ValueError(f"scale must be None, 'sqrtn', or 'n'; got {scale!r}.")
    wanted = dtypes.default_dtype(complex) if dtype is None else requested_dtype("dft", dtype)
    if dtypes.kind(wanted) != "complex":
        raise ValueError(f"dtype must be a complex floating-point type; got {wanted.name}.")
    k = np.arange(n)
    matrix = np.exp(-2j * np.pi * (k[:, None] * k % max(n, 1)) / max(n, 1))
    return _constant(matrix / {None: 1, "sqrtn": n**0.5, "n": n}[scale], wanted)
