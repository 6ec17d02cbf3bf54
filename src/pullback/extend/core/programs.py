"""Programs as data: making equations, running programs, types with and without a batch."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ...core.aval import ShapedArray
from ...core.ir import Atom, ClosedJaxpr, Jaxpr, JaxprEqn, Var
from ...core.primitive import Effect
from ...core.primitive import Primitive as Operation
from ...core.rewrite import programs
from ...core.stage import eval_jaxpr
from ...dtypes import DType

Effects = frozenset[Effect]
no_effects: Effects = frozenset()


class DropVar(Var):
    """A result that nothing uses, in programs that say so."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "_"


def jaxpr_as_fun(closed_jaxpr: ClosedJaxpr) -> Callable[..., list[Any]]:
    """The program as a function of its arguments.

    >>> import pullback as pb
    >>> from pullback.extend.core import jaxpr_as_fun
    >>> [y] = jaxpr_as_fun(pb.make_jaxpr(lambda x: x * 2)(1.0))(3.0)
    >>> float(y)
    6.0
    """
    return partial(eval_jaxpr, closed_jaxpr.jaxpr, closed_jaxpr.consts)


def new_jaxpr_eqn(
    invars: Sequence[Atom],
    outvars: Sequence[Var],
    primitive: Operation,
    params: dict[str, Any],
    effects: Effects,
    source_info: Any = None,
    ctx: Any = None,
) -> JaxprEqn:
    """An equation. What it does besides computing is known from its operation."""
    return JaxprEqn(primitive, invars, outvars, params, source_info)


def subjaxprs(jaxpr: Jaxpr) -> Iterator[Jaxpr]:
    """The programs that the equations of a program hold."""
    for eqn in jaxpr.eqns:
        yield from programs(eqn.params)


def mapped_aval(size: int, axis: int | None, aval: ShapedArray) -> ShapedArray:
    """The type of one element of a batch along an axis; the type itself where axis is None."""
    if axis is None:
        return aval
    assert aval.shape[axis] == size, (aval, axis, size)
    return aval.update(shape=aval.shape[:axis] + aval.shape[axis + 1 :])


def unmapped_aval(
    size: int, axis: int | None, aval: ShapedArray, explicit_mesh_axis: Any = None
) -> ShapedArray:
    """The type of a batch of this type along an axis; the type itself where axis is None."""
    if axis is None:
        return aval
    return aval.update(shape=(*aval.shape[:axis], size, *aval.shape[axis:]))


def primal_dtype_to_tangent_dtype(primal_dtype: DType) -> DType:
    """The dtype of the tangents of a dtype: float0 where there are none."""
    return ShapedArray((), primal_dtype).tangent().dtype
