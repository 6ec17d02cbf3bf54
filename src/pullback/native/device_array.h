// DeviceArray, an array whose values lie on a device that is not the host: a buffer that only the
// device's runtime knows, with its type and its place.
#pragma once

#include "type.h"

namespace pullback {

struct DeviceArray {
    PyObject_HEAD
    ArrayType* type;
    PyObject* buffer;  // null once deleted or donated
    PyObject* device;
    PyObject* host;  // the values as an ndarray, once they were asked for
    PyObject* weakrefs;
    DeviceArray *before, *after;  // all arrays that live, in a ring
    bool committed;  // placed there by the user, so that other arrays come to it
};

extern PyTypeObject* device_array_type;
extern PyMethodDef device_array_functions[];
bool device_array_init(PyObject* module);

inline bool is_device_array(PyObject* object) { return Py_TYPE(object) == device_array_type; }
inline DeviceArray* as_device_array(PyObject* object) {
    return reinterpret_cast<DeviceArray*>(object);
}

// Steals `buffer`, even on failure; keeps its own references to the others.
PyObject* device_array_make(PyObject* buffer, ArrayType* type, PyObject* device, bool committed);
// Borrowed; null with an error set if the array was deleted.
PyObject* device_array_buffer(DeviceArray* array);

}  // namespace pullback
