"""Pytrees, on optree: flatten, unflatten, map, and registration of node types."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import optree
from optree import PyTreeSpec

NAMESPACE = "pullback"

PyTreeDef = PyTreeSpec
LeafTest = Callable[[Any], bool] | None


def flatten(tree: Any, is_leaf: LeafTest = None) -> tuple[list[Any], PyTreeSpec]:
    """Leaves in order and the structure that rebuilds the tree from them."""
    return optree.tree_flatten(tree, is_leaf, namespace=NAMESPACE)


def unflatten(treedef: PyTreeSpec, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves."""
    return treedef.unflatten(leaves)


def leaves(tree: Any, is_leaf: LeafTest = None) -> list[Any]:
    """The leaves of a tree in order."""
    return optree.tree_leaves(tree, is_leaf, namespace=NAMESPACE)


def structure(tree: Any, is_leaf: LeafTest = None) -> PyTreeSpec:
    """The structure of a tree."""
    return optree.tree_structure(tree, is_leaf, namespace=NAMESPACE)


def map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: LeafTest = None) -> Any:
    """The tree of `f` of the leaves; `rest` are trees that have `tree` as a prefix."""
    return optree.tree_map(f, tree, *rest, is_leaf=is_leaf, namespace=NAMESPACE)


def flatten_with_path(tree: Any, is_leaf: LeafTest = None) -> tuple[list[tuple[Any, ...]], list[Any], PyTreeSpec]:
    """Paths (tuples of keys), leaves and structure of a tree."""
    return optree.tree_flatten_with_path(tree, is_leaf, namespace=NAMESPACE)


def paths(tree: Any, is_leaf: LeafTest = None) -> list[str]:
    """A printable path for each leaf: `['a'][0]`."""
    accessors = optree.tree_accessors(tree, is_leaf, namespace=NAMESPACE)
    return [a.codify("") for a in accessors]


def broadcast_prefix(prefix: Any, tree: Any, is_leaf: LeafTest = None) -> list[Any]:
    """For each leaf of `tree` the leaf of `prefix` above it. ValueError if it is not a prefix."""
    return optree.broadcast_prefix(prefix, tree, is_leaf=is_leaf, namespace=NAMESPACE)


def register_node(
    cls: type,
    flatten_func: Callable[[Any], tuple[Iterable[Any], Any]],
    unflatten_func: Callable[[Any, Any], Any],
    entries: Callable[[Any, Sequence[Any]], Sequence[Any]] | None = None,
) -> None:
    """Make a class a pytree node; `entries` names the children for paths."""

    def to_children(node: Any) -> Any:
        children, aux = flatten_func(node)
        children = tuple(children)
        return (children, aux) if entries is None else (children, aux, entries(node, children))

    optree.register_pytree_node(cls, to_children, unflatten_func, namespace=NAMESPACE)


def register_dataclass(cls: type, data_fields: Sequence[str] | None = None, meta_fields: Sequence[str] | None = None) -> type:
    """Make a dataclass a pytree node: `data_fields` are children, `meta_fields` structure."""
    if data_fields is None or meta_fields is None:
        if not is_dataclass(cls):
            raise ValueError(f"register_dataclass: {cls.__name__} is no dataclass, so name data_fields and meta_fields")
        static = {f.name for f in fields(cls) if f.metadata.get("static", False)}
        meta_fields = [f.name for f in fields(cls) if f.init and f.name in static]
        data_fields = [f.name for f in fields(cls) if f.init and f.name not in static]
    data, meta = tuple(data_fields), tuple(meta_fields)

    def to_children(node: Any) -> Any:
        return tuple(getattr(node, n) for n in data), tuple(getattr(node, n) for n in meta), data

    def from_children(aux: Any, children: Any) -> Any:
        return cls(**dict(zip(data, children, strict=True)), **dict(zip(meta, aux, strict=True)))

    optree.register_pytree_node(cls, to_children, from_children, namespace=NAMESPACE)
    return cls
