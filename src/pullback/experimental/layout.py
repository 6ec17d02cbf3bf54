"""How arrays lie in memory: `Layout` and `Format`, which arrays have and calls may ask for."""

from typing import Any

from .. import tree
from ..core.formats import Layout
from ..core.sharding import Format
from ..core.trace import get_aval
from ..transforms.flat import argument

__all__ = ["Format", "Layout", "with_layout_constraint"]

WHAT = "with_layout_constraint"


def with_layout_constraint(x: Any, layouts: Any) -> Any:
    """The pytree `x`, whose arrays lie in memory as `layouts` says.

    Args:
      x: pytree of arrays.
      layouts: a `Layout`, or a pytree of them that is a prefix of `x`.

    Raises:
      ValueError: what is given is no `Layout`, or orders another number of axes than the array's.
      NotImplementedError: the order is not row-major, in which arrays lie.

    >>> from pullback.experimental.layout import Layout, with_layout_constraint
    >>> with_layout_constraint(pnp.ones((1, 2)), Layout((0, 1)))
    Array([[1., 1.]], dtype=float32)
    """
    wanted = tree.broadcast_prefix(layouts, x)
    leaves, structure = tree.flatten(x)
    pairs = zip(leaves, wanted, strict=True)
    return structure.unflatten([_constrained(leaf, layout) for leaf, layout in pairs])


def _constrained(leaf: Any, layout: Any) -> Any:
    if not isinstance(layout, Layout):
        raise ValueError(f"{WHAT}: wants a Layout, got {layout!r} of type {type(layout).__name__}")
    value = argument(leaf, WHAT)
    layout.check_compatible_aval(get_aval(value).shape)
    layout.check_possible(WHAT)
    return value
