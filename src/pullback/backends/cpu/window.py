"""Reductions over windows as loop nests over results and places in a window."""

from ...core.ir import JaxprEqn
from . import index as ix
from .build import Builder, at_view
from .expr import Node
from .index import Index
from .monoid import neutral
from .reduction import WIDE, add_reduction, widened
from .values import Value, storage

MONOIDS = {"reduce_window_sum": "add", "reduce_window_max": "max", "reduce_window_min": "min"}


def reduce_window(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """y[i..] = the monoid over k.. of x[i.. stride + k.. dilation - padding]."""
    (x,) = ins
    out = eqn.outvars[0]
    view = b.destination(out)
    if 0 not in out.aval.shape:
        kept, idx = b.graph.atoms.axes(out.aval.shape)
        over, places = b.graph.atoms.axes(eqn.params["window_dimensions"])
        op, dtype = MONOIDS[eqn.primitive.name], storage(out.aval)
        nothing = b.graph.const(neutral(op, x.dtype), x.dtype)
        value = nothing if 0 in x.shape else _element(b, eqn, x, idx, places, nothing)
        value = widened(b, value, WIDE.get(dtype, dtype))
        offset = at_view(view, idx)
        add_reduction(b, tuple(kept), tuple(over), op, view.buffer, offset, value, dtype)
    return [b.standing(view, out.aval)]


def _element(
    b: Builder,
    eqn: JaxprEqn,
    x: Value,
    idx: tuple[Index, ...],
    places: tuple[Index, ...],
    nothing: Node,
) -> Node:
    """The element at a place in a window; the neutral one in the padding."""
    p, atoms = eqn.params, b.graph.atoms
    tests, inner = [], []
    for d, n in enumerate(x.shape):
        parts = [(idx[d], p["window_strides"][d]), (places[d], p["window_dilation"][d])]
        at = ix.shift(ix.weighted(parts), -p["padding"][d][0])
        base = p["base_dilation"][d]
        if base > 1:
            tests.append((atoms.mod(at, base), 0, 1))
            at = atoms.div(at, base)
        tests.append((at, 0, n))
        inner.append(at)
    return b.graph.guard(tests, lambda: x.at(tuple(inner)), nothing)


EAGER = dict.fromkeys(MONOIDS, reduce_window)
