"""Pytrees under the names of `jax.tree_util`."""

from .tree.leaves import PyTreeDef, all_leaves, treedef_children, treedef_is_leaf, treedef_tuple
from .tree.leaves import all as tree_all
from .tree.leaves import broadcast as tree_broadcast
from .tree.leaves import flatten as tree_flatten
from .tree.leaves import is_node as is_tree_node
from .tree.leaves import leaves as tree_leaves
from .tree.leaves import map as tree_map
from .tree.leaves import reduce as tree_reduce
from .tree.leaves import reduce_associative as tree_reduce_associative
from .tree.leaves import structure as tree_structure
from .tree.leaves import transpose as tree_transpose
from .tree.leaves import unflatten as tree_unflatten
from .tree.nodes import Partial, register_dataclass, register_static
from .tree.nodes import register_node as register_pytree_node
from .tree.nodes import register_node_class as register_pytree_node_class
from .tree.nodes import register_with_keys as register_pytree_with_keys
from .tree.nodes import register_with_keys_class as register_pytree_with_keys_class
from .tree.paths import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyEntry,
    KeyPath,
    SequenceKey,
    flatten_one_level,
    flatten_one_level_with_keys,
    keystr,
)
from .tree.paths import flatten_with_path as tree_flatten_with_path
from .tree.paths import leaves_with_path as tree_leaves_with_path
from .tree.paths import map_with_path as tree_map_with_path
from .tree.registry import default_registry

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "default_registry",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "is_tree_node",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]
