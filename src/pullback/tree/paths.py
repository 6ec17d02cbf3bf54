"""Where in a tree a leaf stands: key paths and their text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optree

from .leaves import NAMESPACE, LeafTest, PyTreeDef, leaves, structure


@dataclass(frozen=True)
class SequenceKey:
    """Item `idx` of a tuple or list."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"


@dataclass(frozen=True)
class DictKey:
    """Item `key` of a dictionary."""

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@dataclass(frozen=True)
class GetAttrKey:
    """Attribute `name` of a named tuple, dataclass or registered node."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@dataclass(frozen=True)
class FlattenedIndexKey:
    """Child number `key` of a registered node that names no children."""

    key: int

    def __str__(self) -> str:
        return f"[<flat index {self.key}>]"


KeyEntry = SequenceKey | DictKey | GetAttrKey | FlattenedIndexKey
KeyPath = tuple[Any, ...]


def _entry(entry: Any) -> Any:
    if isinstance(entry, optree.NamedTupleEntry):
        return GetAttrKey(entry.field)
    if isinstance(entry, optree.SequenceEntry):
        return SequenceKey(entry.index)
    if isinstance(entry, optree.MappingEntry):
        return DictKey(entry.key)
    if isinstance(entry, optree.GetAttrEntry):
        return GetAttrKey(entry.name)
    key = entry.entry
    return FlattenedIndexKey(key) if isinstance(key, int) else key


def key_paths(tree: Any, is_leaf: LeafTest = None) -> list[KeyPath]:
    """The path of each leaf, a tuple of keys."""
    accessors = optree.tree_accessors(tree, is_leaf, namespace=NAMESPACE)
    return [tuple(_entry(e) for e in a) for a in accessors]


def paths(tree: Any, is_leaf: LeafTest = None) -> list[str]:
    """The path of each leaf as text: `['a'][0].weight`."""
    return [keystr(p) for p in key_paths(tree, is_leaf)]


def keystr(keys: KeyPath, *, simple: bool = False, separator: str = "") -> str:
    """A path as text.

    Args:
      keys: keys as `flatten_with_path` gives them.
      simple: only names and numbers, without brackets and dots.
      separator: what stands between keys.

    >>> import pullback as pb
    >>> pb.tree_util.keystr((pb.tree_util.DictKey("a"), pb.tree_util.SequenceKey(0)))
    "['a'][0]"
    """
    return separator.join(_plain(k) if simple else str(k) for k in keys)


def _plain(key: Any) -> str:
    for name in ("idx", "key", "name"):
        if hasattr(key, name):
            return str(getattr(key, name))
    return str(key)


def flatten_with_path(
    tree: Any, is_leaf: LeafTest = None, is_leaf_takes_path: bool = False
) -> tuple[list[tuple[KeyPath, Any]], PyTreeDef]:
    """Pairs of path and leaf, and the structure."""
    _refuse(is_leaf_takes_path)
    pairs = zip(key_paths(tree, is_leaf), leaves(tree, is_leaf), strict=True)
    return list(pairs), structure(tree, is_leaf)


def leaves_with_path(
    tree: Any, is_leaf: LeafTest = None, is_leaf_takes_path: bool = False
) -> list[tuple[KeyPath, Any]]:
    """Pairs of path and leaf."""
    return flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def map_with_path(
    f: Callable[..., Any],
    tree: Any,
    *rest: Any,
    is_leaf: LeafTest = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """The tree of `f(path, leaf, *leaves of rest)`."""
    pairs, treedef = flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    others = [treedef.flatten_up_to(r) for r in rest]
    columns = zip(*others, strict=True) if others else [()] * len(pairs)
    results = [f(path, leaf, *o) for (path, leaf), o in zip(pairs, columns, strict=True)]
    return treedef.unflatten(results)


def _refuse(is_leaf_takes_path: bool) -> None:
    if is_leaf_takes_path:
        raise NotImplementedError("is_leaf_takes_path is not supported; leave it out")
