"""Functions of matrices: the exponential and the square root."""

from typing import Any

import numpy as np

from ...dtypes import promote_types
from ...numpy.binary import maximum, minimum
from ...numpy.contractions import matmul
from ...numpy.diagonals import diag, diagonal, eye
from ...numpy.elementwise import as_inexact, isinf, log2
from ...numpy.linalg.equations import solve
from ...numpy.linalg.factors import square_of
from ...numpy.linalg.norms import norm
from ...numpy.searching import where
from ...numpy.values import convert, promote_arrays_inexact
from ...numpy.worth import compiled_at_once
from ...primitives import elementwise as ew
from ...primitives.linalg import sylvester as sy
from ...primitives.linalg.matrices import adjoint
from ...transforms.grad import jvp
from ...transforms.stop import stop_gradient
from .equations import solve_triangular
from .factors import schur

# The Padé approximant p(x) / p(-x) of exp of order 13, lowest power first, p(0) = 1.
PADE = (
    1.0, 1 / 2, 3 / 25, 11 / 600, 11 / 5520, 3 / 18400, 1 / 96600, 1 / 1932000,
    1 / 48944000, 1 / 1585785600, 1 / 67395888000, 1 / 3953892096000, 1 / 355850288640000,
    1 / 64764752532480000,
)  # fmt: skip
# The 1-norm up to which it is exact in double precision.
LARGEST = 5.371920351148152


@compiled_at_once("upper_triangular", "max_squarings")
def expm(A: Any, *, upper_triangular: bool = False, max_squarings: int = 16) -> Any:
    """The exponentials of matrices: of a small part, squared again and again.

    NaN where more than `max_squarings` squarings are needed.

    >>> pb.scipy.linalg.expm(pnp.array([[0.0, 1.0], [0.0, 0.0]]))
    Array([[1., 1.],
           [0., 1.]], dtype=float32)
    """
    x = as_inexact("expm", A)
    square_of("expm", x)
    if not x.size:
        return x
    size = norm(stop_gradient(x), 1, (-2, -1))
    times = ew.ceil(log2(ew.max(size / LARGEST, 1.0)))
    out = _pade(x * ew.exp2(-times)[..., None, None].astype(x.dtype), upper_triangular)
    for k in range(max_squarings):
        out = where((k < times)[..., None, None], matmul(out, out), out)
    return where((times > max_squarings)[..., None, None], np.nan, out)


def _pade(x: Any, upper_triangular: bool) -> Any:
    """The even and odd parts of the numerator, of powers of x^2."""
    one = eye(x.shape[-1], dtype=x.dtype)
    powers = [one, square := matmul(x, x)]
    for _ in range(2):
        powers.append(matmul(powers[-1], square))
    even, odd = (_polynomial(PADE[start::2], powers) for start in (0, 1))
    odd = matmul(x, odd)
    divide = solve_triangular if upper_triangular else solve
    return divide(even - odd, even + odd)


def _polynomial(coefficients: tuple[float, ...], powers: list[Any]) -> Any:
    """The sum of powers of degree 0 to 6, of which those to 3 are given."""
    low = sum(c * p for c, p in zip(coefficients[:4], powers, strict=True))
    high = sum(c * p for c, p in zip(coefficients[4:], powers[1:], strict=True))
    return low + matmul(powers[3], high)


def expm_frechet(A: Any, E: Any, *, method: str | None = None, compute_expm: bool = True) -> Any:
    """The exponential, and its derivative in the direction E.

    >>> a = pnp.array([[0.0, 1.0], [0.0, 0.0]])
    >>> pb.scipy.linalg.expm_frechet(a, pnp.eye(2), compute_expm=False)
    Array([[1., 1.],
           [0., 1.]], dtype=float32)
    """
    x, t = promote_arrays_inexact("expm_frechet", A, E)
    square_of("expm_frechet", x)
    if x.shape != t.shape:
        raise ValueError(f"expected A and E to be the same shape, got {x.shape} and {t.shape}")
    if method not in (None, "SPS", "blockEnlarge"):
        raise ValueError(f"method={method} is not supported: give None, 'SPS' or 'blockEnlarge'")
    value, change = jvp(expm, (x,), (t,))
    return (value, change) if compute_expm else change


def sqrtm(A: Any, blocksize: int = 1) -> Any:
    """The principal square roots of matrices, as complex numbers.

    >>> pb.scipy.linalg.sqrtm(pnp.array([[4.0, 0.0], [0.0, 9.0]])).real.round(4)
    Array([[2., 0.],
           [0., 3.]], dtype=float32)
    """
    if blocksize > 1:
        raise NotImplementedError("Blocked version is not implemented yet.")
    x = as_inexact("sqrtm", A)
    square_of("sqrtm", x)
    return sy.sqrtm(x)


def rsf2csf(T: Any, Z: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """The triangular complex Schur form of a real one, and its unitary matrix.

    >>> a = pnp.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> t, z = pb.scipy.linalg.rsf2csf(*pb.scipy.linalg.schur(a))
    >>> pnp.allclose(z @ t @ z.conj().T, a, atol=1e-5)
    Array(True, dtype=bool)
    """
    t, z = promote_arrays_inexact("rsf2csf", T, Z)
    if square_of("rsf2csf", t) != square_of("rsf2csf", z):
        raise ValueError(f"Input array shapes must match: Z: {z.shape} vs. T: {t.shape}")
    t, z = (convert(x, promote_types(x.dtype, "complex64")) for x in (t, z))
    form, vectors = schur(t, output="complex")
    return form, matmul(z, vectors)


def funm(A: Any, func: Any, disp: bool = True) -> Any:
    """A function of a matrix by its values at the eigenvalues, which must differ (Parlett).

    Without `disp` also an estimate of the relative error. Source: Golub and Van Loan, Matrix
    Computations, algorithm 11.1.1.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.scipy.linalg.funm(pnp.diag(pnp.array([1.0, 4.0])), pnp.sqrt).real
    Array([[1., 0.],
           [0., 2.]], dtype=float32)
    """
    x = as_inexact("funm", A)
    if x.ndim != 2 or x.shape[0] != x.shape[1]:
        raise ValueError(f"funm: expected square array_like input, got shape {x.shape}")
    t, z = schur(x, output="complex")
    f, gap = _parlett(t, diag(func(diagonal(t))).astype(t.dtype))
    out = matmul(matmul(z, f), adjoint(z))
    if not disp:
        return out, _funm_error(out, t, gap)
    return out


def _parlett(t: Any, f: Any) -> tuple[Any, Any]:
    """f(t) of a triangular t, one superdiagonal after another, and the least difference."""
    n = t.shape[0]
    gap = ew.abs(t[0, 0]) if n else 0.0
    for p in range(1, n):
        for i in range(n - p):
            j = i + p
            s = t[i, j] * (f[j, j] - f[i, i])
            s = s + matmul(t[i, i + 1 : j], f[i + 1 : j, j])
            s = s - matmul(f[i, i + 1 : j], t[i + 1 : j, j])
            difference = t[j, j] - t[i, i]
            same = difference == 0
            f = f.at[i, j].set(where(same, s, s / where(same, 1, difference)))
            gap = ew.min(gap, ew.abs(difference))
    return f, gap


def _funm_error(f: Any, t: Any, gap: Any) -> Any:
    eps = gap.dtype.type(np.finfo(gap.dtype).eps)
    off = norm(t - diag(diagonal(t)), 1)
    error = minimum(1, maximum(eps, eps / where(gap == 0, eps, gap) * off))
    return where(isinf(f).any(), np.inf, error)
