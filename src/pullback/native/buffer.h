// Memory for arrays: 64-byte aligned from 4 KiB up, with large blocks kept for the next call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

#include "type.h"

namespace pullback {

inline constexpr size_t kAlignment = 64;

// Needs no GIL. Null when memory ran out.
void* buffer_alloc(size_t bytes);
void buffer_free(void* data);

// Aligned memory for the scope; std::bad_alloc where it ran out.
class Block {
  public:
    explicit Block(size_t bytes) : data_(buffer_alloc(std::max<size_t>(bytes, 4096))) {
        if (!data_) throw std::bad_alloc();
    }
    ~Block() { buffer_free(data_); }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    template <typename T>
    T* as() const {
        return static_cast<T*>(data_);
    }

  private:
    void* data_;
};

// Gives all that is kept back to the system.
void buffer_trim();
size_t buffer_cached();

// NumPy's way to name an allocator: a capsule that arrays keep for their own end.
bool buffer_init();
PyObject* buffer_handler();

// An array of this type with values unset; null with an error set on failure.
PyArrayObject* new_ndarray(ArrayType* type);

}  // namespace pullback
