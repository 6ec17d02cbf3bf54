// The shape of a tree: what two trees have in common that differ in their leaves alone.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "order.h"

namespace pullback {

struct Shape {
    enum class Tag : uint64_t { Leaf, None, Tuple, List, Dict, Node };

    // A node or leaf with n children.
    void add(Tag tag, Py_ssize_t n) {
        words.push_back(static_cast<uint64_t>(tag) | static_cast<uint64_t>(n) << 3);
    }
    void add_order(std::shared_ptr<const Order> order);
    void add_data(PyObject* object);

    uint64_t hash() const;
    // Equal numbers of different types are not the same: keys and data are given out again.
    bool operator==(const Shape& other) const;

    std::vector<uint64_t> words;
    std::vector<std::shared_ptr<const Order>> orders;  // of the keys of dicts
    std::vector<Ref> data;                             // of nodes
    bool light = true;  // May it be kept? Data of nodes may hold anything, arrays too.
};

}  // namespace pullback
