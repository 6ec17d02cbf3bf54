"""Classes as nodes of trees."""

import functools
import warnings
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar

import optree
from optree.utils import total_order_sorted

from .. import _native
from .leaves import NAMESPACE
from .paths import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey

T = TypeVar("T", bound=type)


class _Key(optree.PyTreeEntry):
    """A child that its class names by a key of its own."""


def register_node(
    nodetype: type,
    flatten_func: Callable[[Any], tuple[Iterable[Any], Hashable]],
    unflatten_func: Callable[[Any, Any], Any],
    flatten_with_keys_func: Callable[[Any], tuple[Iterable[Any], Hashable]] | None = None,
) -> None:
    """Make a class a node of trees.

    Args:
      nodetype: the class; each may be registered once.
      flatten_func: from an instance to (children, hashable data that is part of the structure).
      unflatten_func: from (data, children) to an instance.
      flatten_with_keys_func: as flatten_func, with pairs (key, child) for paths.

    Raises:
      ValueError: the class is a node already.

    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> pb.tree.register_node(Pair, lambda p: ((p.a, p.b), None), lambda _, ab: Pair(*ab))
    >>> pb.tree.leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """

    def to_children(node: Any) -> Any:
        if flatten_with_keys_func is None:
            children, aux = flatten_func(node)
            return tuple(children), aux
        pairs, aux = flatten_with_keys_func(node)
        pairs = tuple(pairs)
        return tuple(c for _, c in pairs), aux, tuple(k for k, _ in pairs)

    with warnings.catch_warnings():  # a class made by namedtuple may be a node of another kind
        warnings.filterwarnings("ignore", "PyTree type .* is a subclass of", UserWarning)
        optree.register_pytree_node(
            nodetype, to_children, unflatten_func, path_entry_type=_Key, namespace=NAMESPACE
        )
    _native.add_node(nodetype, flatten_func, flatten_with_keys_func)


def register_node_class(cls: T) -> T:
    """Class decorator: a node by its methods `tree_flatten` and (class method) `tree_unflatten`.

    >>> @pb.tree_util.register_pytree_node_class
    ... class Scaled:
    ...     def __init__(self, x):
    ...         self.x = x
    ...     def tree_flatten(self):
    ...         return (self.x,), None
    ...     @classmethod
    ...     def tree_unflatten(cls, aux, children):
    ...         return cls(*children)
    >>> pb.tree.map(lambda x: 2 * x, Scaled(3)).x
    6
    """
    register_node(cls, cls.tree_flatten, cls.tree_unflatten)
    return cls


def register_with_keys(
    nodetype: type,
    flatten_with_keys: Callable[[Any], tuple[Iterable[Any], Hashable]],
    unflatten_func: Callable[[Any, Any], Any],
    flatten_func: Callable[[Any], tuple[Iterable[Any], Hashable]] | None = None,
) -> None:
    """Make a class a node whose children have keys; see `register_node`.

    >>> class Keyed:
    ...     def __init__(self, x):
    ...         self.x = x
    >>> pb.tree_util.register_pytree_with_keys(
    ...     Keyed,
    ...     lambda k: (((pb.tree_util.GetAttrKey("x"), k.x),), None),
    ...     lambda _, children: Keyed(*children),
    ... )
    >>> pb.tree.paths(Keyed(1))
    ['.x']
    """

    def without_keys(node: Any) -> Any:
        pairs, aux = flatten_with_keys(node)
        return tuple(c for _, c in pairs), aux

    register_node(nodetype, flatten_func or without_keys, unflatten_func, flatten_with_keys)


def register_with_keys_class(cls: T) -> T:
    """Class decorator: as `register_node_class`, with the method `tree_flatten_with_keys`.

    >>> @pb.tree_util.register_pytree_with_keys_class
    ... class Named:
    ...     def __init__(self, x):
    ...         self.x = x
    ...     def tree_flatten_with_keys(self):
    ...         return ((pb.tree_util.GetAttrKey("x"), self.x),), None
    ...     @classmethod
    ...     def tree_unflatten(cls, aux, children):
    ...         return cls(*children)
    >>> pb.tree.paths(Named(1))
    ['.x']
    """
    register_with_keys(cls, cls.tree_flatten_with_keys, cls.tree_unflatten)
    return cls


def register_static(cls: T) -> T:
    """Class decorator: instances are structure, without leaves; they need hash and ==.

    >>> @pb.tree_util.register_static
    ... class Name(str):
    ...     pass
    >>> pb.tree.leaves([Name("x"), 1])
    [1]
    """
    register_node(cls, lambda node: ((), node), lambda node, _: node)
    return cls


def static(**kwargs: Any) -> Any:
    """`dataclasses.field` of a field that `register_dataclass` makes part of the structure.

    >>> import dataclasses, pullback as pb
    >>> @pb.tree_util.register_dataclass
    ... @dataclasses.dataclass
    ... class Layer:
    ...     weight: float
    ...     name: str = pb.tree.static(default="dense")
    >>> pb.tree.leaves(Layer(2.0))
    [2.0]
    """
    metadata = {"static": True, **(kwargs.pop("metadata", None) or {})}
    return field(metadata=metadata, **kwargs)


def register_dataclass(
    nodetype: T,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> T:
    """Make a dataclass a node; usable as a decorator.

    Args:
      nodetype: the class.
      data_fields: fields that hold children. By default all but those declared with
        `dataclasses.field(metadata={"static": True})`.
      meta_fields: fields that are part of the structure; they need hash and ==.
      drop_fields: fields left out.

    Returns:
      The class.

    >>> import dataclasses, pullback as pb
    >>> @pb.tree_util.register_dataclass
    ... @dataclasses.dataclass
    ... class Point:
    ...     x: float
    ...     y: float
    >>> pb.tree.map(lambda v: v + 1, Point(1, 2))
    Point(x=2, y=3)
    """
    if data_fields is None or meta_fields is None:
        data_fields, meta_fields = _fields(nodetype)
    _check_fields(nodetype, {*data_fields, *meta_fields, *drop_fields})
    data = tuple(n for n in data_fields if n not in drop_fields)
    meta = tuple(n for n in meta_fields if n not in drop_fields)

    names = (*data, *meta)

    def to_children(node: Any) -> Any:
        children = tuple(getattr(node, n) for n in data)
        return children, tuple(getattr(node, n) for n in meta), data

    def from_children(aux: Any, children: Any) -> Any:
        return _native.make_named(nodetype, names, children, aux)

    optree.register_pytree_node(
        nodetype,
        to_children,
        from_children,
        path_entry_type=optree.GetAttrEntry,
        namespace=NAMESPACE,
    )
    keys = tuple([GetAttrKey(n) for n in data])
    _native.add_attributes_node(nodetype, data, meta, keys)
    return nodetype


def _check_fields(cls: type, named: set[str]) -> None:
    """Raise unless each argument of a dataclass is said to be data, structure or left out."""
    if not is_dataclass(cls):
        return
    wanted = {f.name for f in fields(cls) if f.init}
    missing, unknown = sorted(wanted - named), sorted(named - {f.name for f in fields(cls)})
    if missing or unknown:
        raise ValueError(
            f"register_dataclass: data_fields, meta_fields and drop_fields must name the fields of"
            f" {cls.__name__}: missing {missing}, unknown {unknown}"
        )


def _fields(cls: type) -> tuple[list[str], list[str]]:
    if not is_dataclass(cls):
        raise ValueError(
            f"register_dataclass: {cls.__name__} is no dataclass: name data_fields and meta_fields"
        )
    static = {f.name for f in fields(cls) if f.metadata.get("static", False)}
    names = [f.name for f in fields(cls) if f.init]
    return [n for n in names if n not in static], [n for n in names if n in static]


class _Whole:
    """A function that `functools.partial` does not look into; it equals its like."""

    __slots__ = ("f",)

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f

    def __call__(self, *args: Any, **kw: Any) -> Any:
        return self.f(*args, **kw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Whole) and self.f == other.f

    def __hash__(self) -> int:
        return hash(self.f)

    def __repr__(self) -> str:
        return repr(self.f)


class Partial(functools.partial[Any]):
    """`functools.partial` as a node: the function is structure, the arguments are children.

    >>> import pullback as pb
    >>> pb.tree_util.Partial(pow, 2)(3)
    8
    """

    def __new__(cls, func: Callable[..., Any], *args: Any, **kw: Any) -> "Partial":
        """A partial function of another stays one of that, which would else be taken apart."""
        held = _Whole(func) if isinstance(func, functools.partial) else func
        return super().__new__(cls, held, *args, **kw)


register_node(
    Partial,
    lambda p: ((p.args, p.keywords), p.func),
    lambda func, children: Partial(func, *children[0], **children[1]),
)


def _describe(cls: type) -> tuple[GetAttrKey, ...] | bool | None:
    """Of a class not registered here: None of leaves, the keys of a named tuple, or False."""
    entry = optree.register_pytree_node.get(cls, namespace=NAMESPACE)
    if optree.is_namedtuple_class(cls) and getattr(entry, "type", None) is not cls:
        return tuple([GetAttrKey(n) for n in optree.namedtuple_fields(cls)])
    return None if entry is None and not optree.is_structseq_class(cls) else False


def _items(mapping: Any, keys: Iterable[Any]) -> list[tuple[DictKey, Any]]:
    return [(DictKey(k), mapping[k]) for k in keys]


_native.set_trees(NAMESPACE, SequenceKey, DictKey, FlattenedIndexKey, _describe)
_native.add_node(
    OrderedDict,
    lambda d: (d.values(), tuple(d)),
    lambda d: (_items(d, d), tuple(d)),
)
_native.add_node(
    defaultdict,
    lambda d: ([d[k] for k in total_order_sorted(d)], (d.default_factory, tuple(d))),
    lambda d: (_items(d, total_order_sorted(d)), (d.default_factory, tuple(d))),
)
_native.add_node(
    deque,
    lambda d: (d, d.maxlen),
    lambda d: ([(SequenceKey(i), x) for i, x in enumerate(d)], d.maxlen),
)
