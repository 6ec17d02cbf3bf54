"""The distributions of scipy.stats against JAX's: values, signatures and gradients."""

import inspect

import jax
import jax.scipy.stats as theirs
import numpy as np
import pytest

import pullback as pb
import pullback.scipy.stats as ours

X = np.array([-1.5, -0.2, 0.0, 0.3, 0.9, 2.2], np.float32)
Q = np.array([0.05, 0.2, 0.5, 0.6, 0.9, 0.99], np.float32)
K = np.array([-1, 0, 1, 2, 1, 0], np.int32)
LOC, SCALE = np.float32(0.1), np.float32(1.4)
SHAPES = {"gamma": (1.7,), "beta": (1.3, 2.2), "t": (3.5,), "chi2": (3.0,)}
DISCRETE = {"bernoulli": (0.3,), "poisson": (1.6,)}


def functions(name):
    """The public functions of a distribution."""
    module = getattr(ours, name)
    found = vars(module).items()
    mine = [k for k, f in found if inspect.isfunction(f) and f.__module__ == module.__name__]
    return [k for k in mine if not k.startswith("_")]


CASES = [(d, f) for d in ours.__all__ if d != "multivariate_normal" for f in functions(d)]


def arguments(distribution, name):
    """Arguments that cover the ends of the support."""
    if distribution in DISCRETE:
        return (Q if name == "ppf" else K, *DISCRETE[distribution])
    first = Q if name in ("ppf", "isf") else X
    return (first, *map(np.float32, SHAPES.get(distribution, ())), LOC, SCALE)


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


@pytest.mark.parametrize(("distribution", "name"), [c for c in CASES if c[1] == "logpdf"])
def test_gradients(distribution, name):
    # Outside of the support JAX's are NaN.
    args = (np.float32([0.3, 0.5, 0.9, 1.2]), *arguments(distribution, name)[1:])
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
