"""stop_gradient: a value whose derivative is taken to be zero."""

from typing import Any, cast

import numpy as np

from .. import tree
from .._native import ArrayImpl
from ..core.primitive import Primitive
from ..core.trace import get_aval
from ..primitives.rules import zero_like
from .flat import in_use

stop_gradient_p = Primitive("stop_gradient")


@stop_gradient_p.def_type
def _(x: Any) -> Any:
    return x


@stop_gradient_p.def_value
def _(x: Any) -> Any:
    return x


@stop_gradient_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    out = stop_gradient_p.bind(primals[0])
    return out, zero_like(out)


@stop_gradient_p.def_batch
def _(args: Any, dims: Any) -> Any:
    return stop_gradient_p.bind(args[0]), dims[0]


def stop_gradient(x: Any) -> Any:
    """The pytree `x`, whose leaves differentiation takes to be constants.

    >>> import pullback as pb
    >>> float(pb.grad(lambda x: x * pb.lax.stop_gradient(x))(3.0))
    3.0
    """
    return _stopped(x) if type(x) is ArrayImpl else tree.map(_stopped, x)


def _stopped(leaf: Any) -> Any:
    if isinstance(leaf, (np.ndarray, np.generic)):
        leaf = in_use(cast(Any, leaf), "stop_gradient")
    moves = get_aval(leaf).tangent() is get_aval(leaf)
    return stop_gradient_p.bind(leaf) if moves else leaf
