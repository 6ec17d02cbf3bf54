// A call of a compiled program that returns before it is done.
#pragma once

#include "executable.h"

namespace pullback {

// Calls that take as long or longer do, from now on. What it was before.
int64_t launch_above(int64_t nanoseconds);

// Is the program long enough, and may it run while the caller goes on?
bool launches(const Executable& program, PyObject* const* leaves);

// `results` receives new references, or nothing on failure: then an error is set.
bool launch(const Executable& program, PyObject* const* leaves, PyObject** results);

}  // namespace pullback
