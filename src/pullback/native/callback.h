// A Python function that compiled code calls, by way of C.
#pragma once

#include <vector>

#include "type.h"

namespace pullback {

class Callback {
  public:
    Callback(PyObject* function, PyObject* ins, PyObject* outs, bool copy);
    ~Callback();
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;

    // With the GIL; false with an error set.
    bool call(void** ins, void** outs) const;
    int traverse(visitproc visit, void* arg) const;
    void clear();

  private:
    PyObject* argument(ArrayType* type, void* data) const;
    bool copy_out(PyObject* value, size_t index, void* data) const;

    PyObject* function_;
    std::vector<ArrayType*> ins_;
    std::vector<ArrayType*> outs_;
    bool copy_;
};

extern "C" int32_t pb_callback(void* callback, void** ins, void** outs);

}  // namespace pullback
