"""Reductions by a computation of two elements, over axes or over sliding windows."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, tree
from ..control.reduce import reduce_by, reduce_p, reduce_window_by, reduce_window_p
from ..control.region import Region, stage_region
from ..core.aval import ShapedArray, canonical_axis, type_name
from ..core.ir import Var
from ..core.stage import eval_jaxpr
from ..core.trace import Tracer, get_aval
from ..numpy.divided import divides
from ..numpy.values import as_array
from ..primitives import convert, window
from ..primitives import reduce as _reduce
from ..primitives import shape as _shape
from ..primitives.sliding import dilated, pads_of, window_counts
from ..primitives.window import Windows


def _all_bits(dtype: np.dtype[Any]) -> Any:
    return -1 if dtype.kind == "i" else np.invert(np.zeros((), dtype))


# The reductions that have a name, by the operation that they repeat; and their identities.
NAMED: dict[str, tuple[Callable[..., Any], Callable[[Any], Any]]] = {
    "add": (_shape.reduce_sum, lambda dtype: 0),
    "mul": (_reduce.reduce_prod, lambda dtype: 1),
    "max": (_reduce.reduce_max, _reduce.least),
    "min": (_reduce.reduce_min, lambda dtype: _reduce.least(dtype, -1)),
    "and": (_reduce.reduce_and, _all_bits),
    "or": (_reduce.reduce_or, lambda dtype: 0),
    "xor": (_reduce.reduce_xor, lambda dtype: 0),
}
INFINITE = {"max": -np.inf, "min": np.inf}
NAMED_WINDOWS = {
    "add": window.reduce_window_sum,
    "max": window.reduce_window_max,
    "min": window.reduce_window_min,
}


def _operation(region: Region) -> str | None:
    """The name of the one operation that a computation of two scalars is, if it is one."""
    jaxpr = region.closed.jaxpr
    if len(jaxpr.eqns) != 1 or len(jaxpr.invars) != 2 or region.consts:
        return None
    (eqn,) = jaxpr.eqns
    plain = list(eqn.outvars) == list(jaxpr.outvars) and set(eqn.invars) == set(jaxpr.invars)
    return eqn.primitive.name if plain and eqn.primitive.name in NAMED else None


def _is_identity(name: str, init: Any) -> bool:
    if isinstance(init, Tracer):
        return False
    return bool(init == np.asarray(NAMED[name][1](init.dtype)).astype(init.dtype))


def _prepare(
    name: str, operand: Any, init: Any, computation: Callable[..., Any]
) -> tuple[list[Any], list[Any], Region]:
    """Arrays, initial scalars of their dtypes, and the computation as a program."""
    leaves, structure = tree.flatten(operand)
    starts, init_structure = tree.flatten(init)
    if structure != init_structure or not leaves:
        raise ValueError(
            f"{name}: the operands and initial values must have one structure, of at least one"
            f" array, got {structure} and {init_structure}"
        )
    xs = [_strong(as_array(name, x)) for x in leaves]
    avals = [ShapedArray((), x.dtype) for x in xs]
    _, in_tree = tree.flatten((operand, operand))
    region = stage_region(computation, in_tree, [*avals, *avals], name, (computation,))
    what = _operation(region)
    init = [_start(name, i, x.dtype, what) for i, x in zip(starts, xs, strict=True)]
    if region.out_tree != structure:
        raise ValueError(
            f"{name}: the computation must return what the operands are, {structure}, got"
            f" {region.out_tree}"
        )
    return xs, init, region


def _start(name: str, init: Any, dtype: Any, operation: str | None) -> Any:
    """An initial value as a scalar of a dtype; what is known is no operation of a program.

    Integers too may start at an infinity that is the identity of what is done to them.
    """
    if operation in INFINITE and dtypes.is_integer(dtype):
        if isinstance(init, float) and init == INFINITE[operation]:
            init = np.asarray(NAMED[operation][1](dtype)).astype(dtype)
    if isinstance(init, Tracer):
        init = _strong(init)
    elif isinstance(init, (bool, int, float, complex)) or getattr(init, "weak_type", False):
        with np.errstate(all="ignore"):
            number = np.asarray(init).astype(dtype)
        init = number if number == np.asarray(init) or number != number else np.asarray(init)
    else:
        init = np.asarray(init)
    if init.shape != () or init.dtype != dtype:
        raise TypeError(
            f"{name}: initial values must be scalars of the operands' dtypes, got"
            f" {type_name(get_aval(init))} for {dtypes.long_name(dtype)}"
        )
    return init


def _strong(x: Any) -> Any:
    aval = get_aval(x)
    return convert.convert_element_type(x, aval.dtype) if aval.weak_type else x


def _captured(region: Region) -> Callable[..., Any]:
    """A computation that captured arrays, as a function."""
    closed = region.closed
    return lambda *args: eval_jaxpr(closed.jaxpr, closed.consts, *args)


@divides
def reduce(
    operands: Any,
    init_values: Any,
    computation: Callable[..., Any],
    dimensions: Sequence[int],
    out_sharding: Any = None,
) -> Any:
    """Combine elements over axes by a function of two scalars.

    Args:
      operands: array, or pytree of arrays of one shape.
      init_values: scalar for each array, which the computation leaves others as they are with.
      computation: associative function of two scalars (pytrees of them).
      dimensions: axes.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    Returns:
      Arrays without the axes. A computation that is a single operation with a reduction of its
      own, as `lax.add` or `lax.max`, is done by that.

    >>> import pullback as pb
    >>> x = pb.numpy.array([1.0, 2.0, 3.0])
    >>> float(pb.lax.reduce(x, 0.0, lambda a, b: a + b, (0,)))
    6.0
    """
    xs, init, region = _prepare("reduce", operands, init_values, computation)
    axes = tuple(canonical_axis(d, xs[0].ndim, "reduce") for d in dimensions)
    name = _operation(region)
    if name is not None:
        outs = [_by_name(name, xs[0], init[0], region, axes)]
    elif region.consts:
        outs = reduce_by(_captured(region), xs, init, axes)
    else:
        outs = reduce_p.bind(*xs, *init, jaxpr=region.closed.jaxpr, dimensions=axes)
    return region.out_tree.unflatten(outs)


def _by_name(name: str, x: Any, init: Any, region: Region, axes: tuple[int, ...]) -> Any:
    total = NAMED[name][0](x, axes)
    if _is_identity(name, init):
        return total
    start = _shape.broadcast_in_dim(init, get_aval(total).shape, ())
    (eqn,) = region.closed.jaxpr.eqns
    assert all(isinstance(v, Var) for v in eqn.invars)
    return eqn.primitive.bind(start, total)


def reduce_window(
    operand: Any,
    init_value: Any,
    computation: Callable[..., Any],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int] | None = None,
    padding: str | Sequence[tuple[int, int]] = "VALID",
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> Any:
    """Combine the elements of sliding windows by a function of two scalars.

    Args:
      operand: array, or pytree of arrays of one shape.
      init_value: scalar for each array; padding holds it.
      computation: associative function of two scalars (pytrees of them).
      window_dimensions: the window's size on each axis.
      window_strides: the distance of windows, 1 by default.
      padding: "SAME", "SAME_LOWER", "VALID", or a (low, high) pair for each axis.
      base_dilation: distances at which elements stand.
      window_dilation: distances at which a window's elements stand.

    Returns:
      Arrays of one element a window.

    >>> import pullback as pb
    >>> x = pb.numpy.arange(6.0)
    >>> pb.lax.reduce_window(x, -pb.numpy.inf, pb.lax.max, (2,), (2,))
    Array([1., 3., 5.], dtype=float32)
    """
    xs, init, region = _prepare("reduce_window", operand, init_value, computation)
    windows = _windows(
        xs[0].shape, window_dimensions, window_strides, padding, base_dilation, window_dilation
    )
    window.check_windows("reduce_window", get_aval(xs[0]), windows)
    name = _operation(region)
    if name in NAMED_WINDOWS and _is_identity(name, init[0]):
        outs = [NAMED_WINDOWS[name](xs[0], windows)]
    elif region.consts:
        outs = reduce_window_by(_captured(region), xs, init, windows)
    else:
        outs = reduce_window_p.bind(*xs, *init, jaxpr=region.closed.jaxpr, **vars(windows))
    return region.out_tree.unflatten(outs)


def _windows(
    shape: Sequence[int], sizes: Any, strides: Any, padding: Any, base: Any, wide: Any
) -> Windows:
    ones = (1,) * len(sizes)
    window_sizes, steps, spread, reach = (
        ones if v is None else tuple(int(n) for n in v) for v in (sizes, strides, base, wide)
    )
    if isinstance(padding, str) and not len(shape) == len(steps) == len(reach) == len(ones):
        raise TypeError(
            f"reduce_window: sizes, strides and dilations must have one entry for each of"
            f" {len(shape)} axes, got {sizes}, {strides} and {wide}"
        )
    lengths = [dilated(k, r) for k, r in zip(window_sizes, reach, strict=False)]
    pads = pads_of("reduce_window", shape, lengths, steps, padding)
    return Windows(window_sizes, steps, pads, spread, reach)


def reduce_window_shape_tuple(
    operand_shape: Sequence[int],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """How many windows there are on each axis.

    >>> pb.lax.reduce_window_shape_tuple((5, 5), (3, 3), (2, 2), [(0, 0), (0, 0)])
    (2, 2)
    """
    ones = (1,) * len(operand_shape)
    return window_counts(
        tuple(operand_shape),
        tuple(window_dimensions),
        tuple(window_strides),
        tuple((low, high) for low, high in padding),
        ones if base_dilation is None else tuple(base_dilation),
        ones if window_dilation is None else tuple(window_dilation),
    )
