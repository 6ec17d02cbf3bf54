// The end of the interpreter: it ends other threads where they ask for its lock, in the middle of
// whatever C++ called it. So threads that begin a call by then wait, and those inside are waited for.
#pragma once

namespace pullback {

// A call of compiled code, in the thread that makes it, with the GIL.
class Inside {
  public:
    Inside() {
        if (ending_) wait_for_the_end();
        ++count_;
    }
    ~Inside() { --count_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

  private:
    friend void end_calls();
    static void wait_for_the_end();

    static inline bool ending_ = false;
    static inline int count_ = 0;
};

// What `atexit` calls.
void end_calls();

// From now on, a thread that the interpreter ends in the midst of another library's C++ waits for the
// end of the process, which it would abort. For threads that were given up, at the very end.
void outlast_threads();

bool ending_init();

}  // namespace pullback
