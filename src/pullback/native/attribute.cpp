// What an array tells about itself, and its deletion.
#include "array.h"

namespace pullback {
namespace {

PyObject* get_npy(PyObject* self, void*) {
    return Py_XNewRef(object(array_npy(as_array(self))));
}

PyObject* get_shape(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? Py_NewRef(type->shape) : nullptr;
}

PyObject* get_dtype(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? Py_NewRef(reinterpret_cast<PyObject*>(type->dtype)) : nullptr;
}

PyObject* get_aval(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? type_aval(type) : nullptr;
}

PyObject* get_ndim(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? PyLong_FromLong(type->ndim) : nullptr;
}

PyObject* get_size(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? PyLong_FromSsize_t(type->size) : nullptr;
}

PyObject* get_nbytes(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? PyLong_FromSsize_t(type->nbytes) : nullptr;
}

PyObject* get_itemsize(PyObject* self, void*) {
    ArrayType* type = array_type(as_array(self));
    return type ? PyLong_FromSsize_t(PyDataType_ELSIZE(type->dtype)) : nullptr;
}

PyObject* get_weak_type(PyObject* self, void*) { return PyBool_FromLong(as_array(self)->weak); }

}  // namespace

PyGetSetDef array_getset[] = {
    {"_npy", get_npy, nullptr, "The ndarray that holds the values.", nullptr},
    {"shape", get_shape, nullptr, "The sizes of the axes.", nullptr},
    {"dtype", get_dtype, nullptr, "The NumPy dtype of the elements.", nullptr},
    {"aval", get_aval, nullptr, "The abstract value: dtype, shape and weak type.", nullptr},
    {"ndim", get_ndim, nullptr, "The number of axes.", nullptr},
    {"size", get_size, nullptr, "The number of elements.", nullptr},
    {"nbytes", get_nbytes, nullptr, "The bytes that the elements take.", nullptr},
    {"itemsize", get_itemsize, nullptr, "The bytes that one element takes.", nullptr},
    {"weak_type", get_weak_type, nullptr, "Does the dtype give way to others?", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

Py_ssize_t array_len(PyObject* self) {
    ArrayType* type = array_type(as_array(self));
    if (!type) return -1;
    if (type->ndim > 0) return type->dims[0];
    PyErr_SetString(PyExc_TypeError, "len() of unsized object");
    return -1;
}

Py_hash_t array_hash(PyObject* self) {
    PyErr_Format(PyExc_TypeError,
                 "unhashable type: '%s': == compares arrays element by element, so they cannot be "
                 "keys of a dict, members of a set or static arguments of jit",
                 Py_TYPE(self)->tp_name);
    return -1;
}

}  // namespace pullback
