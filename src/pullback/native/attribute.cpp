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
    {"shape", get_shape, nullptr, "The sizes of the axes.\n\n"
     ">>> pnp.zeros((2, 3)).shape\n(2, 3)", nullptr},
    {"dtype", get_dtype, nullptr, "The NumPy dtype of the elements.\n\n"
     ">>> pnp.zeros(2).dtype\ndtype('float32')", nullptr},
    {"aval", get_aval, nullptr, "The abstract value: dtype, shape and weak type.\n\n"
     ">>> pnp.zeros(2).aval\nShapedArray(float32[2])", nullptr},
    {"ndim", get_ndim, nullptr, "The number of axes.\n\n"
     ">>> pnp.zeros((2, 3)).ndim\n2", nullptr},
    {"size", get_size, nullptr, "The number of elements.\n\n"
     ">>> pnp.zeros((2, 3)).size\n6", nullptr},
    {"nbytes", get_nbytes, nullptr, "The bytes that the elements take.\n\n"
     ">>> pnp.zeros((2, 3)).nbytes\n24", nullptr},
    {"itemsize", get_itemsize, nullptr, "The bytes that one element takes.\n\n"
     ">>> pnp.zeros((2, 3)).itemsize\n4", nullptr},
    {"weak_type", get_weak_type, nullptr, "Whether the dtype gives way to others.\n\n"
     ">>> pnp.array(1.0).weak_type, pnp.array([1.0]).weak_type\n(True, False)", nullptr},
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

bool array_announce(PyObject* type) {
    // NumPy's operators give way to the array's own.
    Ref priority(PyLong_FromLong(100));
    if (!priority || PyObject_SetAttrString(type, "__array_priority__", priority.get()) < 0)
        return false;
    // Arrays are not Hashable. The slot stays: it says why.
    PyObject* names = reinterpret_cast<PyTypeObject*>(type)->tp_dict;
    if (PyDict_SetItemString(names, "__hash__", Py_None) < 0) return false;
    PyType_Modified(reinterpret_cast<PyTypeObject*>(type));
    return true;
}

}  // namespace pullback
