// The traceback of an error that goes from a call to its user.
#pragma once

#include "python.h"

namespace pullback {

// Which part of (error, traceback) users see, of their own functions' errors under `jit`.
void set_traceback_filter(PyObject* filter);

// Applies it to the error that is set. Where it fails, the traceback stays as it is.
void filter_traceback();

}  // namespace pullback
