"""DLPack both ways: memory is shared with NumPy, JAX and producers made by hand, and kept alive."""

import ctypes
import gc
import weakref
from typing import Any

import jax
import ml_dtypes
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback.core.dlpack import CODES

NAMES = [dtype.name for dtype in CODES]
NUMPY_KNOWS = [
    n for n in NAMES if n[:4] not in ("bflo", "floa") or n in ("float16", "float32", "float64")
]
WIDE = ("int64", "uint64", "float64", "complex128")


def values(dtype: Any, shape: tuple[int, ...] = (2, 3)) -> np.ndarray:
    """Small numbers of a dtype."""
    # From 1 on: some dtypes have no 0.
    return (np.arange(np.prod(shape)) + 1).reshape(shape).astype(dtype)


def address(x: Any) -> int:
    """Where the elements of an array on the host begin."""
    return np.asarray(x).__array_interface__["data"][0]


# A producer made by hand.


class Device(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int32), ("id", ctypes.c_int32))


class DataType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", Device),
        ("ndim", ctypes.c_int32),
        ("dtype", DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class Managed(ctypes.Structure):
    _fields_ = (("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


class Versioned(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    )


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
capsule_new = ctypes.pythonapi.PyCapsule_New
capsule_new.restype, capsule_new.argtypes = (
    ctypes.py_object,
    (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p),
)
capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype, capsule_pointer.argtypes = (
    ctypes.c_void_p,
    (ctypes.py_object, ctypes.c_char_p),
)


class Producer:
    """A NumPy array's memory as DLPack describes it, with any header that a test asks for."""

    def __init__(
        self, x: np.ndarray, *, version: tuple[int, int] | None = (1, 0), code: int = 2,
        bits: int = 32, lanes: int = 1, device: tuple[int, int] = (1, 0), offset: int = 0,
        strided: bool = True,
    ) -> None:  # fmt: skip
        self.x, self.version, self.device, self.freed = x, version, device, 0
        shape = (ctypes.c_int64 * x.ndim)(*x.shape)
        strides = (ctypes.c_int64 * x.ndim)(*[s // x.itemsize for s in x.strides])
        self.parts = shape, strides
        self.tensor = Tensor(
            address(x) - offset, Device(*device), x.ndim, DataType(code, bits, lanes),
            shape, strides if strided else None, offset,
        )  # fmt: skip
        self.deleter = DELETER(self.free)
        pointer = ctypes.cast(self.deleter, ctypes.c_void_p)
        if version is None:
            self.form: Any = Managed(self.tensor, None, pointer)
        else:
            self.form = Versioned(*version, None, pointer, 0, self.tensor)

    def free(self, _: Any) -> None:
        """What the consumer calls when it is done."""
        self.freed += 1

    def __dlpack__(self, **options: Any) -> Any:
        if self.version is None and options:
            raise TypeError("an old producer takes no arguments")
        name = b"dltensor" if self.version is None else b"dltensor_versioned"
        return capsule_new(ctypes.addressof(self.form), name, None)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device


# From others.


@pytest.mark.parametrize("name", NUMPY_KNOWS)
def test_numpy_arrays_are_shared(name: str) -> None:
    source = values(name)
    with pb.enable_x64(True):
        for take in (pnp.from_dlpack, pb.dlpack.from_dlpack):
            x = take(source)
            assert isinstance(x, pb.Array) and x.dtype == source.dtype
            assert address(x) == address(source)
            np.testing.assert_array_equal(x, source)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in WIDE])
def test_jax_arrays_are_shared_both_ways(name: str) -> None:
    source = jax.numpy.asarray(values(name))
    x = pnp.from_dlpack(source)
    assert x.dtype == source.dtype and address(x) == source.unsafe_buffer_pointer()
    np.testing.assert_array_equal(np.asarray(x), np.asarray(source))
    # JAX shares what begins at a multiple of 64 bytes, as compiled programs' results do.
    big = pb.jit(lambda v: pnp.flip(v, 0))(values(name, (64, 128)))
    back = jax.dlpack.from_dlpack(big)
    assert back.dtype == source.dtype and back.unsafe_buffer_pointer() == address(big)


LAYOUTS = {
    "transposed": lambda x: x.T,
    "with gaps": lambda x: x[::2, 1:],
    "backwards": lambda x: x[::-1],
    "broadcast": lambda x: np.broadcast_to(x[0], (5, *x[0].shape)),
    "without axes": lambda x: x[1, 2],
    "of size 1": lambda x: x[:1, :1],
    "empty": lambda x: x[:0],
    "empty and strided": lambda x: x[:, 2:2].T,
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_strides(layout: Any) -> None:
    source = np.asarray(layout(values(np.float32, (4, 6))))
    x = pnp.from_dlpack(source)
    assert x.shape == source.shape
    np.testing.assert_array_equal(x, source)
    np.testing.assert_array_equal(pb.jit(lambda v: v * 2)(x), source * 2)
    if source.size:
        assert address(x) == address(source)
    np.testing.assert_array_equal(np.from_dlpack(x), source)


@pytest.mark.parametrize("version", [None, (1, 0), (1, 7)])
def test_versions_offsets_and_rows(version: Any) -> None:
    source = values(np.float32)
    for options in ({}, {"offset": 8}, {"strided": False}):
        producer = Producer(source, version=version, **options)
        x = pnp.from_dlpack(producer)
        assert address(x) == address(source)
        np.testing.assert_array_equal(x, source)
        del x
        assert producer.freed == 1


def test_the_producer_lives_as_long_as_what_shares_its_memory() -> None:
    producer = Producer(values(np.float32))
    x = pnp.from_dlpack(producer)
    part, same = x[1], pb.jit(lambda v: v)(x)
    npy = np.asarray(x)
    del x
    gc.collect()
    assert producer.freed == 0
    np.testing.assert_array_equal(part, [4, 5, 6])
    del npy, part
    gc.collect()
    assert producer.freed == 1
    np.testing.assert_array_equal(same, values(np.float32))


def test_an_unused_capsule_is_left_to_its_producer() -> None:
    producer = Producer(values(np.float32), code=99)
    with pytest.raises(BufferError, match="code 99"):
        pnp.from_dlpack(producer)
    assert producer.freed == 0


def test_a_capsule_is_used_once() -> None:
    class Same:
        capsule = values(np.float32).__dlpack__(max_version=(1, 0))

        def __dlpack__(self, **options: Any) -> Any:
            return self.capsule

        def __dlpack_device__(self) -> tuple[int, int]:
            return (1, 0)

    pnp.from_dlpack(Same())
    with pytest.raises(ValueError, match="not used yet"):
        pnp.from_dlpack(Same())


def test_donation_does_not_write_to_shared_memory() -> None:
    source = values(np.float32, (32, 32))
    x = pnp.from_dlpack(source)
    pb.jit(lambda v: v + 1, donate_argnums=0)(x)
    np.testing.assert_array_equal(source, values(np.float32, (32, 32)))


def test_results_do_not_share_what_others_may_write_to() -> None:
    source = values(np.float32)
    y = pb.jit(lambda v: v)(pnp.from_dlpack(source))
    source[:] = 9
    np.testing.assert_array_equal(y, values(np.float32))


def test_copies() -> None:
    source = values(np.float32)
    x = pnp.from_dlpack(source, copy=True)
    assert address(x) != address(source)
    source[:] = 9
    np.testing.assert_array_equal(x, values(np.float32))
    assert address(pnp.from_dlpack(source, copy=False)) == address(source)
    own = pnp.ones(3)
    assert pnp.from_dlpack(own) is own and pnp.from_dlpack(own, device="cpu") is own
    assert address(pnp.from_dlpack(own, copy=True)) != address(own)


def test_where_a_copy_is_needed() -> None:
    wide = np.arange(3)
    assert pnp.from_dlpack(wide).dtype == np.int32
    with pytest.raises(ValueError, match="becomes int32"):
        pnp.from_dlpack(wide, copy=False)
    with pytest.raises(OverflowError, match="does not fit int32"):
        pnp.from_dlpack(wide + 2**40)
    odd = np.frombuffer(bytes(1) + values(np.float32, (3,)).tobytes(), np.uint8)[1:]
    producer = Producer(odd.view(np.float32))
    np.testing.assert_array_equal(pnp.from_dlpack(producer), [1, 2, 3])
    with pytest.raises(ValueError, match="not aligned"):
        pnp.from_dlpack(Producer(odd.view(np.float32)), copy=False)


def test_other_devices() -> None:
    source = values(np.float32)
    x = pnp.from_dlpack(source, device="xla")
    assert x.device.platform == "xla"
    np.testing.assert_array_equal(x, source)
    np.testing.assert_array_equal(pnp.from_dlpack(x), source)
    with pytest.raises(ValueError, match="copy=False"):
        pnp.from_dlpack(source, device="xla", copy=False)
    with pytest.raises(TypeError, match="kind 7"):
        pnp.from_dlpack(Producer(source, device=(7, 0)))


def test_what_speaks_no_dlpack_or_another_one() -> None:
    with pytest.raises(TypeError, match="__dlpack__ and __dlpack_device__"):
        pnp.from_dlpack([1.0])
    with pytest.raises(BufferError, match=r"DLPack 2\.0 is not known"):
        pnp.from_dlpack(Producer(values(np.float32), version=(2, 0)))
    with pytest.raises(BufferError, match="2 lanes"):
        pnp.from_dlpack(Producer(values(np.float32), lanes=2))
    with pytest.raises(BufferError, match="4 bits"):
        pnp.from_dlpack(Producer(values(np.float32), code=0, bits=4))


def test_arrays_are_made_of_anything_that_speaks_dlpack() -> None:
    source = values(ml_dtypes.bfloat16)
    code, bits = CODES[source.dtype]
    np.testing.assert_array_equal(pnp.asarray(Producer(source, code=code, bits=bits)), source)


# To others.


@pytest.mark.parametrize("name", [n for n in NUMPY_KNOWS if n not in WIDE])
def test_numpy_shares_our_memory_and_may_not_write(name: str) -> None:
    x = pnp.asarray(values(name))
    npy = np.from_dlpack(x)
    assert npy.dtype == x.dtype and address(npy) == address(x) and not npy.flags.writeable


def header(capsule: Any) -> Versioned:
    """What stands in a versioned capsule."""
    pointer = capsule_pointer(capsule, b"dltensor_versioned")
    return Versioned.from_address(pointer)


def test_what_capsules_say() -> None:
    x = pnp.asarray(values(np.float32))
    assert x.__dlpack_device__() == (1, 0)
    for version in (None, (0, 0), (0, 8)):
        assert '"dltensor"' in repr(x.__dlpack__(max_version=version))
    capsule = x.__dlpack__(max_version=(1, 1), dl_device=(1, 0), stream=None)
    form = header(capsule)
    assert (form.major, form.flags, form.tensor.data) == (1, 1, address(x))
    assert list(form.tensor.shape[:2]) == [2, 3] and list(form.tensor.strides[:2]) == [3, 1]
    copied = x.__dlpack__(max_version=(1, 1), copy=True)
    assert header(copied).flags == 2 and header(copied).tensor.data != address(x)
    np.testing.assert_array_equal(np.from_dlpack(x, copy=True), values(np.float32))
    assert np.from_dlpack(x, copy=True).flags.writeable


def test_our_memory_lives_as_long_as_its_consumers() -> None:
    npy = values(np.float32, (64, 64))
    npy.flags.writeable = False
    alive = weakref.ref(npy)
    x = pb._native.ArrayImpl(npy)
    taken, unused = np.from_dlpack(x), x.__dlpack__()
    x.delete()
    del npy, x
    gc.collect()
    assert alive() is not None
    np.testing.assert_array_equal(taken, values(np.float32, (64, 64)))
    del unused
    gc.collect()
    assert alive() is not None
    del taken
    gc.collect()
    assert alive() is None


def test_there_and_back() -> None:
    class Through:
        """Hands on another's array."""

        def __init__(self, x: Any) -> None:
            self.x = x

        def __dlpack__(self, **options: Any) -> Any:
            return self.x.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return self.x.__dlpack_device__()

    for dtype in CODES:
        if dtype.name not in WIDE:
            x = pnp.asarray(values(dtype))
            y = pnp.from_dlpack(Through(x))
            assert y.dtype == x.dtype and address(y) == address(x)


def test_what_is_refused() -> None:
    x = pnp.ones(3)
    for options, message in (
        ({"stream": 1}, "no streams"),
        ({"dl_device": (2, 0)}, "device_put"),
    ):
        with pytest.raises(BufferError, match=message):
            x.__dlpack__(**options)
    for y in (x.astype("int4"), pb.random.key(0)):
        with pytest.raises(BufferError, match="DLPack has no"):
            y.__dlpack__()
    for use in (lambda v: v.__dlpack__(), lambda v: v.__dlpack_device__()):
        with pytest.raises(pb.errors.ConcretizationTypeError, match="DLPack"):
            pb.jit(use)(x)


def test_supported_dtypes() -> None:
    for name in ("bool", "int8", "uint64", "bfloat16", "complex64", "int4", "float64"):
        assert pb.dlpack.is_supported_dtype(name) == jax.dlpack.is_supported_dtype(name)
    with pytest.raises(TypeError, match="dtype"):
        pb.dlpack.is_supported_dtype(None)
