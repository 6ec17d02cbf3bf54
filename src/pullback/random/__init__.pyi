"""Random numbers under explicit keys: those that JAX draws from the same key."""

# Written by tools/stubs.py.

from typing import Any

from .gammas import random_gamma_p as random_gamma_p

def PRNGKey(seed: Any, *, impl: Any = None) -> Any: ...
def ball(
    key: Any, d: int, p: float = 2, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def bernoulli(
    key: Any, p: Any = ..., shape: Any = None, mode: str = "low", *, out_sharding: Any = None
) -> Any: ...
def beta(
    key: Any, a: Any, b: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def binomial(key: Any, n: Any, p: Any, shape: Any = None, dtype: Any = None) -> Any: ...
def bits(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any: ...
def categorical(
    key: Any,
    logits: Any,
    axis: int = -1,
    shape: Any = None,
    replace: bool = True,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def cauchy(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any: ...
def chisquare(
    key: Any, df: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def choice(
    key: Any,
    a: Any,
    shape: Any = (),
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    mode: str | None = None,
) -> Any: ...
def clone(key: Any) -> Any: ...
def dirichlet(
    key: Any, alpha: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def double_sided_maxwell(
    key: Any, loc: Any, scale: Any, shape: Any = (), dtype: Any = None
) -> Any: ...
def exponential(
    key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def f(
    key: Any,
    dfnum: Any,
    dfden: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def fold_in(key: Any, data: Any) -> Any: ...
def gamma(
    key: Any, a: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def generalized_normal(
    key: Any, p: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def geometric(
    key: Any, p: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def gumbel(
    key: Any,
    shape: Any = (),
    dtype: Any = None,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def key(seed: Any, *, impl: Any = None, dtype: Any = None) -> Any: ...
def key_data(keys: Any) -> Any: ...
def key_dtype(impl_spec: Any = None) -> Any: ...
def key_impl(keys: Any) -> str: ...
def laplace(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any: ...
def loggamma(
    key: Any, a: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def logistic(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any: ...
def lognormal(
    key: Any, sigma: Any = ..., shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def maxwell(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any: ...
def multinomial(
    key: Any, n: Any, p: Any, *, shape: Any = None, dtype: Any = None, unroll: int | bool = 1
) -> Any: ...
def multivariate_normal(
    key: Any,
    mean: Any,
    cov: Any,
    shape: Any = None,
    dtype: Any = None,
    method: str = "cholesky",
    *,
    out_sharding: Any = None,
) -> Any: ...
def normal(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any: ...
def orthogonal(
    key: Any,
    n: int,
    shape: Any = (),
    dtype: Any = None,
    m: int | None = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def pareto(
    key: Any, b: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def permutation(
    key: Any, x: Any, axis: int = 0, independent: bool = False, *, out_sharding: Any = None
) -> Any: ...
def poisson(
    key: Any, lam: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def rademacher(
    key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def randint(
    key: Any, shape: Any, minval: Any, maxval: Any, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def rayleigh(
    key: Any, scale: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def split(key: Any, num: int | tuple[int, ...] = 2) -> Any: ...
def t(
    key: Any, df: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def triangular(
    key: Any,
    left: Any,
    mode: Any,
    right: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def truncated_normal(
    key: Any,
    lower: Any,
    upper: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def uniform(
    key: Any,
    shape: Any = (),
    dtype: Any = None,
    minval: Any = ...,
    maxval: Any = ...,
    *,
    out_sharding: Any = None,
) -> Any: ...
def wald(
    key: Any, mean: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any: ...
def weibull_min(
    key: Any, scale: Any, concentration: Any, shape: Any = (), dtype: Any = None
) -> Any: ...
def wrap_key_data(key_bits_array: Any, *, impl: Any = None, dtype: Any = None) -> Any: ...
