"""Operations over a mapped axis that has a name: psum, pmax, pmin, axis_index."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, tree
from ..core.aval import ShapedArray, make_aval
from ..core.primitive import Primitive
from ..core.trace import axis_size as mapped_size
from ..core.trace import get_aval
from ..primitives.arithmetic import div, mul
from ..primitives.convert import convert_element_type
from ..primitives.reduce import reduce_max, reduce_min
from ..primitives.rules import deflinear
from ..primitives.shape import iota, reduce_sum
from ..transforms.flat import arguments

psum_p = Primitive("psum", linear=True, collective=True)
pmax_p = Primitive("pmax", collective=True, differentiable=False)
pmin_p = Primitive("pmin", collective=True, differentiable=False)
axis_index_p = Primitive("axis_index", collective=True, differentiable=False)
deflinear(psum_p)


def _same_type(x: ShapedArray, *, axes: tuple[Any, ...]) -> ShapedArray:
    for name in axes:
        mapped_size(name)
    return x


def _unmapped(*_args: Any, axes: tuple[Any, ...]) -> Any:
    """Eagerly no axis is mapped: looking the name up raises the error that says so."""
    return mapped_size(axes[0])


def _repeat(x: Any, size: int) -> Any:
    return mul(x, size)


def define(primitive: Primitive, reduce: Callable[..., Any], unbatched: Callable[..., Any]) -> None:
    """The rules of a reduction over named axes."""
    primitive.def_type(_same_type)
    primitive.def_value(_unmapped)

    @primitive.def_batch
    def _(
        args: Sequence[Any], dims: Sequence[Any], *, axes: tuple[Any, ...], mapped: Any = None
    ) -> Any:
        (x,), (dim,) = args, dims
        if mapped is None:
            return primitive.bind(x, axes=axes), dim
        name, size = mapped
        out = unbatched(x, size) if dim is None else reduce(x, (dim,))
        rest = tuple(a for a in axes if a != name)
        return (primitive.bind(out, axes=rest) if rest else out), None


define(psum_p, reduce_sum, _repeat)
define(pmax_p, reduce_max, lambda x, size: x)
define(pmin_p, reduce_min, lambda x, size: x)


@psum_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any, ...]) -> list[Any]:
    return [psum_p.bind(ct, axes=axes)]


@axis_index_p.def_type
def _(*, axes: tuple[Any, ...]) -> ShapedArray:
    mapped_size(axes[0])
    return make_aval(dtypes.int32, (), False)


axis_index_p.def_value(_unmapped)


@axis_index_p.def_batch
def _(
    args: Sequence[Any], dims: Sequence[Any], *, axes: tuple[Any, ...], mapped: Any = None
) -> Any:
    assert mapped is not None
    return iota(dtypes.int32, (mapped[1],), 0), 0


def _axes(axis_name: Any) -> tuple[Any, ...]:
    return tuple(axis_name) if isinstance(axis_name, (tuple, list)) else (axis_name,)


def refuse_groups(what: str, groups: Any) -> None:
    """Raise if an operation is to run in groups of the axis."""
    if groups is not None:
        raise NotImplementedError(f"{what}: axis_index_groups is not supported; leave it out")


def _over(primitive: Primitive, x: Any, axis_name: Any, groups: Any, what: str) -> Any:
    refuse_groups(what, groups)
    axes = _axes(axis_name)
    leaves, treedef = arguments(x, what)
    return treedef.unflatten([primitive.bind(leaf, axes=axes) for leaf in leaves])


def psum(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The sum of each leaf of `x` over the mapped axis (or axes) of that name.

    Args:
      x: pytree of arrays.
      axis_name: name, or tuple of names, of axes that `vmap` maps.
      axis_index_groups: not supported.

    Raises:
      NameError: no such axis is mapped.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.vmap(lambda x: x / pb.lax.psum(x, "i"), axis_name="i")(pnp.array([1.0, 3.0]))
    Array([0.25, 0.75], dtype=float32)
    """
    return _over(psum_p, x, axis_name, axis_index_groups, "psum")


def pmax(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The maximum of each leaf of `x` over the mapped axis of that name."""
    return _over(pmax_p, x, axis_name, axis_index_groups, "pmax")


def pmin(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The minimum of each leaf of `x` over the mapped axis of that name."""
    return _over(pmin_p, x, axis_name, axis_index_groups, "pmin")


def pmean(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The mean of each leaf of `x` over the mapped axis (or axes) of that name."""
    size = axis_size(axis_name)
    total = psum(x, axis_name, axis_index_groups=axis_index_groups)
    return tree.map(lambda t: div(_floating(t), size), total)


def _floating(x: Any) -> Any:
    """The array in a dtype that has fractions."""
    aval = get_aval(x)
    if dtypes.is_float(aval.dtype):
        return x
    return convert_element_type(x, dtypes.default_dtype(float), aval.weak_type)


def axis_size(axis_name: Any) -> int:
    """The size of the mapped axis of that name, or the product of several, a Python integer."""
    size = 1
    for name in _axes(axis_name):
        size *= mapped_size(name)
    return size


def axis_index(axis_name: Any) -> Any:
    """The position along the mapped axis of that name, int32[]."""
    index: Any = None
    for name in _axes(axis_name):
        here = axis_index_p.bind(axes=(name,))
        index = here if index is None else _next_index(index, here, name)
    return index


def _next_index(index: Any, here: Any, name: Any) -> Any:
    return mul(index, np.int32(mapped_size(name))) + here
