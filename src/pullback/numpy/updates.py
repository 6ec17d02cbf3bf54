"""Writing by index: x.at[...].set, add, multiply, ... Each gives a new array."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..core.aval import Shape
from ..core.trace import Tracer, get_aval
from ..primitives import scatter as sc
from ..primitives import shape as sh
from ..primitives.dynamic import dynamic_update_slice
from ..primitives.index import GatherScatterMode, ScatterDimensionNumbers
from . import binary, powers
from .creation import asarray
from .divided import divides
from .elementwise import pick
from .indexing import CLIP, index_parts, located, numpy_index, stack_last, together
from .parse import (
    New,
    Part,
    Picks,
    Range,
    Whole,
    concrete,
    is_static,
    parse,
    parse_unwrapped,
    window,
)
from .slices import has_slices
from .values import as_array, broadcast, convert, describe, expand, result_type_of

Function = Callable[..., Any]


class Layout(NamedTuple):
    """The axes of updates, in order: `batch` of the index arrays, or the part they run along."""

    axes: tuple[Any, ...]
    sizes: Shape

    @property
    def scattered(self) -> tuple[int, ...]:
        """The axes that indices run along: those of index arrays and of strided slices."""
        return tuple(i for i, p in enumerate(self.axes) if not isinstance(p, Range) or p.step != 1)


def layout(parts: Sequence[Part], batch: Shape) -> Layout:
    """The axes of the elements that an index selects, without those of None."""
    place = together(parts) if any(isinstance(p, Picks) for p in parts) else None
    axes: list[Any] = []
    sizes: list[int] = []
    for i, p in enumerate((None, *parts)):
        if i == (0 if place is None else place + 1):
            axes.extend(range(len(batch)))
            sizes.extend(batch)
        if isinstance(p, Range):
            axes.append(p)
            sizes.append(p.size)
    return Layout(tuple(axes), tuple(sizes))


def _column(part: Part, at: Any, plan: Layout, dtype: dtypes.DType) -> Any:
    """The positions along one axis of the operand, over the scattered axes of the updates."""
    scattered = plan.scattered
    shape = tuple(plan.sizes[i] for i in scattered)
    if isinstance(part, Whole):
        return sh.full(shape, part.at, dtype)
    if isinstance(part, Picks):
        along = [k for k, i in enumerate(scattered) if isinstance(plan.axes[i], int)]
        return sh.broadcast_in_dim(convert(at, dtype), shape, along)
    assert isinstance(part, Range)
    if part.step == 1:
        return sh.full(shape, part.start, dtype)
    line = np.arange(part.size) * part.step + part.start
    along = [k for k, i in enumerate(scattered) if plan.axes[i] is part]
    return sh.broadcast_in_dim(ArrayImpl(line.astype(dtype)), shape, along)


def _numbers(parts: Sequence[Part], mapped: Sequence[int], plan: Layout) -> ScatterDimensionNumbers:
    inserted = [
        p.axis
        for p in parts
        if isinstance(p, (Picks, Whole)) or (isinstance(p, Range) and p.step != 1)
    ]
    window = tuple(i for i in range(len(plan.axes)) if i not in plan.scattered)
    return ScatterDimensionNumbers(window, tuple(sorted(inserted)), tuple(mapped))


def scatter_parts(
    op: Function, x: Any, parts: Sequence[Part], values: Any, mode: Any, promises: dict[str, bool]
) -> Any:
    """The array with values combined into the parts of an index."""
    picks = [p for p in parts if isinstance(p, Picks)]
    at = [located(p, x.shape[p.axis]) for p in picks]
    at = broadcast("scatter", at) if at else at
    plan = layout(parts, at[0].shape if at else ())
    updates = _without_new(values, parts, plan, x)
    if 0 in plan.sizes or 0 in x.shape:
        return x
    moved: list[Any] = [p for p in parts if _moves(p, x.shape)]
    if not moved:
        return op(x, None, updates, None)
    if op is _set and is_static(parts) and not plan.scattered:
        return _set_window(x, parts, updates)
    wide = any(a.dtype.itemsize == 8 for a in at)
    dtype = dtypes.int64 if wide else dtypes.int32
    found = dict(zip([id(p) for p in picks], at, strict=True))
    indices = stack_last([_column(p, found.get(id(p)), plan, dtype) for p in moved])
    numbers = _numbers(parts, [p.axis for p in moved], plan)
    return op(x, indices, updates, numbers, mode=mode, **promises)


def _moves(part: Part, shape: Shape) -> bool:
    """Whether an axis needs a column of indices: not where a slice is all of it."""
    if isinstance(part, Range):
        return (part.start, part.step, part.size) != (0, 1, shape[part.axis])
    return not isinstance(part, New)


def _without_new(values: Any, parts: Sequence[Part], plan: Layout, x: Any) -> Any:
    """The values, broadcast to the selected elements, axes of None dropped."""
    place = together(parts) if any(isinstance(p, Picks) for p in parts) else None
    rank = sum(isinstance(a, int) for a in plan.axes)
    full, new = list(plan.sizes), []
    seen = 0 if place is not None else rank
    for i, p in enumerate(parts):
        if i == place:
            seen += rank
        if isinstance(p, New):
            new.append(seen)
        seen += isinstance(p, (New, Range))
    for position in new:
        full.insert(position, 1)
    values = _cast(x, values)
    if values.ndim > len(full):
        lead = values.ndim - len(full)
        if any(n != 1 for n in values.shape[:lead]):
            raise _wrong_shape(values, full)
        values = sh.squeeze(values, range(lead))
    for n, m in zip(values.shape[::-1], full[::-1], strict=False):
        if n not in (1, m):
            raise _wrong_shape(values, full)
    return sh.squeeze(expand(values, tuple(full)), new)


def _wrong_shape(values: Any, full: Sequence[int]) -> ValueError:
    return ValueError(
        f"x.at[...]: values of type {describe(values)} do not broadcast to the selected elements,"
        f" of shape {tuple(full)}"
    )


def _cast(x: Any, values: Any) -> Any:
    dtype, _ = result_type_of([x, values])
    if dtype != x.dtype and not values.weak_type:
        warnings.warn(
            f"scatter inputs have incompatible types: cannot safely cast value from"
            f" dtype={values.dtype} to dtype={x.dtype}. Convert it with value.astype(x.dtype).",
            FutureWarning,
            stacklevel=6,
        )
    return convert(values, x.dtype, x.weak_type)


def _set_window(x: Any, parts: Sequence[Part], updates: Any) -> Any:
    """Integers and plain slices: one window at a constant place."""
    starts = [0] * x.ndim
    for p in parts:
        if isinstance(p, Whole):
            starts[p.axis] = p.at
        elif isinstance(p, Range):
            starts[p.axis] = p.start
    gone = [p.axis for p in parts if isinstance(p, Whole)]
    window = sh.expand_dims(updates, gone) if gone else updates
    return dynamic_update_slice(x, window, [np.int32(s) for s in starts])


def _combined(scatter: Function, whole: Function) -> Function:
    """A scatter, or the plain operation where the window is the whole array."""

    def op(x: Any, indices: Any, updates: Any, numbers: Any, **params: Any) -> Any:
        if numbers is None:
            return whole(x, updates)
        return scatter(x, indices, updates, numbers, **params)

    return op


_set = _combined(sc.scatter, lambda x, u: u)
_add = _combined(sc.scatter_add, binary.add)
_sub = _combined(sc.scatter_sub, binary.subtract)
_mul = _combined(sc.scatter_mul, binary.multiply)
_min = _combined(sc.scatter_min, binary.minimum)
_max = _combined(sc.scatter_max, binary.maximum)
# Eagerly, NumPy writes into a copy.
EAGER: dict[Function, np.ufunc | None] = {
    _set: None,
    _add: np.add,
    _sub: np.subtract,
    _mul: np.multiply,
    _min: np.minimum,
    _max: np.maximum,
}


def _write(out: np.ndarray, index: Any, values: np.ndarray, ufunc: np.ufunc | None) -> None:
    if ufunc is None:
        out[index] = values
    else:
        ufunc.at(out, index, values)


class IndexUpdateHelper:
    """`x.at`: index it, then say what to do there, as in `x.at[0].set(1)`."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> "IndexUpdateRef":
        return IndexUpdateRef(self.array, index)

    def __repr__(self) -> str:
        return f"_IndexUpdateHelper({self.array!r})"


class IndexUpdateRef:
    """`x.at[index]`: what the elements there become. Arrays themselves never change.

    All methods take `indices_are_sorted`, `unique_indices` (promises that speed them up),
    `mode` ("drop", "clip", "promise_in_bounds") and `wrap_negative_indices`.
    """

    __slots__ = ("array", "index", "owned")

    def __init__(self, array: Any, index: Any, owned: bool = False) -> None:
        self.array = array
        self.index = index
        # Whether the array is given up, so that its memory may be written.
        self.owned = owned

    @divides
    def get(
        self,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        fill_value: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Any:
        """The elements; `mode="fill"` gives `fill_value` out of bounds."""
        if mode is None and fill_value is not None:
            mode = "fill"
        if has_slices(self.index):
            part = window("at", self.array, self.index)
            return IndexUpdateRef(part.read(), part.index).get(
                mode=mode, fill_value=fill_value, wrap_negative_indices=wrap_negative_indices
            )
        shape = self.array.shape
        return index_parts(
            self.array,
            parse("at", self.index, shape, checked=mode is None)
            if wrap_negative_indices
            else parse_unwrapped("at", self.index, shape),
            CLIP if mode is None else GatherScatterMode.from_any(mode),
            fill_value,
            unique_indices=unique_indices,
            indices_are_sorted=indices_are_sorted,
        )

    def _update(self, op: Function, values: Any, options: dict[str, Any]) -> Any:
        x, values = as_array("at", self.array), _as_values(values)
        options = {**DEFAULTS, **options}
        unknown = set(options) - set(DEFAULTS)
        if unknown:
            raise TypeError(
                f"x.at[...]: unexpected keyword {sorted(unknown)[0]!r}; the options are"
                f" {', '.join(DEFAULTS)}"
            )
        if has_slices(self.index):
            part = window("at", x, self.index)
            return part.write(IndexUpdateRef(part.read(), part.index)._update(op, values, options))
        if values.ndim == 0 and is_traced_mask(self.index):
            whole = op(x, None, expand(_cast(x, values), x.shape), None)
            return _where(self.index, whole, x)
        mode, wraps = options.pop("mode"), options.pop("wrap_negative_indices")
        parts = (
            parse("at", self.index, x.shape, checked=mode is None)
            if wraps
            else parse_unwrapped("at", self.index, x.shape)
        )
        if wraps and mode is None and _is_known(x, values, parts):
            return self._eager(op, x, values)
        return scatter_parts(op, x, parts, values, GatherScatterMode.from_any(mode), options)

    def _eager(self, op: Function, x: ArrayImpl, values: ArrayImpl) -> ArrayImpl:
        out = x._npy if self.owned else x._npy.copy()
        cast = _cast(x, values)._npy
        try:
            _native.call_quiet(_write, out, numpy_index(self.index), cast, EAGER[op])
        except ValueError:
            raise _wrong_shape(values, out[numpy_index(self.index)].shape) from None
        return ArrayImpl(out, x.weak_type)

    def set(self, values: Any, **options: Any) -> Any:
        """Elements replaced: x[index] = values."""
        return self._update(_set, values, options)

    def add(self, values: Any, **options: Any) -> Any:
        """x[index] += values; an index that appears twice is added to twice."""
        return self._update(_add, values, options)

    def subtract(self, values: Any, **options: Any) -> Any:
        """x[index] -= values."""
        return self._update(_sub, values, options)

    def multiply(self, values: Any, **options: Any) -> Any:
        """x[index] *= values."""
        return self._update(_mul, values, options)

    mul = multiply

    def divide(self, values: Any, **options: Any) -> Any:
        """x[index] /= values; an index that appears twice is divided by twice."""
        x = self.array
        if dtypes.kind(x.dtype) in ("float", "complex") and self._is_one_window():
            divisors = _cast(x, _as_values(values))
            return self.set(binary.divide(self._read(options), divisors), **options)
        ones = expand(as_array("at", x.dtype.type(1)), x.shape)
        factor = IndexUpdateRef(ones, self.index)._update(_mul, values, options)
        return binary.divide(x, factor)

    def power(self, values: Any, **options: Any) -> Any:
        """x[index] **= values."""
        return self.set(powers.power(self._read(options), _as_values(values)), **options)

    def min(self, values: Any, **options: Any) -> Any:
        """x[index] = minimum(x[index], values)."""
        return self._update(_min, values, options)

    def max(self, values: Any, **options: Any) -> Any:
        """x[index] = maximum(x[index], values)."""
        return self._update(_max, values, options)

    def apply(self, func: Function, **options: Any) -> Any:
        """x[index] = func(x[index])."""
        return self.set(func(self._read(options)), **options)

    def _is_one_window(self) -> bool:
        """Whether the index can be seen to name no element twice."""
        if is_traced_mask(self.index):
            return False
        parts = parse("at", self.index, self.array.shape, checked=False)
        return all(get_aval(p.at).size == 1 for p in parts if isinstance(p, Picks))

    def _read(self, options: dict[str, Any]) -> Any:
        mode = options.get("mode")
        return self.get(mode=None if mode is None else "clip")


DEFAULTS: dict[str, Any] = {
    "indices_are_sorted": False,
    "unique_indices": False,
    "mode": None,
    "wrap_negative_indices": True,
}


def _as_values(values: Any) -> Any:
    """What is written, as an array: sequences of numbers too."""
    return asarray(values) if isinstance(values, (list, tuple)) else as_array("at", values)


def is_traced_mask(index: Any) -> bool:
    """Whether the index is one mask whose values are not known while tracing."""
    return isinstance(index, Tracer) and index.dtype == dtypes.bool_ and concrete(index) is None


def _where(mask: Any, on_true: Any, on_false: Any) -> Any:
    if mask.shape != on_true.shape[: mask.ndim]:
        raise IndexError(
            f"boolean index did not match shape of indexed array: the mask is {describe(mask)},"
            f" the array {describe(on_true)}"
        )
    return pick(sh.broadcast_in_dim(mask, on_true.shape, range(mask.ndim)), on_true, on_false)


def _is_known(x: Any, values: Any, parts: Sequence[Part]) -> bool:
    arrays = [p.at for p in parts if isinstance(p, Picks)]
    return (
        _native.is_eager()
        and type(x) is type(values) is ArrayImpl
        and all(concrete(a) is not None for a in arrays)
    )
