// Who interprets operations in this thread, and which configuration traced programs depend on.
#pragma once

#include "python.h"

namespace pullback {

struct ThreadState {
    PyObject* trace;   // null: the eager one
    long context_key;  // -1: the process's
    bool x64;
};

struct Context {
    long key;
    bool x64;
};

extern thread_local ThreadState thread_state;

inline bool is_eager() { return thread_state.trace == nullptr; }
Context current_context();

extern PyMethodDef trace_methods[];

}  // namespace pullback
