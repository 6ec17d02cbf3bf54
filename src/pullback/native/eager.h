// Eager arithmetic on small arrays without Python between the operator and the ufunc.
#pragma once

#include "python.h"

namespace pullback {

extern PyMethodDef eager_methods[];

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
