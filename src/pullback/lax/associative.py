"""associative_scan: running combinations in logarithmic depth."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..core.aval import canonical_axis
from ..numpy.values import as_arrays
from ..primitives import pieces as pc
from ..primitives import shape as sh

Combine = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


def associative_scan(
    fn: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """All prefixes of elems along an axis, combined by an associative function of two trees.

    Slices along `axis` of all leaves are the elements; `fn` combines many of them at once.

    >>> import pullback as pb
    >>> pb.lax.associative_scan(pb.numpy.add, pb.numpy.arange(4))
    Array([0, 1, 3, 6], dtype=int32)
    """
    if not callable(fn):
        raise TypeError("associative_scan: fn must be a function of two trees of arrays")
    leaves, treedef = tree.flatten(elems)
    leaves = as_arrays("associative_scan", leaves)
    axis = canonical_axis(axis, leaves[0].ndim, "associative_scan")
    sizes = {x.shape[axis] for x in leaves}
    if len(sizes) != 1:
        raise ValueError(
            f"associative_scan: all leaves must be of one size along axis {axis}, got"
            f" {[x.shape for x in leaves]}"
        )

    def combine(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        out = fn(tree.unflatten(treedef, a), tree.unflatten(treedef, b))
        return as_arrays("associative_scan", tree.leaves(out))

    leaves = [pc.rev(x, (axis,)) for x in leaves] if reverse else leaves
    out = _scan(combine, leaves, axis)
    out = [pc.rev(x, (axis,)) for x in out] if reverse else out
    return tree.unflatten(treedef, out)


def _every_other(x: Any, start: int, stop: int, axis: int) -> Any:
    return pc.slice_in_dim(x, start, max(start, stop), 2, axis)


def _scan(combine: Combine, xs: Sequence[Any], axis: int) -> list[Any]:
    """Pairs are combined, their prefixes found, and every other prefix follows from those."""
    n = xs[0].shape[axis]
    if n < 2:
        return list(xs)
    pairs = combine(
        [_every_other(x, 0, n - 1, axis) for x in xs], [_every_other(x, 1, n, axis) for x in xs]
    )
    odd = _scan(combine, pairs, axis)
    before = [pc.slice_in_dim(x, 0, (n - 1) // 2, 1, axis) for x in odd]
    even = combine(before, [_every_other(x, 2, n, axis) for x in xs]) if n > 2 else before
    first = [pc.slice_in_dim(x, 0, 1, 1, axis) for x in xs]
    even = [pc.concatenate([a, b], axis) for a, b in zip(first, even, strict=True)]
    return [_interleaved(a, b, axis) for a, b in zip(even, odd, strict=True)]


def _interleaved(even: Any, odd: Any, axis: int) -> Any:
    n = odd.shape[axis]
    head = pc.slice_in_dim(even, 0, n, 1, axis)
    pair = pc.concatenate([sh.expand_dims(v, (axis + 1,)) for v in (head, odd)], axis + 1)
    out = sh.reshape(pair, (*odd.shape[:axis], 2 * n, *odd.shape[axis + 1 :]))
    if even.shape[axis] == n:
        return out
    return pc.concatenate([out, pc.slice_in_dim(even, n, n + 1, 1, axis)], axis)
