"""Numbers that say something of a matrix: determinants, condition, rank."""

from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...primitives import elementwise as ew
from ...primitives.linalg import determinant as dt
from .. import reductions, shapes
from ..elementwise import as_inexact
from ..searching import where
from ..values import as_array, convert, describe
from ..worth import compiled_at_once
from .equations import inv
from .factors import square_of, svd, svdvals
from .norms import norm


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


@compiled_at_once()
def det(a: Any) -> Any:
    """The determinants of matrices. The derivative is right for singular matrices too.

    >>> pnp.linalg.det(pnp.array([[1.0, 2.0], [3.0, 5.0]])).round(5)
    Array(-1., dtype=float32)
    """
    x = as_inexact("det", a)
    square_of("det", x)
    return dt.det(x)


@compiled_at_once("method")
def slogdet(a: Any, *, method: str | None = None) -> SlogdetResult:
    """The signs of determinants and the logarithms of their absolute values.

    >>> sign, logarithm = pnp.linalg.slogdet(pnp.diag(pnp.array([-1e30, 1e30])))
    >>> sign, logarithm.round(3)
    (Array(-1., dtype=float32), Array(138.155, dtype=float32))
    """
    x = as_inexact("slogdet", a)
    square_of("slogdet", x)
    if method not in (None, "lu", "qr"):
        raise ValueError(
            f"Unknown slogdet method '{method}'. Supported methods are 'lu' (`None`), and 'qr'."
        )
    if method == "qr" and dtypes.kind(x.dtype) == "complex":
        raise NotImplementedError("slogdet method='qr' not implemented for complex inputs")
    return SlogdetResult(*dt.slogdet(x))


@compiled_at_once("p")
def cond(x: Any, p: Any = None) -> Any:
    """How much matrices magnify relative errors, in the norm of order p.

    >>> pnp.linalg.cond(pnp.array([[10.0, 0.0], [0.0, 1.0]])).round(3)
    Array(10., dtype=float32)
    """
    x = as_inexact("cond", x)
    if x.ndim < 2 or not x.shape[-1] * x.shape[-2]:
        raise ValueError(f"cond: matrices that are not empty are wanted, got {describe(x)}")
    if p in (None, 2, -2):
        s = svdvals(x)
        out = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        if p != -2:
            return out
    else:
        square_of("cond", x)
        out = norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))
    unknown = reductions.any(ew.ne(x, x), (-2, -1))
    return where(ew.bitwise_and(ew.ne(out, out), ew.bitwise_not(unknown)), np.inf, out)


@compiled_at_once("hermitian")
def matrix_rank(M: Any, rtol: Any = None, *, hermitian: bool = False, tol: Any = None) -> Any:
    """How many singular values are greater than a limit.

    >>> pnp.linalg.matrix_rank(pnp.ones((3, 3)))
    Array(1, dtype=int32)
    """
    if tol is not None:
        if rtol is not None:
            raise ValueError("matrix_rank: only one of tol or rtol may be specified.")
        rtol = tol
    x = as_inexact("matrix_rank", M)
    if x.ndim < 2:
        return convert(reductions.any(ew.ne(x, 0)), dtypes.int32)
    s = svd(x, full_matrices=False, compute_uv=False, hermitian=hermitian)
    if rtol is None:
        limit = reductions.max(s, -1) * (max(x.shape[-2:]) * float(dtypes.info(s.dtype).eps))
    else:
        limit = as_array("matrix_rank", rtol)
    return reductions.sum(s > shapes.expand_dims(limit, -1), -1)
