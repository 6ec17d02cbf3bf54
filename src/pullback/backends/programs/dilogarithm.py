"""The dilogarithm as a program."""

import math
from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_or
from ...primitives.compare import eq, gt, lt
from ...primitives.exponential import log, log1p
from ...primitives.fitted import polynomial
from ...primitives.power import square
from .series import both, choose, is_nan

NAN, INF = math.nan, math.inf

# The dilogarithm: spence(z) = sum over n of B_n u^(n+1) / (n+1)!, u = -log z

BERNOULLI = (
    1.0, 1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
SPENCE = tuple(b / math.factorial(2 * k + 1) for k, b in enumerate(BERNOULLI))


def spence(x: Any) -> Any:
    """The integral of log(t) / (1 - t) from 1 to x; near 0 and beyond 1.5 by its reflections."""
    inverted = both(gt(x, 1.5), lt(x, INF))
    z = choose(inverted, div(1, choose(inverted, x, 1)), choose(gt(x, 0), x, 1))
    low = lt(z, 0.5)
    w = choose(low, sub(1, z), z)
    log_z, log_w = log(z), choose(low, log1p(neg(z)), log(w))
    u = neg(choose(low, log_w, log_z))
    out = add(mul(u, polynomial(SPENCE, square(u))), mul(square(u), -0.25))
    reflected = sub(sub(math.pi**2 / 6, mul(log_z, log_w)), out)
    out = choose(low, reflected, out)
    out = choose(inverted, neg(add(out, mul(square(log_z), 0.5))), out)
    out = choose(eq(x, 0), math.pi**2 / 6, choose(eq(x, INF), NAN, out))
    return choose(bitwise_or(lt(x, 0), is_nan(x)), NAN, out)
