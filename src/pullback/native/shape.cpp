#include "shape.h"

namespace pullback {
namespace {

// Is it the same for whoever takes it out of a structure? Equal numbers of different types are not.
bool same(PyObject* a, PyObject* b) {
    if (a == b) return true;
    if (Py_TYPE(a) != Py_TYPE(b)) return false;
    if (PyUnicode_CheckExact(a)) return PyUnicode_Compare(a, b) == 0;
    if (PyLong_CheckExact(a)) return PyObject_RichCompareBool(a, b, Py_EQ) == 1;
    if (!PyTuple_CheckExact(a) || PyTuple_GET_SIZE(a) != PyTuple_GET_SIZE(b)) return false;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(a); ++i)
        if (!same(PyTuple_GET_ITEM(a, i), PyTuple_GET_ITEM(b, i))) return false;
    return true;
}

// Equal for what is the same.
uint64_t hash_of(PyObject* data) {
    if (PyUnicode_CheckExact(data) || PyLong_CheckExact(data))
        return static_cast<uint64_t>(PyObject_Hash(data));
    if (!PyTuple_CheckExact(data)) return reinterpret_cast<uint64_t>(data);
    uint64_t hash = 1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(data); ++i)
        hash = hash * 0x9E3779B97F4A7C15ull + hash_of(PyTuple_GET_ITEM(data, i));
    return hash;
}

// Does it live on in any case, or cost next to nothing?
bool is_light(PyObject* data) {
    if (!PyTuple_CheckExact(data))
        return PyUnicode_CheckExact(data) || PyLong_CheckExact(data) || PyBool_Check(data) ||
               data == Py_None || PyType_Check(data);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(data); ++i)
        if (!is_light(PyTuple_GET_ITEM(data, i))) return false;
    return true;
}

bool same_keys(const Order& a, const Order& b) {
    if (&a == &b) return true;
    for (size_t i = 0; i < a.keys.size(); ++i)
        if (!same(a.keys[i], b.keys[i])) return false;
    return true;
}

}  // namespace

void Shape::add_order(std::shared_ptr<const Order> order) {
    words.push_back(static_cast<uint64_t>(order->hash));
    orders.push_back(std::move(order));
}

void Shape::add_data(PyObject* object) {
    words.push_back(hash_of(object));
    data.push_back(Ref::borrow(object));
    light = light && is_light(object);
}

uint64_t Shape::hash() const {
    uint64_t hash = words.size();
    for (uint64_t word : words) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
        hash ^= hash >> 32;
    }
    return hash;
}

bool Shape::operator==(const Shape& other) const {
    if (words != other.words || orders.size() != other.orders.size()) return false;
    for (size_t i = 0; i < orders.size(); ++i)
        if (!same_keys(*orders[i], *other.orders[i])) return false;
    if (data.size() != other.data.size()) return false;
    for (size_t i = 0; i < data.size(); ++i)
        if (!same(data[i].get(), other.data[i].get())) return false;
    return true;
}

}  // namespace pullback
