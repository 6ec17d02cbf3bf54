"""optimization_barrier_p: values that the compiler must not look behind."""

from collections.abc import Sequence
from typing import Any

from .. import tree
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from ..transforms.flat import arguments
from ..transforms.transpose import materialize

optimization_barrier_p = Primitive("optimization_barrier", multiple_results=True, linear=True)


@optimization_barrier_p.def_type
def _(*avals: ShapedArray) -> list[ShapedArray]:
    return list(avals)


@optimization_barrier_p.def_value
def _(*args: Any) -> list[Any]:
    return list(args)


@optimization_barrier_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    outs = optimization_barrier_p.bind(*primals)
    live = [t for t in tangents if type(t) is not Zero]
    held = iter(optimization_barrier_p.bind(*live))
    return outs, [t if type(t) is Zero else next(held) for t in tangents]


@optimization_barrier_p.def_transpose
def _(cts: Sequence[Any], *args: Any) -> list[Any]:
    return optimization_barrier_p.bind(
        *[materialize(c, c.aval) if type(c) is Zero else c for c in cts]
    )


@optimization_barrier_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any]) -> Any:
    return optimization_barrier_p.bind(*args), list(dims)


def optimization_barrier(operand: Any, /) -> Any:
    """The operand, a pytree of arrays, unchanged; the compiler merges nothing across it.

    >>> import pullback as pb
    >>> float(pb.lax.optimization_barrier(1.0))
    1.0
    """
    leaves, treedef = arguments(operand, "optimization_barrier")
    return (
        treedef.unflatten(optimization_barrier_p.bind(*leaves))
        if leaves
        else tree.unflatten(treedef, [])
    )
