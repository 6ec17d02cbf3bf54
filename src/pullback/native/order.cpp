#include "order.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "nodes.h"

namespace pullback {
namespace {

constexpr size_t kRemembered = 256;

size_t slot_of(PyObject* const* keys, size_t n) {
    uint64_t hash = n;
    for (size_t i = 0; i < n; ++i) {
        hash = (hash ^ reinterpret_cast<uintptr_t>(keys[i])) * 0x9E3779B97F4A7C15ull;
        hash ^= hash >> 32;
    }
    return hash % kRemembered;
}

// The keys sorted, or null with an error set.
Ref sorted(PyObject* const* keys, size_t n) {
    Ref list(PyList_New(static_cast<Py_ssize_t>(n)));
    for (size_t i = 0; list && i < n; ++i)
        PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), Py_NewRef(keys[i]));
    if (!list || PyList_Sort(list.get()) < 0) return Ref();
    return list;
}

Ref with_types(PyObject* list) {
    Py_ssize_t n = PyList_GET_SIZE(list);
    Ref names(PyTuple_New(2 * n));
    for (Py_ssize_t i = 0; names && i < n; ++i) {
        PyObject* key = PyList_GET_ITEM(list, i);
        PyTuple_SET_ITEM(names.get(), 2 * i, Py_NewRef(key));
        PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(key));
        PyTuple_SET_ITEM(names.get(), 2 * i + 1, Py_NewRef(type));
    }
    return names;
}

std::shared_ptr<const Order> make_order(PyObject* const* keys, size_t n) {
    Ref list = sorted(keys, n);
    if (!list) {
        // optree has an order for keys that do not compare.
        if (PyErr_ExceptionMatches(PyExc_TypeError)) PyErr_Clear();
        return nullptr;
    }
    auto order = std::make_shared<Order>();
    order->names = with_types(list.get()).release();
    order->hash = order->names ? PyObject_Hash(order->names) : -1;
    if (order->hash == -1) return nullptr;
    for (size_t i = 0; i < n; ++i) order->keys.push_back(Py_NewRef(keys[i]));
    for (size_t i = 0; i < n; ++i) {
        PyObject* key = PyList_GET_ITEM(list.get(), static_cast<Py_ssize_t>(i));
        order->places.push_back(static_cast<size_t>(std::find(keys, keys + n, key) - keys));
    }
    return order;
}

}  // namespace

Order::~Order() {
    for (PyObject* key : keys) Py_DECREF(key);
    for (PyObject* step : steps_) Py_DECREF(step);
    Py_XDECREF(names);
}

const std::vector<PyObject*>* Order::steps() const {
    while (steps_.size() < places.size()) {
        PyObject* step = dict_key(keys[places[steps_.size()]]);
        if (!step) return nullptr;
        steps_.push_back(step);
    }
    return &steps_;
}

std::shared_ptr<const Order> find_order(PyObject* const* keys, size_t n) {
    static auto* remembered = new std::shared_ptr<const Order>[kRemembered];
    auto& slot = remembered[slot_of(keys, n)];
    if (slot && std::ranges::equal(slot->keys, std::span(keys, n))) return slot;
    auto order = make_order(keys, n);
    if (order) std::shared_ptr(order).swap(slot);
    return order;
}

}  // namespace pullback
