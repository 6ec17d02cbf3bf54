"""Elementary functions at every number of float16 and bfloat16: the nearest, or next to it."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.special

import pullback as pb
from pullback import lax

REFERENCES: dict[str, Any] = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log1p": np.log1p,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh,
    "acosh": np.arccosh, "atanh": np.arctanh, "cbrt": np.cbrt, "erf": scipy.special.erf,
    "erfc": scipy.special.erfc, "erf_inv": scipy.special.erfinv, "logistic": scipy.special.expit,
    "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x), "lgamma": scipy.special.gammaln,
    "digamma": scipy.special.digamma,
}  # fmt: skip
# SciPy has other values at the poles and at -inf.
POSITIVE = ("lgamma", "digamma")
# In float32 the functions are within 2 ulp, so rounded they are this near to the nearest number.
MOST = 0.5 + 2 * 2.0**-12
DTYPES = {"float16": (np.float16, 10, -14), "bfloat16": (ml_dtypes.bfloat16, 7, -126)}


def ulps(got: np.ndarray, exact: np.ndarray, bits: int, least: int) -> np.ndarray:
    """Errors in units in the last place, 0 where both are the same infinity or NaN."""
    exponent = np.maximum(np.frexp(exact)[1] - 1, least)
    rounded = exact.astype(got.dtype)
    same = (rounded == got) | (np.isnan(rounded) & np.isnan(got))
    error = np.abs(got.astype(np.float64) - exact) / np.ldexp(1.0, exponent - bits)
    return np.where(same & ~np.isfinite(rounded), 0, np.where(np.isnan(error), np.inf, error))


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("kind", DTYPES)
def test_every_number(name, kind):
    dtype, bits, least = DTYPES[kind]
    x = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    if name in POSITIVE:
        x = x[1 : x.size // 2]
    with np.errstate(all="ignore"):
        exact = REFERENCES[name](x.astype(np.float64))
    f = getattr(lax, name)
    for run in (f, pb.jit(f)):
        got = np.asarray(run(pb.numpy.asarray(x)))
        assert got.dtype == x.dtype
        with np.errstate(all="ignore"):
            found = ulps(got, exact, bits, least)
        i = int(np.argmax(found))
        assert found[i] <= MOST, (run, x[i], got[i], exact[i])


PRODUCTS = {
    "plain": (lambda a, b, to: lax.dot(a, b, preferred_element_type=to), (40, 70), (70, 50)),
    "transposed": (
        lambda a, b, to: lax.dot(a.T, b.T, preferred_element_type=to),
        (70, 40),
        (50, 70),
    ),
    "convolution": (
        lambda a, b, to: lax.conv(a, b, (1, 2), "SAME", preferred_element_type=to),
        (3, 20, 9, 10),
        (33, 20, 3, 3),
    ),
}


@pytest.mark.parametrize("preferred", [None, "float32"])
@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("name", PRODUCTS)
def test_large_products_are_rounded_once(name, kind, preferred):
    f, *shapes = PRODUCTS[name]
    rng = np.random.default_rng(3)
    operands = [rng.normal(size=s).astype(kind) for s in shapes]
    exact = np.asarray(f(*[x.astype(np.float32) for x in operands], None))
    program = pb.jit(lambda a, b: f(a, b, preferred))
    assert "1 product" in pb.explain(program)(*operands)
    got = np.asarray(program(*operands))
    assert got.dtype == (preferred or kind)
    step = float(ml_dtypes.finfo(got.dtype).eps)
    np.testing.assert_allclose(got.astype(np.float64), exact, rtol=step / 2 + 1e-6, atol=1e-4)
