#include "ending.h"

#include <chrono>
#include <csignal>
#include <thread>

#include "gil.h"
#include "interrupt.h"
#include "queue.h"

namespace pullback {
namespace {

constexpr std::chrono::milliseconds kStep{1};
constexpr int kSteps = 1000;

PyObject* call_end(PyObject*, PyObject*) {
    end_calls();
    Py_RETURN_NONE;
}

PyMethodDef end_method = {"end_calls", call_end, METH_NOARGS, "Called when the interpreter ends."};

}  // namespace

// The main thread goes on: it calls what is left to be called at exit.
void Inside::wait_for_the_end() {
    if (in_main_thread()) return;
    WithoutGil gil;
    while (true) pause();
}

void end_calls() {
    Inside::ending_ = true;
    for (int k = 0; Inside::count_ > 0 && k < kSteps; ++k) {
        WithoutGil gil;
        std::this_thread::sleep_for(kStep);
    }
    WithoutGil gil;
    queue_close();
}

void outlast_threads() {
    struct sigaction action = {};
    action.sa_handler = [](int) {
        while (!in_main_thread()) pause();
    };
    sigaction(SIGABRT, &action, nullptr);
}

bool ending_init() {
    Ref atexit(PyImport_ImportModule("atexit"));
    Ref end(PyCFunction_New(&end_method, nullptr));
    if (!atexit || !end) return false;
    return static_cast<bool>(Ref(PyObject_CallMethod(atexit.get(), "register", "O", end.get())));
}

}  // namespace pullback
