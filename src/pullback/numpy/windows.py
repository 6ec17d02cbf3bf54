"""Window functions, and Bessel's function I0 for one of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from .creation import asarray, known
from .elementwise import as_inexact, pick
from .shown import SHOWN
from .values import describe
from .worth import compiled_at_once

# Chebyshev coefficients from Cephes (S. Moshier): of exp(-x) I0(x) on [0, 8] in x / 2 - 2, and of
# sqrt(x) exp(-x) I0(x) beyond in 32 / x - 2.
I0_NEAR = (
    -4.41534164647933937950e-18, 3.33079451882223809783e-17, -2.43127984654795469359e-16,
    1.71539128555513303061e-15, -1.16853328779934516808e-14, 7.67618549860493561688e-14,
    -4.85644678311192946090e-13, 2.95505266312963983461e-12, -1.72682629144155570723e-11,
    9.67580903537323691224e-11, -5.18979560163526290666e-10, 2.65982372468238665035e-9,
    -1.30002500998624804212e-8, 6.04699502254191894932e-8, -2.67079385394061173391e-7,
    1.11738753912010371815e-6, -4.41673835845875056359e-6, 1.64484480707288970893e-5,
    -5.75419501008210370398e-5, 1.88502885095841655729e-4, -5.76375574538582365885e-4,
    1.63947561694133579842e-3, -4.32430999505057594430e-3, 1.05464603945949983183e-2,
    -2.37374148058994688156e-2, 4.93052842396707084878e-2, -9.49010970480476444210e-2,
    1.71620901522208775349e-1, -3.04682672343198398683e-1, 6.76795274409476084995e-1,
)  # fmt: skip
I0_FAR = (
    -7.23318048787475395456e-18, -4.83050448594418207126e-18, 4.46562142029675999901e-17,
    3.46122286769746109310e-17, -2.82762398051658348494e-16, -3.42548561967721913462e-16,
    1.77256013305652638360e-15, 3.81168066935262242075e-15, -9.55484669882830764870e-15,
    -4.15056934728722208663e-14, 1.54008621752140982691e-14, 3.85277838274214270114e-13,
    7.18012445138366623367e-13, -1.79417853150680611778e-12, -1.32158118404477131188e-11,
    -3.14991652796324136454e-11, 1.18891471078464383424e-11, 4.94060238822496958910e-10,
    3.39623202570838634515e-9, 2.26666899049817806459e-8, 2.04891858946906374183e-7,
    2.89137052083475648297e-6, 6.88975834691682398426e-5, 3.36911647825569408990e-3,
    8.04490411014108831608e-1,
)  # fmt: skip


def _chebyshev(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Clenshaw's recurrence."""
    b0, b1, b2 = sh.full_like(x, coefficients[0]), sh.full_like(x, 0), sh.full_like(x, 0)
    for c in coefficients[1:]:
        b0, b1, b2 = ew.add(ew.sub(ew.mul(x, b0), b1), c), b0, b1
    return ew.mul(ew.sub(b0, b2), 0.5)


@compiled_at_once()
def i0(x: Any) -> Any:
    """The modified Bessel function of order 0.

    >>> pnp.i0(pnp.array([0.0, 1.0])).round(3)
    Array([1.   , 1.266], dtype=float32)
    """
    x = as_inexact("i0", x)
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(f"i0 wants real numbers, got {describe(x)}")
    weak, a = x.weak_type, ew.abs(x)
    near = ew.le(a, 8.0)
    close = pick(near, a, sh.full_like(a, 8))
    far = pick(near, sh.full_like(a, 8), a)
    small = _chebyshev(ew.sub(ew.mul(close, 0.5), 2.0), I0_NEAR)
    large = ew.div(_chebyshev(ew.sub(ew.div(32.0, far), 2.0), I0_FAR), ew.sqrt(far))
    out = ew.mul(ew.exp(a), pick(near, small, large))
    return ew.convert_element_type(out, out.dtype, True) if weak else out


def _window(
    name: str, doc: str, shape: Callable[[np.ndarray, int], np.ndarray]
) -> Callable[[int], Any]:
    def f(M: int) -> Any:
        n = int(known(name, M))
        dtype = dtypes.default_dtype(float)
        if n <= 1:
            return asarray(np.ones(max(n, 0)), dtype)
        return asarray(shape(np.arange(n), n - 1), dtype)

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"{doc}\n{SHOWN[name]}"
    return f


def _cosines(*weights: float) -> Callable[[np.ndarray, int], np.ndarray]:
    def shape(k: np.ndarray, n: int) -> np.ndarray:
        return np.sum([w * np.cos(2 * np.pi * i * k / n) for i, w in enumerate(weights)], axis=0)

    return shape


bartlett = _window("bartlett", "A triangle.", lambda k, n: 1 - np.abs(2 * k / n - 1))
blackman = _window("blackman", "Blackman's window.", _cosines(0.42, -0.5, 0.08))
hamming = _window("hamming", "Hamming's window.", _cosines(0.54, -0.46))
hanning = _window("hanning", "Von Hann's window.", _cosines(0.5, -0.5))


def kaiser(M: int, beta: Any) -> Any:
    """Kaiser's window with shape parameter beta.

    >>> pnp.kaiser(3, 0.0)
    Array([1., 1., 1.], dtype=float32)
    """
    n = int(known("kaiser", M))
    dtype = dtypes.default_dtype(float)
    if n <= 1:
        return asarray(np.ones(max(n, 0)), dtype)
    t = asarray(1 - (2 * np.arange(n) / (n - 1) - 1) ** 2, dtype)
    b = as_inexact("kaiser", beta)
    return i0(b * ew.sqrt(t)) / i0(b)
