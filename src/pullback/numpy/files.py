"""NumPy's own functions that need no translation: files, buffers, text, print options."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .creation import asarray


def frombuffer(buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0) -> Any:
    r"""An array of the bytes of a buffer.

    >>> pnp.frombuffer(b"\x01\x02\x03", dtype="uint8")
    Array([1, 2, 3], dtype=uint8)
    """
    return asarray(np.frombuffer(buffer, np.dtype(dtype), count, offset).copy())


def fromstring(string: str, dtype: Any = float, count: int = -1, *, sep: str) -> Any:
    """The numbers written in a string.

    >>> pnp.fromstring("1 2 3", dtype=int, sep=" ")
    Array([1, 2, 3], dtype=int32)
    """
    return asarray(np.fromstring(string, np.dtype(dtype), count, sep=sep))


def load(file: Any, *args: Any, **kwargs: Any) -> Any:
    """An array, or arrays by name, from a file of `save` or `savez`."""
    out = np.load(file, *args, **kwargs)
    return asarray(out) if isinstance(out, np.ndarray) else out


def save(file: Any, arr: Any, allow_pickle: bool = True) -> None:
    """Write an array to a file in NumPy's format."""
    np.save(file, np.asarray(arr), allow_pickle=allow_pickle)


def savez(file: Any, *args: Any, allow_pickle: bool = True, **kwds: Any) -> None:
    """Write arrays to one file, by position and name."""
    named = {k: np.asarray(v) for k, v in kwds.items()}
    np.savez(file, *[np.asarray(a) for a in args], allow_pickle=allow_pickle, **named)


def _read(name: str, reader: Callable[..., Any]) -> Callable[..., Any]:
    def f(*args: Any, **kwargs: Any) -> Any:
        return asarray(reader(*args, **kwargs))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"An array by `numpy.{name}`."
    return f


fromfile = _read("fromfile", np.fromfile)
fromiter = _read("fromiter", np.fromiter)
get_printoptions = np.get_printoptions
set_printoptions = np.set_printoptions
printoptions = np.printoptions
ComplexWarning = np.exceptions.ComplexWarning
