#include "interrupt.h"

#include <pthread.h>

#include <atomic>
#include <chrono>

#include "gil.h"
#include "pool.h"
#include "queue.h"

namespace pullback {
namespace {

constexpr std::chrono::milliseconds kPeriod{50};

std::atomic<unsigned long> main_thread{0};

bool signalled() {
    static thread_local std::chrono::steady_clock::time_point asked;
    auto now = std::chrono::steady_clock::now();
    if (now - asked < kPeriod) return false;
    asked = now;
    WithGil gil;
    return PyErr_CheckSignals() < 0;
}

}  // namespace

bool in_main_thread() {
    return PyThread_get_thread_ident() == main_thread.load(std::memory_order_relaxed);
}

bool interrupted() {
    if (in_worker()) return loop_ends();
    return stop_requested() || (in_main_thread() && signalled());
}

bool interrupt_init() {
    Ref threading(PyImport_ImportModule("threading"));
    Ref main(threading ? PyObject_CallMethod(threading.get(), "main_thread", nullptr) : nullptr);
    Ref ident(main ? PyObject_GetAttrString(main.get(), "ident") : nullptr);
    if (!ident) return false;
    main_thread = PyLong_AsUnsignedLong(ident.get());
    // The thread that forks is the child's main one.
    pthread_atfork(nullptr, nullptr, [] { main_thread = PyThread_get_thread_ident(); });
    set_stop(interrupted);
    return !PyErr_Occurred();
}

}  // namespace pullback
