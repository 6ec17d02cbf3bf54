"""scipy.special: gamma, error, Bessel and hypergeometric functions, integrals, entropies."""

from typing import TYPE_CHECKING

from ...lazy import later
from ...nn.normalize import logsumexp
from .functions import (
    betainc,
    boxcox,
    boxcox1p,
    dawsn,
    digamma,
    entr,
    erf,
    erfc,
    erfcx,
    erfinv,
    exp1,
    expi,
    expit,
    expn,
    gammainc,
    gammaincc,
    gammaln,
    gammasgn,
    i0,
    i0e,
    i1,
    i1e,
    kl_div,
    log_ndtr,
    log_softmax,
    loggamma,
    logit,
    ndtr,
    ndtri,
    poch,
    polygamma,
    rel_entr,
    softmax,
    spence,
    xlog1py,
    xlogy,
    zeta,
)
from .gammas import beta, betaln, comb, factorial, gamma, multigammaln

if TYPE_CHECKING:
    from .harmonics import bernoulli, bessel_jn, sph_harm_y
    from .hypergeometric import hyp1f1, hyp2f1
    from .integrals import fresnel, owens_t, sici, wofz
    from .legendre import lpmn, lpmn_values

# What few programs use is loaded when it is first asked for.
__getattr__, __dir__ = later(__name__, (), {
    "harmonics": "bernoulli bessel_jn sph_harm_y",
    "hypergeometric": "hyp1f1 hyp2f1",
    "integrals": "fresnel owens_t sici wofz",
    "legendre": "lpmn lpmn_values",
})  # fmt: skip

__all__ = [
    "bernoulli", "bessel_jn", "beta", "betainc", "betaln", "boxcox", "boxcox1p", "comb",
    "dawsn", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "expit",
    "expn", "factorial", "fresnel", "gamma", "gammainc", "gammaincc", "gammaln", "gammasgn",
    "hyp1f1", "hyp2f1", "i0", "i0e", "i1", "i1e", "kl_div", "log_ndtr", "log_softmax",
    "loggamma", "logit", "logsumexp", "lpmn", "lpmn_values", "multigammaln", "ndtr", "ndtri",
    "owens_t", "poch", "polygamma", "rel_entr", "sici", "softmax", "spence", "sph_harm_y",
    "wofz", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
