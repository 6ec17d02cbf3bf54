"""Arrays of other libraries, taken over through DLPack without a copy."""

from typing import Any

from .. import dtypes
from .._native import ArrayImpl, DeviceArray
from ..backends.devices import devices, resolve
from ..core import dlpack
from ..core.device import Device, Remote, host
from ..primitives import shape as sh
from .places import on
from .values import convert, describe, from_numpy

CUDA = 2


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """An array in the memory of another library's array, through DLPack.

    Args:
      x: anything that has `__dlpack__` and `__dlpack_device__`: an array of NumPy, PyTorch, CuPy,
        JAX and others, of any strides. It lives at least as long as the result.
      device: where the result should lie: one of `devices()` or the name of a platform. None:
        where `x` lies.
      copy: True for memory of its own. False: ValueError where the memory cannot be shared, because
        the device or the dtype is another (64 bits where they are not enabled) or the elements are
        not aligned. None: a copy only where it is needed.

    Whoever writes to the shared memory afterwards changes the array: results that were computed
    from it, and programs that are running, may see either value.

    Raises:
      TypeError: `x` does not speak DLPack, or lies on a device that is not there.
      BufferError: its dtype has no counterpart here.
      OverflowError: a 64-bit integer does not fit 32 bits, where 64 bits are not enabled.

    >>> import numpy as np, pullback as pb
    >>> pb.numpy.from_dlpack(np.arange(3.0, dtype="float32"))
    Array([0., 1., 2.], dtype=float32)
    """
    target = resolve(device)
    if isinstance(x, (ArrayImpl, DeviceArray)):
        source, found = (x._place if isinstance(x, DeviceArray) else host), x
    else:
        source = _place_of(x, target)
        found = _read(x, source, copy)
    if copy is False and target not in (None, source):
        raise ValueError(
            f"from_dlpack: copy=False, but the array lies on {source} and {target} is asked for:"
            " write copy=None"
        )
    if target not in (None, source):
        return on(target, found)
    return sh.copy(found) if copy else found


def _place_of(x: Any, target: Device | None) -> Device:
    """The device of another library's array; the host where that library is to bring it there."""
    if not (hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__")):
        raise TypeError(
            "from_dlpack requires an array with __dlpack__ and __dlpack_device__ methods, got"
            f" {describe(x)}: write asarray(...) for anything else"
        )
    kind, number = x.__dlpack_device__()
    if kind in dlpack.HOST_KINDS or target is host:
        return host
    if kind == CUDA:
        return devices("cuda")[number]
    raise TypeError(
        f"from_dlpack: the array lies on a device of DLPack's kind {int(kind)}, which is"
        ' unsupported here: write device="cpu" to have it copied to the host'
    )


def _read(x: Any, source: Device, copy: bool | None) -> Any:
    if isinstance(source, Remote):
        return _narrowed(source.from_dlpack(x), copy)
    kind, _ = x.__dlpack_device__()
    moved = {} if kind in dlpack.HOST_KINDS else {"dl_device": dlpack.HOST, "copy": copy}
    return _usable(dlpack.take(_capsule(x, moved)), copy)


def _narrowed(x: DeviceArray, copy: bool | None) -> Any:
    wanted = dtypes.canonicalize_dtype(x.dtype)
    if wanted != x.dtype and copy is False:
        raise ValueError(f"from_dlpack: copy=False, but a copy is needed: it becomes {wanted.name}")
    return convert(x, wanted)


def _capsule(x: Any, options: dict[str, Any]) -> Any:
    try:
        return x.__dlpack__(max_version=(1, 1), **options)
    except TypeError:
        if options:
            raise
        # Producers from before DLPack 1.0 take no arguments.
        return x.__dlpack__()


def _usable(x: ArrayImpl, copy: bool | None) -> ArrayImpl:
    """The array, copied where its memory cannot be used as it is."""
    wanted = dtypes.canonicalize_dtype(x.dtype)
    aligned = x._npy.flags.aligned
    if aligned and wanted == x.dtype:
        return x
    if copy is False:
        reason = "its elements are not aligned" if not aligned else f"it becomes {wanted.name}"
        raise ValueError(f"from_dlpack: copy=False, but a copy is needed: {reason}")
    npy = x._npy if aligned else x._npy.copy()
    return ArrayImpl(npy) if wanted == x.dtype else from_numpy("from_dlpack", npy)
