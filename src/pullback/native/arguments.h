// The arguments of a call taken apart: what is static, and (args, kwargs) of the rest.
#pragma once

#include "tree.h"

namespace pullback {

// Positional values, then those that have names. All borrowed.
struct Arguments {
    PyObject* const* values;
    Py_ssize_t positional;
    PyObject* const* names;
    Py_ssize_t named;

    Ref tuple() const;
    Ref dict() const;
};

// How a function's arguments are taken apart.
struct Convention {
    std::vector<Py_ssize_t> static_nums;
    PyObject* static_names;  // a tuple of str
    PyObject* convert;
    PyObject* nspace;
};

// The signature of a call with its hash. Unknown: there is none, no compiled program takes it.
Flat take_apart(const Convention& convention, const Arguments& args, Signature& signature);

}  // namespace pullback
