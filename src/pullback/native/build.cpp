#include "tree.h"

namespace pullback {
namespace {

// How optree numbers the kinds of nodes, found by name so that the numbers may change.
long kind_number(const char* name) {
    Ref module(PyImport_ImportModule("optree._C"));
    Ref kinds(module ? PyObject_GetAttrString(module.get(), "PyTreeKind") : nullptr);
    Ref kind(kinds ? PyObject_GetAttrString(kinds.get(), name) : nullptr);
    return kind ? PyLong_AsLong(kind.get()) : -1;
}

struct Kinds {
    long leaf = kind_number("LEAF");
    long none = kind_number("NONE");
    long tuple = kind_number("TUPLE");
    long list = kind_number("LIST");
    long dict = kind_number("DICT");
};

const Kinds& kinds() {
    static const Kinds numbers;
    return numbers;
}

}  // namespace

Builder::~Builder() {
    Py_XDECREF(treespec_);
    for (Node& node : nodes_) {
        Py_XDECREF(node.keys);
        Py_XDECREF(node.blank);
    }
}

int Builder::traverse(visitproc visit, void* arg) const {
    Py_VISIT(treespec_);
    return 0;
}

bool Builder::read(PyObject* treespec, Py_ssize_t num_leaves) {
    num_leaves_ = num_leaves;
    if (treespec == Py_None) {
        nodes_.push_back({Kind::Leaf, 0, nullptr, nullptr});
        return true;
    }
    treespec_ = Py_NewRef(treespec);
    return read_node(treespec);
}

bool Builder::read_node(PyObject* treespec) {
    Ref kind(PyObject_GetAttrString(treespec, "kind"));
    if (!kind) return false;
    long number = PyLong_AsLong(kind.get());
    Ref children(PyObject_CallMethod(treespec, "children", nullptr));
    if (!children) return false;
    Py_ssize_t size = PyList_GET_SIZE(children.get());
    Node node = {Kind::Leaf, size, nullptr, nullptr};
    if (number == kinds().none) node.kind = Kind::None;
    else if (number == kinds().tuple) node.kind = Kind::Tuple;
    else if (number == kinds().list) node.kind = Kind::List;
    else if (number == kinds().dict) node.kind = Kind::Dict;
    else if (number != kinds().leaf) general_ = true;
    nodes_.push_back(node);
    if (node.kind == Kind::Dict && !read_keys(nodes_.back(), treespec)) return false;
    for (Py_ssize_t i = 0; !general_ && i < size; ++i)
        if (!read_node(PyList_GET_ITEM(children.get(), i))) return false;
    return !PyErr_Occurred();
}

bool Builder::read_keys(Node& node, PyObject* treespec) {
    node.keys = PyObject_CallMethod(treespec, "entries", nullptr);
    node.blank = PyDict_New();
    if (!node.keys || !node.blank) return false;
    for (Py_ssize_t i = 0; i < node.size; ++i)
        if (PyDict_SetItem(node.blank, PyList_GET_ITEM(node.keys, i), Py_None) < 0) return false;
    return true;
}

PyObject* Builder::build(PyObject** leaves) const {
    if (general_) return build_general(leaves);
    size_t node = 0;
    PyObject** leaf = leaves;
    PyObject* tree = build_node(node, leaf);
    if (!tree)
        for (; leaf < leaves + num_leaves_; ++leaf) Py_DECREF(*leaf);
    return tree;
}

PyObject* Builder::build_node(size_t& at, PyObject**& leaf) const {
    const Node& node = nodes_[at++];
    switch (node.kind) {
        case Kind::Leaf: return *leaf++;
        case Kind::None: return Py_NewRef(Py_None);
        case Kind::Dict: {
            Ref made(PyDict_Copy(node.blank));
            for (Py_ssize_t i = 0; made && i < node.size; ++i) {
                Ref value(build_node(at, leaf));
                PyObject* key = PyList_GET_ITEM(node.keys, i);
                if (!value || PyDict_SetItem(made.get(), key, value.get()) < 0) return nullptr;
            }
            return made.release();
        }
        default: break;
    }
    bool tuple = node.kind == Kind::Tuple;
    Ref made(tuple ? PyTuple_New(node.size) : PyList_New(node.size));
    for (Py_ssize_t i = 0; made && i < node.size; ++i) {
        PyObject* value = build_node(at, leaf);
        if (!value) return nullptr;
        if (tuple) PyTuple_SET_ITEM(made.get(), i, value);
        else PyList_SET_ITEM(made.get(), i, value);
    }
    return made.release();
}

PyObject* Builder::build_general(PyObject** leaves) const {
    Ref list(PyList_New(num_leaves_));
    for (Py_ssize_t i = 0; i < num_leaves_; ++i) {
        if (list) PyList_SET_ITEM(list.get(), i, leaves[i]);
        else Py_DECREF(leaves[i]);
    }
    return list ? PyObject_CallMethod(treespec_, "unflatten", "O", list.get()) : nullptr;
}

}  // namespace pullback
