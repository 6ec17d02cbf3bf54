"""Python functions as programs call them: on arrays, element after element of a batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import tree
from .._native import ArrayImpl
from ..core.aval import ShapedArray, type_name
from ..core.primitive import Effect, Primitive
from ..core.trace import as_array, eager_device
from ..transforms.flat import canonical
from ..transforms.named import function_name
from ..tree import PyTreeDef
from .custom_call import Rule
from .raised import as_raised

# For each mapped axis, innermost first: its size, and where each operand has it.
Levels = tuple[tuple[int, tuple[int | None, ...]], ...]


class Host(Rule):
    """A user's function of pytrees as one of flat arrays.

    `static` holds the leaves that are no arrays, by place. Two are equal if all parts are.
    """

    __slots__ = ("f", "in_tree", "static")

    def __init__(
        self, f: Callable[..., Any], in_tree: PyTreeDef, static: Mapping[int, Any] | None = None
    ) -> None:
        self.f, self.in_tree, self.static = f, in_tree, static or {}
        super().__init__(f, in_tree, tuple(self.static.items()))

    def __call__(self, *arrays: Any) -> Any:
        rest = iter(arrays)
        places = range(self.in_tree.num_leaves)
        leaves = [self.static[i] if i in self.static else next(rest) for i in places]
        args, kwargs = self.in_tree.unflatten(leaves)
        return self.f(*args, **kwargs)

    def __repr__(self) -> str:
        return function_name(self.f)


class Each(Rule):
    """A call for each element of a batch, in order; results are stacked along the batch's axes.

    Of several mapped axes the innermost changes slowest.
    """

    __slots__ = ("call", "levels", "result_avals")

    def __init__(self, call: Host, result_avals: tuple[ShapedArray, ...], levels: Levels) -> None:
        super().__init__(call, result_avals, levels)
        self.call, self.result_avals, self.levels = call, result_avals, levels

    def __call__(self, *arrays: ArrayImpl) -> list[Any]:
        sizes = [n for n, _ in self.levels]
        outs = [np.empty((*reversed(sizes), *a.shape), a.dtype) for a in self.result_avals]
        for place in np.ndindex(*sizes):
            found = self.call(*self.element(arrays, place))
            for out, x in zip(outs, results(self.call, found, self.result_avals), strict=True):
                out[place[::-1]] = x
        return outs

    def element(self, arrays: Sequence[ArrayImpl], place: Sequence[int]) -> list[ArrayImpl]:
        """The operands of one element."""
        values = [x._npy for x in arrays]
        for i, (_, dims) in zip(reversed(place), reversed(self.levels), strict=True):
            values = [
                v if d is None else v[(slice(None),) * d + (i,)]
                for v, d in zip(values, dims, strict=True)
            ]
        return [ArrayImpl(v, x.weak_type) for v, x in zip(values, arrays, strict=True)]

    def __repr__(self) -> str:
        return repr(self.call)


Call = Host | Each


def results(call: Call, out: Any, avals: Sequence[ShapedArray]) -> list[np.ndarray]:
    """The leaves of what a function returned, which must be of the declared types."""
    if not avals:
        return []
    leaves = [np.asarray(x) for x in tree.leaves(out)]
    if len(leaves) != len(avals):
        raise ValueError(
            f"the callback {call!r} returned {len(leaves)} arrays where result_shape_dtypes"
            f" declares {len(avals)}"
        )
    return [_result(call, i, x, a) for i, (x, a) in enumerate(zip(leaves, avals, strict=True))]


def _result(call: Call, index: int, x: np.ndarray, aval: ShapedArray) -> np.ndarray:
    if x.dtype != aval.dtype and x.dtype.kind in "iufc":
        x = canonical(x, f"the callback {call!r}")
    if x.dtype != aval.dtype or x.shape != aval.shape:
        got = f"{x.dtype.name}[{','.join(map(str, x.shape))}]"
        raise ValueError(
            f"the callback {call!r} returned {got} as result {index} where result_shape_dtypes"
            f" declares {type_name(aval)}: return an array of that type, or declare {got}"
        )
    return x


def define(name: str, effect: Effect | None) -> Primitive:
    """A primitive that calls `callback`, a `Call`; `result_avals` are the types of its results."""
    primitive = Primitive(name, multiple_results=True, effect=effect)
    # Callbacks may hold on to anything: they are not kept in a table of types.
    primitive.types = None
    primitive.def_type(_type)
    primitive.def_value(_value)
    primitive.eager = _eager
    return primitive


def _type(*_: Any, result_avals: tuple[ShapedArray, ...], **_params: Any) -> list[ShapedArray]:
    return list(result_avals)


def _value(
    *args: np.ndarray, callback: Call, result_avals: tuple[ShapedArray, ...], **_: Any
) -> list[np.ndarray]:
    # Compiled code owns the memory that it shows.
    arrays = [ArrayImpl(x.copy(), False) for x in args]
    try:
        return results(callback, callback(*arrays), result_avals)
    except Exception as error:
        raised = as_raised(error)
    raise raised


def _eager(args: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    callback, avals = params["callback"], params["result_avals"]
    found = results(callback, callback(*map(as_array, args)), avals)
    # The function may go on to write into what it returned.
    outs = [ArrayImpl(x.copy(), False) for x in found]
    device = eager_device(args)
    if device is None:
        return outs
    committed = any(getattr(a, "committed", False) for a in args)
    return [device.put(x, committed) for x in outs]


def batched(
    args: Sequence[Any], dims: Sequence[int | None], params: dict[str, Any]
) -> dict[str, Any]:
    """The parameters of the call for each element of a batch."""
    size = next(a.shape[d] for a, d in zip(args, dims, strict=True) if d is not None)
    call, avals = params["callback"], params["result_avals"]
    inner = call if isinstance(call, Each) else Each(call, avals, ())
    each = Each(inner.call, inner.result_avals, (*inner.levels, (size, tuple(dims))))
    return {**params, "callback": each, "result_avals": stacked(avals, size)}


def stacked(avals: Sequence[ShapedArray], size: int) -> tuple[ShapedArray, ...]:
    """The types of so many values along a new leading axis."""
    return tuple([a.update(shape=(size, *a.shape)) for a in avals])
