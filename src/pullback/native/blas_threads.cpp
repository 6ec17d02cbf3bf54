#include "blas_threads.h"

#include <dlfcn.h>
#include <pthread.h>

#include <mutex>

namespace pullback {
namespace {

// As SciPy's wheels call them, and as others do.
constexpr const char* kSwitches[][2] = {
    {"scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"},
    {"openblas_get_num_threads", "openblas_set_num_threads"},
};

// The number belongs to the process, so what counts who wants it to be one does too.
struct Switch {
    std::mutex mutex;
    int (*get)() = nullptr;
    void (*set)(int) = nullptr;
    int users = 0, before = 1;

    void restore() {
        if (get() == 1) set(before);
    }
};

// Never destroyed: at the end of the process other threads may still compute.
Switch& the_switch() {
    static Switch* found = [] {
        pthread_atfork([] { the_switch().mutex.lock(); }, [] { the_switch().mutex.unlock(); },
                       [] {
                           // Who was computing is not here.
                           Switch& here = the_switch();
                           if (here.users && here.set) here.restore();
                           here.users = 0;
                           here.mutex.unlock();
                       });
        return new Switch;
    }();
    return *found;
}

}  // namespace

void find_blas_threads(void* code) {
    Dl_info where;
    if (!dladdr(code, &where) || !where.dli_fname) return;
    // Of this library and those that it needs, so that it is not another package's OpenBLAS.
    void* library = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (!library) return;
    Switch& here = the_switch();
    std::lock_guard lock(here.mutex);
    for (auto [get, set] : kSwitches) {
        void *getter = dlsym(library, get), *setter = dlsym(library, set);
        if (here.set || !getter || !setter) continue;
        here.get = reinterpret_cast<int (*)()>(getter);
        here.set = reinterpret_cast<void (*)(int)>(setter);
    }
    dlclose(library);
}

OneBlasThread::OneBlasThread() {
    Switch& here = the_switch();
    std::lock_guard lock(here.mutex);
    if (here.users++ || !here.set) return;
    here.before = here.get();
    if (here.before != 1) here.set(1);
}

OneBlasThread::~OneBlasThread() {
    Switch& here = the_switch();
    std::lock_guard lock(here.mutex);
    if (--here.users == 0 && here.set) here.restore();
}

}  // namespace pullback
