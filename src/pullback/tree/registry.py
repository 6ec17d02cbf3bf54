"""The classes whose instances are nodes of trees, as one object."""

from collections.abc import Callable, Sequence
from typing import Any

from . import nodes
from .leaves import LeafTest, PyTreeDef, flatten, is_node
from .paths import flatten_one_level, flatten_one_level_with_keys, flatten_with_path, is_single


class PyTreeRegistry:
    """What is asked of the classes that are nodes; there is one, `tree_util.default_registry`.

    >>> registry = pb.tree_util.default_registry
    >>> registry.flatten_one_level([1, [2]]), registry.flatten_one_level(1)
    (([1, [2]], None), None)
    """

    def flatten(self, tree: Any, leaf_predicate: LeafTest = None) -> tuple[list[Any], PyTreeDef]:
        """The leaves of a tree, and its structure."""
        return flatten(tree, leaf_predicate)

    def flatten_with_path(
        self, tree: Any, leaf_predicate: Callable[[Any, Any], bool] | None = None
    ) -> tuple[list[tuple[Any, Any]], PyTreeDef]:
        """The leaves of a tree with their paths, and its structure."""
        if leaf_predicate is not None:
            raise NotImplementedError(
                "flatten_with_path: leaf_predicate; see tree_flatten_with_path(is_leaf=...)"
            )
        return flatten_with_path(tree)

    def flatten_one_level(self, tree: Any) -> tuple[Any, Any] | None:
        """The children of a node, and its data; None of a leaf."""
        return None if is_single(tree) else flatten_one_level(tree)

    def flatten_one_level_with_keys(self, tree: Any) -> tuple[Any, Any] | None:
        """As `flatten_one_level`, with pairs (key, child)."""
        return None if is_single(tree) else flatten_one_level_with_keys(tree)

    def is_node(self, type: type) -> bool:
        """Whether instances of a class are nodes."""
        return is_node(type)

    def register_node(
        self,
        type: type,
        to_iterable: Callable[[Any], tuple[Any, Any]],
        from_iterable: Callable[[Any, Any], Any],
        to_iterable_with_keys: Callable[[Any], tuple[Any, Any]] | None = None,
    ) -> None:
        """Make a class a node."""
        nodes.register_node(type, to_iterable, from_iterable, to_iterable_with_keys)

    def register_dataclass_node(
        self, type: Any, data_fields: Sequence[str], meta_fields: Sequence[str], /
    ) -> Any:
        """Make a dataclass a node."""
        return nodes.register_dataclass(type, data_fields, meta_fields)


default_registry = PyTreeRegistry()
