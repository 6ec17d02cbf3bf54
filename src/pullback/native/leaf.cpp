#include "leaf.h"

#include "flight.h"
#include "trace.h"

namespace pullback {
namespace {

PyObject* forward_ahead(ArrayImpl* array, bool weak) {
    return with_weak(array->type, weak, [&](ArrayType* type) {
        return array_ahead(type, array->ahead.flight, array->ahead.result);
    });
}

PyObject* forward_number(PyObject* leaf, bool weak) {
    ArrayType* type = number_type(leaf, current_context().x64);
    Number number;
    return read_number(leaf, number) ? array_scalar_as(type, number.bytes, weak) : nullptr;
}

}  // namespace

uint32_t mark_repeated(PyObject* const* leaves, size_t n) {
    static uint32_t last = 0;
    uint32_t epoch = last += 2;
    for (size_t i = 0; i < n; ++i) {
        if (!is_array(leaves[i])) continue;
        uint32_t& mark = as_array(leaves[i])->mark;
        mark = mark == epoch ? epoch + 1 : epoch + (mark == epoch + 1);
    }
    return epoch;
}

bool reusable(PyArrayObject* npy, const ArrayType* type) {
    return owned(npy) && PyArray_CHKFLAGS(npy, NPY_ARRAY_CARRAY) &&
           canonical_type_num(PyArray_DESCR(npy)) == type->type_num &&
           PyArray_NDIM(npy) == type->ndim &&
           PyArray_CompareLists(PyArray_DIMS(npy), type->dims, type->ndim);
}

bool read_number(PyObject* leaf, Number& number) {
    ArrayType* type = number_type(leaf, current_context().x64);
    if (!type) {
        PyErr_Format(PyExc_TypeError, "a compiled program takes arrays, got %R", leaf);
        return false;
    }
    write_number(leaf, type, number.bytes);
    return !PyErr_Occurred();
}

PyObject* forward(const Executable& program, const Executable::Out& out, PyObject* const* leaves) {
    if (out.kind == Executable::Out::Const)
        return array_wrap(ndarray(Py_NewRef(program.consts[out.index])), out.weak);
    PyObject* leaf = leaves[out.index];
    if (!is_array(leaf)) return forward_number(leaf, out.weak);
    ArrayImpl* array = as_array(leaf);
    if (array->in_flight) return forward_ahead(array, out.weak);
    if (array->holds_scalar) return array_scalar_as(array->type, array->scalar, out.weak);
    PyArrayObject* npy = array_npy(array);
    if (!npy) return nullptr;
    PyObject* shared =
        array->borrows ? PyArray_NewCopy(npy, NPY_CORDER) : Py_NewRef(object(npy));
    return shared ? array_wrap(ndarray(shared), out.weak) : nullptr;
}

}  // namespace pullback
