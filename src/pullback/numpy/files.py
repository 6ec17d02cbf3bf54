"""NumPy's own functions that need no translation: files, buffers, text, print options."""

from typing import Any

import numpy as np

from .. import dtypes
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
    """An array, or arrays by name, from a file of `save` or `savez`.

    >>> import io
    >>> file = io.BytesIO()
    >>> pnp.save(file, pnp.arange(3))
    >>> _ = file.seek(0)
    >>> pnp.load(file)
    Array([0, 1, 2], dtype=int32)
    """
    out = np.load(file, *args, **kwargs)
    if not isinstance(out, np.ndarray):
        return out
    # A file of NumPy's names no dtype of ml_dtypes: two bytes without a type are bfloat16.
    out = out.view(dtypes.BFLOAT16) if out.dtype == "V2" else out
    return asarray(out) if out.dtype in dtypes.KINDS else out


def save(file: Any, arr: Any, allow_pickle: bool = True) -> None:
    """Write an array to a file in NumPy's format.

    >>> import io
    >>> file = io.BytesIO()
    >>> pnp.save(file, pnp.arange(3))
    >>> _ = file.seek(0)
    >>> pnp.load(file)
    Array([0, 1, 2], dtype=int32)
    """
    np.save(file, np.asarray(arr), allow_pickle=allow_pickle)


def savez(file: Any, *args: Any, allow_pickle: bool = True, **kwds: Any) -> None:
    """Write arrays to one file, by position and name.

    >>> import io
    >>> file = io.BytesIO()
    >>> pnp.savez(file, a=pnp.arange(3), b=pnp.ones(2))
    >>> _ = file.seek(0)
    >>> pnp.load(file)["a"]
    array([0, 1, 2], dtype=int32)
    """
    named = {k: np.asarray(v) for k, v in kwds.items()}
    np.savez(file, *[np.asarray(a) for a in args], allow_pickle=allow_pickle, **named)


def savez_compressed(file: Any, *args: Any, allow_pickle: bool = True, **kwds: Any) -> None:
    """`savez` in less space and more time.

    >>> import io
    >>> file = io.BytesIO()
    >>> pnp.savez_compressed(file, pnp.arange(3))
    >>> _ = file.seek(0)
    >>> pnp.load(file)["arr_0"]
    array([0, 1, 2], dtype=int32)
    """
    named = {k: np.asarray(v) for k, v in kwds.items()}
    np.savez_compressed(file, *map(np.asarray, args), allow_pickle=allow_pickle, **named)


def savetxt(fname: Any, X: Any, *args: Any, **kwargs: Any) -> None:
    r"""Write an array of up to two axes as text, a row a line; the options are NumPy's.

    >>> import io
    >>> file = io.StringIO()
    >>> pnp.savetxt(file, pnp.array([[1.0, 2.0], [3.0, 4.0]]), fmt="%g", delimiter=",")
    >>> file.getvalue()
    '1,2\n3,4\n'
    """
    np.savetxt(fname, np.asarray(X), *args, **kwargs)


def loadtxt(*args: Any, **kwargs: Any) -> Any:
    r"""An array from text that has as many numbers in each line, by `numpy.loadtxt`.

    >>> import io
    >>> pnp.loadtxt(io.StringIO("1,2\n3,4"), delimiter=",")
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return asarray(np.loadtxt(*args, **kwargs))


def genfromtxt(*args: Any, **kwargs: Any) -> Any:
    r"""An array from text in which numbers may be missing, by `numpy.genfromtxt`.

    >>> import io
    >>> pnp.genfromtxt(io.StringIO("1,2\n3,"), delimiter=",")
    Array([[ 1.,  2.],
           [ 3., nan]], dtype=float32)
    """
    return asarray(np.genfromtxt(*args, **kwargs))


def fromfile(*args: Any, **kwargs: Any) -> Any:
    """An array by `numpy.fromfile`.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as f:
    ...     np.arange(3, dtype="uint8").tofile(f.name)
    ...     pnp.fromfile(f.name, dtype="uint8")
    Array([0, 1, 2], dtype=uint8)
    """
    return asarray(np.fromfile(*args, **kwargs))


def fromiter(*args: Any, **kwargs: Any) -> Any:
    """An array by `numpy.fromiter`.

    >>> pnp.fromiter((i * i for i in range(4)), dtype=int)
    Array([0, 1, 4, 9], dtype=int32)
    """
    return asarray(np.fromiter(*args, **kwargs))


get_printoptions = np.get_printoptions
set_printoptions = np.set_printoptions
printoptions = np.printoptions
ComplexWarning = np.exceptions.ComplexWarning
