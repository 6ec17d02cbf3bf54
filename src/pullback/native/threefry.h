// Threefry-2x32 with 20 rounds, as published by Salmon, Moraes, Dror and Shaw in "Parallel random
// numbers: as easy as 1, 2, 3" (2011).
#pragma once

#include <cstdint>

namespace pullback {

// One key for n counters (x0, x1); (y0, y1) may be the same memory as (x0, x1).
void threefry2x32(const uint32_t* key, const uint32_t* x0, const uint32_t* x1, uint32_t* y0,
                  uint32_t* y1, int64_t n);
// A key for each counter.
void threefry2x32_keys(const uint32_t* k0, const uint32_t* k1, const uint32_t* x0,
                       const uint32_t* x1, uint32_t* y0, uint32_t* y1, int64_t n);
// One key for the counters (0, 0), (0, 1), ..., (0, n - 1).
void threefry2x32_places(uint32_t k0, uint32_t k1, uint32_t* y0, uint32_t* y1, int64_t n);

}  // namespace pullback
