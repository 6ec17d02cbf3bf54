// Fourier transforms along one axis: lines side by side or one by one, complex or real.
#pragma once

#include <cstdint>
#include <vector>

#include "fourier.h"

namespace pullback {

using FourierAxes = std::vector<FourierAxis>;

// What is on the one side and the other: complex numbers, or real ones here or there.
enum class Parts { Complex, FromReal, ToReal };

// Strides count real numbers; the lines are along `axis`.
template <typename T>
struct Along {
    Parts parts;
    bool swapped;
    FourierAxis axis;
    FourierAxes across;
    const T* x;
    T* y;
    T scale;
};

// False when memory ran out.
template <typename T>
bool transform_along(const Along<T>& along);

}  // namespace pullback
