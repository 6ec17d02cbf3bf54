#include "traceback.h"

namespace pullback {
namespace {

PyObject* filter = nullptr;

}  // namespace

void set_traceback_filter(PyObject* other) { Py_XSETREF(filter, Py_NewRef(other)); }

void filter_traceback() {
    PyObject *kind, *error, *whole;
    PyErr_Fetch(&kind, &error, &whole);
    PyErr_NormalizeException(&kind, &error, &whole);
    PyObject* part = filter && whole ? PyObject_CallFunctionObjArgs(filter, error, whole, nullptr)
                                     : nullptr;
    if (part == Py_None) {
        Py_CLEAR(part);
        Py_CLEAR(whole);
    }
    PyErr_Clear();
    if (part) Py_SETREF(whole, part);
    PyErr_Restore(kind, error, whole);
}

}  // namespace pullback
