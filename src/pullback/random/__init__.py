"""Random numbers under explicit keys: those that JAX draws from the same key."""

from typing import TYPE_CHECKING

from ..lazy import later
from .continuous import cauchy, exponential, laplace, logistic, normal
from .discrete import bernoulli, categorical, geometric, rademacher
from .gumbel import gumbel
from .keys import (
    PRNGKey,
    clone,
    fold_in,
    key,
    key_data,
    key_dtype,
    key_impl,
    split,
    wrap_key_data,
)
from .parametric import (
    lognormal,
    pareto,
    rayleigh,
    triangular,
    truncated_normal,
    wald,
    weibull_min,
)
from .shuffle import choice, permutation
from .uniform import bits, randint, uniform

if TYPE_CHECKING:
    from ..control.gamma import random_gamma_p
    from .counts import binomial, multinomial, poisson
    from .gammas import beta, chisquare, dirichlet, f, gamma, loggamma, t
    from .vectors import (
        ball,
        double_sided_maxwell,
        generalized_normal,
        maxwell,
        multivariate_normal,
        orthogonal,
    )

__getattr__, __dir__ = later(
    __name__,
    (),
    {
        "counts": "binomial multinomial poisson",
        "gammas": "beta chisquare dirichlet f gamma loggamma random_gamma_p t",
        "vectors": "ball double_sided_maxwell generalized_normal maxwell multivariate_normal"
        " orthogonal",
    },
)

__all__ = [
    "PRNGKey", "ball", "bernoulli", "beta", "binomial", "bits", "categorical", "cauchy",
    "chisquare", "choice", "clone", "dirichlet", "double_sided_maxwell", "exponential", "f",
    "fold_in", "gamma", "generalized_normal", "geometric", "gumbel", "key", "key_data", "key_dtype",
    "key_impl", "laplace", "loggamma", "logistic", "lognormal", "maxwell", "multinomial",
    "multivariate_normal", "normal", "orthogonal", "pareto", "permutation", "poisson", "rademacher",
    "randint", "random_gamma_p", "rayleigh", "split", "t", "triangular", "truncated_normal",
    "uniform", "wald", "weibull_min", "wrap_key_data",
]  # fmt: skip
