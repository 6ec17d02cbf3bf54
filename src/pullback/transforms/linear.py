"""linear_transpose: the transpose of a function that is linear as it stands."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes, tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.trace import get_aval
from .border import cotangent, tangent
from .flat import Flat, argument, check_function
from .make_jaxpr import abstract
from .named import function_name
from .transpose import transpose_function


def linear_transpose(
    fun: Callable[..., Any], *primals: Any, reduce_axes: Sequence[Any] = ()
) -> Callable[[Any], Any]:
    """The transpose of `fun`, which must be linear in its arguments.

    Args:
      fun: linear function of arrays or pytrees of arrays.
      primals: arrays, or `ShapeDtypeStruct`s, of the types of the arguments; values do not matter.
      reduce_axes: accepted for compatibility; must be empty.

    Returns:
      A function of a cotangent of the result that returns a tuple of one cotangent an argument.

    Raises:
      TypeError: an argument is no number, or `fun` is not linear.

    >>> import pullback as pb
    >>> f_t = pb.linear_transpose(lambda x: 3.0 * x, 1.0)
    >>> float(f_t(2.0)[0])
    6.0
    """
    check_function(fun, "linear_transpose")
    if reduce_axes:
        raise NotImplementedError("linear_transpose: reduce_axes is not supported")
    flat, in_tree = tree.flatten(primals)
    avals = [abstract(x, "linear_transpose") for x in flat]
    for aval in avals:
        if not (dtypes.is_float(aval.dtype) or dtypes.is_integer(aval.dtype)):
            raise TypeError(
                f"linear_transpose: the arguments of {function_name(fun)} must be numbers, got"
                f" {type_name(aval)}"
            )

    def transposed(ct: Any) -> Any:
        cts, ct_tree = tree.flatten(ct)
        f = Flat(fun, in_tree, name="linear_transpose")

        def checked(*leaves: Any) -> list[Any]:
            outs = f(*leaves)
            if f.out_tree != ct_tree:
                raise TypeError(
                    "linear_transpose: the cotangent must have the result's structure"
                    f" {f.out_tree}, got {ct_tree}"
                )
            for i, out in enumerate(outs):
                cts[i] = _given(get_aval(out), cts[i])
            return outs

        found = transpose_function(checked, avals, cts)
        return in_tree.unflatten([cotangent(c, a) for c, a in zip(found, avals, strict=True)])

    return transposed


def _given(aval: ShapedArray, ct: Any) -> Any:
    """The cotangent of a result, which is of its type. That of an integer is an integer too."""
    if dtypes.is_float(aval.dtype):
        return tangent(aval, ct, "linear_transpose", "cotangent")
    ct = argument(ct, "linear_transpose")
    if not same_type(get_aval(ct), aval):
        raise TypeError(
            f"linear_transpose: for a value of type {type_name(aval)} the cotangent must be of it,"
            f" got {type_name(get_aval(ct))}"
        )
    return ct
