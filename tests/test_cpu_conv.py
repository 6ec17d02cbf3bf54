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

import pullback as pb
from pullback import _native, config
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


def sized(seed: int, layout: str, **params: Any) -> tuple[Any, Any, dict[str, Any]]:
    """A float32 convolution of some size: more terms than a pass, more vectors than a task."""
    rng = np.random.default_rng(seed)
    numbers = lax.conv_dimension_numbers((2, 2, 2, 2), (2, 2, 2, 2), (layout, "OIHW", layout))
    x = rng.normal(size=(3, 40, 15, 17)).transpose(np.argsort(numbers.lhs_spec))
    w = rng.normal(size=(20, 40 // params.get("feature_group_count", 1), 5, 3))
    full = {
        "window_strides": (1, 1),
        "padding": ((2, 2), (1, 0)),
        "lhs_dilation": (1, 1),
        "rhs_dilation": (1, 1),
        "dimension_numbers": conv.ConvDimensionNumbers(*map(tuple, numbers)),
    }
    return x.astype("float32"), w.astype("float32"), {**full, **params}


SIZED = [
    (layout, params)
    for layout in ("NCHW", "NHWC")
    for params in (
        {},
        {"window_strides": (2, 1)},
        {"lhs_dilation": (2, 2), "padding": ((4, 3), (1, 2))},
        {"feature_group_count": 4},
    )
]


@pytest.mark.parametrize(("layout", "params"), SIZED)
def test_gradients_and_threads(layout: str, params: dict[str, Any]) -> None:
    x, w, full = sized(0, layout, **params)

    def both(xp: Any, f: Any) -> Any:
        def g(x: Any, w: Any) -> Any:
            return (f(x, w) ** 2).sum()

        return xp.jit(xp.value_and_grad(g, (0, 1)))

    f = both(pb, lambda x, w: conv.conv_general_dilated(x, w, **full))
    before = _native.get_num_threads()
    results = []
    try:
        for threads in (1, 3):
            _native.set_num_threads(threads)
            value, grads = f(x, w)
            results.append([np.asarray(v) for v in (value, *grads)])
    finally:
        _native.set_num_threads(before)
    value, grads = both(jax, lambda x, w: oracle(x, w, full))(x, w)
    for one, other, wanted in zip(*results, (value, *grads), strict=True):
        assert one.tobytes() == other.tobytes()
        wanted = np.asarray(wanted)
        np.testing.assert_allclose(one, wanted, 1e-4, 1e-5 * abs(wanted).max())


def test_large_ones_are_compiled_in_eager_code() -> None:
    x, w, full = sized(1, "NHWC")
    got = np.asarray(conv.conv_general_dilated(x, w, **full))
    wanted = conv.conv_general_dilated_p.value(
        *(v.astype(float) for v in (x, w)), preferred_element_type=None, precision=None,
        feature_group_count=1, batch_group_count=1, **full,
    )  # fmt: skip
    np.testing.assert_allclose(got, wanted, 1e-4, 1e-4 * abs(wanted).max())
    with config.override(disable_jit=True):
        by_value = np.asarray(conv.conv_general_dilated(x, w, **full))
    np.testing.assert_allclose(by_value, wanted, 1e-4, 1e-4 * abs(wanted).max())


def test_a_convolution_is_a_product_without_call_backs() -> None:
    x, w, full = sized(2, "NCHW", window_strides=(2, 2))
    text = pb.explain(pb.jit(lambda x, w: conv.conv_general_dilated(x, w, **full)))(x, w)
    assert "1 product" in text and "call-back" not in text


FEW = [
    {},
    {"rhs_dilation": (2, 3), "padding": ((-1, 4), (0, 2))},
    {"lhs_dilation": (2, 3), "rhs_dilation": (1, 2), "padding": ((4, 3), (1, 2))},
    {"feature_group_count": 2, "lhs_dilation": (1, 2)},
    {"batch_group_count": 2, "lhs_dilation": (2, 1)},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("params", FEW)
def test_few_features_from_many(params: dict[str, Any], dtype: str) -> None:
    rng = np.random.default_rng(3)
    full = sized(0, "NHWC")[2]
    x = rng.normal(size=(4, 30, 25, 40)).astype(dtype)
    w = rng.normal(size=(4, 40 // params.get("feature_group_count", 1), 5, 3)).astype(dtype)

    def f(x: Any, w: Any) -> Any:
        return conv.conv_general_dilated(x, w, **{**full, **params})

    with config.override(disable_jit=True):
        compiled = compare(f, x, w, ulps=256)
    # Products of single elements of x, before they meet.
    text = show.program(compiled.program)
    assert text.count("contraction") == 1 and "over" in text
