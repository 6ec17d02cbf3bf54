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
    """A result that nothing uses, in programs that say so.

    >>> from pullback.extend.core import DropVar
    >>> (x,) = pb.make_jaxpr(pnp.sin)(1.0).jaxpr.invars
    >>> DropVar(x.aval)
    _
    """

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
    """An equation. What it does besides computing is known from its operation.

    >>> from pullback.extend.core import new_jaxpr_eqn
    >>> from pullback.extend.core.primitives import sin_p
    >>> (x,) = pb.make_jaxpr(pnp.sin)(1.0).jaxpr.invars
    >>> eqn = new_jaxpr_eqn([x], [pb.extend.core.Var(x.aval)], sin_p, {}, set())
    >>> eqn.primitive
    sin
    """
    return JaxprEqn(primitive, invars, outvars, params, source_info)


def subjaxprs(jaxpr: Jaxpr) -> Iterator[Jaxpr]:
    """The programs that the equations of a program hold.

    >>> from pullback.extend.core import subjaxprs
    >>> len(list(subjaxprs(pb.make_jaxpr(pb.jit(pnp.sin))(1.0).jaxpr)))
    1
    """
    for eqn in jaxpr.eqns:
        yield from programs(eqn.params)


def mapped_aval(size: int, axis: int | None, aval: ShapedArray) -> ShapedArray:
    """The type of one element of a batch along an axis; the type itself where axis is None.

    >>> from pullback.extend.core import mapped_aval
    >>> mapped_aval(3, 0, pb.typeof(np.zeros((3, 2), np.float32)))
    ShapedArray(float32[2])
    """
    if axis is None:
        return aval
    assert aval.shape[axis] == size, (aval, axis, size)
    return aval.update(shape=aval.shape[:axis] + aval.shape[axis + 1 :])


def unmapped_aval(
    size: int, axis: int | None, aval: ShapedArray, explicit_mesh_axis: Any = None
) -> ShapedArray:
    """The type of a batch of this type along an axis; the type itself where axis is None.

    >>> from pullback.extend.core import unmapped_aval
    >>> unmapped_aval(3, 0, pb.typeof(np.zeros(2, np.float32)))
    ShapedArray(float32[3,2])
    """
    if axis is None:
        return aval
    return aval.update(shape=(*aval.shape[:axis], size, *aval.shape[axis:]))


def primal_dtype_to_tangent_dtype(primal_dtype: DType) -> DType:
    """The dtype of the tangents of a dtype: float0 where there are none.

    >>> from pullback.extend.core import primal_dtype_to_tangent_dtype
    >>> primal_dtype_to_tangent_dtype(np.dtype("int32"))
    dtype([('float0', 'V')])
    """
    return ShapedArray((), primal_dtype).tangent().dtype
