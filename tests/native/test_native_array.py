"""ArrayImpl: construction, conversions as NumPy has them, deletion, errors."""

import copy
import gc
import io
import operator
import pickle
import weakref

import ml_dtypes
import numpy as np
import pytest
from native_programs import program

from pullback._native import ArrayImpl, add_opaque_dtype
from pullback.core.aval import ShapedArray

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
    *(ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.int4),
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 0, 3), (2, 3)])
def test_attributes_are_those_of_the_ndarray(dtype, shape):
    npy = np.ones(shape, dtype)
    x = ArrayImpl(npy)
    assert x._npy is npy
    for name in ("shape", "dtype", "ndim", "size", "nbytes", "itemsize"):
        assert getattr(x, name) == getattr(npy, name)
    assert x.shape is ArrayImpl(npy.copy()).shape
    assert x.tolist() == npy.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_become_arrays(dtype):
    scalar = np.ones((), dtype)[()]
    x = ArrayImpl(scalar)
    assert x.shape == () and x.dtype == dtype
    assert isinstance(x._npy, np.ndarray) and x._npy == scalar


def test_dtypes_of_one_width_are_one():
    npy = np.ones(2, np.longlong)
    assert ArrayImpl(npy).dtype is np.dtype("int64")
    assert ArrayImpl(npy).aval is ArrayImpl(np.ones(2, np.int64)).aval


def test_subclasses_of_ndarray_are_taken_as_ndarrays():
    x = ArrayImpl(np.ones((2, 2)).view(np.matrix))
    assert type(x._npy) is np.ndarray


@pytest.mark.parametrize(
    "dtype", [">f4", "S3", "U2", "M8[s]", object, np.longdouble, [("a", "i4")]]
)
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match="bools and numbers in the machine's byte order, got dtype"):
        ArrayImpl(np.zeros(2, dtype))


def test_opaque_dtypes_are_held_once_named():
    dtype = np.dtype([("opaque", np.uint64, (3,))])
    with pytest.raises(TypeError, match="got dtype"):
        ArrayImpl(np.zeros(2, dtype))
    add_opaque_dtype(dtype)
    x, y = ArrayImpl(np.zeros(2, dtype)), ArrayImpl(np.ones((), dtype))
    assert x.dtype == dtype and x.nbytes == 48 and pickle.loads(pickle.dumps(x)).dtype == dtype
    (z,) = program("nothing", [("new", dtype, (), False)])([y])
    assert z.dtype == dtype and z.shape == () and z._npy.dtype == dtype
    with pytest.raises(TypeError, match="wants a dtype"):
        add_opaque_dtype("f4")


@pytest.mark.parametrize("value", [1.0, [1.0], "a", None])
def test_only_ndarrays_are_taken(value):
    with pytest.raises(TypeError, match="wants an ndarray or a NumPy scalar, got"):
        ArrayImpl(value)


@pytest.mark.parametrize("args", [(), (1, 2, 3)])
def test_arguments_are_counted(args):
    with pytest.raises(TypeError, match="1 or 2 arguments"):
        ArrayImpl(*args)


def test_arguments_are_named():
    assert ArrayImpl(np.ones(1), weak_type=True).weak_type
    with pytest.raises(TypeError, match="no argument is named 'week'"):
        ArrayImpl(np.ones(1), week=True)


def test_one_aval_for_one_type():
    x, y = ArrayImpl(np.ones(3)), ArrayImpl(np.zeros(3))
    assert x.aval is y.aval and isinstance(x.aval, ShapedArray)
    assert x.aval is not ArrayImpl(np.ones(3), True).aval
    assert x.aval.shape == (3,) and x.aval.dtype == np.float64


NUMBERS = (np.bool_(True), np.int32(-3), np.uint8(7), np.float32(2.5), np.complex64(1 + 2j))


@pytest.mark.parametrize("value", NUMBERS, ids=str)
@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index], ids=str)
def test_numbers_of_0d_arrays(value, convert):
    x = ArrayImpl(value)
    try:
        expected = convert(value.item())
    except TypeError:
        with pytest.raises(TypeError):
            convert(x)
    else:
        if convert is operator.index and value.dtype == bool:
            with pytest.raises(TypeError, match="Only integer scalar arrays"):
                convert(x)
        else:
            assert convert(x) == expected and type(convert(x)) is type(expected)


@pytest.mark.parametrize("convert", [int, float, complex])
@pytest.mark.parametrize("shape", [(3,), (1,), (0,)])
def test_only_0d_arrays_are_numbers(convert, shape):
    with pytest.raises(TypeError, match=r"Only scalar arrays .* got arr.ndim=1"):
        convert(ArrayImpl(np.ones(shape)))


def test_index_wants_an_integer_scalar():
    for value in (np.float32(1), np.ones(1, int)):
        with pytest.raises(TypeError, match="Only integer scalar arrays"):
            operator.index(ArrayImpl(value))


def test_truth():
    assert bool(ArrayImpl(np.ones((1, 1)))) is True
    with pytest.raises(ValueError, match="more than one element is ambiguous"):
        bool(ArrayImpl(np.ones(2)))
    with pytest.raises(ValueError, match="empty array is ambiguous"):
        bool(ArrayImpl(np.ones(0)))


def test_items():
    x = ArrayImpl(np.arange(6.0).reshape(2, 3))
    assert x.item(4) == 4.0 and x.item(1, 2) == 5.0
    assert ArrayImpl(np.ones((1, 1), np.int8)).item() == 1
    with pytest.raises(ValueError, match="size 1"):
        x.item()


def test_length():
    assert len(ArrayImpl(np.ones((4, 2)))) == 4
    with pytest.raises(TypeError, match=r"len\(\) of unsized object"):
        len(ArrayImpl(np.float32(1)))


def test_arrays_have_no_hash():
    with pytest.raises(TypeError, match=r"unhashable type: .*ArrayImpl': == compares"):
        hash(ArrayImpl(np.ones(1)))


def test_array_is_a_read_only_view():
    x = ArrayImpl(np.arange(3.0))
    for view in (np.asarray(x), x.__array__()):
        assert not view.flags.writeable
        assert np.shares_memory(view, x._npy)
    assert x._npy.flags.writeable


def test_array_converts_and_copies():
    x = ArrayImpl(np.arange(3, dtype=np.float32))
    assert np.asarray(x, np.float64).dtype == np.float64
    copied = np.array(x)
    copied[0] = 7
    assert x._npy[0] == 0
    assert x.__array__(copy=True).flags.writeable
    with pytest.raises(ValueError, match="copy=False"):
        x.__array__(np.int32, copy=False)


def test_bfloat16_reaches_numpy():
    x = ArrayImpl(np.ones(3, ml_dtypes.bfloat16))
    assert np.asarray(x).dtype == ml_dtypes.bfloat16


def test_buffers_are_read_only():
    view = memoryview(ArrayImpl(np.arange(3, dtype=np.int32)))
    assert view.readonly and view.tolist() == [0, 1, 2]
    assert bytes(ArrayImpl(np.arange(2, dtype=np.int8))) == b"\0\1"
    with pytest.raises(TypeError, match="read-write bytes-like object"):
        io.BytesIO(b"12").readinto(ArrayImpl(np.zeros(2, np.int8)))


def test_dlpack():
    x = ArrayImpl(np.arange(3.0))
    y = np.from_dlpack(x)
    assert np.shares_memory(x._npy, y) and not y.flags.writeable
    assert x.__dlpack_device__() == (1, 0)
    assert "dltensor" in repr(x.__dlpack__())
    with pytest.raises(TypeError, match="positional"):
        x.__dlpack__(None)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_copies_have_their_own_memory(copier):
    x = ArrayImpl(np.arange(3.0), True)
    y = copier(x)
    assert y is not x and not np.shares_memory(x._npy, y._npy)
    assert y.weak_type and y.tolist() == x.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weak", [False, True])
def test_pickle(dtype, weak):
    x = ArrayImpl(np.ones((2, 3), dtype), weak)
    y = pickle.loads(pickle.dumps(x))
    assert y.weak_type == weak and y.dtype == x.dtype
    np.testing.assert_array_equal(y._npy, x._npy)


USES = {
    "_npy": lambda x: x._npy,
    "asarray": lambda x: x.__array__(),
    "buffer": memoryview,
    "item": lambda x: x.item(0),
    "tolist": lambda x: x.tolist(),
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "dlpack": lambda x: x.__dlpack__(),
    "block_until_ready": lambda x: x.block_until_ready(),
    "copy_to_host_async": lambda x: x.copy_to_host_async(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_deleted_arrays_say_so(use):
    x = ArrayImpl(np.ones((3, 2), np.float32))
    assert not x.is_deleted() and x.block_until_ready() is x
    x.delete()
    x.delete()
    assert x.is_deleted() and x.shape == (3, 2) and x.dtype == np.float32 and len(x) == 3
    with pytest.raises(RuntimeError, match=r"Array has been deleted with shape=float32\[3,2\]\."):
        use(x)


@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index])
def test_deleted_scalars_say_so(convert):
    x = ArrayImpl(np.int32(3))
    x.delete()
    with pytest.raises(RuntimeError, match=r"Array has been deleted with shape=int32\[\]\."):
        convert(x)


def test_deletion_frees_the_memory():
    npy = np.ones(3)
    alive = weakref.ref(npy)
    x = ArrayImpl(npy)
    del npy
    x.delete()
    gc.collect()
    assert alive() is None


def test_weak_references():
    x = ArrayImpl(np.ones(3))
    alive = weakref.ref(x)
    assert alive() is x
    del x
    assert alive() is None


def test_methods_are_set_from_python():
    ArrayImpl.twice = lambda self: self._npy * 2
    try:
        assert ArrayImpl(np.float32(2)).twice() == 4
    finally:
        del ArrayImpl.twice
    with pytest.raises(AttributeError):
        ArrayImpl(np.float32(2)).anything = 1


def test_many_types_are_forgotten():
    """The table of types drops those that no array has, and keeps those in use."""
    x = ArrayImpl(np.zeros((7, 11, 13)))
    aval = x.aval
    for n in range(40_000):
        assert ArrayImpl(np.broadcast_to(np.int8(0), (n, 1, 1, 1))).shape[0] == n
    assert ArrayImpl(np.zeros((7, 11, 13))).aval is aval
