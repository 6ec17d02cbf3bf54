#include "nodes.h"

#include <unordered_map>
#include <vector>

namespace pullback {
namespace {

using Table = std::unordered_map<PyTypeObject*, std::shared_ptr<const Node>>;

// Classes may be made without end; those that are registered are kept in any case.
constexpr size_t kMostSeen = 1024;

Table& registered() {
    static auto* table = new Table;
    return *table;
}

// Classes that were asked about: leaves, named tuples, and what is optree's alone.
Table& seen() {
    static auto* table = new Table;
    return *table;
}

// What Python sets once: the namespace, the classes of keys, and the function that says of a class
// that it is a leaf (None), a named tuple (its keys) or something else (False).
struct {
    PyObject *nspace, *sequence_key, *dict_key, *flat_key, *describe;
} given;

std::shared_ptr<const Node> describe(PyTypeObject* type) {
    auto* object = reinterpret_cast<PyObject*>(type);
    Ref said(PyObject_CallOneArg(given.describe, object));
    if (!said) return nullptr;
    auto node = std::make_shared<Node>();
    node->type = Ref::borrow(object);
    if (PyTuple_CheckExact(said.get())) {
        node->kind = Node::Kind::NamedTuple;
        node->keys = std::move(said);
    } else {
        node->kind = said.get() == Py_None ? Node::Kind::Leaf : Node::Kind::Unknown;
    }
    if (seen().size() >= kMostSeen) seen().clear();
    return seen()[type] = node;
}

PyObject* numbered(std::vector<PyObject*>& keys, PyObject* type, size_t i) {
    while (keys.size() <= i) {
        Ref number(PyLong_FromSize_t(keys.size()));
        PyObject* key = number ? PyObject_CallOneArg(type, number.get()) : nullptr;
        if (!key) return nullptr;
        keys.push_back(key);
    }
    return keys[i];
}

Ref attributes(PyObject* tree, PyObject* names) {
    Py_ssize_t n = PyTuple_GET_SIZE(names);
    Ref values(PyTuple_New(n));
    for (Py_ssize_t i = 0; values && i < n; ++i) {
        PyObject* value = PyObject_GetAttr(tree, PyTuple_GET_ITEM(names, i));
        if (!value) return Ref();
        PyTuple_SET_ITEM(values.get(), i, value);
    }
    return values;
}

bool is_pair(PyObject* object) {
    return PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) == 2;
}

// Pairs of key and child become two tuples.
Opened part(Level& level) {
    Ref pairs = std::move(level.children);
    Py_ssize_t n = PyTuple_GET_SIZE(pairs.get());
    level.children = Ref(PyTuple_New(n));
    level.keys = Ref(PyTuple_New(n));
    if (!level.children || !level.keys) return Opened::Failed;
    for (Py_ssize_t i = 0; i < n; ++i) {
        PyObject* pair = PyTuple_GET_ITEM(pairs.get(), i);
        if (!is_pair(pair)) return Opened::Unknown;
        PyTuple_SET_ITEM(level.keys.get(), i, Py_NewRef(PyTuple_GET_ITEM(pair, 0)));
        PyTuple_SET_ITEM(level.children.get(), i, Py_NewRef(PyTuple_GET_ITEM(pair, 1)));
    }
    return Opened::Done;
}

Opened open_custom(const Node& node, PyObject* tree, bool with_keys, Level& level) {
    with_keys = with_keys && node.flatten_with_keys;
    PyObject* function = (with_keys ? node.flatten_with_keys : node.flatten).get();
    Ref both(PyObject_CallOneArg(function, tree));
    if (!both) return Opened::Failed;
    if (!is_pair(both.get())) return Opened::Unknown;
    level.children = Ref(PySequence_Tuple(PyTuple_GET_ITEM(both.get(), 0)));
    level.data = Ref::borrow(PyTuple_GET_ITEM(both.get(), 1));
    if (!level.children) return Opened::Failed;
    return with_keys ? part(level) : Opened::Done;
}

// (class, flatten, flatten_with_keys or None)
PyObject* add_node(PyObject*, PyObject* const* args, Py_ssize_t) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::Custom;
    node->type = Ref::borrow(args[0]);
    node->flatten = Ref::borrow(args[1]);
    if (args[2] != Py_None) node->flatten_with_keys = Ref::borrow(args[2]);
    registered()[reinterpret_cast<PyTypeObject*>(args[0])] = node;
    Py_RETURN_NONE;
}

// (class, names of children, names of data, keys of children): tuples
PyObject* add_attributes_node(PyObject*, PyObject* const* args, Py_ssize_t) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::Attributes;
    node->type = Ref::borrow(args[0]);
    node->names = Ref::borrow(args[1]);
    node->meta = Ref::borrow(args[2]);
    node->keys = Ref::borrow(args[3]);
    registered()[reinterpret_cast<PyTypeObject*>(args[0])] = node;
    Py_RETURN_NONE;
}

// (class, names, values, further values): what the class makes of them by name
PyObject* make_named(PyObject*, PyObject* const* args, Py_ssize_t) {
    std::vector<PyObject*> values;
    for (PyObject* part : {args[2], args[3]})
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(part); ++i)
            values.push_back(PyTuple_GET_ITEM(part, i));
    return PyObject_Vectorcall(args[0], values.data(), 0, args[1]);
}

PyObject* set_trees(PyObject*, PyObject* const* args, Py_ssize_t) {
    for (int i = 0; i < 5; ++i) Py_INCREF(args[i]);
    given = {args[0], args[1], args[2], args[3], args[4]};
    Py_RETURN_NONE;
}

}  // namespace

std::shared_ptr<const Node> find_node(PyTypeObject* type) {
    if (auto found = registered().find(type); found != registered().end()) return found->second;
    if (auto found = seen().find(type); found != seen().end()) return found->second;
    return describe(type);
}

Opened open_node(const Node& node, PyObject* tree, bool with_keys, Level& level) {
    if (with_keys && node.keys) level.keys = Ref::borrow(node.keys.get());
    switch (node.kind) {
        case Node::Kind::NamedTuple:
            level.children = Ref(PySequence_Tuple(tree));
            return level.children ? Opened::Done : Opened::Failed;
        case Node::Kind::Attributes:
            level.children = attributes(tree, node.names.get());
            if (!level.children) return Opened::Failed;
            level.data = attributes(tree, node.meta.get());
            return level.data ? Opened::Done : Opened::Failed;
        case Node::Kind::Custom: return open_custom(node, tree, with_keys, level);
        default: return Opened::Unknown;
    }
}

PyObject* sequence_key(size_t i) {
    static auto* keys = new std::vector<PyObject*>;
    return numbered(*keys, given.sequence_key, i);
}

PyObject* flat_key(size_t i) {
    static auto* keys = new std::vector<PyObject*>;
    return numbered(*keys, given.flat_key, i);
}

PyObject* dict_key(PyObject* key) { return PyObject_CallOneArg(given.dict_key, key); }

PyObject* tree_namespace() { return given.nspace; }

PyMethodDef node_methods[] = {
    {"add_node", method(add_node), METH_FASTCALL,
     "A class, its function to (children, data), and that to (pairs of key and child, data)."},
    {"add_attributes_node", method(add_attributes_node), METH_FASTCALL,
     "A class, names of attributes that are children, of those that are data, keys of children."},
    {"make_named", method(make_named), METH_FASTCALL,
     "What a class makes of a tuple of names, a tuple of values and one of the others."},
    {"set_trees", method(set_trees), METH_FASTCALL,
     "The namespace, the classes of keys, and the function that describes other classes."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
