// Classes whose instances are nodes of trees, besides Python's own containers.
#pragma once

#include <memory>

#include "python.h"

namespace pullback {

struct Node {
    // Unknown: only optree knows how to take it apart.
    enum class Kind { Leaf, NamedTuple, Attributes, Custom, Unknown };
    Kind kind;
    Ref type;
    Ref flatten, flatten_with_keys;  // of Custom; the second may be null
    Ref names, meta;                 // of Attributes: tuples of names
    Ref keys;                        // of NamedTuple and Attributes: a tuple
};

// What instances of a class are. Null with an error set.
std::shared_ptr<const Node> find_node(PyTypeObject* type);

// A node taken apart by one level.
struct Level {
    Ref children;  // a tuple
    Ref data;      // null where the class says all
    Ref keys;      // a tuple; null where children have none, or nobody asked for them
};

enum class Opened { Done, Unknown, Failed };

// Unknown: the class does not do what it should, which optree tells in words.
Opened open_node(const Node& node, PyObject* tree, bool with_keys, Level& level);

// The key of child i of a sequence, and of a node whose children have none. Borrowed.
PyObject* sequence_key(size_t i);
PyObject* flat_key(size_t i);
// The key of the value that a dict has under `key`.
PyObject* dict_key(PyObject* key);

// The name of optree's registry that is Pullback's.
PyObject* tree_namespace();

extern PyMethodDef node_methods[];

}  // namespace pullback
