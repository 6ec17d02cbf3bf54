"""Compiled convolutions as contractions: any parameters, against NumPy's value and JAX."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest
from cpu import compare, executable, program
from jax import lax
from op import Op
from ops_conv import CONV

from pullback import config
from pullback.backends.cpu import convolution, parse, show
from pullback.primitives import conv

SEEDS = range(40)


@pytest.fixture
def no_nests(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Convolutions of all sizes are contractions."""
    monkeypatch.setattr(convolution, "LEAST", 1)
    monkeypatch.setattr(convolution, "LEAST_WORK", 1)
    with config.override(enable_x64=True):
        yield


CASES = [pytest.param(op, dtype, id=f"{op.name} {dtype}") for op in CONV for dtype in op.dtypes]


@pytest.mark.usefixtures("no_nests")
@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_contractions_of_the_table(op: Op, dtype: str) -> None:
    for args in op.samples(dtype):
        compiled = compare(op.f, *args, ulps=op.tol)
        text = show.program(compiled.program)
        assert show.program(parse.program(text)) == text


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Operands and parameters of a convolution that may be any."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(0, 4))
    few, some = (lambda: int(rng.integers(1, 4))), (lambda: int(rng.integers(1, 9)))
    groups = [(1, 1), (few(), 1), (1, few())][int(rng.integers(3))]
    features, batches = groups
    sizes = tuple(some() + 2 for _ in range(d))
    taps = tuple(few() for _ in range(d))
    wide, base, strides = (tuple(few() for _ in range(d)) for _ in range(3))
    padding = tuple((int(rng.integers(-1, 4)), int(rng.integers(-1, 4))) for _ in range(d))
    c, o = some(), some() * max(groups)
    x = rng.normal(size=(few() * batches, c * features, *sizes))
    w = rng.normal(size=(o, c, *taps))
    orders = [tuple(map(int, rng.permutation(d + 2))) for _ in range(3)]
    params = {
        "window_strides": strides,
        "padding": padding,
        "lhs_dilation": base,
        "rhs_dilation": wide,
        "dimension_numbers": conv.ConvDimensionNumbers(*orders),
        "feature_group_count": features,
        "batch_group_count": batches,
    }
    dtype = str(rng.choice(["float32", "float64"]))
    x, w = (v.transpose(np.argsort(p)) for v, p in zip((x, w), orders, strict=False))
    return x.astype(dtype), w.astype(dtype), params


def oracle(x: Any, w: Any, params: dict[str, Any]) -> Any:
    numbers = lax.ConvDimensionNumbers(*params["dimension_numbers"])
    return lax.conv_general_dilated(x, w, **{**params, "dimension_numbers": numbers})


@pytest.mark.usefixtures("no_nests")
@pytest.mark.parametrize("seed", SEEDS)
def test_any_parameters(seed: int) -> None:
    x, w, params = drawn(seed)

    def f(x: Any, w: Any) -> Any:
        return conv.conv_general_dilated(x, w, **params)

    compare(f, x, w, ulps=64)
    jaxpr, arrays = program(f, (x, w))
    got = np.asarray(executable(jaxpr)[0](arrays)[0])
    with jax.enable_x64(True):
        wanted = np.asarray(oracle(x, w, params))
    np.testing.assert_allclose(got, wanted, 1e-4, 1e-4)
