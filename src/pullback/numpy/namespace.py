"""What this package tells of itself as a namespace of the array API standard.

The standard: https://data-apis.org/array-api/2024.12.
"""

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from .. import config, dtypes
from ..backends.devices import devices
from ..core.device import Device, host
from ..dtypes import DType

VERSION = "2024.12"

_SIGNED = ("int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
_REAL, _COMPLEX = ("float32", "float64"), ("complex64", "complex128")
KINDS: dict[str, tuple[str, ...]] = {
    "bool": ("bool",),
    "signed integer": _SIGNED,
    "unsigned integer": _UNSIGNED,
    "integral": _SIGNED + _UNSIGNED,
    "real floating": _REAL,
    "complex floating": _COMPLEX,
    "numeric": _SIGNED + _UNSIGNED + _REAL + _COMPLEX,
}
# Inside transformations shapes do not depend on values.
CAPABILITIES: dict[str, Any] = {
    "boolean indexing": False,
    "data-dependent shapes": False,
    "max dimensions": 64,
}


def namespace(x: Any, *, api_version: str | None = None) -> ModuleType:
    """The module of the functions of arrays: `pullback.numpy`.

    Raises:
      ValueError: another version of the array API standard than "2024.12" is asked for.
    """
    if api_version not in (None, VERSION):
        raise ValueError(
            f"__array_namespace__: api_version={api_version!r} is not available; available versions"
            f" are: {[VERSION]}"
        )
    assert __package__ is not None
    return sys.modules[__package__]


class ArrayNamespaceInfo:
    """What the array API standard wants to know of a namespace: devices, dtypes, capabilities."""

    def capabilities(self) -> dict[str, Any]:
        """What works everywhere, inside transformations too.

        "boolean indexing" and "data-dependent shapes" work outside of them; "max dimensions" is the
        number of axes that an array may have.
        """
        return dict(CAPABILITIES)

    def default_device(self) -> Device | None:
        """The device that `default_device` chose; None: arrays go where the others are."""
        return config.current().default_device

    def devices(self) -> list[Device | None]:
        """The devices that can be asked for; None stands for no choice."""
        return list(dict.fromkeys([None, host, *devices()]))

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """The dtypes of what is made of Python's numbers, the same on every device."""
        return {
            "real floating": dtypes.default_dtype(float),
            "complex floating": dtypes.default_dtype(complex),
            "integral": dtypes.default_dtype(int),
            "indexing": dtypes.default_dtype(int),
        }

    def dtypes(
        self, *, device: Any = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, DType]:
        """The standard's dtypes that arrays have, by name; those of 64 bits where enabled.

        Args:
          device: accepted; they are the same on every device.
          kind: one of "bool", "signed integer", "unsigned integer", "integral", "real floating",
            "complex floating", "numeric", or a tuple of them; None for all.

        >>> from pullback import numpy as pnp
        >>> pnp.__array_namespace_info__().dtypes(kind="real floating")
        {'float32': dtype('float32')}
        """
        names = [n for k in _kinds(kind) for n in KINDS[k]]
        found = {name: np.dtype(name) for name in names}
        return {n: d for n, d in found.items() if dtypes.canonicalize_dtype(d) == d}


def _kinds(kind: str | tuple[str, ...] | None) -> Sequence[str]:
    kinds = ("numeric", "bool") if kind is None else kind if isinstance(kind, tuple) else (kind,)
    for k in kinds:
        if k not in KINDS:
            raise ValueError(f"dtypes: no kind {k!r}; the kinds are {', '.join(KINDS)}")
    return kinds


def __array_namespace_info__() -> ArrayNamespaceInfo:
    """What the array API standard wants to know of this package.

    >>> from pullback import numpy as pnp
    >>> pnp.__array_namespace_info__().capabilities()["max dimensions"]
    64
    """
    return ArrayNamespaceInfo()
