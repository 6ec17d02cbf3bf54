#include "array.h"

#include <structmember.h>

#include <cstddef>
#include <cstring>

namespace pullback {

PyTypeObject* array_impl_type = nullptr;

namespace {

ArrayImpl* alloc() {
    auto* self = PyObject_New(ArrayImpl, array_impl_type);
    if (!self) return nullptr;
    self->type = nullptr;
    self->npy = nullptr;
    self->weakrefs = nullptr;
    self->weak = self->deleted = self->holds_scalar = self->borrows = self->in_flight = false;
    self->mark = 0;
    return self;
}

void dealloc(PyObject* object) {
    ArrayImpl* self = as_array(object);
    PyTypeObject* type = Py_TYPE(object);
    if (self->weakrefs) PyObject_ClearWeakRefs(object);
    if (self->in_flight) array_leave(self, false);
    if (self->type) type_drop(self->type);
    Py_XDECREF(self->npy);
    PyObject_Free(self);
    Py_DECREF(type);
}

PyObject* construct(PyObject* value, PyObject* weak_type) {
    int weak = weak_type ? PyObject_IsTrue(weak_type) : 0;
    if (weak < 0) return nullptr;
    PyArrayObject* npy = to_ndarray(value);
    return npy ? array_wrap(npy, weak != 0) : nullptr;
}

PyObject* vectorcall(PyObject*, PyObject* const* args, size_t nargsf, PyObject* names) {
    Py_ssize_t nargs = PyVectorcall_NARGS(nargsf);
    Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    if (nargs < 1 || nargs + named > 2) {
        PyErr_SetString(PyExc_TypeError, "ArrayImpl(npy, weak_type=False): takes 1 or 2 arguments");
        return nullptr;
    }
    if (named && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "weak_type") != 0) {
        PyErr_Format(PyExc_TypeError, "ArrayImpl: no argument is named %R",
                     PyTuple_GET_ITEM(names, 0));
        return nullptr;
    }
    return construct(args[0], nargs + named == 2 ? args[1] : nullptr);
}

PyObject* create(PyTypeObject*, PyObject* args, PyObject* kwargs) {
    static const char* names[] = {"npy", "weak_type", nullptr};
    PyObject *value, *weak = nullptr;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O", const_cast<char**>(names), &value, &weak))
        return nullptr;
    return construct(value, weak);
}

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ArrayImpl, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("ArrayImpl(npy, weak_type=False): an immutable array.")},
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_hash, reinterpret_cast<void*>(array_hash)},
    {Py_tp_members, members},
    {Py_tp_getset, array_getset},
    {Py_tp_methods, array_methods},
    {Py_bf_getbuffer, reinterpret_cast<void*>(array_get_buffer)},
    {Py_nb_bool, reinterpret_cast<void*>(array_bool)},
    {Py_nb_int, reinterpret_cast<void*>(array_int)},
    {Py_nb_float, reinterpret_cast<void*>(array_float)},
    {Py_nb_index, reinterpret_cast<void*>(array_index)},
    {Py_mp_length, reinterpret_cast<void*>(array_len)},
    {0, nullptr},
};

PyType_Spec spec = {"pullback._native.ArrayImpl", sizeof(ArrayImpl), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

bool array_init(PyObject* module) {
    Ref type(PyType_FromSpec(&spec));
    if (!type) return false;
    array_impl_type = reinterpret_cast<PyTypeObject*>(type.get());
    array_impl_type->tp_vectorcall = vectorcall;
    if (!array_announce(type.get())) return false;
    return PyModule_AddObjectRef(module, "ArrayImpl", type.release()) == 0;
}

PyArrayObject* to_ndarray(PyObject* value) {
    if (PyArray_CheckExact(value)) return ndarray(Py_NewRef(value));
    if (PyArray_Check(value)) return ndarray(PyArray_EnsureArray(Py_NewRef(value)));
    if (PyArray_IsScalar(value, Generic)) return ndarray(PyArray_FromScalar(value, nullptr));
    PyErr_Format(PyExc_TypeError, "ArrayImpl: wants an ndarray or a NumPy scalar, got %s",
                 Py_TYPE(value)->tp_name);
    return nullptr;
}

PyObject* array_wrap(PyArrayObject* npy, bool weak) {
    if (canonical_type_num(PyArray_DESCR(npy)) < 0) {
        type_make(PyArray_DESCR(npy), 0, nullptr, false);  // for its message
        Py_DECREF(npy);
        return nullptr;
    }
    ArrayImpl* self = alloc();
    if (!self) {
        Py_DECREF(npy);
        return nullptr;
    }
    self->npy = npy;
    self->weak = weak;
    return object(self);
}

PyObject* array_wrap_typed(PyArrayObject* npy, ArrayType* type) {
    ArrayImpl* self = alloc();
    if (!self) {
        Py_DECREF(npy);
        return nullptr;
    }
    self->npy = npy;
    self->weak = type->weak;
    self->type = type_keep(type);
    return object(self);
}

PyObject* array_scalar(ArrayType* type, const void* value) {
    ArrayImpl* self = alloc();
    if (!self) return nullptr;
    self->weak = type->weak;
    self->type = type_keep(type);
    self->holds_scalar = true;
    if (value) std::memcpy(self->scalar, value, static_cast<size_t>(type->nbytes));
    return object(self);
}

PyObject* array_scalar_as(ArrayType* type, const void* value, bool weak) {
    return with_weak(type, weak, [&](ArrayType* other) { return array_scalar(other, value); });
}

PyArrayObject* array_make_npy(ArrayImpl* array) {
    if (array->deleted) {
        array_deleted_error(array);
        return nullptr;
    }
    if (array->in_flight) return array_land(array);
    Py_INCREF(array->type->dtype);
    PyObject* made = PyArray_NewFromDescr(&PyArray_Type, array->type->dtype, 0, nullptr, nullptr,
                                          nullptr, 0, nullptr);
    if (!made) return nullptr;
    array->npy = ndarray(made);
    std::memcpy(PyArray_DATA(array->npy), array->scalar, static_cast<size_t>(array->type->nbytes));
    return array->npy;
}

ArrayType* array_find_type(ArrayImpl* array) {
    return array->type = type_of(array->npy, array->weak);
}

bool array_delete(ArrayImpl* array) {
    if (!array_type(array)) return false;
    if (array->in_flight) array_leave(array, false);
    array->deleted = true;
    array->holds_scalar = false;
    Py_CLEAR(array->npy);
    return true;
}

void array_deleted_error(ArrayImpl* array) {
    Ref text(type_text(array->type));
    if (text) PyErr_Format(PyExc_RuntimeError,
                           "Array has been deleted with shape=%U. It was given to a call that may "
                           "use its memory (donate_argnums), or to delete().",
                           text.get());
}

}  // namespace pullback
