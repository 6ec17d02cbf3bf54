// Huge x modulo pi, by the product of its significand with the bits of 1/pi that matter (Payne and
// Hanek, "Radian reduction for trigonometric functions", 1983).
#pragma once

#include <cstdint>

namespace pullback {

// Of each x[i] at least `limit` in size: x = n pi 2^-shift + r + low, n as its last bits. With
// `quarter`, n - 1/2 is taken away and n is that of x + pi/2. r is NaN for infinite x; the lanes
// below `limit` stay as they are, and so does `low` where it is null.
void payne_hanek(const float* x, float* r, float* low, int32_t* n, int64_t count, double limit,
                 int32_t shift, int32_t quarter);
void payne_hanek(const double* x, double* r, double* low, int64_t* n, int64_t count, double limit,
                 int32_t shift, int32_t quarter);

}  // namespace pullback
