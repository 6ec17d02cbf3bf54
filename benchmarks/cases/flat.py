"""Elementwise arithmetic over large arrays."""

from typing import Any

from benchmarks.build import both, case, integers, normals, uniforms
from benchmarks.case import Call, Case, jax, numpy
from benchmarks.programs import normal

SIZE = 4_000_000
MILLION = (1_000_000,)


def sin_exp_tanh(np: Any, x: Any) -> Any:
    return np.sin(x) * np.exp(-x * x) + np.tanh(x)


def compiled(xp: Any) -> Call:
    f = xp.jit(lambda x: sin_exp_tanh(xp.np, x))
    x = normal(xp, SIZE)
    return lambda: f(x).block_until_ready()


def plain(xp: Any) -> Call:
    x = normal(xp, SIZE)
    return lambda: sin_exp_tanh(xp.np, x)


def horner(xp: Any, x: Any) -> Any:
    y = x * 0.0
    for k in range(12):
        y = y * x + (0.5 - 0.1 * k)
    return y


def chain(xp: Any, x: Any, y: Any) -> Any:
    np = xp.np
    for k in range(8):
        x = np.tanh(x + y) * 0.5 + np.maximum(x, -y)
        y = np.sqrt(np.abs(y) + 1.0) - x * 0.1 * k
    return x + y


def limits(xp: Any, x: Any, y: Any) -> Any:
    np = xp.np
    z = np.where(x > y, x * 2.0, y - 1.0)
    return np.clip(z, -0.5, 1.5) + np.where((z > 0) & (x < 1), np.abs(y), np.minimum(x, y))


def complexes(xp: Any, a: Any, b: Any) -> Any:
    np = xp.np
    z = a + 1j * b
    w = z * z + np.conj(z) / (z + 2.0)
    return np.abs(w) + np.real(np.exp(1j * a) * w)


def black_scholes(xp: Any, s: Any, k: Any, t: Any) -> Any:
    np, ndtr = xp.np, xp.scipy.special.ndtr
    r, vol = 0.05, 0.2
    root = vol * np.sqrt(t)
    d1 = (np.log(s / k) + (r + vol * vol / 2) * t) / root
    return s * ndtr(d1) - k * np.exp(-r * t) * ndtr(d1 - root)


def mixed(xp: Any, x: Any, i: Any, j: Any) -> Any:
    np = xp.np
    return np.where(i % 3 == 0, x, x * i) + (j // 7).astype(x.dtype) + (i > j)


def gaussians(xp: Any, x: Any, y: Any) -> Any:
    return xp.np.exp(-((x[:, None] - y[None, :]) ** 2))


AGAINST = (jax(0.3), numpy(plain))
CASES = (
    Case("sin*exp+tanh, 4M float32", "flat", compiled, AGAINST, memory=True),
    case("flat", "polynomial, 1M float32", horner, normals(MILLION), horner),
    case("flat", "polynomial, 1M float64", horner, normals(MILLION, dtype="float64"), x64=True),
    case("flat", "chain of 97 operations, 1M", chain, normals(MILLION, MILLION), chain),
    case("flat", "where and clip, 1M", limits, normals(MILLION, MILLION), limits),
    case("flat", "complex arithmetic, 1M", complexes, normals(MILLION, MILLION), complexes),
    case("flat", "Black-Scholes, 1M", black_scholes, uniforms(MILLION, MILLION, MILLION)),
    case(
        "flat", "Black-Scholes, 1M float64", black_scholes,
        uniforms(MILLION, MILLION, MILLION, dtype="float64"), x64=True,
    ),
    case("flat", "mixed dtypes, 1M", mixed, both(normals(MILLION), integers(99, MILLION, MILLION))),
    case("flat", "Gaussians, 2000x2000", gaussians, normals((2000,), (2000,)), gaussians),
)  # fmt: skip
