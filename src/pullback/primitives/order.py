"""Sorting jobs as plain numbers, as the native core takes them: `Plan` in native/sort.h."""

from collections.abc import Sequence
from math import prod

import numpy as np

from .. import _native, dtypes
from ..dtypes import DType

# Forms of keys: `Form` in native/sort_key.h. Then what stands for an operand where a result is
# places.
UNSIGNED, SIGNED, FLOAT = range(3)
DOWN = 3
PLACES = -1

# The bits of infinity. What is larger in magnitude is NaN.
INFINITY = {
    dtypes.BFLOAT16: 0x7F80,
    dtypes.float16: 0x7C00,
    dtypes.float32: 0x7F800000,
    dtypes.float64: 0x7FF0000000000000,
}
FORMS = {
    dtypes.bool_: UNSIGNED,
    **{np.dtype(f"u{n}"): UNSIGNED for n in (1, 2, 4, 8)},
    **{np.dtype(f"i{n}"): SIGNED for n in (1, 2, 4, 8)},
    **dict.fromkeys(INFINITY, FLOAT),
}
HALVES = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}


def known(dtype: DType) -> DType:
    """The dtype whose numbers are sorted instead: itself, but for those of eight bits or less that
    have no form."""
    if dtype in FORMS or dtype in HALVES:
        return dtype
    return dtypes.float32 if dtypes.kind(dtype) == "float" else np.dtype(np.int8)


def parts(operand: int, dtype: DType) -> list[tuple[int, ...]] | None:
    """The keys in an element, the first deciding; None for a dtype without an order here."""
    item, half = dtype.itemsize, HALVES.get(dtype)
    if half is not None:
        return [(operand, item, at, *_form(half)) for at in (0, half.itemsize)]
    return [(operand, item, 0, *_form(dtype))] if dtype in FORMS else None


def _form(dtype: DType) -> tuple[int, int, int]:
    return dtype.itemsize, FORMS[dtype], INFINITY.get(dtype, 0)


def greatest(operand: int, dtype: DType) -> list[tuple[int, ...]] | None:
    """The key whose least is the greatest element, in the total order; None as for `parts`."""
    if dtype not in FORMS:
        return None
    size, form, infinity = _form(dtype)
    return [(operand, size, 0, size, form + DOWN, infinity)]


def plan(
    shape: Sequence[int],
    axis: int,
    keep: int,
    keys: Sequence[tuple[int, ...]],
    results: Sequence[tuple[int, int]],
) -> tuple[int, ...]:
    """The first `keep` along an axis by these keys; results are (operand, bytes of an element)."""
    head = (prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :]), keep)
    flat = [n for row in (*keys, *results) for n in row]
    return (*head, len(keys), len(results), *flat)


def run(
    operands: Sequence[np.ndarray],
    axis: int,
    keep: int,
    keys: Sequence[tuple[int, ...]],
    results: Sequence[tuple[int, DType]],
) -> list[np.ndarray]:
    """The results of a plan on arrays, each of its dtype."""
    shape = operands[0].shape
    job = plan(shape, axis, keep, keys, [(k, d.itemsize) for k, d in results])
    wanted = (*shape[:axis], keep, *shape[axis + 1 :])
    return execute(operands, job, wanted, [d for _, d in results])


def execute(
    operands: Sequence[np.ndarray],
    job: tuple[int, ...],
    shape: tuple[int, ...],
    wanted: Sequence[DType],
) -> list[np.ndarray]:
    """The results, of one shape and these dtypes, of a plan on arrays."""
    out = [np.empty(shape, d) for d in wanted]
    _native.sort([np.ascontiguousarray(x) for x in operands], out, job)
    return out
