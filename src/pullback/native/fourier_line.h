// The Fourier transform of one line of adjacent complex numbers, of any length.
#pragma once

#include <cstdint>

#include "fourier_plan.h"

namespace pullback {

// From x to y, which may be the same; swapped, the inverse. False when memory ran out.
template <typename T>
bool transform_line(int64_t n, const T* x, T* y, T scale, bool swapped);

// By passes over the line as a matrix.
template <typename T>
bool transform_split(const SplitPlan<T>& plan, const T* x, T* y, T scale, bool swapped);

}  // namespace pullback
