"""name_p: a value under a name, for the policies of `checkpoint`."""

from collections.abc import Sequence
from typing import Any

from ..core.aval import ShapedArray
from ..core.ir import Atom, JaxprEqn
from ..core.primitive import Primitive
from ..transforms.flat import arguments

# name -- y = x
name_p = Primitive("name")


@name_p.def_type
def _(x: ShapedArray, *, name: str) -> ShapedArray:
    return x


@name_p.def_value
def _(x: Any, *, name: str) -> Any:
    return x


@name_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, name: str) -> Any:
    return name_p.bind(*primals, name=name), tangents[0]


@name_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, name: str) -> Any:
    return name_p.bind(*args, name=name), dims[0]


@name_p.def_simplify
def _(eqn: JaxprEqn, definition: Any) -> Atom:
    return eqn.invars[0]


def checkpoint_name(x: Any, name: str) -> Any:
    """`x`, a pytree of arrays, whose values the policies of `checkpoint` know by this name.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> from pullback.ad_checkpoint import checkpoint_name
    >>> policy = pb.checkpoint_policies.save_only_these_names("wave")
    >>> f = pb.checkpoint(lambda x: pnp.cos(checkpoint_name(pnp.sin(x), "wave")), policy=policy)
    >>> float(pb.grad(f)(0.0))
    -0.0
    """
    leaves, treedef = arguments(x, "checkpoint_name")
    return treedef.unflatten([name_p.bind(leaf, name=name) for leaf in leaves])
