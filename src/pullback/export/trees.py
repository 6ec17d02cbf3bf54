"""Structures of arguments and results as plain data, for files."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import optree

from .. import tree
from ..tree import NAMESPACE, PyTreeDef


class Kind(NamedTuple):
    """How a class of nodes is written: its name in files, and its data as bytes and back."""

    nodetype: type
    write: Callable[[Any], bytes | bytearray]
    read: Callable[[bytes], Any]
    build: Callable[[Any, Sequence[Any]], Any]


_by_type: dict[type, str] = {}
_kinds: dict[str, Kind] = {}
PLAIN: dict[str, type] = {"tuple": tuple, "list": list}


def register_namedtuple_serialization(nodetype: type, *, serialized_name: str) -> type:
    """Let structures that hold a class of named tuples be written.

    Args:
      nodetype: the class.
      serialized_name: its name in files; the reading process must register the same.

    Returns:
      The class, so that this can be a decorator.

    Raises:
      ValueError: the class, or the name, is registered already, or it is no named tuple.

    >>> from typing import NamedTuple
    >>> from pullback import export
    >>> class Point(NamedTuple):
    ...     x: float
    ...     y: float
    >>> point = export.register_namedtuple_serialization(Point, serialized_name="docs.Point")
    >>> blob = export.export(pb.jit(lambda p: p.x + p.y))(Point(1.0, 2.0)).serialize()
    >>> export.deserialize(blob).call(Point(1.0, 2.0))
    Array(3., dtype=float32, weak_type=True)
    """
    if not (issubclass(nodetype, tuple) and hasattr(nodetype, "_fields")):
        raise ValueError(
            f"register_namedtuple_serialization: {nodetype.__name__} is not a named tuple: use"
            " register_pytree_node_serialization"
        )
    _register(
        serialized_name,
        Kind(nodetype, lambda aux: b"", lambda data: None, lambda aux, c: nodetype(*c)),
    )
    return nodetype


def register_pytree_node_serialization(
    nodetype: type,
    *,
    serialized_name: str,
    serialize_auxdata: Callable[[Any], bytes | bytearray],
    deserialize_auxdata: Callable[[bytes], Any],
    from_children: Callable[[Any, Sequence[Any]], Any] | None = None,
) -> type:
    """Let structures that hold nodes of a class be written.

    Args:
      nodetype: a class registered as a node of trees.
      serialized_name: its name in files; the reading process must register the same.
      serialize_auxdata, deserialize_auxdata: the node's own data as bytes, and back.
      from_children: makes a node of (data, children); by default as it was registered.

    Returns:
      The class.

    Raises:
      ValueError: the class, or the name, is registered already.

    >>> from pullback import export
    >>> class Box:
    ...     def __init__(self, x):
    ...         self.x = x
    >>> pb.tree.register_node(Box, lambda b: ((b.x,), None), lambda _, xs: Box(*xs))
    >>> box = export.register_pytree_node_serialization(
    ...     Box,
    ...     serialized_name="docs.Box",
    ...     serialize_auxdata=lambda aux: b"",
    ...     deserialize_auxdata=lambda data: None,
    ... )
    >>> blob = export.export(pb.jit(lambda b: b.x + 1))(Box(1.0)).serialize()
    >>> export.deserialize(blob).call(Box(1.0))
    Array(2., dtype=float32, weak_type=True)
    """

    def build(aux: Any, children: Sequence[Any]) -> Any:
        if from_children is not None:
            return from_children(aux, children)
        entry = optree.register_pytree_node.get(nodetype, namespace=NAMESPACE)
        assert entry is not None, nodetype
        return entry.unflatten_func(aux, children)

    _register(serialized_name, Kind(nodetype, serialize_auxdata, deserialize_auxdata, build))
    return nodetype


def _register(name: str, kind: Kind) -> None:
    if name in _kinds or kind.nodetype in _by_type:
        known = _by_type.get(kind.nodetype, name)
        raise ValueError(
            f"export: {kind.nodetype.__name__} or the name {name!r} is registered already, as"
            f" {known!r} of {_kinds[known].nodetype.__name__}"
        )
    _kinds[name], _by_type[kind.nodetype] = kind, name


def written(treedef: PyTreeDef) -> Any:
    """A structure as lists, strings and numbers; ValueError for nodes that are not registered."""
    return _write(tree.unflatten(treedef, list(range(treedef.num_leaves))))


def _write(node: Any) -> Any:
    kind = type(node)
    if node is None or kind is int:
        return node
    if kind in (tuple, list):
        return [kind.__name__, [_write(c) for c in node]]
    if kind is dict:
        if not all(type(k) in (str, int, bool) for k in node):
            raise ValueError(
                f"export: keys of dictionaries must be strings or integers, got {node}"
            )
        return ["dict", [[k, _write(v)] for k, v in node.items()]]
    if kind not in _by_type:
        raise ValueError(
            f"export: a structure with a {kind.__name__} cannot be written: register it with"
            " export.register_pytree_node_serialization or register_namedtuple_serialization"
        )
    children, aux = optree.tree_flatten_one_level(node, namespace=NAMESPACE)[:2]
    name = _by_type[kind]
    data = bytes(_kinds[name].write(aux)).hex()
    return ["node", [name, data, [_write(c) for c in children]]]


def read(data: Any) -> PyTreeDef:
    """The structure of what `written` gave."""
    return tree.structure(_read(data))


def _read(data: Any) -> Any:
    if data is None or isinstance(data, int):
        return data
    kind, content = data
    if kind in PLAIN:
        return PLAIN[kind]([_read(c) for c in content])
    if kind == "dict":
        return {k: _read(v) for k, v in content}
    name, aux, children = content
    if name not in _kinds:
        raise ValueError(
            f"export: the structure holds a node {name!r}: register its class under this name with"
            " export.register_pytree_node_serialization or register_namedtuple_serialization"
        )
    found = _kinds[name]
    return found.build(found.read(bytes.fromhex(aux)), [_read(c) for c in children])
