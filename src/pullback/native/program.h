// What runs a compiled function on the leaves of a call, wherever it runs.
#pragma once

#include <cstddef>

#include "python.h"

namespace pullback {

struct Program {
    virtual ~Program() = default;
    // Leaves are arrays or Python numbers, num_args of them. The results put together as a tree.
    virtual PyObject* call(PyObject* const* leaves) const = 0;

    size_t num_args = 0;
};

// The program that a Python object holds; null if it holds none, without an error.
const Program* as_program(PyObject* object);

}  // namespace pullback
