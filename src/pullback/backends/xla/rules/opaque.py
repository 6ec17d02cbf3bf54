"""Operations on random keys: those of words, with a last axis of two, or of four."""

from collections.abc import Callable
from typing import Any

from .... import dtypes
from ..builder import Builder, Table, table
from ..hlo import Tensor, Value
from . import elementwise, indexing, reduce, shape

Types = list[Tensor]
Extend = Callable[..., dict[str, Any]]
RULES, rule = table()
BASE: Table = {**shape.RULES, **elementwise.RULES, **indexing.RULES}


def _with_axis(name: str, extend: Extend) -> None:
    """The rule of an operation that moves elements: its parameters speak of the last axis too."""

    def apply(b: Builder, types: Types, *args: Value, **params: Any) -> Any:
        return BASE[name](b, types, *args, **{**params, **extend(types[0], *args, **params)})

    rule(name)(apply)


def _windowed(field: str) -> Extend:
    """Windows hold the last axis whole; it is the result's (or the updates') last."""

    def extend(out: Tensor, x: Value, *args: Value, dimension_numbers: Any, **params: Any) -> Any:
        last = (args[-1].ndim if field == "update_window_dims" else len(out.shape)) - 1
        axes = (*getattr(dimension_numbers, field), last)
        changed: dict[str, Any] = {"dimension_numbers": dimension_numbers._replace(**{field: axes})}
        if "slice_sizes" in params:
            changed["slice_sizes"] = (*params["slice_sizes"], x.shape[-1])
        return changed

    return extend


EXTENDED: dict[str, Extend] = {
    "broadcast_in_dim": lambda out, x, shape, broadcast_dimensions: {
        "broadcast_dimensions": (*broadcast_dimensions, len(out.shape) - 1)
    },
    "transpose": lambda out, x, permutation: {"permutation": (*permutation, len(permutation))},
    "slice": lambda out, x, start_indices, limit_indices, strides: {
        "start_indices": (*start_indices, 0),
        "limit_indices": (*limit_indices, x.shape[-1]),
        "strides": (*strides, 1) if strides else None,
    },
    "gather": _windowed("offset_dims"),
    "scatter": _windowed("update_window_dims"),
}
for _name, _extend in EXTENDED.items():
    _with_axis(_name, _extend)


@rule("dynamic_slice", "dynamic_update_slice")
def _(b: Builder, types: Types, x: Value, *rest: Value, **params: Any) -> Value:
    """The last axis is taken whole, from its start."""
    zero = b.constant(0, rest[-1].dtype if rest[-1].shape == () else dtypes.int32)
    name = "dynamic_slice" if "slice_sizes" in params else "dynamic_update_slice"
    return BASE[name](b, types, x, *rest, zero, **params)


@rule("select_n")
def _(b: Builder, types: Types, which: Value, *cases: Value) -> Value:
    out = types[0].shape
    wide = b.broadcast(which, out, range(which.ndim))
    keys = [c if c.shape == out else b.broadcast(c, out, (len(out) - 1,)) for c in cases]
    return elementwise.select_n(b, types, wide, *keys)


@rule("pad")
def _(b: Builder, types: Types, x: Value, value: Value, **params: Any) -> Value:
    """Two words at a time, as 64-bit numbers."""
    pairs = range(0, x.shape[-1], 2)
    part = Tensor((*types[0].shape[:-1], 2), dtypes.uint32)
    outs: list[Value] = []
    for k in pairs:
        whole = [b.one("bitcast_convert", [v], _whole(v.type)) for v in _words(b, k, x, value)]
        out = BASE["pad"](b, [_whole(part)], *whole, **params)
        outs.append(b.one("bitcast_convert", [out], part))
    if len(outs) == 1:
        return outs[0]
    return BASE["concatenate"](b, types, *outs, dimension=len(part.shape) - 1)


def _words(b: Builder, k: int, *keys: Value) -> list[Value]:
    """Words k and k + 1 of keys."""
    found: list[Value] = []
    for x in keys:
        lead = x.shape[:-1]
        bounds = {
            "start_indices": (*[0] * len(lead), k),
            "limit_indices": (*lead, k + 2),
            "strides": None,
        }
        whole = x.shape[-1] == 2
        pair = Tensor((*lead, 2), dtypes.uint32)
        found.append(x if whole else BASE["slice"](b, [pair], x, **bounds))
    return found


def _whole(t: Tensor) -> Tensor:
    return Tensor(t.shape[:-1], dtypes.uint64)


def _comparison(direction: str, name: str) -> Callable[..., Value]:
    def apply(b: Builder, types: Types, x: Value, y: Value) -> Value:
        shape = (*types[0].shape, x.shape[-1])
        p, q = (v if v.shape == shape else b.broadcast(v, shape, (len(shape) - 1,)) for v in (x, y))
        differ = b.compare(direction, p, q)
        return reduce.RULES[f"reduce_{name}"](b, types, differ, axes=(len(shape) - 1,))

    return apply


rule("eq")(_comparison("EQ", "and"))
rule("ne")(_comparison("NE", "or"))
