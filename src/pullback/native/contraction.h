// Sums of products over arrays with any strides: a matrix product whose rows, columns and terms are
// each several nested axes. A convolution is one, of a view in which windows overlap. Knows nothing
// of Python.
#pragma once

#include <cstdint>

namespace pullback {

// c = a b + c, or a b unless `add`, of k terms: term e of row r is at a[r * a_step + a_along[e]], of
// column j at b[j + b_along[e]]; rows of c lie `row_bytes` apart, their columns are adjacent.
using PlacedKernel = void (*)(int64_t k, const void* a, int64_t a_step, const int64_t* a_along,
                              const void* b, const int64_t* b_along, void* c, int64_t row_bytes,
                              int64_t add);

// One of nested axes, in elements: its strides in the two arrays that have it.
struct Axis {
    int64_t extent, first, second;
};

// The axes of rows (in a and c), of columns (in b and c) and of terms (in a and b) stand one after
// the other, slow ones first; `rows`, `columns` are of the kernel's result, `item` is 4 or 8 bytes.
struct Contraction {
    PlacedKernel kernel;
    int64_t rows, columns, item;
    const void *a, *b;
    void* c;
    int64_t groups, a_group, b_group, c_group;
    int64_t row_axes, column_axes, term_axes;
    const Axis* axes;
};

// c = a b in each group. Nothing is empty. Throws std::bad_alloc.
void contract(const Contraction& contraction);

}  // namespace pullback
