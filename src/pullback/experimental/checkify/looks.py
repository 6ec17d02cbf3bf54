"""What may be wrong in one operation on numbers: NaN, a divisor of zero, indices out of bounds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ... import numpy as pnp
from ...control.checks import Error, failed
from ...core.ir import JaxprEqn
from ...core.trace import get_aval
from ...primitives.compare import eq, ne
from ...primitives.index import GatherDimensionNumbers, ScatterDimensionNumbers
from ...primitives.reduce import reduce_or
from ...primitives.rules import scalar
from .failures import DivisionByZeroError, ErrorCategory, NaNError, OOBError

Categories = frozenset[ErrorCategory]
Values = Sequence[Any]
Look = Callable[[JaxprEqn, Values], Error]

# Operations whose numbers are those of their operands, constants or bits: no NaN is their own.
MOVES = frozenset(
    "abs all_gather all_to_all bitcast_convert_type broadcast_in_dim clamp complex concatenate"
    " conj constant convert_element_type copy cummax cummin device_put dynamic_slice"
    " dynamic_update_slice empty enter gather imag io_callback leave max min name neg"
    " optimization_barrier pad ppermute pure_callback real reduce_max reduce_min"
    " reduce_precision reduce_window_max reduce_window_min reshape rev scatter"
    " select_and_gather_add select_and_scatter_add select_n share sharding_constraint sign slice"
    " sort split squeeze stop_gradient top_k transpose".split()
)


def look(eqn: JaxprEqn, values: Values, outs: Values, enabled: Categories) -> list[Error]:
    """The errors that one operation may make, of the categories that are looked for."""
    name, found = eqn.primitive.name, []
    if name == "div" and DivisionByZeroError in enabled:
        found.append(_division(eqn, values))
    if name in PLACES and OOBError in enabled:
        found.append(_out_of_bounds(eqn, values[0], *PLACES[name](eqn, values)))
    if name not in MOVES and NaNError in enabled:
        found += [_nan(eqn, x) for x in outs if dtypes.is_float(get_aval(x).dtype)]
    return found


def _any(bad: Any) -> Any:
    """Whether it holds for any element."""
    return reduce_or(bad, tuple(range(len(get_aval(bad).shape))))


def _nan(eqn: JaxprEqn, x: Any) -> Error:
    return failed(_any(ne(x, x)), NaNError, (eqn.primitive.name,), eqn.line)


def _division(eqn: JaxprEqn, values: Values) -> Error:
    zero = scalar(0, eqn.invars[1].aval.dtype)
    return failed(_any(eq(values[1], zero)), DivisionByZeroError, (), eqn.line)


# Indices, along their last axis one for each of these axes, and the largest that is allowed.
Places = tuple[Any, tuple[int, ...], list[int]]


def _out_of_bounds(
    eqn: JaxprEqn, operand: Any, indices: Any, axes: Sequence[int], most: Sequence[int]
) -> Error:
    shape = get_aval(operand).shape
    top = np.minimum(most, dtypes.info(indices.dtype).max).astype(indices.dtype)
    bad = (indices < 0) | (indices > top)
    if not bad.size:
        return failed(np.bool_(False), OOBError, (shape,), eqn.line, (np.zeros(3, "int32"),))
    first = pnp.argmax(bad.reshape(-1))
    column = first % len(axes)
    axis = pnp.asarray(np.array(axes, "int32"))[column]
    size = pnp.asarray(np.array([shape[a] for a in axes], "int32"))[column]
    index = indices.reshape(-1)[first].astype("int32")
    return failed(bad.any(), OOBError, (shape,), eqn.line, (index, axis, size))


def _of_slice(eqn: JaxprEqn, values: Values) -> Places:
    return _starts(values[0], values[1:], eqn.params["slice_sizes"])


def _of_update(eqn: JaxprEqn, values: Values) -> Places:
    return _starts(values[0], values[2:], get_aval(values[1]).shape)


def _starts(operand: Any, starts: Values, sizes: Sequence[int]) -> Places:
    shape = get_aval(operand).shape
    found = pnp.stack([pnp.asarray(s) for s in starts]) if starts else pnp.zeros(0, "int32")
    return found, tuple(range(len(shape))), [n - k for n, k in zip(shape, sizes, strict=True)]


def _of_gather(eqn: JaxprEqn, values: Values) -> Places:
    numbers: GatherDimensionNumbers = eqn.params["dimension_numbers"]
    axes, sizes = numbers.start_index_map, eqn.params["slice_sizes"]
    shape = get_aval(values[0]).shape
    return pnp.asarray(values[1]), axes, [shape[a] - sizes[a] for a in axes]


def _of_scatter(eqn: JaxprEqn, values: Values) -> Places:
    n: ScatterDimensionNumbers = eqn.params["dimension_numbers"]
    shape, updates = get_aval(values[0]).shape, get_aval(values[2]).shape
    single = {*n.inserted_window_dims, *n.operand_batching_dims}
    wide = iter([updates[d] for d in n.update_window_dims])
    sizes = [1 if a in single else next(wide) for a in range(len(shape))]
    axes = n.scatter_dims_to_operand_dims
    return pnp.asarray(values[1]), axes, [shape[a] - sizes[a] for a in axes]


SCATTERS = ("scatter", *[f"scatter-{s}" for s in ("add", "max", "min", "mul", "sub")])
PLACES: dict[str, Callable[[JaxprEqn, Values], Places]] = {
    "dynamic_slice": _of_slice,
    "dynamic_update_slice": _of_update,
    "gather": _of_gather,
    **dict.fromkeys(SCATTERS, _of_scatter),
}
