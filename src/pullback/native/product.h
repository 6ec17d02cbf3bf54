// Large matrix products: operands are packed in blocks for a micro-kernel, and threads share the
// blocks of the result (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
// 2008). Knows nothing of Python.
#pragma once

#include <cstdint>

namespace pullback {

// c = a b + c, or a b unless `add`, of `rows` by `columns` elements: a is stored row after row of
// its transpose, b row after row, each k rows long; rows of c lie `row_bytes` apart.
using MicroKernel = void (*)(int64_t k, const void* a, const void* b, void* c, int64_t row_bytes,
                             int64_t add);

struct Product {
    MicroKernel kernel;
    int64_t rows, columns, item;  // of the kernel's result; bytes of an element, 4 or 8
    int64_t m, n, k;
    const void* a;
    int64_t a_row, a_column;  // in elements
    const void* b;
    int64_t b_row, b_column;
    void* c;
    int64_t c_row;  // its columns are adjacent
};

// c = a b.
void multiply(const Product& product);

}  // namespace pullback
