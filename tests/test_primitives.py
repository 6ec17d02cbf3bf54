"""Primitives beyond the table: messages of type rules, exact sums, total orders, constants."""

import jax
import mpmath
import numpy as np
import pytest
from jax.extend.core import primitives

from pullback import config
from pullback.core.stage import stage
from pullback.core.trace import as_array, get_aval
from pullback.primitives import cumulative, pieces, reduce, shape
from pullback.primitives import elementwise as ew
from pullback.primitives.rules import scalar

F = np.ones((2, 3), np.float32)
G = np.ones((3, 2), np.float32)
N = np.ones((2, 3), np.int32)
B = np.ones((2, 3), bool)

MISTAKES = [
    (lambda n: ew.sin(n), (N,), "sin does not accept dtype int32, got int32[2,3]; wanted float"),
    (lambda n: ew.neg(n), (B,), "neg does not accept dtype bool"),
    (lambda x, n: ew.add(x, n), (F, N), "add requires arguments to have the same dtypes, got"),
    (lambda x, y: ew.add(x, y), (F, G), "add: the operands' shapes must be equal, got"),
    (lambda x: ew.bitwise_and(x, x), (F,), "and does not accept dtype float32"),
    (lambda x: ew.lt(x, x), (F.astype(np.complex64),), "lt does not accept dtype complex64"),
    (lambda n: ew.integer_pow(n, -1), (N,), "Integers cannot be raised to negative powers"),
    (lambda x, n: ew.pow(n, x), (F, N), "pow does not accept dtype int32"),
    (lambda x: ew.select_n(x, x, x), (F,), "`which` must be bool or int32"),
    (lambda b, x: ew.select_n(b, x, x, x), (B, F), "a bool `which` chooses between two cases"),
    (lambda x, y: ew.clamp(y, x, x), (F, G), "clamp: the limits must be scalars or have the"),
    (lambda n: ew.complex(n, n), (N,), "complex does not accept dtype int32"),
    (lambda x: shape.reshape(x, (4,)), (F,), "cannot reshape 6 elements to (4,), got float32[2,3]"),
    (lambda x: shape.transpose(x, (0,)), (F,), "permutation (0,) must order 2 axes"),
    (lambda x: shape.squeeze(x, (0,)), (F,), "the axes (0,) must have size 1"),
    (lambda x: shape.reduce_sum(x, (2,)), (F,), "axes (2,) must be different axes"),
    (lambda x: shape.reduce_sum(x, (0,)), (B,), "reduce_sum does not accept dtype bool"),
    (lambda x: shape.broadcast_in_dim(x, (2, 4), (0, 1)), (F,), "must have sizes of (2, 4)"),
    (lambda x: shape.broadcast_in_dim(x, (2, 3), (1, 0)), (F,), "(1, 0) must increase"),
    (lambda x: shape.broadcast_in_dim(x, (2, 3), (1,)), (F,), "(1,) must name 2 axes"),
    (lambda x: pieces.slice(x, (0, 0), (2, 4)), (F,), "0 <= start <= limit <= size"),
    (lambda x: pieces.slice(x, (0,), (2,)), (F,), "must have one entry an axis"),
    (lambda x: pieces.slice(x, (0, 0), (2, 3), (0, 1)), (F,), "must have positive strides"),
    (lambda x: pieces.pad(x, x, ((0, 0, 0), (0, 0, 0))), (F,), "padding value must be a scalar"),
    (lambda x, y: pieces.concatenate([x, y], 0), (F, G), "the shapes must agree but for axis 0"),
    (lambda x: pieces.concatenate([], 0), (F,), "concatenate expects at least one operand"),
    (lambda x: pieces.split(x, (1, 1), 1), (F,), "sizes (1, 1) must add up to the size of axis 1"),
    (lambda x: reduce.argmax(x, 2, np.int32), (F,), "argmax: axes (2,) must be different axes"),
    (lambda x: cumulative.cumsum(x, 2), (F,), "cumsum: axis 2 must be an axis"),
]


@pytest.mark.parametrize(("f", "args", "message"), MISTAKES, ids=[m[2][:40] for m in MISTAKES])
def test_mistakes_are_named(f, args, message):
    """While staging always; eagerly the same rule explains what NumPy refuses."""
    arrays = [as_array(a) for a in args]
    with pytest.raises((TypeError, ValueError)) as staged:
        stage(lambda *xs: [f(*xs)], [get_aval(a) for a in arrays])
    assert message in str(staged.value)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (2,), (0, 2)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_float32_sums_are_exact_to_rounding(axes, order):
    x = np.random.default_rng(0).uniform(0, 1, (300, 400, 5)).astype(np.float32, order=order)
    got = shape.reduce_sum(as_array(x), axes)._npy
    np.testing.assert_allclose(got, x.sum(axes, np.float64), rtol=1e-6)


def test_long_float32_columns_do_not_drift():
    x = as_array(np.full((1_000_000, 2), 0.1, np.float32))
    np.testing.assert_allclose(shape.reduce_sum(x, (0,))._npy, 1e6 * np.float32(0.1), rtol=1e-6)


ORDERED = np.array([-np.nan, -np.inf, -1, -1e-45, -0.0, 0.0, 1e-45, 1, np.inf, np.nan])


@pytest.mark.parametrize("name", ["eq_to", "lt_to", "le_to"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "bfloat16", "int32"])
def test_total_order(name, dtype):
    with np.errstate(all="ignore"):
        x, y = (a.reshape(-1).astype(jax.numpy.dtype(dtype)) for a in np.meshgrid(ORDERED, ORDERED))
    with jax.enable_x64(True):
        wanted = getattr(primitives, f"{name}_p").bind(*map(jax.numpy.asarray, (x, y)))
    np.testing.assert_array_equal(getattr(ew, name)(as_array(x), as_array(y))._npy, wanted)


def test_constants_keep_the_sign_of_zero():
    assert np.signbit(shape.full((2,), -0.0, np.float32)._npy).all()
    assert not np.signbit(shape.full((2,), 0.0, np.float32)._npy).any()
    assert scalar(2, np.dtype(np.float32)) is scalar(2, np.dtype(np.float32))


def test_numbers_take_the_other_operands_dtype_and_weakness():
    x = as_array(np.ones(3, np.float16))
    assert ew.mul(x, 2.5).dtype == ew.mul(2, x).dtype == np.float16
    assert ew.add(as_array(1.5), 2.0).weak_type and not ew.add(x, 2.0).weak_type
    assert ew.add(as_array(2), 3).weak_type
    assert not ew.add(as_array(1.5), np.float32(2)).weak_type


@pytest.mark.parametrize("x", [0.05, 0.3, 1.0, 2.5, 17.0, -0.4, -3.7, -28.1])
def test_digamma_and_its_derivatives(x):
    with config.override(enable_x64=True):
        value = as_array(np.float64(x))
        assert float(ew.digamma(value)) == pytest.approx(float(mpmath.digamma(x)), rel=1e-13)
        assert float(ew.trigamma(value)) == pytest.approx(float(mpmath.psi(1, x)), rel=1e-12)


def test_trigamma_is_infinite_at_poles():
    with config.override(enable_x64=True):
        got = ew.trigamma(as_array(np.array([0.0, -1.0, -2.0, -100.0])))
    assert np.isposinf(got._npy).all()


def test_inverse_error_function_in_float32():
    x = np.linspace(-1, 1, 4001, dtype=np.float32)[1:-1]
    got = ew.erf_inv(as_array(x))._npy
    wanted = np.array([float(mpmath.erfinv(float(v))) for v in x])
    np.testing.assert_allclose(got, wanted, rtol=1e-6)
