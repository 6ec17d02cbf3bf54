"""Flatten, unflatten, map, reduce: trees and their leaves, on optree."""

import builtins
import functools
from collections.abc import Callable, Iterable
from typing import Any

import optree
from optree import PyTreeSpec

from .. import _native

NAMESPACE = "pullback"

PyTreeDef = PyTreeSpec
_map = builtins.map
LeafTest = Callable[[Any], bool] | None
_ABSENT: Any = object()


def flatten(tree: Any, is_leaf: LeafTest = None) -> tuple[list[Any], PyTreeSpec]:
    """Leaves in order, and the structure that rebuilds the tree from them.

    >>> import pullback as pb
    >>> pb.tree.flatten({"b": (1, 2), "a": None})[0]
    [1, 2]
    """
    if is_leaf is None:
        return _native.flatten(tree)
    return optree.tree_flatten(tree, is_leaf, namespace=NAMESPACE)


def unflatten(treedef: PyTreeSpec, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves.

    >>> leaves, structure = pb.tree.flatten({"a": 1, "b": (2, 3)})
    >>> pb.tree.unflatten(structure, [10 * x for x in leaves])
    {'a': 10, 'b': (20, 30)}
    """
    return treedef.unflatten(leaves)


def leaves(tree: Any, is_leaf: LeafTest = None) -> list[Any]:
    """The leaves of a tree in order.

    >>> pb.tree.leaves({"b": 1, "a": [2, None, 3]})
    [2, 3, 1]
    """
    return _native.leaves(tree, is_leaf)


def structure(tree: Any, is_leaf: LeafTest = None) -> PyTreeSpec:
    """The structure of a tree.

    >>> pb.tree.structure((1, {"a": 2}))
    PyTreeSpec((*, {'a': *}))
    """
    return flatten(tree, is_leaf)[1]


def map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: LeafTest = None) -> Any:
    """The tree of `f` of the leaves; `rest` are trees that have `tree` as a prefix.

    >>> import pullback as pb
    >>> pb.tree.map(lambda x, y: x + y, [1, 2], [10, 20])
    [11, 22]
    """
    first, treedef = flatten(tree, is_leaf)
    if not rest:
        return treedef.unflatten([f(x) for x in first])
    return treedef.unflatten(_map(f, first, *[leaves_below(treedef, r) for r in rest]))


def leaves_below(treedef: PyTreeSpec, tree: Any) -> list[Any]:
    """What stands in a tree at the leaves of a structure that is a prefix of it."""
    found, same = _native.flatten(tree)
    return found if same is treedef else treedef.flatten_up_to(tree)


def reduce(
    function: Callable[[Any, Any], Any],
    tree: Any,
    initializer: Any = _ABSENT,
    is_leaf: LeafTest = None,
) -> Any:
    """The leaves folded from the left: `function(function(a, b), c)`.

    >>> pb.tree.reduce(lambda x, y: x + y, {"a": 1, "b": (2, 3)})
    6
    """
    start = () if initializer is _ABSENT else (initializer,)
    return functools.reduce(function, leaves(tree, is_leaf), *start)


def reduce_associative(
    operation: Callable[[Any, Any], Any],
    tree: Any,
    *,
    identity: Any = _ABSENT,
    is_leaf: LeafTest = None,
) -> Any:
    """The leaves folded pairwise, in a balanced tree: for associative operations.

    >>> import operator
    >>> pb.tree.reduce_associative(operator.add, {"a": 1, "b": (2, 3)})
    6
    """
    level = leaves(tree, is_leaf)
    if not level:
        if identity is _ABSENT:
            raise TypeError("reduce_associative: the tree has no leaves: give identity")
        return identity
    while len(level) > 1:
        pairs = [operation(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def all(tree: Any, *, is_leaf: LeafTest = None) -> bool:
    """Whether every leaf is true.

    >>> pb.tree.all({"a": True, "b": (True, False)})
    False
    """
    return builtins.all(leaves(tree, is_leaf))


def transpose(
    outer_treedef: PyTreeSpec, inner_treedef: PyTreeSpec | None, pytree_to_transpose: Any
) -> Any:
    """A tree of trees turned inside out: outer of inner becomes inner of outer.

    >>> outer, inner = pb.tree.structure([0, 0]), pb.tree.structure({"a": 0})
    >>> pb.tree.transpose(outer, inner, [{"a": 1}, {"a": 2}])
    {'a': [1, 2]}
    """
    if inner_treedef is None:
        inner_treedef = structure(outer_treedef.flatten_up_to(pytree_to_transpose)[0])
    return optree.tree_transpose(outer_treedef, inner_treedef, pytree_to_transpose)


def broadcast(prefix_tree: Any, full_tree: Any, is_leaf: LeafTest = None) -> Any:
    """The tree of `full_tree`'s structure with, at each leaf, the leaf of the prefix above it.

    >>> pb.tree.broadcast({"a": 1, "b": 2}, {"a": [0, 0], "b": 0})
    {'a': [1, 1], 'b': 2}
    """
    return structure(full_tree).unflatten(broadcast_prefix(prefix_tree, full_tree, is_leaf))


def broadcast_prefix(prefix: Any, tree: Any, is_leaf: LeafTest = None) -> list[Any]:
    """For each leaf of `tree` the leaf of `prefix` above it. ValueError if it is no prefix.

    `is_leaf` tells what is a leaf of the prefix alone.

    >>> pb.tree.broadcast_prefix((1, 2), ({"a": 5, "b": 6}, 7))
    [1, 1, 2]
    """
    above, treedef = flatten(prefix, is_leaf)
    below = treedef.flatten_up_to(tree)
    return [
        x for x, part in zip(above, below, strict=True) for _ in range(structure(part).num_leaves)
    ]


def all_leaves(iterable: Iterable[Any], is_leaf: LeafTest = None) -> bool:
    """Whether every item is a leaf.

    >>> pb.tree.all_leaves([1, 2.0]), pb.tree.all_leaves([1, [2.0]])
    (True, False)
    """
    return optree.all_leaves(iterable, is_leaf, namespace=NAMESPACE)


def treedef_is_leaf(treedef: PyTreeSpec) -> bool:
    """Whether the structure is a single leaf, or a node without children, as None is.

    >>> pb.tree.treedef_is_leaf(pb.tree.structure(1))
    True
    """
    return treedef.num_nodes == 1


def treedef_children(treedef: PyTreeSpec) -> list[PyTreeSpec]:
    """The structures of a node's children.

    >>> pb.tree.treedef_children(pb.tree.structure((1, [2, 3])))
    [PyTreeSpec(*), PyTreeSpec([*, *])]
    """
    return treedef.children()


def treedef_tuple(treedefs: Iterable[PyTreeSpec]) -> PyTreeSpec:
    """The structure of a tuple of trees of these structures.

    >>> pb.tree.treedef_tuple([pb.tree.structure([0]), pb.tree.structure({"a": 0})]).num_leaves
    2
    """
    return optree.treespec_tuple(treedefs, namespace=NAMESPACE)


def is_node(typ: type) -> bool:
    """Whether instances of a class are nodes of trees.

    >>> pb.tree.is_node(dict), pb.tree.is_node(int)
    (True, False)
    """
    registered = optree.register_pytree_node.get(typ, namespace=NAMESPACE)
    return registered is not None or optree.is_namedtuple_class(typ)
