// ArrayImpl, the array users hold: an ndarray that is never written again, and a weak-type flag.
#pragma once

#include "type.h"

namespace pullback {

inline constexpr npy_intp kScalarBytes = 16;

class Flight;

struct ArrayImpl {
    PyObject_HEAD
    ArrayType* type;     // found when first asked for; always set where `npy` is null
    PyArrayObject* npy;  // null while only `scalar` holds the value, in flight, and after deletion
    PyObject* weakrefs;
    bool weak;
    bool holds_scalar;       // a 0-d value may live here without any ndarray
    bool deleted : 1;
    bool in_flight : 1;      // a call that is on its way computes it
    bool borrows;            // others may write to its memory, so results must not share it
    uint32_t mark;           // the last donating call that saw this array
    union {
        alignas(16) char scalar[kScalarBytes];
        struct {
            Flight* flight;
            size_t result;
        } ahead;  // of an array in flight
    };
};

extern PyTypeObject* array_impl_type;
bool array_init(PyObject* module);

// Has nobody else a way to its memory?
inline bool owned(PyArrayObject* npy) {
    return Py_REFCNT(npy) == 1 && PyArray_CHKFLAGS(npy, NPY_ARRAY_OWNDATA);
}

// Can native code read this memory as it lies?
inline bool readable(PyArrayObject* npy) {
    constexpr int kReadable = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    return (PyArray_FLAGS(npy) & kReadable) == kReadable;
}

inline bool is_array(PyObject* object) { return Py_TYPE(object) == array_impl_type; }
inline ArrayImpl* as_array(PyObject* object) { return reinterpret_cast<ArrayImpl*>(object); }
inline PyObject* object(ArrayImpl* array) { return reinterpret_cast<PyObject*>(array); }

// Wraps an ndarray without copying it. Steals `npy`; null with an error set on failure.
PyObject* array_wrap(PyArrayObject* npy, bool weak);
// The same where the type is known; keeps its own reference to it.
PyObject* array_wrap_typed(PyArrayObject* npy, ArrayType* type);
// A 0-d array that holds its value itself, copied from `value` unless that is null.
PyObject* array_scalar(ArrayType* type, const void* value);
// The same with another weak type.
PyObject* array_scalar_as(ArrayType* type, const void* value, bool weak);
// Any ndarray or NumPy scalar as an exact ndarray; a new reference.
PyArrayObject* to_ndarray(PyObject* value);

// Borrowed; waits for an array in flight. Null with an error set if the array was deleted, or if the
// call that computes it failed.
PyArrayObject* array_make_npy(ArrayImpl* array);
inline PyArrayObject* array_npy(ArrayImpl* array) {
    return array->npy ? array->npy : array_make_npy(array);
}
// Borrowed; null only when memory ran out.
ArrayType* array_find_type(ArrayImpl* array);
inline ArrayType* array_type(ArrayImpl* array) {
    return array->type ? array->type : array_find_type(array);
}
bool array_delete(ArrayImpl* array);
// Of an array in flight: waits for it; lets it go, its memory too where that is `kept` elsewhere.
PyArrayObject* array_land(ArrayImpl* array);
void array_leave(ArrayImpl* array, bool kept);
// Its next use raises what kept this one from waiting: who asked may hide the error.
void array_owe(ArrayImpl* array);
void array_deleted_error(ArrayImpl* array);

// The getters, methods and slots of each file, joined in array.cpp.
extern PyGetSetDef array_getset[];
extern PyMethodDef array_methods[];
int array_get_buffer(PyObject* self, Py_buffer* view, int flags);
int array_bool(PyObject* self);
PyObject* array_int(PyObject* self);
PyObject* array_float(PyObject* self);
PyObject* array_index(PyObject* self);
Py_ssize_t array_len(PyObject* self);
Py_hash_t array_hash(PyObject* self);
// Tell others, by a type's attributes, what its arrays do: that is done once.
bool array_announce(PyObject* type);

}  // namespace pullback
