"""The elementwise functions that are programs, by the names of their primitives.

They take arrays of one shape and one dtype, float32 or float64.
"""

from collections.abc import Callable
from typing import Any

from . import (
    bessel,
    beta,
    counts,
    dilogarithm,
    exponential,
    gamma,
    incomplete_beta,
    incomplete_gamma,
    incomplete_slopes,
    normal,
    zeta,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "bessel_i0e": bessel.bessel_i0e,
    "beta": beta.beta,
    "betaln": beta.betaln,
    "dawsn": normal.dawsn,
    "erfcx": normal.erfcx,
    "exp1": exponential.exp1,
    "expi": exponential.expi,
    "expn": exponential.expn,
    "gamma": gamma.gamma,
    "igamma": incomplete_gamma.igamma,
    "igammac": incomplete_gamma.igammac,
    "igamma_grad_a": incomplete_slopes.igamma_grad_a,
    "log_counts": counts.log_counts,
    "log_ndtr": normal.log_ndtr,
    "ndtr": normal.ndtr,
    "ndtri": normal.ndtri,
    "poch": gamma.poch,
    "random_gamma_grad": incomplete_slopes.random_gamma_grad,
    "regularized_incomplete_beta": incomplete_beta.betainc,
    "spence": dilogarithm.spence,
}
# The same for those that XLA has itself.
BASIC: dict[str, Callable[..., Any]] = {
    "bessel_i1e": bessel.bessel_i1e,
    "digamma": gamma.digamma,
    "lgamma": gamma.log_gamma,
    "polygamma": zeta.polygamma,
    "zeta": zeta.zeta,
}
