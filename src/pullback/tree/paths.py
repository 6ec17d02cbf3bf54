"""Where in a tree a leaf stands: key paths and their text."""

from collections.abc import Callable
from typing import Any

import optree

from .. import _native
from .leaves import (
    NAMESPACE,
    LeafTest,
    PyTreeDef,
    all_leaves,
    flatten,
    leaves,
    leaves_below,
    structure,
)


class _Key:
    """One step of a path: data of one field, compared by it."""

    __slots__: tuple[str, ...] = ()
    TEXT = ""
    __match_args__: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        cls.__match_args__ = cls.__slots__

    def __str__(self) -> str:
        return self.TEXT.format(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__slots__[0]}={self._value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._value == other._value

    def __hash__(self) -> int:
        return hash((self.__slots__[0], self._value))

    @property
    def _value(self) -> Any:
        return getattr(self, self.__slots__[0])


class SequenceKey(_Key):
    """Item `idx` of a tuple or list.

    >>> str(pb.tree_util.SequenceKey(2))
    '[2]'
    """

    __slots__ = ("idx",)
    TEXT = "[{!r}]"

    def __init__(self, idx: int) -> None:
        self.idx = idx


class DictKey(_Key):
    """Item `key` of a dictionary.

    >>> str(pb.tree_util.DictKey("a"))
    "['a']"
    """

    __slots__ = ("key",)
    TEXT = "[{!r}]"

    def __init__(self, key: Any) -> None:
        self.key = key


class GetAttrKey(_Key):
    """Attribute `name` of a named tuple, dataclass or registered node.

    >>> str(pb.tree_util.GetAttrKey("weight"))
    '.weight'
    """

    __slots__ = ("name",)
    TEXT = ".{}"

    def __init__(self, name: str) -> None:
        self.name = name


class FlattenedIndexKey(_Key):
    """Child number `key` of a registered node that names no children.

    >>> str(pb.tree_util.FlattenedIndexKey(0))
    '[<flat index 0>]'
    """

    __slots__ = ("key",)
    TEXT = "[<flat index {}>]"

    def __init__(self, key: int) -> None:
        self.key = key


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
    return [path for path, _ in _flatten_with_path(tree, is_leaf)[0]]


def _flatten_with_path(tree: Any, is_leaf: LeafTest) -> tuple[list[tuple[KeyPath, Any]], PyTreeDef]:
    if is_leaf is None:
        both = _native.flatten_with_path(tree)
        return both or (_by_accessors(tree, None), structure(tree))
    pairs = _native.leaves_with_path(tree, is_leaf)
    return (_by_accessors(tree, is_leaf) if pairs is None else pairs), structure(tree, is_leaf)


def _by_accessors(tree: Any, is_leaf: LeafTest) -> list[tuple[KeyPath, Any]]:
    accessors = optree.tree_accessors(tree, is_leaf, namespace=NAMESPACE)
    keys = [tuple([_entry(e) for e in a]) for a in accessors]
    return list(zip(keys, leaves(tree, is_leaf), strict=True))


def paths(tree: Any, is_leaf: LeafTest = None) -> list[str]:
    """The path of each leaf as text: `['a'][0].weight`.

    >>> pb.tree.paths({"a": (1, 2)})
    ["['a'][0]", "['a'][1]"]
    """
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


class _Found:
    """A leaf, or a subtree that is taken for one, and where it stands."""

    def __init__(self, path: KeyPath, value: Any) -> None:
        self.path, self.value = path, value


def _parted(tree: Any, is_leaf: Callable[[KeyPath, Any], bool], path: KeyPath) -> Any:
    """The tree of what is found where `is_leaf(path, subtree)` holds, and at the leaves."""
    if is_leaf(path, tree) or is_single(tree):
        return _Found(path, tree)
    node = optree.tree_flatten_one_level(tree, namespace=NAMESPACE)
    pairs = zip(_entries(tree), node.children, strict=True)
    children = [_parted(child, is_leaf, (*path, key)) for key, child in pairs]
    return node.unflatten_func(node.metadata, children)


def is_single(x: Any) -> bool:
    """Whether a value is no node but a leaf."""
    return all_leaves([x])


def _entries(tree: Any) -> list[Any]:
    """The keys of a node's children."""
    below = optree.tree_accessors(tree, lambda x: x is not tree, namespace=NAMESPACE)
    return [_entry(a[0]) for a in below]


def flatten_with_path(
    tree: Any, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> tuple[list[tuple[KeyPath, Any]], PyTreeDef]:
    """Pairs of path and leaf, and the structure.

    Args:
      tree: the tree.
      is_leaf: function that tells which subtrees are taken for leaves.
      is_leaf_takes_path: whether that is a function of (path, subtree).

    >>> pairs, structure = pb.tree.flatten_with_path({"a": (1, 2)})
    >>> [(pb.tree_util.keystr(path), leaf) for path, leaf in pairs]
    [("['a'][0]", 1), ("['a'][1]", 2)]
    """
    if is_leaf is not None and is_leaf_takes_path:
        found, treedef = flatten(_parted(tree, is_leaf, ()))
        return [(x.path, x.value) for x in found], treedef
    return _flatten_with_path(tree, is_leaf)


def leaves_with_path(
    tree: Any, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> list[tuple[KeyPath, Any]]:
    """Pairs of path and leaf.

    >>> [pb.tree_util.keystr(path) for path, _ in pb.tree.leaves_with_path({"a": [1, 2]})]
    ["['a'][0]", "['a'][1]"]
    """
    return flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def map_with_path(
    f: Callable[..., Any],
    tree: Any,
    *rest: Any,
    is_leaf: Callable[..., bool] | None = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """The tree of `f(path, leaf, *leaves of rest)`.

    >>> pb.tree.map_with_path(lambda path, x: pb.tree_util.keystr(path), {"a": [1, 2]})
    {'a': ["['a'][0]", "['a'][1]"]}
    """
    pairs, treedef = flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    if not rest:
        return treedef.unflatten([f(path, leaf) for path, leaf in pairs])
    columns = zip(*[leaves_below(treedef, r) for r in rest], strict=True)
    results = [f(path, leaf, *o) for (path, leaf), o in zip(pairs, columns, strict=True)]
    return treedef.unflatten(results)


def flatten_one_level(tree: Any) -> tuple[Any, Any]:
    """The children of a node, and its data: what is part of the structure.

    ValueError if it is a leaf.

    >>> import pullback as pb
    >>> pb.tree_util.flatten_one_level({"a": [1, 2], "b": 3})
    (([1, 2], 3), ('a', 'b'))
    """
    if is_single(tree):
        raise ValueError(f"can't tree-flatten type: {type(tree)}")
    node = optree.tree_flatten_one_level(tree, namespace=NAMESPACE)
    data: Any = node.metadata
    return tuple(node.children), tuple(data) if isinstance(data, list) else data


def flatten_one_level_with_keys(tree: Any) -> tuple[Any, Any]:
    """As `flatten_one_level`, with pairs (key, child).

    >>> pairs, _ = pb.tree_util.flatten_one_level_with_keys({"a": [1, 2]})
    >>> list(pairs)
    [(DictKey(key='a'), [1, 2])]
    """
    children, data = flatten_one_level(tree)
    return tuple(zip(_entries(tree), children, strict=True)), data
