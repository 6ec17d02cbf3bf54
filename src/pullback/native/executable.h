// A compiled program as a function on arrays: pointers in, one native call, arrays out.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "array.h"
#include "program.h"
#include "tree.h"

namespace pullback {

class Executable : public Program {
  public:
    using Function = int32_t (*)(void** args, void** outs, char* scratch, void** externals);

    // Where a result comes from. The native code is given memory for the new ones only, in order.
    struct Out {
        enum Kind { New, Arg, Const } kind;
        size_t index;      // of the leaf or the constant
        ArrayType* type;   // of a new array, else null
        Py_ssize_t reuse;  // the leaf whose memory a new array may take, or -1
        bool weak;
    };

    Executable() = default;
    ~Executable() override;
    Executable(const Executable&) = delete;
    Executable& operator=(const Executable&) = delete;

    // Leaves are arrays or Python numbers; `results` receives new references, or nothing on failure.
    bool run(PyObject* const* leaves, PyObject** results) const;
    // The same, the results put together as the program's tree.
    PyObject* call(PyObject* const* leaves) const override;

    // The native code alone, needs no GIL; and what it took noted.
    int32_t run_native(Function code, void** args, void** results, char* scratch) const;
    int32_t run_timed(Function code, void** args, void** results, char* scratch) const;

    int traverse(visitproc visit, void* arg) const;
    void clear();

    mutable Function function = nullptr;
    mutable PyObject* keepalive = nullptr;
    // When the calls have taken about so many nanoseconds, `improve` is asked for better code.
    mutable int64_t patience = 0;
    mutable PyObject* improve = nullptr;
    std::vector<size_t> kept;
    std::vector<PyObject*> consts;  // ndarrays that native code can read as they lie
    std::vector<Out> outs;
    size_t scratch_bytes = 0;
    std::vector<PyObject*> keep_externals;
    std::vector<void*> externals;
    std::vector<size_t> donated;
    Builder builder;
    bool release_gil = false;
    std::string name;
    // About what a call takes.
    mutable std::atomic<int64_t> nanoseconds{0};

  private:
    bool better_is_due() const;
    bool take_better_code() const;
};

}  // namespace pullback
