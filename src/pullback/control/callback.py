"""pure_callback and io_callback: functions of NumPy inside programs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, tree
from ..core.aval import ShapedArray, make_aval
from ..core.primitive import Effect, Primitive
from ..primitives.shape import expand_dims
from ..transforms.batch import to_dim
from ..transforms.flat import arguments, check_function
from .host import Host, batched, define, stacked

pure_callback_p = define("pure_callback", None)
io_callback_p = define("io_callback", Effect.IO)


def _refuse_derivatives(primitive: Primitive, who: str, hint: str) -> None:
    @primitive.def_jvp
    def _(*_: Any, **_params: Any) -> Any:
        raise ValueError(f"{who} do not support JVP{hint.format('custom_jvp')}")

    @primitive.def_transpose
    def _(*_: Any, **_params: Any) -> Any:
        raise ValueError(f"{who} do not support transpose{hint.format('custom_vjp')}")


_refuse_derivatives(
    pure_callback_p, "Pure callbacks", ": give the function that calls back a rule by {}"
)
_refuse_derivatives(io_callback_p, "IO callbacks", "")


# How each vmap_method treats the operands that are not batched: the size of the axis that they
# get, or None for none.
Widths = Callable[[int], int | None]
AT_ONCE: dict[str, Widths] = {
    "expand_dims": lambda n: 1,
    "broadcast_all": lambda n: n,
    "legacy_vectorized": lambda n: None,
}
ONE_BY_ONE = ("sequential", "sequential_unrolled")
METHODS = (*ONE_BY_ONE, *AT_ONCE)


@pure_callback_p.def_batch
def _(args: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
    method, avals = params["vmap_method"], params["result_avals"]
    if method is None:
        raise NotImplementedError(
            f"vmap of pure_callback of {params['callback']!r}: say how by vmap_method, one of"
            f" {', '.join(METHODS)}"
        )
    if method in ONE_BY_ONE:
        outs = pure_callback_p.bind(*args, **batched(args, dims, params))
        return outs, [0] * len(outs)
    size = next(a.shape[d] for a, d in zip(args, dims, strict=True) if d is not None)
    width = AT_ONCE[method](size)
    operands = [_fronted(a, d, width, size) for a, d in zip(args, dims, strict=True)]
    outs = pure_callback_p.bind(*operands, **{**params, "result_avals": stacked(avals, size)})
    return outs, [0] * len(outs)


def _fronted(x: Any, dim: int | None, width: int | None, size: int) -> Any:
    if dim is not None or width == size:
        return to_dim(x, dim, 0, size)
    return x if width is None else expand_dims(x, (0,))


@io_callback_p.def_batch
def _(args: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
    if params["ordered"]:
        raise ValueError(
            f"Cannot vmap the ordered io_callback of {params['callback']!r}: elements of a batch"
            " have no order; leave ordered=True out"
        )
    outs = io_callback_p.bind(*args, **batched(args, dims, params))
    return outs, [0] * len(outs)


def pure_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    vmap_method: str | None = None,
    **kwargs: Any,
) -> Any:
    """Call a Python function without side effects from inside a program.

    The function may be called more often than the program says, or not at all where nothing needs
    its result. It has no derivative: wrap it in `custom_jvp` or `custom_vjp`.

    Args:
      callback: function of arrays or pytrees of arrays; NumPy functions take them.
      result_shape_dtypes: the types of its results: a pytree of `ShapeDtypeStruct`s, or of
        anything else with `shape` and `dtype`.
      args, kwargs: arrays or pytrees of arrays.
      sharding: must be None; there is one device.
      vmap_method: what `vmap` does. "sequential" and "sequential_unrolled" call for each element.
        "expand_dims" and "broadcast_all" call once: batched operands have a new leading axis, of
        size 1 or of the batch's size in operands that are not batched. "legacy_vectorized" leaves
        those as they are. With None, `vmap` is an error.

    Returns:
      What the function returned, in the structure of `result_shape_dtypes`.

    Raises:
      ValueError: what the function returned is not of the declared types; or a derivative is taken.
      NotImplementedError: `vmap` without a `vmap_method`.
      Exceptions of the function itself.

    >>> import numpy as np, pullback as pb
    >>> like = pb.ShapeDtypeStruct((), np.float32)
    >>> float(pb.jit(lambda x: pb.pure_callback(np.cbrt, like, x))(8.0))
    2.0
    """
    if vmap_method is not None and vmap_method not in METHODS:
        raise ValueError(
            f"pure_callback: vmap_method must be None or one of {', '.join(METHODS)}, got"
            f" {vmap_method!r}"
        )
    extra = {"vmap_method": vmap_method}
    return _call(
        pure_callback_p, callback, result_shape_dtypes, args, kwargs, sharding=sharding, **extra
    )


def io_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    ordered: bool = False,
    **kwargs: Any,
) -> Any:
    """Call a Python function with side effects from inside a program, as often as it says.

    Calls happen in the program's order, whether `ordered` or not.

    Args:
      callback: function of arrays or pytrees of arrays.
      result_shape_dtypes: the types of its results: a pytree of `ShapeDtypeStruct`s, or of
        anything else with `shape` and `dtype`; None if there are none.
      args, kwargs: arrays or pytrees of arrays.
      sharding: must be None; there is one device.
      ordered: whether the order of the calls matters. `vmap` refuses such calls.

    Returns:
      What the function returned, in the structure of `result_shape_dtypes`.

    Raises:
      ValueError: what the function returned is not of the declared types; a derivative is taken;
        an ordered call is mapped by `vmap`.
      Exceptions of the function itself.

    >>> import pullback as pb
    >>> seen = []
    >>> f = pb.jit(lambda x: pb.experimental.io_callback(lambda v: seen.append(int(v)), None, x))
    >>> f(3)
    >>> seen
    [3]
    """
    return _call(
        io_callback_p, callback, result_shape_dtypes, args, kwargs, sharding=sharding,
        ordered=bool(ordered),
    )  # fmt: skip


def _call(
    primitive: Primitive,
    callback: Callable[..., Any],
    declared: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    sharding: Any,
    **params: Any,
) -> Any:
    check_function(callback, primitive.name)
    if sharding is not None:
        raise NotImplementedError(f"{primitive.name}: leave sharding out; there is one device")
    leaves, in_tree = arguments((args, kwargs), primitive.name)
    specs, out_tree = tree.flatten(declared)
    avals = tuple([_declared(primitive.name, s) for s in specs])
    host = Host(callback, in_tree)
    outs = primitive.bind(*leaves, callback=host, result_avals=avals, **params)
    return out_tree.unflatten(outs)


def _declared(what: str, spec: Any) -> ShapedArray:
    """A type from anything with a shape and a dtype."""
    try:
        shape, dtype = tuple(spec.shape), np.dtype(spec.dtype)
    except AttributeError:
        raise TypeError(
            f"{what}: result_shape_dtypes must hold ShapeDtypeStructs or arrays, got {spec!r}"
        ) from None
    if dtypes.canonicalize_dtype(dtype) != dtype:
        raise ValueError(
            f"{what}: result_shape_dtypes declares {dtype.name}, which is not in use: declare"
            f" {dtypes.canonicalize_dtype(dtype).name}, or use enable_x64()"
        )
    return make_aval(dtype, shape, False)


__all__ = ["io_callback", "io_callback_p", "pure_callback", "pure_callback_p"]
