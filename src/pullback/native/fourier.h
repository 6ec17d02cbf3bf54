// Discrete Fourier transforms over some axes of an array of any strides. Knows nothing of Python.
#pragma once

#include <cstdint>

namespace pullback {

enum class FourierKind : int64_t { Forward, Inverse, Real, RealInverse };

// An axis: its length as that of the transform, which for a real one is that of the real array, and
// the strides of both arrays in elements. The last axis of a real transform has half as many
// elements, and one more, in the complex array.
struct FourierAxis {
    int64_t length, from, to;
};

// A job by a plan, as generated code has it: kind, bytes of a real number, the number of axes, how
// many of them, the last ones, are transformed; then the fields of each axis. No axis is empty.
// False when memory ran out.
bool fourier(const int64_t* plan, const void* x, void* y);

}  // namespace pullback
