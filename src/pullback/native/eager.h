// Eager arithmetic on small arrays without Python between the operator and the ufunc.
#pragma once

#include "python.h"

namespace pullback {

extern PyMethodDef eager_methods[];
bool elementwise_init(PyObject* module);

// The ufunc's result, or NotImplemented where the general path must decide.
PyObject* eager_binary(PyObject* ufunc, PyObject* x, PyObject* y);

// While it lives, NumPy gives no floating-point warnings and takes memory from our store.
class Quiet {
  public:
    Quiet();
    ~Quiet();
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;
    explicit operator bool() const { return context_ != nullptr; }

  private:
    PyObject* context_;
};

}  // namespace pullback
