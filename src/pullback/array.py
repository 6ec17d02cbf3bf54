"""`Array`, the type of every array and traced value, and how arrays are shown and pickled."""

from abc import ABCMeta
from typing import Any

import numpy as np

from . import dtypes
from ._native import ArrayImpl, DeviceArray
from .core.device import host
from .core.trace import Tracer
from .lazy import LazyModule

_dlpack: Any = LazyModule(f"{__package__}.core.dlpack")
# Loaded when a sharding is asked for.
shardings: Any = LazyModule(f"{__package__}.core.sharding")


class Array(metaclass=ABCMeta):
    """Abstract: `isinstance(x, Array)` holds for arrays and for values under a transformation.

    >>> isinstance(pnp.zeros(2), pb.Array), isinstance(np.zeros(2), pb.Array)
    (True, False)
    """

    shape: tuple[int, ...]
    dtype: dtypes.DType
    weak_type: bool
    ndim: int
    size: int


Array.register(ArrayImpl)
Array.register(DeviceArray)
Array.register(Tracer)
Array.__module__ = "pullback"

PREFIX = "Array("


def _type_text(x: ArrayImpl) -> str:
    weak = ", weak_type=True" if x.weak_type else ""
    return f"dtype={dtypes.long_name(x.dtype)}{weak})"


def _is_here(x: Any) -> bool:
    """Whether this process has all values of an array."""
    return type(x) is ArrayImpl or x._place.holds_all


def _key_repr(x: ArrayImpl) -> str:
    name = dtypes.KEY_DTYPES[x.dtype]
    words = np.array2string(x._npy[name])
    return f"Array({x.shape}, dtype=key<{name}>) overlaying:\n{words}"


def array_repr(x: ArrayImpl) -> str:
    """`Array([1., 2.], dtype=float32)`, with NumPy's layout and line breaks."""
    if x.is_deleted():
        return f"Array(shape={x.shape}, {_type_text(x)} (deleted)"
    if not _is_here(x):
        return f"{PREFIX}shape={x.shape}, {_type_text(x)}"
    if x.dtype in dtypes.KEY_DTYPES:
        return _key_repr(x)
    width = np.get_printoptions()["linewidth"]
    if x.size:
        body = np.array2string(
            x._npy, prefix=PREFIX, suffix=",", separator=", ", max_line_width=width
        )
    else:
        body = f"[], shape={x.shape}"
    kind = _type_text(x)
    last_line = len(body) - body.rfind("\n")
    space = " " if last_line + len(kind) + 2 <= width else " " * len(PREFIX)
    return f"{PREFIX}{body},{space}{kind}"


def array_str(x: ArrayImpl) -> str:
    """NumPy's text of the values."""
    plain = x.dtype not in dtypes.KEY_DTYPES and _is_here(x)
    return str(x._npy) if plain else array_repr(x)


def array_format(x: ArrayImpl, spec: str) -> str:
    """A scalar formats as its Python number, keys as their text, anything else as NumPy does."""
    if x.dtype in dtypes.KEY_DTYPES:
        return format(str(x), spec)
    return format(x._npy[()], spec) if x.ndim == 0 else format(x._npy, spec)


def rebuild(value: Any, weak_type: bool) -> ArrayImpl:
    """The array of a pickled value."""
    return ArrayImpl(value, weak_type)


def _reduce(x: ArrayImpl) -> tuple[Any, ...]:
    return rebuild, (np.asarray(x._npy), x.weak_type)


def _on_host(name: str) -> Any:
    """A method of arrays on the host, for those of other devices."""
    method = getattr(ArrayImpl, name)

    def call(x: DeviceArray, *args: Any, **kwargs: Any) -> Any:
        return method(host.put(x, False), *args, **kwargs)

    call.__name__ = name
    call.__doc__ = method.__doc__
    return call


def _format(x: Any) -> Any:
    """The order in which the array lies, and its sharding."""
    return shardings.format_of(x.sharding, x.ndim)


def _wait(x: DeviceArray) -> DeviceArray:
    """The array, once it has been computed; raises what went wrong in computing it."""
    x._place.wait(x)
    return x


def _to_dlpack(
    x: ArrayImpl,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A DLPack capsule over the array's memory, for other libraries."""
    return _dlpack.export(x, stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)


# Text forms and pickles, of every kind of array.
TEXTS: dict[str, Any] = {
    "__repr__": array_repr,
    "__str__": array_str,
    "__format__": array_format,
    "__reduce__": _reduce,
}
# What arrays of other devices do with their values.
ELSEWHERE: dict[str, Any] = {
    **{
        name: _on_host(name)
        for name in (
            "__array__", "__bool__", "__int__", "__float__", "__complex__", "__index__", "item",
            "tolist",
        )
    },
    "_npy": property(lambda x: x._place.fetch(x)),
    "block_until_ready": _wait,
    "copy_to_host_async": lambda x: x._place.start_fetch(x),
    "is_ready": lambda x: x._place.is_ready(x),
    "__copy__": lambda x: x._place.copy(x),
    "__deepcopy__": lambda x, memo: x._place.copy(x),
    "__dlpack__": lambda x, **options: x._place.dlpack(x, **options),
    "__dlpack_device__": lambda x: x._place.dlpack_device(),
    "device": property(lambda x: x._place.sharding or x._place),
    "devices": lambda x: x.sharding.device_set,
    "sharding": property(lambda x: shardings.sharding_of(x._place)),
    "format": property(_format),
    "addressable_shards": property(lambda x: x._place.shards(x)),
    "global_shards": property(lambda x: x._place.global_shards(x)),
    "addressable_data": lambda x, index: x._place.shards(x)[index].data,
    "is_fully_addressable": property(lambda x: x.sharding.is_fully_addressable),
    "is_fully_replicated": property(lambda x: x.sharding.is_fully_replicated),
    "on_device_size_in_bytes": lambda x: sum(part.data.nbytes for part in x._place.shards(x)),
    "platform": lambda x: x._place.group.platform,
    "unsafe_buffer_pointer": lambda x: x._place.address(x),
}  # fmt: skip
HERE: dict[str, Any] = {
    "__dlpack__": _to_dlpack,
    "__dlpack_device__": lambda x: (1, 0),
    "device": property(lambda x: host),
    "devices": lambda x: {host},
    "sharding": property(lambda x: shardings.sharding_of(host)),
    "format": property(_format),
    "addressable_shards": property(lambda x: host.shards(x)),
    "global_shards": property(lambda x: host.shards(x)),
    "addressable_data": lambda x, index: host.shards(x)[index].data,
    "is_fully_addressable": property(lambda x: True),
    "is_fully_replicated": property(lambda x: True),
    "committed": property(lambda x: False),
    "on_device_size_in_bytes": lambda x: x.nbytes,
    "platform": lambda x: host.platform,
    "unsafe_buffer_pointer": lambda x: host.address(x),
}
# What the docstrings of these say; examples are of arrays on the host.
DOCS = {
    "_npy": "The values as an ndarray.",
    "device": """The device that holds the values, or the sharding among several.

    >>> pnp.zeros(2).device
    CpuDevice(id=0)
    """,
    "devices": """The devices that hold the values.

    >>> pnp.zeros(2).devices()
    {CpuDevice(id=0)}
    """,
    "sharding": """What part of the array lies on which device.

    >>> pnp.zeros(2).sharding.is_fully_replicated
    True
    """,
    "format": """The order of the array's axes in memory, and its sharding.

    >>> pnp.zeros((2, 3)).format.layout.major_to_minor
    (0, 1)
    """,
    "addressable_shards": """The parts on the devices of this process.

    >>> [part.data for part in pnp.zeros(2).addressable_shards]
    [Array([0., 0.], dtype=float32)]
    """,
    "global_shards": """The parts on all devices, of every process.

    >>> len(pnp.zeros(2).global_shards)
    1
    """,
    "addressable_data": """The part on one device of this process, by its number among them.

    >>> pnp.zeros(2).addressable_data(0)
    Array([0., 0.], dtype=float32)
    """,
    "is_fully_addressable": """Whether all devices that hold the array belong to this process.

    >>> pnp.zeros(2).is_fully_addressable
    True
    """,
    "is_fully_replicated": """Whether each device has all values.

    >>> pnp.zeros(2).is_fully_replicated
    True
    """,
    "committed": """Whether the array stays where it is; those on the host go where others are.

    >>> pnp.zeros(2).committed
    False
    """,
    "on_device_size_in_bytes": """The bytes that the parts on devices of this process take.

    >>> pnp.zeros((2, 3)).on_device_size_in_bytes()
    24
    """,
    "platform": """The platform of the devices: "cpu", "xla", "cuda" or "tpu".

    >>> pnp.zeros(2).platform()
    'cpu'
    """,
    "unsafe_buffer_pointer": """Where the elements begin in the memory of the only device.

    The memory is the array's: it must not be written, nor read when the array is gone.

    >>> x = pnp.zeros(2)
    >>> x.unsafe_buffer_pointer() == np.asarray(x).ctypes.data
    True
    """,
}


def _described(name: str, value: Any) -> Any:
    """An attribute with its docstring, where the table has one."""
    if name not in DOCS:
        return value
    if isinstance(value, property):
        return property(value.fget, doc=DOCS[name])
    value.__name__, value.__doc__ = name, DOCS[name]
    return value


def install() -> None:
    """Give the native arrays their text forms, and what depends on where they lie."""
    for cls, attributes in ((ArrayImpl, TEXTS | HERE), (DeviceArray, TEXTS | ELSEWHERE)):
        for name, value in attributes.items():
            setattr(cls, name, _described(name, value))
