"""Rules of batching, under the names of `jax.interpreters.batching`.

A rule is `rule(args, dims, **params) -> (out, dim)`, with lists where the operation has several
results. `dims` holds for each argument the axis that is the batch, or None.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..core.primitive import Primitive
from ..core.trace import get_aval
from ..primitives.batching import batch_size, broadcast_batch, move_axis, to_axis
from ..transforms import vmappable
from .rules import Rules

__all__ = [
    "AxisData",
    "axis_primitive_batchers",
    "bdim_at_front",
    "broadcast",
    "defbroadcasting",
    "defreducer",
    "defvectorized",
    "fancy_primitive_batchers",
    "not_mapped",
    "primitive_batchers",
    "register_vmappable",
    "unregister_vmappable",
]

Rule = Callable[..., Any]
Dims = Sequence[int | None]
not_mapped = None


@dataclass(frozen=True)
class AxisData:
    """The axis that a `vmap` maps: its name, or None, and its size.

    >>> from pullback.interpreters import batching
    >>> batching.AxisData("i", 4).size
    4
    """

    name: Any
    size: int
    spmd_name: Any = None
    explicit_mesh_axis: Any = None


class AxisRules(Rules):
    """Batching rules that are told the axis."""

    def __init__(self, adapt: Callable[[Rule], Rule]) -> None:
        super().__init__("batch_over", "Batching")
        self._adapt = adapt

    def __setitem__(self, primitive: Primitive, rule: Rule) -> None:
        primitive.batch = None
        super().__setitem__(primitive, self._adapt(rule))


def _with_axis_data(rule: Rule) -> Rule:
    """`rule(axis_data, args, dims, **params)`."""
    return lambda axis, args, dims, **params: rule(AxisData(*axis), args, dims, **params)


def _with_size_and_name(rule: Rule) -> Rule:
    """`rule(axis_size, axis_name, trace_type, args, dims, **params)`."""
    return lambda axis, args, dims, **params: rule(axis[1], axis[0], None, args, dims, **params)


primitive_batchers = Rules("batch", "Batching")
fancy_primitive_batchers = AxisRules(_with_axis_data)
axis_primitive_batchers = AxisRules(_with_size_and_name)


def broadcast(x: Any, sz: int, axis: int, mesh_axis: Any = None) -> Any:
    """The array repeated along a new axis.

    >>> from pullback.interpreters import batching
    >>> batching.broadcast(pnp.array([1, 2]), 2, 0)
    Array([[1, 2],
           [1, 2]], dtype=int32)
    """
    assert mesh_axis is None
    return broadcast_batch(x, sz, axis)


def bdim_at_front(x: Any, bdim: int | None, size: int, mesh_axis: Any = None) -> Any:
    """The array with its batch at axis 0, repeated along it if it has none.

    >>> from pullback.interpreters import batching
    >>> batching.bdim_at_front(pnp.zeros((2, 5)), 1, 5).shape
    (5, 2)
    """
    assert mesh_axis is None
    return to_axis(x, bdim, size, 0)


def defvectorized(prim: Primitive) -> None:
    """Batch an operation on each element whose arguments are all batched along one axis.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import batching
    >>> next_p = Primitive("next")
    >>> following = next_p.def_impl(lambda x: x + 1)
    >>> batching.defvectorized(next_p)
    >>> pb.vmap(next_p.bind)(pnp.array([1, 2]))
    Array([2, 3], dtype=int32)
    """
    primitive_batchers[prim] = partial(_vectorized, prim)


def _vectorized(prim: Primitive, args: Sequence[Any], dims: Dims, **params: Any) -> Any:
    assert not prim.multiple_results
    assert all(d == dims[0] for d in dims), (prim, dims)
    return prim.bind(*args, **params), dims[0]


def defbroadcasting(prim: Primitive) -> None:
    """Batch an operation on each element that broadcasts axes of size one, as NumPy does.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import batching
    >>> plus_p = Primitive("plus")
    >>> plus = plus_p.def_impl(lambda x, y: x + y)
    >>> batching.defbroadcasting(plus_p)
    >>> pb.vmap(plus_p.bind)(pnp.array([1, 2]), pnp.array([10, 20]))
    Array([11, 22], dtype=int32)
    """
    primitive_batchers[prim] = partial(_broadcasting, prim)


def _broadcasting(prim: Primitive, args: Sequence[Any], dims: Dims, **params: Any) -> Any:
    rank = max(len(get_aval(x).shape) - (d is not None) for x, d in zip(args, dims, strict=True))
    lined = [_lined_up(x, d, rank) for x, d in zip(args, dims, strict=True)]
    out = prim.bind(*lined, **params)
    return out, [0] * len(out) if prim.multiple_results else 0


def _lined_up(x: Any, dim: int | None, rank: int) -> Any:
    """The array with its batch, or an axis of size one, at axis 0 before axes of the same rank."""
    shape = list(get_aval(x).shape)
    if dim is None:
        return x if not shape else x.reshape((1,) * (rank + 1 - len(shape)) + tuple(shape))
    size = shape.pop(dim)
    return move_axis(x, dim, 0).reshape((size, *(1,) * (rank - len(shape)), *shape))


def defreducer(prim: Primitive) -> None:
    """Batch an operation that reduces the axes in its parameter `axes`.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import batching
    >>> total_p = Primitive("total")
    >>> total = total_p.def_impl(lambda x, *, axes: pnp.sum(x, axes))
    >>> batching.defreducer(total_p)
    >>> pb.vmap(lambda x: total_p.bind(x, axes=(0,)))(pnp.array([[1, 2], [3, 4]]))
    Array([3, 7], dtype=int32)
    """
    primitive_batchers[prim] = partial(_reducer, prim)


def _reducer(
    prim: Primitive, args: Sequence[Any], dims: Dims, axes: Sequence[int], **params: Any
) -> Any:
    (x,), (dim,) = args, dims
    assert dim is not None and batch_size(args, dims)
    moved = tuple([a + (a >= dim) for a in axes])
    out_dim = dim - sum(a < dim for a in moved)
    out = prim.bind(x, axes=moved, **params)
    return out, [out_dim] * len(out) if prim.multiple_results else out_dim


def register_vmappable(
    data_type: type,
    spec_type: type,
    axis_size_type: type,
    to_elt: Callable[..., Any],
    from_elt: Callable[..., Any],
    make_iota: Callable[..., Any] | None,
) -> None:
    """Let `vmap` map values of a class, which are pytrees, in a way of their own.

    `to_elt(cont, get_idx, value, axis)` makes an element of a value, by `cont(part, axis)` of its
    parts, and `from_elt(cont, axis_size, element, axis)` a batch, by `cont(axis_size, part, axis)`.

    >>> from pullback.interpreters import batching
    >>> class Named:
    ...     def __init__(self, name, x):
    ...         self.name, self.x = name, x
    >>> pb.tree.register_node(Named, lambda n: ((n.x,), n.name), lambda name, xs: Named(name, *xs))
    >>> batching.register_vmappable(
    ...     Named,
    ...     int,
    ...     int,
    ...     lambda cont, i, value, axis: Named("one", cont(value.x, axis)),
    ...     lambda cont, size, one, axis: Named("all", cont(size, one.x, axis)),
    ...     None,
    ... )
    >>> pb.vmap(lambda n: n.x * 2, in_axes=0)(Named("all", pnp.arange(3)))
    Array([0, 2, 4], dtype=int32)
    """
    if not (issubclass(spec_type, int) and issubclass(axis_size_type, int)):
        raise NotImplementedError(
            "register_vmappable: axes and their sizes are integers, got"
            f" {spec_type.__name__} and {axis_size_type.__name__}"
        )
    assert make_iota is None or callable(make_iota)
    vmappable.register(data_type, vmappable.Handlers(to_elt, from_elt))


def unregister_vmappable(data_type: type) -> None:
    """Kept for programs that call it; a class stays registered.

    >>> from pullback.interpreters import batching
    >>> batching.unregister_vmappable(dict)  # nothing happens
    """
