"""What Stirling's formula leaves, and the distance of two numbers in its exponent."""

from typing import Any

from ...primitives import fits
from ...primitives.arithmetic import add, div, mul, sub
from ...primitives.compare import gt, lt
from ...primitives.exponential import log
from ...primitives.fitted import fitted, polynomial
from ...primitives.power import square
from .gamma import STIRLING
from .series import both, choose

# From here on Stirling's series is as good as the precision.
FAR = 10


def remainder(x: Any) -> Any:
    """log Gamma(x) less (x - 1/2) log x - x + log(2 pi) / 2, of large x."""
    inverse = div(1, x)
    return mul(polynomial(STIRLING, square(inverse)), inverse)


def deviance(m: Any, ratio: Any) -> Any:
    """m - log(ratio), ratio = 1 + m, exact near 0."""
    near = both(gt(m, -0.5), lt(m, 1))
    z = choose(near, m, 0)
    # log(1 + m) = 2 atanh(r), and 2 r - m = -m r.
    r = div(z, add(z, 2))
    q = square(r)
    close = mul(r, sub(z, mul(mul(q, 2), fitted(fits.ATANH_REST, q))))
    return choose(near, close, sub(m, log(ratio)))
