"""Elementary functions of the CPU compiler: within 2 units in the last place of mpmath."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
from kernels import TARGET, add_kernel, numpy_type, run

import pullback as pb
from pullback.backends.cpu import elementary
from pullback.backends.cpu.scalar import lower
from pullback.backends.cpu.text import Function, Module

SINGLE_DOUBLE = ["float32", "float64"]

DIGITS = 50


def mp_erf_inv(x: mpmath.mpf) -> mpmath.mpf:
    y = mpmath.mpf(float(scipy.special.erfinv(float(x))))
    for _ in range(5):
        error = mpmath.erf(y) - x
        y -= error * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(y * y)
    return y


def mp_cbrt(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


# Name: mpmath's function, NumPy's or SciPy's for special values, an interval to draw from.
FUNCTIONS: dict[str, tuple[Callable, Callable, tuple[float, float]]] = {
    "exp": (mpmath.exp, np.exp, (-760, 715)),
    "exp2": (lambda x: mpmath.mpf(2) ** x, np.exp2, (-1080, 1026)),
    "expm1": (mpmath.expm1, np.expm1, (-50, 715)),
    "logistic": (lambda x: 1 / (1 + mpmath.exp(-x)), scipy.special.expit, (-750, 50)),
    "log": (mpmath.log, np.log, (0, 10)),
    "log1p": (mpmath.log1p, np.log1p, (-1, 10)),
    "sin": (mpmath.sin, np.sin, (-100, 100)),
    "cos": (mpmath.cos, np.cos, (-100, 100)),
    "tan": (mpmath.tan, np.tan, (-100, 100)),
    "asin": (mpmath.asin, np.arcsin, (-1, 1)),
    "acos": (mpmath.acos, np.arccos, (-1, 1)),
    "atan": (mpmath.atan, np.arctan, (-10, 10)),
    "sinh": (mpmath.sinh, np.sinh, (-712, 712)),
    "cosh": (mpmath.cosh, np.cosh, (-712, 712)),
    "tanh": (mpmath.tanh, np.tanh, (-25, 25)),
    "asinh": (mpmath.asinh, np.arcsinh, (-100, 100)),
    "acosh": (mpmath.acosh, np.arccosh, (1, 100)),
    "atanh": (mpmath.atanh, np.arctanh, (-1, 1)),
    "cbrt": (mp_cbrt, np.cbrt, (-100, 100)),
    "erf": (mpmath.erf, scipy.special.erf, (-7, 7)),
    "erfc": (mpmath.erfc, scipy.special.erfc, (-7, 27.3)),
    "erf_inv": (mp_erf_inv, scipy.special.erfinv, (-1, 1)),
}
# NumPy's own functions in extended precision, against which whole ranges can be swept.
EXTENDED = {name: row[1] for name, row in FUNCTIONS.items() if not name.startswith("erf")}
EXTENDED["logistic"] = lambda x: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))
SPECIALS = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 2, -2, 5e-324, -5e-324, 1e-310, 1e300, -1e300,
     1e-30, -1e-30]
)  # fmt: skip


def test_functions_are_all_tested() -> None:
    assert set(elementary.FUNCTIONS) == set(FUNCTIONS) | {"pow", "atan2"}


@pytest.fixture(scope="module")
def functions() -> Any:
    module = Module()
    names = []
    for name in elementary.FUNCTIONS:
        for dtype in SINGLE_DOUBLE:
            ins = [dtype] * elementary.ARITY.get(name, 1)
            for lanes in (1, 8):
                names.append(f"{name}.{dtype}.{lanes}")

                def body(f: Function, *xs: str, name=name, dtype=dtype, lanes=lanes) -> str:
                    return elementary.call(f, name, dtype, lanes, *xs)

                add_kernel(module, names[-1], ins, dtype, lanes, body)
    return TARGET.compile(module, names)


def ulps(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Distance in units in the last place of the result type; infinite where specials differ."""
    info = np.finfo(got.dtype)
    wanted = wanted.astype(np.longdouble)
    with np.errstate(all="ignore"):
        size = np.abs(wanted)
        rounded = wanted.astype(got.dtype)
        special = ~np.isfinite(rounded)
        _, exponent = np.frexp(np.where(special | (size == 0), 1, size))
        exponent = np.where(size == 0, info.minexp, np.maximum(exponent - 1, info.minexp))
        unit = np.ldexp(np.longdouble(1), exponent - info.nmant)
        distance = np.abs(got.astype(np.longdouble) - wanted) / unit
        same = (np.isnan(rounded) & np.isnan(got)) | (rounded == got)
    distance = np.where(special, np.where(same, 0, np.inf), distance)
    return np.where(np.isnan(distance), np.inf, distance)


def worst(got: np.ndarray, wanted: np.ndarray, *args: np.ndarray) -> tuple[float, str]:
    d = ulps(got, wanted)
    k = int(np.argmax(d))
    return float(d[k]), f"{[a[k] for a in args]}: got {got[k]!r}, wanted {wanted[k]!r}"


def from_mpmath(f: Callable, x: np.ndarray) -> np.ndarray:
    """f in extended precision, from mpmath; the arguments are finite and inside the domain."""
    out = []
    with mpmath.workdps(DIGITS):
        for v in x:
            y = mpmath.mpf(f(mpmath.mpf(float(v))))
            high = float(y)
            out.append(
                np.longdouble(high) + np.longdouble(float(y - high) if np.isfinite(high) else 0)
            )
    return np.array(out)


@pytest.mark.parametrize("dtype", SINGLE_DOUBLE)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_two_ulp_of_mpmath(functions: Any, name: str, dtype: str) -> None:
    reference, _, (low, high) = FUNCTIONS[name]
    r = np.random.default_rng(3)
    near = np.clip(np.exp(r.uniform(-8, 1, 128)) * r.choice([-1, 1], 128), low, high)
    edge = 1 - np.exp(r.uniform(-30, 0, 64))
    x = np.concatenate([r.uniform(low, high, 128), near, np.clip(edge, low, high)]).astype(dtype)
    x = x[(np.abs(x) < 1) | (name not in ("atanh", "erf_inv"))]
    x = x[(x > low) & (x < high)]
    x = x[: len(x) // 8 * 8]
    wanted = from_mpmath(reference, x)
    for lanes in (1, 8):
        error, where = worst(run(functions, f"{name}.{dtype}.{lanes}", [x], dtype), wanted, x)
        assert error <= 2, where


def reference_sweep(name: str, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        if name in EXTENDED:
            return EXTENDED[name](x.astype(np.longdouble))
        return FUNCTIONS[name][1](x.astype(np.float64))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sweep_of_all_float32(functions: Any, name: str) -> None:
    """Every 32771st bit pattern: all exponents, subnormals, infinities and NaN among them."""
    x = np.arange(0, 2**32, 32771, dtype=np.uint64).astype(np.uint32).view(np.float32)
    with np.errstate(over="ignore"):
        x = np.concatenate([SPECIALS.astype(np.float32), x])
    x = x[: len(x) // 8 * 8]
    got = run(functions, f"{name}.float32.8", [x], "float32")
    error, where = worst(got, reference_sweep(name, x), x)
    assert error <= 2, where


@pytest.mark.parametrize("name", EXTENDED)
def test_sweep_of_float64(functions: Any, name: str) -> None:
    r = np.random.default_rng(4)
    low, high = FUNCTIONS[name][2]
    bits = r.integers(0, 2**64, 1 << 14, dtype=np.uint64).view(np.float64)
    x = np.concatenate([bits, r.uniform(low, high, 1 << 14), r.uniform(-4, 4, 1 << 14), SPECIALS])
    got = run(functions, f"{name}.float64.8", [x], "float64")
    error, where = worst(got, reference_sweep(name, x), x)
    assert error <= 2, where


@pytest.mark.parametrize("dtype", SINGLE_DOUBLE)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values(functions: Any, name: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        x = SPECIALS.astype(dtype)
        wanted = FUNCTIONS[name][1](x.astype(np.float64)).astype(dtype)
    if name == "erf_inv":
        wanted = np.where(x == 0, x, wanted)
    for lanes in (1, 8):
        got = run(functions, f"{name}.{dtype}.{lanes}", [x], dtype)
        zero_or_infinite = (wanted == 0) | np.isinf(wanted) | np.isnan(wanted)
        np.testing.assert_array_equal(got[zero_or_infinite], wanted[zero_or_infinite])
        signs = ~np.isnan(wanted)
        np.testing.assert_array_equal(np.signbit(got[signs]), np.signbit(wanted[signs]))


@pytest.mark.parametrize("dtype", SINGLE_DOUBLE)
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_near_multiples_of_half_pi(functions: Any, name: str, dtype: str) -> None:
    """Where the reduced argument nearly vanishes, from small multiples to the largest numbers."""
    r = np.random.default_rng(5)
    with mpmath.workdps(400):
        n = [*range(1, 200), *(int(2 ** r.uniform(8, 125)) for _ in range(305))]
        x = np.array([float(k * mpmath.pi / 2) for k in n]).astype(dtype)
        if dtype == "float64":
            # The double whose reduced argument is smallest of all.
            x[-1] = 6381956970095103.0 * 2.0**797
        wanted = from_mpmath(_with_digits(FUNCTIONS[name][0], 400), x)
    error, where = worst(run(functions, f"{name}.{dtype}.8", [x], dtype), wanted, x)
    assert error <= 2, where


def _with_digits(f: Callable, digits: int) -> Callable:
    def apply(x: mpmath.mpf) -> mpmath.mpf:
        with mpmath.workdps(digits):
            return f(x)

    return apply


@pytest.mark.parametrize("dtype", SINGLE_DOUBLE)
@pytest.mark.parametrize("name, reference", [("pow", np.power), ("atan2", np.arctan2)])
def test_of_two_arguments(functions: Any, name: str, reference: Callable, dtype: str) -> None:
    r = np.random.default_rng(6)
    n = 1 << 12
    edges = np.concatenate(
        [SPECIALS, [3, -3, 0.5, -0.5, 2.0**53, 2.0**53 + 2, 1 + 2.0**-52, 1 / 3]]
    )
    grid = np.meshgrid(edges, edges)
    sets = [
        tuple(g.ravel() for g in grid),
        (np.exp(r.normal(size=n) * 3), r.normal(size=n) * 20),
        (r.normal(size=n), r.integers(-40, 40, n).astype(float)),
        (1 + r.normal(size=n) * 1e-3, r.normal(size=n) * 1e5),
        tuple(r.integers(0, 2**64, n, dtype=np.uint64).view(np.float64) for _ in range(2)),
    ]
    with np.errstate(all="ignore"):
        x, y = (np.concatenate(s).astype(dtype) for s in zip(*sets, strict=True))
        wanted = reference(x.astype(np.longdouble), y.astype(np.longdouble))
    for lanes in (1, 8):
        got = run(functions, f"{name}.{dtype}.{lanes}", [x, y], dtype)
        error, where = worst(got, wanted, x, y)
        assert error <= 2, where
        signs = ~np.isnan(wanted)
        np.testing.assert_array_equal(np.signbit(got[signs]), np.signbit(wanted[signs]))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["exp", "log", "sin", "tanh", "logistic", "erf"])
def test_every_half(name: str, dtype: str) -> None:
    """All bit patterns of the 16-bit types: the nearest, but for two roundings."""
    module = Module()
    add_kernel(module, "k", [dtype], dtype, 8, lambda f, a: lower(f, name, [a], [dtype], dtype, 8))
    x = np.arange(2**16, dtype=np.uint16).view(numpy_type(dtype))
    got = run(TARGET.compile(module, ["k"]), "k", [x], dtype)
    with np.errstate(all="ignore"):
        wanted = FUNCTIONS[name][1](x.astype(np.float64)).astype(numpy_type(dtype))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    order = [
        np.where(v.view(np.int16) < 0, -(v.view(np.int16) & 0x7FFF).astype(int), v.view(np.int16))
        for v in (got, wanted)
    ]
    assert np.max(np.abs(order[0] - order[1])[~np.isnan(wanted)]) <= 1


@pytest.mark.parametrize("dtype", SINGLE_DOUBLE)
@pytest.mark.parametrize("y", [0.5, 1.5, 2.5, -0.5, -1.5])
def test_powers_by_roots(y: float, dtype: str) -> None:
    """At numbers of every size, and where C says what a power is."""
    info = np.finfo(dtype)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1.0, info.max, -info.max])
    sizes = np.exp(np.random.default_rng(0).uniform(np.log(info.tiny), np.log(info.max), 4000))
    x = np.concatenate([special, [info.smallest_subnormal], sizes]).astype(dtype)
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.longdouble), np.longdouble(y))
        wanted = exact.astype(dtype)
    with pb.enable_x64(True):
        got = np.asarray(pb.jit(lambda x: x**y)(x))
        text = pb.jit(lambda x: x**y).lower(x).compile().as_text()
    assert "sqrt" in text and "pow" not in text
    ordinary = np.isfinite(wanted)
    np.testing.assert_array_equal(got[~ordinary], wanted[~ordinary])
    unit = np.ldexp(1.0, np.maximum(np.frexp(wanted[ordinary])[1] - 1, info.minexp) - info.nmant)
    assert np.max(np.abs(got[ordinary] - exact[ordinary]) / unit) <= 2
