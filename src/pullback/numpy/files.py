"""NumPy's own functions that need no translation: files, print options, readers of text."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .creation import asarray


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
