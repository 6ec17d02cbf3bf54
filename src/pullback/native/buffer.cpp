#include "buffer.h"

#include <pthread.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

namespace pullback {
namespace {

constexpr size_t kLarge = 4096;                // from here blocks are aligned and kept
constexpr size_t kKeptAtMost = size_t{256} << 20;
constexpr size_t kHugePages = size_t{4} << 20;  // from here fewer, larger pages pay
constexpr int kClasses = 4 * 64;

// The block's capacity stands in the word before its data. Small blocks have a header of 16
// bytes, as malloc's alignment; large ones of 64.
size_t& capacity(void* data) { return static_cast<size_t*>(data)[-1]; }
constexpr size_t header(size_t bytes) { return bytes < kLarge ? 16 : kAlignment; }

// Four sizes to each doubling waste a fifth at most and let similar sizes share blocks.
int size_class(size_t bytes) {
    int log = std::bit_width(bytes - 1) - 1;
    return log * 4 + static_cast<int>(((bytes - 1) >> (log - 2)) & 3);
}
size_t class_bytes(int size_class) {
    return static_cast<size_t>(size_class % 4 + 5) << (size_class / 4 - 2);
}

struct Kept {
    std::mutex mutex;
    std::vector<void*> blocks[kClasses];
    size_t bytes = 0;
};
Kept& kept() {
    static auto* instance = new Kept;
    return *instance;
}

void* fresh(size_t bytes) {
    size_t head = header(bytes);
    if (bytes > SIZE_MAX - 2 * kAlignment) return nullptr;
    char* block = nullptr;
    if (bytes < kLarge) {
        block = static_cast<char*>(std::malloc(bytes + head));
    } else {
        size_t rounded = (bytes + head + kAlignment - 1) / kAlignment * kAlignment;
        block = static_cast<char*>(std::aligned_alloc(kAlignment, rounded));
    }
    if (!block) return nullptr;
#if defined(__linux__)
    if (bytes >= kHugePages) {
        auto begin = (reinterpret_cast<uintptr_t>(block) + kLarge - 1) / kLarge * kLarge;
        madvise(reinterpret_cast<void*>(begin), bytes - kLarge, MADV_HUGEPAGE);
    }
#endif
    capacity(block + head) = bytes;
    return block + head;
}

void release(void* data) { std::free(static_cast<char*>(data) - header(capacity(data))); }

void* take(int size_class) {
    std::lock_guard lock(kept().mutex);
    auto& blocks = kept().blocks[size_class];
    if (blocks.empty()) return nullptr;
    void* data = blocks.back();
    blocks.pop_back();
    kept().bytes -= capacity(data);
    return data;
}

void drop_all() {
    for (auto& blocks : kept().blocks) {
        for (void* data : blocks) release(data);
        blocks.clear();
    }
    kept().bytes = 0;
}

bool keep(void* data) {
    size_t bytes = capacity(data);
    if (bytes > kKeptAtMost / 2) return false;
    std::lock_guard lock(kept().mutex);
    // Blocks of sizes no longer in use would otherwise fill the store for good.
    if (kept().bytes + bytes > kKeptAtMost) drop_all();
    kept().blocks[size_class(bytes)].push_back(data);
    kept().bytes += bytes;
    return true;
}

void* handler_malloc(void*, size_t bytes) { return buffer_alloc(bytes); }
void handler_free(void*, void* data, size_t) { buffer_free(data); }

void* handler_calloc(void*, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) return nullptr;
    void* data = buffer_alloc(count * size);
    if (data) std::memset(data, 0, count * size);
    return data;
}

void* handler_realloc(void*, void* data, size_t bytes) {
    if (!data) return buffer_alloc(bytes);
    if (bytes <= capacity(data)) return data;
    void* moved = buffer_alloc(bytes);
    if (!moved) return nullptr;
    std::memcpy(moved, data, capacity(data));
    buffer_free(data);
    return moved;
}

PyDataMem_Handler handler = {
    "pullback", 1, {nullptr, handler_malloc, handler_calloc, handler_realloc, handler_free}};
PyObject* handler_capsule = nullptr;

}  // namespace

void* buffer_alloc(size_t bytes) {
    if (bytes < kLarge) return fresh(bytes);
    if (bytes > SIZE_MAX / 4) return nullptr;
    int index = size_class(bytes);
    void* data = take(index);
    return data ? data : fresh(class_bytes(index));
}

void buffer_free(void* data) {
    if (!data) return;
    if (capacity(data) < kLarge || !keep(data)) release(data);
}

void buffer_trim() {
    std::lock_guard lock(kept().mutex);
    drop_all();
}

size_t buffer_cached() {
    std::lock_guard lock(kept().mutex);
    return kept().bytes;
}

bool buffer_init() {
    // A child must not find the lock held by a thread that it does not have.
    pthread_atfork([] { kept().mutex.lock(); }, [] { kept().mutex.unlock(); },
                   [] { kept().mutex.unlock(); });
    handler_capsule = PyCapsule_New(&handler, "mem_handler", nullptr);
    return handler_capsule != nullptr;
}

PyObject* buffer_handler() { return handler_capsule; }

PyArrayObject* new_ndarray(ArrayType* type) {
    void* data = nullptr;
    if (type->nbytes >= static_cast<npy_intp>(kLarge)) {
        data = buffer_alloc(static_cast<size_t>(type->nbytes));
        if (!data) return ndarray(PyErr_NoMemory());
    }
    Py_INCREF(type->dtype);
    PyObject* made = PyArray_NewFromDescr(&PyArray_Type, type->dtype, type->ndim, type->dims,
                                          nullptr, data, data ? NPY_ARRAY_CARRAY : 0, nullptr);
    if (data && !made) buffer_free(data);
    if (!data || !made) return ndarray(made);
    auto* fields = reinterpret_cast<PyArrayObject_fields*>(made);
    fields->mem_handler = Py_NewRef(handler_capsule);
    PyArray_ENABLEFLAGS(ndarray(made), NPY_ARRAY_OWNDATA);
    return ndarray(made);
}

}  // namespace pullback
