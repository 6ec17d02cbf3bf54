"""ffi_call: a function of a compiled library as an operation of programs."""

from collections.abc import Callable, Sequence
from ctypes import POINTER, addressof, c_int, c_int64, c_void_p, cast
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..control.callback import METHODS, io_callback, pure_callback
from ..core.aval import ShapedArray, type_name
from ..core.formats import Layout
from ..core.trace import get_aval
from ..transforms.flat import arguments
from . import host
from . import structures as s
from .attributes import Frozen, frozen, laid_out
from .targets import Target, target

Order = tuple[int, ...]


def ffi_call(
    target_name: str,
    result_shape_dtypes: Any,
    *,
    has_side_effect: bool = False,
    vmap_method: str | None = None,
    input_layouts: Sequence[Any] | None = None,
    output_layouts: Any = None,
    input_output_aliases: dict[int, int] | None = None,
    custom_call_api_version: int = 4,
    legacy_backend_config: str | None = None,
) -> Callable[..., Any]:
    """A function that calls a target of XLA's foreign function interface, on the processor.

    It has no derivative: wrap it in `custom_jvp` or `custom_vjp`.

    Args:
      target_name: the name given to `register_ffi_target`.
      result_shape_dtypes: the type of the result, as a `ShapeDtypeStruct`, or a list or tuple of
        them where there are several.
      has_side_effect: whether it is called although nothing needs its results.
      vmap_method: what `vmap` does, as in `pure_callback`.
      input_layouts: of each operand None, for the order of rows, a `Layout`, or its axes from the
        outermost in memory to the innermost: (1, 0) is a matrix in the order of its columns.
      output_layouts: the same for the results.
      input_output_aliases: results, by the numbers of operands, that lie where these lay; the
        target is given a copy.
      custom_call_api_version: 4; older interfaces are not supported.
      legacy_backend_config: None.

    Returns:
      A function of arrays, and of attributes by name: numbers, text, NumPy arrays, dictionaries.
      Python numbers are of 64 bits.

    Raises:
      RuntimeError: there is no such target, or it says that it failed.
      ValueError: a layout or an alias does not fit.

    >>> call = pb.ffi.ffi_call("nowhere", pb.ShapeDtypeStruct((3,), np.float32))
    >>> pb.eval_shape(call, pnp.ones(3))
    ShapeDtypeStruct(shape=(3,), dtype=float32)
    """
    if vmap_method is not None and vmap_method not in METHODS:
        raise ValueError(f"ffi_call: vmap_method must be None or one of {METHODS}")
    if custom_call_api_version >= 4 and legacy_backend_config is not None:
        raise ValueError("ffi_call: legacy_backend_config is for custom_call_api_version < 4")
    if custom_call_api_version != 4:
        raise NotImplementedError("ffi_call: custom_call_api_version must be 4")
    several = isinstance(result_shape_dtypes, Sequence)
    results = [*result_shape_dtypes] if several else [result_shape_dtypes]
    outs = tuple([_declared(r, i) for i, r in enumerate(results)])
    out_orders = output_layouts if several or output_layouts is None else [output_layouts]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        operands, _ = arguments(args, f"ffi_call of {target_name}")
        ins = tuple([get_aval(x) for x in operands])
        foreign = Foreign(
            target_name,
            tuple([a.ndim for a in ins]),
            tuple([(a.shape, a.dtype) for a in outs]),
            _orders("input", input_layouts, ins),
            _orders("output", out_orders, outs),
            tuple(sorted((input_output_aliases or {}).items())),
            frozen(kwargs, target_name),
        )
        foreign.check(ins, outs)
        found = foreign.bind(operands, outs, has_side_effect, vmap_method)
        return found[0] if not several else type(result_shape_dtypes)(found)

    return wrapped


def _declared(result: Any, index: int) -> ShapedArray:
    if not (hasattr(result, "shape") and hasattr(result, "dtype")):
        raise ValueError(
            "ffi_call: All elements of result_shape_dtypes must have 'shape' and 'dtype', got"
            f" {result!r} at position {index}"
        )
    return ShapedArray(result.shape, result.dtype)


def _orders(which: str, layouts: Any, avals: Sequence[ShapedArray]) -> tuple[Order, ...]:
    """The order in memory of each array's axes."""
    if layouts is None:
        return tuple([tuple(range(a.ndim)) for a in avals])
    if len(layouts) != len(avals):
        raise ValueError(f"ffi_call: {len(avals)} {which}s have {len(layouts)} {which} layouts")
    return tuple([_order(x, a, which) for x, a in zip(layouts, avals, strict=True)])


def _order(layout: Any, aval: ShapedArray, which: str) -> Order:
    if layout is None:
        return tuple(range(aval.ndim))
    if isinstance(layout, Layout):
        if layout.tiling is not None:
            raise ValueError(f"ffi_call: arrays have no tiles, got {layout}")
        layout = layout.major_to_minor
    order = tuple(map(int, layout))
    if sorted(order) != list(range(aval.ndim)):
        raise ValueError(f"ffi_call: {which} layout {order} does not order {type_name(aval)}")
    return order


@dataclass(frozen=True)
class Foreign:
    """A call: its target, of operands their numbers of axes, of results their types; the orders in
    which both lie, which result lies where an operand lay, and the attributes."""

    name: str
    ranks: tuple[int, ...]
    results: tuple[tuple[tuple[int, ...], Any], ...]
    in_orders: tuple[Order, ...]
    out_orders: tuple[Order, ...]
    aliases: tuple[tuple[int, int], ...]
    attributes: Frozen

    def check(self, ins: Sequence[ShapedArray], outs: Sequence[ShapedArray]) -> None:
        """Raise unless each result can lie where its operand lies."""
        for i, o in self.aliases:
            what = f"ffi_call: input_output_aliases contains the mapping '{i}:{o}'"
            for kind, index, avals in (("input", i, ins), ("output", o, outs)):
                if not 0 <= index < len(avals):
                    raise ValueError(
                        f"{what} with {kind} index {index} outside the range [0, {len(avals)})"
                    )
            if (ins[i].shape, ins[i].dtype) != (outs[o].shape, outs[o].dtype):
                raise ValueError(
                    f"{what} referring to an input with abstract value {type_name(ins[i])} and an"
                    f" output with a different abstract value {type_name(outs[o])}"
                )
            if self.in_orders[i] != self.out_orders[o]:
                raise ValueError(f"{what} of different layouts")

    def bind(self, operands: Any, outs: Any, effect: bool, method: str | None) -> list[Any]:
        """The results in a program, or at once."""
        if effect:
            return io_callback(self, list(outs), *operands)
        return pure_callback(self, list(outs), *operands, vmap_method=method)

    def __call__(self, *arrays: Any) -> list[np.ndarray]:
        values = [np.asarray(x) for x in arrays]
        front = [v.shape[: v.ndim - n] for v, n in zip(values, self.ranks, strict=True)]
        batch = np.broadcast_shapes(*front)
        ins = [_in_order(v, o) for v, o in zip(values, self.in_orders, strict=True)]
        aliased = {o: i for i, o in self.aliases}
        outs = []
        for i, ((shape, dtype), order) in enumerate(
            zip(self.results, self.out_orders, strict=True)
        ):
            whole = (*batch, *shape)
            memory = np.empty([whole[axis] for axis in _behind(order, len(batch))], dtype)
            if i in aliased:
                memory[...] = ins[aliased[i]]
                ins[aliased[i]] = memory
            outs.append(memory)
        self._run(values, ins, batch, outs)
        orders = [_behind(o, len(batch)) for o in self.out_orders]
        return [x.transpose(np.argsort(o)) for x, o in zip(outs, orders, strict=True)]

    def _run(self, values: Any, ins: Any, batch: Any, outs: Any) -> None:
        found = target(self.name)
        shapes = [(*batch, *shape) for shape, _ in self.results]
        operands, types, kept = _buffers(ins, [v.shape for v in values])
        results, out_types, also_kept = _buffers(outs, shapes)
        attributes, _ = laid_out(self.attributes)
        context = host.Context(_lasting(found, self.attributes))
        for stage in (s.PREPARE, s.INITIALIZE, s.EXECUTE):
            if stage in found.handlers:
                frame = s.CallFrame(
                    stage=stage,
                    args=s.Args(size=len(ins), types=types, args=operands),
                    rets=s.Rets(size=len(outs), types=out_types, rets=results),
                    attrs=attributes,
                )
                host.call(found.handlers[stage], frame, context)
        del kept, also_kept

    def __repr__(self) -> str:
        return f"ffi_call of {self.name}"


def _behind(order: Order, batch: int) -> Order:
    """An order of axes behind those of a batch."""
    return (*range(batch), *[batch + axis for axis in order])


def _in_order(value: np.ndarray, order: Order) -> np.ndarray:
    """The elements as they are to lie in memory."""
    return np.ascontiguousarray(value.transpose(_behind(order, value.ndim - len(order))))


def _buffers(arrays: Sequence[np.ndarray], shapes: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Arrays as handlers see them, and what must stay in memory for it."""
    buffers, kept = [], []
    for array, shape in zip(arrays, shapes, strict=True):
        number = s.dtype_number(array.dtype)
        if number is None:
            raise NotImplementedError(f"ffi_call: targets know no arrays of {array.dtype}")
        dims = (c_int64 * len(shape))(*shape)
        where = array.__array_interface__["data"][0]
        dimensions = cast(dims, POINTER(c_int64))
        buffers.append(s.Buffer(dtype=number, data=where, rank=len(shape), dims=dimensions))
        kept.append(dims)
    places = (c_void_p * len(buffers))(*map(addressof, buffers))
    types = (c_int * len(buffers))(*[s.BUFFER] * len(buffers))
    return places, types, (buffers, kept)


@lru_cache(maxsize=1024)
def _lasting(found: Target, attributes: Frozen) -> host.States:
    """The states that a target made once for all calls with these attributes."""
    states = host.States()
    if s.INSTANTIATE in found.handlers:
        attrs, _ = laid_out(attributes)
        frame = s.CallFrame(stage=s.INSTANTIATE, args=s.Args(), rets=s.Rets(), attrs=attrs)
        host.call(found.handlers[s.INSTANTIATE], frame, host.Context(states))
    return states
