"""stop_gradient_p: a value that derivatives take for a constant."""

from typing import Any

from ..core.aval import ShapedArray
from ..core.primitive import Primitive
from ..primitives.batching import elementwise_batch
from ..transforms.flat import arguments

stop_gradient_p = Primitive("stop_gradient", differentiable=False)
elementwise_batch(stop_gradient_p)


@stop_gradient_p.def_type
def _(x: ShapedArray) -> ShapedArray:
    return x


@stop_gradient_p.def_value
def _(x: Any) -> Any:
    return x


def stop_gradient(x: Any) -> Any:
    """`x`, a pytree of arrays, as a constant: its derivatives are zero.

    >>> import pullback as pb
    >>> float(pb.grad(lambda x: x * pb.lax.stop_gradient(x))(3.0))
    3.0
    """
    leaves, treedef = arguments(x, "stop_gradient")
    return treedef.unflatten([stop_gradient_p.bind(leaf) for leaf in leaves])
