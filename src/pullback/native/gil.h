// The interpreter's lock, given up or taken for a scope. While the interpreter ends it ends the
// threads that ask for the lock, and to unwind their stacks would run destructors without it: such a
// thread waits for the end of the process instead.
#pragma once

#include "python.h"

#include <unistd.h>

namespace pullback {

template <typename Take>
void take_or_wait(Take take) {
    try {
        take();
    } catch (...) {
        while (true) pause();
    }
}

class WithoutGil {
  public:
    explicit WithoutGil(bool wanted = true) : state_(wanted ? PyEval_SaveThread() : nullptr) {}
    ~WithoutGil() {
        if (state_) take_or_wait([this] { PyEval_RestoreThread(state_); });
    }
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

  private:
    PyThreadState* state_;
};

class WithGil {
  public:
    WithGil() {
        take_or_wait([this] { state_ = PyGILState_Ensure(); });
    }
    ~WithGil() { PyGILState_Release(state_); }
    WithGil(const WithGil&) = delete;
    WithGil& operator=(const WithGil&) = delete;

  private:
    PyGILState_STATE state_;
};

}  // namespace pullback
