// The order in which the values of a dict are visited: sorted by key, as optree has it.
#pragma once

#include <memory>
#include <vector>

#include "python.h"

namespace pullback {

struct Order {
    std::vector<PyObject*> keys;  // as they stood in the dict
    std::vector<size_t> places;   // of the sorted keys among them
    PyObject* names;              // (key, its type, ...) sorted: equal for equal sets of keys
    Py_hash_t hash;               // of names

    ~Order();
    // The keys of paths, sorted; null with an error set.
    const std::vector<PyObject*>* steps() const;

  private:
    mutable std::vector<PyObject*> steps_;  // made when first asked for
};

// The order of these keys, remembered for the next dict with the very same ones. Null where keys do
// not compare, or with an error set.
std::shared_ptr<const Order> find_order(PyObject* const* keys, size_t n);

}  // namespace pullback
