"""Eigenvalues of symmetric tridiagonal matrices by bisection, their vectors by inverse iteration.

The number of eigenvalues below x is that of negative pivots of T - x: d[i] - x - e[i-1]^2 / q[i-1],
q the pivot before (Sturm). All eigenvalues are bisected at once, each in its own interval.

Sources: Barth, Martin and Wilkinson, Numer. Math. 9 (1967) 386; LAPACK's dstebz and dstein.
"""

from functools import partial
from typing import Any

import numpy as np

from ... import lax, random
from ... import numpy as pnp
from ...control.custom_jvp import custom_jvp
from ...lax.tridiagonal import perturbed_solve
from ...numpy.values import as_arrays, describe
from ...numpy.worth import compiled_at_once
from ...primitives.linalg.gaps import reciprocal

# Solutions of (T - w) x' = x: one makes a random x an eigenvector up to rounding.
ROUNDS = 3

Range = tuple[int, int]
Pair = tuple[Any, Any]


@compiled_at_once("eigvals_only", "select", "select_range", "tol")
def eigh_tridiagonal(
    d: Any,
    e: Any,
    *,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: tuple[float, float] | None = None,
    tol: float | None = None,
    key: Any = None,
) -> Any:
    """Eigenvalues in ascending order, and eigenvectors, of a Hermitian tridiagonal matrix.

    Eigenvalues are exact to rounding of the largest. Derivatives are those of `eigh`.

    Args:
      d: the diagonal, of shape (n,), in 32 or 64 bits; of complex numbers the real parts count.
      e: the diagonal above it, of shape (n - 1,) and d's dtype.
      eigvals_only: whether vectors are left out.
      select: "a" for all, "i" for those at the places of `select_range`, counted from 0.
      select_range: the first and the last place.
      tol: how far eigenvalues may be off, if that is more than rounding.
      key: a random key for the vectors that the iteration starts with.

    Returns:
      The eigenvalues w, of shape (k,); unless `eigvals_only`, (w, v) with the vectors as columns
      of v, of shape (n, k).

    Raises:
      TypeError: the dtypes differ, or are narrower than 32 bits.
      ValueError: shapes or `select_range` do not fit.
      NotImplementedError: `select="v"`, whose result has no known shape.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> d, e = pnp.array([2.0, 2.0]), pnp.array([1.0])
    >>> pb.scipy.linalg.eigh_tridiagonal(d, e, eigvals_only=True).round(4)
    Array([1., 3.], dtype=float32)
    """
    d, e = as_arrays("eigh_tridiagonal", (d, e))
    _check(d, e)
    n = d.shape[0]
    places = _places(n, select, select_range)
    phases = _phases(e)
    d, e = pnp.real(d), e if phases is None else pnp.abs(e)
    if eigvals_only:
        return _values(places, 0.0 if tol is None else tol, d, e)
    key = random.key(42) if key is None else key
    w, v = _pairs(places, 0.0 if tol is None else tol, d, e, key)
    return w, v if phases is None else phases[:, None] * v


def _check(d: Any, e: Any) -> None:
    if d.dtype != e.dtype or d.dtype.name not in ("float32", "float64", "complex64", "complex128"):
        raise TypeError(
            "eigh_tridiagonal: wants float or complex numbers of 32 or 64 bits, both diagonals of"
            f" one dtype, got {describe(d)} and {describe(e)}"
        )
    if d.ndim != 1 or e.ndim != 1 or e.shape[0] != max(d.shape[0] - 1, 0):
        raise ValueError(
            "eigh_tridiagonal: wants diagonals of shapes (n,) and (n - 1,), got"
            f" {describe(d)} and {describe(e)}"
        )


def _places(n: int, select: str, chosen: tuple[float, float] | None) -> Range:
    """The first eigenvalue that is wanted, and the one after the last."""
    if select == "a":
        return 0, n
    if select == "v":
        raise NotImplementedError(
            "eigh_tridiagonal: how many values select='v' gives is not known while tracing:"
            " select='a' gives all"
        )
    if select != "i":
        raise ValueError(f"eigh_tridiagonal: select must be 'a' or 'i', got {select!r}")
    if chosen is None or not 0 <= chosen[0] <= chosen[1] < n:
        raise ValueError(
            f"eigh_tridiagonal: select_range must be two places of {n} eigenvalues, the first one"
            f" first, got {chosen}"
        )
    return int(chosen[0]), int(chosen[1]) + 1


def _phases(e: Any) -> Any:
    """The unitary diagonal that makes a complex matrix a real one; None for real ones."""
    if e.dtype.kind != "c":
        return None
    size = pnp.abs(e)
    none = size == 0
    turn = pnp.where(none, 1, pnp.conj(e)) / pnp.where(none, 1, size)
    return pnp.concatenate([pnp.ones(1, e.dtype), pnp.cumprod(turn)])


@partial(custom_jvp, nondiff_argnums=(0, 1))
def _values(places: Range, tol: float, d: Any, e: Any) -> Any:
    """The eigenvalues at these places. The matrix is made small by a power of two first."""
    reach = pnp.pad(pnp.abs(e), (1, 0)) + pnp.pad(pnp.abs(e), (0, 1))
    size = pnp.max(pnp.abs(d) + reach, initial=0)
    _, power = pnp.frexp(size)
    d, e, reach = (pnp.ldexp(x, -power) for x in (d, e, reach))
    info = np.finfo(d.dtype)
    pivot = info.tiny * pnp.max(e * e, initial=1)
    slack = 2.1 * (d.shape[0] * info.eps + pivot)
    goal = pnp.maximum(pnp.ldexp(pnp.asarray(tol, d.dtype), -power), info.eps / 2)
    wanted = pnp.arange(*places, dtype="int32")
    # All eigenvalues lie in Gershgorin's circles.
    least, most = pnp.min(d - reach, initial=0), pnp.max(d + reach, initial=0)
    low = pnp.broadcast_to(least - slack, wanted.shape)
    high = pnp.broadcast_to(most + slack, wanted.shape)

    def unfinished(state: Any) -> Any:
        step, low, high = state
        return (step < info.nmant + 3) & pnp.any(high - low > goal)

    def halve(state: Any) -> Any:
        step, low, high = state
        middle = (low + high) / 2
        below = _count(d, e * e, pivot, middle) > wanted
        return step + 1, pnp.where(below, low, middle), pnp.where(below, middle, high)

    _, low, high = lax.while_loop(unfinished, halve, (pnp.int32(0), low, high))
    return pnp.ldexp(pnp.clip((low + high) / 2, least, most), power)


def _count(d: Any, squares: Any, pivot: Any, x: Any) -> Any:
    """How many eigenvalues lie below each x. No pivot may be smaller than `pivot`."""

    def step(state: Any, row: Any) -> Any:
        q, count = state
        here, square = row
        q = here - square / q - x
        q = pnp.where(pnp.abs(q) < pivot, -pivot, q)
        return (q, count + (q < 0)), None

    first = pnp.ones_like(x), pnp.zeros(x.shape, "int32")
    return lax.scan(step, first, (d, pnp.pad(squares, (1, 0))))[0][1]


@_values.defjvp
def _(places: Range, tol: float, primals: Pair, tangents: Pair) -> Any:
    w, v = _pairs(places, tol, *primals, random.key(42))
    return w, pnp.sum(v * _product(*tangents, v), axis=0)


def _product(d: Any, e: Any, v: Any) -> Any:
    """The matrix of these diagonals times the columns of v."""
    above = e[:, None] * v[1:]
    below = e[:, None] * v[:-1]
    return d[:, None] * v + pnp.pad(above, ((0, 1), (0, 0))) + pnp.pad(below, ((1, 0), (0, 0)))


@partial(custom_jvp, nondiff_argnums=(0, 1))
def _pairs(places: Range, tol: float, d: Any, e: Any, key: Any) -> Any:
    """Eigenvalues and vectors. Each vector starts with numbers of its own, whatever the places.

    What several vectors have in common goes to the first of them: by rounding, but where
    eigenvalues are as good as equal.
    """
    w = _values(places, tol, d, e)
    wanted = pnp.arange(*places, dtype="int32")
    n, size = d.shape[0], pnp.max(pnp.abs(d), initial=0)
    size = pnp.maximum(size, pnp.max(pnp.abs(e), initial=0))
    _, power = pnp.frexp(size)
    d, e, shift = (pnp.ldexp(x, -power) for x in (d, e, w))
    lower, upper = pnp.pad(e, (1, 0)), pnp.pad(e, (0, 1))
    lower, upper = (pnp.broadcast_to(x, (len(wanted), n)) for x in (lower, upper))

    def solve(_: Any, x: Any) -> Any:
        x = perturbed_solve(lower, d - shift[:, None], upper, x[..., None])[..., 0]
        q, r = pnp.linalg.qr((x / pnp.max(pnp.abs(x), axis=1, keepdims=True)).T)
        return (q * pnp.where(pnp.diagonal(r) < 0, -1, 1)).T.astype(x.dtype)

    def start(place: Any) -> Any:
        return random.normal(random.fold_in(key, place), (n,), d.dtype)

    if not n or not len(wanted):
        return w, pnp.zeros((n, len(wanted)), d.dtype)
    return w, lax.fori_loop(0, ROUNDS, solve, lax.map(start, wanted)).T


@_pairs.defjvp
def _(
    places: Range, tol: float, primals: tuple[Any, Any, Any], tangents: tuple[Any, Any, Any]
) -> Any:
    """T' in the basis of all vectors: v' = V ((V^T T' v) / (w - W))."""
    d, e, key = primals
    w, v = _pairs((0, d.shape[0]), tol, d, e, key)
    chosen = slice(*places)
    moved = v.T @ _product(tangents[0], tangents[1], v[:, chosen])
    gaps = reciprocal(w[chosen][None, :] - w[:, None], pnp.max(pnp.abs(w)), d.shape[0])
    change = pnp.diagonal(moved[chosen])
    return (w[chosen], v[:, chosen]), (change, v @ (gaps * moved))
