"""From what users pass to what primitives take: arrays, of one dtype, of one shape."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes, errors
from .._native import ArrayImpl, DeviceArray
from ..core.aval import Shape, type_name
from ..core.trace import Tracer
from ..core.trace import as_array as from_python
from ..dtypes import DType
from ..primitives.elementwise import convert_element_type, convert_element_type_p
from ..primitives.shape import broadcast_in_dim

SCALARS = (bool, int, float, complex)


def is_array(x: Any) -> bool:
    """Whether this is one of our arrays, traced or not."""
    return type(x) is ArrayImpl or isinstance(x, (DeviceArray, Tracer))


def unwrapped(x: Any) -> Any:
    """What `__jax_array__` of a user's class gives; other values as they are."""
    convert = None if is_array(x) else getattr(type(x), "__jax_array__", None)
    return x if convert is None else unwrapped(convert(x))


def describe(x: Any) -> str:
    """What was given, in messages: float32[3,4], or the value and its type."""
    if is_array(x):
        return type_name(x.aval)
    if isinstance(x, np.ndarray):
        return f"a NumPy array {x.dtype}[{','.join(map(str, x.shape))}]"
    text = repr(x)
    return f"{text if len(text) < 60 else text[:57] + '...'} of type {type(x).__name__}"


def not_an_array(name: str, x: Any, position: int | None = None) -> TypeError:
    """The error for a value that is no array."""
    where = "" if position is None else f" at position {position}"
    hint = ": write asarray(...) around it" if isinstance(x, (list, tuple)) else ""
    return TypeError(
        f"{name} requires arrays, NumPy arrays or Python numbers, got {describe(x)}{where}{hint}"
    )


def narrow(name: str, x: np.ndarray, dtype: DType) -> np.ndarray:
    """A NumPy array in a dtype that is allowed; OverflowError where an integer would change."""
    if dtypes.is_integer(dtype) and x.size and x.dtype.kind in "iu":
        limits = dtypes.info(dtype)
        low, high = x.min(), x.max()
        if low < limits.min or high > limits.max:
            bad = low if low < limits.min else high
            raise OverflowError(
                f"{name}: the integer {bad} does not fit {dtype.name}: "
                "convert it first, or enable 64-bit types with enable_x64()"
            )
    return x.astype(dtype)


def from_numpy(name: str, x: np.ndarray | np.generic) -> ArrayImpl:
    """An array of a NumPy array. It is copied unless nobody can write to it."""
    value = np.asarray(x)
    if value.dtype.kind in "OSUMm" or value.dtype not in dtypes.KINDS:
        if value.dtype.newbyteorder("=") in dtypes.KINDS:
            return from_numpy(name, value.astype(value.dtype.newbyteorder("=")))
        raise TypeError(
            f"{name}: arrays hold bools and numbers, got a NumPy array of dtype {value.dtype}"
        )
    dtype = dtypes.canonicalize_dtype(value.dtype)
    if dtype != value.dtype:
        return ArrayImpl(narrow(name, value, dtype))
    if value.flags.owndata and not value.flags.writeable:
        return ArrayImpl(value)
    return ArrayImpl(value.copy())


def as_value(name: str, x: Any, position: int | None = None) -> Any:
    """An array, or the Python number itself. TypeError for anything else."""
    if type(x) is ArrayImpl or isinstance(x, (DeviceArray, Tracer)):
        return x
    if isinstance(x, (np.ndarray, np.generic)):
        return from_numpy(name, x)
    if isinstance(x, SCALARS):
        return x
    inner = unwrapped(x)
    if inner is not x:
        return as_value(name, inner, position)
    raise not_an_array(name, x, position)


def as_array(name: str, x: Any, position: int | None = None) -> Any:
    """An array. Python numbers become weakly typed ones, staged where a program is traced."""
    x = as_value(name, x, position)
    if type(x) is ArrayImpl or isinstance(x, (DeviceArray, Tracer)):
        return x
    array = from_python(x)
    if _native.is_eager():
        return array
    return convert_element_type_p.bind(x, new_dtype=array.dtype, weak_type=array.weak_type)


def no_out(name: str, out: None) -> None:
    """Raise where an array for the result is given: arrays are not written to."""
    if out is not None:
        raise NotImplementedError(f"The 'out' argument to numpy.{name} is not supported.")


def not_in_place(name: str, inplace: bool) -> None:
    """Raise where an argument is to be written to."""
    if inplace:
        raise ValueError(
            f"{name}: arrays are immutable: give inplace=False and use the array that is returned"
        )


def as_arrays(name: str, xs: Iterable[Any]) -> list[Any]:
    """Each as an array; a message says which one is none."""
    return [as_array(name, x, i) for i, x in enumerate(xs)]


def python_type(x: Any) -> type:
    """Which of Python's numbers a number is; the members of an `IntEnum` are integers."""
    return type(x) if type(x) in SCALARS else next(t for t in SCALARS if isinstance(x, t))


def value_type(x: Any) -> tuple[DType, bool]:
    """Dtype and weakness of an array or Python number."""
    if type(x) is ArrayImpl or isinstance(x, (DeviceArray, Tracer)):
        return x.dtype, x.weak_type
    kind = python_type(x)
    return dtypes.default_dtype(kind), kind is not bool


def result_type_of(values: Sequence[Any]) -> tuple[DType, bool]:
    """The dtype and weakness of an operation on these values."""
    dtype, weak = dtypes.promote(tuple([value_type(v) for v in values]))
    return (dtypes.canonicalize_dtype(dtype), weak) if dtype in dtypes.NARROW else (dtype, weak)


def inexact_dtype(dtype: DType) -> DType:
    """The float dtype in which functions of integers are computed: 32 bits but for wide ones."""
    if dtypes.is_float(dtype):
        return dtype
    return dtypes.float64 if dtype in (dtypes.int64, dtypes.uint64) else dtypes.float32


def numeric_dtype(dtype: DType) -> DType:
    """The dtype in which bools are numbers."""
    return dtypes.int32 if dtype == dtypes.bool_ else dtype


# Under strict promotion a Python number takes a dtype of its kind, or of a richer one.
_RICHNESS = {"bool": 0, "signed": 1, "unsigned": 1, "float": 2, "complex": 3}


def check_standard(name: str, values: Sequence[Any]) -> None:
    """Under `numpy_dtype_promotion="strict"` only equal dtypes and weak scalars mix."""
    if dtypes.config.current().numpy_dtype_promotion != "strict":
        return
    types = [value_type(v) for v in values]
    strong = {d.name for d, weak in types if not weak}
    weakest = [_RICHNESS[dtypes.kind(d)] for d, weak in types if not weak]
    richest = [_RICHNESS[dtypes.kind(d)] for d, weak in types if weak]
    if len(strong) > 1 or (weakest and richest and max(richest) > min(weakest)):
        names = tuple(sorted({f"{d.name}{'*' if weak else ''}" for d, weak in types}))
        raise dtypes.TypePromotionError(
            f"{name}: input dtypes {names} do not mix under strict promotion: "
            "convert one of them with x.astype(...)"
        )


def scalar_constant(name: str, x: Any, dtype: DType, weak: bool) -> Any:
    """A Python number as an operand beside arrays of this dtype."""
    if isinstance(x, int) and not isinstance(x, bool) and dtypes.is_integer(dtype):
        limits = dtypes.info(dtype)
        if not limits.min <= x <= limits.max:
            raise OverflowError(f"{name}: Python integer {x} does not fit {dtype.name}")
    if isinstance(x, complex) and not dtypes.kind(dtype) == "complex":
        raise TypeError(f"{name}: the complex number {x} does not fit {dtype.name}")
    if weak and dtypes.default_dtype(python_type(x)) == dtype:
        return x
    value = np.asarray(x).astype(dtype)
    return ArrayImpl(value, True) if weak else value[()]


def convert(x: Any, dtype: DType, weak: bool = False) -> Any:
    """An array in another dtype; itself where nothing changes."""
    if x.dtype == dtype and x.weak_type == weak:
        return x
    return convert_element_type(x, dtype, weak)


def same_kind(args: Sequence[Any]) -> bool:
    """Whether the operands are arrays of one dtype, float32 or narrower floats: no promotion."""
    dtype = args[0].dtype if is_array(args[0]) else None
    return dtype in SIMPLE and all(is_array(x) and x.dtype is dtype for x in args)


SIMPLE = frozenset((dtypes.float32, dtypes.BFLOAT16, dtypes.float16))


def promote(name: str, *args: Any) -> list[Any]:
    """Operands in their common dtype. Python numbers stay scalars beside an array."""
    if same_kind(args):
        return list(args)
    values = [as_value(name, a, i) for i, a in enumerate(args)]
    dtype, weak = result_type_of(values)
    return to_dtype(name, values, dtype, weak)


def promote_inexact(name: str, *args: Any) -> list[Any]:
    """Operands in their common floating dtype."""
    if same_kind(args):
        return list(args)
    values = [as_value(name, a, i) for i, a in enumerate(args)]
    dtype, weak = result_type_of(values)
    return to_dtype(name, values, inexact_dtype(dtype), weak)


def to_dtype(name: str, values: Sequence[Any], dtype: DType, weak: bool) -> list[Any]:
    """Operands in a given dtype, at least one of them an array."""
    if len(values) > 1:
        check_standard(name, values)
    out = []
    for v in values:
        if not is_array(v):
            out.append(scalar_constant(name, v, dtype, weak))
        elif v.dtype == dtype:
            out.append(v)
        else:
            out.append(convert_element_type(v, dtype, weak))
    if not any(map(is_array, out)):
        out = [as_weak_array(v, dtype, weak) for v in out]
    return out


def as_weak_array(x: Any, dtype: DType, weak: bool) -> Any:
    """A 0-d array of a number, staged where a program is traced."""
    if _native.is_eager():
        return ArrayImpl(np.asarray(x).astype(dtype), weak)
    return convert_element_type_p.bind(x, new_dtype=dtype, weak_type=weak)


def promote_arrays(name: str, *args: Any) -> list[Any]:
    """Operands as arrays of their common dtype, Python numbers included."""
    values = [as_value(name, a, i) for i, a in enumerate(args)]
    check_standard(name, values)
    dtype, weak = result_type_of(values)
    return [convert(as_array(name, v), dtype, weak) for v in values]


def promote_arrays_inexact(name: str, *args: Any) -> list[Any]:
    """Operands as arrays of their common floating dtype, Python numbers included."""
    values = [as_value(name, a, i) for i, a in enumerate(args)]
    check_standard(name, values)
    dtype, weak = result_type_of(values)
    return [convert(as_array(name, v), inexact_dtype(dtype), weak) for v in values]


def joint_shape(name: str, operands: Sequence[Any]) -> Shape:
    """The shape that these arrays broadcast to; ValueError that shows their types."""
    shapes = [x.shape for x in operands]
    ndim = max(map(len, shapes))
    out = [1] * ndim
    for shape in shapes:
        for axis, size in enumerate(shape, ndim - len(shape)):
            if out[axis] == 1:
                out[axis] = size
            elif size not in (1, out[axis]):
                raise _no_broadcast(name, operands)
    return tuple(out)


def _no_broadcast(name: str, operands: Sequence[Any]) -> errors.OperandError:
    given = [type_name(x.aval) for x in operands]
    text = ", ".join(given[:-1]) + " and " + given[-1]
    return errors.OperandError(
        f"{name}: shapes {text} do not broadcast: axes are matched from the last,"
        " and sizes must be equal or 1"
    )


def check_rank(name: str, operands: Sequence[Any]) -> None:
    """What the option numpy_rank_promotion asks for when ranks differ."""
    mode = dtypes.config.current().numpy_rank_promotion
    ranks = {len(x.shape) for x in operands if x.shape}
    if mode != "allow" and len(ranks) > 1:
        given = " and ".join(type_name(x.aval) for x in operands)
        message = (
            f"{name}: operands of different ranks, {given}, and numpy_rank_promotion is {mode!r}:"
            " write x[None, :] or broadcast_to"
        )
        if mode == "raise":
            raise ValueError(message)
        warnings.warn(message, stacklevel=2)


def expand(x: Any, shape: Shape) -> Any:
    """An array broadcast to a shape that it fits, as NumPy does."""
    if x.shape == shape:
        return x
    return broadcast_in_dim(x, shape, tuple(range(len(shape) - len(x.shape), len(shape))))


def broadcast(name: str, operands: Sequence[Any]) -> list[Any]:
    """Operands of one shape. Python numbers stay as they are."""
    arrays = [x for x in operands if is_array(x)]
    shape = arrays[0].shape
    if all(x.shape == shape for x in arrays):
        return list(operands)
    check_rank(name, arrays)
    shape = joint_shape(name, arrays)
    return [expand(x, shape) if is_array(x) else x for x in operands]


def _numpy_broadcasts(arrays: Sequence[Any]) -> bool:
    """Whether an elementwise operation on these is NumPy's, here and now."""
    if not _native.is_eager() or any(type(x) is DeviceArray for x in arrays):
        return False
    return any(not x.weak_type and x.dtype != dtypes.bool_ for x in arrays)


def broadcast_elementwise(name: str, operands: Sequence[Any]) -> list[Any]:
    """`broadcast` for elementwise primitives, where rank 0 stands for all elements.

    NumPy's values broadcast by themselves, so eagerly the shapes are only checked.
    """
    arrays = [x for x in operands if is_array(x)]
    shapes = {x.shape for x in arrays}
    if len(shapes) == 1 or (len(shapes) == 2 and () in shapes):
        return list(operands)
    check_rank(name, arrays)
    shape = joint_shape(name, arrays)
    if _numpy_broadcasts(arrays):
        return list(operands)
    return [expand(x, shape) if is_array(x) and x.shape else x for x in operands]
