"""The short way from an operator to a ufunc: right where it answers; it answers when it should."""

import itertools

import ml_dtypes
import numpy as np
import pytest

from pullback import _native
from pullback._native import ArrayImpl, binary, unary

SHAPES = [((), ()), ((3,), (3,)), ((2, 3), ()), ((), (2, 3)), ((0,), (0,))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8", ml_dtypes.bfloat16])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.less, np.maximum])
def test_arrays(ufunc, dtype, shapes):
    x, y = (np.arange(2, 2 + np.prod(s, dtype=int)).reshape(s).astype(dtype) for s in shapes)
    result = binary(ufunc, ArrayImpl(x), ArrayImpl(y))
    expected = np.asarray(ufunc(x, y))
    assert isinstance(result, ArrayImpl) and result.dtype == expected.dtype
    np.testing.assert_array_equal(result._npy, expected)


@pytest.mark.parametrize("weak", list(itertools.product([False, True], repeat=2)))
def test_weak_types_meet(weak):
    x, y = (ArrayImpl(np.float32(1), w) for w in weak)
    assert binary(np.add, x, y).weak_type == all(weak)
    assert not binary(np.less, x, y).weak_type


NUMBERS = [
    ("float32", 0.1),
    ("float32", 3),
    ("float64", 0.1),
    ("int32", 7),
    ("int8", -128),
    ("uint8", 255),
    ("uint64", 5),
    ("int64", 2**62),
    ("bool", True),
]


@pytest.mark.parametrize("dtype, number", NUMBERS)
@pytest.mark.parametrize("weak", [False, True])
def test_numbers_take_the_arrays_dtype(dtype, number, weak):
    npy = np.array([0, 1, 1], dtype)
    x, y = ArrayImpl(npy, weak), npy.dtype.type(number)
    left, right = binary(np.add, x, number), binary(np.less, number, x)
    np.testing.assert_array_equal(left._npy, npy + y)
    np.testing.assert_array_equal(right._npy, y < npy)
    assert left.dtype == npy.dtype and left.weak_type == weak


UNFIT = [
    ("int8", 128),
    ("int8", -129),
    ("uint8", -1),
    ("uint64", -1),
    ("uint64", 2**64),
    ("int64", 2**63),
    ("int32", 0.5),
    ("int32", True),
    ("float32", True),
    ("bool", 1),
    ("float32", 10**400),
    ("float32", 1j),
    ("float16", 1.0),
]


@pytest.mark.parametrize("dtype, number", UNFIT)
def test_numbers_that_do_not_fit_are_left_to_the_general_path(dtype, number):
    assert binary(np.add, ArrayImpl(np.ones(3, dtype)), number) is NotImplemented


OTHERS = [
    (ArrayImpl(np.ones(3)), ArrayImpl(np.ones((2, 3)))),
    (ArrayImpl(np.ones(2)), ArrayImpl(np.ones(3))),
    (ArrayImpl(np.ones((2, 3))), ArrayImpl(np.ones((3, 1)))),
    (ArrayImpl(np.ones(3, np.float32)), ArrayImpl(np.ones(3))),
    (ArrayImpl(np.ones(3)), np.ones(3)),
    (1.0, 2.0),
    (ArrayImpl(np.ones(3)), np.float64(1)),
    (ArrayImpl(np.ones(3)), "a"),
]


def test_sizes_of_one_are_stretched():
    x, y = np.arange(6.0).reshape(2, 3), np.array([[10.0], [20.0]])
    for a, b in ((x, y), (y, x), (y, x[:1]), (x[:, :1], y)):
        got = binary(np.subtract, ArrayImpl(a), ArrayImpl(b))
        np.testing.assert_array_equal(got, a - b)


@pytest.mark.parametrize("x, y", OTHERS)
def test_the_rest_is_left_to_the_general_path(x, y):
    assert binary(np.add, x, y) is NotImplemented


def test_other_result_dtypes_are_left_to_the_general_path():
    x = ArrayImpl(np.ones(3, np.int32))
    assert binary(np.true_divide, x, x) is NotImplemented
    assert unary(np.sin, x) is NotImplemented
    assert unary(np.sin, 1.0) is NotImplemented


def test_under_a_trace_nothing_is_computed():
    x = ArrayImpl(np.ones(3))
    eager = _native.swap_trace(object())
    try:
        assert binary(np.add, x, x) is NotImplemented
        assert unary(np.sin, x) is NotImplemented
    finally:
        _native.swap_trace(eager)


def test_unary():
    x = np.linspace(0, 1, 5, dtype=np.float32)
    np.testing.assert_array_equal(unary(np.exp, ArrayImpl(x))._npy, np.exp(x))
    assert unary(np.negative, ArrayImpl(np.float32(1), True)).weak_type


def test_there_are_no_floating_point_warnings():
    x = ArrayImpl(np.array([0.0, -1.0]))
    assert np.isnan(unary(np.log, x)._npy[1])
    assert np.isinf(binary(np.divide, 1.0, x)._npy[0])
    assert np.isinf(_native.call_quiet(np.divide, 1.0, 0.0))
    with pytest.warns(RuntimeWarning):
        np.log(x._npy)


def test_quiet_calls_nest_and_raise():
    assert _native.call_quiet(_native.call_quiet, np.full, 2, fill_value=3.0).tolist() == [3, 3]
    with pytest.raises(ZeroDivisionError):
        _native.call_quiet(lambda: 1 // 0)
    with pytest.raises(TypeError, match="no function"):
        _native.call_quiet()


def test_deleted_arrays_are_refused():
    x = ArrayImpl(np.ones(3))
    x.delete()
    for operands in ((x, x), (x, 1.0), (1.0, x)):
        with pytest.raises(RuntimeError, match="deleted"):
            binary(np.add, *operands)


def test_large_results_share_memory_in_turn():
    """What was freed serves the next result, and is given back when asked."""
    x = ArrayImpl(np.ones(1 << 18, np.float32))
    first = binary(np.add, x, x)
    address = first._npy.ctypes.data
    assert address % 64 == 0
    del first
    assert _native.cached_memory() >= x.nbytes
    assert binary(np.add, x, x)._npy.ctypes.data == address
    _native.trim_memory()
    assert _native.cached_memory() == 0


def test_results_may_be_resized_in_place():
    """The memory is ours, the ndarray NumPy's: it must grow and shrink as any other."""
    x = binary(np.add, ArrayImpl(np.zeros(2000)), 1.0)._npy
    for size in (10, 4000, 100_000, 3):
        x.resize(size, refcheck=False)
        assert x[0] == 1.0 and len(x) == size
