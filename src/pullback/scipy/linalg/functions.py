"""Functions of matrices: the exponential and the square root."""

from typing import Any

import numpy as np

from ...numpy.contractions import matmul
from ...numpy.creation import eye
from ...numpy.elementwise import as_inexact, log2
from ...numpy.linalg.equations import solve
from ...numpy.linalg.factors import square_of
from ...numpy.linalg.norms import norm
from ...numpy.searching import where
from ...numpy.values import promote_arrays_inexact
from ...primitives import elementwise as ew
from ...primitives.linalg import sylvester as sy
from ...transforms.grad import jvp
from ...transforms.stop import stop_gradient
from .equations import solve_triangular

# The Padé approximant p(x) / p(-x) of exp of order 13, lowest power first, p(0) = 1.
PADE = (
    1.0, 1 / 2, 3 / 25, 11 / 600, 11 / 5520, 3 / 18400, 1 / 96600, 1 / 1932000,
    1 / 48944000, 1 / 1585785600, 1 / 67395888000, 1 / 3953892096000, 1 / 355850288640000,
    1 / 64764752532480000,
)  # fmt: skip
# The 1-norm up to which it is exact in double precision.
LARGEST = 5.371920351148152


def expm(A: Any, *, upper_triangular: bool = False, max_squarings: int = 16) -> Any:
    """The exponentials of matrices: of a small part, squared again and again.

    NaN where more than `max_squarings` squarings are needed.
    """
    x = as_inexact("expm", A)
    square_of("expm", x)
    if not x.size:
        return x
    size = norm(stop_gradient(x), 1, (-2, -1))
    times = ew.ceil(ew.max(log2(size / LARGEST), 0.0))
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
    """The exponential, and its derivative in the direction E."""
    x, t = promote_arrays_inexact("expm_frechet", A, E)
    square_of("expm_frechet", x)
    if x.shape != t.shape:
        raise ValueError(f"expected A and E to be the same shape, got {x.shape} and {t.shape}")
    if method not in (None, "SPS", "blockEnlarge"):
        raise ValueError(f"method={method} is not supported: give None, 'SPS' or 'blockEnlarge'")
    value, change = jvp(expm, (x,), (t,))
    return (value, change) if compute_expm else change


def sqrtm(A: Any, blocksize: int = 1) -> Any:
    """The principal square roots of matrices, as complex numbers."""
    if blocksize > 1:
        raise NotImplementedError("Blocked version is not implemented yet.")
    x = as_inexact("sqrtm", A)
    square_of("sqrtm", x)
    return sy.sqrtm(x)
