"""DLPack: which dtype has which code there, and capsules of arrays on the host.

The standard: https://dmlc.github.io/dlpack/latest/python_spec.html.
"""

from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..dtypes import DType

HOST = (1, 0)
# Numbers of devices whose memory the processor reads: the host's, and pinned by CUDA and ROCm.
HOST_KINDS = frozenset((1, 3, 11))
READ_ONLY, IS_COPIED = 1, 2
VERSIONED = (1, 0)

_FLOAT8 = "e3m4 e4m3 e4m3b11fnuz e4m3fn e4m3fnuz e5m2 e5m2fnuz e8m0fnu".split()
# Dtype -> (code, bits). Types narrower than a byte are packed there and not here.
CODES: dict[DType, tuple[int, int]] = {
    **{np.dtype(f"int{bits}"): (0, bits) for bits in (8, 16, 32, 64)},
    **{np.dtype(f"uint{bits}"): (1, bits) for bits in (8, 16, 32, 64)},
    **{np.dtype(f"float{bits}"): (2, bits) for bits in (16, 32, 64)},
    dtypes.BFLOAT16: (4, 16),
    dtypes.complex64: (5, 64),
    dtypes.complex128: (5, 128),
    dtypes.bool_: (6, 8),
    **{
        dtype: (7 + _FLOAT8.index(dtype.name[7:]), 8)
        for dtype in dtypes.FLOAT8
        if dtype.name[7:] in _FLOAT8
    },
}
DTYPES = {code: dtype for dtype, code in CODES.items()}


def export(
    x: ArrayImpl,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A DLPack capsule over the array's memory.

    Args:
      stream: None, as there are no streams on the host.
      max_version: the newest version of DLPack that the consumer knows. From (1, 0) on the capsule
        says that the array is read-only; earlier ones cannot, and the consumer must not write.
      dl_device: where the consumer wants it: None or (1, 0), the host.
      copy: True for memory of its own, which the consumer may write to.

    Raises:
      BufferError: DLPack has no such dtype, or a stream or device that is not there.
    """
    if stream is not None:
        raise BufferError(f"__dlpack__: arrays on the host have no streams, got stream={stream!r}")
    if dl_device is not None and tuple(dl_device) != HOST:
        raise BufferError(
            f"__dlpack__: the array is on the host, {HOST}, got dl_device={dl_device}:"
            " move it first with device_put"
        )
    if x.dtype not in CODES:
        raise BufferError(
            f"__dlpack__: DLPack has no {dtypes.long_name(x.dtype)}: convert the array with"
            " x.astype(...), or a key with random.key_data"
        )
    versioned = max_version is not None and tuple(max_version) >= VERSIONED
    npy = x._npy.copy() if copy else x._npy
    return _native.to_dlpack(npy, *CODES[x.dtype], versioned, IS_COPIED if copy else READ_ONLY)


def dtype_of(capsule: Any) -> DType:
    """The dtype of a capsule's elements. BufferError where arrays have none like it."""
    code, bits, lanes, *_ = _native.dlpack_header(capsule)
    if (code, bits) not in DTYPES or lanes != 1:
        raise BufferError(
            f"from_dlpack: arrays have no dtype for DLPack's type code {code} of {bits} bits and"
            f" {lanes} lanes"
        )
    return DTYPES[code, bits]


def take(capsule: Any) -> ArrayImpl:
    """The array over the memory of a capsule, which is used up."""
    return _native.from_dlpack(capsule, dtype_of(capsule))
