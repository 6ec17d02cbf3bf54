// What the leaves of a compiled call give: values to read, memory to write, results that are arguments.
#pragma once

#include <cstdint>

#include "array.h"
#include "executable.h"

namespace pullback {

struct alignas(16) Number {
    char bytes[16];
};

// Arrays passed twice get an odd mark: what one argument gives away the other still reads. The mark
// of the others.
uint32_t mark_repeated(PyObject* const* leaves, size_t n);

// May a result of this type be written to memory that only one array holds?
bool reusable(PyArrayObject* npy, const ArrayType* type);

// Python's number as the program reads it; false with an error set.
bool read_number(PyObject* leaf, Number& number);

// A result that is an argument or a constant. A new reference.
PyObject* forward(const Executable& program, const Executable::Out& out, PyObject* const* leaves);

// All results, `make` giving those that are new; `made` counts them. False with an error set.
template <typename Make>
bool make_results(const Executable& program, PyObject* const* leaves, PyObject** results,
                  size_t& made, Make make) {
    for (const Executable::Out& out : program.outs) {
        bool fresh = out.kind == Executable::Out::New;
        PyObject* result = fresh ? make(out) : forward(program, out, leaves);
        if (!result) return false;
        results[made++] = result;
    }
    return true;
}

}  // namespace pullback
