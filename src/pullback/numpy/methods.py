"""The operators, methods and properties of arrays: a table over this package's functions."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from .. import _native, array, dtypes, errors, operators
from .._native import ArrayImpl, DeviceArray
from ..core.trace import Tracer
from ..lazy import LazyModule
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from ..primitives.packed import bitcast
from . import (
    binary,
    contractions,
    cumulative,
    diagonals,
    elementwise,
    indexing,
    means,
    powers,
    reductions,
    repeating,
    searching,
    shapes,
    sorting,
    updates,
)
from .creation import copy as copy_array
from .places import to_device
from .values import SCALARS, describe

_eager = _native.binary
namespace: Any = LazyModule(f"{__package__}.namespace")
Operator = Callable[[Any, Any], Any]


def _acceptable(x: Any) -> bool:
    return isinstance(
        x, (ArrayImpl, DeviceArray, Tracer, *SCALARS, np.ndarray, np.generic)
    ) or hasattr(type(x), "__jax_array__")


# Python would repeat sequences, and say that they differ from arrays: the functions tell what is
# wrong.
REFUSED = (list, tuple, dict, set)


def _operator(function: Operator, ufunc: np.ufunc | None = None) -> tuple[Operator, Operator]:
    """The operator and its reflection. What is no array or number is left to its own class."""

    def general(x: Any, y: Any) -> Any:
        return function(x, y) if _acceptable(y) or type(y) in REFUSED else NotImplemented

    def general_reflected(x: Any, y: Any) -> Any:
        return function(y, x) if _acceptable(y) or type(y) in REFUSED else NotImplemented

    if ufunc is None:
        return general, general_reflected

    def fast(x: Any, y: Any) -> Any:
        try:
            out = _eager(ufunc, x, y)
        except TypeError:
            # The general path says what is wrong.
            return general(x, y)
        return out if out is not NotImplemented else general(x, y)

    def fast_reflected(x: Any, y: Any) -> Any:
        try:
            out = _eager(ufunc, y, x)
        except TypeError:
            return general_reflected(x, y)
        return out if out is not NotImplemented else general_reflected(x, y)

    return fast, fast_reflected


ARITHMETIC = {
    "add": _operator(binary.add, np.add),
    "sub": _operator(binary.subtract, np.subtract),
    "mul": _operator(binary.multiply, np.multiply),
    "truediv": _operator(binary.divide, np.true_divide),
    "floordiv": _operator(binary.floor_divide),
    "mod": _operator(binary.remainder),
    "divmod": _operator(binary.divmod),
    "pow": _operator(powers.power),
    "matmul": _operator(contractions.matmul),
    "and": _operator(binary.bitwise_and),
    "or": _operator(binary.bitwise_or),
    "xor": _operator(binary.bitwise_xor),
    "lshift": _operator(binary.left_shift),
    "rshift": _operator(binary.right_shift),
}
COMPARISONS = {
    "eq": _operator(binary.equal, np.equal),
    "ne": _operator(binary.not_equal, np.not_equal),
    "lt": _operator(binary.less, np.less),
    "le": _operator(binary.less_equal, np.less_equal),
    "gt": _operator(binary.greater, np.greater),
    "ge": _operator(binary.greater_equal, np.greater_equal),
}


def _setitem(x: Any, index: Any, value: Any) -> None:
    raise TypeError(
        "arrays are immutable: instead of x[index] = value write x = x.at[index].set(value),"
        " or another method of x.at"
    )


def _delitem(x: Any, index: Any) -> None:
    raise TypeError("arrays are immutable: write numpy.delete(x, index)")


def _iterate(x: Any) -> Iterator[Any]:
    if x.ndim == 0:
        raise TypeError("iteration over a 0-d array")
    return iter([indexing.getitem(x, i) for i in range(x.shape[0])])


def _length(x: Any) -> int:
    if not x.shape:
        raise TypeError("len() of unsized object")
    return x.shape[0]


def _contains(x: Any, value: Any) -> bool:
    return bool(reductions.any(binary.equal(x, value)))


def _round(x: Any, ndigits: int | None = None) -> Any:
    """As of Python's numbers: an integer where no digits are asked for."""
    out = elementwise.round(x, ndigits or 0)
    return shapes.astype(out, int) if ndigits is None else out


def _reversed(x: Any) -> Iterator[Any]:
    return iter(list(_iterate(x))[::-1])


def _reshape(x: Any, *args: Any, order: str = "C", copy: bool | None = None) -> Any:
    """The elements in another shape, given as a tuple or as numbers: see `numpy.reshape`.

    >>> pnp.arange(6).reshape(2, -1)
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int32)
    """
    shape = args[0] if len(args) == 1 else args
    return shapes.reshape(x, shape, order, copy=copy)


def _transpose(x: Any, *args: Any) -> Any:
    """The axes in another order, given as a tuple or as numbers; reversed without one.

    >>> pnp.zeros((2, 3, 4)).transpose(2, 0, 1).shape
    (4, 2, 3)
    """
    axes = args[0] if len(args) == 1 and not isinstance(args[0], int) else args
    return shapes.transpose(x, axes or None)


def _astype(x: Any, dtype: Any, copy: bool = False, device: Any = None) -> Any:
    """The elements in another dtype: see `numpy.astype`.

    >>> pnp.array([1.7, -1.7]).astype(int)
    Array([ 1, -1], dtype=int32)
    """
    return shapes.astype(x, dtype, copy=copy, device=device)


def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """The elements, with those beyond a bound replaced by it: see `numpy.clip`.

    >>> pnp.array([-1, 5, 2]).clip(0, 3)
    Array([0, 3, 2], dtype=int32)
    """
    return searching.clip(x, min, max)


def _view(x: Any, dtype: Any = None, type: None = None) -> Any:
    """The same bits read as another dtype; of another width they divide or join the last axis.

    >>> pnp.array([1.0]).view("int32")
    Array([1065353216], dtype=int32)
    """
    wanted = x.dtype if dtype is None else dtypes.canonicalize_dtype(dtype)
    if dtypes.bool_ in (wanted, x.dtype) and wanted != x.dtype:
        narrow = np.dtype(np.uint8)
        if x.dtype == dtypes.bool_:
            return _view(shapes.astype(x, narrow), wanted)
        return binary.not_equal(_view(x, narrow), 0)
    old, new = dtypes.itemsize_bits(x.dtype), dtypes.itemsize_bits(wanted)
    if new == old:
        return bitcast(x, wanted)
    ratio = max(new, old) // min(new, old)
    if x.ndim == 0 or (new > old and x.shape[-1] % ratio):
        raise ValueError(f"view: the last axis of {describe(x)} does not divide into {wanted.name}")
    if new > old:
        return bitcast(sh.reshape(x, (*x.shape[:-1], x.shape[-1] // ratio, ratio)), wanted)
    out = bitcast(x, wanted)
    return sh.reshape(out, (*x.shape[:-1], x.shape[-1] * ratio))


def _flatten(x: Any, order: str = "C") -> Any:
    """The elements along one axis, row by row or ("F") column by column.

    >>> pnp.array([[1, 2], [3, 4]]).flatten("F")
    Array([1, 3, 2, 4], dtype=int32)
    """
    return shapes.ravel(x, order)


def _known(x: Any, use: str) -> Any:
    value = x.concrete()
    if value is None:
        x._refuse(errors.ConcretizationTypeError, use, "Return the array itself.")
    return value


def _traced_item(x: Any, *args: int) -> Any:
    return _known(x, "a Python number (item)").item(*args)


def _traced_tolist(x: Any) -> Any:
    return _known(x, "a list (tolist)").tolist()


def _traced_dlpack(x: Any, **options: Any) -> Any:
    x._refuse(errors.ConcretizationTypeError, "a DLPack tensor", "Return the array itself.")


def _itself(x: Any, *args: Any, **kwargs: Any) -> Any:
    return x


def _namespace(x: Any, *, api_version: str | None = None) -> Any:
    return namespace.namespace(x, api_version=api_version)


def _bytes(x: Any, order: Literal["C", "F", "A"] = "C") -> bytes:
    """The values as bytes, row by row or ("F") column by column.

    >>> list(pnp.array([1, 2], dtype="int16").tobytes())
    [1, 0, 2, 0]
    """
    return np.asarray(x).tobytes(order)


def _byteswap(x: Any) -> Any:
    """The values read from their bytes in reverse; of complex numbers those of each part.

    >>> pnp.array([1], dtype="int16").byteswap()
    Array([256], dtype=int16)
    """
    if x.dtype.kind == "c":
        return ew.complex(_byteswap(ew.real(x)), _byteswap(ew.imag(x)))
    if x.dtype.itemsize == 1:
        return x
    return ew.bitcast_convert_type(
        shapes.flip(ew.bitcast_convert_type(x, np.dtype(np.uint8)), -1), x.dtype
    )


def _flat(x: Any) -> Any:
    raise NotImplementedError("arrays have no property flat: write x.ravel()")


DUNDERS: dict[str, Any] = {
    **{f"__{n}__": pair[0] for n, pair in (ARITHMETIC | COMPARISONS).items()},
    **{f"__r{n}__": pair[1] for n, pair in ARITHMETIC.items()},
    "__neg__": elementwise.negative,
    "__pos__": elementwise.positive,
    "__abs__": elementwise.abs,
    "__invert__": elementwise.bitwise_not,
    "__round__": _round,
    "__getitem__": indexing.getitem,
    "__setitem__": _setitem,
    "__delitem__": _delitem,
    "__iter__": _iterate,
    "__reversed__": _reversed,
    "__contains__": _contains,
    "__array_namespace__": _namespace,
}
METHODS: dict[str, Any] = {
    "all": reductions.all,
    "any": reductions.any,
    "argmax": reductions.argmax,
    "argmin": reductions.argmin,
    "argpartition": sorting.argpartition,
    "argsort": sorting.argsort,
    "astype": _astype,
    "byteswap": _byteswap,
    "choose": searching.choose,
    "clip": _clip,
    "compress": searching.compress_method,
    "conj": elementwise.conj,
    "conjugate": elementwise.conj,
    "copy": copy_array,
    "cumprod": cumulative.cumprod,
    "cumsum": cumulative.cumsum,
    "diagonal": diagonals.diagonal,
    "dot": contractions.dot,
    "flatten": _flatten,
    "max": reductions.max,
    "mean": means.mean,
    "min": reductions.min,
    "nonzero": searching.nonzero,
    "prod": reductions.prod,
    "ptp": reductions.ptp,
    "ravel": _flatten,
    "repeat": repeating.repeat,
    "reshape": _reshape,
    "round": elementwise.round,
    "searchsorted": searching.searchsorted,
    "sort": sorting.sort,
    "squeeze": shapes.squeeze,
    "std": means.std,
    "sum": reductions.sum,
    "swapaxes": shapes.swapaxes,
    "take": indexing.take,
    "to_device": to_device,
    "tobytes": _bytes,
    "trace": contractions.trace,
    "transpose": _transpose,
    "var": means.var,
    "view": _view,
}
PROPERTIES: dict[str, Any] = {
    "T": property(
        shapes.transpose, doc="All axes reversed.\n\n>>> pnp.zeros((2, 3)).T.shape\n(3, 2)"
    ),
    "mT": property(
        shapes.matrix_transpose,
        doc="The last two axes exchanged.\n\n>>> pnp.zeros((5, 2, 3)).mT.shape\n(5, 3, 2)",
    ),
    "real": property(
        elementwise.real,
        doc="The real part.\n\n>>> pnp.array([1 + 2j]).real\nArray([1.], dtype=float32)",
    ),
    "imag": property(
        elementwise.imag,
        doc="The imaginary part.\n\n>>> pnp.array([1 + 2j]).imag\nArray([2.], dtype=float32)",
    ),
    "flat": property(
        _flat,
        doc="Not there: `ravel` gives the elements along one axis.\n\n"
        ">>> pnp.zeros((1, 2)).ravel()\nArray([0., 0.], dtype=float32)",
    ),
    "at": property(
        updates.IndexUpdateHelper,
        doc="x.at[index].set(y) and its kin.\n\n"
        ">>> pnp.zeros(3).at[1].set(5.0)\nArray([0., 5., 0.], dtype=float32)",
    ),
}
TRACED: dict[str, Any] = {
    "__len__": _length,
    "item": _traced_item,
    "tolist": _traced_tolist,
    "nbytes": property(lambda x: x.size * x.dtype.itemsize),
    "itemsize": property(lambda x: x.dtype.itemsize),
    "block_until_ready": _itself,
    "copy_to_host_async": lambda x: None,
    "device": property(lambda x: None, doc="Known only when the program runs."),
    "__dlpack__": _traced_dlpack,
    "__dlpack_device__": _traced_dlpack,
    "is_deleted": lambda x: False,
    "__copy__": _itself,
    "__deepcopy__": _itself,
}


def install() -> None:
    """Put the tables on arrays and tracers."""
    array.install()
    operators.install(DUNDERS | METHODS | PROPERTIES)
    operators.install_missing(TRACED)
