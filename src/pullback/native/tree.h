// Pytrees of Python's own containers without optree between: arguments taken apart into leaves
// and a signature, results put together. Anything else is optree's.
#pragma once

#include <cstdint>
#include <vector>

#include "type.h"

namespace pullback {

// What decides which compiled program a call means, and the values it is called with.
struct Signature {
    std::vector<uint64_t> words;     // structure, the type of each leaf, the hash of each object
    std::vector<PyObject*> objects;  // dict keys, static values, treespecs: compared by type and ==
    std::vector<PyObject*> leaves;   // arrays and Python's numbers
    uint64_t hash = 0;

    void clear();
};

// Failed: an error is set. Unknown: a value that no compiled program takes.
enum class Flat { Done, General, Unknown, Failed };

// Takes the arguments of one call apart, into `out`.
class Flattener {
  public:
    Flattener(Signature& out, PyObject* convert, bool x64) : out_(out), convert_(convert), x64_(x64) {}

    // General: there is a node that only optree knows, so start again with `general`.
    Flat tree(PyObject* tree);
    Flat general(PyObject* tree, PyObject* nspace);

    // n values, as a tuple of them.
    Flat tuple(PyObject* const* values, Py_ssize_t n);
    // n values by name, as a dict of them.
    Flat named(PyObject* const* values, PyObject* const* names, size_t n);
    // Something that is no leaf: a number, or a Python object with its hash.
    void number(int64_t n) { out_.words.push_back(static_cast<uint64_t>(n) | 1ull << 63); }
    void object(PyObject* object, Py_hash_t hash);
    // Unknown: the object has no hash.
    Flat object(PyObject* object);

  private:
    enum class Tag : int64_t { None, Tuple, List, Dict, Node, Spec, Object };
    // The highest bit keeps it apart from a leaf's word, the address of its type.
    void word(Tag tag, Py_ssize_t n) { number(static_cast<int64_t>(tag) | n << 3); }
    Flat leaf(PyObject* value, bool may_be_node);
    Flat lent(PyArrayObject* npy);
    Flat converted(PyObject* value);
    Flat add(ArrayType* type, PyObject* value);
    Flat elsewhere(PyObject* value);
    Flat dict(PyObject* dict);
    Flat node(PyObject* tree);

    Signature& out_;
    PyObject* convert_;
    bool x64_;
};

// Writes a Python number as `type` holds it.
void write_number(PyObject* value, ArrayType* type, char* out);
// The type of a Python number; null for anything else and for an int that is too large.
ArrayType* number_type(PyObject* value, bool x64);

// Puts trees of one structure together; reads the structure once.
class Builder {
  public:
    ~Builder();
    // None for a single leaf.
    bool read(PyObject* treespec, Py_ssize_t num_leaves);
    // Steals the leaves, even on failure.
    PyObject* build(PyObject** leaves) const;
    int traverse(visitproc visit, void* arg) const;

  private:
    enum class Kind { Leaf, None, Tuple, List, Dict };
    struct Node {
        Kind kind;
        Py_ssize_t size;
        PyObject* keys;    // of a dict: a list
        PyObject* blank;  // of a dict: one with these keys, quicker copied than made
    };
    bool read_node(PyObject* treespec);
    bool read_keys(Node& node, PyObject* treespec);
    PyObject* build_node(size_t& node, PyObject**& leaf) const;
    PyObject* build_general(PyObject** leaves) const;

    std::vector<Node> nodes_;  // each before its children
    PyObject* treespec_ = nullptr;
    Py_ssize_t num_leaves_ = 1;
    bool general_ = false;
};

}  // namespace pullback
