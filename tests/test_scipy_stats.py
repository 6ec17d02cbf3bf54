"""The distributions of scipy.stats against JAX's: values, signatures and gradients."""

import inspect
from typing import Any

import jax
import jax.scipy.stats as theirs
import mpmath
import numpy as np
import pytest
import scipy.stats

import pullback as pb
import pullback.numpy as pnp
import pullback.scipy.stats as ours

X = np.array([-1.5, -0.2, 0.0, 0.3, 0.9, 2.2], np.float32)
Q = np.array([0.05, 0.2, 0.5, 0.6, 0.9, 0.99], np.float32)
K = np.array([-1, 0, 1, 2, 1, 0], np.int32)
LOC, SCALE = np.float32(0.1), np.float32(1.4)
SHAPES = {
    "gamma": (1.7,), "beta": (1.3, 2.2), "t": (3.5,), "chi2": (3.0,), "pareto": (2.3,),
    "gennorm": (1.6,), "vonmises": (1.5,), "wrapcauchy": (0.4,), "truncnorm": (-0.8, 1.2),
}  # fmt: skip
DISCRETE = {
    "bernoulli": (0.3,), "poisson": (1.6,), "binom": (2, 0.3), "nbinom": (3, 0.4), "geom": (0.3,),
    "betabinom": (2, 1.3, 2.2),
}  # fmt: skip
# Distributions without a place and a scale.
FIXED = ("gennorm", "vonmises", "wrapcauchy")
# What is not elementwise.
VECTORIAL = ("multivariate_normal", "multinomial", "dirichlet")


def functions(name):
    """The public functions of a distribution."""
    module = getattr(ours, name)
    found = vars(module).items()
    mine = [k for k, f in found if inspect.isfunction(f) and f.__module__ == module.__name__]
    return [k for k in mine if not k.startswith("_")]


CASES = [(d, f) for d in ours.DISTRIBUTIONS if d not in VECTORIAL for f in functions(d)]


def arguments(distribution, name):
    """Arguments that cover the ends of the support."""
    if name == "entropy":
        return (np.float32([0.0, 0.3, 5.0, 40.0, 200.0]),)
    if distribution in DISCRETE:
        return (Q if name == "ppf" else K, *DISCRETE[distribution])
    first = Q if name in ("ppf", "isf") else X
    rest = () if distribution in FIXED else (LOC, SCALE)
    return (first, *map(np.float32, SHAPES.get(distribution, ())), *rest)


@pytest.mark.parametrize(("distribution", "name"), CASES)
def test_values(distribution, name):
    args = arguments(distribution, name)
    got = np.asarray(getattr(getattr(ours, distribution), name)(*args))
    wanted = np.asarray(getattr(getattr(theirs, distribution), name)(*args))
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize(("distribution", "name"), CASES)
def test_signature_is_jax(distribution, name):
    def names(package):
        f = getattr(getattr(package, distribution), name)
        return [(p.name, p.default) for p in inspect.signature(f).parameters.values()]

    assert names(ours) == names(theirs)


# JAX fails to differentiate the densities of Gumbel's distributions.
DENSITIES = [c for c in CASES if c[1] == "logpdf" and not c[0].startswith("gumbel")]


def test_gradients_of_gumbel():
    x, loc, scale = np.float32([-0.4, 0.5, 1.2]), LOC, SCALE
    z = (x - loc) / scale
    minima = pb.grad(lambda x: ours.gumbel_l.logpdf(x, loc, scale).sum())(x)
    np.testing.assert_allclose(minima, (1 - np.exp(z)) / scale, rtol=1e-5)
    maxima = pb.grad(lambda s: ours.gumbel_r.logpdf(x, loc, s).sum())(scale)
    wanted = ((z - z * np.exp(-z) - 1) / scale).sum()
    np.testing.assert_allclose(maxima, wanted, rtol=1e-5)


@pytest.mark.parametrize(("distribution", "name"), DENSITIES)
def test_gradients(distribution, name):
    # Outside of the support JAX's are NaN.
    x = np.float32([0.3, 0.5, 0.9, 1.2])
    args = (x + 2 if distribution == "pareto" else x, *arguments(distribution, name)[1:])
    places = tuple(range(len(args)))

    def slope(package, stats):
        def loss(*a):
            y = getattr(getattr(stats, distribution), name)(*a)
            return package.numpy.where(package.numpy.isfinite(y), y, 0.0).sum()

        return package.grad(loss, places)

    for g, w in zip(slope(pb, ours)(*args), slope(jax, theirs)(*args), strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-3, atol=1e-4)


COV = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, 0.2], [0.0, 0.2, 0.5]], np.float32)
VECTORS = {
    "one": (X[:3], Q[:3], COV),
    "batch": (X.reshape(2, 3), Q[:3], np.stack([COV, 2 * COV])),
    "one variance": (X.reshape(2, 3), Q[:3], np.float32(0.7)),
    "scalar": (X, np.float32(0.2), np.float32(0.7)),
}


@pytest.mark.parametrize("case", VECTORS)
def test_multivariate_normal(case):
    args = VECTORS[case]
    for name in ("logpdf", "pdf"):
        got = getattr(ours.multivariate_normal, name)(*args)
        wanted = getattr(theirs.multivariate_normal, name)(*args)
        np.testing.assert_allclose(got, wanted, rtol=1e-4)


def test_multinomial():
    p = np.float32([0.2, 0.3, 0.5])
    for x in ([1, 0, 2], [1, 1, 2]):
        got = ours.multinomial.logpmf(np.array(x), 3, p)
        np.testing.assert_allclose(got, theirs.multinomial.logpmf(np.array(x), 3, p), rtol=1e-5)
    both = ours.multinomial.pmf(np.array([[1, 0, 2], [0, 1, 2]]), 3, p)
    np.testing.assert_allclose(
        both, scipy.stats.multinomial.pmf([[1, 0, 2], [0, 1, 2]], 3, p), 1e-5
    )
    with pytest.raises(ValueError, match="integers"):
        ours.multinomial.pmf(p, 3, p)


def test_dirichlet():
    x = np.float32([[0.2, 0.3], [0.3, 0.1], [0.5, 0.6]])
    alpha = np.float32([1.5, 2.0, 0.7])
    for points in (x, x[:2], x[:, 0], x + 0.1):
        got = ours.dirichlet.logpdf(points, alpha)
        np.testing.assert_allclose(got, theirs.dirichlet.logpdf(points, alpha), rtol=1e-5)
        np.testing.assert_allclose(ours.dirichlet.pdf(points, alpha), np.exp(got), rtol=1e-5)
    with pytest.raises(ValueError, match="one-dimensional"):
        ours.dirichlet.pdf(x, x)


NUMBERS = np.array([[3, 1, 2, 1], [0, 2, 2, 1], [3, 2, 0, 1]], np.int32)
HOLES = np.where(NUMBERS == 0, np.nan, NUMBERS).astype(np.float32)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_mode(axis, keepdims):
    for x in (NUMBERS, HOLES):
        got = ours.mode(x, axis, keepdims=keepdims)
        wanted = theirs.mode(x, axis, keepdims=keepdims)
        for g, w in zip(got, wanted, strict=True):
            assert g.dtype == w.dtype
            np.testing.assert_array_equal(g, w)
    assert np.isnan(ours.mode(np.zeros(0)).mode)


@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "ordinal"])
def test_rankdata(method):
    for x in (NUMBERS, HOLES):
        for axis in (None, 0, 1):
            got, wanted = (s.rankdata(x, method, axis=axis) for s in (ours, theirs))
            assert got.dtype == wanted.dtype
            np.testing.assert_array_equal(got, wanted)
    with pytest.raises(NotImplementedError, match="omit"):
        ours.rankdata(NUMBERS, nan_policy="omit")


def test_sem():
    for axis in (None, 0, 1):
        np.testing.assert_allclose(ours.sem(NUMBERS, axis), theirs.sem(NUMBERS, axis), rtol=1e-5)
        got = ours.sem(HOLES, axis, nan_policy="omit")
        np.testing.assert_allclose(got, theirs.sem(HOLES, axis, nan_policy="omit"), rtol=1e-5)


@pytest.mark.parametrize("data", [X, np.stack([X, X[::-1] ** 2])], ids=["line", "plane"])
@pytest.mark.parametrize("bandwidth", [None, "silverman", 0.7, lambda kde: kde.neff**-0.3])
def test_gaussian_kde(data, bandwidth):
    got, wanted = (s.gaussian_kde(data, bandwidth, weights=Q) for s in (ours, theirs))
    points = data[..., :4] + np.float32(0.1)
    np.testing.assert_allclose(got(points), wanted(points), rtol=2e-4)
    np.testing.assert_allclose(got.logpdf(points), wanted.logpdf(points), rtol=2e-4, atol=1e-5)
    mean, cov = np.zeros(got.d, np.float32), np.eye(got.d, dtype=np.float32)
    args = (mean, cov)
    np.testing.assert_allclose(
        got.integrate_gaussian(*args), wanted.integrate_gaussian(*args), rtol=1e-4
    )
    np.testing.assert_allclose(got.integrate_kde(got), wanted.integrate_kde(wanted), rtol=1e-4)
    if got.d == 1:
        np.testing.assert_allclose(
            got.integrate_box_1d(-1, 0.5), wanted.integrate_box_1d(-1, 0.5), rtol=1e-5
        )
    again = pb.jit(lambda kde, x: kde(x))(got, points)
    np.testing.assert_allclose(again, wanted(points), rtol=2e-4)
    draws = got.resample(pb.random.key(3), (5,))
    np.testing.assert_allclose(draws, wanted.resample(jax.random.key(3), (5,)), rtol=1e-4)


LEVELS = ("pdf", "cdf", "sf", "logcdf", "logsf")


@pytest.mark.parametrize(
    ("distribution", "name"), [(d, f) for d, f in CASES if f in LEVELS and d not in DISCRETE]
)
def test_derivatives_far_outside_are_numbers_where_theirs_are(distribution, name):
    far = np.array([-1e30, -1e3, -5.0, 0.0, 5.0, 1e3, 1e30], np.float32)
    rest = arguments(distribution, name)[1:]
    got, wanted = (
        p.vmap(p.grad(getattr(getattr(stats, distribution), name)), (0, *[None] * len(rest)))(
            far, *rest
        )
        for p, stats in ((pb, ours), (jax, theirs))
    )
    assert not (np.isnan(got) & ~np.isnan(wanted)).any()


@pytest.mark.parametrize("name", ["logcdf", "logsf"])
@pytest.mark.parametrize("x", [-1.0, 0.0, 0.4, 1.0, 2.0, np.nan])
def test_parameters_that_are_no_numbers_give_none(name, x):
    for distribution, shapes in (
        ("beta", (np.nan, 2.0)),
        ("beta", (2.0, np.nan)),
        ("gamma", (np.nan,)),
    ):
        assert np.isnan(getattr(getattr(ours, distribution), name)(x, *shapes))


@pytest.mark.parametrize(
    ("distribution", "shapes"), [("beta", (2.0, 3.0)), ("gamma", (2.0,)), ("uniform", ())]
)
def test_densities_of_what_is_no_number(distribution, shapes):
    f = getattr(ours, distribution).logpdf
    assert np.isnan(f(np.nan, *shapes))
    assert np.isnan(f(0.5, *shapes, np.nan))
    assert np.isnan(ours.bernoulli.logpmf(np.nan, 0.5))


@pytest.mark.parametrize("compiled", [False, True])
def test_far_tails_of_cauchy(compiled):
    x = np.array([-np.inf, -1e300, -1e10, -3.0, 0.5, 1e5, 1e12, np.inf])
    with pb.enable_x64(), np.errstate(all="ignore"):
        for name in ("cdf", "sf", "logcdf", "logsf"):
            f = getattr(ours.cauchy, name)
            got = np.asarray(pb.jit(f)(x) if compiled else f(x))
            wanted = getattr(scipy.stats.cauchy, name)(x)
            np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=1e-16)


def _log_gammas(over, under):
    """log(Gamma(a) ... / Gamma(b) ...)."""
    return sum(map(mpmath.loggamma, over)) - sum(map(mpmath.loggamma, under))


def _log_binom(k, n, p):
    ways = _log_gammas([n + 1], [k + 1, n - k + 1])
    return ways + k * mpmath.log(p) + (n - k) * mpmath.log(1 - p)


def _log_beta(x, a, b):
    powers = (a - 1) * mpmath.log(x) + (b - 1) * mpmath.log(1 - x)
    return powers + _log_gammas([a + b], [a, b])


def _log_gamma(x, a):
    return (a - 1) * mpmath.log(x) - x - mpmath.loggamma(a)


def _log_betabinom(k, n, a, b):
    ways = _log_gammas([n + 1, a + b], [k + 1, n - k + 1, a, b])
    return ways + _log_gammas([k + a, n - k + b], [n + a + b])


def _log_t(x, df):
    constant = _log_gammas([(df + 1) / 2], [df / 2]) - mpmath.log(mpmath.pi * df) / 2
    return constant - (df + 1) / 2 * mpmath.log(1 + x * x / df)


def _log_nbinom(k, n, p):
    return _log_gammas([k + n], [n, k + 1]) + n * mpmath.log(p) + k * mpmath.log(1 - p)


# Of many counts: the logarithm, arguments near the mode, and those in which it is differentiated.
LARGE = {
    "gamma": (_log_gamma, (1.001e6, 1e6), (0, 1)),
    "chi2": (
        lambda x, df: _log_gamma(x / 2, df / 2) - mpmath.log(2), (3.002e6, 3e6), (0, 1),
    ),
    "beta": (_log_beta, (0.5005, 1e6, 1e6), (0, 1, 2)),
    "poisson": (lambda k, mu: _log_gamma(mu, k + 1), (1000500, 1e6), (1,)),
    "binom": (_log_binom, (500100, 1e6, 0.5), (2,)),
    "nbinom": (_log_nbinom, (1000500, 1e6, 0.5), (1, 2)),
    "betabinom": (_log_betabinom, (500400, 1e6, 2e6, 2e6), (1, 2, 3)),
    "t": (_log_t, (2.5, 1e4), (0,)),
}  # fmt: skip


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", LARGE)
def test_large_parameters(name, compiled):
    """Terms of millions cancel to what is left, and so do those of the derivatives."""
    formula, args, places = LARGE[name]
    module = getattr(ours, name)
    f = module.logpmf if name in DISCRETE else module.logpdf
    given = [np.float32(x) for x in args]
    wrap = pb.jit if compiled else (lambda g: g)
    with mpmath.workdps(40):
        exact = [mpmath.mpf(float(x)) for x in given]
        np.testing.assert_allclose(wrap(f)(*given), float(formula(*exact)), rtol=1e-5)
        slopes = [mpmath.diff(formula, exact, _one(len(args), i)) for i in places]
    got = wrap(pb.grad(f, argnums=places))(*given)
    np.testing.assert_allclose(got, np.array(slopes, float), rtol=1e-3)


def _one(n, place):
    return tuple(int(i == place) for i in range(n))


def test_large_parameters_of_vectors():
    alpha, x = np.float32([1e6, 2e6, 1e6]), np.float32([0.25, 0.5, 0.25])
    counts = np.int32([250100, 499900, 250000])
    exact = scipy.stats.dirichlet.logpdf(x, alpha.astype(float))
    np.testing.assert_allclose(ours.dirichlet.logpdf(x, alpha), exact, rtol=1e-6)
    exact = scipy.stats.multinomial.logpmf(counts, 1000000, x)
    np.testing.assert_allclose(ours.multinomial.logpmf(counts, 1000000, x), exact, rtol=1e-6)
    slope = pb.grad(ours.dirichlet.logpdf, argnums=1)(x, alpha)
    psi = scipy.special.digamma
    exact = np.log(x.astype(float)) - psi(alpha.astype(float)) + psi(float(alpha.sum()))
    np.testing.assert_allclose(slope, exact, rtol=1e-3, atol=1e-9)


def test_student_of_infinitely_many_degrees_is_normal():
    np.testing.assert_allclose(ours.t.logpdf(X, np.float32(np.inf)), theirs.norm.logpdf(X), 1e-5)


# Where what is subtracted from 1 is a rounding error: the functions, the numbers and their error.
TINY = {
    "cauchy": (("logcdf", "logsf", "ppf", "isf"), (1e-30, 1e-3, 0.3, 0.5, 0.999, 1.0), 1e-6),
    "expon": (("logcdf",), (1e-30, 1e-8, 0.1, 12.0, 40.0), 1e-6),
    "beta": (("cdf",), (1e-30, 1e-8, 0.3, 0.9999999), 1e-6),
    "truncnorm": (("cdf", "sf", "logcdf"), (-1e30, -2.0, 1.0, 1e30), 1e-6),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", TINY)
def test_small_probabilities(name, compiled):
    functions, x, error = TINY[name]
    x = np.float32([*x, 1e4]) if name == "cauchy" else np.float32(x)
    shapes = {"beta": (1e-3, 0.5), "truncnorm": (-3.0, np.inf)}.get(name, ())
    for function in functions:
        f = getattr(getattr(ours, name), function)
        inside = x[x <= 1] if function in ("ppf", "isf") else x
        exact = getattr(getattr(scipy.stats, name), function)(
            inside.astype(float), *map(float, map(np.float32, shapes))
        )
        got = (pb.jit(f) if compiled else f)(inside, *map(np.float32, shapes))
        np.testing.assert_allclose(got, exact, rtol=error)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        ("norm.pdf", (1, 0.5)),
        ("beta.cdf", (1, 2.0, 3.0)),
        ("poisson.pmf", (1, 2.0)),
        ("gamma.logpdf", (1, 2.0)),
        ("binom.pmf", (1, 2, 0.5)),
        ("cauchy.sf", (True,)),
    ],
)
def test_results_are_weakly_typed_where_no_operand_is_an_array(f: str, args: Any) -> None:
    family, name = f.split(".")
    function, oracle = (getattr(getattr(module, family), name) for module in (ours, theirs))
    assert function(*args).weak_type and oracle(*args).weak_type
    assert not function(pnp.array([args[0]]), *args[1:]).weak_type


def test_counts_and_probabilities_of_the_multinomial_broadcast() -> None:
    x, n, p = np.array([1, 2]), np.array([3, 4]), np.array([[[0.4, 0.6]], [[0.5, 0.5]]])
    wanted = scipy.stats.multinomial.logpmf(x, n, p)
    np.testing.assert_allclose(ours.multinomial.logpmf(x, n, p), wanted, rtol=1e-5)


@pytest.mark.parametrize("mean", [1, np.float32(1), [1, 2]], ids=str)
def test_operands_of_the_normal_distribution_of_vectors_have_one_dtype(mean: Any) -> None:
    args = np.arange(2, dtype=np.int32), np.asarray(mean), 2.0
    for enabled in (False, True):
        with pb.enable_x64(enabled), jax.enable_x64(enabled):
            got = ours.multivariate_normal.logpdf(*args)
            wanted = theirs.multivariate_normal.logpdf(*args)
            assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
            np.testing.assert_allclose(got, wanted, rtol=1e-5)
