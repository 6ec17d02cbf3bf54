"""Every dtype through XLA: conversions between all of them, and arithmetic of the narrow ones."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from xla_run import close, compare, compiled, program, show

from pullback import config, dtypes
from pullback.core.primitive import Primitive, registry
from pullback.core.trace import as_array
from pullback.primitives.contract import dot_general
from pullback.primitives.convert import convert_element_type
from pullback.primitives.mulhi import mulhi
from pullback.primitives.reduce import reduce_max
from pullback.primitives.shape import reduce_sum

ALL = [d for d, kind in dtypes.KINDS.items() if kind not in ("key", "float0")]
SMALL = (*dtypes.INT_SMALL, *dtypes.UINT_SMALL)
SCALES = np.dtype(ml_dtypes.float8_e8m0fnu)
FLOAT8 = [d for d in dtypes.FLOAT8 if d != SCALES]
EXTREMES = (
    0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1e10,
    -1e10,
    300,
    -300,
    0.5,
    1.5,
    2.5,
    -0.7,
    127.6,
    1e-8,
)
NAMES = [d.name for d in ALL]


def sample(dtype: Any) -> np.ndarray:
    """Ordinary and extreme numbers of a dtype."""
    rng, kind = np.random.default_rng(0), dtypes.kind(dtype)
    if kind == "bool":
        return rng.random(20) < 0.5
    if kind in ("signed", "unsigned"):
        low, high = int(dtypes.info(dtype).min), int(dtypes.info(dtype).max)
        values = [low, high, 0, 1, high // 2, *rng.integers(max(low, -3), min(high, 3) + 1, 15)]
        wide = np.int64 if kind == "signed" else np.uint64
        return np.array([int(v) for v in values], wide).astype(dtype)
    x = np.array([*(rng.standard_normal(20) * 3), *EXTREMES])
    with np.errstate(all="ignore"):
        return (x + 1j * np.roll(x, 3) if kind == "complex" else x).astype(dtype)


def widened(x: np.ndarray) -> np.ndarray:
    """The numbers in a dtype that NumPy converts to all others."""
    if x.dtype in SMALL:
        return x.astype(np.int32)
    return x.astype(np.float32) if x.dtype in dtypes.FLOAT8 else x


@pytest.mark.parametrize("name", NAMES)
def test_conversions(name: str) -> None:
    dtype = ALL[NAMES.index(name)]
    x = sample(dtype)
    with config.override(enable_x64=True), np.errstate(all="ignore"):
        jaxpr, arrays = program(lambda x: [convert_element_type(x, d) for d in ALL], [x])
        got = compiled(jaxpr)(*arrays)
        wide = as_array(widened(x))
        wanted = [as_array(show(convert_element_type(wide, d)))._npy for d in ALL]
    for g, w, d in zip(got, wanted, ALL, strict=True):
        close(g, w, 1, d)


# Operations of integers of two and four bits: those of eight bits, of which the lowest remain.
INTEGER = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "and": np.bitwise_and,
    "xor": np.bitwise_xor,
    "max": np.maximum,
    "neg": np.negative,
    "square": np.square,
    "not": np.invert,
    "abs": np.abs,
}


@pytest.mark.parametrize("dtype", SMALL, ids=str)
def test_small_integers(dtype: Any) -> None:
    x = sample(dtype)
    y = np.roll(x, 7)
    bits = int(dtypes.info(dtype).bits)
    byte = np.int8 if dtypes.kind(dtype) == "signed" else np.uint8
    a, b = x.astype(byte), y.astype(byte)
    wanted = [f(*(a, b)[: f.nin]).astype(dtype) for f in INTEGER.values()]
    ones = np.array([int(v) & ((1 << bits) - 1) for v in a])
    wanted += [np.bitwise_count(ones).astype(np.int8).astype(dtype)]
    wanted += [(ones >> 1).astype(byte).astype(dtype), (a.astype(int) * b >> bits).astype(byte)]
    wanted += [np.array(a.sum(), byte).astype(dtype), a.max().astype(dtype)]

    def f(x: Any, y: Any) -> list[Any]:
        outs = [registry[n].bind(*(x, y)[: f.nin]) for n, f in INTEGER.items()]
        one = np.asarray(1, dtype)
        outs += [registry["population_count"].bind(x), registry["shift_right_logical"].bind(x, one)]
        outs += [mulhi(x, y), reduce_sum(x, (0,)), reduce_max(x, (0,))]
        return outs

    jaxpr, arrays = program(f, [x, y])
    for g, w in zip(compiled(jaxpr)(*arrays), wanted, strict=True):
        np.testing.assert_array_equal(g, w.astype(g.dtype))


UNARY = "neg exp log sin tanh logistic sqrt rsqrt erf erfc lgamma bessel_i1e floor is_finite sign"
BINARY = "add mul div max rem pow lt eq"


@pytest.mark.parametrize("dtype", FLOAT8, ids=str)
def test_narrow_floats(dtype: Any) -> None:
    x = (np.random.default_rng(0).standard_normal((4, 6)) * 1.5).astype(dtype)
    y = np.roll(x, 5)

    def each(names: str, args: Any) -> list[Callable[..., Any]]:
        found: list[Primitive] = [registry[n] for n in names.split()]
        return [p.bind(*args) for p in found]

    compare(lambda x, y: each(UNARY, (x,)) + each(BINARY, (x, y)), x, y, tol=1)
    compare(lambda x: reduce_sum(x, (1,)), x, tol=2)


@pytest.mark.parametrize("out", ["float32", "bfloat16"])
@pytest.mark.parametrize("dtype", [*FLOAT8, dtypes.BFLOAT16, dtypes.float16], ids=str)
def test_products_of_narrow_floats(dtype: Any, out: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 8)).astype(dtype), rng.standard_normal((8, 3)).astype(dtype)
    kind = np.dtype(getattr(ml_dtypes, out, out))

    def f(x: Any, y: Any) -> Any:
        return dot_general(x, y, (((1,), (0,)), ((), ())), None, kind)

    compare(f, x, y, tol=8)


@pytest.mark.parametrize("dtype", ["int4", "uint4", "int8", "uint8", "int16"])
def test_products_of_integers(dtype: str) -> None:
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    rng = np.random.default_rng(0)
    low = 0 if dtype.startswith("u") else -7
    x, y = rng.integers(low, 8, (5, 8)), rng.integers(low, 8, (8, 3))

    def f(x: Any, y: Any) -> Any:
        return dot_general(x, y, (((1,), (0,)), ((), ())), None, np.dtype(np.int32))

    jaxpr, arrays = program(f, [x.astype(kind), y.astype(kind)])
    np.testing.assert_array_equal(compiled(jaxpr)(*arrays)[0], x @ y)
