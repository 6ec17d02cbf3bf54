// The type of an array, (dtype, shape, weak type), one object for each that is in use.
#pragma once

#include <cstdint>

#include "python.h"

namespace pullback {

struct ArrayType {
    long refs;
    PyArray_Descr* dtype;
    PyObject* shape;  // a tuple of ints
    PyObject* aval;   // made by the factory when first asked for, else null
    uint64_t hash;
    npy_intp size;
    npy_intp nbytes;
    int ndim;
    int type_num;
    bool weak;
    npy_intp dims[1];  // ndim of them
};

// The dtype number all equal dtypes share (`long long` and `long` may both be 64 bits wide), or
// -1 if arrays cannot hold this dtype.
int canonical_type_num(PyArray_Descr* dtype);
// Lets arrays hold a structured dtype too. False with an error set if it is none.
bool add_opaque_dtype(PyObject* dtype);

// All return a new reference, or null with an error set.
ArrayType* type_of(PyArrayObject* array, bool weak);
ArrayType* type_make(PyArray_Descr* dtype, int ndim, const npy_intp* dims, bool weak);

inline ArrayType* type_keep(ArrayType* type) {
    ++type->refs;
    return type;
}
// The table itself keeps one reference, so this never frees.
inline void type_drop(ArrayType* type) { --type->refs; }

// f(the type with another weak flag).
template <typename F>
PyObject* with_weak(ArrayType* type, bool weak, F f) {
    if (type->weak == weak) return f(type);
    ArrayType* other = type_make(type->dtype, type->ndim, type->dims, weak);
    if (!other) return nullptr;
    PyObject* made = f(other);
    type_drop(other);
    return made;
}

// The scalar types of Python's numbers, borrowed and never freed.
enum class Scalar { Bool, Int32, Int64, Float32, Float64, Complex64, Complex128 };
ArrayType* scalar_type(Scalar kind);

// The abstract value of the type, made by the factory once. A new reference.
PyObject* type_aval(ArrayType* type);
void set_aval_factory(PyObject* factory);

// "float32[2,3]"
PyObject* type_text(ArrayType* type);

}  // namespace pullback
