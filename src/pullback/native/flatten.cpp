#include <cstring>

#include "array.h"
#include "device_array.h"
#include "nodes.h"
#include "order.h"
#include "structure.h"
#include "tree.h"

namespace pullback {
namespace {

// One level deeper, in a container kept alive: a conversion may run any code.
class Nested {
  public:
    explicit Nested(PyObject* container)
        : container_(Ref::borrow(container)),
          entered_(!Py_EnterRecursiveCall(" while taking a pytree apart")) {}
    ~Nested() {
        if (entered_) Py_LeaveRecursiveCall();
    }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    explicit operator bool() const { return entered_; }

  private:
    Ref container_;
    bool entered_;
};

// Values kept alive whatever becomes of their dict.
class Kept {
  public:
    explicit Kept(size_t n) { values_.reserve(n); }
    ~Kept() {
        for (PyObject* value : values_) Py_DECREF(value);
    }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    void add(PyObject* value) { values_.push_back(Py_NewRef(value)); }
    PyObject* const* data() const { return values_.data(); }

  private:
    std::vector<PyObject*> values_;
};

// Whether the dtype is in use: one of NumPy's own, of 64 bits only where these are enabled.
bool in_use(PyArray_Descr* dtype, bool x64) {
    switch (canonical_type_num(dtype)) {
        case NPY_INT64:
        case NPY_UINT64:
        case NPY_FLOAT64:
        case NPY_COMPLEX128: return x64;
        case -1: return false;
        default: return PyTypeNum_ISNUMBER(dtype->type_num) || dtype->type_num == NPY_BOOL;
    }
}

}  // namespace

void Signature::clear() {
    for (PyObject* object : objects) Py_DECREF(object);
    for (PyObject* leaf : leaves) Py_DECREF(leaf);
    objects.clear();
    leaves.clear();
    words.clear();
}

ArrayType* number_type(PyObject* value, bool x64) {
    if (PyFloat_CheckExact(value)) return scalar_type(x64 ? Scalar::Float64 : Scalar::Float32);
    if (PyBool_Check(value)) return scalar_type(Scalar::Bool);
    if (PyComplex_CheckExact(value))
        return scalar_type(x64 ? Scalar::Complex128 : Scalar::Complex64);
    if (!PyLong_CheckExact(value)) return nullptr;
    int overflow = 0;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || (!x64 && (number < INT32_MIN || number > INT32_MAX))) return nullptr;
    return scalar_type(x64 ? Scalar::Int64 : Scalar::Int32);
}

void write_number(PyObject* value, ArrayType* type, char* out) {
    auto put = [out](auto number) { std::memcpy(out, &number, sizeof number); };
    switch (type->type_num) {
        case NPY_BOOL: return put(value == Py_True);
        case NPY_INT32: return put(static_cast<int32_t>(PyLong_AsLong(value)));
        case NPY_INT64: return put(static_cast<int64_t>(PyLong_AsLongLong(value)));
        case NPY_FLOAT32: return put(static_cast<float>(PyFloat_AS_DOUBLE(value)));
        case NPY_FLOAT64: return put(PyFloat_AS_DOUBLE(value));
        default: break;
    }
    Py_complex number = PyComplex_AsCComplex(value);
    if (type->type_num == NPY_COMPLEX128) return put(number);
    float parts[] = {static_cast<float>(number.real), static_cast<float>(number.imag)};
    std::memcpy(out, parts, sizeof parts);
}

Flat Flattener::add(ArrayType* type, PyObject* value) {
    if (!type) return Flat::Failed;
    out_.words.push_back(reinterpret_cast<uint64_t>(type));
    out_.leaves.push_back(Py_NewRef(value));
    return Flat::Done;
}

// The type, and the word of the device and whether the array is bound to it.
Flat Flattener::elsewhere(PyObject* value) {
    DeviceArray* array = as_device_array(value);
    Flat flat = add(array->type, value);
    auto device = reinterpret_cast<uint64_t>(array->device);
    out_.words.push_back((device | 1ull << 63) + array->committed);
    return flat;
}

Flat Flattener::converted(PyObject* value) {
    Ref array(PyObject_CallOneArg(convert_, value));
    if (!array) return Flat::Failed;
    if (!is_array(array.get())) return Flat::Unknown;
    // A new array may share memory that the caller will write to.
    ArrayImpl* made = as_array(array.get());
    if (Py_REFCNT(made) == 1 && !(made->npy && owned(made->npy))) made->borrows = true;
    return add(array_type(made), array.get());
}

// A NumPy array that native code can read as it lies. Its owner may write to it after the call.
Flat Flattener::lent(PyArrayObject* npy) {
    Ref array(array_wrap(ndarray(Py_NewRef(::pullback::object(npy))), false));
    if (!array) return Flat::Failed;
    as_array(array.get())->borrows = true;
    return add(array_type(as_array(array.get())), array.get());
}

Flat Flattener::leaf(PyObject* value, bool may_be_node) {
    if (is_array(value)) return add(array_type(as_array(value)), value);
    if (is_device_array(value)) return elsewhere(value);
    if (ArrayType* type = number_type(value, x64_)) return add(type, value);
    if (PyArray_CheckExact(value) && readable(ndarray(value)) &&
        in_use(PyArray_DESCR(ndarray(value)), x64_))
        return lent(ndarray(value));
    if (PyArray_CheckExact(value) || PyArray_IsScalar(value, Generic)) return converted(value);
    // An int that is too large comes here too: the conversion says so.
    if (may_be_node && !PyLong_CheckExact(value)) return node(value);
    return converted(value);
}

Flat Flattener::node(PyObject* tree) {
    auto node = find_node(Py_TYPE(tree));
    if (!node) return Flat::Failed;
    if (node->kind == Node::Kind::Leaf) return converted(tree);
    Level level;
    Opened opened = open_node(*node, tree, false, level);
    if (opened != Opened::Done) return opened == Opened::Failed ? Flat::Failed : Flat::General;
    Py_ssize_t n = PyTuple_GET_SIZE(level.children.get());
    word(Tag::Node, n);
    Flat flat = object(node->type.get());
    if (flat == Flat::Done && level.data) flat = object(level.data.get());
    if (flat == Flat::Unknown) return Flat::General;  // data without a hash
    Nested nested(level.children.get());
    if (!nested) return Flat::Failed;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < n; ++i)
        flat = this->tree(PyTuple_GET_ITEM(level.children.get(), i));
    return flat;
}

Flat Flattener::tree(PyObject* tree) {
    if (is_array(tree)) return add(array_type(as_array(tree)), tree);
    if (is_device_array(tree)) return elsewhere(tree);
    bool tuple = PyTuple_CheckExact(tree);
    if (!tuple && !PyList_CheckExact(tree)) {
        if (PyDict_CheckExact(tree)) return dict(tree);
        if (tree != Py_None) return leaf(tree, true);
        word(Tag::None, 0);
        return Flat::Done;
    }
    word(tuple ? Tag::Tuple : Tag::List, PySequence_Fast_GET_SIZE(tree));
    Nested nested(tree);
    Flat flat = nested ? Flat::Done : Flat::Failed;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < PySequence_Fast_GET_SIZE(tree); ++i)
        flat = this->tree(PySequence_Fast_GET_ITEM(tree, i));
    return flat;
}

Flat Flattener::dict(PyObject* dict) {
    auto n = static_cast<size_t>(PyDict_GET_SIZE(dict));
    std::vector<PyObject*> keys(n);
    Kept values(n);
    PyObject *value, **key = keys.data();
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, key, &value); ++key) values.add(value);
    Nested nested(dict);
    return nested ? named(values.data(), keys.data(), n) : Flat::Failed;
}

Flat Flattener::tuple(PyObject* const* values, Py_ssize_t n) {
    word(Tag::Tuple, n);
    Flat flat = Flat::Done;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < n; ++i) flat = tree(values[i]);
    return flat;
}

Flat Flattener::named(PyObject* const* values, PyObject* const* names, size_t n) {
    auto order = find_order(names, n);
    if (!order) return PyErr_Occurred() ? Flat::Failed : Flat::General;
    word(Tag::Dict, static_cast<Py_ssize_t>(n));
    object(order->names, order->hash);
    Flat flat = Flat::Done;
    for (size_t i = 0; flat == Flat::Done && i < n; ++i) flat = tree(values[order->places[i]]);
    return flat;
}

void Flattener::object(PyObject* object, Py_hash_t hash) {
    number(hash);
    out_.objects.push_back(Py_NewRef(object));
}

Flat Flattener::object(PyObject* object) {
    Py_hash_t hash = PyObject_Hash(object);
    if (hash == -1) {
        // What has no hash is the miss function's to refuse, with names.
        PyErr_Clear();
        return Flat::Unknown;
    }
    word(Tag::Object, 0);
    this->object(object, hash);
    return Flat::Done;
}

Flat Flattener::general(PyObject* tree, PyObject* nspace) {
    PyObject* function = optree_flatten();
    if (!function) return Flat::Failed;
    PyObject* args[] = {tree, Py_None, Py_False, nspace};
    Ref both(PyObject_Vectorcall(function, args, 4, nullptr));
    if (!both) return Flat::Failed;
    PyObject* leaves = PyTuple_GET_ITEM(both.get(), 0);
    word(Tag::Spec, PyList_GET_SIZE(leaves));
    Flat flat = object(PyTuple_GET_ITEM(both.get(), 1));
    for (Py_ssize_t i = 0; flat == Flat::Done && i < PyList_GET_SIZE(leaves); ++i)
        flat = leaf(PyList_GET_ITEM(leaves, i), false);
    return flat;
}

}  // namespace pullback
