#include "structure.h"

#include <unordered_map>
#include <vector>

#include "array.h"
#include "device_array.h"
#include "nodes.h"
#include "shape.h"

namespace pullback {
namespace {

constexpr size_t kMostStructures = 512;

using Tag = Shape::Tag;
// Unknown: optree alone takes this tree apart.
enum class Walked { Done, Unknown, Failed };

// Types of leaves that are asked for most.
bool is_common_leaf(PyObject* tree) {
    return is_array(tree) || is_device_array(tree) || PyFloat_CheckExact(tree) ||
           PyLong_CheckExact(tree) || PyBool_Check(tree) || PyUnicode_CheckExact(tree) ||
           PyArray_CheckExact(tree);
}

// Takes a tree apart: its leaves, its shape, and where each leaf stands, if asked for.
class Walk {
  public:
    Walk(PyObject* is_leaf, bool with_paths)
        : leaves_(PyList_New(0)),
          with_paths_(with_paths),
          is_leaf_(is_leaf == Py_None ? nullptr : is_leaf) {}

    Walked tree(PyObject* tree) {
        if (is_leaf_) {
            Ref said(PyObject_CallOneArg(is_leaf_, tree));
            int truth = said ? PyObject_IsTrue(said.get()) : -1;
            if (truth != 0) return truth < 0 ? Walked::Failed : leaf(tree);
        }
        if (is_common_leaf(tree)) return leaf(tree);
        if (PyTuple_CheckExact(tree)) return sequence(tree, Tag::Tuple);
        if (PyDict_CheckExact(tree)) return dict(tree);
        if (PyList_CheckExact(tree)) {
            Ref items(PyList_AsTuple(tree));
            return items ? sequence(items.get(), Tag::List) : Walked::Failed;
        }
        if (tree != Py_None) return other(tree);
        shape.add(Tag::None, 0);
        return Walked::Done;
    }

    // A list of leaves, or of pairs of path and leaf.
    PyObject* leaves() const { return leaves_.get(); }
    Shape shape;

  private:
    Walked leaf(PyObject* value) {
        shape.add(Tag::Leaf, 0);
        Ref pair = with_paths_ ? with_path(value) : Ref::borrow(value);
        bool done = pair && PyList_Append(leaves_.get(), pair.get()) == 0;
        return done ? Walked::Done : Walked::Failed;
    }

    Ref with_path(PyObject* value) const {
        Ref path(PyTuple_New(static_cast<Py_ssize_t>(above_.size())));
        if (!path) return Ref();
        for (size_t i = 0; i < above_.size(); ++i)
            PyTuple_SET_ITEM(path.get(), static_cast<Py_ssize_t>(i), Py_NewRef(above_[i]));
        return Ref(PyTuple_Pack(2, path.get(), value));
    }

    // A child and its key, which is null where nobody asks for it.
    Walked child(PyObject* value, PyObject* key) {
        if (!with_paths_) return tree(value);
        if (!key) return Walked::Failed;
        above_.push_back(key);
        Walked walked = tree(value);
        above_.pop_back();
        return walked;
    }

    Walked sequence(PyObject* items, Tag tag) {
        Py_ssize_t n = PyTuple_GET_SIZE(items);
        shape.add(tag, n);
        return children(items, [this](Py_ssize_t i) {
            return with_paths_ ? sequence_key(static_cast<size_t>(i)) : nullptr;
        });
    }

    template <typename Key>
    Walked children(PyObject* items, Key key) {
        if (Py_EnterRecursiveCall(" while taking a pytree apart")) return Walked::Failed;
        Walked walked = Walked::Done;
        for (Py_ssize_t i = 0; walked == Walked::Done && i < PyTuple_GET_SIZE(items); ++i)
            walked = child(PyTuple_GET_ITEM(items, i), key(i));
        Py_LeaveRecursiveCall();
        return walked;
    }

    Walked dict(PyObject* dict) {
        Py_ssize_t n = PyDict_GET_SIZE(dict), place = 0;
        std::vector<PyObject*> keys, values;
        PyObject *key, *value;
        for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value);) {
            keys.push_back(key);
            values.push_back(value);
        }
        // Kept alive, whatever becomes of the dict.
        Ref items(PyTuple_New(n));
        auto order = items ? find_order(keys.data(), keys.size()) : nullptr;
        if (!order) return PyErr_Occurred() ? Walked::Failed : Walked::Unknown;
        for (size_t from : order->places)
            PyTuple_SET_ITEM(items.get(), place++, Py_NewRef(values[from]));
        shape.add(Tag::Dict, n);
        shape.add_order(order);
        const auto* steps = with_paths_ ? order->steps() : nullptr;
        if (with_paths_ && !steps) return Walked::Failed;
        return children(items.get(), [steps](Py_ssize_t i) {
            return steps ? (*steps)[static_cast<size_t>(i)] : nullptr;
        });
    }

    Walked other(PyObject* tree) {
        auto node = find_node(Py_TYPE(tree));
        if (!node) return Walked::Failed;
        if (node->kind == Node::Kind::Leaf) return leaf(tree);
        Level level;
        Opened opened = open_node(*node, tree, with_paths_, level);
        if (opened != Opened::Done)
            return opened == Opened::Failed ? Walked::Failed : Walked::Unknown;
        shape.add(Tag::Node, PyTuple_GET_SIZE(level.children.get()));
        shape.add_data(node->type.get());
        if (level.data) shape.add_data(level.data.get());
        return children(level.children.get(), [&](Py_ssize_t i) {
            if (!with_paths_) return static_cast<PyObject*>(nullptr);
            return level.keys ? PyTuple_GetItem(level.keys.get(), i)
                              : flat_key(static_cast<size_t>(i));
        });
    }

    Ref leaves_;
    bool with_paths_;
    PyObject* is_leaf_;
    std::vector<PyObject*> above_;  // keys, borrowed
};

struct Known {
    Shape shape;
    Ref spec;
};

using Table = std::unordered_map<uint64_t, Known>;

Table& structures() {
    static auto* table = new Table;
    return *table;
}

// What optree makes of a tree: a list of leaves and a structure.
Ref by_optree(PyObject* tree, PyObject* is_leaf) {
    PyObject* function = optree_flatten();
    PyObject* args[] = {tree, is_leaf, Py_False, tree_namespace()};
    return Ref(function ? PyObject_Vectorcall(function, args, 4, nullptr) : nullptr);
}

// The structure of a tree of this shape.
Ref find_spec(Shape& shape, PyObject* tree) {
    uint64_t hash = shape.hash();
    auto found = structures().find(hash);
    if (found != structures().end() && found->second.shape == shape)
        return Ref::borrow(found->second.spec.get());
    Ref both = by_optree(tree, Py_None);
    if (!both) return Ref();
    Ref spec = Ref::borrow(PyTuple_GET_ITEM(both.get(), 1));
    if (!shape.light) return spec;
    if (structures().size() >= kMostStructures) Table().swap(structures());
    Known known{std::move(shape), Ref::borrow(spec.get())};
    std::swap(structures()[hash], known);
    return spec;
}

PyObject* flattened(PyObject* tree, bool with_paths, Ref (*otherwise)(PyObject*)) {
    Walk walk(Py_None, with_paths);
    Walked walked = walk.leaves() ? walk.tree(tree) : Walked::Failed;
    if (walked == Walked::Failed) return nullptr;
    if (walked == Walked::Unknown) return otherwise(tree).release();
    Ref spec = find_spec(walk.shape, tree);
    return spec ? PyTuple_Pack(2, walk.leaves(), spec.get()) : nullptr;
}

PyObject* flatten(PyObject*, PyObject* tree) {
    return flattened(tree, false, [](PyObject* tree) { return by_optree(tree, Py_None); });
}

PyObject* flatten_with_path(PyObject*, PyObject* tree) {
    return flattened(tree, true, [](PyObject*) { return Ref::borrow(Py_None); });
}

// Arguments (tree, is_leaf or None)
PyObject* leaves(PyObject*, PyObject* const* args, Py_ssize_t) {
    Walk walk(args[1], false);
    Walked walked = walk.leaves() ? walk.tree(args[0]) : Walked::Failed;
    if (walked == Walked::Failed) return nullptr;
    if (walked == Walked::Done) return Py_NewRef(walk.leaves());
    Ref both = by_optree(args[0], args[1]);
    return both ? Py_NewRef(PyTuple_GET_ITEM(both.get(), 0)) : nullptr;
}

// Arguments (tree, is_leaf)
PyObject* leaves_with_path(PyObject*, PyObject* const* args, Py_ssize_t) {
    Walk walk(args[1], true);
    Walked walked = walk.leaves() ? walk.tree(args[0]) : Walked::Failed;
    if (walked == Walked::Failed) return nullptr;
    return Py_NewRef(walked == Walked::Done ? walk.leaves() : Py_None);
}

PyObject* forget_structures(PyObject*, PyObject*) {
    Table().swap(structures());
    Py_RETURN_NONE;
}

}  // namespace

// Found when first needed: its import is not paid by those who never leave Python's containers.
PyObject* optree_flatten() {
    static PyObject* function = nullptr;
    if (function) return function;
    Ref module(PyImport_ImportModule("optree._C"));
    return function = module ? PyObject_GetAttrString(module.get(), "flatten") : nullptr;
}

PyMethodDef structure_methods[] = {
    {"flatten", flatten, METH_O, "The leaves of a tree, and its structure."},
    {"leaves", method(leaves), METH_FASTCALL, "The leaves of a tree, by a test of leaves or None."},
    {"flatten_with_path", flatten_with_path, METH_O,
     "Pairs of path and leaf, and the structure; None if only optree knows."},
    {"leaves_with_path", method(leaves_with_path), METH_FASTCALL,
     "Pairs of path and leaf, by a test of leaves; None if only optree knows."},
    {"forget_structures", forget_structures, METH_NOARGS, "Structures are made again."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
