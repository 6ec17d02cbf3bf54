// Python's and NumPy's C interfaces, and an owned reference.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL pullback_numpy
#define PY_UFUNC_UNIQUE_SYMBOL pullback_ufunc
#ifndef PULLBACK_IMPORT_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <utility>

namespace pullback {

// A reference that is given up at the end of the scope. A null one means that an error is set.
class Ref {
  public:
    Ref() = default;
    explicit Ref(PyObject* stolen) : object_(stolen) {}
    explicit Ref(PyArrayObject* stolen) : object_(reinterpret_cast<PyObject*>(stolen)) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref&& other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    ~Ref() { Py_XDECREF(object_); }

    static Ref borrow(PyObject* object) {
        Py_XINCREF(object);
        return Ref(object);
    }

    explicit operator bool() const { return object_ != nullptr; }
    PyObject* get() const { return object_; }
    PyArrayObject* array() const { return reinterpret_cast<PyArrayObject*>(object_); }
    PyObject* release() { return std::exchange(object_, nullptr); }

  private:
    PyObject* object_ = nullptr;
};

inline PyObject* object(PyArrayObject* array) { return reinterpret_cast<PyObject*>(array); }
inline PyArrayObject* ndarray(PyObject* object) { return reinterpret_cast<PyArrayObject*>(object); }

// The ints of a sequence; false with an error set. `what` names it in the message.
inline bool as_dims(PyObject* sequence, const char* what, npy_intp* dims, int* ndim) {
    Ref fast(PySequence_Fast(sequence, what));
    if (!fast) return false;
    Py_ssize_t n = PySequence_Fast_GET_SIZE(fast.get());
    if (n > NPY_MAXDIMS) {
        PyErr_Format(PyExc_ValueError, "%s: at most %d, got %zd", what, NPY_MAXDIMS, n);
        return false;
    }
    for (Py_ssize_t i = 0; i < n; ++i) {
        dims[i] = PyNumber_AsSsize_t(PySequence_Fast_GET_ITEM(fast.get(), i), PyExc_OverflowError);
        if (dims[i] == -1 && PyErr_Occurred()) return false;
    }
    *ndim = static_cast<int>(n);
    return true;
}

// Any C function as the pointer that a method table holds.
template <typename Function>
PyCFunction method(Function* function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace pullback
