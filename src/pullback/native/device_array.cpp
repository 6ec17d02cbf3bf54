#include "device_array.h"

#include <structmember.h>

#include <cstddef>

#include "array.h"

namespace pullback {

PyTypeObject* device_array_type = nullptr;

namespace {

// The ring's fixed member.
DeviceArray ring;

void join(DeviceArray* self) {
    self->before = ring.before;
    self->after = &ring;
    ring.before->after = self;
    ring.before = self;
}

void leave(DeviceArray* self) {
    self->before->after = self->after;
    self->after->before = self->before;
}

PyObject* live_device_arrays(PyObject*, PyObject*) {
    Ref list(PyList_New(0));
    for (DeviceArray* at = ring.after; list && at != &ring; at = at->after)
        if (at->buffer && PyList_Append(list.get(), reinterpret_cast<PyObject*>(at)) < 0)
            return nullptr;
    return list.release();
}

ArrayType* type_of(PyObject* self) { return as_device_array(self)->type; }

void dealloc(PyObject* object) {
    DeviceArray* self = as_device_array(object);
    PyTypeObject* type = Py_TYPE(object);
    leave(self);
    if (self->weakrefs) PyObject_ClearWeakRefs(object);
    type_drop(self->type);
    Py_XDECREF(self->buffer);
    Py_XDECREF(self->device);
    Py_XDECREF(self->host);
    PyObject_Free(self);
    Py_DECREF(type);
}

PyObject* create(PyTypeObject*, PyObject* args, PyObject* kwargs) {
    static const char* names[] = {"buffer", "dtype",  "shape", "weak_type",
                                  "device", "committed", nullptr};
    PyObject *buffer, *dtype, *shape, *device;
    int weak, committed;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO!OpOp", const_cast<char**>(names), &buffer,
                                     &PyArrayDescr_Type, &dtype, &shape, &weak, &device, &committed))
        return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    int ndim;
    if (!as_dims(shape, "DeviceArray: a shape is a sequence of ints", dims, &ndim)) return nullptr;
    ArrayType* type = type_make(reinterpret_cast<PyArray_Descr*>(dtype), ndim, dims, weak != 0);
    if (!type) return nullptr;
    PyObject* made = device_array_make(Py_NewRef(buffer), type, device, committed != 0);
    type_drop(type);
    return made;
}

PyObject* get_buffer(PyObject* self, void*) {
    return Py_XNewRef(device_array_buffer(as_device_array(self)));
}

PyObject* get_place(PyObject* self, void*) { return Py_NewRef(as_device_array(self)->device); }

PyObject* get_host(PyObject* self, void*) {
    PyObject* host = as_device_array(self)->host;
    return Py_NewRef(host ? host : Py_None);
}

int set_host(PyObject* self, PyObject* value, void*) {
    Py_XSETREF(as_device_array(self)->host, Py_XNewRef(value));
    return 0;
}

PyObject* get_committed(PyObject* self, void*) {
    return PyBool_FromLong(as_device_array(self)->committed);
}

PyObject* get_shape(PyObject* self, void*) { return Py_NewRef(type_of(self)->shape); }

PyObject* get_dtype(PyObject* self, void*) {
    return Py_NewRef(reinterpret_cast<PyObject*>(type_of(self)->dtype));
}

PyObject* get_aval(PyObject* self, void*) { return type_aval(type_of(self)); }

PyObject* get_ndim(PyObject* self, void*) { return PyLong_FromLong(type_of(self)->ndim); }

PyObject* get_size(PyObject* self, void*) { return PyLong_FromSsize_t(type_of(self)->size); }

PyObject* get_nbytes(PyObject* self, void*) { return PyLong_FromSsize_t(type_of(self)->nbytes); }

PyObject* get_itemsize(PyObject* self, void*) {
    return PyLong_FromSsize_t(PyDataType_ELSIZE(type_of(self)->dtype));
}

PyObject* get_weak_type(PyObject* self, void*) { return PyBool_FromLong(type_of(self)->weak); }

PyObject* is_deleted(PyObject* self, PyObject*) {
    return PyBool_FromLong(as_device_array(self)->buffer == nullptr);
}

PyObject* delete_(PyObject* self, PyObject*) {
    Py_CLEAR(as_device_array(self)->buffer);
    Py_CLEAR(as_device_array(self)->host);
    Py_RETURN_NONE;
}

Py_ssize_t length(PyObject* self) {
    if (type_of(self)->ndim > 0) return type_of(self)->dims[0];
    PyErr_SetString(PyExc_TypeError, "len() of unsized object");
    return -1;
}

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(DeviceArray, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef getset[] = {
    {"_buffer", get_buffer, nullptr, "What the device's runtime knows the values by.", nullptr},
    {"_place", get_place, nullptr, "The device.", nullptr},
    {"_host", get_host, set_host, "The values as an ndarray, if they were asked for.", nullptr},
    {"committed", get_committed, nullptr, "Do other arrays come to this one?", nullptr},
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

PyMethodDef methods[] = {
    {"is_deleted", is_deleted, METH_NOARGS, "Was the array deleted or donated?"},
    {"delete", delete_, METH_NOARGS, "Gives the memory up; any later use is an error."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("An immutable array on a device that is not the host.")},
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_hash, reinterpret_cast<void*>(array_hash)},
    {Py_tp_members, members},
    {Py_tp_getset, getset},
    {Py_tp_methods, methods},
    {Py_mp_length, reinterpret_cast<void*>(length)},
    {0, nullptr},
};

PyType_Spec spec = {"pullback._native.DeviceArray", sizeof(DeviceArray), 0, Py_TPFLAGS_DEFAULT,
                    slots};

}  // namespace

PyMethodDef device_array_functions[] = {
    {"live_device_arrays", live_device_arrays, METH_NOARGS, "All arrays on other devices."},
    {nullptr, nullptr, 0, nullptr},
};

bool device_array_init(PyObject* module) {
    ring.before = ring.after = &ring;
    Ref type(PyType_FromSpec(&spec));
    if (!type) return false;
    device_array_type = reinterpret_cast<PyTypeObject*>(type.get());
    if (!array_announce(type.get())) return false;
    return PyModule_AddObjectRef(module, "DeviceArray", type.release()) == 0;
}

PyObject* device_array_make(PyObject* buffer, ArrayType* type, PyObject* device, bool committed) {
    auto* self = PyObject_New(DeviceArray, device_array_type);
    if (!self) {
        Py_DECREF(buffer);
        return nullptr;
    }
    self->type = type_keep(type);
    self->buffer = buffer;
    self->device = Py_NewRef(device);
    self->host = nullptr;
    self->weakrefs = nullptr;
    self->committed = committed;
    join(self);
    return reinterpret_cast<PyObject*>(self);
}

PyObject* device_array_buffer(DeviceArray* array) {
    if (array->buffer) return array->buffer;
    Ref text(type_text(array->type));
    if (text) PyErr_Format(PyExc_RuntimeError,
                           "Array has been deleted with shape=%U. It was given to a call that may "
                           "use its memory (donate_argnums), or to delete().",
                           text.get());
    return nullptr;
}

}  // namespace pullback
