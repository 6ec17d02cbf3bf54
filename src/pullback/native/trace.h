// Who interprets operations in this thread, and which configuration traced programs depend on.
#pragma once

#include "python.h"

namespace pullback {

struct Context {
    long key;  // -1: the process's
    bool x64;
    PyObject* eager;  // the eager trace where it is not the host's; borrowed
};

struct ThreadState {
    PyObject* trace;  // null: the eager one
    Context context;
};

extern thread_local ThreadState thread_state;

inline bool is_eager() { return thread_state.trace == nullptr; }
Context current_context();
// Are operations computed at once, and on the host?
inline bool on_host() { return is_eager() && !current_context().eager; }

extern PyMethodDef trace_methods[];

}  // namespace pullback
