// Memory for arrays: 64-byte aligned from 4 KiB up, with large blocks kept for the next call.
#pragma once

#include <cstddef>

#include "type.h"

namespace pullback {

inline constexpr size_t kAlignment = 64;

// Needs no GIL. Null when memory ran out.
void* buffer_alloc(size_t bytes);
void buffer_free(void* data);

// Gives all that is kept back to the system.
void buffer_trim();
size_t buffer_cached();

// NumPy's way to name an allocator: a capsule that arrays keep for their own end.
bool buffer_init();
PyObject* buffer_handler();

// An array of this type with values unset; null with an error set on failure.
PyArrayObject* new_ndarray(ArrayType* type);

}  // namespace pullback
