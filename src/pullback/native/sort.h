// Sorting along one axis of row-major arrays (outer, n, inner), stable, by one key or several: in
// lanes (network.h) where rows are short, else by digits (radix.h), after a choice (choose.h) where few
// elements are wanted. Knows nothing of Python.
#pragma once

#include <cstdint>
#include <span>

#include "sort_key.h"

namespace pullback {

// A result: an operand's elements in the new order, or where they came from (operand -1).
struct Sorted {
    int64_t operand, item;
};

struct Sort {
    int64_t outer, n, inner;
    int64_t keep;                    // the first of each row that are wanted, n or fewer
    std::span<const KeyPart> parts;  // the first ones decide
    std::span<const Sorted> results;  // (outer, keep, inner)
    const void* const* operands;
    void* const* out;
};

// Throws std::bad_alloc.
void sort(const Sort& job);

// A job by a plan, as generated code has it: outer, n, inner, keep, the numbers of parts and of
// results, then the fields of each part and of each result.
Sort sort_of(const int64_t* plan, const void* const* operands, void* const* out);

}  // namespace pullback
