// JitFunction: a function whose calls run compiled programs, found by the signature of the call.
#pragma once

#include "python.h"

namespace pullback {

bool jit_init(PyObject* module);

}  // namespace pullback
