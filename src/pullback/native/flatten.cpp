#include <algorithm>
#include <cstring>

#include "array.h"
#include "tree.h"

namespace pullback {
namespace {

// optree is found when first needed: its import is not paid by those who never leave tuples,
// lists and dicts.
PyObject* optree_flatten() {
    static PyObject* function = nullptr;
    if (function) return function;
    Ref module(PyImport_ImportModule("optree._C"));
    return function = module ? PyObject_GetAttrString(module.get(), "flatten") : nullptr;
}

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

bool sorted_strings(PyObject* const* names, Py_ssize_t n) {
    for (Py_ssize_t i = 1; i < n; ++i)
        if (PyUnicode_Compare(names[i - 1], names[i]) > 0) return false;
    return true;
}

// Are all keys strings, and in order as they stand?
bool in_order(PyObject* dict) {
    PyObject *key, *value, *previous = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value); previous = key) {
        if (!PyUnicode_CheckExact(key)) return false;
        if (previous && PyUnicode_Compare(previous, key) > 0) return false;
    }
    return true;
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

Flat Flattener::converted(PyObject* value) {
    Ref array(PyObject_CallOneArg(convert_, value));
    if (!array) return Flat::Failed;
    if (!is_array(array.get())) return Flat::Unknown;
    // A new array may share memory that the caller will write to.
    if (Py_REFCNT(array.get()) == 1) as_array(array.get())->borrows = true;
    return add(array_type(as_array(array.get())), array.get());
}

Flat Flattener::leaf(PyObject* value, bool may_be_node) {
    if (is_array(value)) return add(array_type(as_array(value)), value);
    if (ArrayType* type = number_type(value, x64_)) return add(type, value);
    if (PyArray_CheckExact(value) || PyArray_IsScalar(value, Generic)) return converted(value);
    // An int that is too large comes here too: the conversion says so.
    if (may_be_node && !PyLong_CheckExact(value)) return Flat::General;
    return converted(value);
}

Flat Flattener::tree(PyObject* tree) {
    if (is_array(tree)) return add(array_type(as_array(tree)), tree);
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
    if (!in_order(dict)) return sorted_dict(dict);
    word(Tag::Dict, PyDict_GET_SIZE(dict));
    Nested nested(dict);
    Flat flat = nested ? Flat::Done : Flat::Failed;
    PyObject *key, *value;
    for (Py_ssize_t at = 0; flat == Flat::Done && PyDict_Next(dict, &at, &key, &value);) {
        out_.push_object(key);
        flat = tree(value);
    }
    return flat;
}

Flat Flattener::sorted_dict(PyObject* dict) {
    Ref keys(PyDict_Keys(dict));
    if (!keys) return Flat::Failed;
    if (PyList_Sort(keys.get()) < 0) {
        // optree has an order for keys that do not compare.
        PyErr_Clear();
        return Flat::General;
    }
    Py_ssize_t n = PyList_GET_SIZE(keys.get());
    word(Tag::Dict, n);
    Nested nested(dict);
    Flat flat = nested ? Flat::Done : Flat::Failed;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < n; ++i) {
        PyObject* key = PyList_GET_ITEM(keys.get(), i);
        out_.push_object(key);
        Ref value = Ref::borrow(PyDict_GetItemWithError(dict, key));
        flat = value ? tree(value.get()) : Flat::Failed;
    }
    return flat;
}

Flat Flattener::tuple(PyObject* const* values, Py_ssize_t n) {
    word(Tag::Tuple, n);
    Flat flat = Flat::Done;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < n; ++i) flat = tree(values[i]);
    return flat;
}

Flat Flattener::named(PyObject* const* values, PyObject* const* names, Py_ssize_t n) {
    word(Tag::Dict, n);
    std::vector<Py_ssize_t> order(static_cast<size_t>(n));
    for (Py_ssize_t i = 0; i < n; ++i) order[static_cast<size_t>(i)] = i;
    if (!sorted_strings(names, n))
        std::sort(order.begin(), order.end(), [&](Py_ssize_t i, Py_ssize_t j) {
            return PyUnicode_Compare(names[i], names[j]) < 0;
        });
    for (Py_ssize_t i : order) {
        out_.push_object(names[i]);
        Flat flat = tree(values[i]);
        if (flat != Flat::Done) return flat;
    }
    return Flat::Done;
}

void Flattener::fixed(PyObject* value) {
    word(Tag::Fixed, 0);
    out_.push_object(value);
}

Flat Flattener::general(PyObject* tree, PyObject* nspace) {
    PyObject* function = optree_flatten();
    if (!function) return Flat::Failed;
    PyObject* args[] = {tree, Py_None, Py_False, nspace};
    Ref both(PyObject_Vectorcall(function, args, 4, nullptr));
    if (!both) return Flat::Failed;
    PyObject* leaves = PyTuple_GET_ITEM(both.get(), 0);
    word(Tag::Spec, PyList_GET_SIZE(leaves));
    out_.push_object(PyTuple_GET_ITEM(both.get(), 1));
    Flat flat = Flat::Done;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < PyList_GET_SIZE(leaves); ++i)
        flat = leaf(PyList_GET_ITEM(leaves, i), false);
    return flat;
}

}  // namespace pullback
