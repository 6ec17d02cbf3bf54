"""Derivatives inside a program for one of several devices: whose copies a number stands for.

A value that is the same along an axis of devices is one number, held in copies. Transposition knows
each copy as a number of its own. So inside such a program `vjp` and `grad` mark where values enter
and leave the function: a cotangent is shared among the copies of a result, and summed over the
copies of an argument. Along which axes there are copies is found when the program is whole
(`control/varying.py`), which puts divisions and sums in the place of these operations.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from ..core.trace import get_aval, manual_axes
from ..primitives.rules import deflinear
from .batch import to_dim

# enter, leave -- x, whose copies are those of like
enter_p = Primitive("enter")
leave_p = Primitive("leave")
# share -- x / (the number of copies of like)
share_p = Primitive("share")
# total -- the sum of x over the copies of like
total_p = Primitive("total")
# vary -- x, of which each device along some axes has a copy of its own
vary_p = Primitive("vary", linear=True)
deflinear(vary_p)
STANDINS = (enter_p, leave_p, share_p, total_p, vary_p)


@vary_p.def_type
def _(x: ShapedArray, *, axes: tuple[Any, ...]) -> ShapedArray:
    return x


@vary_p.def_value
def _(x: Any, *, axes: tuple[Any, ...]) -> NoReturn:
    raise AssertionError("it stands in programs for several devices alone")


@vary_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any, ...]) -> list[Any]:
    return [ct]


@vary_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axes: tuple[Any, ...]) -> Any:
    return vary_p.bind(args[0], axes=axes), dims[0]


def _define(primitive: Primitive, transposed: Primitive) -> None:
    @primitive.def_type
    def _(x: ShapedArray, like: ShapedArray) -> ShapedArray:
        return x

    @primitive.def_value
    def _(x: Any, like: Any) -> NoReturn:
        raise AssertionError("it stands in programs for several devices alone")

    @primitive.def_jvp
    def _(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        """Marks are for the innermost derivative alone: values pass as they are."""
        (x, like), (t, _) = primals, tangents
        out = x if primitive in (enter_p, leave_p) else primitive.bind(x, like)
        return out, t if type(t) is Zero else primitive.bind(t, like)

    @primitive.def_transpose
    def _(ct: Any, _linear: Any, like: Any) -> list[Any]:
        return [transposed.bind(ct, like), None]

    @primitive.def_batch
    def _(args: Sequence[Any], dims: Sequence[Any]) -> Any:
        """A batch is one value to each device: of `like` only the copies count."""
        pairs = zip(args, dims, strict=True)
        sizes: list[int] = [get_aval(a).shape[d] for a, d in pairs if d is not None]
        x = to_dim(args[0], dims[0], 0, sizes[0])
        return primitive.bind(x, args[1]), 0


_define(enter_p, total_p)
_define(leave_p, share_p)
_define(share_p, share_p)
_define(total_p, total_p)


def bordered(f: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
    """A flat function that marks what enters and leaves it, in a program of one device."""
    if not manual_axes():
        return f

    def marked(*args: Any) -> Sequence[Any]:
        return _marked(leave_p, f(*_marked(enter_p, args)))

    return marked


def _marked(primitive: Primitive, values: Sequence[Any]) -> list[Any]:
    return [primitive.bind(x, x) if dtypes.is_float(get_aval(x).dtype) else x for x in values]
